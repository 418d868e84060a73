"""The house rules that the programme itself relies on; every pack carries them under these ids.

Callers recognise a pause by them: a refusal whose clause is `PAUSE` passes by itself when the pause is lifted,
every other refusal waits for a person.
"""

from __future__ import annotations

EVALUATION = "M.0"
PAUSE = "M.1"

OWN_RULES = {EVALUATION: "the guidance could not be evaluated", PAUSE: "a pause is in force"}

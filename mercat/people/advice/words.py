"""What may be written in a thread."""

from __future__ import annotations

import unicodedata

from mercat.people.actions import Impossible
from mercat.people.hr.files import TURNING

BREAKS = "\n\t"


def tidy(text: str, *, longest: int, lines: bool = True) -> str:
    """The text as it is kept: composed, without blanks around it. `lines`: it may have several.

    Raises Impossible for what is too long, and for characters that are not seen or turn others around: nobody is to
    read anything but what stands there.
    """
    said = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if any(_misleads(each) for each in said if not (lines and each in BREAKS)):
        raise Impossible("This holds a character that is not seen, or turns others around. Write it without.")
    if len(said) > longest:
        raise Impossible(f"Shorten this to at most {longest:,} characters. It has {len(said):,}.")
    return said


def _misleads(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} or character in TURNING

"""What a found account is, by four questions. The answers decide; nobody chooses the outcome.

The questions are those by which guidance tells an unofficial account from a fake one (clauses 2.4 and 2.5 of the
default pack): who set it up, whether it uses the body's name or branding, whether it carries, or is set up to carry,
the body's own content, and whether it says what is false as if the body said it.
"""

from __future__ import annotations

from dataclasses import dataclass

INSIDE, OUTSIDE, NOT_KNOWN = "inside", "outside", "not-known"
UNAUTHORISED, FAKE, NEITHER = "unauthorised", "fake", "neither"


@dataclass(frozen=True, slots=True)
class Answers:
    """`who` is INSIDE, OUTSIDE or NOT_KNOWN."""

    who: str
    branding: bool
    content: bool
    false_words: bool


def kind_of(answers: Answers) -> str:
    """UNAUTHORISED, FAKE or NEITHER.

    Whoever is not of the body's own people and says what is false as if the body said it is fake, by whatever sign
    people take it for the body's. Where it is not known who is behind it, it goes to those who can find out.
    """
    if answers.who != INSIDE and answers.false_words:
        return FAKE
    speaks = answers.content or answers.false_words
    return UNAUTHORISED if answers.branding and speaks and answers.who != OUTSIDE else NEITHER

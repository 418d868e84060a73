"""A post past the tool in words: how it stands, who could have made it, and its history."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mercat.people.models import Person
from mercat.register.history import PROGRAMME, Happening
from mercat.register.models import Connection
from mercat.watch.models import DirectLook, DirectUse

Outcome = DirectUse.Outcome
TITLES = {
    Outcome.WAITING: "To be looked into",
    Outcome.EXPECTED: "Expected",
    Outcome.TAKEN_DOWN: "Taken down",
    Outcome.OURS: "Ours after all",
    Outcome.MISUSE: "Misuse",
}
COLOURS = {Outcome.WAITING: "yellow", Outcome.EXPECTED: "green", Outcome.MISUSE: "red"}
EXCERPT = 160  # characters
NO_WORDS = "Without words"
UNCONNECTED = "Its connection does not work, so nothing is looked at."
HELD_BACK = "A post that may be ours holds it back, or its turn has not come."


@dataclass(frozen=True, slots=True)
class Line:
    """One in a list."""

    use: DirectUse
    excerpt: str
    title: str
    colour: str


def line(use: DirectUse) -> Line:
    return Line(use, excerpt(use.text), TITLES[Outcome(use.outcome)], COLOURS.get(Outcome(use.outcome), "grey"))


def excerpt(text: str) -> str:
    words = " ".join(text.split())
    if not words:
        return NO_WORDS
    return words if len(words) <= EXCERPT else f"{words[:EXCERPT].rstrip()}…"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why an account was not wholly looked at."""

    look: DirectLook
    why: str


def trouble(look: DirectLook) -> Trouble:
    connection = getattr(look.account, "connection", None)
    works = connection is not None and connection.state == Connection.State.WORKING
    return Trouble(look, (look.trouble or HELD_BACK) if works else UNCONNECTED)


@dataclass(frozen=True, slots=True)
class Somebody:
    """Who could have made it, with every reason."""

    person: Person
    reasons: list[str]


def people(use: DirectUse) -> list[Somebody]:
    found: dict[object, Somebody] = {}
    for row in use.could_have.select_related("person__unit"):
        found.setdefault(row.person_id, Somebody(row.person, [])).reasons.append(row.get_why_display())
    return list(found.values())


def happenings(use: DirectUse) -> list[Happening]:
    """The newest first; of what came in one moment, what follows from the other."""
    return sorted(_happenings(use), key=lambda each: each.at)[::-1]


def _happenings(use: DirectUse) -> Iterator[Happening]:
    yield Happening(use.made_at, "Made on the network", who="Not known")
    yield Happening(use.found_at, "Found there")
    if use.settled_at:
        yield Happening(use.settled_at, _settled(use), use.words, use.settled_by.name if use.settled_by else PROGRAMME)
    if use.taken_down_at:
        yield Happening(use.taken_down_at, "Taken down there", who="As it was said here")
    if use.gone_at:
        yield Happening(use.gone_at, "The network shows it no more")


def _settled(use: DirectUse) -> str:
    return str(use.get_outcome_display())

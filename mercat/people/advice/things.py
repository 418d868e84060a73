"""What a thread can be about. Rooms above this one let their things in, each by one entry.

A thing is named as the audit names it, "post:…". Its room says who sees it, and what else of it is open to them; what
is not there and what may not be seen are the same here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from mercat.guidance import facts


@dataclass(frozen=True, slots=True)
class Thing:
    """What a page says of it. `inside`: its inner life is open to whoever looks, and with it what was asked about it.

    `note` is what somebody should know before they ask.
    """

    reference: str
    title: str
    url: str
    inside: bool
    note: str = ""


class See(Protocol):
    """Those of these things, by what stands behind the colon of their names, that this person sees: in few queries."""

    def __call__(self, viewer: facts.Person, keys: Sequence[str], *, now: datetime) -> Iterable[Thing]: ...


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of thing: in a word, with its article, and how it is seen."""

    word: str
    see: See


KINDS: dict[str, Kind] = {}


def let_in(name: str, *, word: str, see: See) -> None:
    """`name` is what stands before the colon. A room calls this once, in its `AppConfig.ready`."""
    KINDS[name] = Kind(word, see)


def find(viewer: facts.Person, reference: str, *, now: datetime) -> Thing | None:
    return seen(viewer, [reference], now=now).get(reference)


def seen(viewer: facts.Person, references: Iterable[str], *, now: datetime) -> dict[str, Thing]:
    """Those of these things that this person sees, by name: each kind is asked once."""
    wanted = {each for each in references if each}
    keys: dict[str, list[str]] = {}
    for reference in sorted(wanted):
        name, _, key = reference.partition(":")
        keys.setdefault(name, []).append(key)
    found = [thing for name in keys.keys() & KINDS.keys() for thing in KINDS[name].see(viewer, keys[name], now=now)]
    return {thing.reference: thing for thing in found if thing.reference in wanted}


def word_of(reference: str) -> str:
    """For those to whom the thing itself is not open."""
    kind = KINDS.get(reference.partition(":")[0])
    return kind.word if kind else "something"


def uuids(keys: Iterable[str]) -> list[UUID]:
    """Those of these keys that are one; what is none is nothing that anybody could see."""
    return [found for key in keys if (found := _uuid(key)) is not None]


def _uuid(key: str) -> UUID | None:
    try:
        return UUID(key)
    except ValueError:
        return None

"""Posts that were found on the networks themselves. The room that looks for them lets them in, by one entry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from mercat.register.models import Account, DirectAccess


@dataclass(frozen=True, slots=True)
class FoundPost:
    """`address` on the network, "" where none can be followed; `page` is the one here."""

    text: str
    address: str
    made_at: datetime
    page: str


@dataclass(frozen=True, slots=True)
class Finder:
    """`of`: what was found while an exception was open; `page`: the list of all that was found, or on one account."""

    of: Callable[[DirectAccess], Sequence[FoundPost]]
    page: Callable[[Account | None], str]


FINDERS: list[Finder] = []


def let_in(finder: Finder) -> None:
    """A room calls this once, in its `AppConfig.ready`."""
    FINDERS.append(finder)


def found_during(row: DirectAccess) -> list[FoundPost]:
    return [post for finder in FINDERS for post in finder.of(row)]


def pages(account: Account | None = None) -> list[str]:
    return [finder.page(account) for finder in FINDERS]

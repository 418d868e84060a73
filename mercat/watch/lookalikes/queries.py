"""Reads of look-alikes, and how each network is searched."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from mercat.networks import registry
from mercat.people.pack import guidance
from mercat.watch.lookalikes import states
from mercat.watch.models import LookAlike, NameSearch
from mercat.watch.reach import account_on

LISTS = {states.WAITING: "Waiting", states.CASE: "Cases", states.DISMISSED: "Not ours to deal with"}


def in_list(state: str) -> QuerySet[LookAlike]:
    """The newest first: found, or settled."""
    rows = LookAlike.objects.filter(state=state).select_related("settled_by", "case")
    return rows if state == states.WAITING else rows.order_by("-settled_at", "-pk")


def waiting() -> int:
    return LookAlike.objects.filter(state=states.WAITING).count()


@dataclass(frozen=True, slots=True)
class Searched:
    """How a network that the body uses is searched. `at`: the last time; `trouble`: what stood in the way then."""

    network: str
    said: str
    at: datetime | None = None
    trouble: str = ""


def networks() -> list[Searched]:
    return [_searched(each.key) for each in guidance().pack.networks]


def _searched(slug: str) -> Searched:
    searcher = registry.get(slug).searcher if registry.known(slug) else None
    if searcher is None:
        return Searched(slug, "lets no programme search for accounts. Look there by hand.")
    if account_on(slug) is None:
        return Searched(slug, "is not searched: no account of ours is connected there.")
    last = NameSearch.objects.filter(network=slug).order_by("-searched_at").first()
    if last is None:
        return Searched(slug, "was not searched yet. It comes by itself.")
    if last.trouble:
        return Searched(slug, "could not be searched the last time.", last.searched_at, last.trouble)
    exact = "tells of whole handles only, and was last asked" if searcher.exact else "was last searched"
    return Searched(slug, exact, last.searched_at)

"""Whether an account that a search found is one of the body's own, or a case already."""

from __future__ import annotations

from dataclasses import dataclass

from mercat.networks.port import FoundAccount
from mercat.people.actions import Impossible
from mercat.register.models import Account
from mercat.register.public.book import BARRED, SHELF, YES
from mercat.watch.cases import states, triage
from mercat.watch.cases.addresses import known_as, read
from mercat.watch.models import Case
from mercat.watch.reach import server_of


@dataclass(frozen=True, slots=True)
class Ours:
    """The body's accounts on one network, by what they are known by there. Closed ones by their number alone: a handle
    that was given up may be somebody else's by now."""

    numbers: frozenset[tuple[str, str]]
    handles: frozenset[str]
    keys: frozenset[tuple[str, str]]

    def has(self, found: FoundAccount, server: str) -> bool:
        if (server, found.native_id) in self.numbers or _plain(found.handle) in self.handles:
            return True
        key = known_as(found.url) if found.url else None
        return key in self.keys or _is_listed(found.url)


def ours_on(network: str) -> Ours:
    rows = list(Account.objects.filter(network=network).select_related("connection"))
    standing = [row for row in rows if row.status != Account.Status.CLOSED]
    return Ours(
        numbers=frozenset((_server(row), row.native_id) for row in rows if row.native_id),
        handles=frozenset(_plain(row.handle) for row in standing if row.handle),
        keys=frozenset(key for row in standing if row.url and (key := known_as(row.url))),
    )


def case_of(url: str) -> Case | None:
    """The open case of the account at this address, or else its last one."""
    try:
        found = read(url)
    except Impossible:
        return None
    rows = Case.objects.filter(network=found.network, key=found.key).exclude(kind=triage.NEITHER)
    return rows.exclude(state=states.CLOSED).first() or rows.first()


def _is_listed(url: str) -> bool:
    """On the public register, in whatever spelling."""
    book = SHELF.current()
    return bool(url and book and book.look_up(url).verdict in {YES, BARRED})


def _server(account: Account) -> str:
    return server_of(account) if hasattr(account, "connection") else ""


def _plain(handle: str) -> str:
    return handle.removeprefix("@").lower()

"""The register in words: each place in the structure, what fills it, and its next step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from mercat.people.pack import guidance
from mercat.register.models import Account, Connection, Slot

VACANT, ACTIVE, UNCONNECTED, BROKEN, OTHER = "vacant", "active", "unconnected", "broken", "other"
STATES = {
    ACTIVE: "Active",
    VACANT: "Vacant",
    UNCONNECTED: "Not connected",
    BROKEN: "Connect again",
    OTHER: "Not in use",
}
COLOURS = {ACTIVE: "green", VACANT: "grey", UNCONNECTED: "yellow", BROKEN: "red", OTHER: "grey"}


@dataclass(frozen=True, slots=True)
class Line:
    """One slot. `next` is what would bring it on, in words."""

    slot: Slot
    account: Account | None
    tier: str
    state: str
    title: str
    colour: str
    spocs: str
    next: str


@dataclass(frozen=True, slots=True)
class Filled:
    """How many places of one network are filled."""

    network: str
    filled: int
    places: int


def line(slot: Slot) -> Line:
    """A slot that was loaded through `queries.slots`."""
    account = slot.open_accounts[0] if slot.open_accounts else None
    state = state_of(account)
    return Line(
        slot=slot,
        account=account,
        tier=tier_name(slot.tier),
        state=state,
        title=account.get_status_display() if account and state == OTHER else STATES[state],
        colour=COLOURS[state],
        spocs=", ".join(spoc.person.name for spoc in account.standing_spocs) if account else "",
        next=_next(slot, account, state),
    )


def state_of(account: Account | None) -> str:
    if account is None:
        return VACANT
    connection = getattr(account, "connection", None)
    if connection is None:
        return UNCONNECTED
    if connection.state == Connection.State.BROKEN:
        return BROKEN
    return ACTIVE if account.status == Account.Status.ACTIVE else OTHER


def in_use_first(lines: Iterable[Line]) -> list[Line]:
    """Vacant places last: people look for accounts."""
    return sorted(lines, key=lambda line: line.account is None)


def filled(lines: Iterable[Line]) -> list[Filled]:
    lines = list(lines)
    places = Counter(line.slot.network for line in lines)
    taken = Counter(line.slot.network for line in lines if line.account)
    return [Filled(network, taken[network], places[network]) for network in sorted(places)]


def tier_name(key: str) -> str:
    return next((tier.name for tier in guidance().pack.tiers if tier.key == key), key)


def needs_spoc(account: Account) -> bool:
    tier = next((tier for tier in guidance().pack.tiers if tier.key == account.tier), None)
    return bool(tier and tier.spoc and not account.standing_spocs)


def _next(slot: Slot, account: Account | None, state: str) -> str:
    if state == VACANT:
        return "Granted: register its account" if slot.application_id else ""
    if state == UNCONNECTED:
        return "Connect it"
    if state == BROKEN:
        return "Connect it again"
    if account and needs_spoc(account):
        return "Appoint a point of contact"
    return ""

"""The register in words: each place in the structure, what fills it, and its next step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from mercat.guidance import facts
from mercat.guidance.decision import Decision
from mercat.guidance.gate import prepare
from mercat.people.pack import guidance
from mercat.register.facts import slot_facts
from mercat.register.models import Account, Connection, Slot

VACANT, ACTIVE, UNCONNECTED, BROKEN, OTHER = "vacant", "active", "unconnected", "broken", "other"
OVER = "over"
STATES = {
    ACTIVE: "Active",
    VACANT: "Vacant",
    UNCONNECTED: "Not connected",
    BROKEN: "Connect again",
    OTHER: "Not in use",
    OVER: "Over",
}
COLOURS = {ACTIVE: "green", VACANT: "grey", UNCONNECTED: "yellow", BROKEN: "red", OTHER: "grey", OVER: "red"}


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
    """How many open places are filled; `over`: accounts that are open beyond the structure. `tier` empty: all."""

    network: str
    tier: str
    filled: int
    places: int
    over: int

    @property
    def vacant(self) -> int:
        return self.places - self.filled


def line(slot: Slot) -> Line:
    """A slot that was loaded through `queries.slots`."""
    account = slot.open_accounts[0] if slot.open_accounts else None
    state = OVER if account and slot.closed_at else state_of(account)
    return Line(
        slot=slot,
        account=account,
        tier=tier_name(slot.tier),
        state=state,
        title=title_of(account, state),
        colour=COLOURS[state],
        spocs=", ".join(spoc.person.name for spoc in account.standing_spocs) if account else "",
        next=_next(slot, account, state),
    )


def state_of(account: Account | None) -> str:
    if account is None:
        return VACANT
    if account.status == Account.Status.SUSPENDED:
        return OTHER
    connection = getattr(account, "connection", None)
    if connection is None or connection.state == Connection.State.REVOKED:
        return UNCONNECTED
    if connection.state == Connection.State.BROKEN:
        return BROKEN
    return ACTIVE if account.status == Account.Status.ACTIVE else OTHER


def title_of(account: Account | None, state: str) -> str:
    return account.get_status_display() if account and state == OTHER else STATES[state]


def in_use_first(lines: Iterable[Line]) -> list[Line]:
    """Vacant places last: people look for accounts."""
    return sorted(lines, key=lambda line: line.account is None)


def filled(lines: Iterable[Line]) -> list[Filled]:
    """By network."""
    return _counted([("", line) for line in lines])


def filled_by_tier(lines: Iterable[Line]) -> list[Filled]:
    """By network and tier, the tiers in the pack's order."""
    order = [tier.key for tier in guidance().pack.tiers]
    counted = _counted([(line.slot.tier, line) for line in lines])
    return sorted(counted, key=lambda each: (each.network, order.index(each.tier) if each.tier in order else 99))


def _counted(lines: Iterable[tuple[str, Line]]) -> list[Filled]:
    found: dict[tuple[str, str], Counter[str]] = {}
    for tier, line in lines:
        counts = found.setdefault((line.slot.network, tier), Counter())
        if line.state == OVER:
            counts["over"] += 1
            continue
        counts["places"] += 1
        counts["filled"] += line.account is not None
    return [
        Filled(network, tier, counts["filled"], counts["places"], counts["over"])
        for (network, tier), counts in sorted(found.items())
    ]


def tier_name(key: str) -> str:
    return next((tier.name for tier in guidance().pack.tiers if tier.key == key), key)


def needs_spoc(account: Account) -> bool:
    return wants_spoc(account.tier) and not account.standing_spocs


def wants_spoc(tier: str) -> bool:
    return any(each.spoc for each in guidance().pack.tiers if each.key == tier)


def registrable(lines: Iterable[Line], person: facts.Person, *, now: datetime) -> set[str]:
    """Keys of the vacant places whose account this person may register."""
    vacant = [line.slot for line in lines if line.account is None]
    about = {slot.pk: slot_facts(slot, slot.application.holder if slot.application else None) for slot in vacant}
    asked, situation = prepare(guidance(), person, about.values()), facts.Situation(now=now)
    return {key for key, each in about.items() if asked.decide("register_account", each, situation).allowed}


def refusal_lines(field: str, decision: Decision) -> list[dict[str, str]]:
    """Every clause in the way as an error of a form's `field`, with what to do and who can put it right."""
    return [
        {"field": field, "text": f"{each.clause}: {each.reason} {each.remedy} ({each.owner_name})"}
        for each in decision.refusals
    ]


def _next(slot: Slot, account: Account | None, state: str) -> str:
    if state == OVER:
        return "Close the account"
    if state == VACANT:
        return "Granted: register its account" if slot.application_id else ""
    if state == UNCONNECTED:
        return "Connect it"
    if state == BROKEN:
        return "Connect it again"
    if account and needs_spoc(account):
        return "Appoint a point of contact"
    return ""

"""The health of connections in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from mercat.guidance import facts
from mercat.guidance.gate import reserved
from mercat.networks import registry
from mercat.people.pack import guidance
from mercat.register.facts import account_facts
from mercat.register.models import Account, Connection

SOON = timedelta(days=7)  # people are warned this long before an end
STALE = timedelta(days=1)  # without the network's word

WELL, ENDS, SILENT, BROKEN, NONE = "Working", "Ends soon", "Not reached", "Connect again", "Not connected"
COLOURS = {WELL: "green", ENDS: "yellow", SILENT: "yellow", BROKEN: "red", NONE: "grey"}


@dataclass(frozen=True, slots=True)
class Health:
    """One account's connection. `act`: who must act, where somebody must."""

    account: Account
    connection: Connection | None
    state: str
    colour: str
    reason: str
    act: str


def health_of(accounts: Iterable[Account], *, now: datetime) -> list[Health]:
    """Of accounts loaded by `queries.kept`; what needs somebody first."""
    found = [_health(account, now) for account in accounts]
    order = [BROKEN, ENDS, SILENT, NONE, WELL]
    return sorted(found, key=lambda each: (order.index(each.state), each.account.network, each.account.name))


def warnings_of(lines: Iterable[Health], *, now: datetime) -> list[str]:
    """What ICT should know of the networks of these accounts: whose interface ends soon. Each once."""
    networks = {line.account.network for line in lines}
    said = [registry.get(network).warning(now) for network in sorted(networks) if registry.known(network)]
    return list(dict.fromkeys(filter(None, said)))


def state_of(connection: Connection | None, *, now: datetime) -> str:
    if connection is None or connection.state == Connection.State.REVOKED:
        return NONE
    if connection.state == Connection.State.BROKEN:
        return BROKEN
    if connection.ends_at and connection.ends_at <= now + SOON:
        return ENDS
    return SILENT if now - (connection.checked_at or connection.connected_at) > STALE else WELL


def _health(account: Account, now: datetime) -> Health:
    connection = getattr(account, "connection", None)
    state = state_of(connection, now=now)
    return Health(
        account=account,
        connection=connection,
        state=state,
        colour=COLOURS[state],
        reason=_reason(state, connection),
        act="" if state in (WELL, SILENT) else _who(account, now),
    )


def _reason(state: str, connection: Connection | None) -> str:
    if state == SILENT:
        return "Its network has not answered for a day. Nobody has to act: it is asked again by itself."
    if state == ENDS:
        return "It could not be renewed by itself."
    return connection.reason if connection else "It was never connected."


def _who(account: Account, now: datetime) -> str:
    """Those who may connect it, as the guidance names them."""
    refusals = reserved(guidance(), "connect_account", account_facts(account), facts.Situation(now=now))
    return ", ".join(dict.fromkeys(each.owner_name or each.owner for each in refusals))

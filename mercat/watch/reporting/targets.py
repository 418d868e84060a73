"""Whether a network's own interface takes a report of an account, and how it knows the account."""

from __future__ import annotations

from dataclasses import dataclass

from mercat.networks import registry
from mercat.watch.models import Case, LookAlike
from mercat.watch.reach import account_on


@dataclass(frozen=True, slots=True)
class Target:
    """An account as its network knows it. `native_id` is "" where it is to be looked for there first."""

    network: str
    server: str = ""
    native_id: str = ""


def target_of(case: Case) -> Target | None:
    """None where no network takes a report, or the body has no account connected there."""
    target = _found(case) or _reported(case)
    if target is None or not _takes_reports(target.network):
        return None
    server = target.server if _counts_by_server(target.network) else None
    return target if account_on(target.network, server=server) else None


def handle_in(case: Case) -> str:
    """The name in a case's key, to look for it; "" where it holds none."""
    kind, _, value = case.key.partition(":")
    return value if kind == "name" else ""


def _found(case: Case) -> Target | None:
    """By the search that found it, or found it too."""
    if not case.key:
        return None
    rows = LookAlike.objects.filter(case__network=case.network, case__key=case.key).exclude(native_id="")
    row = rows.order_by("-seen_at").first()
    return Target(row.network, row.server, row.native_id) if row else None


def _reported(case: Case) -> Target | None:
    """By the address that people gave, where its network is known."""
    if not case.network or not registry.known(case.network) or _counts_by_server(case.network):
        return None
    number = case.key.partition(":")[2]
    spellings = [each for each in registry.spellings() if each.network == case.network]
    if any(each.numbered(number) == case.key for each in spellings):
        return Target(case.network, native_id=number)
    searches = registry.get(case.network).searcher is not None
    return Target(case.network) if searches and handle_in(case) else None


def _takes_reports(network: str) -> bool:
    return registry.known(network) and registry.get(network).reporter is not None


def _counts_by_server(network: str) -> bool:
    return registry.get(network).spec.ids_are_per_server

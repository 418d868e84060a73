"""How much of the networks' limits is left, as their last answers told; and what of it is kept for warnings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from mercat.delivery.models import Meter
from mercat.networks import registry
from mercat.networks.kit.metering import Reading
from mercat.register.models import Account

RESERVE = 10  # per cent of a limit that ordinary posts leave to warnings


@dataclass(frozen=True, slots=True)
class Spent:
    """Ordinary posts of an account wait, for this reason, until then."""

    until: datetime
    reason: str


def keep(account: Account, told: Iterable[Reading], *, now: datetime) -> None:
    """The newest reading of each limit. Only where the body has an app of its own can one be of the whole app: else any
    server could say so of all the others' accounts."""
    of_an_app = bool(registry.get(account.network).spec.app_fields)
    rows = [
        Meter(
            network=account.network, account=None if each.of_app and of_an_app else account, name=each.name,
            limit=each.limit, left=each.left, resets_at=each.resets_at, seen_at=now,
        )
        for each in told
    ]  # fmt: skip
    Meter.objects.bulk_create(
        {(row.account_id, row.name, row.limit): row for row in rows}.values(),
        update_conflicts=True,
        unique_fields=["network", "account", "name", "limit"],
        update_fields=["left", "resets_at", "seen_at"],
    )


def spent_of(accounts: Iterable[Account], *, now: datetime) -> dict[str, Spent]:
    """By account's id: those whose limits, or whose network's for the whole body, are down to the reserve."""
    by_id = {str(account.pk): account for account in accounts}
    networks = {account.network for account in by_id.values()}
    short = [row for row in _in_force(by_id, networks, now) if row.left * 100 <= row.limit * RESERVE]
    found: dict[str, Spent] = {}
    for key, account in by_id.items():
        its = [row for row in short if row.network == account.network and str(row.account_id or key) == key]
        if its:
            found[key] = _spent(account, max(its, key=lambda row: row.resets_at))
    return found


def open_to(accounts: Iterable[str], *, now: datetime) -> list[Meter]:
    """What is known of these accounts and of the networks they are on, and has not started again."""
    ids = list(accounts)
    networks = set(Account.objects.filter(pk__in=ids).values_list("network", flat=True))
    rows = Meter.objects.filter(pk__in=[row.pk for row in _in_force(ids, networks, now)])
    return list(rows.select_related("account"))


def _in_force(accounts: Iterable[str], networks: Iterable[str], now: datetime) -> list[Meter]:
    of_app = Q(account=None, network__in=networks)
    return list(Meter.objects.filter(of_app | Q(account__in=accounts), resets_at__gt=now))


def _spent(account: Account, row: Meter) -> Spent:
    network = registry.get(account.network).spec.name
    which = row.name[0].lower() + row.name[1:]
    left = f"{row.left} of {row.limit} {which}"
    return Spent(
        row.resets_at, f"{network} takes only {left} before its limit starts again; they are kept for warnings."
    )

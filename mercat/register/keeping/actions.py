"""Keeping connections alive: renewing ahead, asking whether they still work, disconnecting, and changing the key."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet

from mercat.audit.actions import record
from mercat.audit.actors import System
from mercat.networks import registry
from mercat.networks.kit.http import guarded_client
from mercat.networks.port import Kept, Reconnect
from mercat.people import keyring
from mercat.people.actions import Impossible
from mercat.people.gate import By, require
from mercat.people.vault import Unopenable, is_for, rewrap
from mercat.people.webhooks.actions import rewrap_secrets
from mercat.register.actions import mark_broken
from mercat.register.connections import bound_to, channel
from mercat.register.facts import facts_of
from mercat.register.models import Account, Connection

log = logging.getLogger(__name__)

CHORE = System("Connections are kept alive")
AHEAD = timedelta(minutes=15)  # before what is sealed lapses
CHECK_EVERY = timedelta(hours=6)
MOST_AT_ONCE = 50
SLICE = 100  # connections rewrapped in one transaction


def run(*, now: datetime) -> None:
    """The chore: renew what lapses soon, and ask the networks about what was not asked for hours."""
    for row in due(now=now)[:MOST_AT_ONCE]:
        try:
            keep(row.account, now=now)
        except Exception:
            log.exception("the connection of account %s could not be kept", row.account_id)


def due(*, now: datetime) -> QuerySet[Connection]:
    """What waits to be kept, the most urgent first."""
    lapses = Q(renew_at__lte=now + AHEAD)
    unasked = Q(checked_at=None, connected_at__lte=now - CHECK_EVERY) | Q(checked_at__lte=now - CHECK_EVERY)
    rows = Connection.objects.filter(lapses | unasked, state=Connection.State.WORKING)
    rows = rows.exclude(account__status=Account.Status.CLOSED).select_related("account__connection")
    return rows.order_by(F("renew_at").asc(nulls_last=True), F("checked_at").asc(nulls_first=True), "pk")


def keep(account: Account, *, now: datetime) -> None:
    """Renew and check one connection. A network that cannot be reached changes nothing: that is no disconnect."""
    keeper = registry.get(account.network).keeper if registry.known(account.network) else None
    if keeper is None:
        return
    try:
        with guarded_client(
            timeout=registry.get(account.network).spec.timeout, allow_private=settings.MERCAT_PRIVATE_ORIGINS
        ) as http:
            said = keeper.keep(channel(account, http), ahead=AHEAD, now=now)
    except Unopenable as error:
        said = Reconnect(str(error))
    match said:
        case Kept():
            rows = Connection.objects.filter(account=account, generation=account.connection.generation)
            rows.update(checked_at=now)
        case Reconnect(reason):
            mark_broken(by=CHORE, account=account, reason=reason, now=now)


@transaction.atomic
def disconnect_account(*, by: By, account: Account, reason: str, now: datetime) -> None:
    """Wipe what is sealed. What is due is held until the account is connected again."""
    account = Account.objects.select_for_update().get(pk=account.pk)
    require(by, "connect_account", facts_of(account), now=now)
    if not reason.strip():
        raise Impossible("Say why this account is disconnected. Nothing was changed.")
    rows = Connection.objects.filter(account=account).exclude(state=Connection.State.REVOKED)
    wiped = rows.update(
        state=Connection.State.REVOKED, reason=reason[:300], sealed=b"", renew_at=None, ends_at=None, warned_of=None
    )
    if not wiped:
        raise Impossible(f"“{account}” is not connected. Nothing was changed.")
    record(by=by, what="account.credentials_wiped", about=[account.audit_ref], personal={"reason": reason}, now=now)


def disconnect_all(*, by: System, reason: str, now: datetime) -> int:
    """Wipe what is sealed of every account, one after another. Returns of how many."""
    rows = Connection.objects.exclude(state=Connection.State.REVOKED).select_related("account").order_by("pk")
    accounts = [row.account for row in rows]
    for account in accounts:
        disconnect_account(by=by, account=account, reason=reason, now=now)
    return len(accounts)


def rotate(*, by: System, now: datetime) -> tuple[int, list[Account]]:
    """Seal everything for a new key, in slices, while all goes on; older keys open until the last is done.

    Returns how many were rewrapped, and the accounts whose credentials do not open: while there is one, the older keys
    stay. Where the keys stand in a variable, the first of it is the new one. Raises Unopenable.
    """
    if settings.MERCAT_VAULT_KEY.startswith(keyring.FILE):
        keyring.opening_keys()
        keyring.add_key()
    done, shut = 0, []
    for start in _starts():
        rewrapped, closed = _rewrap(start)
        done += rewrapped
        shut += closed
    while late := _finish(done, by=by, now=now):
        done += late
    return done, shut


@transaction.atomic
def _finish(done: int, *, by: System, now: datetime) -> int:
    """Forget the older keys, once nothing is sealed for them. Returns how many came late, and were rewrapped instead:
    a key goes only when all that was rewrapped before is committed."""
    with connection.cursor() as cursor:  # whoever is sealing for an older key has finished after this
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [keyring.LOCK])
    late, shut = _rewrap_rows(Connection.objects.exclude(sealed=b""))
    if late:
        return late
    rewrap_secrets()
    if not shut and settings.MERCAT_VAULT_KEY.startswith(keyring.FILE):
        keyring.forget_older()
    facts = {"rewrapped": done, "unopenable": len(shut)}
    record(by=by, what="vault.rotated", about=["vault:connections"], facts=facts, now=now)
    return 0


def _starts() -> Sequence[Sequence[int]]:
    keys = list(Connection.objects.exclude(sealed=b"").order_by("pk").values_list("pk", flat=True))
    return [keys[start : start + SLICE] for start in range(0, len(keys), SLICE)]


@transaction.atomic
def _rewrap(keys: Sequence[int]) -> tuple[int, list[Account]]:
    return _rewrap_rows(Connection.objects.filter(pk__in=keys).exclude(sealed=b""))


def _rewrap_rows(rows: QuerySet[Connection]) -> tuple[int, list[Account]]:
    """How many were rewrapped, and what does not open."""
    opening, sealing = keyring.opening_keys(), keyring.sealing_key()
    done, shut = 0, []
    for row in rows.select_related("account").select_for_update(of=("self",)):
        sealed = bytes(row.sealed)
        if is_for(sealed, sealing):
            continue
        about = bound_to(row.account, row.base_url, row.generation)
        try:
            row.sealed = rewrap(sealed, keys=opening, to=sealing, bound_to=about)
        except Unopenable:
            shut.append(row.account)
            continue
        row.save(update_fields=["sealed"])
        done += 1
    return done, shut

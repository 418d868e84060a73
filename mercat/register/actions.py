"""Every write about accounts. Each asks guidance, keeps the row, and records it, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from mercat.audit.actions import record
from mercat.audit.actors import System
from mercat.networks import registry
from mercat.networks.port import Identity
from mercat.people.actions import Impossible, once, tell
from mercat.people.gate import By, person_or_none, require
from mercat.people.models import Person, Unit
from mercat.people.pack import guidance
from mercat.people.queries import holding
from mercat.register.connections import given, lifetime_of, sealed_for
from mercat.register.facts import application_facts, facts_of, slot_facts
from mercat.register.models import Account, Application, Connection, Founding, Slot, Spoc
from mercat.register.standing.contacts import misses_contact
from mercat.register.standing.moves import move

CONNECTED = "Connected to its network"


@transaction.atomic
def found_structure(*, by: System, now: datetime) -> int:
    """Lay out the pack's slots, once: they are imported as decided (clause 4.12). Returns how many are new."""
    known = set(Slot.objects.values_list("pk", flat=True))
    fresh = [slot for slot in guidance().pack.slots if slot.id not in known]
    if not fresh:
        return 0
    pack = guidance().pack
    founding = Founding.objects.create(at=now, pack=pack.key, version=pack.version, digest=pack.digest)
    Slot.objects.bulk_create(
        Slot(
            key=slot.id,
            network=slot.network,
            tier=slot.tier,
            unit_id=slot.unit,
            name=slot.name,
            founding=founding,
            review_due=_first_review(now),
        )
        for slot in fresh
    )
    record(
        by=by,
        what="structure.founded",
        about=["structure:slots"],
        facts={"slots": [slot.id for slot in fresh]},
        now=now,
    )
    return len(fresh)


def _first_review(now: datetime) -> date:
    return timezone.localdate(now) + timedelta(days=guidance().pack.reviews.every_days)


@transaction.atomic
def apply_for_account(
    *,
    by: Person,
    network: str,
    kind: str,
    unit: Unit,
    name: str,
    purpose: str,
    now: datetime,
    justification: str = "",
    holder: Person | None = None,
) -> Application:
    """Ask in writing, in one step, for a new account of `kind`, a tier of the pack."""
    can_be_asked_for(network, kind)
    if not name.strip() or not purpose.strip():
        raise Impossible("Say what the account is to be called, and what it is for. Nothing was saved.")
    application = Application(
        network=network,
        kind=kind,
        unit=unit,
        name=name,
        purpose=purpose,
        justification=justification,
        holder=holder,
        applicant=by,
        begun_at=now,
        applied_at=now,
    )
    require(by, "apply_for_account", application_facts(application), now=now)
    application.save(force_insert=True)
    record(
        by=by,
        what="application.made",
        about=[f"application:{application.pk}"],
        facts={"network": network, "kind": kind, "unit": unit.pk},
        personal={"name": name, "purpose": purpose, "justification": justification},
        now=now,
    )
    return application


def can_be_asked_for(network: str, kind: str) -> None:
    """Raises Impossible for a network or a kind of account that this body does not have."""
    pack = guidance().pack
    if network not in {known.key for known in pack.networks}:
        raise Impossible(f"“{network}” is not a network of this body. Nothing was saved.")
    if kind not in {known.key for known in pack.tiers}:
        raise Impossible(f"“{kind}” is not a kind of account of this body. Nothing was saved.")


@transaction.atomic
def decide_application(*, by: By, application: Application, grant: bool, reasons: str, now: datetime) -> Slot | None:
    """Grant or refuse, with reasons. A grant adds one slot to the structure."""
    if not reasons.strip():
        raise Impossible("Say why: a decision on an application is kept with its reasons. Nothing was decided.")
    locked = Application.objects.select_for_update(of=("self",))
    application = locked.select_related("holder", "applicant").get(pk=application.pk)
    require(by, "grant_application" if grant else "decide_application", application_facts(application), now=now)
    if application.decision:
        raise Impossible("This application has been decided already. Nothing was changed.")
    if application.applied_at is None or application.withdrawn_at:
        raise Impossible("This application is not made, or was withdrawn. Nothing was decided.")
    application.decision = Application.Decision.GRANTED if grant else Application.Decision.REFUSED
    application.reasons, application.decided_at, application.decided_by = reasons, now, person_or_none(by)
    application.save(update_fields=["decision", "reasons", "decided_at", "decided_by"])
    record(
        by=by,
        what=f"application.{application.decision}",
        about=[f"application:{application.pk}"],
        personal={"reasons": reasons},
        now=now,
    )
    _tell_applicant(application, now=now)
    if not grant:
        return None
    return Slot.objects.create(
        key=f"application-{application.pk}",
        network=application.network,
        tier=application.kind,
        unit=application.unit,
        name=application.name,
        application=application,
        review_due=application.review_on or _first_review(now),
    )


def _tell_applicant(application: Application, *, now: datetime) -> None:
    if application.applicant is None or not application.applicant.is_active:
        return
    tell(
        [application.applicant],
        kind="accounts",
        subject=f"Your application for an account is {application.decision}",
        body=f"{application.name}: the decision and its reasons stand with the application.",
        link=f"/register/applications/{application.pk}/",
        now=now,
    )


@transaction.atomic
def register_account(*, by: By, slot: Slot, name: str, now: datetime, holder: Person | None = None) -> Account:
    """Fill a slot of the structure. There is no account without one (clauses 4.10, 4.12, 4.13).

    `holder` is by default the person whom the slot's application names.
    """
    rows = Slot.objects.select_for_update(of=("self",)).select_related("application__holder")
    slot = rows.get(pk=slot.pk)
    holder = holder or (slot.application.holder if slot.application else None)
    require(by, "register_account", slot_facts(slot, holder), now=now)
    if slot.closed_at:
        raise Impossible(f"The place “{slot}” in the structure is closed. Nothing was registered.")
    account = Account(
        slot=slot,
        network=slot.network,
        tier=slot.tier,
        unit=slot.unit,
        name=name,
        status=Account.Status.APPROVED,
        holder=holder,
        purpose=slot.application.purpose if slot.application else "",
        languages=slot.application.languages if slot.application else "",
        registered_at=now,
        spoc_missing_since=now,
    )
    with once(f"The place “{slot}” in the structure is filled already."):
        account.save(force_insert=True)
    record(
        by=by,
        what="account.registered",
        about=[account.audit_ref],
        facts={"slot": slot.pk, "network": slot.network, "tier": slot.tier, "unit": slot.unit_id},
        personal={"name": name},
        now=now,
    )
    return account


@transaction.atomic
def appoint_spoc(*, by: By, account: Account, person: Person, now: datetime) -> Spoc:
    account = locked(account)
    require(by, "appoint_spoc", facts_of(account), now=now)
    if not person.is_active:
        raise Impossible(f"{person} has left, and cannot be a point of contact. Nothing was changed.")
    with once(f"{person} is a point of contact of this account already."):
        spoc = Spoc.objects.create(account=account, person=person, at=now, by=person_or_none(by))
    Account.objects.filter(pk=account.pk).update(spoc_missing_since=None)
    record(by=by, what="account.spoc_appointed", about=[account.audit_ref, person.audit_ref], now=now)
    return spoc


@transaction.atomic
def dismiss_spoc(*, by: By, spoc: Spoc, now: datetime) -> None:
    account = locked(spoc.account)
    require(by, "appoint_spoc", facts_of(account), now=now)
    if not Spoc.objects.filter(pk=spoc.pk, ended_at=None).update(ended_at=now):
        raise Impossible(f"{spoc.person} is no longer a point of contact of this account. Nothing was changed.")
    misses_contact(account, now=now)
    record(by=by, what="account.spoc_dismissed", about=[account.audit_ref, spoc.person.audit_ref], now=now)


@transaction.atomic
def connect_account(*, by: By, account: Account, identity: Identity, now: datetime) -> Connection:
    """Keep what a connector found out. The secret is sealed; the record names the account, never the secret."""
    account = locked(account)
    require(by, "connect_account", facts_of(account), now=now)
    if account.status == Account.Status.CLOSED:
        raise Impossible(f"“{account}” is closed. Nothing was connected.")
    previous = Connection.objects.select_for_update().filter(account=account).first()
    if account.native_id and not _is_the_same(account, previous, identity):
        raise Impossible(
            f"This would connect “{account}” to another account of the network ({identity.handle}) than before. "
            "Nothing was changed. Close this account and register the other one, if that is what is meant."
        )
    _is_nobody_elses(account, identity)
    _training_or_live(account, identity)
    account.handle, account.native_id, account.url = identity.handle, identity.native_id, identity.url
    generation = previous.generation + 1 if previous else 1
    lasts = lifetime_of(account.network, identity.credentials)
    connection, _ = Connection.objects.update_or_create(
        account=account,
        defaults={
            "base_url": identity.base_url,
            "state": Connection.State.WORKING,
            "reason": "",
            "limits": dict(identity.limits),
            "sealed": sealed_for(account, identity.base_url, generation, identity.credentials),
            "generation": generation,
            "connected_at": now,
            "connected_by": person_or_none(by),
            "renew_at": lasts.renew_at,
            "ends_at": lasts.ends_at,
            "checked_at": now,
            "warned_of": None,
        },
    )
    with once(f"{identity.handle} is connected to another account of the register."):
        account.save(update_fields=["handle", "native_id", "url"])
    if account.status == Account.Status.APPROVED:
        move(account, Account.Status.ACTIVE, by=by, reason=CONNECTED, now=now)
    record(
        by=by,
        what="account.connected",
        about=[account.audit_ref],
        facts={"native_id": identity.native_id, "server": identity.base_url},
        personal={"handle": identity.handle},
        now=now,
    )
    return connection


def _is_the_same(account: Account, previous: Connection | None, identity: Identity) -> bool:
    """Where every server numbers its accounts anew, the same number on another server is another account."""
    if account.native_id != identity.native_id:
        return False
    per_server = registry.get(account.network).spec.ids_are_per_server
    return not per_server or previous is None or previous.base_url == identity.base_url


def _is_nobody_elses(account: Account, identity: Identity) -> None:
    others = Account.objects.filter(network=account.network, native_id=identity.native_id).exclude(pk=account.pk)
    if registry.get(account.network).spec.ids_are_per_server:
        others = others.filter(connection__base_url=identity.base_url)
    if others.exclude(status=Account.Status.CLOSED).exists():
        raise Impossible(f"{identity.handle} is connected to another account of the register. Nothing was changed.")


def _training_or_live(account: Account, identity: Identity) -> None:
    """One installation never holds both: an exercise must not be able to reach the public."""
    with connection.cursor() as cursor:  # two first connections at once would each find no other
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('mercat.connections'))")
    stand_ins = Q(base_url__startswith=f"{settings.MERCAT_SANDBOX_URL}/")
    others = Connection.objects.exclude(account=account)
    if identity.base_url.startswith(f"{settings.MERCAT_SANDBOX_URL}/"):
        if others.exclude(stand_ins).exists():
            raise Impossible(
                "This installation has live accounts: a stand-in cannot be connected to it. Nothing was changed."
            )
    elif others.filter(stand_ins).exists():
        raise Impossible(
            "This installation is for training, on stand-in networks: a live account cannot be connected to it. "
            "Nothing was changed. Set up another installation for live accounts."
        )


def identity_from_fields(network: str, fields: Mapping[str, str], http, *, now: datetime) -> Identity:
    """Ask the network who these credentials are. No transaction is open meanwhile; raises the port's ConnectError."""
    connector = registry.get(network).connector
    if connector is None:
        raise Impossible("This network cannot be connected by typing credentials; use its sign-in instead.")
    return connector.connect(given(network, fields), http, now=now)


@transaction.atomic
def mark_broken(*, by: System, account: Account, reason: str, now: datetime) -> None:
    """The network no longer takes our credentials: nothing is sent there until a person connects it again.

    A connection made since `account.connection` was loaded is another one, and keeps working.
    """
    tried = Connection.objects.filter(account=account, generation=account.connection.generation)
    changed = tried.filter(state=Connection.State.WORKING).update(state=Connection.State.BROKEN, reason=reason[:300])
    if not changed:
        return
    record(by=by, what="account.disconnected", about=[account.audit_ref], facts={"reason": reason[:300]}, now=now)
    tell(
        people_of(account),
        kind="sending",
        subject=f"{account} must be connected again",
        body=f"{reason} Nothing is lost: what is due waits until the account is connected.",
        link=f"/register/{account.pk}/",
        now=now,
    )


@transaction.atomic
def suspend_account(*, by: By, account: Account, reason: str, now: datetime) -> None:
    """Nothing goes out there until it is reinstated; what is due is held."""
    require(by, "suspend_account", facts_of(account), now=now)
    if not reason.strip():
        raise Impossible("Say why this account is suspended. Nothing was changed.")
    account = locked(account)
    if account.status in (Account.Status.SUSPENDED, Account.Status.CLOSED):
        raise Impossible(f"“{account}” is {account.get_status_display().lower()} already. Nothing was changed.")
    move(account, Account.Status.SUSPENDED, by=by, reason=reason, now=now)
    record(by=by, what="account.suspended", about=[account.audit_ref], personal={"reason": reason}, now=now)


@transaction.atomic
def reinstate_account(*, by: By, account: Account, reason: str, now: datetime) -> None:
    require(by, "suspend_account", facts_of(account), now=now)
    if not reason.strip():
        raise Impossible("Say why this account is reinstated. Nothing was changed.")
    account = locked(account)
    if account.status != Account.Status.SUSPENDED:
        raise Impossible(f"“{account}” is not suspended. Nothing was changed.")
    was_connected = Connection.objects.filter(account=account).exists()
    status = Account.Status.ACTIVE if was_connected else Account.Status.APPROVED
    move(account, status, by=by, reason=reason, now=now)
    record(by=by, what="account.reinstated", about=[account.audit_ref], personal={"reason": reason}, now=now)


def locked(account: Account) -> Account:
    return Account.objects.select_for_update().get(pk=account.pk)


def people_of(account: Account) -> list[Person]:
    """Who answers for an account now: its SPOCs, else those who may approve its posts there."""
    return people_of_all([account])


def people_of_all(accounts: Sequence[Account]) -> list[Person]:
    """Who answers for any of these accounts, in two queries."""
    standing = Spoc.objects.filter(account__in=accounts, ended_at=None, person__is_active=True)
    spocs = list(standing.select_related("person"))
    with_one = {spoc.account_id for spoc in spocs}
    without = [account for account in accounts if account.pk not in with_one]
    roles = {role for account in without for role in guidance().pack.approvals[account.tier].by}
    others = holding(roles, units={account.unit_id for account in without})
    return list({person.pk: person for person in [*(spoc.person for spoc in spocs), *others]}.values())

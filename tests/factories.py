"""People, accounts and posts for tests, made through the business layer. Times are passed in."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction
from django.db.models import Model

from mercat.audit.actors import System
from mercat.people import actions as people
from mercat.people.models import (
    Access,
    Acknowledgement,
    Authorisation,
    Completion,
    Licence,
    Nomination,
    Person,
    Unit,
)
from mercat.people.pack import guidance
from mercat.posts import actions as posts
from mercat.posts.contents import Draft
from mercat.posts.models import Post
from mercat.register import actions as register
from mercat.register.connections import sealed_for
from mercat.register.models import Account, Connection, Founding, Review, Slot
from mercat.register.standing.moves import move, shut
from mercat.register.standing.states import TABLE

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TEST = System("A test")
_number = itertools.count(1)


def unit(key: str = "tayside") -> Unit:
    known = Unit.objects.filter(pk=key).first()
    if known:
        return known
    people.found_units(by=TEST, now=NOW)
    return Unit.objects.get(pk=key)


def person(
    name: str = "",
    *,
    unit_key: str = "tayside",
    rank: str = "constable",
    roles: tuple[str, ...] = (),
    unit_roles: tuple[str, ...] = (),
    passphrase: str = "",
    now: datetime = NOW,
) -> Person:
    """Somebody in the body, who has not begun the chain."""
    number = next(_number)
    row = people.register_person(
        by=TEST,
        name=name or f"Person {number}",
        email=f"person{number}@mercat.example",
        number=f"t{number}",
        unit=unit(unit_key),
        rank=rank,
        employment="officer",
        now=now,
    )
    if passphrase:
        people.set_passphrase(by=TEST, person=row, passphrase=passphrase, now=now)
    for role in roles:
        people.grant_role(by=TEST, person=row, role=role, unit=None, now=now)
    for role in unit_roles:
        people.grant_role(by=TEST, person=row, role=role, unit=row.unit, now=now)
    return row


def trainer() -> Person:
    known = Person.objects.filter(role_grants__role="social-media-trainer").first()
    return known or person("Trainer", unit_key="corporate-communications", roles=("social-media-trainer",))


def authorised(name: str = "", *, trained_until: datetime = NOW + timedelta(days=300), **about: object) -> Person:
    """Somebody who has gone the whole way, from nomination to licence.

    The rows alone, as `joined` leaves them (tests/people/test_joining.py holds the two together): each step asks and
    records much that is another test's, and most tests begin with this.
    """
    row = person(name, **about)
    now = about.get("now", NOW)
    course = guidance().pack.course
    Nomination.objects.create(person=row, at=now)
    completion = Completion.objects.create(
        person=row,
        course=course.key,
        completed_at=trained_until - timedelta(days=course.valid_days),
        expires_at=trained_until,
        trainer=trainer(),
        signed_off=True,
        source="trainer",
        recorded_at=now,
    )
    Acknowledgement.objects.bulk_create(
        Acknowledgement(person=row, document=each.key, version=each.version, at=now)
        for each in guidance().pack.procedures
    )
    Authorisation.objects.create(person=row, completion=completion, at=now)
    access = Access.objects.create(person=row, reference=f"REQ-{row.number}", confirmed_at=now)
    Access.objects.filter(pk=access.pk).update(opened_at=now)
    Licence.objects.create(person=row, at=now)
    return row


def joined(name: str = "", *, trained_until: datetime = NOW + timedelta(days=300), **about: object) -> Person:
    """As `authorised`, but led there step by step: where what the steps do and leave behind is part of the test."""
    row = person(name, **about)
    now = about.get("now", NOW)
    valid = timedelta(days=guidance().pack.course.valid_days)
    people.nominate(by=TEST, person=row, now=now)
    people.record_completion(by=TEST, person=row, trainer=trainer(), completed_at=trained_until - valid, now=now)
    for procedure in guidance().pack.procedures:
        people.acknowledge(by=row, document=procedure.key, now=now)
    people.authorise(by=TEST, person=row, now=now)
    people.confirm_training(by=TEST, person=row, reference=f"REQ-{row.number}", now=now)
    people.open_access(by=TEST, person=row, now=now)
    people.assign_licence(by=TEST, person=row, now=now)
    return row


def spoc_of(account: Account, name: str = "") -> Person:
    row = authorised(name, unit_key=account.unit_id, rank="sergeant")
    register.appoint_spoc(by=TEST, account=account, person=row, now=NOW)
    return row


def as_if(model: type[Model], **changes: object) -> None:
    """Every row of a table as if it had been written so: by the table's owner, past what keeps it from changing."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {model._meta.db_table} DISABLE TRIGGER USER")
        model.objects.update(**changes)
        cursor.execute(f"ALTER TABLE {model._meta.db_table} ENABLE TRIGGER USER")


def slot(
    key: str = "test", *, network: str = "bluesky", tier: str = "local", unit_key: str = "tayside", name: str = "Dundee"
) -> Slot:
    """A place of a founding of its own, reviewed in a year."""
    founding = Founding.objects.create(at=NOW, pack="test", version="1", digest="d")
    return Slot.objects.create(
        key=key,
        network=network,
        tier=tier,
        unit=unit(unit_key),
        name=name,
        founding=founding,
        review_due=(NOW + timedelta(days=365)).date(),
    )


@transaction.atomic
def put(row: Account, status: str, *, now: datetime = NOW) -> None:
    """Bring an account into this status, by whatever steps of the table lead there."""
    row.refresh_from_db()
    if row.status == status:
        return
    if (row.status, status) not in TABLE:
        put(row, "active", now=now)
    if status == "closed":
        shut(row, by=TEST, reason="A test", now=now)
    else:
        move(row, Account.Status(status), by=TEST, reason="A test", now=now)


def suspend(account: Account, *, now: datetime = NOW) -> None:
    """By a colleague in Corporate Communications, so that another may close it."""
    colleague = person(unit_key="corporate-communications", roles=("corporate-communications",))
    register.suspend_account(by=colleague, account=account, reason="Not needed", now=now)


def shut_place(place: Slot, *, now: datetime = NOW) -> None:
    """Close a place by a review that leaves its account as it is."""
    account_there = place.accounts.exclude(status="closed").first()
    Review.objects.create(
        slot=place, account=account_there, outcome="close", account_stays=account_there is not None, reason="A test",
        needs_second=False, at=now, answer="done", answered_at=now,
    )  # fmt: skip
    Slot.objects.filter(pk=place.pk).update(closed_at=now)


def account(
    name: str = "",
    *,
    network: str = "bluesky",
    tier: str = "local",
    unit_key: str = "tayside",
    base_url: str = "https://network.example",
    credentials: dict[str, str] | None = None,
    limits: dict[str, int] | None = None,
    connected: bool = True,
) -> Account:
    """An account in a slot of its own; connected to nothing real unless `base_url` and `credentials` say so."""
    number = next(_number)
    place = slot(f"test-{number}", network=network, tier=tier, unit_key=unit_key, name=name or f"Account {number}")
    row = register.register_account(by=TEST, slot=place, name=place.name, now=NOW)
    if connected:
        move(row, Account.Status.ACTIVE, by=TEST, reason="Connected", now=NOW)
        row.handle, row.native_id = f"account{number}.example", f"id-{number}"
        row.url = f"https://network.example/account{number}"
        row.save()
        Connection.objects.create(
            account=row,
            base_url=base_url,
            state=Connection.State.WORKING,
            limits=limits or {},
            sealed=sealed_for(row, base_url, 1, credentials or {"token": "secret"}),
            connected_at=NOW,
        )
    return row


def draft(*accounts: Account, text: str = "Road closed at the bridge.", **about: object) -> Draft:
    return Draft(text=text, targets=tuple(str(each.pk) for each in accounts), pillar="warning", **about)


def submitted(author: Person, *accounts: Account, now: datetime = NOW, **about: object) -> Post:
    post = posts.compose(by=author, draft=draft(*accounts, **about), now=now)
    posts.submit(by=author, post=post, now=now)
    post.refresh_from_db()
    return post


def approved(author: Person, approver: Person, *accounts: Account, now: datetime = NOW, **about: object) -> Post:
    post = submitted(author, *accounts, now=now, **about)
    posts.approve(by=approver, post=post, digest=post.current.digest, now=now)
    post.refresh_from_db()
    return post

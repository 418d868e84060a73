"""How an account stands: its states as a table that the database holds, and what is kept and flagged of it."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from mercat.audit.models import Event
from mercat.guidance.gate import Refused
from mercat.people import actions as people
from mercat.people.actions import Impossible
from mercat.people.models import Notice, Person
from mercat.register import actions as register
from mercat.register import leavers
from mercat.register.facts import facts_of
from mercat.register.models import Account, Change, Posture
from mercat.register.standing import actions
from mercat.register.standing.chores import remind_of_posture
from mercat.register.standing.states import TABLE
from tests import factories as make
from tests.factories import NOW, TEST
from tests.kept import gained, kept
from tests.people.conftest import Holders

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
STATUSES = Account.Status.values
LOOKED = {
    "second_factor": True,
    "recovery_role": "corporate-communications",
    "recovery_mailbox": "social.recovery@force.example",
    "evidence": "Screenshot in the safe, reference 17.",
}


@pytest.mark.parametrize(("was", "became"), list(product(STATUSES, STATUSES)))
def test_the_database_takes_exactly_the_steps_of_the_table(was: str, became: str) -> None:
    account = make.account("Dundee", connected=False)
    make.put(account, was)

    def step() -> None:
        with transaction.atomic():
            Change.objects.create(account=account, was=was, became=became, reason="Why", at=NOW)
            Account.objects.filter(pk=account.pk).update(status=became)

    if (was, became) in TABLE:
        step()
        assert Account.objects.get(pk=account.pk).status == became
        return
    with pytest.raises(IntegrityError, match="does not become"):
        step()


def test_no_status_moves_without_its_change_or_by_an_old_one() -> None:
    account = make.account("Dundee", connected=False)
    with pytest.raises(IntegrityError, match="moves by a change"), transaction.atomic():
        Account.objects.update(status="closed")
    make.put(account, "active")
    make.put(account, "suspended")
    with pytest.raises(IntegrityError, match="moves by a change"), transaction.atomic():
        Account.objects.update(status="active")
    with pytest.raises(IntegrityError, match="is not active now"), transaction.atomic():
        Change.objects.create(account=account, was="active", became="closed", reason="Why", at=NOW)
    with pytest.raises(IntegrityError, match="a_change_has_its_reason"), transaction.atomic():
        Change.objects.create(account=account, was="suspended", became="active", reason="", at=NOW)
    for sql in ("UPDATE register_change SET reason = 'Other'", "DELETE FROM register_change"):
        with pytest.raises(DatabaseError, match="only ever grows"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)


@pytest.mark.parametrize(
    ("about", "says"),
    [
        ({"status": "active"}, "enters the register as approved"),
        ({"tier": "corporate"}, "place that is made for it"),
        ({"network": "x"}, "place that is made for it"),
        ({"unit_id": "edinburgh"}, "place that is made for it"),
    ],
)
def test_an_account_enters_as_approved_in_a_place_made_for_it(about: dict, says: str) -> None:
    slot = make.slot()
    row = {"network": "bluesky", "tier": "local", "unit_id": "tayside", "status": "approved", **about}
    with pytest.raises(IntegrityError, match=says), transaction.atomic():
        Account.objects.create(slot=slot, name="x", registered_at=NOW, **row)
    make.shut_place(slot)
    with pytest.raises(IntegrityError, match="open place"), transaction.atomic():
        Account.objects.create(
            slot=slot,
            name="x",
            registered_at=NOW,
            network="bluesky",
            tier="local",
            unit_id="tayside",
            status="approved",
        )


def test_a_closed_account_has_no_credentials_and_is_not_connected_again() -> None:
    account = make.account("Dundee")
    Change.objects.create(account=account, was="active", became="closed", reason="Why", at=NOW)
    with pytest.raises(IntegrityError, match="has no credentials"), transaction.atomic():
        Account.objects.filter(pk=account.pk).update(status="closed")


# Closing


def test_corporate_communications_closes_what_is_not_connected_with_a_reason(holders: Holders) -> None:
    account = make.account("Dundee", connected=False)
    for name in set(holders) - {"comms"}:
        with pytest.raises(Refused, match=r"5\.1"):
            actions.close_account(by=holders[name], account=account, reason="Not needed", now=NOW)
    with pytest.raises(Impossible, match="Say why"):
        actions.close_account(by=holders["comms"], account=account, reason=" ", now=NOW)
    actions.close_account(by=holders["comms"], account=account, reason="Not needed", now=NOW)
    change = account.changes.get()
    assert (change.was, change.became, change.reason, change.by) == (
        "approved",
        "closed",
        "Not needed",
        holders["comms"],
    )
    assert Event.objects.get(what="account.closed").personal.data == {"reason": "Not needed"}
    with pytest.raises(Impossible, match="does not become closed"):
        actions.close_account(by=holders["comms"], account=account, reason="Again", now=NOW)


# Dormant, and back


def test_an_account_is_dormant_until_it_is_woken_by_those_who_answer_for_it(holders: Holders) -> None:
    account = make.account("Dundee")
    spoc = make.spoc_of(account)
    actions.mark_dormant(by=TEST, account=account, reason="Nothing went out for 180 days.", now=NOW)
    assert facts_of(account).status == "dormant"
    assert Notice.objects.get(person=spoc).subject == "Dundee is dormant"
    for name in set(holders) - {"commander", "comms"}:
        with pytest.raises(Refused, match=r"5\.6"):
            actions.wake_account(by=holders[name], account=account, reason="Gales are coming", now=NOW)
    actions.wake_account(by=holders["commander"], account=account, reason="Gales are coming", now=NOW)
    assert facts_of(account).status == "active"
    with pytest.raises(Impossible, match="not dormant"):
        actions.wake_account(by=holders["commander"], account=account, reason="Again", now=NOW)


# What is said of it


def test_what_is_said_of_an_account_is_kept_by_those_who_answer_for_it(holders: Holders) -> None:
    account = make.account("Dundee")
    words = {"purpose": "To inform.", "bio": "Call 101, or 999 in an emergency.", "languages": "English"}
    for name in set(holders) - {"commander", "comms", "unit spoc"}:
        with pytest.raises(Refused, match=r"5\.6"):
            actions.describe_account(by=holders[name], account=account, words=words, now=NOW)
    actions.describe_account(by=holders["unit spoc"], account=account, words=words, now=NOW)
    account.refresh_from_db()
    assert (account.purpose, account.bio, account.languages) == tuple(words.values())
    before = kept()
    actions.describe_account(by=holders["commander"], account=account, words=words, now=NOW)
    assert not gained(before), "nothing changed, and nothing is recorded"
    make.put(account, "closed")
    with pytest.raises(Impossible, match="is closed"):
        actions.describe_account(by=holders["comms"], account=account, words={"bio": "x"}, now=NOW)


def test_name_and_holder_are_corporate_communications_to_change(holders: Holders) -> None:
    account = make.account("Chief", tier="individual", connected=False)
    constable, chief = make.person(rank="constable"), make.person(rank="chief-superintendent")
    with pytest.raises(Refused, match=r"5\.1"):
        actions.manage_account(by=holders["commander"], account=account, name="x", holder=None, now=NOW)
    with pytest.raises(Refused, match=r"4\.7"):
        actions.manage_account(by=holders["comms"], account=account, name="Chief", holder=constable, now=NOW)
    actions.manage_account(by=holders["comms"], account=account, name="The chief", holder=chief, now=NOW)
    account.refresh_from_db()
    assert (account.name, account.holder) == ("The chief", chief)
    assert Notice.objects.get(person=chief).subject == "You hold the account The chief"
    with pytest.raises(Impossible, match="close the account"):
        actions.manage_account(by=holders["comms"], account=account, name="x", holder=None, now=NOW)
    Person.objects.filter(pk=holders["comms"].pk).update(rank="chief-constable")
    with pytest.raises(Impossible, match="Nobody hands an account to themselves"):
        actions.manage_account(by=holders["comms"], account=account, name="x", holder=holders["comms"], now=NOW)
    Person.objects.filter(pk=chief.pk).update(is_active=False)
    with pytest.raises(Impossible, match="not held by one person"):
        actions.manage_account(by=holders["comms"], account=make.account(), name="x", holder=chief, now=NOW)


# Its protection


def test_what_was_seen_of_its_protection_counts_for_the_packs_days(holders: Holders) -> None:
    account = make.account("Dundee")
    with pytest.raises(Refused, match=r"5\.1"):
        actions.record_posture(by=holders["commander"], account=account, **LOOKED, now=NOW)
    row = actions.record_posture(by=holders["comms"], account=account, **LOOKED, now=NOW)
    assert (row.expires_at, row.by) == (NOW + timedelta(days=90), holders["comms"])
    with pytest.raises(DatabaseError, match="only ever grows"), transaction.atomic():
        Posture.objects.update(second_factor=False)


@pytest.mark.parametrize(
    ("about", "says"),
    [({"recovery_role": "mayor"}, "Choose the role"), ({"evidence": " "}, "Say what you saw"), ({}, "own address")],
)
def test_recovery_is_a_roles_and_never_one_persons(holders: Holders, about: dict, says: str) -> None:
    account = make.account("Dundee")
    looked = {**LOOKED, **(about or {"recovery_mailbox": holders["officer"].email.upper()})}
    before = kept()
    with pytest.raises(Impossible, match=says):
        actions.record_posture(by=holders["comms"], account=account, **looked, now=NOW)
    assert not gained(before)


def test_a_look_that_runs_out_is_reminded_of(holders: Holders) -> None:
    account = make.account("Dundee")
    actions.record_posture(by=TEST, account=account, **LOOKED, now=NOW)
    for days, told in ((75, 0), (76, 1), (80, 1), (87, 2), (90, 3), (99, 3)):
        remind_of_posture(now=NOW + timedelta(days=days))
        assert Notice.objects.filter(person=holders["comms"]).count() == told, days
    actions.record_posture(by=TEST, account=account, **LOOKED, now=NOW + timedelta(days=99))
    remind_of_posture(now=NOW + timedelta(days=99))
    assert Notice.objects.count() == 3


# Points of contact


def test_when_the_last_point_of_contact_goes_the_commander_is_told_and_the_grace_begins(holders: Holders) -> None:
    account = make.account("Dundee")
    first, last = make.spoc_of(account), make.spoc_of(account)
    register.dismiss_spoc(by=TEST, spoc=account.spocs.get(person=first), now=NOW)
    assert not Notice.objects.exists()
    register.dismiss_spoc(by=TEST, spoc=account.spocs.get(person=last), now=NOW + DAY)
    notice = Notice.objects.get()
    assert (notice.person, notice.link) == (holders["commander"], f"/register/{account.pk}/contacts/")
    assert notice.subject == "Dundee has no point of contact"


def test_a_point_of_contact_who_leaves_is_none_and_does_not_come_back_as_one(holders: Holders) -> None:
    account = make.account("Dundee")
    spoc = make.spoc_of(account)
    people.mark_left(by=holders["administrator"], person=spoc, reason="Retired", now=NOW + DAY)
    for _ in range(2):
        leavers.run(now=NOW + 2 * DAY)
    account.refresh_from_db()
    assert account.spoc_missing_since == NOW + DAY
    assert facts_of(account).spoc_missing_since == NOW + DAY
    assert Notice.objects.get(person=holders["commander"]).subject == "Dundee has no point of contact"
    assert Event.objects.filter(what="account.spoc_dismissed").count() == 1
    people.mark_returned(by=holders["administrator"], person=spoc, now=NOW + 2 * DAY)
    assert facts_of(account).spocs == frozenset()


def test_nobody_is_told_of_an_account_that_needs_no_point_of_contact(holders: Holders) -> None:
    account = make.account("The force", tier="corporate", unit_key="corporate-communications")
    spoc = make.spoc_of(account)
    register.dismiss_spoc(by=TEST, spoc=account.spocs.get(person=spoc), now=NOW)
    assert not Notice.objects.exists()

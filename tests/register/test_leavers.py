"""What follows in the register when somebody leaves or moves: appointments end, individual accounts wait (4.9, 5.7)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from mercat.audit.models import Event
from mercat.guidance.gate import Refused
from mercat.people import actions as people
from mercat.people.actions import Impossible
from mercat.people.models import Notice, Person
from mercat.people.moving import change_details
from mercat.register import leavers
from mercat.register.facts import facts_of
from mercat.register.hand_overs.actions import WAITS, close, hand_over
from mercat.register.models import Account, Connection, HandOver, Spoc
from mercat.register.standing.actions import close_account
from tests import factories as make
from tests.factories import NOW, TEST
from tests.kept import gained, kept
from tests.people.test_joining import clauses

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(hours=1)
Leave = Callable[[Person], object]


def leave(person: Person) -> None:
    people.mark_left(by=TEST, person=person, reason="Retired", now=LATER)


def move(person: Person, unit: str = "edinburgh") -> None:
    change_details(by=TEST, person=person, unit=make.unit(unit), reason="Posted", now=LATER)


def promote(person: Person, rank: str) -> None:
    change_details(by=TEST, person=person, rank=rank, reason="Promoted", now=LATER)


def individual(holder: Person, tier: str = "individual") -> Account:
    account = make.account("The Chief", tier=tier)
    account.holder = holder
    account.save(update_fields=["holder"])
    return account


@pytest.fixture
def chief(db: None) -> Person:
    return make.authorised("Chief", rank="chief-superintendent")


@pytest.fixture
def comms(db: None) -> Person:
    return make.person("Comms", unit_key="corporate-communications", roles=("corporate-communications",))


@pytest.fixture
def waiting(chief: Person, comms: Person) -> HandOver:
    individual(chief)
    leave(chief)
    return HandOver.objects.get()


# Points of contact


@pytest.mark.parametrize("go", [leave, move])
def test_an_appointment_ends_the_account_is_flagged_and_the_commander_told(go: Leave) -> None:
    commander = make.person("Commander", unit_roles=("divisional-commander",))
    account = make.account("Dundee")
    spoc = make.spoc_of(account)
    go(spoc)
    assert Spoc.objects.get(person=spoc).ended_at == LATER
    account.refresh_from_db()
    assert account.spoc_missing_since == LATER
    assert facts_of(account).spoc_missing_since == LATER, "the days of grace begin"
    notice = Notice.objects.get(person=commander)
    assert notice.subject == "Dundee has no point of contact"
    assert "stops speaking after 14 days" in notice.body
    event = Event.objects.get(what="account.spoc_dismissed")
    assert event.about == [account.audit_ref, spoc.audit_ref]


def test_where_another_is_left_nothing_is_flagged() -> None:
    account = make.account("Dundee")
    first, second = make.spoc_of(account), make.spoc_of(account)
    leave(first)
    account.refresh_from_db()
    assert account.spoc_missing_since is None
    assert list(account.spocs.filter(ended_at=None).values_list("person", flat=True)) == [second.pk]
    assert not Notice.objects.filter(subject__contains="no point of contact").exists()


def test_whoever_comes_back_is_no_point_of_contact_again() -> None:
    account = make.account("Dundee")
    spoc = make.spoc_of(account)
    leave(spoc)
    people.mark_returned(by=TEST, person=spoc, now=LATER)
    assert facts_of(account).spocs == frozenset()


def test_a_move_within_the_unit_and_a_promotion_end_nothing() -> None:
    account = make.account("Dundee")
    spoc = make.spoc_of(account)
    promote(spoc, "inspector")
    type(spoc.unit).objects.create(key="station", name="Station", kind="station", parent=spoc.unit)
    move(spoc, "station")
    assert Spoc.objects.get(person=spoc).ended_at is None


# Individual accounts


@pytest.mark.parametrize(("go", "why"), [(leave, "left"), (move, "moved"), (lambda p: promote(p, "inspector"), "rank")])
def test_an_individual_account_is_taken_back_and_waits(chief: Person, comms: Person, go: Leave, why: str) -> None:
    account = individual(chief)
    go(chief)
    row = HandOver.objects.get()
    assert (row.account, row.holder, row.why, row.at, row.outcome) == (account, chief, why, LATER, "")
    account.refresh_from_db()
    assert (account.holder, account.status) == (None, Account.Status.ACTIVE)
    assert Connection.objects.get(account=account).sealed, "nothing is lost"
    assert Notice.objects.get(person=comms).subject == WAITS
    assert Event.objects.get(what="account.taken_back").facts == {"why": why}


def test_a_rank_that_may_hold_it_too_keeps_it_and_so_does_a_role_specific_one(chief: Person) -> None:
    account, of_role = individual(chief), individual(chief, "role-specific")
    promote(chief, "assistant-chief-constable")
    account.refresh_from_db()
    assert account.holder == chief
    close_account(by=TEST, account=account, reason="For this test", now=LATER)
    promote(chief, "inspector")
    of_role.refresh_from_db()
    assert of_role.holder == chief
    assert not HandOver.objects.exists()


def test_it_is_handed_to_somebody_of_a_rank_that_may_hold_it(waiting: HandOver, comms: Person) -> None:
    constable, next_chief = make.person("Constable"), make.person("Next", rank="chief-superintendent")
    with pytest.raises(Refused) as refused:
        hand_over(by=comms, row=waiting, holder=constable, reason="Next in line", now=LATER)
    assert clauses(refused) == {"4.7"}
    with pytest.raises(Refused) as refused:
        hand_over(by=constable, row=waiting, holder=next_chief, reason="Next in line", now=LATER)
    assert clauses(refused) == {"5.1"}
    hand_over(by=comms, row=waiting, holder=next_chief, reason="Next in line", now=LATER)
    waiting.refresh_from_db()
    assert (waiting.outcome, waiting.new_holder, waiting.decided_by) == ("handed", next_chief, comms)
    assert Account.objects.get().holder == next_chief
    assert Event.objects.get(what="account.handed_over").personal.data == {"reason": "Next in line"}
    assert Notice.objects.get(person=comms).read_at == LATER, "settled"
    assert next_chief.notices.get().subject == "You hold the account The Chief"
    with pytest.raises(Impossible, match="answered already"):
        close(by=comms, row=waiting, reason="Not needed", now=LATER)


def test_or_it_is_closed_and_its_credentials_wiped(waiting: HandOver, comms: Person) -> None:
    with pytest.raises(Refused):
        close(by=make.person("Somebody"), row=waiting, reason="Not needed", now=LATER)
    with pytest.raises(Impossible, match="Say why"):
        close(by=comms, row=waiting, reason=" ", now=LATER)
    with pytest.raises(Impossible, match="takes two people"):
        close(by=comms, row=waiting, reason="Not needed", now=LATER)
    make.suspend(waiting.account)
    close(by=comms, row=waiting, reason="Not needed", now=LATER)
    account = Account.objects.get()
    assert (account.status, account.holder) == (Account.Status.CLOSED, None)
    assert bytes(account.connection.sealed) == b""
    waiting.refresh_from_db()
    assert (waiting.outcome, waiting.reason) == ("closed", "Not needed")


def test_an_account_that_is_closed_on_its_own_page_waits_for_nobody(waiting: HandOver, comms: Person) -> None:
    make.suspend(waiting.account)
    Connection.objects.update(state="broken", reason="Signed out")
    close_account(by=comms, account=waiting.account, reason="Not needed", now=LATER)
    waiting.refresh_from_db()
    assert (waiting.outcome, waiting.decided_by) == ("closed", comms)
    assert not Notice.objects.filter(subject=WAITS, read_at=None).exists()
    with pytest.raises(Impossible, match="answered already"):
        hand_over(by=comms, row=waiting, holder=make.person(rank="chief-constable"), reason="Late", now=LATER)


@pytest.mark.parametrize(
    ("holder", "words"),
    [("comms", "Nobody hands an account to themselves"), ("gone", "has left")],
)
def test_not_to_oneself_and_not_to_a_leaver(waiting: HandOver, comms: Person, holder: str, words: str) -> None:
    gone = make.person("Gone", rank="chief-constable")
    leave(gone)
    Person.objects.filter(pk=comms.pk).update(rank="chief-constable")
    people_by_name = {"comms": Person.objects.get(pk=comms.pk), "gone": gone}
    before = kept()
    with pytest.raises(Impossible, match=words):
        hand_over(by=comms, row=waiting, holder=people_by_name[holder], reason="So", now=LATER)
    assert not gained(before)


def test_the_chore_makes_up_for_what_came_between(chief: Person) -> None:
    account, held = make.account("Dundee"), individual(chief)
    leave(chief)
    Account.objects.filter(pk=held.pk).update(holder=chief)
    HandOver.objects.update(outcome="closed", decided_at=LATER)
    Spoc.objects.create(account=account, person=chief, at=LATER)
    leavers.run(now=LATER)
    before = kept()
    leavers.run(now=LATER)
    assert not gained(before), "once"
    assert Spoc.objects.get().ended_at == LATER
    held.refresh_from_db()
    assert held.holder is None


def test_what_cannot_follow_takes_the_leaving_back(chief: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    individual(chief)

    def fails(**_: object) -> None:
        raise OSError("no room")

    monkeypatch.setattr("mercat.register.hand_overs.actions.record", fails)
    with pytest.raises(OSError, match="no room"), transaction.atomic():
        leave(chief)
    assert Person.objects.get(pk=chief.pk).is_active
    assert Account.objects.get().holder == chief


@pytest.mark.parametrize(
    "about",
    [
        {"outcome": "handed", "decided_at": LATER},
        {"outcome": "closed"},
        {"outcome": "", "decided_at": LATER},
        {"outcome": "other", "decided_at": LATER},
    ],
)
def test_the_database_takes_no_half_hand_over(waiting: HandOver, about: dict) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        HandOver.objects.filter(pk=waiting.pk).update(**about)


def test_an_account_waits_once(waiting: HandOver) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        HandOver.objects.create(account=waiting.account, holder=waiting.holder, why="left", at=LATER)

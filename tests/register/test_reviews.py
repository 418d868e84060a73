"""Reviews: the only way by which the structure shrinks, by two people where something that speaks is closed."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from mercat.guidance.gate import Refused
from mercat.people.actions import Impossible
from mercat.people.models import Notice, Person
from mercat.people.vault import Unopenable
from mercat.register import actions as register
from mercat.register.connections import StoredCredentials
from mercat.register.facts import facts_of
from mercat.register.models import Account, Change, Reminder, Review, Slot
from mercat.register.reviews import actions
from mercat.register.reviews.chores import remind_of_reviews
from tests import factories as make
from tests.factories import NOW, TEST
from tests.kept import gained, kept
from tests.people.conftest import Holders

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
NEXT = date(2027, 6, 1)


@pytest.fixture
def second(db: None) -> Person:
    return make.person("Second", unit_key="corporate-communications", roles=("corporate-communications",))


def closing(by: Person, account: Account, **about: object) -> Review:
    wanted = {"outcome": Review.Outcome.CLOSE, "reason": "Nobody reads it.", "now": NOW}
    return actions.propose(by=by, slot=account.slot, **{**wanted, **about})


def test_a_commander_proposes_for_the_own_division_and_corporate_communications_concludes(holders: Holders) -> None:
    account = make.account("Dundee", connected=False)
    for name in set(holders) - {"commander", "comms"}:
        with pytest.raises(Refused, match=r"4\.6"):
            closing(holders[name], account)
    review = closing(holders["commander"], account)
    assert (review.answer, review.needs_second) == ("", False)
    assert Slot.objects.get(pk=account.slot_id).closed_at is None
    with pytest.raises(Refused, match=r"4\.6"):
        actions.conclude(by=holders["commander"], review=review, now=NOW)
    actions.conclude(by=holders["comms"], review=review, now=NOW + DAY)
    account.refresh_from_db()
    assert (account.status, account.slot.closed_at) == ("closed", NOW + DAY)
    assert facts_of(account).in_structure is False


def test_keeping_moves_the_review_date_and_nothing_else(holders: Holders) -> None:
    account = make.account("Dundee")
    review = actions.propose(
        by=holders["comms"],
        slot=account.slot,
        outcome=Review.Outcome.KEEP,
        reason="Used daily.",
        next_due=NEXT,
        now=NOW,
    )
    assert (review.answer, review.answered_by) == ("done", holders["comms"])
    slot = Slot.objects.get(pk=account.slot_id)
    assert (slot.review_due, slot.closed_at) == (NEXT, None)


@pytest.mark.parametrize("due", [NOW.date(), NOW.date() - DAY, NOW.date() + timedelta(days=366)])
def test_the_next_review_is_ahead_and_not_later_than_the_pack_says(holders: Holders, due: date) -> None:
    account = make.account("Dundee")
    before = kept()
    with pytest.raises(Impossible, match="next review lies between"):
        actions.propose(
            by=holders["comms"], slot=account.slot, outcome=Review.Outcome.KEEP, reason="Used.", next_due=due, now=NOW
        )
    assert not gained(before)


def test_closing_a_connected_account_takes_two_people(holders: Holders, second: Person) -> None:
    account = make.account("Dundee")
    review = closing(holders["comms"], account)
    assert (review.answer, review.needs_second) == ("", True)
    assert Notice.objects.get(person=second).subject == actions.WAITS
    with pytest.raises(Impossible, match="does not conclude it"):
        actions.conclude(by=holders["comms"], review=review, now=NOW)
    for answered_by in (holders["comms"], None):
        with pytest.raises(IntegrityError, match="a_second_person_concludes"), transaction.atomic():
            Review.objects.filter(pk=review.pk).update(answer="done", answered_at=NOW, answered_by=answered_by)
    actions.conclude(by=second, review=review, now=NOW)
    account.refresh_from_db()
    assert account.status == "closed"
    assert Notice.objects.get(person=second, subject=actions.WAITS).read_at == NOW
    assert Notice.objects.filter(person=holders["comms"], subject__endswith="is concluded").exists()


def test_closing_destroys_the_credentials_and_a_call_under_way_brings_none_back(holders, second) -> None:
    account = make.account("Dundee")
    under_way = StoredCredentials(account.connection)
    assert under_way.get() == {"token": "secret"}
    actions.conclude(by=second, review=closing(holders["comms"], account), now=NOW)
    account.connection.refresh_from_db()
    assert bytes(account.connection.sealed) == b""
    under_way.replace({"token": "refreshed"})
    account.connection.refresh_from_db()
    assert bytes(account.connection.sealed) == b""
    with pytest.raises(Unopenable):
        StoredCredentials(account.connection).get()


def test_a_merged_account_keeps_all_it_had_and_those_who_answer_for_it_are_told(holders, second) -> None:
    account, successor = make.account("Dundee East"), make.account("Dundee")
    spoc = make.spoc_of(account)
    review = closing(
        holders["comms"], account, outcome=Review.Outcome.MERGE, successor=successor, followers="Told for two weeks."
    )
    actions.conclude(by=second, review=review, now=NOW)
    account.refresh_from_db()
    assert account.status == "closed"
    assert account.changes.last().reason == "Merged into Dundee: Nobody reads it."
    assert account.spocs.get().ended_at is None
    assert "Dundee East is closed" in Notice.objects.filter(person=spoc).values_list("subject", flat=True)
    assert Account.objects.get(pk=successor.pk).status == "active"


@pytest.mark.parametrize("wrong", ["nobody", "itself", "another network", "closed"])
def test_an_account_is_merged_into_an_open_one_of_its_network(holders: Holders, wrong: str) -> None:
    account = make.account("Dundee")
    closed = make.account("Closed")
    make.put(closed, "closed")
    others = {"nobody": None, "itself": account, "another network": make.account(network="mastodon"), "closed": closed}
    before = kept()
    with pytest.raises(Impossible, match=r"merged into|open account of the same network"):
        closing(holders["comms"], account, outcome=Review.Outcome.MERGE, successor=others[wrong])
    assert not gained(before)


def test_a_vacant_place_is_closed_by_one_person_and_not_merged(holders: Holders) -> None:
    slot = make.slot()
    with pytest.raises(Impossible, match="no account in this place"):
        actions.propose(
            by=holders["comms"], slot=slot, outcome=Review.Outcome.MERGE, reason="x", successor=make.account(), now=NOW
        )
    actions.propose(by=holders["comms"], slot=slot, outcome=Review.Outcome.CLOSE, reason="Never used.", now=NOW)
    assert Slot.objects.get(pk="test").closed_at == NOW
    with pytest.raises(Impossible, match="closed already"):
        actions.propose(by=holders["comms"], slot=slot, outcome=Review.Outcome.CLOSE, reason="Again", now=NOW)


def test_an_account_may_be_left_beyond_the_structure_and_is_closed_by_two_later(holders, second) -> None:
    account = make.account("Dundee")
    with pytest.raises(Impossible, match="takes two people"):
        close(holders["comms"], account)
    actions.conclude(by=second, review=closing(holders["comms"], account, account_stays=True), now=NOW)
    account.refresh_from_db()
    assert (account.status, account.slot.closed_at) == ("active", NOW)
    with pytest.raises(Impossible, match="takes two people"):
        close(holders["comms"], account)
    register.suspend_account(by=holders["comms"], account=account, reason="Its followers know.", now=NOW)
    with pytest.raises(Impossible, match="takes two people"):
        close(holders["comms"], account)
    register.reinstate_account(by=holders["comms"], account=account, reason="A question", now=NOW)
    register.suspend_account(by=second, account=account, reason="Its followers know.", now=NOW)
    close(holders["comms"], account)
    account.refresh_from_db()
    assert account.status == "closed"


def close(by: Person, account: Account) -> None:
    from mercat.register.standing.actions import close_account

    close_account(by=by, account=account, reason="Its followers know.", now=NOW)


def test_what_is_declined_or_taken_back_changes_nothing(holders: Holders, second: Person) -> None:
    account = make.account("Dundee")
    review = closing(holders["commander"], account)
    with pytest.raises(Impossible, match="Say why"):
        actions.decline(by=second, review=review, reason=" ", now=NOW)
    with pytest.raises(Refused, match=r"4\.6"):
        actions.decline(by=holders["other commander"], review=review, reason="No", now=NOW)
    actions.decline(by=second, review=review, reason="It is read.", now=NOW)
    with pytest.raises(Impossible, match="answered already"):
        actions.conclude(by=second, review=review, now=NOW)
    again = closing(holders["commander"], account)
    actions.decline(by=holders["commander"], review=again, reason="I was wrong.", now=NOW)
    assert set(Review.objects.values_list("answer", flat=True)) == {"declined"}
    assert Slot.objects.get(pk=account.slot_id).closed_at is None


def test_one_review_of_a_place_waits(holders: Holders) -> None:
    account = make.account("Dundee")
    closing(holders["commander"], account)
    before = kept()
    with pytest.raises(Impossible, match="waits to be concluded already"):
        closing(holders["comms"], account)
    assert not gained(before)


def test_a_review_of_an_account_that_has_gone_meanwhile_is_not_concluded(holders: Holders, second: Person) -> None:
    account = make.account("Dundee", connected=False)
    review = closing(holders["commander"], account)
    make.put(account, "closed")
    register.register_account(by=TEST, slot=account.slot, name="Another", now=NOW)
    with pytest.raises(Impossible, match="Another account fills this place"):
        actions.conclude(by=second, review=review, now=NOW)


# What the database holds by itself


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE register_slot SET closed_at = now()",
        "UPDATE register_slot SET review_due = '2030-01-01'",
        "UPDATE register_slot SET name = 'Renamed'",
        "UPDATE register_slot SET tier = 'corporate'",
        "DELETE FROM register_slot",
        "TRUNCATE register_slot CASCADE",
        "INSERT INTO register_slot (key, network, tier, unit_id, name, review_due)"
        " VALUES ('x', 'x', 'local', 'tayside', 'X', '2030-01-01')",
        "INSERT INTO register_slot (key, network, tier, unit_id, name, review_due, closed_at, founding_id)"
        " SELECT 'x', 'x', 'local', 'tayside', 'X', '2030-01-01', now(), id FROM register_founding",
        "UPDATE register_founding SET version = '2'",
        "DELETE FROM register_founding",
        "DELETE FROM register_account",
        "UPDATE register_account SET tier = 'corporate'",
    ],
)
def test_the_structure_is_edited_by_no_other_route(sql: str) -> None:
    make.account("Dundee")
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_a_place_is_closed_at_the_time_of_its_review_and_not_opened_again() -> None:
    slot = make.slot()
    make.shut_place(slot)
    for closed_at in (None, NOW + DAY):
        with pytest.raises(IntegrityError, match="closed by a review, once"), transaction.atomic():
            Slot.objects.filter(pk=slot.pk).update(closed_at=closed_at)
    with pytest.raises(IntegrityError, match="closed place is not reviewed"), transaction.atomic():
        Review.objects.create(
            slot=slot,
            outcome="keep",
            reason="x",
            next_due=NEXT,
            needs_second=False,
            at=NOW,
            answer="done",
            answered_at=NOW,
        )


def test_a_place_is_what_a_granted_application_asked_for(holders: Holders) -> None:
    row = register.apply_for_account(
        by=holders["officer"], network="x", kind="local", unit=make.unit(), name="F", purpose="P", now=NOW
    )
    about = {"network": "x", "tier": "local", "unit": make.unit(), "name": "F", "review_due": NEXT}
    with pytest.raises(IntegrityError, match="granted application"), transaction.atomic():
        Slot.objects.create(key="f", application=row, **about)
    head = make.person(roles=("head-of-communications-specialist-services",))
    row.decision, row.reasons, row.decided_at, row.decided_by = "granted", "Yes", NOW, head
    row.save()
    with pytest.raises(IntegrityError, match="granted application"), transaction.atomic():
        Slot.objects.create(key="f", application=row, **{**about, "tier": "corporate"})
    assert Slot.objects.create(key="f", application=row, **about).pk


def test_what_was_answered_stays() -> None:
    slot = make.slot()
    make.shut_place(slot)
    with pytest.raises(IntegrityError, match="answered once"), transaction.atomic():
        Review.objects.update(answer="declined")
    for sql in ("UPDATE register_review SET reason = 'Other'", "DELETE FROM register_review"):
        with pytest.raises(DatabaseError, match="only ever grows"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)


@pytest.mark.parametrize(
    ("about", "constraint"),
    [
        ({"reason": ""}, "a_review_has_its_reason"),
        ({"outcome": "keep", "next_due": None}, "a_review_says_what_its_outcome_needs"),
        ({"outcome": "merge"}, "a_review_says_what_its_outcome_needs"),
        ({"outcome": "close", "next_due": NEXT}, "a_review_says_what_its_outcome_needs"),
        ({"answer": "done"}, "an_answer_to_a_review_has_its_time"),
        ({"answered_at": NOW}, "an_answer_to_a_review_has_its_time"),
        ({"account_stays": True}, "what_stays_is_an_account_of_a_closed_place"),
    ],
)
def test_half_a_review_cannot_be_written(about: dict, constraint: str) -> None:
    row = {"slot": make.slot(), "outcome": "close", "reason": "x", "needs_second": False, "at": NOW, **about}
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Review.objects.create(**row)


# Reminders


def test_reviews_are_reminded_of_once_for_each_of_the_packs_days_and_on_the_day(second: Person) -> None:
    slot, other = make.slot("one", name="One"), make.slot("two", name="Two")
    due = slot.review_due
    for ahead, told in ((31, 0), (30, 1), (29, 1), (7, 2), (3, 2), (0, 3), (-5, 3)):
        for _ in range(2):
            remind_of_reviews(now=NOW + timedelta(days=(due - NOW.date()).days - ahead))
        assert Notice.objects.count() == told, ahead
    notice = Notice.objects.first()
    assert (notice.person, notice.link, notice.subject) == (second, "/register/reviews/", "2 places are due for review")
    assert {slot.name, other.name} <= set(notice.body.rstrip(".").split(", "))
    assert Reminder.objects.count() == 6


def test_reminders_missed_while_nothing_ran_are_one(second: Person) -> None:
    make.slot()
    remind_of_reviews(now=NOW + timedelta(days=400))
    assert Notice.objects.count() == 1
    assert Change.objects.count() == 0

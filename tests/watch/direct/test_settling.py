"""What becomes of a post past the tool: settled once, in words, by somebody who could not have made it (6.2)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from mercat.audit.models import Event
from mercat.delivery import states
from mercat.delivery.models import Consignment
from mercat.guidance.gate import Refused
from mercat.people.actions import Impossible
from mercat.people.facts import person_facts
from mercat.people.models import Notice, Person
from mercat.register.models import Account
from mercat.watch.direct import actions, looking
from mercat.watch.direct.actions import FOUND, MISUSE
from mercat.watch.direct.queries import listed, to_settle
from mercat.watch.models import CouldHave, DirectGap, DirectUse
from tests import factories as make
from tests.factories import NOW
from tests.kept import gained, kept
from tests.watch.direct.conftest import DAY, HOUR, LATER, MINUTE, Shown, granted

pytestmark = pytest.mark.django_db

Outcome = DirectUse.Outcome
SAID = "The duty officer told us."


def settle(use: DirectUse, by: Person, outcome: str = "misuse", **about: Any) -> None:
    said = {"words": SAID, "now": LATER + MINUTE, **about}
    actions.settle_direct_use(by=by, use=use, outcome=Outcome(outcome), **said)
    use.refresh_from_db()


def ours(account: Account, comms: Person) -> Consignment:
    post = make.approved(make.authorised(), comms, account)
    row = Consignment.objects.get(post_ref=post.audit_ref)
    Consignment.objects.filter(pk=row.pk).update(
        state=states.SENT, native_id="n1", url="https://network.example/n1", read_back_at=NOW, first_sent_at=NOW
    )
    return row


def test_somebody_says_what_it_was_and_it_is_on_record(use: DirectUse, comms: Person) -> None:
    settle(use, comms, "taken_down", taken_down_at=LATER)
    assert (use.outcome, use.words, use.settled_by, use.settled_at) == ("taken_down", SAID, comms, LATER + MINUTE)
    assert use.taken_down_at == LATER
    event = Event.objects.get(what="direct_use.settled")
    assert (event.facts, event.personal.data) == ({"outcome": "taken_down"}, {"words": SAID})
    assert event.about == [use.audit_ref, use.account.audit_ref]
    assert not Notice.objects.filter(subject=FOUND, read_at=None).exists(), "nobody is asked any more"


def test_the_information_security_officer_may_as_well(use: DirectUse) -> None:
    officer = make.person("ISO", unit_key="information-security", roles=("information-security-officer",))
    settle(use, officer)
    assert use.settled_by == officer


def test_nobody_else(use: DirectUse, commander: Person, spoc: Person) -> None:
    for somebody in (commander, spoc, make.authorised("Officer")):
        with pytest.raises(Refused) as refused:
            settle(use, somebody)
        assert "6.2" in {each.clause for each in refused.value.decision.refusals}


def test_once(use: DirectUse, comms: Person) -> None:
    settle(use, comms)
    with pytest.raises(Impossible, match="settled already: misuse"):
        settle(use, comms)


def test_what_was_expected_by_itself_may_be_misuse_all_the_same(
    network: Shown, account: Account, comms: Person
) -> None:
    row = granted(account, comms)
    network.put()
    looking.run(now=LATER)
    use = DirectUse.objects.get()
    settle(use, comms)
    assert (use.outcome, use.exception, use.settled_by) == ("misuse", None, comms)
    assert row.audit_ref in Event.objects.get(what="direct_use.found").about, "that it was open stays on record"
    with pytest.raises(Impossible, match="settled already"):
        settle(use, comms)


def test_whoever_had_the_access_does_not_settle_what_was_expected(
    network: Shown, account: Account, comms: Person
) -> None:
    other = make.authorised("Another", unit_key="corporate-communications", roles=("corporate-communications",))
    granted(account, comms, by=other)
    network.put()
    looking.run(now=LATER)
    with pytest.raises(Impossible, match="among those who could have made it"):
        settle(DirectUse.objects.get(), other)


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ({"words": " "}, "Say what it was"),
        ({"outcome": ""}, "Say what it was"),
        ({"words": "a\u202eb"}, "not seen"),
        ({"outcome": "expected"}, "Choose the direct access"),
        ({"outcome": "taken_down"}, "when it was taken down"),
        ({"outcome": "taken_down", "taken_down_at": NOW}, "when it was taken down"),
        ({"outcome": "taken_down", "taken_down_at": LATER + HOUR}, "when it was taken down"),
        ({"outcome": "ours", "ours": ""}, "No post that went"),
        ({"outcome": "ours", "ours": "/posts/not-one/"}, "No post that went"),
        ({"outcome": "ours", "ours": "https://network.example/none"}, "No post that went"),
    ],
)
def test_what_is_missing_is_said(use: DirectUse, comms: Person, about: dict[str, Any], said: str) -> None:
    before = kept()
    with pytest.raises(Impossible, match=said):
        settle(use, comms, **{"outcome": "misuse", **about})
    use.refresh_from_db()
    assert use.outcome == ""
    assert not gained(before)


def test_expected_by_an_exception_of_this_account_alone(use: DirectUse, account: Account, comms: Person) -> None:
    with pytest.raises(Impossible, match="Choose the direct access"):
        settle(use, comms, "expected", exception=granted(make.account("Perth"), comms))
    row = granted(account, comms, at=NOW + 50 * MINUTE)
    settle(use, comms, "expected", exception=row)
    assert use.exception == row
    assert row.audit_ref in Event.objects.get(what="direct_use.settled").about


def test_the_minute_in_which_it_was_made_counts(network: Shown, account: Account, comms: Person) -> None:
    made = NOW + 30 * MINUTE + timedelta(seconds=40)
    network.put(at=made)
    looking.run(now=LATER)
    use = DirectUse.objects.get()
    with pytest.raises(Impossible, match="when it was taken down"):
        settle(use, comms, "taken_down", taken_down_at=made.replace(minute=29, second=59))
    settle(use, comms, "taken_down", taken_down_at=made.replace(second=0))
    assert use.taken_down_at == made


@pytest.mark.parametrize("address", ["/posts/{post}/", "https://mercat.example/posts/{post}/", "{there}"])
def test_ours_after_all_names_the_post(use: DirectUse, account: Account, comms: Person, address: str) -> None:
    row = ours(account, comms)
    settle(
        use,
        comms,
        "ours",
        ours=address.format(post=row.post_ref.removeprefix("post:"), there="https://network.example/n1"),
    )
    assert use.ours == row
    assert row.audit_ref in Event.objects.get(what="direct_use.settled").about


def test_a_post_to_another_account_is_not_this_one(use: DirectUse, comms: Person) -> None:
    row = ours(make.account("Perth"), comms)
    with pytest.raises(Impossible, match="No post that went from here to this account"):
        settle(use, comms, "ours", ours=f"/posts/{row.post_ref.removeprefix('post:')}/")


def test_misuse_goes_on_to_those_who_answer_and_to_none_who_could_have_made_it(
    use: DirectUse, comms: Person, commander: Person, spoc: Person
) -> None:
    officer = make.person("ISO", unit_key="information-security", roles=("information-security-officer",))
    settle(use, comms)
    told = Notice.objects.filter(subject=MISUSE)
    assert {(each.person, each.kind, each.link) for each in told} == {
        (commander, "security", use.page), (officer, "security", use.page),
    }  # fmt: skip
    assert SAID not in told[0].body


def test_nobody_settles_what_they_could_have_made_themselves(use: DirectUse, comms: Person) -> None:
    CouldHave.objects.create(direct_use=use, person=comms, why=CouldHave.Why.CONNECTED)
    other = make.person("Another", unit_key="corporate-communications", roles=("corporate-communications",))
    with pytest.raises(
        Impossible, match="among those who could have made it: somebody else settles it, such as Another"
    ):
        settle(use, comms)
    settle(use, other)
    assert use.settled_by == other


def test_unless_no_other_is_there(use: DirectUse, comms: Person) -> None:
    CouldHave.objects.create(direct_use=use, person=comms, why=CouldHave.Why.CONNECTED)
    other = make.person("Another", unit_key="corporate-communications", roles=("corporate-communications",))
    CouldHave.objects.create(direct_use=use, person=other, why=CouldHave.Why.CONNECTED)
    settle(use, comms)
    assert use.settled_by == comms


def test_what_waits_is_for_those_who_settle_it(use: DirectUse, comms: Person, spoc: Person) -> None:
    def waits(person: Person) -> list[DirectUse]:
        return to_settle(person_facts(person, now=LATER), most=6, now=LATER)

    assert (waits(comms), waits(spoc)) == ([use], [])
    named = make.person("Named", unit_key="corporate-communications", roles=("corporate-communications",))
    CouldHave.objects.create(direct_use=use, person=named, why=CouldHave.Why.CONNECTED)
    assert waits(named) == []
    settle(use, comms)
    assert waits(comms) == []


def test_the_longest_waiting_come_first(network: Shown, use: DirectUse, account: Account, comms: Person) -> None:
    network.put("older", at=NOW + 25 * MINUTE)
    looking.run(now=LATER + DAY)
    assert [each.native_id for each in listed([account], "waiting")] == ["older", "p1"]
    assert [each.native_id for each in to_settle(person_facts(comms, now=LATER), most=6, now=LATER)] == ["older", "p1"]


def test_where_all_could_have_made_it_it_waits_for_all(use: DirectUse, comms: Person) -> None:
    CouldHave.objects.create(direct_use=use, person=comms, why=CouldHave.Why.CONNECTED)
    assert to_settle(person_facts(comms, now=LATER), most=6, now=LATER) == [use]
    make.person("Another", unit_key="corporate-communications", roles=("corporate-communications",))
    assert to_settle(person_facts(comms, now=LATER), most=6, now=LATER) == []


def test_whose_credential_was_changed_before_settles_it_as_others_do(use: DirectUse, comms: Person) -> None:
    CouldHave.objects.create(direct_use=use, person=comms, why=CouldHave.Why.DIRECT_BEFORE)
    make.person("Another", unit_key="corporate-communications", roles=("corporate-communications",))
    assert to_settle(person_facts(comms, now=LATER), most=6, now=LATER) == [use]
    settle(use, comms)
    assert use.settled_by == comms


def test_what_was_told_of_together_is_asked_for_until_the_last_is_settled(
    network: Shown, account: Account, comms: Person
) -> None:
    network.put("p1")
    network.put("p2")
    looking.run(now=LATER)
    asked = Notice.objects.filter(subject=FOUND, read_at=None)
    first, second = DirectUse.objects.all()
    settle(first, comms)
    assert asked.exists()
    settle(second, comms)
    assert not asked.exists()


# The database


def change(use: DirectUse, sql: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE watch_directuse SET {sql} WHERE id = %s", [use.pk])


@pytest.mark.parametrize(
    "sql",
    [
        "outcome = 'misuse', settled_at = now(), settled_by_id = {comms}",
        "outcome = 'misuse', settled_at = now(), words = 'So'",
        "outcome = 'misuse', settled_by_id = {comms}, words = 'So'",
        "outcome = 'other', settled_at = now(), settled_by_id = {comms}, words = 'So'",
        "outcome = 'expected', settled_at = now(), settled_by_id = {comms}, words = 'So'",
        "outcome = 'expected', settled_at = now(), settled_by_id = {comms}, words = 'So', exception_id = {elsewhere}",
        "outcome = 'misuse', settled_at = now(), settled_by_id = {comms}, words = 'So', exception_id = {granted}",
        "outcome = 'taken_down', settled_at = now(), settled_by_id = {comms}, words = 'So'",
        "outcome = 'taken_down', settled_at = now(), settled_by_id = {comms}, words = 'So', "
        "taken_down_at = made_at - interval '1 minute'",
        "outcome = 'ours', settled_at = now(), settled_by_id = {comms}, words = 'So'",
        "outcome = 'ours', settled_at = now(), settled_by_id = {comms}, words = 'So', ours_id = {other_post}",
        "settled_by_id = {comms}",
        "words = 'So'",
        "text = 'Never said'",
        "made_at = now()",
        "url = ''",
    ],
)
def test_the_database_refuses_what_no_page_would_do(use: DirectUse, account: Account, comms: Person, sql: str) -> None:
    perth = make.account("Perth")
    values = {
        "comms": comms.pk,
        "elsewhere": granted(perth, comms).pk,
        "granted": granted(account, comms, by=make.authorised()).pk,
    }
    values["other_post"] = ours(perth, comms).pk
    quoted = {name: f"'{value}'" for name, value in values.items()}
    with pytest.raises(DatabaseError):
        change(use, sql.format(**quoted))


@pytest.mark.parametrize(
    "sql",
    ["words = 'Other'", "outcome = '', words = '', settled_at = NULL, settled_by_id = NULL", "settled_at = now()"],
)
def test_what_is_settled_stays(use: DirectUse, comms: Person, sql: str) -> None:
    settle(use, comms)
    with pytest.raises(DatabaseError, match="settled once"):
        change(use, sql)
    change(use, "gone_at = now()")


def test_nothing_is_added_as_settled_by_somebody_twice_or_without_its_id(use: DirectUse, comms: Person) -> None:
    about = {"account": use.account, "made_at": NOW, "found_at": NOW}
    settled = {"outcome": "misuse", "words": "So", "settled_at": NOW, "settled_by": comms}
    for row in ({"native_id": "p2", **settled}, {"native_id": "p1"}, {"native_id": ""}):
        with pytest.raises(DatabaseError), transaction.atomic():
            DirectUse.objects.create(**about, **row)


def test_who_could_have_is_kept_once_for_a_reason_and_never_changed(use: DirectUse, spoc: Person) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        CouldHave.objects.create(direct_use=use, person=spoc, why=CouldHave.Why.CONTACT)
    for act in (lambda: use.could_have.update(why="holder"), lambda: use.could_have.all().delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()


def test_a_look_reaches_no_further_back_than_the_connection(use: DirectUse) -> None:
    look = use.account.direct_look
    look.looked_until = look.begun_at - timedelta(seconds=1)
    with pytest.raises(DatabaseError), transaction.atomic():
        look.save()


def test_what_was_expected_by_itself_is_settled_by_a_person_alone_and_once(
    network: Shown, account: Account, comms: Person
) -> None:
    granted(account, comms)
    network.put()
    looking.run(now=LATER)
    use = DirectUse.objects.get()
    for sql in (
        "outcome = '', settled_at = NULL, exception_id = NULL",
        "settled_at = now()",
        f"settled_by_id = '{comms.pk}'",
    ):
        with pytest.raises(DatabaseError):
            change(use, sql)
    settle(use, comms, "expected", exception=use.exception)
    with pytest.raises(DatabaseError, match="settled once"):
        change(use, "outcome = 'misuse', exception_id = NULL")


def test_a_change_is_one_of_a_post_to_the_same_account_and_nothing_changes_that(use: DirectUse, comms: Person) -> None:
    elsewhere = ours(make.account("Perth"), comms)
    about = {"account": use.account, "native_id": "p2", "made_at": NOW, "found_at": NOW}
    with pytest.raises(DatabaseError, match="went to the same account"), transaction.atomic():
        DirectUse.objects.create(**about, changes=elsewhere)
    with pytest.raises(DatabaseError):
        change(use, f"changes_id = '{ours(use.account, comms).pk}'")


def test_a_gap_ends_after_it_begins_and_is_only_made_longer(use: DirectUse) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        DirectGap.objects.create(account=use.account, since=NOW, until=NOW, found_at=NOW)
    gap = DirectGap.objects.create(account=use.account, since=NOW, until=LATER, found_at=LATER)
    for act in (lambda: DirectGap.objects.update(since=NOW - HOUR), gap.delete):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()

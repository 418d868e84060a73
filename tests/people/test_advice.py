"""Advice (clause 9.1): asked by anybody, answered by the social media team, and kept with what it is about."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from mercat.audit.models import Event
from mercat.guidance.gate import Refused
from mercat.people import actions as people
from mercat.people.actions import Impossible
from mercat.people.advice import actions, queries, things
from mercat.people.advice.presenters import long_since
from mercat.people.advice.things import KINDS, Kind, Thing, find, seen
from mercat.people.devices.here import Device, working_from
from mercat.people.facts import person_facts
from mercat.people.models import AdviceMessage, AdviceThread, Notice, Person
from mercat.people.words import tidy
from tests import factories as make
from tests.factories import NOW, TEST

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(hours=2)
LATEST = NOW + timedelta(days=1)


@pytest.fixture
def newcomer() -> Person:
    """Neither trained nor anything else."""
    return make.person("Newcomer")


@pytest.fixture
def adviser() -> Person:
    return make.person("Adviser", unit_key="corporate-communications", roles=("corporate-communications",))


@pytest.fixture
def colleague() -> Person:
    return make.person("Colleague", unit_key="corporate-communications", roles=("corporate-communications",))


@pytest.fixture
def commander() -> Person:
    return make.person("Commander", unit_roles=("divisional-commander",))


def asked(by: Person, about: str = "", subject: str = "Polls") -> AdviceThread:
    return actions.ask(by=by, subject=subject, text="May we ask people what they think?", about=about, now=NOW)


def facts_of(who: Person):
    return person_facts(who, now=NOW)


def reads(who: Person, thread: AdviceThread) -> bool:
    return queries.may_read(facts_of(who), thread, now=NOW)


def unread(who: Person) -> list[str]:
    return list(Notice.objects.filter(person=who, read_at=None).values_list("subject", flat=True))


# Asking and answering


def test_anybody_asks_the_team_answers_and_it_goes_on_from_there(newcomer: Person, adviser: Person) -> None:
    thread = asked(newcomer)
    steps = (
        (actions.answer, adviser, "Yes, but say what becomes of the answers.", "answered", LATER),
        (actions.ask_further, newcomer, "On Bluesky as well?", "waiting", LATER),
        (actions.answer, adviser, "There as well.", "answered", LATER),
        (actions.close, newcomer, "Thank you.", "closed", LATER),
        (actions.reopen, adviser, "The rule has changed.", "waiting", LATEST),
        (actions.answer, adviser, "No longer.", "answered", LATEST),
    )
    for act, who, text, state, at in steps:
        act(by=who, thread=thread, text=text, now=at)
        thread.refresh_from_db()
        assert (thread.state, thread.since, thread.changed_at) == (state, at, at)
    said = [(each.kind, each.by.name) for each in thread.messages.select_related("by")]
    assert said == [
        ("question", "Newcomer"), ("answer", "Adviser"), ("question", "Newcomer"), ("answer", "Adviser"),
        ("closed", "Newcomer"), ("reopened", "Adviser"), ("answer", "Adviser"),
    ]  # fmt: skip


def test_a_thread_waits_since_its_first_unanswered_question(newcomer: Person) -> None:
    thread = asked(newcomer)
    actions.ask_further(by=newcomer, thread=thread, text="And on a Sunday?", now=LATER)
    thread.refresh_from_db()
    assert (thread.since, thread.changed_at) == (NOW, LATER)


def test_advice_comes_from_the_team_and_from_nobody_else(newcomer: Person, commander: Person, adviser: Person) -> None:
    thread = asked(newcomer)
    for who in (newcomer, commander):
        with pytest.raises(Refused, match=r"9\.1: Advice comes from the Social Media Team"):
            actions.answer(by=who, thread=thread, text="Surely", now=LATER)
    with pytest.raises(Refused, match=r"9\.1: A question is carried on by whoever asked it"):
        actions.ask_further(by=commander, thread=thread, text="I want to know too", now=LATER)
    own = asked(adviser)
    with pytest.raises(Refused, match="Nobody does this for themselves"):
        actions.answer(by=adviser, thread=own, text="Yes, me", now=LATER)
    assert AdviceMessage.objects.count() == 2


def test_only_whoever_asked_and_the_team_close_and_open_again(
    newcomer: Person, commander: Person, adviser: Person
) -> None:
    thread = asked(newcomer)
    with pytest.raises(Refused):
        actions.close(by=commander, thread=thread, text="Enough", now=LATER)
    actions.close(by=adviser, thread=thread, text="Asked twice.", now=LATER)
    for act in (actions.close, actions.ask_further):
        with pytest.raises(Impossible, match=r"is closed\. Nothing was added"):
            act(by=newcomer, thread=thread, text="And?", now=LATER)
    with pytest.raises(Impossible, match="is closed"):
        actions.answer(by=adviser, thread=thread, text="And?", now=LATER)
    with pytest.raises(Refused):
        actions.reopen(by=commander, thread=thread, text="More", now=LATER)
    actions.reopen(by=newcomer, thread=thread, text="Not asked before.", now=LATER)
    with pytest.raises(Impossible, match="open already"):
        actions.reopen(by=newcomer, thread=thread, text="Again", now=LATER)


def test_from_another_device_nothing_is_asked_or_answered_and_all_is_read(newcomer: Person, adviser: Person) -> None:
    thread = asked(newcomer)
    with working_from(Device()):
        for act, who in ((actions.ask_further, newcomer), (actions.answer, adviser), (actions.close, newcomer)):
            with pytest.raises(Refused, match="not a device of the force"):
                act(by=who, thread=thread, text="From my phone", now=LATER)
        with pytest.raises(Refused, match="not a device of the force"):
            asked(newcomer)
        assert reads(newcomer, thread)
        assert reads(adviser, thread)


def test_whoever_left_asks_and_answers_no_more(newcomer: Person, adviser: Person) -> None:
    thread = asked(newcomer)
    people.mark_left(by=TEST, person=adviser, reason="Retired", now=NOW)
    adviser.refresh_from_db()
    with pytest.raises(Refused, match="not on the list of active people"):
        actions.answer(by=adviser, thread=thread, text="Yes", now=LATER)
    people.mark_left(by=TEST, person=newcomer, reason="Moved away", now=NOW)
    other = make.person("Other", unit_key="corporate-communications", roles=("corporate-communications",))
    before = Notice.objects.filter(person=newcomer).count()
    actions.answer(by=other, thread=thread, text="For whoever comes next: yes.", now=LATER)
    assert Notice.objects.filter(person=newcomer).count() == before, "nobody is told who has left"


# What may be written


@pytest.mark.parametrize(
    "text", ["a\u202eb", "a\u2066b", "a\x00b", "a\x1bb", "a\u2028b", "a\x85b", "a\u200fb", "\ud800"], ids=ascii
)
def test_what_is_not_seen_or_turns_words_around_is_refused(newcomer: Person, text: str) -> None:
    with pytest.raises(Impossible, match="character that is not seen"):
        actions.ask(by=newcomer, subject="Polls", text=text, now=NOW)
    with pytest.raises(Impossible, match="character that is not seen"):
        actions.ask(by=newcomer, subject=text, text="May we?", now=NOW)
    assert not AdviceThread.objects.exists()


def test_text_is_kept_as_it_was_meant() -> None:
    assert tidy("  One\r\ntwo\rthree\n\tfour  ", longest=100) == "One\ntwo\nthree\n\tfour"
    assert tidy("cafe\u0301 👩\u200d✈️", longest=100) == "café 👩\u200d✈️"
    with pytest.raises(Impossible, match="not seen"):
        tidy("One\ntwo", longest=100, lines=False)
    with pytest.raises(Impossible, match=r"at most 3 characters\. It has 4"):
        tidy("four", longest=3)


def test_there_is_something_to_be_said_and_an_end_to_it(newcomer: Person) -> None:
    for subject, text in ((" ", "May we?"), ("Polls", " \n "), ("a" * 121, "May we?"), ("Polls", "a" * 4001)):
        with pytest.raises(Impossible):
            actions.ask(by=newcomer, subject=subject, text=text, now=NOW)
    assert not AdviceThread.objects.exists()
    assert not Event.objects.filter(what__startswith="advice.").exists()
    actions.ask(by=newcomer, subject="a" * 120, text="a" * 4000, now=NOW)


# The record, and who is told


def test_it_is_on_record_and_the_words_stand_apart(newcomer: Person, adviser: Person) -> None:
    account = make.account("Dundee")
    thread = asked(newcomer, account.audit_ref)
    actions.answer(by=adviser, thread=thread, text="Yes.", now=LATER)
    first, second = Event.objects.filter(what__startswith="advice.").order_by("pk")
    assert (first.what, second.what) == ("advice.asked", "advice.answered")
    assert first.about == [thread.audit_ref, account.audit_ref, newcomer.audit_ref]
    assert first.facts == second.facts == {}
    assert first.personal.data == {"subject": "Polls", "text": "May we ask people what they think?"}
    assert second.personal.data == {"text": "Yes."}


def test_the_team_is_told_of_a_question_once_and_its_asker_of_the_answer(
    newcomer: Person, adviser: Person, colleague: Person, commander: Person
) -> None:
    thread = asked(newcomer)
    actions.ask_further(by=newcomer, thread=thread, text="And on a Sunday?", now=LATER)
    for who in (adviser, colleague):
        assert unread(who) == [actions.QUESTION]
    actions.answer(by=adviser, thread=thread, text="Yes.", now=LATER)
    assert [unread(who) for who in (adviser, colleague, commander)] == [[], [], []], "whoever answered, it is settled"
    assert actions.ANSWER in unread(newcomer)
    actions.ask_further(by=newcomer, thread=thread, text="And in winter?", now=LATEST)
    assert actions.ANSWER not in unread(newcomer)
    assert unread(colleague) == [actions.QUESTION]
    actions.close(by=newcomer, thread=thread, text="Found out.", now=LATEST)
    assert unread(colleague) == []
    actions.reopen(by=adviser, thread=thread, text="I know more.", now=LATEST)
    assert unread(colleague) == [actions.QUESTION]
    assert unread(adviser) == [], "who does it knows"
    assert actions.REOPENED in unread(newcomer)


def test_somebody_of_the_team_asks_their_colleagues(adviser: Person, colleague: Person) -> None:
    thread = asked(adviser)
    assert (unread(adviser), unread(colleague)) == ([], [actions.QUESTION])
    actions.answer(by=colleague, thread=thread, text="I would not.", now=LATER)


# Who reads


def test_about_nothing_it_is_read_by_whoever_asked_and_by_the_team(
    newcomer: Person, adviser: Person, commander: Person
) -> None:
    thread = asked(newcomer)
    assert [reads(who, thread) for who in (newcomer, adviser, commander)] == [True, True, False]


Make = Callable[[], tuple[str, dict[str, Person]]]


def of_an_account() -> tuple[str, dict[str, Person]]:
    account = make.account("Dundee")
    return account.audit_ref, {"contact": make.spoc_of(account, "Contact")}


def of_a_post() -> tuple[str, dict[str, Person]]:
    account = make.account("Dundee")
    contact = make.spoc_of(account, "Contact")
    return make.submitted(make.joined("Author"), account).audit_ref, {"contact": contact}


@pytest.mark.parametrize("make_it", [of_an_account, of_a_post])
def test_about_a_thing_it_is_read_by_those_to_whom_its_inner_life_is_open(
    make_it: Make, newcomer: Person, adviser: Person, commander: Person
) -> None:
    reference, insiders = make_it()
    thread = asked(commander, reference)
    elsewhere = make.person("Elsewhere", unit_key="edinburgh", unit_roles=("divisional-commander",))
    for who in (commander, adviser, *insiders.values()):
        assert reads(who, thread), who
    assert not reads(elsewhere, thread)
    found = queries.beside(reference, facts_of(elsewhere), inside=False, now=NOW)
    assert (found.count, list(found.threads)) == (0, [])


def test_of_a_thing_in_another_unit_one_sees_ones_own_questions_alone(newcomer: Person, adviser: Person) -> None:
    account = make.account("Leith", unit_key="edinburgh")
    elsewhere = make.person("Elsewhere", unit_key="edinburgh", unit_roles=("divisional-commander",))
    own, other = asked(newcomer, account.audit_ref), asked(elsewhere, account.audit_ref, "Secret plans")
    thing = find(facts_of(newcomer), account.audit_ref, now=NOW)
    assert thing is not None
    assert not thing.inside
    assert list(queries.about(thing, facts_of(newcomer), now=NOW)) == [own]
    assert not reads(newcomer, other)
    assert queries.beside(account.audit_ref, facts_of(newcomer), inside=False, now=NOW).count == 1
    assert queries.beside(account.audit_ref, facts_of(elsewhere), inside=True, now=NOW).count == 2
    assert queries.beside(account.audit_ref, facts_of(adviser), inside=False, now=NOW).count == 2


def test_nobody_asks_about_what_is_not_there_or_not_open_to_them(newcomer: Person) -> None:
    account = make.account("Leith", unit_key="edinburgh")
    make.spoc_of(account)
    foreign = make.submitted(make.joined("Author elsewhere", unit_key="edinburgh"), account)
    own = make.draft(make.account("Dundee"))
    draft = make.posts.compose(by=make.joined("Author"), draft=own, now=NOW)
    for reference in (
        foreign.audit_ref, draft.audit_ref, f"post:{uuid4()}", "post:1", f"account:{str(account.pk).upper()}",
        "case:1", "post:", ":", "account", f"person:{newcomer.pk}", "post:\u202e", "x" * 500,
    ):  # fmt: skip
        assert find(facts_of(newcomer), reference, now=NOW) is None, reference
        with pytest.raises(Impossible, match="not there"):
            asked(newcomer, reference)
    assert not AdviceThread.objects.exists()


def test_another_room_lets_its_things_in_by_one_entry(
    newcomer: Person, commander: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As cases will: nothing else is to be done."""
    calls = []

    def see(viewer, keys, *, now):
        calls.append(list(keys))
        if viewer.id == str(commander.pk):
            yield from (Thing(f"case:{key}", f"Case {key}", f"/cases/{key}/", inside=True) for key in keys)

    monkeypatch.setattr(things, "KINDS", dict(KINDS))
    things.let_in("case", word="a case", see=see)
    thread = asked(commander, "case:17")
    assert reads(commander, thread)
    assert not reads(newcomer, thread)
    with pytest.raises(Impossible, match="not there"):
        asked(newcomer, "case:17")
    calls.clear()
    found = seen(facts_of(commander), ["case:1", "case:2", "", "other:3"], now=NOW)
    assert set(found) == {"case:1", "case:2"}
    assert calls == [["1", "2"]], "each kind is asked once"
    assert things.word_of("case:17") == "a case"
    assert things.word_of("gone:17") == "something"
    assert isinstance(things.KINDS["case"], Kind)


# Beside a thing


def test_beside_a_thing_stand_how_many_were_asked_and_the_last_answer(
    commander: Person, adviser: Person, django_assert_num_queries
) -> None:
    account = make.account("Dundee")
    me = facts_of(commander)
    for number in range(5):
        asked(commander, account.audit_ref, f"Question {number}")
    first = AdviceThread.objects.get(subject="Question 0")
    actions.answer(by=adviser, thread=first, text="The first answer", now=LATER)
    actions.answer(by=adviser, thread=AdviceThread.objects.get(subject="Question 3"), text="The last", now=LATEST)
    asked(commander, make.account("Perth").audit_ref, "About another")
    with django_assert_num_queries(1):
        found = queries.beside(account.audit_ref, me, inside=True, now=LATEST)
    assert found.count == 5
    assert [thread.subject for thread in found.threads][:2] == ["Question 3", "Question 0"]
    assert len(found.threads) == queries.SHOWN
    assert (found.answer.text, found.answer.by, found.answer.at) == ("The last", "Adviser", LATEST)
    assert found.answer.path == AdviceThread.objects.get(subject="Question 3").path
    none = queries.beside(make.account("Fife").audit_ref, me, inside=True, now=LATEST)
    assert (none.count, none.answer) == (0, None)


def test_the_longest_waiting_stands_first(newcomer: Person) -> None:
    late = actions.ask(by=newcomer, subject="Late", text="?", now=LATER)
    early = asked(newcomer, subject="Early")
    assert list(queries.in_state("waiting")) == [early, late]
    assert list(queries.mine(facts_of(newcomer))) == [late, early]


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (timedelta(seconds=59), "less than a minute"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(minutes=59), "59 minutes"),
        (timedelta(hours=23, minutes=59), "23 hours"),
        (timedelta(days=1), "1 day"),
        (timedelta(days=1200), "1,200 days"),
        (-timedelta(days=1), "less than a minute"),
    ],
)
def test_how_long_it_waits_is_said_in_its_largest_unit(passed: timedelta, words: str) -> None:
    assert long_since(NOW, NOW + passed) == words


# The database


def run(sql: str, *values: object) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)


def says(thread: AdviceThread, kind: str, by: Person, text: str = "Words") -> None:
    sql = "INSERT INTO people_advicemessage (thread_id, kind, by_id, at, text) VALUES (%s, %s, %s, now(), %s)"
    run(sql, thread.pk, kind, by.pk, text)


def test_the_database_holds_who_says_what(newcomer: Person, adviser: Person) -> None:
    thread = asked(newcomer)
    with pytest.raises(IntegrityError, match="carried on by whoever asked it"):
        says(thread, "question", adviser)
    with pytest.raises(IntegrityError, match="answered by somebody else"):
        says(thread, "answer", newcomer)
    with pytest.raises(IntegrityError, match="only a closed one is opened again"):
        says(thread, "reopened", newcomer)
    with pytest.raises(IntegrityError, match="advice_says_something"):
        says(thread, "answer", adviser, "")
    with pytest.raises(IntegrityError):
        says(thread, "shouted", adviser)
    says(thread, "closed", newcomer)
    for kind, who in (("answer", adviser), ("question", newcomer), ("closed", newcomer)):
        with pytest.raises(IntegrityError, match="Nothing is added to a closed thread"):
            says(thread, kind, who)
    says(thread, "reopened", newcomer)
    says(thread, "answer", adviser)
    thread.refresh_from_db()
    assert thread.state == "answered"


def test_the_database_keeps_what_was_said(newcomer: Person) -> None:
    thread = asked(newcomer)
    for sql in (
        "UPDATE people_advicemessage SET text = 'Other'",
        "DELETE FROM people_advicemessage",
        "UPDATE people_advicethread SET subject = 'Other'",
        "UPDATE people_advicethread SET about = 'post:1'",
        "DELETE FROM people_advicethread",
    ):
        with pytest.raises((ProgrammingError, IntegrityError)):
            run(sql)
    for sql in (
        "UPDATE people_advicethread SET state = 'closed'",
        "UPDATE people_advicethread SET since = now(), changed_at = now()",
    ):
        with pytest.raises(IntegrityError, match="follows from what is said in it"):
            run(sql)
    thread.refresh_from_db()
    assert (thread.state, thread.subject) == ("waiting", "Polls")


def test_the_database_knows_what_a_reference_is(newcomer: Person) -> None:
    for about in ("post", "post:a b", "POST:1", "post:1;", "post:\u202e1"):
        with pytest.raises(IntegrityError, match="advice_is_about_a_thing_or_none"), transaction.atomic():
            AdviceThread.objects.create(
                about=about, subject="Polls", asker=newcomer, asked_at=NOW, since=NOW, changed_at=NOW
            )


def test_nobody_floods_the_team(newcomer: Person) -> None:
    for number in range(actions.MOST_WAITING):
        asked(newcomer, subject=f"Question {number}")
    with pytest.raises(Impossible, match="wait already"):
        asked(newcomer, subject="One more")
    assert AdviceThread.objects.count() == actions.MOST_WAITING

"""A fake account is reported by its network’s interface: as somebody asked, once; what is unsure is told (4.11)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.db import DatabaseError, transaction

from mercat.audit.models import Event
from mercat.guidance.gate import Refused as NotAllowed
from mercat.networks import registry
from mercat.networks.port import Later, Pending, Reconnect, Refused, Sent, Unreadable, Unsure
from mercat.people.actions import Impossible
from mercat.people.models import Notice, Person
from mercat.register.models import Account, Connection
from mercat.watch.cases import actions as cases
from mercat.watch.cases import states as case_states
from mercat.watch.cases.ready import SHORT, brief_report
from mercat.watch.cases.triage import INSIDE, OUTSIDE, Answers
from mercat.watch.lookalikes import actions as lookalikes
from mercat.watch.lookalikes import searching
from mercat.watch.models import Case, LookAlike, NetworkReport
from mercat.watch.reporting import actions, sending, states
from mercat.watch.reporting.presenters import way_of
from mercat.watch.reporting.targets import Target, target_of
from tests import factories as make
from tests.watch.lookalikes.conftest import HOUR, LATER, MINUTE, Searched

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files")]

IS_FAKE = Answers(OUTSIDE, branding=True, content=False, false_words=True)
IS_OURS = Answers(INSIDE, branding=True, content=True, false_words=False)
IS_NOTHING = Answers(OUTSIDE, branding=False, content=False, false_words=False)
WORDS = "It pretends to be us."


@pytest.fixture
def case(network: Searched, account: Account, comms: Person) -> Case:
    """One that a search found, opened, and found to be fake."""
    network.put()
    searching.run(now=LATER)
    row = LookAlike.objects.get()
    return fake(lookalikes.open_case(by=comms, row=row, seen_as=row.seen_as, now=LATER), comms)


def fake(case: Case, comms: Person) -> Case:
    return cases.look(by=comms, case=case, answers=IS_FAKE, words="A false appeal.", now=LATER)


def ask(case: Case, by: Person) -> NetworkReport:
    return actions.ask(by=by, case=case, words=WORDS, now=LATER)


def sent(case: Case) -> tuple[str, str]:
    """Where the report and its case stand."""
    case.refresh_from_db()
    return case.network_reports.last().state, case.state


def way(case: Case) -> tuple[bool, str, str]:
    found = way_of(case, WORDS)
    return found.offered, found.waits, found.problem


def test_it_is_reported_once_and_the_case_moves_with_the_networks_reference(
    network: Searched, case: Case, comms: Person
) -> None:
    ask(case, comms)
    assert sent(case) == (states.QUEUED, case_states.FAKE)
    assert network.reported == [], "the process that serves pages calls nobody"
    sending.run(now=LATER + MINUTE)
    assert network.reported == [("id-of-fake", WORDS)]
    assert not network.in_a_transaction
    assert sent(case) == (states.SENT, case_states.REPORTED)
    assert (case.reference, case.reported_at) == ("R-17", LATER + MINUTE)
    assert case.look_at == LATER + MINUTE + cases.FOLLOW
    note = case.notes.last()
    assert (note.kind, note.by) == ("reported", comms)
    assert note.words == "Through Bluesky’s own interface. Its reference: R-17."
    events = Event.objects.filter(about__contains=[case.audit_ref], what__startswith="case.report").order_by("pk")
    assert [(event.what, bool(event.actor)) for event in events if event.what != "case.reported_here"] == [
        ("case.report_asked", True), ("case.reported", False)
    ]  # fmt: skip
    assert comms.audit_ref in events.last().about
    sending.run(now=LATER + HOUR)
    assert len(network.reported) == 1


def test_who_may_report_fakes_asks_for_it_and_once(network: Searched, case: Case, comms: Person) -> None:
    iso = make.person("ISO", unit_key="information-security", roles=("information-security-officer",))
    with pytest.raises(NotAllowed):
        ask(case, iso)
    ask(case, comms)
    with pytest.raises(Impossible, match="It was asked for already"):
        ask(case, comms)
    assert NetworkReport.objects.count() == 1


def test_only_what_is_fake_is_reported(network: Searched, case: Case, comms: Person) -> None:
    cases.look(by=comms, case=case, answers=IS_OURS, words="A colleague's.", now=LATER)
    with pytest.raises(Impossible, match="stands elsewhere by now: unauthorised"):
        ask(case, comms)


@pytest.mark.parametrize("answer", [Unsure("No answer came."), RuntimeError("a bug")])
def test_what_may_have_arrived_is_never_sent_again_and_is_told(
    network: Searched, case: Case, comms: Person, answer: object
) -> None:
    network.answers = [answer]
    colleague = make.person("Colleague", unit_key="corporate-communications", roles=("corporate-communications",))
    ask(case, comms)
    sending.run(now=LATER)
    sending.run(now=LATER + HOUR)
    assert len(network.reported) == 1
    assert sent(case) == (states.UNSURE, case_states.FAKE)
    notices = Notice.objects.filter(subject=cases.UNSURE, read_at=None)
    assert {notice.person for notice in notices} == {comms, colleague}
    offered, _, problem = way(case)
    assert not offered
    assert "may have been reported through Bluesky, and is not sent again" in problem
    with pytest.raises(Impossible, match="It was asked for already"):
        ask(case, comms)
    cases.report_to_platform(by=comms, case=case, reference="", now=LATER + HOUR)
    assert sent(case) == (states.LEFT, case_states.REPORTED)
    assert not notices.all().exists()


def test_a_programme_that_died_meanwhile_leaves_it_to_a_person(network: Searched, case: Case, comms: Person) -> None:
    ask(case, comms)
    assert actions.take(now=LATER) is not None
    sending.run(now=LATER + MINUTE)
    assert sent(case)[0] == states.CALLING
    sending.run(now=LATER + actions.LOST)
    assert sent(case) == (states.UNSURE, case_states.FAKE)
    assert network.reported == []


def test_an_answer_that_comes_after_it_was_given_up_changes_nothing(
    network: Searched, case: Case, comms: Person
) -> None:
    ask(case, comms)
    network.meanwhile = lambda: actions.give_up_lost(now=LATER + actions.LOST)
    sending.run(now=LATER)
    assert sent(case) == (states.UNSURE, case_states.FAKE)


@pytest.mark.parametrize(
    ("answer", "said", "broken"),
    [
        (Refused("The words are too long.", "1,001"), "The words are too long. 1,001", False),
        (Reconnect("Signed out."), "Signed out.", True),
    ],
)
def test_what_the_network_refuses_is_told_and_the_manual_way_stays(
    network: Searched, case: Case, comms: Person, answer: object, said: str, broken: bool
) -> None:
    network.answers = [answer]
    ask(case, comms)
    sending.run(now=LATER)
    assert sent(case) == (states.REFUSED, case_states.FAKE)
    assert case.network_reports.get().said == said
    assert Notice.objects.filter(person=comms, subject=cases.NOT_TAKEN, read_at=None).count() == 1
    assert (Connection.objects.get().state == "broken") is broken
    assert way(case) == (not broken, "", f"It was not reported through Bluesky: {said}")
    cases.report_to_platform(by=comms, case=case, reference="By hand", now=LATER)
    assert sent(case) == (states.REFUSED, case_states.REPORTED)
    assert not Notice.objects.filter(subject=cases.NOT_TAKEN, read_at=None).exists()


@pytest.mark.parametrize("kind", [Later, Pending])
def test_what_never_left_is_tried_again_in_its_time_and_not_for_ever(
    network: Searched, case: Case, comms: Person, kind: type
) -> None:
    network.answers = [kind(LATER + HOUR, "Busy.") for _ in range(actions.MOST_TRIES)]
    ask(case, comms)
    sending.run(now=LATER)
    sending.run(now=LATER + MINUTE)
    assert len(network.reported) == 1
    assert sent(case) == (states.QUEUED, case_states.FAKE)
    assert "Bluesky asked to wait (Busy.)" in way(case)[1]
    for n in range(1, 10):
        sending.run(now=LATER + n * HOUR)
    assert len(network.reported) == actions.MOST_TRIES
    assert sent(case) == (states.REFUSED, case_states.FAKE)


def test_what_waits_is_dropped_when_the_case_goes_on(network: Searched, case: Case, comms: Person) -> None:
    ask(case, comms)
    cases.report_to_platform(by=comms, case=case, reference="By hand", now=LATER)
    sending.run(now=LATER)
    assert network.reported == []
    assert sent(case) == (states.DROPPED, case_states.REPORTED)
    cases.report_again(by=comms, case=case, words="They said no.", now=LATER)
    ask(case, comms)
    sending.run(now=LATER)
    assert sent(case) == (states.SENT, case_states.REPORTED)


def test_what_arrives_while_the_case_goes_on_is_noted(network: Searched, case: Case, comms: Person) -> None:
    ask(case, comms)
    network.meanwhile = lambda: cases.taken_down(by=comms, case=case, words="Gone.", now=LATER)
    sending.run(now=LATER)
    assert sent(case) == (states.SENT, case_states.CLOSED)
    assert case.notes.last().words.startswith("It was reported all the same.")


def test_what_comes_to_nothing_while_the_case_goes_on_waits_for_nobody(
    network: Searched, case: Case, comms: Person
) -> None:
    ask(case, comms)
    network.answers = [Unsure("No answer came.")]
    network.meanwhile = lambda: cases.taken_down(by=comms, case=case, words="Gone.", now=LATER)
    sending.run(now=LATER)
    assert sent(case) == (states.LEFT, case_states.CLOSED)


def test_of_what_is_forgotten_no_word_stays(network: Searched, case: Case, comms: Person) -> None:
    colleague = make.person("Colleague", unit_key="corporate-communications", roles=("corporate-communications",))
    ask(case, comms)
    network.meanwhile = lambda: cases.look(
        by=colleague, case=Case.objects.get(), answers=IS_NOTHING, words="A fan.", now=LATER
    )
    sending.run(now=LATER)
    row = NetworkReport.objects.get()
    assert row.state == states.SENT
    assert (row.words, row.native_id, row.reference, row.said) == ("", "", "", "")
    asked = Event.objects.get(what="case.report_asked")
    assert asked.personal.data is None
    assert not Event.objects.filter(what="case.reported").exists()


def test_without_an_account_that_works_it_is_refused(network: Searched, case: Case, comms: Person) -> None:
    ask(case, comms)
    Connection.objects.update(state="broken")
    sending.run(now=LATER)
    assert sent(case) == (states.REFUSED, case_states.FAKE)
    assert case.network_reports.get().said == actions.NOBODY
    assert not way(case)[0]
    with pytest.raises(Impossible, match="takes no report from here"):
        ask(case, comms)


# Which account it is


@pytest.fixture
def by_hand(network: Searched, account: Account, comms: Person) -> Case:
    """One that somebody reported by its address, and no search has found."""
    told = network.put()
    return fake(cases.report(by=comms, address=told.url, words="Seen.", now=LATER), comms)


def test_one_that_people_reported_is_looked_for_first(network: Searched, by_hand: Case, comms: Person) -> None:
    network.put("another", handle="p0lice-scotland.example")
    network.accounts_there.reverse()
    ask(by_hand, comms)
    sending.run(now=LATER)
    assert network.asked == ["p0lice-scotland.bsky.social"]
    assert network.reported == [("id-of-fake", WORDS)]
    assert sent(by_hand) == (states.SENT, case_states.REPORTED)


def test_one_that_is_not_there_is_not_reported(network: Searched, by_hand: Case, comms: Person) -> None:
    network.accounts_there.clear()
    network.put("another", handle="p0lice-scotland.example")
    ask(by_hand, comms)
    sending.run(now=LATER)
    assert network.reported == []
    assert sent(by_hand) == (states.REFUSED, case_states.FAKE)
    assert by_hand.network_reports.get().said == sending.GONE


def test_a_look_that_fails_is_tried_again(network: Searched, by_hand: Case, comms: Person) -> None:
    network.fails = Unreadable("Busy.")
    ask(by_hand, comms)
    sending.run(now=LATER)
    assert sent(by_hand) == (states.QUEUED, case_states.FAKE)
    network.fails = None
    sending.run(now=LATER + MINUTE)
    assert sent(by_hand) == (states.SENT, case_states.REPORTED)


def test_an_address_that_holds_the_number_says_it(network: Searched, account: Account, comms: Person) -> None:
    number = "did:plc:" + "a2" * 12
    case = cases.report(by=comms, address=f"https://bsky.app/profile/{number}", words="Seen.", now=LATER)
    assert target_of(case) == Target("bluesky", native_id=number)


def test_where_a_network_takes_none_nothing_is_offered(
    network: Searched, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert way(case)[0]
    none = replace(registry.get("bluesky"), reporter=None)
    monkeypatch.setattr(registry, "get", lambda slug: none)
    assert way_of(case, WORDS) is None


def test_a_number_of_one_server_is_reported_through_it_alone(
    network: Searched, case: Case, comms: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    bluesky = registry.get("bluesky")
    per_server = replace(bluesky, spec=replace(bluesky.spec, ids_are_per_server=True))
    monkeypatch.setattr(registry, "get", lambda slug: per_server)
    LookAlike.objects.update(server="two.example")
    assert target_of(case) is None
    two = make.account("Two", base_url="https://two.example")
    two.refresh_from_db()
    ask(case, comms)
    sending.run(now=LATER)
    assert network.through[-1] == two.native_id


# In few words


def test_the_words_fit_every_network(case: Case, comms: Person) -> None:
    cases.look(by=comms, case=case, answers=IS_FAKE, words="It asks for money. " * 90, now=LATER)
    case.refresh_from_db()
    said = brief_report(case, register_url="https://mercat.example/official/")
    assert len(said) <= SHORT
    assert case.address in said
    assert "It asks for money." in said
    assert "says what is false as if we had said it" in said
    assert said.endswith("All our accounts are listed at https://mercat.example/official/")


def test_an_address_is_never_cut(case: Case, comms: Person, account: Account) -> None:
    long = "https://network.example/" + "a" * 470
    Account.objects.filter(pk=account.pk).update(url=long)
    account.refresh_from_db()
    cases.look(by=comms, case=case, answers=IS_FAKE, words="So.", imitates=account, now=LATER)
    case.refresh_from_db()
    assert long in brief_report(case, register_url="https://mercat.example/official/")
    assert long not in brief_report(case, register_url="https://mercat.example/" + "b" * 500)
    assert "a" * 9 not in brief_report(case, register_url="https://mercat.example/" + "b" * 500)


# The database


def test_the_database_holds_the_table_of_states(case: Case, comms: Person, account: Account) -> None:
    row = ask(case, comms)
    begun = {"begun_at": LATER, "through": account}
    for was in states.STATES:
        for becomes in states.STATES:
            over = {"ended_at": None if becomes in states.UNDER_WAY else LATER}
            with transaction.atomic():
                before = {"ended_at": None if was in states.UNDER_WAY else LATER}
                make.as_if(NetworkReport, state=was, **begun, **before)
                allowed = was == becomes or becomes in states.MOVES[was]
                try:
                    with transaction.atomic():
                        NetworkReport.objects.update(state=becomes, **over)
                except DatabaseError:
                    assert not allowed, (was, becomes)
                else:
                    assert allowed, (was, becomes)
    row.refresh_from_db()


def test_and_that_what_is_reported_stays_as_it_is(case: Case, comms: Person) -> None:
    row = ask(case, comms)
    for changes in ({"words": "Other."}, {"words": ""}, {"network": "x"}, {"reference": "R"}, {"ended_at": LATER}):
        with pytest.raises(DatabaseError), transaction.atomic():
            NetworkReport.objects.update(**changes)
    with pytest.raises(DatabaseError), transaction.atomic():
        row.delete()
    about = {"case": case, "network": "bluesky", "asked_by": comms, "asked_at": LATER, "due_at": LATER}
    with pytest.raises(DatabaseError), transaction.atomic():
        NetworkReport.objects.create(**about)  # a second one at a time
    with pytest.raises(DatabaseError), transaction.atomic():
        NetworkReport.objects.create(**about, state=states.SENT, ended_at=LATER)


def test_sent_is_said_of_what_the_network_took(network: Searched, case: Case, comms: Person) -> None:
    network.answers = [Sent("x" * 500 + "\u202e", "")]
    ask(case, comms)
    sending.run(now=LATER)
    case.refresh_from_db()
    assert case.reference == "x" * 120

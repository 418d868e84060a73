"""What people may do to consignments: rightful role only, a second person where one is needed, recorded once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from mercat.audit.models import Event
from mercat.delivery import actions
from mercat.delivery.models import Consignment, Pause
from mercat.guidance.gate import Refused
from mercat.people.actions import Impossible
from mercat.people.models import Person
from tests import factories as make
from tests.factories import NOW, TEST
from tests.kept import gained, kept
from tests.people import conftest as cast
from tests.people.conftest import Holders

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)
holders = cast.holders


def clauses(refused: pytest.ExceptionInfo[Refused]) -> set[str]:
    return {refusal.clause for refusal in refused.value.decision.refusals}


@pytest.fixture
def comms(db: None) -> list[Person]:
    return [
        make.person(name, unit_key="corporate-communications", roles=("corporate-communications",))
        for name in ("One of Communications", "Another of Communications")
    ]


@pytest.fixture
def consignment(account, author, spoc) -> Consignment:
    make.approved(author, spoc, account)
    return Consignment.objects.get()


def put(consignment: Consignment, state: str, **about: object) -> Consignment:
    Consignment.objects.filter(pk=consignment.pk).update(state=state, **about)
    consignment.refresh_from_db()
    return consignment


# Pause and resume

SCOPES = {
    ("body", ""): {"comms"},
    ("network", "bluesky"): {"comms"},
    ("pillar", "warning"): {"comms"},
    ("unit", "tayside"): {"comms", "commander", "unit spoc"},
    ("account", "the account"): {"comms", "commander", "unit spoc"},
}


@pytest.mark.parametrize("scope", SCOPES, ids="-".join)
def test_each_scope_is_paused_by_those_who_answer_for_it(holders: Holders, account, scope: tuple[str, str]) -> None:
    key = str(account.pk) if scope[1] == "the account" else scope[1]
    allowed = set()
    for name, holder in holders.items():
        try:
            with transaction.atomic():
                actions.pause(by=holder, scope=scope[0], key=key, reason="A wrong picture", now=NOW)
                transaction.set_rollback(True)
        except Refused:
            continue
        allowed.add(name)
    assert allowed == SCOPES[scope]


def test_the_point_of_contact_pauses_their_own_account_alone(account, spoc) -> None:
    other = make.account("Perth")
    assert actions.pause(by=spoc, scope="account", key=str(account.pk), reason="A wrong picture", now=NOW).pk
    with pytest.raises(Refused, match=r"5\.1"):
        actions.pause(by=spoc, scope="account", key=str(other.pk), reason="A wrong picture", now=NOW)


@pytest.mark.parametrize(
    ("scope", "key"),
    [
        ("network", "blusky"),
        ("network", ""),
        ("pillar", "gossip"),
        ("unit", "tayshire"),
        ("account", "no id at all"),
        ("account", "00000000-0000-0000-0000-000000000001"),
        ("body", "tayside"),
        ("planet", "earth"),
    ],
)
def test_a_pause_that_would_hold_nothing_is_refused(comms: list[Person], scope: str, key: str) -> None:
    before = kept()
    with pytest.raises(Impossible, match="Nothing was paused"):
        actions.pause(by=comms[0], scope=scope, key=key, reason="A wrong picture", now=NOW)
    assert not gained(before)


def test_a_pause_says_why_and_is_recorded_once(comms: list[Person]) -> None:
    before = kept()
    with pytest.raises(Impossible, match="Say why"):
        actions.pause(by=comms[0], scope="body", reason=" ", now=NOW)
    actions.pause(by=comms[0], scope="body", reason="A wrong picture", now=NOW)
    assert gained(before) == {"delivery.Pause": 1, "audit.Event": 1, "audit.PersonalData": 1, "audit.Pending": 1}
    event = Event.objects.get(what="sending.paused")
    assert (event.actor, event.facts) == (comms[0].audit_ref, {"scope": "body", "key": ""})
    assert event.personal.data == {"reason": "A wrong picture"}


def test_a_second_person_resumes(comms: list[Person], holders: Holders) -> None:
    pause = actions.pause(by=comms[0], scope="body", reason="A wrong picture", now=NOW)
    before = kept()
    with pytest.raises(Refused) as refused:
        actions.resume(by=comms[0], pause=pause, now=LATER)
    assert clauses(refused) == {"M.8"}
    with pytest.raises(Refused) as refused:
        actions.resume(by=holders["officer"], pause=pause, now=LATER)
    assert clauses(refused) == {"5.1"}
    assert not gained(before)
    actions.resume(by=comms[1], pause=pause, now=LATER)
    pause.refresh_from_db()
    assert (pause.lifted_by, pause.lifted_at) == (comms[1], LATER)
    with pytest.raises(Impossible, match="lifted already"):
        actions.resume(by=comms[1], pause=pause, now=LATER)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"lifted_at": NOW, "lifted_by": "themselves"}, "a_second_person_lifts_a_pause"),
        ({"lifted_at": NOW}, "a_lifted_pause_says_by_whom"),
        ({"key": "tayside"}, "a_pause_has_its_scope"),
    ],
)
def test_the_database_refuses_a_pause_lifted_alone(comms: list[Person], change: dict, constraint: str) -> None:
    pause = actions.pause(by=comms[0], scope="body", reason="A wrong picture", now=NOW)
    change = {name: comms[0] if value == "themselves" else value for name, value in change.items()}
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Pause.objects.filter(pk=pause.pk).update(**change)


def test_what_a_pause_held_goes_on_after_it(comms: list[Person], consignment: Consignment) -> None:
    pause = actions.pause(by=comms[0], scope="body", reason="A wrong picture", now=NOW)
    put(consignment, "held", hold="paused", reason="Sending is paused.")
    actions.resume(by=comms[1], pause=pause, now=LATER)
    consignment.refresh_from_db()
    assert (consignment.state, consignment.hold, consignment.reason) == ("ready", "", "")
    assert consignment.not_before == LATER


def test_what_another_pause_covers_stays_held(comms: list[Person], consignment: Consignment) -> None:
    """And what guidance holds is not let go by the end of a pause."""
    pause = actions.pause(by=comms[0], scope="body", reason="A wrong picture", now=NOW)
    other = actions.pause(by=comms[0], scope="network", key="bluesky", reason="They have trouble", now=NOW)
    put(consignment, "held", hold="paused", reason="Sending is paused.")
    actions.resume(by=comms[1], pause=pause, now=LATER)
    consignment.refresh_from_db()
    assert (consignment.state, consignment.hold) == ("held", "paused")
    put(consignment, "held", hold="guidance")
    actions.resume(by=comms[1], pause=other, now=LATER)
    consignment.refresh_from_db()
    assert (consignment.state, consignment.hold) == ("held", "guidance")


def test_one_whose_time_is_yet_to_come_waits_for_it(comms: list[Person], consignment: Consignment) -> None:
    pause = actions.pause(by=comms[0], scope="body", reason="A wrong picture", now=NOW)
    put(consignment, "held", hold="paused", not_before=LATER)
    actions.resume(by=comms[1], pause=pause, now=NOW)
    consignment.refresh_from_db()
    assert consignment.not_before == LATER


# Let go on, vouch, deny

ACTS = {
    "let_go_on": ("held", {"hold": "guidance"}, lambda by, row: actions.let_go_on(by=by, consignment=row, now=LATER)),
    "vouch": (
        "needs_person",
        {},
        lambda by, row: actions.vouch(by=by, consignment=row, url="https://network.example/1", now=LATER),
    ),
    "deny": (
        "needs_person",
        {},
        lambda by, row: actions.deny(by=by, consignment=row, now=LATER),
    ),
}


@pytest.mark.parametrize("act", ACTS)
def test_those_who_answer_for_the_account_may_and_its_author_unless_it_is_to_say_that_it_is_out(
    holders: Holders,
    consignment: Consignment,
    author,
    spoc,
    act: str,
) -> None:
    state, about, do = ACTS[act]
    put(consignment, state, **about)
    allowed = set()
    for name, person in {**holders, "author": author, "spoc": spoc}.items():
        try:
            with transaction.atomic():
                do(person, consignment)
                transaction.set_rollback(True)
        except (Refused, Impossible):
            continue
        allowed.add(name)
    its_author = set() if act == "vouch" else {"author"}
    assert allowed == {"comms", "commander", "unit spoc", "spoc"} | its_author


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("state", ["ready", "sent", "withdrawn", "refused"])
def test_what_has_moved_on_is_not_moved_again(
    comms: list[Person], consignment: Consignment, act: str, state: str
) -> None:
    put(consignment, state, native_id="n1", read_back_at=NOW)
    before = kept()
    with pytest.raises(Impossible, match="moved on in the meantime"):
        ACTS[act][2](comms[0], consignment)
    consignment.refresh_from_db()
    assert (gained(before), consignment.state) == ({}, state)


def test_what_guidance_held_is_let_go_on_once(comms: list[Person], consignment: Consignment) -> None:
    put(consignment, "held", hold="guidance", reason="Training lapsed.", refusals=[{"clause": "5.3"}])
    before = kept()
    actions.let_go_on(by=comms[0], consignment=consignment, now=LATER)
    consignment.refresh_from_db()
    assert (consignment.state, consignment.hold, consignment.reason, consignment.refusals) == ("ready", "", "", [])
    assert consignment.not_before == LATER
    assert gained(before) == {"audit.Event": 1, "audit.Pending": 1}


def test_a_pause_is_not_gone_around(comms: list[Person], consignment: Consignment) -> None:
    put(consignment, "held", hold="paused")
    with pytest.raises(Impossible, match="second person lifts the pause"):
        actions.let_go_on(by=comms[0], consignment=consignment, now=LATER)


@pytest.mark.parametrize("url", ["", "somewhere", "javascript:alert(1)", "https://", f"https://a.example/{'x' * 500}"])
def test_who_found_it_says_where(comms: list[Person], consignment: Consignment, url: str) -> None:
    put(consignment, "needs_person")
    before = kept()
    with pytest.raises(Impossible, match="Give the address"):
        actions.vouch(by=comms[0], consignment=consignment, url=url, now=LATER)
    consignment.refresh_from_db()
    assert (gained(before), consignment.state) == ({}, "needs_person")


def test_what_a_person_found_counts_as_out_on_their_word(comms: list[Person], consignment: Consignment) -> None:
    put(consignment, "needs_person")
    actions.vouch(by=comms[0], consignment=consignment, url="https://network.example/1", now=LATER)
    consignment.refresh_from_db()
    assert (consignment.state, consignment.url, consignment.sent_at) == ("sent", "https://network.example/1", LATER)
    event = Event.objects.get(what="consignment.sent")
    assert (event.actor, event.facts["step"]) == (comms[0].audit_ref, "vouch")


def test_what_a_person_did_not_find_is_sent_again(comms: list[Person], consignment: Consignment) -> None:
    put(consignment, "needs_person", native_id="n1", url="https://network.example/1", notes={"sent": "n1"})
    actions.deny(by=comms[0], consignment=consignment, now=LATER)
    consignment.refresh_from_db()
    assert (consignment.state, consignment.native_id, consignment.url, consignment.notes) == ("ready", "", "", {})


# Withdrawing


@pytest.mark.parametrize("state", ["ready", "leased", "held", "refused"])
def test_what_is_certainly_not_out_is_taken_back_under_a_new_fence(consignment: Consignment, state: str) -> None:
    put(consignment, state, hold="paused" if state == "held" else "", leased_until=LATER if state == "leased" else None)
    with transaction.atomic():
        assert actions.withdraw_all(by=TEST, post_ref=consignment.post_ref, reason="Old news", now=NOW) == []
    fence = consignment.fence
    consignment.refresh_from_db()
    assert (consignment.state, consignment.hold, consignment.reason) == ("withdrawn", "", "Old news")
    assert (consignment.fence, consignment.leased_until) == (fence + 1, None)


@pytest.mark.parametrize("state", ["sending", "in_doubt", "needs_person", "sent"])
def test_what_is_out_or_may_be_stays_and_is_told(consignment: Consignment, state: str) -> None:
    put(consignment, state, leased_until=LATER, look_at=LATER, native_id="n1", read_back_at=NOW)
    before = kept()
    with transaction.atomic():
        assert actions.withdraw_all(by=TEST, post_ref=consignment.post_ref, reason="Old", now=NOW) == [consignment]
    fence = consignment.fence
    consignment.refresh_from_db()
    assert (gained(before), consignment.state, consignment.fence) == ({}, state, fence)


def test_what_was_withdrawn_before_is_not_told_again(consignment: Consignment) -> None:
    put(consignment, "withdrawn")
    with transaction.atomic():
        assert actions.withdraw_all(by=TEST, post_ref=consignment.post_ref, reason="Old", now=NOW) == []

"""What was heard is settled once and forgotten at once, or by its time; the database holds it too."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import product

import pytest
from django.db import IntegrityError, transaction

from mercat.audit.models import Event, PersonalData
from mercat.guidance.gate import Refused
from mercat.networks import registry
from mercat.people.actions import Impossible
from mercat.people.models import Notice, Person
from mercat.people.pack import guidance
from mercat.register.models import Account
from mercat.watch.heard import actions, forgetting, listening, states
from mercat.watch.heard.words import standing_words
from mercat.watch.models import Heard
from tests import factories as make
from tests.factories import NOW
from tests.watch.heard.conftest import DAY, HOUR, MINUTE, REPORT, Talking

pytestmark = pytest.mark.django_db


@pytest.fixture
def row(network: Talking, account: Account, comms: Person) -> Heard:
    network.say()
    listening.run(now=NOW)
    return Heard.objects.get()


def everything_of(row: Heard) -> str:
    return json.dumps(Heard.objects.filter(pk=row.pk).values().get(), default=str)


@pytest.mark.parametrize("outcome", sorted(states.BY_PEOPLE))
def test_what_is_settled_is_forgotten_at_once(row: Heard, comms: Person, outcome: str) -> None:
    actions.settle_heard(by=comms, row=row, outcome=outcome, now=NOW + HOUR)
    row.refresh_from_db()
    assert (row.state, row.settled_by, row.settled_at) == (outcome, comms, NOW + HOUR)
    assert (row.kind, row.looks_like_report, row.heard_at) == ("mention", True, NOW), "numbers stay"
    for word in ("bike", "walker", "m-1", "bsky"):
        assert word not in everything_of(row)


def test_no_word_and_no_name_stands_on_record(row: Heard, comms: Person) -> None:
    actions.settle_heard(by=comms, row=row, outcome="signposted", now=NOW)
    event = Event.objects.get(what="heard.settled")
    assert event.facts == {"outcome": "signposted", "kind": "mention", "looked_like_report": True}
    assert set(event.about) == {row.audit_ref, row.account.audit_ref}
    for model in (Event, PersonalData):
        stored = json.dumps(list(model.objects.values()), default=str)
        for word in (REPORT, "walker", "m-1", "bsky.app/m"):
            assert word not in stored


def test_whoever_answers_for_the_account_settles_and_nobody_else(
    network: Talking, account: Account, comms: Person
) -> None:
    spoc = make.spoc_of(account, "Spoc")
    others = [make.authorised("Officer"), make.person("Auditor", roles=("auditor",)), make.person("Plain")]
    for person in others:
        network.say(f"m-{person.pk}")
    network.say("m-spoc")
    listening.run(now=NOW)
    for person, row in zip(others, Heard.objects.all(), strict=False):
        with pytest.raises(Refused):
            actions.settle_heard(by=person, row=row, outcome="nothing", now=NOW)
    actions.settle_heard(by=spoc, row=Heard.objects.first(), outcome="nothing", now=NOW)
    assert Heard.objects.filter(state="new").count() == 3


def test_it_is_settled_once_and_by_an_outcome_of_people(row: Heard, comms: Person) -> None:
    for outcome in ("", "forgotten", "new", "other"):
        with pytest.raises(Impossible, match="Nothing was changed"):
            actions.settle_heard(by=comms, row=row, outcome=outcome, now=NOW)
    actions.settle_heard(by=comms, row=row, outcome="nothing", now=NOW)
    with pytest.raises(Impossible, match="settled already: nothing to do"):
        actions.settle_heard(by=comms, row=row, outcome="signposted", now=NOW)


def test_what_nobody_settles_is_forgotten_after_the_days_of_the_pack(row: Heard, network: Talking) -> None:
    network.say("m-2", made_at=NOW + DAY)
    listening.run(now=NOW + DAY + MINUTE)
    forgetting.run(now=NOW + 7 * DAY - MINUTE)
    assert Heard.objects.filter(state="new").count() == 2
    forgetting.run(now=NOW + 7 * DAY)
    row.refresh_from_db()
    assert (row.state, row.text, row.author, row.settled_by) == ("forgotten", "", "", None)
    assert Heard.objects.get(state="new").native_id == "m-2"
    event = Event.objects.get(what="heard.forgotten")
    assert (event.facts, list(event.about)) == ({"count": 1}, [row.account.audit_ref])
    forgetting.run(now=NOW + 30 * DAY)
    assert not Heard.objects.filter(state="new").exists()


def test_notices_are_done_once_nothing_that_looks_like_a_report_waits(
    row: Heard, network: Talking, comms: Person
) -> None:
    network.say("m-2", made_at=NOW + MINUTE)
    network.say("m-3", "Good morning", made_at=NOW + MINUTE)
    listening.run(now=NOW + 10 * MINUTE)
    first, second = Heard.objects.filter(looks_like_report=True)
    actions.settle_heard(by=comms, row=first, outcome="signposted", now=NOW + HOUR)
    assert Notice.objects.filter(read_at=None).exists()
    actions.settle_heard(by=comms, row=second, outcome="signposted", now=NOW + HOUR)
    assert not Notice.objects.filter(read_at=None).exists()


# The standing words


def test_the_longest_text_that_the_network_takes_is_offered(account: Account) -> None:
    """Without a fake: each network counts in its own way."""
    long, short = guidance().pack.signposting.texts
    for network in registry.all():
        account.network = network.spec.slug
        count = network.count(long, {})
        assert standing_words(account) == (long if count.used <= count.limit else short), account.network
        count = network.count(standing_words(account), {})
        assert count.used <= count.limit, account.network
    account.network = "not-there"
    assert standing_words(account) == short


def test_what_a_server_says_of_its_limit_counts(account: Account) -> None:
    long, short = guidance().pack.signposting.texts
    account.network = "mastodon"
    assert standing_words(account) == long
    account.connection.limits = {"max_characters": 100}
    assert standing_words(account) == short


# What the database holds


def raw(account: Account, **about: object) -> Heard:
    said = {"kind": "mention", "digest": "d", "heard_at": NOW, "looks_like_report": False, "native_id": "n"}
    return Heard.objects.create(account=account, **{**said, "made_at": NOW, **about})


def settled(state: str, comms: Person) -> dict[str, object]:
    if state == states.NEW:
        return {"state": state}
    return {**actions.GONE, "state": state, "settled_at": NOW, "settled_by": comms if state != "forgotten" else None}


@pytest.mark.parametrize(("before", "after"), list(product(states.STATES, states.STATES)))
def test_the_table_of_states_is_held_by_the_database(account: Account, comms: Person, before: str, after: str) -> None:
    row = raw(account)
    if before != states.NEW:
        Heard.objects.filter(pk=row.pk).update(**settled(before, comms))

    def change() -> None:
        Heard.objects.filter(pk=row.pk).update(**settled(after, comms))

    _is(change, allowed=after in states.MOVES[before])


def _is(change: Callable[[], object], *, allowed: bool) -> None:
    if allowed:
        change()
        return
    with pytest.raises(IntegrityError, match="nothing was"), transaction.atomic():
        change()


@pytest.mark.parametrize(
    "left", [{"text": "w"}, {"author": "w"}, {"author_name": "w"}, {"native_id": "w"}, {"url": "w"}, {"made_at": NOW}]
)
@pytest.mark.parametrize("state", ["signposted", "nothing", "forgotten"])
def test_nothing_is_settled_while_a_word_of_it_is_kept(
    account: Account, comms: Person, left: dict[str, object], state: str
) -> None:
    row = raw(account)
    with pytest.raises(IntegrityError, match="no_word_is_kept"), transaction.atomic():
        Heard.objects.filter(pk=row.pk).update(**{**settled(state, comms), **left})


@pytest.mark.parametrize(
    "change",
    [{"digest": "e"}, {"kind": "comment"}, {"heard_at": NOW + DAY}, {"looks_like_report": True}],
)
def test_what_was_heard_does_not_become_something_else(
    account: Account, comms: Person, change: dict[str, object]
) -> None:
    row = raw(account)
    with pytest.raises(IntegrityError, match="nothing was changed"), transaction.atomic():
        Heard.objects.filter(pk=row.pk).update(**{**settled("nothing", comms), **change})


def test_that_something_was_heard_is_neither_deleted_nor_heard_twice_nor_settled_from_the_start(
    account: Account, comms: Person
) -> None:
    row = raw(account)
    with pytest.raises(IntegrityError, match="never deleted"), transaction.atomic():
        Heard.objects.filter(pk=row.pk).delete()
    with pytest.raises(IntegrityError, match="heard_once"), transaction.atomic():
        raw(account)
    with pytest.raises(IntegrityError, match="before it is settled"), transaction.atomic():
        raw(account, **{"digest": "other", **settled("nothing", comms)})


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "signposted", "settled_by": None},
        {"state": "forgotten", "settled_at": None},
        {"state": "nothing", "settled_at": None},
    ],
)
def test_people_settle_and_time_forgets(account: Account, comms: Person, wrong: dict[str, object]) -> None:
    row = raw(account)
    with pytest.raises(IntegrityError, match="settled_by_a_person_or_its_time"), transaction.atomic():
        Heard.objects.filter(pk=row.pk).update(**{**settled(str(wrong["state"]), comms), **wrong})

"""What can be recorded, and what is refused."""

from __future__ import annotations

import json
import uuid
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from mercat.audit.actions import Entry, NotRecorded, OutsideTransaction, erase_personal, record, record_many
from mercat.audit.actors import NoActor, System
from mercat.audit.canonical import leaf_bytes
from mercat.audit.models import Event, Pending, PersonalData
from mercat.audit.verifier import commitment
from tests.audit.conftest import NOW, Officer

pytestmark = pytest.mark.django_db


def test_an_event_tells_who_did_what_to_what_and_when() -> None:
    event = record(by=Officer(), what="post.submitted", about=["post:17", ("account", 4)], facts={"tier": 2}, now=NOW)
    kept = Event.objects.get(pk=event.pk)
    assert (kept.actor, kept.system_reason, kept.what) == ("person:officer", "", "post.submitted")
    assert (kept.about, kept.facts, kept.at) == (["post:17", "account:4"], {"tier": 2}, NOW)


def test_the_leaf_says_the_same_in_canonical_json() -> None:
    event = record(by=Officer(), what="post.submitted", about=["post:17"], facts={"z": [1, None], "é": True}, now=NOW)
    assert bytes(Event.objects.get(pk=event.pk).leaf).decode() == (
        '{"about":["post:17"],"actor":"person:officer","at":"2026-03-14T15:09:26.000000Z",'
        f'"facts":{{"z":[1,null],"é":true}},"id":"{event.uid}","personal":null,"reason":null,"v":1,'
        '"what":"post.submitted"}'
    )


def test_columns_read_back_amount_to_the_same_leaf() -> None:
    facts = {"text": 'naïve \u2028 𝕏 "quoted" \\ \t', "deep": [{"b": [], "a": {}}], "largest": 2**53 - 1, "no": False}
    event = record(by=System("The clock struck"), what="clock.struck", facts=facts, personal={"note": "Zoë"})
    kept = Event.objects.get(pk=event.pk)
    assert leaf_bytes(kept) == bytes(kept.leaf)


def test_the_system_acts_with_a_reason() -> None:
    event = record(by=System("Training lapsed"), what="post.held")
    assert (event.actor, event.system_reason) == ("", "Training lapsed")


@pytest.mark.parametrize("nobody", [None, "person:1", object(), System(""), System("  ")])
def test_nobody_and_no_reason_is_an_error(nobody: object) -> None:
    with pytest.raises(NoActor, match="Nothing was recorded"):
        record(by=nobody, what="post.submitted")
    assert not Event.objects.exists()


@pytest.mark.parametrize("reference", ["", "nobody", "Person:1", "person:", "person:a b", f"person:{'x' * 201}", 7])
def test_an_actor_needs_a_proper_reference(reference: object) -> None:
    actor = Officer()
    actor.audit_ref = reference
    with pytest.raises(NoActor):
        record(by=actor, what="post.submitted")


@pytest.mark.parametrize("columns", [("", ""), ("person:1", "and a reason")])
def test_the_database_too_wants_one_who_acted(columns: tuple[str, str]) -> None:
    event = Event(at=NOW, actor=columns[0], system_reason=columns[1], what="post.noted", leaf=b"{}")
    with pytest.raises(IntegrityError, match="someone_acted"), transaction.atomic():
        event.save()


@pytest.mark.parametrize(
    "what", ["", "submitted", "Post.submitted", "post.", "post submitted", "post.x\n", "p." + "x" * 99]
)
def test_what_happened_is_a_dotted_verb(what: str) -> None:
    with pytest.raises(NotRecorded, match="dotted verb"):
        record(by=Officer(), what=what)


@pytest.mark.parametrize("about", [["post"], ["post:1 2"], [("Post", 1)], "post:1"])
def test_what_it_is_about_is_a_list_of_references(about: object) -> None:
    with pytest.raises(NotRecorded, match="Nothing was recorded"):
        record(by=Officer(), what="post.submitted", about=about)


@pytest.mark.parametrize(
    ("facts", "place"),
    [
        ({"share": 0.5}, "share"),
        ({"deep": [1, {"share": 2.0}]}, r"deep\[1\].share"),
        ({"when": NOW}, "when"),
        ({"id": uuid.UUID(int=1)}, "id"),
        ({"big": 2**53}, "big"),
        ({"text": "nul \x00"}, "text"),
        ({"text": "half \ud800"}, "text"),
        ({1: "number"}, "key that is not text"),
        ({"raw": b"bytes"}, "raw"),
    ],
)
def test_facts_that_canonical_json_cannot_carry_are_refused_by_name(facts: dict, place: str) -> None:
    with pytest.raises(NotRecorded, match=place):
        record(by=Officer(), what="post.submitted", facts=facts)
    assert not Event.objects.exists()


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(NotRecorded, match="no time zone"):
        record(by=Officer(), what="post.submitted", now=datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point


def test_without_a_time_the_clock_of_the_transaction_counts() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT transaction_timestamp()")
        (started,) = cursor.fetchone()
    assert record(by=Officer(), what="post.submitted").at == started


def test_times_of_other_zones_are_written_in_utc() -> None:
    summer = datetime.fromisoformat("2026-07-01T09:30:00.000001+01:00")
    event = record(by=Officer(), what="post.submitted", now=summer)
    assert json.loads(event.leaf)["at"] == "2026-07-01T08:30:00.000001Z"


def test_personal_data_stays_outside_the_leaf_behind_a_salted_commitment() -> None:
    event = record(by=Officer(), what="person.joined", personal={"name": "A. Officer"})
    kept = PersonalData.objects.get(event=event)
    assert b"A. Officer" not in event.leaf
    assert json.loads(event.leaf)["personal"] == commitment(bytes(kept.salt), {"name": "A. Officer"}).hex()
    assert len(bytes(kept.salt)) == 32


def test_the_same_personal_data_never_has_the_same_commitment() -> None:
    first, second = (record(by=Officer(), what="person.joined", personal={"name": "A. Officer"}) for _ in range(2))
    assert first.commitment != second.commitment


def test_a_refusal_does_not_repeat_personal_data() -> None:
    with pytest.raises(NotRecorded) as refusal:
        record(by=Officer(), what="person.joined", personal={"name": "Secret \x00"})
    assert "Secret" not in str(refusal.value)
    assert refusal.value.__suppress_context__


def test_every_event_waits_for_its_leaf_however_it_came() -> None:
    event = record(by=Officer(), what="post.submitted")
    other = Event.objects.create(at=NOW, actor="person:1", what="post.noted", leaf=b"{}")
    assert set(Pending.objects.values_list("event_id", flat=True)) == {event.pk, other.pk}


def test_personal_data_is_erased_with_a_reason_and_once() -> None:
    events = [record(by=Officer(), what="person.joined", personal={"name": "A"}, now=NOW) for _ in range(3)]
    (erasure,) = erase_personal(by=System("Retention"), events=events[:2], why="Kept for six years", now=NOW)
    erased = PersonalData.objects.filter(erased_by=erasure)
    assert [(row.salt, row.data) for row in erased] == [(None, None)] * 2
    assert erasure.about == [events[0].audit_ref, events[1].audit_ref]
    assert erasure.facts == {"why": "Kept for six years"}
    assert erase_personal(by=System("Retention"), events=events[:2], why="Again", now=NOW) == []
    assert PersonalData.objects.get(event=events[2]).data == {"name": "A"}


def test_many_erasures_are_told_in_several_events(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mercat.audit.actions.ERASE_BATCH", 2)
    events = [record(by=Officer(), what="person.joined", personal={"name": "A"}, now=NOW) for _ in range(5)]
    erasures = erase_personal(by=System("Retention"), events=events, why="Old", now=NOW + timedelta(days=1))
    assert [len(erasure.about) for erasure in erasures] == [2, 2, 1]


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_nothing_is_recorded() -> None:
    with pytest.raises(OutsideTransaction, match=r"transaction\.atomic"):
        record(by=Officer(), what="post.submitted")
    assert not Event.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_event_vanishes_with_the_transaction_that_it_tells_of() -> None:
    class ChangedMyMind(Exception):
        pass

    def change_and_fail() -> None:
        with transaction.atomic():
            record(by=Officer(), what="post.submitted", personal={"name": "A"})
            assert Event.objects.count() == 1
            raise ChangedMyMind

    with pytest.raises(ChangedMyMind):
        change_and_fail()
    assert not Event.objects.exists()
    assert not PersonalData.objects.exists()
    assert not Pending.objects.exists()


def test_many_at_once_are_kept_as_one_by_one() -> None:
    """More than one INSERT takes: numbered in their order, each with its own personal data."""
    entries = [Entry("post.noted", [f"post:{n}"], {"n": n}, {"name": f"Zoë {n}"} if n % 2 else None) for n in range(60)]
    given = record_many(by=Officer(), entries=entries, now=NOW)
    kept = list(Event.objects.order_by("pk"))
    assert [event.facts["n"] for event in kept] == list(range(60))
    assert [(event.pk, bytes(event.leaf)) for event in given] == [(event.pk, bytes(event.leaf)) for event in kept]
    assert Pending.objects.count() == 60
    personal = {row.event_id: row.data["name"] for row in PersonalData.objects.all()}
    assert personal == {event.pk: f"Zoë {event.facts['n']}" for event in kept if event.facts["n"] % 2}
    after = record(by=Officer(), what="post.noted", now=NOW)
    assert after.pk > kept[-1].pk

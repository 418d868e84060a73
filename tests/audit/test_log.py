"""Integration: every event gets its place once, in order, under a signed checkpoint, whoever does it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from mercat.audit import merkle
from mercat.audit.actions import record
from mercat.audit.keys import KeyProblem, draw_key, public_path
from mercat.audit.log import LogDamaged, integrate, newest_checkpoint, replace_signing_key, stored_nodes, trusted_keys
from mercat.audit.models import Checkpoint, Event, Leaf, Pending
from mercat.audit.verifier import open_checkpoint
from mercat.audit.verify import verify_log
from tests.audit.conftest import NOW, Officer, system

pytestmark = pytest.mark.django_db

Happen = Callable[..., list[Event]]


def test_events_get_their_leaves_in_order_from_0(happen: Happen) -> None:
    events = happen(3)
    integrate(now=NOW)
    events += happen(2)
    integrate(now=NOW)
    places = list(Leaf.objects.order_by("index").values_list("index", "event_id"))
    assert places == list(enumerate(event.pk for event in events))
    assert not Pending.objects.exists()


@pytest.mark.parametrize("sizes", [(1,), (2, 3), (7, 1, 1), (8, 8, 1), (1, 2, 4, 8, 16, 1)])
def test_every_checkpoint_has_the_root_of_all_leaves_before_it(happen: Happen, sizes: tuple[int, ...]) -> None:
    for size in sizes:
        happen(size)
        integrate(now=NOW)
    hashes = [merkle.leaf_hash(bytes(event.leaf)) for event in Event.objects.order_by("pk")]
    for checkpoint in Checkpoint.objects.all():
        signed = open_checkpoint(checkpoint.note, trusted_keys())
        assert (checkpoint.size, bytes(checkpoint.root), checkpoint.at) == signed
        assert signed.root == merkle.root(hashes[: signed.size])
    assert newest_checkpoint().size == sum(sizes)


def test_an_empty_log_has_a_checkpoint_too() -> None:
    assert integrate(now=NOW).size == 0
    assert Checkpoint.objects.count() == 1


def test_when_nothing_happens_a_checkpoint_is_signed_once_a_minute(happen: Happen) -> None:
    happen(1)
    first = integrate(now=NOW)
    assert integrate(now=NOW + timedelta(seconds=59)) == first
    second = integrate(now=NOW + timedelta(seconds=60))
    assert (second.size, second.at) == (1, NOW + timedelta(minutes=1))
    assert second.note != first.note


def test_when_something_happens_a_checkpoint_is_signed_at_once(happen: Happen) -> None:
    happen(1)
    integrate(now=NOW)
    happen(1)
    assert integrate(now=NOW + timedelta(seconds=1)).size == 2


def test_many_events_are_taken_in_several_transactions(happen: Happen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mercat.audit.log.BATCH", 2)
    happen(5)
    assert integrate(now=NOW).size == 5
    assert list(Checkpoint.objects.order_by("id").values_list("size", flat=True)) == [2, 4, 5]
    assert verify_log(now=NOW).ok


def test_the_work_does_not_grow_with_the_log(happen: Happen) -> None:
    costs = []
    for already in (3, 300):
        happen(already)
        integrate(now=NOW)
        happen(2)
        with CaptureQueriesContext(connection) as queries:
            integrate(now=NOW)
        costs.append(len(queries))
    assert costs[0] == costs[1]
    assert len(merkle.cover(0, 10**6 - 1)) <= 20
    assert len(merkle.nodes_for_inclusion(123_456, 10**6)) <= 40


def test_an_idle_call_asks_two_short_questions(happen: Happen, django_assert_num_queries) -> None:
    happen(1)
    integrate(now=NOW)
    with django_assert_num_queries(2):
        integrate(now=NOW)


def test_nodes_are_found_where_they_were_stored(happen: Happen) -> None:
    happen(13)
    integrate(now=NOW)
    hashes = [bytes(leaf.leaf_hash) for leaf in Leaf.objects.order_by("index")]
    assert stored_nodes([(3, 0), (2, 2), (0, 12)]) == {
        (3, 0): merkle.root(hashes[:8]),
        (2, 2): merkle.root(hashes[8:12]),
        (0, 12): hashes[12],
    }


@pytest.mark.parametrize("node", [(0, 13), (4, 0)])
def test_a_node_that_is_not_there_is_damage(happen: Happen, node: merkle.Node) -> None:
    happen(13)
    integrate(now=NOW)
    with pytest.raises(LogDamaged, match="mercat audit verify"):
        stored_nodes([node])


def test_a_replaced_key_signs_on_and_the_old_one_stays_known(log: list[Event]) -> None:
    old, new = replace_signing_key(by=system(), why="Yearly change", now=NOW)
    integrate(now=NOW)
    assert trusted_keys() == [new, old]
    told = Event.objects.get(what="audit.key_replaced")
    assert told.facts == {"why": "Yearly change", "old": old.vkey, "new": new.vkey}
    assert bytes(told.place.signature)[:4] == new.id
    assert verify_log(now=NOW).ok


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize("with_public", [False, True])
def test_a_key_out_of_nowhere_signs_nothing_on_top(key_file: Path, happen: Happen, with_public: bool) -> None:
    signed = Checkpoint.objects.count()
    key_file.write_text(draw_key("log.example/audit").private_line())
    if with_public:
        public_path(key_file).unlink()
    happen(1)
    with pytest.raises(KeyProblem, match="restore it from your backup"):
        integrate(now=NOW)
    assert Checkpoint.objects.count() == signed


def test_a_key_that_is_lost_for_good_is_replaced_openly(log: list[Event], key_file: Path) -> None:
    key_file.unlink()
    with pytest.raises(KeyProblem, match="is gone"):
        integrate(now=NOW + timedelta(minutes=1))
    replace_signing_key(by=system(), why="The disk failed", now=NOW)
    assert integrate(now=NOW).size == len(log) + 1
    assert verify_log(now=NOW).ok


@pytest.mark.django_db(transaction=True)
def test_it_refuses_to_work_inside_a_transaction_that_may_roll_back(happen: Happen) -> None:
    happen(1)
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        integrate(now=NOW)


@pytest.mark.django_db(transaction=True)
def test_an_event_that_commits_late_with_a_lower_number_comes_later(happen: Happen) -> None:
    recorded, commit = threading.Event(), threading.Event()

    def slow() -> int:
        try:
            with transaction.atomic():
                event = record(by=Officer(), what="post.slow", now=NOW)
                recorded.set()
                assert commit.wait(30)
            return event.pk
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as other:
        running = other.submit(slow)
        assert recorded.wait(30)
        (quick,) = happen(1)
        assert integrate(now=NOW).size == 1
        commit.set()
        late = running.result(30)
    assert late < quick.pk
    assert integrate(now=NOW).size == 2
    assert list(Leaf.objects.order_by("index").values_list("event_id", flat=True)) == [quick.pk, late]
    assert verify_log(now=NOW).ok


@pytest.mark.django_db(transaction=True)
def test_several_processes_take_turns() -> None:
    """Four threads with a connection each, all recording and integrating at once."""
    together = threading.Barrier(4)

    def work(worker: int) -> None:
        try:
            together.wait(30)
            for number in range(10):
                with transaction.atomic():
                    record(by=Officer(), what="post.noted", facts={"worker": worker, "number": number}, now=NOW)
                integrate(now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as workers:
        list(workers.map(work, range(4)))
    assert list(Leaf.objects.order_by("index").values_list("index", flat=True)) == list(range(40))
    assert verify_log(now=NOW).ok
    assert newest_checkpoint().size == 40

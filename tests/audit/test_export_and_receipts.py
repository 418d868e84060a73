"""What leaves the house: exports of the live log, and receipts for one record or for its growth."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import InternalError, connection

from mercat.audit.actions import erase_personal
from mercat.audit.export import export_log
from mercat.audit.keys import Signer
from mercat.audit.log import integrate, newest_checkpoint, snapshot
from mercat.audit.models import Checkpoint, Event, Leaf
from mercat.audit.receipts import NotYet, consistency_receipt, inclusion_receipt
from mercat.audit.verifier import CheckError, b64, check_export, check_receipt
from mercat.audit.verify import verify_log
from tests.audit.conftest import NOW, exported, system

pytestmark = pytest.mark.django_db

Happen = Callable[..., list[Event]]


def test_an_export_holds_every_leaf_and_checkpoint_in_order(log: list[Event], signer: Signer) -> None:
    lines = [json.loads(line) for line in exported()]
    assert lines[0] == {
        "format": "mercat-audit-export",
        "version": 1,
        "origin": signer.origin,
        "keys": [signer.key.vkey],
        "personal": False,
    }
    leaf, checkpoint = "leaf", "checkpoint"
    expected = [leaf] * 3 + [checkpoint] + [leaf] * 2 + [checkpoint] + [leaf] * 3 + [checkpoint, "end"]
    assert [line["type"] for line in lines[1:]] == expected
    assert [line["leaf"] for line in lines if line.get("type") == leaf] == [b64(bytes(event.leaf)) for event in log]


@pytest.mark.usefixtures("log")
def test_an_export_tells_nothing_personal_unless_asked() -> None:
    assert "A. Officer" not in "".join(exported())
    assert "".join(exported(personal=True)).count("A. Officer") == 8


def test_what_was_erased_stays_out_of_an_export_and_checks(log: list[Event], signer: Signer) -> None:
    erase_personal(by=system(), events=log[:2], why="Old", now=NOW)
    integrate(now=NOW)
    lines = exported(personal=True)
    assert "".join(lines).count("A. Officer") == 6
    assert check_export(lines, [signer.key]).erased == 2


@pytest.mark.usefixtures("log")
def test_an_export_asks_as_little_of_a_long_log_as_of_a_short_one(happen: Happen, django_assert_num_queries) -> None:
    happen(100, personal={"name": "A"})
    integrate(now=NOW)
    with django_assert_num_queries(4):  # a savepoint and its release, and two cursors
        assert export_log(io.StringIO(), personal=True) == 108


def test_an_export_is_written_while_it_is_read(log: list[Event], monkeypatch: pytest.MonkeyPatch) -> None:
    """The first leaf is out before the last row is read: nothing is gathered in memory."""
    written: list[str] = []

    class File(io.StringIO):
        def write(self, line: str) -> int:
            written.append(line)
            return len(line)

    def rows() -> Iterator[Leaf | Checkpoint]:
        yield log[0].place
        assert len(written) == 2
        yield newest_checkpoint()

    monkeypatch.setattr("mercat.audit.export.walk", rows)
    assert export_log(File()) == 1


@pytest.mark.django_db(transaction=True)
def test_an_export_made_while_the_log_grows_is_one_moment_of_it(signer: Signer, happen: Happen) -> None:
    def grow() -> None:
        try:
            happen(5)
            integrate(now=NOW)
        finally:
            connection.close()

    grow()
    with ThreadPoolExecutor(1) as other:
        with snapshot():
            before = Checkpoint.objects.count()
            other.submit(grow).result(30)
            assert Checkpoint.objects.count() == before
            report = check_export(exported(), [signer.key])
        assert (report.ok, report.leaves) == (True, 5)
    assert verify_log(now=NOW).leaves == 10


@pytest.mark.django_db(transaction=True)
def test_a_long_read_can_write_nothing(happen: Happen) -> None:
    with pytest.raises(InternalError, match="read-only"), snapshot():
        happen(1)


@pytest.mark.parametrize("index", range(8))
def test_a_receipt_proves_one_record(log: list[Event], signer: Signer, index: int) -> None:
    receipt = json.loads(json.dumps(inclusion_receipt(log[index])))
    report = check_receipt(receipt, [signer.key])
    assert (report.ok, receipt["index"]) == (True, index)
    assert report.newest.size == 8


@pytest.mark.parametrize("name", ["leaf", "index", "signature", "proof", "checkpoint"])
def test_a_receipt_put_together_from_two_proves_nothing(log: list[Event], signer: Signer, name: str) -> None:
    mine, other = inclusion_receipt(log[2]), inclusion_receipt(log[6])
    old_note = Checkpoint.objects.get(size=5).note
    report = check_receipt(mine | {name: old_note if name == "checkpoint" else other[name]}, [signer.key])
    assert report.first_bad_index == (6 if name == "index" else 2)


def test_a_sound_receipt_says_what_it_is_of(log: list[Event], signer: Signer) -> None:
    report = check_receipt(inclusion_receipt(log[4]), [signer.key])
    record = {"index": 4, "what": "post.noted", "at": "2026-03-14T15:09:26.000000Z", "about": ["post:1"]}
    assert report.as_dict()["record"] == record | {"facts": {"n": 1}}
    assert "\n".join(report.lines()).splitlines()[1:7] == [
        "Record 4 says:",
        "  what: post.noted",
        "  at: 2026-03-14T15:09:26.000000Z",
        "  about: post:1",
        "  facts:",
        "    n: 1",
    ]


def test_an_unsound_receipt_says_nothing_of_a_record(log: list[Event], signer: Signer) -> None:
    receipt = inclusion_receipt(log[4]) | {"signature": inclusion_receipt(log[3])["signature"]}
    report = check_receipt(receipt, [signer.key])
    assert (report.ok, report.as_dict()["record"]) == (False, None)
    assert "post.noted" not in "\n".join(report.lines())


def test_an_export_and_a_proof_of_growth_are_of_no_single_record(log: list[Event], signer: Signer) -> None:
    kept = Checkpoint.objects.get(size=5).note
    assert check_export(exported(), [signer.key]).as_dict()["record"] is None
    assert check_receipt(consistency_receipt(5), [signer.key], [kept]).as_dict()["record"] is None


def test_a_receipt_agrees_with_a_kept_checkpoint_of_its_size(log: list[Event], signer: Signer) -> None:
    report = check_receipt(inclusion_receipt(log[2]), [signer.key], [Checkpoint.objects.get(size=8).note])
    assert (report.ok, report.kept) == (True, 1)


def test_a_receipt_from_another_history_than_the_kept_checkpoint_is_found(log: list[Event], signer: Signer) -> None:
    report = check_receipt(inclusion_receipt(log[2]), [signer.key], [signer.checkpoint(8, bytes(32), NOW)])
    assert (report.findings[0].kind, report.kept, report.record) == ("rewritten", 0, None)


@pytest.mark.parametrize("size", [3, 5])
def test_a_receipt_cannot_be_compared_with_a_kept_checkpoint_of_another_size(
    log: list[Event], signer: Signer, size: int
) -> None:
    with pytest.raises(CheckError, match=f"of {size} records.*mercat audit checkpoint --since {size}"):
        check_receipt(inclusion_receipt(log[2]), [signer.key], [Checkpoint.objects.get(size=size).note])


def test_a_kept_checkpoint_newer_than_the_receipt_asks_for_a_newer_receipt(log: list[Event], signer: Signer) -> None:
    with pytest.raises(CheckError, match="older than your checkpoint of 9 records: ask for a new receipt"):
        check_receipt(inclusion_receipt(log[2]), [signer.key], [signer.checkpoint(9, bytes(32), NOW)])


def test_a_receipt_under_an_altered_checkpoint_proves_nothing(log: list[Event], signer: Signer) -> None:
    receipt = inclusion_receipt(log[2])
    report = check_receipt(receipt | {"checkpoint": receipt["checkpoint"].replace("\n8\n", "\n9\n")}, [signer.key])
    assert (report.ok, report.findings[0].kind) == (False, "checkpoint")


def test_a_receipt_has_to_wait_for_the_log(happen: Happen, signer: Signer) -> None:
    (event,) = happen(1)
    with pytest.raises(NotYet, match="in a minute"):
        inclusion_receipt(event)
    integrate(now=NOW)
    assert check_receipt(inclusion_receipt(event), [signer.key]).ok


@pytest.mark.usefixtures("log")
def test_a_receipt_reads_few_rows(log: list[Event], django_assert_num_queries) -> None:
    with django_assert_num_queries(5):  # a savepoint and its release; leaf, checkpoint, nodes
        inclusion_receipt(log[3])


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize("size", [3, 5, 8])
def test_growth_is_proved_to_who_kept_only_a_checkpoint(signer: Signer, size: int) -> None:
    kept = Checkpoint.objects.get(size=size).note
    report = check_receipt(consistency_receipt(size), [signer.key], [kept])
    assert (report.ok, report.kept) == (True, 1)


@pytest.mark.usefixtures("log")
def test_growth_from_another_past_is_not_proved(signer: Signer) -> None:
    rewritten = signer.checkpoint(5, bytes(32), NOW)
    report = check_receipt(consistency_receipt(5), [signer.key], [rewritten])
    assert not report.ok
    assert "not shown that the log only grew since 5 records" in report.findings[0].message


@pytest.mark.usefixtures("log")
def test_a_proof_of_growth_needs_the_checkpoint_that_it_starts_from(signer: Signer) -> None:
    with pytest.raises(CheckError, match="starts from 5 records"):
        check_receipt(consistency_receipt(5), [signer.key], [Checkpoint.objects.get(size=3).note])


@pytest.mark.usefixtures("log")
def test_a_log_cannot_have_grown_from_more_than_it_is() -> None:
    with pytest.raises(NotYet, match="has 8 records under a checkpoint, not 9"):
        consistency_receipt(9)

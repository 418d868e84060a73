"""Whatever is done to the record is found, with the first bad index named: in the live database and in an export."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mercat.audit.actions import erase_personal, record
from mercat.audit.keys import Signer, draw_key, public_path, use_key
from mercat.audit.log import LogDamaged, integrate, newest_checkpoint, replace_signing_key
from mercat.audit.models import Checkpoint, Event, Leaf, Pending, PersonalData
from mercat.audit.verifier import Key, Report, check_export, leaves_of
from mercat.audit.verify import verify_log
from tests.audit.conftest import NOW, ORIGIN, exported, system
from tests.audit.tampering import Insider, unlock

pytestmark = pytest.mark.django_db


class Check:
    """The outsider: has the public key, and perhaps something kept from before."""

    def __init__(self, keys: Sequence[Key], check: Callable[..., Report]) -> None:
        self.keys = keys
        self._check = check

    def __call__(self, *, kept: Iterable[str] = (), earlier: Iterable[str] | None = None) -> Report:
        before = leaves_of(earlier) if earlier else ()
        return self._check(keys=self.keys, kept=kept, earlier=before)


def check_live(*, keys: Sequence[Key], kept: Iterable[str], earlier: Iterable[bytes]) -> Report:
    return verify_log(now=NOW, keys=keys, kept=kept, earlier=earlier)


def check_an_export(*, keys: Sequence[Key], kept: Iterable[str], earlier: Iterable[bytes]) -> Report:
    return check_export(exported(personal=True), keys, kept=kept, earlier=earlier)


@pytest.fixture(params=[check_live, check_an_export], ids=["live", "export"])
def check(request, log: list[Event], signer: Signer) -> Check:
    """The outsider, before a sound log of eight records."""
    outsider = Check([signer.key], request.param)
    assert outsider().ok
    return outsider


def first_bad(report: Report) -> tuple[int | None, str]:
    """The first bad index, and what is wrong there."""
    index = report.first_bad_index
    return index, next(finding.kind for finding in report.findings if finding.index == index)


@pytest.fixture
def insider(check: Check) -> Insider:
    unlock()
    return Insider()


def test_a_sound_log_is_found_sound(check: Check) -> None:
    kept = [checkpoint.note for checkpoint in Checkpoint.objects.all()]
    report = check(kept=kept, earlier=exported())
    assert report.ok
    assert (report.leaves, report.checkpoints, report.kept, report.first_bad_index) == (8, 3, 3, None)
    assert (report.newest.size, report.newest.at) == (8, NOW)


@pytest.mark.parametrize("index", [0, 3, 7])
def test_a_deleted_record_is_found(check: Check, insider: Insider, index: int) -> None:
    insider.delete(index)
    assert check().first_bad_index == index


@pytest.mark.parametrize("index", [0, 3, 6])
def test_a_deleted_record_is_found_also_when_the_gap_is_closed(check: Check, insider: Insider, index: int) -> None:
    insider.delete_and_close_up(index)
    assert check().first_bad_index == index


@pytest.mark.parametrize("index", [0, 4, 7])
def test_an_altered_record_is_found(check: Check, insider: Insider, index: int) -> None:
    insider.alter(index, what="post.approved")
    assert check().first_bad_index == index


@pytest.mark.parametrize("index", [0, 4, 7])
def test_an_inserted_record_is_found(check: Check, insider: Insider, index: int) -> None:
    insider.insert(index)
    assert check().first_bad_index == index


@pytest.mark.parametrize(("first", "second"), [(0, 1), (2, 5), (0, 7)])
def test_reordered_records_are_found(check: Check, insider: Insider, first: int, second: int) -> None:
    insider.swap(first, second)
    assert check().first_bad_index == first


@pytest.mark.parametrize("size", [0, 3, 6, 7])
def test_a_truncated_log_is_found_by_its_own_checkpoints(check: Check, insider: Insider, size: int) -> None:
    insider.truncate(size, checkpoints=False)
    assert check().first_bad_index == size


@pytest.mark.parametrize("size", [0, 3, 5])
def test_a_log_truncated_with_its_checkpoints_is_found_by_one_kept(check: Check, insider: Insider, size: int) -> None:
    kept = newest_checkpoint().note
    insider.truncate(size, checkpoints=True)
    assert check().ok
    assert check(kept=[kept]).first_bad_index == size


def test_a_log_truncated_with_its_checkpoints_is_found_by_an_earlier_export(check: Check, insider: Insider) -> None:
    earlier = exported()
    insider.truncate(5, checkpoints=True)
    report = check(earlier=earlier)
    assert first_bad(report) == (5, "cut")


@pytest.mark.parametrize("index", [0, 4, 7])
def test_a_log_rolled_anew_with_another_key_is_found(check: Check, insider: Insider, index: int) -> None:
    insider.reroll(index, draw_key(ORIGIN))
    report = check()
    assert first_bad(report) == (index, "key")


@pytest.mark.parametrize(("index", "kept_from"), [(0, 0), (4, 3), (7, 5)])
def test_a_log_rolled_anew_with_the_stolen_key_is_found_by_kept_checkpoints(
    check: Check, insider: Insider, signer: Signer, index: int, kept_from: int
) -> None:
    """A root alone cannot name the record, only the range between two kept checkpoints: its start is named."""
    kept = [checkpoint.note for checkpoint in Checkpoint.objects.all()]
    insider.reroll(index, signer)
    assert check().ok
    report = check(kept=kept)
    assert first_bad(report) == (kept_from, "rewritten")
    assert kept_from <= index <= report.findings[0].through


@pytest.mark.parametrize("index", [0, 4, 7])
def test_a_log_rolled_anew_with_the_stolen_key_is_found_to_the_record_by_an_earlier_export(
    check: Check, insider: Insider, signer: Signer, index: int
) -> None:
    earlier = exported()
    insider.reroll(index, signer)
    report = check(earlier=earlier)
    assert first_bad(report) == (index, "rewritten")


def test_a_log_wholly_signed_by_a_replaced_key_is_found_at_its_start(check: Check, insider: Insider) -> None:
    insider.reroll(0, draw_key(ORIGIN))
    assert all(finding.kind in {"key", "checkpoint", "uncovered"} for finding in check().findings)


def test_a_key_that_was_replaced_cannot_sign_again(
    check: Check, signer: Signer, key_file: Path, happen: Callable[..., list[Event]]
) -> None:
    _, new = replace_signing_key(by=system(), why="Lent out", now=NOW)
    integrate(now=NOW)
    check.keys = [*check.keys, new]
    assert check().ok
    use_key(key_file, signer)  # stolen before
    happen(1)
    integrate(now=NOW)
    report = check()
    assert first_bad(report) == (9, "key")


@pytest.mark.usefixtures("insider")
def test_an_altered_checkpoint_is_found_with_the_records_it_covered(check: Check) -> None:
    last = newest_checkpoint()
    Checkpoint.objects.filter(pk=last.pk).update(note=last.note.replace("\n8\n", "\n7\n"), size=7)
    report = check()
    assert [finding.kind for finding in report.findings[:1]] == ["checkpoint"]
    assert report.first_bad_index == 5  # from there on nothing is covered by a checkpoint that holds


@pytest.mark.usefixtures("insider")
def test_altered_personal_data_is_found(check: Check) -> None:
    PersonalData.objects.filter(event__place__index=4).update(data={"name": "Somebody else"})
    report = check()
    assert first_bad(report) == (4, "personal")
    assert "does not match" in report.findings[0].message


@pytest.mark.usefixtures("insider")
def test_deleted_personal_data_is_found(check: Check) -> None:
    PersonalData.objects.filter(event__place__index=7).delete()
    report = check()
    assert first_bad(report) == (7, "personal")
    assert "is gone" in report.findings[0].message


def test_added_personal_data_is_found(check: Check, happen: Callable[..., list[Event]]) -> None:
    (event,) = happen(1)
    integrate(now=NOW)
    unlock()
    PersonalData.objects.create(event=event, salt=bytes(32), data={"name": "Somebody"})
    assert first_bad(check()) == (8, "personal")


@pytest.mark.parametrize("at", [NOW, NOW - timedelta(hours=1), datetime(9999, 1, 1, tzinfo=UTC)])
def test_personal_data_erased_without_a_trace_is_found(check: Check, log: list[Event], at: datetime) -> None:
    """All of this the application's own role may do: an erasure is recorded, and then kept from the log."""
    erase_personal(by=system(), events=[log[4]], why="Nobody shall know", now=at)
    Pending.objects.all().delete()
    integrate(now=NOW)
    report = check()
    assert first_bad(report) == (4, "personal")
    assert "no erasure tells why" in "\n".join(report.lines())


def test_an_erasure_of_something_else_is_no_excuse(check: Check, log: list[Event]) -> None:
    (erasure,) = erase_personal(by=system(), events=[log[1]], why="Old", now=NOW)
    integrate(now=NOW)
    PersonalData.objects.filter(event=log[4]).update(salt=None, data=None, erased_by=erasure)
    assert first_bad(check()) == (4, "personal")


def test_an_event_of_another_kind_is_no_excuse(check: Check, log: list[Event]) -> None:
    noted = record(by=system(), what="post.noted", about=[log[4].audit_ref], now=NOW)
    integrate(now=NOW)
    PersonalData.objects.filter(event=log[4]).update(salt=None, data=None, erased_by=noted)
    assert first_bad(check()) == (4, "personal")


def test_erased_personal_data_is_told_from_altered(check: Check, log: list[Event]) -> None:
    erase_personal(by=system(), events=log[2:5], why="Kept for six years", now=NOW)
    integrate(now=NOW)
    report = check()
    assert report.ok
    assert report.erased == 3


def test_many_findings_are_counted_and_the_first_ones_shown(check: Check, happen: Callable[..., list[Event]]) -> None:
    happen(60)
    integrate(now=NOW)
    unlock()
    Leaf.objects.update(signature=bytes(68))
    report = check()
    assert (report.found, len(report.findings)) == (68, 50)
    assert "… and 18 more." in "\n".join(report.lines())


# What only the live database can be asked


@pytest.mark.parametrize(
    "columns",
    [
        {"what": "post.approved"},
        {"actor": "person:somebody"},
        {"at": NOW + timedelta(hours=1)},
        {"about": ["post:99"]},
        {"facts": {"n": 99}},
        {"facts": {"n": 0.5}},
        {"system_reason": "Because"},
        {"commitment": bytes(32)},
    ],
)
def test_columns_altered_beside_an_untouched_leaf_are_found(log: list[Event], columns: dict) -> None:
    unlock()
    Event.objects.filter(pk=log[4].pk).update(**columns)
    report = verify_log(now=NOW)
    assert first_bad(report) == (4, "columns")


@pytest.mark.usefixtures("log")
def test_altered_hashes_and_nodes_are_found() -> None:
    unlock()
    Leaf.objects.filter(index=6).update(leaf_hash=bytes(32))
    Leaf.objects.filter(index=3).update(nodes=bytes(64))
    report = verify_log(now=NOW)
    assert {(finding.index, finding.kind) for finding in report.findings} == {(3, "nodes"), (6, "hash")}


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize("columns", [{"root": bytes(32)}, {"at": NOW + timedelta(minutes=1)}])
def test_altered_columns_of_a_checkpoint_are_found(columns: dict) -> None:
    unlock()
    Checkpoint.objects.filter(size=5).update(**columns)
    assert [finding.kind for finding in verify_log(now=NOW).findings] == ["columns"]


def test_a_pretended_erasure_is_found(log: list[Event]) -> None:
    unlock()
    PersonalData.objects.filter(event=log[4]).update(salt=None, data=None, erased_by=log[0])
    report = verify_log(now=NOW)
    assert (report.first_bad_index, [finding.kind for finding in report.findings]) == (4, ["personal"])


def test_an_erasure_that_still_waits_for_its_place_is_sound(log: list[Event]) -> None:
    erase_personal(by=system(), events=[log[4]], why="Old", now=NOW)
    assert verify_log(now=NOW + timedelta(minutes=9)).ok
    report = verify_log(now=NOW + timedelta(minutes=11))
    assert {finding.kind for finding in report.findings} == {"waiting", "personal"}


@pytest.mark.usefixtures("log")
def test_an_event_taken_out_of_the_queue_is_found_at_once(happen) -> None:
    (event,) = happen(1)
    Pending.objects.all().delete()
    (finding,) = verify_log(now=NOW).findings
    assert finding.kind == "waiting"
    assert str(event.uid) in finding.message


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize("away", [timedelta(minutes=11), timedelta(days=-1)])
def test_an_event_of_another_time_that_has_no_place_is_found(happen, away: timedelta) -> None:
    (event,) = happen(1)
    assert verify_log(now=NOW).ok
    (finding,) = verify_log(now=NOW + away).findings
    assert (finding.kind, str(event.uid) in finding.message) == ("waiting", True)


def test_a_replaced_key_is_found_by_the_public_keys_kept_here(log: list[Event], key_file) -> None:
    known = public_path(key_file).read_text()
    unlock()
    Insider().reroll(2, draw_key(ORIGIN))
    public_path(key_file).write_text(known)
    report = verify_log(now=NOW)
    assert first_bad(report) == (2, "key")


def test_nothing_is_signed_on_top_of_a_damaged_log(log: list[Event], happen) -> None:

    happen(1)
    unlock()
    Insider().truncate(6, checkpoints=False)
    with pytest.raises(LogDamaged, match="Nothing was signed"):
        integrate(now=NOW)

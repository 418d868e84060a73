"""The folder of the HR system: a file is taken in once it has been written, and moved with a report beside it."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from mercat.audit.models import Event
from mercat.people.hr import drop, imports
from mercat.people.models import Import, Notice, Person
from tests import factories as make
from tests.factories import NOW
from tests.people.hr.files import as_csv, as_json, line
from tests.people.hr.test_comparing import rule

pytestmark = pytest.mark.django_db

Put = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path, settings) -> Path:
    make.unit()
    settings.MERCAT_HR_DROP = tmp_path
    return tmp_path


@pytest.fixture
def put(folder: Path) -> Put:
    def put(name: str, data: bytes = as_csv(line("100")), at: datetime = NOW - timedelta(minutes=1)) -> Path:
        path = folder / name
        path.write_bytes(data)
        os.utime(path, (at.timestamp(), at.timestamp()))
        return path

    return put


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())


def test_a_file_is_taken_in_and_moved_with_its_report(folder: Path, put: Put) -> None:
    administrator = make.person("Administrator", unit_key="ict", roles=("administrator",))
    put("people.csv", as_csv(line("100"), line("101", rank="Bobby")))
    drop.run(now=NOW)
    file = Import.objects.get()
    assert (file.source, file.name, file.made_at) == ("folder", "people.csv", NOW - timedelta(minutes=1))
    assert names(folder) == ["done/people.csv", "done/people.csv.report.csv"]
    assert "“Bobby” is not known here." in (folder / "done/people.csv.report.csv").read_text()
    assert (folder / "done/people.csv.report.csv").stat().st_mode & 0o777 == 0o600
    assert Notice.objects.get(person=administrator).subject == imports.WAITS
    assert Event.objects.get(what="import.received").system_reason == "A file in the folder of the HR system"
    drop.run(now=NOW)
    assert Import.objects.count() == 1


def test_where_no_folder_is_set_nothing_is_watched(settings) -> None:
    settings.MERCAT_HR_DROP = None
    drop.run(now=NOW)
    assert not Import.objects.exists()


def test_a_bad_file_is_refused_with_its_reason_beside_it(folder: Path, put: Put) -> None:
    administrator = make.person("Administrator", unit_key="ict", roles=("administrator",))
    put("people.xlsx", b"PK\x03\x04")
    drop.run(now=NOW)
    assert names(folder) == ["refused/people.xlsx", "refused/people.xlsx.report.txt"]
    assert "It is a spreadsheet" in (folder / "refused/people.xlsx.report.txt").read_text()
    assert Notice.objects.get(person=administrator).subject == imports.REFUSED
    assert not Import.objects.exists()


def test_a_file_that_is_still_being_written_is_left_alone(folder: Path, put: Put) -> None:
    put("people.csv", at=NOW - timedelta(seconds=3))
    put("later.csv.part")
    put(".hidden.csv")
    drop.run(now=NOW)
    assert names(folder) == [".hidden.csv", "later.csv.part", "people.csv"]
    drop.run(now=NOW + timedelta(seconds=10))
    assert Import.objects.count() == 1


def test_a_file_that_grows_while_it_is_read_is_left_alone(
    folder: Path, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put("people.csv")
    statted = drop.os.fstat
    looks = []

    def grows(descriptor: int) -> os.stat_result:
        if looks:
            with path.open("ab") as more:
                more.write(b"more")
        looks.append(1)
        return statted(descriptor)

    monkeypatch.setattr(drop.os, "fstat", grows)
    drop.run(now=NOW)
    assert names(folder) == ["people.csv"]
    assert not Import.objects.exists()


def test_links_folders_and_pipes_are_left_alone(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside") / "secret.csv"
    outside.write_bytes(as_csv(line("100")))
    os.utime(outside, (0, 0))
    (folder / "link.csv").symlink_to(outside)
    (folder / "folder.csv").mkdir()
    os.mkfifo(folder / "pipe.csv")
    drop.run(now=NOW + timedelta(days=9999))
    assert outside.exists()
    assert not Import.objects.exists()


def test_a_link_that_takes_a_files_place_after_the_look_is_not_followed(folder: Path, put: Put) -> None:
    path = put("people.csv")
    path.unlink()
    path.symlink_to("/etc/hostname")
    with pytest.raises(OSError, match="symbolic link"):
        drop._take_in(folder, "people.csv", now=NOW)


def test_a_name_that_looks_like_a_path_or_holds_strange_bytes_stays_in_the_folder(folder: Path, put: Put) -> None:
    put("a\\..\\evil\u202e.csv")
    with (folder / os.fsdecode(b"caf\xe9.csv")).open("wb") as opened:
        opened.write(as_csv(line("101")))
    os.utime(folder / os.fsdecode(b"caf\xe9.csv"), (1, 1))
    drop.run(now=NOW)
    assert set(Import.objects.values_list("name", flat=True)) == {"evil.csv", "caf?.csv"}
    assert all(os.path.dirname(name) == "done" for name in names(folder))
    assert len(names(folder)) == 4


def test_a_file_never_takes_the_place_of_another_of_its_name(folder: Path, put: Put) -> None:
    for number in ("100", "101", "102"):
        put("people.csv", as_csv(line(number)))
        drop.run(now=NOW)
    assert names(folder / "done") == [
        "people-2.csv", "people-2.csv.report.csv", "people-3.csv", "people-3.csv.report.csv", "people.csv",
        "people.csv.report.csv",
    ]  # fmt: skip


def test_a_file_that_could_not_be_moved_is_not_taken_in_twice(
    folder: Path, put: Put, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    put("people.csv")
    with monkeypatch.context() as broken:
        broken.setattr(drop, "_put", lambda *_: (_ for _ in ()).throw(OSError("The disk is full")))
        drop.run(now=NOW)
    assert "The disk is full" in caplog.text
    drop.run(now=NOW)
    assert Import.objects.count() == 1
    assert names(folder) == ["done/people.csv", "done/people.csv.report.csv"]


def test_a_file_that_cannot_be_read_keeps_no_other_from_being_taken_in(
    folder: Path, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    put("a.csv")
    put("b.csv", as_csv(line("101")))
    read = drop._read
    forbidden = PermissionError("a.csv")

    def only_b(path: Path) -> object:
        if path.name == "a.csv":
            raise forbidden
        return read(path)

    monkeypatch.setattr(drop, "_read", only_b)
    drop.run(now=NOW)
    assert [row.name for row in Import.objects.all()] == ["b.csv"]
    assert (folder / "a.csv").exists()


def test_a_place_that_somebody_else_made_is_not_used(folder: Path, put: Put, tmp_path_factory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (folder / "done").symlink_to(elsewhere)
    put("people.csv")
    with pytest.raises(PermissionError, match="no folder of Mercat's own"):
        drop.run(now=NOW)
    assert not Import.objects.exists()
    assert names(elsewhere) == []


def test_what_can_be_moved_nowhere_is_not_even_read(folder: Path, put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    put("people.csv")
    monkeypatch.setattr(drop.os, "access", lambda *_: False)
    with pytest.raises(PermissionError, match="no file was taken in"):
        drop.run(now=NOW)
    assert not Import.objects.exists()


def test_the_pack_may_have_files_of_the_folder_applied_unasked(
    folder: Path, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule(monkeypatch, apply="unconflicted")
    put("people.json", as_json(line("100"), whole=True))
    drop.run(now=NOW)
    imports.run(now=NOW)
    assert Person.objects.filter(number="100").exists()

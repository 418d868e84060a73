"""The stand-alone verifier over files: an export edited in any way, receipts, and its command line."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mercat.audit import verifier
from mercat.audit.keys import Signer, draw_key
from mercat.audit.verifier import (
    CheckError,
    Report,
    Tree,
    b64,
    canonical,
    check_export,
    check_receipt,
    commitment,
    leaf_hash,
    leaves_of,
    main,
)
from tests.audit.conftest import NOW, ORIGIN

SIZE = 12
ERASED = 3
CHECKPOINTS = (0, 1, 4, 5, 9, 12, 12)
SALT = bytes(range(32))
Line = dict


@cache
def key() -> Signer:
    return draw_key(ORIGIN)


@cache
def other_key() -> Signer:
    return draw_key(ORIGIN)


@cache
def text() -> tuple[str, ...]:
    """An export of a sound log of SIZE records, made without a database."""
    lines: list[Line] = [
        {"format": "mercat-audit-export", "version": 1, "origin": ORIGIN, "keys": [key().key.vkey], "personal": True}
    ]
    tree = Tree()
    for index in range(SIZE):
        lines += checkpoints(tree)
        leaf = event(index)
        hashed = leaf_hash(leaf)
        lines.append({"type": "leaf", "index": index, "leaf": b64(leaf), "signature": b64(key().leaf(index, hashed))})
        lines.append(opening(index))
        tree.append(hashed)
    lines += [*checkpoints(tree), {"type": "end"}]
    return tuple(json.dumps(line) for line in lines)


def event(index: int) -> bytes:
    """A leaf; the last of the log says that the personal data of ERASED is gone."""
    last = index == SIZE - 1
    return canonical(
        {
            "id": f"uid-{index}",
            "what": "audit.personal_erased" if last else "post.noted",
            "about": [f"event:uid-{ERASED}"] if last else [],
            "personal": commitment(SALT, {"name": str(index)}).hex(),
        }
    )


def opening(index: int) -> Line:
    if index == ERASED:
        return {"type": "personal", "index": index, "erased": True}
    return {"type": "personal", "index": index, "salt": b64(SALT), "data": {"name": str(index)}}


def checkpoints(tree: Tree) -> list[Line]:
    moments = [NOW + timedelta(minutes=number) for number in range(CHECKPOINTS.count(tree.size))]
    return [{"type": "checkpoint", "note": key().checkpoint(tree.size, tree.root(), moment)} for moment in moments]


@dataclass
class Export:
    """An export as its lines, for editing."""

    lines: list[Line]

    def check(self, **options: object) -> Report:
        return check_export([json.dumps(line) for line in self.lines], [key().key], **options)

    def at(self, index: int, kind: str = "leaf") -> int:
        """Line number of a record."""
        return next(n for n, line in enumerate(self.lines) if (line.get("type"), line.get("index")) == (kind, index))

    def leaf(self, index: int) -> Line:
        return self.lines[self.at(index)]

    def notes(self) -> list[str]:
        return [line["note"] for line in self.lines if line.get("type") == "checkpoint"]


def export() -> Export:
    return Export([json.loads(line) for line in text()])


indexes = st.integers(0, SIZE - 1)


def test_a_sound_export_is_found_sound() -> None:
    report = export().check(kept=export().notes(), earlier=leaves_of(text()))
    assert report.ok
    assert (report.leaves, report.checkpoints, report.kept, report.erased) == (12, 7, 7, 1)


@given(indexes)
def test_a_deleted_line_is_found(index: int) -> None:
    edited = export()
    del edited.lines[edited.at(index) : edited.at(index) + 2]
    assert edited.check().first_bad_index == index


@given(indexes, st.data())
def test_any_flipped_bit_of_a_record_or_its_signature_is_found(index: int, data: st.DataObject) -> None:
    edited = export()
    name = data.draw(st.sampled_from(["leaf", "signature"]))
    content = bytearray(verifier.unb64(edited.leaf(index)[name]))
    position = data.draw(st.integers(0, len(content) * 8 - 1))
    content[position // 8] ^= 1 << position % 8
    edited.leaf(index)[name] = b64(bytes(content))
    assert edited.check().first_bad_index == index


@given(indexes, indexes)
def test_a_record_copied_to_another_place_is_found(source: int, target: int) -> None:
    edited = export()
    copied = dict(edited.leaf(source), index=target)
    edited.lines[edited.at(target)] = copied
    assert edited.check().first_bad_index == (None if source == target else target)


@given(indexes, indexes)
def test_two_exchanged_lines_are_found(one: int, other: int) -> None:
    edited = export()
    first, second = edited.at(one), edited.at(other)
    edited.lines[first], edited.lines[second] = edited.lines[second], edited.lines[first]
    assert edited.check().first_bad_index == (None if one == other else min(one, other))


@given(indexes)
def test_a_repeated_line_is_found(index: int) -> None:
    edited = export()
    edited.lines.insert(edited.at(index), edited.leaf(index))
    assert not edited.check().ok


@given(st.integers(1, len(text()) - 1))
def test_a_file_cut_anywhere_is_found(length: int) -> None:
    edited = Export(export().lines[:length])
    left = sum(line.get("type") == "leaf" for line in edited.lines)
    report = edited.check()
    assert "cut" in {finding.kind for finding in report.findings}
    personal_is_missing = edited.lines[-1].get("type") == "leaf"
    assert report.first_bad_index == left - personal_is_missing


@given(indexes)
def test_a_cut_with_a_new_end_is_found_by_a_kept_checkpoint(size: int) -> None:
    edited = export()
    notes = edited.notes()
    edited.lines[edited.at(size) :] = [{"type": "end"}]
    assert edited.check(kept=notes[-1:]).first_bad_index == size


@given(st.integers(0, len(CHECKPOINTS) - 1), st.data())
def test_any_altered_byte_of_a_checkpoint_is_found(number: int, data: st.DataObject) -> None:
    edited = export()
    line = [line for line in edited.lines if line.get("type") == "checkpoint"][number]
    position = data.draw(st.integers(0, len(line["note"]) - 1))
    character = data.draw(st.characters(codec="ascii").filter(lambda other: other != line["note"][position]))
    line["note"] = line["note"][:position] + character + line["note"][position + 1 :]
    report = edited.check()
    assert not report.ok or _only_the_time_is_gone(line["note"])


def _only_the_time_is_gone(note: str) -> bool:
    """A time whose signer's name was spoilt counts as a stranger's signature, which notes allow."""
    return verifier.open_checkpoint(note, [key().key]).at is None


@given(indexes, st.sampled_from(["data", "salt", "erase", "drop"]))
def test_altered_personal_data_is_found_and_told_from_erased(index: int, change: str) -> None:
    edited = export()
    number = edited.at(index, "personal")
    if change == "drop":
        del edited.lines[number]
    elif change == "erase":
        edited.lines[number] = {"type": "personal", "index": index, "erased": True}
    elif index == ERASED:
        edited.lines[number] = {"type": "personal", "index": index, "salt": b64(SALT), "data": {"name": "Other"}}
    else:
        edited.lines[number][change] = {"name": "Other"} if change == "data" else b64(bytes(32))
    report = edited.check()
    if (change, index) == ("erase", ERASED):
        assert report.ok
    else:
        assert (report.first_bad_index, report.findings[0].kind) == (index, "personal")


def test_personal_data_of_another_record_is_found() -> None:
    edited = export()
    edited.lines[edited.at(5, "personal")]["index"] = 6
    assert [(finding.index, finding.kind) for finding in edited.check().findings] == [(6, "personal")]


def test_an_export_signed_by_another_key_is_found_at_its_start() -> None:
    report = check_export(text(), [other_key().key])
    assert report.first_bad_index == 0
    assert {finding.kind for finding in report.findings} == {"checkpoint", "key"}


def test_a_record_beyond_the_last_checkpoint_is_found() -> None:
    edited = export()
    leaf = canonical({"id": "uid", "what": "post.noted", "about": [], "personal": None})
    signature = key().leaf(SIZE, leaf_hash(leaf))
    edited.lines.insert(-1, {"type": "leaf", "index": SIZE, "leaf": b64(leaf), "signature": b64(signature)})
    report = edited.check()
    assert (report.first_bad_index, [finding.kind for finding in report.findings]) == (SIZE, ["uncovered"])


def test_a_record_that_is_no_event_is_found_where_personal_data_is_expected() -> None:
    edited = export()
    leaf = b"not json"
    edited.leaf(2).update(leaf=b64(leaf), signature=b64(key().leaf(2, leaf_hash(leaf))))
    assert edited.check().first_bad_index == 2


@pytest.mark.parametrize(
    "line",
    [
        "garbage",
        "[" * 100_000,
        "{}",
        "[]",
        '{"type":"leaf"}',
        '{"type":"other"}',
        '{"type":"leaf","index":5,"leaf":"*","signature":""}',
    ],
)
def test_a_line_that_cannot_be_read_is_found_where_it_stands(line: str) -> None:
    lines = list(text())
    lines[export().at(5)] = line
    report = check_export(lines, [key().key])
    assert (report.first_bad_index, report.findings[-1].kind) == (5, "unreadable")


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("", "not an export"),
        ("[1]", "not an export"),
        ('{"format":"other"}', "not an export|not know"),
        ('{"format":"mercat-audit-export","version":2,"origin":"x","personal":false}', "not know"),
        ('{"format":"mercat-audit-export","version":1,"origin":"x","personal":false}', "is of the log x"),
    ],
)
def test_what_is_no_export_of_this_log_cannot_be_checked(header: str, message: str) -> None:
    with pytest.raises(CheckError, match=message):
        check_export([header, *text()[1:]], [key().key])


def test_keys_of_different_logs_cannot_be_mixed() -> None:
    with pytest.raises(CheckError, match="only keys of one log"):
        check_export(text(), [key().key, draw_key("another.example/log").key])
    with pytest.raises(CheckError, match="at least one key"):
        check_export(text(), [])


def test_a_kept_checkpoint_of_another_signer_cannot_be_used() -> None:
    with pytest.raises(CheckError, match="that you kept cannot be used"):
        export().check(kept=[other_key().checkpoint(0, verifier.EMPTY_ROOT, NOW)])


# The command line


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "log.jsonl").write_text("\n".join(text()) + "\n")
    (tmp_path / "kept.txt").write_text(export().notes()[2], encoding="utf-8")
    return tmp_path


@pytest.fixture
def run(folder: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """The verifier copied alone into an empty place, in a Python that sees nothing of the project."""
    (folder / "verifier.py").write_bytes(Path(verifier.__file__).read_bytes())

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", "-W", "error", "verifier.py", *arguments]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)

    return run


def test_one_file_alone_checks_an_export(run: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    done = run("log.jsonl", "--key", key().key.vkey, "--checkpoint", "kept.txt", "--earlier", "log.jsonl")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Sound: everything agrees.\n")
    assert "Records: 12. Checkpoints: 7." in done.stdout


def test_the_file_needs_only_the_standard_library_and_cryptography() -> None:
    tree = ast.parse(Path(verifier.__file__).read_text())
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "." for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    roots = {name.split(".")[0] for name in imported}
    assert roots - set(sys.stdlib_module_names) == {"cryptography"}


def test_a_machine_reads_the_first_bad_index(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edited = export()
    del edited.lines[edited.at(4) : edited.at(4) + 2]
    file = folder / "edited.jsonl"
    file.write_text("\n".join(json.dumps(line) for line in edited.lines))
    assert main([str(file), "--key", key().key.vkey, "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert (report["ok"], report["first_bad_index"], report["findings"][0]["kind"]) == (False, 4, "missing")


def test_a_person_reads_it_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(folder / "log.jsonl"), "--key", other_key().key.vkey]) == 1
    assert "NOT SOUND. First bad index: 0" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        ["absent.jsonl", "--key", "VKEY"],
        ["log.jsonl", "--key", "nonsense"],
        ["log.jsonl", "--key", "VKEY", "--checkpoint", "absent.txt"],
        ["log.jsonl", "--key", "VKEY", "--checkpoint", "log.jsonl"],
        ["log.jsonl", "--key", "VKEY", "--earlier", "kept.txt"],
        ["--receipt", "log.jsonl", "--key", "VKEY"],
        ["--receipt", "list.json", "--key", "VKEY"],
        ["--receipt", "receipt.json", "--key", "VKEY", "--earlier", "log.jsonl"],
        ["binary", "--key", "VKEY"],
    ],
)
def test_what_cannot_be_checked_ends_with_2_and_one_sentence(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    monkeypatch.chdir(folder)
    Path("binary").write_bytes(b"\xff\xfe")
    Path("list.json").write_text("[]")
    Path("receipt.json").write_text(json.dumps(receipt(EVENT)))
    assert main([key().key.vkey if argument == "VKEY" else argument for argument in arguments]) == 2
    error = capsys.readouterr().err
    assert error.startswith("It could not be checked: ")
    assert error.count("\n") == 1


@pytest.mark.parametrize("arguments", [[], ["log.jsonl"], ["a", "--receipt", "b", "--key", "c"]])
def test_wrong_usage_ends_with_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2


@pytest.mark.parametrize(
    "receipt", [{}, {"format": "other", "proof": [], "checkpoint": ""}, {"proof": "x"}, {"proof": ["AA=="]}]
)
def test_what_is_no_receipt_cannot_be_checked(receipt: dict) -> None:
    with pytest.raises(CheckError):
        check_receipt(receipt, [key().key])


EVENT = {"v": 1, "at": "2026-03-14T15:09:26.000000Z", "what": "post.noted", "about": ["post:1"], "facts": {"n": 1}}


def receipt(leaf: object) -> dict:
    """A sound receipt of the only record of a log."""
    content = leaf if isinstance(leaf, bytes) else canonical(leaf)
    hashed = leaf_hash(content)
    return {
        "format": "mercat-audit-inclusion",
        "version": 1,
        "index": 0,
        "leaf": b64(content),
        "signature": b64(key().leaf(0, hashed)),
        "proof": [],
        "checkpoint": key().checkpoint(1, hashed, NOW),
    }


def read(leaf: object) -> Report:
    return check_receipt(receipt(leaf), [key().key])


def test_a_receipt_without_a_database_says_what_it_is_of() -> None:
    assert read(EVENT).ok
    assert "  what: post.noted" in list(read(EVENT).lines())


@pytest.mark.parametrize(
    "leaf", [b"\xff", b"no", [], "text", {}, EVENT | {"v": 2}, EVENT | {"facts": []}, EVENT | {"about": "post:1"}]
)
def test_a_record_that_is_no_event_is_not_vouched_for(leaf: object) -> None:
    report = read(leaf)
    assert (report.ok, report.findings[0].kind, report.record) == (False, "unreadable", None)


def test_every_fact_is_shown_on_one_line_of_its_own() -> None:
    facts = {"digest": "9f86d081", "handles": ["a", "b"], "n": None, "why": "“Ja”\nat: 1999\u202e\x9b"}
    lines = list(read(EVENT | {"facts": facts, "about": []}).lines())
    assert lines[4:9] == [
        "  about: ",
        "  facts:",
        "    digest: 9f86d081",
        '    handles: ["a", "b"]',
        "    n: null",
    ]
    assert lines[9] == "    why: “Ja”\\nat: 1999\\u202e\\x9b"
    assert all(character.isprintable() for line in lines for character in line)

"""`mercat audit`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mercat.audit.cli import audit
from mercat.audit.keys import Signer, draw_key, public_path
from mercat.audit.log import integrate, newest_checkpoint
from mercat.audit.models import Checkpoint, Event
from mercat.audit.verifier import check_receipt, main, parse_vkey
from tests.audit.conftest import NOW
from tests.audit.tampering import Insider, unlock

pytestmark = pytest.mark.django_db


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(audit, [str(argument) for argument in arguments])


@pytest.mark.usefixtures("log")
def test_a_sound_log_ends_with_0() -> None:
    result = run("verify")
    assert (result.exit_code, result.output.splitlines()[0]) == (0, "Sound: everything agrees.")


@pytest.mark.usefixtures("log")
def test_a_log_that_was_tampered_with_ends_with_1_and_names_the_place() -> None:
    unlock()
    Insider().alter(4, what="post.approved")
    result = run("verify", "--json")
    assert result.exit_code == 1
    assert json.loads(result.output)["first_bad_index"] == 4
    assert "First bad index: 4" in run("verify").output


@pytest.mark.usefixtures("log")
def test_kept_files_are_checked_against(tmp_path: Path) -> None:
    kept, earlier = tmp_path / "kept", tmp_path / "earlier"
    kept.write_text(newest_checkpoint().note)
    assert run("export", earlier).exit_code == 0
    assert run("verify", "--checkpoint", kept, "--earlier", earlier).exit_code == 0
    unlock()
    Insider().truncate(5, checkpoints=True)
    assert run("verify").exit_code == 0
    assert "First bad index: 5" in run("verify", "--checkpoint", kept).output
    assert "First bad index: 5" in run("verify", "--earlier", earlier).output


@pytest.mark.usefixtures("log")
def test_another_key_can_be_trusted_instead() -> None:
    assert run("verify", "--key", draw_key("log.example/audit").key.vkey).exit_code == 1
    result = run("verify", "--key", "nonsense")
    assert result.exit_code == 2
    assert "not a verifier key" in result.output


@pytest.mark.usefixtures("log")
def test_without_public_keys_nothing_can_be_checked(key_file: Path) -> None:
    public_path(key_file).unlink()
    result = run("verify")
    assert (result.exit_code, result.output.count("\n")) == (2, 1)


@pytest.mark.usefixtures("log")
def test_an_export_is_checked_by_the_stand_alone_verifier(tmp_path: Path, signer: Signer) -> None:
    file = tmp_path / "log.jsonl"
    result = run("export", file, "--personal")
    assert result.output == f"8 records written to {file}.\n"
    assert main([str(file), "--key", signer.key.vkey]) == 0
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("log")
def test_an_export_that_fails_leaves_the_old_file_and_no_half_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "log.jsonl"
    file.write_text("before")

    def full(*_: object, **__: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("mercat.audit.cli.export_log", full)
    result = run("export", file)
    assert (result.exit_code, "No space left" in result.output) == (2, True)
    assert [(path.name, path.read_text()) for path in tmp_path.glob("*log.jsonl*")] == [("log.jsonl", "before")]
    assert not Event.objects.filter(what="audit.exported").exists()


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize("personal", [False, True])
def test_an_export_is_itself_on_record(tmp_path: Path, personal: bool) -> None:
    run("export", tmp_path / "log.jsonl", *(["--personal"] if personal else []))
    event = Event.objects.get(what="audit.exported")
    assert event.facts == {"personal": personal, "records": 8}
    assert "command line" in event.system_reason


@pytest.mark.usefixtures("log")
def test_the_newest_checkpoint_is_printed_as_published() -> None:
    assert run("checkpoint").output == newest_checkpoint().note


def test_a_new_checkpoint_takes_in_what_waits(happen: Callable[..., list[Event]]) -> None:
    assert run("checkpoint").exit_code == 2
    happen(2)
    assert run("checkpoint", "--new").output == Checkpoint.objects.get(size=2).note


@pytest.mark.usefixtures("log")
def test_growth_since_a_kept_checkpoint_is_proved(signer: Signer) -> None:
    receipt = json.loads(run("checkpoint", "--since", "3").output)
    assert check_receipt(receipt, [signer.key], [Checkpoint.objects.get(size=3).note]).ok
    assert run("checkpoint", "--since", "99").exit_code == 2


def test_a_receipt_of_one_event_is_printed(log: list[Event], signer: Signer, tmp_path: Path) -> None:
    file = tmp_path / "receipt.json"
    file.write_text(run("receipt", str(log[4].uid)).output)
    assert main(["--receipt", str(file), "--key", signer.key.vkey]) == 0
    assert run("receipt", "00000000-0000-0000-0000-000000000000").exit_code == 2


def test_the_public_keys_are_printed_the_newest_first(log: list[Event], signer: Signer) -> None:
    assert run("key").output == f"{signer.key.vkey}\n"
    new, old = run("key", "--replace", "Yearly change").output.splitlines()
    assert (parse_vkey(new).name, old) == (signer.origin, signer.key.vkey)
    integrate(now=NOW)
    assert run("verify").exit_code == 0
    assert Event.objects.get(what="audit.key_replaced").system_reason == "Yearly change"

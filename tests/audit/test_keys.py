"""The signing key's file, and notes in the form that others sign and check too."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mercat.audit.keys import KeyProblem, Signer, draw_key, ensure_key, load_key, public_keys, use_key
from mercat.audit.verifier import (
    EMPTY_ROOT,
    CheckError,
    Checkpoint,
    b64,
    checkpoint_text,
    open_checkpoint,
    parse_vkey,
    unb64,
)
from tests.audit.conftest import NOW, ORIGIN

# The example of the documentation of Go's golang.org/x/mod/sumdb/note, and the key of Go's checksum database.
GO_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_SKEY = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_TEXT = b"If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
GO_SIGNATURE = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
SUMDB_VKEY = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "key"


@pytest.mark.parametrize("vkey", [GO_VKEY, SUMDB_VKEY])
def test_verifier_keys_of_others_are_read_and_written_alike(vkey: str) -> None:
    assert parse_vkey(f" {vkey}\n").vkey == vkey


def test_a_signature_made_by_others_is_good() -> None:
    key, signature = parse_vkey(GO_VKEY), unb64(GO_SIGNATURE)
    assert signature[:4] == key.id
    assert key.signed(signature[4:], GO_TEXT)
    assert not key.signed(signature[4:], GO_TEXT + b"\n")


def test_a_private_key_made_by_others_is_read_and_written_alike(path: Path) -> None:
    path.touch(mode=0o600)
    path.write_text(GO_SKEY + "\n")
    signer = load_key(path)
    assert signer.key.vkey == GO_VKEY
    assert signer.private_line() == GO_SKEY + "\n"


def test_the_key_is_made_once_for_its_owner_alone(path: Path) -> None:
    first, second = ensure_key(path, origin=ORIGIN), ensure_key(path, origin="another.example/ignored")
    assert first.key == second.key
    assert first.origin == ORIGIN
    assert path.stat().st_mode & 0o777 == 0o600
    assert public_keys(path) == [first.key]
    assert sorted(file.name for file in path.parent.iterdir()) == ["key", "key.pub"]


def test_processes_that_start_together_agree_on_one_key(path: Path) -> None:
    with ThreadPoolExecutor(8) as together:
        signers = list(together.map(lambda _: ensure_key(path), range(16)))
    assert len({signer.key for signer in signers}) == 1
    assert public_keys(path) == [signers[0].key]


def test_without_a_name_every_log_gets_its_own(tmp_path: Path) -> None:
    origins = {ensure_key(tmp_path / str(number)).origin for number in range(3)}
    assert len(origins) == 3


@pytest.mark.parametrize("origin", ["two words", "a+b", "line\nbreak", "nul\x00"])
def test_a_name_that_notes_cannot_carry_is_refused(path: Path, origin: str) -> None:
    with pytest.raises(KeyProblem, match="No key was made"):
        ensure_key(path, origin=origin)
    assert not path.exists()


def test_a_key_that_everyone_can_read_is_refused(path: Path) -> None:
    ensure_key(path)
    path.chmod(0o644)
    with pytest.raises(KeyProblem, match="chmod 600"):
        ensure_key(path)


@pytest.mark.parametrize("content", ["", "nonsense", GO_SKEY[:-4], GO_SKEY.replace("c74f20a3", "c74f20a4"), GO_VKEY])
def test_a_damaged_key_is_refused_without_repeating_it(path: Path, content: str) -> None:
    path.touch(mode=0o600)
    path.write_text(content)
    with pytest.raises(KeyProblem, match="is damaged") as refusal:
        load_key(path)
    assert "AYEKFALV" not in str(refusal.value)


def test_missing_keys_are_named(path: Path) -> None:
    with pytest.raises(KeyProblem, match="no audit key"):
        load_key(path)
    with pytest.raises(KeyProblem, match="no public keys"):
        public_keys(path)


def test_damaged_public_keys_are_named(path: Path) -> None:
    ensure_key(path)
    path.with_name("key.pub").write_text("nonsense\n")
    with pytest.raises(KeyProblem, match=r"key\.pub is damaged"):
        public_keys(path)


def test_old_public_keys_are_kept_when_another_key_signs(path: Path) -> None:
    old = ensure_key(path, origin=ORIGIN)
    new = draw_key(ORIGIN)
    use_key(path, new)
    assert load_key(path).key == new.key
    assert public_keys(path) == [new.key, old.key]
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_signer_never_shows_its_secret(signer: Signer) -> None:
    secret = signer.private_line().split("+", 4)[4].strip()  # its base64 may hold a plus sign itself
    assert secret not in repr(signer)
    assert secret not in str(vars(signer))


def test_a_checkpoint_is_a_signed_note_with_the_time_signed_beside_it(signer: Signer) -> None:
    note = signer.checkpoint(0, EMPTY_ROOT, NOW)
    text, signatures = note.split("\n\n")
    assert text == f"{ORIGIN}\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    assert [line.split()[:2] for line in signatures.splitlines()] == [["—", ORIGIN], ["—", ORIGIN]]
    assert open_checkpoint(note, [signer.key]) == Checkpoint(0, EMPTY_ROOT, NOW)


def test_lines_of_unknown_signers_are_passed_over(signer: Signer) -> None:
    stranger = draw_key("witness.example/w1")
    text = checkpoint_text(ORIGIN, 0, EMPTY_ROOT)
    witness = stranger.checkpoint(0, EMPTY_ROOT, NOW).split("\n\n")[1]
    note = signer.checkpoint(0, EMPTY_ROOT, NOW)
    assert open_checkpoint(note + witness, [signer.key]).size == 0
    with pytest.raises(CheckError, match="not signed by a key that you trust"):
        open_checkpoint(f"{text}\n{witness}", [signer.key])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\n7\n", "\n8\n"),
        ("\n7\n", "\n07\n"),
        (ORIGIN + "\n7", ORIGIN + "\nx"),
        ("AAAA", "AAAB"),
        ("\n\n", "\n"),
        ("— ", "- "),
        ("\n7", "\r\n7"),
    ],
)
def test_an_altered_checkpoint_is_refused(signer: Signer, old: str, new: str) -> None:
    note = signer.checkpoint(7, bytes(32), NOW)
    assert open_checkpoint(note, [signer.key]).size == 7
    assert old in note
    with pytest.raises(CheckError):
        open_checkpoint(note.replace(old, new, 1), [signer.key])


def test_the_time_of_a_checkpoint_cannot_be_changed(signer: Signer) -> None:
    early, late = (signer.checkpoint(7, bytes(32), at).splitlines() for at in (NOW, datetime(2026, 4, 1, tzinfo=UTC)))
    stamp = unb64(late[5].split()[2])[:12]
    forged = stamp + unb64(early[5].split()[2])[12:]
    note = "\n".join([*early[:5], f"— {ORIGIN} {b64(forged)}", ""])
    with pytest.raises(CheckError, match="altered"):
        open_checkpoint(note, [signer.key])


def test_a_signature_of_a_leaf_is_no_signature_of_a_checkpoint(signer: Signer) -> None:
    signature = b64(signer.leaf(0, EMPTY_ROOT))
    with pytest.raises(CheckError, match="altered"):
        open_checkpoint(f"{checkpoint_text(ORIGIN, 0, EMPTY_ROOT)}\n— {ORIGIN} {signature}\n", [signer.key])


@pytest.mark.parametrize(
    "vkey", ["", "name", "name+00000000+AAAA", GO_VKEY[:-2], GO_VKEY.replace("c7", "c8"), GO_VKEY.replace("+AR", "+BB")]
)
def test_a_verifier_key_that_was_copied_wrongly_is_refused(vkey: str) -> None:
    with pytest.raises(CheckError):
        parse_vkey(vkey)

"""Sealing: what one key sealed to one binding opens with these alone, and any other bytes are refused in words."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mercat.register import vault
from mercat.register.vault import Unopenable, seal, unseal, wrapping_key

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
VALUES = {"access": "token-é-𝕏", "refresh": ""}
SEALED = seal(VALUES, key=KEY, bound_to="account=1 generation=1")
untimed = settings(deadline=None, max_examples=200)


@untimed
@given(st.dictionaries(st.text(), st.text()), st.text(), st.binary(min_size=32, max_size=32))
def test_what_is_sealed_opens_again(values: dict[str, str], bound_to: str, key: bytes) -> None:
    encodable = bound_to.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    assert unseal(seal(values, key=key, bound_to=encodable), key=key, bound_to=encodable) == values


def test_the_same_values_are_sealed_to_other_bytes_each_time() -> None:
    again = seal(VALUES, key=KEY, bound_to="account=1 generation=1")
    assert again != SEALED
    assert all(value.encode() not in SEALED for value in VALUES.values() if value)


@pytest.mark.parametrize(
    ("key", "bound_to"),
    [
        (OTHER_KEY, "account=1 generation=1"),
        (KEY, "account=2 generation=1"),
        (KEY, "account=1 generation=2"),
        (KEY, ""),
    ],
)
def test_another_key_account_or_generation_does_not_open_it(key: bytes, bound_to: str) -> None:
    with pytest.raises(Unopenable, match="Connect the account again"):
        unseal(SEALED, key=key, bound_to=bound_to)


@untimed
@given(st.integers(0, len(SEALED) * 8 - 1))
def test_one_flipped_bit_and_it_stays_shut(bit: int) -> None:
    changed = bytearray(SEALED)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Unopenable):
        unseal(bytes(changed), key=KEY, bound_to="account=1 generation=1")


@untimed
@given(st.integers(0, len(SEALED) - 1))
def test_cut_short_it_stays_shut(length: int) -> None:
    for cut in (SEALED[:length], SEALED[len(SEALED) - length :]):
        with pytest.raises(Unopenable):
            unseal(cut, key=KEY, bound_to="account=1 generation=1")


@untimed
@given(st.binary(max_size=300))
def test_any_other_bytes_stay_shut(sealed: bytes) -> None:
    with pytest.raises(Unopenable):
        unseal(sealed, key=KEY, bound_to="account=1 generation=1")


def test_the_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "secrets" / "vault_key"
    key = wrapping_key(path)
    assert len(key) == 32
    assert wrapping_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert list(path.parent.iterdir()) == [path]


def test_two_who_make_the_key_at_once_get_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, both_found_none = tmp_path / "vault_key", Barrier(8)
    make = vault.AESGCM.generate_key

    class Meeting:
        @staticmethod
        def generate_key(*, bit_length: int) -> bytes:
            both_found_none.wait(10)
            return make(bit_length=bit_length)

    monkeypatch.setattr(vault, "AESGCM", Meeting)
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(wrapping_key, [path] * 8))
    assert keys == {path.read_bytes()}
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("content", [b"", b"short", b"k" * 31, b"k" * 33])
def test_a_damaged_key_is_told_and_not_replaced(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "vault_key"
    path.write_bytes(content)
    with pytest.raises(Unopenable, match="damaged"):
        wrapping_key(path)
    assert path.read_bytes() == content


def test_a_refusal_quotes_nothing_of_what_was_sealed() -> None:
    with pytest.raises(Unopenable) as refusal:
        unseal(SEALED[:-1], key=KEY, bound_to="account=1 generation=1")
    assert refusal.value.__cause__ is None
    assert "token" not in str(refusal.value)

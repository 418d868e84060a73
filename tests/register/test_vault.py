"""Sealing: whoever has the public half seals, one private half opens, and any other bytes are refused in words."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from mercat.people import keyring
from mercat.people.vault import OpeningKey, Unopenable, is_for, new_key, rewrap, seal, unseal

KEY, OTHER_KEY = OpeningKey("x25519", b"k" * 32), OpeningKey("x25519", b"o" * 32)
VALUES = {"access": "token-é-𝕏", "refresh": ""}
ABOUT = "account=1 generation=1"
SEALED = seal(VALUES, to=KEY.sealing, bound_to=ABOUT)
untimed = settings(deadline=None, max_examples=100)


def sealed_as_version_1(key: bytes) -> bytes:
    """As every version before this one sealed."""
    data_key, wrap_nonce, nonce = b"d" * 32, os.urandom(12), os.urandom(12)
    wrapped = AESGCM(key).encrypt(wrap_nonce, data_key, ABOUT.encode())
    return (
        b"\x01" + wrap_nonce + wrapped + nonce + AESGCM(data_key).encrypt(nonce, b'{"access": "old"}', ABOUT.encode())
    )


@untimed
@given(st.dictionaries(st.text(), st.text()), st.text(), st.binary(min_size=32, max_size=32))
def test_what_is_sealed_opens_again(values: dict[str, str], bound_to: str, secret: bytes) -> None:
    key = OpeningKey("x25519", secret)
    encodable = bound_to.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    sealed = seal(values, to=key.sealing, bound_to=encodable)
    assert unseal(sealed, keys=[OTHER_KEY, key], bound_to=encodable) == values


def test_the_same_values_are_sealed_to_other_bytes_each_time() -> None:
    assert seal(VALUES, to=KEY.sealing, bound_to=ABOUT) != SEALED
    assert all(value.encode() not in SEALED for value in VALUES.values() if value)


@pytest.mark.parametrize(
    ("keys", "bound_to", "said"),
    [
        ([OTHER_KEY], ABOUT, "key they were sealed for is not here"),
        ([KEY], "account=2 generation=1", "Connect the account again"),
        ([KEY], "account=1 generation=2", "Connect the account again"),
        ([KEY], "", "Connect the account again"),
        ([], ABOUT, "can seal credentials and not open them"),
    ],
)
def test_another_key_account_or_generation_does_not_open_it(keys: list[OpeningKey], bound_to: str, said: str) -> None:
    with pytest.raises(Unopenable, match=said):
        unseal(SEALED, keys=keys, bound_to=bound_to)


@untimed
@given(st.integers(0, len(SEALED) * 8 - 1))
def test_one_flipped_bit_and_it_stays_shut(bit: int) -> None:
    changed = bytearray(SEALED)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Unopenable):
        unseal(bytes(changed), keys=[KEY], bound_to=ABOUT)


@untimed
@given(st.integers(0, len(SEALED) - 1))
def test_cut_short_it_stays_shut(length: int) -> None:
    for cut in (SEALED[:length], SEALED[len(SEALED) - length :]):
        with pytest.raises(Unopenable):
            unseal(cut, keys=[KEY], bound_to=ABOUT)


@untimed
@given(st.binary(max_size=300))
def test_any_other_bytes_stay_shut(sealed: bytes) -> None:
    with pytest.raises(Unopenable):
        unseal(sealed, keys=[KEY, OpeningKey("aes256", b"k" * 32)], bound_to=ABOUT)


def test_rewrapping_changes_who_opens_it_and_nothing_else() -> None:
    again = rewrap(SEALED, keys=[KEY], to=OTHER_KEY.sealing, bound_to=ABOUT)
    assert unseal(again, keys=[OTHER_KEY], bound_to=ABOUT) == VALUES
    assert (is_for(SEALED, KEY.sealing), is_for(again, KEY.sealing), is_for(again, OTHER_KEY.sealing)) == (
        True, False, True,
    )  # fmt: skip
    with pytest.raises(Unopenable):
        unseal(again, keys=[KEY], bound_to=ABOUT)
    with pytest.raises(Unopenable):
        rewrap(SEALED, keys=[KEY], to=OTHER_KEY.sealing, bound_to="account=2 generation=1")


def test_what_was_sealed_before_there_were_two_halves_opens_and_can_be_rewrapped() -> None:
    old, keys = sealed_as_version_1(b"a" * 32), [KEY, OpeningKey("aes256", b"a" * 32)]
    assert unseal(old, keys=keys, bound_to=ABOUT) == {"access": "old"}
    again = rewrap(old, keys=keys, to=KEY.sealing, bound_to=ABOUT)
    assert unseal(again, keys=[KEY], bound_to=ABOUT) == {"access": "old"}
    for shut in ([KEY], [OpeningKey("aes256", b"b" * 32)]):
        with pytest.raises(Unopenable):
            unseal(old, keys=shut, bound_to=ABOUT)
    with pytest.raises(Unopenable):
        unseal(old, keys=keys, bound_to="account=2 generation=1")


def test_a_refusal_and_a_key_quote_nothing_secret() -> None:
    with pytest.raises(Unopenable) as refusal:
        unseal(SEALED[:-1], keys=[KEY], bound_to=ABOUT)
    assert "token" not in str(refusal.value)
    assert "kkk" not in repr(KEY)


# Where the keys are


@pytest.fixture
def ring(settings, tmp_path):
    settings.MERCAT_VAULT_KEY = f"file:{tmp_path / 'secrets' / 'vault_key'}"
    settings.MERCAT_VAULT_PUBLIC_FILE = tmp_path / "secrets" / "vault_key.pub"
    return tmp_path / "secrets" / "vault_key"


def test_the_key_is_made_once_and_for_its_owner_alone(ring) -> None:
    (key,) = keyring.opening_keys()
    assert keyring.opening_keys() == [key]
    assert ring.stat().st_mode & 0o777 == 0o600
    assert ring.parent.stat().st_mode & 0o777 == 0o700
    assert {path.name for path in ring.parent.iterdir()} == {"vault_key", "vault_key.pub", ".vault_key.lock"}


def test_many_who_make_the_key_at_once_get_the_same(ring) -> None:
    together = Barrier(8)

    def make() -> bytes:
        together.wait(10)
        return keyring.opening_keys()[0].secret

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: make(), range(8)))) == 1


def test_a_process_with_the_public_half_alone_seals_and_opens_nothing(ring, settings) -> None:
    keys = keyring.opening_keys()
    settings.MERCAT_VAULT_KEY = "none:"
    assert keyring.opening_keys() == ()
    sealed = seal(VALUES, to=keyring.sealing_key(), bound_to=ABOUT)
    assert unseal(sealed, keys=keys, bound_to=ABOUT) == VALUES


def test_without_any_key_sealing_is_refused_in_words(ring, settings) -> None:
    settings.MERCAT_VAULT_KEY = "none:"
    with pytest.raises(Unopenable, match="Start the processes that send"):
        keyring.sealing_key()


def test_keys_may_stand_in_a_variable(ring, settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THE_KEYS", keyring.lines_of([KEY, OTHER_KEY]).replace("\n", ","))
    settings.MERCAT_VAULT_KEY = "env:THE_KEYS"
    assert keyring.opening_keys() == [KEY, OTHER_KEY]
    assert keyring.sealing_key() == KEY.sealing
    with pytest.raises(Unopenable, match="Only keys in a file"):
        keyring.add_key()
    monkeypatch.delenv("THE_KEYS")
    with pytest.raises(Unopenable, match="damaged"):
        keyring.opening_keys()


def test_the_bare_key_of_before_is_kept_beside_a_new_pair(ring) -> None:
    ring.parent.mkdir(mode=0o700)
    ring.write_bytes(b"a" * 32)
    ring.chmod(0o600)
    pair, old = keyring.opening_keys()
    assert (pair.kind, old) == ("x25519", OpeningKey("aes256", b"a" * 32))
    assert keyring.opening_keys() == [pair, old]
    assert keyring.sealing_key() == pair.sealing


@pytest.mark.parametrize("content", ["", "short", "x25519 AAAA", "rsa " + "A" * 43 + "=", "é"])
def test_a_damaged_key_is_told_and_not_replaced(ring, content: str) -> None:
    ring.parent.mkdir(mode=0o700)
    ring.write_text(content)
    ring.chmod(0o600)
    with pytest.raises(Unopenable, match="damaged"):
        keyring.opening_keys()
    assert ring.read_text() == content


def test_a_key_that_everyone_can_read_is_not_used(ring) -> None:
    keyring.opening_keys()
    ring.chmod(0o604)
    with pytest.raises(Unopenable, match="chmod 600"):
        keyring.opening_keys()


def test_a_new_key_is_sealed_for_and_the_older_ones_open_until_they_are_forgotten(ring) -> None:
    (old,) = keyring.opening_keys()
    new = keyring.add_key()
    assert keyring.opening_keys() == [new, old]
    assert keyring.sealing_key() == new.sealing
    assert keyring.forget_older() == 1
    assert keyring.opening_keys() == [new]


def test_every_key_is_another() -> None:
    assert new_key() != new_key()

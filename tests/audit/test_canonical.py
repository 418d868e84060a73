"""Canonical JSON: one spelling for each value."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mercat.audit.verifier import LARGEST_INT, canonical, commitment

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
values = st.recursive(
    st.none() | st.booleans() | st.integers(-LARGEST_INT, LARGEST_INT) | texts,
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
)


@given(values)
def test_it_is_json_of_the_same_value(value: object) -> None:
    assert json.loads(canonical(value)) == value


@given(st.dictionaries(texts, st.integers(-9, 9)))
def test_the_order_of_keys_does_not_matter(value: dict[str, int]) -> None:
    assert canonical(value) == canonical(dict(reversed(value.items())))


def test_keys_are_ordered_by_utf_16_as_in_rfc_8785() -> None:
    keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]  # section 3.2.3's example
    written = json.loads(canonical(dict.fromkeys(keys, 0)), object_pairs_hook=lambda pairs: [key for key, _ in pairs])
    assert written == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]


def test_text_is_escaped_as_in_rfc_8785() -> None:
    assert canonical('\u20ac$\u000f\nA\'B"\\\\"/') == b'"\xe2\x82\xac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'


@pytest.mark.parametrize("value", [0.0, float("nan"), 1e300, LARGEST_INT + 1, -LARGEST_INT - 1, b"", {1}, object()])
def test_what_has_no_single_spelling_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"deep\[0\]\.here"):
        canonical({"deep": [{"here": value}]})


@given(st.binary(min_size=32, max_size=32), texts, texts)
def test_a_commitment_opens_to_nothing_else(salt: bytes, name: str, other: str) -> None:
    assert (commitment(salt, {"name": name}) == commitment(salt, {"name": other})) is (name == other)
    assert commitment(salt, {"name": name}) != commitment(bytes(31) + b"\x01" + salt, {"name": name})

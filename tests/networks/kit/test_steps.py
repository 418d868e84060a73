"""What is taken from a server's answer."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mercat.networks.kit import steps
from mercat.networks.kit.http import AddressRefused
from mercat.networks.kit.steps import MOST_TEXT, MOST_TOKEN, link_of, quoted, text_of, words_of
from mercat.networks.port import Later
from tests.networks.doubles import NOW


@pytest.mark.parametrize(
    "value", [None, 1, [], {}, "a\x00b", "a\nb", "a\x1bb", "a\ud800b", "a\u202eb", "x" * (MOST_TEXT + 1)]
)
def test_what_is_not_one_short_printable_line_is_no_text(value: Any) -> None:
    assert text_of({"id": value}, "id") == ""
    assert text_of({}, "id") == ""


@pytest.mark.parametrize("value", ["1", "at://did:plc:x/app.bsky.feed.post/y", "bücher.example", "x" * MOST_TEXT])
def test_a_short_printable_line_is_text(value: str) -> None:
    assert text_of({"id": value}, "id") == value


def test_a_token_may_be_longer_and_is_bounded_too() -> None:
    assert text_of({"token": "x" * MOST_TOKEN}, "token", MOST_TOKEN) == "x" * MOST_TOKEN
    assert text_of({"token": "x" * (MOST_TOKEN + 1)}, "token", MOST_TOKEN) == ""


def test_words_keep_their_lines_and_lose_what_cannot_be_written() -> None:
    assert words_of({"alt": "Two\nlines 👮🏽\u200d♀️\x00\ud800"}, "alt") == "Two\nlines 👮🏽\u200d♀️"
    assert words_of({"alt": None}, "alt") == ""


@given(st.text(alphabet=st.characters(), max_size=500))
def test_words_can_always_be_stored(said: str) -> None:
    words = words_of({"said": said}, "said")
    assert "\x00" not in words
    words.encode()


@pytest.mark.parametrize(
    ("address", "base_url", "link"),
    [
        ("https://a.org/@x/1", "https://a.org", "https://a.org/@x/1"),
        ("http://a.org/@x/1", "https://a.org", ""),
        ("http://127.0.0.1:8300/1", "http://127.0.0.1:8300", "http://127.0.0.1:8300/1"),
        ("https://a.org/1", "http://127.0.0.1:8300", "https://a.org/1"),
        ("javascript:alert(1)", "https://a.org", ""),
        ("JavaScript:alert(1)//https://", "http://a.org", ""),
        ("data:text/html,x", "https://a.org", ""),
        ("//a.org/1", "https://a.org", ""),
        ("https://a.org/ 1", "https://a.org", ""),
        ("https://a.org/" + "x" * 500, "https://a.org", ""),
        (None, "https://a.org", ""),
    ],
)
def test_only_addresses_of_pages_are_links(address: Any, base_url: str, link: str) -> None:
    assert link_of({"url": address}, "url", base_url) == link


def test_what_is_quoted_is_short_writable_and_without_secrets() -> None:
    assert quoted("No\x00:\n\x1b[31m sec\x00ret " + "x" * 4_000, ["secret"]) == ("No: [31m … " + "x" * 4_000)[:300]


@pytest.mark.parametrize(
    ("value", "token"),
    [("abc", "abc"), ("", ""), ("abć", ""), ("a\nb", ""), (7, ""), ("x" * 8_001, ""), ("x" * 8_000, "x" * 8_000)],
)
def test_a_token_is_what_a_header_can_carry(value: object, token: str) -> None:
    assert steps.token_of({"token": value}, "token") == token


def test_an_address_that_is_refused_for_now_ends_no_connection() -> None:
    """A resolver that is wrong for a while must not disconnect every account of a network."""

    def call() -> httpx.Response:
        raise AddressRefused("private")

    for step in (steps.preparing, steps.publishing):
        with pytest.raises(steps.Halt) as halted:
            step(call, now=NOW)
        assert isinstance(halted.value.outcome, Later)

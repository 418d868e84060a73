"""What a list of an account's own posts tells."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from mercat.networks.kit.reading import standing_since
from mercat.networks.port import Standing

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def post(native_id: str, minutes: int) -> Standing:
    return Standing(native_id, "", "Snow.", NOW + timedelta(minutes=minutes))


def test_the_newest_come_first_and_none_from_before() -> None:
    first, second = post("a", 1), post("b", 2)
    assert standing_since([first, post("c", 0), second], NOW) == (second, first)


def test_one_that_two_pages_tell_is_there_once() -> None:
    assert standing_since([post("a", 1), post("a", 1)], NOW) == (post("a", 1),)

"""Record keys."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from mercat.networks.bluesky.tid import moment_of, tid
from tests.networks.doubles import NOW
from tests.shared import shared

TID = re.compile(r"[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}")
moments = st.integers(1_500_000_000_000_000, 7_000_000_000_000_000).map(
    lambda microseconds: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
)
keys = st.uuids().map(lambda uuid: uuid.hex)


def test_the_pattern_of_these_tests_is_the_protocols_own() -> None:
    def lines(name: str) -> list[str]:
        text = shared("atproto", "interop-tests", "syntax", name).read_text(encoding="utf-8")
        return [line for line in text.splitlines() if line and not line.startswith("#")]

    assert all(TID.fullmatch(line) for line in lines("tid_syntax_valid.txt"))
    assert not any(TID.fullmatch(line) for line in lines("tid_syntax_invalid.txt"))


@given(moments, keys)
def test_a_key_is_valid_and_the_same_every_time(at: datetime, key: str) -> None:
    assert TID.fullmatch(tid(at, key))
    assert tid(at, key) == tid(at, key)


@given(moments, keys, keys, st.timedeltas(timedelta(seconds=1), timedelta(days=3650)))
def test_keys_sort_like_the_moments_they_stand_for(at: datetime, first: str, second: str, after: timedelta) -> None:
    assert tid(at, first) < tid(at + after, second)


@given(moments, keys)
def test_a_moment_is_the_same_in_every_time_zone(at: datetime, key: str) -> None:
    assert tid(at.astimezone(ZoneInfo("Europe/London")), key) == tid(at, key)


@given(moments, keys)
def test_a_key_tells_the_second_in_which_a_post_was_created(at: datetime, key: str) -> None:
    told = moment_of(tid(at, key))
    assert told
    assert told.replace(microsecond=0) == at.replace(microsecond=0)


@given(st.text() | st.from_regex(r"[2-7a-z]{13}", fullmatch=True))
def test_a_moment_is_told_of_keys_that_the_protocol_knows_alone(key: str) -> None:
    assert (moment_of(key) is not None) == bool(TID.fullmatch(key))


def test_posts_created_together_get_places_of_their_own() -> None:
    assert len({tid(NOW, f"{number:032x}") for number in range(2_000)}) == 2_000


def test_a_known_key_stays_what_it_was() -> None:
    """Posts in doubt across an upgrade are looked for under the key that they were sent with."""
    assert tid(NOW, "0f1e2d3c4b5a69788796a5b4c3d2e1f0") == "3n2y3epvr53tr"

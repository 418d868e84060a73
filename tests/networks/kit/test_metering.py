"""What is left of a network's limits, by its headers."""

from __future__ import annotations

import json
from datetime import timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mercat.networks.kit.metering import Reading, readings
from tests.networks.doubles import NOW

HOUR = NOW + timedelta(hours=1)
EPOCH = str(int(HOUR.timestamp()))


def test_each_family_of_headers_is_read() -> None:
    told = {
        "ratelimit-limit": "3000", "ratelimit-remaining": "2990", "ratelimit-reset": EPOCH,
        "x-ratelimit-limit": "300", "x-ratelimit-remaining": "0", "x-ratelimit-reset": HOUR.isoformat(),
        "x-rate-limit-limit": "100", "x-rate-limit-remaining": "99", "x-rate-limit-reset": EPOCH,
        "x-app-limit-24hour-limit": "500", "x-app-limit-24hour-remaining": "7", "x-app-limit-24hour-reset": EPOCH,
        "x-app-usage": json.dumps({"call_count": 28, "total_time": 25, "total_cputime": 25}),
        "x-business-use-case-usage": json.dumps({"17": [{"type": "pages", "call_count": 100, "other": "x"}]}),
    }  # fmt: skip
    assert readings(httpx.Headers(told), NOW) == [
        Reading("Calls", 3000, 2990, HOUR),
        Reading("Calls", 300, 0, HOUR),
        Reading("Calls", 100, 99, HOUR),
        Reading("Posts in a day", 500, 7, HOUR, of_app=True),
        Reading("Calls", 100, 72, HOUR, of_app=True),
        Reading("Time of calls", 100, 75, HOUR, of_app=True),
        Reading("Work of calls", 100, 75, HOUR, of_app=True),
        Reading("Calls", 100, 0, HOUR),
    ]


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"x-rate-limit-limit": "100", "x-rate-limit-remaining": "99"},
        {"x-rate-limit-limit": "many", "x-rate-limit-remaining": "99", "x-rate-limit-reset": "10"},
        {"x-rate-limit-limit": "0", "x-rate-limit-remaining": "0", "x-rate-limit-reset": "10"},
        {"x-rate-limit-limit": "100", "x-rate-limit-remaining": "99", "x-rate-limit-reset": "soon"},
        {"x-rate-limit-limit": "1" * 5_000, "x-rate-limit-remaining": "1", "x-rate-limit-reset": "10"},
        {"x-app-usage": "[1]"},
        {"x-app-usage": '{"call_count": "28"}'},
        {"x-business-use-case-usage": '{"17": 4}'},
        {"x-app-usage": "[" * 100_000},
    ],
)
def test_what_cannot_be_read_is_left_out(told: dict[str, str]) -> None:
    assert readings(httpx.Headers(told), NOW) == []


def test_a_reset_further_off_than_a_day_or_in_the_past_is_brought_near() -> None:
    def reset(value: str) -> timedelta:
        told = {"ratelimit-limit": "10", "ratelimit-remaining": "20", "ratelimit-reset": value}
        (reading,) = readings(httpx.Headers(told), NOW)
        assert reading.left == 10
        return reading.resets_at - NOW

    assert (reset("999999999"), reset("-5")) == (timedelta(days=1), timedelta())


@given(st.text(st.characters(codec="ascii", exclude_characters="\r\n\0"), max_size=40))
def test_whatever_a_server_says_nothing_breaks(value: str) -> None:
    told = dict.fromkeys(("x-app-usage", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"), value)
    readings(httpx.Headers(told), NOW)

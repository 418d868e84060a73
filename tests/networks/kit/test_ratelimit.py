"""When a network says to come back."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mercat.networks.kit.ratelimit import LONGEST, SHORTEST, reset_at
from tests.networks.doubles import NOW

MINUTE = timedelta(seconds=60)
HOUR_AHEAD = "Mon, 23 Nov 2026 13:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "90"}, 90),
        ({"Retry-After": "Mon, 23 Nov 2026 12:05:00 GMT"}, 300),
        ({"ratelimit-reset": "1795435500"}, 300),
        ({"ratelimit-reset": "45"}, 45),
        ({"X-RateLimit-Reset": "2026-11-23T12:05:00.000000Z"}, 300),
        ({"X-RateLimit-Reset": "2026-11-23T12:05:00"}, 300),
        ({"X-RateLimit-Reset": "1795435500"}, 300),
        ({"x-rate-limit-limit": "100", "x-rate-limit-remaining": "0", "x-rate-limit-reset": "1795435500"}, 300),
        ({"x-rate-limit-reset": "1795439100", "Date": HOUR_AHEAD}, 300),
        (
            {
                "x-rate-limit-reset": "1795435500",
                "x-user-limit-24hour-remaining": "0",
                "x-user-limit-24hour-reset": "1795438800",
            },
            3_600,
        ),
        (
            {
                "x-rate-limit-reset": "1795435500",
                "x-app-limit-24hour-remaining": "7",
                "x-app-limit-24hour-reset": "1795438800",
            },
            300,
        ),
        ({"Retry-After": "5", "ratelimit-reset": "1795435500"}, 5),
        ({"Retry-After": "soon", "ratelimit-reset": "45"}, 45),
        ({"X-RateLimit-Reset": "2026-11-23T13:05:00Z", "Date": HOUR_AHEAD}, 300),
        ({"Retry-After": "Mon, 23 Nov 2026 13:05:00 GMT", "Date": HOUR_AHEAD}, 300),
        ({"Retry-After": "90", "Date": HOUR_AHEAD}, 90),
        ({"Retry-After": "90", "Date": "not a date"}, 90),
        ({"Retry-After": "90", "Date": "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"}, 90),
        ({}, 60),
        ({"Retry-After": ""}, 60),
        ({"Retry-After": "nan"}, 60),
        ({"Retry-After": "-5"}, 1),
        ({"ratelimit-reset": "1795430000"}, 1),
        ({"Retry-After": "99999999"}, 86_400),
        ({"Retry-After": "1e400"}, 86_400),
        ({"X-RateLimit-Reset": "9999-12-31T23:59:59Z"}, 86_400),
    ],
)
def test_the_named_moment_is_read(headers: dict[str, str], seconds: int) -> None:
    assert reset_at(httpx.Headers(headers), NOW, MINUTE) == NOW + timedelta(seconds=seconds)


@given(
    st.text(alphabet=st.characters(max_codepoint=255, exclude_characters="\r\n\0")),
    st.sampled_from(["Retry-After", "ratelimit-reset", "Date"]),
)
def test_no_header_breaks_it_or_makes_it_wait_in_the_past_or_for_ever(value: str, name: str) -> None:
    headers = httpx.Headers([(name.encode(), value.encode("latin-1")), (b"X-RateLimit-Reset", b"30")])
    assert NOW + SHORTEST <= reset_at(headers, NOW, MINUTE) <= NOW + LONGEST

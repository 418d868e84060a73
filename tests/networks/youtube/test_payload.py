"""YouTube's limits and answers, without any call."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mercat.networks.port import Later, Reconnect, Refused
from mercat.networks.youtube import payload
from mercat.networks.youtube.answers import number_of
from tests.networks.doubles import NOW, item, video


def problems(text: str) -> list[str]:
    return [problem.message for problem in payload.check(item(text, video("")), {})]


def test_the_first_line_is_the_title_and_all_of_it_the_description() -> None:
    told = payload.video(item("\n Snow on the A9 \nDrive with care.", video("")), public=True)
    assert told["snippet"]["title"] == "Snow on the A9"
    assert told["snippet"]["description"] == "\n Snow on the A9 \nDrive with care."


def test_limits_in_words() -> None:
    assert problems("x" * 100) == []
    assert "101 characters" in problems("x" * 101)[0]
    assert "102 characters" in problems("❄️" * 51)[0]  # an emoji and its selector
    assert problems("Snow\n" + "x" * 4_995) == []
    assert "Take out 1." in problems("Snow\n" + "x" * 4_996)[0]
    assert "Take out 1." in problems("Snow\n" + "é" * 2_498)[0]
    assert "< or >" in problems("Snow\n1 < 2")[0]
    assert "no text" in problems(" \n ")[0]


def test_the_count_is_of_bytes() -> None:
    count = payload.count("é", {})
    assert (count.used, count.limit, count.unit) == (2, 5_000, "bytes")


def answer(status: int, *reasons: str, **headers: str) -> httpx.Response:
    errors = [{"reason": reason, "domain": "youtube"} for reason in reasons]
    error = {"code": status, "message": "It says why, with secret-access in it.", "errors": errors}
    return httpx.Response(status, json={"error": error}, headers=headers)


@pytest.mark.parametrize(
    ("now", "begins"),
    [
        ("2026-11-23T12:00:00", "2026-11-24T08:00:00"),  # winter
        ("2026-11-23T07:59:59", "2026-11-23T08:00:00"),
        ("2026-07-01T12:00:00", "2026-07-02T07:00:00"),  # summer
        ("2026-03-08T09:00:00", "2026-03-09T07:00:00"),  # the clocks go forward
        ("2026-11-01T08:00:00", "2026-11-02T08:00:00"),  # and back
    ],
)
def test_the_quota_begins_anew_at_midnight_in_california(now: str, begins: str) -> None:
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert payload.after_midnight(at) == datetime.fromisoformat(begins).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "reason", "wait", "limited"),
    [
        (403, "quotaExceeded", timedelta(hours=20), True),
        (400, "uploadLimitExceeded", timedelta(days=1), True),
        (403, "rateLimitExceeded", timedelta(minutes=1), True),
        (403, "userRateLimitExceeded", timedelta(minutes=1), True),
        (400, "backendError", timedelta(seconds=20), False),
    ],
)
def test_refusals_that_pass(status: int, reason: str, wait: timedelta, limited: bool) -> None:
    later = payload.passing(answer(status, reason), NOW)
    assert isinstance(later, Later)
    assert (later.at, later.limited) == (NOW + wait, limited)


@pytest.mark.parametrize(
    "reason", ["forbidden", "youtubeSignupRequired", "authenticatedUserAccountSuspended", "authError"]
)
def test_refusals_that_end_the_connection(reason: str) -> None:
    assert payload.passing(answer(403, reason), NOW) is None
    assert isinstance(payload.refusal(answer(403, reason), ()), Reconnect)


@pytest.mark.parametrize(
    "reason", ["invalidTitle", "invalidTags", "liveStreamingNotEnabled", "invalidTransition", "new"]
)
def test_refusals_that_a_person_must_answer(reason: str) -> None:
    refused = payload.refusal(answer(400, reason), ("secret-access",))
    assert isinstance(refused, Refused)
    assert refused.detail == "It says why, with … in it."


def test_a_wait_for_processing_is_neither_short_nor_long() -> None:
    def wait(left: Any) -> timedelta:
        return payload.wait_of({"processingDetails": {"processingProgress": {"timeLeftMs": left}}})

    assert wait("1") == timedelta(seconds=2)
    assert wait("45000") == timedelta(seconds=45)
    assert wait("999999999999") == timedelta(minutes=5)
    for wrong in (None, -1, "-1", "many", 45000, [], "٣"):
        assert wait(wrong) == payload.POLL


def test_counts_are_written_as_text() -> None:
    told = {"statistics": {"viewCount": "12", "likeCount": "x", "commentCount": 3}}
    figures = payload.figures(told)
    assert figures
    assert figures.counts == {"views": 12}
    assert number_of({"n": "9223372036854775808"}, "n") is None


def test_a_channel_without_a_handle_is_known_by_its_id() -> None:
    channel = {"id": "UC1", "snippet": {"title": "Police"}}
    assert payload.handle_of(channel) == "UC1"
    assert payload.channel_url("https://www.googleapis.com", channel) == "https://www.youtube.com/channel/UC1"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "snippet", "status", "tags", "title", "channelId", "error", "errors", "reason", "value"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(json_values)
def test_nothing_that_a_server_says_makes_us_fall(value: Any) -> None:
    response = httpx.Response(403, json=value)
    payload.passing(response, NOW)
    payload.refusal(response, ("secret",))
    if not isinstance(value, dict):
        return
    for read in (payload.privacy_of, payload.tags_of, payload.came_to_nothing, payload.wait_of, payload.figures):
        read(value)
    payload.found(value, "https://www.googleapis.com")
    payload.account_of(value, "https://www.googleapis.com")
    for comment in payload.comments_in(value):
        payload.heard(comment, "v", "https://www.googleapis.com")

"""Times as people read them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mercat.web import times

WINTER = datetime(2026, 11, 23, 16, 7, 9, tzinfo=UTC)
SUMMER = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (WINTER, "4:07pm GMT"),
        (SUMMER, "9am BST"),
        (datetime(2026, 7, 1, 11, 0, tzinfo=UTC), "midday BST"),
        (datetime(2026, 11, 23, 0, 0, tzinfo=UTC), "midnight GMT"),
        (datetime(2026, 11, 23, 0, 5, tzinfo=UTC), "12:05am GMT"),
    ],
)
def test_a_time_of_day_names_its_zone(at: datetime, said: str) -> None:
    assert times.clock(at) == said


def test_a_moment_is_told_with_its_day() -> None:
    assert times.when(WINTER) == "23 November 2026 at 4:07pm GMT"
    assert times.exactly(WINTER) == "23 November 2026, 16:07:09 GMT"
    assert times.day(SUMMER) == "1 July 2026"


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (datetime(2026, 11, 23, 9, 0, tzinfo=UTC), "today at 9am GMT"),
        (datetime(2026, 11, 22, 9, 0, tzinfo=UTC), "yesterday at 9am GMT"),
        (datetime(2026, 11, 24, 9, 0, tzinfo=UTC), "tomorrow at 9am GMT"),
        (datetime(2026, 11, 27, 9, 0, tzinfo=UTC), "Fri 27 Nov at 9am GMT"),
        (datetime(2027, 1, 2, 9, 0, tzinfo=UTC), "Sat 2 Jan 2027 at 9am GMT"),
    ],
)
def test_what_is_near_is_told_by_its_nearness(at: datetime, said: str) -> None:
    assert times.soon(at, WINTER) == said


def test_the_day_turns_at_midnight_in_london() -> None:
    just_after = datetime(2026, 6, 30, 23, 30, tzinfo=UTC)  # half past midnight in summer
    assert times.soon(just_after, datetime(2026, 7, 1, 8, 0, tzinfo=UTC)) == "today at 12:30am BST"

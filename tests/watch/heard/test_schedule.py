"""When comments are read: hourly for two days, daily for two weeks, then never."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mercat.watch.heard.schedule import next_after
from tests.factories import NOW

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("after", "then"),
    [
        (HOUR, 2 * HOUR),
        (47 * HOUR, 48 * HOUR),
        (2 * DAY - timedelta(seconds=1), 2 * DAY + HOUR - timedelta(seconds=1)),
        (2 * DAY, 3 * DAY),
        (13 * DAY, 14 * DAY),
        (13 * DAY + timedelta(seconds=1), None),
        (14 * DAY, None),
        (40 * DAY, None),
    ],
)
def test_comments_are_read_less_and_less_often(after: timedelta, then: timedelta | None) -> None:
    assert next_after(NOW, NOW + after) == (NOW + then if then else None)

"""The end of an interface is told in time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from mercat.networks.kit.sunset import Sunset

END = Sunset("LinkedIn", "202609", date(2027, 9, 15))


@pytest.mark.parametrize(
    ("days", "says"),
    [
        (61, None),
        (60, "LinkedIn is due to end version 202609 of its interface on 15 September 2027. Update Mercat before then."),
        (0, "LinkedIn is due to end version 202609 of its interface on 15 September 2027. Update Mercat before then."),
        (-1, "LinkedIn was due to end version 202609 of its interface on 15 September 2027. Update Mercat now."),
    ],
)
def test_it_is_told_sixty_days_before(days: int, says: str | None) -> None:
    assert END(datetime.combine(END.on, datetime.min.time(), UTC) - timedelta(days=days)) == says

"""What was typed, and the moment it means."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.http import QueryDict

from mercat.posts.contents import Draft
from mercat.posts.forms import BadTime, Typed, due_at
from tests.factories import NOW

JUNE = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "clock", "moment"),
    [
        ("2026-11-24", "16:30", datetime(2026, 11, 24, 16, 30, tzinfo=UTC)),
        ("24/11/2026", "4:30pm", datetime(2026, 11, 24, 16, 30, tzinfo=UTC)),
        ("24 November 2026", "9 am", datetime(2026, 11, 24, 9, 0, tzinfo=UTC)),
        ("2027-07-01", "09:00", datetime(2027, 7, 1, 8, 0, tzinfo=UTC)),  # summer time
        ("2027-03-28", "00:59", datetime(2027, 3, 28, 0, 59, tzinfo=UTC)),  # just before the clocks go forward
        ("2027-03-28", "02:00", datetime(2027, 3, 28, 1, 0, tzinfo=UTC)),  # just after
        ("2027-10-31", "02:00", datetime(2027, 10, 31, 2, 0, tzinfo=UTC)),  # just after they went back
    ],
)
def test_a_day_and_a_time_in_london_are_a_moment(day: str, clock: str, moment: datetime) -> None:
    assert due_at(day, clock, now=NOW) == moment


@pytest.mark.parametrize(
    ("day", "clock", "field", "said"),
    [
        ("", "16:30", "day", "Enter the day"),
        ("2026-11-24", "", "clock", "Enter the time"),
        ("the 3rd", "16:30", "day", "“the 3rd” is not a day"),
        ("2026-02-30", "16:30", "day", "is not a day"),
        ("0001-01-01", "16:30", "day", "is not a day"),
        ("2026-11-24", "25:00", "clock", "“25:00” is not a time"),
        ("2026-11-23", "11:59", "day", "11:59am on 23 November 2026 is past"),
        ("2027-03-28", "01:30", "clock", "1:30am does not happen on 28 March 2027"),
        ("2027-10-31", "01:30", "clock", "1:30am happens twice on 31 October 2027"),
    ],
)
def test_a_time_that_cannot_be_used_is_told_at_its_field(day: str, clock: str, field: str, said: str) -> None:
    with pytest.raises(BadTime) as caught:
        due_at(day, clock, now=NOW)
    assert caught.value.field == field
    assert said in str(caught.value)


def test_a_bad_time_leaves_the_stored_one() -> None:
    stored = Draft(due_at=datetime(2026, 12, 1, tzinfo=UTC))
    draft, said = Typed(timed=True, day="soon", clock="16:30").draft(stored, now=NOW)
    assert draft.due_at == stored.due_at
    assert [each.field for each in said] == ["day"]


def test_as_soon_as_approved_has_no_time() -> None:
    draft, said = Typed(timed=False, day="2026-12-01", clock="10:00").draft(Draft(due_at=JUNE), now=NOW)
    assert (draft.due_at, said) == (None, [])


def test_a_draft_comes_back_as_it_was_typed() -> None:
    draft = Draft(
        text="Words", due_at=datetime(2027, 7, 1, 8, 0, tzinfo=UTC), pillar="warning", variants={"bluesky": "Short"}
    )
    again, said = Typed.of_draft(draft).draft(Draft(), now=NOW)
    assert (again, said) == (draft, [])


def test_what_a_browser_cannot_send_honestly_is_left_out() -> None:
    form = QueryDict(mutable=True)
    form["text"] = "one\r\ntwo\x00"
    form["language"] = "klingon"
    form.setlist(
        "targets", ["not-an-id", "3f403975-6009-4e9e-b0e6-2ac5e0435cb3", "3f403975-6009-4e9e-b0e6-2ac5e0435cb3"]
    )
    form.setlist("picture", ["../../etc/passwd"])
    typed = Typed.of_form(form)
    assert typed.text == "one\ntwo"
    assert typed.language == "en"
    assert typed.targets == ("3f403975-6009-4e9e-b0e6-2ac5e0435cb3",)
    assert typed.pictures == ()

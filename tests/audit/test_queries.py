"""Reading the record."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from mercat.audit.actions import record
from mercat.audit.models import Event
from mercat.audit.queries import Page, search, timeline
from tests.audit.conftest import NOW, Officer, system

pytestmark = pytest.mark.django_db


@pytest.fixture
def story() -> list[Event]:
    """What happened to two posts, minute by minute."""
    told = [
        (Officer(), "post.begun", ["post:1"]),
        (Officer(), "post.submitted", ["post:1", "account:4"]),
        (system(), "post.held", ["post:1"]),
        (Officer(), "post.begun", ["post:2"]),
        (Officer(), "posting.paused", ["account:4"]),
    ]
    return [
        record(by=by, what=what, about=about, now=NOW + timedelta(minutes=minute))
        for minute, (by, what, about) in enumerate(told)
    ]


def found(page: Page, story: list[Event]) -> list[int]:
    return [story.index(event) for event in page.events]


def test_a_timeline_tells_one_story_from_its_start(story: list[Event]) -> None:
    assert found(timeline("post:1"), story) == [0, 1, 2]
    assert found(timeline("account:4"), story) == [1, 4]
    assert timeline("post:99") == Page([], None)


def test_a_timeline_goes_on_from_page_to_page(story: list[Event]) -> None:
    first = timeline("post:1", limit=2)
    second = timeline("post:1", limit=2, after=first.next)
    assert (found(first, story), found(second, story), second.next) == ([0, 1], [2], None)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, [4, 3, 2, 1, 0]),
        ({"actor": "person:officer"}, [4, 3, 1, 0]),
        ({"what": "post.begun"}, [3, 0]),
        ({"what": "post."}, [3, 2, 1, 0]),
        ({"what": "post"}, []),
        ({"about": "account:4"}, [4, 1]),
        ({"since": NOW + timedelta(minutes=1), "until": NOW + timedelta(minutes=3)}, [2, 1]),
        ({"actor": "person:officer", "about": "post:1", "what": "post."}, [1, 0]),
    ],
)
def test_a_search_finds_what_matches_everything_the_latest_first(
    story: list[Event], wanted: dict, expected: list[int]
) -> None:
    assert found(search(**wanted), story) == expected


def test_a_search_goes_on_from_page_to_page(story: list[Event]) -> None:
    first = search(limit=3)
    second = search(limit=3, before=first.next)
    assert (found(first, story), found(second, story), second.next) == ([4, 3, 2], [1, 0], None)


def test_a_page_that_is_just_full_is_the_last(story: list[Event]) -> None:
    assert search(limit=5).next is None


def test_a_page_with_places_and_personal_data_is_one_query(log: list[Event], django_assert_num_queries) -> None:
    with django_assert_num_queries(1):
        page = search()
        assert [(event.place.index, event.personal.data["name"]) for event in page.events[:2]] == [
            (7, "A. Officer"),
            (6, "A. Officer"),
        ]


def test_an_event_still_waiting_or_without_personal_data_costs_no_query(
    happen: Callable[..., list[Event]], django_assert_num_queries
) -> None:
    happen(3)
    with django_assert_num_queries(1):
        for event in timeline("post:1").events:
            assert not hasattr(event, "place")
            assert not hasattr(event, "personal")

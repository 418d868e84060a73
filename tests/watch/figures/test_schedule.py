"""When figures are asked for: reckoned from times alone."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mercat.watch.figures import DISTANCES
from mercat.watch.figures.schedule import LATEST, MOST_TRIES, again_at, next_after, step_at
from tests.factories import NOW

SECOND = timedelta(seconds=1)
passed = st.timedeltas(min_value=DISTANCES[0], max_value=LATEST)
delays = st.lists(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=2)), min_size=60, max_size=60)
answers = st.lists(st.booleans(), min_size=60, max_size=60)


def test_the_distances_grow() -> None:
    assert list(DISTANCES) == sorted(set(DISTANCES))
    assert DISTANCES[-1] < LATEST


@pytest.mark.parametrize("step", range(len(DISTANCES)))
def test_a_step_begins_when_its_distance_has_passed(step: int) -> None:
    assert step_at(NOW, NOW + DISTANCES[step] - SECOND) == step - 1
    assert step_at(NOW, NOW + DISTANCES[step]) == step


@given(passed)
def test_the_next_asking_is_ahead_and_the_last_has_none(after: timedelta) -> None:
    step = step_at(NOW, NOW + after)
    following = next_after(NOW, step)
    assert (following is None) == (after >= DISTANCES[-1])
    assert following is None or following > NOW + after


@given(passed, st.integers(min_value=1, max_value=MOST_TRIES))
def test_what_failed_is_tried_again_and_never_later_than_the_next_distance(after: timedelta, tries: int) -> None:
    now = NOW + after
    again, following = again_at(NOW, step_at(NOW, now), tries, now), next_after(NOW, step_at(NOW, now))
    assert again is None or again > now
    assert following is None or again is None or again <= following
    assert tries < MOST_TRIES or again == following


@given(delays, answers)
def test_however_late_and_however_often_it_fails_a_post_is_asked_for_so_often_and_no_more(
    late: list[timedelta], told: list[bool]
) -> None:
    at: datetime | None = NOW + DISTANCES[0]
    asked, read, tries, last = 0, 0, 0, -1
    for delay, answer in zip(late, told, strict=True):
        if at is None:
            break
        now = at + delay
        step = step_at(NOW, now)
        asked += 1
        tries = 0 if answer else (tries + 1 if step == last else 1)
        read += answer
        at, last = (next_after(NOW, step) if answer else again_at(NOW, step, tries, now)), step
    assert at is None, "it ends"
    assert asked <= len(DISTANCES) * MOST_TRIES
    assert read <= len(DISTANCES)

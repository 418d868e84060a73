"""Chores: each when it is due, none in another's way, none twice at once."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from mercat.config.chores import CALLING, CHORES, LONG, LOOKING, Chore, Round
from tests.meanwhile import meanwhile

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)

pytestmark = pytest.mark.django_db


def noted(done: list[datetime]) -> Chore:
    return Chore("noted", HOUR, lambda *, now: done.append(now))


def test_a_chore_is_done_at_the_start_and_then_each_time_it_is_due() -> None:
    done: list[datetime] = []
    rounds = Round([noted(done)])
    for minutes in (0, 1, 59, 60, 61, 120):
        rounds.run_due(clock=lambda minutes=minutes: NOW + timedelta(minutes=minutes))
    assert done == [NOW, NOW + HOUR, NOW + 2 * HOUR]


def test_a_chore_that_fails_is_said_and_keeps_no_other_from_being_done(caplog: pytest.LogCaptureFixture) -> None:
    def fails(*, now: datetime) -> None:
        raise RuntimeError("no such thing")

    done: list[datetime] = []
    with caplog.at_level(logging.ERROR):
        Round([Chore("fails", HOUR, fails), noted(done)]).run_due(clock=lambda: NOW)
    assert done == [NOW]
    assert "fails failed; it is tried again" in caplog.text


def test_what_another_clock_is_doing_is_left_to_it() -> None:
    done: list[datetime] = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext('mercat.chore.noted'))")
        meanwhile(lambda: Round([noted(done)]).run_due(clock=lambda: NOW)).result()
        cursor.execute("SELECT pg_advisory_unlock(hashtext('mercat.chore.noted'))")
    assert done == []


def test_chores_have_names_of_their_own() -> None:
    chores = (*CHORES, *CALLING, *LOOKING, *LONG)
    assert len({chore.name for chore in chores}) == len(chores)

"""Jobs are nudges: one is enough, none is needed, and a dead worker's is cleared away."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.db import connection, transaction

from mercat.delivery import actions, queue
from mercat.delivery.models import Consignment
from mercat.posts import actions as posts
from tests import factories as make
from tests.factories import NOW
from tests.shared import ROOT

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE = 30  # seconds that a worker has to begin, or to end


def rows(sql: str, *about: object) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, about)
        return cursor.fetchall() if cursor.description else []


def waiting() -> list[tuple[str, str]]:
    return rows("SELECT queue_name, task_name FROM procrastinate_jobs WHERE status = 'todo' ORDER BY 1")


def until(true: Callable[[], object], worker: subprocess.Popen) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert worker.poll() is None, "the worker ended"
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.05)


def test_two_nudges_are_one_job_and_each_lane_has_its_own() -> None:
    for lane in ("normal", "normal", "warning", "normal"):
        queue.nudge(lane)
    assert waiting() == [("normal", "drain-normal"), ("warning", "drain-warning")]


def test_a_second_nudge_does_not_spoil_the_transaction_it_is_part_of() -> None:
    queue.nudge("normal")
    with transaction.atomic():
        queue.nudge("normal")
        make.unit()
    assert len(waiting()) == 1
    assert rows("SELECT count(*) FROM people_unit") != [(0,)]


def test_a_worker_at_work_can_be_nudged_again() -> None:
    queue.nudge("normal")
    rows("UPDATE procrastinate_jobs SET status = 'doing'")
    queue.nudge("normal")
    assert waiting() == [("normal", "drain-normal")]


def test_the_last_approval_nudges_after_its_commit_and_not_before(account, author, spoc) -> None:
    post = make.submitted(author, account)
    with transaction.atomic():
        posts.approve(by=spoc, post=post, digest=post.current.digest, now=NOW)
        assert waiting() == []
    assert waiting() == [("normal", "drain-normal")]


def test_an_approval_that_is_rolled_back_nudges_nobody(account, author, spoc) -> None:
    post = make.submitted(author, account)
    with transaction.atomic():
        posts.approve(by=spoc, post=post, digest=post.current.digest, now=NOW)
        transaction.set_rollback(True)
    assert waiting() == []


def test_whoever_lets_something_go_on_nudges_both_lanes(account, author, spoc) -> None:
    make.approved(author, spoc, account)
    rows("DELETE FROM procrastinate_jobs")
    Consignment.objects.update(state="held", hold="guidance")
    actions.let_go_on(by=spoc, consignment=Consignment.objects.get(), now=NOW)
    assert [lane for lane, _ in waiting()] == ["normal", "warning"]


# Rescue


def a_job_of_a_worker(*, silent_for: timedelta) -> None:
    queue.nudge("normal")
    ((worker,),) = rows(
        "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - %s) RETURNING id", silent_for
    )
    rows("UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s", worker)


def test_a_dead_workers_job_is_cleared_away() -> None:
    a_job_of_a_worker(silent_for=timedelta(seconds=11))
    assert queue.rescue() == 1
    assert rows("SELECT * FROM procrastinate_jobs") == []
    assert queue.rescue() == 0


def test_a_living_workers_job_is_its_own() -> None:
    a_job_of_a_worker(silent_for=timedelta(seconds=1))
    assert queue.rescue() == 0
    assert rows("SELECT status FROM procrastinate_jobs") == [("doing",)]


# A real worker


@pytest.fixture
def worker() -> Iterator[subprocess.Popen]:
    database = connection.settings_dict
    url = (
        f"postgresql://{quote(database['USER'])}:{quote(database['PASSWORD'])}"
        f"@{quote(database['HOST'], safe='')}:{database['PORT']}/{database['NAME']}"
    )
    command = [sys.executable, "-m", "mercat", "worker", "normal"]
    environ = {**os.environ, "MERCAT_DATABASE_URL": url}
    process = subprocess.Popen(
        command, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_worker_drains_its_lane_when_it_is_nudged_and_ends_when_it_is_told(account, author, spoc, worker) -> None:
    """The worker asks guidance once more: the author's access has ended, so the post is held."""
    make.approved(author, spoc, account)
    make.people.end_access(by=make.TEST, person=author, reason="Left", now=NOW)
    queue.nudge("warning")
    until(lambda: Consignment.objects.get().state == "held", worker)
    until(lambda: not [lane for lane, _ in waiting() if lane == "normal"], worker)
    assert Consignment.objects.get().hold == "guidance"
    assert [lane for lane, _ in waiting()] == ["warning"]
    worker.send_signal(signal.SIGTERM)
    _, complaints = worker.communicate(timeout=PATIENCE)
    assert (worker.returncode, "Traceback" in complaints) == (0, False)
    assert rows("SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing'") == [(0,)]

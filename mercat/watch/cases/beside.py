"""What stands beside a case and goes with it: reports by a network's interface, and the look-alike that it was."""

from __future__ import annotations

from datetime import datetime

from mercat.people.models import Person
from mercat.watch.lookalikes.forgetting import forget
from mercat.watch.models import Case
from mercat.watch.reporting import states


def leave_reports(case: Case, *, now: datetime) -> None:
    """The case goes on: what has not gone out yet does not, and what may have is the matter of whoever moved it."""
    case.network_reports.filter(state=states.QUEUED).update(state=states.DROPPED, ended_at=now)
    case.network_reports.filter(state=states.UNSURE).update(state=states.LEFT)


def forget_beside(case: Case, *, by: Person, now: datetime) -> None:
    """Nothing that tells whose it is stays."""
    empty_reports(case)
    for row in case.look_alikes.select_for_update():
        forget(row, by=by, now=now)


def empty_reports(case: Case) -> None:
    """That it was reported stays. One that is going out just now is emptied once more when it is over."""
    case.network_reports.update(words="", native_id="", server="", reference="", said="")

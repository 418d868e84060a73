"""Figures are asked for: of what stands, at growing distances, a few at once; and kept as they were told."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from mercat.config.chores import LOOKING
from mercat.delivery import states
from mercat.delivery.models import Consignment, Removal
from mercat.networks.port import FIGURES, Unreadable
from mercat.people.models import Person
from mercat.register.models import Account, Connection
from mercat.watch.figures import DISTANCES, asking
from mercat.watch.figures.schedule import LATEST, MOST_TRIES, WAITS
from mercat.watch.models import FiguresDue, FiguresRead
from tests import factories as make
from tests.factories import NOW
from tests.kept import gained, kept
from tests.watch.figures.conftest import Counting, went_out

pytestmark = pytest.mark.django_db

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def test_it_is_a_chore_of_those_that_read_networks() -> None:
    assert asking.run in [chore.run for chore in LOOKING]


def test_figures_are_read_at_each_distance_and_then_never(network: Counting, out: Consignment) -> None:
    for hours in range(int(LATEST / HOUR) + 48):
        network.counts = {"views": hours}
        asking.run(now=NOW + hours * HOUR)
    read = FiguresRead.objects.filter(consignment=out)
    assert [(row.step, row.read_at - NOW, row.counts) for row in read] == [
        (step, distance, {"views": distance / HOUR}) for step, distance in enumerate(DISTANCES)
    ]
    assert network.asked == [out.native_id] * len(DISTANCES)
    assert FiguresDue.objects.get().next_at is None


def test_what_was_missed_is_not_made_up_for(network: Counting, out: Consignment) -> None:
    asking.run(now=NOW + 2 * DAY)
    asking.run(now=NOW + 2 * DAY + HOUR)
    assert [row.step for row in FiguresRead.objects.all()] == [2]
    asking.run(now=NOW + 3 * DAY)
    assert [row.step for row in FiguresRead.objects.all()] == [2, 3]


def test_what_went_out_long_ago_is_not_asked_for_any_more(network: Counting, out: Consignment) -> None:
    asking.run(now=NOW + LATEST)
    assert not network.asked


def test_a_story_is_asked_for_until_it_is_gone_and_then_no_more(
    network: Counting, out: Consignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "is_story", lambda manifest: True)
    for hours in range(48):
        asking.run(now=NOW + hours * HOUR)
    assert [row.step for row in FiguresRead.objects.all()] == [0, 1]
    due = FiguresDue.objects.get()
    assert (due.next_at, due.trouble, len(network.asked)) == (None, "", 2)


def test_nothing_is_held_while_the_network_is_asked(network: Counting, out: Consignment) -> None:
    asking.run(now=NOW + HOUR)
    assert network.asked
    assert not network.in_a_transaction


def test_a_few_at_once_the_longest_waiting_first(network: Counting, account: Account, comms: Person) -> None:
    rows = [went_out(comms, account, at=NOW + n * MINUTE)[0] for n in (4, 2, 0, 3, 1)]
    expected = [row.native_id for row in sorted(rows, key=lambda row: row.sent_at)]
    asking.run(now=NOW + 2 * HOUR)
    assert network.asked == expected[: asking.MOST_AT_ONCE]
    asking.run(now=NOW + 2 * HOUR)
    asking.run(now=NOW + 2 * HOUR)
    assert network.asked == expected


@pytest.mark.parametrize(
    "about",
    [
        {"state": states.IN_DOUBT, "look_at": NOW},
        {"state": states.REFUSED},
        {"read_back_at": None},
    ],
)
def test_what_is_not_out_and_read_back_is_not_asked_for(
    network: Counting, account: Account, comms: Person, about: dict[str, object]
) -> None:
    about = {**about, "vouched_by": comms} if "read_back_at" in about else about
    went_out(comms, account, **about)
    asking.run(now=NOW + HOUR)
    assert not network.asked


@pytest.mark.parametrize(("result", "asked"), [("", False), ("done", False), ("failed", True)])
def test_what_was_taken_down_is_not_asked_for(
    network: Counting, out: Consignment, comms: Person, result: str, asked: bool
) -> None:
    ended = {"ended_at": NOW} if result else {}
    Removal.objects.create(
        consignment=out, why="Wrong", asked_at=NOW, asked_by=comms, not_before=NOW, result=result, **ended
    )
    asking.run(now=NOW + HOUR)
    assert bool(network.asked) is asked


def test_where_an_account_is_not_connected_or_its_network_counts_nothing_nobody_is_asked(
    network: Counting, out: Consignment, comms: Person
) -> None:
    went_out(comms, make.account("Through Hootsuite", network="hootsuite"))
    Connection.objects.filter(account=out.account).update(state="broken")
    asking.run(now=NOW + HOUR)
    assert not network.asked
    Connection.objects.filter(account=out.account).update(state="working")
    asking.run(now=NOW + HOUR)
    assert network.asked == [out.native_id]


def test_what_cannot_be_read_is_tried_again_a_few_times_and_then_at_the_next_distance(
    network: Counting, out: Consignment
) -> None:
    network.fails = Unreadable("Bluesky does not answer.")
    now = NOW + HOUR
    for wait in (*WAITS[:2], None):
        asking.run(now=now)
        row = FiguresDue.objects.get()
        assert (row.trouble, row.next_at) == ("Bluesky does not answer.", now + wait if wait else NOW + 6 * HOUR)
        now = row.next_at
    network.fails = None
    asking.run(now=now)
    row.refresh_from_db()
    assert (row.tries, row.trouble, row.step) == (0, "", 1)


def test_a_network_that_never_answers_is_asked_so_often_and_no_more(network: Counting, out: Consignment) -> None:
    network.fails = Unreadable("Bluesky does not answer.")
    now = NOW + HOUR
    while now:
        asking.run(now=now)
        now = FiguresDue.objects.get().next_at
    asking.run(now=NOW + LATEST + DAY)
    assert len(DISTANCES) < len(network.asked) <= len(DISTANCES) * MOST_TRIES
    assert not FiguresRead.objects.exists()


def test_a_fault_of_ours_keeps_no_other_post_from_being_asked_for(
    network: Counting, out: Consignment, account: Account, comms: Person
) -> None:
    (other,) = went_out(comms, account, at=NOW + MINUTE)
    network.fails = RuntimeError("a bug")
    asking.run(now=NOW + 2 * HOUR)
    assert network.asked == [out.native_id, other.native_id]
    assert {row.trouble for row in FiguresDue.objects.all()} == {asking.WRONG}


def test_credentials_that_the_network_no_longer_takes_break_the_connection(network: Counting, out: Consignment) -> None:
    network.fails = Unreadable("Signed out.", reconnect=True)
    asking.run(now=NOW + HOUR)
    assert Connection.objects.get().state == "broken"


@pytest.mark.parametrize("counts", [{"likes": 1}, {"views": -1}, {"views": "many"}, {"views": 1.5}, {"views": None}])
def test_what_is_no_figure_is_not_kept_and_counts_as_a_failure(
    network: Counting, out: Consignment, counts: dict[str, object]
) -> None:
    network.counts = counts
    asking.run(now=NOW + HOUR)
    assert not FiguresRead.objects.exists()
    assert FiguresDue.objects.get().trouble == asking.WRONG


def test_asking_leaves_nothing_else_behind(network: Counting, out: Consignment) -> None:
    before = kept()
    asking.run(now=NOW + HOUR)
    assert set(gained(before)) == {"watch.FiguresRead", "watch.FiguresDue"}


# What the database holds


def read(row: Consignment, counts: object, *, step: int = 0) -> FiguresRead:
    return FiguresRead.objects.create(consignment=row, step=step, read_at=NOW, counts=counts)


def test_the_database_takes_every_figure_and_nought(out: Consignment) -> None:
    read(out, dict.fromkeys(FIGURES, 0))
    read(out, {}, step=1)
    read(out, {"views": 9_000_000_000}, step=2)


@pytest.mark.parametrize(
    "counts",
    [[], [1], 5, "views", {"likes": 1}, {"views": -1}, {"views": 1.5}, {"views": "1"}, {"views": None},
     {"views": [1]}, {"views": {"all": 1}}, {"views": True}],
)  # fmt: skip
def test_the_database_takes_nothing_else(out: Consignment, counts: object) -> None:
    with pytest.raises(IntegrityError, match="figures_are_words_with_counts"), transaction.atomic():
        read(out, counts)


def test_figures_are_read_once_at_a_distance(out: Consignment) -> None:
    read(out, {})
    with pytest.raises(IntegrityError, match="figures_are_read_once"), transaction.atomic():
        read(out, {})

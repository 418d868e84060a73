"""Every write about figures. What is read of a network is nobody's act and nobody's data: it stands in no event."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from mercat.delivery.models import Consignment
from mercat.watch.figures.schedule import again_at, next_after, step_at
from mercat.watch.models import FiguresDue, FiguresRead

LONGEST = 300  # characters of what stood in the way
SILENT = "The network did not say why."


@transaction.atomic
def keep_figures(row: Consignment, counts: Mapping[str, int], *, now: datetime) -> None:
    """Write down what the network told. Asked twice at one distance, the first answer stands."""
    step = step_at(row.sent_at, now)
    FiguresRead.objects.get_or_create(consignment=row, step=step, defaults={"read_at": now, "counts": dict(counts)})
    asked = {"step": step, "tries": 0, "asked_at": now, "next_at": next_after(row.sent_at, step), "trouble": ""}
    FiguresDue.objects.update_or_create(consignment=row, defaults=asked)


@transaction.atomic
def keep_end(row: Consignment, *, now: datetime) -> None:
    """It ended by itself, and its network tells of it no more: it is not asked for again."""
    ended = {"step": step_at(row.sent_at, now), "tries": 0, "asked_at": now, "next_at": None, "trouble": ""}
    FiguresDue.objects.update_or_create(consignment=row, defaults=ended)


@transaction.atomic
def keep_trouble(row: Consignment, trouble: str, *, now: datetime) -> None:
    """They could not be read: tried again a few times, and then at the next distance."""
    step = step_at(row.sent_at, now)
    last = FiguresDue.objects.select_for_update().filter(consignment=row, step=step).first()
    tries = last.tries + 1 if last else 1
    asked = {
        "step": step,
        "tries": tries,
        "asked_at": now,
        "next_at": again_at(row.sent_at, step, tries, now),
        "trouble": trouble[:LONGEST] or SILENT,
    }
    FiguresDue.objects.update_or_create(consignment=row, defaults=asked)

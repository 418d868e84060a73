"""Figures as a table to take away: a line for each post on each account."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse

from mercat.delivery.models import Consignment
from mercat.people.hr.report import plain
from mercat.posts.presenters.lines import pillar_name
from mercat.watch.figures.presenters import WORDS, cells_of, words_of
from mercat.watch.figures.queries import post_id

LONDON = ZoneInfo("Europe/London")
COLUMNS = ("went out", "words", "pillar", "unit", "network", "account", *WORDS, "read", "taken down", "post")


def table_of(rows: Iterable[Consignment]) -> str:
    """CSV. No cell is one that a spreadsheet would run."""
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(COLUMNS)
    for row in rows:
        table.writerow(map(plain, _cells(row)))
    return out.getvalue()


def _cells(row: Consignment) -> list[object]:
    cells = cells_of(row)
    return [
        _time(row.sent_at), words_of(row), pillar_name(row.pillar), row.account.unit.name, row.account.network,
        row.account.name, *(cells[key] for key in WORDS), _time(row.read_at), "yes" if row.is_down else "no",
        f"{settings.MERCAT_BASE_URL}{reverse('posts:post', args=[post_id(row)])}",
    ]  # fmt: skip


def _time(at: object) -> str:
    return f"{at.astimezone(LONDON):%Y-%m-%d %H:%M %Z}" if at else ""

"""Figures as pages and tables say them. A network that does not tell a figure is said not to, never shown as 0."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mercat.delivery.corrections import stands
from mercat.delivery.models import Consignment
from mercat.networks import registry
from mercat.posts.presenters.lines import excerpt, pillar_name, where
from mercat.watch.figures.queries import post_id

WORDS = {
    "views": "Views",
    "reach": "Reach",
    "reactions": "Reactions",
    "replies": "Replies",
    "shares": "Shares",
    "saves": "Saves",
    "clicks": "Clicks",
}
MEANINGS = {
    "views": "How often it was shown to somebody, the same person each time anew.",
    "reach": "How many different people or accounts it was shown to.",
    "reactions": "Likes, favourites and the like.",
    "replies": "Answers and comments under it.",
    "shares": "How often it was passed on, with words or without.",
    "saves": "How often somebody kept it for later.",
    "clicks": "How often somebody opened a link, a picture or the rest of it.",
}
NOT_TOLD, NOT_READ = "not told", "not read"  # by its network; so far, or at all
DISTANCES = ("1 hour", "6 hours", "1 day", "3 days", "7 days", "30 days")
BY_TIME = "sent"
SORTS = {BY_TIME: "Latest", **WORDS}

Cells = Mapping[str, int | str]  # by the keys of `WORDS`: a number, or why there is none


@dataclass(frozen=True, slots=True)
class Line:
    """One post, with the figures of all that is shown of it together."""

    post_id: str
    excerpt: str
    pillar: str
    units: str
    where: str
    networks: list[str]
    at: datetime
    is_down: bool
    cells: Cells

    @property
    def is_read(self) -> bool:
        return NOT_READ not in self.cells.values()


@dataclass(frozen=True, slots=True)
class Total:
    """Of `posts`; `unread` more are not in it, since nothing is known of them."""

    title: str
    posts: int
    unread: int
    cells: Cells


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read after one distance."""

    after: str
    at: datetime
    cells: Cells


@dataclass(frozen=True, slots=True)
class Told:
    """One account's figures. `said`: how it stands with asking for them, and `said_at` the moment that is about."""

    row: Consignment
    cells: Cells
    said: str
    said_at: datetime | None
    growth: list[Reading]


def cells_of(row: Consignment) -> Cells:
    """A row of `queries.with_figures`."""
    if not tells(row):
        return dict.fromkeys(WORDS, NOT_TOLD)
    return dict.fromkeys(WORDS, NOT_READ) if row.counts is None else _cells(row.counts)


def tells(row: Consignment) -> bool:
    """Whether its network lets a programme read any figures."""
    slug = row.account.network
    return registry.known(slug) and registry.get(slug).metrics is not None


def _cells(counts: Mapping[str, int]) -> Cells:
    return {key: counts.get(key, NOT_TOLD) for key in WORDS}


def together(several: Sequence[Cells]) -> Cells:
    """Summed up where all tell."""
    return {key: _sum([cells[key] for cells in several]) for key in WORDS}


def _sum(values: Sequence[int | str]) -> int | str:
    for missing in (NOT_TOLD, NOT_READ):
        if missing in values:
            return missing
    return sum(value for value in values if isinstance(value, int))


def lines(rows: Iterable[Consignment]) -> list[Line]:
    return [_line(key, found) for key, found in _grouped(rows, post_id).items()]


def ordered(found: Iterable[Line], by: str) -> list[Line]:
    """The most first, and what is no number last; of what is alike, the latest first."""
    latest = sorted(found, key=lambda line: line.at, reverse=True)
    if by not in WORDS:
        return latest
    return sorted(latest, key=lambda line: _weight(line.cells[by]), reverse=True)


def _weight(cell: int | str) -> int:
    return cell if isinstance(cell, int) else -1


def total(title: str, found: Sequence[Line]) -> Total:
    read = [line for line in found if line.is_read]
    cells = together([line.cells for line in read]) if read else dict.fromkeys(WORDS, NOT_READ)
    return Total(title, len(read), len(found) - len(read), cells)


def totals_by_pillar(rows: Iterable[Consignment]) -> list[Total]:
    return _totals(rows, lambda row: pillar_name(row.pillar) or row.pillar)


def totals_by_unit(rows: Iterable[Consignment]) -> list[Total]:
    return _totals(rows, lambda row: row.account.unit.name)


def _totals(rows: Iterable[Consignment], name: Callable[[Consignment], str]) -> list[Total]:
    """In the order of their names, whatever their figures: this is no contest."""
    return [total(title, lines(found)) for title, found in sorted(_grouped(rows, name).items())]


def told(row: Consignment, *, inside: bool) -> Told:
    """A row of `queries.of_post`. What stood in the way is told to those `inside` alone."""
    said, at = _said(row, inside=inside)
    growth = [Reading(DISTANCES[each.step], each.read_at, _cells(each.counts)) for each in row.figures_read.all()]
    return Told(row, cells_of(row), said, at, growth)


def _said(row: Consignment, *, inside: bool) -> tuple[str, datetime | None]:
    if never := _why_never(row):
        return never, None
    due = getattr(row, "figures_due", None)
    if due is None:
        return "Asked for the first time about an hour after it went out.", None
    if due.trouble:
        return f"Could not be read the last time{f': {due.trouble}' if inside else '.'}", due.asked_at
    if due.next_at is None:
        return "Not asked for any more.", None
    return "Asked for again about", due.next_at


def _why_never(row: Consignment) -> str:
    if row.is_down:
        return "Taken down: it is not asked for any more."
    if not tells(row):
        return "Its network tells no programme any figures."
    if row.read_back_at is None:
        return "A person saw it there. Its network never told which post it is, so it cannot be asked for."
    return ""


def words_of(row: Consignment) -> str:
    """What stands there, as its network was given it; what it is, where it has no words by its nature."""
    said = json.loads(bytes(stands(row).canonical))
    if said.get("story"):
        return "A story"
    return str(said["variants"].get(row.account.network, said["text"]))


def _line(key: str, rows: Sequence[Consignment]) -> Line:
    first = rows[0]
    return Line(
        post_id=key,
        excerpt=excerpt(words_of(first)),
        pillar=pillar_name(first.pillar),
        units=", ".join(sorted({row.account.unit.name for row in rows})),
        where=where([row.account for row in rows]),
        networks=list(dict.fromkeys(row.account.network for row in rows)),
        at=max(row.sent_at for row in rows),
        is_down=all(row.is_down for row in rows),
        cells=together([cells_of(row) for row in rows]),
    )


def _grouped(rows: Iterable[Consignment], key: Callable[[Consignment], str]) -> dict[str, list[Consignment]]:
    found: dict[str, list[Consignment]] = {}
    for row in rows:
        found.setdefault(key(row), []).append(row)
    return found

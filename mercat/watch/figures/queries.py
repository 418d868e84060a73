"""Reads of figures, in the reach of whoever asks: as the list of posts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Prefetch, QuerySet, Subquery

from mercat.delivery import states
from mercat.delivery.models import Consignment, Correction
from mercat.guidance import facts
from mercat.people.models import Unit
from mercat.people.pack import guidance
from mercat.posts.models import Post
from mercat.posts.queries import consignments_open, open_to
from mercat.watch.figures.asking import taken_down
from mercat.watch.models import FiguresRead

SPAN = timedelta(days=30)
MOST = 2_000  # of one post to one account; those that went out last
POST = "post:"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody chose to see; "" is all."""

    pillar: str = ""
    unit: str = ""
    network: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """`more`: there is more than was looked through."""

    rows: Sequence[Consignment]
    more: bool


def with_figures(rows: QuerySet[Consignment]) -> QuerySet[Consignment]:
    """Each with what was last read of it as `counts` and `read_at`, and whether it `is_down`."""
    read = FiguresRead.objects.filter(consignment=OuterRef("pk")).order_by("-step")
    return rows.select_related("account__unit", "manifest", "figures_due").annotate(
        counts=Subquery(read.values("counts")[:1]),
        read_at=Subquery(read.values("read_at")[:1]),
        is_down=Exists(taken_down()),
    )


def went_out(viewer: facts.Person, wanted: Wanted, *, now: datetime) -> Listed:
    """What went out in `SPAN` and this person may see, the latest first."""
    rows = _out().filter(sent_at__gt=now - SPAN)
    if wanted.pillar:
        rows = rows.filter(pillar=wanted.pillar)
    if wanted.unit:
        rows = rows.filter(account__unit=wanted.unit)
    if wanted.network:
        rows = rows.filter(account__network=wanted.network)
    words = Prefetch("corrections", Correction.objects.select_related("manifest"))
    found = list(with_figures(rows).prefetch_related(words).order_by("-sent_at", "pk")[: MOST + 1])
    opened = open_to(viewer, now=now).filter(pk__in={post_id(row) for row in found}).values_list("pk", flat=True)
    seen = {str(pk) for pk in opened}
    return Listed([row for row in found[:MOST] if post_id(row) in seen], len(found) > MOST)


def of_post(post: Post) -> list[Consignment]:
    """What of it is out, with all that was ever read of it."""
    rows = consignments_open(post).filter(state=states.SENT)
    return list(with_figures(rows).prefetch_related("figures_read"))


def post_id(row: Consignment) -> str:
    return row.post_ref.removeprefix(POST)


def choices(*, now: datetime) -> Mapping[str, Mapping[str, str]]:
    """What can be chosen from, with its words: pillars of the pack, units and networks that anything went out for."""
    sent = _out().filter(sent_at__gt=now - SPAN)
    units = Unit.objects.filter(accounts__consignments__in=sent).distinct().order_by("name")
    networks = sent.order_by("account__network").values_list("account__network", flat=True).distinct()
    return {
        "pillar": {pillar.key: pillar.name for pillar in guidance().pack.pillars},
        "unit": {unit.pk: unit.name for unit in units},
        "network": {slug: slug for slug in networks},
    }


def _out() -> QuerySet[Consignment]:
    return Consignment.objects.filter(state=states.SENT, sent_at__isnull=False)

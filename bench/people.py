"""A file of 20,000 people of the HR system: from its bytes to the last of them on the list and on record.

Then a month later: a whole file in which some moved, some left and some are new; most are the same.
"""

from __future__ import annotations

import csv
import io
import statistics
import time
from collections.abc import Iterator
from datetime import datetime, timedelta

from bench._ground import installation

PEOPLE, RUNS = 20_000, 3
MOVED, LEFT = 200, 100
HEADER = (
    "Staff number", "Forename", "Surname", "Email", "Division", "Rank", "Employment", "Leaving date", "Course",
    "Completed", "Trainer number",
)  # fmt: skip


def run() -> dict:
    """{people, courses, import_s, same_s, month_s}: in seconds, of the whole file, of the same again, of a month later.

    Half of the people have a completion of the course. `import_s` is the median of the runs.
    """
    with installation():
        from django.utils import timezone

        from mercat.people.models import Completion, Person
        from tests import factories as make

        began = timezone.now() - timedelta(days=60)
        trainer = make.person(
            "Trainer", unit_key="corporate-communications", roles=("social-media-trainer",), now=began
        )
        took, same, month = [], [], []
        for each in range(RUNS):
            now = began + timedelta(days=each)
            before = Person.objects.count()
            took.append(_applied(_file(each, trainer.number), now))
            assert Person.objects.count() == before + PEOPLE
            same.append(_applied(_file(each, trainer.number), now))
            month.append(_applied(_file(each, trainer.number, moved=MOVED, left=LEFT), now))
        assert Person.objects.filter(is_active=False).count() == RUNS * LEFT
        return {
            "people": PEOPLE,
            "courses": Completion.objects.count() // RUNS,
            "import_s": round(statistics.median(took), 2),
            "runs_s": [round(each, 2) for each in took],
            "same_s": round(statistics.median(same), 2),
            "month_s": round(statistics.median(month), 2),
        }


def _applied(data: bytes, now: datetime) -> float:
    """Seconds from the bytes to the last row that was chosen: all that is new, changed or gone."""
    from mercat.people.hr import imports
    from tests.factories import TEST

    start = time.perf_counter()
    file = imports.receive(by=TEST, name="people.csv", data=data, source="command", now=now)
    differing = imports.counts_of(imports.undecided_of(file))
    assert "conflicting" not in differing, differing
    if differing:
        imports.choose(by=TEST, file=file, kinds=imports.BY_GROUP, now=now)
        imports.finish(file, now=lambda: now)
    took = time.perf_counter() - start
    assert not file.rows.filter(outcome__in=["stale", "failed"]).exists()
    return took


def _file(each: int, trainer: str, *, moved: int = 0, left: int = 0) -> bytes:
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(HEADER)
    table.writerows(_lines(each, trainer, moved, left))
    return out.getvalue().encode()


def _lines(each: int, trainer: str, moved: int, left: int) -> Iterator[tuple[str, ...]]:
    for number in range(PEOPLE):
        unit = "E Division" if number < moved else "D Division"
        gone = "01/01/2026" if number >= PEOPLE - left else ""
        course = ("01/02/2026", trainer) if number % 2 else ("", "")
        name, kind = f"{each}-{number}", "Police Officer"
        yield (
            name, "Morag", f"Fictive {name}", f"p{name}@mercat.example", unit, "PC", kind, gone, "", *course,
        )  # fmt: skip

"""What a file comes to, as a table to take away."""

from __future__ import annotations

import csv
import io

from mercat.people.models import Import, ImportRow

COLUMNS = ("line", "about", "group", "staff number", "name", "reason", "chosen", "what came of it")
# A spreadsheet takes a cell that begins with one of these for a formula, and runs it.
FORMULA = tuple("=+-@\t\r\n＝＋－＠")


def report_of(file: Import) -> str:
    """CSV of every line that differs or is faulty."""
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(COLUMNS)
    for row in file.rows.exclude(kind=ImportRow.Kind.SAME).iterator(chunk_size=2000):
        reason = f"{row.clause}: {row.reason}" if row.clause else row.reason
        outcome = " ".join(filter(None, (row.get_outcome_display(), row.told)))
        cells = (
            row.line or "", row.get_about_display(), row.get_kind_display(), row.number, row.name, reason,
            row.get_choice_display(), outcome,
        )  # fmt: skip
        table.writerow(map(plain, cells))
    return out.getvalue()


def plain(cell: object) -> str:
    """A cell that every spreadsheet shows as text."""
    text = str(cell)
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text

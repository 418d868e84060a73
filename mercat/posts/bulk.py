"""Hootsuite's file for its bulk composer, from bytes to lines. Nothing is looked up here, and nobody is asked.

It has no header and three columns: date and time, text, and, where one is wanted, a link; 350 lines at most. A line
that cannot be used says why and keeps no other from being read; a file that cannot be read is refused as a whole.

Facts come from what users of the bulk composer wrote of it. Unconfirmed, for its own help pages could not be read:
which columns it reads beyond the third, and whether it reads a clock of twelve hours.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

from mercat.people.hr.files import DELIMITERS, KINDS, BadFile
from mercat.posts.contents import LONGEST, normal

MOST_BYTES = 2**20  # 350 lines of 2,900 characters; the report's page hands it back with its form
MOST_LINES = 350  # Hootsuite's own limit
LONGEST_LINK = 2_000
QUOTED = 24  # characters of what is wrong that a sentence shows
COLUMNS = 3

DAY, MONTH = "day", "month"
DATES = {DAY: "%d/%m/%Y", MONTH: "%m/%d/%Y"}
LIKE = {DAY: "28/11/2026 16:30", MONTH: "11/28/2026 16:30"}
# With the year first there is one order only, whichever was chosen.
YEAR_FIRST = ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S")

_is_address = URLValidator(schemes=["http", "https"])


@dataclass(frozen=True, slots=True)
class Line:
    """One line, by the number at which it begins in the file. `at` is by the body's clocks, and has no zone.

    `faults`: why it cannot be used; empty where it can. `more`: it has cells that mean nothing here.
    """

    number: int
    text: str = ""
    link: str = ""
    at: datetime | None = None
    more: bool = False
    faults: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """What would be published: the text, and after it the link, unless the text has it already."""
        return self.text if not self.link or self.link in self.text else f"{self.text} {self.link}"


def read(data: bytes, *, order: str) -> list[Line]:
    """The lines of a file whose dates begin with the `order` that somebody chose. Raises BadFile."""
    reader = csv.reader(io.StringIO(_text(data), newline=""), strict=True)
    start = 1
    found = []
    try:
        for row in reader:
            begins, start = start, reader.line_num + 1
            if not any(map(str.strip, row)):
                continue
            if len(found) == MOST_LINES:
                raise _bad(f"The file has more than {MOST_LINES} lines", "Import it in parts")
            found.append(_line(begins, [normal(cell) for cell in row], order))
    except csv.Error:
        raise _bad(f"Line {start} cannot be read", "Look at its quotation marks and its length") from None
    if not found:
        raise _bad("The file holds no words", "Export it again")
    return found


def _text(data: bytes) -> str:
    if not data.strip():
        raise _bad("The file is empty", "Export it again")
    if len(data) > MOST_BYTES:
        raise _bad(f"The file is larger than {MOST_BYTES >> 20} MB", "Import it in parts")
    for start, kind in KINDS.items():
        if data.startswith(start):
            raise _bad(f"The file is {kind}", "Save it as CSV in UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # Other encodings give other letters for the same bytes: whoever made the file knows which, and a guess may not.
        line = data.count(b"\n", 0, error.start) + 1
        raise _bad(f"Line {line} is not text in UTF-8", "Save it as “CSV UTF-8”") from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise _bad(f"Line {line} holds a NUL, which no text has", "Save it as “CSV UTF-8”")
    return text


def _line(number: int, cells: list[str], order: str) -> Line:
    if len(cells) < 2:
        return Line(number, faults=(_undivided(cells[0]),))
    when, text, link = (*cells, "")[:COLUMNS]
    at = _at(when, order)
    faults = (
        *([] if at else [_no_time(when, order)]),
        *_text_faults(text, link),
        *_link_faults(link),
    )
    return Line(number, text[:LONGEST], link[:LONGEST_LINK], at, any(cells[COLUMNS:]), faults)


def _undivided(cell: str) -> str:
    other = next((name for mark, name in DELIMITERS.items() if mark != "," and mark in cell), "")
    if other:
        return f"It has one column only. Columns are divided by a comma, and not by {other}."
    return "It has one column only. A date and time and a text are needed."


def _at(said: str, order: str) -> datetime | None:
    for shape in (f"{DATES[order]} %H:%M", *YEAR_FIRST):
        try:
            return datetime.strptime(said, shape)  # noqa: DTZ007 - by the body's clocks
        except ValueError:
            continue
    return None


def _no_time(said: str, order: str) -> str:
    if not said:
        return "It has no date and time."
    return f"“{_short(said)}” is no date and time with the {order} first, such as {LIKE[order]}."


def _text_faults(text: str, link: str) -> Iterator[str]:
    if not text:
        yield "It has no text."
    length = len(text) + len(link) + 1
    if length > LONGEST:
        yield f"It has {length:,} characters; no network takes more than {LONGEST:,}."


def _link_faults(link: str) -> Iterator[str]:
    if not link:
        return
    if len(link) > LONGEST_LINK:
        yield f"Its link has more than {LONGEST_LINK:,} characters."
        return
    try:
        _is_address(link)
    except ValidationError:
        yield f"“{_short(link)}” is no link. Write it whole, such as https://example.org/page."


def _short(said: str) -> str:
    plain = " ".join(said.split())
    return plain if len(plain) <= QUOTED else f"{plain[:QUOTED]}…"


def _bad(what: str, remedy: str) -> BadFile:
    return BadFile(f"{what}. Nothing was kept. {remedy}.")

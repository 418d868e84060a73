"""A file of the HR system, from bytes to lines of text by our fields. Nothing is looked up here.

A line that cannot be read is told as such and keeps no other from being read; a file that cannot be read is refused
as a whole.
"""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from mercat.guidance.shape import HrRule
from mercat.people.actions import Impossible

MOST_BYTES = 16 * 2**20
MOST_LINES = 100_000
LONGEST_CELL = 500
LONGEST_NAME = 200

# What files begin with that people take for a table, and that are none.
KINDS = {
    b"PK": "a spreadsheet (.xlsx) or an archive (.zip)",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet (.xls)",
    b"\x1f\x8b": "an archive (.gz)",
    b"%PDF": "a PDF",
}
DELIMITERS = {",": "a comma", ";": "a semicolon", "|": "a bar", "\t": "a tab"}
# Marks that turn the direction of writing: a name with one reads as another.
TURNING = set("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
PERSON = ("name", "email", "unit", "rank")
COURSE = ("completed", "trainer")


class BadFile(Impossible):
    """The file cannot be read as a whole. The message says what it is and what to do; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line, or record, by its number from 1: its text by our fields, or why it cannot be read."""

    number: int
    cells: dict[str, str]
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Contents:
    """`format`: csv or json. `people`: it tells of people, not of courses alone. `whole`, `made_at`: if it says so."""

    format: str
    lines: Sequence[Line]
    people: bool
    whole: bool | None = None
    made_at: datetime | None = None


def clean_name(name: str) -> str:
    """The last part of a path of any system, without what cannot be kept or shown."""
    last = PureWindowsPath(PurePosixPath(name).name).name.encode("utf-8", "replace").decode()
    return "".join(each for each in last if _is_plain(each))[:LONGEST_NAME] or "file"


def read(name: str, data: bytes, rule: HrRule) -> Contents:
    """The contents of a file. Raises BadFile."""
    text = _text(data)
    if name.lower().endswith(".json") or text.lstrip()[:1] in ("[", "{"):
        return _json(text, rule)
    return _csv(text, rule)


def _text(data: bytes) -> str:
    if not data.strip():
        raise _bad("It is empty", "Export it again")
    if len(data) > MOST_BYTES:
        raise _bad(f"It is larger than {MOST_BYTES >> 20} MB", "Send it in parts; a part is never a whole file")
    for start, kind in KINDS.items():
        if data.startswith(start):
            raise _bad(f"It is {kind}", "Save it as CSV in UTF-8, or send JSON")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _bad(f"Line {line} is not text in UTF-8", "Save it as CSV in UTF-8") from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise _bad(f"Line {line} holds a NUL, which no text has", "Save it as CSV in UTF-8")
    return text


def _csv(text: str, rule: HrRule) -> Contents:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=rule.delimiter, strict=True)
    try:
        filled = ([cell.strip() for cell in row] for row in reader if any(map(str.strip, row)))
        header = next(filled, None)
        if header is None:
            raise _bad("It holds no words", "Export it again")
        _is_split(header, rule)
        people = _has_columns(header, rule)
        return Contents("csv", list(_limited(_lines(reader, header, rule))), people)
    except csv.Error as error:
        raise _bad(f"Line {reader.line_num} cannot be read: {error}", "Look at the quotation marks there") from None


def _is_split(header: list[str], rule: HrRule) -> None:
    other = next((mark for mark in DELIMITERS if mark != rule.delimiter and mark in header[0]), None)
    if other and len(header) == 1:
        wanted = DELIMITERS[rule.delimiter]
        raise _bad(f"Its columns are divided by {DELIMITERS[other]}, and not by {wanted}", "Export it with that")


def _has_columns(header: Sequence[str], rule: HrRule) -> bool:
    """Whether it tells of people. Raises BadFile for a header that does not say what is needed, or says it twice."""
    twice = sorted(name for name, times in Counter(header).items() if name and times > 1)
    if twice:
        raise _bad(f"It has two columns “{twice[0]}”", "Leave one of them out")
    columns = _columns(rule)
    people = any(name in header for field in PERSON for name in columns[field])
    needed = ["number", *(PERSON if people else COURSE)]
    if any(name in header for field in COURSE for name in columns[field]):
        needed += COURSE
    missing = [name for field in dict.fromkeys(needed) for name in columns[field] if name not in header]
    if missing:
        named = ", ".join(f"“{name}”" for name in missing)
        raise _bad(f"It has no column {named}", "Export it with these, or have the guidance pack name yours")
    return people


def _columns(rule: HrRule) -> dict[str, list[str]]:
    """The names of columns by our fields; none for a field that this body's files do not have."""
    named = rule.columns.model_dump()
    return {field: name if isinstance(name, list) else [name] if name else [] for field, name in named.items()}


def _lines(reader: Any, header: list[str], rule: HrRule) -> Iterator[Line]:
    ended = reader.line_num
    for row in reader:
        number, ended = ended + 1, reader.line_num  # a cell in quotation marks may span lines
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(header):
            yield Line(number, {}, f"It has {len(row)} cells; the header has {len(header)}.")
            continue
        yield _line(number, dict(zip(header, row, strict=True)), rule)


def _json(text: str, rule: HrRule) -> Contents:
    try:
        found = json.loads(text, object_pairs_hook=_once_each)
    except RecursionError:
        raise _bad("It is nested too deeply to be JSON of people", "Export it again") from None
    except json.JSONDecodeError as error:
        raise _bad(f"It is no JSON: line {error.lineno}: {error.msg}", "Export it again") from None
    except ValueError as error:
        raise _bad(f"It is no JSON that can be read: {error}", "Export it again") from None
    about = found if isinstance(found, dict) else {"people": found}
    records = about.get("people")
    if not isinstance(records, list) or not records:
        raise _bad("It holds no list of people", "Send a list of records, or an object with “people”")
    keys = {key for record in records if isinstance(record, dict) for key in record}
    people = _has_columns(sorted(keys), rule)
    lines = list(_limited(_record(number, record, rule) for number, record in enumerate(records, 1)))
    whole = about.get("whole")
    if whole is not None and not isinstance(whole, bool):
        raise _bad("“whole” is neither true nor false", "Say true only where everybody is named")
    return Contents("json", lines, people, whole, _made_at(about.get("made_at")))


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a record gives the same name twice")
    return found


def _made_at(said: Any) -> datetime | None:
    if said is None:
        return None
    try:
        at = datetime.fromisoformat(said)
        at.astimezone()
    except (TypeError, ValueError, OverflowError):
        at = None
    if at is None or at.tzinfo is None:
        raise _bad("“made_at” is no time with a zone", "Write it as 2026-11-28T06:00:00Z")
    return at


def _record(number: int, record: Any, rule: HrRule) -> Line:
    if not isinstance(record, dict):
        return Line(number, {}, "It is no record with names.")
    wrong = [key for key, value in record.items() if isinstance(value, bool) or not isinstance(value, str | int | None)]
    if wrong:
        return Line(number, {}, f"“{wrong[0][:LONGEST_NAME]}” is neither text nor a whole number.")
    return _line(number, {key: "" if value is None else str(value) for key, value in record.items()}, rule)


def _line(number: int, row: dict[str, str], rule: HrRule) -> Line:
    """The cells that matter, each as one line of plain text."""
    cells = {}
    for field, names in _columns(rule).items():
        parts = [" ".join(unicodedata.normalize("NFC", row.get(name, "")).split(" ")) for name in names]
        cell = " ".join(filter(None, (part.strip() for part in parts)))
        if not (cell.isascii() and cell.isprintable()) and not all(map(_is_plain, cell)):
            return Line(number, {}, f"“{names[0]}” holds a line break or another character that cannot be kept.")
        if len(cell) > LONGEST_CELL:
            return Line(number, {}, f"“{names[0]}” is longer than {LONGEST_CELL} characters.")
        cells[field] = cell
    return Line(number, cells)


def _is_plain(character: str) -> bool:
    return unicodedata.category(character) not in {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"} and character not in TURNING


def _limited(lines: Iterator[Line]) -> Iterator[Line]:
    for count, line in enumerate(lines, 1):
        if count > MOST_LINES:
            raise _bad(f"It has more than {MOST_LINES:,} lines", "Send it in parts; a part is never a whole file")
        yield line


def _bad(what: str, remedy: str) -> BadFile:
    return BadFile(f"This file cannot be read. {what}. Nothing was changed. {remedy}.")

"""Hootsuite's members and social profiles, from bytes to records. Nothing is looked up here.

JSON as Hootsuite's REST API answers (`{"data": [...]}`, or the list alone), or CSV with the same names in its header. A
record with an e-mail is a member's; one with a `type` is a profile's. What cannot be read is told by its number, and
keeps no other from being read.

The names of fields are those of Hootsuite's own clients and of its API's description. Unconfirmed: whether the list of
an organisation's members tells their e-mails, or their numbers alone; then each is asked for by `GET /v1/members/{id}`.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mercat.people.hr.files import KINDS, BadFile

MOST_BYTES = 4 * 2**20
MOST_RECORDS = 5_000
LONGEST = 500  # characters of one field

# How fields may be called in a header or a record: in small letters, without blanks, hyphens and underscores.
NAMES = {
    "email": "email",
    "emailaddress": "email",
    "fullname": "name",
    "name": "name",
    "isactive": "active",
    "active": "active",
    "id": "id",
    "type": "type",
    "socialnetworkid": "network_id",
    "socialnetworkusername": "username",
    "username": "username",
}
UNKEEPABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")  # control characters, and halves of characters
YES, NO = {"true", "yes", "1"}, {"false", "no", "0"}


@dataclass(frozen=True, slots=True)
class Member:
    """`active`: whether Hootsuite says so; None where it does not say."""

    number: int
    name: str
    email: str
    active: bool | None


@dataclass(frozen=True, slots=True)
class Profile:
    """`id` is Hootsuite's own number, `network_id` the network's. Of X it tells no `username`."""

    number: int
    id: str
    type: str
    network_id: str
    username: str


@dataclass(frozen=True, slots=True)
class Fault:
    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class Contents:
    """`word`: what is counted, a line or a record."""

    word: str
    members: tuple[Member, ...]
    profiles: tuple[Profile, ...]
    faults: tuple[Fault, ...]


def read(data: bytes) -> Contents:
    """Raises BadFile."""
    text = _text(data)
    word, records = ("record", _json(text)) if text.lstrip()[:1] in ("[", "{") else ("line", _csv(text))
    found: list[Member | Profile | Fault] = []
    for number, record in records:
        if len(found) == MOST_RECORDS:
            raise _bad(f"The file has more than {MOST_RECORDS:,} {word}s", "Compare it in parts")
        found.append(_understood(number, record))
    if not found:
        raise _bad("The file holds nobody and nothing", "Export it again")
    return Contents(
        word,
        tuple(each for each in found if isinstance(each, Member)),
        tuple(each for each in found if isinstance(each, Profile)),
        tuple(each for each in found if isinstance(each, Fault)),
    )


def _text(data: bytes) -> str:
    if not data.strip():
        raise _bad("The file is empty", "Export it again")
    if len(data) > MOST_BYTES:
        raise _bad(f"The file is larger than {MOST_BYTES >> 20} MB", "Compare it in parts")
    for start, kind in KINDS.items():
        if data.startswith(start):
            raise _bad(f"The file is {kind}", "Save it as CSV in UTF-8, or take JSON")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _bad(f"Line {line} is not text in UTF-8", "Save it as CSV in UTF-8, or take JSON") from None
    if "\0" in text:
        raise _bad("The file holds a NUL, which no text has", "Export it again")
    return text


def _json(text: str) -> Iterator[tuple[int, Any]]:
    try:
        found = json.loads(text)
    except RecursionError:
        raise _bad("The file is nested too deeply", "Export it again") from None
    except json.JSONDecodeError as error:
        raise _bad(f"The file is no JSON: line {error.lineno}: {error.msg}", "Export it again") from None
    except ValueError:
        raise _bad("The file holds a number that is too long", "Export it again") from None
    data = found.get("data", found) if isinstance(found, dict) else found
    return enumerate(data if isinstance(data, list) else [data], 1)


def _csv(text: str) -> Iterator[tuple[int, Any]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    start = 1
    try:
        header = next(reader, [])
        known = [NAMES.get(_plain(name), "") for name in header]
        if not {"email", "type"}.intersection(known):
            raise _bad("Its header has neither “email” nor “type”", "Take the names that Hootsuite's interface has")
        twice = next((name for name in known if name and known.count(name) > 1), "")
        if twice:
            raise _bad(f"Its header has “{twice}” twice", "Leave one of them out")
        start = reader.line_num + 1
        for row in reader:
            begins, start = start, reader.line_num + 1
            if any(map(str.strip, row)):
                yield begins, dict(zip(header, row, strict=False)) if len(row) <= len(header) else row
    except csv.Error:
        raise _bad(f"Line {start} cannot be read", "Look at its quotation marks and its length") from None


def _understood(number: int, record: Any) -> Member | Profile | Fault:
    if not isinstance(record, dict):
        return Fault(number, "It has more cells than names, or is no record with names.")
    cells = _cells(record)
    wrong = next(filter(None, (_wrong(name, cell) for name, cell in cells.items())), "")
    if wrong:
        return Fault(number, wrong)
    if cells["type"]:
        if not cells["id"] and not cells["network_id"]:
            return Fault(number, "It is a profile without a number.")
        return Profile(number, cells["id"], cells["type"].upper(), cells["network_id"], cells["username"])
    if cells["email"]:
        said = cells["active"].lower()
        active = True if said in YES else False if said in NO else None
        return Member(number, cells["name"], cells["email"].lower(), active)
    return Fault(number, "It has neither an e-mail, as members have, nor a type, as profiles have.")


def _wrong(name: str, cell: str) -> str:
    if len(cell) > LONGEST:
        return f"Its “{name}” is longer than {LONGEST} characters."
    return f"Its “{name}” holds a character that is none." if UNKEEPABLE.search(cell) else ""


def _cells(record: Mapping[str, Any]) -> dict[str, str]:
    """Text by our names, as one line each; empty where nothing is said, or something that is no text."""
    cells = dict.fromkeys(NAMES.values(), "")
    for name, value in record.items():
        field = NAMES.get(_plain(name))
        if field and isinstance(value, str | int):
            cells[field] = " ".join(str(value).split())
    return cells


def _plain(name: str) -> str:
    return name.strip().lower().translate({ord(each): None for each in " -_"})


def _bad(what: str, remedy: str) -> BadFile:
    return BadFile(f"{what}. Nothing was compared. {remedy}.")

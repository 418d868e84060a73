"""Bytes to lines: what is no file of people is refused as a whole, in words; what is no line, by its number."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mercat.people.hr import files
from mercat.people.hr.files import BadFile, clean_name, read
from mercat.people.pack import guidance
from tests.people.hr.files import HEADER, as_csv, as_json, line

RULE = guidance().pack.hr
HEAD = ",".join(HEADER)


def lines_of(data: bytes, name: str = "people.csv") -> list[files.Line]:
    return list(read(name, data, RULE).lines)


def test_csv_and_json_say_the_same() -> None:
    sound = [line("1"), line("2", completed="01/02/2026", trainer="9")]
    assert [each.cells for each in lines_of(as_csv(*sound))] == [each.cells for each in lines_of(as_json(*sound))]
    assert lines_of(as_csv(*sound))[0].cells == {
        "number": "1", "name": "Morag Fictive 1", "email": "hr1@mercat.example", "unit": "D Division", "rank": "PC",
        "employment": "", "left": "", "course": "", "completed": "", "trainer": "",
    }  # fmt: skip


def test_a_line_is_counted_as_an_editor_counts_it() -> None:
    rest = as_csv(line("4")).partition(b"\r\n")[2]
    data = as_csv(line("1"), line("2", forename="Mo\nrag"), line("3")) + b"\r\n , ,,\r\n" + rest
    numbers = [(each.number, bool(each.fault)) for each in lines_of(data)]
    assert numbers == [(2, False), (3, True), (5, False), (8, False)]


def test_a_byte_order_mark_and_columns_that_nobody_asked_for_do_no_harm() -> None:
    data = b"\xef\xbb\xbf" + as_csv({**line("1"), "Shoe size": "9"}, header=(*HEADER, "Shoe size"))
    assert lines_of(data)[0].cells["number"] == "1"


def test_a_file_of_courses_alone_needs_no_names() -> None:
    data = b"Staff number,Completed,Trainer number\r\n1,01/02/2026,9\r\n"
    contents = read("courses.csv", data, RULE)
    assert (contents.people, contents.lines[0].cells["completed"]) == (False, "01/02/2026")


BAD = {
    "empty": (b"", "It is empty"),
    "blank": (b" \r\n\r\n", "It is empty"),
    "a spreadsheet": (b"PK\x03\x04 and more", "spreadsheet"),
    "an old spreadsheet": (b"\xd0\xcf\x11\xe0\xa1\xb1", "old spreadsheet"),
    "an archive": (gzip.compress(b"a"), "archive"),
    "not UTF-8": (as_csv(line("1")) + "2,Zoë".encode("latin-1"), "Line 3 is not text in UTF-8"),
    "UTF-16": (as_csv(line("1")).decode().encode("utf-16-le"), "holds a NUL"),
    "a NUL": (as_csv(line("1"), line("2")) + b"3\0", "Line 4 holds a NUL"),
    "another delimiter": (as_csv(line("1"), delimiter=";"), "divided by a semicolon, and not by a comma"),
    "a missing column": (as_csv(line("1")).replace(b"Email", b"Mail", 1), "no column “Email”"),
    "a trainer's column missing": (as_csv(line("1")).replace(b"Trainer number", b"T", 1), "no column “Trainer number”"),
    "nothing that we know": (b"a,b,c\r\n1,2,3\r\n", "no column “Staff number”, “Completed”, “Trainer number”"),
    "a header given twice": (as_csv(line("1")).replace(b"Forename", b"Surname", 1), "two columns “Surname”"),
    "an open quotation": (as_csv(line("1")) + b'2,"Morag', "Line 3 cannot be read"),
    "broken JSON": (as_json(line("1"))[:-3], "It is no JSON: line 1"),
    "JSON of something else": (b'{"persons": []}', "no list of people"),
    "JSON nested without end": (b"[" * 200_000, "nested too deeply"),
    "a name given twice in JSON": (b'[{"Staff number": "1", "Staff number": "2"}]', "the same name twice"),
    "a number without end in JSON": (b'[{"Staff number": ' + b"9" * 10_000 + b"}]", "no JSON that can be read"),
    "a time without a zone": (as_json(line("1"), made_at="2026-11-01"), "no time with a zone"),
    "whole in words": (as_json(line("1"), whole="yes"), "neither true nor false"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_with_what_it_is_and_what_to_do(name: str) -> None:
    data, reason = BAD[name]
    with pytest.raises(BadFile) as refused:
        read("people.csv", data, RULE)
    told = str(refused.value)
    assert reason in told
    assert "Nothing was changed." in told
    assert not told.endswith("Nothing was changed."), "it says what to do"


def test_a_file_that_is_too_large_or_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_LINES", 2)
    with pytest.raises(BadFile, match="more than 2 lines"):
        lines_of(as_csv(*(line(str(number)) for number in range(3))))
    assert len(lines_of(as_csv(*(line(str(number)) for number in range(2))))) == 2
    monkeypatch.setattr(files, "MOST_BYTES", 100)
    with pytest.raises(BadFile, match="larger than"):
        lines_of(as_csv(line("1")))


def test_json_may_say_when_it_was_made_and_that_it_is_whole() -> None:
    contents = read("x", as_json(line("1"), made_at="2026-11-28T06:00:00Z", whole=True), RULE)
    assert (contents.made_at, contents.whole) == (datetime(2026, 11, 28, 6, tzinfo=UTC), True)


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ([1], "no record"),
        ({**line("1"), "Forename": ["a"]}, "“Forename” is neither text"),
        ({**line("1"), "Forename": 1.5}, "“Forename” is neither text"),
        ({**line("1"), "Forename": True}, "“Forename” is neither text"),
        ({**line("1"), "Forename": "Mo\ud800"}, "cannot be kept"),
        ({**line("1"), "Forename": "Mo\0rag"}, "cannot be kept"),
        ({**line("1"), "Surname": "evitciF\u202e"}, "cannot be kept"),
        ({**line("1"), "Surname": "x" * 501}, "longer than 500"),
    ],
)
def test_a_record_that_cannot_be_read_is_told_and_the_others_are_read(record: object, reason: str) -> None:
    data = json.dumps([record, line("2")]).encode()
    bad, sound = lines_of(data, "people.json")
    assert (bad.number, sound.fault) == (1, "")
    assert reason in bad.fault


def test_a_number_in_json_is_a_staff_number_and_null_is_nothing() -> None:
    (read_,) = lines_of(json.dumps([{**line("1"), "Staff number": 17, "Employment": None}]).encode())
    assert (read_.cells["number"], read_.cells["employment"]) == ("17", "")


def test_a_line_with_too_many_or_too_few_cells_is_told() -> None:
    data = as_csv(line("1")) + b"2,too,few\r\n"
    assert lines_of(data)[1].fault == "It has 3 cells; the header has 11."


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("people.csv", "people.csv"),
        ("../../etc/passwd", "passwd"),
        ("C:\\HR\\people.csv", "people.csv"),
        ("pe\u202eople\n\0.csv", "people.csv"),
        ("\udcff.csv", "?.csv"),
        ("..", ".."),
        ("/", "file"),
        ("x" * 300, "x" * 200),
    ],
)
def test_the_name_of_a_file_is_its_last_part_in_plain_text(name: str, clean: str) -> None:
    assert clean_name(name) == clean


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: f"{HEAD}\n{text}".encode("utf-8", "replace")))
def test_whatever_comes_is_read_or_refused(data: bytes) -> None:
    try:
        contents = read("people.csv", data, RULE)
    except BadFile:
        return
    for each in contents.lines:
        assert each.number > 0

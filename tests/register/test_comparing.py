"""Hootsuite's members and profiles beside the people and accounts here: read, matched, and nothing changed."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from click.testing import CliRunner
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given
from hypothesis import strategies as st

from mercat.audit.models import Event
from mercat.guidance.gate import Refused
from mercat.people import actions as people
from mercat.people.hr.files import BadFile
from mercat.people.pack import guidance
from mercat.register.cli import register
from mercat.register.comparing import files, report
from mercat.register.comparing.files import Fault, Member, Profile
from tests import factories as make
from tests.factories import NOW, TEST
from tests.pages import at_noon, signed_in, text_of  # noqa: F401

MEMBER = {"id": "11", "fullName": "Ann Fictive", "email": "Ann@mercat.example", "isActive": True}
PROFILE = {
    "id": "115185509",
    "type": "INSTAGRAMBUSINESS",
    "socialNetworkId": "17841400000000001",
    "socialNetworkUsername": "dundee.fictive",
    "avatarUrl": "https://example.org/a.png",
    "owner": "ORGANIZATION",
    "ownerId": "626731",
    "isReauthRequired": 0,
}


def as_json(*records: object) -> bytes:
    return json.dumps({"data": records}).encode()


# Reading


def test_the_answers_of_the_interface_are_read() -> None:
    found = files.read(as_json(MEMBER, PROFILE))
    assert found.members == (Member(1, "Ann Fictive", "ann@mercat.example", True),)
    assert found.profiles == (Profile(2, "115185509", "INSTAGRAMBUSINESS", "17841400000000001", "dundee.fictive"),)
    assert found.faults == ()


@pytest.mark.parametrize("whole", [[MEMBER], {"data": MEMBER}, MEMBER, {"data": [MEMBER]}])
def test_a_list_alone_or_one_record_is_read_too(whole: object) -> None:
    assert len(files.read(json.dumps(whole).encode()).members) == 1


def test_a_profile_of_x_has_no_name_and_numbers_may_be_numbers() -> None:
    record = {"id": 1, "type": "TWITTER", "socialNetworkId": 1560718270506380122, "socialNetworkUsername": None}
    assert files.read(as_json(record)).profiles == (Profile(1, "1", "TWITTER", "1560718270506380122", ""),)


@pytest.mark.parametrize(
    ("text", "members", "profiles"),
    [
        ("Full name,E-mail,Active\nAnn,a@b.example,no\n\nBea,b@b.example,\n", [(2, False), (4, None)], []),
        ("id,type,socialNetworkId,socialNetworkUsername\n1,threads,2,name\n", [], ["THREADS"]),
    ],
)
def test_csv_is_read_by_its_header(text: str, members: list[object], profiles: list[str]) -> None:
    found = files.read(b"\xef\xbb\xbf" + text.encode())
    assert [(each.number, each.active) for each in found.members] == members
    assert [each.type for each in found.profiles] == profiles


def test_what_cannot_be_read_is_told_by_its_number_and_the_rest_is_read() -> None:
    found = files.read(as_json({"id": "7"}, "Ann", {"type": "TWITTER"}, {"email": "a" * 501}, {"email": {}}, MEMBER))
    assert [each.number for each in found.faults] == [1, 2, 3, 4, 5]
    assert found.faults[2] == Fault(3, "It is a profile without a number.")
    assert all(len(each.reason) <= 120 for each in found.faults)
    assert len(found.members) == 1


@pytest.mark.parametrize("said", ['"\\u0000@b.example"', '"\\ud800@b.example"', '"a\\u0007@b.example"'])
def test_what_is_no_character_is_told_and_asked_of_no_database(said: str) -> None:
    [fault] = files.read(b'[{"email": %b}]' % said.encode()).faults
    assert fault.reason == "Its “email” holds a character that is none."


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "The file is empty."),
        (b"[]", "The file holds nobody and nothing."),
        (b"PK\x03\x04", "The file is a spreadsheet"),
        (b'{"data": [', "The file is no JSON: line 1"),
        (b"[" * 200_000, "The file is nested too deeply."),
        (b"[" + b"1" * 5_000 + b"]", "The file holds a number that is too long."),
        ("email\nCafé\n".encode("cp1252"), "Line 2 is not text in UTF-8."),
        (b"email\na\0b\n", "The file holds a NUL"),
        (b"a" * 10_000_000, "The file is larger than 4 MB."),
        (b"email\n" + b"a@b.example\n" * 5_001, "The file has more than 5,000 lines."),
        (b"forename,surname\nA,B\n", "Its header has neither"),
        (b"email,E-mail\na,b\n", "twice"),
        (b'email\n"never shut\n', "Line 2 cannot be read"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_words(data: bytes, said: str) -> None:
    with pytest.raises(BadFile) as refused:
        files.read(data)
    assert said in str(refused.value)
    assert len(str(refused.value)) <= 120


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_whatever_comes_is_read_or_refused(data: bytes) -> None:
    try:
        files.read(data)
    except BadFile:
        return


# Comparing


def states(*records: object) -> list[str]:
    found = report.compare(files.read(as_json(*records)), now=NOW)
    return [each.state for each in (*found.members, *found.profiles)]


@pytest.mark.django_db
def test_members_are_told_by_their_licence() -> None:
    licensed, without, left = make.authorised("Ann"), make.person("Bea"), make.authorised("Cal")
    people.mark_left(by=TEST, person=left, reason="Retired", now=NOW)
    records = [{"email": each.email.upper()} for each in (licensed, without, left)]
    assert states(*records, {"email": "nobody@elsewhere.example"}) == [
        report.LICENSED, report.UNLICENSED, report.LEFT, report.UNKNOWN,
    ]  # fmt: skip


def an_account(network: str, **about: str):
    row = make.account(f"Dundee on {network}", network=network)
    for name, value in about.items():
        setattr(row, name, value)
    row.save()
    return row


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("network", "about", "profile"),
    [
        ("x", {"native_id": "155"}, {"type": "TWITTER", "socialNetworkId": "155"}),
        ("facebook", {"native_id": "77012345"}, {"type": "FACEBOOKPAGE", "socialNetworkId": "77012345"}),
        (
            "facebook",
            {"native_id": "", "url": "https://www.facebook.com/77012345"},
            {"type": "FACEBOOKPAGE", "socialNetworkId": "77012345"},
        ),
        (
            "instagram",
            {"native_id": "another", "handle": "Dundee.Fictive"},
            {"type": "INSTAGRAMBUSINESS", "socialNetworkId": "9", "socialNetworkUsername": "dundee.fictive"},
        ),
        ("linkedin", {"native_id": "5005"}, {"type": "LINKEDINCOMPANY", "socialNetworkId": "5005"}),
        ("hootsuite", {"native_id": "4711"}, {"type": "TWITTER", "id": "4711", "socialNetworkId": "1"}),
    ],
)
def test_an_account_of_the_register_is_official(network: str, about: dict[str, str], profile: dict[str, str]) -> None:
    an_account(network, **about)
    assert states(profile) == [report.OFFICIAL]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "profile",
    [
        {"type": "TWITTER", "socialNetworkId": "156"},
        {"type": "FACEBOOKPAGE", "socialNetworkId": "155"},  # the number of an account elsewhere
        {"type": "FACEBOOKPAGE", "socialNetworkId": "9", "socialNetworkUsername": "dundee.police"},  # a chosen name
        {"type": "PINTEREST", "socialNetworkId": "155"},
    ],
)
def test_every_other_profile_is_not_on_the_register(profile: dict[str, str]) -> None:
    an_account("x", native_id="155", handle="dundee.police")
    an_account("facebook", native_id="66012345", handle="dundee.police", url="https://www.facebook.com/dundee.police")
    assert states(profile) == [report.MISSING]


@pytest.mark.django_db
def test_a_closed_account_is_official_no_more_unless_there_is_an_open_one() -> None:
    closed = an_account("x", native_id="155", url="https://x.com/one")
    make.put(closed, "closed")
    profile = {"type": "TWITTER", "socialNetworkId": "155"}
    assert states(profile) == [report.CLOSED]
    an_account("x", native_id="155", url="https://x.com/two")
    assert states(profile) == [report.OFFICIAL]


@pytest.mark.django_db
def test_accounts_whose_number_is_not_known_yet_are_counted() -> None:
    make.account("Silent", network="x", connected=False)
    found = report.compare(files.read(as_json({"type": "TWITTER", "socialNetworkId": "9"})), now=NOW)
    assert (found.profiles[0].state, found.profiles[0].unnumbered) == (report.MISSING, 1)


# The page


@pytest.fixture
def client(db, at_noon):  # noqa: F811
    person = make.authorised(unit_key="corporate-communications", roles=("corporate-communications",))
    return signed_in(person)


def handed_in(*records: object) -> dict[str, object]:
    return {"file": SimpleUploadedFile("members.json", as_json(*records))}


def test_the_page_tells_all_and_changes_nothing(client) -> None:
    account = an_account("instagram", native_id="17841400000000001")
    ann = make.authorised("Ann")
    assert 'href="/register/hootsuite/"' in client.get("/register/").content.decode()
    before = Event.objects.count()
    unknown = {"type": "TWITTER", "id": "1", "socialNetworkId": "9"}
    answer = client.post(
        "/register/hootsuite/", handed_in({**MEMBER, "email": ann.email}, PROFILE, unknown, {"id": "<b>"})
    )
    said = text_of(answer)
    assert "1 member, 2 profiles, 1 not read." in said
    assert "report each that is not on the register to the Information Security Officer" in said
    for row in (account, ann):
        assert str(row.pk) in answer.content.decode()
    assert Event.objects.count() == before


@pytest.mark.parametrize(
    ("form", "said"),
    [({}, "Choose a file"), ({"file": SimpleUploadedFile("a.json", b"{")}, "The file is no JSON")],
)
def test_what_is_wrong_is_said_at_the_file(client, form: dict[str, object], said: str) -> None:
    answer = client.post("/register/hootsuite/", form)
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert 'href="#file"' in answer.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "may"),
    [
        ("corporate-communications", True),
        ("information-security-officer", True),
        ("auditor", True),
        ("foi-officer", False),  # people are not open to them
        ("ict", False),  # accounts are not
        ("", False),
    ],
)
def test_it_is_for_those_to_whom_people_and_accounts_of_the_whole_body_are_open(role: str, may: bool) -> None:
    person = make.authorised(roles=(role,) if role else ())
    if may:
        report.allow(person, now=NOW)
        return
    with pytest.raises(Refused):
        report.allow(person, now=NOW)


@pytest.mark.django_db
def test_who_answers_for_one_division_is_refused() -> None:
    with pytest.raises(Refused):
        report.allow(make.authorised(unit_roles=("divisional-commander",)), now=NOW)


@pytest.mark.django_db
@pytest.mark.usefixtures("at_noon")
def test_whom_it_is_not_for_is_not_shown_the_link() -> None:
    client = signed_in(make.authorised())
    assert "/register/hootsuite/" not in client.get("/register/").content.decode()
    assert client.get("/register/hootsuite/").status_code == 403


# The command


@pytest.mark.django_db
def test_the_command_tells_the_same(tmp_path) -> None:
    bea = make.person("Bea")
    file = tmp_path / "both.json"
    inactive = {"email": bea.email, "isActive": False}
    file.write_bytes(as_json(inactive, {"type": "TWITTER", "socialNetworkId": "9"}, {}))
    told = CliRunner().invoke(register, ["compare", str(file)])
    assert told.exit_code == 0, told.output
    assert f"{bea.email}: no licence, not active in Hootsuite" in told.output
    assert "TWITTER 9 : not on the register" in told.output
    assert "Record 3 was not read" in told.output
    assert "Report unauthorised accounts to the Information Security Officer." in told.output


@pytest.mark.django_db
def test_the_command_refuses_in_words(tmp_path) -> None:
    file = tmp_path / "both.json"
    file.write_bytes(b"PK")
    told = CliRunner().invoke(register, ["compare", str(file)])
    assert told.exit_code == 1
    assert "The file is a spreadsheet" in told.output


@pytest.fixture
def council(settings) -> Iterator[None]:
    settings.MERCAT_PACK = "example-council"
    guidance.cache_clear()
    yield
    guidance.cache_clear()


@pytest.mark.usefixtures("council")
def test_a_body_without_such_an_officer_is_told_all_the_same() -> None:
    assert report.told_to() == "those who keep the register"

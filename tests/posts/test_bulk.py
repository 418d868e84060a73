"""Hootsuite's bulk file: read line by line, looked through, made into drafts once, and refused where it is hostile."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given
from hypothesis import strategies as st

from mercat.audit.models import Event
from mercat.people.actions import Impossible
from mercat.people.hr.files import BadFile
from mercat.posts import actions, bulk, importing
from mercat.posts.actions import NotAllowed
from mercat.posts.cli import post as command
from mercat.posts.contents import LONGEST
from mercat.posts.importing import ReportChanged
from mercat.posts.models import Post
from tests import factories as make
from tests.factories import NOW
from tests.pages import at_noon, passphrase_alone, signed_in, text_of  # noqa: F401

WORDS = "castle river lantern"
GOOD = '28/11/2026 16:30,"Road closed at the bridge, please wait.",https://example.org/road\n'
OTHER = "2026-11-29 08:00,Ice on the roads.,\n"
SOUND = (GOOD + OTHER).encode()


def read(text: str | bytes, order: str = bulk.DAY) -> list[bulk.Line]:
    return bulk.read(text if isinstance(text, bytes) else text.encode(), order=order)


def only(text: str, order: str = bulk.DAY) -> bulk.Line:
    [line] = read(text, order)
    return line


# Reading


@pytest.mark.parametrize(
    ("said", "order", "at"),
    [
        ("03/04/2027 09:05", bulk.DAY, "2027-04-03T09:05:00"),
        ("03/04/2027 09:05", bulk.MONTH, "2027-03-04T09:05:00"),
        ("3/4/2027 9:05", bulk.DAY, "2027-04-03T09:05:00"),
        ("2027-04-03 09:05", bulk.DAY, "2027-04-03T09:05:00"),
        ("2027-04-03 09:05:30", bulk.MONTH, "2027-04-03T09:05:30"),
    ],
)
def test_dates_are_read_in_the_order_that_was_chosen(said: str, order: str, at: str) -> None:
    line = only(f"{said},Words\n", order)
    assert (line.at.isoformat(), line.faults) == (at, ())


@pytest.mark.parametrize("said", ["11/28/2026 16:30", "28/11/26 16:30", "31/02/2027 10:00", "tomorrow", "28/11/2026"])
def test_another_order_is_never_guessed(said: str) -> None:
    assert only(f"{said},Words\n").faults == (
        f"“{said}” is no date and time with the day first, such as 28/11/2026 16:30.",
    )


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (",Words", "It has no date and time."),
        ("28/11/2026 16:30,", "It has no text."),
        ("28/11/2026 16:30,  ,https://example.org", "It has no text."),
        ("28/11/2026 16:30,Words,example.org", "“example.org” is no link. Write it whole"),
        ("28/11/2026 16:30,Words,javascript:alert(1)", "“javascript:alert(1)” is no link."),
        (f"28/11/2026 16:30,Words,https://example.org/{'a' * 2000}", "Its link has more than 2,000 characters."),
        (f"28/11/2026 16:30,{'a' * (LONGEST + 1)}", "It has 100,002 characters; no network takes more"),
        ("Words alone", "It has one column only. A date and time and a text are needed."),
        ("28/11/2026 16:30;Words", "It has one column only. Columns are divided by a comma, and not by a semicolon."),
    ],
)
def test_a_line_says_what_is_wrong_with_it(row: str, fault: str) -> None:
    [said] = only(f"{row}\n").faults
    assert said.startswith(fault)
    assert len(said) <= 120


def test_all_that_is_wrong_with_a_line_is_said_at_once_and_the_others_are_read() -> None:
    first, second = read(f"Date,Message,Link\n{OTHER}")
    assert len(first.faults) == 2
    assert (second.number, second.text, second.faults) == (2, "Ice on the roads.", ())


def test_a_line_has_the_number_at_which_it_begins() -> None:
    lines = read(f'28/11/2026 16:30,"Two\r\nlines"\r\n\r\n{OTHER}')
    assert [(each.number, each.text) for each in lines] == [(1, "Two\nlines"), (4, "Ice on the roads.")]


def test_the_link_follows_the_text_unless_it_is_there() -> None:
    assert only(GOOD).words == "Road closed at the bridge, please wait. https://example.org/road"
    assert only("28/11/2026 16:30,See https://a.example,https://a.example\n").words == "See https://a.example"


def test_further_columns_are_told() -> None:
    assert only("28/11/2026 16:30,Words,,https://a.example/b.png\n").more
    assert not only("28/11/2026 16:30,Words,,,,\n").more


def test_a_byte_order_mark_is_no_letter() -> None:
    assert only(b"\xef\xbb\xbf".decode("utf-8") + OTHER).faults == ()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "The file is empty."),
        (b"\r\n  \n", "The file is empty."),
        (b",,\n,,\n", "The file holds no words."),
        (b"PK\x03\x04", "The file is a spreadsheet (.xlsx)"),
        (GOOD.encode() + "28/11/2026 16:30,Café\n".encode("cp1252"), "Line 2 is not text in UTF-8."),
        (GOOD.encode("utf-16"), "Line 1 is not text in UTF-8."),
        (GOOD.encode() + b"28/11/2026 16:30,a\0b\n", "Line 2 holds a NUL"),
        (GOOD.encode() * 351, "The file has more than 350 lines."),
        (b"a" * 10_000_000, "The file is larger than 1 MB."),
        (b"28/11/2026 16:30," + b"a" * 200_000, "Line 1 cannot be read."),
        (GOOD.encode() + b'28/11/2026 16:30,"never shut\n' + OTHER.encode(), "Line 2 cannot be read"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_words(data: bytes, said: str) -> None:
    with pytest.raises(BadFile) as refused:
        read(data)
    assert said in str(refused.value)
    assert "Nothing was kept." in str(refused.value)
    assert len(str(refused.value)) <= 120


@given(st.binary(max_size=400) | st.text(max_size=400).map(str.encode))
def test_whatever_comes_is_read_or_refused(data: bytes) -> None:
    try:
        lines = read(data)
    except BadFile:
        return
    assert all(line.at and line.text for line in lines if not line.faults)


# Looking through, and making drafts


@pytest.fixture
def account(db: None):
    return make.account("Dundee")


@pytest.fixture
def author(account):
    make.spoc_of(account, "Contact")
    return make.authorised("Author", passphrase=WORDS)


def look(by, account, data: bytes = SOUND, now: datetime = NOW) -> importing.Report:
    return importing.look_through(by=by, data=data, order=bulk.DAY, accounts=[account], now=now)


def make_drafts(by, *accounts, data: bytes = SOUND, now: datetime = NOW, **more) -> list[Post]:
    return importing.make_drafts(by=by, data=data, order=bulk.DAY, accounts=accounts, now=now, **more)


def test_looking_through_keeps_nothing(author, account) -> None:
    before = Event.objects.count()
    assert look(author, account).numbers == [1, 2]
    assert (Post.objects.count(), Event.objects.count()) == (0, before)


def test_each_good_line_becomes_a_draft_with_its_time_and_nothing_is_submitted(author, account) -> None:
    bad = b"28/11/2020 10:00,Past\n28/11/2026 16:30,\n"
    first, second = make_drafts(author, account, data=SOUND + bad)
    assert (first.state, first.current, first.created_by) == ("draft", None, author)
    assert first.draft["text"] == "Road closed at the bridge, please wait. https://example.org/road"
    assert list(first.draft["targets"]) == [str(account.pk)]
    assert datetime.fromisoformat(second.draft["due_at"]) == datetime(2026, 11, 29, 8, tzinfo=UTC)
    events = Event.objects.filter(what="post.imported").order_by("pk")
    assert [each.facts["line"] for each in events] == [1, 2]
    assert {each.facts["file"] for each in events} == {look(author, account, SOUND + bad).digest}


def test_a_draft_goes_the_way_of_every_other(author, account) -> None:
    [post] = make_drafts(author, account, data=GOOD.encode())
    with pytest.raises(NotAllowed, match="pillar"):
        actions.submit(by=author, post=post, now=NOW)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("23/11/2026 09:00,Words", "9:00am on 23 November 2026 is past."),
        ("28/03/2027 01:30,Words", "The clocks go forward that night"),
        (f"28/11/2026 16:30,{'a' * 301}", "The text has 301 characters; Bluesky takes 300."),
        (f"28/11/2026 16:30,{'a' * 290},https://example.org/road", "characters; Bluesky takes 300."),
    ],
)
def test_a_line_is_refused_in_the_words_of_the_composer(author, account, row: str, reason: str) -> None:
    [checked] = look(author, account, f"{row}\n".encode()).lines
    assert reason in checked.reasons[0]
    assert not checked.is_good


def test_of_several_networks_the_account_is_named(author, account) -> None:
    other = make.account("Perth", network="mastodon", limits={"characters": 500})
    make.spoc_of(other)
    data = f"28/11/2026 16:30,{'a' * 400}\n".encode()
    report = importing.look_through(by=author, data=data, order=bulk.DAY, accounts=[account, other], now=NOW)
    [reason] = report.lines[0].reasons
    assert reason.startswith("Dundee: The text has 400 characters")


def test_what_is_left_out_is_noted_and_keeps_nothing_back(author, account) -> None:
    [checked] = look(author, account, b"28/11/2026 16:30,Words,,https://a.example/b.png\n").lines
    assert checked.notes == (importing.LEFT_OUT,)
    assert checked.is_good


def test_what_a_network_wants_besides_is_noted(author) -> None:
    account = make.account("Pictures", network="instagram")
    make.spoc_of(account)
    [checked] = look(author, account, b"28/11/2026 16:30,Words\n").lines
    assert "takes no post without" in checked.notes[0]
    assert checked.is_good


def test_a_line_that_stands_twice_is_taken_once(author, account) -> None:
    report = look(author, account, (GOOD + OTHER + GOOD).encode())
    assert report.numbers == [1, 2]
    assert report.lines[2].reasons == ("It says again what line 1 says.",)


def test_a_file_imported_twice_makes_no_second_drafts_whatever_became_of_the_first(author, account) -> None:
    first, _ = make_drafts(author, account)
    actions.compose(by=author, draft=make.draft(account, text="Other words"), post=first, now=NOW)
    actions.withdraw(by=author, post=first, reason="Not needed", now=NOW)
    report = look(author, account, SOUND + b"2026-11-30 08:00,New.\n")
    assert report.numbers == [3]
    assert report.lines[0].before == first
    with pytest.raises(Impossible, match="No line of this file can become a draft"):
        make_drafts(author, account)
    assert Post.objects.count() == 2


def test_for_other_accounts_and_other_people_it_is_another_import(author, account) -> None:
    other = make.account("Perth")
    make.spoc_of(other)
    make_drafts(author, account)
    assert len(make_drafts(author, account, other)) == 2
    assert len(make_drafts(make.authorised("Another"), account)) == 2


def test_the_order_of_the_accounts_is_no_difference(author, account) -> None:
    other = make.account("Perth")
    make.spoc_of(other)
    make_drafts(author, account, other)
    with pytest.raises(Impossible):
        make_drafts(author, other, account)


def test_all_or_nothing(author, account, monkeypatch) -> None:
    def fails(**_):
        raise OSError("The disk is full.")

    monkeypatch.setattr(importing, "record_many", fails)
    with pytest.raises(OSError, match="full"):
        make_drafts(author, account)
    assert not Post.objects.exists()


def test_two_imports_at_once_make_one(author, account, monkeypatch) -> None:
    report = look(author, account)
    make_drafts(author, account)
    monkeypatch.setattr(importing, "look_through", lambda **_: report)  # as it was before the other one was done
    with pytest.raises(Impossible, match="imported twice at the same time"):
        make_drafts(author, account)
    assert Post.objects.count() == 2


def test_what_was_not_seen_is_not_made(author, account) -> None:
    late = datetime(2026, 11, 28, 18, tzinfo=UTC)
    with pytest.raises(ReportChanged) as changed:
        make_drafts(author, account, seen=[1, 2], now=late)
    assert changed.value.report.numbers == [2]
    assert not Post.objects.exists()


def test_who_may_not_write_for_the_account_imports_nothing_to_it(account) -> None:
    make.spoc_of(account)
    for act in (look, make_drafts):
        with pytest.raises(NotAllowed):
            act(make.person("Newcomer"), account)
    with pytest.raises(NotAllowed):
        look(make.authorised("Author"), make.account("Silent", connected=False))


def test_an_account_must_be_chosen(author) -> None:
    with pytest.raises(Impossible, match="Choose at least one account"):
        make_drafts(author)


def test_a_full_file_keeps_its_order_in_lists(author, account) -> None:
    data = "".join(f"2026-11-29 {n // 60:02}:{n % 60:02},Words {n}\n" for n in range(350)).encode()
    made = make_drafts(author, account, data=data)
    assert len(made) == 350
    assert list(Post.objects.order_by("-changed_at")) == made


# The page


@pytest.fixture
def client(author, at_noon):  # noqa: F811
    return signed_in(author)


def upload(account, data: bytes = SOUND, **more: object) -> dict[str, object]:
    return {"file": SimpleUploadedFile("posts.csv", data), "order": "day", "targets": [str(account.pk)], **more}


def back(account, data: bytes = SOUND, seen: str = "1,2", **more: object) -> dict[str, object]:
    return {
        "back": b64encode(data).decode(), "seen": seen, "order": "day", "targets": [str(account.pk)], **more,
    }  # fmt: skip


def test_from_a_file_to_a_report_to_drafts(client, account) -> None:
    assert "/posts/import/" in client.get("/posts/").content.decode()
    assert "Dundee" in text_of(client.get("/posts/import/"))
    answer = client.post("/posts/import/", upload(account, SOUND + b"28/11/2020 10:00,Past,\n"))
    said = text_of(answer)
    assert "2 lines good, 1 refused." in said
    assert "10:00am on 28 November 2020 is past." in said
    assert "with the day first" in said
    assert not Post.objects.exists()
    answer = client.post("/posts/import/", back(account, SOUND + b"28/11/2020 10:00,Past,\n"), follow=True)
    assert "2 drafts are made." in text_of(answer)
    assert Post.objects.filter(state="draft").count() == 2


def test_what_was_imported_before_leads_to_its_post(client, account) -> None:
    client.post("/posts/import/", back(account))
    answer = client.post("/posts/import/", upload(account))
    assert "0 lines good, 2 refused." in text_of(answer)
    assert f"/posts/{Post.objects.first().pk}/edit/" in answer.content.decode()


def test_what_is_missing_is_said_at_its_field(client, account) -> None:
    answer = client.post("/posts/import/", {})
    assert answer.status_code == 422
    for field in ("file", "order", "targets"):
        assert f'href="#{field}"' in answer.content.decode()
        assert f'id="{field}"' in answer.content.decode()


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"file": SimpleUploadedFile("a.csv", b"PK\x03\x04")}, "The file is a spreadsheet"),
        ({"order": "year"}, "Say whether its dates begin with the day or the month"),
        ({"targets": ["nonsense"]}, "Choose at least one account. Nothing was kept."),
        ({"file": "", "back": "no base64!"}, "Choose a file that is not empty"),
    ],
)
def test_what_is_wrong_is_said(client, account, form: dict[str, object], said: str) -> None:
    answer = client.post("/posts/import/", {**upload(account), **form})
    assert answer.status_code == 422
    assert said in text_of(answer)


def test_a_report_that_is_true_no_more_is_shown_anew(client, account) -> None:
    answer = client.post("/posts/import/", back(account, seen="1,2,3"))
    assert answer.status_code == 422
    assert "has changed since you looked" in text_of(answer)
    assert client.post("/posts/import/", back(account, seen="9" * 5000)).status_code == 422
    assert not Post.objects.exists()


def test_an_account_that_is_not_open_is_refused_with_its_clause(client) -> None:
    answer = client.post("/posts/import/", upload(make.account("Silent", connected=False)))
    assert answer.status_code == 422
    assert "clause" in text_of(answer)


def test_what_a_file_holds_is_shown_as_text(client, account) -> None:
    answer = client.post("/posts/import/", upload(account, b"28/11/2026 16:30,<script>alert(1)</script>\n"))
    assert "<script>alert(1)" not in answer.content.decode()


# The command


@pytest.fixture
def run(author, account, tmp_path, monkeypatch, passphrase_alone):  # noqa: F811
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW + timedelta(minutes=5))
    file = tmp_path / "posts.csv"

    def run(*arguments: str, data: bytes = SOUND):
        file.write_bytes(data)
        about = ["import", str(file), "--account", "Dundee", "--as", author.email]
        return CliRunner().invoke(command, [*about, *arguments], env={"MERCAT_PASSPHRASE": WORDS})

    return run


def test_the_command_reports_and_makes_drafts_only_with_apply(run) -> None:
    told = run("--day-first", data=SOUND + b"28/11/2020 10:00,Past,\n")
    assert told.exit_code == 0, told.output
    assert "Line 3: refused. 10:00am on 28 November 2020 is past." in told.output
    assert "2 good, 1 refused. Nothing is kept" in told.output
    assert not Post.objects.exists()
    told = run("--day-first", "--apply", "--json")
    assert len(json.loads(told.output)["drafts"]) == Post.objects.count() == 2


def test_the_command_asks_for_the_order(run) -> None:
    told = run()
    assert told.exit_code == 2
    assert "--day-first" in told.output


def test_the_command_refuses_in_words(run) -> None:
    told = run("--month-first", "--apply", data=b"PK")
    assert told.exit_code == 3
    assert "The file is a spreadsheet" in told.output

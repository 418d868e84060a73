"""Handing a file in, looking at it, choosing and following it on pages; and putting somebody's details right."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from mercat.people import actions
from mercat.people.hr import files, imports, views
from mercat.people.hr.report import plain
from mercat.people.models import Import, Person
from mercat.people.moving import change_details
from tests import factories as make
from tests.factories import NOW, TEST
from tests.pages import at_noon, queries_of, signed_in, text_of  # noqa: F401
from tests.people.hr.files import applied, as_csv, line, received, the_row
from tests.people.hr.test_applying import those_who_leave
from tests.people.hr.test_comparing import known

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]

PAGE = reverse("people:imports")


def upload(client, data: bytes, name: str = "people.csv", **about: str):
    return client.post(PAGE, {"file": SimpleUploadedFile(name, data, "text/csv"), **about})


def at(file: Import, name: str = "import", *args: str) -> str:
    return reverse(f"people:{name}", args=[file.pk, *args])


def test_a_file_is_handed_in_looked_at_and_applied(administrator: Person) -> None:
    make.unit()
    client = signed_in(administrator)
    answer = upload(client, as_csv(line("100"), line("101", rank="Bobby")))
    file = Import.objects.get()
    assert answer.url == at(file)
    said = text_of(client.get(at(file)))
    assert "Add everybody and every course that is new (1)" in said
    assert "Name: The file’s: Morag Fictive 100" in said
    assert "The rank or grade “Bobby” is not known here." in text_of(client.get(at(file), {"kind": "faulty"}))
    answer = client.post(at(file, "import-choose"), {"group": ["new"]}, follow=True)
    assert "Done." in text_of(answer)
    assert Person.objects.filter(number="100").exists()
    assert "people.csv" in text_of(client.get(PAGE))


def test_a_bad_file_is_told_beside_the_field_and_keeps_nothing(administrator: Person) -> None:
    answer = upload(signed_in(administrator), b"PK\x03\x04", "people.xlsx")
    assert answer.status_code == 422
    said = text_of(answer)
    assert said.count("It is a spreadsheet (.xlsx) or an archive (.zip). Nothing was changed.") == 2
    assert 'href="#file"' in answer.content.decode()
    assert not Import.objects.exists()


@pytest.mark.parametrize(
    ("data", "about", "told"),
    [
        (b"", {}, "The file is empty"),
        (b"a", {"made": "31.2."}, "Enter a real date"),
        (b"a", {"made": "2027-01-01"}, "in the future"),
    ],
)
def test_what_is_wrong_with_the_form_is_told(
    administrator: Person, data: bytes, about: dict[str, str], told: str
) -> None:
    answer = upload(signed_in(administrator), data, **about)
    assert (answer.status_code, told in text_of(answer)) == (422, True)
    answer = signed_in(administrator).post(PAGE, {})
    assert "Choose a file" in text_of(answer)


def test_a_file_that_is_too_large_is_refused(administrator: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "MOST_BYTES", 10)
    monkeypatch.setattr(files, "MOST_BYTES", 10)
    assert "larger than" in text_of(upload(signed_in(administrator), b"a" * 50))


def test_every_page_is_for_those_who_may_import_people(administrator: Person) -> None:
    file = received(line("100"))
    client = signed_in(make.person("Officer"))
    for address in (PAGE, at(file), at(file, "import-report"), at(file, "import-progress")):
        assert client.get(address).status_code == 403, address
    assert client.post(at(file, "import-choose"), {"group": "new"}).status_code == 403
    for act in views.ACTS:
        assert client.post(at(file, "import-act", act)).status_code == 403
    assert upload(client, as_csv(line("101"))).status_code == 403
    assert "Import from SCoPE" not in text_of(client.get(reverse("people:list")))
    assert "Import from SCoPE" in text_of(signed_in(administrator).get(reverse("people:list")))


def test_a_conflict_is_decided_beside_it(administrator: Person) -> None:
    (person,) = known("100")
    change_details(by=TEST, person=person, name="Morag Ours", reason="Married", now=NOW)
    file = received(line("100"))
    client, row = signed_in(administrator), the_row(file)
    said = text_of(client.get(at(file)))
    assert "Name: Ours: Morag Ours → The file’s: Morag Fictive 100" in said
    assert "Changed here since the HR system last said it" in said
    assert client.post(at(file, "import-choose"), {}).status_code == 422
    client.post(at(file, "import-choose"), {f"choice-{row.pk}": "file"})
    person.refresh_from_db()
    assert person.name == "Morag Fictive 100"
    assert "Done" in text_of(client.get(at(file)))


@pytest.mark.parametrize(
    "typed", [{"take": "x"}, {"take": "9" * 40}, {"choice-": "file"}, {"choice-1'": "ours"}, {"group": "all"}]
)
def test_what_no_page_offers_is_refused_in_words(administrator: Person, typed: dict[str, str]) -> None:
    make.unit()
    file = received(line("100"))
    assert signed_in(administrator).post(at(file, "import-choose"), typed).status_code == 422
    assert signed_in(administrator).post(at(file, "import-act", "burn")).status_code == 404


def test_leavers_beyond_the_share_are_confirmed_by_another_on_the_page(administrator: Person, second: Person) -> None:
    file = those_who_leave(people=10, leavers=4)
    first, other = signed_in(administrator), signed_in(second)
    assert "Nothing is changed until then" in text_of(
        first.post(at(file, "import-choose"), {"group": "gone"}, follow=True)
    )
    assert "Confirm: they have left" not in text_of(first.get(at(file)))
    assert first.post(at(file, "import-act", "confirm")).status_code == 422
    assert "4 people would be marked as having left" in text_of(other.get(at(file)))
    other.post(at(file, "import-act", "confirm"))
    file.refresh_from_db()
    assert file.state == "applying"
    imports.run(now=NOW)
    assert Person.objects.filter(is_active=False).count() == 4


def test_long_work_goes_on_by_itself_and_the_page_shows_how_far_it_is(
    administrator: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "AT_ONCE", 1)
    monkeypatch.setattr(imports, "SLICE", 1)
    make.unit()
    file, client = received(line("100"), line("101")), signed_in(administrator)
    client.post(at(file, "import-choose"), {"group": "new"})
    assert not Person.objects.filter(number="100").exists()
    imports.carry_on(file, now=NOW)
    answer = client.get(at(file, "import-progress"))
    assert "1 of 2 are done" in text_of(answer)
    assert "HX-Refresh" not in answer
    imports.run(now=NOW)
    assert client.get(at(file, "import-progress"))["HX-Refresh"] == "true"


def test_what_could_not_be_done_is_told_and_looked_at_again(administrator: Person) -> None:
    (person,) = known("100")
    file, client = received(line("100", rank="Sgt")), signed_in(administrator)
    change_details(by=TEST, person=person, rank="inspector", reason="Promoted", now=NOW)
    said = text_of(client.post(at(file, "import-choose"), {"group": "changed"}, follow=True))
    assert "0 of 1 are done" in said
    assert "This person was changed here since the file was compared." in said
    said = text_of(client.post(at(file, "import-act", "look-again"), follow=True))
    assert "Rank or grade: Ours: Inspector → The file’s: Sergeant" in said


def test_a_file_may_be_closed_with_the_rest_undone(administrator: Person) -> None:
    make.unit()
    file = received(line("100"))
    signed_in(administrator).post(at(file, "import-act", "close"))
    file.refresh_from_db()
    assert file.state == "closed"


def test_the_report_names_each_line_and_runs_as_no_formula(administrator: Person) -> None:
    make.unit()
    file = received(
        line("=1+1", surname="@SUM(A1)", forename="", rank="Bobby"), line("-2", rank="-2+3", surname="+x", forename="")
    )
    answer = signed_in(administrator).get(at(file, "import-report"))
    assert answer["Content-Disposition"] == f'attachment; filename="import-{file.pk}.csv"'
    text = answer.content.decode()
    assert "2,Person,Faulty,'=1+1,'@SUM(A1)," in text
    assert "3,Person,Faulty,'-2,'+x," in text


@pytest.mark.parametrize("cell", ["=a", "+a", "-a", "@a", "\ta", "\ra", " =a", "＝a"])
def test_a_cell_that_a_spreadsheet_would_run_becomes_text(cell: str) -> None:
    assert plain(cell) == f"'{cell}"
    assert plain(f"a{cell}") == f"a{cell}"


def test_what_a_file_says_is_shown_as_text(administrator: Person) -> None:
    make.unit()
    file = received(line("100", surname="<script>alert(1)</script>"), name="<b>x</b>.csv")
    html = signed_in(administrator).get(at(file)).content.decode()
    assert "<script>alert" not in html
    assert "<b>x" not in html


def test_a_page_takes_the_same_queries_however_long_the_file(administrator: Person) -> None:
    make.unit()
    client = signed_in(administrator)
    short, long = received(line("1")), received(*(line(str(number)) for number in range(100, 160)))
    assert queries_of(client, at(long)) == queries_of(client, at(short))


# Somebody's own page


def test_the_page_of_a_person_says_where_they_come_from(administrator: Person) -> None:
    make.unit()
    applied(line("100"))
    client = signed_in(administrator)
    page = reverse("people:person", args=[Person.objects.get(number="100").pk])
    assert "Comes from SCoPE, people.csv , line 2" in text_of(client.get(page))
    assert "Added by hand" in text_of(client.get(reverse("people:person", args=[administrator.pk])))
    assert "Comes from" not in text_of(signed_in(make.person("Officer")).get(page))


def test_the_administrator_corrects_details_and_a_file_asks_before_it_undoes_that(administrator: Person) -> None:
    (person,) = known("100")
    client, page = signed_in(administrator), reverse("people:details", args=[person.pk])
    assert 'value="Morag Fictive 100"' in client.get(page).content.decode()
    typed = {
        "name": "Morag Ours", "email": "Morag@mercat.example", "number": "100", "unit": "edinburgh", "rank": "sergeant",
        "reason": "A letter of hers",
    }  # fmt: skip
    assert client.post(page, typed).status_code == 302
    person.refresh_from_db()
    assert (person.name, person.email, person.unit_id, person.rank) == (
        "Morag Ours", "morag@mercat.example", "edinburgh", "sergeant",
    )  # fmt: skip
    assert the_row(received(line("100"))).kind == "conflicting"


def test_details_that_cannot_be_so_are_told(administrator: Person) -> None:
    person, other = make.person("One"), make.person("Other")
    client, page = signed_in(administrator), reverse("people:details", args=[person.pk])
    typed = {"name": "One", "email": other.email, "number": person.number, "unit": "tayside", "rank": "sergeant"}
    answer = client.post(page, typed)
    assert answer.status_code == 422
    assert "Somebody with this e-mail is on the list already" in text_of(answer)
    assert "Enter the reason" in text_of(answer)
    assert "Correct the details of One" in text_of(answer)
    own = reverse("people:details", args=[administrator.pk])
    typed = {"name": "Administrator", "email": administrator.email, "number": administrator.number, "unit": "audit"}
    answer = client.post(own, {**typed, "rank": "sergeant", "reason": "Mine"})
    assert "Nobody changes their own e-mail, number, unit or rank" in text_of(answer)
    assert signed_in(person).get(page).status_code == 403


def test_somebody_who_left_is_not_named_as_active_by_a_look_at_their_import(administrator: Person) -> None:
    (person,) = known("100")
    actions.mark_left(by=TEST, person=person, reason="Left", now=NOW)
    file = received(line("100"))
    assert "On the list: Ours: no → The file’s: yes" in text_of(signed_in(administrator).get(at(file)))

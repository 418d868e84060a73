"""Procedures to read and accept: by version, with days of grace, reminders, and who sees who has (clause 5.4)."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.urls import reverse

from mercat.guidance.gate import Refused
from mercat.people import actions, facts
from mercat.people.facts import person_facts
from mercat.people.joining import procedures, views
from mercat.people.joining.procedures import harmless, remind
from mercat.people.models import Acknowledgement, Notice, Person
from mercat.people.pack import guidance
from tests import factories as make
from tests.factories import NOW, TEST
from tests.pages import SOON, at_noon, signed_in, text_of  # noqa: F401
from tests.people.conftest import CHAIN, Holders
from tests.people.test_database import up_to

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]

KEY = "personal-mobile-phones"
DAY = timedelta(days=1)


@pytest.fixture
def new_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """Version 2, since three days ago, with a week's grace."""
    (procedure,) = guidance().pack.procedures
    newer = procedure.model_copy(update={"version": "2.00", "since": date(2026, 11, 20), "grace_days": 7})
    pack = guidance().pack.model_copy(update={"procedures": (newer,)})
    later = replace(guidance(), pack=pack)
    for module in (actions, facts, procedures, views):
        monkeypatch.setattr(module, "guidance", lambda: later)


def accept(person: Person, version: str):
    return signed_in(person).post(reverse("people:accept", args=[KEY]), {"version": version})


def test_a_procedure_is_read_and_accepted_on_its_page(newcomer: Person) -> None:
    said = text_of(signed_in(newcomer).get("/procedures/"))
    assert "Personal mobile phones on duty Not accepted" in said
    assert "You post for the force through this tool" in said
    assert "Version 1.00, since 17 March 2020. Its owner: Corporate Communications." in said
    assert accept(newcomer, "1.00").status_code == 302
    row = Acknowledgement.objects.get()
    assert (row.person, row.document, row.version, row.at) == (newcomer, KEY, "1.00", SOON)
    said = text_of(signed_in(newcomer).get("/procedures/"))
    assert "I have read it and accept it" not in said
    assert "You accepted it" in said


def test_only_the_version_that_was_on_the_page_is_accepted(newcomer: Person) -> None:
    for version in ("0.99", "2.00", ""):
        accept(newcomer, version)
    assert signed_in(newcomer).post(reverse("people:accept", args=["another"]), {"version": "1"}).status_code == 404
    assert not Acknowledgement.objects.exists()


def test_a_new_version_asks_again_and_the_earlier_one_counts_until_the_grace_is_over(
    newcomer: Person, request: pytest.FixtureRequest
) -> None:
    CHAIN["acknowledge"](TEST, newcomer)
    request.getfixturevalue("new_version")
    over = NOW + 4 * DAY  # the 27th: a week after the 20th
    assert person_facts(newcomer, now=over - DAY).acknowledged
    assert not person_facts(newcomer, now=over).acknowledged
    assert not person_facts(make.person(), now=NOW).acknowledged
    said = text_of(signed_in(newcomer).get("/procedures/"))
    assert "New version" in said
    assert "You accepted version 1.00. It counts until 27 November 2026." in said
    accept(newcomer, "2.00")
    assert person_facts(newcomer, now=over).acknowledged
    assert set(newcomer.acknowledgements.values_list("version", flat=True)) == {"1.00", "2.00"}


def test_what_was_accepted_before_versions_were_kept_counts_as_an_earlier_one(newcomer: Person) -> None:
    Acknowledgement.objects.create(person=newcomer, document=KEY, at=NOW)
    assert not person_facts(newcomer, now=NOW).acknowledged, "the grace of the first version is long over"


def test_access_waits_for_the_procedure_and_the_refusal_names_it(holders: Holders, newcomer: Person) -> None:
    for step in ("nominate", "record_completion", "authorise", "confirm_training"):
        CHAIN[step](TEST, newcomer)
    with pytest.raises(Refused, match=r"5\.4: .*personal mobile phones on duty"):
        actions.open_access(by=holders["ict"], person=newcomer, now=NOW)
    accept(newcomer, "1.00")
    actions.open_access(by=holders["ict"], person=newcomer, now=NOW)


def test_reminders_go_to_whoever_is_nominated_at_once_and_then_weekly_until_it_is_accepted(newcomer: Person) -> None:
    make.person("Not nominated")
    CHAIN["nominate"](TEST, newcomer)
    told = [remind(now=NOW + days * DAY) for days in (0, 0, 6, 7, 8, 14)]
    assert told == [1, 0, 0, 1, 0, 1]
    rows = Notice.objects.filter(person=newcomer, link="/procedures/")
    assert {row.subject for row in rows} == {"Read and accept: Personal mobile phones on duty, version 1.00"}
    assert rows.filter(read_at=None).count() == 1, "one stands for all"
    accept(newcomer, "1.00")
    assert not rows.filter(read_at=None).exists()
    assert remind(now=NOW + 100 * DAY) == 0


def test_a_new_version_reminds_who_had_accepted_the_one_before(newcomer: Person, request) -> None:
    up_to("authorise", newcomer)
    assert remind(now=NOW) == 0
    request.getfixturevalue("new_version")
    assert remind(now=NOW) == 1
    assert "version 2.00" in Notice.objects.get(person=newcomer).subject


def test_who_has_accepted_is_seen_by_those_who_answer_for_them_alone(holders: Holders) -> None:
    for name, unit in (("Here", "tayside"), ("There", "edinburgh")):
        CHAIN["nominate"](TEST, make.person(name, unit_key=unit))
    where = reverse("people:readings", args=[KEY])
    seen = {}
    for name, holder in holders.items():
        response = signed_in(holder).get(where)
        said = text_of(response) if response.status_code == 200 else ""
        seen[name] = {each for each in ("Here", "There") if f"{each} " in said}
        assert response.status_code == (200 if seen[name] else 403), name
    everybody = {"Here", "There"}
    assert {name: found for name, found in seen.items() if found} == {
        "comms": everybody, "iso": everybody, "commander": {"Here"}, "other commander": {"There"},
    }  # fmt: skip


def test_the_list_is_a_file_in_which_no_name_is_a_formula(holders: Holders) -> None:
    person = make.person('=HYPERLINK("https://evil.example")')
    CHAIN["nominate"](TEST, person)
    CHAIN["acknowledge"](TEST, person)
    CHAIN["nominate"](TEST, make.person("There", unit_key="edinburgh"))
    response = signed_in(holders["commander"]).get(reverse("people:readings", args=[KEY]) + "?as=csv")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.reader(response.content.decode().splitlines()))
    assert rows[1:] == [
        [
            '\'=HYPERLINK("https://evil.example")', person.number, "Tayside", "Personal mobile phones on duty", "1.00",
            "Accepted", "1.00", "2026-11-23",
        ]
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@A1", "\t=1", "\r=1", " =1"])
def test_a_cell_that_could_be_a_formula_is_text(text: str) -> None:
    assert harmless(text) == f"'{text}"
    assert [harmless(plain) for plain in ("", "Ann", "Ann-Marie", "a=b")] == ["", "Ann", "Ann-Marie", "a=b"]

"""Pages of found accounts: who sees them, what is typed and kept, and what each act leads to."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from mercat.audit.models import Event
from mercat.images.models import Picture
from mercat.people.models import Person
from mercat.watch.cases import actions, states
from mercat.watch.models import Case
from tests import factories as make
from tests.factories import NOW
from tests.pages import picture, queries_of, signed_in, text_of
from tests.watch.cases.test_cases import ADDRESS, IS_FAKE, IS_NOTHING, IS_OURS, look, report

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files", "at_noon")]

FAKE = {
    "who": "outside",
    "branding": "yes",
    "content": "no",
    "false_words": "yes",
    "words": "A false appeal.",
    "seen": "new",
}


@pytest.fixture
def officer(db: None) -> Person:
    return make.person("Officer")


@pytest.fixture
def comms(db: None) -> Person:
    return make.person("Comms", unit_key="corporate-communications", roles=("corporate-communications",))


@pytest.fixture
def iso(db: None) -> Person:
    return make.person("ISO", unit_key="information-security", roles=("information-security-officer",))


@pytest.fixture
def case(officer: Person, comms: Person, iso: Person) -> Case:
    return report(officer)


def page(case: Case, name: str = "case") -> str:
    return reverse(f"watch:{name}", args=[case.pk])


def test_an_officer_reports_an_account_with_pictures(officer: Person, comms: Person) -> None:
    client = signed_in(officer)
    assert "You have reported no account" in text_of(client.get(reverse("watch:cases")))
    said = {
        "address": ADDRESS,
        "words": "It asks people for money.",
        "pictures": [picture("one.jpg"), picture("two.jpg")],
    }
    answer = client.post(reverse("watch:report"), said, follow=True)
    case = Case.objects.get()
    assert answer.redirect_chain[-1][0] == page(case)
    assert "You have reported it" in text_of(answer)
    assert ADDRESS in text_of(answer)
    inside = signed_in(comms).get(page(case))
    assert "What is it?" in text_of(inside)
    assert inside.content.decode().count("<img") == 2
    for note in case.notes.exclude(picture=None):
        url = reverse("watch:case-picture", args=[case.pk, note.pk])
        assert url in inside.content.decode()
        shown = signed_in(comms).get(url)
        assert b"".join(shown.streaming_content)
        assert signed_in(officer).get(url).status_code == 404


def test_what_cannot_be_reported_keeps_what_was_typed_and_no_picture(officer: Person) -> None:
    said = {"address": "tayside police", "words": "It asks people for money.", "pictures": [picture()]}
    answer = signed_in(officer).post(reverse("watch:report"), said)
    assert answer.status_code == 422
    assert "Copy the account’s web address" in text_of(answer)
    assert "It asks people for money." in text_of(answer)
    assert "Choose the pictures again" in text_of(answer)
    assert not Picture.objects.exists()
    damaged = {"address": ADDRESS, "words": "So.", "pictures": [picture(), _no_picture()]}
    answer = signed_in(officer).post(reverse("watch:report"), damaged)
    assert answer.status_code == 422
    assert not Picture.objects.exists()
    assert not Case.objects.exists()


def _no_picture():
    file = picture("text.jpg")
    file.file.truncate(10)
    return file


def test_a_stranger_sees_no_case(case: Case) -> None:
    client = signed_in(make.person("Colleague"))
    assert client.get(page(case)).status_code == 404
    assert client.post(page(case, "case-look"), FAKE).status_code == 404
    assert ADDRESS not in text_of(client.get(reverse("watch:cases") + "?show=open"))


def test_whoever_reported_sees_how_it_stands_and_nothing_inside(case: Case, officer: Person, comms: Person) -> None:
    look(comms, case, IS_FAKE)
    client = signed_in(officer)
    text = text_of(client.get(page(case)))
    assert "Fake, to be reported" in text
    assert "A false appeal" not in text
    assert "ready report" not in text
    assert client.post(page(case, "case-note"), {"note-words": "x"}).status_code == 404


def test_the_questions_lead_to_the_report_and_to_its_end(case: Case, comms: Person) -> None:
    client = signed_in(comms)
    missing = client.post(page(case, "case-look"), {**FAKE, "who": "", "words": ""})
    assert missing.status_code == 422
    assert 'href="#who"' in missing.content.decode()
    answer = client.post(page(case, "case-look"), FAKE, follow=True)
    assert "It is fake. Those who deal with it are told." in text_of(answer)
    text = text_of(answer)
    assert "The ready report" in text
    assert "pretends to be somebody else" in text  # X's own procedure
    answer = client.post(page(case, "case-reported"), {"reported-reference": "R-17"}, follow=True)
    assert "you are reminded" in text_of(answer)
    assert "Is it still there?" in text_of(answer)
    assert "See again in 3 days" in text_of(client.post(page(case, "case-still-there"), follow=True))
    assert client.post(page(case, "case-again"), {"again-words": ""}).status_code == 422
    answer = client.post(page(case, "case-again"), {"again-words": "They see no breach."}, follow=True)
    assert "Report it again, with more" in text_of(answer)
    assert client.post(page(case, "case-close"), {"close-words": "Gone"}).status_code == 422
    answer = client.post(page(case, "case-close"), {"close-outcome": "taken-down", "close-words": "Gone."}, follow=True)
    assert "Taken down by the platform" in text_of(answer)
    answer = client.post(page(case, "case-reopen"), {"reopen-words": "It is back."}, follow=True)
    assert "To be looked at" in text_of(answer)


def test_an_outcome_of_another_kind_is_refused(case: Case, comms: Person, iso: Person) -> None:
    look(comms, case, IS_OURS)
    for outcome, status in {"taken-down": 403, "neither": 422, "nonsense": 422, "regularised": 422}.items():
        answer = signed_in(iso).post(page(case, "case-close"), {"close-outcome": outcome, "close-words": "So."})
        assert answer.status_code == status, outcome
    case.refresh_from_db()
    assert case.state == states.UNAUTHORISED


def test_communications_are_told_who_deals_with_an_unauthorised_account(case: Case, comms: Person, iso: Person) -> None:
    look(comms, case, IS_OURS)
    answer = signed_in(comms).post(page(case, "case-close"), {"close-outcome": "gone", "close-words": "Gone."})
    assert answer.status_code == 403
    assert "Information Security Officer" in text_of(answer)
    assert "It is not in the register" in text_of(signed_in(iso).get(page(case)))


def test_a_case_that_was_nobodys_business_shows_nothing(case: Case, comms: Person, officer: Person) -> None:
    look(comms, case, IS_NOTHING)
    for person in (comms, officer):
        text = text_of(signed_in(person).get(page(case)))
        assert "tayside_pol1ce" not in text
        assert "nobody’s business" in text


def test_what_waits_stands_on_home_for_those_it_waits_for(
    case: Case, comms: Person, iso: Person, officer: Person
) -> None:
    assert "Found accounts to be looked at" in text_of(signed_in(comms).get("/"))
    assert "Found accounts" not in text_of(signed_in(officer).get("/"))
    look(comms, case, IS_OURS)
    assert "Unauthorised accounts" in text_of(signed_in(iso).get("/"))


def test_lists_show_each_state_and_pages(case: Case, comms: Person, officer: Person) -> None:
    make_many(officer, 30)
    client = signed_in(comms)
    first = text_of(client.get(reverse("watch:cases")))
    assert "Page 1" in first
    assert "Page 2" in text_of(client.get(reverse("watch:cases") + "?show=new&page=2"))
    assert "No case stands here" in text_of(client.get(reverse("watch:cases") + "?show=closed"))
    few = queries_of(client, reverse("watch:cases"))
    make_many(officer, 10, start=50)
    assert queries_of(client, reverse("watch:cases")) == few


def make_many(officer: Person, count: int, *, start: int = 0) -> None:
    for number in range(start, start + count):
        day = NOW - timedelta(days=100 - number)
        actions.report(by=officer, address=f"https://x.com/fake_{number}", words="Seen.", now=day)


def test_an_address_is_carried_over_from_where_it_was_checked(officer: Person) -> None:
    answer = signed_in(officer).get(reverse("watch:report") + "?address=https://x.com/fake_1")
    assert 'value="https://x.com/fake_1"' in answer.content.decode()


def test_what_is_forgotten_is_said_twice(case: Case, comms: Person) -> None:
    client = signed_in(comms)
    said = {**FAKE, "who": "inside", "branding": "no", "false_words": "no"}
    answer = client.post(page(case, "case-look"), said)
    assert answer.status_code == 422
    assert "Forget this account" in text_of(answer)
    assert "A false appeal." in text_of(answer)
    case.refresh_from_db()
    assert case.address == ADDRESS
    assert "Nothing about it is kept." in text_of(
        client.post(page(case, "case-look"), {**said, "forget": "yes"}, follow=True)
    )


def test_an_answer_to_a_page_that_is_no_longer_true_is_refused(case: Case, comms: Person, iso: Person) -> None:
    look(iso, case, IS_OURS)
    said = {**FAKE, "who": "inside", "branding": "no", "false_words": "no", "forget": "yes"}
    answer = signed_in(comms).post(page(case, "case-look"), said)
    assert answer.status_code == 422
    assert "Somebody has looked at it meanwhile" in text_of(answer)
    case.refresh_from_db()
    assert case.state == states.UNAUTHORISED


def test_nothing_is_read_of_pictures_before_the_rest_is_right(officer: Person, case: Case) -> None:
    auditor = make.person("Auditor", unit_key="audit", roles=("auditor",))
    before = Event.objects.count()
    said = {"address": "https://x.com/dundee_p0lice", "words": "Seen.", "pictures": [_no_picture()]}
    answer = signed_in(officer).post(reverse("watch:report"), said)
    assert 'href="#pictures"' in answer.content.decode()
    answer = signed_in(auditor).post(page(case, "case-note"), {"note-words": "x", "pictures": [picture()]})
    assert answer.status_code == 403
    signed_in(officer).post(reverse("watch:report"), {"address": "x", "words": "Seen.", "pictures": [picture()]})
    assert Event.objects.count() == before

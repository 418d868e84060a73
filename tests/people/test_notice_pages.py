"""The pages of one's notices, and of what one is told by e-mail."""

from __future__ import annotations

import pytest
from django.urls import reverse

from mercat.audit.models import Event
from mercat.people import actions
from mercat.people.models import MailChoice, Notice
from mercat.people.notices.kinds import DAILY, KINDS, MUST, NEVER
from mercat.people.notices.preferences import ways_of
from tests import factories as make
from tests.factories import NOW
from tests.pages import signed_in, text_of

pytestmark = pytest.mark.django_db

PAGE = "/notices/preferences/"
ALL_DAILY = dict.fromkeys(KINDS, DAILY)


def test_a_notice_leads_where_it_points_and_is_read() -> None:
    person = make.person()
    actions.tell([person], kind="access", subject="Look", body="Please.", link="/register/", now=NOW)
    client = signed_in(person)
    assert "Notices 1 unread" in text_of(client.get("/register/"))
    row = Notice.objects.get()
    assert client.post(reverse("people:read", args=[row.pk])).url == "/register/"
    assert "unread" not in text_of(client.get("/register/"))


def test_a_notice_leads_nowhere_else() -> None:
    person = make.person()
    actions.tell([person], kind="access", subject="Look", body="Please.", link="https://elsewhere.example/", now=NOW)
    row = Notice.objects.get()
    assert signed_in(person).post(reverse("people:read", args=[row.pk])).url == "/notices/"


def test_notices_are_ones_own() -> None:
    actions.tell([make.person()], kind="access", subject="Secret", body="", now=NOW)
    client = signed_in(make.person())
    assert "No notices" in text_of(client.get("/notices/"))
    assert client.post(reverse("people:read", args=[Notice.objects.get().pk])).status_code == 404


def test_all_notices_are_read_at_once() -> None:
    person = make.person()
    for n in range(3):
        actions.tell([person], kind="access", subject=f"Number {n}", body="", now=NOW)
    client = signed_in(person)
    client.post("/notices/read/")
    assert not Notice.objects.filter(read_at=None).exists()


def test_a_notice_tells_its_kind_and_whether_its_e_mail_was_given_up() -> None:
    person = make.person()
    actions.tell([person], kind="accounts", subject="Look", body="", now=NOW)
    client = signed_in(person)
    Notice.objects.update(mail_problem="The address was refused: 550 <b>No</b>")
    assert "Not sent by e-mail" not in text_of(client.get("/notices/")), "it is tried again"
    Notice.objects.update(mail_due_at=None)
    page = client.get("/notices/")
    assert "Accounts" in text_of(page)
    assert "Not sent by e-mail. The address was refused: 550 <b>No</b>" in text_of(page)
    assert "<b>No</b>" not in page.content.decode()


def test_the_page_shows_what_is_usual_and_keeps_what_is_chosen() -> None:
    person, other = make.person(), make.person()
    client = signed_in(person)
    page = client.get(PAGE).content.decode()
    for name, kind in KINDS.items():
        assert f'name="{name}" type="radio" value="{kind.usual}" checked' in page
    answer = client.post(PAGE, {**ALL_DAILY, "access": NEVER})
    assert answer.url == PAGE
    assert ways_of(person) == {**ALL_DAILY, "access": NEVER}
    assert "Your choices are kept." in text_of(client.get(PAGE))
    assert ways_of(other) == {name: kind.usual for name, kind in KINDS.items()}
    assert Event.objects.filter(what="person.chose_notices").count() == 1


@pytest.mark.parametrize("kind", MUST)
def test_what_must_be_sent_cannot_be_turned_off(kind: str) -> None:
    client = signed_in(make.person())
    page = client.get(PAGE).content.decode()
    assert f'name="{kind}" type="radio" value="never"' not in page
    answer = client.post(PAGE, {**ALL_DAILY, kind: NEVER})
    assert answer.status_code == 422
    assert f'<a href="#{kind}">Choose one of the ways' in answer.content.decode()
    assert not MailChoice.objects.exists()


def test_a_choice_that_is_left_out_is_asked_for() -> None:
    answer = signed_in(make.person()).post(PAGE, {name: DAILY for name in KINDS if name != "access"})
    assert answer.status_code == 422
    assert "Choose how you are told of access to posting" in text_of(answer)
    assert not MailChoice.objects.exists()


def test_nobody_chooses_for_another() -> None:
    person, other = make.person(), make.person()
    signed_in(person).post(f"{PAGE}?person={other.pk}", {**ALL_DAILY, "person": str(other.pk)})
    assert not MailChoice.objects.filter(person=other).exists()
    assert MailChoice.objects.filter(person=person).exists()


def test_where_no_e_mail_is_sent_the_page_says_so_and_tells_an_administrator_what_to_do(settings) -> None:
    administrator = make.person(unit_key="ict", roles=("administrator",))
    said = text_of(signed_in(administrator).get(PAGE))
    assert "No e-mail is sent from here" in said
    assert "MERCAT_EMAIL_URL" in said
    assert "MERCAT_EMAIL_URL" not in text_of(signed_in(make.person()).get(PAGE))
    settings.MERCAT_EMAIL = True
    assert "No e-mail is sent" not in text_of(signed_in(administrator).get(PAGE))

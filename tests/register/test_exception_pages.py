"""Pages of direct access: asking, the list, one exception with all that is done about it (6.3)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from mercat.people.models import Person
from mercat.register.exceptions import actions, following
from mercat.register.models import Account, DirectAccess
from tests import factories as make
from tests.factories import NOW
from tests.pages import SOON, at_noon, queries_of, signed_in, text_of  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]

LIST = reverse("register:exceptions")
HOUR = timedelta(hours=1)
URL = "https://bsky.app/profile/dundee.example/post/3kabc"
ASKED = {"why": "outage", "words": "The bridge is closed.", "hours": "6"}


@pytest.fixture
def account(db: None) -> Account:
    return make.account("Dundee")


@pytest.fixture
def officer(account: Account) -> Person:
    return make.authorised("Officer")


@pytest.fixture
def comms(db: None) -> Person:
    return make.person("Comms", unit_key="corporate-communications", roles=("corporate-communications",))


@pytest.fixture
def asked(officer: Person, account: Account) -> DirectAccess:
    return actions.ask(by=officer, account=account, why="outage", words="The bridge is closed.", hours=6, now=NOW)


@pytest.fixture
def granted(asked: DirectAccess, comms: Person) -> DirectAccess:
    actions.grant(by=comms, row=asked, hours=4, now=NOW)
    return asked


def page(row: DirectAccess, what: str = "") -> str:
    return reverse(f"register:exception{what and f'-{what}'}", args=[row.pk])


def test_the_whole_way_by_forms_alone(officer: Person, comms: Person, account: Account) -> None:
    own, team = signed_in(officer), signed_in(comms)
    ask = reverse("register:direct-access", args=[account.pk])
    assert "Ask for direct access" in text_of(own.get(reverse("register:account", args=[account.pk])))
    assert "Corporate Communications answers" in text_of(own.get(ask))
    row_page = own.post(ask, ASKED)["Location"]
    row = DirectAccess.objects.get()
    assert row_page == page(row)
    said = text_of(own.get(row_page))
    assert "Waits for an answer" in said
    assert "Withdraw the request" in said
    assert "Who can answer" in said
    assert "Waiting for an answer" in text_of(team.get(LIST))
    assert 'value="6"' in team.get(row_page).content.decode(), "what was asked for is suggested"
    assert team.post(page(row, "answer"), {"answer": "grant", "granted_hours": "4", "advice": ""}).status_code == 302
    assert "Open" in text_of(own.get(reverse("register:account", args=[account.pk])))
    posted = {"url": URL, "published_at": "2026-11-23T12:05", "what": "Bridge closed"}
    assert own.post(page(row, "post"), posted).status_code == 302
    said = text_of(own.get(row_page))
    assert "Bridge closed" in said
    assert URL in said
    assert own.post(page(row, "end")).status_code == 302
    said = text_of(own.get(row_page))
    assert "Who changes the credential" in said
    assert "Note a post" in said, "what is missing is still noted"
    assert "to be changed after direct access" in text_of(team.get(reverse("register:account", args=[account.pk])))
    done = {"changed_at": "2026-11-23T12:05", "note": "Password, all signed out"}
    assert team.post(page(row, "rotation"), done).status_code == 302
    said = text_of(team.get(row_page))
    assert "Credential changed" in said
    assert "Note a post" not in said
    said = text_of(team.get(reverse("register:account", args=[account.pk])))
    assert "to be changed after direct access" not in said
    assert "Past" in text_of(own.get(LIST))


def test_an_empty_list_teaches(comms: Person) -> None:
    assert "Nobody has direct access" in text_of(signed_in(comms).get(LIST))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"why": ""}, "Choose why"),
        ({"words": " "}, "Say what you need direct access for"),
        ({"hours": ""}, "Enter for how many hours"),
        ({"hours": "25"}, "Enter 1 to 24 hours"),
        ({"hours": "2.5"}, "Enter a whole number of hours"),
    ],
)
def test_what_is_wrong_with_a_request_is_said(officer: Person, account: Account, typed: dict, said: str) -> None:
    answer = signed_in(officer).post(reverse("register:direct-access", args=[account.pk]), {**ASKED, **typed})
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert f'href="#{next(iter(typed))}"' in answer.content.decode()
    assert not DirectAccess.objects.exists()


def test_a_second_request_is_refused_in_words(asked: DirectAccess, officer: Person) -> None:
    answer = signed_in(officer).post(reverse("register:direct-access", args=[asked.account_id]), ASKED)
    assert answer.status_code == 422
    assert "already" in text_of(answer)


def test_whoever_may_not_speak_there_sees_why(account: Account) -> None:
    client, ask = signed_in(make.person("Newcomer")), reverse("register:direct-access", args=[account.pk])
    answer = client.get(ask)
    assert answer.status_code == 403
    assert "2.3" in text_of(answer)
    assert client.post(ask, ASKED).status_code == 403
    assert "Ask for direct access" not in text_of(client.get(reverse("register:account", args=[account.pk])))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({}, "Choose to grant or refuse"),
        ({"answer": "grant", "granted_hours": ""}, "Enter for how many hours it is granted"),
        ({"answer": "grant", "granted_hours": "9"}, "grant that, or less"),
        ({"answer": "refuse", "granted_hours": "6"}, "Say why it is refused"),
    ],
)
def test_what_is_wrong_with_an_answer_is_said(asked: DirectAccess, comms: Person, typed: dict, said: str) -> None:
    answer = signed_in(comms).post(page(asked, "answer"), typed)
    assert answer.status_code == 422
    assert said in text_of(answer)
    asked.refresh_from_db()
    assert asked.answer == ""


def test_a_refusal_is_shown_with_its_advice(asked: DirectAccess, officer: Person, comms: Person) -> None:
    answer = {"answer": "refuse", "advice": "The tool is back: write it there."}
    assert signed_in(comms).post(page(asked, "answer"), answer).status_code == 302
    said = text_of(signed_in(officer).get(page(asked)))
    assert "Refused" in said
    assert "The tool is back: write it there." in said
    assert "Posts published there" not in said


def test_an_answer_needs_a_recent_proof(asked: DirectAccess, comms: Person, monkeypatch) -> None:
    client = signed_in(comms)
    monkeypatch.setattr(timezone, "now", lambda: SOON + timedelta(minutes=16))
    answer = client.post(page(asked, "answer"), {"answer": "grant", "granted_hours": "1"})
    assert "Answer who asks for direct access to an account" in text_of(answer)
    asked.refresh_from_db()
    assert asked.answer == ""


def test_nobody_sees_a_way_to_answer_or_change_what_is_their_own(account: Account, comms: Person) -> None:
    own = make.authorised("Speaks too", unit_key="corporate-communications", roles=("corporate-communications",))
    row = actions.ask(by=own, account=account, why="lacking", words="A poll", hours=1, now=NOW)
    client = signed_in(own)
    assert "Is it granted?" not in text_of(client.get(page(row)))
    assert client.post(page(row, "answer"), {"answer": "grant", "granted_hours": "1"}).status_code == 422
    actions.grant(by=comms, row=row, hours=1, now=NOW)
    actions.end(by=own, row=row, now=NOW)
    assert "Note that the credential was changed" not in text_of(client.get(page(row)))
    done = {"changed_at": "2026-11-23T12:05", "note": "Done"}
    answer = client.post(page(row, "rotation"), done)
    assert answer.status_code == 422
    assert "Another does" in text_of(answer)


def test_who_sees_it(granted: DirectAccess, officer: Person, comms: Person, account: Account) -> None:
    commander = make.person("Commander", unit_roles=("divisional-commander",))
    ict = make.person("ICT", unit_key="ict", roles=("ict",))
    for person in (officer, comms, commander, ict, make.spoc_of(account)):
        client = signed_in(person)
        assert client.get(page(granted)).status_code == 200, person
        assert "Dundee" in text_of(client.get(LIST)), person
    elsewhere = make.authorised("Elsewhere", unit_key="edinburgh", unit_roles=("divisional-commander",))
    for person in (elsewhere, make.authorised("Colleague")):
        client = signed_in(person)
        assert client.get(page(granted)).status_code == 403, person
        assert "Dundee" not in text_of(client.get(LIST)), person
        assert "Officer" not in text_of(client.get(reverse("register:account", args=[account.pk]))), person
        for act in ("answer", "withdraw", "end", "post", "rotation"):
            assert client.post(page(granted, act), {}).status_code == 403, (person, act)
    assert signed_in(comms).get(reverse("register:exception", args=[10**6])).status_code == 404


def test_those_who_see_it_do_no_more_than_they_may(granted: DirectAccess) -> None:
    client = signed_in(make.person("Commander", unit_roles=("divisional-commander",)))
    said = text_of(client.get(page(granted)))
    assert "End direct access now" not in said
    assert "Note a post" not in said
    assert client.post(page(granted, "end")).status_code == 403
    assert client.post(page(granted, "withdraw")).status_code == 422
    posted = {"url": URL, "published_at": "2026-11-23T12:05", "what": "Bridge closed"}
    assert client.post(page(granted, "post"), posted).status_code == 403
    granted.refresh_from_db()
    assert granted.closed_at is None
    assert not granted.posts.exists()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"url": ""}, "Enter the post’s web address"),
        ({"url": "https://evil.example/profile/a"}, "not on the network"),
        ({"url": "javascript:alert(1)"}, "begins with https://"),
        ({"published_at": "yesterday"}, "Enter a real day and time"),
        ({"published_at": "2026-11-23T11:00"}, "not published while direct access was open"),
        ({"what": ""}, "Say what was published"),
    ],
)
def test_what_is_wrong_with_a_post_is_said(granted: DirectAccess, officer: Person, typed: dict, said: str) -> None:
    posted = {"url": URL, "published_at": "2026-11-23T12:05", "what": "Bridge closed", **typed}
    answer = signed_in(officer).post(page(granted, "post"), posted)
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert not granted.posts.exists()


def test_what_people_wrote_is_shown_as_words(granted: DirectAccess, officer: Person) -> None:
    at = NOW + timedelta(minutes=1)
    actions.note_post(by=officer, row=granted, url=f"{URL}?a=1&b=2", published_at=at, what="<b>Bold</b>", now=at)
    html = signed_in(officer).get(page(granted)).content.decode()
    assert "<b>Bold</b>" not in html
    assert f'href="{URL}?a=1&amp;b=2"' in html


def test_an_end_that_has_come_counts_before_the_clock_has_looked(granted: DirectAccess, officer, monkeypatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW + 4 * HOUR)
    client = signed_in(officer)
    said = text_of(client.get(page(granted)))
    assert "End direct access now" not in said
    assert "Change the credential" in said


def test_what_is_overdue_is_red_everywhere(granted: DirectAccess, comms: Person, monkeypatch) -> None:
    following.run(now=NOW + 5 * HOUR)
    monkeypatch.setattr(timezone, "now", lambda: NOW + 40 * HOUR)
    client = signed_in(comms)
    for address in (LIST, page(granted), reverse("register:account", args=[granted.account_id])):
        assert "Change the credential now" in text_of(client.get(address)), address
    said = text_of(client.get(reverse("register:attention")))
    assert "should have been changed after direct access" in said


def test_the_list_takes_a_fixed_number_of_queries(granted: DirectAccess, officer: Person, comms: Person) -> None:
    client = signed_in(comms)
    client.get(LIST)
    before = queries_of(client, LIST)
    for number in range(4):
        row = actions.ask(
            by=officer, account=make.account(f"Other {number}"), why="lacking", words="A poll", hours=1, now=NOW
        )
        if number % 2:
            actions.grant(by=comms, row=row, hours=1, now=NOW)
    assert queries_of(client, LIST) == before


def test_the_register_leads_to_it(comms: Person) -> None:
    assert f'href="{LIST}"' in signed_in(comms).get(reverse("register:register")).content.decode()

"""Pages of advice: what stands there for whom, and that what may not be read is not there."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from mercat.people.advice import actions
from mercat.people.models import AdviceThread, Notice, Person
from tests import factories as make
from tests.factories import NOW
from tests.pages import at_noon, queries_of, signed_in, text_of  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]

LIST, NEW = reverse("people:advice"), reverse("people:advice-new")
QUESTION = {"subject": "Polls", "text": "May we ask people?"}


@pytest.fixture
def newcomer() -> Person:
    return make.person("Newcomer")


@pytest.fixture
def adviser() -> Person:
    return make.person("Adviser", unit_key="corporate-communications", roles=("corporate-communications",))


def act(thread: AdviceThread, name: str) -> str:
    return reverse("people:advice-act", args=[thread.pk, name])


def asked(by: Person, about: str = "", subject: str = "Polls") -> AdviceThread:
    return actions.ask(by=by, subject=subject, text="May we ask people?", about=about, now=NOW)


def test_a_question_is_asked_answered_and_closed_on_pages(newcomer: Person, adviser: Person) -> None:
    asker, team = signed_in(newcomer), signed_in(adviser)
    assert "You have asked nothing yet" in text_of(asker.get(LIST))
    assert "No question waits" in text_of(team.get(LIST))
    answer = asker.post(NEW, QUESTION, follow=True)
    thread = AdviceThread.objects.get()
    assert answer.redirect_chain == [(thread.path, 302)]
    assert "Your question is with the team" in text_of(answer)
    waiting = text_of(team.get(LIST))
    assert "Newcomer, " in waiting
    assert "Waits for 0" not in waiting
    assert "Waits for less than a minute" in waiting
    assert team.post(act(thread, "answer"), {"answer-text": "Yes, you may."}).status_code == 302
    assert "Yes, you may." in text_of(asker.get(thread.path))
    assert "No question waits" in text_of(team.get(LIST))
    assert "Polls" in text_of(team.get(f"{LIST}?show=answered"))
    assert asker.post(act(thread, "ask"), {"ask-text": "On Sundays too?"}).status_code == 302
    assert asker.post(act(thread, "close"), {"close-text": "Found it."}).status_code == 302
    assert "Polls" in text_of(team.get(f"{LIST}?show=closed"))
    page = text_of(asker.get(thread.path))
    assert "Why is it opened again?" in page
    assert "Ask further" not in page
    assert team.post(act(thread, "reopen"), {"reopen-text": "The rule changed."}).status_code == 302
    thread.refresh_from_db()
    assert thread.state == "waiting"


def test_the_form_says_where_crime_is_reported(newcomer: Person) -> None:
    client = signed_in(newcomer)
    for path in (NEW, asked(newcomer).path):
        page = text_of(client.get(path))
        assert "call 101" in page
        assert "call 999" in page


def test_a_notice_leads_to_the_thread(newcomer: Person, adviser: Person) -> None:
    thread = asked(newcomer)
    notice = Notice.objects.get(person=adviser)
    answer = signed_in(adviser).post(reverse("people:read", args=[notice.pk]), follow=True)
    assert answer.redirect_chain == [(thread.path, 302)]
    assert "Your answer" in text_of(answer)


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({}, "Enter your question"),
        ({"subject": " "}, "Enter what your question is about"),
        ({"text": "a" * 4001}, "at most 4,000 characters"),
        ({"subject": "a" * 121}, "at most 120 characters"),
        ({"text": "pay\u202etxt.exe"}, "character that is not seen"),
        ({"subject": "One\ntwo"}, "character that is not seen"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(newcomer: Person, typed: dict[str, str], wrong: str) -> None:
    answer = signed_in(newcomer).post(NEW, {"subject": "A subject", "text": "", **typed})
    assert answer.status_code == 422
    assert wrong in text_of(answer)
    assert 'href="#subject"' in answer.content.decode() or 'href="#text"' in answer.content.decode()
    if "subject" not in typed:
        assert "A subject" in answer.content.decode()
    assert not AdviceThread.objects.exists()


def test_in_a_thread_too(newcomer: Person, adviser: Person) -> None:
    thread = asked(newcomer)
    client = signed_in(adviser)
    empty = client.post(act(thread, "answer"), {"answer-text": " "})
    assert empty.status_code == 422
    assert "Enter your answer" in text_of(empty)
    assert 'href="#answer-text"' in empty.content.decode()
    bad = client.post(act(thread, "answer"), {"answer-text": "a\u202eb kept"})
    assert "character that is not seen" in text_of(bad)
    assert "kept</textarea>" in bad.content.decode()
    actions.close(by=newcomer, thread=thread, text="Found it.", now=NOW)
    late = client.post(act(thread, "answer"), {"answer-text": "My long answer"})
    assert late.status_code == 422
    assert "is closed" in text_of(late)
    assert "My long answer" in text_of(late), "whoever came too late can take their words along"
    assert client.post(act(thread, "shout"), {"shout-text": "!"}).status_code == 404
    assert client.get(act(thread, "answer")).status_code == 405


def test_what_is_typed_is_text_and_nothing_else(newcomer: Person) -> None:
    thread = actions.ask(by=newcomer, subject="<b>Polls</b>", text="<script>alert(1)</script>", now=NOW)
    client = signed_in(newcomer)
    for path in (thread.path, LIST):
        page = client.get(path).content.decode()
        assert "<b>Polls" not in page
        assert "<script>alert" not in page


def test_a_thread_that_may_not_be_read_is_not_there(newcomer: Person) -> None:
    account = make.account("Leith", unit_key="edinburgh")
    insider = make.spoc_of(account, "Contact")
    foreign, nothing = asked(insider, account.audit_ref, "Secret plans"), asked(insider)
    client = signed_in(newcomer)
    missing = client.get(reverse("people:advice-thread", args=[uuid4()]))
    for thread in (foreign, nothing):
        answer = client.get(thread.path)
        assert (answer.status_code, text_of(answer)) == (404, text_of(missing))
        for name in ("ask", "answer", "close", "reopen"):
            assert client.post(act(thread, name), {f"{name}-text": "Let me in"}).status_code == 404
    assert "Secret plans" not in text_of(client.get(LIST))
    assert "Secret plans" not in text_of(client.get(f"{LIST}?about={account.audit_ref}"))
    for show in ("waiting", "answered", "closed"):
        assert "Secret plans" not in text_of(client.get(f"{LIST}?show={show}")), "the team's lists are the team's"


def test_who_reads_because_the_thing_is_open_to_them_writes_nothing(newcomer: Person) -> None:
    account = make.account("Dundee")
    contact = make.spoc_of(account, "Contact")
    thread = asked(newcomer, account.audit_ref)
    client = signed_in(contact)
    page = text_of(client.get(thread.path))
    assert "May we ask people?" in page
    assert not any(words in page for words in ("Your answer", "Ask further", "Close the thread"))
    for name in ("ask", "answer", "close"):
        assert client.post(act(thread, name), {f"{name}-text": "Surely"}).status_code == 403
    assert thread.messages.count() == 1


def test_what_is_not_there_and_what_is_not_open_are_the_same(newcomer: Person) -> None:
    account = make.account("Leith", unit_key="edinburgh")
    make.spoc_of(account)
    foreign = make.submitted(make.joined("Author elsewhere", unit_key="edinburgh"), account)
    client = signed_in(newcomer)
    missing = text_of(client.get(f"{NEW}?about=post:{uuid4()}"))
    for reference in (foreign.audit_ref, "post:1", "case:1", "nothing", "x" * 300):
        for path in (NEW, LIST):
            answer = client.get(path, {"about": reference})
            assert (answer.status_code, text_of(answer)) == (404, missing), reference
        assert client.post(f"{NEW}?about={reference}", QUESTION).status_code == 404
    assert not AdviceThread.objects.exists()


def test_the_team_reads_about_a_draft_and_does_not_see_the_draft(adviser: Person) -> None:
    author, account = make.joined("Author"), make.account("Dundee")
    draft = make.posts.compose(by=author, draft=make.draft(account, text="Unspoken words"), now=NOW)
    page = text_of(signed_in(author).get(f"{NEW}?about={draft.audit_ref}"))
    assert "Post: Unspoken words" in page
    assert "Nobody but its author sees a draft" in page
    thread = asked(author, draft.audit_ref)
    for path in (thread.path, LIST):
        page = text_of(signed_in(adviser).get(path))
        assert "About a post that is not open to you" in page
        assert "Unspoken words" not in page
    assert signed_in(adviser).get(f"{LIST}?about={draft.audit_ref}").status_code == 404


def test_from_another_device_it_is_read_and_nothing_is_offered(newcomer: Person, adviser: Person) -> None:
    thread = asked(newcomer)
    for who in (newcomer, adviser):
        client = Client(REMOTE_ADDR="203.0.113.9")
        client.force_login(who)
        page = text_of(client.get(thread.path))
        assert "May we ask people?" in page
        assert "Your answer" not in page
        assert "Close the thread" not in page
        assert "Polls" in text_of(client.get(LIST))
        assert client.get(NEW).status_code == 403
        assert client.post(NEW, QUESTION).status_code == 403


def test_lists_ask_no_more_for_more_lines(newcomer: Person, adviser: Person) -> None:
    account = make.account("Dundee")
    contact = make.spoc_of(account, "Contact")
    post = make.submitted(make.joined("Author"), account)
    client = signed_in(adviser)
    for about in ("", account.audit_ref, post.audit_ref):
        asked(contact, about)
    few = queries_of(client, LIST)
    for number in range(30):
        asked(make.person(f"Asker {number}"), account.audit_ref if number % 2 else "")
    asked(contact, make.submitted(make.joined("Author"), account).audit_ref)
    assert queries_of(client, LIST) == few
    page = client.get(LIST).content.decode()
    assert 'rel="next"' in page
    assert 'href="?show=waiting&amp;page=2"' in page or 'href="?show=waiting&page=2"' in page


def test_the_way_to_it_stands_on_every_page(newcomer: Person) -> None:
    assert f'href="{LIST}"' in signed_in(newcomer).get(reverse("web:home")).content.decode()


def test_nobody_gets_there_without_a_sign_in(newcomer: Person) -> None:
    thread = asked(newcomer)
    for path in (LIST, NEW, thread.path):
        assert Client().get(path).status_code == 302

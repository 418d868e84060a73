"""Advice on the pages of a post: its own page, and the one on which it is written."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from mercat.delivery.models import Consignment
from mercat.people.advice import actions
from mercat.people.models import Person
from mercat.posts.models import Post
from mercat.register.models import Account
from tests import factories as make
from tests.factories import NOW
from tests.pages import at_noon, queries_of, signed_in, text_of  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]


@pytest.fixture
def account() -> Account:
    return make.account("Dundee")


@pytest.fixture
def contact(account: Account) -> Person:
    return make.spoc_of(account, "Contact")


@pytest.fixture
def author(contact: Person) -> Person:
    return make.authorised("Author")


@pytest.fixture
def adviser() -> Person:
    return make.person("Adviser", unit_key="corporate-communications", roles=("corporate-communications",))


@pytest.fixture
def post(author: Person, account: Account) -> Post:
    return make.submitted(author, account)


def page(post: Post) -> str:
    return reverse("posts:post", args=[post.pk])


def link(post: Post) -> str:
    return f'href="{reverse("people:advice-new")}?about=post%3A{post.pk}"'


def asked(by: Person, post: Post, subject: str = "Is this right?"):
    return actions.ask(by=by, subject=subject, text="May we say so?", about=post.audit_ref, now=NOW)


def test_an_answer_stays_with_its_post(author: Person, contact: Person, adviser: Person, post: Post) -> None:
    client = signed_in(author)
    before = client.get(page(post))
    assert "Nothing was asked about it" in text_of(before)
    assert link(post) in before.content.decode()
    form = f"{reverse('people:advice-new')}?about={post.audit_ref}"
    assert client.post(form, {"subject": "Is this right?", "text": "May we say so?"}).status_code == 302
    thread = author.advice_threads.get()
    assert thread.about == post.audit_ref
    actions.answer(by=adviser, thread=thread, text="Say it without the name.", now=NOW + timedelta(minutes=1))
    for who in (author, contact, adviser):
        said = text_of(signed_in(who).get(page(post)))
        assert "Is this right? Answered" in said
        assert "Say it without the name." in said
        assert "One question about it" in said
        assert "Advice given" in said, "among what happened to it, too"
        listed = text_of(signed_in(who).get(reverse("people:advice"), {"about": post.audit_ref}))
        assert "Is this right?" in listed


def test_the_composer_leads_to_it_and_loses_nothing(author: Person, account: Account, adviser: Person) -> None:
    draft = make.posts.compose(by=author, draft=make.draft(account), now=NOW)
    asked(author, draft)
    answer = signed_in(author).get(reverse("posts:edit", args=[draft.pk]))
    assert f'{link(draft)} target="_blank"' in answer.content.decode()
    assert "Is this right?" in text_of(answer)


def test_whoever_sees_a_post_because_it_is_out_asks_and_reads_their_own_alone(
    author: Person, contact: Person, account: Account
) -> None:
    post = make.approved(author, contact, account)
    Consignment.objects.update(state="sent", native_id="n1", sent_at=NOW, read_back_at=NOW)
    asked(author, post, "Between us")
    elsewhere = make.person("Elsewhere", unit_key="edinburgh")
    client = signed_in(elsewhere)
    answer = client.get(page(post))
    assert answer.status_code == 200
    assert link(post) in answer.content.decode()
    assert "Between us" not in text_of(answer)
    assert "Asked for advice" not in text_of(answer)
    asked(elsewhere, post, "May we do this too?")
    said = text_of(client.get(page(post)))
    assert "May we do this too?" in said
    assert "Between us" not in said
    listed = text_of(client.get(reverse("people:advice"), {"about": post.audit_ref}))
    assert "Between us" not in listed


def test_many_threads_cost_the_page_no_more(author: Person, adviser: Person, post: Post) -> None:
    client = signed_in(author)
    actions.answer(by=adviser, thread=asked(author, post), text="Yes.", now=NOW)
    queries_of(client, page(post))  # the session notes what was looked at
    few = queries_of(client, page(post))
    for number in range(8):
        thread = asked(author, post, f"Question {number}")
        actions.answer(by=adviser, thread=thread, text="Yes.", now=NOW)
    assert queries_of(client, page(post)) == few
    assert "All 9 questions about it" in text_of(client.get(page(post)))

"""The home page: what needs me now?"""

from __future__ import annotations

from datetime import timedelta

import pytest

from mercat.people import actions as people
from mercat.posts import actions as posts
from mercat.posts import queries
from mercat.register import actions as register
from tests import factories as make
from tests.factories import NOW, TEST
from tests.pages import SOON, at_noon, queries_of, signed_in, text_of  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]


@pytest.fixture
def account():
    return make.account("Dundee")


@pytest.fixture
def author():
    return make.authorised("Author")


@pytest.fixture
def spoc(account):
    return make.spoc_of(account, "Contact")


def home(person) -> str:
    return text_of(signed_in(person).get("/"))


def test_somebody_new_sees_their_path_and_what_is_next() -> None:
    said = home(make.person())
    assert "Your path to posting" in said
    assert "0 of 7 steps. Next: nomination." in said


def test_who_may_post_and_has_nothing_to_do_is_told_how_to_begin(author) -> None:
    said = home(author)
    assert "Nothing waits for you" in said
    assert "Your path to posting" not in said


def test_drafts_and_what_waits_for_others_are_the_authors(author, account, spoc) -> None:
    posts.compose(by=author, draft=make.draft(account, text="A draft of mine"), now=NOW)
    make.submitted(author, account, text="Waiting for somebody")
    said = home(author)
    assert "Your drafts 1 A draft of mine" in said
    assert "Waiting for others 1 Waiting for somebody" in said


def test_what_somebody_may_approve_waits_for_them_and_not_for_its_author(author, account, spoc) -> None:
    make.submitted(author, account, text="Please approve")
    assert "For you to approve 1 Please approve" in home(spoc)
    assert "For you to approve" not in home(author)
    assert "For you to approve" not in home(make.authorised("Elsewhere", unit_key="edinburgh"))


def test_what_was_approved_already_no_longer_waits(author, account, spoc) -> None:
    make.approved(author, spoc, account)
    assert "For you to approve" not in home(spoc)


def test_what_waits_elsewhere_does_not_push_out_what_waits_here(author, account, spoc, monkeypatch) -> None:
    elsewhere = make.account("Leith", unit_key="edinburgh")
    theirs = make.authorised(unit_key="edinburgh")
    monkeypatch.setattr(queries, "MOST_WAITING", 2)
    for n in range(3):
        make.submitted(theirs, elsewhere, text=f"In Leith {n}")
    make.submitted(author, account, text="In Dundee")
    assert "For you to approve 1 In Dundee" in home(spoc)


def test_what_could_be_out_already_stands_before_what_has_time(author, account, spoc) -> None:
    make.submitted(author, account, text="Tomorrow", due_at=SOON + timedelta(days=1))
    make.submitted(author, account, text="Tonight", due_at=SOON + timedelta(hours=6))
    make.submitted(author, account, text="At once")
    make.submitted(author, account, text="Late already", due_at=NOW + timedelta(minutes=1))
    said = home(spoc)
    order = ["At once", "Late already", "Tonight", "Tomorrow"]
    assert sorted(order, key=said.index) == order


def test_a_warning_stands_first_for_those_who_approve_warnings(author, account, spoc) -> None:
    commander = make.authorised("Commander", unit_roles=("divisional-commander",))
    make.submitted(author, account, text="An ordinary post")
    make.submitted(author, account, text="A large fire", warning=True)
    assert "For you to approve 2 A large fire" in home(commander)
    assert "For you to approve 1 An ordinary post" in home(spoc)


def test_whoever_changed_the_words_is_not_asked_to_approve_them(author, account, spoc) -> None:
    post = make.submitted(author, account)
    posts.compose(by=spoc, post=post, draft=make.draft(account, text="Rewritten"), now=NOW)
    posts.submit(by=author, post=post, now=NOW)
    assert "For you to approve" not in home(spoc)


def test_what_was_sent_back_stands_with_the_reason(author, account, spoc) -> None:
    post = make.submitted(author, account, text="Too early")
    posts.send_back(by=spoc, post=post, digest=post.current.digest, reason="Wait for the family.", now=NOW)
    said = home(author)
    assert "Sent back to you 1 Too early" in said
    assert "“Wait for the family.” Contact" in said


def test_a_joining_waits_for_whoever_takes_its_next_step() -> None:
    newcomer = make.person("Newcomer")
    people.nominate(by=TEST, person=newcomer, now=NOW)
    trainer = make.trainer()
    assert "People whose next step is yours 1 For the course 1 person" in home(trainer)
    assert "next step is yours" not in home(make.person("Bystander"))


def test_the_number_of_queries_does_not_grow_with_the_lists(author, account, spoc) -> None:
    client = signed_in(spoc)
    make.submitted(author, account)
    people.nominate(by=TEST, person=make.person(), now=NOW)
    client.get("/")
    few = queries_of(client, "/")
    for n in range(4):
        make.submitted(author, account, text=f"Number {n}")
        people.nominate(by=TEST, person=make.person(), now=NOW)
    assert queries_of(client, "/") == few
    assert few <= 27


def test_an_application_waits_for_whoever_may_decide_it(author) -> None:
    application = register.apply_for_account(
        by=author, network="bluesky", kind="local", unit=author.unit, name="The Ferry", purpose="To warn.", now=NOW
    )
    roles = ("head-of-communications-specialist-services",)
    head = make.person("Head", unit_key="corporate-communications", roles=roles)
    assert "Applications for you to decide 1 The Ferry" in home(head)
    assert "Applications for you to decide" not in home(author)
    register.decide_application(by=head, application=application, grant=True, reasons="Yes", now=NOW)
    assert "Applications for you to decide" not in home(head)

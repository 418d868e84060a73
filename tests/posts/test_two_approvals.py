"""Another body's guidance: two people see what goes to its council-wide accounts. The same code, other data."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mercat.delivery.models import Consignment
from mercat.guidance.gate import Refused
from mercat.people import actions as people
from mercat.people.facts import person_facts
from mercat.people.models import Person
from mercat.people.pack import guidance
from mercat.posts import actions as posts
from mercat.posts.actions import NotAllowed
from mercat.posts.contents import Draft
from mercat.posts.models import Post
from mercat.register import actions as register
from mercat.register.models import Account
from tests import factories as make
from tests.factories import NOW, TEST

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("council")]

COMMUNICATIONS = ("communications-team",)


def employee(name: str, *, unit: str = "communications", roles: tuple[str, ...] = ()) -> Person:
    """Somebody who may speak for the council, taken there by the people whom its policy names."""
    row = make.person(name, unit_key=unit, rank="employee", roles=roles)
    lead = make.person("Lead", unit_key=unit, rank="service-manager", unit_roles=("service-lead",))
    trainer = make.person("Trainer", unit_key="communications", rank="employee", roles=COMMUNICATIONS)
    digital = make.person("Digital", unit_key="digital", rank="employee", roles=("digital-services",))
    people.nominate(by=lead, person=row, now=NOW)
    people.record_completion(by=trainer, person=row, trainer=trainer, completed_at=NOW - timedelta(days=1), now=NOW)
    people.open_access(by=digital, person=row, now=NOW)
    return row


@pytest.fixture
def account() -> Account:
    return make.account("Council", tier="council", unit_key="communications")


@pytest.fixture
def post(account: Account) -> Post:
    author = employee("Author")
    draft = Draft(text="Bins are collected on Tuesday.", targets=(str(account.pk),), pillar="services")
    post = posts.compose(by=author, draft=draft, now=NOW)
    posts.submit(by=author, post=post, now=NOW)
    post.refresh_from_db()
    return post


def test_access_is_opened_without_a_confirmation_that_this_body_does_not_know() -> None:
    standing = person_facts(employee("Newcomer"), now=NOW)
    assert (standing.nominated, standing.training_signed_off, standing.access) == (True, True, True)
    assert (standing.authorised, standing.licensed) == (False, False)


def test_a_step_that_this_body_does_not_know_is_permitted_to_nobody() -> None:
    row = make.person("Newcomer", unit_key="communications", rank="employee")
    holder = make.person("Holder", unit_key="communications", rank="employee", roles=COMMUNICATIONS)
    with pytest.raises(Refused, match=r"M\.0"):
        people.confirm_training(by=holder, person=row, reference="R", now=NOW)


def test_its_structure_is_founded_from_its_own_pack() -> None:
    make.unit("communications")
    assert register.found_structure(by=TEST, now=NOW) == len(guidance().pack.slots) == 9


def test_a_post_goes_out_with_the_second_approval(post: Post, account: Account) -> None:
    first, second = (employee(name, roles=COMMUNICATIONS) for name in ("First", "Second"))
    assert posts.approve(by=first, post=post, digest=post.current.digest, now=NOW) == []
    post.refresh_from_db()
    assert (post.state, Consignment.objects.count()) == ("submitted", 0)
    (consignment,) = posts.approve(by=second, post=post, digest=post.current.digest, now=NOW)
    post.refresh_from_db()
    assert (post.state, consignment.approvals, consignment.approvals_needed) == ("approved", 2, 2)


def test_an_approval_of_the_version_before_does_not_count(post: Post, account: Account) -> None:
    first, second = (employee(name, roles=COMMUNICATIONS) for name in ("First", "Second"))
    posts.approve(by=first, post=post, digest=post.current.digest, now=NOW)
    author = post.current.author
    changed = Draft(text="Bins are collected on Monday.", targets=(str(account.pk),), pillar="services")
    posts.compose(by=author, post=post, draft=changed, now=NOW)
    version = posts.submit(by=author, post=post, now=NOW)
    assert posts.approve(by=second, post=post, digest=version.digest, now=NOW) == []
    assert len(posts.approve(by=first, post=post, digest=version.digest, now=NOW)) == 1


def test_its_own_clauses_refuse(post: Post, account: Account) -> None:
    with pytest.raises(NotAllowed) as refused:
        posts.approve(by=employee("Roads", unit="roads"), post=post, digest=post.current.digest, now=NOW)
    assert "3.2" in {refusal.clause for refusal in refused.value.decisions[account].refusals}

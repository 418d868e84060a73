"""Rows to facts: few queries, however many accounts."""

from __future__ import annotations

import pytest

from mercat.images.actions import take_in
from mercat.people.models import Person
from mercat.posts import actions
from mercat.posts.contents import DraftPicture
from mercat.posts.facts import decisions_on, draft_facts, targets_of, version_facts
from mercat.posts.models import Version
from mercat.register.models import Account
from tests import factories as make
from tests.factories import NOW
from tests.images.crafted import quarters, saved

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("count", [1, 7])
def test_the_facts_of_a_decision_take_three_queries(django_assert_num_queries, author: Person, count: int) -> None:
    accounts = [make.account(f"Account {number}") for number in range(count)]
    spoc = make.spoc_of(accounts[0])
    make.submitted(author, *accounts)
    version = Version.objects.get()
    with django_assert_num_queries(3):
        decisions = decisions_on(spoc, "approve", version, targets_of(version), now=NOW)
    assert [decision.allowed for decision in decisions.values()].count(True) == 1


def test_everybody_who_wrote_any_of_it_is_an_author(account: Account, author: Person, spoc: Person) -> None:
    colleague = make.authorised("Colleague")
    post = make.submitted(author, account)
    actions.compose(by=colleague, post=post, draft=make.draft(account, text="Both bridges."), now=NOW)
    actions.submit(by=colleague, post=post, now=NOW)
    found = version_facts(Version.objects.get(number=2), [account])[str(account.pk)]
    assert found.authors == {str(author.pk), str(colleague.pk)}


def test_only_approvals_of_this_very_version_count(account: Account, author: Person, spoc: Person) -> None:
    post = make.approved(author, spoc, account)
    assert version_facts(post.current, [account])[str(account.pk)].approvals == 1
    actions.compose(by=author, post=post, draft=make.draft(account, text="Another bridge."), now=NOW)
    new = actions.submit(by=author, post=post, now=NOW)
    found = version_facts(new, [account])[str(account.pk)]
    assert (found.approvals, found.state, found.digest) == (0, "submitted", new.digest)


def test_pictures_without_words_are_counted(account: Account, author: Person, settings, tmp_path) -> None:
    settings.MEDIA_ROOT = tmp_path
    sign = saved(quarters(), "PNG")
    pictures = [str(take_in(by=author, name="sign.png", upload=sign, now=NOW).pk) for _ in range(3)]
    draft = make.draft(
        account,
        pictures=(DraftPicture(pictures[0], "A sign"), DraftPicture(pictures[1], " \n"), DraftPicture(pictures[2])),
    )
    found = draft_facts(None, draft, author)
    assert (found.media, found.media_without_alt, found.id) == (3, 2, "new")
    described = make.draft(account, pictures=tuple(DraftPicture(picture, "A sign") for picture in pictures))
    post = actions.compose(by=author, draft=described, now=NOW)
    version = actions.submit(by=author, post=post, now=NOW)
    found = version_facts(version, [account])[str(account.pk)]
    assert (found.media, found.media_without_alt) == (3, 0)

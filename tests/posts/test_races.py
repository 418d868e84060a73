"""Two connections at once: the second waits for the first, and then sees what it did."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from mercat.people.actions import Impossible
from mercat.posts import actions as posts
from tests import factories as make
from tests.factories import NOW
from tests.meanwhile import meanwhile

pytestmark = pytest.mark.django_db(transaction=True)

LATER = NOW + timedelta(minutes=1)


def test_who_approves_while_a_new_version_is_submitted_is_told_that_it_changed() -> None:
    account = make.account("Dundee")
    author, spoc = make.authorised("Author"), make.spoc_of(account)
    post = make.submitted(author, account)
    seen = post.current.digest
    with transaction.atomic():
        posts.compose(by=author, post=post, draft=make.draft(account, text="Reopened."), now=LATER)
        posts.submit(by=author, post=post, now=LATER)
        approving = meanwhile(lambda: posts.approve(by=spoc, post=post, digest=seen, now=LATER))
    with pytest.raises(Impossible, match="changed since you opened it"):
        approving.result(10)

"""Two connections at once: the second waits for the first, and then sees what it did."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from mercat.delivery.manifest import contents
from mercat.people.actions import Impossible
from mercat.posts import actions as posts
from mercat.posts.actions import ChangedElsewhere
from tests import factories as make
from tests.factories import NOW
from tests.meanwhile import meanwhile
from tests.pages import signed_in

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


def test_of_two_windows_that_save_at_the_same_moment_the_second_is_told() -> None:
    account, author = make.account("Dundee"), make.authorised("Author")
    post = posts.compose(by=author, draft=make.draft(account), now=NOW)

    def save(text: str) -> None:
        posts.compose(by=author, post=post, draft=make.draft(account, text=text), base=NOW.isoformat(), now=LATER)

    with transaction.atomic():
        save("First")
        saving = meanwhile(lambda: save("Second"))
    with pytest.raises(ChangedElsewhere, match="Nothing was overwritten"):
        saving.result(10)
    post.refresh_from_db()
    assert post.draft["text"] == "First"


def test_nobody_saves_between_what_a_person_sends_and_what_is_submitted_of_it() -> None:
    account, author = make.account("Dundee"), make.authorised("Author")
    post = posts.compose(by=author, draft=make.draft(account), now=NOW)
    mine = {"text": "Mine", "targets": [str(account.pk)], "pillar": "warning", "do": "submit", "base": post.stamp}
    saving = []

    def save_theirs() -> None:
        posts.compose(by=author, post=post, draft=make.draft(account, text="Theirs"), now=LATER)

    def submit_while_another_saves(**about: object) -> posts.Version:
        saving.append(meanwhile(save_theirs))
        return submit(**about)

    submit = posts.submit
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(posts, "submit", submit_while_another_saves)
        signed_in(author).post(f"/posts/{post.pk}/edit/", mine)
    saving[0].result(10)
    post.refresh_from_db()
    assert (post.state, contents(post.current.manifest)["text"]) == ("submitted", "Mine")

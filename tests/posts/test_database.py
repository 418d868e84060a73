"""What was submitted stays, and four eyes are needed, whoever asks the database."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from mercat.people.models import Person
from mercat.posts import actions
from mercat.posts.models import Approval, Post
from mercat.register.models import Account
from tests import factories as make
from tests.factories import NOW

pytestmark = pytest.mark.django_db

TABLES = ["posts_version", "posts_target", "posts_approval", "posts_remark", "delivery_manifest"]


def refused(sql: str) -> str:
    with pytest.raises(DatabaseError) as refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    return str(refusal.value)


@pytest.fixture
def post(account: Account, author: Person, spoc: Person) -> Post:
    """Submitted, sent back, submitted again and approved: a row in every table."""
    post = make.submitted(author, account)
    actions.send_back(by=spoc, post=post, digest=post.current.digest, reason="Say which bridge.", now=NOW)
    actions.submit(by=author, post=post, now=NOW)
    post.refresh_from_db()
    actions.approve(by=spoc, post=post, digest=post.current.digest, now=NOW)
    connection.check_constraints()  # as a commit would; else a table cannot be emptied for that reason alone
    return post


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.usefixtures("post")
def test_what_was_submitted_is_never_changed_or_deleted(table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        assert cursor.fetchone()[0]
        cursor.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped",
            [table],
        )
        columns = [row[0] for row in cursor.fetchall()]
    for column in columns:
        assert "UPDATE refused" in refused(f'UPDATE {table} SET "{column}" = "{column}"')
    assert "DELETE refused" in refused(f"DELETE FROM {table}")
    assert "TRUNCATE refused" in refused(f"TRUNCATE {table} CASCADE")


def raw_approval(post: Post, approver: Person, **about: object) -> Approval:
    version = post.current
    account = version.targets.get().account
    return Approval(**{"version": version, "account": account, "approver": approver, "digest": version.digest,
                       "at": NOW, **about})  # fmt: skip


def test_an_author_who_goes_around_the_actions_is_refused_by_the_database(account: Account, author: Person) -> None:
    post = make.submitted(author, account)
    with pytest.raises(DatabaseError, match="an author of a post cannot approve it"), transaction.atomic():
        raw_approval(post, author).save()
    assert not Approval.objects.exists()


def test_also_who_wrote_an_earlier_version_or_began_it(account: Account, author: Person, spoc: Person) -> None:
    colleague = make.authorised("Colleague")
    post = make.submitted(author, account)
    actions.compose(by=colleague, post=post, draft=make.draft(account, text="Both bridges."), now=NOW)
    actions.submit(by=colleague, post=post, now=NOW)
    actions.compose(by=spoc, post=post, draft=make.draft(account, text="All bridges."), now=NOW)
    actions.submit(by=spoc, post=post, now=NOW)
    post.refresh_from_db()
    for person in (author, colleague, spoc):
        with pytest.raises(DatabaseError, match="cannot approve it"), transaction.atomic():
            raw_approval(post, person).save()


def test_also_who_only_began_it(account: Account, author: Person) -> None:
    begun_by = make.authorised("Somebody who began it")
    post = make.submitted(author, account)
    Post.objects.filter(pk=post.pk).update(created_by=begun_by)
    with pytest.raises(DatabaseError, match="cannot approve it"), transaction.atomic():
        raw_approval(post, begun_by).save()


def test_an_approval_of_other_bytes_is_refused_by_the_database(account: Account, author: Person, spoc: Person) -> None:
    post = make.submitted(author, account)
    with pytest.raises(DatabaseError, match="another digest"), transaction.atomic():
        raw_approval(post, spoc, digest="0" * 64).save()
    raw_approval(post, spoc).save()
    with pytest.raises(DatabaseError, match="a_person_approves_once"), transaction.atomic():
        raw_approval(post, spoc).save()


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"state": "published"}, "a_post_is_in_a_known_state"),
        ({"state": "approved"}, "what_was_submitted_has_a_version"),
        ({"state": "submitted"}, "what_was_submitted_has_a_version"),
    ],
)
def test_a_post_is_in_a_state_that_can_be(account: Account, author: Person, change: dict, constraint: str) -> None:
    post = actions.compose(by=author, draft=make.draft(account), now=NOW)
    with pytest.raises(DatabaseError, match=constraint), transaction.atomic():
        Post.objects.filter(pk=post.pk).update(**change)

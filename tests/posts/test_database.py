"""What was submitted stays, and four eyes are needed, whoever asks the database."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from mercat.delivery.models import Consignment, Manifest
from mercat.people.models import Person
from mercat.posts import actions
from mercat.posts.models import Approval, Post, Version
from mercat.register.models import Account
from tests import factories as make
from tests.factories import NOW

pytestmark = pytest.mark.django_db

TABLES = [
    "posts_version", "posts_target", "posts_approval", "posts_remark", "posts_post_editors", "delivery_manifest",
]  # fmt: skip


def refused(sql: str) -> str:
    with pytest.raises(DatabaseError) as refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    return str(refusal.value)


@pytest.fixture
def post(account: Account, author: Person, spoc: Person) -> Post:
    """Submitted, sent back, changed by another, submitted again and approved: a row in every table."""
    post = make.submitted(author, account)
    actions.send_back(by=spoc, post=post, digest=post.current.digest, reason="Say which bridge.", now=NOW)
    draft = make.draft(account, text="The old bridge is closed.")
    actions.compose(by=make.authorised("Colleague"), post=post, draft=draft, now=NOW)
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
    """No action makes such a post; only somebody at the tables can."""
    begun_by = make.authorised("Somebody who began it")
    post = Post.objects.create(created_by=begun_by, created_at=NOW, changed_at=NOW)
    manifest = Manifest.objects.create(digest="0" * 64, canonical=b"{}", at=NOW)
    version = Version.objects.create(post=post, number=1, author=author, manifest=manifest, at=NOW, pillar="warning")
    with pytest.raises(DatabaseError, match="cannot approve it"), transaction.atomic():
        Approval.objects.create(version=version, account=account, approver=begun_by, digest="0" * 64, at=NOW)


def test_who_began_a_post_stays_the_one_who_did(account: Account, author: Person, spoc: Person) -> None:
    post = make.submitted(author, account)
    with pytest.raises(DatabaseError, match="who began a post stays"), transaction.atomic():
        Post.objects.filter(pk=post.pk).update(created_by=spoc)


# Consignments


def raw_consignment(post: Post, account: Account, **about: object) -> Consignment:
    """As approval would make it, where it is approved."""
    version = post.current
    return Consignment(**{
        "manifest": version.manifest, "account": account, "post_ref": post.audit_ref, "author": version.author,
        "approvals": 1, "approvals_needed": 1, "pillar": version.pillar, "lane": "normal", "due_at": NOW,
        "not_before": NOW, "created_at": NOW, **about,
    })  # fmt: skip


@pytest.fixture
def approved(account: Account, author: Person, spoc: Person) -> Post:
    """Submitted and approved, and not on its way yet."""
    post = make.submitted(author, account)
    raw_approval(post, spoc).save()
    return post


def test_what_is_approved_may_be_set_on_its_way(approved: Post, account: Account) -> None:
    raw_consignment(approved, account).save()
    assert Consignment.objects.get().state == "ready"


def test_what_nobody_approved_is_not_set_on_its_way(account: Account, author: Person) -> None:
    post = make.submitted(author, account)
    for claimed in (1, 0):
        with pytest.raises(DatabaseError, match="the approvals of its very version and account"), transaction.atomic():
            raw_consignment(post, account, approvals=claimed, approvals_needed=0).save()


def test_an_approval_is_for_its_account_and_its_version_alone(
    approved: Post, account: Account, author: Person, spoc: Person
) -> None:
    perth = make.account("Perth")
    with pytest.raises(DatabaseError, match="its very version and account"), transaction.atomic():
        raw_consignment(approved, perth).save()
    actions.submit(by=author, post=approved, now=NOW)
    approved.refresh_from_db()
    with pytest.raises(DatabaseError, match="its very version and account"), transaction.atomic():
        raw_consignment(approved, account).save()


@pytest.mark.parametrize(
    "claim",
    [
        {"approvals": 2},
        {"author": "spoc"},
        {"pillar": "trust"},
        {"lane": "warning"},
        {"post_ref": "post:00000000-0000-4000-8000-000000000000"},
    ],
)
def test_a_consignment_says_what_its_version_says(approved: Post, account: Account, spoc: Person, claim: dict) -> None:
    claim = {"author": spoc} if "author" in claim else claim
    with pytest.raises(DatabaseError, match="nothing was set on its way"), transaction.atomic():
        raw_consignment(approved, account, **claim).save()


def test_a_temporary_table_stands_in_for_nothing(account: Account, author: Person) -> None:
    post = make.submitted(author, account)
    version = post.current.pk
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE posts_approval ON COMMIT DROP AS SELECT * FROM posts_approval")
        cursor.execute(
            "INSERT INTO pg_temp.posts_approval (id, version_id, account_id, approver_id, digest, at) "
            "VALUES (1, %s, %s, gen_random_uuid(), %s, now())",
            [version, account.pk, post.current.digest],
        )
    with pytest.raises(DatabaseError, match="its very version and account"), transaction.atomic():
        raw_consignment(post, account).save()


@pytest.mark.parametrize(
    "change",
    [
        "manifest_id = '0'", "account_id = gen_random_uuid()", "author_id = gen_random_uuid()", "approvals = 7",
        "approvals_needed = 0", "lane = 'warning'", "pillar = 'trust'", "post_ref = 'post:1'",
        "created_at = now()", "id = gen_random_uuid()",
    ],
)  # fmt: skip
def test_what_was_approved_of_a_consignment_stays(approved: Post, account: Account, change: str) -> None:
    raw_consignment(approved, account).save()
    assert "what was approved of a consignment stays" in refused(f"UPDATE delivery_consignment SET {change}")
    Consignment.objects.update(state="held", hold="paused", not_before=NOW, due_at=NOW)  # its way goes on


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

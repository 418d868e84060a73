"""People, accounts and posts in the numbers that benchmarks need. Import it once Django is set up."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TypeVar

import httpx
from django.db.models import Model

from mercat.config.seed import connect_to_stand_in
from mercat.delivery.manifest import digest_of
from mercat.delivery.models import Consignment, Manifest
from mercat.people.models import Person
from mercat.posts import states
from mercat.posts.models import Approval, Post, Target, Version
from mercat.register.models import Account
from tests import factories as make

M = TypeVar("M", bound=Model)


def two_of_communications(now: datetime) -> tuple[Person, Person]:
    """An author and an approver who may speak on every account."""
    about = {"unit_key": "corporate-communications", "roles": ("corporate-communications",), "now": now}
    until = now + timedelta(days=300)
    return make.authorised("Author", trained_until=until, **about), make.authorised(
        "Approver", trained_until=until, **about
    )


def accounts(count: int, sandbox: str, now: datetime) -> list[Account]:
    """Connected accounts, half of them on each stand-in."""
    rows = []
    for number in range(count):
        network, handle = (("bluesky", f"a{number}.example"), ("mastodon", f"a{number}"))[number % 2]
        row = make.account(f"Account {number}", network=network, tier="specialist", connected=False)
        connect_to_stand_in(row, handle=handle, sandbox=sandbox, by=make.TEST, now=now)
        rows.append(row)
    return rows


def scheduled(rows: list[Account], author: Person, approver: Person, due: list[datetime], now: datetime) -> None:
    """Approved posts, one a due time, spread over the accounts: rows as the actions make them, in bulk."""
    accounts = [rows[number % len(rows)] for number in range(len(due))]
    drafts = [
        make.draft(account, text=f"Scheduled {number}", due_at=at)
        for number, (account, at) in enumerate(zip(accounts, due, strict=True))
    ]
    posts = _kept(Post(created_by=author, created_at=now, changed_at=now, draft=draft.stored()) for draft in drafts)
    words = [
        make.posts.canonical(draft, post=post.pk, number=1, media=[]) for draft, post in zip(drafts, posts, strict=True)
    ]
    manifests = _kept(Manifest(digest=digest_of(each), canonical=each, at=now) for each in words)
    versions = _kept(
        Version(post=post, number=1, author=author, manifest=manifest, at=now, pillar="warning", due_at=at)
        for post, manifest, at in zip(posts, manifests, due, strict=True)
    )
    _kept(Target(version=version, account=account) for version, account in zip(versions, accounts, strict=True))
    _kept(
        Approval(version=version, account=account, approver=approver, digest=version.digest, at=now)
        for version, account in zip(versions, accounts, strict=True)
    )
    for post, version in zip(posts, versions, strict=True):
        post.state, post.current = states.APPROVED, version
    Post.objects.bulk_update(posts, ["state", "current"], batch_size=1000)
    _kept(
        Consignment(
            manifest=version.manifest, account=account, post_ref=version.post.audit_ref, author=author, approvals=1,
            approvals_needed=1, pillar="warning", lane="normal", due_at=version.due_at, not_before=version.due_at,
            created_at=now,
        )
        for version, account in zip(versions, accounts, strict=True)
    )  # fmt: skip


def _kept(rows: Iterable[M]) -> list[M]:
    found = list(rows)
    return type(found[0]).objects.bulk_create(found, batch_size=1000)


def submitted_to(rows: list[Account], author: Person, now: datetime) -> Post:
    return make.submitted(author, *rows, now=now, text="A large fire. Keep windows closed.")


def published(sandbox: str) -> list[dict]:
    """Every post that stands on the stand-ins, with `received_at` (seconds since the epoch)."""
    return [
        post for network in ("bluesky", "mastodon") for post in httpx.get(f"{sandbox}/_control/{network}/posts").json()
    ]

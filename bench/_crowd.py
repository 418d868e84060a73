"""People, accounts and posts in the numbers that benchmarks need. Import it once Django is set up."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

import httpx

from mercat.config.seed import connect_to_stand_in
from mercat.delivery.manifest import digest_of
from mercat.delivery.models import Consignment, Manifest
from mercat.people.models import Person
from mercat.posts.models import Post
from mercat.register.models import Account
from tests import factories as make


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


def scheduled(rows: list[Account], author: Person, due: list[datetime], now: datetime) -> None:
    """Approved posts, one a due time, spread over the accounts: rows as approval makes them, in bulk."""
    manifests, consignments = [], []
    for number, at in enumerate(due):
        account, post = rows[number % len(rows)], uuid4()
        draft = make.draft(account, text=f"Scheduled {number}", due_at=at)
        words = make.posts.canonical(draft, post=post, number=1, pictures=[])
        manifests.append(Manifest(digest=digest_of(words), canonical=words, at=now))
        consignments.append(
            Consignment(
                manifest=manifests[-1], account=account, post_ref=f"post:{post}", author=author, approvals=1,
                approvals_needed=1, pillar="warning", lane="normal", due_at=at, not_before=at, created_at=now,
            )
        )  # fmt: skip
    Manifest.objects.bulk_create(manifests, batch_size=1000)
    Consignment.objects.bulk_create(consignments, batch_size=1000)


def submitted_to(rows: list[Account], author: Person, now: datetime) -> Post:
    return make.submitted(author, *rows, now=now, text="A large fire. Keep windows closed.")


def published(sandbox: str) -> list[dict]:
    """Every post that stands on the stand-ins, with `received_at` (seconds since the epoch)."""
    return [
        post for network in ("bluesky", "mastodon") for post in httpx.get(f"{sandbox}/_control/{network}/posts").json()
    ]

"""Rows to facts: what guidance is told of a post."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef

from mercat.guidance import facts
from mercat.guidance.decision import Decision
from mercat.guidance.gate import decide_many
from mercat.people.devices.here import situation
from mercat.people.facts import person_facts
from mercat.people.models import Person
from mercat.people.pack import guidance
from mercat.posts.contents import Draft
from mercat.posts.models import Approval, Post, Version
from mercat.register.facts import account_facts, with_facts
from mercat.register.models import Account


def draft_facts(post: Post | None, draft: Draft, author: Person) -> facts.Post:
    """A post as it is being written. `post` is None before anything was kept."""
    return facts.Post(
        id=str(post.pk) if post else "new",
        pillar=draft.pillar,
        authors=frozenset({str(author.pk)}),
        warning=draft.warning,
        media=len(draft.media),
        media_without_alt=sum(not medium.alt.strip() for medium in draft.media),
        state=post.state if post else "draft",
    )


def version_facts(version: Version, accounts: Iterable[Account]) -> dict[str, facts.Post]:
    """A version as it would go to each of these accounts, by account id: with the approvals of its very digest.

    Its authors are all who wrote any of the post: nobody of them approves any of it.
    """
    row = _with_facts(version)
    media = json.loads(bytes(row.manifest.canonical))["media"]
    approved = Counter(map(str, row.approved_for))
    common = {
        "id": str(row.post_id),
        "digest": row.manifest_id,
        "pillar": row.pillar,
        "authors": frozenset(map(str, [row.post.created_by_id, *row.writers, *row.editor_ids])),
        "warning": row.warning,
        "media": len(media),
        "media_without_alt": sum(not medium["alt"] for medium in media),
        "state": row.post.state,
    }
    return {
        str(account.pk): facts.Post(
            **common, approvals=approved[str(account.pk)], approvals_needed=approvals_needed(account)
        )
        for account in accounts
    }


def _with_facts(version: Version) -> Version:
    """The version in one query, with all that `version_facts` reads."""
    written = Version.objects.filter(post=OuterRef("post")).order_by()
    said = Approval.objects.standing().filter(version=OuterRef("pk"), digest=OuterRef("manifest_id")).order_by()
    told = Version.objects.select_related("post", "manifest").annotate(
        writers=ArraySubquery(written.values("author_id")),
        editor_ids=ArraySubquery(Post.editors.through.objects.filter(post=OuterRef("post")).values("person_id")),
        approved_for=ArraySubquery(said.values("account_id")),
    )
    return told.get(pk=version.pk)


def approvals_needed(account: Account) -> int:
    return guidance().pack.approvals[account.tier].needed


def targets_of(version: Version) -> list[Account]:
    """The accounts that a version is meant for, loaded with their facts."""
    return list(with_facts(Account.objects.filter(targeted_by__version=version)))


def decisions_on(
    by: Person, action: str, version: Version, accounts: list[Account], *, now: datetime
) -> dict[str, Decision]:
    """May `by` do this with this version, account by account? By account id."""
    answers = decide_many(
        guidance(),
        action,
        person_facts(by, now=now),
        [account_facts(account) for account in accounts],
        situation(now=now),
        version_facts(version, accounts),
    )
    return {str(account.pk): answer for account, answer in zip(accounts, answers, strict=True)}


def compose_decisions(by: Person, accounts: list[Account], *, now: datetime) -> dict[str, Decision]:
    """May `by` compose for these accounts now? By account id, with every clause in the way."""
    answers = decide_many(
        guidance(),
        "compose",
        person_facts(by, now=now),
        [account_facts(account) for account in accounts],
        situation(now=now),
    )
    return {str(account.pk): answer for account, answer in zip(accounts, answers, strict=True)}

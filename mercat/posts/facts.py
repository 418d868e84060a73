"""Rows to facts: what guidance is told of a post."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from mercat.guidance import facts
from mercat.guidance.decision import Decision
from mercat.guidance.gate import decide_many
from mercat.people.facts import person_facts
from mercat.people.models import Person
from mercat.people.pack import guidance
from mercat.posts.contents import Draft
from mercat.posts.models import Post, Version
from mercat.register.facts import account_facts, with_facts
from mercat.register.models import Account


def authors_of(post: Post) -> frozenset[str]:
    """Everybody who wrote any of it: nobody of them approves any of it."""
    return frozenset(map(str, post.versions.values_list("author_id", flat=True))) | {str(post.created_by_id)}


def draft_facts(post: Post | None, draft: Draft, author: Person) -> facts.Post:
    """A post as it is being written. `post` is None before anything was kept."""
    return facts.Post(
        id=str(post.pk) if post else "new",
        pillar=draft.pillar,
        authors=frozenset({str(author.pk)}),
        warning=draft.warning,
        media=len(draft.pictures),
        media_without_alt=sum(not picture.alt.strip() for picture in draft.pictures),
        state=post.state if post else "draft",
    )


def version_facts(version: Version, accounts: Iterable[Account]) -> dict[str, facts.Post]:
    """A version as it would go to each of these accounts, by account id: with the approvals of its very digest."""
    said = version.approvals.filter(digest=version.manifest_id).values_list("account_id", flat=True)
    approved = Counter(map(str, said))
    post = version.post
    common = {
        "id": str(post.pk),
        "digest": version.manifest_id,
        "pillar": version.pillar,
        "authors": authors_of(post),
        "warning": version.warning,
        "state": post.state,
    }
    return {
        str(account.pk): facts.Post(
            **common, approvals=approved[str(account.pk)], approvals_needed=approvals_needed(account)
        )
        for account in accounts
    }


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
        facts.Situation(now=now),
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
        facts.Situation(now=now),
    )
    return {str(account.pk): answer for account, answer in zip(accounts, answers, strict=True)}

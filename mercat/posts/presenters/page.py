"""A post's own page: what is said where, what may be done with it, by whom, and what changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from markupsafe import Markup

from mercat.delivery.manifest import contents, document_for, given, posts_for
from mercat.delivery.presenters import Corrected, Progress
from mercat.delivery.states import FINAL, RECALLABLE, WITHDRAWN
from mercat.guidance import facts
from mercat.guidance.decision import Decision, Refusal
from mercat.guidance.gate import prepare
from mercat.people.devices.here import situation
from mercat.people.pack import guidance
from mercat.posts import states
from mercat.posts.facts import approvals_needed, version_facts
from mercat.posts.models import Approval, Post, Version
from mercat.posts.presenters.cost import cost_of
from mercat.posts.presenters.diff import Change, changes
from mercat.posts.presenters.preview import Shown, by_network, marked
from mercat.register.facts import account_facts
from mercat.register.models import Account

ACTIONS = ("compose", "approve", "send_back", "reject", "withdraw")


@dataclass(frozen=True, slots=True)
class Saying:
    """One wording on one network, as it was submitted."""

    network: str
    account: Account
    accounts: list[Account]
    posts: list[Markup]  # of a thread more than one
    pictures: list[Shown]
    cost: str
    story: bool
    document: str  # its title, where the network shows one


@dataclass(frozen=True, slots=True)
class Standing:
    """One account's approvals: how many it has of how many, and who can give what is missing."""

    account: Account
    given: list[Approval]
    needed: int
    by: str

    @property
    def complete(self) -> bool:
        return len(self.given) >= self.needed


@dataclass(frozen=True, slots=True)
class Powers:
    """What the person who looks may do with a version. `approve`: the accounts that they can approve it for now.

    `others`: the accounts for which they may not send it back; who may not for all of them sends back nothing.
    """

    approve: list[Account]
    others: list[Account]
    send_back: bool
    reject: bool
    withdraw: bool
    edit: bool
    correct: bool
    not_approve: list[Refusal]

    @property
    def decide(self) -> bool:
        return bool(self.approve) or self.send_back or self.reject


def sayings(post: Post, said: Mapping[str, Any], accounts: Sequence[Account], *, now: datetime) -> list[Saying]:
    return [_saying(post, said, found, now) for found in by_network(accounts)]


def _saying(post: Post, said: Mapping[str, Any], accounts: list[Account], now: datetime) -> Saying:
    network = accounts[0].network
    shown = described(post, given(said["media"], network))
    posts = posts_for(said, network)
    cost = cost_of(network, posts, len(accounts), now=now)
    words = [marked(text) for text in posts]
    story, document = said.get("story", False), document_for(said, network)
    return Saying(network, accounts[0], accounts, words, shown, cost, story, document)


def described(post: Post, media: Sequence[Mapping[str, Any]]) -> list[Shown]:
    """The pictures and the video of a version, with what is said of each."""
    return [_shown(post, n, entry) for n, entry in enumerate(media, 1)]


def _shown(post: Post, number: int, entry: Mapping[str, Any]) -> Shown:
    sha256, alt, width, height, size = (entry[name] for name in ("sha256", "alt", "width", "height", "size"))
    src = reverse("posts:picture", args=[post.pk, sha256])
    if entry.get("kind") != "video":
        return Shown(sha256, src, alt, f"Picture {number}", width, height, size)
    cover = reverse("posts:picture", args=[post.pk, entry["cover"]["sha256"]])
    number = post.current.number if post.current else 0
    captions = f"{reverse('posts:captions', args=[post.pk])}?version={number}" if entry["captions"] else ""
    return Shown(sha256, src, alt, "Video", width, height, size, True, cover, captions)


def standings(version: Version, accounts: Sequence[Account]) -> list[Standing]:
    given = list(version.approvals.standing().filter(digest=version.digest).select_related("approver"))
    return [
        Standing(
            account,
            [approval for approval in given if approval.account_id == account.pk],
            approvals_needed(account),
            _approvers(account),
        )
        for account in accounts
    ]


def _approvers(account: Account) -> str:
    names = guidance().pack.owner_names
    return " or ".join(names[role] for role in guidance().pack.approvals[account.tier].by)


def powers(
    post: Post,
    version: Version,
    person: facts.Person,
    accounts: Sequence[Account],
    *,
    standing: Sequence[Standing],
    sending: Sequence[Progress],
    correcting: Sequence[Corrected],
    now: datetime,
) -> Powers:
    """Guidance is asked for every account and action at once, on facts gathered once.

    What is out, or may be, can no longer be changed; what is over cannot be withdrawn.
    """
    known = [account_facts(account) for account in accounts]
    asked = prepare(guidance(), person, known)
    said = version_facts(version, list(accounts))
    answers = {action: asked.decide_many(action, known, situation(now=now), said) for action in ACTIONS}
    deciding = post.state == states.SUBMITTED
    done = {each.account.pk for each in standing if any(str(a.approver_id) == person.id for a in each.given)}
    approve = [
        account
        for account, answer in zip(accounts, answers["approve"], strict=True)
        if answer.allowed and account.pk not in done
    ]
    return Powers(
        approve=approve if deciding else [],
        others=[account for account, answer in zip(accounts, answers["send_back"], strict=True) if not answer.allowed],
        send_back=deciding and _all(answers["send_back"]),
        reject=deciding and _all(answers["reject"]),
        withdraw=(post.state, "withdraw") in states.TABLE
        and not _over(sending, correcting)
        and _all(answers["withdraw"]),
        edit=post.state in states.EDITABLE and not _may_be_out(sending, correcting) and _all(answers["compose"]),
        correct=_any_of(accounts, answers["compose"], {row.account.pk for row in sending if row.correctable}),
        not_approve=[] if approve or done or not deciding else _distinct(answers["approve"]),
    )


def _over(sending: Sequence[Progress], correcting: Sequence[Corrected]) -> bool:
    tried = [row for row in correcting if not row.taken_back]
    rows = [*(row.state in FINAL for row in sending), *(not row.going for row in tried)]
    return bool(rows) and all(rows)


def _may_be_out(sending: Sequence[Progress], correcting: Sequence[Corrected]) -> bool:
    return any(row.out for row in correcting) or any(row.state not in (*RECALLABLE, WITHDRAWN) for row in sending)


def _any_of(accounts: Sequence[Account], answers: Sequence[Decision], wanted: Collection[UUID]) -> bool:
    return any(answer.allowed and account.pk in wanted for account, answer in zip(accounts, answers, strict=True))


def _all(answers: Sequence[Decision]) -> bool:
    return all(answer.allowed for answer in answers)


def _distinct(answers: Sequence[Decision]) -> list[Refusal]:
    return list({each.policy: each for answer in answers for each in answer.refusals}.values())


def difference(post: Post, since: int | None, names: Mapping[str, str]) -> tuple[int, list[Change]] | None:
    """The version compared with, and what changed since; None where there is nothing to compare."""
    if post.current is None or post.current.number == 1:
        return None
    number = since if since and since < post.current.number else post.current.number - 1
    old = post.versions.select_related("manifest").get(number=number)
    return number, changes(contents(old.manifest), contents(post.current.manifest), names)


def names_in(accounts: Sequence[Account]) -> dict[str, str]:
    """Accounts, networks and pillars by key, for telling what changed."""
    pack = guidance().pack
    return {
        **{network.key: network.name for network in pack.networks},
        **{pillar.key: pillar.name for pillar in pack.pillars},
        **{str(account.pk): account.name for account in accounts},
    }

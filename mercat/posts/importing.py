"""From a bulk file to drafts: looked through first, which changes nothing, then made, all of them or none.

A line is imported once by the same person to the same accounts: the post's id follows from these and from what the line
says, so that the database itself takes no second one, whatever became of the first since.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from django.db import IntegrityError, transaction

from mercat.audit.actions import Entry, record_many
from mercat.guidance.decision import Decision
from mercat.guidance.gate import decide_many
from mercat.people.actions import Impossible
from mercat.people.devices.here import situation
from mercat.people.facts import person_facts
from mercat.people.models import Person
from mercat.people.pack import guidance
from mercat.posts import actions, bulk
from mercat.posts.actions import NotAllowed
from mercat.posts.attached import Attached
from mercat.posts.bulk import Line
from mercat.posts.contents import Draft
from mercat.posts.facts import draft_facts
from mercat.posts.forms import BadTime, due_at
from mercat.posts.models import Post
from mercat.register.facts import account_facts, accounts_by_id
from mercat.register.models import Account

IMPORTED = UUID("6f1c1c2e-5d0b-4f57-9b0e-0d8c55a3b1f4")  # the name space of the ids below; never another
NAMED = 2  # accounts that a sentence names
LEFT_OUT = "What stands beyond the third column is left out. Add pictures in the draft."


@dataclass(frozen=True, slots=True)
class Checked:
    """A line, and what would become of it: a draft, unless `reasons` say why not. `notes` keep nothing back.

    `before`: the post that this line became when it was imported before.
    """

    line: Line
    id: UUID
    draft: Draft
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    before: Post | None = None

    @property
    def is_good(self) -> bool:
        return not self.reasons


@dataclass(frozen=True, slots=True)
class Report:
    """What would become of a file. `digest` is the SHA-256 of its bytes."""

    digest: str
    lines: tuple[Checked, ...]

    @property
    def good(self) -> list[Checked]:
        return [each for each in self.lines if each.is_good]

    @property
    def numbers(self) -> list[int]:
        """Of the lines that would become drafts."""
        return [each.line.number for each in self.good]


class ReportChanged(Impossible):
    """Other lines would become drafts than those that the person saw. Nothing was made. `report` is the new one."""

    def __init__(self, report: Report) -> None:
        self.report = report
        super().__init__("What can be imported has changed since you looked. Nothing was kept. Look again.")


def look_through(*, by: Person, data: bytes, order: str, accounts: Iterable[Account], now: datetime) -> Report:
    """What would become of each line, and nothing is kept. Raises BadFile, Impossible, or NotAllowed."""
    chosen = list(accounts_by_id(account.pk for account in accounts).values())
    if not chosen:
        raise Impossible("Choose at least one account. Nothing was kept.")
    refused = _refused(by, chosen, now=now)
    if refused:
        raise NotAllowed(refused)
    lines = bulk.read(data, order=order)
    checked = list(_checked(by, lines, chosen, now))
    return Report(hashlib.sha256(data).hexdigest(), tuple(_without_repeats(checked)))


@transaction.atomic
def make_drafts(
    *,
    by: Person,
    data: bytes,
    order: str,
    accounts: Iterable[Account],
    seen: Sequence[int] | None = None,
    now: datetime,
) -> list[Post]:
    """Each good line as a draft of `by`; nothing is submitted. `seen`: the lines that they expect to become drafts."""
    report = look_through(by=by, data=data, order=order, accounts=accounts, now=now)
    if seen is not None and list(seen) != report.numbers:
        raise ReportChanged(report)
    if not report.good:
        raise Impossible("No line of this file can become a draft. Nothing was kept.")
    posts = [
        Post(
            pk=each.id,
            created_by=by,
            created_at=now,
            changed_at=now
            - timedelta(microseconds=place),  # lists show the latest first: so they keep the file's order
            draft=each.draft.stored(),
        )
        for place, each in enumerate(report.good)
    ]
    try:
        with transaction.atomic():
            Post.objects.bulk_create(posts)
    except IntegrityError:
        raise Impossible("This file is being imported twice at the same time. Nothing was kept.") from None
    entries = [
        Entry("post.imported", [post.audit_ref], {"file": report.digest, "line": number})
        for post, number in zip(posts, report.numbers, strict=True)
    ]
    record_many(by=by, entries=entries, now=now)
    return posts


def _refused(by: Person, accounts: list[Account], *, now: datetime) -> dict[Account, Decision]:
    """As guidance is asked of a new draft that is written by hand.

    Once for a file: its drafts have neither pillar nor pictures, so that the question is the same for each.
    """
    answers = decide_many(
        guidance(),
        "compose",
        person_facts(by, now=now),
        [account_facts(account) for account in accounts],
        situation(now=now),
        draft_facts(None, Draft(), by),
    )
    return {account: answer for account, answer in zip(accounts, answers, strict=True) if not answer.allowed}


def _checked(by: Person, lines: list[Line], accounts: list[Account], now: datetime) -> Iterator[Checked]:
    targets = tuple(sorted(str(account.pk) for account in accounts))
    alike = _alike(accounts)
    found = [_one(by, line, targets, alike, now) for line in lines]
    before = {post.pk: post for post in Post.objects.filter(pk__in=[each.id for each in found])}
    for each in found:
        post = before.get(each.id)
        if post is None or not each.is_good:
            yield each
            continue
        reason = "You imported this line before. Go on with the post that it became."
        yield Checked(each.line, each.id, each.draft, (reason,), before=post)


def _one(by: Person, line: Line, targets: tuple[str, ...], alike: list[list[Account]], now: datetime) -> Checked:
    reasons, notes = list(line.faults), []
    due = None
    if line.at:
        try:
            due = due_at(f"{line.at:%Y-%m-%d}", f"{line.at:%H:%M:%S}", now=now)
        except BadTime as error:
            reasons.append(str(error))
    draft = Draft(text=line.words, targets=targets, due_at=due)
    if line.text:
        over, missing = _problems(draft, alike, now)
        reasons += over
        notes += missing
    if line.more:
        notes.append(LEFT_OUT)
    name = "\n".join([str(by.pk), *targets, f"{line.at}", line.words])
    return Checked(line, uuid5(IMPORTED, name), draft, tuple(reasons), tuple(notes))


def _alike(accounts: list[Account]) -> list[list[Account]]:
    """The accounts, by what their networks take: each kind is asked once for a line, however many there are."""
    found: dict[tuple[str, str], list[Account]] = {}
    for account in accounts:
        found.setdefault((account.network, repr(account.connection.limits)), []).append(account)
    return list(found.values())


def _problems(draft: Draft, alike: list[list[Account]], now: datetime) -> tuple[list[str], list[str]]:
    """What a network does not take of the text; and what it wants besides, which can be added in the draft."""
    over, missing = [], []
    for accounts in alike:
        for problem in actions.problems_for(draft, accounts[0], Attached(), now=now):
            said = problem.message if len(alike) == 1 else f"{_names(accounts)}: {problem.message}"
            (over if problem.field == "text" else missing).append(said)
    return over, missing


def _names(accounts: list[Account]) -> str:
    named = ", ".join(map(str, accounts[:NAMED]))
    return f"{named} and {len(accounts) - NAMED} more" if len(accounts) > NAMED else named


def _without_repeats(checked: list[Checked]) -> Iterator[Checked]:
    first: dict[UUID, int] = {}
    for each in checked:
        number = first.setdefault(each.id, each.line.number)
        if number == each.line.number or not each.is_good:
            yield each
            continue
        yield Checked(each.line, each.id, each.draft, (f"It says again what line {number} says.",))

"""Where a person may speak, and for every other account each clause in the way, with who can put it right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mercat.guidance.decision import Decision, Refusal
from mercat.people.models import Person
from mercat.posts.facts import compose_decisions
from mercat.register.facts import with_facts
from mercat.register.models import Account


@dataclass(frozen=True, slots=True)
class Option:
    account: Account
    chosen: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Accounts of one unit that the person may speak for."""

    title: str
    options: list[Option]


@dataclass(frozen=True, slots=True)
class Closed:
    """An account that is not open to the person, and what stands in the way beyond what concerns the person."""

    account: Account
    refusals: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class Picker:
    """`about_you`: what is in the way for every account alike, said once."""

    groups: list[Group]
    closed: list[Closed]
    about_you: list[Refusal]

    @property
    def open_accounts(self) -> list[Account]:
        return [option.account for group in self.groups for option in group.options]

    @property
    def chosen(self) -> list[Account]:
        return [option.account for group in self.groups for option in group.options if option.chosen]


def picker(person: Person, targets: Sequence[str], *, now: datetime) -> Picker:
    accounts = list(
        with_facts(Account.objects.exclude(status=Account.Status.CLOSED)).order_by("unit__name", "network", "name")
    )
    decisions = compose_decisions(person, accounts, now=now)
    usable = [account for account in accounts if decisions[str(account.pk)].allowed]
    refused = [(account, decisions[str(account.pk)]) for account in accounts if not decisions[str(account.pk)].allowed]
    about_you = [] if usable else _common([decision for _, decision in refused])
    return Picker(
        groups=_groups(person, usable, set(targets)),
        closed=[Closed(account, _rest(decision, about_you)) for account, decision in refused],
        about_you=about_you,
    )


def _groups(person: Person, accounts: Sequence[Account], chosen: set[str]) -> list[Group]:
    """The person's own unit first."""
    found: dict[str, list[Option]] = {}
    for account in sorted(accounts, key=lambda account: account.unit_id != person.unit_id):
        found.setdefault(account.unit.name, []).append(Option(account, str(account.pk) in chosen))
    return [Group(title, options) for title, options in found.items()]


def _common(decisions: Sequence[Decision]) -> list[Refusal]:
    """The refusals that every decision shares, in the order of the clauses."""
    if not decisions:
        return []
    shared = set.intersection(*({each.policy for each in decision.refusals} for decision in decisions))
    return [each for each in decisions[0].refusals if each.policy in shared] if len(decisions) > 1 else []


def _rest(decision: Decision, common: Sequence[Refusal]) -> tuple[Refusal, ...]:
    said = {each.policy for each in common}
    return tuple(each for each in decision.refusals if each.policy not in said)

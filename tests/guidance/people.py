"""Facts that tests start from: everybody and everything as the default pack wants it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from mercat.guidance.decision import Decision
from mercat.guidance.facts import Account, Application, Person, Post, Situation, Unit

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY = timedelta(days=1)
TAYSIDE, FIFE, COMMUNICATIONS = Unit("tayside"), Unit("fife"), Unit("corporate-communications")
HERE = Situation(now=NOW)

OFFICER = Person(
    id="officer",
    unit=TAYSIDE,
    rank="constable",
    nominated=True,
    trained_until=NOW + 365 * DAY,
    training_signed_off=True,
    authorised=True,
    acknowledged=True,
    training_confirmed=True,
    access=True,
    licensed=True,
)
LOCAL = Account(
    id="local",
    network="x",
    tier="local",
    unit=TAYSIDE,
    status="active",
    connected=True,
    spocs=frozenset({"spoc"}),
)
APPROVED = Post(id="post", digest="d1", pillar="trust", authors=frozenset({"officer"}), media=1, approvals=1)
APPLICATION = Application(id="application", network="bluesky", kind="local", applicant="commander")


def person(name: str, *roles: str, over: tuple[tuple[str, str], ...] = (), **facts: Any) -> Person:
    """Somebody who may speak, with these roles everywhere and those (role, unit) in units."""
    return replace(OFFICER, id=name, roles=frozenset(roles), unit_roles=frozenset(over), **facts)


def refused_by(decision: Decision) -> set[str]:
    """The policies in the way; an allowed decision has none, a refused one has some."""
    policies = {refusal.policy for refusal in decision.refusals}
    assert decision.allowed == (not policies)
    return policies

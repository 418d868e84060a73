"""What holds for any facts at all: knowing less never opens the gate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mercat.guidance.facts import Account, Application, Body, Person, Post, Resource, Situation
from mercat.guidance.gate import Guidance, decide
from tests.guidance.people import COMMUNICATIONS, DAY, FIFE, NOW, TAYSIDE

PEOPLE = st.sampled_from(["me", "you", "other"])
MOMENTS = st.none() | st.sampled_from([NOW - 30 * DAY, NOW - DAY, NOW, NOW + timedelta(seconds=1), NOW + DAY])
UNITS = st.sampled_from([TAYSIDE, FIFE, COMMUNICATIONS])
MOSTLY = st.sampled_from([True, True, True, False])
ROLES = [
    "corporate-communications",
    "social-media-trainer",
    "information-security-officer",
    "ict",
    "head-of-communications-specialist-services",
    "foi-officer",
    "auditor",
    "administrator",
]
UNIT_ROLES = st.tuples(st.sampled_from(["spoc", "divisional-commander"]), st.sampled_from(["tayside", "fife"]))


def people(name: str) -> st.SearchStrategy[Person]:
    return st.builds(
        Person,
        id=st.just(name),
        unit=UNITS,
        rank=st.sampled_from(["constable", "chief-superintendent"]),
        active=MOSTLY,
        roles=st.frozensets(st.sampled_from(ROLES), max_size=3),
        unit_roles=st.frozensets(UNIT_ROLES, max_size=2),
        nominated=MOSTLY,
        trained_until=MOMENTS,
        training_signed_off=MOSTLY,
        authorised=MOSTLY,
        acknowledged=MOSTLY,
        training_confirmed=MOSTLY,
        access=MOSTLY,
        licensed=MOSTLY,
    )


ACCOUNTS = st.builds(
    Account,
    id=st.just("account"),
    network=st.just("x"),
    tier=st.sampled_from(["local", "corporate", "individual"]),
    unit=UNITS,
    status=st.sampled_from(["active", "active", "approved", "suspended"]),
    in_structure=MOSTLY,
    connected=MOSTLY,
    supported=MOSTLY,
    spocs=st.frozensets(PEOPLE, max_size=2),
    spoc_missing_since=MOMENTS,
    holder=st.none() | PEOPLE,
)
APPLICATIONS = st.builds(
    Application,
    id=st.just("application"),
    network=st.just("x"),
    kind=st.sampled_from(["local", "individual", "role-specific"]),
    holder_rank=st.sampled_from(["", "constable", "chief-superintendent"]),
    justified=st.booleans(),
    decided=st.booleans(),
    applicant=st.just("") | PEOPLE,
    approved=st.booleans(),
)
POSTS = st.builds(
    Post,
    id=st.just("post"),
    digest=st.sampled_from(["d1", "d1", ""]),
    pillar=st.sampled_from(["trust", "trust", ""]),
    authors=st.frozensets(PEOPLE, max_size=2),
    warning=st.booleans(),
    media_without_alt=st.sampled_from([0, 0, 1]),
    approvals=st.integers(0, 2),
    approvals_needed=st.integers(0, 2),
)
SITUATIONS = st.builds(
    Situation, now=st.just(NOW), managed_device=MOSTLY, paused=st.booleans(), paused_by=st.none() | PEOPLE
)


@dataclass(frozen=True)
class Question:
    person: Person
    resource: Resource
    situation: Situation
    post: Post | None


QUESTIONS = st.builds(
    Question,
    people("me"),
    ACCOUNTS | APPLICATIONS | people("you") | UNITS | st.just(Body()),
    SITUATIONS,
    POSTS | st.none(),
)

# Each takes one fact away that speaks for the person, the thing or the post.
Less = Callable[[Question], Question]


def less(part: str, **facts: Any) -> Less:
    def take(question: Question) -> Question:
        thing = getattr(question, part)
        known = thing is not None and all(hasattr(thing, name) for name in facts)
        return replace(question, **{part: replace(thing, **facts)}) if known else question

    return take


NOTHING: frozenset[str] = frozenset()
STANDING: dict[str, Any] = {
    "active": False,
    "roles": NOTHING,
    "unit_roles": NOTHING,
    "nominated": False,
    "trained_until": None,
    "training_signed_off": False,
    "authorised": False,
    "acknowledged": False,
    "training_confirmed": False,
    "access": False,
    "licensed": False,
}
TAKEN_AWAY: list[Less] = [
    *(less("person", **{name: value}) for name, value in STANDING.items()),
    *(less("resource", **{name: value}) for name, value in STANDING.items()),
    less("resource", in_structure=False),
    less("resource", connected=False),
    less("resource", supported=False),
    less("resource", status="applied"),
    less("resource", spocs=NOTHING, spoc_missing_since=None),
    less("resource", justified=False),
    less("resource", decided=False),
    less("resource", approved=False),
    less("resource", applicant=""),
    less("resource", holder_rank=""),
    less("situation", managed_device=False),
    less("situation", paused=True),
    less("situation", paused_by=None),
    less("post", digest=""),
    less("post", pillar=""),
    less("post", approvals=0),
    less("post", authors=NOTHING),
    less("post", media_without_alt=1),
    lambda question: replace(question, post=None),
]


def asked(guidance: Guidance, action: str, question: Question) -> bool:
    return decide(guidance, action, question.person, question.resource, question.situation, question.post).allowed


@settings(max_examples=400, deadline=None)
@given(question=QUESTIONS, data=st.data())
def test_taking_a_fact_away_never_opens_the_gate(police: Guidance, question: Question, data: st.DataObject) -> None:
    action = data.draw(st.sampled_from(sorted(police.policies)))
    take = data.draw(st.sampled_from(TAKEN_AWAY))
    if not asked(police, action, question):
        assert not asked(police, action, take(question))


def test_no_refused_example_is_allowed_once_a_fact_is_taken_away(shipped: Guidance) -> None:
    for example in shipped.pack.examples:
        question = Question(example.person, example.resource, example.situation, example.post)
        on_themselves = example.person == example.resource
        for take in TAKEN_AWAY if example.refused_by and not on_themselves else []:
            assert not asked(shipped, example.action, take(question)), example


@settings(max_examples=200, deadline=None)
@given(question=QUESTIONS, data=st.data())
def test_every_no_has_a_reason_and_no_yes_has_one(police: Guidance, question: Question, data: st.DataObject) -> None:
    action = data.draw(st.sampled_from(sorted(police.policies)))
    decision = decide(police, action, question.person, question.resource, question.situation, question.post)
    assert decision.allowed == (not decision.refusals)
    assert len({refusal.policy for refusal in decision.refusals}) == len(decision.refusals)


REQUIRED = ["active", "nominated", "training_signed_off", "authorised", "acknowledged", "access", "licensed"]


@settings(max_examples=200, deadline=None)
@given(person=people("me"), account=ACCOUNTS, situation=SITUATIONS, post=POSTS)
def test_nobody_speaks_while_any_required_fact_is_missing(
    police: Guidance, person: Person, account: Account, situation: Situation, post: Post
) -> None:
    standing = all(getattr(person, name) for name in REQUIRED)
    trained = person.trained_until is not None and situation.now < person.trained_until
    usable = account.in_structure and account.connected and account.supported and account.status == "active"
    for action in ("compose", "submit", "approve", "publish"):
        if decide(police, action, person, account, situation, post):
            assert standing
            assert trained
            assert usable
            assert action == "publish" or situation.managed_device
            assert action == "compose" or (post.pillar == "trust" and post.media_without_alt == 0)


@settings(max_examples=200, deadline=None)
@given(person=people("me"), account=ACCOUNTS, post=POSTS)
def test_nothing_is_sent_without_somebody_elses_approval(
    police: Guidance, person: Person, account: Account, post: Post
) -> None:
    situation = Situation(now=NOW)
    if decide(police, "publish", person, account, situation, post):
        assert post.approvals >= max(1, post.approvals_needed)
        assert person.id in post.authors
    if decide(police, "approve", person, account, situation, post):
        assert person.id not in post.authors

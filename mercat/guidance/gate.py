"""The gate: may this person do this, here, now? Answered from facts handed in, with every clause in the way.

Default deny, and a policy that cannot be evaluated denies: Cedar skips such a policy, which would open the gate
that it keeps, so `EVALUATION` stands in for it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cedarpy

from mercat.guidance import entities
from mercat.guidance.decision import Decision, Refusal
from mercat.guidance.facts import Account, Person, Post, Resource, Situation, Unit
from mercat.guidance.house import EVALUATION
from mercat.guidance.pack import Pack, find_pack, load_pack
from mercat.guidance.policies import action_groups, concerns, policy_set

log = logging.getLogger(__name__)

NO_POLICIES = policy_set([])  # for an action that the pack does not know: denied by default
STRANGER = Person(id="", unit=Unit(""))  # somebody without any role, in none of the body's units

Posts = Post | Mapping[str, Post] | None


class Refused(Exception):
    """The gate said no; `decision` tells why, and str() says it in sentences."""

    def __init__(self, decision: Decision) -> None:
        self.decision = decision
        super().__init__(decision)

    def __str__(self) -> str:
        lines = [f"{each.clause}: {each.reason} {each.remedy} ({each.owner_name})" for each in self.decision.refusals]
        return "\n".join(["This is not allowed by the guidance.", *lines])


@dataclass(frozen=True, slots=True)
class Guidance:
    """A pack with its policies parsed once, ready to be asked from any thread."""

    pack: Pack
    policies: Mapping[str, cedarpy.PolicySet]  # by action, those whose scope takes it in
    base: cedarpy.Entities  # the pack's own entity and the groups of actions

    @classmethod
    def of(cls, pack: Pack) -> Guidance:
        base = cedarpy.Entities.from_json_str(entities.dump([entities.pack_entity(pack)]), pack.cedar_schema)
        policies = {
            action: policy_set(each for each in pack.policies if concerns(each, {action, *groups}))
            for action, groups in action_groups(pack.cedar_schema).items()
        }
        return cls(pack, policies, base)


def load_guidance(name_or_path: str | Path) -> Guidance:
    """The guidance of a pack by its name or folder. Raises PackError, with every fault found."""
    return Guidance.of(load_pack(find_pack(name_or_path)))


@dataclass(frozen=True, slots=True)
class Prepared:
    """A person and the things in question, parsed once, for many decisions on the same facts.

    Raises ValueError when asked about a thing that was not prepared, or was prepared with other facts.
    """

    guidance: Guidance
    person: Person
    things: Mapping[tuple[str, str], Resource]
    parsed: cedarpy.Entities

    def decide(self, action: str, resource: Resource, situation: Situation, post: Post | None = None) -> Decision:
        return self._ask(action, [self._request(action, resource, situation, post)])[0]

    def decide_many(
        self, action: str, accounts: Sequence[Resource], situation: Situation, post: Posts = None
    ) -> list[Decision]:
        """One decision per account, or other thing, in order, in one call of the engine."""
        posts = post if isinstance(post, Mapping) else dict.fromkeys((each.id for each in accounts), post)
        requests = [self._request(action, each, situation, posts.get(each.id)) for each in accounts]
        return self._ask(action, requests)

    def _request(self, action: str, resource: Resource, situation: Situation, post: Post | None) -> entities.Json:
        if self.things.get((type(resource).__name__, resource.id)) != resource:
            raise ValueError(f"{type(resource).__name__} {resource.id} was not prepared with these facts.")
        return {
            "principal": entities.uid(self.person),
            "action": {"type": "Action", "id": action},
            "resource": entities.uid(resource),
            "context": entities.context(situation, post),
        }

    def _ask(self, action: str, requests: list[entities.Json]) -> list[Decision]:
        policies = self.guidance.policies.get(action, NO_POLICIES)
        results = cedarpy.is_authorized_batch(requests, policies, self.parsed)
        return [_decision(self.guidance.pack, action, result) for result in results]


def prepare(guidance: Guidance, person: Person, resources: Iterable[Resource]) -> Prepared:
    """Parse the facts once. Raises ValueError for a time without a zone or two versions of one thing."""
    things = entities.gathered([person, *resources])
    found = entities.entities(guidance.pack, things.values())
    return Prepared(guidance, person, things, guidance.base.with_added_json_str(entities.dump(found)))


def decide(  # noqa: PLR0917 - a question has these parts
    guidance: Guidance,
    action: str,
    person: Person,
    resource: Resource,
    situation: Situation,
    post: Post | None = None,
) -> Decision:
    """Whether `person` may do `action` to `resource`, with every clause in the way if not."""
    return prepare(guidance, person, [resource]).decide(action, resource, situation, post)


def decide_many(  # noqa: PLR0917 - a question has these parts
    guidance: Guidance,
    action: str,
    person: Person,
    accounts: Sequence[Account],
    situation: Situation,
    post: Posts = None,
) -> list[Decision]:
    """The same question for many accounts; `post` is one for all, or one per account id."""
    return prepare(guidance, person, accounts).decide_many(action, accounts, situation, post)


def reserved(guidance: Guidance, action: str, resource: Resource, situation: Situation) -> tuple[Refusal, ...]:
    """What stands in the way of somebody who holds no role anywhere: the clauses that keep an action for others."""
    return decide(guidance, action, STRANGER, resource, situation).refusals


def may(  # noqa: PLR0917 - a question has these parts
    guidance: Guidance,
    action: str,
    person: Person,
    resource: Resource,
    situation: Situation,
    post: Post | None = None,
) -> bool:
    return decide(guidance, action, person, resource, situation, post).allowed


def require(  # noqa: PLR0917 - a question has these parts
    guidance: Guidance,
    action: str,
    person: Person,
    resource: Resource,
    situation: Situation,
    post: Post | None = None,
) -> Decision:
    """The decision, if it is yes. Raises Refused if it is no."""
    decision = decide(guidance, action, person, resource, situation, post)
    if not decision:
        raise Refused(decision)
    return decision


def _decision(pack: Pack, action: str, result: cedarpy.AuthzResult) -> Decision:
    refusals = _refusals(pack, action, result)
    return Decision(
        allowed=result.allowed and not refusals,
        action=action,
        refusals=refusals,
        pack=pack.key,
        pack_version=pack.version,
        pack_digest=pack.digest,
    )


def _refusals(pack: Pack, action: str, result: cedarpy.AuthzResult) -> tuple[Refusal, ...]:
    errors = result.diagnostics.errors
    if errors:
        log.error("guidance could not be evaluated for %s under %s: %s", action, pack.digest, "; ".join(errors))
    found = [] if result.allowed else pack.refusals_of(result.diagnostics.reasons)
    if errors:
        return (*found, pack.own_refusal(f"{EVALUATION}-error", "The guidance could not be evaluated on these facts."))
    if found or result.allowed:
        return tuple(found)
    return (pack.own_refusal(f"{EVALUATION}-no-permit", "Nothing in the guidance permits this action on this thing."),)

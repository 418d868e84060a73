"""Runs a pack's examples: what must pass passes, what must fail fails for exactly the named policies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mercat.guidance.examples import Example
from mercat.guidance.gate import Guidance, decide


@dataclass(frozen=True, slots=True)
class Result:
    """One example and what the gate really said."""

    example: Example
    refused_by: frozenset[str]

    @property
    def passed(self) -> bool:
        return self.refused_by == self.example.refused_by

    def __str__(self) -> str:
        verdict = "ok" if self.passed else f"expected {_named(self.example.refused_by)}, got {_named(self.refused_by)}"
        return f"{self.example.file}:{self.example.line}: {self.example.says}: {verdict}"


def run_examples(guidance: Guidance) -> list[Result]:
    """Every example of the pack, in order."""
    return [Result(example, _answer(guidance, example)) for example in guidance.pack.examples]


def unproven(guidance: Guidance) -> list[str]:
    """In words: each forbidding policy that no example meets, and each action that no example passes."""
    examples = guidance.pack.examples
    return [*_unmet(guidance, examples), *_unpassed(guidance, examples)]


def _unmet(guidance: Guidance, examples: Sequence[Example]) -> list[str]:
    met = frozenset[str]().union(*(example.refused_by for example in examples))
    policies = [policy for policy in guidance.pack.policies if policy.effect == "forbid" and policy.id not in met]
    return [f"{policy.file}:{policy.line}: no example is refused by {policy.id}" for policy in policies]


def _unpassed(guidance: Guidance, examples: Sequence[Example]) -> list[str]:
    passed = {example.action for example in examples if not example.refused_by}
    policies = [policy for policy in guidance.pack.policies if policy.permits and policy.permits not in passed]
    return [f"{policy.file}:{policy.line}: no example is allowed to {policy.permits}" for policy in policies]


def _answer(guidance: Guidance, example: Example) -> frozenset[str]:
    decision = decide(guidance, example.action, example.person, example.resource, example.situation, example.post)
    return frozenset(refusal.policy for refusal in decision.refusals)


def _named(policies: frozenset[str]) -> str:
    return ", ".join(sorted(policies)) or "allowed"

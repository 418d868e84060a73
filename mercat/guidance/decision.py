"""What guidance answers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """One clause that stands in the way, in words for the person who meets it."""

    policy: str  # id of the policy, for example "5.3-trained"
    clause: str  # id of the clause, for example "5.3"
    reason: str  # what is in the way: one sentence
    remedy: str  # what puts it right: one sentence
    owner: str  # role key of who can put it right
    owner_name: str  # that role's name in the pack


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether an action is allowed, under which pack, and every clause in the way if not."""

    allowed: bool
    action: str
    refusals: tuple[Refusal, ...]
    pack: str
    pack_version: str
    pack_digest: str

    def __bool__(self) -> bool:
        return self.allowed

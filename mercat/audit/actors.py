"""Who acted: a person (or anything else that names itself for the record), or the system with a reason."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

REFERENCE = re.compile(r"[a-z][a-z_-]{0,39}:\S{1,200}")


class Actor(Protocol):
    """Anything with a lasting name of the form `kind:id`, for example `person:6f1c…`."""

    @property
    def audit_ref(self) -> str: ...


@dataclass(frozen=True, slots=True)
class System:
    """The system itself, and why it acted: one sentence, for example "The training lapsed"."""

    reason: str


class NoActor(ValueError):
    """Nothing was recorded: neither an actor nor a reason of the system was given."""


def columns(by: Actor | System | None) -> tuple[str, str]:
    """Actor reference and system reason, exactly one of which is not empty.

    Raises NoActor if both would be empty, or if the reference is not of the form `kind:id`.
    """
    if isinstance(by, System):
        return "", _reason(by)
    reference = getattr(by, "audit_ref", "")
    if not isinstance(reference, str) or not REFERENCE.fullmatch(reference):
        raise NoActor(
            f"{type(by).__name__} does not say who acted. Nothing was recorded. "
            'Pass by= a person, another actor with an audit_ref such as "person:12", or System("why").'
        )
    return reference, ""


def _reason(system: System) -> str:
    if not system.reason.strip():
        raise NoActor("The system acted without a reason. Nothing was recorded. Say why: System(reason).")
    return system.reason

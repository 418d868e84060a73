"""What a decision is made from: plain facts, gathered by the rooms above and handed down.

Nothing here is read from a clock, a file or a database; `Situation.now` is the only time a decision knows.
All datetimes are aware (UTC).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Unit:
    """A division, department or specialist unit, with the units that contain it (nearest first)."""

    id: str
    within: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Person:
    """A person as guidance sees them: the whole chain from nomination to licence, and the roles held now.

    `roles` holds pack role keys valid everywhere; `unit_roles` holds (role key, unit id) pairs valid in that unit
    and the units within it.
    """

    id: str
    unit: Unit
    rank: str = ""
    active: bool = True
    roles: frozenset[str] = frozenset()
    unit_roles: frozenset[tuple[str, str]] = frozenset()
    nominated: bool = False
    trained_until: datetime | None = None  # None: no completion on record
    training_signed_off: bool = False  # by a trainer of the pack's training role
    authorised: bool = False  # by the information security officer, and not revoked
    acknowledged: bool = False  # the procedures that the pack lists
    training_confirmed: bool = False  # by the communications team, for the service desk
    access: bool = False  # opened by ICT, and not ended
    licensed: bool = False
    steps: frozenset[tuple[str, str]] = frozenset()  # who did each step of their joining: (action, person id)


@dataclass(frozen=True, slots=True)
class Account:
    """A place where the body speaks."""

    id: str
    network: str
    tier: str
    unit: Unit
    status: str  # vacant (a place without one) | applied | approved | connected | active | dormant | suspended | closed
    in_structure: bool = True  # holds a slot, founded or granted by application
    connected: bool = False  # credentials that work
    supported: bool = True  # an adapter for its network is installed
    spocs: frozenset[str] = frozenset()  # person ids
    spoc_missing_since: datetime | None = None
    holder: str | None = None  # the person an individual account is for; the body owns it all the same


@dataclass(frozen=True, slots=True)
class Post:
    """One version of a post, as it would go to one account."""

    id: str
    digest: str = ""  # of the version in question; empty while it is a draft
    pillar: str = ""
    authors: frozenset[str] = frozenset()  # everybody who wrote a version of it
    warning: bool = False
    media: int = 0
    media_without_alt: int = 0
    approvals: int = 0  # standing approvals of exactly this digest for this account
    approvals_needed: int = 1  # from the pack, by tier
    state: str = "draft"


@dataclass(frozen=True, slots=True)
class Application:
    """A written application for an account."""

    id: str
    network: str
    kind: str  # a tier of the pack, or "individual" / "role-specific"
    holder_rank: str = ""
    justified: bool = False
    decided: bool = False
    applicant: str = ""
    approved: bool = False  # decided, and the answer was yes


@dataclass(frozen=True, slots=True)
class Body:
    """The whole public body, as the thing an action is about (pause everything, read the audit, import people)."""

    id: str = "body"


@dataclass(frozen=True, slots=True)
class Situation:
    """What surrounds a decision."""

    now: datetime
    managed_device: bool = True
    paused: bool = False  # a pause in force covers this account or pillar
    paused_by: str | None = None  # the person whose pause a resume would lift


Resource = Account | Person | Application | Unit | Body

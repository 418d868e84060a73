"""One holder of each role, and a newcomer whom they take from nomination to licence."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from mercat.people import actions
from mercat.people.gate import By
from mercat.people.models import Person
from mercat.people.pack import guidance
from tests import factories as make
from tests.factories import NOW, TEST

Holders = dict[str, Person]

# Each holds one role; “commander” and “unit spoc” hold theirs over the newcomer's unit, “other commander” does not.
ROLES = {
    "administrator": ("ict", ("administrator",), ()),
    "auditor": ("audit", ("auditor",), ()),
    "comms": ("corporate-communications", ("corporate-communications",), ()),
    "commander": ("tayside", (), ("divisional-commander",)),
    "ict": ("ict", ("ict",), ()),
    "iso": ("information-security", ("information-security-officer",), ()),
    "officer": ("tayside", (), ()),
    "other commander": ("edinburgh", (), ("divisional-commander",)),
    "trainer": ("corporate-communications", ("social-media-trainer",), ()),
    "trainer elsewhere": ("tayside", ("social-media-trainer",), ()),
    "unit spoc": ("tayside", (), ("spoc",)),
}

Act = Callable[..., object]


def another_trainer() -> Person:
    return make.person("Another trainer", unit_key="corporate-communications", roles=("social-media-trainer",))


def nominate(by: By, person: Person) -> object:
    return actions.nominate(by=by, person=person, now=NOW)


def record_completion(by: By, person: Person) -> object:
    signs = by if isinstance(by, Person) else another_trainer()
    return actions.record_completion(by=by, person=person, trainer=signs, completed_at=NOW - timedelta(days=1), now=NOW)


def acknowledge(by: By, person: Person) -> None:
    for procedure in guidance().pack.procedures:
        actions.acknowledge(by=person, document=procedure.key, now=NOW)


def authorise(by: By, person: Person) -> object:
    return actions.authorise(by=by, person=person, now=NOW)


def confirm_training(by: By, person: Person) -> object:
    return actions.confirm_training(by=by, person=person, reference="REQ-1", now=NOW)


def open_access(by: By, person: Person) -> object:
    return actions.open_access(by=by, person=person, now=NOW)


def assign_licence(by: By, person: Person) -> object:
    return actions.assign_licence(by=by, person=person, now=NOW)


def end_access(by: By, person: Person) -> object:
    return actions.end_access(by=by, person=person, reason="Moved to another force", now=NOW)


def grant_role(by: By, person: Person) -> object:
    return actions.grant_role(by=by, person=person, role="auditor", unit=None, now=NOW)


def end_role(by: By, person: Person) -> None:
    """Of the one role that the person holds, or of a new one."""
    grant = person.role_grants.filter(ended_at=None).first() or grant_role(TEST, person)
    actions.end_role(by=by, grant=grant, reason="Moved to another desk", now=NOW)


def mark_left(by: By, person: Person) -> None:
    actions.mark_left(by=by, person=person, reason="Retired to the sea", now=NOW)


def mark_returned(by: By, person: Person) -> None:
    """After having left."""
    if Person.objects.get(pk=person.pk).is_active:
        mark_left(TEST, person)
    actions.mark_returned(by=by, person=person, now=NOW)


CHAIN: dict[str, Act] = {
    "nominate": nominate,
    "record_completion": record_completion,
    "acknowledge": acknowledge,
    "authorise": authorise,
    "confirm_training": confirm_training,
    "open_access": open_access,
    "assign_licence": assign_licence,
    "end_access": end_access,
}


@pytest.fixture
def holders(db: None) -> Holders:
    return {
        name: make.person(name, unit_key=unit, roles=roles, unit_roles=unit_roles)
        for name, (unit, roles, unit_roles) in ROLES.items()
    }


@pytest.fixture
def newcomer(db: None) -> Person:
    return make.person("Newcomer")


@pytest.fixture
def joined_until(newcomer: Person) -> Callable[[str], Person]:
    """Takes the newcomer through every step before the one named, by the system."""

    def joined_until(step: str) -> Person:
        for name, act in CHAIN.items():
            if name == step:
                break
            act(TEST, newcomer)
        return newcomer

    return joined_until

"""Roles that come from the groups of the identity provider, as the pack maps them, and end with them."""

from __future__ import annotations

from datetime import datetime

from mercat.audit.actions import record
from mercat.audit.actors import System
from mercat.people.models import Person, RoleGrant, Unit
from mercat.people.pack import guidance

GROUPS = System("Single sign-on: the groups that the identity provider names, as the pack maps them")


def apply_groups(person: Person, groups: set[str], *, now: datetime) -> None:
    """The roles that these groups bring, and an end to those that groups brought before. Others are left alone."""
    rules = guidance().pack.sign_in.groups
    wanted = {(rules[group].role, rules[group].unit): group for group in sorted(groups & rules.keys())}
    Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    standing = {(grant.role, grant.unit_id): grant for grant in person.role_grants.filter(ended_at=None)}
    for key, grant in standing.items():
        if grant.source and key not in wanted:
            RoleGrant.objects.filter(pk=grant.pk).update(ended_at=now)
            _note(person, "person.role_ended", *key, grant.source, now=now)
    for key, group in wanted.items():
        if key not in standing:
            unit = Unit.objects.get(pk=key[1]) if key[1] else None
            RoleGrant.objects.create(person=person, role=key[0], unit=unit, at=now, source=group)
            _note(person, "person.role_granted", *key, group, now=now)


def _note(person: Person, what: str, role: str, unit: str | None, group: str, *, now: datetime) -> None:
    facts = {"role": role, "unit": unit, "group": group}
    record(by=GROUPS, what=what, about=[person.audit_ref], facts=facts, now=now)

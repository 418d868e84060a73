"""The people of a demonstration, for its sign-in page. Outside a demonstration there are none."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from mercat.people.models import Person
from mercat.people.pack import guidance


@dataclass(frozen=True, slots=True)
class DemoLine:
    """`does`: what this person is there to show."""

    name: str
    email: str
    does: str


def demo_people() -> list[DemoLine]:
    """Roles that the pack of today does not have are passed over: the people may have been made under another."""
    if not settings.MERCAT_DEMO:
        return []
    rows = Person.objects.filter(number__startswith="demo-", is_active=True).prefetch_related("role_grants", "licences")
    order = {role.key: place for place, role in enumerate(guidance().pack.roles)}
    names = {role.key: role.name for role in guidance().pack.roles}
    return [
        DemoLine(row.name, row.email, _does(row, names)) for row in sorted(rows, key=lambda row: _place(row, order))
    ]


def demo_passphrase() -> str:
    return settings.MERCAT_DEMO_PASSPHRASE if settings.MERCAT_DEMO else ""


def _place(row: Person, order: dict[str, int]) -> tuple[int, str]:
    return min((order[grant.role] for grant in row.role_grants.all() if grant.role in order), default=-1), row.email


def _does(row: Person, names: dict[str, str]) -> str:
    held = [names[grant.role] for grant in row.role_grants.all() if grant.ended_at is None and grant.role in names]
    writes = any(licence.ended_at is None for licence in row.licences.all())
    return ", ".join(held) or ("Writes posts" if writes else "On the path to posting")

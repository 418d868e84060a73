"""How somebody is told by e-mail: their own choice for each kind of notice."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from mercat.audit.actions import record
from mercat.people.actions import Impossible
from mercat.people.models import MailChoice, Person
from mercat.people.notices.kinds import KINDS


def ways_of(person: Person) -> dict[str, str]:
    """The way of every kind, chosen or usual."""
    chosen = dict(MailChoice.objects.filter(person=person).values_list("kind", "way"))
    return {name: chosen.get(name, kind.usual) for name, kind in KINDS.items()}


@transaction.atomic
def choose(*, by: Person, ways: Mapping[str, str], now: datetime) -> bool:
    """Keep one's own choices; a kind that is not named stays as it was. Whether anything changed.

    Raises Impossible for an unknown kind or way, and for turning off what must be sent; then nothing is changed.
    """
    for name, way in ways.items():
        if name not in KINDS or way not in KINDS[name].ways:
            raise Impossible(f"“{name}” cannot be told “{way}”. Nothing was changed.")
    Person.objects.select_for_update(no_key=True).get(pk=by.pk)
    standing = ways_of(by)
    changed = {name: way for name, way in ways.items() if way != standing[name]}
    if not changed:
        return False
    for name, way in changed.items():
        MailChoice.objects.update_or_create(person=by, kind=name, defaults={"way": way})
    record(by=by, what="person.chose_notices", about=[by.audit_ref], facts=changed, now=now)
    return True

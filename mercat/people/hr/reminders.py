"""Training that runs out: the person and their unit's contacts are told, once for each of the pack's times (5.2)."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from mercat.audit.actions import record
from mercat.audit.actors import System
from mercat.people import signals
from mercat.people.actions import settle, tell
from mercat.people.facts import UNIT_JOINS, unit_facts
from mercat.people.models import Completion, Person, Reminder, RoleGrant
from mercat.people.pack import guidance

SUBJECT = "Training runs out"
PROGRAMME = System("Training runs out")


def run(*, now: datetime) -> None:
    """The chore: tell of what runs out soon, and settle what was renewed."""
    for reminder in Reminder.objects.filter(settled_at=None).select_related("completion__person"):
        _settle_if_over(reminder, now=now)
    for completion in _running_out(now):
        _remind(completion, now=now)


def _counting() -> QuerySet[Completion]:
    return Completion.objects.filter(course=guidance().pack.course.key, signed_off=True, ended_at=None)


def _running_out(now: datetime) -> QuerySet[Completion]:
    """The completion by which somebody may post, where it ends within the longest of the pack's times."""
    until = now + timedelta(days=max(guidance().pack.course.remind_days, default=0))
    later = _counting().filter(person=OuterRef("person"), expires_at__gt=OuterRef("expires_at"))
    soon = _counting().filter(expires_at__gt=now, expires_at__lte=until, person__is_active=True)
    return soon.exclude(Exists(later)).select_related(f"person__unit__{UNIT_JOINS}").order_by("expires_at", "pk")


@transaction.atomic
def _remind(completion: Completion, *, now: datetime) -> None:
    """Of times that passed unseen, only the nearest is told."""
    left = completion.expires_at - now
    days = min(days for days in guidance().pack.course.remind_days if left <= timedelta(days=days))
    _, first = Reminder.objects.get_or_create(completion=completion, days=days, defaults={"at": now})
    if not first:
        return
    person = completion.person
    link = f"/people/{person.pk}/"
    settle(subject=SUBJECT, link=link, now=now)  # the earlier one says less
    until = f"{timezone.localdate(completion.expires_at):%-d %B %Y}"
    course = f"“{guidance().pack.course.name}”"
    body = f"Your {course} is in force until {until}. Without a new one you cannot post from then on."
    tell([person], kind="reminders", subject=SUBJECT, body=body, link=link, now=now)
    body = f"The {course} of {person} is in force until {until}."
    tell(contacts_of(person, now=now), kind="reminders", subject=SUBJECT, body=body, link=link, now=now)
    record(by=PROGRAMME, what="person.training_reminded", about=[person.audit_ref], facts={"days": days}, now=now)


def contacts_of(person: Person, *, now: datetime) -> list[Person]:
    """Those who hold a role over this person's unit, and whom other rooms add; the person is told anyway."""
    unit = unit_facts(person.unit)
    held = Q(role__in=guidance().pack.roles_in_units, unit__in=[unit.id, *unit.within], ended_at=None)
    grants = RoleGrant.objects.filter(held, person__is_active=True).select_related("person")
    found = {grant.person_id: grant.person for grant in grants}
    for _, added in signals.training_runs_out.send(Person, person=person, now=now):
        found |= {each.pk: each for each in added if each.is_active}
    found.pop(person.pk, None)
    return list(found.values())


def _settle_if_over(reminder: Reminder, *, now: datetime) -> None:
    """Renewed, corrected, or about somebody who has left."""
    old, person = reminder.completion, reminder.completion.person
    renewed = _counting().filter(person=person, expires_at__gt=old.expires_at).exists()
    if not (renewed or old.ended_at or not person.is_active):
        return
    settle(subject=SUBJECT, link=f"/people/{person.pk}/", now=now)
    Reminder.objects.filter(pk=reminder.pk).update(settled_at=now)

"""Who waits for which step, since when, and for whom: one queue for each step that somebody else takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Greatest

from mercat.guidance import facts
from mercat.guidance.decision import Refusal
from mercat.guidance.gate import prepare
from mercat.people.devices.here import situation
from mercat.people.facts import people_facts
from mercat.people.joining.steps import by_others, units_of
from mercat.people.models import Access, Authorisation, Completion, Licence, Nomination, Person, SentBack
from mercat.people.pack import guidance

RENEW_WITHIN = timedelta(days=60)  # before a course lapses, its holder stands in the queue for another


@dataclass(frozen=True, slots=True)
class Queue:
    """`key` in the address, `action` of guidance; `act`: the button. `renewal`: those whose course lapses soon."""

    key: str
    action: str
    title: str
    act: str
    told: str
    renewal: bool = False


QUEUES = (
    Queue("nominate", "nominate", "To nominate", "Nominate", "is nominated"),
    Queue("course", "record_completion", "For the course", "Sign off", "has completed the course"),
    Queue("renew", "record_completion", "To renew the course", "Sign off", "has renewed the course", renewal=True),
    Queue("authorise", "authorise_access", "To authorise", "Authorise", "is authorised"),
    Queue("confirm", "confirm_training", "To confirm to the service desk", "Confirm", "is confirmed"),
    Queue("open", "open_access", "To open access", "Open access", "has access"),
    Queue("licence", "assign_licence", "For a licence", "Give a licence", "has a licence"),
)


def queues() -> list[Queue]:
    """Those of the steps that this body has."""
    here = by_others()
    return [queue for queue in QUEUES if queue.action in here]


@dataclass(frozen=True, slots=True)
class Row:
    """Somebody who waits. `refusals`: what is in the way of the act for whoever looks; `sent_back` and why, if so."""

    person: Person
    standing: facts.Person
    since: datetime | None
    completion: Completion | None
    access: Access | None
    sent_back: SentBack | None
    refusals: tuple[Refusal, ...]
    before: datetime | None  # when an earlier access ended

    @property
    def may(self) -> bool:
        return not self.refusals


@dataclass(frozen=True, slots=True)
class Count:
    """A queue in a list of them."""

    queue: Queue
    waiting: int
    since: datetime | None


def waiting(queue: Queue, *, now: datetime) -> QuerySet[Person]:
    """Active people whose next step this is, with `since`; to nominate: all who are not."""
    people = Person.objects.filter(is_active=True).select_related("unit")
    if queue.renewal:
        return _to_renew(people, now)
    order = by_others()
    before = order[: order.index(queue.action)]
    for action in before:
        people = people.filter(Exists(_standing(action, now)))
    people = people.filter(~Exists(_standing(queue.action, now)))
    if queue.action == "record_completion":
        people = people.filter(~Exists(_after_the_course()))  # theirs is a renewal
    if not before:
        sent = SentBack.objects.filter(person=OuterRef("pk"), to=queue.action, ended_at=None)
        return people.annotate(since=Subquery(sent.order_by("-at").values("at")[:1])).order_by(
            F("since").asc(nulls_last=True), "name", "pk"
        )
    taken = [Subquery(_standing(each, now).order_by(f"-{SINCE[each]}").values(SINCE[each])[:1]) for each in before]
    return people.annotate(since=Greatest(*taken) if len(taken) > 1 else taken[0]).order_by("since", "name", "pk")


# The moment from which somebody has a step.
SINCE = {
    "nominate": "at",
    "record_completion": "recorded_at",
    "authorise_access": "at",
    "confirm_training": "confirmed_at",
    "open_access": "opened_at",
    "assign_licence": "at",
}


def _standing(action: str, now: datetime) -> QuerySet:
    mine = {"person": OuterRef("pk"), "ended_at": None}
    match action:
        case "nominate":
            return Nomination.objects.filter(**mine)
        case "record_completion":
            return _completions().filter(completed_at__lte=now, expires_at__gt=now)
        case "authorise_access":
            return Authorisation.objects.filter(**mine)
        case "confirm_training":
            return Access.objects.filter(**mine)
        case "open_access":
            return Access.objects.filter(**mine, opened_at__isnull=False)
    return Licence.objects.filter(**mine)


def _completions() -> QuerySet[Completion]:
    course = guidance().pack.course.key
    return Completion.objects.filter(person=OuterRef("pk"), course=course, signed_off=True, ended_at=None)


def _after_the_course() -> QuerySet:
    """The step that rests on the course: whoever has it renews, and does not begin."""
    order = by_others()
    following = order[order.index("record_completion") + 1]
    mine = {"person": OuterRef("pk"), "ended_at": None}
    return Authorisation.objects.filter(**mine) if following == "authorise_access" else Access.objects.filter(**mine)


def _to_renew(people: QuerySet[Person], now: datetime) -> QuerySet[Person]:
    """Those who went through, and whose course lapses soon or has lapsed; `since` is the day on which it does."""
    last = Subquery(_completions().order_by("-expires_at").values("expires_at")[:1])
    joined = people.filter(Exists(_after_the_course()), Exists(_standing("nominate", now))).annotate(since=last)
    return joined.filter(since__lt=now + RENEW_WITHIN).order_by("since", "name", "pk")


def counts(viewer: facts.Person, *, now: datetime) -> list[Count]:
    """The viewer's own queues in which somebody waits. To nominate, only who was sent back waits for anybody."""
    units = units_of(viewer, now)
    found = []
    for queue in queues():
        if queue.action not in units:
            continue
        rows = waiting(queue, now=now).filter(unit__in=units[queue.action], since__isnull=False)
        if number := rows.count():
            found.append(Count(queue, number, rows.values_list("since", flat=True).first()))
    return found


def rows_of(queue: Queue, people: Iterable[Person], viewer: facts.Person, *, now: datetime) -> list[Row]:
    """What a page says of each of these people, in a few queries however many."""
    people = list(people)
    ids = [row.pk for row in people]
    known = people_facts([*ids, viewer.id], now=now)
    asked = prepare(guidance(), viewer, [known[str(pk)] for pk in ids if str(pk) != viewer.id])
    standing = [known[str(pk)] for pk in ids]
    answers = asked.decide_many(queue.action, standing, situation(now=now))
    course = guidance().pack.course.key
    completions = Completion.objects.filter(person__in=ids, course=course, ended_at=None).select_related("trainer")
    best = _by_person(completions.order_by("signed_off", "expires_at"))
    access = _by_person(Access.objects.filter(person__in=ids, ended_at=None))
    sent = SentBack.objects.filter(person__in=ids, to=queue.action, ended_at=None).select_related("by")
    sent_back = _by_person(sent.order_by("at"))
    ended = _by_person(Access.objects.filter(person__in=ids, ended_at__isnull=False).order_by("ended_at"))
    return [
        Row(
            person=row,
            standing=facts_,
            since=row.since,
            completion=best.get(row.pk),
            access=access.get(row.pk),
            sent_back=sent_back.get(row.pk),
            refusals=answer.refusals,
            before=ended[row.pk].ended_at if row.pk in ended else None,
        )
        for row, facts_, answer in zip(people, standing, answers, strict=True)
    ]


def _by_person(rows: Iterable) -> Mapping:
    """The last of each person's."""
    return {row.person_id: row for row in rows}

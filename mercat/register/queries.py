"""Reads of the register: the authorised structure, slot by slot, the accounts that fill it, and applications."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import BooleanField, Exists, OuterRef, Prefetch, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from mercat.guidance import facts
from mercat.guidance.gate import prepare
from mercat.people.facts import UNIT_JOINS, people_facts
from mercat.people.models import Access, Person
from mercat.people.pack import guidance
from mercat.people.presenters import line
from mercat.register.facts import application_facts, with_facts
from mercat.register.models import Account, Application, DirectAccess, Posture, Question, Slot, Spoc

MOST_CANDIDATES = 500  # people with access in one unit
MOST_WAITING = 200


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the register is filtered by; an empty field filters nothing. `state` is one of `presenters.STATES`."""

    network: str = ""
    tier: str = ""
    unit: str = ""
    state: str = ""
    text: str = ""


def slots(wanted: Wanted) -> QuerySet[Slot]:
    """Open slots, and closed ones with an account over; each with `open_accounts`: the one in it, or none."""
    filled = Account.objects.exclude(status=Account.Status.CLOSED)
    found = (
        Slot.objects.filter(Q(closed_at=None) | Exists(filled.filter(slot=OuterRef("pk"))))
        .select_related(f"unit__{UNIT_JOINS}", "application__holder")
        .prefetch_related(Prefetch("accounts", told(with_facts(filled)), to_attr="open_accounts"))
    )
    columns = {"network": wanted.network, "tier": wanted.tier, "unit": wanted.unit, "name__icontains": wanted.text}
    return found.filter(**{column: value for column, value in columns.items() if value})


def told(accounts: QuerySet[Account]) -> QuerySet[Account]:
    """Load all that a page says of accounts; `checked_until` and `second_factor` are of the latest look.

    `rotate_by`: when a credential must be changed after direct access.
    """
    standing = Spoc.objects.filter(ended_at=None).select_related("person")
    looks = Posture.objects.filter(account=OuterRef("pk"))
    unchanged = DirectAccess.objects.filter(account=OuterRef("pk"), rotated_at=None, closed_at__isnull=False)
    return (
        accounts.select_related("unit", "connection", "holder")
        .annotate(
            checked_until=Subquery(looks.values("expires_at")[:1]),
            second_factor=Subquery(looks.values("second_factor")[:1]),
            rotate_by=Subquery(unchanged.order_by("rotate_by").values("rotate_by")[:1]),
        )
        .prefetch_related(Prefetch("spocs", standing, to_attr="standing_spocs"))
    )


def account(account_id: object) -> QuerySet[Account]:
    return told(with_facts(Account.objects.filter(pk=account_id))).select_related(
        "slot__application__decided_by", "slot__unit", "connection__connected_by"
    )


def networks_in_use() -> Iterable[str]:
    return Slot.objects.filter(closed_at=None).order_by("network").values_list("network", flat=True).distinct()


def in_place(slot: Slot) -> Account | None:
    """The account that fills a slot."""
    return slot.accounts.exclude(status=Account.Status.CLOSED).first()


def candidates(account: Account, people: QuerySet[Person], *, now: datetime) -> list[Person]:
    """Which of these people could be its point of contact: of its unit, able to post, and not one already."""
    unit = account.unit_id
    there = Q(unit=unit) | Q(unit__parent=unit) | Q(unit__parent__parent=unit) | Q(unit__parent__parent__parent=unit)
    with_access = Access.objects.filter(ended_at=None, opened_at__isnull=False).values("person")
    already = Spoc.objects.filter(account=account, ended_at=None).values("person")
    found = people.filter(there, pk__in=with_access, is_active=True).exclude(pk__in=already)[:MOST_CANDIDATES]
    standing = people_facts([row.pk for row in found], now=now)
    return [row for row in found if line(row, standing[str(row.pk)], now=now).may_post]


def applications_for(person: facts.Person, *, now: datetime) -> QuerySet[Application]:
    """Those that this person made, decides, or registers once granted. What waits stands first, the oldest first."""
    kinds = {kind for action in ("decide_application", "register_account") for kind in _kinds(person, action, now)}
    seen = Q(applicant=person.id) | Q(kind__in=kinds, applied_at__isnull=False)
    done = Coalesce("decided_at", "withdrawn_at")
    return _applications().filter(seen).order_by(done.desc(nulls_first=True), "applied_at", "pk")


def applications_to_decide(person: facts.Person, *, now: datetime) -> list[Application]:
    """What waits for a decision that this person may take now, the oldest first."""
    kinds = _kinds(person, "decide_application", now)
    sent = _applications().filter(decision="", withdrawn_at=None, applied_at__isnull=False, kind__in=kinds)
    rows = sent.filter(all_answered=True).order_by("applied_at", "pk")[:MOST_WAITING]
    waiting = [(row, application_facts(row)) for row in rows]
    asked = prepare(guidance(), person, [about for _, about in waiting])
    situation = facts.Situation(now=now)
    return [row for row, about in waiting if asked.decide("decide_application", about, situation).allowed]


def _applications() -> QuerySet[Application]:
    """Each with `all_answered`: false while a question about it waits for the applicant's answer."""
    last = Question.objects.filter(application=OuterRef("pk")).order_by("-pk").values("is_answer")[:1]
    people = ("holder", "applicant", "decided_by", "contact")
    return Application.objects.select_related("unit", *people).annotate(
        all_answered=Coalesce(Subquery(last), Value(True), output_field=BooleanField())
    )


def _kinds(person: facts.Person, action: str, now: datetime) -> list[str]:
    """The kinds of account whose applications this person decides, or registers.

    Asked about an application with nothing wrong in it, so that no fault of one hides it from those who must see it.
    """
    pack, situation = guidance().pack, facts.Situation(now=now)
    rank = next((rank.key for rank in pack.ranks if rank.individual_account), "")
    sound = [
        facts.Application(
            id=f"any-{tier.key}",
            network="",
            kind=tier.key,
            holder_rank=rank,
            justified=True,
            decided=True,
            approved=True,
            applicant="somebody else",
        )
        for tier in pack.tiers
    ]
    asked = prepare(guidance(), person, sound)
    return [about.kind for about in sound if asked.decide(action, about, situation).allowed]

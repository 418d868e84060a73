"""Reads of sending: what is on its way where, and what is paused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import Case, Count, IntegerField, OuterRef, Prefetch, Q, QuerySet, Subquery, Value, When

from mercat.delivery import states
from mercat.delivery.claims import covering_pause
from mercat.delivery.models import Attempt, Consignment, Correction, Pause
from mercat.guidance import facts
from mercat.guidance.gate import Prepared, decide_many, prepare
from mercat.people.facts import unit_facts
from mercat.people.models import Unit
from mercat.people.pack import guidance
from mercat.register.facts import account_facts, with_facts
from mercat.register.models import Account

# What a person must do something about comes first, then what moves, then what is over.
URGENCY = (
    (states.NEEDS_PERSON, 0),
    (states.REFUSED, 1),
    (states.HELD, 2),
    (states.IN_DOUBT, 3),
    (states.SENDING, 4),
    (states.LEASED, 5),
    (states.READY, 6),
)
FOR_A_PERSON = (states.NEEDS_PERSON, states.REFUSED, states.HELD)


def told(consignments: QuerySet[Consignment]) -> QuerySet[Consignment]:
    """Load, in four queries, all that a page says of consignments; `parts`: how many posts its thread has, `before`:
    the state of the one before it there."""
    of_thread = Consignment.objects.filter(manifest=OuterRef("manifest"), account=OuterRef("account")).order_by()
    consignments = consignments.annotate(
        parts=Subquery(of_thread.values("account").annotate(posts=Count("pk")).values("posts")),
        before=Subquery(of_thread.filter(part=OuterRef("part") - 1).values("state")),
    )
    attempts = Prefetch("attempts", Attempt.objects.order_by("started_at"))
    words = Prefetch("corrections", Correction.objects.select_related("manifest"))
    return consignments.select_related("account", "author", "manifest").prefetch_related(attempts, "removals", words)


def of_post(post_ref: str) -> QuerySet[Consignment]:
    return told(Consignment.objects.filter(post_ref=post_ref)).order_by(
        "account__network", "account__name", "created_at", "part"
    )


def by_urgency(consignments: QuerySet[Consignment]) -> QuerySet[Consignment]:
    order = Case(
        *(When(state=state, then=Value(place)) for state, place in URGENCY),
        default=Value(9),
        output_field=IntegerField(),
    )
    return consignments.annotate(urgency=order).order_by("urgency", "-due_at", "id")


def seen_by(person: facts.Person, *, now: datetime) -> QuerySet[Consignment]:
    """The consignments that `person` may follow: of the accounts open to them, their own, and all that is out."""
    accounts = accounts_open_to(person, "view_post", now=now)
    return Consignment.objects.filter(Q(account__in=accounts) | Q(author_id=person.id) | Q(state=states.SENT))


def answered_for_by(person: facts.Person, *, now: datetime) -> QuerySet[Consignment]:
    """The consignments that `person` may act on: of the accounts they answer for, and their own."""
    accounts = accounts_open_to(person, "withdraw", now=now)
    return Consignment.objects.filter(Q(account__in=accounts) | Q(author_id=person.id))


def accounts_open_to(person: facts.Person, action: str, *, now: datetime) -> list[str]:
    """Ids of the accounts where guidance allows `action` on a post that `person` did not write."""
    accounts = [account_facts(row) for row in with_facts(Account.objects.all())]
    post = facts.Post(id="any", authors=frozenset())
    answers = decide_many(guidance(), action, person, accounts, facts.Situation(now=now), post)
    return [account.id for account, answer in zip(accounts, answers, strict=True) if answer.allowed]


def all_paused(consignments: Sequence[Consignment]) -> bool:
    """Whether a pause in force covers every one of them."""
    rows = Consignment.objects.filter(pk__in=[row.pk for row in consignments])
    return not rows.annotate(paused=covering_pause()).filter(paused=False).exists()


def is_paused(account: Account) -> bool:
    """Whether a pause in force covers all that goes out from it. A pause of a pillar covers posts alone."""
    unit = unit_facts(account.unit)
    covers = (
        Q(scope=Pause.Scope.BODY)
        | Q(scope=Pause.Scope.UNIT, key__in=[unit.id, *unit.within])
        | Q(scope=Pause.Scope.NETWORK, key=account.network)
        | Q(scope=Pause.Scope.ACCOUNT, key=str(account.pk))
    )
    return Pause.objects.filter(covers, lifted_at=None).exists()


def pauses_in_force() -> list[Pause]:
    """Each with `about`: what it covers, in words."""
    rows = list(Pause.objects.filter(lifted_at=None).select_related("by"))
    names = _names(rows)
    for row in rows:
        row.about = names.get((row.scope, row.key), row.key) if row.key else "everything"
    return rows


def _names(pauses: Iterable[Pause]) -> dict[tuple[str, str], str]:
    pack = guidance().pack
    keys = {scope: [row.key for row in pauses if row.scope == scope] for scope in Pause.Scope.values}
    found: dict[tuple[str, str], str] = {}
    if keys[Pause.Scope.UNIT]:
        found |= {("unit", unit.pk): unit.name for unit in Unit.objects.filter(pk__in=keys[Pause.Scope.UNIT])}
    if keys[Pause.Scope.ACCOUNT]:
        rows = Account.objects.filter(pk__in=keys[Pause.Scope.ACCOUNT])
        found |= {("account", str(row.pk)): row.name for row in rows}
    found |= {("network", network.key): network.name for network in pack.networks}
    found |= {("pillar", pillar.key): f"the pillar “{pillar.name}”" for pillar in pack.pillars}
    return found


def may_pause_something(person: facts.Person, *, now: datetime) -> bool:
    """Whether the way to the pause page is shown: for the body, the unit of `person`, or one they answer for."""
    units = [person.unit, *(facts.Unit(unit) for _, unit in person.unit_roles)]
    things = [facts.Body(), *{unit.id: unit for unit in units}.values()]
    asked = prepare(guidance(), person, things)
    return any(asked.decide("pause", thing, facts.Situation(now=now)).allowed for thing in things)


def scopes_open_to(person: facts.Person, *, now: datetime) -> list[tuple[str, list[tuple[str, str]]]]:
    """What `person` may pause: pairs of a scope and its (key, name) choices; everything has the empty key."""
    units = list(Unit.objects.select_related("parent__parent__parent"))
    accounts = list(with_facts(Account.objects.exclude(status=Account.Status.CLOSED)))
    things = [facts.Body(), *map(unit_facts, units), *map(account_facts, accounts)]
    asked = prepare(guidance(), person, things)
    may = {thing.id for thing in things if _may_pause(asked, thing, now)}
    pack = guidance().pack
    whole = facts.Body().id in may
    choices = {
        Pause.Scope.BODY: [("", "Everything, on every network")] if whole else [],
        Pause.Scope.NETWORK: [(each.key, each.name) for each in pack.networks] if whole else [],
        Pause.Scope.PILLAR: [(each.key, each.name) for each in pack.pillars] if whole else [],
        Pause.Scope.UNIT: [(unit.pk, unit.name) for unit in units if unit.pk in may],
        Pause.Scope.ACCOUNT: [(str(row.pk), row.name) for row in accounts if str(row.pk) in may],
    }
    return [(scope.value, found) for scope, found in choices.items() if found]


def _may_pause(asked: Prepared, thing: facts.Resource, now: datetime) -> bool:
    return asked.decide("pause", thing, facts.Situation(now=now)).allowed

"""What sending costs where a network charges for it, and the budget of a month.

A post that the budget no longer covers is held, with the sum, and goes on by itself in a month that covers it, or when
the pack allows more. A warning is never kept back for money. What counts is what went out in the calendar month, and
what is being sent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from mercat.delivery import states
from mercat.delivery.manifest import item_for
from mercat.delivery.models import Attempt, Consignment
from mercat.networks import registry
from mercat.networks.port import Altered, Price
from mercat.people.pack import guidance

COUNTED = (states.SENDING, states.IN_DOUBT, states.NEEDS_PERSON, states.SENT)


@dataclass(frozen=True, slots=True)
class Budget:
    """A network's, for the month that `now` is in."""

    network: str  # slug
    of_month: Decimal
    spent: Decimal


def budgets(*, now: datetime) -> list[Budget]:
    """Of the networks for which the pack sets one."""
    set_ = {each.key: each.monthly_budget for each in guidance().pack.networks if each.monthly_budget is not None}
    spent = _spent(set_, now=now)
    return [Budget(network, most, spent[network]) for network, most in set_.items()]


def price_of(row: Consignment, *, now: datetime) -> Price | None:
    """What sending this will cost; None: nothing. Of a row with its manifest and account."""
    network = row.account.network
    price = registry.get(network).price if registry.known(network) else None
    if price is None:
        return None
    try:
        return price(item_for(row, first_sent_at=now, now=now))
    except Altered:
        return None  # what is not as approved is not sent, whatever it would cost


def beyond_budget(rows: Sequence[Consignment], *, now: datetime) -> dict[Consignment, str]:
    """Those that the month's budgets do not cover, in the order given, each with the reason. The others have their
    `cost` set, to be kept with them when they begin."""
    prices = {row: price for row in rows if (price := price_of(row, now=now))}
    if not prices:
        return {}
    known = {budget.network: budget for budget in budgets(now=now)}
    spent = {network: budget.spent for network, budget in known.items()}
    beyond: dict[Consignment, str] = {}
    for row, price in prices.items():
        row.cost = price.amount
        budget = known.get(row.account.network)
        if budget is None:
            continue
        whole = _of_thread(row, price, now=now)
        is_covered = spent[budget.network] + whole.amount <= budget.of_month
        if is_covered or row.part or row.lane == Consignment.Lane.WARNING:  # a thread that began is not left half out
            spent[budget.network] += price.amount
        else:
            row.cost, beyond[row] = None, _reason(budget, whole)
    return beyond


def _of_thread(row: Consignment, price: Price, *, now: datetime) -> Price:
    """What its whole thread will cost."""
    others = Consignment.objects.filter(manifest=row.manifest_id, account=row.account_id, part__gt=row.part)
    prices = [price_of(each, now=now) for each in others.select_related("manifest", "account")]
    return Price(price.amount + sum((each.amount for each in prices if each), Decimal()), price.currency)


def covered(rows: Iterable[Consignment], *, now: datetime) -> list[Consignment]:
    """Those of what a budget holds that it covers now."""
    held = list(rows)
    beyond = beyond_budget(held, now=now)
    return [row for row in held if row not in beyond]


def said(price: Price) -> str:
    """A price as people read it, no digit lost: “0.015 USD”."""
    return f"{price.amount.normalize():f} {price.currency}"


def _reason(budget: Budget, price: Price) -> str:
    name = registry.get(budget.network).spec.name
    most, spent = said(Price(budget.of_month, price.currency)), said(Price(budget.spent, price.currency))
    return (
        f"{name} charges {said(price)} for this, and of the month's budget of {most}, {spent} is spent. It goes on by "
        "itself next month, or when the budget in the pack is raised."
    )


def _spent(networks: Iterable[str], *, now: datetime) -> defaultdict[str, Decimal]:
    begin = timezone.localtime(now).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    tried = Attempt.objects.filter(consignment=OuterRef("pk")).order_by("-started_at").values("started_at")[:1]
    counted = Consignment.objects.annotate(cost_at=Coalesce("sent_at", Subquery(tried)))
    rows = counted.filter(
        account__network__in=list(networks), state__in=COUNTED, cost_at__gte=begin, cost__isnull=False
    )
    sums = rows.order_by().values_list("account__network").annotate(Sum("cost"))
    return defaultdict(Decimal, dict(sums))

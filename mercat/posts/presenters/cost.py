"""What sending a post costs, in words: before it is submitted, and to whoever approves it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from mercat.delivery.spending import budgets, said
from mercat.networks import registry
from mercat.networks.port import Item, Price


def cost_of(network: str, posts: Sequence[str], accounts: int, *, now: datetime) -> str:
    """A sentence on what a network charges for these posts on so many accounts; "" where it charges nothing."""
    price = registry.get(network).price if registry.known(network) else None
    if price is None:
        return ""
    prices = [price(Item("0" * 32, now, text)) for text in posts]
    one = Price(sum((each.amount for each in prices), Decimal()), prices[0].currency)
    all_ = Price(one.amount * accounts, one.currency)
    each = f", {said(one)} for each account" if accounts > 1 else ""
    return f"{registry.get(network).spec.name} charges {said(all_)} for this{each}.{_budget(network, one, now)}"


def _budget(network: str, price: Price, now: datetime) -> str:
    its = next((each for each in budgets(now=now) if each.network == network), None)
    if its is None:
        return ""
    spent, most = said(Price(its.spent, price.currency)), said(Price(its.of_month, price.currency))
    return f" This month {spent} of {most} are spent."

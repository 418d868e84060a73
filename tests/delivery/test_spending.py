"""What posts cost where a network charges, and the month's budget: held beyond it, never a warning, never lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest

from mercat.delivery import actions, spending, states
from mercat.delivery.clock import tick
from mercat.delivery.engine import Engine
from mercat.delivery.models import Attempt, Consignment
from mercat.networks import registry
from mercat.networks.port import Found, Later, Price, Refused, Sent
from mercat.people.actions import Impossible
from mercat.people.models import Notice
from tests import factories as make
from tests.delivery.inline import inline
from tests.factories import NOW

pytestmark = pytest.mark.django_db(transaction=True)

YES = Sent("n1", "https://network.example/n1")
NEXT_MONTH = datetime(2026, 12, 1, 0, 0, tzinfo=UTC)


@pytest.fixture
def budget(monkeypatch):
    """Set what the pack allows the network in a month."""

    def allow(amount: str | None) -> None:
        rule = SimpleNamespace(key="bluesky", monthly_budget=Decimal(amount) if amount else None)
        pack = SimpleNamespace(pack=SimpleNamespace(networks=[rule]))
        monkeypatch.setattr("mercat.delivery.spending.guidance", lambda: pack)

    return allow


@pytest.fixture
def charges(monkeypatch, network):
    """The network charges twenty cents a post."""
    known = registry.get
    priced = lambda item: Price(Decimal("0.20"), "USD")  # noqa: E731
    monkeypatch.setattr(registry, "get", lambda slug: replace(known(slug), price=priced))


@pytest.fixture
def three(author, charges) -> list[Consignment]:
    communications = make.authorised(unit_key="corporate-communications", roles=("corporate-communications",))
    accounts = [make.account() for _ in range(3)]
    for each in accounts:
        make.approved(author, communications, each)
    return list(Consignment.objects.order_by("not_before", "pk"))


def out(network, engine, count: int) -> None:
    for n in range(count):
        network.outcomes.append(Sent(f"n{n}", "https://network.example/n"))
        network.shows()
    engine.drain()


def test_what_begins_has_its_cost_and_counts(network, engine, three, budget) -> None:
    budget("100")
    out(network, engine, 3)
    assert {row.cost for row in Consignment.objects.all()} == {Decimal("0.20")}
    assert spending.budgets(now=NOW) == [spending.Budget("bluesky", Decimal("100"), Decimal("0.60"))]
    assert spending.budgets(now=NEXT_MONTH)[0].spent == 0


def test_what_was_refused_costs_nothing(network, engine, three, budget) -> None:
    budget("100")
    network.outcomes += [Refused("No.")] * 3
    engine.drain()
    assert spending.budgets(now=NOW)[0].spent == 0


def test_beyond_the_budget_it_is_held_in_words_and_its_people_are_told(network, engine, three, budget) -> None:
    budget("0.50")
    out(network, engine, 2)
    held = Consignment.objects.get(state=states.HELD)
    assert (held.hold, held.cost, Attempt.objects.filter(consignment=held).exists()) == ("budget", None, False)
    assert held.reason == (
        "Bluesky charges 0.2 USD for this, and of the month's budget of 0.5 USD, 0 USD is spent. It goes on by itself "
        "next month, or when the budget in the pack is raised."
    )
    assert Notice.objects.filter(subject__contains="the month's budget is used up").exists()
    with pytest.raises(Impossible, match="by itself when the month's budget covers it"):
        actions.let_go_on(by=held.author, consignment=held, now=NOW)


@pytest.mark.parametrize("how", ["next month", "raised"])
def test_it_goes_on_by_itself_when_the_budget_covers_it(network, engine, time, three, budget, how) -> None:
    budget("0.50")
    out(network, engine, 2)
    tick(now=time.now)
    assert Consignment.objects.filter(state=states.HELD).count() == 1
    if how == "raised":
        budget("0.60")
    else:
        time.pass_(NEXT_MONTH - NOW)
    tick(now=time.now)
    out(network, engine, 1)
    assert Consignment.objects.filter(state=states.SENT).count() == 3


def test_a_warning_is_never_kept_back_for_money(account, author, network, charges, budget, time, nudges) -> None:
    budget("0.10")
    communications = make.authorised(unit_key="corporate-communications", roles=("corporate-communications",))
    make.approved(author, communications, account, warning=True)
    out(network, Engine("warning", clock=time, pools=inline), 1)
    assert Consignment.objects.get().state == states.SENT


def test_without_a_budget_or_a_price_nothing_is_held(network, engine, three, budget) -> None:
    budget(None)
    out(network, engine, 3)
    assert Consignment.objects.filter(state=states.SENT).count() == 3


def test_a_price_is_said_to_its_last_digit() -> None:
    assert spending.said(Price(Decimal("0.015"), "USD")) == "0.015 USD"
    assert spending.said(Price(Decimal("100.00"), "USD")) == "100 USD"


def test_what_goes_out_counts_in_its_month_and_not_in_that_of_its_first_try(
    network, engine, time, three, budget
) -> None:
    budget("100")
    network.outcomes += [Later(NOW + timedelta(days=8), "Busy.", limited=True)] * 3
    engine.drain()
    assert spending.budgets(now=NOW)[0].spent == 0
    time.pass_(timedelta(days=9))
    out(network, engine, 3)
    assert spending.budgets(now=time.now)[0].spent == Decimal("0.60")
    assert {row.first_sent_at.month for row in Consignment.objects.all()} == {11}


def test_a_network_that_is_gone_charges_nothing(three, monkeypatch) -> None:
    monkeypatch.setattr(registry, "known", lambda slug: False)
    assert spending.price_of(three[0], now=NOW) is None


@pytest.fixture
def thread(author, spoc, account, charges) -> None:
    make.approved(author, spoc, account, text="Closed.\n---\nUse the other.\n---\nSoon.")


def test_a_thread_that_the_budget_does_not_cover_whole_does_not_begin(network, engine, thread, budget) -> None:
    budget("0.50")
    engine.drain()
    rows = Consignment.objects.order_by("part")
    assert [row.state for row in rows] == [states.HELD, states.READY, states.READY]
    assert "charges 0.6 USD for this" in rows[0].reason
    assert network.published == []


def test_a_thread_that_began_is_not_left_half_out(network, engine, thread, budget) -> None:
    budget("0.60")
    network.outcomes.append(YES)
    network.sightings.append(Found("n1", "https://network.example/n1", "Closed.", 0, "id"))
    network.outcomes.append(Later(NOW + timedelta(minutes=1), "Wait.", limited=True))
    engine.drain()
    budget("0.30")  # what is left of it is spent elsewhere meanwhile
    engine.clock.pass_(timedelta(minutes=2))
    for number, text in ((2, "Use the other."), (3, "Soon.")):
        network.outcomes.append(Sent(f"n{number}", "https://network.example/n"))
        network.sightings.append(Found(f"n{number}", "https://network.example/n", text, 0, "id"))
    engine.drain()
    assert set(Consignment.objects.values_list("state", flat=True)) == {states.SENT}

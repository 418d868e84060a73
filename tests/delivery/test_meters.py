"""What is left of the networks' limits is kept and shown, and the last of it is for warnings."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from mercat.delivery import meters, states
from mercat.delivery.engine import Engine
from mercat.delivery.models import Attempt, Consignment, Meter
from mercat.networks.kit.metering import Reading
from mercat.networks.port import Refused, Sent
from mercat.register import actions as register
from tests import factories as make
from tests.delivery.inline import inline
from tests.factories import NOW
from tests.pages import SOON, at_noon, signed_in, text_of  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = NOW + timedelta(hours=1)
YES = Sent("n1", "https://network.example/n1")


def reading(left: int, *, of_app: bool = False, name: str = "Calls", limit: int = 100) -> Reading:
    return Reading(name, limit, left, HOUR, of_app)


def test_the_newest_reading_of_a_limit_counts() -> None:
    account = make.account(network="x")
    meters.keep(account, [reading(50), reading(40, of_app=True)], now=NOW)
    meters.keep(account, [reading(30), reading(20, of_app=True), reading(5, limit=300), reading(29)], now=SOON)
    told = {(row.account_id, row.limit): (row.left, row.seen_at) for row in Meter.objects.all()}
    assert told == {(account.pk, 100): (29, SOON), (None, 100): (20, SOON), (account.pk, 300): (5, SOON)}


@pytest.mark.parametrize(
    ("left", "of_app", "waits"), [(11, False, False), (10, False, True), (0, False, True), (10, True, True)]
)
def test_a_tenth_is_kept(left: int, of_app: bool, waits: bool) -> None:
    account = make.account(network="x")
    meters.keep(account, [reading(left, of_app=of_app)], now=NOW)
    assert bool(meters.spent_of([account], now=NOW)) == waits
    assert not meters.spent_of([account], now=HOUR)


def test_what_another_account_has_used_up_is_its_own_matter(account) -> None:
    another, elsewhere = make.account("Perth"), make.account("Leith", network="x")
    meters.keep(another, [reading(0)], now=NOW)
    meters.keep(elsewhere, [reading(0, of_app=True)], now=NOW)
    assert meters.spent_of([account, elsewhere], now=NOW).keys() == {str(elsewhere.pk)}


def test_no_server_speaks_for_all_the_servers_of_its_network() -> None:
    here, there = make.account("Perth", network="mastodon"), make.account("Leith", network="mastodon")
    meters.keep(here, [reading(0, of_app=True)], now=NOW)
    assert meters.spent_of([here, there], now=NOW).keys() == {str(here.pk)}


def test_a_limit_that_cannot_be_kept_loses_no_outcome(account, author, spoc, network, engine, monkeypatch) -> None:
    def broken(*_, **__):
        raise ValueError("A bug")

    monkeypatch.setattr(meters, "keep", broken)
    network.outcomes.append(Refused("No."))
    make.approved(author, spoc, account)
    engine.drain()
    assert Consignment.objects.get().state == states.REFUSED


def test_an_ordinary_post_waits_unbegun_and_goes_when_the_limit_starts_again(
    account, author, spoc, network, engine, time
) -> None:
    meters.keep(account, [reading(10)], now=NOW)
    make.approved(author, spoc, account)
    engine.drain()
    row = Consignment.objects.get()
    assert (row.state, row.not_before, Attempt.objects.count()) == (states.READY, HOUR, 0)
    assert row.reason == (
        "Bluesky takes only 10 of 100 calls before its limit starts again; they are kept for warnings."
    )
    time.pass_(timedelta(hours=1))
    network.outcomes.append(YES)
    network.shows()
    engine.drain()
    row.refresh_from_db()
    assert row.state == states.SENT


def test_a_warning_uses_the_last_of_it(account, author, network, time, nudges) -> None:
    meters.keep(account, [reading(1)], now=NOW)
    communications = make.authorised(unit_key="corporate-communications", roles=("corporate-communications",))
    make.approved(author, communications, account, warning=True)
    network.outcomes.append(YES)
    network.shows()
    Engine("warning", clock=time, pools=inline).drain()
    assert Consignment.objects.get().state == states.SENT


def test_what_answers_tell_is_kept_after_the_outcome(account, author, spoc, network, engine, monkeypatch) -> None:
    from mercat.delivery import engine as module

    told = httpx.Response(200, headers={"ratelimit-limit": "30", "ratelimit-remaining": "9", "ratelimit-reset": "60"})

    def sends(notes):
        module._note_an_answer(told)
        return YES

    network.outcomes.append(sends)
    network.shows()
    make.approved(author, spoc, account)
    engine.drain()
    row = Meter.objects.get()
    assert (row.account, row.network, row.limit, row.left) == (account, "bluesky", 30, 9)


@pytest.mark.usefixtures("at_noon")
def test_the_page_shows_what_the_person_answers_for(account, spoc) -> None:
    client = signed_in(spoc)
    assert "No limit is known at the moment" in text_of(client.get("/sending/limits/"))
    another = make.account("Leith", network="mastodon", unit_key="edinburgh")
    own = make.account("Perth", network="x")
    register.appoint_spoc(by=make.TEST, account=own, person=spoc, now=NOW)
    meters.keep(own, [reading(11), reading(62, of_app=True, name="Posts in a day")], now=NOW)
    meters.keep(another, [reading(77)], now=NOW)
    said = text_of(client.get("/sending/limits/"))
    assert ("11 of 100" in said, "All accounts together" in said, "62 of 100" in said) == (True, True, True)
    assert "77 of 100" not in said

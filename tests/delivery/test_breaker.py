"""A server that answers nobody is left alone, soon; one of its posts tries; others go on as if nothing were."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from mercat.delivery import engine as engine_module
from mercat.delivery import states
from mercat.delivery.breaker import LONGEST_REST, LONGEST_TRIAL, REST, SILENCE, TRIAL, Breaker
from mercat.delivery.engine import Engine
from mercat.delivery.models import Attempt, Consignment
from mercat.networks.port import Later, Refused, Sent, Unsure
from tests import factories as make
from tests.delivery.inline import inline
from tests.factories import NOW

DOWN = Later(NOW + timedelta(seconds=20), "The line dropped.")


def failed(breaker: Breaker, *accounts: str, now: float = 0.0) -> None:
    for account in accounts:
        breaker.begins(account, now)
        breaker.ends(account, now, failed=True)


def test_three_accounts_that_fail_open_it() -> None:
    breaker = Breaker()
    failed(breaker, "a", "b", "a", "b")
    assert breaker.rest("c", 1.0) == 0
    failed(breaker, "c")
    assert breaker.rest("d", 1.0) == REST
    assert breaker.rest("d", 11.0) == REST - 10


def test_an_answer_to_anybody_closes_it() -> None:
    breaker = Breaker()
    failed(breaker, "a", "b", "c")
    assert breaker.rest("d", 0.0) == REST
    breaker.answers("a", 1.0)
    assert breaker.rest("d", 1.0) == 0


def test_three_accounts_that_are_kept_waiting_open_it_within_five_seconds() -> None:
    breaker = Breaker()
    for account in ("a", "b", "c"):
        breaker.begins(account, 0.0)
    assert breaker.rest("d", SILENCE - 0.1) == 0
    assert breaker.rest("d", SILENCE) == REST


def test_a_slow_answer_to_one_is_an_answer() -> None:
    breaker = Breaker()
    for account in ("a", "b", "c"):
        breaker.begins(account, 0.0)
    breaker.answers("b", 3.0)
    assert breaker.rest("d", SILENCE + 1) == 0
    assert breaker.rest("d", SILENCE + 3) == REST


def test_after_the_rest_one_tries_and_the_others_wait_for_it() -> None:
    breaker = Breaker()
    failed(breaker, "a", "b", "c")
    breaker.rest("d", 0.0)
    assert breaker.rest("d", REST) == 0
    assert (breaker.rest("d", REST), breaker.rest("e", REST)) == (0, TRIAL)
    breaker.begins("d", REST)
    breaker.answers("d", REST)
    breaker.ends("d", REST, failed=False)
    assert breaker.rest("e", REST) == 0


def test_each_rest_is_longer_up_to_five_minutes() -> None:
    breaker, now, rests = Breaker(), 0.0, []
    failed(breaker, "a", "b", "c")
    for _ in range(6):
        rests.append(breaker.rest("d", now))
        now += rests[-1]
        assert breaker.rest("d", now) == 0
        failed(breaker, "d", now=now)
    assert rests == [30, 60, 120, 240, LONGEST_REST, LONGEST_REST]


def test_one_that_tries_and_calls_nobody_leaves_the_turn_to_the_next() -> None:
    breaker = Breaker()
    failed(breaker, "a", "b", "c")
    breaker.rest("d", 0.0)
    assert breaker.rest("d", REST) == 0
    breaker.ends("d", REST, failed=False)
    assert breaker.rest("e", REST) == 0


def test_one_that_was_to_try_and_never_began_is_not_waited_for_long() -> None:
    breaker = Breaker()
    failed(breaker, "a", "b", "c")
    breaker.rest("d", 0.0)
    assert breaker.rest("d", REST) == 0
    assert breaker.rest("e", REST + LONGEST_TRIAL - 1) == TRIAL
    assert breaker.rest("e", REST + LONGEST_TRIAL) == 0
    assert breaker.rest("f", REST + LONGEST_TRIAL) == TRIAL


# In the engine


class Seconds:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def engine(time, nudges, seconds) -> Engine:
    return Engine("normal", clock=time, pools=inline, monotonic=seconds)


def asked(outcome):
    """What a network's outcome is that came after something was asked of it."""

    def call(notes):
        engine_module._watch_for_answers(httpx.Request("GET", "https://dead.example"))
        return outcome

    return call


def posts(author, count: int, server: str) -> list[Consignment]:
    communications = make.authorised(unit_key="corporate-communications", roles=("corporate-communications",))
    accounts = [make.account(base_url=server) for _ in range(count)]
    for each in accounts:
        make.approved(author, communications, each)
    return list(Consignment.objects.filter(account__in=accounts).order_by("created_at"))


@pytest.mark.django_db(transaction=True)
def test_the_fourth_post_to_a_dead_server_is_not_begun_and_other_servers_are_served(
    author, network, engine, time, seconds
) -> None:
    network.outcomes += [asked(DOWN), asked(Unsure("No answer.")), asked(DOWN)]
    posts(author, 3, "https://dead.example")
    engine.drain()
    (fourth,) = posts(author, 1, "https://dead.example")
    (other,) = posts(author, 1, "https://network.example")
    network.outcomes.append(Sent("n1", "https://network.example/n1"))
    network.shows()
    engine.drain()
    fourth.refresh_from_db()
    other.refresh_from_db()
    assert (fourth.state, fourth.not_before, other.state) == (states.READY, NOW + timedelta(seconds=REST), states.SENT)
    assert fourth.reason == "Bluesky does not answer at the moment. It is tried again by itself."
    assert not Attempt.objects.filter(consignment=fourth).exists()


@pytest.mark.django_db(transaction=True)
def test_when_the_rest_is_over_one_after_the_other_tries(author, network, engine, time, seconds) -> None:
    network.outcomes += [asked(DOWN)] * 3
    dead = posts(author, 3, "https://dead.example")
    engine.drain()
    dead += posts(author, 2, "https://dead.example")
    engine.drain()
    assert network.outcomes == network.sightings == type(network.outcomes)()
    network.outcomes += [Refused("No.")] * 5
    for _ in range(5):
        time.pass_(timedelta(seconds=REST))
        seconds.now += REST
        engine.drain()
    assert {row.state for row in Consignment.objects.all()} == {states.REFUSED}


@pytest.mark.django_db(transaction=True)
def test_one_account_that_always_fails_says_nothing_of_its_server(author, network, engine, time) -> None:
    (row,) = posts(author, 1, "https://network.example")
    for _ in range(4):
        network.outcomes.append(asked(Later(time.now + timedelta(minutes=5), "The line dropped.")))
        engine.drain()
        time.pass_(timedelta(minutes=10))
    assert Attempt.objects.filter(consignment=row).count() == 4


@pytest.mark.django_db(transaction=True)
def test_what_fails_before_anything_is_asked_says_nothing_of_the_server(author, network, engine) -> None:
    network.outcomes += [DOWN] * 3  # as where our own store cannot be read
    posts(author, 3, "https://dead.example")
    engine.drain()
    posts(author, 1, "https://dead.example")
    network.outcomes.append(Refused("No."))
    engine.drain()
    assert not network.outcomes

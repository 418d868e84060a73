"""Sending as a whole, under anything: a network without idempotency, workers that die anywhere, pauses, withdrawals.

Hypothesis chooses what happens; the world remembers what truly stands on the network. Whatever the order: never two.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from mercat.delivery import actions, states, steps
from mercat.delivery.claims import LEASE, claim
from mercat.delivery.clock import tick
from mercat.delivery.engine import Engine, grace_of
from mercat.delivery.models import Consignment
from mercat.networks import registry
from mercat.networks.port import Found, Later, Missing, Pending, Reconnect, Refused, Sent, Unreadable, Unsure
from mercat.people.actions import Impossible
from mercat.posts import actions as posts
from mercat.register.models import Connection
from tests import factories as make
from tests.delivery.inline import inline
from tests.factories import NOW

TEXT = "Road closed at the bridge."
READ_LAG = timedelta(seconds=10)
SETTLED = (*states.FINAL, states.REFUSED, states.NEEDS_PERSON)


class Died(BaseException):
    """A worker's process ends here: nothing after this point runs, not even its handlers of exceptions."""


class World:
    """The network, truly: what stands on it and since when. It takes the same words as often as they are sent."""

    def __init__(self, clock):
        self.clock, self.standing = clock, []
        self.next_answer, self.next_sight = "yes", "true"
        self.withdrawn = False

    def publish(self, channel, item, notes, *, now):
        assert not self.withdrawn, "what was withdrawn is sent"
        answer = self.next_answer
        if answer in ("yes", "lost", "dies after"):
            self.standing.append(self.clock())
        if answer.startswith("dies"):
            raise Died
        number = len(self.standing)
        return {
            "yes": Sent(f"n{number}", f"https://network.example/{number}"),
            "lost": Unsure("The line dropped."),
            "never arrived": Unsure("The line dropped."),
            "limited": Later(now + timedelta(minutes=5), "Wait.", limited=True),
            "no connection": Later(now + timedelta(seconds=10), "No connection."),
            "preparing": Pending(now + timedelta(seconds=5), "Preparing."),
            "refused": Refused("Too long."),
            "signed out": Reconnect("Signed out."),
        }[answer]

    def find(self, channel, item, notes, *, native_id, is_another, now):
        if self.next_sight == "unreadable":
            return Unreadable("No answer.")
        lag = READ_LAG if self.next_sight == "late" else timedelta()
        shown = [at for at in self.standing if at + lag <= self.clock()]
        return Found(native_id or "n1", "https://network.example/1", TEXT, 0, "id") if shown else Missing()

    def matches(self, item, found, channel):
        return found.text == item.text


class Sending(RuleBasedStateMachine):
    world_of = None  # set by the test: makes the registry's networks this world
    people = None  # set by the test: the same four for all examples

    @initialize()
    def a_post_is_approved(self):
        self.now = NOW
        self.world = World(lambda: self.now)
        type(self).world_of(self.world)
        account = make.account()
        self.author, self.spoc, self.chief, self.deputy = type(self).people
        make.register.appoint_spoc(by=make.TEST, account=account, person=self.spoc, now=NOW)
        self.post = make.approved(self.author, self.spoc, account, text=TEXT)
        self.row = Consignment.objects.get(account=account)
        self.pauses = []

    @rule(answer=st.sampled_from(["lost", "never arrived"]), sight=st.sampled_from(["late", "true", "unreadable"]))
    def a_worker_loses_the_answer(self, answer, sight):
        self.a_worker_works(answer, sight)

    @rule(sight=st.sampled_from(["late", "true"]))
    def a_worker_gets_a_yes(self, sight):
        self.a_worker_works("yes", sight)

    @rule(answer=st.sampled_from(["dies after", "dies before"]))
    def a_worker_dies_while_it_calls(self, answer):
        self.a_worker_works(answer, "true")

    @rule(answer=st.sampled_from(["limited", "no connection", "preparing", "refused", "signed out"]))
    def a_worker_is_put_off(self, answer):
        self.a_worker_works(answer, "true")

    def a_worker_works(self, answer, sight):
        self.world.next_answer, self.world.next_sight = answer, sight
        engine = Engine("normal", clock=lambda: self.now, pools=inline)
        try:
            engine.drain()
        except Died:
            return

    @rule(begun=st.booleans())
    def a_worker_dies_before_it_calls(self, begun):
        leased = claim("normal", limit=10, now=self.now)
        if begun:
            steps.begin(leased, now=self.now)

    @rule(seconds=st.sampled_from([1, 10, 70, 400]))
    def time_passes(self, seconds):
        self.now += timedelta(seconds=seconds)
        tick(now=self.now)

    @rule()
    def somebody_pauses_or_another_resumes(self):
        if self.pauses:
            actions.resume(by=self.deputy, pause=self.pauses.pop(), now=self.now)
        else:
            self.pauses.append(actions.pause(by=self.chief, scope="body", reason="Stop", now=self.now))

    @rule()
    def its_contact_connects_again_and_lets_it_go_on(self):
        Connection.objects.filter(account=self.row.account_id).update(state=Connection.State.WORKING, reason="")
        self._if_possible(actions.let_go_on, consignment=self.row)

    @rule()
    def its_author_withdraws_it(self):
        if not self.row.attempts.exists():
            return  # or most examples would end before they began
        self._if_possible(posts.withdraw, post=self.post, reason="Wrong road", by=self.author)
        self.post.refresh_from_db()
        self.world.withdrawn = self.post.state == "withdrawn"

    def _if_possible(self, act, by=None, **about):
        try:
            act(by=by or self.spoc, now=self.now, **about)
        except Impossible:
            return

    @invariant()
    def it_never_stands_there_twice(self):
        if hasattr(self, "world"):
            assert len(self.world.standing) <= 1

    @invariant()
    def what_is_withdrawn_or_refused_does_not_stand_there(self):
        if hasattr(self, "row") and self._state() in (states.WITHDRAWN, states.REFUSED):
            assert self.world.standing == []

    @invariant()
    def what_is_sent_stands_there(self):
        if hasattr(self, "row") and self._state() == states.SENT:
            assert len(self.world.standing) == 1

    def teardown(self):
        """In calm weather everything comes to an end: sent, withdrawn, refused, or before a person."""
        if not hasattr(self, "row"):
            return
        while self.pauses:
            self.somebody_pauses_or_another_resumes()
        for _ in range(20):
            if self._state() in SETTLED:
                break
            if self._state() == states.HELD:
                self.its_contact_connects_again_and_lets_it_go_on()
            self.a_worker_works("yes", "true")
            self.now += max(LEASE, grace_of("bluesky"), timedelta(minutes=6))
            tick(now=self.now)
        assert self._state() in SETTLED
        self.it_never_stands_there_twice()
        self.what_is_withdrawn_or_refused_does_not_stand_there()
        self.what_is_sent_stands_there()
        # The next example has the lane for itself.
        Consignment.objects.exclude(state__in=SETTLED).delete()

    def _state(self):
        self.row.refresh_from_db()
        return self.row.state


@pytest.mark.django_db(transaction=True)
def test_whatever_happens_a_post_goes_out_at_most_once_and_is_never_forgotten(monkeypatch, nudges):
    real = registry.get("bluesky")

    def world_of(world):
        spec = replace(real.spec, read_lag=READ_LAG)
        monkeypatch.setattr(registry, "get", lambda slug: replace(real, spec=spec, publisher=world, reader=world))

    monkeypatch.setattr("mercat.delivery.clock.nudge", lambda lane: None)
    monkeypatch.setattr("mercat.delivery.clock.integrate", lambda *, now: None)
    communications = {"unit_key": "corporate-communications", "roles": ("corporate-communications",)}
    two, others = [make.authorised() for _ in range(2)], [make.authorised(**communications) for _ in range(2)]
    monkeypatch.setattr(Sending, "people", (*two, *others))
    monkeypatch.setattr(Sending, "world_of", staticmethod(world_of))
    run_state_machine_as_test(
        Sending,
        settings=settings(
            max_examples=60, stateful_step_count=8, deadline=None, suppress_health_check=list(HealthCheck),
            derandomize=True, database=None,
        ),
    )  # fmt: skip

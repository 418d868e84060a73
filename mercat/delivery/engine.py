"""Sending: claim, ask guidance once more, call the network, keep the outcome, read back.

A worker runs one engine for its lane. `drain` claims what is due and hands each row to a thread of its server; the
threads hold neither a transaction nor a database connection while they wait for a network.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache, partial

import httpx
from django.conf import settings
from django.db import connection
from django.utils import timezone

from mercat.delivery import broadcasts, corrections, meters, removals, spending, states, steps, tries
from mercat.delivery.breaker import Breaker
from mercat.delivery.claims import ATTEMPT, claim, claim_doubts, loaded
from mercat.delivery.facts import post_facts
from mercat.delivery.manifest import contents, item_for
from mercat.delivery.models import Attempt, Broadcast, Consignment, Correction, Removal
from mercat.delivery.queue import nudge
from mercat.guidance import facts
from mercat.guidance.decision import Decision
from mercat.guidance.gate import prepare
from mercat.guidance.house import PAUSE
from mercat.networks import registry
from mercat.networks.kit.http import guarded_client
from mercat.networks.kit.metering import Reading, readings
from mercat.networks.port import (
    Altered,
    Channel,
    Found,
    Item,
    Later,
    Missing,
    Network,
    Outcome,
    Pending,
    Reconnect,
    Refused,
    Sent,
    Sighting,
    Unreadable,
    Unsure,
)
from mercat.networks.port import Broadcast as Seen
from mercat.people.facts import people_facts
from mercat.people.pack import guidance
from mercat.people.vault import Unopenable
from mercat.register.actions import mark_broken
from mercat.register.connections import channel
from mercat.register.facts import account_facts, accounts_by_id
from mercat.register.models import Account

log = logging.getLogger(__name__)

MOST_ATTEMPTS = 8  # counted ones; then a person is asked
MOST_WAITS = 100  # attempts in all, those that a network only put off among them; then its people are told
MOST_LOOKS = 10  # read-backs of one doubt; then a person is asked
SPARE = timedelta(seconds=1)  # on top of a network's read lag and time-out
UNKNOWN_GRACE = timedelta(minutes=10)  # no network's is longer (the contract)
RECENT = timedelta(seconds=0.5)  # half of the second within which a pause must hold
MOST_BETWEEN_LOOKS = timedelta(minutes=5)
NEXT_TURN = timedelta(seconds=20)  # after a row found no free thread of its server within an attempt's time

# The moment (monotonic) after which the attempt on this thread may call no more: a worker that was frozen past its
# lease must not go on where it stopped.
_stop_calling: ContextVar[float] = ContextVar("stop_calling", default=float("inf"))


@dataclass(slots=True)
class Watched:
    """An attempt under way: who waits for which server's answer. `called`: whether anything was asked of it yet."""

    breaker: Breaker
    account: str
    clock: Callable[[], float]
    readings: list[Reading] = field(default_factory=list)  # what the answers tell of its limits
    called: bool = False


_watched: ContextVar[Watched | None] = ContextVar("watched", default=None)


def grace_of(network: str) -> timedelta:
    """How long after a call began its effect may still be invisible (sending rule 7); long, where the network's folder
    is no longer there to say."""
    if not registry.known(network):
        return UNKNOWN_GRACE
    spec = registry.get(network).spec
    return spec.read_lag + spec.timeout + SPARE


_clients: dict[str, httpx.Client] = {}


def http_for(network: str) -> httpx.Client:
    """The guarded client of a network, shared by the threads of this process."""
    if network not in _clients:
        timeout = registry.get(network).spec.timeout
        client = guarded_client(timeout=timeout, allow_private=settings.MERCAT_PRIVATE_ORIGINS)
        hooks = client.event_hooks
        ours = [_refuse_late_calls, _let_go_of_the_database, _watch_for_answers]
        client.event_hooks = {"request": [*hooks["request"], *ours], "response": [*hooks["response"], _note_an_answer]}
        _clients.setdefault(network, client)
    return _clients[network]


def close_clients() -> None:
    """Close every connection to a network; the next call opens its own."""
    while _clients:
        _clients.popitem()[1].close()


def _watch_for_answers(request: httpx.Request) -> None:
    if watched := _watched.get():
        watched.called = True
        watched.breaker.begins(watched.account, watched.clock())


def _note_an_answer(response: httpx.Response) -> None:
    watched = _watched.get()
    if watched and response.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
        watched.breaker.answers(watched.account, watched.clock())
        watched.readings.extend(readings(response.headers, timezone.now()))


def _refuse_late_calls(request: httpx.Request) -> None:
    if time.monotonic() > _stop_calling.get():
        raise httpx.ConnectTimeout("The lease of this attempt is over; nothing was sent.", request=request)


def _let_go_of_the_database(request: httpx.Request) -> None:
    """Servers that do not answer would else hold all the connections that the others' outcomes need."""
    if not connection.in_atomic_block:
        connection.close()


def threads_of_each_server() -> Callable[[str], Executor]:
    """Threads by server, so that one that does not answer keeps no other waiting."""
    return cache(lambda server: ThreadPoolExecutor(settings.MERCAT_SEND_THREADS, f"send {server}"))


@dataclass
class RowNotes:
    """The adapter's notes on a consignment's row, kept under the fence and at once."""

    consignment: Consignment

    def get(self, name: str) -> str | None:
        return self.consignment.notes.get(name)

    def keep(self, name: str, value: str) -> None:
        notes = {**self.consignment.notes, name: value}
        kept = Consignment.objects.filter(pk=self.consignment.pk, fence=self.consignment.fence).update(notes=notes)
        if not kept:
            raise steps.FenceLost(str(self.consignment.pk))
        self.consignment.notes = notes


@dataclass
class Engine:
    """One lane's sending. `clock` tells the time, `monotonic` seconds; `pools` gives the threads that call a server, by
    its address."""

    lane: str
    clock: Callable[[], datetime] = timezone.now
    monotonic: Callable[[], float] = time.monotonic
    pools: Callable[[str], Executor] = field(default_factory=threads_of_each_server)
    most_in_hand: int = 256  # rows; more would only wait here under a lease instead of where all workers see them
    breakers: dict[str, Breaker] = field(default_factory=lambda: defaultdict(Breaker))  # by a server's address
    _in_hand: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _claiming: threading.Lock = field(default_factory=threading.Lock)  # or two nudges would each fill the same room

    def drain(self) -> int:
        """Claim and start everything that is due now. Returns how many rows were taken."""
        taken = 0
        with self._claiming:
            while found := self._take(self.most_in_hand - self._in_hand):
                taken += found
        return taken

    def _take(self, room: int) -> int:
        if room <= 0:
            return 0
        now = self.clock()
        due = claim(self.lane, limit=room, now=now)
        doubts = claim_doubts(self.lane, limit=room, now=now)
        leaving = removals.claim(self.lane, limit=room, now=now)
        wrong = corrections.claim(self.lane, limit=room, now=now)
        on_air = broadcasts.claim(self.lane, limit=room, now=now)
        others = (each.consignment for each in [*leaving, *wrong, *on_air])
        accounts = accounts_by_id({row.account_id for row in [*due, *doubts, *others]})
        for row in [*due, *doubts]:
            row.account = accounts[str(row.account_id)]
        self._send_all(self._past_the_gate(due), accounts)
        for row in doubts:
            self._start(self._look, row)
        deadline = time.monotonic() + ATTEMPT.total_seconds()
        for row, act, what in [
            *((each.consignment, self._take_down, each) for each in leaving),
            *((each.consignment, self._correct, each) for each in wrong),
            *((each.consignment, self._direct, each) for each in on_air),
        ]:
            row.account = accounts[str(row.account_id)]
            self._start(act, row, what, deadline)
        return len(due) + len(doubts) + len(leaving) + len(wrong) + len(on_air)

    def _past_the_gate(self, rows: list[Consignment]) -> list[Consignment]:
        """Ask guidance again, between claim and send (sending rule 4). What it holds is held at once."""
        now = self.clock()
        rows = [row for row in rows if self._is_as_approved(row)]
        authors = people_facts({row.author_id for row in rows}, now=now)
        passed, paused = [], []
        for author_id, author in authors.items():
            theirs = [row for row in rows if str(row.author_id) == author_id]
            for row, decision in zip(theirs, may_publish(theirs, author, now=now), strict=True):
                if decision.allowed:
                    passed.append(row)
                elif _only_paused(decision):
                    paused.append(row)
                else:
                    _unless_lost(steps.hold_by_guidance, row, decision, now=now)
        steps.hold_paused(paused, now=now)
        return passed

    def _is_as_approved(self, row: Consignment) -> bool:
        try:
            contents(row.manifest)
        except Altered as error:
            _unless_lost(steps.hold_altered, row, str(error), now=self.clock())
            return False
        return True

    def _send_all(self, rows: list[Consignment], accounts: dict[str, Account]) -> None:
        rows = self._within_budget(rows, accounts)
        spent = self._spent(accounts[str(row.account_id)] for row in rows)
        rows = [row for row in rows if not self._is_left(row, accounts[str(row.account_id)], spent)]
        if not rows:
            return
        deadline = time.monotonic() + ATTEMPT.total_seconds()
        now = self.clock()
        for row in steps.begin(rows, now=now):
            row.account = accounts[str(row.account_id)]
            self._start(self._send, row, now, deadline)

    def _within_budget(self, rows: list[Consignment], accounts: Mapping[str, Account]) -> list[Consignment]:
        for row in rows:
            row.account = accounts[str(row.account_id)]
        beyond = spending.beyond_budget(rows, now=self.clock())
        for row, reason in beyond.items():
            _unless_lost(steps.hold_beyond_budget, row, reason, now=self.clock())
        return [row for row in rows if row not in beyond]

    def _spent(self, accounts: Iterable[Account]) -> dict[str, meters.Spent]:
        """Warnings use what is left to the last."""
        return {} if self.lane == Consignment.Lane.WARNING else meters.spent_of(accounts, now=self.clock())

    def _is_left(self, row: Consignment, account: Account, spent: Mapping[str, meters.Spent]) -> bool:
        """Whether this waits, not begun: its server answers nobody, or what it still takes is kept for warnings."""
        now, seconds = self.clock(), self.breakers[account.connection.base_url].rest(str(account.pk), self.monotonic())
        if seconds:
            _unless_lost(steps.leave, row, _no_answer(account), until=now + timedelta(seconds=seconds), now=now)
        elif its := spent.get(str(account.pk)):
            _unless_lost(steps.leave, row, its.reason, until=its.until, now=now)
        return bool(seconds) or str(account.pk) in spent

    def _start(self, work: Callable[..., None], row: Consignment, *about: object) -> None:
        with self._lock:
            self._in_hand += 1
        self.pools(row.account.connection.base_url).submit(self._run, work, row, *about)

    def _run(self, work: Callable[..., None], row: Consignment, *about: object) -> None:
        try:
            work(row, *about)
        except steps.FenceLost:
            log.info("consignment %s is in other hands now", row.pk)
        except Exception:
            # The row keeps its state: the clock takes it up again when the lease runs out.
            log.exception("consignment %s", row.pk)
        finally:
            self._done_with_one()
            connection.close()

    def _done_with_one(self) -> None:
        with self._lock:
            self._in_hand -= 1
            idle = self._in_hand == 0
        if idle:  # accounts are free again: is the next post of one of them due?
            nudge(self.lane)

    # One attempt

    def _send(self, row: Consignment, begun: datetime, deadline: float) -> None:
        """Call the network. A yes is kept at once; what else follows waits behind the calls still to be made."""
        if not self._still_in_time(row, deadline) or not self._still_allowed(row, begun):
            return
        token = _stop_calling.set(deadline)
        try:
            outcome, told = self._publish(row)
        except Altered as error:
            steps.hold_altered(row, str(error), now=self.clock())
            return
        finally:
            _stop_calling.reset(token)
        if isinstance(outcome, Sent):
            steps.accepted(row, native_id=outcome.native_id, url=outcome.url)
            row.native_id, row.url = outcome.native_id, outcome.url
        self._start(self._settle, row, outcome, told)

    def _still_in_time(self, row: Consignment, deadline: float) -> bool:
        """Whether it may call. Else it is put off, which spends no attempt."""
        why = self._in_the_way(row, deadline)
        if why:
            now = self.clock()
            steps.put_off(row, Attempt.Result.LATER, why, until=now + NEXT_TURN, counted=False, now=now)
        return not why

    def _in_the_way(self, row: Consignment, deadline: float) -> str:
        """Why its server is not to be called now, having waited for a thread; "" where it may be."""
        if self.breakers[row.account.connection.base_url].rest(str(row.account_id), self.monotonic()):
            return _no_answer(row.account)
        return "" if time.monotonic() < deadline else "Its server kept the calls before it waiting."

    def _still_allowed(self, row: Consignment, begun: datetime) -> bool:
        """A call that had to wait is asked about once more: nothing starts a second after a pause (sending rule 12),
        a withdrawal or the end of what allowed it."""
        now = self.clock()
        if now - begun < RECENT:
            return True
        current = loaded(Consignment.objects.filter(pk=row.pk)).get()
        if current.recalled:
            steps.put_off(row, Attempt.Result.LATER, "Stopped before the call.", until=now, counted=False, now=now)
            return False
        current.account = accounts_by_id([row.account_id])[str(row.account_id)]
        (decision,) = may_publish([current], people_facts([row.author_id], now=now)[str(row.author_id)], now=now)
        if _only_paused(decision):
            steps.hold_paused([row], now=now)
        elif not decision.allowed:
            steps.hold_by_guidance(row, decision, now=now)
        return decision.allowed

    def _publish(self, row: Consignment) -> tuple[Outcome, list[Reading]]:
        """The network's answer, watched by its server's breaker; and what it told of its limits."""
        watched = Watched(self.breakers[row.account.connection.base_url], str(row.account_id), self.monotonic)
        token, failed = _watched.set(watched), True
        try:
            outcome = self._called(row)
            failed = isinstance(outcome, Unsure) or (isinstance(outcome, Later) and not outcome.limited)
            return outcome, watched.readings
        finally:
            _watched.reset(token)
            # What failed before anything was asked, as in our own store, says nothing of the server.
            watched.breaker.ends(watched.account, self.monotonic(), failed=failed and watched.called)

    def _called(self, row: Consignment) -> Outcome:
        try:
            item = item_for(row, first_sent_at=row.first_sent_at, now=self.clock())
            network = registry.get(row.account.network)
            reach = channel(row.account, http_for(row.account.network))
            if item.begins:
                return self._announced(network, reach, item, row)
            if item.story and network.spec.stories is None:
                return Refused(f"{network.spec.name} has no stories from here.")
            return network.publisher.publish(reach, item, RowNotes(row), now=self.clock())
        except Unopenable as error:
            return Reconnect(str(error))

    def _announced(self, network: Network, reach: Channel, item: Item, row: Consignment) -> Outcome:
        """A live broadcast, before it begins."""
        now = self.clock()
        if network.live is None:
            return Refused(f"{network.spec.name} brings no live broadcasts from here.")
        if item.begins is None or item.begins <= now:
            return Refused("The broadcast should have begun before it could be announced. Set a later time.")
        return network.live.make(reach, item, RowNotes(row), begins=item.begins, now=now)

    def _settle(self, row: Consignment, outcome: Outcome, told: list[Reading]) -> None:
        try:
            self._conclude(row, outcome)
        finally:
            _note_limits(row.account, told, self.clock())

    def _conclude(self, row: Consignment, outcome: Outcome) -> None:
        now = self.clock()
        match outcome:
            case Sent():
                self._read_back(row)
            case Pending(at, reason, moving=True):
                steps.put_off(row, Attempt.Result.MOVED, reason, until=at, counted=False, now=now)
            case Pending(at, reason):
                self._wait(row, Attempt.Result.PENDING, at, reason)
            case Later(at, reason, limited=True):
                self._wait(row, Attempt.Result.LATER, at, reason)
            case Later(at, reason):
                self._try_again(row, at, reason)
            case Refused(reason, detail):
                steps.refuse(row, reason, detail=detail, now=now)
            case Reconnect(reason):
                mark_broken(by=steps.ENGINE, account=row.account, reason=reason, now=now)
                steps.hold_disconnected(row, reason, now=now)
            case Unsure(reason):
                steps.doubt(row, reason, look_at=now + grace_of(row.account.network), now=now)

    def _wait(self, row: Consignment, result: str, at: datetime, reason: str) -> None:
        """The network named a time. No attempt is spent, but each wait is longer than the last, and not for ever."""
        now, attempts = self.clock(), row.attempts.exclude(result=Attempt.Result.MOVED).count()
        if attempts >= MOST_WAITS:
            steps.refuse(row, f"It was put off {attempts} times. The last reason: {reason}", now=now)
            return
        shortest = min(timedelta(seconds=2 ** min(attempts - 1, 10)), MOST_BETWEEN_LOOKS)
        steps.put_off(row, result, reason, until=max(at, now + shortest), counted=False, now=now)

    def _try_again(self, row: Consignment, at: datetime, reason: str) -> None:
        now = self.clock()
        if row.attempts_made + 1 >= MOST_ATTEMPTS:
            steps.refuse(row, f"Tried {MOST_ATTEMPTS} times without success. The last reason: {reason}", now=now)
            return
        steps.put_off(row, Attempt.Result.LATER, reason, until=at, counted=True, now=now)

    # Taking down

    def _take_down(self, row: Consignment, removal: Removal, deadline: float) -> None:
        """Ask the network to take it down, then look whether it did. Whatever goes wrong is tried again."""
        if outcome := tries.unconnected(removal, row.account, now=self.clock()):
            removals.keep(removal, outcome, now=self.clock())
            return
        if why := self._in_the_way(row, deadline):
            removals.keep(removal, Later(self.clock() + NEXT_TURN, why, limited=True), now=self.clock())
            return
        token = _stop_calling.set(deadline)
        try:
            outcome = self._removed(row)
            sighting = self._seen(row)[0] if isinstance(outcome, Sent) else None
        except Exception:
            log.exception("taking down consignment %s", row.pk)
            outcome, sighting = Unsure("Taking it down went wrong here."), None
        finally:
            _stop_calling.reset(token)
        now = self.clock()
        if isinstance(outcome, Reconnect):
            mark_broken(by=steps.ENGINE, account=row.account, reason=outcome.reason, now=now)
        grace = grace_of(row.account.network)
        removals.keep(removal, removals.judged(outcome, sighting, grace=grace, now=now), now=now)

    def _removed(self, row: Consignment) -> Outcome:
        remover = registry.get(row.account.network).remover
        if remover is None:
            return Refused("This network lets no programme take posts down.")
        try:
            reach = channel(row.account, http_for(row.account.network))
        except Unopenable as error:
            return Reconnect(str(error))
        return remover.remove(reach, native_id=row.native_id, now=self.clock())

    # Correcting

    def _correct(self, row: Consignment, correction: Correction, deadline: float) -> None:
        """Ask the network to give it the new words, then look whether they stand. Whatever goes wrong is tried
        again."""
        row = corrections.corrected(correction)
        if corrections.is_recalled(correction):
            corrections.end_recalled(correction, now=self.clock())
            return
        if outcome := self._before_correcting(row, correction, deadline):
            corrections.keep(correction, outcome, now=self.clock())
            return
        token = _stop_calling.set(deadline)
        try:
            outcome = self._edited(row)
            seen = self._seen(row) if isinstance(outcome, Sent) else None
        except Altered as error:
            log.critical("the correction of consignment %s does not go out: %s", row.pk, error)
            outcome, seen = Refused(str(error)), None
        except Exception:
            log.exception("correcting consignment %s", row.pk)
            outcome, seen = Unsure("Correcting it went wrong here."), None
        finally:
            _stop_calling.reset(token)
        now = self.clock()
        if isinstance(outcome, Reconnect):
            mark_broken(by=steps.ENGINE, account=row.account, reason=outcome.reason, now=now)
        grace = grace_of(row.account.network)
        corrections.keep(correction, corrections.judged(outcome, seen, grace=grace, now=now), now=now)

    def _before_correcting(self, row: Consignment, correction: Correction, deadline: float) -> Outcome | None:
        """Why it is not corrected now. Guidance is asked, and pauses hold, as before anything goes out."""
        now = self.clock()
        row.account = accounts_by_id([row.account_id])[str(row.account_id)]
        if outcome := tries.unconnected(correction, row.account, now=now):
            return outcome
        if why := self._in_the_way(row, deadline):
            return Later(now + NEXT_TURN, why, limited=True)
        current = loaded(Consignment.objects.filter(pk=row.pk)).get()
        if corrections.leaves(current):
            return Refused(corrections.LEAVES)
        row.paused = current.paused
        (decision,) = may_publish([row], people_facts([row.author_id], now=now)[str(row.author_id)], now=now)
        if _only_paused(decision):
            return Later(now + corrections.AFTER_A_PAUSE, corrections.PAUSED, limited=True)
        if not decision.allowed:
            return Refused(" ".join(f"{each.reason} {each.remedy}" for each in decision.refusals))
        return None

    def _edited(self, row: Consignment) -> Outcome:
        editor = registry.get(row.account.network).editor
        if editor is None:
            return Refused("This network lets no programme change what stands there.")
        item = item_for(row, first_sent_at=row.first_sent_at, now=self.clock())
        try:
            reach = channel(row.account, http_for(row.account.network))
        except Unopenable as error:
            return Reconnect(str(error))
        return editor.edit(reach, item, native_id=row.native_id, now=self.clock())

    # Live

    def _direct(self, row: Consignment, broadcast: Broadcast, deadline: float) -> None:
        """Start or end a broadcast where somebody asked for it, and look how it stands."""
        if why := self._in_the_way(row, deadline):
            broadcasts.wait(broadcast, why, now=self.clock())
            return
        token = _stop_calling.set(deadline)
        try:
            outcome, seen = self._directed(row, broadcast)
        except Exception:
            log.exception("directing the broadcast of consignment %s", row.pk)
            outcome, seen = Unsure("Something went wrong here."), Unreadable("Something went wrong here.")
        finally:
            _stop_calling.reset(token)
        if isinstance(outcome, Reconnect):
            mark_broken(by=steps.ENGINE, account=row.account, reason=outcome.reason, now=self.clock())
        broadcasts.keep(broadcast, outcome, seen, now=self.clock())

    def _directed(self, row: Consignment, broadcast: Broadcast) -> tuple[Outcome | None, Seen | Unreadable]:
        live = registry.get(row.account.network).live
        if live is None:
            return Refused("This network brings no live broadcasts from here."), Unreadable("Nothing live is there.")
        try:
            reach = channel(row.account, http_for(row.account.network))
        except Unopenable as error:
            return Reconnect(str(error)), Unreadable(str(error))
        asked = {broadcasts.START: live.start, broadcasts.END: live.end}.get(broadcast.wish)
        if broadcast.wish == broadcasts.START and broadcasts.is_paused(row):  # since it was asked for (rule 12)
            outcome: Outcome | None = Refused(broadcasts.PAUSED)
        else:
            outcome = asked(reach, native_id=row.native_id, now=self.clock()) if asked else None
        return outcome, live.state(reach, native_id=row.native_id, now=self.clock())

    # Reading back

    def _read_back(self, row: Consignment) -> None:
        """Straight after a yes: most networks show it at once. Where not, it is in doubt until they do."""
        sighting, is_it = self._seen(row)
        now = self.clock()
        if is_it:
            steps.confirm(row, native_id=sighting.native_id, url=sighting.url, now=now)
            return
        why = "The network took it, and does not show it yet."
        steps.doubt(row, why, look_at=now + grace_of(row.account.network), now=now)

    def _look(self, row: Consignment) -> None:
        """A doubt whose grace is over."""
        sighting, is_it = self._seen(row)
        now = self.clock()
        if is_it:
            steps.confirm(row, native_id=sighting.native_id, url=sighting.url, now=now)
            return
        match sighting:
            case Found() if not row.native_id and _another_is_under_way(row):
                self._look_again(row, "Another post to this account is on its way, and may be what is seen there.")
            case Found():
                steps.give_up(row, "What stands on the network is not what was sent.", now=now)
            case Missing() if not row.native_id:
                self._missed(row)
            case Missing():
                self._look_again(row, "The network took it, and still does not show it.")
            case Unreadable(reason):
                self._look_again(row, reason)

    def _seen(self, row: Consignment) -> tuple[Sighting, bool]:
        """What the network shows, and whether it is this post. Whatever goes wrong in looking is `Unreadable`: a doubt
        that nobody could end would keep its account busy for ever."""
        # A look has as long as an attempt: one that outlived its lease would leave the doubt open, uncounted.
        token = _stop_calling.set(min(_stop_calling.get(), time.monotonic() + ATTEMPT.total_seconds()))
        try:
            return self._sight(row)
        except steps.FenceLost:
            raise
        except Exception:
            log.exception("looking for consignment %s", row.pk)
            return Unreadable("What stands on the network could not be read."), False
        finally:
            _stop_calling.reset(token)

    def _sight(self, row: Consignment) -> tuple[Sighting, bool]:
        reader = registry.get(row.account.network).reader
        item = item_for(row, first_sent_at=row.first_sent_at, now=self.clock())
        reach = channel(row.account, http_for(row.account.network))
        native_id, is_another = row.native_id or None, partial(_is_another, row)
        try:
            sighting = reader.find(
                reach, item, RowNotes(row), native_id=native_id, is_another=is_another, now=self.clock()
            )
        except Unopenable as error:
            sighting = Unreadable(str(error), reconnect=True)
        if isinstance(sighting, Unreadable) and sighting.reconnect:
            mark_broken(by=steps.ENGINE, account=row.account, reason=sighting.reason, now=self.clock())
        found = isinstance(sighting, Found)
        return sighting, found and reader.matches(item, sighting, reach) and not is_another(sighting.native_id)

    def _missed(self, row: Consignment) -> None:
        if row.attempts_made + 1 >= MOST_ATTEMPTS:
            steps.give_up(row, f"Tried {MOST_ATTEMPTS} times, and it never appeared.", now=self.clock())
            return
        steps.miss(row, now=self.clock())

    def _look_again(self, row: Consignment, reason: str) -> None:
        now = self.clock()
        if row.looks + 1 < MOST_LOOKS:
            wait = min(grace_of(row.account.network) * 2**row.looks, MOST_BETWEEN_LOOKS)
            steps.doubt(row, reason, look_at=now + wait, now=now)
            return
        if row.lane == Consignment.Lane.WARNING and guidance().pack.warnings.prefer_double and not row.native_id:
            steps.miss(row, now=now)
            return
        steps.give_up(row, reason, now=now)


def may_publish(rows: list[Consignment], author: facts.Person, *, now: datetime) -> list[Decision]:
    """Guidance on consignments of one author, to different accounts, at this moment.

    The rows were loaded by a claim, their accounts with their facts.
    """
    posts = {str(row.account_id): post_facts(row) for row in rows}
    accounts = {row.pk: account_facts(row.account) for row in rows}
    asked = prepare(guidance(), author, accounts.values())
    decisions = {}
    for paused in {row.paused for row in rows}:
        some = [row.pk for row in rows if row.paused == paused]
        situation = facts.Situation(now=now, paused=paused)
        answers = asked.decide_many("publish", [accounts[pk] for pk in some], situation, posts)
        decisions.update(zip(some, answers, strict=True))
    return [decisions[row.pk] for row in rows]


def _note_limits(account: Account, told: list[Reading], now: datetime) -> None:
    """Only advice for later posts: whatever goes wrong with it, the outcome stands."""
    try:
        meters.keep(account, told, now=now)
    except Exception:
        log.exception("what %s told of its limits", account.network)


def _no_answer(account: Account) -> str:
    return f"{registry.get(account.network).spec.name} does not answer at the moment. It is tried again by itself."


def _only_paused(decision: Decision) -> bool:
    """Whether it goes on by itself once the pause is lifted."""
    return not decision.allowed and all(refusal.clause == PAUSE for refusal in decision.refusals)


def _is_another(row: Consignment, native_id: str) -> bool:
    """Whether this is another post of ours on the same account, perhaps with the same words."""
    return Consignment.objects.filter(account=row.account_id, native_id=native_id).exclude(pk=row.pk).exists()


def _another_is_under_way(row: Consignment) -> bool:
    """In the other lane: what stands on the network may be that one, until its id is known."""
    others = Consignment.objects.filter(account=row.account_id, state__in=states.BUSY)
    return others.exclude(pk=row.pk).exists()


def _unless_lost(step: Callable[..., None], row: Consignment, *args: object, **kwargs: object) -> None:
    try:
        step(row, *args, **kwargs)
    except steps.FenceLost:
        log.info("consignment %s is in other hands now", row.pk)


@cache
def _engine(lane: str) -> Engine:
    return Engine(lane)


def drain(lane: str) -> None:
    """What a nudge does."""
    try:
        _engine(lane).drain()
    finally:
        connection.close()

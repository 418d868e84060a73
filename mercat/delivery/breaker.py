"""A server that answers nobody is left alone for a while: its posts wait, with no attempt spent, and one of them tries.

Each process keeps its own. What counts are accounts, not calls: one account whose posts fail again and again says
nothing about its server.
"""

from __future__ import annotations

import threading

ACCOUNTS = 3  # that failed since the last answer, or are kept waiting
SILENCE = 4.0  # seconds without an answer to any of them: it opens within five
REST, LONGEST_REST = 30.0, 300.0  # seconds; doubled each time that the one that tries fails too
TRIAL = 5.0  # seconds after which others ask again whether the one that tries got through
LONGEST_TRIAL = 60.0  # seconds; longer than an attempt: one that never began is waited for no more


class Breaker:
    """Of one server. `now` is monotonic, in seconds; `account` is whatever names one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, float] = {}  # accounts that are under way, since when they have heard nothing
        self._failed: set[str] = set()  # accounts, since the last answer
        self._rests_until = 0.0
        self._rest = REST
        self._on_trial = ""  # the account that tries after a rest
        self._trial_until = 0.0

    def rest(self, account: str, now: float) -> float:
        """How many seconds this account's post should wait; 0: it may call."""
        with self._lock:
            if now < self._rests_until:
                return self._rests_until - now
            if self._on_trial not in ("", account) and now < self._trial_until:
                return TRIAL
            silent = [each for each, since in self._waiting.items() if now - since >= SILENCE]
            if len(self._failed) < ACCOUNTS and len(silent) < ACCOUNTS:
                return 0.0
            return self._open(account, now)

    def begins(self, account: str, now: float) -> None:
        """A call, or the next of an attempt's calls, goes off."""
        with self._lock:
            self._waiting[account] = now

    def answers(self, account: str, now: float) -> None:
        """The server said something, whatever it was, but that it is in trouble."""
        with self._lock:
            self._waiting = dict.fromkeys(self._waiting, now)
            self._failed.clear()
            self._rests_until, self._rest, self._on_trial = 0.0, REST, ""

    def ends(self, account: str, now: float, *, failed: bool) -> None:
        """The attempt is over. `failed`: for want of an answer, or by trouble of the server's own."""
        with self._lock:
            self._waiting.pop(account, None)
            tried = account == self._on_trial
            if tried:
                self._on_trial = ""
            if failed:
                self._failed.add(account)
                if tried:
                    self._rest_on(now)

    def _open(self, account: str, now: float) -> float:
        """A first time: rest. After a rest: let this one try."""
        if self._rests_until:
            self._on_trial, self._trial_until = account, now + LONGEST_TRIAL
            return 0.0
        self._rest_on(now)
        return self._rests_until - now

    def _rest_on(self, now: float) -> None:
        self._rests_until = now + self._rest
        self._rest = min(self._rest * 2, LONGEST_REST)

"""A recent proof of who acts, before what the pack lists (`sign_in.step_up`): to approve, connect, export, administer.

Asked where guidance is asked, so that no page can forget it. Signing in is a proof. What no page asks for (the clock,
a command) has no session to prove anything in: its own way in has asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta

from django.contrib.sessions.backends.base import SessionBase

from mercat.people.pack import guidance

PROVED_AT = "proved_at"  # in a session

_last_proof: ContextVar[datetime | None] = ContextVar("last_proof", default=None)
_on_a_page: ContextVar[bool] = ContextVar("on_a_page", default=False)


class ProofNeeded(Exception):
    """It is allowed, and whoever does it must first prove again who they are. str(): what is being done."""


@contextmanager
def proved_at(when: datetime | None) -> Iterator[None]:
    """A page that changes something, opened by somebody whose last proof was then."""
    page, proof = _on_a_page.set(True), _last_proof.set(when)
    try:
        yield
    finally:
        _on_a_page.reset(page)
        _last_proof.reset(proof)


def proved_now(session: SessionBase, *, now: datetime) -> None:
    session[PROVED_AT] = now.isoformat()
    _last_proof.set(now)


def last_proof(session: SessionBase) -> datetime | None:
    said = session.get(PROVED_AT)
    return datetime.fromisoformat(said) if said else None


def ask_for(action: str, *, now: datetime) -> None:
    """For an action that guidance has allowed. Raises ProofNeeded."""
    words = guidance().pack.sign_in.step_up.get(action)
    if words:
        ask(words, now=now)


def ask(words: str, *, now: datetime) -> None:
    """Raises ProofNeeded where the last proof is too old for this, which is `words`."""
    minutes = timedelta(minutes=guidance().pack.sign_in.step_up_minutes)
    last = _last_proof.get()
    if _on_a_page.get() and (last is None or now - last > minutes):
        raise ProofNeeded(words)

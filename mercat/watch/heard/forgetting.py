"""Forgetting what people wrote, once its time is over. No network is asked, so that none can hold it up."""

from __future__ import annotations

from datetime import datetime

from mercat.watch.heard import actions


def run(*, now: datetime) -> None:
    """The chore."""
    actions.forget(now=now)

"""Reported accounts are looked at again until they are gone."""

from __future__ import annotations

from datetime import datetime

from mercat.audit.actors import System
from mercat.watch.cases import states
from mercat.watch.cases.actions import tell_to_look
from mercat.watch.models import Case

A_ROUND = 100


def run(*, now: datetime) -> None:
    due = Case.objects.filter(state=states.REPORTED, look_at__lte=now, told_to_look_at=None).order_by("look_at")
    for case in due[:A_ROUND]:
        tell_to_look(by=System("a reported account is to be looked at"), case=case, now=now)

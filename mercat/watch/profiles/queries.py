"""Reads of profiles, in the reach of whoever asks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Prefetch

from mercat.guidance import facts
from mercat.register.facts import with_facts
from mercat.register.models import Account
from mercat.register.scope import open_to
from mercat.watch.models import Branding, ProfileChange, ProfileFinding

SEES = ("view_account", "assign_branding")  # either opens what an account shows
MOST = 20  # of what stands beside something else


def seen_by(viewer: facts.Person, *, now: datetime) -> list[Account]:
    """Those that this person may know of, each with its `findings` and its `assigned`, what is amiss first."""
    rows = _with_profiles(Account.objects.exclude(status=Account.Status.CLOSED).order_by("network", "name"))
    found = open_to(viewer, rows, by=SEES, now=now)
    return sorted(found, key=lambda row: not row.findings)


def one_seen_by(viewer: facts.Person, key: UUID, *, now: datetime) -> Account | None:
    """What is not there and what may not be seen are the same: None."""
    rows = open_to(viewer, _with_profiles(Account.objects.filter(pk=key)), by=SEES, now=now)
    return next(iter(rows), None)


def changes_of(account: Account) -> list[ProfileChange]:
    """The latest first."""
    rows = ProfileChange.objects.filter(account=account).select_related("asked_by")
    return list(rows.order_by("-pk")[:MOST])


def brandings_of(account: Account) -> list[Branding]:
    """The latest first."""
    return list(Branding.objects.filter(account=account).select_related("assigned_by").order_by("-pk")[:MOST])


def _with_profiles(rows: Iterable[Account]) -> Iterable[Account]:
    findings = Prefetch("profile_findings", ProfileFinding.objects.filter(ended_at=None), to_attr="findings")
    assigned = Prefetch("brandings", Branding.objects.all(), to_attr="assigned")
    return with_facts(rows).select_related("profile_look", "connection").prefetch_related(findings, assigned)

"""The authorised structure, the accounts that fill it, and how each is reached."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from mercat.people.models import Person, Step, Unit


class Slot(models.Model):
    """A place in the authorised structure: founded with the pack, or added by an approved application."""

    key = models.CharField(primary_key=True, max_length=80)  # the pack's own, or "application-…"
    network = models.SlugField(max_length=32)  # checked against the pack, never an enum: networks are pluggable
    tier = models.SlugField(max_length=32)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="slots")
    name = models.CharField(max_length=120)
    application = models.OneToOneField(
        "Application", null=True, blank=True, on_delete=models.PROTECT, related_name="slot"
    )  # null: founding
    closed_at = models.DateTimeField(null=True, blank=True)

    PRIVATE: ClassVar[dict[str, str]] = {"key": "open", "name": "open"}

    class Meta:
        ordering = ["network", "tier", "name"]

    def __str__(self) -> str:
        return self.name


class Application(models.Model):
    """A new account, asked for in writing and decided by the holder of one role (clauses 4.7, 4.8, 4.12)."""

    class Decision(models.TextChoices):
        GRANTED = "granted", "Granted"
        REFUSED = "refused", "Refused"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    network = models.SlugField(max_length=32)
    kind = models.SlugField(max_length=32)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=120)
    purpose = models.TextField()
    justification = models.TextField(blank=True)
    holder = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    applicant = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="applications")
    applied_at = models.DateTimeField()
    decision = models.CharField(max_length=16, choices=Decision.choices, blank=True)
    reasons = models.TextField(blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    PRIVATE: ClassVar[dict[str, str]] = {
        "name": "open",
        "purpose": "open",
        "justification": "operational",
        "reasons": "operational",
    }

    class Meta:
        ordering = ["-applied_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(decision="", decided_at=None) | (~Q(decision="") & Q(decided_at__isnull=False)),
                name="a_decision_has_its_time",
            ),
            models.CheckConstraint(condition=Q(decision="") | ~Q(reasons=""), name="a_decision_has_its_reasons"),
            models.CheckConstraint(
                condition=~Q(decided_by=F("applicant")), name="nobody_decides_their_own_application"
            ),
        ]

    def __str__(self) -> str:
        return f"Application for {self.name}"


class Account(models.Model):
    """An official account. It belongs to the body, whoever holds it (clause 4.9)."""

    class Status(models.TextChoices):
        APPROVED = "approved", "Approved, not connected yet"
        ACTIVE = "active", "Active"
        DORMANT = "dormant", "Dormant"
        SUSPENDED = "suspended", "Suspended"
        CLOSED = "closed", "Closed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slot = models.ForeignKey(Slot, on_delete=models.PROTECT, related_name="accounts")
    network = models.SlugField(max_length=32)
    tier = models.SlugField(max_length=32)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="accounts")
    name = models.CharField(max_length=120)
    handle = models.CharField(max_length=253, blank=True)
    native_id = models.CharField(max_length=253, blank=True)
    url = models.URLField(max_length=500, blank=True)
    status = models.CharField(max_length=16, choices=Status.choices)
    holder = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="held_accounts")
    registered_at = models.DateTimeField()
    spoc_missing_since = models.DateTimeField(null=True, blank=True)

    PRIVATE: ClassVar[dict[str, str]] = {"name": "open", "handle": "open", "native_id": "open", "url": "open"}

    class Meta:
        ordering = ["network", "name"]
        constraints = [
            models.UniqueConstraint(fields=["slot"], condition=~Q(status="closed"), name="one_open_account_in_a_slot"),
            models.UniqueConstraint(
                fields=["network", "native_id", "url"],  # some networks number accounts anew on every server
                condition=~Q(native_id="") & ~Q(status="closed"),
                name="a_network_account_is_registered_once",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def audit_ref(self) -> str:
        return f"account:{self.pk}"


class Spoc(Step):
    """The single point of contact for an account's users and content (clause 5.7)."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="spocs")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="spoc_of")

    PRIVATE: ClassVar[dict[str, str]] = {}

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "person"], condition=Q(ended_at=None), name="a_spoc_is_appointed_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} for {self.account}"


class Connection(models.Model):
    """How an account is reached: where, and with which sealed credentials. A person never sees them (clause 6.2)."""

    class State(models.TextChoices):
        WORKING = "working", "Working"
        BROKEN = "broken", "Needs to be connected again"

    account = models.OneToOneField(Account, on_delete=models.PROTECT, related_name="connection")
    base_url = models.URLField(max_length=300)
    state = models.CharField(max_length=16, choices=State.choices)
    reason = models.CharField(max_length=300, blank=True)  # why it is broken
    limits = models.JSONField(default=dict)
    sealed = models.BinaryField()
    generation = models.PositiveIntegerField(default=1)  # how often it was connected; the seal is bound to it
    connected_at = models.DateTimeField()
    connected_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")

    PRIVATE: ClassVar[dict[str, str]] = {
        "base_url": "open",
        "reason": "operational",
        "limits": "open",
        "sealed": "secret",
    }

    def __str__(self) -> str:
        return f"Connection of {self.account}"

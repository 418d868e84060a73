"""The accounts that fill the structure, and who answers for each."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q

from mercat.audit.append_only import append_only
from mercat.people.models import Person, Step, Unit
from mercat.register.models.structure import Slot


class Account(models.Model):
    """An official account. It belongs to the body, whoever holds it (clause 4.9).

    It enters the register as approved, in an open place, and its status moves by a `Change` alone: triggers hold both.
    """

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
    purpose = models.TextField(blank=True)
    bio = models.TextField(blank=True)  # as it stands on the network; it names the numbers to call
    languages = models.CharField(max_length=120, blank=True)
    registered_at = models.DateTimeField()
    spoc_missing_since = models.DateTimeField(null=True, blank=True)

    PRIVATE: ClassVar[dict[str, str]] = {
        "name": "open",
        "handle": "open",
        "native_id": "open",
        "url": "open",
        "purpose": "open",
        "bio": "open",
        "languages": "open",
    }

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


@append_only()
class Change(models.Model):
    """One step of an account's status, by the table in `standing.states`; a trigger holds the table too."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="changes")
    was = models.CharField(max_length=16, choices=Account.Status.choices)
    became = models.CharField(max_length=16, choices=Account.Status.choices)
    reason = models.TextField()
    at = models.DateTimeField()
    by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")  # null: the programme

    PRIVATE: ClassVar[dict[str, str]] = {"reason": "operational"}

    class Meta:
        ordering = ["pk"]
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="a_change_has_its_reason")]

    def __str__(self) -> str:
        return f"{self.account}: {self.was} → {self.became}"


@append_only()
class Posture(models.Model):
    """What somebody found when they looked at how an account is protected on its network. The latest one counts.

    Whoever can recover the account there is a role, by a mailbox of the body: never a person by their own.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="postures")
    second_factor = models.BooleanField()
    recovery_role = models.SlugField(max_length=60)
    recovery_mailbox = models.EmailField()
    evidence = models.TextField()
    checked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")

    PRIVATE: ClassVar[dict[str, str]] = {"recovery_mailbox": "operational", "evidence": "operational"}

    class Meta:
        ordering = ["-checked_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(expires_at__gt=models.F("checked_at")), name="a_check_counts_for_a_time")
        ]

    def __str__(self) -> str:
        return f"Protection of {self.account}"

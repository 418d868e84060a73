"""The authorised structure, and applications for more of it."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from mercat.people.models import Person, Unit


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

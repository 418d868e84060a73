"""The authorised structure, and applications for more of it."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from mercat.audit.append_only import append_only
from mercat.people.models import Person, Unit


@append_only()
class Founding(models.Model):
    """The laying out of a pack's structure: what was authorised before there was this register (clause 4.12)."""

    at = models.DateTimeField()
    pack = models.SlugField(max_length=60)
    version = models.CharField(max_length=32)
    digest = models.CharField(max_length=64)

    PRIVATE: ClassVar[dict[str, str]] = {"version": "open", "digest": "open"}

    def __str__(self) -> str:
        return f"{self.pack} {self.version}"


@append_only(updatable=("closed_at", "review_due"))
class Slot(models.Model):
    """A place in the authorised structure: founded with the pack, or added by an approved application.

    Triggers hold that it rests on one of the two, and that nothing but a review closes it or moves its review date.
    """

    key = models.CharField(primary_key=True, max_length=80)  # the pack's own, or "application-…"
    network = models.SlugField(max_length=32)  # checked against the pack, never an enum: networks are pluggable
    tier = models.SlugField(max_length=32)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="slots")
    name = models.CharField(max_length=120)
    application = models.OneToOneField(
        "Application", null=True, blank=True, on_delete=models.PROTECT, related_name="slot"
    )
    founding = models.ForeignKey(Founding, null=True, blank=True, on_delete=models.PROTECT, related_name="slots")
    review_due = models.DateField()
    closed_at = models.DateTimeField(null=True, blank=True)

    PRIVATE: ClassVar[dict[str, str]] = {"key": "open", "name": "open"}

    class Meta:
        ordering = ["network", "tier", "name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(application=None, founding__isnull=False) | Q(application__isnull=False, founding=None),
                name="a_place_is_founded_or_applied_for",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def audit_ref(self) -> str:
        return f"slot:{self.pk}"


class Application(models.Model):
    """A new account, asked for in writing and decided by the holder of one role (clauses 4.7, 4.8, 4.12).

    A draft until `applied_at`; from then on its words stay as they are, which a trigger holds.
    """

    class Decision(models.TextChoices):
        GRANTED = "granted", "Granted"
        REFUSED = "refused", "Refused"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    network = models.SlugField(max_length=32)
    kind = models.SlugField(max_length=32)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=120)
    purpose = models.TextField()
    justification = models.TextField(blank=True)  # why the role needs an account of its own (clause 4.8)
    audience = models.TextField(blank=True)
    existing = models.TextField(blank=True)  # why an account that exists will not do
    languages = models.CharField(max_length=120, blank=True)
    plan = models.TextField(blank=True)  # what is to be said there, and how often
    contact = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")  # runs it
    review_on = models.DateField(null=True, blank=True)
    holder = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    applicant = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="applications")
    begun_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    decision = models.CharField(max_length=16, choices=Decision.choices, blank=True)
    reasons = models.TextField(blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    PRIVATE: ClassVar[dict[str, str]] = {
        "name": "open",
        "purpose": "open",
        "justification": "operational",
        "audience": "open",
        "existing": "operational",
        "languages": "open",
        "plan": "operational",
        "reasons": "operational",
    }

    class Meta:
        ordering = ["-begun_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(decision="", decided_at=None) | (~Q(decision="") & Q(decided_at__isnull=False)),
                name="a_decision_has_its_time",
            ),
            models.CheckConstraint(condition=Q(decision="") | ~Q(reasons=""), name="a_decision_has_its_reasons"),
            models.CheckConstraint(
                condition=~Q(decided_by=F("applicant")), name="nobody_decides_their_own_application"
            ),
            models.CheckConstraint(
                condition=Q(decision="") | Q(applied_at__isnull=False, withdrawn_at=None),
                name="a_decision_is_of_what_was_applied_for",
            ),
            models.CheckConstraint(
                condition=Q(applied_at=None) | (~Q(name="") & ~Q(purpose="")), name="an_application_says_what_for"
            ),
        ]

    def __str__(self) -> str:
        return f"Application for {self.name}" if self.name else "Application"

    @property
    def audit_ref(self) -> str:
        return f"application:{self.pk}"


@append_only()
class Question(models.Model):
    """Something that was asked about an application before it was decided, or the applicant's answer to it."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="questions")
    at = models.DateTimeField()
    by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    is_answer = models.BooleanField()
    text = models.TextField()

    PRIVATE: ClassVar[dict[str, str]] = {"text": "operational"}

    class Meta:
        ordering = ["pk"]
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="a_question_has_words")]

    def __str__(self) -> str:
        return f"{'Answer' if self.is_answer else 'Question'} about {self.application}"

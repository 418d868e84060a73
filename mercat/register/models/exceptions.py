"""Speaking on a network itself, past the tool, for a while: asked for, answered, and put an end to (clause 6.3)."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from mercat.audit.append_only import append_only
from mercat.people.models import Person
from mercat.register.models.accounts import Account

ANSWER = ("answer", "answered_at", "answered_by_id", "advice", "granted_hours", "until")
END = ("closed_at", "closed_by_id", "ended", "rotate_by")
ROTATION = ("rotated_at", "rotated_by_id", "rotation_note", "overdue_told_at")


@append_only(updatable=(*ANSWER, *END, *ROTATION))
class DirectAccess(models.Model):
    """One exception: from the question to the credential that was changed after it.

    What was asked never changes; the answer, the end and the rotation are each written once, in this order: a trigger
    holds that. `until` is the granted end; `closed_at` is when it ended, never later. `rotate_by` is the moment by
    which the credential must have been changed.
    """

    class Why(models.TextChoices):
        LACKING = "lacking", "The tool cannot do what is needed"
        OUTAGE = "outage", "The tool does not work"

    class Answer(models.TextChoices):
        WAITING = "", "Waits for an answer"
        GRANTED = "granted", "Granted"
        REFUSED = "refused", "Refused"
        WITHDRAWN = "withdrawn", "Withdrawn"

    class Ended(models.TextChoices):
        NOT_YET = "", "Not yet"
        TIME = "time", "Ended in its time"
        EARLY = "early", "Ended early"
        STANDING = "standing", "Ended: the person may no longer speak there"

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="direct_accesses")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="direct_accesses")
    why = models.CharField(max_length=16, choices=Why.choices)
    words = models.TextField()
    hours = models.PositiveSmallIntegerField()
    asked_at = models.DateTimeField()
    answer = models.CharField(max_length=16, choices=Answer.choices, blank=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    advice = models.TextField(blank=True)  # what Corporate Communications said with its answer
    granted_hours = models.PositiveSmallIntegerField(null=True)
    until = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")  # null: by itself
    ended = models.CharField(max_length=16, choices=Ended.choices, blank=True)
    rotate_by = models.DateTimeField(null=True)
    rotated_at = models.DateTimeField(null=True)
    rotated_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    rotation_note = models.TextField(blank=True)
    overdue_told_at = models.DateTimeField(null=True)

    PRIVATE: ClassVar[dict[str, str]] = {
        "words": "operational",
        "advice": "operational",
        "rotation_note": "operational",
    }

    class Meta:
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "person"],
                condition=Q(answer__in=["", "granted"], closed_at=None),
                name="direct_access_is_open_once",
            ),
            models.CheckConstraint(
                condition=~Q(words="") & Q(hours__gte=1), name="direct_access_is_asked_for_in_words"
            ),
            models.CheckConstraint(
                condition=Q(answer="", answered_at=None, answered_by=None, granted_hours=None, until=None)
                | Q(
                    answer="granted",
                    answered_at__isnull=False,
                    answered_by__isnull=False,
                    until__isnull=False,
                    granted_hours__isnull=False,
                    granted_hours__gte=1,
                    granted_hours__lte=F("hours"),
                )
                | (
                    Q(
                        answer="refused",
                        answered_at__isnull=False,
                        answered_by__isnull=False,
                        granted_hours=None,
                        until=None,
                    )
                    & ~Q(advice="")
                )
                | Q(answer="withdrawn", answered_at__isnull=False, granted_hours=None, until=None),
                name="an_answer_to_direct_access_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(answer="withdrawn") | Q(answered_by=None) | ~Q(answered_by=F("person")),
                name="nobody_grants_themselves_direct_access",
            ),
            models.CheckConstraint(
                condition=Q(
                    answer="granted",
                    closed_at__isnull=False,
                    closed_at__gte=F("answered_at"),
                    closed_at__lte=F("until"),
                    rotate_by__isnull=False,
                    rotate_by__gt=F("closed_at"),
                    ended__in=["time", "early", "standing"],
                )
                | Q(closed_at=None, closed_by=None, rotate_by=None, ended=""),
                name="direct_access_ends_in_its_time",
            ),
            models.CheckConstraint(
                condition=Q(rotated_at=None, rotated_by=None, rotation_note="")
                | (
                    Q(closed_at__isnull=False, rotated_at__gte=F("closed_at"), rotated_by__isnull=False)
                    & ~Q(rotation_note="")
                ),
                name="a_credential_is_changed_after_direct_access",
            ),
            models.CheckConstraint(
                condition=Q(rotated_by=None) | ~Q(rotated_by=F("person")),
                name="somebody_else_changes_the_credential",
            ),
            models.CheckConstraint(
                condition=Q(overdue_told_at=None) | Q(rotate_by__isnull=False, overdue_told_at__gte=F("rotate_by")),
                name="a_rotation_is_overdue_after_its_day",
            ),
        ]

    def __str__(self) -> str:
        return f"Direct access to {self.account}"

    @property
    def audit_ref(self) -> str:
        return f"direct-access:{self.pk}"

    @property
    def page(self) -> str:
        return f"/register/exceptions/{self.pk}/"

    def is_open(self, now: datetime) -> bool:
        return self.closed_at is None and self.until is not None and now < self.until

    def is_overdue(self, now: datetime) -> bool:
        return self.rotated_at is None and self.rotate_by is not None and self.rotate_by <= now


@append_only()
class DirectPost(models.Model):
    """A post that was published on the network itself while direct access was open: expected there, and linked."""

    exception = models.ForeignKey(DirectAccess, on_delete=models.PROTECT, related_name="posts")
    url = models.CharField(max_length=500)
    published_at = models.DateTimeField()
    what = models.TextField()
    at = models.DateTimeField()  # when it was noted here
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")

    PRIVATE: ClassVar[dict[str, str]] = {"url": "open", "what": "open"}

    class Meta:
        ordering = ["published_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["exception", "url"], name="a_direct_post_is_noted_once"),
            models.CheckConstraint(
                condition=Q(url__startswith="https://") & ~Q(what=""), name="a_direct_post_has_its_address_and_words"
            ),
        ]

    def __str__(self) -> str:
        return self.url

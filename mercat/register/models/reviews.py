"""Reviews of the structure, and what was reminded of."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from mercat.audit.append_only import append_only
from mercat.people.models import Person
from mercat.register.models.accounts import Account
from mercat.register.models.structure import Slot


@append_only(updatable=("answer", "answered_at", "answered_by_id", "answer_reason"))
class Review(models.Model):
    """What is to become of a place and its account: proposed, and then concluded or declined (clause 4.6).

    `needs_second`: somebody else than who proposed it concludes it. `account_stays`: the place is closed, and its
    account is left open for now, beyond the structure.
    """

    class Outcome(models.TextChoices):
        KEEP = "keep", "Keep"
        MERGE = "merge", "Merge into another account"
        CLOSE = "close", "Close"

    class Answer(models.TextChoices):
        WAITING = "", "Waits for a second person"
        DONE = "done", "Done"
        DECLINED = "declined", "Declined"

    slot = models.ForeignKey(Slot, on_delete=models.PROTECT, related_name="reviews")
    account = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="reviews")  # null: vacant
    outcome = models.CharField(max_length=16, choices=Outcome.choices)
    reason = models.TextField()
    successor = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="merged")
    followers = models.TextField(blank=True)  # how those who follow it are told
    account_stays = models.BooleanField(default=False)
    next_due = models.DateField(null=True)
    needs_second = models.BooleanField()
    at = models.DateTimeField()
    by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    answer = models.CharField(max_length=16, choices=Answer.choices, blank=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    answer_reason = models.TextField(blank=True)

    PRIVATE: ClassVar[dict[str, str]] = {
        "reason": "operational",
        "followers": "operational",
        "answer_reason": "operational",
    }

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["slot"], condition=Q(answer=""), name="one_review_of_a_place_waits"),
            models.CheckConstraint(condition=~Q(reason=""), name="a_review_has_its_reason"),
            models.CheckConstraint(
                condition=Q(answer="", answered_at=None) | (~Q(answer="") & Q(answered_at__isnull=False)),
                name="an_answer_to_a_review_has_its_time",
            ),
            models.CheckConstraint(
                condition=~Q(answer="done", needs_second=True)
                | (Q(answered_by__isnull=False, by__isnull=False) & ~Q(answered_by=F("by"))),
                name="a_second_person_concludes",
            ),
            models.CheckConstraint(
                condition=Q(outcome="keep", next_due__isnull=False, successor=None)
                | Q(outcome="merge", next_due=None, successor__isnull=False, account__isnull=False)
                | Q(outcome="close", next_due=None, successor=None),
                name="a_review_says_what_its_outcome_needs",
            ),
            models.CheckConstraint(condition=~Q(successor=F("account")), name="nothing_is_merged_into_itself"),
            models.CheckConstraint(
                condition=Q(account_stays=False) | Q(outcome="close", account__isnull=False),
                name="what_stays_is_an_account_of_a_closed_place",
            ),
        ]

    def __str__(self) -> str:
        return f"Review of {self.slot}"

    @property
    def audit_ref(self) -> str:
        return f"review:{self.pk}"


class Reminder(models.Model):
    """That somebody was reminded: of what (`kind` and `key`), falling due when, how many days ahead. Each once."""

    kind = models.SlugField(max_length=16)
    key = models.CharField(max_length=80)
    due = models.DateField()
    days = models.PositiveSmallIntegerField()
    at = models.DateTimeField()

    PRIVATE: ClassVar[dict[str, str]] = {"key": "open"}

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "key", "due", "days"], name="each_reminder_is_given_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}, due {self.due}"

"""Individual accounts on their way from one holder to the next."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from mercat.people.models import Person
from mercat.register.models.accounts import Account


class HandOver(models.Model):
    """An account whose holder left or moved: it is handed to its next holder, or closed (clause 4.9).

    `holder` is who held it until then. While it waits, nobody holds the account, and nobody speaks there.
    """

    class Why(models.TextChoices):
        LEFT = "left", "Has left"
        MOVED = "moved", "Moved to another unit"
        RANK = "rank", "Holds another rank"

    class Outcome(models.TextChoices):
        HANDED = "handed", "Handed over"
        CLOSED = "closed", "Closed"

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="hand_overs")
    holder = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    why = models.CharField(max_length=16, choices=Why.choices)
    at = models.DateTimeField()
    outcome = models.CharField(max_length=16, choices=Outcome.choices, blank=True)
    new_holder = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(blank=True)  # of the outcome
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    PRIVATE: ClassVar[dict[str, str]] = {"reason": "operational"}

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["account"], condition=Q(outcome=""), name="one_hand_over_at_a_time"),
            models.CheckConstraint(
                condition=Q(outcome="", decided_at=None, decided_by=None, new_holder=None)
                | Q(outcome="handed", decided_at__isnull=False, new_holder__isnull=False)
                | Q(outcome="closed", decided_at__isnull=False, new_holder=None),
                name="a_hand_over_ends_with_a_holder_or_closed",
            ),
            models.CheckConstraint(
                condition=Q(new_holder=None) | ~Q(decided_by=models.F("new_holder")),
                name="nobody_hands_an_account_to_themselves",
            ),
        ]

    def __str__(self) -> str:
        return f"Hand-over of {self.account}"

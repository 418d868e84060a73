"""What networks counted of posts that went out, and when they are asked again."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from mercat.audit.append_only import append_only
from mercat.delivery.models import Consignment


@append_only()
class FiguresRead(models.Model):
    """What a network told of one post at one asking. Numbers alone: of nobody who looked at it or answered.

    The database holds that `counts` are words of `networks.port.FIGURES` with whole numbers, none below nought; what a
    network does not tell is left out.
    """

    consignment = models.ForeignKey(Consignment, on_delete=models.PROTECT, related_name="figures_read")
    step = models.PositiveSmallIntegerField()  # which of `watch.figures.DISTANCES` had passed
    read_at = models.DateTimeField()
    counts = models.JSONField()

    PRIVATE: ClassVar[dict[str, str]] = {"counts": "operational"}

    class Meta:
        ordering = ["step"]
        constraints = [
            models.UniqueConstraint(fields=["consignment", "step"], name="figures_are_read_once_at_a_distance"),
        ]

    def __str__(self) -> str:
        return f"Figures of {self.consignment_id} at {self.read_at}"


class FiguresDue(models.Model):
    """When a post's figures are asked for next, from the first asking on. `next_at` is null once they never are."""

    consignment = models.OneToOneField(Consignment, on_delete=models.PROTECT, related_name="figures_due")
    step = models.PositiveSmallIntegerField()  # of the last asking
    tries = models.PositiveSmallIntegerField(default=0)  # that failed at this step
    asked_at = models.DateTimeField()
    next_at = models.DateTimeField(null=True)
    trouble = models.CharField(max_length=300, blank=True)  # what stood in the way the last time, for a person

    PRIVATE: ClassVar[dict[str, str]] = {"trouble": "operational"}

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(tries=0, trouble="") | (models.Q(tries__gt=0) & ~models.Q(trouble="")),
                name="figures_that_failed_say_why",
            ),
            models.CheckConstraint(
                condition=models.Q(next_at=None) | models.Q(next_at__gt=models.F("asked_at")),
                name="figures_are_asked_for_later",
            ),
        ]
        indexes = [models.Index(fields=["next_at"], name="watch_figures_due")]

    def __str__(self) -> str:
        return f"Figures of {self.consignment_id}, due {self.next_at}"

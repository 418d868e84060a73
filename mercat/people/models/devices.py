"""From which devices people work."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from mercat.people.models.persons import Person


class BreakGlass(models.Model):
    """Leave to work from a device that is not the body's, for a few hours: asked by one, answered by another (6.4).

    `until` is empty where it was refused, or has not been answered yet.
    """

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="break_glasses")
    reason = models.TextField()
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    until = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")

    PRIVATE: ClassVar[dict[str, str]] = {"reason": "personal"}

    class Meta:
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(answered_by=F("person")), name="nobody_allows_themselves_another_device"
            ),
            models.CheckConstraint(
                condition=Q(answered_at=None, answered_by=None, until=None)
                | Q(answered_at__isnull=False, answered_by__isnull=False),
                name="another_device_is_allowed_by_somebody",
            ),
            models.UniqueConstraint(
                fields=["person"], condition=Q(answered_at=None), name="another_device_is_asked_for_once"
            ),
        ]

    def __str__(self) -> str:
        return f"Another device for {self.person}"

    @property
    def audit_ref(self) -> str:
        return f"break-glass:{self.pk}"

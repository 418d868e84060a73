"""How each account is reached."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from mercat.people.models import Person
from mercat.register.models.accounts import Account


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

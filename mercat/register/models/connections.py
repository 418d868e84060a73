"""How each account is reached."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from mercat.people.models import Person
from mercat.register.models.accounts import Account


class Connection(models.Model):
    """How an account is reached: where, and with which sealed credentials. A person never sees them (clause 6.2)."""

    class State(models.TextChoices):
        WORKING = "working", "Working"
        BROKEN = "broken", "Needs to be connected again"
        REVOKED = "revoked", "Disconnected; its credentials are wiped"

    account = models.OneToOneField(Account, on_delete=models.PROTECT, related_name="connection")
    base_url = models.URLField(max_length=300)
    state = models.CharField(max_length=16, choices=State.choices)
    reason = models.CharField(max_length=300, blank=True)  # why it is broken, or was revoked
    limits = models.JSONField(default=dict)
    sealed = models.BinaryField()
    generation = models.PositiveIntegerField(default=1)  # how often it was connected; the seal is bound to it
    connected_at = models.DateTimeField()
    connected_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    renew_at = models.DateTimeField(null=True, blank=True)  # when what is sealed begins to lapse, and is renewed
    ends_at = models.DateTimeField(null=True, blank=True)  # when that is no longer possible; null: never, or not known
    renewing_until = models.DateTimeField(null=True, blank=True)  # one process is at it, until then at the latest
    checked_at = models.DateTimeField(null=True, blank=True)  # when the network last took it
    used_at = models.DateTimeField(null=True, blank=True)  # when it was last reached through, to the minute
    warned_of = models.DateTimeField(null=True, blank=True)  # the end that people were warned of

    PRIVATE: ClassVar[dict[str, str]] = {
        "base_url": "open",
        "reason": "operational",
        "limits": "open",
        "sealed": "secret",
    }

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="revoked", sealed=b"") | (~Q(state="revoked") & ~Q(sealed=b"")),
                name="a_revoked_connection_and_no_other_is_wiped",
            ),
        ]

    def __str__(self) -> str:
        return f"Connection of {self.account}"

"""Other programmes that are told of what happens: where, what, and how each try went."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from mercat.audit.append_only import append_only
from mercat.people.models.persons import Person


class Endpoint(models.Model):
    """An address that is told of `events`, with the secret by which it knows that it is us."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    url = models.URLField(max_length=500)
    events = ArrayField(models.CharField(max_length=32))
    sealed = models.BinaryField()
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)

    PRIVATE: ClassVar[dict[str, str]] = {"url": "operational", "events": "open", "sealed": "secret"}

    class Meta:
        ordering = ["-made_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["url"], condition=Q(ended_at=None), name="an_address_is_told_once"),
            models.CheckConstraint(condition=~Q(events=[]), name="an_address_is_told_something"),
        ]

    def __str__(self) -> str:
        return self.url

    @property
    def audit_ref(self) -> str:
        return f"webhook:{self.pk}"


class Delivery(models.Model):
    """One event for one address. `due_at` is the next try; empty when it was delivered or given up."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    endpoint = models.ForeignKey(Endpoint, on_delete=models.PROTECT, related_name="deliveries")
    event = models.CharField(max_length=32)
    occurrence = models.UUIDField()  # the event of the record
    body = models.TextField()  # JSON, the very bytes that are sent and signed
    at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)

    PRIVATE: ClassVar[dict[str, str]] = {"event": "open", "body": "personal"}

    class Meta:
        ordering = ["-at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "occurrence"], name="an_event_is_for_an_address_once"),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="people_delivery_due"),
            models.Index(fields=["endpoint", "-at"], name="people_delivery_of_endpoint"),
        ]

    def __str__(self) -> str:
        return f"{self.event} to {self.endpoint_id}"


@append_only()
class Try(models.Model):
    """One time that an address was called. `status` is what it answered; empty where nothing came back."""

    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, related_name="tries")
    at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)
    problem = models.CharField(max_length=300, blank=True)

    PRIVATE: ClassVar[dict[str, str]] = {"problem": "operational"}

    class Meta:
        verbose_name_plural = "tries"
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.delivery_id}: {self.status or self.problem}"

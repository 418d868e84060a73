"""What lets another programme in: tokens, and what each was answered."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from mercat.audit.append_only import append_only
from mercat.people.models.persons import Person

SCOPES = {
    "access:read": "Read access requests",
    "access:write": "Open, reject and end access",
    "people:read": "Read who is on the list of people",
    "people:import": "Hand in files of the HR system",
    "scim": "Keep the list of people from a directory",
}


@append_only(updatable=["accepted_at", "revoked_at", "last_used_at", "window_at", "used"])
class Token(models.Model):
    """A secret by which a programme acts for `owner`. Only its digest is kept: nobody can read it again."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=120)
    owner = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="tokens")
    scopes = ArrayField(models.CharField(max_length=32))
    digest = models.CharField(max_length=64, unique=True)  # SHA-256, hex
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")  # null: command line
    accepted_at = models.DateTimeField(null=True, blank=True)  # by its owner; until then it is not in force
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    window_at = models.DateTimeField(null=True, blank=True)  # since when `used` counts
    used = models.PositiveIntegerField(default=0)

    PRIVATE: ClassVar[dict[str, str]] = {"name": "operational", "scopes": "open", "digest": "secret"}

    class Meta:
        ordering = ["-made_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(scopes__contained_by=list(SCOPES)) & ~Q(scopes=[]), name="a_token_has_known_scopes"
            ),
            models.CheckConstraint(condition=Q(expires_at__gt=F("made_at")), name="a_token_expires"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def audit_ref(self) -> str:
        return f"token:{self.pk}"


class Answered(models.Model):
    """What a write was answered, by its Idempotency-Key, so that it is done once. Kept for a day.

    Without `status` it is being done, or was taken back with whatever it had begun.
    """

    token = models.ForeignKey(Token, on_delete=models.PROTECT, related_name="answered")
    key = models.CharField(max_length=255)
    request = models.CharField(max_length=64)  # SHA-256 of method, path and body, hex
    at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)
    body = models.TextField(blank=True)

    PRIVATE: ClassVar[dict[str, str]] = {"key": "operational", "request": "operational", "body": "personal"}

    class Meta:
        constraints = [models.UniqueConstraint(fields=["token", "key"], name="a_key_is_answered_once")]
        indexes = [models.Index(fields=["at"], name="people_answered_at")]

    def __str__(self) -> str:
        return self.key

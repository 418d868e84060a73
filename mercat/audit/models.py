"""The record and its log. Events come first; leaves give them their place once they are integrated."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from mercat.audit.append_only import append_only


@append_only()
class Event(models.Model):
    """One thing that happened. `leaf` holds the bytes that are hashed; the columns repeat them for look-up."""

    id = models.BigAutoField(primary_key=True)
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    at = models.DateTimeField()
    actor = models.CharField(max_length=250, blank=True, default="", help_text="for example person:6f1c…")
    system_reason = models.TextField(blank=True, default="")
    what = models.CharField(max_length=100, help_text="a dotted verb, for example post.submitted")
    about = ArrayField(models.CharField(max_length=250), default=list, help_text="for example post:17")
    facts = models.JSONField(default=dict)
    commitment = models.BinaryField(null=True, help_text="SHA-256 of salt and personal data, where there is any")
    leaf = models.BinaryField(help_text="canonical JSON of the event")

    PRIVATE: ClassVar[dict[str, str]] = {
        "actor": "operational",
        "system_reason": "operational",
        "what": "open",
        "about": "operational",
        "facts": "operational",
        "commitment": "open",
        "leaf": "operational",
    }

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="audit_event_someone_acted",
                condition=Q(actor="") ^ Q(system_reason=""),
                violation_error_message="An event has an actor, or the system's reason.",
            ),
        ]
        indexes = [
            GinIndex(fields=["about"], name="audit_event_about"),
            models.Index(fields=["actor", "-id"], name="audit_event_actor"),
            models.Index(
                fields=["what", "-id"], name="audit_event_what", opclasses=["varchar_pattern_ops", "int8_ops"]
            ),
            models.Index(fields=["at"], name="audit_event_at"),
        ]

    def __str__(self) -> str:
        return f"{self.what} {self.uid}"

    @property
    def audit_ref(self) -> str:
        return f"event:{self.uid}"


@append_only(updatable=["salt", "data", "erased_by_id"])
class PersonalData(models.Model):
    """Names and free text about people, outside the leaf. Erasing it leaves the log verifiable."""

    event = models.OneToOneField(Event, models.PROTECT, primary_key=True, related_name="personal")
    salt = models.BinaryField(null=True, help_text="32 random bytes")
    data = models.JSONField(null=True)
    erased_by = models.ForeignKey(
        Event, models.PROTECT, null=True, related_name="erasures", help_text="the event that recorded the erasure"
    )

    PRIVATE: ClassVar[dict[str, str]] = {"salt": "secret", "data": "personal"}

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="audit_personal_kept_or_erased",
                condition=Q(salt__isnull=False, data__isnull=False, erased_by__isnull=True)
                | Q(salt__isnull=True, data__isnull=True, erased_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"personal data of event {self.event_id}"


class Pending(models.Model):
    """Events that wait for their leaf. A trigger adds every new event, so that none can be forgotten."""

    event = models.OneToOneField(Event, models.PROTECT, primary_key=True, related_name="pending")

    PRIVATE: ClassVar[dict[str, str]] = {}

    def __str__(self) -> str:
        return f"event {self.event_id} waits"


@append_only()
class Leaf(models.Model):
    """An event's place in the Merkle log (RFC 6962), dense from 0."""

    index = models.BigIntegerField(primary_key=True)
    event = models.OneToOneField(Event, models.PROTECT, related_name="place")
    leaf_hash = models.BinaryField(help_text="SHA-256(0x00 || leaf)")
    nodes = models.BinaryField(help_text="hashes of the complete subtrees that end here, from level 1 upward")
    signature = models.BinaryField(help_text="key id || Ed25519 over origin, index and leaf hash")

    PRIVATE: ClassVar[dict[str, str]] = {"leaf_hash": "open", "nodes": "open", "signature": "open"}

    def __str__(self) -> str:
        return f"leaf {self.index}"


@append_only()
class Checkpoint(models.Model):
    """A signed statement of the whole log up to a size (C2SP tlog-checkpoint)."""

    id = models.BigAutoField(primary_key=True)
    size = models.BigIntegerField()
    root = models.BinaryField()
    note = models.TextField(help_text="the signed note, exactly as published")
    at = models.DateTimeField()

    PRIVATE: ClassVar[dict[str, str]] = {"root": "open", "note": "open"}

    class Meta:
        indexes = [models.Index(fields=["size", "id"], name="audit_checkpoint_size")]

    def __str__(self) -> str:
        return f"checkpoint of size {self.size}"

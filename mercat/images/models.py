"""Pictures that people gave the programme."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models

from mercat.people.models import Person


class Picture(models.Model):
    """An upload that proved to be a picture. The original is kept; what goes out is `file`, clean and fitting."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=200)  # as the person's file was called
    original = models.CharField(max_length=200)  # name in the file store
    file = models.CharField(max_length=200)  # name in the file store
    sha256 = models.CharField(max_length=64, db_index=True)  # of `file`
    mime = models.CharField(max_length=32)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size = models.PositiveIntegerField()  # bytes of `file`
    at = models.DateTimeField()
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="pictures")

    PRIVATE: ClassVar[dict[str, str]] = {
        "name": "operational",
        "original": "operational",
        "file": "operational",
        "sha256": "open",
        "mime": "open",
    }

    class Meta:
        ordering = ["-at"]

    def __str__(self) -> str:
        return self.name

    @property
    def audit_ref(self) -> str:
        return f"picture:{self.pk}"

"""What the body's directory said of people."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from mercat.people.models.persons import Person


class DirectoryEntry(models.Model):
    """A person as the directory spells them. What follows from it stands with the person.

    `deleted_at`: the directory has deleted its entry; the person has left, and stays on record.
    """

    person = models.OneToOneField(Person, on_delete=models.PROTECT, related_name="directory")
    user_name = models.CharField(max_length=254)
    external_id = models.CharField(max_length=254, blank=True)
    emails = models.JSONField(default=list)  # of {"value", "type", "primary"}
    title = models.CharField(max_length=254)
    department = models.CharField(max_length=254)
    changed_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True)

    PRIVATE: ClassVar[dict[str, str]] = {
        "user_name": "personal",
        "external_id": "operational",
        "emails": "personal",
        "title": "personal",
        "department": "operational",
    }

    class Meta:
        verbose_name_plural = "directory entries"
        constraints = [
            models.UniqueConstraint(
                Lower("user_name"), condition=Q(deleted_at=None), name="a_user_name_is_one_persons"
            ),
        ]

    def __str__(self) -> str:
        return self.user_name

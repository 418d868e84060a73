"""What people are told by the programme."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from mercat.people.models.persons import Person


class Notice(models.Model):
    """Something a person is told by the programme. E-mail follows these rows; the page shows them."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="notices")
    at = models.DateTimeField()
    subject = models.CharField(max_length=200)
    body = models.TextField()
    link = models.CharField(max_length=200, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)

    PRIVATE: ClassVar[dict[str, str]] = {"subject": "operational", "body": "operational", "link": "operational"}

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["person", "-at"], name="people_notice_of_person"),
            models.Index(fields=["link"], condition=Q(read_at=None), name="people_notice_unread"),
        ]

    def __str__(self) -> str:
        return self.subject

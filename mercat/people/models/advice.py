"""What people ask the social media team, and what it answers."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q

from mercat.audit.append_only import append_only
from mercat.people.models.persons import Person

LONGEST_SUBJECT, LONGEST_TEXT = 120, 4000  # characters


@append_only(updatable=["state", "since", "changed_at"])
class AdviceThread(models.Model):
    """A question to the social media team, and all that was said on it (clause 9.1).

    `about` is the audit's name of a thing ("post:…"), or empty. `state`, `since` and `changed_at` follow from the
    messages: a trigger sets them, and refuses whoever else does. A thread waits since its first unanswered question.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waits for an answer"
        ANSWERED = "answered", "Answered"
        CLOSED = "closed", "Closed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    about = models.CharField(max_length=80, blank=True)
    subject = models.CharField(max_length=LONGEST_SUBJECT)
    asker = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="advice_threads")
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    since = models.DateTimeField()
    changed_at = models.DateTimeField()

    PRIVATE: ClassVar[dict[str, str]] = {"about": "open", "subject": "personal"}

    class Meta:
        ordering = ["-changed_at", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=["waiting", "answered", "closed"]), name="advice_has_a_state"),
            models.CheckConstraint(condition=~Q(subject=""), name="advice_has_a_subject"),
            models.CheckConstraint(
                condition=Q(about="") | Q(about__regex=r"^[a-z]+:[A-Za-z0-9-]+$"),
                name="advice_is_about_a_thing_or_none",
            ),
        ]
        indexes = [
            models.Index(fields=["about", "-changed_at"], condition=~Q(about=""), name="people_advice_about"),
            models.Index(fields=["asker", "-changed_at"], name="people_advice_of_asker"),
            models.Index(fields=["state", "since"], name="people_advice_in_state"),
            models.Index(fields=["state", "-changed_at"], name="people_advice_lately"),
        ]

    def __str__(self) -> str:
        return self.subject

    @property
    def audit_ref(self) -> str:
        return f"advice:{self.pk}"

    @property
    def path(self) -> str:
        return f"/advice/{self.pk}/"


@append_only()
class AdviceMessage(models.Model):
    """One thing said in a thread, for ever. A trigger holds who may say it, and moves the thread on."""

    class Kind(models.TextChoices):
        QUESTION = "question", "Asked"
        ANSWER = "answer", "Answered"
        CLOSED = "closed", "Closed"
        REOPENED = "reopened", "Opened again"

    thread = models.ForeignKey(AdviceThread, on_delete=models.PROTECT, related_name="messages")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    text = models.CharField(max_length=LONGEST_TEXT)

    PRIVATE: ClassVar[dict[str, str]] = {"text": "personal"}

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["question", "answer", "closed", "reopened"]), name="advice_is_of_a_known_kind"
            ),
            models.CheckConstraint(condition=~Q(text=""), name="advice_says_something"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} by {self.by}"

"""What people are told by the programme, and how each wants to be told by e-mail."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from mercat.people.models.persons import Person
from mercat.people.notices.kinds import KINDS, MUST, NEVER, WAYS


class Notice(models.Model):
    """Something a person is told by the programme. E-mail follows these rows; the page shows them.

    `mail_due_at` is when e-mail looks at it next; empty where it was sent, given up, or is not to be sent at all.
    `mail_problem` is what stood in the way last. `mail_to` is where it goes instead of the person's own address.
    """

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="notices")
    at = models.DateTimeField()
    kind = models.CharField(max_length=32)
    subject = models.CharField(max_length=200)
    body = models.TextField()
    link = models.CharField(max_length=200, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)
    mail_to = models.EmailField(blank=True, default="")
    mail_due_at = models.DateTimeField(null=True, blank=True)
    mailed_at = models.DateTimeField(null=True, blank=True)
    mail_tries = models.PositiveSmallIntegerField(default=0)
    mail_problem = models.CharField(max_length=300, blank=True, default="")

    PRIVATE: ClassVar[dict[str, str]] = {
        "kind": "open",
        "subject": "operational",
        "body": "operational",
        "link": "operational",
        "mail_to": "personal",
        "mail_problem": "personal",
    }

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=list(KINDS)), name="a_notice_is_of_a_known_kind"),
            models.CheckConstraint(
                condition=Q(mailed_at=None) | Q(mail_due_at=None, mail_problem=""), name="a_notice_is_mailed_once"
            ),
        ]
        indexes = [
            models.Index(fields=["person", "-at"], name="people_notice_of_person"),
            models.Index(fields=["link"], condition=Q(read_at=None), name="people_notice_unread"),
            models.Index(fields=["mail_due_at"], condition=Q(mail_due_at__isnull=False), name="people_notice_to_mail"),
        ]

    def __str__(self) -> str:
        return self.subject

    @property
    def label(self) -> str:
        return KINDS[self.kind].label

    @property
    def not_mailed(self) -> str:
        """Why its e-mail was given up; empty where it was not."""
        return "" if self.mail_due_at or self.mailed_at else self.mail_problem


class MailChoice(models.Model):
    """How somebody wants notices of a kind by e-mail. Without a row it is as the kind says."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="mail_choices")
    kind = models.CharField(max_length=32)
    way = models.CharField(max_length=16)

    PRIVATE: ClassVar[dict[str, str]] = {"kind": "open", "way": "personal"}

    class Meta:
        ordering = ["person", "kind"]
        constraints = [
            models.UniqueConstraint(fields=["person", "kind"], name="one_choice_for_a_kind"),
            models.CheckConstraint(condition=Q(kind__in=list(KINDS)), name="a_choice_is_of_a_known_kind"),
            models.CheckConstraint(condition=Q(way__in=list(WAYS)), name="a_choice_is_a_known_way"),
            models.CheckConstraint(
                condition=~Q(way=NEVER, kind__in=MUST), name="security_and_held_posts_are_never_off"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.way}"


class MailServer(models.Model):
    """The one server for e-mail, while it takes nothing: since when, what it said, and when it is asked again."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    silent_since = models.DateTimeField()
    again_at = models.DateTimeField()
    problem = models.CharField(max_length=300)

    PRIVATE: ClassVar[dict[str, str]] = {"problem": "operational"}

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="there_is_one_server_for_mail")]

    def __str__(self) -> str:
        return self.problem

"""What signing in leaves behind: sessions, devices that were used before, and recoveries."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from mercat.people.models.persons import Person


class Session(models.Model):
    """A browser's session. Its key is the browser's alone: here is its digest, and the data sealed with the key.

    `person` is empty while nobody has signed in. `device` and `network` say from where, in words for people.
    """

    digest = models.CharField(max_length=64, unique=True)
    sealed = models.BinaryField()
    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="sessions")
    device = models.CharField(max_length=80, blank=True)
    network = models.CharField(max_length=64, blank=True)
    begun_at = models.DateTimeField()
    used_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    PRIVATE: ClassVar[dict[str, str]] = {
        "digest": "secret",
        "sealed": "secret",
        "device": "personal",
        "network": "personal",
    }

    class Meta:
        ordering = ["-used_at", "-pk"]
        indexes = [
            models.Index(fields=["person", "-used_at"], name="people_session_of_person"),
            models.Index(fields=["expires_at"], name="people_session_over"),
        ]

    def __str__(self) -> str:
        return f"Session {self.pk}"


class KnownDevice(models.Model):
    """A browser on which a person signed in before, by the digest of a cookie. A new one is told to them."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="known_devices")
    digest = models.CharField(max_length=64)
    at = models.DateTimeField()

    PRIVATE: ClassVar[dict[str, str]] = {"digest": "secret"}

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "digest"], name="a_device_is_known_once")]

    def __str__(self) -> str:
        return f"Known device {self.pk}"


class Subject(models.Model):
    """Whom an identity provider means by its own name for a person, from their first single sign-on on.

    Staff numbers and e-mails are changed here by people; this is not, so that nobody becomes another by such a change.
    """

    person = models.OneToOneField(Person, on_delete=models.PROTECT, related_name="subject")
    issuer = models.CharField(max_length=300)
    subject = models.CharField(max_length=255)
    at = models.DateTimeField()

    PRIVATE: ClassVar[dict[str, str]] = {"issuer": "open", "subject": "personal"}

    class Meta:
        constraints = [models.UniqueConstraint(fields=["issuer", "subject"], name="a_subject_is_one_person")]

    def __str__(self) -> str:
        return f"Subject of {self.person}"


class Recovery(models.Model):
    """Somebody lost what they sign in with: one opens it, a second confirms and hands over a code, once.

    `digest` is the code's. `ended_at`: used, or called off.
    """

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="recoveries")
    reason = models.TextField()
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmed_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64, blank=True)
    until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    PRIVATE: ClassVar[dict[str, str]] = {"reason": "personal", "digest": "secret"}

    class Meta:
        ordering = ["-opened_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(opened_by=F("person")) & ~Q(confirmed_by=F("person")),
                name="nobody_recovers_their_own_sign_in",
            ),
            models.CheckConstraint(condition=~Q(confirmed_by=F("opened_by")), name="a_recovery_takes_two_people"),
            models.CheckConstraint(
                condition=Q(confirmed_at=None, confirmed_by=None, digest="")
                | (Q(confirmed_at__isnull=False, confirmed_by__isnull=False) & ~Q(digest="")),
                name="a_recovery_is_confirmed_by_somebody",
            ),
            models.UniqueConstraint(fields=["person"], condition=Q(ended_at=None), name="one_standing_recovery"),
        ]

    def __str__(self) -> str:
        return f"Recovery for {self.person}"

    @property
    def audit_ref(self) -> str:
        return f"recovery:{self.pk}"

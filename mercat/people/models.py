"""Who is in the body, and how far each has come from nomination to licence.

Nothing of the chain is ever changed or deleted: a step is a row, its end is a date. Each model of every room says in
`PRIVATE` of each field that can hold words whether it is open, personal, operational or secret.
"""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q


class Unit(models.Model):
    """A division, department or specialist unit. The key is the pack's own."""

    key = models.SlugField(primary_key=True)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=32)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="parts")

    PRIVATE: ClassVar[dict[str, str]] = {"name": "open", "kind": "open"}

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class PersonManager(BaseUserManager["Person"]):
    def get_by_natural_key(self, username: str) -> Person:
        return self.get(email__iexact=username)


class Person(AbstractBaseUser):
    """An officer or member of staff. Everybody can be on the list, whether or not they may post (clause 1.2)."""

    class Employment(models.TextChoices):
        OFFICER = "officer", "Officer"
        STAFF = "staff", "Member of staff"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=120)
    email = models.EmailField(unique=True)
    number = models.CharField("staff number", max_length=32, unique=True)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="people")
    rank = models.CharField(max_length=64)
    employment = models.CharField(max_length=16, choices=Employment.choices)
    is_active = models.BooleanField(default=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    PRIVATE: ClassVar[dict[str, str]] = {
        "password": "secret",
        "name": "personal",
        "email": "personal",
        "number": "personal",
        "rank": "personal",
    }

    objects = PersonManager()

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "people"

    def __str__(self) -> str:
        return self.name

    @property
    def audit_ref(self) -> str:
        return f"person:{self.pk}"

    # What Django's own parts ask of a user; there is no superuser here: rights are roles.
    is_staff = False
    is_superuser = False

    def has_perm(self, perm: str, obj: object = None) -> bool:
        return False

    def has_module_perms(self, app_label: str) -> bool:
        return False


class Step(models.Model):
    """Something that was done for a person by another, at a time, and may have ended."""

    at = models.DateTimeField()
    by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")  # null: imported or founding
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True


class RoleGrant(Step):
    """A role of the pack that a person holds, everywhere or in one unit."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="role_grants")
    role = models.CharField(max_length=64)
    unit = models.ForeignKey(Unit, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    PRIVATE: ClassVar[dict[str, str]] = {"role": "personal"}

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "role", "unit"],
                condition=Q(ended_at=None),
                name="one_standing_grant_of_a_role",
                nulls_distinct=False,
            ),
            models.CheckConstraint(condition=~Q(by=F("person")), name="nobody_grants_themselves_a_role"),
        ]

    def __str__(self) -> str:
        return self.role


class Nomination(Step):
    """Identified by their division or department (clause 2.3)."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="nominations")

    PRIVATE: ClassVar[dict[str, str]] = {}

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(by=F("person")), name="nobody_nominates_themselves"),
            models.UniqueConstraint(fields=["person"], condition=Q(ended_at=None), name="one_standing_nomination"),
        ]

    def __str__(self) -> str:
        return f"Nomination of {self.person}"


class Completion(models.Model):
    """A completed course, with the trainer who signed it off (clauses 2.2, 5.2)."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="completions")
    course = models.CharField(max_length=120)
    completed_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    trainer = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    signed_off = models.BooleanField(help_text="The trainer held the pack's training role when it was recorded.")
    source = models.CharField(max_length=32)  # "scope" or "trainer"
    recorded_at = models.DateTimeField()

    PRIVATE: ClassVar[dict[str, str]] = {"course": "open", "source": "operational"}

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("completed_at")), name="a_completion_expires_after_it_began"
            ),
            models.CheckConstraint(condition=~Q(trainer=F("person")), name="nobody_trains_themselves"),
        ]

    def __str__(self) -> str:
        return f"{self.course}, {self.person}"


class Authorisation(Step):
    """The information security officer's authorisation, resting on one completion (clause 5.8)."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="authorisations")
    completion = models.ForeignKey(Completion, on_delete=models.PROTECT, related_name="+")

    PRIVATE: ClassVar[dict[str, str]] = {}

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(by=F("person")), name="nobody_authorises_themselves"),
            models.UniqueConstraint(fields=["person"], condition=Q(ended_at=None), name="one_standing_authorisation"),
        ]

    def __str__(self) -> str:
        return f"Authorisation of {self.person}"


class Access(models.Model):
    """An access request at the service desk: confirmed by the communications team, then opened by ICT (clause 5.9)."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="accesses")
    reference = models.CharField("service request", max_length=64)
    confirmed_at = models.DateTimeField()
    confirmed_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(null=True, blank=True)
    opened_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)

    PRIVATE: ClassVar[dict[str, str]] = {"reference": "operational"}

    class Meta:
        verbose_name_plural = "accesses"
        constraints = [
            models.CheckConstraint(
                condition=~Q(confirmed_by=F("person")) & ~Q(opened_by=F("person")), name="nobody_opens_their_own_access"
            ),
            models.CheckConstraint(condition=~Q(opened_by=F("confirmed_by")), name="access_takes_two_people"),
            models.CheckConstraint(
                condition=Q(opened_at=None) | Q(opened_at__gte=F("confirmed_at")), name="confirmed_before_opened"
            ),
            models.UniqueConstraint(fields=["person"], condition=Q(ended_at=None), name="one_standing_access"),
        ]

    def __str__(self) -> str:
        return self.reference


class Licence(Step):
    """One licence of the pool that the pack counts."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="licences")

    PRIVATE: ClassVar[dict[str, str]] = {}

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(by=F("person")), name="nobody_licenses_themselves"),
            models.UniqueConstraint(fields=["person"], condition=Q(ended_at=None), name="one_standing_licence"),
        ]

    def __str__(self) -> str:
        return f"Licence of {self.person}"


class Acknowledgement(models.Model):
    """A procedure that a person has read and accepted (clause 5.4). `document` is the pack's key of it."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="acknowledgements")
    document = models.SlugField(max_length=64)
    at = models.DateTimeField()

    PRIVATE: ClassVar[dict[str, str]] = {}

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "document"], name="a_procedure_is_acknowledged_once"),
        ]

    def __str__(self) -> str:
        return f"{self.document}, {self.person}"


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


class BreakGlass(models.Model):
    """Leave to work from a device that is not the body's, for a few hours: asked by one, answered by another (6.4).

    `until` is empty where it was refused, or has not been answered yet.
    """

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="break_glasses")
    reason = models.TextField()
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    until = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")

    PRIVATE: ClassVar[dict[str, str]] = {"reason": "personal"}

    class Meta:
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(answered_by=F("person")), name="nobody_allows_themselves_another_device"
            ),
            models.CheckConstraint(
                condition=Q(answered_at=None, answered_by=None, until=None)
                | Q(answered_at__isnull=False, answered_by__isnull=False),
                name="another_device_is_allowed_by_somebody",
            ),
            models.UniqueConstraint(
                fields=["person"], condition=Q(answered_at=None), name="another_device_is_asked_for_once"
            ),
        ]

    def __str__(self) -> str:
        return f"Another device for {self.person}"

    @property
    def audit_ref(self) -> str:
        return f"break-glass:{self.pk}"

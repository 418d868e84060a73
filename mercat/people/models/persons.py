"""Units, the people in them, and the roles that they hold."""

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
    number = models.CharField("staff number", max_length=64, unique=True)
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
    """A role of the pack that a person holds, everywhere or in one unit.

    `source` is the group of single sign-on that brought it; empty where it was given by hand.
    """

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="role_grants")
    role = models.CharField(max_length=64)
    unit = models.ForeignKey(Unit, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    source = models.CharField(max_length=200, blank=True, default="")

    PRIVATE: ClassVar[dict[str, str]] = {"role": "personal", "source": "operational"}

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

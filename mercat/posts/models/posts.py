"""Posts. A post is a draft that people change, and versions that nobody can."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from mercat.audit.append_only import append_only
from mercat.delivery.models import Manifest
from mercat.images.models import Picture, Video
from mercat.people.models import Person
from mercat.posts import states
from mercat.register.models import Account


class Post(models.Model):
    """The thing that a person writes: its working copy is `draft`, of the shape of `contents.Draft`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="posts")
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    state = models.CharField(max_length=16, choices=list(states.STATES.items()), default=states.DRAFT)
    draft = models.JSONField(default=dict)
    editors = models.ManyToManyField(Person, related_name="+")  # whoever changed the draft, besides who began it
    draft_pictures = models.ManyToManyField(Picture, related_name="+")
    draft_video = models.ForeignKey(Video, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    # The post whose words it puts right where that is out; its versions make corrections, and no consignments.
    corrects = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="corrections")
    began_from = models.JSONField(default=dict)  # of a correction: the digest of what stood, by account
    current = models.OneToOneField("Version", null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    PRIVATE: ClassVar[dict[str, str]] = {"draft": "operational", "began_from": "open"}

    class Meta:
        ordering = ["-changed_at"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=list(states.STATES)), name="a_post_is_in_a_known_state"),
            models.CheckConstraint(
                condition=Q(state__in=[states.DRAFT, states.WITHDRAWN]) | Q(current__isnull=False),
                name="what_was_submitted_has_a_version",
            ),
            models.CheckConstraint(condition=Q(corrects=None) | ~Q(corrects=F("id")), name="a_post_corrects_another"),
            models.CheckConstraint(
                condition=Q(corrects__isnull=False) | Q(began_from={}), name="only_a_correction_began_from_something"
            ),
        ]
        indexes = [models.Index(fields=["state", "-changed_at"], name="posts_by_state")]

    def __str__(self) -> str:
        return f"Post {self.pk}"

    @property
    def audit_ref(self) -> str:
        return f"post:{self.pk}"

    @property
    def stamp(self) -> str:
        """Another one after every change: whoever goes on writing says which they went on from."""
        return self.changed_at.isoformat()


append_only()(Post.editors.through)  # else whoever changed the words could be made to have written none of them


@append_only()
class Version(models.Model):
    """What was submitted, for ever: its words are the manifest's bytes, its name is their digest."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    author = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="versions")
    manifest = models.OneToOneField(Manifest, on_delete=models.PROTECT, related_name="version")
    at = models.DateTimeField()
    pillar = models.SlugField(max_length=64)
    warning = models.BooleanField(default=False)
    due_at = models.DateTimeField(null=True)  # null: as soon as it is approved

    PRIVATE: ClassVar[dict[str, str]] = {}

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["post", "number"], name="versions_are_numbered")]

    def __str__(self) -> str:
        return f"version {self.number} of {self.post_id}"

    @property
    def digest(self) -> str:
        return self.manifest_id


@append_only()
class Target(models.Model):
    """One account that a version is meant for."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="targets")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="targeted_by")

    PRIVATE: ClassVar[dict[str, str]] = {}

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "account"], name="an_account_is_targeted_once")]

    def __str__(self) -> str:
        return f"{self.version_id} for {self.account_id}"


class Approvals(models.QuerySet["Approval"]):
    """Approvals, some of which may be void."""

    def standing(self) -> Approvals:
        return self.filter(void=None)


@append_only()
class Approval(models.Model):
    """One person approved one version, by its digest, for one account. A trigger refuses it to any of its authors."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="approvals")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    approver = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="approvals")
    digest = models.CharField(max_length=64)
    at = models.DateTimeField()

    objects = Approvals.as_manager()

    PRIVATE: ClassVar[dict[str, str]] = {"digest": "open"}

    class Meta:
        ordering = ["at"]
        constraints = [
            models.UniqueConstraint(fields=["version", "account", "approver"], name="a_person_approves_once"),
        ]

    def __str__(self) -> str:
        return f"{self.approver} approved {self.digest[:12]}"


@append_only()
class VoidApproval(models.Model):
    """An approval that counts no more: who gave it left or moved before all that it allowed was out."""

    approval = models.OneToOneField(Approval, on_delete=models.PROTECT, related_name="void")
    at = models.DateTimeField()

    PRIVATE: ClassVar[dict[str, str]] = {}

    def __str__(self) -> str:
        return f"void: {self.approval}"


@append_only()
class Remark(models.Model):
    """Why a version was sent back, rejected or withdrawn."""

    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="remarks")
    version = models.ForeignKey(Version, null=True, on_delete=models.PROTECT, related_name="remarks")
    step = models.CharField(max_length=16)
    text = models.TextField()
    at = models.DateTimeField()
    by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")  # null: the programme

    PRIVATE: ClassVar[dict[str, str]] = {"step": "open", "text": "operational"}

    class Meta:
        ordering = ["at"]

    def __str__(self) -> str:
        return f"{self.step}: {self.text[:40]}"

    @property
    def who(self) -> str:
        return self.by.name if self.by else "Mercat"

"""Pictures and videos that people gave the programme."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q

from mercat.images import states
from mercat.images.recipes import recipe_for
from mercat.people.models import Person


class Document(models.Model):
    """An upload that proved to be a PDF. The original is kept; what is shown and goes out are pictures of its pages."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=200)  # as the person's file was called
    original = models.CharField(max_length=200)  # name in the file store
    sha256 = models.CharField(max_length=64)  # of the original
    pages = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="documents")

    PRIVATE: ClassVar[dict[str, str]] = {"name": "operational", "original": "operational", "sha256": "open"}

    def __str__(self) -> str:
        return self.name

    @property
    def audit_ref(self) -> str:
        return f"document:{self.pk}"


class Picture(models.Model):
    """An upload that proved to be a picture, or a page of a document. The original is kept. `file` is what our pages
    show of it; what goes out are its renditions."""

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
    document = models.ForeignKey(Document, on_delete=models.PROTECT, null=True, related_name="page_pictures")
    page = models.PositiveSmallIntegerField(null=True)  # of the document, from 1

    PRIVATE: ClassVar[dict[str, str]] = {
        "name": "operational",
        "original": "operational",
        "file": "operational",
        "sha256": "open",
        "mime": "open",
    }

    class Meta:
        ordering = ["-at"]
        constraints = [
            models.UniqueConstraint(fields=["document", "page"], name="a_page_has_one_picture"),
            models.CheckConstraint(
                condition=Q(document=None, page=None) | Q(document__isnull=False, page__isnull=False, page__gte=1),
                name="a_page_is_one_of_a_document",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def audit_ref(self) -> str:
        return f"picture:{self.pk}"

    def for_network(self, network: str) -> Rendition | Picture:
        """What this network is given. The picture itself where no rendition is made yet, or it takes no pictures."""
        recipe = recipe_for(network)
        if recipe is None:
            return self
        return next((each for each in self.renditions.all() if each.recipe == recipe.key), self)


class Rendition(models.Model):
    """A picture as networks of one recipe are given it: clean, fitting, and at the best that they keep."""

    picture = models.ForeignKey(Picture, on_delete=models.PROTECT, related_name="renditions")
    recipe = models.CharField(max_length=40)  # `rendering.Recipe.key`
    file = models.CharField(max_length=200)  # name in the file store; renditions of the same bytes share it
    sha256 = models.CharField(max_length=64, db_index=True)
    mime = models.CharField(max_length=32)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size = models.PositiveIntegerField()  # bytes

    PRIVATE: ClassVar[dict[str, str]] = {"recipe": "open", "file": "operational", "sha256": "open", "mime": "open"}

    class Meta:
        constraints = [models.UniqueConstraint(fields=["picture", "recipe"], name="a_picture_has_one_of_a_recipe")]

    def __str__(self) -> str:
        return f"{self.picture_id} as {self.recipe}"


class Video(models.Model):
    """An upload that comes in slices and is made ready behind the pages. The original is kept, as its slices.

    `width` to `size` are those of what goes out, once there is one: an MP4 that every network takes.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=200)  # as the person's file was called
    upload_size = models.PositiveBigIntegerField()  # bytes, as announced
    slices = models.PositiveIntegerField(default=0)  # that are here
    state = models.CharField(max_length=16, choices=list(states.STATES.items()), default=states.ARRIVING)
    hundredths = models.PositiveSmallIntegerField(default=0)  # how much of it is prepared
    refusal = models.CharField(max_length=300, blank=True)  # in words, for whoever brought it
    tries = models.PositiveSmallIntegerField(default=0)
    leased_until = models.DateTimeField(null=True, blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="videos")
    file = models.CharField(max_length=200, blank=True)  # name in the file store
    sha256 = models.CharField(max_length=64, blank=True, db_index=True)  # of `file`
    mime = models.CharField(max_length=32, blank=True)
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    size = models.PositiveBigIntegerField(default=0)  # bytes of `file`
    seconds = models.FloatField(default=0)

    PRIVATE: ClassVar[dict[str, str]] = {
        "name": "operational",
        "refusal": "operational",
        "file": "operational",
        "sha256": "open",
        "mime": "open",
    }

    class Meta:
        ordering = ["-at"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=list(states.STATES)), name="a_video_is_in_a_known_state"),
            models.CheckConstraint(
                condition=~Q(state=states.READY) | ~Q(sha256=""), name="a_video_that_is_ready_has_a_file"
            ),
        ]
        indexes = [models.Index(fields=["state", "at"], name="videos_by_state")]

    def __str__(self) -> str:
        return self.name

    @property
    def audit_ref(self) -> str:
        return f"video:{self.pk}"

    @property
    def is_ready(self) -> bool:
        return self.state == states.READY

    def slice_name(self, number: int) -> str:
        """In the file store."""
        return f"originals/{self.pk}/{number:04}"


class Cover(models.Model):
    """The picture that stands before a video until somebody plays it."""

    video = models.OneToOneField(Video, on_delete=models.PROTECT, related_name="cover")
    file = models.CharField(max_length=200)  # name in the file store
    sha256 = models.CharField(max_length=64, db_index=True)
    mime = models.CharField(max_length=32)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size = models.PositiveIntegerField()  # bytes

    PRIVATE: ClassVar[dict[str, str]] = {"file": "operational", "sha256": "open", "mime": "open"}

    def __str__(self) -> str:
        return f"cover of {self.video_id}"

"""What people hand in, and the posts that are made of it."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from mercat.audit.append_only import append_only
from mercat.images.models import Picture, Video
from mercat.people.models import Person, Unit
from mercat.posts.contributions import LONGEST_PLACE, MOST_PICTURES, states
from mercat.posts.models.posts import Post

PICTURES, VIDEO = "pictures", "video"
KINDS = {PICTURES: "Pictures", VIDEO: "Video"}


@append_only(updatable=["state", "decided_at", "decided_by_id", "reason"])
class Contribution(models.Model):
    """Pictures, or a video, with words, from anybody. What was handed in never changes; what becomes of it does.

    `unit` is the contributor's at the time: the one that is credited. `statement`: the words that they ticked.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="contributions")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="contributions")
    at = models.DateTimeField()
    kind = models.CharField(max_length=8, choices=list(KINDS.items()))
    media_count = models.PositiveSmallIntegerField()
    words = models.TextField()
    place = models.CharField(max_length=LONGEST_PLACE)
    taken_on = models.DateField()
    statement = models.TextField()
    state = models.CharField(max_length=16, choices=list(states.STATES.items()), default=states.WAITING)
    decided_at = models.DateTimeField(null=True)  # the latest step; before it, None
    decided_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(blank=True)

    PRIVATE: ClassVar[dict[str, str]] = {
        "words": "operational",
        "place": "operational",
        "statement": "open",
        "reason": "operational",
    }

    class Meta:
        ordering = ["-at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=list(states.STATES)), name="a_contribution_is_in_a_known_state"
            ),
            models.CheckConstraint(
                condition=Q(kind=PICTURES, media_count__gte=1, media_count__lte=MOST_PICTURES)
                | Q(kind=VIDEO, media_count=1),
                name="a_contribution_has_pictures_or_one_video",
            ),
            models.CheckConstraint(
                condition=~Q(words="") & ~Q(place="") & ~Q(statement=""), name="a_contribution_is_told_in_words"
            ),
            models.CheckConstraint(
                condition=Q(state=states.WAITING, decided_at=None, decided_by=None, reason="")
                | Q(decided_at__isnull=False, decided_by__isnull=False, decided_at__gte=F("at")),
                name="who_decides_about_a_contribution_is_known",
            ),
            models.CheckConstraint(
                condition=~Q(state=states.DECLINED) | ~Q(reason=""), name="a_contribution_is_declined_with_a_reason"
            ),
            models.CheckConstraint(
                condition=~Q(state=states.TAKEN_BACK) | Q(decided_by=F("person")),
                name="a_contribution_is_taken_back_by_who_handed_it_in",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "at"], name="posts_contributions_by_state"),
            models.Index(fields=["person", "-at"], name="posts_contributions_of_person"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} from {self.unit}"

    @property
    def audit_ref(self) -> str:
        return f"contribution:{self.pk}"

    @property
    def page(self) -> str:
        return f"/posts/contributions/{self.pk}/"


@append_only()
class HandedMedium(models.Model):
    """One picture of a contribution, or its video. `alt`: what it shows, by whoever was there; may be empty."""

    contribution = models.ForeignKey(Contribution, on_delete=models.PROTECT, related_name="media")
    number = models.PositiveSmallIntegerField()  # from 1
    picture = models.OneToOneField(Picture, null=True, on_delete=models.PROTECT, related_name="handed_in")
    video = models.OneToOneField(Video, null=True, on_delete=models.PROTECT, related_name="handed_in")
    alt = models.TextField(blank=True)

    PRIVATE: ClassVar[dict[str, str]] = {"alt": "operational"}

    class Meta:
        ordering = ["contribution", "number"]
        constraints = [
            models.UniqueConstraint(fields=["contribution", "number"], name="handed_media_are_numbered"),
            models.CheckConstraint(
                condition=Q(picture=None, video__isnull=False) | Q(picture__isnull=False, video=None),
                name="a_handed_medium_is_a_picture_or_a_video",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} of {self.contribution_id}"


@append_only(updatable=["told_at"])
class ContributionUse(models.Model):
    """A post that was made of a contribution. `told_at`: when whoever handed it in was told that the post is out."""

    contribution = models.ForeignKey(Contribution, on_delete=models.PROTECT, related_name="uses")
    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="made_of")
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)

    PRIVATE: ClassVar[dict[str, str]] = {}

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["contribution", "post"], name="a_post_is_made_of_a_contribution_once"),
            models.CheckConstraint(
                condition=Q(told_at=None) | Q(told_at__gte=F("at")), name="a_published_contribution_is_told_after_it"
            ),
        ]
        indexes = [models.Index(fields=["at"], condition=Q(told_at=None), name="posts_uses_to_tell")]

    def __str__(self) -> str:
        return f"{self.post_id} of {self.contribution_id}"

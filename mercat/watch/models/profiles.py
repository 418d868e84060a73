"""What accounts have to show of the body, what they show, and what was done about it (3.4, 3.5, 7.1, 7.2)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from mercat.audit.append_only import append_only
from mercat.images.models import Picture
from mercat.people.models import Person
from mercat.register.models import Account
from mercat.watch.profiles import states


class Part(models.TextChoices):
    """Of a profile, as `networks.port.NewProfile` calls them."""

    NAME = "name", "Name"
    BIO = "bio", "Bio"
    AVATAR = "avatar", "Picture"
    BANNER = "banner", "Banner"


PICTURES = (Part.AVATAR, Part.BANNER)


@append_only()
class Branding(models.Model):
    """What an account has to show from then on; the latest one counts. Without a picture, nothing is said of it."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="brandings")
    name = models.CharField(max_length=120)
    bio = models.TextField()
    avatar = models.ForeignKey(Picture, null=True, on_delete=models.PROTECT, related_name="+")
    banner = models.ForeignKey(Picture, null=True, on_delete=models.PROTECT, related_name="+")
    assigned_at = models.DateTimeField()
    assigned_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")

    PRIVATE: ClassVar[dict[str, str]] = {"name": "open", "bio": "open"}

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(name="") & ~Q(bio=""), name="branding_has_a_name_and_a_bio"),
        ]

    def __str__(self) -> str:
        return f"Branding of {self.account_id}"


class ProfileLook(models.Model):
    """What an account showed when it was last looked at, and when it is looked at next.

    Of pictures a digest of the bytes that the network gave is kept, and no picture: nobody decodes them. It is that of
    the last time that they could be fetched; "" where they never could. `…_told`: the network told an address.
    """

    account = models.OneToOneField(Account, on_delete=models.PROTECT, related_name="profile_look")
    looked_at = models.DateTimeField()  # the last time, whatever came of it
    next_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)  # when the words were last read
    name = models.CharField(max_length=200, blank=True)
    bio = models.TextField(blank=True)
    avatar = models.CharField(max_length=64, blank=True)
    banner = models.CharField(max_length=64, blank=True)
    avatar_told = models.BooleanField(default=False)
    banner_told = models.BooleanField(default=False)
    tries = models.PositiveSmallIntegerField(default=0)  # that failed, wholly or for a picture, in a row
    trouble = models.CharField(max_length=300, blank=True)  # what stood in the way the last time, for a person

    PRIVATE: ClassVar[dict[str, str]] = {
        "name": "open",
        "bio": "open",
        "avatar": "open",
        "banner": "open",
        "trouble": "operational",
    }

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(next_at__gte=F("looked_at")), name="a_profile_is_looked_at_later"),
            models.CheckConstraint(
                condition=Q(tries=0, trouble="") | (Q(tries__gt=0) & ~Q(trouble="")),
                name="a_look_at_a_profile_that_failed_says_why",
            ),
        ]
        indexes = [models.Index(fields=["next_at"], name="profile_looks_due")]

    def __str__(self) -> str:
        return f"Look at the profile of {self.account_id}"


@append_only()
class RightPicture(models.Model):
    """How a network shows an assigned picture: they encode pictures anew, so that digests tell nothing before somebody
    said, or this programme put it there and looked. The latest one of a picture counts."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="right_pictures")
    part = models.CharField(max_length=8, choices=[(part.value, part.label) for part in PICTURES])
    picture = models.ForeignKey(Picture, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64)
    at = models.DateTimeField()
    by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")  # null: put there from here

    PRIVATE: ClassVar[dict[str, str]] = {"digest": "open"}

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(digest=""), name="a_right_picture_has_its_digest"),
            models.CheckConstraint(condition=Q(part__in=["avatar", "banner"]), name="a_right_picture_is_of_a_part"),
        ]

    def __str__(self) -> str:
        return f"{self.part} of {self.account_id}"


@append_only()
class MessagesOff(models.Model):
    """Somebody who answers for an account said that direct messages are switched off there: no interface tells it."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="messages_off")
    at = models.DateTimeField()
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")

    PRIVATE: ClassVar[dict[str, str]] = {}

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"Direct messages of {self.account_id}"


@append_only(updatable=("ended_at",))
class ProfileFinding(models.Model):
    """Something about a profile that was not as it should be, from when it was found until it was right again."""

    class Kind(models.TextChoices):
        NAME = "name", "Its name is another than the assigned one"
        BIO = "bio", "Its bio is another than the assigned one"
        NUMBERS = "numbers", "Its bio does not name the numbers to call"
        AVATAR = "avatar", "Its picture was changed"
        BANNER = "banner", "Its banner was changed"
        AVATAR_UNSURE = "avatar-unsure", "Nobody has said that its picture is right"
        BANNER_UNSURE = "banner-unsure", "Nobody has said that its banner is right"
        UNREAD = "unread", "It could not be looked at"
        MESSAGES = "messages", "Nobody has said for a year that direct messages are switched off"

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="profile_findings")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    said = models.TextField(blank=True)  # as it was found: what the account showed, or what stood in the way
    found_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    PRIVATE: ClassVar[dict[str, str]] = {"said": "open"}

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "kind"], condition=Q(ended_at=None), name="a_profile_has_one_finding_of_a_kind"
            ),
            models.CheckConstraint(condition=Q(kind__in=[
                "name", "bio", "numbers", "avatar", "banner", "avatar-unsure", "banner-unsure", "unread", "messages",
            ]), name="a_profile_finding_is_of_a_known_kind"),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("found_at")), name="a_profile_finding_ends_later"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.kind} of {self.account_id}"


class ProfileChange(models.Model):
    """A part of a profile that somebody asked to have put back, and what came of it. `seen_at`: when the account was
    first looked at after it was done."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="profile_changes")
    branding = models.ForeignKey(Branding, on_delete=models.PROTECT, related_name="changes")
    part = models.CharField(max_length=8, choices=Part.choices)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=16, choices=list(states.STATES.items()), default=states.QUEUED)
    due_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    begun_at = models.DateTimeField(null=True)  # the last time
    ended_at = models.DateTimeField(null=True)
    said = models.CharField(max_length=300, blank=True)  # why not, or why it is not known
    seen_at = models.DateTimeField(null=True)

    PRIVATE: ClassVar[dict[str, str]] = {"said": "operational"}

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "part"],
                condition=Q(state__in=list(states.OPEN)),
                name="a_part_is_put_back_once_at_a_time",
            ),
            models.CheckConstraint(condition=Q(state__in=list(states.STATES)), name="a_put_back_is_in_a_known_state"),
            models.CheckConstraint(
                condition=Q(part__in=["name", "bio", "avatar", "banner"]), name="what_is_put_back_is_a_part"
            ),
            models.CheckConstraint(
                condition=Q(state__in=list(states.OPEN), ended_at=None)
                | (~Q(state__in=list(states.OPEN)) & Q(ended_at__isnull=False)),
                name="a_put_back_that_is_over_says_when",
            ),
            models.CheckConstraint(
                condition=Q(seen_at=None) | Q(state=states.DONE), name="only_what_was_put_back_is_seen"
            ),
        ]
        indexes = [models.Index(fields=["due_at"], condition=Q(state="queued"), name="profile_changes_due")]

    def __str__(self) -> str:
        return f"{self.part} of {self.account_id}"

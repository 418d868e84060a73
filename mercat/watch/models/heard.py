"""What others wrote to accounts, until somebody has dealt with it, and how far each account was listened to."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from mercat.audit.append_only import append_only
from mercat.delivery.models import Consignment
from mercat.people.models import Person
from mercat.register.models import Account
from mercat.watch.heard import states


class Heard(models.Model):
    """What somebody wrote that names an account of ours, or under a post of ours.

    Once it is settled nothing of it is kept but that there was something, and `digest`, by which it is known when its
    network tells it again. It is no record of what was said: that is for whom people are told to call (3.3).
    """

    class Kind(models.TextChoices):
        MENTION = "mention", "Mention"
        COMMENT = "comment", "Comment"

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="heard")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    digest = models.CharField(max_length=64)  # keyed, of the account and the network's id of it
    heard_at = models.DateTimeField()
    looks_like_report = models.BooleanField()
    native_id = models.CharField(max_length=500, blank=True)
    url = models.CharField(max_length=500, blank=True)
    author = models.CharField(max_length=253, blank=True)  # handle
    author_name = models.CharField(max_length=200, blank=True)
    text = models.TextField(blank=True)
    made_at = models.DateTimeField(null=True)
    under = models.ForeignKey(Consignment, null=True, on_delete=models.PROTECT, related_name="heard")
    state = models.CharField(max_length=16, choices=list(states.STATES.items()), default=states.NEW)
    settled_at = models.DateTimeField(null=True)
    settled_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")  # null: by its time

    PRIVATE: ClassVar[dict[str, str]] = {
        "digest": "operational",
        "native_id": "personal",
        "url": "personal",
        "author": "personal",
        "author_name": "personal",
        "text": "personal",
    }

    class Meta:
        ordering = ["-looks_like_report", "-made_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["account", "digest"], name="what_is_heard_is_heard_once"),
            models.CheckConstraint(
                condition=Q(state__in=list(states.STATES)), name="what_is_heard_is_in_a_known_state"
            ),
            models.CheckConstraint(condition=~Q(digest=""), name="what_is_heard_is_known_again_by_a_digest"),
            models.CheckConstraint(
                condition=Q(state="new", settled_at=None, settled_by=None)
                | Q(state__in=["signposted", "nothing"], settled_at__isnull=False, settled_by__isnull=False)
                | Q(state="forgotten", settled_at__isnull=False, settled_by=None),
                name="what_is_heard_is_settled_by_a_person_or_its_time",
            ),
            models.CheckConstraint(
                condition=(Q(state="new", made_at__isnull=False) & ~Q(native_id=""))
                | (
                    ~Q(state="new")
                    & Q(native_id="", url="", author="", author_name="", text="", made_at=None, under=None)
                ),
                name="of_what_is_settled_no_word_is_kept",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-made_at"], condition=Q(state="new"), name="watch_heard_waiting"),
            models.Index(fields=["account", "heard_at"], name="watch_heard_of_account"),
        ]

    def __str__(self) -> str:
        return f"Heard {self.pk}"

    @property
    def audit_ref(self) -> str:
        return f"heard:{self.pk}"

    @property
    def address(self) -> str:
        """Where it can be followed to: a network's word is no link by itself."""
        return self.url if self.url.startswith(("https://", "http://")) else ""


class MentionsLook(models.Model):
    """How far an account was listened to: mentions up to `looked_until` were read."""

    account = models.OneToOneField(Account, on_delete=models.PROTECT, related_name="mentions_look")
    looked_until = models.DateTimeField()
    looked_at = models.DateTimeField()  # the last time, whatever came of it
    trouble = models.CharField(max_length=300, blank=True)  # what stood in the way the last time, for a person

    PRIVATE: ClassVar[dict[str, str]] = {"trouble": "operational"}

    def __str__(self) -> str:
        return f"Mentions of {self.account_id}"


@append_only(updatable=("until",))
class HeardGap(models.Model):
    """A time of which nobody read what named an account: it could not be read for longer than words are kept."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="heard_gaps")
    since = models.DateTimeField()
    until = models.DateTimeField()  # later, as long as it cannot be read
    found_at = models.DateTimeField()

    PRIVATE: ClassVar[dict[str, str]] = {}

    class Meta:
        ordering = ["-since"]
        constraints = [
            models.UniqueConstraint(fields=["account", "since"], name="one_gap_begins_at_a_moment"),
            models.CheckConstraint(condition=Q(until__gt=F("since")), name="what_was_not_read_begins_before_it_ends"),
        ]

    def __str__(self) -> str:
        return f"What named {self.account_id} and was not read"


class CommentsLook(models.Model):
    """When what stands under a post is read next. `next_at` is null once it never is; `read_at`: when it last was."""

    consignment = models.OneToOneField(Consignment, on_delete=models.PROTECT, related_name="comments_look")
    asked_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    next_at = models.DateTimeField(null=True)
    trouble = models.CharField(max_length=300, blank=True)  # what stood in the way the last time, for a person

    PRIVATE: ClassVar[dict[str, str]] = {"trouble": "operational"}

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(next_at=None) | Q(next_at__gt=F("asked_at")), name="comments_are_read_again_later"
            ),
        ]
        indexes = [models.Index(fields=["next_at"], name="watch_comments_due")]

    def __str__(self) -> str:
        return f"Comments of {self.consignment_id}, due {self.next_at}"

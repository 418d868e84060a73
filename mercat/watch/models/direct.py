"""Posts on official accounts that did not go through the tool, and how far each account was looked at (6.2, 6.3)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from mercat.audit.append_only import append_only
from mercat.delivery.models import Consignment
from mercat.people.models import Person
from mercat.register.models import Account, DirectAccess

SETTLED = ("outcome", "words", "settled_at", "settled_by_id", "exception_id", "taken_down_at", "ours_id")


class DirectLook(models.Model):
    """How far an account was looked at. What was made on it from `begun_at` to `looked_until` has been told apart."""

    account = models.OneToOneField(Account, on_delete=models.PROTECT, related_name="direct_look")
    begun_at = models.DateTimeField()  # not before it was connected: what stood there then is nobody's direct use
    looked_until = models.DateTimeField()
    looked_at = models.DateTimeField()  # the last time, whatever came of it
    far_at = models.DateTimeField()  # when it was last looked back to the oldest post that is followed
    trouble = models.CharField(max_length=300, blank=True)  # what stood in the way the last time, for a person

    PRIVATE: ClassVar[dict[str, str]] = {"trouble": "operational"}

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(looked_until__gte=F("begun_at")), name="a_look_begins_with_a_connection")
        ]

    def __str__(self) -> str:
        return f"Look at {self.account_id}"


@append_only(updatable=("until",))
class DirectGap(models.Model):
    """A time of which an account's posts could not be read: there were too many."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="direct_gaps")
    since = models.DateTimeField()
    until = models.DateTimeField()  # later where the next look met the same
    found_at = models.DateTimeField()

    PRIVATE: ClassVar[dict[str, str]] = {}

    class Meta:
        ordering = ["-since"]
        constraints = [models.CheckConstraint(condition=Q(until__gt=F("since")), name="a_gap_begins_before_it_ends")]

    def __str__(self) -> str:
        return f"Gap in the looks at {self.account_id}"


@append_only(updatable=(*SETTLED, "gone_at"))
class DirectUse(models.Model):
    """A post that was found on an account and did not go through the tool.

    What was found never changes; it is settled once by a person, which a trigger holds. Where direct access was open
    when it was made, the programme says at once that it was expected, and a person may still say otherwise. `gone_at`:
    since when the network shows it no more. `changes`: it is a post of ours whose words were changed there. Whatever
    says something else after it was settled is found anew.
    """

    class Outcome(models.TextChoices):
        WAITING = "", "Waits for somebody"
        EXPECTED = "expected", "Expected: direct access was open"
        TAKEN_DOWN = "taken_down", "Taken down on the network"
        OURS = "ours", "Ours after all"
        MISUSE = "misuse", "Misuse"

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="direct_uses")
    native_id = models.CharField(max_length=500)
    url = models.CharField(max_length=500, blank=True)
    text = models.TextField(blank=True)  # as it was found
    made_at = models.DateTimeField()  # as its network tells
    found_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=16, choices=Outcome.choices, blank=True)
    words = models.TextField(blank=True)
    settled_at = models.DateTimeField(null=True)
    settled_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")  # null: by itself
    exception = models.ForeignKey(DirectAccess, null=True, on_delete=models.PROTECT, related_name="found_posts")
    taken_down_at = models.DateTimeField(null=True)
    ours = models.ForeignKey(Consignment, null=True, on_delete=models.PROTECT, related_name="+")
    changes = models.ForeignKey(Consignment, null=True, on_delete=models.PROTECT, related_name="+")

    PRIVATE: ClassVar[dict[str, str]] = {
        "native_id": "open",
        "url": "open",
        "text": "open",
        "words": "operational",
    }

    class Meta:
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "native_id"], condition=Q(outcome=""), name="a_post_past_the_tool_waits_once"
            ),
            models.CheckConstraint(
                condition=Q(changes=None) | ~Q(outcome="expected", settled_by=None),
                name="a_change_is_not_expected_by_itself",
            ),
            models.CheckConstraint(condition=~Q(native_id=""), name="a_found_post_has_its_id"),
            models.CheckConstraint(
                condition=Q(outcome="", settled_at=None, words="")
                | Q(outcome="expected", settled_at__isnull=False, settled_by=None, words="")
                | (
                    Q(
                        outcome__in=["expected", "taken_down", "ours", "misuse"],
                        settled_at__isnull=False,
                        settled_by__isnull=False,
                    )
                    & ~Q(words="")
                ),
                name="a_direct_use_is_settled_by_somebody_in_words",
            ),
            models.CheckConstraint(
                condition=Q(settled_by=None) | ~Q(outcome=""), name="who_settled_a_direct_use_said_what_it_is"
            ),
            models.CheckConstraint(
                condition=Q(outcome="expected", exception__isnull=False)
                | (~Q(outcome="expected") & Q(exception__isnull=True)),
                name="what_is_expected_has_its_exception",
            ),
            models.CheckConstraint(
                condition=Q(outcome="taken_down", taken_down_at__isnull=False, taken_down_at__gte=F("made_at"))
                | (~Q(outcome="taken_down") & Q(taken_down_at__isnull=True)),
                name="what_was_taken_down_says_when",
            ),
            models.CheckConstraint(
                condition=Q(outcome="ours", ours__isnull=False) | (~Q(outcome="ours") & Q(ours__isnull=True)),
                name="what_is_ours_names_its_post",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-made_at"], name="watch_direct_of_account"),
            models.Index(fields=["account", "native_id"], name="watch_direct_by_id"),
            models.Index(fields=["-made_at"], condition=Q(outcome=""), name="watch_direct_waiting"),
        ]

    def __str__(self) -> str:
        return f"Post on {self.account} past the tool"

    @property
    def audit_ref(self) -> str:
        return f"direct-use:{self.pk}"

    @property
    def page(self) -> str:
        return f"/watch/direct/{self.pk}/"

    @property
    def address(self) -> str:
        """Where it can be followed to: a network's word is no link by itself."""
        return self.url if self.url.startswith(("https://", "http://")) else ""

    @property
    def is_expected(self) -> bool:
        return self.outcome == self.Outcome.EXPECTED

    @property
    def is_open(self) -> bool:
        """Whether nobody has settled it: what the programme expected may have been misuse all the same."""
        return self.settled_by_id is None


@append_only()
class CouldHave(models.Model):
    """Somebody who could have made a post past the tool, and why, as it stood when it was made. No accusation."""

    class Why(models.TextChoices):
        DIRECT = "direct", "Had direct access, and its credential was not changed before"
        DIRECT_BEFORE = "direct_before", "Had direct access once; its credential was changed since"
        CONNECTED = "connected", "Connected the account here, with its credential"
        CONTACT = "contact", "Point of contact of the account"
        HOLDER = "holder", "Holder of the account"
        RECOVERY = "recovery", "Holds the role that can recover the account on its network"

    direct_use = models.ForeignKey(DirectUse, on_delete=models.PROTECT, related_name="could_have")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    why = models.CharField(max_length=16, choices=Why.choices)

    PRIVATE: ClassVar[dict[str, str]] = {}

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["direct_use", "person", "why"], name="somebody_could_have_for_a_reason_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.get_why_display()}"

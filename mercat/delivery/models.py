"""Consignments: the rows that own sending. The rules are in docs/explanation/sending.md."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from mercat.audit.append_only import append_only
from mercat.delivery import states
from mercat.people.models import Person
from mercat.register.models import Account


@append_only()
class Manifest(models.Model):
    """The exact bytes that were approved, by their digest. What goes out is read from here and nowhere else."""

    digest = models.CharField(primary_key=True, max_length=64)  # SHA-256 of `canonical`, hex
    canonical = models.BinaryField()
    files = models.JSONField(default=dict)  # where each picture lies: its SHA-256 → name in the file store
    at = models.DateTimeField()

    PRIVATE: ClassVar[dict[str, str]] = {"digest": "open", "canonical": "operational", "files": "operational"}

    def __str__(self) -> str:
        return self.digest[:12]


class Consignment(models.Model):
    """One version to one account; of a thread, one post of it."""

    class Lane(models.TextChoices):
        WARNING = "warning", "Warning"
        NORMAL = "normal", "Normal"

    class Hold(models.TextChoices):
        NONE = "", "Not held"
        GUIDANCE = "guidance", "Held by guidance"
        PAUSED = "paused", "Paused"
        DISCONNECTED = "disconnected", "The account is not connected"
        ALTERED = "altered", "Not what was approved"
        LEAVER = "leaver", "Somebody it rests on has left or moved"
        BUDGET = "budget", "The month's budget is used up"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    manifest = models.ForeignKey(Manifest, on_delete=models.PROTECT, related_name="consignments")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="consignments")
    part = models.PositiveSmallIntegerField(default=0)  # of a thread: it goes out after the one before it
    post_ref = models.CharField(max_length=64, db_index=True)  # "post:…", as the audit names it
    author = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="consignments")
    approvals = models.PositiveSmallIntegerField()  # of exactly this digest for this account
    approvals_needed = models.PositiveSmallIntegerField()
    pillar = models.SlugField(max_length=64)
    lane = models.CharField(max_length=16, choices=Lane.choices)
    due_at = models.DateTimeField()
    created_at = models.DateTimeField()

    state = models.CharField(max_length=16, choices=list(states.STATES.items()), default=states.READY)
    not_before = models.DateTimeField()  # due_at, or the later time that a network named
    fence = models.PositiveIntegerField(default=0)  # raised by every claim: an older claim's writes find nothing
    leased_until = models.DateTimeField(null=True, blank=True)
    hold = models.CharField(max_length=16, choices=Hold.choices, default="", blank=True)
    reason = models.TextField(blank=True)  # what stands in the way now, for a person
    refusals = models.JSONField(default=list)  # guidance's, while it is held
    attempts_made = models.PositiveSmallIntegerField(default=0)
    looks = models.PositiveSmallIntegerField(default=0)  # read-backs of the present doubt
    look_at = models.DateTimeField(null=True, blank=True)  # when the doubt may be looked into
    notes = models.JSONField(default=dict)  # the adapter's, between steps
    # What the network charges for sending it, in its own currency; written when it begins. Null: nothing.
    cost = models.DecimalField(max_digits=9, decimal_places=4, null=True, blank=True)
    recalled = models.TextField(blank=True)  # why its post was taken back while this was too far on its way
    native_id = models.CharField(max_length=500, blank=True)
    url = models.URLField(max_length=500, blank=True)
    first_sent_at = models.DateTimeField(null=True, blank=True)  # of the first attempt: natural keys grow from it
    sent_at = models.DateTimeField(null=True, blank=True)
    read_back_at = models.DateTimeField(null=True, blank=True)
    vouched_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    PRIVATE: ClassVar[dict[str, str]] = {
        "post_ref": "open",
        "reason": "operational",
        "recalled": "operational",
        "refusals": "operational",
        "notes": "operational",
        "native_id": "open",
        "url": "open",
    }

    class Meta:
        ordering = ["due_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["manifest", "account", "part"], name="a_version_goes_once_to_an_account"),
            models.UniqueConstraint(
                fields=["account", "lane"],  # a warning does not wait for the doubt about an ordinary post
                condition=Q(state__in=states.BUSY),
                name="one_busy_consignment_of_an_account_and_lane",
            ),
            models.CheckConstraint(
                condition=Q(state__in=list(states.STATES)), name="a_consignment_is_in_a_known_state"
            ),
            models.CheckConstraint(
                condition=~Q(state=states.SENT)
                | (~Q(native_id="") & Q(read_back_at__isnull=False))
                | Q(vouched_by__isnull=False),
                name="sent_means_read_back_or_seen",
            ),
            models.CheckConstraint(condition=Q(state=states.HELD) ^ Q(hold=""), name="held_says_by_what"),
            models.CheckConstraint(
                condition=~Q(state__in=[states.LEASED, states.SENDING]) | Q(leased_until__isnull=False),
                name="work_has_a_lease",
            ),
            models.CheckConstraint(
                condition=~Q(state=states.IN_DOUBT) | Q(look_at__isnull=False), name="a_doubt_has_its_time"
            ),
            models.CheckConstraint(
                condition=Q(approvals__gte=F("approvals_needed")), name="nothing_is_sent_without_its_approvals"
            ),
        ]
        indexes = [
            models.Index(fields=["lane", "not_before"], condition=Q(state=states.READY), name="delivery_due"),
            models.Index(fields=["look_at"], condition=Q(state=states.IN_DOUBT), name="delivery_doubts"),
            models.Index(
                fields=["leased_until"],
                condition=Q(state__in=[states.LEASED, states.SENDING]),
                name="delivery_leases",
            ),
            models.Index(fields=["state", "-due_at"], name="delivery_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.post_ref} to {self.account_id}"

    @property
    def audit_ref(self) -> str:
        return f"consignment:{self.pk}"

    def step(self, event: str) -> None:
        """Move along the table. What was recalled when it was too late goes out no more, once it can be held."""
        self.state = states.after(self.state, event)
        if self.recalled and self.state in states.RECALLABLE:
            self.state = states.after(self.state, "withdraw")


class Attempt(models.Model):
    """One time that a worker called a network to publish. Committed before the call, closed after it."""

    class Result(models.TextChoices):
        SENT = "sent", "The network took it"
        PENDING = "pending", "The network was still preparing"
        MOVED = "moved", "A part was handed over"
        REFUSED = "refused", "The network refused it"
        RECONNECT = "reconnect", "The network no longer takes our credentials"
        LATER = "later", "Put off"
        UNSURE = "unsure", "No clear answer"

    consignment = models.ForeignKey(Consignment, on_delete=models.PROTECT, related_name="attempts")
    fence = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    result = models.CharField(max_length=16, choices=Result.choices, blank=True)  # empty: it never reported back
    reason = models.TextField(blank=True)

    PRIVATE: ClassVar[dict[str, str]] = {"reason": "operational"}

    class Meta:
        ordering = ["started_at"]
        constraints = [
            models.UniqueConstraint(fields=["consignment", "fence"], name="one_attempt_of_a_claim"),
        ]

    def __str__(self) -> str:
        return f"attempt {self.fence} of {self.consignment_id}"


class Removal(models.Model):
    """That something is to be taken down from where it is out, and what came of it."""

    class Result(models.TextChoices):
        DONE = "done", "Taken down"
        FAILED = "failed", "Could not be taken down"

    consignment = models.ForeignKey(Consignment, on_delete=models.PROTECT, related_name="removals")
    why = models.TextField()
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    not_before = models.DateTimeField()
    leased_until = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    result = models.CharField(max_length=16, choices=Result.choices, blank=True)  # empty: it is being done
    said = models.TextField(blank=True)  # why it waits, or failed
    ended_at = models.DateTimeField(null=True, blank=True)

    PRIVATE: ClassVar[dict[str, str]] = {"why": "operational", "said": "operational"}

    class Meta:
        ordering = ["asked_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["consignment"], condition=~Q(result="failed"), name="a_consignment_is_taken_down_once"
            ),
            models.CheckConstraint(
                condition=Q(result="") ^ Q(ended_at__isnull=False), name="a_removal_ends_with_a_result"
            ),
        ]
        indexes = [models.Index(fields=["not_before"], condition=Q(result=""), name="delivery_removals_due")]

    def __str__(self) -> str:
        return f"removal of {self.consignment_id}"


class Correction(models.Model):
    """That something which is out is to be given other words, which were approved, and what came of it."""

    class Result(models.TextChoices):
        DONE = "done", "Corrected"
        FAILED = "failed", "Could not be corrected"
        WITHDRAWN = "withdrawn", "Taken back"

    consignment = models.ForeignKey(Consignment, on_delete=models.PROTECT, related_name="corrections")
    manifest = models.ForeignKey(Manifest, on_delete=models.PROTECT, related_name="corrections")  # has the new words
    post_ref = models.CharField(max_length=64, db_index=True)  # of the post that corrects
    author = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    approvals = models.PositiveSmallIntegerField()  # of exactly this digest for this account
    approvals_needed = models.PositiveSmallIntegerField()
    asked_at = models.DateTimeField()
    not_before = models.DateTimeField()
    leased_until = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    recalled = models.BooleanField(default=False)  # taken back while it was being tried: it is tried no more
    result = models.CharField(max_length=16, choices=Result.choices, blank=True)  # empty: it is being done
    said = models.TextField(blank=True)  # why it waits, or failed
    ended_at = models.DateTimeField(null=True, blank=True)

    PRIVATE: ClassVar[dict[str, str]] = {"post_ref": "open", "said": "operational"}

    class Meta:
        ordering = ["asked_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["consignment"], condition=Q(result=""), name="a_consignment_is_corrected_once_at_a_time"
            ),
            models.UniqueConstraint(
                fields=["consignment", "manifest"],
                condition=~Q(result="withdrawn"),
                name="a_version_corrects_a_consignment_once",
            ),
            models.CheckConstraint(
                condition=Q(result="") ^ Q(ended_at__isnull=False), name="a_correction_ends_with_a_result"
            ),
            models.CheckConstraint(
                condition=Q(approvals__gte=F("approvals_needed")), name="nothing_is_corrected_without_its_approvals"
            ),
        ]
        indexes = [models.Index(fields=["not_before"], condition=Q(result=""), name="delivery_corrections_due")]

    def __str__(self) -> str:
        return f"correction of {self.consignment_id}"


class Broadcast(models.Model):
    """A live broadcast that was announced: how its network last told that it stands, and what somebody wishes of it."""

    class Wish(models.TextChoices):
        START = "start", "Show it to all"
        END = "end", "End it"

    consignment = models.OneToOneField(Consignment, on_delete=models.PROTECT, related_name="broadcast")
    state = models.CharField(max_length=16, blank=True)  # as `networks.port.Broadcast` names them; empty: not seen yet
    seen_at = models.DateTimeField(null=True, blank=True)
    unseen = models.TextField(blank=True)  # why it could not be looked at just now
    ingest = models.BinaryField(null=True)  # address and key for the encoder, sealed
    wish = models.CharField(max_length=16, choices=Wish.choices, blank=True)
    wished_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    said = models.TextField(blank=True)  # why the last wish waits, or came to nothing
    tries = models.PositiveSmallIntegerField(default=0)
    look_until = models.DateTimeField()  # somebody watches its page until then
    not_before = models.DateTimeField()
    leased_until = models.DateTimeField(null=True, blank=True)

    PRIVATE: ClassVar[dict[str, str]] = {
        "state": "open",
        "unseen": "operational",
        "said": "operational",
        "ingest": "secret",
    }

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(wish="") ^ Q(wished_by__isnull=False), name="a_wish_is_somebodys"),
        ]

    def __str__(self) -> str:
        return f"broadcast of {self.consignment_id}"


class Meter(models.Model):
    """How much of one of a network's limits was left when it last told: of an account, or of the body's whole app."""

    network = models.SlugField(max_length=64)
    account = models.ForeignKey(Account, null=True, blank=True, on_delete=models.PROTECT, related_name="meters")
    name = models.CharField(max_length=64)
    limit = models.PositiveIntegerField()
    left = models.PositiveIntegerField()
    resets_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    PRIVATE: ClassVar[dict[str, str]] = {"name": "open"}

    class Meta:
        ordering = ["network", "account", "name", "limit"]
        constraints = [
            models.UniqueConstraint(
                fields=["network", "account", "name", "limit"], nulls_distinct=False, name="one_reading_of_a_limit"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.left} of {self.limit} {self.name} of {self.account_id or self.network}"


class Pause(models.Model):
    """Nothing starts while a pause covers it. A second person lifts it (sending rule 12)."""

    class Scope(models.TextChoices):
        BODY = "body", "Everything"
        UNIT = "unit", "A unit"
        NETWORK = "network", "A network"
        ACCOUNT = "account", "An account"
        PILLAR = "pillar", "A pillar"

    scope = models.CharField(max_length=16, choices=Scope.choices)
    key = models.CharField(max_length=80, blank=True)  # of the unit, network, account or pillar
    reason = models.TextField()
    at = models.DateTimeField()
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    PRIVATE: ClassVar[dict[str, str]] = {"key": "operational", "reason": "operational"}

    class Meta:
        ordering = ["-at"]
        constraints = [
            models.CheckConstraint(condition=~Q(lifted_by=F("by")), name="a_second_person_lifts_a_pause"),
            models.CheckConstraint(
                condition=Q(lifted_at=None, lifted_by=None) | Q(lifted_at__isnull=False, lifted_by__isnull=False),
                name="a_lifted_pause_says_by_whom",
            ),
            models.CheckConstraint(condition=Q(scope="body") ^ ~Q(key=""), name="a_pause_has_its_scope"),
        ]

    def __str__(self) -> str:
        return f"Pause of {self.get_scope_display().lower()} {self.key}".strip()

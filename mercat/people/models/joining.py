"""How far each has come from nomination to licence."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from mercat.audit.append_only import append_only
from mercat.people.models.persons import Person, Step


class RequiredStep(models.Model):
    """A step that the pack asks for: what the database's own triggers hold every row of a joining against.

    `step` is guidance's action, or “acknowledge”; `subject` the pack's key of the course or procedure that it is about.
    """

    step = models.SlugField(max_length=64)
    subject = models.SlugField(max_length=64, blank=True)

    PRIVATE: ClassVar[dict[str, str]] = {}

    class Meta:
        constraints = [models.UniqueConstraint(fields=["step", "subject"], name="a_step_is_required_once")]

    def __str__(self) -> str:
        return f"{self.step} {self.subject}".strip()


@append_only(updatable=["ended_at"])
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


@append_only(updatable=["ended_at"])
class Completion(models.Model):
    """A completed course, with the trainer who signed it off (clauses 2.2, 5.2).

    `ended_at`: it counts no more: it was recorded wrongly, or sent back by whoever was to authorise on it.
    """

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="completions")
    course = models.CharField(max_length=120)
    completed_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    trainer = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    signed_off = models.BooleanField(help_text="The trainer held the pack's training role when it was recorded.")
    source = models.CharField(max_length=32)  # "hr" or "trainer"
    recorded_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    PRIVATE: ClassVar[dict[str, str]] = {"course": "open", "source": "operational"}

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("completed_at")), name="a_completion_expires_after_it_began"
            ),
            models.CheckConstraint(condition=~Q(trainer=F("person")), name="nobody_trains_themselves"),
            models.UniqueConstraint(
                fields=["person", "course", "completed_at"],
                condition=Q(ended_at=None, source="hr"),
                name="a_completion_is_imported_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.course}, {self.person}"


@append_only(updatable=["ended_at"])
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


@append_only(updatable=["opened_at", "opened_by_id", "rejected_by_id", "ended_at"])
class Access(models.Model):
    """An access request at the service desk: confirmed by the communications team, then opened by ICT (clause 5.9)."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="accesses")
    reference = models.CharField("service request", max_length=64)
    confirmed_at = models.DateTimeField()
    confirmed_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(null=True, blank=True)
    opened_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    rejected_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    PRIVATE: ClassVar[dict[str, str]] = {"reference": "operational"}

    class Meta:
        verbose_name_plural = "accesses"
        constraints = [
            models.CheckConstraint(
                condition=~Q(confirmed_by=F("person")) & ~Q(opened_by=F("person")), name="nobody_opens_their_own_access"
            ),
            models.CheckConstraint(condition=~Q(opened_by=F("confirmed_by")), name="access_takes_two_people"),
            models.CheckConstraint(
                condition=Q(opened_by=None) | Q(opened_at__isnull=False), name="access_is_opened_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(opened_at=None) | Q(opened_at__gte=F("confirmed_at")), name="confirmed_before_opened"
            ),
            models.CheckConstraint(
                condition=Q(rejected_by=None) | Q(ended_at__isnull=False, opened_at=None),
                name="rejected_means_ended_and_never_opened",
            ),
            models.UniqueConstraint(fields=["person"], condition=Q(ended_at=None), name="one_standing_access"),
        ]

    def __str__(self) -> str:
        return self.reference


@append_only(updatable=["ended_at"])
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


@append_only()
class Acknowledgement(models.Model):
    """A version of a procedure that a person has read and accepted (clause 5.4). `document` is the pack's key of it.

    `version` is the pack's; empty where it was accepted before versions were kept.
    """

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="acknowledgements")
    document = models.SlugField(max_length=64)
    version = models.CharField(max_length=32, blank=True, default="")
    at = models.DateTimeField()

    PRIVATE: ClassVar[dict[str, str]] = {"version": "open"}

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "document", "version"], name="a_version_is_acknowledged_once"),
        ]

    def __str__(self) -> str:
        return f"{self.document}, {self.person}"


@append_only(updatable=["ended_at"])
class SentBack(Step):
    """A step that its rightful role did not take, and gave back to the step before, with the reason.

    `step` and `to` are guidance's actions. It ends once `to` has been taken anew.
    """

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="sent_back")
    step = models.SlugField(max_length=64)
    to = models.SlugField(max_length=64)
    reason = models.TextField()

    PRIVATE: ClassVar[dict[str, str]] = {"reason": "personal"}

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(by=F("person")), name="nobody_sends_themselves_back"),
        ]
        indexes = [models.Index(fields=["person"], condition=Q(ended_at=None), name="people_sent_back_standing")]

    def __str__(self) -> str:
        return f"{self.person}, back to {self.to}"

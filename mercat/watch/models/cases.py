"""A found account, from whoever saw it to its end (clauses 4.10, 4.11 and 4.13)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from mercat.audit.append_only import append_only
from mercat.images.models import Picture
from mercat.people.models import Person
from mercat.register.models import Account
from mercat.watch.cases import states, triage

UNAUTHORISED, FAKE, NEITHER = triage.UNAUTHORISED, triage.FAKE, triage.NEITHER


class Case(models.Model):
    """One account outside of the register.

    It moves along the table of states, and is never deleted: triggers hold both. What proves to be neither
    unauthorised nor fake is somebody's own: then nothing that tells whose it is stays (clause 8.1).
    """

    class Who(models.TextChoices):
        NOT_ASKED = "", "Not asked yet"
        INSIDE = triage.INSIDE, "Somebody of the body’s own people"
        OUTSIDE = triage.OUTSIDE, "Somebody else"
        NOT_KNOWN = triage.NOT_KNOWN, "Not known"

    class Kind(models.TextChoices):
        NONE_YET = "", "Not looked at yet"
        UNAUTHORISED = UNAUTHORISED, "Unauthorised"
        FAKE = FAKE, "Fake"
        NEITHER = NEITHER, "Neither"

    class Outcome(models.TextChoices):
        NOT_YET = "", "Open"
        TAKEN_DOWN = "taken-down", "Taken down by the platform"
        LEFT_UP = "left-up", "Left up by the platform"
        GONE = "gone", "Closed by whoever ran it"
        REGULARISED = "regularised", "Official now, by an approved application"
        NEITHER = NEITHER, "Neither unauthorised nor fake: forgotten"

    network = models.SlugField(max_length=32, blank=True)
    key = models.CharField(max_length=500, blank=True)
    address = models.CharField(max_length=500, blank=True)
    found_at = models.DateTimeField()
    state = models.CharField(max_length=16, choices=list(states.STATES.items()), default=states.NEW)
    kind = models.CharField(max_length=16, choices=Kind.choices, blank=True)
    who = models.CharField(max_length=16, choices=Who.choices, blank=True)
    branding = models.BooleanField(null=True)
    content = models.BooleanField(null=True)
    false_words = models.BooleanField(null=True)
    imitates = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="imitations")
    triaged_at = models.DateTimeField(null=True)
    triaged_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    reported_at = models.DateTimeField(null=True)  # to the platform, last
    reference = models.CharField(max_length=120, blank=True)  # the platform's own
    look_at = models.DateTimeField(null=True)  # when somebody should see whether it is still there
    told_to_look_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=16, choices=Outcome.choices, blank=True)
    regularised_as = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")

    PRIVATE: ClassVar[dict[str, str]] = {"key": "personal", "address": "personal", "reference": "operational"}

    class Meta:
        ordering = ["-found_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["network", "key"], condition=~Q(state="closed"), name="a_found_account_has_one_open_case"
            ),
            models.CheckConstraint(condition=Q(state__in=list(states.STATES)), name="a_case_is_in_a_known_state"),
            models.CheckConstraint(
                condition=Q(state="new")
                | Q(state="unauthorised", kind=UNAUTHORISED)
                | Q(state__in=["fake", "reported"], kind=FAKE)
                | Q(state="closed", kind__in=[UNAUTHORISED, FAKE, NEITHER]),
                name="a_case_ends_in_one_of_the_reports",
            ),
            models.CheckConstraint(
                condition=Q(kind="", who="", branding=None, content=None, false_words=None, triaged_at=None)
                | Q(
                    ~Q(kind=""),
                    ~Q(who=""),
                    branding__isnull=False,
                    content__isnull=False,
                    false_words__isnull=False,
                    triaged_at__isnull=False,
                    triaged_by__isnull=False,
                ),
                name="what_a_case_is_has_its_answers",
            ),
            models.CheckConstraint(
                condition=(Q(state="closed") & ~Q(outcome="") & Q(closed_at__isnull=False, closed_by__isnull=False))
                | (~Q(state="closed") & Q(outcome="", closed_at=None, closed_by=None, regularised_as=None)),
                name="a_closed_case_has_an_outcome",
            ),
            models.CheckConstraint(
                condition=Q(outcome="")
                | Q(outcome__in=["taken-down", "left-up"], kind=FAKE)
                | Q(outcome__in=["gone", "regularised"], kind=UNAUTHORISED)
                | Q(outcome=NEITHER, kind=NEITHER),
                name="the_outcome_fits_what_it_is",
            ),
            models.CheckConstraint(
                condition=(Q(outcome="regularised") & Q(regularised_as__isnull=False))
                | (~Q(outcome="regularised") & Q(regularised_as=None)),
                name="only_an_official_account_regularises",
            ),
            models.CheckConstraint(
                condition=Q(kind=NEITHER, network="", key="", address="", reference="", reported_at=None, imitates=None)
                | (~Q(kind=NEITHER) & ~Q(key="") & ~Q(address="")),
                name="of_what_is_neither_nothing_is_kept",
            ),
            models.CheckConstraint(
                condition=Q(state="reported", reported_at__isnull=False, look_at__isnull=False)
                | (~Q(state="reported") & Q(look_at=None)),
                name="what_is_reported_is_looked_at_again",
            ),
            models.CheckConstraint(
                condition=Q(reported_at=None) | Q(reported_at__gte=F("found_at")), name="a_report_follows_the_find"
            ),
        ]
        indexes = [models.Index(fields=["state", "found_at"], name="cases_by_state")]

    def __str__(self) -> str:
        return f"Case {self.pk}"

    @property
    def audit_ref(self) -> str:
        return f"case:{self.pk}"

    @property
    def page(self) -> str:
        return f"/watch/cases/{self.pk}/"

    @property
    def answers(self) -> triage.Answers | None:
        if not self.kind:
            return None
        return triage.Answers(self.who, bool(self.branding), bool(self.content), bool(self.false_words))


@append_only(updatable=("words", "picture_id"))
class CaseNote(models.Model):
    """Something that was done or seen, with a picture of it where there is one. It never changes; where the case
    proves to be nobody's business, its words and pictures go, and that it was there stays."""

    class Kind(models.TextChoices):
        FOUND = "found", "Reported here"
        NOTE = "note", "Noted"
        PICTURE = "picture", "Picture added"
        TRIAGED = "triaged", "Looked at"
        REPORTED = "reported", "Reported to the platform"
        STILL_THERE = "still-there", "Still there"
        REFUSED = "refused", "The platform did not act"
        CLOSED = "closed", "Closed"
        REOPENED = "reopened", "Seen again"

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="notes")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    words = models.TextField(blank=True)
    picture = models.ForeignKey(Picture, null=True, on_delete=models.PROTECT, related_name="case_notes")

    PRIVATE: ClassVar[dict[str, str]] = {"words": "personal"}

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["by", "kind", "at"], name="case_notes_by_person")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: case {self.case_id}"

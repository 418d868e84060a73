"""Reports of fake accounts that a network's own interface takes (clause 4.11)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from mercat.people.models import Person
from mercat.register.models import Account
from mercat.watch.models.cases import Case
from mercat.watch.reporting import states


class NetworkReport(models.Model):
    """What a person asked to have reported, and what came of it. It goes to the network once.

    What is sent never changes; where the case proves to be nobody's business, its words and the account's id go.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="network_reports")
    network = models.SlugField(max_length=32)
    server = models.CharField(max_length=255, blank=True)  # where each counts its own accounts
    native_id = models.CharField(max_length=500, blank=True)  # "": looked for there before it is reported
    words = models.TextField(blank=True)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=16, choices=list(states.STATES.items()), default=states.QUEUED)
    due_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    begun_at = models.DateTimeField(null=True)  # the last time
    through = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True)
    reference = models.CharField(max_length=120, blank=True)  # the network's own
    said = models.CharField(max_length=300, blank=True)  # why not, or why it is not known

    PRIVATE: ClassVar[dict[str, str]] = {
        "server": "open",
        "native_id": "personal",
        "words": "personal",
        "reference": "operational",
        "said": "operational",
    }

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["case"], condition=Q(state__in=list(states.OPEN)), name="a_case_is_reported_once_at_a_time"
            ),
            models.CheckConstraint(condition=Q(state__in=list(states.STATES)), name="a_report_is_in_a_known_state"),
            models.CheckConstraint(
                condition=Q(state__in=["queued", "calling"], ended_at=None)
                | (~Q(state__in=["queued", "calling"]) & Q(ended_at__isnull=False)),
                name="a_report_that_is_over_says_when",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["queued", "dropped"])
                | Q(begun_at__isnull=False, through__isnull=False)
                | Q(state="refused"),
                name="a_report_that_went_out_says_through_which_account",
            ),
            models.CheckConstraint(
                condition=Q(state="sent") | Q(reference=""), name="only_what_was_reported_has_a_reference"
            ),
        ]
        indexes = [models.Index(fields=["due_at"], condition=Q(state="queued"), name="network_reports_due")]

    def __str__(self) -> str:
        return f"Report of case {self.case_id} to {self.network}"

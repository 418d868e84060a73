"""Accounts that a search found under names like the body's, and what was searched for (clauses 4.10, 4.11 and 7.1)."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from mercat.people.models import Person
from mercat.watch.lookalikes import states
from mercat.watch.models.cases import Case


class LookAlike(models.Model):
    """Somebody's account that calls itself like the body. It is no case by itself: a person opens one, or dismisses it.

    `digest` is of the network, its server where each counts its own accounts, and the account's id there. Of what was
    dismissed nothing else is kept but `seen_as`, a digest of its name and bio, by which it is known when it changes.
    """

    network = models.SlugField(max_length=32)
    server = models.CharField(max_length=255, blank=True)
    digest = models.CharField(max_length=64)
    native_id = models.CharField(max_length=500, blank=True)
    handle = models.CharField(max_length=253, blank=True)
    name = models.CharField(max_length=200, blank=True)
    bio = models.CharField(max_length=1000, blank=True)
    url = models.CharField(max_length=500, blank=True)
    words = ArrayField(models.CharField(max_length=253), default=list)  # of the body's own, which it looks like
    seen_as = models.CharField(max_length=64)
    found_at = models.DateTimeField()
    seen_at = models.DateTimeField()  # by the last search that told of it
    state = models.CharField(max_length=16, choices=list(states.STATES.items()), default=states.WAITING)
    settled_at = models.DateTimeField(null=True)
    settled_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")  # null: it was known
    case = models.ForeignKey(Case, null=True, on_delete=models.PROTECT, related_name="look_alikes")

    PRIVATE: ClassVar[dict[str, str]] = {
        "server": "open",
        "digest": "operational",
        "native_id": "personal",
        "handle": "personal",
        "name": "personal",
        "bio": "personal",
        "url": "personal",
        "words": "open",
        "seen_as": "operational",
    }

    class Meta:
        ordering = ["-found_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["network", "digest"], name="a_look_alike_is_found_once"),
            models.CheckConstraint(condition=Q(state__in=list(states.STATES)), name="a_look_alike_is_in_a_known_state"),
            models.CheckConstraint(
                condition=~Q(digest="") & ~Q(seen_as=""), name="a_look_alike_is_known_again_by_digests"
            ),
            models.CheckConstraint(
                condition=Q(state="waiting", settled_at=None, settled_by=None, case=None)
                | Q(state="case", settled_at__isnull=False, case__isnull=False)
                | Q(state="dismissed", settled_at__isnull=False, settled_by__isnull=False, case=None),
                name="a_look_alike_is_settled_by_a_case_or_a_person",
            ),
            models.CheckConstraint(
                condition=(
                    Q(state="dismissed", server="", native_id="", handle="", name="", bio="", url="", words=[])
                    | (~Q(state="dismissed") & ~Q(native_id="") & ~Q(handle=""))
                ),
                name="of_what_is_dismissed_nothing_is_kept",
            ),
        ]
        indexes = [models.Index(fields=["state", "-found_at"], name="look_alikes_by_state")]

    def __str__(self) -> str:
        return f"Look-alike {self.pk}"

    @property
    def audit_ref(self) -> str:
        return f"look-alike:{self.pk}"

    @property
    def address(self) -> str:
        """Where it can be followed to: a network's word is no link by itself."""
        return self.url if self.url.startswith(("https://", "http://")) else ""


class NameSearch(models.Model):
    """When a network was last searched for some words, and what stood in the way."""

    network = models.SlugField(max_length=32)
    words = models.CharField(max_length=253)
    searched_at = models.DateTimeField()
    trouble = models.CharField(max_length=300, blank=True)  # for a person

    PRIVATE: ClassVar[dict[str, str]] = {"words": "open", "trouble": "operational"}

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["network", "words"], name="words_are_searched_for_in_turn"),
            models.CheckConstraint(condition=~Q(words=""), name="a_search_has_its_words"),
        ]

    def __str__(self) -> str:
        return f"“{self.words}” on {self.network}"

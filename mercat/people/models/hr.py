"""Files of the HR system: as they were received, what they would change, and what became of that (clause 5.2)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from mercat.people.models.joining import Completion
from mercat.people.models.persons import Person


class Import(models.Model):
    """A file of the HR system, compared with the list when it came. What it says is done only by somebody's choice.

    `digest` is the SHA-256, in hex, of the file. `made_at`: when the HR system made it, as far as is known.
    `people`: how many active people the list had then. `chosen_by` and `received_by` are empty for the programme.
    """

    class Source(models.TextChoices):
        UPLOAD = "upload", "Uploaded"
        FOLDER = "folder", "From the folder"
        COMMAND = "command", "By command"
        API = "api", "By the API"

    class Format(models.TextChoices):
        CSV = "csv", "CSV"
        JSON = "json", "JSON"

    class State(models.TextChoices):
        WAITING = "waiting", "Waits to be looked at"
        CONFIRMING = "confirming", "Waits for a second person"
        APPLYING = "applying", "Being applied"
        CLOSED = "closed", "Done"

    name = models.CharField(max_length=200)
    source = models.CharField(max_length=16, choices=Source.choices)
    format = models.CharField(max_length=8, choices=Format.choices)
    digest = models.CharField(max_length=64)
    size = models.PositiveIntegerField(help_text="bytes")
    whole = models.BooleanField(help_text="The file names everybody: whoever is missing has left.")
    made_at = models.DateTimeField()
    received_at = models.DateTimeField()
    received_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    people = models.PositiveIntegerField()
    state = models.CharField(max_length=16, choices=State.choices)
    chosen_at = models.DateTimeField(null=True, blank=True)
    chosen_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmed_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)

    PRIVATE: ClassVar[dict[str, str]] = {"name": "operational", "digest": "open"}

    class Meta:
        ordering = ["-received_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(confirmed_by=F("chosen_by")), name="leavers_in_great_numbers_take_two_people"
            ),
            models.CheckConstraint(
                condition=Q(state="closed", closed_at__isnull=False) | (~Q(state="closed") & Q(closed_at=None)),
                name="an_import_is_closed_at_a_time",
            ),
        ]
        indexes = [
            models.Index(fields=["digest"], name="people_import_digest"),
            models.Index(fields=["state"], condition=~Q(state="closed"), name="people_import_open"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def audit_ref(self) -> str:
        return f"import:{self.pk}"

    @property
    def line_word(self) -> str:
        """What the number of a row counts."""
        return "record" if self.format == self.Format.JSON else "line"


class ImportRow(models.Model):
    """What one line of a file comes to, or somebody whom a whole file does not name (`line` is 0).

    `said`: what the file says, by our fields, understood. `ours`: what the list said of the fields that differ.
    `choice`: whose word was chosen. `outcome`: what came of it; `told`, why it was not done.
    """

    class About(models.TextChoices):
        PERSON = "person", "Person"
        COMPLETION = "completion", "Course"

    class Kind(models.TextChoices):
        CONFLICTING = "conflicting", "Conflicting"
        FAULTY = "faulty", "Faulty"
        GONE = "gone", "Gone"
        CHANGED = "changed", "Changed"
        NEW = "new", "New"
        SAME = "same", "Same"

    class Choice(models.TextChoices):
        FILE = "file", "The file’s"
        OURS = "ours", "Ours"

    class Outcome(models.TextChoices):
        DONE = "done", "Done"
        KEPT = "kept", "Ours was kept"
        STALE = "stale", "Changed here since: look again"
        FAILED = "failed", "Not possible"

    file = models.ForeignKey(Import, on_delete=models.PROTECT, related_name="rows")
    line = models.PositiveIntegerField()
    about = models.CharField(max_length=16, choices=About.choices)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    number = models.CharField("staff number", max_length=64, blank=True)
    name = models.CharField(max_length=120, blank=True)
    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    said = models.JSONField(default=dict)
    ours = models.JSONField(default=dict)
    reason = models.TextField(blank=True)
    clause = models.CharField(max_length=16, blank=True)
    choice = models.CharField(max_length=8, choices=Choice.choices, blank=True)
    outcome = models.CharField(max_length=8, choices=Outcome.choices, blank=True)
    told = models.TextField(blank=True)
    done_at = models.DateTimeField(null=True, blank=True)

    PRIVATE: ClassVar[dict[str, str]] = {
        "number": "personal",
        "name": "personal",
        "said": "personal",
        "ours": "personal",
        "reason": "personal",
        "clause": "open",
        "told": "personal",
    }

    class Meta:
        ordering = ["line", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(choice="") | ~Q(kind__in=["faulty", "same"]), name="nothing_of_a_faulty_line_is_taken"
            ),
            models.CheckConstraint(condition=Q(outcome="") | ~Q(choice=""), name="nothing_is_done_unchosen"),
            models.CheckConstraint(
                condition=Q(outcome="", done_at=None) | (~Q(outcome="") & Q(done_at__isnull=False)),
                name="what_came_of_a_line_has_a_time",
            ),
        ]
        indexes = [
            models.Index(fields=["file", "kind", "line"], name="people_importrow_kind"),
            models.Index(
                fields=["file", "line"], condition=~Q(choice="") & Q(outcome=""), name="people_importrow_pending"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.number}"


class HrRecord(models.Model):
    """What the HR system last said of a person, and where our own word was kept against it.

    `said`: by field. `kept`: by field, [the HR system's word, ours]; as long as both say the same, nobody is asked.
    """

    person = models.OneToOneField(Person, on_delete=models.PROTECT, related_name="hr_record")
    said = models.JSONField(default=dict)
    kept = models.JSONField(default=dict)
    file = models.ForeignKey(Import, on_delete=models.PROTECT, related_name="+")
    line = models.PositiveIntegerField()
    at = models.DateTimeField()

    PRIVATE: ClassVar[dict[str, str]] = {"said": "personal", "kept": "personal"}

    def __str__(self) -> str:
        return f"{self.person}, from {self.file}"


class Reminder(models.Model):
    """That a completion runs out was told, so many days before."""

    completion = models.ForeignKey(Completion, on_delete=models.PROTECT, related_name="reminders")
    days = models.PositiveIntegerField()
    at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)

    PRIVATE: ClassVar[dict[str, str]] = {}

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["completion", "days"], name="nobody_is_reminded_twice"),
        ]

    def __str__(self) -> str:
        return f"{self.completion}, {self.days} days before"

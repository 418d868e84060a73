"""What people type about people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone

from mercat.people.actions import Impossible, fits_its_scope
from mercat.people.models import Person, Unit
from mercat.people.pack import guidance

LONDON = ZoneInfo("Europe/London")


class CompletionForm(forms.Form):
    """The day on which the course was completed."""

    completed = forms.DateField(
        error_messages={"required": "Enter the day on which the course was completed", "invalid": "Enter a real date"}
    )

    def clean_completed(self) -> datetime:
        day = self.cleaned_data["completed"]
        if day > timezone.now().astimezone(LONDON).date():
            raise forms.ValidationError("The day on which the course was completed must not be in the future")
        return datetime.combine(day, time(), LONDON)


class ReferenceForm(forms.Form):
    reference = forms.CharField(max_length=64, error_messages={"required": "Enter the number of the service request"})


class ReasonForm(forms.Form):
    reason = forms.CharField(max_length=500, error_messages={"required": "Enter the reason"})


def _ranks() -> list[tuple[str, list[tuple[str, str]]]]:
    """Key and name of each rank or grade, under what those are who hold it."""
    ranks = guidance().pack.ranks
    return [
        (kind.label, [(rank.key, rank.name) for rank in ranks if rank.kind == kind])
        for kind in Person.Employment
        if any(rank.kind == kind for rank in ranks)
    ]


class PersonForm(forms.ModelForm):
    """Somebody new. Whether they are an officer or a member of staff follows from the rank or grade."""

    rank = forms.ChoiceField(
        choices=_ranks,
        error_messages={"required": "Choose a rank or grade", "invalid_choice": "Choose a rank or grade of the list"},
    )

    class Meta:
        model = Person
        fields: ClassVar[list[str]] = ["name", "email", "number", "unit", "rank"]
        error_messages: ClassVar[Mapping[str, Mapping[str, str]]] = {
            "name": {"required": "Enter the name"},
            "email": {
                "required": "Enter the e-mail",
                "invalid": "Enter an e-mail like name@example.org",
                "unique": "Somebody with this e-mail is on the list already",
            },
            "number": {
                "required": "Enter the staff number",
                "unique": "Somebody with this staff number is on the list already",
            },
            "unit": {"required": "Choose where they work", "invalid_choice": "Choose a place of the list"},
        }

    def clean_email(self) -> str:
        return self.cleaned_data["email"].lower()

    def clean(self) -> dict[str, Any]:
        typed = super().clean()
        kinds = {rank.key: rank.kind for rank in guidance().pack.ranks}
        return {**typed, "employment": kinds.get(typed.get("rank"))}


class DetailsForm(PersonForm):
    """What is known of somebody, put right."""

    reason = forms.CharField(max_length=500, error_messages={"required": "Enter the reason"})


class ImportForm(forms.Form):
    """A file of the HR system; `made` is the day on which it was made there, empty: today."""

    file = forms.FileField(
        max_length=255,
        error_messages={"required": "Choose a file", "empty": "The file is empty. Nothing was changed."},
    )
    whole = forms.BooleanField(required=False)
    made = forms.DateField(required=False, error_messages={"invalid": "Enter a real date"})

    def clean_made(self) -> datetime | None:
        day = self.cleaned_data["made"]
        if day is None:
            return None
        if day > timezone.now().astimezone(LONDON).date():
            raise forms.ValidationError("The day on which the file was made must not be in the future")
        return datetime.combine(day, time(), LONDON)


class RoleForm(forms.Form):
    role = forms.ChoiceField(
        choices=lambda: [(role.key, role.name) for role in guidance().pack.roles],
        error_messages={"required": "Choose a role", "invalid_choice": "Choose a role of the list"},
    )
    unit = forms.ModelChoiceField(
        Unit.objects.all(), required=False, error_messages={"invalid_choice": "Choose a place of the list"}
    )

    def clean_unit(self) -> Unit | None:
        unit = self.cleaned_data["unit"]
        if "role" in self.cleaned_data:
            try:
                fits_its_scope(self.cleaned_data["role"], unit)
            except Impossible as error:
                raise forms.ValidationError(str(error)) from None
        return unit


class PassphraseForm(forms.Form):
    """A passphrase as it is typed, blanks and all, twice."""

    passphrase = forms.CharField(strip=False, error_messages={"required": "Enter a passphrase"})
    again = forms.CharField(strip=False, error_messages={"required": "Enter the passphrase again"})

    def clean_again(self) -> str:
        again = self.cleaned_data["again"]
        if self.cleaned_data.get("passphrase", again) != again:
            raise forms.ValidationError("The two passphrases differ. Enter both again")
        return again

"""What people type about people."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone

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
    reason = forms.CharField(max_length=500, error_messages={"required": "Say why access is ended"})

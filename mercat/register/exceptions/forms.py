"""What people type about direct access."""

from __future__ import annotations

from django import forms

from mercat.people.pack import guidance
from mercat.register.models import DirectAccess

GRANT, REFUSE = "grant", "refuse"
TOO_LONG = "Shorten this to at most %(limit_value)d characters"


def _words(missing: str) -> forms.CharField:
    return forms.CharField(max_length=2000, error_messages={"required": missing, "max_length": TOO_LONG})


def _moment(missing: str) -> forms.DateTimeField:
    return forms.DateTimeField(error_messages={"required": missing, "invalid": "Enter a real day and time"})


def _hours(missing: str, *, required: bool = True) -> forms.IntegerField:
    whole = "Enter a whole number of hours"
    return forms.IntegerField(required=required, error_messages={"required": missing, "invalid": whole})


class AskForm(forms.Form):
    why = forms.ChoiceField(
        choices=DirectAccess.Why.choices,
        error_messages={"required": "Choose why", "invalid_choice": "Choose why"},
    )
    words = _words("Say what you need direct access for")
    hours = _hours("Enter for how many hours")

    def clean_hours(self) -> int:
        hours, most = self.cleaned_data["hours"], guidance().pack.direct_access.hours_at_most
        if not 1 <= hours <= most:
            raise forms.ValidationError(f"Enter 1 to {most} hours")
        return int(hours)


class AnswerForm(forms.Form):
    """Yes, for so many hours, or no, and what is advised."""

    answer = forms.ChoiceField(
        choices=[(GRANT, "Grant"), (REFUSE, "Refuse")],
        error_messages={"required": "Choose to grant or refuse", "invalid_choice": "Choose to grant or refuse"},
    )
    granted_hours = _hours("", required=False)
    advice = forms.CharField(required=False, max_length=2000, error_messages={"max_length": TOO_LONG})

    def clean(self) -> None:
        answer = self.cleaned_data.get("answer")
        if answer == GRANT and "granted_hours" not in self.errors and self.cleaned_data.get("granted_hours") is None:
            self.add_error("granted_hours", "Enter for how many hours it is granted")
        if answer == REFUSE and not self.cleaned_data.get("advice") and "advice" not in self.errors:
            self.add_error("advice", "Say why it is refused, and what to do instead")


class PostForm(forms.Form):
    url = forms.CharField(max_length=500, error_messages={"required": "Enter the post’s web address"})
    published_at = _moment("Enter when it was published")
    what = _words("Say what was published")


class RotationForm(forms.Form):
    changed_at = _moment("Enter when it was changed")
    note = _words("Say what was changed")

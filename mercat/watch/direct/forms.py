"""What people type about a post past the tool."""

from __future__ import annotations

from django import forms

from mercat.watch.models import DirectUse

Outcome = DirectUse.Outcome
TOO_LONG = "Shorten this to at most %(limit_value)d characters"
CHOICES = {
    Outcome.EXPECTED: "It was expected: somebody had direct access",
    Outcome.TAKEN_DOWN: "It was taken down on the network",
    Outcome.OURS: "It is ours after all: it went through Mercat",
    Outcome.MISUSE: "Misuse",
}


class SettleForm(forms.Form):
    """What it was, with what each answer needs besides words."""

    outcome = forms.ChoiceField(
        choices=list(CHOICES.items()),
        error_messages={"required": "Choose what it was", "invalid_choice": "Choose what it was"},
    )
    exception = forms.IntegerField(required=False, error_messages={"invalid": "Choose the direct access"})
    taken_down_at = forms.DateTimeField(required=False, error_messages={"invalid": "Enter a real day and time"})
    ours = forms.CharField(required=False, max_length=500, error_messages={"max_length": TOO_LONG})
    words = forms.CharField(
        max_length=2000,
        error_messages={"required": "Say what it was, and how you know", "max_length": TOO_LONG},
    )

    def clean(self) -> None:
        needed = {
            Outcome.EXPECTED: ("exception", "Choose the direct access that it belongs to"),
            Outcome.TAKEN_DOWN: ("taken_down_at", "Enter when it was taken down"),
            Outcome.OURS: ("ours", "Enter the address of our post"),
        }
        field, missing = needed.get(self.cleaned_data.get("outcome"), ("", ""))
        if field and field not in self.errors and not self.cleaned_data.get(field):
            self.add_error(field, missing)

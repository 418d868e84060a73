"""What people type about sending."""

from __future__ import annotations

from collections.abc import Iterable

from django import forms

Choices = Iterable[tuple[str, list[tuple[str, str]]]]


class PauseForm(forms.Form):
    """`what` is scope and key in one value, “unit:tayside”; only what the person may pause is a choice."""

    what = forms.ChoiceField(error_messages=dict.fromkeys(("required", "invalid_choice"), "Choose what to pause"))
    reason = forms.CharField(max_length=500, error_messages={"required": "Say why sending is paused"})

    def __init__(self, data: object = None, *, scopes: Choices) -> None:
        super().__init__(data)
        self.fields["what"].choices = [(f"{scope}:{key}", name) for scope, found in scopes for key, name in found]

    @property
    def scope_and_key(self) -> tuple[str, str]:
        scope, _, key = self.cleaned_data["what"].partition(":")
        return scope, key


class TakeDownForm(forms.Form):
    """From where a post is taken down, by the consignments' ids, and why."""

    which = forms.MultipleChoiceField(
        error_messages=dict.fromkeys(("required", "invalid_choice"), "Choose where it is taken down")
    )
    why = forms.CharField(max_length=500, error_messages={"required": "Say why it is taken down"})

    def __init__(self, data: object = None, *, which: Iterable[str]) -> None:
        super().__init__(data)
        self.fields["which"].choices = [(each, each) for each in which]


class SeenForm(forms.Form):
    """What a person saw when they looked at the account."""

    seen = forms.ChoiceField(
        choices=[("there", "It is there"), ("not-there", "It is not there")],
        error_messages={"required": "Say whether the post is there"},
    )
    url = forms.CharField(required=False, max_length=500)

    def clean(self) -> dict[str, str]:
        said = super().clean()
        if said.get("seen") == "there" and not said.get("url", "").startswith(("https://", "http://")):
            self.add_error("url", "Give the address at which you found the post, beginning with https://")
        return said

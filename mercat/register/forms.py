"""What people type in the register. To connect an account: the fields that the network's own folder names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django import forms

from mercat.networks.port import ConnectField, Spec
from mercat.people.models import Person, Unit
from mercat.people.pack import guidance
from mercat.register.models import Application


@dataclass(frozen=True, slots=True)
class Field:
    """A field as the page shows it. A secret is never shown again."""

    name: str
    label: str
    hint: str
    secret: bool
    value: str


def fields(spec: Spec, typed: Mapping[str, str]) -> list[Field]:
    return [_field(field, spec, typed) for field in spec.connect_fields]


def values(spec: Spec, typed: Mapping[str, str]) -> dict[str, str]:
    return {field.name: typed.get(field.name, "").strip() for field in spec.connect_fields}


def _field(field: ConnectField, spec: Spec, typed: Mapping[str, str]) -> Field:
    default = spec.default_base_url if field.name == "base_url" else ""
    value = "" if field.secret else typed.get(field.name, default)
    return Field(field.name, field.label, field.hint, field.secret, value)


def _text(missing: str, longest: int = 2000) -> forms.CharField:
    too_long = "Shorten this to at most %(limit_value)d characters"
    return forms.CharField(max_length=longest, error_messages={"required": missing, "max_length": too_long})


def _choice(missing: str, choices: Callable[[], list[tuple[str, str]]]) -> forms.ChoiceField:
    return forms.ChoiceField(choices=choices, error_messages={"required": missing, "invalid_choice": missing})


class ApplicationForm(forms.Form):
    """An application for a new account. Whoever is to hold it is named by their number."""

    network = _choice("Choose a network", lambda: [(each.key, each.name) for each in guidance().pack.networks])
    kind = _choice("Choose a kind of account", lambda: [(each.key, each.name) for each in guidance().pack.tiers])
    unit = forms.ModelChoiceField(
        Unit.objects.all(),
        error_messages={"required": "Choose whose account it is to be", "invalid_choice": "Choose one of the list"},
    )
    name = _text("Enter what the account is to be called", 120)
    purpose = _text("Say what the account is for")
    justification = forms.CharField(
        required=False, max_length=2000, error_messages={"max_length": "Shorten this to at most 2000 characters"}
    )
    holder = forms.CharField(required=False)

    def clean_holder(self) -> Person | None:
        number = self.cleaned_data["holder"]
        if not number:
            return None
        person = Person.objects.filter(number__iexact=number, is_active=True).first()
        if person is None:
            raise forms.ValidationError("Nobody on the list has this number")
        return person

    def clean(self) -> None:
        held = {tier.key for tier in guidance().pack.tiers if tier.holder}
        if self.cleaned_data.get("holder") and self.cleaned_data.get("kind", "") not in {"", *held}:
            self.add_error("holder", "Leave this empty: accounts of this kind are not held by one person")


class DecisionForm(forms.Form):
    """Yes or no to an application, and why."""

    decision = _choice("Choose whether it is granted or refused", lambda: Application.Decision.choices)
    reasons = _text("Say why: the decision is kept with its reasons")


class NameForm(forms.Form):
    name = _text("Enter the name of the account", 120)


class ReasonForm(forms.Form):
    reason = _text("Say why", 500)


class AppointmentForm(forms.Form):
    person = forms.UUIDField()


def lines_of(form: forms.Form) -> list[dict[str, str]]:
    """What is wrong with what was typed, as lines of the error summary."""
    return [{"field": name, "text": text} for name, texts in form.errors.items() for text in texts]

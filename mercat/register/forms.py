"""What people type in the register. To connect an account: the fields that the network's own folder names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django import forms

from mercat.networks.port import ConnectField, Spec
from mercat.people.models import Person, Unit
from mercat.people.pack import guidance
from mercat.register.models import Account, Application, Review

ASK = "ask"


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


def _optional(longest: int = 2000) -> forms.CharField:
    too_long = "Shorten this to at most %(limit_value)d characters"
    return forms.CharField(required=False, max_length=longest, error_messages={"max_length": too_long})


def _day() -> forms.DateField:
    return forms.DateField(required=False, error_messages={"invalid": "Enter a real date, like 2027-03-27"})


class NumberField(forms.CharField):
    """Somebody on the list of active people, by their number. Empty: nobody."""

    def clean(self, value: str | None) -> Person | None:
        number = super().clean(value)
        if not number:
            return None
        person = Person.objects.filter(number__iexact=number, is_active=True).first()
        if person is None:
            raise forms.ValidationError("Nobody on the list has this number")
        return person


class OutlineForm(forms.Form):
    """What an application is for. Whoever is to hold the account is named by their number."""

    network = _choice("Choose a network", lambda: [(each.key, each.name) for each in guidance().pack.networks])
    kind = _choice("Choose a kind of account", lambda: [(each.key, each.name) for each in guidance().pack.tiers])
    unit = forms.ModelChoiceField(
        Unit.objects.all(),
        error_messages={"required": "Choose whose account it is to be", "invalid_choice": "Choose one of the list"},
    )
    holder = NumberField(required=False)

    def clean(self) -> None:
        held = {tier.key for tier in guidance().pack.tiers if tier.holder}
        if self.cleaned_data.get("holder") and self.cleaned_data.get("kind", "") not in {"", *held}:
            self.add_error("holder", "Leave this empty: accounts of this kind are not held by one person")


class DraftForm(forms.Form):
    """The words of an application, as far as they are written."""

    name = _optional(120)
    purpose = _optional()
    justification = _optional()
    audience = _optional()
    existing = _optional()
    contact = NumberField(required=False)
    languages = _optional(120)
    plan = _optional()
    review_on = _day()


class WholeForm(DraftForm):
    """The words of an application that is sent."""

    name = _text("Enter what the account is to be called", 120)
    purpose = _text("Say what the account is for")
    audience = _text("Say whom it is to reach")
    existing = _text("Say why an account that exists will not do")
    contact = NumberField(error_messages={"required": "Enter the number of the person who will run it"})
    languages = _text("Say in which languages it speaks", 120)
    plan = _text("Say what is to be said there, and how often")


class ReviewForm(forms.Form):
    """What is to become of a place and its account."""

    outcome = _choice("Choose what is to become of it", lambda: list(Review.Outcome.choices))
    reason = _text("Say why: a review is kept with its reason")
    next_due = _day()
    successor = forms.ModelChoiceField(
        Account.objects.exclude(status=Account.Status.CLOSED),
        required=False,
        error_messages={"invalid_choice": "Choose one of the list"},
    )
    followers = _optional()
    account_stays = forms.BooleanField(required=False)

    def clean(self) -> None:
        if self.cleaned_data.get("outcome") == Review.Outcome.MERGE and not self.cleaned_data.get("successor"):
            self.add_error("successor", "Choose the account that it is merged into")


class DescriptionForm(forms.Form):
    purpose = _optional()
    bio = _optional(500)
    languages = _optional(120)


class ManagementForm(forms.Form):
    name = _text("Enter the name of the account", 120)
    holder = NumberField(required=False)


class ProtectionForm(forms.Form):
    """What was seen of an account's protection on its network."""

    second_factor = _choice("Choose whether a second factor is on", lambda: [("yes", "Yes"), ("no", "No")])
    recovery_role = _choice(
        "Choose the role whose holders can recover it",
        lambda: [(each.key, each.name) for each in guidance().pack.roles],
    )
    recovery_mailbox = forms.EmailField(
        error_messages={
            "required": "Enter the mailbox that the network writes to",
            "invalid": "Enter an e-mail address, like name@example.com",
        }
    )
    evidence = _text("Say what you saw, and where it is kept")


class DecisionForm(forms.Form):
    """Yes or no to an application, and why; or a question about it."""

    decision = _choice("Choose what is to become of it", lambda: [*Application.Decision.choices, (ASK, "Ask")])
    reasons = _text("Say why, or what you ask: it is kept with the application")


class AnswerForm(forms.Form):
    text = _text("Write your answer")


class NameForm(forms.Form):
    name = _text("Enter the name of the account", 120)


class ReasonForm(forms.Form):
    reason = _text("Say why", 500)


class AppointmentForm(forms.Form):
    person = forms.UUIDField()


def lines_of(form: forms.Form) -> list[dict[str, str]]:
    """What is wrong with what was typed, as lines of the error summary."""
    return [{"field": name, "text": text} for name, texts in form.errors.items() for text in texts]

"""What people type about found accounts."""

from __future__ import annotations

from django import forms

from mercat.watch.cases import triage
from mercat.watch.cases.triage import Answers
from mercat.watch.models import Case

TOO_LONG = "Shorten this to at most %(limit_value)d characters"
YES, NO = "yes", "no"


def _words(missing: str) -> forms.CharField:
    return forms.CharField(max_length=2000, error_messages={"required": missing, "max_length": TOO_LONG})


def _optional(longest: int) -> forms.CharField:
    return forms.CharField(required=False, max_length=longest, error_messages={"max_length": TOO_LONG})


def _choice(missing: str, choices: list[tuple[str, str]]) -> forms.ChoiceField:
    return forms.ChoiceField(choices=choices, error_messages={"required": missing, "invalid_choice": missing})


def _yes_or_no(missing: str) -> forms.ChoiceField:
    return _choice(missing, [(YES, "Yes"), (NO, "No")])


class ReportForm(forms.Form):
    address = forms.CharField(
        max_length=2000,
        error_messages={"required": "Enter the account’s web address", "max_length": TOO_LONG},
    )
    words = _words("Say what you saw there")


class LookForm(forms.Form):
    """The questions of triage."""

    who = _choice("Say who set it up", [(key, key) for key in (triage.INSIDE, triage.OUTSIDE, triage.NOT_KNOWN)])
    branding = _yes_or_no("Say whether it carries branding")
    content = _yes_or_no("Say whether it carries content")
    false_words = _yes_or_no("Say whether it says what is false")
    imitates = _optional(36)
    words = _words("Say what speaks for these answers")
    seen = _optional(64)  # how the case stood when the page was made
    forget = forms.CharField(required=False, max_length=8)

    def clean(self) -> None:
        """What is forgotten is gone for good: it is said twice."""
        whole = {"who", "branding", "content", "false_words"} <= self.cleaned_data.keys()
        if whole and triage.kind_of(self.answers()) == triage.NEITHER and self.cleaned_data.get("forget") != YES:
            self.add_error("forget", "Look at your answers again, and tick this if they are right")

    def answers(self) -> Answers:
        said = self.cleaned_data
        return Answers(said["who"], said["branding"] == YES, said["content"] == YES, said["false_words"] == YES)


class WordsForm(forms.Form):
    """Words that an act cannot do without; `missing` says which."""

    def __init__(self, *args: object, missing: str, **rest: object) -> None:
        super().__init__(*args, **rest)
        self.fields["words"] = _words(missing)


class ReportedForm(forms.Form):
    reference = _optional(120)
    words = _optional(2000)


class CloseForm(forms.Form):
    """How a case ended."""

    def __init__(self, *args: object, outcomes: list[Case.Outcome], **rest: object) -> None:
        super().__init__(*args, **rest)
        self.fields["outcome"] = _choice("Choose how it ended", [(each.value, each.label) for each in outcomes])
        self.fields["words"] = _words("Say how you know")

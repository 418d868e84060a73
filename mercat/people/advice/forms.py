"""What people write in a thread."""

from __future__ import annotations

from django import forms

from mercat.people.actions import Impossible
from mercat.people.models.advice import LONGEST_SUBJECT, LONGEST_TEXT
from mercat.people.words import tidy


class Words(forms.CharField):
    """Text as `tidy` keeps it, with the words of its refusal."""

    def __init__(self, *, missing: str, longest: int, lines: bool = True) -> None:
        super().__init__(error_messages={"required": missing})
        self.longest, self.lines = longest, lines

    def clean(self, value: object) -> str:
        try:
            return tidy(super().clean(value), longest=self.longest, lines=self.lines)
        except Impossible as error:
            raise forms.ValidationError(str(error)) from None


class AskForm(forms.Form):
    subject = Words(missing="Enter what your question is about", longest=LONGEST_SUBJECT, lines=False)
    text = Words(missing="Enter your question", longest=LONGEST_TEXT)


class WordsForm(forms.Form):
    """One form of several on a page: its fields carry the act's name in front."""

    text = Words(missing="", longest=LONGEST_TEXT)

    def __init__(self, data: object, *, prefix: str, missing: str) -> None:
        super().__init__(data, prefix=prefix)
        self.fields["text"].error_messages["required"] = missing

"""What is typed about what is handed in. The media come as in the composer (`posts/forms.py`)."""

from __future__ import annotations

from django import forms

from mercat.posts.contributions import LONGEST_PLACE, LONGEST_REASON, LONGEST_WORDS

TOO_LONG = "Shorten this to at most %(limit_value)d characters"


def _words(missing: str, longest: int) -> forms.CharField:
    return forms.CharField(max_length=longest, error_messages={"required": missing, "max_length": TOO_LONG})


class HandInForm(forms.Form):
    text = _words("Say what it is about", LONGEST_WORDS)
    place = _words("Say where it was taken", LONGEST_PLACE)
    taken_on = forms.DateField(
        error_messages={"required": "Enter the day on which it was taken", "invalid": "Enter a real day"}
    )
    stated = forms.BooleanField(error_messages={"required": "Read the statement, and tick it if it is true"})


class DeclineForm(forms.Form):
    reason = _words("Say why: whoever handed it in is told", LONGEST_REASON)

"""What people type about what an account has to show."""

from __future__ import annotations

from django import forms

from mercat.watch.profiles.actions import BIO, NAME

TOO_LONG = "Shorten this to at most %(limit_value)d characters"


class AssignForm(forms.Form):
    """Name and bio; the pictures are taken in by the view."""

    name = forms.CharField(
        max_length=NAME, error_messages={"required": "Say what the account is called", "max_length": TOO_LONG}
    )
    bio = forms.CharField(max_length=BIO, error_messages={"required": "Write the bio", "max_length": TOO_LONG})

"""What people type about signing in."""

from __future__ import annotations

from django import forms

from mercat.people.forms import PassphraseForm


class OwnPassphraseForm(PassphraseForm):
    """A new passphrase, and the old one."""

    old = forms.CharField(strip=False, error_messages={"required": "Enter your passphrase of today"})

    field_order = ["old", "passphrase", "again"]


class RecoverForm(PassphraseForm):
    """A new passphrase for the code that two people gave."""

    email = forms.CharField(max_length=254, error_messages={"required": "Enter your e-mail"})
    code = forms.CharField(max_length=60, error_messages={"required": "Enter the code that you were given"})

    field_order = ["email", "code", "passphrase", "again"]

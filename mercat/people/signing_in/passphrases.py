"""What a passphrase must be: hard to guess, on no list of known ones, and without the name of whose it is.

Three random words or 15 characters are advised; whether they are random is for zxcvbn to say. Nothing expires.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path

from django.conf import settings
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from zxcvbn import zxcvbn
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from mercat.people.models import Person
from mercat.people.pack import guidance

SHORTEST, WORDS = 15, 3
GUESSES = 10  # as a power of ten: beyond what can be tried on a stolen copy in reasonable time
LONGEST_GUESSED = 72  # characters that zxcvbn looks at
ADVICE = "Three random words or more, 15 characters at least. It is not shown again."


class Strong:
    """Three random words, or 15 characters, and not easily guessed."""

    def validate(self, password: str, user: Person | None = None) -> None:
        words = {word for word in re.split(r"[^\w]+", password.lower()) if len(word) > 2}
        if len(password) < SHORTEST and len(words) < WORDS:
            raise ValidationError("This passphrase is too short. Use three random words, or 15 characters at least.")
        if zxcvbn(password[:LONGEST_GUESSED])["guesses_log10"] < GUESSES:
            raise ValidationError("This passphrase is easy to guess. Use three words that have nothing in common.")

    def get_help_text(self) -> str:
        return ADVICE


class NotBreached:
    """On no list of passphrases that others know: those that come with our libraries, and the installation's own."""

    def validate(self, password: str, user: Person | None = None) -> None:
        if {password.lower().strip(), _bare(password)} & _common() or _listed(password):
            raise ValidationError("This passphrase is on a list of known ones. Choose another.")

    def get_help_text(self) -> str:
        return "It is on no list of known passphrases."


class NotNamed:
    """Without the name of the body, of this programme, or of whose it is."""

    def validate(self, password: str, user: Person | None = None) -> None:
        bare = _bare(password)
        if any(name in bare for name in {_bare(guidance().pack.body.name), "mercat", *_names(user)}):
            raise ValidationError("This passphrase holds your name or number, or the body’s. Choose another.")

    def get_help_text(self) -> str:
        return "It does not hold your name, or the body’s."


def is_in(path: Path, digest: str) -> bool:
    """Whether a file of lines `SHA-1 in capitals:count`, sorted, holds this digest. Looked up by halves, not loaded."""
    wanted = digest.upper().encode()
    with path.open("rb") as file:
        low, high = 0, file.seek(0, 2)
        while low < high:
            middle = (low + high) // 2
            file.seek(max(middle - 1, 0))
            if middle:
                file.readline()  # to the start of the first line that begins at or after the middle
            start = file.tell()
            found = file.readline()[: len(wanted)]
            if start >= high or not found or found > wanted:
                high = middle
            elif found == wanted:
                return True
            else:
                low = file.tell()
    return False


def _listed(password: str) -> bool:
    path = settings.MERCAT_BREACHED_PASSPHRASES
    return path is not None and is_in(path, hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest())


@cache
def _common() -> frozenset[str]:
    return frozenset(FREQUENCY_LISTS["passwords"]) | CommonPasswordValidator().passwords


def _names(person: Person | None) -> set[str]:
    if person is None:
        return set()
    parts = [*re.split(r"\W+", person.name), person.number, person.email.partition("@")[0]]
    return {_bare(part) for part in parts if len(_bare(part)) > 3}


def _bare(text: str) -> str:
    return re.sub(r"\W+", "", text.lower())

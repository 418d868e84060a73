"""Who can be signed in: asked at every sign-in, on the pages and at the command line, and at every request after it."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.backends import ModelBackend

from mercat.people.models import Person

DEMONSTRATION = "demo-"  # what the staff numbers of demonstration people begin with


class PeopleBackend(ModelBackend):
    """Nobody who has left; and demonstration people, whose passphrase is published, only where no other machine asks.

    What counts is who is in the database, not how it was started: they stay there when a trial is over.
    """

    def user_can_authenticate(self, user: Person) -> bool:
        published = user.number.startswith(DEMONSTRATION)
        return super().user_can_authenticate(user) and (settings.MERCAT_LOOPBACK or not published)

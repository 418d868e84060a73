"""What is kept of an account that is nobody's business: that it was looked at, and digests (clause 8.1)."""

from __future__ import annotations

from datetime import datetime

from django.utils.crypto import salted_hmac

from mercat.people.models import Person
from mercat.watch.lookalikes import states
from mercat.watch.models import LookAlike

SALT = "mercat.watch.lookalikes"


def digest_of(*parts: str) -> str:
    """Keyed, so that nobody finds out by trying numbers which account it was."""
    told = "".join(f"{len(part)}:{part}" for part in parts)
    return salted_hmac(SALT, told, algorithm="sha256").hexdigest()


def forget(row: LookAlike, *, by: Person, now: datetime) -> None:
    row.server, row.native_id, row.handle, row.name, row.bio, row.url, row.words = "", "", "", "", "", "", []
    row.state, row.settled_at, row.settled_by, row.case = states.DISMISSED, now, by, None
    row.save()

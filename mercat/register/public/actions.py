"""Publishing the register: an edition is made whenever what is open about the accounts has changed."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

from django.db import connection, transaction

from mercat.audit.actions import record
from mercat.audit.actors import System
from mercat.audit.canonical import instant
from mercat.audit.log import signer
from mercat.audit.verifier import canonical
from mercat.register.models import PublicEdition
from mercat.register.public.contents import listing

CLOCK = System("The public register follows the register")
LOCK = 0x6D65726361740014  # one process publishes at a time


def publish(*, by: System, now: datetime) -> PublicEdition | None:
    """Make the next edition, signed, if anything in it is new. Call it as often as you like.

    The same content keeps its edition and its signature. Raises KeyProblem; then nothing was published.
    """
    with transaction.atomic():
        _take_turn()
        last = PublicEdition.objects.order_by("-number").first()
        said = json.loads(bytes(last.content)) if last else {"accounts": []}
        new = listing(said["accounts"], now=now)
        if last and all(said[name] == value for name, value in new.items()):
            return None
        return _edition(new, last.number + 1 if last else 1, by=by, now=now)


def _edition(new: dict, number: int, *, by: System, now: datetime) -> PublicEdition:
    content = canonical({"edition": number, "at": instant(now), **new})
    signing = signer()
    edition = PublicEdition.objects.create(
        number=number,
        at=now,
        digest=hashlib.sha256(content).hexdigest(),
        content=content,
        signature=signing.document(content),
        key=signing.key.vkey,
    )
    record(
        by=by,
        what="register.published",
        about=[f"public-edition:{number}"],
        facts={"digest": edition.digest, "accounts": len(new["accounts"])},
        now=now,
    )
    return edition


def _take_turn() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])

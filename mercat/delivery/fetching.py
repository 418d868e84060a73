"""The addresses at which networks fetch the pictures and videos of a post, where they will not be handed them.

An address holds for an hour and only while its post is on its way to that one account. Nobody can guess one: it is
signed, and tells which file of which consignment it stands for.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import IO, NamedTuple
from uuid import UUID

from django.conf import settings
from django.core.files.storage import default_storage
from django.core.signing import BadSignature, Signer
from django.urls import reverse

from mercat.delivery.models import Consignment
from mercat.delivery.states import BUSY, READY

LASTS = timedelta(hours=1)  # a network fetches within minutes; a video may wait for its turn there
SIGNER = Signer(salt="mercat.delivery.fetching")


class Fetched(NamedTuple):
    """A file as it was approved, opened."""

    file: IO[bytes]
    mime: str


def address_of(consignment: Consignment, sha256: str, *, now: datetime) -> str:
    """Where a network can fetch this file of a consignment; "" where this installation has no address for it."""
    if not settings.MERCAT_MEDIA_URL:
        return ""
    until = int((now + LASTS).timestamp())
    token = SIGNER.sign_object([consignment.pk.hex, sha256, until])
    return f"{settings.MERCAT_MEDIA_URL}{reverse('delivery:medium', args=[token])}"


def opened(token: str, *, now: datetime) -> Fetched | None:
    """What an address stands for; None where it is not ours, is over, or where what is stored is not what was
    approved."""
    try:
        key, sha256, until = SIGNER.unsign_object(token)
    except BadSignature:
        return None
    if datetime.fromtimestamp(until, UTC) < now:
        return None
    on_its_way = Consignment.objects.filter(state__in=(READY, *BUSY), recalled="")
    row = on_its_way.filter(pk=UUID(key)).select_related("manifest").first()
    name = row.manifest.files.get(sha256) if row else None
    return _as_approved(name, sha256) if name else None


def _as_approved(name: str, sha256: str) -> Fetched | None:
    try:
        file = default_storage.open(name)
    except OSError:
        return None
    if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
        file.close()
        return None
    file.seek(0)
    return Fetched(file, _kind_of(file))


def _kind_of(file: IO[bytes]) -> str:
    """By the file's first bytes: of the few kinds that are ever made ready to send."""
    begins = file.read(12)
    file.seek(0)
    if begins.startswith(b"\x89PNG"):
        return "image/png"
    return "video/mp4" if begins[4:8] == b"ftyp" else "image/jpeg"

"""A network's own sign-in that a person has begun: bound to them and to their session, once, for ten minutes.

What must not be read on the way (a client's secret, the PKCE verifier) lies in the session sealed with a key that comes
from the secret key of the pages, so that a dump of the database, where sessions lie, gives none of it away.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.utils.crypto import constant_time_compare

from mercat.people.models import Person

NAME = "connecting"  # in the session
LASTS = timedelta(minutes=10)
NONCE = 12  # bytes


@dataclass(frozen=True, slots=True)
class Begun:
    """What was begun: for which account, and what the adapter wants back."""

    account: UUID
    kept: Mapping[str, str]


def keep(
    session: SessionBase, person: Person, account: UUID, state: str, kept: Mapping[str, str], *, now: datetime
) -> None:
    """Remember it; what was begun before and not brought to an end is forgotten."""
    content = json.dumps({"account": str(account), "kept": dict(kept), "until": (now + LASTS).isoformat()})
    nonce = os.urandom(NONCE)
    sealed = nonce + AESGCM(_key()).encrypt(nonce, content.encode(), _about(person, state))
    session[NAME] = {"state": state, "sealed": base64.b64encode(sealed).decode()}


def take(session: SessionBase, person: Person, state: str, *, now: datetime) -> Begun | None:
    """What this person began with this state, once; None where there is nothing, or no more."""
    begun = session.pop(NAME, None)
    if begun is None or not state or not constant_time_compare(state, begun["state"]):
        return None
    sealed = base64.b64decode(begun["sealed"])
    try:
        content = json.loads(AESGCM(_key()).decrypt(sealed[:NONCE], sealed[NONCE:], _about(person, state)))
    except InvalidTag:
        return None
    if now >= datetime.fromisoformat(content["until"]):
        return None
    return Begun(UUID(content["account"]), content["kept"])


def is_from(issuer: str, base_url: str) -> bool:
    """Whether an answer that says who it is from (RFC 9207) is from the server that was asked; many do not say."""
    return not issuer or issuer.rstrip("/") == base_url.rstrip("/")


def _key() -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=b"mercat-connecting/1").derive(settings.SECRET_KEY.encode())


def _about(person: Person, state: str) -> bytes:
    return json.dumps([str(person.pk), state]).encode()

"""Sessions in the database, kept so that a copy of it is no sign-in: a row holds the digest of the browser's key, and
data sealed with that key. They end by themselves when they are not used, and after the hours that the pack gives.
"""

from __future__ import annotations

import hashlib
import json
import os
from datetime import datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import CreateError, SessionBase, UpdateError
from django.db import IntegrityError, transaction
from django.utils import timezone

from mercat.people.models import Person, Session
from mercat.people.pack import guidance

NONCE = 12  # bytes
TOUCH = timedelta(minutes=1)  # how exactly is known when a session was last used
DEVICE, NETWORK = "device", "network"


class SessionStore(SessionBase):
    """Django's session over `Session` rows. Nothing lives longer than the pack says, whatever else is asked."""

    def load(self) -> dict[str, Any]:
        row = Session.objects.filter(digest=digest_of(self.session_key), expires_at__gt=timezone.now()).first()
        if row is None:
            self._session_key = None
            return {}
        self._touch(row, timezone.now())
        return _opened(bytes(row.sealed), self.session_key)

    def exists(self, session_key: str) -> bool:
        return Session.objects.filter(digest=digest_of(session_key)).exists()

    def create(self) -> None:
        while True:
            self._session_key = self._get_new_session_key()
            try:
                self.save(must_create=True)
            except CreateError:
                continue
            self.modified = True
            return

    def save(self, must_create: bool = False) -> None:
        if self.session_key is None:
            return self.create()
        data = self._get_session(no_load=must_create)
        now = timezone.now()
        kept = {
            "sealed": _sealed(data, self.session_key),
            "person_id": data.get(SESSION_KEY),
            "device": data.get(DEVICE, ""),
            "network": data.get(NETWORK, ""),
        }
        rows = Session.objects.filter(digest=digest_of(self.session_key))
        if not must_create:
            if not rows.update(**kept):
                raise UpdateError
            return None
        try:
            with transaction.atomic():
                Session.objects.create(
                    digest=digest_of(self.session_key),
                    begun_at=now,
                    used_at=now,
                    expires_at=_end(begun=now, used=now),
                    **kept,
                )
        except IntegrityError:
            raise CreateError from None
        return None

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key is not None:
            Session.objects.filter(digest=digest_of(key)).delete()

    @classmethod
    def clear_expired(cls) -> None:
        clear(now=timezone.now())

    def _touch(self, row: Session, now: datetime) -> None:
        if now - row.used_at >= TOUCH:
            end = _end(begun=row.begun_at, used=now)
            Session.objects.filter(pk=row.pk).update(used_at=now, expires_at=end)


def digest_of(key: str | None) -> str:
    return hashlib.sha256((key or "").encode()).hexdigest()


def sessions_of(person: Person, *, now: datetime) -> list[Session]:
    """Where a person is signed in now, the last used first."""
    return list(Session.objects.filter(person=person, expires_at__gt=now))


def end_sessions(person: Person, *, but: str | None = None) -> int:
    """Sign a person out everywhere but in the session of the key `but`. Part of the action that calls it."""
    return Session.objects.filter(person=person).exclude(digest=digest_of(but)).delete()[0]


def clear(*, now: datetime) -> None:
    """A chore: remove what is over."""
    Session.objects.filter(expires_at__lte=now).delete()


def _end(*, begun: datetime, used: datetime) -> datetime:
    rule = guidance().pack.sign_in
    return min(begun + timedelta(hours=rule.session_hours), used + timedelta(minutes=rule.idle_minutes))


def _cipher(key: str) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt=None, info=b"mercat session").derive(key.encode()))


def _sealed(data: dict[str, Any], key: str) -> bytes:
    nonce = os.urandom(NONCE)
    return nonce + _cipher(key).encrypt(nonce, json.dumps(data).encode(), None)


def _opened(sealed: bytes, key: str) -> dict[str, Any]:
    """Empty where somebody changed the row: then nobody is signed in."""
    try:
        return json.loads(_cipher(key).decrypt(sealed[:NONCE], sealed[NONCE:], None))
    except InvalidTag:
        return {}

"""Session tokens in the form of a PDS: signed JSON web tokens, access for 2 hours and refresh for 90 days."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from typing import Any

from mercat.sandbox.models import Account
from mercat.sandbox.standin import ApiError, World

ACCESS_SECONDS = 2 * 3600
REFRESH_SECONDS = 90 * 86400
ACCESS, REFRESH, SERVICE = "com.atproto.appPass", "com.atproto.refresh", "service"
SERVER = "did:web:localhost"  # this server's own name


def new_session(world: World, account: Account) -> dict[str, str]:
    now = world.clock()
    access, refresh = _claims(account, ACCESS, now + ACCESS_SECONDS), _claims(account, REFRESH, now + REFRESH_SECONDS)
    world.store.keep(world.slug, "refresh", refresh["jti"], account.native_id, refresh["exp"])
    return {"accessJwt": _sign(world, access), "refreshJwt": _sign(world, refresh)}


def for_service(world: World, account: Account, audience: str, method: str, expires_at: int) -> str:
    """A token that this server signs for another service, good for one method there."""
    claims = {"scope": SERVICE, "sub": account.native_id, "aud": audience, "lxm": method, "exp": expires_at}
    return _sign(world, claims)


def end_session(world: World, claims: dict[str, Any]) -> None:
    world.store.forget(world.slug, "refresh", claims["jti"])


def claims_of(world: World, header: str | None, scope: str) -> dict[str, Any]:
    """What a valid token of that scope says. Raises ApiError as a PDS would."""
    if not header:
        raise ApiError(401, {"error": "AuthMissing", "message": "Authentication Required"})
    claims = read(world, header)
    if claims is None:
        raise ApiError(400, {"error": "InvalidToken", "message": "Token could not be verified"})
    if claims["scope"] != scope:
        raise ApiError(400, {"error": "InvalidToken", "message": "Bad token scope"})
    if claims["exp"] <= world.clock():
        raise expired()
    if scope == REFRESH and world.store.kept(world.slug, "refresh", claims["jti"], world.clock()) is None:
        raise ApiError(400, {"error": "ExpiredToken", "message": "Token has been revoked"})
    return claims


def expired() -> ApiError:
    return ApiError(400, {"error": "ExpiredToken", "message": "Token has expired"})


def read(world: World, header: str) -> dict[str, Any] | None:
    """The claims of a token with a good signature, whether it has run out or not."""
    kind, _, token = header.partition(" ")
    body, _, signature = token.strip().rpartition(".")
    if kind.lower() != "bearer" or not hmac.compare_digest(_signature(world, body).encode(), signature.encode()):
        return None
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body.partition(".")[2] + "=="))
    return claims


def _claims(account: Account, scope: str, expires_at: float) -> dict[str, Any]:
    return {"scope": scope, "sub": account.native_id, "jti": secrets.token_urlsafe(24), "exp": int(expires_at)}


def _sign(world: World, claims: dict[str, Any]) -> str:
    claims = {"aud": SERVER, **claims, "iat": int(world.clock())}
    body = ".".join(_encoded(json.dumps(part).encode()) for part in ({"typ": "at+jwt", "alg": "HS256"}, claims))
    return f"{body}.{_signature(world, body)}"


def _signature(world: World, body: str) -> str:
    return _encoded(hmac.digest(_key(world), body.encode(), hashlib.sha256))


def _key(world: World) -> bytes:
    key = world.store.kept(world.slug, "key", "tokens", world.clock())
    if key is None:
        key = secrets.token_hex(32)
        world.store.keep(world.slug, "key", "tokens", key)
    return bytes.fromhex(key)


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")

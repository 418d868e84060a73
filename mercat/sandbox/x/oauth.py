"""OAuth 2.0 with PKCE for a confidential client, as X has it (docs.x.com, “Authorization Code Flow with PKCE”).

Codes live half a minute and serve once, access tokens two hours, refresh tokens half a year and one use.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from mercat.sandbox.fields import BadBody, is_form, read_fields
from mercat.sandbox.models import Account
from mercat.sandbox.pages import render
from mercat.sandbox.standin import ApiError, StandIn, World

CLIENT_ID = "stand-in-client"
CLIENT_SECRET = "stand-in-secret"  # noqa: S105 - everybody may know it: it opens nothing but this stand-in
CODE_SECONDS = 30
ACCESS_SECONDS = 7_200
REFRESH_SECONDS = 182 * 86_400
ALL_SCOPES = """
block.read bookmark.read bookmark.write broadcast.read broadcast.write dm.read dm.write follows.read follows.write
like.read like.write list.read list.write media.write mute.read mute.write offline.access space.read timeline.read
tweet.moderate.write tweet.read tweet.write users.read
"""
S256 = re.compile(r"[A-Za-z0-9_-]{43}")
VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
ASKED = {
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
}
TOKEN_FIELDS = {"grant_type", "code", "redirect_uri", "code_verifier", "client_id", "refresh_token", "scope"}


def grant(world: World, account: str, scopes: str, token: str | None = None, seconds: float | None = None) -> str:
    """A token that works from now on, for so many seconds or for ever."""
    token = token or secrets.token_urlsafe(48)
    until = world.clock() + seconds if seconds else None
    world.store.keep(world.slug, "token", token, {"account": account, "scopes": scopes}, until)
    return token


def grant_of(world: World, request: Request) -> dict[str, Any] | None:
    token = bearer(request)
    found: dict[str, Any] | None = world.store.kept(world.slug, "token", token, world.clock()) if token else None
    return found


def bearer(request: Request) -> str:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


class OAuth:
    def __init__(self, world: World, standin: StandIn) -> None:
        self.world, self.store, self.standin = world, world.store, standin

    # The consent page

    async def ask(self, request: Request) -> Response:
        asked = dict(request.query_params)
        if wrong := _wrong(asked):
            return self._consent_refused(wrong)
        return render(
            "x/authorize.html",
            headers=_may_submit_to(asked["redirect_uri"]),
            asked=asked,
            scopes=asked["scope"].split(),
            accounts=self.store.accounts(self.world.slug),
            standin=self.standin,
        )

    async def decide(self, request: Request) -> Response:
        try:
            given = {name: str(value) for name, value in (await read_fields(request)).items()}
        except BadBody as error:
            return self._consent_refused(str(error))
        asked = {name: given[name] for name in ASKED if name in given}
        if wrong := _wrong(asked):
            return self._consent_refused(wrong)
        if given.get("decision") == "deny":
            return _back(asked, {"error": "access_denied"})
        account = self.store.account(self.world.slug, given.get("account", ""))
        if account is None:
            return self._consent_refused("Choose the account to connect.")
        return _back(asked, {"code": self._code(asked, account)})

    def _code(self, asked: dict[str, str], account: Account) -> str:
        code = secrets.token_urlsafe(48)
        value = {"account": account.native_id, **asked}
        self.store.keep(self.world.slug, "code", code, value, self.world.clock() + CODE_SECONDS)
        return code

    def _consent_refused(self, why: str) -> Response:
        return render("x/refused.html", 400, why=why, standin=self.standin)

    # Tokens

    async def token(self, request: Request) -> Response:
        _check_client(request)
        fields = await _form(request)
        match fields.get("grant_type"):
            case "authorization_code":
                code = self._redeemed(fields)
                return self._granted(code["account"], code["scope"])
            case "refresh_token":
                return self._refreshed(str(fields.get("refresh_token", "")), str(fields.get("scope", "")))
        raise _refused("unsupported_grant_type", "Value passed for the grant type was invalid.")

    async def revoke(self, request: Request) -> Response:
        _check_client(request)
        fields = await _form(request, {"token", "token_type_hint", "client_id"})
        token = str(fields.get("token", ""))
        for kind in ("token", "refresh"):
            self.store.forget(self.world.slug, kind, token)
        return JSONResponse({"revoked": True})

    def _redeemed(self, fields: dict[str, Any]) -> dict[str, Any]:
        """What the code stands for; it is used up even when something about the request is wrong."""
        key = str(fields.get("code", ""))
        code: dict[str, Any] | None = self.store.kept(self.world.slug, "code", key, self.world.clock())
        self.store.forget(self.world.slug, "code", key)
        if code is None:
            raise _refused("invalid_request", "Value passed for the authorization code was invalid.")
        if code["redirect_uri"] != fields.get("redirect_uri"):
            raise _refused(
                "invalid_request", "Value passed for the redirect uri did not match the uri of the authorization code."
            )
        if not _proved(code, str(fields.get("code_verifier", ""))):
            raise _refused("invalid_request", "Value passed for the code verifier did not match the code challenge.")
        return code

    def _refreshed(self, token: str, scopes: str) -> Response:
        """`scopes` may be named again, as X's own client does, and must be among those that were allowed."""
        known: dict[str, Any] | None = self.store.kept(self.world.slug, "refresh", token, self.world.clock())
        if known is None:
            raise _refused("invalid_request", "Value passed for the token was invalid.")
        if not set(scopes.split()) <= set(known["scopes"].split()):
            raise _refused("invalid_scope", "Value passed for the scope was invalid.")
        if self.world.faults.standing("refresh_keeps"):
            return self._granted(known["account"], known["scopes"], renewed=False)
        self.store.forget(self.world.slug, "refresh", token)
        self.store.forget(self.world.slug, "token", known["access"])
        return self._granted(known["account"], known["scopes"])

    def _granted(self, account: str, scopes: str, *, renewed: bool = True) -> Response:
        access = grant(self.world, account, scopes, seconds=ACCESS_SECONDS)
        told = {"token_type": "bearer", "expires_in": ACCESS_SECONDS, "access_token": access, "scope": scopes}
        if renewed and "offline.access" in scopes.split():
            told["refresh_token"] = secrets.token_urlsafe(48)
            value = {"account": account, "scopes": scopes, "access": access}
            until = self.world.clock() + REFRESH_SECONDS
            self.store.keep(self.world.slug, "refresh", str(told["refresh_token"]), value, until)
        return JSONResponse(told)


def _wrong(asked: dict[str, str]) -> str:
    """What is wrong with a request for consent; empty where nothing is."""
    return next(_problems(asked), "")


def _problems(asked: dict[str, str]) -> Iterator[str]:
    if unknown := set(asked) - ASKED:
        yield f"X does not know what {min(unknown)} would mean."
    if missing := [name for name in sorted(ASKED) if not asked.get(name)]:
        yield f"Something is missing: {missing[0]}."
        return
    if asked["client_id"] != CLIENT_ID:
        yield f"The client ID is unknown. This stand-in knows one: {CLIENT_ID}, with the secret {CLIENT_SECRET}."
    if asked["response_type"] != "code":
        yield "The response type must be code."
    if not _good_redirect(asked["redirect_uri"]):
        yield "The redirect address must be absolute, with http or https, and without a fragment."
    if not set(asked["scope"].split()) <= set(ALL_SCOPES.split()):
        yield "A scope is unknown. Scopes are divided by blanks."
    if not _good_challenge(asked["code_challenge_method"], asked["code_challenge"]):
        yield "The code challenge must be of the method S256 with 43 characters, or plain."


def _good_redirect(uri: str) -> bool:
    try:
        parts = urlsplit(uri)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and not parts.fragment


def _good_challenge(method: str, challenge: str) -> bool:
    pattern = {"S256": S256, "plain": VERIFIER}.get(method)
    return pattern is not None and bool(pattern.fullmatch(challenge))


def _proved(code: dict[str, Any], verifier: str) -> bool:
    if not VERIFIER.fullmatch(verifier):
        return False
    if code["code_challenge_method"] == "plain":
        return hmac.compare_digest(code["code_challenge"], verifier)
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return hmac.compare_digest(code["code_challenge"], digest)


def _back(asked: dict[str, str], answer: dict[str, str]) -> Response:
    joint = "&" if urlsplit(asked["redirect_uri"]).query else "?"
    query = urlencode({**answer, "state": asked["state"]})
    return RedirectResponse(asked["redirect_uri"] + joint + query, 303)


def _may_submit_to(redirect_uri: str) -> dict[str, str]:
    """Browsers hold the redirect after a form to form-action, so the application's own address must be in it."""
    parts = urlsplit(redirect_uri)
    target = "" if re.search(r"[\s;,']", parts.netloc) else f" {parts.scheme}://{parts.netloc}"
    policy = f"default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'{target}; base-uri 'none'"
    return {"content-security-policy": policy + "; frame-ancestors 'none'"}


def _check_client(request: Request) -> None:
    """A confidential client signs by HTTP Basic; X answers differently for an unknown one and for a wrong secret."""
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    try:
        client_id, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        client_id, secret = "", ""
    if kind.lower() == "basic" and client_id and client_id != CLIENT_ID:
        raise ApiError(
            401, {"error": "invalid_client", "error_description": "Value passed for the client was invalid."}
        )
    if kind.lower() != "basic" or not hmac.compare_digest(secret.encode(), CLIENT_SECRET.encode()):
        description = "Missing valid authorization header"
        raise ApiError(401, {"error": "unauthorized_client", "error_description": description})


async def _form(request: Request, known: set[str] | None = None) -> dict[str, Any]:
    if not is_form(request):
        raise _refused("invalid_request", "The body must be a form.")
    try:
        fields = await read_fields(request)
    except BadBody as error:
        raise _refused("invalid_request", str(error)) from error
    if unknown := set(fields) - (known or TOKEN_FIELDS):
        raise _refused("invalid_request", f"Unknown parameter [{min(unknown)}].")
    return fields


def _refused(error: str, description: str) -> ApiError:
    return ApiError(400, {"error": error, "error_description": description})

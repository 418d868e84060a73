"""The code flow with a client secret, refresh tokens for approved apps, and introspection
(learn.microsoft.com/linkedin/shared/authentication).

One app is registered: its id and secret are told by the control with each account. Codes live 30 minutes and serve
once, tokens 60 days; a refresh token lives 365 days from the consent, however often it is used.
"""

from __future__ import annotations

import hmac
import re
import secrets
from typing import Any
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from mercat.sandbox.fields import BadBody, read_fields
from mercat.sandbox.models import Account
from mercat.sandbox.pages import render
from mercat.sandbox.standin import ApiError, StandIn, World

CLIENT_ID = "stand-in-app"
CLIENT_SECRET = "WPL_AP1.stand-in"  # noqa: S105 - of an app that exists nowhere
SCOPES = frozenset({"r_organization_social", "w_organization_social", "rw_organization_admin", "r_basicprofile"})
CODE_SECONDS = 30 * 60
TOKEN_SECONDS = 60 * 86_400
REFRESH_SECONDS = 365 * 86_400
FORM = "application/x-www-form-urlencoded"


def grant(world: World, account: Account, scopes: str, token: str | None = None, ends: float | None = None) -> str:
    """A token that works from now on, of a person who administers the account's page."""
    token = token or secrets.token_urlsafe(64)
    value = {"account": account.native_id, "scopes": scopes, "ends": ends, "made": world.clock()}
    world.store.keep(world.slug, "token", token, value, ends)
    return token


def bearer(request: Request) -> str | None:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else None


class OAuth:
    def __init__(self, world: World, standin: StandIn) -> None:
        self.world, self.store, self.standin = world, world.store, standin

    # The consent page

    async def ask(self, request: Request) -> Response:
        asked = dict(request.query_params)
        if wrong := _wrong(asked):
            return self._consent_refused(wrong)
        return render(
            "linkedin/authorize.html",
            headers=_may_submit_to(asked["redirect_uri"]),
            asked=asked,
            scopes=asked["scope"].split(),
            accounts=self.store.accounts(self.world.slug),
            standin=self.standin,
        )

    async def decide(self, request: Request) -> Response:
        asked = {name: str(value) for name, value in (await _fields(request)).items()}
        if wrong := _wrong(asked):
            return self._consent_refused(wrong)
        if asked.get("decision") == "deny":
            return _back(asked, {"error": "user_cancelled_authorize", "error_description": "The user cancelled"})
        account = self.store.account(self.world.slug, asked.get("account", ""))
        if account is None:
            return self._consent_refused("Choose the page that you administer.")
        code = secrets.token_urlsafe(48)
        value = {"account": account.native_id, "scopes": asked["scope"], "redirect_uri": asked["redirect_uri"]}
        self.store.keep(self.world.slug, "code", code, value, self.world.clock() + CODE_SECONDS)
        return _back(asked, {"code": code})

    def _consent_refused(self, why: str) -> Response:
        return render("linkedin/refused.html", 400, why=why, standin=self.standin)

    # Tokens

    async def token(self, request: Request) -> Response:
        fields = await self._client(request)
        kind = fields.get("grant_type")
        if kind == "refresh_token":
            return self._refreshed(str(fields.get("refresh_token", "")))
        if kind != "authorization_code":
            raise _error(400, "unsupported_grant_type", "The passed in grant_type is invalid")
        key = str(fields.get("code", ""))
        code = self.store.kept(self.world.slug, "code", key, self.world.clock())
        self.store.forget(self.world.slug, "code", key)
        account = self._account(code)
        if code is None or account is None or code["redirect_uri"] != fields.get("redirect_uri"):
            raise _error(
                400,
                "invalid_request",
                "Unable to retrieve access token: appid/redirect uri/code verifier does not match authorization code."
                " Or authorization code expired.",
            )
        refresh = None
        if self.world.faults.standing("refresh_tokens"):
            refresh = secrets.token_urlsafe(64)
            ends = self.world.clock() + REFRESH_SECONDS
            value = {"account": account.native_id, "scopes": code["scopes"], "ends": ends}
            self.store.keep(self.world.slug, "refresh", refresh, value, ends)
        return self._granted(account, code["scopes"], refresh)

    def _refreshed(self, refresh: str) -> Response:
        """The same refresh token serves again; its end stays where it was."""
        known = self.store.kept(self.world.slug, "refresh", refresh, self.world.clock())
        account = self._account(known)
        if known is None or account is None:
            raise _error(400, "invalid_request", "The provided refresh token is invalid or expired")
        return self._granted(account, known["scopes"], refresh)

    def _granted(self, account: Account, scopes: str, refresh: str | None) -> Response:
        now = self.world.clock()
        token = grant(self.world, account, scopes, ends=now + TOKEN_SECONDS)
        answer = {"access_token": token, "expires_in": TOKEN_SECONDS, "scope": scopes.replace(" ", ",")}
        if refresh:
            known = self.store.kept(self.world.slug, "refresh", refresh, now)
            answer |= {"refresh_token": refresh, "refresh_token_expires_in": int((known or {}).get("ends", now) - now)}
        return JSONResponse(answer)

    async def introspect(self, request: Request) -> Response:
        fields = await self._client(request)
        known = self.store.kept(self.world.slug, "token", str(fields.get("token", "")), self.world.clock())
        if known is None:
            return JSONResponse({"active": False})
        ends = {"expires_at": int(known["ends"])} if known["ends"] else {}
        told = {"active": True, "client_id": CLIENT_ID, "status": "active", "auth_type": "3L", "scope": known["scopes"]}
        return JSONResponse({**told, **ends, "created_at": int(known["made"])})

    def _account(self, known: dict[str, Any] | None) -> Account | None:
        return self.store.account(self.world.slug, known["account"]) if known else None

    async def _client(self, request: Request) -> dict[str, Any]:
        """The fields of a form with the app's own id and secret."""
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
            raise _error(400, "invalid_request", f"The content type must be {FORM}")
        fields = await _fields(request)
        given = str(fields.get("client_secret", "")).encode()
        if fields.get("client_id") != CLIENT_ID or not hmac.compare_digest(given, CLIENT_SECRET.encode()):
            raise _error(401, "invalid_client", "Client authentication failed")
        return fields


def _wrong(asked: dict[str, str]) -> str:
    """What is wrong with a request for consent; empty where nothing is."""
    if asked.get("client_id") != CLIENT_ID:
        return "The passed in client_id is invalid: this stand-in knows one app, whose id its control tells."
    if not _good_redirect(asked.get("redirect_uri", "")):
        return "The redirect_uri does not match the registered value: it must be absolute and without a fragment."
    if asked.get("response_type") != "code":
        return "The response_type must be code."
    if not asked.get("scope") or not set(asked["scope"].split()) <= SCOPES:
        return "The requested permission scope is not valid for the app."
    if not asked.get("state"):
        return "The state is missing: without it an answer could be forged."
    return ""


def _good_redirect(uri: str) -> bool:
    try:
        parts = urlsplit(uri)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and not parts.fragment


def _back(asked: dict[str, str], answer: dict[str, str]) -> Response:
    joint = "&" if urlsplit(asked["redirect_uri"]).query else "?"
    return RedirectResponse(asked["redirect_uri"] + joint + urlencode({**answer, "state": asked["state"]}), 303)


def _may_submit_to(redirect_uri: str) -> dict[str, str]:
    """Browsers hold the redirect after a form to form-action, so the application's own address must be in it."""
    parts = urlsplit(redirect_uri)
    target = f" {parts.scheme}://{parts.netloc}" if not re.search(r"[\s;,']", parts.netloc) else ""
    policy = f"default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'{target}; base-uri 'none'"
    return {"content-security-policy": policy + "; frame-ancestors 'none'"}


async def _fields(request: Request) -> dict[str, Any]:
    try:
        return await read_fields(request)
    except BadBody as error:
        raise _error(400, "invalid_request", str(error)) from error


def _error(status: int, error: str, description: str) -> ApiError:
    return ApiError(status, {"error": error, "error_description": description})

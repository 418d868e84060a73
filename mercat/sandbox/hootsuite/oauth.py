"""The code flow for a client that is known by HTTP Basic, with refresh tokens of one use.

One app is registered: its id and secret are told by the control with each account. Codes serve once, and a second use
ends the tokens of the first, as Hootsuite says of itself.
"""

from __future__ import annotations

import base64
import hmac
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
CLIENT_SECRET = "stand-in-secret"  # noqa: S105 - of an app that exists nowhere
SCOPES = frozenset({"offline"})
CODE_SECONDS = 600
TOKEN_SECONDS = 3_600
FORM = "application/x-www-form-urlencoded"


def grant(world: World, account: Account, token: str | None = None, ends: float | None = None) -> str:
    """A token that works from now on, of a member who may publish to the account's profile."""
    token = token or secrets.token_urlsafe(48)
    world.store.keep(world.slug, "token", token, {"account": account.native_id}, ends)
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
            return self._refused(wrong)
        return render(
            "hootsuite/authorize.html",
            headers=_may_submit_to(asked["redirect_uri"]),
            asked=asked,
            scopes=asked.get("scope", "").split(),
            accounts=self.store.accounts(self.world.slug),
            standin=self.standin,
        )

    async def decide(self, request: Request) -> Response:
        asked = {name: str(value) for name, value in (await _fields(request)).items()}
        if wrong := _wrong(asked):
            return self._refused(wrong)
        if asked.get("decision") == "deny":
            return _back(asked, {"error": "access_denied"})
        account = self.store.account(self.world.slug, asked.get("account", ""))
        if account is None:
            return self._refused("Choose a profile.")
        code = secrets.token_urlsafe(32)
        value = {
            "account": account.native_id,
            "scope": asked.get("scope", ""),
            "redirect_uri": asked["redirect_uri"],
            "tokens": [],
        }
        self.store.keep(self.world.slug, "code", code, value, self.world.clock() + CODE_SECONDS)
        return _back(asked, {"code": code})

    def _refused(self, why: str) -> Response:
        return render("hootsuite/refused.html", 400, why=why, standin=self.standin)

    # Tokens

    async def token(self, request: Request) -> Response:
        fields = await self._client(request)
        match fields.get("grant_type"):
            case "authorization_code":
                return self._by_code(fields)
            case "refresh_token":
                return self._by_refresh(str(fields.get("refresh_token", "")))
        raise error(400, "unsupported_grant_type", "Invalid grant_type")

    def _by_code(self, fields: dict[str, Any]) -> Response:
        key = str(fields.get("code", ""))
        code = self.store.kept(self.world.slug, "code", key, self.world.clock())
        if code and code["tokens"]:
            for kind, token in code["tokens"]:
                self.store.forget(self.world.slug, kind, token)
        account = self._account(code)
        if not code or code["tokens"] or not account or code["redirect_uri"] != fields.get("redirect_uri"):
            raise error(400, "invalid_grant", "Invalid authorization code")
        answer = self._granted(account, refresh="offline" in code["scope"].split())
        made = [["token", answer["access_token"]], ["refresh", answer.get("refresh_token", "")]]
        self.store.keep(self.world.slug, "code", key, {**code, "tokens": made}, self.world.clock() + CODE_SECONDS)
        return JSONResponse(answer)

    def _by_refresh(self, refresh: str) -> Response:
        """The old one dies with the answer."""
        account = self._account(self.store.kept(self.world.slug, "refresh", refresh, self.world.clock()))
        self.store.forget(self.world.slug, "refresh", refresh)
        if account is None:
            raise error(400, "invalid_grant", "The refresh token is invalid")
        return JSONResponse(self._granted(account, refresh=True))

    def _granted(self, account: Account, *, refresh: bool) -> dict[str, Any]:
        token = grant(self.world, account, ends=self.world.clock() + TOKEN_SECONDS)
        answer = {"access_token": token, "token_type": "bearer", "expires_in": TOKEN_SECONDS}
        if refresh:
            newer = secrets.token_urlsafe(48)
            self.store.keep(self.world.slug, "refresh", newer, {"account": account.native_id})
            answer |= {"refresh_token": newer, "scope": "offline"}
        return answer

    def _account(self, known: dict[str, Any] | None) -> Account | None:
        return self.store.account(self.world.slug, known["account"]) if known else None

    async def _client(self, request: Request) -> dict[str, Any]:
        """The fields of a form that the app has signed in its header; in the body its secret is not taken."""
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
            raise error(400, "invalid_request", f"The content type must be {FORM}")
        given = request.headers.get("authorization", "").removeprefix("Basic ").encode()
        if not hmac.compare_digest(given, base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode())):
            raise error(401, "invalid_client", "The client could not be authenticated")
        return await _fields(request)


def _wrong(asked: dict[str, str]) -> str:
    """What is wrong with a request for consent; empty where nothing is."""
    if asked.get("client_id") != CLIENT_ID:
        return "The client_id is not known: this stand-in knows one app, whose id its control tells."
    parts = urlsplit(asked.get("redirect_uri", ""))
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.fragment:
        return "The redirect_uri must be absolute and without a fragment."
    if asked.get("response_type") != "code":
        return "The response_type must be code."
    if not set(asked.get("scope", "").split()) <= SCOPES:
        return "The requested scope is not valid."
    if len(asked.get("state", "")) < 8:
        return "The state must have at least 8 characters."
    return ""


def _back(asked: dict[str, str], answer: dict[str, str]) -> Response:
    joint = "&" if urlsplit(asked["redirect_uri"]).query else "?"
    return RedirectResponse(asked["redirect_uri"] + joint + urlencode({**answer, "state": asked["state"]}), 303)


def _may_submit_to(redirect_uri: str) -> dict[str, str]:
    """Browsers hold the redirect after a form to form-action, so the application's own address must be in it."""
    parts = urlsplit(redirect_uri)
    target = f" {parts.scheme}://{parts.netloc}" if not set(parts.netloc) & set(" ;,'\t") else ""
    policy = f"default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'{target}; base-uri 'none'"
    return {"content-security-policy": policy + "; frame-ancestors 'none'"}


async def _fields(request: Request) -> dict[str, Any]:
    try:
        return await read_fields(request)
    except BadBody as wrong:
        raise error(400, "invalid_request", str(wrong)) from wrong


def error(status: int, code: str, description: str) -> ApiError:
    return ApiError(status, {"error": code, "error_description": description})

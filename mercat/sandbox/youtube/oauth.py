"""Google's OAuth 2.0 for web applications (developers.google.com/identity/protocols/oauth2/web-server).

Codes serve once, within ten minutes; access tokens an hour. Refresh tokens stay as they are, and are only given where
both access_type=offline and prompt=consent were asked for.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from typing import Any
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from mercat.sandbox.fields import BadBody, is_form, read_fields
from mercat.sandbox.pages import render
from mercat.sandbox.standin import ApiError, StandIn, World

CLIENT_ID = "stand-in-client"
CLIENT_SECRET = "stand-in-secret"  # noqa: S105 - everybody may know it: it opens nothing but this stand-in
CODE_SECONDS = 600
ACCESS_SECONDS = 3_600
SCOPES = {
    f"https://www.googleapis.com/auth/{name}"
    for name in ("youtube", "youtube.force-ssl", "youtube.readonly", "youtube.upload")
}
ALL = "https://www.googleapis.com/auth/youtube.force-ssl"
ASKED = {
    *("response_type", "client_id", "redirect_uri", "scope", "state", "access_type", "prompt"),
    *("code_challenge", "code_challenge_method"),
}
NEEDED = {"response_type", "client_id", "redirect_uri", "scope"}
FORM = {"grant_type", "code", "redirect_uri", "code_verifier", "client_id", "client_secret", "refresh_token"}


def grant(world: World, account: str, scope: str, token: str | None = None, seconds: float | None = None) -> str:
    """A token that works from now on, for so many seconds or for ever."""
    token = token or f"ya29.{secrets.token_urlsafe(48)}"
    until = world.clock() + seconds if seconds else None
    world.store.keep(world.slug, "token", token, {"account": account, "scope": scope}, until)
    return token


def bearer(request: Request) -> str:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def grant_of(world: World, request: Request) -> dict[str, Any] | None:
    token = bearer(request)
    found: dict[str, Any] | None = world.store.kept(world.slug, "token", token, world.clock()) if token else None
    return found


class OAuth:
    def __init__(self, world: World, standin: StandIn) -> None:
        self.world, self.store, self.standin = world, world.store, standin

    async def ask(self, request: Request) -> Response:
        asked = dict(request.query_params)
        if wrong := _wrong(asked):
            return self._refused(wrong)
        return render(
            "youtube/authorize.html",
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
            return self._refused(str(error))
        asked = {name: given[name] for name in ASKED if name in given}
        if wrong := _wrong(asked):
            return self._refused(wrong)
        if given.get("decision") == "deny":
            return _back(asked, {"error": "access_denied"})
        account = self.store.account(self.world.slug, given.get("account", ""))
        if account is None:
            return self._refused("Choose the account to connect.")
        code = f"4/{secrets.token_urlsafe(48)}"
        value = {"account": account.native_id, **asked}
        self.store.keep(self.world.slug, "code", code, value, self.world.clock() + CODE_SECONDS)
        return _back(asked, {"code": code, "scope": asked["scope"]})

    def _refused(self, why: str) -> Response:
        return render("youtube/refused.html", 400, why=why, standin=self.standin)

    async def token(self, request: Request) -> Response:
        fields = await _form(request)
        if fields.get("client_id") != CLIENT_ID:
            raise ApiError(401, {"error": "invalid_client", "error_description": "The OAuth client was not found."})
        if not hmac.compare_digest(fields.get("client_secret", "").encode(), CLIENT_SECRET.encode()):
            raise ApiError(401, {"error": "invalid_client", "error_description": "Unauthorized"})
        match fields.get("grant_type"):
            case "authorization_code":
                return self._granted(self._redeemed(fields))
            case "refresh_token":
                kept = self.store.kept(self.world.slug, "refresh", fields.get("refresh_token", ""), self.world.clock())
                if kept is None:
                    raise _no("invalid_grant", "Token has been expired or revoked.")
                return JSONResponse(self._access(kept))
        raise _no("unsupported_grant_type", "Invalid grant_type")

    def _redeemed(self, fields: dict[str, str]) -> dict[str, Any]:
        """What the code stands for; it is used up even when something about the request is wrong."""
        key = fields.get("code", "")
        code: dict[str, Any] | None = self.store.kept(self.world.slug, "code", key, self.world.clock())
        self.store.forget(self.world.slug, "code", key)
        if code is None:
            raise _no("invalid_grant", "Malformed auth code.")
        if code["redirect_uri"] != fields.get("redirect_uri"):
            raise _no("redirect_uri_mismatch", "Bad Request")
        if "code_challenge" in code and not _proved(code["code_challenge"], fields.get("code_verifier", "")):
            raise _no("invalid_grant", "Invalid code verifier.")
        return code

    def _granted(self, code: dict[str, Any]) -> Response:
        answer = self._access(code)
        if code.get("access_type") == "offline" and code.get("prompt") == "consent":
            refresh = f"1//{secrets.token_urlsafe(48)}"
            self.store.keep(self.world.slug, "refresh", refresh, {n: code[n] for n in ("account", "scope")})
            answer["refresh_token"] = refresh
        return JSONResponse(answer)

    def _access(self, given: dict[str, Any]) -> dict[str, Any]:
        token = grant(self.world, given["account"], given["scope"], seconds=ACCESS_SECONDS)
        return {
            "access_token": token,
            "expires_in": ACCESS_SECONDS - 1,
            "scope": given["scope"],
            "token_type": "Bearer",
        }


def _wrong(asked: dict[str, str]) -> str:
    """What is wrong with a consent request; empty where nothing is."""
    if missing := NEEDED - set(asked):
        return f"Required parameter is missing: {min(missing)}."
    if unknown := set(asked) - ASKED:
        return f"The parameter {min(unknown)} is not known."
    uri = urlsplit(asked["redirect_uri"])
    checks = {
        "The OAuth client was not found.": asked["client_id"] == CLIENT_ID,
        "The response type must be code.": asked["response_type"] == "code",
        "The return address must be absolute, without a fragment.": uri.scheme in {"http", "https"}
        and bool(uri.netloc)
        and not uri.fragment,
        "A permission is not known.": set(asked["scope"].split()) <= SCOPES,
        "access_type must be online or offline.": asked.get("access_type", "online") in {"online", "offline"},
        "The code challenge must be of the method S256.": "code_challenge" not in asked
        or (asked.get("code_challenge_method") == "S256" and bool(re.fullmatch(r"[\w-]{43}", asked["code_challenge"]))),
    }
    return next((why for why, right in checks.items() if not right), "")


def _proved(challenge: str, verifier: str) -> bool:
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return hmac.compare_digest(challenge, digest)


def _back(asked: dict[str, str], answer: dict[str, str]) -> Response:
    joint = "&" if urlsplit(asked["redirect_uri"]).query else "?"
    state = {"state": asked["state"]} if "state" in asked else {}
    return RedirectResponse(asked["redirect_uri"] + joint + urlencode({**answer, **state}), 303)


def _may_submit_to(redirect_uri: str) -> dict[str, str]:
    """Browsers hold the redirect after a form to form-action, so the application's own address must be in it."""
    parts = urlsplit(redirect_uri)
    target = "" if re.search(r"[\s;,']", parts.netloc) else f" {parts.scheme}://{parts.netloc}"
    policy = f"default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'{target}; base-uri 'none'"
    return {"content-security-policy": policy + "; frame-ancestors 'none'"}


async def _form(request: Request) -> dict[str, str]:
    if not is_form(request):
        raise _no("invalid_request", "The body must be a form.")
    try:
        fields = {name: str(value) for name, value in (await read_fields(request)).items()}
    except BadBody as error:
        raise _no("invalid_request", str(error)) from error
    if unknown := set(fields) - FORM:
        raise _no("invalid_request", f"Unknown parameter: {min(unknown)}")
    return fields


def _no(error: str, description: str) -> ApiError:
    return ApiError(400, {"error": error, "error_description": description})

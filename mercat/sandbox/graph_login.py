"""Signing in by Facebook as the stand-ins play it: the dialog, the code, the lasting token, pages, and inspection.

Codes live 10 minutes and serve once; a person's token lives 2 hours, exchanged 60 days; a page's token of a lasting one
has no end.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from mercat.sandbox import graph
from mercat.sandbox.graph import APP_TOKEN, CLIENT_ID, CLIENT_SECRET, VERSION, error
from mercat.sandbox.models import Account
from mercat.sandbox.pages import render
from mercat.sandbox.standin import ApiError, StandIn, World

CODE_SECONDS = 600


class Login:
    """`scopes`: those that the network knows. `noun`: what a person chooses, in the dialog's words."""

    dialog = f"{VERSION}/dialog/oauth"
    many = True  # a person may choose several

    def __init__(self, world: World, standin: StandIn, scopes: Sequence[str], noun: str) -> None:
        self.world, self.store, self.standin, self.scopes, self.noun = world, world.store, standin, scopes, noun

    # The dialog

    async def ask(self, request: Request) -> Response:
        asked = dict(request.query_params)
        if wrong := self._wrong(asked):
            return self._refused(wrong)
        return render(
            "templates/graph_consent.html",
            headers=may_submit_to(asked["redirect_uri"]),
            action=f"/{self.world.slug}/{self.dialog}",
            asked=asked,
            scopes=asked["scope"].split(","),
            accounts=self.store.accounts(self.world.slug),
            noun=self.noun,
            many=self.many,
            standin=self.standin,
        )

    async def decide(self, request: Request) -> Response:
        given = await graph.parameters(request)
        asked = {name: value for name, value in given.items() if isinstance(value, str)}
        if wrong := self._wrong(asked):
            return self._refused(wrong)
        if asked.get("decision") == "deny":
            denied = {"error": "access_denied", "error_reason": "user_denied", "error_description": "Permissions error"}
            return back(asked, denied)
        accounts = [self.store.account(self.world.slug, str(one)) for one in listed(given.get("account"))]
        chosen = [account.native_id for account in accounts if account]
        code = secrets.token_urlsafe(48)
        value = {"accounts": chosen, "scopes": asked["scope"].split(","), "redirect_uri": asked["redirect_uri"]}
        self.store.keep(self.world.slug, "code", code, value, self.world.clock() + CODE_SECONDS)
        return back(asked, {"code": code})

    def _wrong(self, asked: Mapping[str, str]) -> str:
        if asked.get("client_id") != CLIENT_ID:
            return f"Invalid App ID: this stand-in knows {CLIENT_ID}."
        if not is_address(asked.get("redirect_uri", "")):
            return "URL blocked: the redirect URI is not an address."
        if asked.get("response_type", "code") != "code":
            return "Only the code flow is known: response_type must be code."
        unknown = [scope for scope in asked.get("scope", "").split(",") if scope not in self.scopes]
        if unknown:
            return f"Invalid Scopes: {', '.join(unknown)}."
        return ""

    def _refused(self, why: str) -> Response:
        return render("templates/refused.html", 400, why=why)

    # Tokens

    async def token(self, request: Request) -> Response:
        given = await graph.parameters(request)
        check_client(given)
        if given.get("grant_type", "authorization_code") == "fb_exchange_token":
            return self._lasting(str(given.get("fb_exchange_token", "")))
        known = self.redeemed(given)
        return self._granted(known["accounts"], known["scopes"], graph.SHORT_SECONDS)

    def redeemed(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """What the code stands for; it is used up even when something about the request is wrong."""
        code = str(given.get("code", ""))
        known: dict[str, Any] | None = self.store.kept(self.world.slug, "code", code, self.world.clock())
        self.store.forget(self.world.slug, "code", code)
        if known is None:
            raise error(100, "This authorization code has been used.", subcode=36009)
        if known["redirect_uri"] != given.get("redirect_uri"):
            message = (
                "Error validating verification code. Please make sure your redirect_uri is identical to the one you"
                " used in the OAuth dialog request"
            )
            raise error(100, message, subcode=36008)
        return known

    def _lasting(self, token: str) -> Response:
        known = graph.granted(self.world, token)
        if known is None or known["kind"] != "user":
            raise graph.token_refused()
        return self._granted(known["accounts"], known["scopes"], graph.LONG_SECONDS)

    def _granted(self, accounts: Sequence[str], scopes: Sequence[str], seconds: int) -> Response:
        token = "EAA" + secrets.token_urlsafe(60)
        expires = self.world.clock() + seconds
        graph.grant(self.world, token, "user", accounts=accounts, scopes=scopes, expires=expires)
        return JSONResponse({"access_token": token, "token_type": "bearer", "expires_in": seconds})

    async def debug_token(self, request: Request) -> Response:
        given = await graph.parameters(request)
        if request.method == "POST" and str(given.get("method", "")).upper() != "GET":
            raise no_post("debug_token")
        if graph.given_token(request, given) != APP_TOKEN:
            raise error(100, "(#100) You must provide an app access token, or a user access token of its owner")
        token = str(given.get("input_token", ""))
        known = self.store.kept(self.world.slug, "token", token, self.world.clock())
        if known is None:
            wrong = {"code": 190, "message": "Invalid OAuth access token - Cannot parse access token"}
            return JSONResponse({"data": {"error": wrong, "is_valid": False, "scopes": []}})
        valid = graph.granted(self.world, token) is not None
        data = {
            "app_id": CLIENT_ID,
            "type": str(known["kind"]).upper(),
            "application": "Mercat",
            "data_access_expires_at": int(known["data_access"]),
            "expires_at": int(known["expires"]),
            "issued_at": int(known["issued"]),
            "is_valid": valid,
            "scopes": known["scopes"],
        }
        if known["kind"] == "page":
            data["profile_id"] = known["accounts"][0]
        return JSONResponse({"data": data})

    def page_token(self, user_token: str, user: Mapping[str, Any], account: Account) -> str:
        """The same for the same person's token and page. It has no end where that one is lasting."""
        name = f"{user_token}:{account.native_id}"
        known: str | None = self.store.kept(self.world.slug, "page_token", name, self.world.clock())
        if known:
            return known
        token = "EAAP" + secrets.token_urlsafe(60)
        lasting = user["expires"] - user["issued"] > graph.SHORT_SECONDS
        expires = 0 if lasting else user["expires"]
        graph.grant(self.world, token, "page", accounts=[account.native_id], scopes=user["scopes"], expires=expires)
        self.store.keep(self.world.slug, "page_token", name, token)
        return token


def check_client(given: Mapping[str, Any]) -> None:
    if given.get("client_id") != CLIENT_ID:
        raise error(101, "Missing or invalid client_id parameter.")
    check_secret(given)


def check_secret(given: Mapping[str, Any]) -> None:
    if not hmac.compare_digest(str(given.get("client_secret", "")), CLIENT_SECRET):
        raise error(1, "Error validating client secret.")


def no_post(path: str) -> ApiError:
    return error(100, f"Unsupported post request. {path} is read with GET", subcode=33, kind="GraphMethodException")


def listed(given: Any) -> list[Any]:
    return given if isinstance(given, list) else [given] if given else []


def is_address(uri: str) -> bool:
    try:
        parts = urlsplit(uri)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and not parts.fragment


def back(asked: Mapping[str, str], answer: Mapping[str, str]) -> Response:
    state = {"state": asked["state"]} if "state" in asked else {}
    joint = "&" if urlsplit(asked["redirect_uri"]).query else "?"
    return RedirectResponse(asked["redirect_uri"] + joint + urlencode({**answer, **state}), 303)


def may_submit_to(redirect_uri: str) -> dict[str, str]:
    """Browsers hold the redirect after a form to form-action, so the application's own address must be in it."""
    parts = urlsplit(redirect_uri)
    target = f" {parts.scheme}://{parts.netloc}" if parts.netloc and not re.search(r"[\s;,']", parts.netloc) else ""
    policy = f"default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'{target}; base-uri 'none'"
    return {"content-security-policy": policy + "; frame-ancestors 'none'"}

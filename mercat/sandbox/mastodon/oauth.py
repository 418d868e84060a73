"""Application registration and the OAuth 2 code flow with PKCE (docs.joinmastodon.org/methods/oauth, /methods/apps).

Codes live 10 minutes and serve once; tokens live until they are revoked.
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

from mercat.sandbox.fields import BadBody, read_fields
from mercat.sandbox.models import Account
from mercat.sandbox.pages import render
from mercat.sandbox.standin import ApiError, StandIn, World

OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"
CODE_SECONDS = 600
ALL_SCOPES = "read write profile"
SCOPE = re.compile(r"(read|write|follow|push|profile)(:[a-z_]+)?|admin:(read|write)(:[a-z_]+)?")
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


def grant(world: World, account: Account | None, scopes: str, application: str, token: str | None = None) -> str:
    """A token that works from now on; of the application alone when `account` is None."""
    token = token or secrets.token_urlsafe(32)
    value = {"account": account and account.native_id, "scopes": scopes, "application": application}
    world.store.keep(world.slug, "token", token, value)
    return token


def bearer(request: Request) -> str | None:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else None


def allows(scopes: str, needed: tuple[str, ...]) -> bool:
    """Whether one of the needed scopes was granted, itself or by the scope above it."""
    granted = set(scopes.split())
    return any(scope in granted or scope.partition(":")[0] in granted for scope in needed)


class OAuth:
    def __init__(self, world: World, standin: StandIn) -> None:
        self.world, self.store, self.standin = world, world.store, standin

    async def register(self, request: Request) -> Response:
        fields = await fields_of(request)
        uris = _uris(fields.get("redirect_uris"))
        name, scopes = str(fields.get("client_name") or "").strip(), str(fields.get("scopes") or "read")
        _check_application(name, uris, scopes)
        client_id = secrets.token_urlsafe(32)
        application = {
            "client_id": client_id,
            "client_secret": secrets.token_urlsafe(32),
            "name": name,
            "website": fields.get("website") or None,
            "scopes": scopes.split(),
            "redirect_uris": uris,
            "redirect_uri": "\n".join(uris),
        }
        self.store.keep(self.world.slug, "application", client_id, application)
        more = {"id": str(secrets.randbelow(10**9)), "client_secret_expires_at": 0, "vapid_key": ""}
        return JSONResponse({**application, **more})

    # The consent page

    async def ask(self, request: Request) -> Response:
        asked = dict(request.query_params)
        application = self._asking(asked)
        if isinstance(application, str):
            return self._consent_refused(application)
        return render(
            "mastodon/authorize.html",
            headers=_may_submit_to(asked["redirect_uri"]),
            asked={**asked, "scope": _scope(asked)},
            application=application,
            scopes=_scope(asked).split(),
            accounts=self.store.accounts(self.world.slug),
            standin=self.standin,
        )

    async def decide(self, request: Request) -> Response:
        asked = {name: str(value) for name, value in (await fields_of(request)).items()}
        application = self._asking(asked)
        if isinstance(application, str):
            return self._consent_refused(application)
        if asked.get("decision") == "deny":
            denied = {"error": "access_denied", "error_description": "The resource owner denied the request."}
            return self._back(asked, denied)
        account = self.store.account(self.world.slug, asked.get("account", ""))
        if account is None:
            return self._consent_refused("Choose the account to connect.")
        code = self._code(asked, account)
        if asked["redirect_uri"] == OUT_OF_BAND:
            return render("mastodon/code.html", code=code, standin=self.standin)
        return self._back(asked, {"code": code})

    def _asking(self, asked: dict[str, str]) -> dict[str, Any] | str:
        """The application that asks, or what is wrong with its request."""
        application = self._application(asked.get("client_id"))
        if application is None:
            return "The application is not known: client_id is wrong or missing."
        if asked.get("redirect_uri") not in application["redirect_uris"]:
            return "The redirect uri included is not valid: it must be exactly one that the application registered."
        if asked.get("response_type") != "code":
            return "The authorization server does not support this response type: only code."
        if not set(_scope(asked).split()) <= _with_children(application["scopes"], _scope(asked)):
            return "The requested scope is invalid, unknown, or malformed: the application did not register it."
        challenge, method = asked.get("code_challenge"), asked.get("code_challenge_method", "S256")
        if challenge is not None and (method != "S256" or not CHALLENGE.fullmatch(challenge)):
            return "The code challenge method must be S256, with a challenge of 43 characters."
        return application

    def _code(self, asked: dict[str, str], account: Account) -> str:
        code = secrets.token_urlsafe(32)
        names = ("client_id", "redirect_uri", "code_challenge")
        value = {"account": account.native_id, "scopes": _scope(asked), **{name: asked.get(name) for name in names}}
        self.store.keep(self.world.slug, "code", code, value, self.world.clock() + CODE_SECONDS)
        return code

    def _back(self, asked: dict[str, str], answer: dict[str, str]) -> Response:
        if asked["redirect_uri"] == OUT_OF_BAND:
            return self._consent_refused("The connection was denied.")
        state = {"state": asked["state"]} if "state" in asked else {}
        joint = "&" if urlsplit(asked["redirect_uri"]).query else "?"
        return RedirectResponse(asked["redirect_uri"] + joint + urlencode({**answer, **state}), 303)

    def _consent_refused(self, why: str) -> Response:
        return render("mastodon/refused.html", 400, why=why, standin=self.standin)

    # Tokens

    async def token(self, request: Request) -> Response:
        fields = await fields_of(request)
        application = self._client(request, fields)
        grant_type = fields.get("grant_type")
        if grant_type == "client_credentials":
            return self._granted(None, _application_scopes(fields, application), application)
        if grant_type != "authorization_code":
            raise _oauth_error("unsupported_grant_type", "The authorization grant type is not supported by the server.")
        code = self._redeem(fields, application)
        account = self.store.account(self.world.slug, code["account"])
        if account is None:
            raise _invalid_grant()
        return self._granted(account, code["scopes"], application)

    async def revoke(self, request: Request) -> Response:
        fields = await fields_of(request)
        try:
            self._client(request, fields)
        except ApiError:
            description = "You are not authorized to revoke this token"
            raise ApiError(403, {"error": "unauthorized_client", "error_description": description}) from None
        self.store.forget(self.world.slug, "token", str(fields.get("token", "")))
        return JSONResponse({})

    def _redeem(self, fields: dict[str, Any], application: dict[str, Any]) -> dict[str, Any]:
        """What the code stands for; it is used up even when something about the request is wrong."""
        key = str(fields.get("code", ""))
        code: dict[str, Any] | None = self.store.kept(self.world.slug, "code", key, self.world.clock())
        self.store.forget(self.world.slug, "code", key)
        if code is None or code["client_id"] != application["client_id"]:
            raise _invalid_grant()
        if code["redirect_uri"] != fields.get("redirect_uri") or not _proved(code["code_challenge"], fields):
            raise _invalid_grant()
        return code

    def _granted(self, account: Account | None, scopes: str, application: dict[str, Any]) -> Response:
        token = grant(self.world, account, scopes, application["name"])
        created_at = int(self.world.clock())
        return JSONResponse({"access_token": token, "token_type": "Bearer", "scope": scopes, "created_at": created_at})

    def _client(self, request: Request, fields: dict[str, Any]) -> dict[str, Any]:
        client_id, secret = _basic(request) or (fields.get("client_id"), fields.get("client_secret"))
        application = self._application(client_id)
        if application is None or not hmac.compare_digest(application["client_secret"].encode(), str(secret).encode()):
            description = (
                "Client authentication failed due to unknown client, no client authentication included,"
                " or unsupported authentication method."
            )
            raise ApiError(401, {"error": "invalid_client", "error_description": description})
        return application

    def _application(self, client_id: Any) -> dict[str, Any] | None:
        application: dict[str, Any] | None
        application = self.store.kept(self.world.slug, "application", str(client_id), self.world.clock())
        return application


async def fields_of(request: Request) -> dict[str, Any]:
    """Raises ApiError 400, as Rails does for a body it cannot read."""
    try:
        return await read_fields(request)
    except BadBody as error:
        raise ApiError(400, {"error": str(error)}) from error


def _uris(given: Any) -> list[str]:
    return given if isinstance(given, list) else str(given or "").split()


def _check_application(name: str, uris: list[str], scopes: str) -> None:
    problems = []
    if not name:
        problems.append("Application name can't be blank")
    if not uris:
        problems.append("Redirect URI can't be blank")
    if any(not _good_redirect(uri) for uri in uris):
        problems.append("Redirect URI must be an absolute URI without a fragment.")
    if not all(SCOPE.fullmatch(scope) for scope in scopes.split()):
        problems.append("Scopes doesn't match configured on the server.")
    if problems:
        raise ApiError(422, {"error": "Validation failed: " + ", ".join(problems)})


def _good_redirect(uri: Any) -> bool:
    if uri == OUT_OF_BAND:
        return True
    try:
        parts = urlsplit(uri)
    except (ValueError, AttributeError, TypeError):
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and not parts.fragment


def _scope(asked: dict[str, str]) -> str:
    return asked.get("scope") or "read"


def _with_children(registered: list[str], wanted: str) -> set[str]:
    """The registered scopes, and the wanted ones below them."""
    return set(registered) | {scope for scope in wanted.split() if scope.partition(":")[0] in registered}


def _application_scopes(fields: dict[str, Any], application: dict[str, Any]) -> str:
    wanted = str(fields.get("scope") or "read")
    if not set(wanted.split()) <= _with_children(application["scopes"], wanted):
        raise _oauth_error("invalid_scope", "The requested scope is invalid, unknown, or malformed.")
    return wanted


def _proved(challenge: str | None, fields: dict[str, Any]) -> bool:
    verifier = fields.get("code_verifier")
    if challenge is None:
        return True
    if not isinstance(verifier, str) or not VERIFIER.fullmatch(verifier):
        return False
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    return hmac.compare_digest(digest, challenge)


def _basic(request: Request) -> tuple[str, str] | None:
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        name, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except ValueError:
        return None
    return name, secret


def _may_submit_to(redirect_uri: str) -> dict[str, str]:
    """Browsers hold the redirect after a form to form-action, so the application's own address must be in it."""
    parts = urlsplit(redirect_uri)
    target = f" {parts.scheme}://{parts.netloc}" if parts.netloc and not re.search(r"[\s;,']", parts.netloc) else ""
    policy = f"default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'{target}; base-uri 'none'"
    return {"content-security-policy": policy + "; frame-ancestors 'none'"}


def _oauth_error(error: str, description: str) -> ApiError:
    return ApiError(400, {"error": error, "error_description": description})


def _invalid_grant() -> ApiError:
    return _oauth_error(
        "invalid_grant",
        "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the"
        " authorization request, or was issued to another client.",
    )

"""Hootsuite as the sandbox sees it: its routes, limits and faults."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mercat.sandbox.calls import Endpoint, call
from mercat.sandbox.faults import FaultKind, Option
from mercat.sandbox.hootsuite import api, oauth
from mercat.sandbox.limits import Allowance, Bucket
from mercat.sandbox.models import Account, Post
from mercat.sandbox.pages import Timelines
from mercat.sandbox.standin import ApiError, BadAccount, World

CALLS = Bucket("calls", 20, 1)  # 20 calls a second, as third parties tell
HANDLE = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,58}[a-z0-9])?")
LINK = re.compile(r"https?://[^\s<>\"]*[^\s<>\".,:;!?)]")


class Hootsuite:
    slug = "hootsuite"
    name = "Hootsuite"
    counters: Sequence[str] = ()
    secret_name = "token"  # noqa: S105 - the name of a field
    app: Mapping[str, str] = MappingProxyType({"client_id": oauth.CLIENT_ID, "client_secret": oauth.CLIENT_SECRET})
    faults: Sequence[FaultKind] = (
        FaultKind(
            "media_processing",
            "Prepare files slowly",
            "A file has to be asked for until it is ready.",
            on="upload",
            options=(Option("polls", "How many times to ask before it is ready", 2),),
            lasting=True,
        ),
        FaultKind(
            "slow_sending",
            "Send slowly",
            "A message stays scheduled until it has been asked for so many times.",
            options=(Option("polls", "How many times to ask before it is sent", 2),),
            lasting=True,
        ),
        FaultKind("sending_fails", "Fail to send", "A message is taken, and then fails for good.", lasting=True),
        FaultKind(
            "needs_approval",
            "Ask for approval",
            "A message waits for somebody to approve it in Hootsuite.",
            lasting=True,
        ),
        FaultKind(
            "scheduled_limit", "Too many scheduled", "Takes no message: the plan’s limit is reached.", lasting=True
        ),
        FaultKind(
            "profile_disconnected",
            "Lose the profile",
            "Says that the profile has to be connected again in Hootsuite.",
            on="session",
            lasting=True,
        ),
        FaultKind("hurry", "Hurry", "Sends what is scheduled without waiting for its time.", lasting=True),
    )

    by_hand = None  # posts stand at the networks behind it, and are made there

    def routes(self, world: World) -> Sequence[BaseRoute]:
        calls, tokens, timelines = api.Api(world), oauth.OAuth(world, self), Timelines(self, world)

        def rest(method: str, path: str, endpoint: Endpoint, on: str = "read") -> Route:
            return call(self, world, method, f"/v1/{path}", endpoint, on=on)

        async def everyone(request: Request) -> Response:
            calls.send_due()
            return timelines.everyone(request)

        async def profile(request: Request) -> Response:
            calls.send_due()
            return timelines.profile(request, request.path_params["id"])

        async def one_post(request: Request) -> Response:
            post = world.store.post(self.slug, request.path_params["id"])
            return timelines.post(post.account if post else "", request.path_params["id"])

        return [
            Route("/oauth2/auth", tokens.ask, methods=["GET"]),
            Route("/oauth2/auth", tokens.decide, methods=["POST"]),
            call(self, world, "POST", "/oauth2/token", tokens.token, on="session"),
            rest("POST", "media", calls.create_media, "upload"),
            rest("GET", "media/{id}", calls.media, "upload"),
            call(self, world, "PUT", "/uploads/{id}", calls.receive, on="upload"),
            rest("POST", "messages", calls.publish, "publish"),
            rest("GET", "messages", calls.messages),
            rest("GET", "messages/{id}", calls.message),
            rest("DELETE", "messages/{id}", calls.remove, "remove"),
            rest("POST", "messages/{id}/approve", calls.approve, "session"),
            rest("POST", "messages/{id}/reject", calls.reject, "session"),
            rest("GET", "socialProfiles", calls.profiles, "session"),
            rest("GET", "socialProfiles/{id}", calls.profile, "session"),
            rest("GET", "me", calls.me, "session"),
            rest("GET", "{path:path}", calls.unknown),
            rest("POST", "{path:path}", calls.unknown),
            # What a browser loads to show a page is no call of the API: no fault may break the timeline page.
            Route("/media/{id}", calls.file),
            Route("/", everyone),
            Route("/profiles/{id}", profile),
            Route("/posts/{id}", one_post),
        ]

    def identify(self, handle: str) -> tuple[str, str]:
        """The profile's name, and its number at Hootsuite."""
        name = handle.lower()
        if not HANDLE.fullmatch(name) or name.isdigit():
            raise BadAccount(
                f"{handle!r} is no name of a profile: at most 60 letters a to z, digits, dots and hyphens."
            )
        number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:6], "big")
        return name, str(100_000_000 + number % 900_000_000)

    def new_secret(self) -> str:
        return secrets.token_urlsafe(48)

    def admit(self, world: World, account: Account, before: Account | None) -> None:
        """Its token is that of a member who may publish to the profile, and has no end."""
        known = world.store.kept(self.slug, "token", account.secret, world.clock())
        if known and known["account"] != account.native_id:
            raise BadAccount("That token already belongs to another account.")
        if before and before.secret != account.secret:
            world.store.forget(self.slug, "token", before.secret)
        if known is None:
            oauth.grant(world, account, account.secret)

    async def caller(self, world: World, request: Request) -> Account | None:
        token = oauth.bearer(request)
        grant = world.store.kept(self.slug, "token", token, world.clock()) if token else None
        return world.store.account(self.slug, grant["account"]) if grant else None

    def profile_path(self, account: Account) -> str:
        return f"/profiles/{account.native_id}"

    def post_path(self, account: Account, post: Post) -> str:
        return f"/posts/{post.native_id}"

    def paragraphs(self, world: World, account: Account, post: Post) -> str:
        made, at = [], 0
        for found in LINK.finditer(post.text):
            made += [escape(post.text[at : found.start()]), _link(found[0])]
            at = found.end()
        marked = "".join([*made, escape(post.text[at:])])
        parts = re.split(r"(?:\r?\n){2,}", marked.strip())
        return "".join(f"<p>{part.replace(chr(10), '<br>')}</p>" for part in parts if part)

    def media_path(self, post: Post, upload: str) -> str:
        return f"/media/{upload}"

    def rate_headers(self, allowance: Allowance) -> Mapping[str, str]:
        """As recorded in 2017. No header is known that names a time; a played limit of some seconds has to."""
        told = {"x-account-rate-limit-requests-remaining": str(allowance.remaining)}
        if allowance.spent:
            told["retry-after"] = format_datetime(datetime.fromtimestamp(allowance.reset, UTC), usegmt=True)
        return told

    def rate_limited(self) -> ApiError:
        return api.failed(1043, "Too many requests", 429)

    def expired_token(self) -> ApiError:
        return api.token_refused()

    def out_of_order(self, status: int) -> ApiError:
        return api.failed(5000, "An unknown error occurred", status)

    def default_bucket(self, on: str) -> Bucket:
        return CALLS


def _link(address: str) -> str:
    return f'<a href="{escape(address)}" rel="nofollow noopener">{escape(address)}</a>'

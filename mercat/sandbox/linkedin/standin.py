"""LinkedIn as the sandbox sees it: its routes, limits and faults."""

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
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from mercat.sandbox.calls import Endpoint, call
from mercat.sandbox.faults import FaultKind, Option
from mercat.sandbox.limits import Allowance, Bucket
from mercat.sandbox.linkedin import api, oauth
from mercat.sandbox.linkedin.files import Files, Shown
from mercat.sandbox.linkedin.videos import Videos
from mercat.sandbox.models import Account, Post
from mercat.sandbox.pages import Timelines
from mercat.sandbox.standin import ApiError, BadAccount, ByHand, World

CALLS = Bucket("calls", 500, 86_400)  # no number is published; the switch day_limit uses them up
VANITY = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,98}[a-z0-9])?")
MARKED = re.compile(r"(?P<url>https?://[^\s<>\"]*[^\s<>\".,:;!?)])|#(?P<tag>[^\W_]+)")


class LinkedIn:
    slug = "linkedin"
    name = "LinkedIn"
    counters: Sequence[str] = ("reactions", "comments", "reposts")
    secret_name = "token"  # noqa: S105 - the name of a field
    app: Mapping[str, str] = MappingProxyType({"client_id": oauth.CLIENT_ID, "client_secret": oauth.CLIENT_SECRET})
    faults: Sequence[FaultKind] = (
        FaultKind(
            "day_limit",
            "Use up the day’s calls",
            "Answers every call 429 without any header, as LinkedIn does until midnight UTC.",
            on="any",
            lasting=True,
        ),
        FaultKind(
            "version_sunset",
            "Withdraw the version",
            "Answers every call 426, as LinkedIn does about a year after a version’s month.",
            on="any",
            lasting=True,
        ),
        FaultKind(
            "image_processing",
            "Process pictures slowly",
            "A picture or a document has to be asked for until it is ready.",
            on="upload",
            options=(Option("polls", "How many times to ask before it is ready", 2),),
            lasting=True,
        ),
        FaultKind(
            "processing_fails",
            "Fail to process pictures",
            "A picture or a document is taken, and then found to be broken.",
            on="upload",
            lasting=True,
        ),
        FaultKind(
            "vanishing_posts",
            "Let posts vanish",
            "Answers a post 201 with its name, and never shows it.",
            lasting=True,
        ),
        FaultKind(
            "refresh_tokens",
            "Give refresh tokens",
            "Treats the app as one that LinkedIn has approved for them. They end 365 days after the consent.",
            on="session",
            lasting=True,
        ),
    )

    def routes(self, world: World) -> Sequence[BaseRoute]:
        calls, tokens, timelines = api.Api(world), oauth.OAuth(world, self), Timelines(self, world)
        videos, shown = Videos(calls), Shown(calls)
        images, documents = Files(calls, "image"), Files(calls, "document")

        def rest(method: str, path: str, endpoint: Endpoint, on: str = "read") -> Route:
            return call(self, world, method, f"/rest/{path}", endpoint, on=on)

        async def everyone(request: Request) -> Response:
            return timelines.everyone(request)

        async def profile(request: Request) -> Response:
            return timelines.profile(request, request.path_params["name"])

        async def by_number(request: Request) -> Response:
            account = world.store.account(self.slug, request.path_params["number"])
            return RedirectResponse(f"/{self.slug}/company/{account.handle if account else 'unknown'}/")

        async def one_post(request: Request) -> Response:
            urn = request.path_params["urn"]
            post = world.store.post(self.slug, urn)
            return timelines.post(post.account if post else "", urn)

        async def tagged(request: Request) -> Response:
            return timelines.tagged(request, request.path_params["tag"])

        return [
            Route("/oauth/v2/authorization", tokens.ask, methods=["GET"]),
            Route("/oauth/v2/authorization", tokens.decide, methods=["POST"]),
            call(self, world, "POST", "/oauth/v2/accessToken", tokens.token, on="session"),
            call(self, world, "POST", "/oauth/v2/introspectToken", tokens.introspect, on="session"),
            rest("POST", "images", images.initialize, "upload"),
            rest("GET", "images/{urn}", images.state, "upload"),
            call(self, world, "PUT", "/dms-uploads/{number}/uploaded-image/0", images.receive, on="upload"),
            rest("POST", "documents", documents.initialize, "upload"),
            rest("GET", "documents/{urn}", documents.state, "upload"),
            call(self, world, "PUT", "/dms-uploads/{number}/uploaded-document/0", documents.receive, on="upload"),
            rest("POST", "videos", videos.ask, "upload"),
            rest("GET", "videos/{urn}", videos.video, "upload"),
            call(self, world, "PUT", "/dms-uploads/{number}/uploaded-video/{part:int}", videos.receive, on="upload"),
            rest("POST", "posts", calls.publish, "publish"),
            rest("GET", "posts", calls.posts),
            rest("GET", "posts/{urn}", calls.post),
            rest("POST", "posts/{urn}", calls.change, "publish"),
            rest("DELETE", "posts/{urn}", calls.remove, "remove"),
            rest("GET", "organizationAcls", calls.roles, "session"),
            rest("GET", "organizationsLookup", calls.lookup),
            rest("GET", "organizations", calls.organisations),
            rest("GET", "organizations/{number}", calls.organisation),
            rest("GET", "organizationalEntityShareStatistics", calls.statistics),
            rest("GET", "organizationalEntityNotifications", calls.notifications),
            rest("GET", "socialActions/{urn}/comments", calls.comments),
            rest("POST", "socialActions/{urn}/comments", calls.comment),
            rest("GET", "{path:path}", calls.unknown),
            rest("POST", "{path:path}", calls.unknown),
            # What a browser loads to show a page is no call of the API: no fault may break the timeline page.
            Route("/media/{number}", shown.file),
            Route("/media/{number}/first-page", shown.first_page),
            Route("/", everyone),
            Route("/feed/hashtag/{tag}/", tagged),
            Route("/feed/update/{urn}/", one_post),
            Route("/company/{number:int}/", by_number),
            Route("/company/{name}/", profile),
        ]

    def identify(self, handle: str) -> tuple[str, str]:
        """The name in the page's address, and its number."""
        name = handle.lower()
        if not VANITY.fullmatch(name) or name.isdigit():
            raise BadAccount(
                f"{handle!r} is no name of a LinkedIn page: at most 100 letters a to z, digits and hyphens."
            )
        number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:6], "big")
        return name, str(100_000_000 + number % 900_000_000)

    def new_secret(self) -> str:
        return secrets.token_urlsafe(64)

    def admit(self, world: World, account: Account, before: Account | None) -> None:
        """Its token is that of a person who administers the page, with every permission and no end."""
        known = world.store.kept(self.slug, "token", account.secret, world.clock())
        if known and known["account"] != account.native_id:
            raise BadAccount("That token already belongs to another account.")
        if before and before.secret != account.secret:
            world.store.forget(self.slug, "token", before.secret)
        if known is None:
            oauth.grant(world, account, " ".join(sorted(oauth.SCOPES)), account.secret)

    async def caller(self, world: World, request: Request) -> Account | None:
        token = oauth.bearer(request)
        grant = world.store.kept(self.slug, "token", token, world.clock()) if token else None
        return world.store.account(self.slug, grant["account"]) if grant else None

    def by_hand(self, world: World, account: Account, given: ByHand) -> Post:
        return api.Api(world).by_hand(account, given)

    def profile_path(self, account: Account) -> str:
        return f"/company/{account.handle}/"

    def post_path(self, account: Account, post: Post) -> str:
        return f"/feed/update/{post.native_id}/"

    def paragraphs(self, world: World, account: Account, post: Post) -> str:
        made, at = [], 0
        for found in MARKED.finditer(post.text):
            made += [escape(post.text[at : found.start()]), self._link(found)]
            at = found.end()
        marked = "".join([*made, escape(post.text[at:])])
        parts = re.split(r"(?:\r?\n){2,}", marked.strip())
        return "".join(f"<p>{part.replace(chr(10), '<br>')}</p>" for part in parts if part)

    def _link(self, found: re.Match[str]) -> str:
        address = found["url"] or f"/{self.slug}/feed/hashtag/{found['tag']}/"
        return f'<a href="{escape(address)}" rel="nofollow noopener">{escape(found[0])}</a>'

    def media_path(self, post: Post, upload: str) -> str:
        return f"/media/{upload.rpartition(':')[2]}"

    def rate_headers(self, allowance: Allowance) -> Mapping[str, str]:
        """LinkedIn names no limit in any header; a played limit of some seconds has to name them somehow."""
        if not allowance.spent:
            return {}
        return {"retry-after": format_datetime(datetime.fromtimestamp(allowance.reset, UTC), usegmt=True)}

    def rate_limited(self) -> ApiError:
        return api.rate_limited()

    def expired_token(self) -> ApiError:
        return api.token_refused("EXPIRED_ACCESS_TOKEN", 65602, "The token used in the request has expired")

    def out_of_order(self, status: int) -> ApiError:
        return ApiError(status, {"status": status, "message": "Internal Server Error"})

    def default_bucket(self, on: str) -> Bucket:
        return CALLS

"""YouTube as the sandbox sees it: its routes, quota and faults."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from mercat.sandbox.calls import Endpoint, call
from mercat.sandbox.faults import FaultKind, Option
from mercat.sandbox.limits import Allowance, Bucket
from mercat.sandbox.models import Account, Post
from mercat.sandbox.pages import HERE, Timelines, picture
from mercat.sandbox.standin import ApiError, BadAccount, ByHand, World
from mercat.sandbox.youtube import oauth, problems
from mercat.sandbox.youtube.api import Api
from mercat.sandbox.youtube.live import Live
from mercat.sandbox.youtube.uploads import Uploads
from mercat.sandbox.youtube.videos import Videos

PACIFIC = ZoneInfo("America/Los_Angeles")
# developers.google.com/youtube, “Quota Calculator”: what a project may use up in a day of California, by bucket.
QUOTA = {"uploads": 100, "searches": 100, "units": 10_000}
READ, WRITE, CAPTIONS = ("units", 1), ("units", 50), ("units", 400)
CALLS = Bucket("calls", 1_000_000, 86_400)  # calls are counted by the quota below, and not by windows
HANDLE = re.compile(r"[a-z0-9][a-z0-9._-]{1,28}[a-z0-9]")
LINK = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)]")
NO_COVER = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 9"><rect width="16" height="9" fill="#333"/>'
    '<path d="M6.500 2.500v4l4-2z" fill="#fff"/></svg>'
)


class YouTube:
    slug = "youtube"
    name = "YouTube"
    counters: Sequence[str] = ("views", "likes", "comments")
    secret_name = "token"  # noqa: S105 - the name of a field
    app: Mapping[str, str] = MappingProxyType({"client_id": oauth.CLIENT_ID, "client_secret": oauth.CLIENT_SECRET})
    faults: Sequence[FaultKind] = (
        FaultKind(
            "encoder_sends",
            "Let the encoder send",
            "A picture arrives on every live stream, so that a broadcast can be shown.",
            lasting=True,
        ),
        FaultKind(
            "processing",
            "Process videos slowly",
            "A video has to be asked for until it is processed, has failed, or is rejected as a duplicate.",
            on="upload",
            options=(
                Option("polls", "How many times to ask before it is done", 2),
                Option("ends", "How it ends", ("processed", "codec", "duplicate", "copyright")),
            ),
            lasting=True,
        ),
        FaultKind(
            "partial_upload",
            "Take part of a piece",
            "Keeps half of the first piece of every upload, and says how much it has.",
            on="upload",
            lasting=True,
        ),
        FaultKind(
            "session_gone",
            "Forget uploads",
            "Answers 404 to whatever is brought to an upload that has begun.",
            on="upload",
            lasting=True,
        ),
        FaultKind(
            "token_ends_in_upload",
            "Token ends in an upload",
            "Refuses the access token from the moment an upload has begun with it.",
            on="upload",
            lasting=True,
        ),
        FaultKind(
            "upload_limit",
            "Channel's uploads used up",
            "Refuses every upload as one too many for the channel (400 uploadLimitExceeded).",
            on="upload",
            lasting=True,
        ),
        FaultKind(
            "keeps_private",
            "Keep videos private",
            "Makes nothing public, as for a project that has not passed the audit.",
            lasting=True,
        ),
        FaultKind(
            "live_not_enabled",
            "No live streaming",
            "Refuses everything about live broadcasts (403 liveStreamingNotEnabled).",
            on="any",
            lasting=True,
        ),
        FaultKind(
            "quota_used_up",
            "Quota used up",
            "Answers 403 quotaExceeded to every call, as when the day's calls are used up.",
            on="any",
            lasting=True,
        ),
        FaultKind(
            "rate_limits",
            "Enforce the quota",
            "Refuses what goes beyond the real quota of a day: 100 uploads, 100 searches, 10,000 units.",
            on="any",
            lasting=True,
        ),
    )

    def routes(self, world: World) -> Sequence[BaseRoute]:
        held = Videos(world)
        api, uploads, live, tokens = Api(world, held), Uploads(world, held), Live(world, held), oauth.OAuth(world, self)

        def route(method: str, path: str, endpoint: Endpoint, on: str, cost: tuple[str, int] = READ) -> Route:
            return call(self, world, method, path, _metered(world, endpoint, cost), on=on, bucket=CALLS)

        below, above = "/youtube/v3", "/upload/youtube/v3"
        return [
            Route("/o/oauth2/v2/auth", tokens.ask, methods=["GET"]),
            Route("/o/oauth2/v2/auth", tokens.decide, methods=["POST"]),
            call(self, world, "POST", "/token", tokens.token, on="session", bucket=CALLS),
            route("POST", f"{above}/videos", uploads.begin, "upload", ("uploads", 1)),
            route("PUT", f"{above}/videos", uploads.take, "upload", ("units", 0)),
            route("POST", f"{above}/thumbnails/set", uploads.thumbnail, "upload", WRITE),
            route("POST", f"{above}/captions", uploads.captions, "upload", CAPTIONS),
            route("POST", f"{above}/channelBanners/insert", uploads.banner, "upload", WRITE),
            route("GET", f"{below}/videos", api.list_videos, "read"),
            route("PUT", f"{below}/videos", api.update_video, "publish", WRITE),
            route("DELETE", f"{below}/videos", api.delete_video, "remove", WRITE),
            route("GET", f"{below}/playlistItems", api.list_uploads, "read"),
            route("GET", f"{below}/channels", api.list_channels, "session"),
            route("PUT", f"{below}/channels", api.update_channel, "session", WRITE),
            route("GET", f"{below}/search", api.search, "read", ("searches", 1)),
            route("GET", f"{below}/commentThreads", api.list_threads, "read"),
            route("POST", f"{below}/commentThreads", api.add_thread, "session", WRITE),
            route("GET", f"{below}/liveBroadcasts", live.list_broadcasts, "read"),
            route("POST", f"{below}/liveBroadcasts", live.add_broadcast, "session", WRITE),
            route("PUT", f"{below}/liveBroadcasts", live.update_broadcast, "publish", WRITE),
            route("POST", f"{below}/liveBroadcasts/bind", live.bind, "session", WRITE),
            route("POST", f"{below}/liveBroadcasts/transition", live.transition, "publish", WRITE),
            route("GET", f"{below}/liveStreams", live.list_streams, "read"),
            route("POST", f"{below}/liveStreams", live.add_stream, "session", WRITE),
            route("GET", f"{below}/{{path:path}}", api.unknown, "read"),
            route("POST", f"{below}/{{path:path}}", api.unknown, "read"),
            *self._pages(world, held),
        ]

    def _pages(self, world: World, held: Videos) -> list[Route]:
        """What a browser loads to show a page is no call of the API: no fault may break the timeline page."""
        timelines = Timelines(self, world)

        async def everyone(request: Request) -> Response:
            return timelines.everyone(request)

        async def channel(request: Request) -> Response:
            return timelines.profile(request, request.path_params["name"])

        async def watch(request: Request) -> Response:
            video = held.get(request.query_params.get("v", ""))
            account = world.store.account(self.slug, video["channel"]) if video else None
            return timelines.post(account.handle if account else "", video["id"] if video else "")

        async def by_id(request: Request) -> Response:
            account = world.store.account(self.slug, request.path_params["id"])
            return RedirectResponse(f"/{self.slug}/@{account.handle if account else ''}")

        async def cover(request: Request) -> Response:
            kept = world.store.kept(self.slug, "cover", request.path_params["id"], world.clock())
            if kept:
                return picture(base64.b64decode(kept["data"]), kept["mime"])
            return Response(NO_COVER, media_type="image/svg+xml")

        async def avatar(request: Request) -> Response:
            return FileResponse(HERE / "static" / "avatar.svg")

        async def quota(request: Request) -> Response:
            """What the project has used up today, and of how much."""
            used = used_today(world)
            return JSONResponse({name: {"used": used.get(name, 0), "of": most} for name, most in QUOTA.items()})

        return [
            Route("/quota", quota),
            Route("/vi/{id}/default.jpg", cover),
            Route("/avatar.svg", avatar),
            Route("/", everyone),
            Route("/watch", watch),
            Route("/channel/{id}", by_id),
            Route("/@{name}", channel),
        ]

    def identify(self, handle: str) -> tuple[str, str]:
        name = handle.lower().removeprefix("@")
        if not HANDLE.fullmatch(name):
            raise BadAccount(f"{handle!r} is no handle on YouTube: 3 to 30 letters a to z, digits, dots, - and _.")
        digest = base64.urlsafe_b64encode(hashlib.sha256(name.encode()).digest()).decode()
        return name, f"UC{digest[:22]}"

    def new_secret(self) -> str:
        return f"ya29.{secrets.token_urlsafe(48)}"

    def admit(self, world: World, account: Account, before: Account | None) -> None:
        """Its token has every permission and no end; only tokens from the consent page lapse and are renewed."""
        known = world.store.kept(self.slug, "token", account.secret, world.clock())
        if known and known["account"] != account.native_id:
            raise BadAccount("That token already belongs to another account.")
        if before and before.secret != account.secret:
            world.store.forget(self.slug, "token", before.secret)
        if known is None:
            oauth.grant(world, account.native_id, oauth.ALL, account.secret)

    async def caller(self, world: World, request: Request) -> Account | None:
        grant = oauth.grant_of(world, request)
        return world.store.account(self.slug, grant["account"]) if grant else None

    def by_hand(self, world: World, account: Account, given: ByHand) -> Post:
        return Videos(world).by_hand(account, given)

    def profile_path(self, account: Account) -> str:
        return f"/@{account.handle}"

    def post_path(self, account: Account, post: Post) -> str:
        return f"/watch?v={post.native_id}"

    def paragraphs(self, world: World, account: Account, post: Post) -> str:
        """The title, and below it the description with its links."""
        made, at = "", 0
        for link in LINK.finditer(post.text):
            made += escape(post.text[at : link.start()])
            made += f'<a href="{escape(link[0])}" rel="nofollow noopener">{escape(link[0])}</a>'
            at = link.end()
        body = made + escape(post.text[at:])
        return f'<p class="text"><strong>{escape(post.body["title"])}</strong></p><p class="text">{body}</p>'

    def media_path(self, post: Post, upload: str) -> str:
        """The picture before the video: the pages play none."""
        return f"/vi/{upload}/default.jpg"

    def rate_headers(self, allowance: Allowance) -> Mapping[str, str]:
        """YouTube names no limit in any header; a played limit of some seconds has to name them somehow."""
        if not allowance.spent:
            return {}
        return {"retry-after": format_datetime(datetime.fromtimestamp(allowance.reset, UTC), usegmt=True)}

    def rate_limited(self) -> ApiError:
        return problems.problem(429, "rateLimitExceeded", "Too many requests.", "usageLimits")

    def expired_token(self) -> ApiError:
        return problems.unauthorized()

    def out_of_order(self, status: int) -> ApiError:
        if status == 503:
            return problems.problem(503, "backendError", "Service unavailable.", "global")
        return problems.problem(500, "internalError", "Internal error encountered.", "global")

    def default_bucket(self, on: str) -> Bucket:
        return CALLS


def used_today(world: World) -> dict[str, int]:
    """Of each bucket, by the day of California."""
    return dict(world.store.kept(world.slug, "quota", _day(world), world.clock()) or {})


def _day(world: World) -> str:
    return datetime.fromtimestamp(world.clock(), PACIFIC).date().isoformat()


def _metered(world: World, endpoint: Endpoint, cost: tuple[str, int]) -> Endpoint:
    """Whoever calls, and however it ends: a call that is refused costs too, and a lost answer's as well."""
    bucket, points = cost

    async def answer(request: Request) -> Response:
        used: dict[str, Any] = used_today(world)
        spent = used.get(bucket, 0) + points > QUOTA[bucket] and world.faults.standing("rate_limits")
        if spent or world.faults.standing("quota_used_up"):
            raise problems.quota(bucket)
        world.store.keep(world.slug, "quota", _day(world), {**used, bucket: used.get(bucket, 0) + points})
        return await endpoint(request)

    return answer

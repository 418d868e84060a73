"""The calls of the Graph API about Instagram's accounts, containers, posts and comments.

Names of parameters and fields are those of Meta's own specs (api_specs, v25.0: IGUser, IGMedia, ShadowIGMediaBuilder);
errors those of /documentation/instagram-platform/instagram-graph-api/reference/error-codes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mercat.sandbox import graph
from mercat.sandbox.figures import figures_of
from mercat.sandbox.films import Film
from mercat.sandbox.graph import Caller, bad_parameter, error, is_flag, is_number, is_text, is_web, no_such
from mercat.sandbox.graph_containers import Containers, fetched, media_of, upload
from mercat.sandbox.graph_fetch import Unfetched
from mercat.sandbox.graph_login import Login
from mercat.sandbox.instagram import nodes
from mercat.sandbox.models import Account, Medium, Post
from mercat.sandbox.pages import HERE, picture
from mercat.sandbox.standin import ApiError, ByHand, World, base_url, hidden_after

MAX_CAPTION = 2_200
MAX_TAGS = 30
MAX_MENTIONS = 20
MAX_BYTES = 8 * 1024 * 1024
MAX_ALT = 1_000
MAX_VIDEO = 300 * 1024 * 1024
MIN_SECONDS, MAX_SECONDS = 3, 900
MAX_STORY_VIDEO, MAX_STORY_SECONDS = 100 * 1024 * 1024, 60
STORY_SECONDS = 86_400  # then it is gone
NARROWEST, WIDEST = 4 / 5, 1.91
DAILY = 50  # by two of Meta's pages; a third says 100
FIRST_NUMBER = 17_900_000_000_000_000

CONTAINER = {
    "image_url": is_web,
    "video_url": is_web,
    "cover_url": is_web,
    "caption": is_text,
    "alt_text": is_text,
    "is_carousel_item": is_flag,
    "media_type": graph.one_of("CAROUSEL", "REELS", "STORIES"),
    "children": lambda value: isinstance(value, list | str),
    "user_tags": lambda value: isinstance(value, list | str),
}
METRICS = {
    "views": "views", "reach": "reach", "saved": "saves", "shares": "shares", "likes": "reactions",
    "comments": "replies",
}  # fmt: skip
STORY_METRICS = {"views": "views", "reach": "reach", "shares": "shares", "replies": "replies"}
TAG = re.compile(r"(?<![\w&])#\w*[^\W\d]\w*")
MENTION = re.compile(r"(?<![\w@./])@[A-Za-z0-9._]{1,30}")
DISCOVERY = re.compile(r"business_discovery\.username\(([^(){}]*)\)")


def _check_goes_with(caller: Caller, *, reel: bool) -> None:
    if not reel and "image_url" not in caller.params:
        raise bad_parameter("The parameter image_url is required")
    for name in ("image_url", "alt_text", "is_carousel_item") if reel else ("video_url", "cover_url"):
        if name in caller.params:
            raise bad_parameter(f"Param {name} does not go with this media_type")


def _check_story(caller: Caller) -> None:
    for name in ("caption", "alt_text", "cover_url", "children", "is_carousel_item"):
        if name in caller.params:
            raise bad_parameter(f"Param {name} does not go with this media_type")
    if ("image_url" in caller.params) == ("video_url" in caller.params):
        raise bad_parameter("A story takes either image_url or video_url")


class Api:
    def __init__(self, world: World, login: Login) -> None:
        self.world, self.store, self.login = world, world.store, login
        self.containers = Containers(world, FIRST_NUMBER, "Error: Media upload has failed with error code 2207032")

    # Whose token it is, and what it manages

    async def me(self, request: Request) -> Response:
        caller = await graph.let_in(self.world, request)
        fields = str(caller.params.get("fields") or "")
        if caller.grant["kind"] == "user":
            return JSONResponse(graph.shown({"id": "24000000000000001", "name": "A person"}, fields, "id,name"))
        page = nodes.page(self._account(caller.account), base_url(request, self.world.slug))
        return JSONResponse(graph.shown(page, fields, "id,name"))

    async def accounts(self, request: Request) -> Response:
        caller = await graph.let_in(self.world, request, paging=True)
        if caller.grant["kind"] != "user":
            raise bad_parameter("Tried accessing nonexisting field (accounts) on node type (Page)")
        caller.needs("pages_show_list")
        managed = [self._account(native_id) for native_id in caller.grant["accounts"]]
        rows = [(len(managed) - n, self._managed(request, caller, one)) for n, one in enumerate(managed)]
        return graph.edge(rows, caller.params, "id,name,access_token")

    def _managed(self, request: Request, caller: Caller, account: Account) -> dict[str, Any]:
        token = self.login.page_token(caller.token, caller.grant, account)
        return {**nodes.page(account, base_url(request, self.world.slug)), "access_token": token}

    # Containers

    async def make(self, request: Request) -> Response:
        caller = await self._own(request, CONTAINER, "instagram_content_publish")
        caption = str(caller.params.get("caption") or "")
        _check_caption(caption)
        now = request.state.received_at
        if caller.params.get("media_type") == "CAROUSEL":
            media = self._children(caller)
            fields = {"caption": caption, "tagged": [], "item": False}
            return JSONResponse({"id": self.containers.make(caller.account, fields, now, media)})
        if caller.params.get("media_type") == "STORIES":
            return await self._make_story(caller, now)
        reel = caller.params.get("media_type") == "REELS"
        _check_goes_with(caller, reel=reel)
        medium = await (self._video(caller, now) if reel else self._picture(caller, now))
        item = graph.flag(caller.params.get("is_carousel_item"))
        fields = {"caption": caption, "tagged": self._tagged(caller), "item": item}
        return JSONResponse({"id": self.containers.make(caller.account, fields, now, [medium])})

    async def _make_story(self, caller: Caller, now: float) -> Response:
        _check_story(caller)
        if "video_url" in caller.params:
            medium = await self._video(caller, now, most=MAX_STORY_VIDEO, longest=MAX_STORY_SECONDS)
        else:
            medium = await self._picture(caller, now, any_shape=True)
        fields = {"caption": "", "tagged": self._tagged(caller), "item": False, "story": True}
        return JSONResponse({"id": self.containers.make(caller.account, fields, now, [medium])})

    async def _picture(self, caller: Caller, now: float, *, any_shape: bool = False) -> Medium:
        alt = str(caller.params.get("alt_text") or "")
        if len(alt) > MAX_ALT:
            raise bad_parameter(f"Param alt_text must be no longer than {MAX_ALT} characters")
        try:
            data, seen = await fetched(caller.params["image_url"], MAX_BYTES)
        except Unfetched as trouble:
            raise _unfetched(trouble) from trouble
        if seen is None or seen.mime != "image/jpeg":
            words = ("Unsupported format", "The image format is not supported. Please use a JPEG.")
            raise error(36001, "The image format is not supported.", subcode=2207005, user=words)
        if not any_shape and not NARROWEST <= seen.width / seen.height <= WIDEST:
            words = ("Invalid aspect ratio", "The submitted image with aspect ratio cannot be published.")
            raise error(36003, "The aspect ratio is not supported.", subcode=2207009, user=words)
        native_id = str(graph.next_number(self.world, FIRST_NUMBER))
        return upload(self.world, caller.account, data, native_id=native_id, alt=alt, now=now)

    async def _video(
        self, caller: Caller, now: float, *, most: int = MAX_VIDEO, longest: float = MAX_SECONDS
    ) -> Medium:
        if "video_url" not in caller.params:
            raise bad_parameter("The parameter video_url is required")
        try:
            data, seen = await fetched(caller.params["video_url"], most)
            if cover := caller.params.get("cover_url"):
                _, cover_seen = await fetched(cover, MAX_BYTES)
                if cover_seen is None or cover_seen.mime != "image/jpeg":
                    raise error(36001, "The cover's format is not supported.", subcode=2207005)
        except Unfetched as trouble:
            raise _unfetched(trouble) from trouble
        if not isinstance(seen, Film):
            raise error(352, "The video format is not supported.", subcode=2207026)
        if not MIN_SECONDS <= seen.seconds <= longest:
            raise error(352, "The video's length is not supported.", subcode=2207026)
        native_id = str(graph.next_number(self.world, FIRST_NUMBER))
        return upload(self.world, caller.account, data, native_id=native_id, alt="", now=now)

    def _children(self, caller: Caller) -> list[Medium]:
        given = caller.params.get("children") or []
        ids = given.split(",") if isinstance(given, str) else [str(one) for one in given]
        if not 2 <= len(ids) <= 10:
            words = ("Invalid carousel", "Carousels need to have at least 2 photos/videos and no more than 10.")
            raise error(100, "Invalid parameter", subcode=2207028, user=words)
        found = [self.containers.get(one, caller.account) for one in ids]
        children = [one for one in found if one and one["item"]]
        if len(children) < len(ids):
            raise error(24, "The requested resource does not exist", subcode=2207008)
        if any(self.containers.state(one) != "FINISHED" for one in children):
            raise error(9007, "Media ID is not available", subcode=2207027)
        return [media_of(one)[0] for one in children]

    def _tagged(self, caller: Caller) -> list[str]:
        """Who is tagged in the picture, as {username, x, y}."""
        tags = graph.json_objects(caller.params.get("user_tags") or [])
        if any(set(one) - {"username", "x", "y"} or not isinstance(one.get("username"), str) for one in tags):
            raise bad_parameter("Param user_tags must hold objects of username, x and y")
        return [one["username"].lower() for one in tags]

    # Publishing

    async def publish(self, request: Request) -> Response:
        caller = await self._own(request, {"creation_id": is_number}, "instagram_content_publish")
        native_id = str(caller.params.get("creation_id") or "")
        container = self.containers.get(native_id, caller.account)
        state = self.containers.state(container) if container else ""
        if container is None or container["item"] or state in {"PUBLISHED", "EXPIRED"}:
            raise error(24, "The requested resource does not exist", subcode=2207008)
        if state != "FINISHED":
            words = ("Media not ready", "The media is not ready for publishing, please wait for a moment")
            raise error(9007, "Media ID is not available", subcode=2207027, user=words)
        self._not_held_back()
        if self.containers.used_today(caller.account, DAILY) >= DAILY:
            words = ("Limit reached", "You reached maximum number of posts that is allowed to be published.")
            message = "Application does not have permission for this action"
            raise error(9, message, status=403, subcode=2207042, user=words)
        return JSONResponse({"id": self._stored(native_id, container, request.state.received_at).native_id})

    def _not_held_back(self) -> None:
        if self.world.faults.standing("spam_suspicion"):
            words = ("Action is blocked", "We restrict certain activity to protect our community.")
            raise error(4, "Application request limit reached", status=403, subcode=2207051, user=words)

    def by_hand(self, account: Account, given: ByHand) -> Post:
        """From the app on a telephone. There is no post without a picture: it is a grey one."""
        given.only_words("Instagram")
        _check_caption(given.words)
        now, number = self.world.clock(), str(graph.next_number(self.world, FIRST_NUMBER))
        grey = (HERE / "static" / "by-hand.jpg").read_bytes()
        medium = upload(self.world, account.native_id, grey, native_id=number, alt="", now=now)
        return self._kept(account.native_id, given.words, {"tagged": []}, (medium,), now)

    def _kept(self, account: str, caption: str, body: dict[str, Any], media: tuple[Medium, ...], now: float) -> Post:
        native_id = str(graph.next_number(self.world, FIRST_NUMBER))
        post = Post(self.world.slug, account, native_id, caption, body, media, graph.iso(now), now)
        self.store.put_post(post)
        return post

    def _stored(self, container_id: str, container: Mapping[str, Any], now: float) -> Post:
        account, caption = str(container["account"]), str(container["caption"])
        with self.store.transaction():
            body = {"tagged": container["tagged"], **({"story": True} if container.get("story") else {})}
            post = self._kept(account, caption, body, media_of(container), now)
            if body.get("story"):
                self.store.keep(self.world.slug, "story", post.native_id, {"ends_at": now + STORY_SECONDS})
            self.containers.publish(container_id, container, now)
            self.containers.count(account, now)
        return post

    def end_stories(self) -> None:
        """Takes away those whose day is over: whoever reads posts does this first."""
        for native_id, story in self.store.all_kept(self.world.slug, "story").items():
            if story["ends_at"] <= self.world.clock():
                self.store.remove_post(self.world.slug, native_id)
                self.store.forget(self.world.slug, "story", native_id)

    async def remove(self, request: Request) -> Response:
        caller = await graph.let_in(self.world, request)
        caller.needs("instagram_manage_contents")
        post = self.store.post(self.world.slug, request.path_params["id"])
        if post is None or post.account != caller.account:
            raise no_such(request.path_params["id"], "delete")
        self.store.remove_post(self.world.slug, post.native_id)
        return JSONResponse({"success": True})

    # Reading

    async def node(self, request: Request) -> Response:
        caller = await graph.let_in(self.world, request)
        caller.needs("instagram_basic")
        fields, native_id = str(caller.params.get("fields") or ""), request.path_params["id"]
        if container := self.containers.get(native_id, caller.account):
            state, said = self.containers.asked(native_id, container, hidden_after(request))
            told = {"id": native_id, "status_code": state, "status": said or state.capitalize()}
            return JSONResponse(graph.shown({**told, "copyright_check_status": None}, fields, "id"))
        if account := self.store.account(self.world.slug, native_id):
            return JSONResponse(graph.shown(self._user(request, caller, account, fields), fields, "id"))
        post = self._post(native_id, hidden_after(request))
        if post.account != caller.account:
            raise no_such(native_id)
        return JSONResponse(graph.shown(self._media(request, post), fields, "id"))

    def _user(self, request: Request, caller: Caller, account: Account, fields: str) -> dict[str, Any]:
        base = base_url(request, self.world.slug)
        if account.native_id != caller.account:
            raise error(200, "(#200) The token is not of this account", status=403)
        told = nodes.user(self.world, account, base)
        if asked := DISCOVERY.search(fields):
            told["business_discovery"] = self._discovered(asked[1], base)
        return told

    def _discovered(self, name: str, base: str) -> dict[str, Any]:
        account = self.store.account(self.world.slug, name)
        if account is None or account.handle != name.lower():
            words = ("Cannot find user", f"The user with username: {name} cannot be found.")
            raise error(110, "Invalid user id", subcode=2207013, user=words)
        return nodes.user(self.world, account, base)

    async def media(self, request: Request) -> Response:
        caller = await self._own(request, {}, "instagram_basic", paging=True)
        posts = self.store.posts(self.world.slug, caller.account, until=hidden_after(request))
        wanted = [
            post for post in posts if graph.within(post.received_at, caller.params) and not post.body.get("story")
        ]
        return graph.edge([(post.seq, self._media(request, post)) for post in wanted], caller.params, "id")

    async def stories(self, request: Request) -> Response:
        """The current ones. It takes no `since`."""
        caller = await self._own(request, dict.fromkeys(("limit", "after", "before"), is_text), "instagram_basic")
        posts = self.store.posts(self.world.slug, caller.account, until=hidden_after(request))
        wanted = [post for post in posts if post.body.get("story")]
        return graph.edge([(post.seq, self._media(request, post)) for post in wanted], caller.params, "id")

    async def tags(self, request: Request) -> Response:
        caller = await self._own(request, {}, "instagram_manage_comments", paging=True)
        name = self._account(caller.account).handle
        posts = self.store.posts(self.world.slug, until=hidden_after(request))
        tagged = [post for post in posts if name in post.body["tagged"] and post.account != caller.account]
        return graph.edge([(post.seq, self._media(request, post)) for post in tagged], caller.params, "id")

    async def publishing_limit(self, request: Request) -> Response:
        caller = await self._own(request, {}, "instagram_content_publish", paging=True)
        used = self.containers.used_today(caller.account, DAILY)
        told = {"config": {"quota_total": DAILY, "quota_duration": 86_400}, "quota_usage": used}
        return JSONResponse({"data": [graph.shown(told, str(caller.params.get("fields") or ""), "quota_usage")]})

    async def comments(self, request: Request) -> Response:
        caller = await graph.let_in(self.world, request, paging=True)
        caller.needs("instagram_manage_comments", "instagram_basic")
        post = self._post(request.path_params["id"], hidden_after(request))
        told = enumerate(nodes.comments_of(self.world, post))
        rows = sorted(((n, nodes.comment(self.world, one)) for n, one in told), key=lambda row: -row[0])
        return graph.edge(rows, caller.params, "id,text,timestamp")

    async def add_comment(self, request: Request) -> Response:
        """By another account, as people comment."""
        caller = await graph.let_in(self.world, request, {"message": is_text})
        caller.needs("instagram_manage_comments")
        post = self._post(request.path_params["id"])
        if not str(caller.params.get("message") or "").strip():
            raise bad_parameter("Param message is missing")
        number = str(graph.next_number(self.world, FIRST_NUMBER))
        now = request.state.received_at
        told = {"id": number, "from": caller.account, "text": caller.params["message"], "received_at": now}
        known = nodes.comments_of(self.world, post)
        self.store.keep(self.world.slug, "comments", post.native_id, [*known, told])
        return JSONResponse({"id": number})

    async def insights(self, request: Request) -> Response:
        period = graph.one_of("day", "week", "days_28", "month", "lifetime", "total_over_range")
        caller = await graph.let_in(self.world, request, {"metric": is_text, "period": period})
        caller.needs("instagram_manage_insights")
        post = self._post(request.path_params["id"])
        if post.account != caller.account:
            raise no_such(post.native_id)
        more = figures_of(self.world, post.native_id)
        if post.body.get("story"):
            told = {name: more[word] for name, word in STORY_METRICS.items()}
            return graph.insights(post.native_id, told, caller.params.get("metric"))
        values = {name: more[word] for name, word in METRICS.items()}
        values["comments"] += len(nodes.comments_of(self.world, post))
        values["total_interactions"] = sum(values[name] for name in ("saved", "shares", "likes", "comments"))
        return graph.insights(post.native_id, values, caller.params.get("metric"))

    async def file(self, request: Request) -> Response:
        found = self.store.upload(self.world.slug, request.path_params["id"])
        if found is None:
            raise no_such(request.path_params["id"])
        return picture(self.store.bytes_of(found.sha256), found.mime)

    # Parts

    async def _own(self, request: Request, allowed: Mapping[str, Any], *scopes: str, paging: bool = False) -> Caller:
        """A call about the very account whose token it carries."""
        caller = await graph.let_in(self.world, request, allowed, paging=paging)
        if self.store.account(self.world.slug, request.path_params["id"]) is None:
            raise no_such(request.path_params["id"], request.method.lower())
        if request.path_params["id"] != caller.account or caller.grant["kind"] != "page":
            raise error(200, "(#200) The token is not of this account", status=403)
        caller.needs(*scopes)
        return caller

    def _account(self, native_id: str) -> Account:
        account = self.store.account(self.world.slug, native_id)
        assert account is not None
        return account

    def _post(self, native_id: str, until: float | None = None) -> Post:
        post = self.store.post(self.world.slug, native_id, until)
        if post is None:
            raise no_such(native_id)
        return post

    def _media(self, request: Request, post: Post) -> dict[str, Any]:
        return nodes.media(self.world, self._account(post.account), post, base_url(request, self.world.slug))


def _check_caption(caption: str) -> None:
    if len(caption) > MAX_CAPTION:
        words = ("Caption too long", "The caption was too long. Please shorten it.")
        raise error(36004, "The caption is too long.", subcode=2207010, user=words)
    if len(TAG.findall(caption)) > MAX_TAGS:
        raise bad_parameter(f"Param caption holds more than {MAX_TAGS} hashtags")
    if len(MENTION.findall(caption)) > MAX_MENTIONS:
        words = ("Too many mentions", f"Cannot use more than {MAX_MENTIONS} tags.")
        raise error(100, "Invalid parameter", subcode=2207040, user=words)


def _unfetched(trouble: Unfetched) -> ApiError:
    if trouble.large:
        words = ("Image size too large", "The image is too large to download. It should be less than 8 MiB.")
        return error(36000, "The image size is too large.", subcode=2207004, user=words)
    if trouble.slow:
        return error(-2, "It takes too long to download the media.", subcode=2207003)
    words = ("Media download has failed", "The media could not be fetched from this URI.")
    return error(9004, "Only photo or video can be accepted as media type.", subcode=2207052, user=words)

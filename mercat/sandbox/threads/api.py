"""The calls about accounts, containers, posts, replies and mentions. There is no official spec of these: the parameters
and fields are those that developers.facebook.com/documentation/threads names; errors are numbered as Instagram's, whose
containers Threads shares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mercat.sandbox import graph
from mercat.sandbox.figures import figures_of
from mercat.sandbox.films import Film
from mercat.sandbox.graph import Caller, bad_parameter, error, is_flag, is_number, is_text, is_web, no_such
from mercat.sandbox.graph_containers import DAY, Containers, fetched, media_of, upload
from mercat.sandbox.graph_fetch import Unfetched
from mercat.sandbox.models import Account, Medium, Post
from mercat.sandbox.pages import picture
from mercat.sandbox.standin import ApiError, ByHand, World, base_url, hidden_after
from mercat.sandbox.threads import nodes, text

MAX_CHARACTERS = 500
MAX_LINKS = 5
MAX_BYTES = 8 * 1024 * 1024
MAX_ALT = 1_000
MAX_VIDEO = 1024 * 1024 * 1024
MAX_SECONDS = 300
MAX_PARTS = 20
MOST_ELONGATED = 10
POSTS, REPLIES, REMOVALS = 250, 1_000, 100  # in 24 hours
FIRST_NUMBER = 17_900_000_000_000_000

CONTAINER = {
    "media_type": graph.one_of("TEXT", "IMAGE", "VIDEO", "CAROUSEL"),
    "text": is_text,
    "image_url": is_web,
    "video_url": is_web,
    "alt_text": is_text,
    "is_carousel_item": is_flag,
    "children": lambda value: isinstance(value, list | str),
    "reply_to_id": is_number,
    "topic_tag": is_text,
    "link_attachment": is_web,
}
METRICS = {"views": "views", "likes": "reactions", "replies": "replies", "reposts": "shares"}


class Api:
    def __init__(self, world: World) -> None:
        self.world, self.store = world, world.store
        self.containers = Containers(world, FIRST_NUMBER, "UNKNOWN")

    async def me(self, request: Request) -> Response:
        caller = await graph.let_in(self.world, request)
        node = nodes.user(self._account(caller.account), base_url(request, self.world.slug))
        return JSONResponse(graph.shown(node, str(caller.params.get("fields") or ""), "id"))

    # Containers

    async def make(self, request: Request) -> Response:
        caller = await self._own(request, CONTAINER, "threads_content_publish")
        given, now = caller.params, request.state.received_at
        words, kind = str(given.get("text") or ""), given.get("media_type")
        if kind is None:
            raise bad_parameter("The parameter media_type is required")
        _check_words(words, str(given.get("link_attachment") or ""))
        if kind == "TEXT" and not words.strip():
            raise bad_parameter("The parameter text is required")
        fields = {
            "text": words,
            "item": graph.flag(given.get("is_carousel_item")),
            "reply_to": self._reply_to(caller),
            "topic_tag": given.get("topic_tag") or text.topic(words),
        }
        media = await self._media(caller, str(kind), now)
        return JSONResponse({"id": self.containers.make(caller.account, fields, now, media)})

    async def _media(self, caller: Caller, kind: str, now: float) -> list[Medium]:
        takes = {
            "TEXT": set(),
            "IMAGE": {"image_url", "alt_text", "is_carousel_item"},
            "VIDEO": {"video_url", "alt_text", "is_carousel_item"},
            "CAROUSEL": {"children"},
        }
        others = set().union(*takes.values()) - takes[kind]
        if odd := sorted(others & set(caller.params)):
            raise bad_parameter(f"Param {odd[0]} does not go with media_type {kind}")
        if kind == "CAROUSEL":
            return self._parts(caller)
        if kind == "VIDEO":
            return [await self._video(caller, now)]
        return [await self._picture(caller, now)] if kind == "IMAGE" else []

    async def _picture(self, caller: Caller, now: float) -> Medium:
        if "image_url" not in caller.params:
            raise bad_parameter("The parameter image_url is required")
        alt = str(caller.params.get("alt_text") or "")
        if len(alt) > MAX_ALT:
            raise bad_parameter(f"Param alt_text must be at most {MAX_ALT} characters long")
        try:
            data, seen = await fetched(caller.params["image_url"], MAX_BYTES)
        except Unfetched as trouble:
            raise _unfetched(trouble) from trouble
        if seen is None or seen.mime not in {"image/jpeg", "image/png"}:
            raise error(36001, "The image format is not supported.", subcode=2207005)
        if max(seen.width, seen.height) > MOST_ELONGATED * min(seen.width, seen.height):
            raise error(36003, "The aspect ratio is not supported.", subcode=2207009)
        native_id = str(graph.next_number(self.world, FIRST_NUMBER))
        return upload(self.world, caller.account, data, native_id=native_id, alt=alt, now=now)

    async def _video(self, caller: Caller, now: float) -> Medium:
        if "video_url" not in caller.params:
            raise bad_parameter("The parameter video_url is required")
        alt = str(caller.params.get("alt_text") or "")
        if len(alt) > MAX_ALT:
            raise bad_parameter(f"Param alt_text must be at most {MAX_ALT} characters long")
        try:
            data, seen = await fetched(caller.params["video_url"], MAX_VIDEO)
        except Unfetched as trouble:
            raise _unfetched(trouble) from trouble
        if not isinstance(seen, Film):
            raise error(352, "The video format is not supported.", subcode=2207026)
        if not 0 <= seen.seconds <= MAX_SECONDS:
            raise error(352, "The video's length is not supported.", subcode=2207026)
        native_id = str(graph.next_number(self.world, FIRST_NUMBER))
        return upload(self.world, caller.account, data, native_id=native_id, alt=alt, now=now)

    def _parts(self, caller: Caller) -> list[Medium]:
        given = caller.params.get("children") or []
        ids = given.split(",") if isinstance(given, str) else [str(one) for one in given]
        if not 2 <= len(ids) <= MAX_PARTS:
            raise bad_parameter(f"Param children must have 2 to {MAX_PARTS} items")
        found = [self.containers.get(one, caller.account) for one in ids]
        parts = [one for one in found if one and one["item"]]
        if len(parts) < len(ids):
            raise error(24, "The requested resource does not exist", subcode=2207008)
        if any(self.containers.state(one) != "FINISHED" for one in parts):
            raise error(9007, "Media ID is not available", subcode=2207027)
        return [media_of(one)[0] for one in parts]

    def _reply_to(self, caller: Caller) -> str | None:
        native_id = caller.params.get("reply_to_id")
        if native_id is None:
            return None
        caller.needs("threads_manage_replies")
        return self._post(str(native_id)).native_id

    # Publishing

    async def publish(self, request: Request) -> Response:
        caller = await self._own(request, {"creation_id": is_number}, "threads_content_publish")
        native_id = str(caller.params.get("creation_id") or "")
        container = self.containers.get(native_id, caller.account)
        state = self.containers.state(container) if container else ""
        if container is None or container["item"] or state in {"PUBLISHED", "EXPIRED"}:
            raise error(24, "The requested resource does not exist", subcode=2207008)
        if state != "FINISHED":
            raise error(9007, "Media ID is not available", subcode=2207027)
        if self.world.faults.standing("policy_block"):
            raise error(368, "The action attempted has been deemed abusive or is otherwise disallowed")
        self._within(caller, bool(container["reply_to"]))
        return JSONResponse({"id": self._stored(native_id, container, request.state.received_at).native_id})

    def _within(self, caller: Caller, reply: bool) -> None:
        used = self._replied(caller.account) if reply else self.containers.used_today(caller.account, POSTS)
        if used >= (REPLIES if reply else POSTS):
            raise _used_up()

    def by_hand(self, account: Account, given: ByHand) -> Post:
        """In Threads' own app: a post, an answer, a quote, or a repost without words."""
        _check_words(given.words, "")
        other = given.passes_on
        body: dict[str, Any] = {"reply_to": given.answers.native_id if given.answers else None}
        body |= {"topic_tag": text.topic(given.words), "quotes": other.native_id if other and given.words else None}
        words = given.words
        if other and not words:
            body, words = {**body, "passes_on": other.native_id}, other.text
        return self._kept(account.native_id, words, body, (), self.world.clock())

    def _kept(self, account: str, words: str, body: dict[str, Any], media: tuple[Medium, ...], now: float) -> Post:
        native_id = str(graph.next_number(self.world, FIRST_NUMBER))
        post = Post(self.world.slug, account, native_id, words, body, media, graph.iso(now), now)
        self.store.put_post(post)
        return post

    def _stored(self, container_id: str, container: Mapping[str, Any], now: float) -> Post:
        account = str(container["account"])
        with self.store.transaction():
            body = {"reply_to": container["reply_to"], "topic_tag": container["topic_tag"]}
            post = self._kept(account, str(container["text"]), body, media_of(container), now)
            self.containers.publish(container_id, container, now)
            if not container["reply_to"]:
                self.containers.count(account, now)
        return post

    async def remove(self, request: Request) -> Response:
        caller = await graph.let_in(self.world, request)
        caller.needs("threads_delete")
        post = self.store.post(self.world.slug, request.path_params["id"])
        if post is None or post.account != caller.account:
            raise no_such(request.path_params["id"], "delete")
        now = request.state.received_at
        times = self.store.kept(self.world.slug, "removed", caller.account, now) or []
        recent = [at for at in times if at > now - DAY]
        if len(recent) >= REMOVALS:
            raise _used_up()
        self.store.keep(self.world.slug, "removed", caller.account, [*recent, now])
        self.store.remove_post(self.world.slug, post.native_id)
        return JSONResponse({"success": True, "deleted_id": post.native_id})

    # Reading

    async def node(self, request: Request) -> Response:
        caller = await graph.let_in(self.world, request)
        caller.needs("threads_basic")
        fields, native_id = str(caller.params.get("fields") or ""), request.path_params["id"]
        base = base_url(request, self.world.slug)
        if container := self.containers.get(native_id, caller.account):
            state, said = self.containers.asked(native_id, container, hidden_after(request))
            told = {"id": native_id, "status": state, "error_message": said or None}
            return JSONResponse(graph.shown(told, fields, "id,status"))
        if native_id == caller.account:
            return JSONResponse(graph.shown(nodes.user(self._account(native_id), base), fields, "id"))
        post = self._post(native_id, hidden_after(request))
        if post.account != caller.account:
            raise no_such(native_id)
        return JSONResponse(graph.shown(self._media_node(request, post), fields, "id"))

    async def posts(self, request: Request) -> Response:
        caller = await self._own(request, {}, "threads_basic", paging=True)
        posts = self.store.posts(self.world.slug, caller.account, until=hidden_after(request))
        return self._edge(request, caller, [post for post in posts if not post.body["reply_to"]])

    async def replies(self, request: Request) -> Response:
        """Of a post what others answered; of the account what it answered itself."""
        if self.store.account(self.world.slug, request.path_params["id"]):
            return await self._own_replies(request)
        caller = await graph.let_in(self.world, request, {"reverse": is_flag}, paging=True)
        caller.needs("threads_read_replies", "threads_manage_replies")
        one = self._post(request.path_params["id"], hidden_after(request))
        if one.account != caller.account:
            raise no_such(one.native_id)
        posts = self.store.posts(self.world.slug, until=hidden_after(request))
        return self._edge(request, caller, [post for post in posts if post.body["reply_to"] == one.native_id])

    async def _own_replies(self, request: Request) -> Response:
        caller = await self._own(request, {}, "threads_read_replies", paging=True)
        posts = self.store.posts(self.world.slug, caller.account, until=hidden_after(request))
        return self._edge(request, caller, [post for post in posts if post.body["reply_to"]])

    async def mentions(self, request: Request) -> Response:
        caller = await self._own(request, {}, "threads_manage_mentions", paging=True)
        name = f"@{self._account(caller.account).handle}"
        posts = self.store.posts(self.world.slug, until=hidden_after(request), containing=name)
        return self._edge(request, caller, [post for post in posts if post.account != caller.account])

    def _edge(self, request: Request, caller: Caller, posts: list[Post]) -> Response:
        wanted = [post for post in posts if graph.within(post.received_at, caller.params)]
        return graph.edge([(post.seq, self._media_node(request, post)) for post in wanted], caller.params, "id")

    async def publishing_limit(self, request: Request) -> Response:
        caller = await self._own(request, {}, "threads_content_publish", paging=True)
        now = self.world.clock()
        removed = self.store.kept(self.world.slug, "removed", caller.account, now) or []
        told = {
            "quota_usage": self.containers.used_today(caller.account, POSTS),
            "config": {"quota_total": POSTS, "quota_duration": DAY},
            "reply_quota_usage": self._replied(caller.account),
            "reply_config": {"quota_total": REPLIES, "quota_duration": DAY},
            "delete_quota_usage": sum(at > now - DAY for at in removed),
            "delete_config": {"quota_total": REMOVALS, "quota_duration": DAY},
        }
        return JSONResponse({"data": [graph.shown(told, str(caller.params.get("fields") or ""), "quota_usage")]})

    async def insights(self, request: Request) -> Response:
        caller = await graph.let_in(self.world, request, {"metric": is_text})
        caller.needs("threads_manage_insights")
        post = self._post(request.path_params["id"])
        if post.account != caller.account:
            raise no_such(post.native_id)
        replies = [one for one in self.store.posts(self.world.slug) if one.body["reply_to"] == post.native_id]
        more = figures_of(self.world, post.native_id)
        values = {name: more[word] for name, word in METRICS.items()}
        values |= {"replies": values["replies"] + len(replies), "quotes": 0, "shares": 0}
        return graph.insights(post.native_id, values, caller.params.get("metric"))

    async def lookup(self, request: Request) -> Response:
        caller = await graph.let_in(self.world, request, {"username": is_text})
        caller.needs("threads_profile_discovery")
        name = str(caller.params.get("username") or "")
        account = self.store.account(self.world.slug, name)
        if account is None or account.handle != name.lower():
            raise no_such(name)
        node = nodes.looked_up(account, base_url(request, self.world.slug))
        return JSONResponse(graph.shown(node, str(caller.params.get("fields") or ""), "username"))

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
        if request.path_params["id"] != caller.account:
            raise error(10, "Application does not have permission for this action", status=403)
        caller.needs(*scopes)
        return caller

    def _replied(self, account: str) -> int:
        since = self.world.clock() - DAY
        posts = self.store.posts(self.world.slug, account)
        return sum(bool(post.body["reply_to"]) and post.received_at > since for post in posts)

    def _account(self, native_id: str) -> Account:
        account = self.store.account(self.world.slug, native_id)
        assert account is not None
        return account

    def _post(self, native_id: str, until: float | None = None) -> Post:
        post = self.store.post(self.world.slug, native_id, until)
        if post is None:
            raise no_such(native_id)
        return post

    def _media_node(self, request: Request, post: Post) -> dict[str, Any]:
        return nodes.media(self._account(post.account), post, base_url(request, self.world.slug))


def _check_words(words: str, link: str) -> None:
    if text.count(words) > MAX_CHARACTERS:
        raise bad_parameter(f"Param text must be at most {MAX_CHARACTERS} characters long.")
    if len(text.links(words) | ({link} if link else set())) > MAX_LINKS:
        title = "THREADS_API__LINK_LIMIT_EXCEEDED"
        raise error(100, "Invalid parameter", user=(title, f"{title}: a post has at most {MAX_LINKS} links."))


def _used_up() -> ApiError:
    words = ("Limit reached", "The account has reached its limit of the last 24 hours.")
    message = "Application does not have permission for this action"
    return error(9, message, status=403, subcode=2207042, user=words)


def _unfetched(trouble: Unfetched) -> ApiError:
    if trouble.large:
        return error(36000, "The image size is too large.", subcode=2207004)
    if trouble.slow:
        return error(-2, "It takes too long to download the media.", subcode=2207003)
    return error(9004, "The media could not be fetched from this URI.", subcode=2207052)

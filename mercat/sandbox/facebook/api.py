"""The calls of the Graph API about pages, posts, photos and comments.

Names of parameters and fields are those of Meta's own specs (facebook-business-sdk-codegen, api_specs, v25.0).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mercat.sandbox import graph
from mercat.sandbox.facebook import nodes
from mercat.sandbox.graph import Caller, bad_parameter, error, is_file, is_flag, is_text, is_web, no_such
from mercat.sandbox.graph_login import Login
from mercat.sandbox.models import Account, Medium, Post, Upload
from mercat.sandbox.pages import picture
from mercat.sandbox.pictures import inspect
from mercat.sandbox.standin import BadPost, ByHand, World, base_url, hidden_after
from mercat.sandbox.store import sha256_hex

MAX_CHARACTERS = 63_206
MAX_PHOTO_BYTES = 10_000_000
MAX_PHOTOS = 10
MAX_ABOUT = 255
FIRST_NUMBER = 122_100_000_000_000_000

FEED = {
    "message": is_text,
    "link": is_web,
    "published": is_flag,
    "attached_media": lambda value: isinstance(value, list | str),
}
PHOTO = {
    "source": is_file,
    "caption": is_text,
    "alt_text_custom": is_text,
    "published": is_flag,
    "temporary": is_flag,
    "no_story": is_flag,
}
PAGE = {"about": is_text, "description": is_text, "website": is_text, "cover": graph.is_number}
METRICS = ("post_media_view", "post_total_media_view_unique", "post_clicks")


class Api:
    def __init__(self, world: World, login: Login) -> None:
        self.world, self.store, self.login = world, world.store, login

    # Whose token it is, and what it manages

    async def me(self, request: Request) -> Response:
        caller = await graph.let_in(self.world, request)
        fields = str(caller.params.get("fields") or "")
        if caller.grant["kind"] == "user":
            return JSONResponse(graph.shown({"id": "24000000000000001", "name": "A person"}, fields, "id,name"))
        return JSONResponse(graph.shown(self._page(request, self._account(caller.account)), fields, "id,name"))

    async def accounts(self, request: Request) -> Response:
        caller = await graph.let_in(self.world, request, paging=True)
        if caller.grant["kind"] != "user":
            raise bad_parameter("Tried accessing nonexisting field (accounts) on node type (Page)")
        caller.needs("pages_show_list")
        managed = [self._account(native_id) for native_id in caller.grant["accounts"]]
        rows = [(len(managed) - n, self._managed(request, caller, one)) for n, one in enumerate(managed)]
        return graph.edge(rows, caller.params, "id,name,access_token,tasks")

    def _managed(self, request: Request, caller: Caller, account: Account) -> dict[str, Any]:
        token = self.login.page_token(caller.token, caller.grant, account)
        tasks = ["CREATE_CONTENT", "MODERATE", "ANALYZE"]
        return {**self._page(request, account), "access_token": token, "tasks": tasks}

    # Publishing

    async def photo(self, request: Request) -> Response:
        caller = await self.own(request, PHOTO, "pages_manage_posts")
        data, alt = caller.params.get("source"), str(caller.params.get("alt_text_custom") or "")
        if not isinstance(data, bytes):
            raise error(324, "(#324) Missing or invalid image file", subcode=2069019)
        if caller.params.get("published", "true") not in (False, "false", "0"):
            raise bad_parameter("This stand-in takes photos with published=false only")
        upload = self._upload(caller, data, alt, request.state.received_at)
        self.store.add_upload(upload, data)
        return JSONResponse({"id": upload.native_id})

    def _upload(self, caller: Caller, data: bytes, alt: str, received_at: float) -> Upload:
        seen = inspect(data)
        if seen is None or seen.mime not in {"image/jpeg", "image/png", "image/gif"}:
            words = ("Can't read file", "Your photos couldn't be uploaded. Photos should be saved as JPG, PNG or GIF.")
            raise error(324, "(#324) Missing or invalid image file", subcode=2069019, user=words)
        if len(data) > MAX_PHOTO_BYTES:
            raise bad_parameter("The photo is larger than 10 MB")
        return Upload(
            network=self.world.slug,
            native_id=str(graph.next_number(self.world, FIRST_NUMBER)),
            account=caller.account,
            sha256=sha256_hex(data),
            mime=seen.mime,
            size=len(data),
            width=seen.width,
            height=seen.height,
            alt=alt,
            polls_left=0,
            attached_to=None,
            received_at=received_at,
        )

    async def publish(self, request: Request) -> Response:
        caller = await self.own(request, FEED, "pages_manage_posts")
        self.not_held_back()
        message, link = str(caller.params.get("message") or ""), str(caller.params.get("link") or "")
        photos = self._photos(caller)
        if not message.strip() and not link and not photos:
            raise bad_parameter("Missing message or attachment")
        if len(message) > MAX_CHARACTERS:
            raise bad_parameter("Param message must be shorter")
        if link and photos:
            raise bad_parameter("A post has a link or photos, not both")
        if not graph.flag(caller.params.get("published", "true")):
            raise bad_parameter("This stand-in publishes at once")
        self._not_said_before(caller.account, message, link, photos)
        post = self._stored(caller.account, message, {"link": link}, photos, request.state.received_at)
        return JSONResponse({"id": post.native_id})

    def not_held_back(self) -> None:
        if self.world.faults.standing("policy_block"):
            words = ("You can't use this feature right now", "We limit how often you can post.")
            message = "The action attempted has been deemed abusive or is otherwise disallowed"
            raise error(368, message, subcode=1390008, user=words)

    def _photos(self, caller: Caller) -> list[Upload]:
        given = graph.json_objects(caller.params.get("attached_media") or [])
        if len(given) > MAX_PHOTOS:
            raise bad_parameter(f"Param attached_media takes up to {MAX_PHOTOS}")
        found = [self.store.upload(self.world.slug, str(one.get("media_fbid")), caller.account) for one in given]
        photos = [photo for photo in found if photo]
        if len(photos) < len(given):
            raise bad_parameter("Param attached_media holds an invalid fbid")
        if any(photo.attached_to for photo in photos):
            words = ("Already Posted", "These photos were already posted.")
            raise error(1, "Invalid parameter", subcode=1366051, user=words)
        return photos

    def _not_said_before(self, page: str, message: str, link: str, photos: list[Upload]) -> None:
        last = self.store.posts(self.world.slug, page, limit=1)
        said = (message, link, [photo.sha256 for photo in photos])
        same = [one for one in last if (one.text, one.body["link"], [medium.sha256 for medium in one.media]) == said]
        if same or self.world.faults.standing("duplicate_refusal"):
            raise error(506, "(#506) Duplicate status message", subcode=1455006)

    def by_hand(self, page: Account, given: ByHand) -> Post:
        """In the page's own composer; one that passes on another shares it."""
        if given.answers:
            raise BadPost("Answers on Facebook are comments, and no posts.")
        if len(given.words) > MAX_CHARACTERS:
            raise bad_parameter("Param message must be shorter")
        shares = {"passes_on": given.passes_on.native_id} if given.passes_on else {}
        return self._stored(page.native_id, given.words, {"link": "", **shares}, [], self.world.clock())

    def _stored(self, page: str, message: str, body: dict[str, Any], photos: list[Upload], received_at: float) -> Post:
        with self.store.transaction():
            native_id = f"{page}_{graph.next_number(self.world, FIRST_NUMBER)}"
            media = tuple(map(_medium, photos))
            made_at = graph.iso(received_at)
            post = Post(self.world.slug, page, native_id, message, body, media, made_at, received_at)
            self.store.put_post(post)
            for photo in photos:
                self.store.change_upload(photo, alt=photo.alt, polls_left=0, attached_to=native_id)
        return post

    async def update(self, request: Request) -> Response:
        """A post gets other words, or a page another profile."""
        native_id = request.path_params["id"]
        if "_" not in native_id:
            return await self._update_page(request)
        caller = await graph.let_in(self.world, request, {"message": is_text})
        caller.needs("pages_manage_posts")
        post = self._own_post(caller, native_id, "post")
        message = str(caller.params.get("message") or "")
        if not message.strip() and not post.media:
            raise bad_parameter("Missing message or attachment")
        made_at, body = post.created_at, {**post.body}
        self.store.put_post(
            Post(post.network, post.account, native_id, message, body, post.media, made_at, post.received_at)
        )
        return JSONResponse({"success": True})

    async def remove(self, request: Request) -> Response:
        caller = await graph.let_in(self.world, request)
        caller.needs("pages_manage_posts")
        post = self._own_post(caller, request.path_params["id"], "delete")
        self.store.remove_post(self.world.slug, post.native_id)
        return JSONResponse({"success": True})

    # The page's profile

    async def _update_page(self, request: Request) -> Response:
        caller = await self.own(request, PAGE, "pages_manage_metadata")
        about, cover = caller.params.get("about"), caller.params.get("cover")
        if about is not None and len(about) > MAX_ABOUT:
            raise bad_parameter(f"Param about must be no longer than {MAX_ABOUT} characters")
        if cover is not None and self.store.upload(self.world.slug, str(cover), caller.account) is None:
            raise bad_parameter("Param cover must be the ID of a photo")
        self._keep_profile(caller, {"about": about, "cover": cover})
        return JSONResponse({"success": True})

    async def picture(self, request: Request) -> Response:
        caller = await self.own(request, {"picture": is_web}, "pages_manage_metadata")
        if "picture" not in caller.params:
            raise bad_parameter("Param picture is missing")
        self._keep_profile(caller, {"picture": caller.params["picture"]})
        return JSONResponse({"success": True})

    def _keep_profile(self, caller: Caller, changed: Mapping[str, Any]) -> None:
        known = nodes.profile_of(self.world, caller.account)
        given = {name: value for name, value in changed.items() if value is not None}
        self.store.keep(self.world.slug, "profile", caller.account, {**known, **given})

    # Reading

    async def node(self, request: Request) -> Response:
        caller = await graph.let_in(self.world, request)
        fields, native_id = str(caller.params.get("fields") or ""), request.path_params["id"]
        if "_" in native_id:
            caller.needs("pages_read_engagement", "pages_manage_posts")
            post = self._post(native_id, hidden_after(request))
            return JSONResponse(graph.shown(self._post_node(request, post), fields, "id,message,created_time"))
        if account := self.store.account(self.world.slug, native_id):
            return JSONResponse(graph.shown(self._page(request, account), fields, "id,name"))
        photo = self.store.upload(self.world.slug, native_id)
        if photo is None or (photo.attached_to is None and photo.account != caller.account):
            raise no_such(native_id)
        return JSONResponse(graph.shown(nodes.photo(photo, base_url(request, self.world.slug)), fields, "id"))

    async def published_posts(self, request: Request) -> Response:
        caller = await self.own(request, {"include_hidden": is_flag}, "pages_read_engagement", paging=True)
        posts = self.store.posts(self.world.slug, caller.account, until=hidden_after(request))
        wanted = [post for post in posts if graph.within(post.received_at, caller.params)]
        rows = [(post.seq, self._post_node(request, post)) for post in wanted]
        return graph.edge(rows, caller.params, "id,message,created_time")

    async def video_reels(self, request: Request) -> Response:
        """None stands here yet."""
        caller = await self.own(request, {}, "pages_read_engagement", paging=True)
        return graph.edge([], caller.params, "id,description,updated_time")

    async def tagged(self, request: Request) -> Response:
        """Posts of other pages that name this one."""
        caller = await self.own(request, {}, "pages_read_user_content", paging=True)
        name = f"@{self._account(caller.account).handle}"
        posts = self.store.posts(self.world.slug, until=hidden_after(request), containing=name)
        naming = [post for post in posts if post.account != caller.account]
        return graph.edge([(post.seq, self._post_node(request, post)) for post in naming], caller.params, "id,message")

    async def comments(self, request: Request) -> Response:
        allowed = {"filter": graph.one_of("stream", "toplevel"), "order": graph.one_of(*nodes.ORDERS)}
        caller = await graph.let_in(self.world, request, allowed, paging=True)
        caller.needs("pages_read_user_content", "pages_read_engagement")
        post = self._post(request.path_params["id"], hidden_after(request))
        told = nodes.comments_of(self.world, post)
        newest_first = caller.params.get("order") == "reverse_chronological"
        base = base_url(request, self.world.slug)
        rows = [(n if newest_first else -n, nodes.comment(self.world, post, one, base)) for n, one in enumerate(told)]
        return graph.edge(sorted(rows, key=lambda row: -row[0]), caller.params, "id,message,created_time")

    async def add_comment(self, request: Request) -> Response:
        """By another page, as people comment."""
        caller = await graph.let_in(self.world, request, {"message": is_text})
        post = self._post(request.path_params["id"])
        if not str(caller.params.get("message") or "").strip():
            raise bad_parameter("Param message is missing")
        number = graph.next_number(self.world, FIRST_NUMBER)
        comment = {
            "id": f"{post.native_id.partition('_')[2]}_{number}",
            "from": caller.account,
            "message": caller.params["message"],
            "received_at": request.state.received_at,
        }
        known = nodes.comments_of(self.world, post)
        self.store.keep(self.world.slug, "comments", post.native_id, [*known, comment])
        return JSONResponse({"id": comment["id"]})

    async def insights(self, request: Request) -> Response:
        period = graph.one_of("day", "week", "days_28", "month", "lifetime", "total_over_range")
        caller = await graph.let_in(self.world, request, {"metric": is_text, "period": period}, paging=True)
        caller.needs("read_insights")
        post = self._own_post(caller, request.path_params["id"], "get")
        return graph.insights(post.native_id, dict.fromkeys(METRICS, 0), caller.params.get("metric"))

    async def file(self, request: Request) -> Response:
        photo = self.store.upload(self.world.slug, request.path_params["id"])
        if photo is None:
            raise no_such(request.path_params["id"])
        return picture(self.store.bytes_of(photo.sha256), photo.mime)

    # Parts

    async def own(self, request: Request, allowed: Mapping[str, Any], *scopes: str, paging: bool = False) -> Caller:
        """A call about the very page whose token it carries."""
        caller = await graph.let_in(self.world, request, allowed, paging=paging)
        if caller.grant["kind"] != "page":
            raise error(190, "A Page access token is required for this call", subcode=2069032)
        if self.store.account(self.world.slug, request.path_params["id"]) is None:
            raise no_such(request.path_params["id"], request.method.lower())
        if request.path_params["id"] != caller.account:
            raise error(200, "(#200) The token is not of this page", status=403)
        caller.needs(*scopes)
        return caller

    def _account(self, native_id: str) -> Account:
        account = self.store.account(self.world.slug, native_id)
        assert account is not None
        return account

    def _page(self, request: Request, account: Account) -> dict[str, Any]:
        return nodes.page(self.world, account, base_url(request, self.world.slug))

    def _post(self, native_id: str, until: float | None = None) -> Post:
        post = self.store.post(self.world.slug, native_id, until)
        if post is None:
            raise no_such(native_id)
        return post

    def _own_post(self, caller: Caller, native_id: str, verb: str) -> Post:
        post = self.store.post(self.world.slug, native_id)
        if post is None or post.account != caller.account:
            raise no_such(native_id, verb)
        return post

    def _post_node(self, request: Request, post: Post) -> dict[str, Any]:
        return nodes.post(self.world, self._account(post.account), post, base_url(request, self.world.slug))


def _medium(photo: Upload) -> Medium:
    return Medium(photo.native_id, photo.mime, photo.size, photo.sha256, photo.alt, photo.width, photo.height)

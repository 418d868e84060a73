"""The calls about posts and accounts. Refusals are worded and numbered as X's; see docs/reference/sandbox.md."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mercat.sandbox.models import Account, Medium, Post, Upload
from mercat.sandbox.standin import ByHand, World, base_url, hidden_after
from mercat.sandbox.x import asked, problems, text
from mercat.sandbox.x.asked import PAGED, SHOWING, USERS, Field, between, is_id, matching, some_of
from mercat.sandbox.x.media import VIDEO, Media
from mercat.sandbox.x.problems import forbidden, invalid, not_found
from mercat.sandbox.x.signed import Ids, signed_in
from mercat.sandbox.x.views import Views, iso

SAME_SECONDS = 86_400  # within which the same words are a duplicate
SEARCHED_SECONDS = 7 * 86_400
MAX_MEDIA = 4
REPLY_SETTINGS = {"following", "mentionedUsers", "subscribers", "verified"}
SEARCH = re.compile(r"conversation_id:([0-9]{1,19})")

POST = {
    "text": Field(str),
    "media": Field(dict),
    "reply": Field(dict),
    "reply_settings": Field(str, REPLY_SETTINGS.__contains__),
    "made_with_ai": Field(bool),
    "paid_partnership": Field(bool),
}
MEDIA = {"media_ids": Field(list, lambda ids: 1 <= len(ids) <= MAX_MEDIA and all(map(is_id, ids)), needed=True)}
REPLY = {"in_reply_to_tweet_id": Field(str, is_id, needed=True)}


class Api:
    def __init__(self, world: World, media: Media, ids: Ids) -> None:
        self.world, self.store, self.media, self.ids, self.views = world, world.store, media, ids, Views(world)

    # Posts

    async def publish(self, request: Request) -> Response:
        account, _ = signed_in(self.world, request, "tweet.write", "tweet.read", "users.read")
        given = await asked.body(request, POST)
        words = given.get("text", "").strip()
        uploads = self._attached(account, given.get("media"))
        _check_words(words, uploads)
        above = self._replied_to(account, given.get("reply"))
        if self._is_duplicate(account, words, uploads, above):
            raise problems.duplicate()
        more = {name: given[name] for name in ("reply_settings", "made_with_ai") if name in given}
        post = self._new(account, words, uploads, above, received_at=request.state.received_at, more=more)
        shown, _ = self.views.shown(post, base_url(request, self.world.slug))
        told = {"id": post.native_id, "text": shown, "edit_history_post_ids": [post.native_id]}
        return JSONResponse({"data": told}, 201)

    async def post(self, request: Request) -> Response:
        signed_in(self.world, request, "tweet.read", "users.read")
        wanted = asked.query(request, SHOWING)
        native_id = self._id(request)
        post = self.store.post(self.world.slug, native_id, hidden_after(request))
        if post is None:
            return JSONResponse({"errors": [problems.missing(native_id)]})
        told = self.views.posts([post], wanted, base_url(request, self.world.slug))
        return JSONResponse({**told, "data": told["data"][0]})

    async def remove(self, request: Request) -> Response:
        account, _ = signed_in(self.world, request, "tweet.write", "tweet.read", "users.read")
        native_id = self._id(request)
        post = self.store.post(self.world.slug, native_id)
        if post is None:
            raise not_found(native_id)
        if post.account != account.native_id:
            raise forbidden("You are not authorized to delete this Tweet.")
        self.store.remove_post(self.world.slug, native_id)
        return JSONResponse({"data": {"deleted": True}})

    # Lists, newest first

    async def own(self, request: Request) -> Response:
        signed_in(self.world, request, "tweet.read", "users.read")
        wanted = asked.query(request, {**SHOWING, **PAGED, "exclude": some_of("replies retweets")})
        posts = self.store.posts_by_id(self.world.slug, self._account(request), until=hidden_after(request))
        without = wanted.get("exclude", ())
        left_out = {"replies": "reply_to", "retweets": "passes_on"}
        return self._page(
            request, wanted, (post for post in posts if not any(post.body.get(left_out[name]) for name in without))
        )

    async def mentions(self, request: Request) -> Response:
        signed_in(self.world, request, "tweet.read", "users.read")
        wanted = asked.query(request, {**SHOWING, **PAGED})
        account = self.store.account(self.world.slug, self._account(request))
        assert account is not None
        named = self._newest(request, containing=f"@{account.handle}")
        posts = (p for p in named if p.account != account.native_id and account.handle in text.mentioned(p.text))
        return self._page(request, wanted, posts)

    async def search(self, request: Request) -> Response:
        signed_in(self.world, request, "tweet.read", "users.read")
        more = {"max_results": between(10, 100), "query": matching(r".{1,4096}"), "next_token": matching(r".+")}
        orders = {"sort_order": matching("recency|relevancy")}
        wanted = asked.query(request, {**SHOWING, **PAGED, **more, **orders}, "query")
        found = SEARCH.fullmatch(wanted["query"])
        if not found:
            raise invalid("This stand-in searches by conversation_id:… only.")
        recent = self.world.clock() - SEARCHED_SECONDS
        posts = (
            post
            for post in self._newest(request)
            if post.body["conversation_id"] == found[1] and post.native_id != found[1] and post.received_at >= recent
        )
        wanted.setdefault("pagination_token", wanted.get("next_token", ""))
        return self._page(request, wanted, posts)

    # Accounts

    async def me(self, request: Request) -> Response:
        account, _ = signed_in(self.world, request, "tweet.read", "users.read")
        wanted = asked.query(request, USERS)
        base = base_url(request, self.world.slug)
        return JSONResponse({"data": self.views.user(account, wanted.get("user.fields", ()), base)})

    async def accounts(self, request: Request) -> Response:
        signed_in(self.world, request, "tweet.read", "users.read")
        known = {**USERS, "query": matching(r"[A-Za-z0-9_' ]{1,50}"), "max_results": between(1, 1_000)}
        wanted = asked.query(request, known, "query")
        words = wanted["query"].lower().split()
        found = [one for one in self.store.accounts(self.world.slug) if _is_called(one, words)]
        base, most = base_url(request, self.world.slug), wanted.get("max_results", 100)
        told = [self.views.user(one, wanted.get("user.fields", ()), base) for one in found[:most]]
        return JSONResponse({**({"data": told} if told else {}), "meta": {}})

    async def unknown(self, request: Request) -> Response:
        """X answers an address that it does not have with nothing at all."""
        return Response(status_code=404)

    # Parts

    def _id(self, request: Request) -> str:
        native_id = request.path_params["id"]
        if not is_id(native_id):
            raise invalid(f"The `id` query parameter value [{native_id}] is not valid")
        return native_id

    def _account(self, request: Request) -> str:
        native_id = self._id(request)
        account = self.store.account(self.world.slug, native_id)
        if account is None or account.native_id != native_id:
            raise not_found(native_id)
        return native_id

    def _newest(self, request: Request, containing: str = "") -> list[Post]:
        posts = self.store.posts(self.world.slug, until=hidden_after(request), containing=containing)
        return sorted(posts, key=lambda post: post.native_id, reverse=True)

    def _page(self, request: Request, wanted: dict[str, Any], posts: Iterable[Post]) -> Response:
        below = _below(wanted.get("pagination_token", ""))
        some = (post for post in posts if _is_wanted(post, wanted) and (not below or post.native_id < below))
        most = wanted.get("max_results", 10)
        page = list(islice(some, most + 1))
        following = _token(page[most - 1]) if len(page) > most else None
        return JSONResponse(self.views.page(page[:most], wanted, base_url(request, self.world.slug), following))

    def _attached(self, account: Account, media: Any) -> list[Upload]:
        if media is None:
            return []
        ids = asked.members(media, MEDIA, "$.media")["media_ids"]
        uploads = [self.media.usable(account, one) for one in ids]
        found = [one for one in uploads if one and self.media.is_ready(one)]
        if len(found) < len(ids) or len(set(ids)) < len(ids):
            raise invalid("Your media IDs are invalid.", {"media.media_ids": ids})
        if len(found) > 1 and any(one.mime == VIDEO for one in found):
            raise invalid("A Tweet takes up to 4 images, or 1 video.", {"media.media_ids": ids})
        return found

    def _replied_to(self, account: Account, reply: Any) -> Post | None:
        """Whom a programme may answer: oneself, and who named the account first."""
        if reply is None:
            return None
        native_id = asked.members(reply, REPLY, "$.reply")["in_reply_to_tweet_id"]
        above = self.store.post(self.world.slug, native_id)
        if above is None:
            raise forbidden("You attempted to reply to a Tweet that is deleted or not visible to you.")
        if above.account != account.native_id and account.handle not in text.mentioned(above.text):
            raise forbidden("Reply to this conversation is not allowed because you have not been mentioned.")
        return above

    def _is_duplicate(self, account: Account, words: str, uploads: list[Upload], above: Post | None) -> bool:
        if self.world.faults.standing("duplicate_refused"):
            return True
        now, pictures = self.world.clock(), [upload.sha256 for upload in uploads]
        for post in self.store.posts(self.world.slug, account.native_id):
            if post.received_at <= now - SAME_SECONDS:
                return False
            same_place = post.body["reply_to"] == (above.native_id if above else None)
            if same_place and (post.text, [medium.sha256 for medium in post.media]) == (words, pictures):
                return True
        return False

    def by_hand(self, account: Account, given: ByHand) -> Post:
        """By X's own pages, where a quote or a repost of another's is made too."""
        words, other, now = given.words, given.passes_on, self.world.clock()
        if other and not words:
            author = self.store.account(self.world.slug, other.account)
            words = f"RT @{author.handle if author else 'somebody'}: {other.text}"
        else:
            _check_words(words, [])
        kind = "quoted" if given.words else "retweeted"
        referenced = {"referenced": {"type": kind, "id": other.native_id}} if other else {}
        passes_on = {"passes_on": other.native_id} if other and not given.words else {}
        return self._new(account, words, [], given.answers, received_at=now, more={**referenced, **passes_on})

    def _new(
        self,
        account: Account,
        words: str,
        uploads: list[Upload],
        above: Post | None,
        *,
        received_at: float,
        more: Mapping[str, Any],
    ) -> Post:
        native_id = self.ids.next()
        body = {
            "reply_to": above.native_id if above else None,
            "conversation_id": above.body["conversation_id"] if above else native_id,
            "reply_settings": "everyone",
            "made_with_ai": False,
            **more,
        }
        with self.store.transaction():
            post = Post(
                network=self.world.slug,
                account=account.native_id,
                native_id=native_id,
                text=words,
                body=body,
                media=tuple(map(_medium, uploads)),
                created_at=iso(received_at),
                received_at=received_at,
            )
            self.store.put_post(post)
            for upload in uploads:
                self.store.change_upload(upload, alt=upload.alt, polls_left=0, attached_to=native_id)
        return post


def _check_words(words: str, uploads: list[Upload]) -> None:
    if not words and not uploads:
        raise invalid("Your Tweet must have text or media.")
    if text.UNTAKEN.search(words):
        raise invalid("Your Tweet contains an invalid character.")
    if text.weight(words) > text.MAX_WEIGHT:
        raise problems.too_long()


def _medium(upload: Upload) -> Medium:
    return Medium(upload.native_id, upload.mime, upload.size, upload.sha256, upload.alt, upload.width, upload.height)


def _is_called(account: Account, words: list[str]) -> bool:
    name = f"{account.handle} {account.display_name}".lower()
    return all(word in name for word in words)


def _is_wanted(post: Post, wanted: dict[str, Any]) -> bool:
    after, before = wanted.get("start_time", 0.0), wanted.get("end_time", 1e18)
    above, below = wanted.get("since_id", "").zfill(19), wanted.get("until_id", "9" * 19).zfill(19)
    return after <= post.received_at < before and above < post.native_id < below


def _token(post: Post) -> str:
    return base64.b32hexencode(post.native_id.encode()).decode().rstrip("=").lower()


def _below(token: str) -> str:
    """The id below which the next page begins; empty for the first."""
    if not token:
        return ""
    try:
        native_id = base64.b32hexdecode(token.upper() + "=" * (-len(token) % 8)).decode()
    except ValueError:
        native_id = ""
    if not is_id(native_id):
        raise invalid(f"The `pagination_token` query parameter value [{token}] is not valid")
    return native_id

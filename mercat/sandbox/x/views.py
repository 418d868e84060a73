"""Accounts, posts and pictures in the shapes of OpenAPI 2.167: only what was asked for is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from mercat.sandbox.figures import figures_of
from mercat.sandbox.models import Account, Medium, Post
from mercat.sandbox.standin import World
from mercat.sandbox.x import text
from mercat.sandbox.x.media import VIDEO, key_of

Asked = Mapping[str, Any]


def iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Views:
    def __init__(self, world: World) -> None:
        self.world, self.store = world, world.store

    def user(self, account: Account, fields: Iterable[str], base: str) -> dict[str, Any]:
        told = {
            "created_at": iso(account.created_at),
            "description": "",
            "location": "",
            "profile_image_url": f"{base}/avatar.svg",
            "protected": False,
            "url": "",
            "verified": False,
            "verified_type": "none",
            "public_metrics": {
                "followers_count": 0,
                "following_count": 0,
                "tweet_count": self.store.count_posts(self.world.slug, account.native_id),
                "listed_count": 0,
                "like_count": 0,
            },
        }
        always = {"id": account.native_id, "name": account.display_name, "username": account.handle}
        return {**always, **{name: told[name] for name in fields if name in told}}

    def page(self, posts: Sequence[Post], asked: Asked, base: str, following: str | None) -> dict[str, Any]:
        """A page of a list. X leaves out what would be empty."""
        meta: dict[str, Any] = {"result_count": len(posts)}
        if posts:
            meta |= {"newest_id": posts[0].native_id, "oldest_id": posts[-1].native_id}
        if following:
            meta["next_token"] = following
        return {**(self.posts(posts, asked, base) if posts else {}), "meta": meta}

    def posts(self, posts: Sequence[Post], asked: Asked, base: str) -> dict[str, Any]:
        included = self._included(posts, asked, base)
        told = {"data": [self.post(post, asked, base) for post in posts]}
        return {**told, **({"includes": included} if included else {})}

    def post(self, post: Post, asked: Asked, base: str) -> dict[str, Any]:
        fields, expansions = asked.get("post.fields", ()), asked.get("expansions", ())
        shown, entities = self.shown(post, base)
        told: dict[str, Any] = {"id": post.native_id, "text": shown, "edit_history_post_ids": [post.native_id]}
        may_tell = {
            "attachments": {"media_keys": [_key(medium) for medium in post.media]} if post.media else None,
            "conversation_id": post.body["conversation_id"],
            "created_at": post.created_at,
            "entities": entities,
            "lang": "en",
            "possibly_sensitive": False,
            "reply_settings": post.body["reply_settings"],
            "public_metrics": self._metrics(post) if "public_metrics" in fields else None,
        }
        told |= {name: may_tell[name] for name in fields if may_tell.get(name) is not None}
        if "author_id" in expansions:
            told["author_id"] = post.account
        if "attachments.media_keys" in expansions and post.media:
            told["attachments"] = may_tell["attachments"]
        referenced = [{"type": "replied_to", "id": post.body["reply_to"]}] if post.body["reply_to"] else []
        referenced += [post.body["referenced"]] if "referenced" in post.body else []
        if referenced and ("referenced_posts" in expansions or "referenced_posts" in fields):
            told["referenced_posts"] = referenced
        return told

    def shown(self, post: Post, base: str) -> tuple[str, dict[str, Any]]:
        """A post's text with X's own links in it and three characters escaped, and what is marked in it."""
        made, entities = "", _Entities()
        for kind, piece in text.pieces(post.text):
            if kind == "link":
                short = text.short(post.native_id, piece)
                entities.link(len(made), short, text.completed(piece))
                made += short
            else:
                entities.words(len(made), piece)
                made += _escaped(piece)
        if post.media:
            short = text.short(post.native_id, "media")
            made += (" " if made else "") + short
            author = self.store.account(self.world.slug, post.account)
            assert author is not None
            for number, medium in enumerate(post.media, 1):
                address = f"{base}/{author.handle}/status/{post.native_id}/{_kind(medium)}/{number}"
                entities.link(len(made) - len(short), short, address, media_key=_key(medium))
        return made, entities.told()

    def _metrics(self, post: Post) -> dict[str, int]:
        replies = [one for one in self.store.posts(self.world.slug) if one.body["reply_to"] == post.native_id]
        more = figures_of(self.world, post.native_id)
        return {
            "repost_count": more["shares"],
            "like_count": more["reactions"],
            "quote_count": 0,
            "bookmark_count": more["saves"],
            "impression_count": more["views"],
            "reply_count": len(replies) + more["replies"],
        }

    def _included(self, posts: Sequence[Post], asked: Asked, base: str) -> dict[str, Any]:
        expansions, included = asked.get("expansions", ()), {}
        if "author_id" in expansions:
            authors = [self.store.account(self.world.slug, one) for one in dict.fromkeys(p.account for p in posts)]
            included["users"] = [self.user(one, asked.get("user.fields", ()), base) for one in authors if one]
        pictures = [medium for post in posts for medium in post.media]
        if "attachments.media_keys" in expansions and pictures:
            included["media"] = [_picture(one, asked.get("media.fields", ()), base) for one in pictures]
        return included


class _Entities:
    """Marked pieces of a text, with where they lie in it."""

    def __init__(self) -> None:
        self._told: dict[str, list[dict[str, Any]]] = {"urls": [], "hashtags": [], "mentions": []}

    def link(self, start: int, short: str, address: str, **more: str) -> None:
        shown = "pic.x.com/" + short.rpartition("/")[2] if more else address.partition("://")[2]
        told = {"start": start, "end": start + len(short), "url": short, "expanded_url": address}
        self._told["urls"].append({**told, "display_url": shown, **more})

    def words(self, offset: int, piece: str) -> None:
        for name, pattern, key in (("hashtags", text.HASHTAG, "tag"), ("mentions", text.MENTION, "username")):
            for found in pattern.finditer(piece):
                start = offset + len(_escaped(piece[: found.start()]))
                self._told[name].append({"start": start, "end": start + len(found[0]), key: found[1]})

    def told(self) -> dict[str, Any]:
        return {name: marked for name, marked in self._told.items() if marked}


def _escaped(words: str) -> str:
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _key(medium: Medium) -> str:
    return key_of(medium.upload, medium.mime)


def _kind(medium: Medium) -> str:
    return "video" if medium.mime == VIDEO else "photo"


def _picture(medium: Medium, fields: Iterable[str], base: str) -> dict[str, Any]:
    told = {
        "alt_text": medium.alt or None,
        "height": medium.height,
        "width": medium.width,
        "url": f"{base}/media/{medium.upload}" if _kind(medium) == "photo" else None,
    }
    always = {"media_key": _key(medium), "type": _kind(medium)}
    return {**always, **{name: told[name] for name in fields if told.get(name) is not None}}

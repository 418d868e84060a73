"""Records and posts as the AT Protocol's reading calls show them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from mercat.sandbox.figures import figures_of
from mercat.sandbox.models import Account, Post
from mercat.sandbox.standin import World

REPOST = "app.bsky.feed.repost"


def record_view(post: Post) -> dict[str, Any]:
    return {"uri": post.native_id, "cid": post.body["cid"], "value": post.body["record"]}


def profile_of(world: World, account: Account) -> dict[str, Any] | None:
    """The account's record of its profile, as {cid, record}; None where it never wrote one."""
    known: dict[str, Any] | None = world.store.kept(world.slug, "profile", account.native_id, world.clock())
    return known


def basic_view(account: Account) -> dict[str, Any]:
    return {"did": account.native_id, "handle": account.handle, "displayName": account.display_name}


def profile_view(world: World, account: Account, base: str) -> dict[str, Any]:
    """`base`: the address of the stand-in, for the pictures."""
    view, record = basic_view(account), (profile_of(world, account) or {}).get("record", {})
    if "description" in record:
        view["description"] = record["description"]
    for name in ("avatar", "banner"):
        if name in record:
            view[name] = base + blob_path(account.native_id, record[name]["ref"]["$link"])
    return view


def linked(world: World, kind: str, name: str, until: float | None = None) -> list[Post]:
    """The posts that belong to another ("replies" of a post) or to an account ("mentions", "answers"), oldest first."""
    uris = world.store.kept(world.slug, kind, name, world.clock()) or []
    posts = (world.store.post(world.slug, uri, until) for uri in uris)
    return [post for post in posts if post]


def replies_of(world: World, uri: str, until: float | None = None) -> list[Post]:
    return linked(world, "replies", uri, until)


def link(world: World, kind: str, name: str, uri: str) -> None:
    known = world.store.kept(world.slug, kind, name, world.clock()) or []
    if uri not in known:
        world.store.keep(world.slug, kind, name, [*known, uri])


def link_all(world: World, post: Post) -> None:
    """Whoever a new post names hears of it, and so does whoever it answers."""
    record = post.body["record"]
    for facet in record.get("facets", ()):
        for feature in facet["features"]:
            if "did" in feature:
                link(world, "mentions", feature["did"], post.native_id)
    if parent := record.get("reply", {}).get("parent"):
        link(world, "replies", parent["uri"], post.native_id)
        link(world, "answers", parent["uri"].removeprefix("at://").partition("/")[0], post.native_id)


def item_view(world: World, account: Account, post: Post, base: str) -> dict[str, Any]:
    """A post as it stands in an author's feed, where reposts stand too and say so."""
    other = world.store.post(world.slug, post.body.get("passes_on", ""))
    author = world.store.account(world.slug, other.account) if other else None
    if other is None or author is None:
        return {"post": post_view(world, account, post, base)}
    reason = {"$type": "app.bsky.feed.defs#reasonRepost", "by": basic_view(account), "indexedAt": iso(post.received_at)}
    return {"post": post_view(world, author, other, base), "reason": reason}


def post_view(world: World, account: Account, post: Post, base: str) -> dict[str, Any]:
    """`base`: the address of the stand-in, for the pictures."""
    more = figures_of(world, post.native_id)
    view = {
        "uri": post.native_id,
        "cid": post.body["cid"],
        "author": basic_view(account),
        "record": post.body["record"],
        "replyCount": len(replies_of(world, post.native_id)) + more["replies"],
        "repostCount": more["shares"],
        "likeCount": more["reactions"],
        "quoteCount": 0,
        "indexedAt": iso(post.received_at),
        "labels": [],
    }
    if post.media and post.media[0].mime.startswith("video/"):
        (film,) = post.media
        address = base + blob_path(post.account, film.upload)
        view["embed"] = {
            "$type": "app.bsky.embed.video#view", "cid": film.upload, "playlist": address, "alt": film.alt,
        }  # fmt: skip
    elif post.media:
        view["embed"] = {
            "$type": "app.bsky.embed.images#view",
            "images": [_image_view(post, medium.upload, medium.alt, base) for medium in post.media],
        }
    return view


def _image_view(post: Post, cid: str, alt: str, base: str) -> dict[str, str]:
    address = base + blob_path(post.account, cid)
    return {"thumb": address, "fullsize": address, "alt": alt}


def blob_path(did: str, cid: str) -> str:
    return f"/xrpc/com.atproto.sync.getBlob?did={did}&cid={cid}"


def iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

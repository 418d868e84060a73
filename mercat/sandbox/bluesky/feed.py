"""Records and posts as the AT Protocol's reading calls show them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from mercat.sandbox.models import Account, Post


def record_view(post: Post) -> dict[str, Any]:
    return {"uri": post.native_id, "cid": post.body["cid"], "value": post.body["record"]}


def profile_view(account: Account) -> dict[str, Any]:
    return {"did": account.native_id, "handle": account.handle, "displayName": account.display_name}


def post_view(account: Account, post: Post, base: str) -> dict[str, Any]:
    """`base`: the address of the stand-in, for the pictures."""
    view = {
        "uri": post.native_id,
        "cid": post.body["cid"],
        "author": profile_view(account),
        "record": post.body["record"],
        "replyCount": 0,
        "repostCount": 0,
        "likeCount": 0,
        "quoteCount": 0,
        "indexedAt": iso(post.received_at),
        "labels": [],
    }
    if post.media:
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

"""Accounts, posts and comments in the shapes of the Graph API. None: a field that exists and tells nothing."""

from __future__ import annotations

from typing import Any

from mercat.sandbox import graph
from mercat.sandbox.figures import figures_of
from mercat.sandbox.models import Account, Medium, Post
from mercat.sandbox.standin import World


def page(account: Account, base: str) -> dict[str, Any]:
    """The Facebook page that an account is linked to."""
    linked = {"id": account.native_id, "username": account.handle, "name": account.display_name}
    name = account.display_name
    return {"id": page_id(account), "name": name, "instagram_business_account": linked, "link": f"{base}/{name}"}


def page_id(account: Account) -> str:
    return "1050" + account.native_id[-11:]


def user(world: World, account: Account, base: str) -> dict[str, Any]:
    return {
        "id": account.native_id,
        "ig_id": None,
        "username": account.handle,
        "name": account.display_name,
        "biography": None,
        "website": None,
        "profile_picture_url": f"{base}/avatar.svg",
        "media_count": world.store.count_posts(world.slug, account.native_id),
        "followers_count": 0,
        "follows_count": 0,
        "business_discovery": None,
    }


def path_of(account: Account, one: Post) -> str:
    return f"/stories/{account.handle}/{one.native_id}" if one.body.get("story") else f"/p/{one.native_id}"


def media(world: World, account: Account, one: Post, base: str) -> dict[str, Any]:
    more = figures_of(world, one.native_id)
    album, film = len(one.media) > 1, one.media[0].mime.startswith("video/")
    return {
        "id": one.native_id,
        "caption": one.text or None,
        "permalink": base + path_of(account, one),
        "shortcode": one.native_id,
        "timestamp": one.created_at,
        "media_type": "CAROUSEL_ALBUM" if album else "VIDEO" if film else "IMAGE",
        "media_product_type": "STORY" if one.body.get("story") else "REELS" if film else "FEED",
        "media_url": f"{base}/media/{one.media[0].upload}",
        "thumbnail_url": None,
        "owner": {"id": account.native_id},
        "username": account.handle,
        "alt_text": None if album else one.media[0].alt or None,
        "children": {"data": [_child(medium, account, one, base) for medium in one.media]} if album else None,
        "like_count": more["reactions"],
        "comments_count": len(comments_of(world, one)) + more["replies"],
        "is_comment_enabled": True,
    }


def _child(medium: Medium, account: Account, one: Post, base: str) -> dict[str, Any]:
    return {
        "id": medium.upload,
        "media_type": "IMAGE",
        "media_url": f"{base}/media/{medium.upload}",
        "alt_text": medium.alt or None,
        "owner": {"id": account.native_id},
        "timestamp": one.created_at,
        "permalink": f"{base}/p/{one.native_id}",
        "username": account.handle,
    }


def comments_of(world: World, one: Post) -> list[dict[str, Any]]:
    """Oldest first."""
    return world.store.kept(world.slug, "comments", one.native_id, world.clock()) or []


def comment(world: World, told: dict[str, Any]) -> dict[str, Any]:
    by = world.store.account(world.slug, told["from"])
    name = by.handle if by else "somebody"
    return {
        "id": told["id"],
        "text": told["text"],
        "timestamp": graph.iso(told["received_at"]),
        "username": name,
        "from": {"id": told["from"], "username": name},
        "like_count": 0,
        "hidden": False,
        "parent_id": None,
        "user": None,
    }

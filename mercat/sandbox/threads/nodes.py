"""Accounts, posts and look-ups as Threads tells them. None: a field that exists and tells nothing."""

from __future__ import annotations

from typing import Any

from mercat.sandbox.models import Account, Medium, Post


def user(account: Account, base: str) -> dict[str, Any]:
    return {
        "id": account.native_id,
        "username": account.handle,
        "name": account.display_name,
        "threads_profile_picture_url": f"{base}/avatar.svg",
        "threads_biography": None,
        "is_verified": False,
    }


def looked_up(account: Account, base: str) -> dict[str, Any]:
    """What a look-up by name tells: no number."""
    counts = ("follower_count", "likes_count", "quotes_count", "replies_count", "reposts_count", "views_count")
    return {
        "username": account.handle,
        "name": account.display_name,
        "profile_picture_url": f"{base}/avatar.svg",
        "biography": None,
        "is_verified": False,
        **dict.fromkeys(counts, 0),
    }


def media(account: Account, one: Post, base: str) -> dict[str, Any]:
    passed_on = bool(one.body.get("passes_on"))
    album, first = len(one.media) > 1, one.media[0] if one.media else None
    return {
        "id": one.native_id,
        "media_product_type": "THREADS",
        "media_type": "REPOST_FACADE" if passed_on else "CAROUSEL_ALBUM" if album else _kind(first),
        "media_url": f"{base}/media/{first.upload}" if first else None,
        "permalink": address(account, one, base),
        "owner": {"id": account.native_id},
        "username": account.handle,
        "text": None if passed_on else one.text or None,
        "timestamp": one.created_at,
        "shortcode": one.native_id,
        "alt_text": first.alt or None if first and not album else None,
        "children": {"data": [_child(medium, base) for medium in one.media]} if album else None,
        "is_quote_post": bool(one.body.get("quotes")),
        "topic_tag": one.body["topic_tag"],
        "is_reply": bool(one.body["reply_to"]),
    }


def address(account: Account, one: Post, base: str) -> str:
    return f"{base}/@{account.handle}/post/{one.native_id}"


def _kind(medium: Medium | None) -> str:
    if medium is None:
        return "TEXT_POST"
    return "VIDEO" if medium.mime.startswith("video/") else "IMAGE"


def _child(medium: Medium, base: str) -> dict[str, Any]:
    return {
        "id": medium.upload,
        "media_type": _kind(medium),
        "media_url": f"{base}/media/{medium.upload}",
        "alt_text": medium.alt or None,
    }

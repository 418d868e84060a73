"""Pages, posts, photos and comments in the shapes of the Graph API. None: a field that exists and tells nothing."""

from __future__ import annotations

from typing import Any

from mercat.sandbox import graph
from mercat.sandbox.figures import figures_of
from mercat.sandbox.models import Account, Medium, Post, Upload
from mercat.sandbox.standin import World

ORDERS = ("chronological", "reverse_chronological")


def profile_of(world: World, account: str) -> dict[str, Any]:
    return world.store.kept(world.slug, "profile", account, world.clock()) or {}


def page(world: World, account: Account, base: str) -> dict[str, Any]:
    told = profile_of(world, account.native_id)
    cover = told.get("cover")
    return {
        "id": account.native_id,
        "name": account.display_name,
        "username": account.handle,
        "about": told.get("about"),
        "link": f"{base}/{account.handle}",
        "picture": {"data": {"url": told.get("picture") or f"{base}/avatar.svg", "is_silhouette": not told}},
        "cover": {"cover_id": str(cover), "source": f"{base}/media/{cover}"} if cover else None,
        "fan_count": 0,
        "followers_count": 0,
        "category": "Government organisation",
    }


def post(world: World, account: Account, one: Post, base: str) -> dict[str, Any]:
    more = figures_of(world, one.native_id)
    number = len(comments_of(world, one)) + more["replies"]
    return {
        "id": one.native_id,
        "message": one.text or None,
        "created_time": one.created_at,
        "permalink_url": address(account, one, base),
        "from": {"id": account.native_id, "name": account.display_name},
        "attachments": _shared(world, one, base) or _attachments(one, base),
        "parent_id": one.body.get("passes_on"),
        "comments": {"data": [], "summary": {"order": "ranked", "total_count": number, "can_comment": True}},
        "reactions": {"data": [], "summary": {"total_count": more["reactions"], "viewer_reaction": "NONE"}},
        "shares": {"count": more["shares"]} if more["shares"] else None,
        "is_published": True,
    }


def address(account: Account, one: Post, base: str) -> str:
    return f"{base}/{account.handle}/posts/{one.native_id.partition('_')[2]}"


def _shared(world: World, one: Post, base: str) -> dict[str, Any] | None:
    """The post of another page that this one shares."""
    other = world.store.post(world.slug, one.body.get("passes_on", ""))
    account = world.store.account(world.slug, other.account) if other else None
    if other is None or account is None:
        return None
    url = address(account, other, base)
    told = {"type": "share", "title": account.display_name, "description": other.text, "url": url}
    return {"data": [{**_EMPTY, "media_type": "link", **told, "target": {"id": other.native_id, "url": url}}]}


def _attachments(one: Post, base: str) -> dict[str, Any] | None:
    if not one.media:
        return {"data": [_link(one.body["link"])]} if one.body["link"] else None
    photos = [_attachment(medium, base) for medium in one.media]
    if len(photos) == 1:
        return {"data": photos}
    album = {"media_type": "album", "type": "album", "title": "Photos", "subattachments": {"data": photos}}
    return {"data": [{**_EMPTY, **album}]}


_EMPTY = dict.fromkeys(("media_type", "media", "target", "type", "url", "title", "description", "subattachments"))


def _link(url: str) -> dict[str, Any]:
    return {**_EMPTY, "media_type": "link", "type": "share", "url": url, "target": {"id": None, "url": url}}


def _attachment(medium: Medium, base: str) -> dict[str, Any]:
    url = f"{base}/media/{medium.upload}"
    image = {"image": {"src": url, "width": medium.width, "height": medium.height}}
    target = {"id": medium.upload, "url": url}
    kind, form = ("video", "video_inline") if medium.mime.startswith("video/") else ("photo", "photo")
    return {**_EMPTY, "media_type": kind, "type": form, "media": image, "target": target, "url": url}


def photo(one: Upload, base: str) -> dict[str, Any]:
    image = {"source": f"{base}/media/{one.native_id}", "width": one.width, "height": one.height}
    return {
        "id": one.native_id,
        "alt_text": None,
        "alt_text_custom": one.alt or None,
        "created_time": graph.iso(one.received_at),
        "width": one.width,
        "height": one.height,
        "images": [image],
        "link": image["source"],
        "page_story_id": one.attached_to,
    }


def video(number: str, told: dict[str, Any], upload: Upload | None, base: str) -> dict[str, Any]:
    """`upload` once all of it has come and its end was asked for."""
    post = upload.attached_to if upload else None
    state = _state(told, upload)
    processing = {"error": "error", "processing": "in_progress", "ready": "complete"}.get(state, "not_started")
    is_whole = upload is not None or told["at"] == told["size"]
    reel = told.get("reel", False)
    made_at = graph.iso(upload.received_at) if upload else None
    draft = {"publish_status": "draft"} if reel and not post else {}
    return {
        "id": number,
        "description": told.get("description"),
        "created_time": made_at,
        "updated_time": made_at,
        "published": post is not None,
        "post_id": post,
        "permalink_url": f"/reel/{number}/" if reel else f"/{told['page']}/videos/{number}/",
        "source": f"{base}/media/{number}" if upload else None,
        "status": {
            "video_status": state,
            "uploading_phase": {
                "status": "complete" if is_whole else "in_progress" if told["at"] else "not_started",
                "bytes_transferred": told["at"],
            },
            "processing_phase": {"status": processing},
            "publishing_phase": {
                "status": "complete" if post else "in_progress" if upload and reel else "not_started",
                **({"publish_status": "published"} if post else draft),
            },
        },
    }


def _state(told: dict[str, Any], upload: Upload | None) -> str:
    if upload is None:
        return "upload_complete" if told.get("reel") and told["at"] == told["size"] else "uploading"
    if not upload.polls_left and told["fails"]:
        return "error"
    return "ready" if upload.attached_to else "processing"


def comments_of(world: World, one: Post) -> list[dict[str, Any]]:
    """Oldest first."""
    return world.store.kept(world.slug, "comments", one.native_id, world.clock()) or []


def comment(world: World, one: Post, told: dict[str, Any], base: str) -> dict[str, Any]:
    account, by = world.store.account(world.slug, one.account), world.store.account(world.slug, told["from"])
    assert account is not None
    return {
        "id": told["id"],
        "message": told["message"],
        "created_time": graph.iso(told["received_at"]),
        "permalink_url": f"{address(account, one, base)}?comment_id={told['id']}",
        "from": {"id": told["from"], "name": by.display_name if by else "Somebody"},
        "like_count": 0,
        "comment_count": 0,
        "is_hidden": False,
        "parent": None,
    }

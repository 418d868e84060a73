"""Accounts, statuses, pictures and the server itself in the shapes of the API (docs.joinmastodon.org/entities)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from mercat.sandbox.figures import figures_of
from mercat.sandbox.mastodon import text
from mercat.sandbox.models import Account, Medium, Post, Upload
from mercat.sandbox.standin import World

VERSION = "4.7.0"
MAX_CHARACTERS = 500
MAX_MEDIA = 4
MAX_DESCRIPTION = 1500
MAX_IMAGE_BYTES = 16 * 1024 * 1024
MAX_PIXELS = 33_177_600
MAX_VIDEO_BYTES = 99 * 1024 * 1024
MAX_VIDEO_PIXELS = 8_294_400
VIDEO = "video/mp4"
MIMES = ("image/jpeg", "image/png", "image/gif", "image/webp", "image/avif")


def iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def profile_of(world: World, account: Account) -> dict[str, Any]:
    """What an account has set of its profile: `note` as it was written, `avatar` and `header` as uploads."""
    kept: dict[str, Any] | None = world.store.kept(world.slug, "profile", account.native_id, world.clock())
    return {"note": "", "avatar": "", "header": "", **(kept or {})}


def account_view(world: World, account: Account, base: str) -> dict[str, Any]:
    profile = profile_of(world, account)
    avatar, header = (
        f"{base}/media_attachments/{profile[name]}" if profile[name] else f"{base}/avatar.svg"
        for name in ("avatar", "header")
    )
    return {
        "id": account.native_id,
        "username": account.handle,
        "acct": account.handle,
        "display_name": account.display_name,
        "locked": False,
        "bot": False,
        "discoverable": True,
        "indexable": True,
        "group": False,
        "created_at": iso(account.created_at // 86400 * 86400),
        "note": text.to_html(profile["note"], base, lambda name, host: None),
        "url": f"{base}/@{account.handle}",
        "uri": f"{base}/users/{account.handle}",
        "avatar": avatar,
        "avatar_static": avatar,
        "header": header,
        "header_static": header,
        "followers_count": 0,
        "following_count": 0,
        "statuses_count": world.store.count_posts(world.slug, account.native_id),
        "last_status_at": None,
        "emojis": [],
        "fields": [],
    }


def own_view(world: World, account: Account) -> dict[str, Any]:
    """What only the account itself is told: its bio as it was written, its defaults, and its role."""
    source = {
        "privacy": "public",
        "sensitive": False,
        "language": "en",
        "note": profile_of(world, account)["note"],
        "fields": [],
        "follow_requests_count": 0,
        "indexable": True,
    }
    role = {"id": "-99", "name": "", "color": "", "permissions": "0", "highlighted": False}
    return {"source": source, "role": role}


def status_view(world: World, account: Account, post: Post, base: str) -> dict[str, Any]:
    view = _status_view(world, account, post, base)
    if "passes_on" not in post.body:
        return view
    boosted = world.store.post(world.slug, post.body["passes_on"])
    author = world.store.account(world.slug, boosted.account) if boosted else None
    inner = _status_view(world, author, boosted, base) if boosted and author else None
    return {**view, "content": "", "reblog": inner}


def _status_view(world: World, account: Account, post: Post, base: str) -> dict[str, Any]:
    mentions = known_mentions(world, post.text, base)
    replies, favourites = (linked(world, kind, post.native_id) for kind in ("replies", "favourites"))
    more = figures_of(world, post.native_id)
    return {
        "id": post.native_id,
        "created_at": post.created_at,
        "in_reply_to_id": post.body["in_reply_to_id"],
        "in_reply_to_account_id": None,
        "sensitive": post.body["sensitive"],
        "spoiler_text": post.body["spoiler_text"],
        "visibility": post.body["visibility"],
        "language": post.body["language"],
        "uri": f"{base}/users/{account.handle}/statuses/{post.native_id}",
        "url": f"{base}/@{account.handle}/{post.native_id}",
        "replies_count": len(replies) + more["replies"],
        "reblogs_count": more["shares"],
        "favourites_count": len(favourites) + more["reactions"],
        "quotes_count": 0,
        "edited_at": post.body.get("edited_at"),
        "content": content(world, post, base),
        "reblog": None,
        "application": {"name": post.body["application"], "website": None},
        "account": account_view(world, account, base),
        "media_attachments": [attachment(medium, base) for medium in post.media],
        "mentions": [
            {"id": one.native_id, "username": one.handle, "acct": one.handle, "url": f"{base}/@{one.handle}"}
            for one in mentions
        ],
        "tags": [{"name": tag.lower(), "url": f"{base}/tags/{tag.lower()}"} for tag in text.hashtags(post.text)],
        "emojis": [],
        "card": None,
        "poll": None,
    }


def linked(world: World, kind: str, native_id: str) -> list[str]:
    """Ids that belong to another: a status's "replies" and "favourites", an account's "mentions". Oldest first."""
    return world.store.kept(world.slug, kind, native_id, world.clock()) or []


def link(world: World, kind: str, native_id: str, one: str) -> None:
    known = linked(world, kind, native_id)
    if one not in known:
        world.store.keep(world.slug, kind, native_id, [*known, one])


def content(world: World, post: Post, base: str) -> str:
    known = {account.handle: account for account in known_mentions(world, post.text, base)}

    def profile(name: str, host: str | None) -> str | None:
        local = host is None or host == urlsplit(base).netloc
        return f"{base}/@{name.lower()}" if local and name.lower() in known else None

    return text.to_html(post.text, base, profile)


def known_mentions(world: World, words: str, base: str) -> list[Account]:
    here = urlsplit(base).netloc
    names = {name.lower() for name, host in text.mentioned(words) if host in (None, here)}
    accounts = (world.store.account(world.slug, name) for name in sorted(names))
    return [account for account in accounts if account]


def attachment(medium: Medium | Upload, base: str, *, ready: bool = True) -> dict[str, Any]:
    """`url` is null while the picture is still processed."""
    native_id = medium.upload if isinstance(medium, Medium) else medium.native_id
    address = f"{base}/media_attachments/{native_id}"
    size = {"width": medium.width, "height": medium.height, "size": f"{medium.width}x{medium.height}"}
    return {
        "id": native_id,
        "type": "video" if medium.mime == VIDEO else "image",
        "url": address if ready else None,
        "preview_url": address if ready else None,
        "remote_url": None,
        "text_url": None,
        "meta": {"original": {**size, "aspect": medium.width / medium.height}},
        "description": medium.alt or None,
        "blurhash": None,
    }


def instance(base: str) -> dict[str, Any]:
    """Version 2."""
    return {
        "domain": urlsplit(base).netloc,
        "title": "Stand-in server",
        "version": VERSION,
        "source_url": "https://github.com/mastodon/mastodon",
        "description": "A stand-in: nothing here leaves this machine.",
        "usage": {"users": {"active_month": 0}},
        "icon": [],
        "thumbnail": {"url": f"{base}/avatar.svg"},
        "languages": ["en"],
        "configuration": {
            "urls": {"streaming": ""},
            "accounts": {"max_featured_tags": 10, "max_pinned_statuses": 5},
            "translation": {"enabled": False},
            **configuration(),
        },
        "registrations": {"enabled": False, "approval_required": False, "message": None},
        "contact": {"email": "", "account": None},
        "rules": [],
        "api_versions": {"mastodon": 7},
    }


def instance_v1(base: str) -> dict[str, Any]:
    return {
        "uri": urlsplit(base).netloc,
        "title": "Stand-in server",
        "short_description": "A stand-in: nothing here leaves this machine.",
        "description": "",
        "email": "",
        "version": VERSION,
        "urls": {"streaming_api": ""},
        "stats": {"user_count": 0, "status_count": 0, "domain_count": 0},
        "languages": ["en"],
        "registrations": False,
        "approval_required": False,
        "invites_enabled": False,
        "configuration": configuration(),
        "contact_account": None,
        "rules": [],
    }


def configuration() -> dict[str, Any]:
    return {
        "statuses": {
            "max_characters": MAX_CHARACTERS,
            "max_media_attachments": MAX_MEDIA,
            "characters_reserved_per_url": text.URL_LENGTH,
        },
        "media_attachments": {
            "supported_mime_types": [*MIMES, VIDEO],
            "description_limit": MAX_DESCRIPTION,
            "image_size_limit": MAX_IMAGE_BYTES,
            "image_matrix_limit": MAX_PIXELS,
            "video_size_limit": MAX_VIDEO_BYTES,
            "video_frame_rate_limit": 120,
            "video_matrix_limit": MAX_VIDEO_PIXELS,
        },
        "polls": {"max_options": 0, "max_characters_per_option": 0, "min_expiration": 0, "max_expiration": 0},
    }

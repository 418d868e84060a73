"""Between Mercat's words and Instagram's. Pure: no call is made here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import regex

from mercat.networks.instagram.spec import MAX_CAPTION, MAX_MENTIONS, MAX_TAGS, NAME, NARROWEST, SITE, SPEC, WIDEST
from mercat.networks.kit.graph import GRAPH, Words, count_of, list_of, moment_of, object_of
from mercat.networks.kit.graph_containers import Dialect, account_of, says_the_same
from mercat.networks.kit.media import media_problems
from mercat.networks.kit.steps import MOST_NAME, MOST_PICTURE, link_of, text_of, words_of
from mercat.networks.kit.text import units
from mercat.networks.port import (
    STORY_LASTS,
    Channel,
    Count,
    Found,
    FoundAccount,
    Heard,
    Item,
    Medium,
    Problem,
    Profile,
)

WORDS = Words(
    renew="The connection to this Instagram account has ended. Connect the account again.",
    forbidden=(
        "Instagram no longer lets this connection act for the account: a permission or the person's role is missing. "
        "Connect the account again as somebody who may manage it."
    ),
    blocked=(
        "Instagram holds this account back for now: it took something for spam or for a breach of its rules. Nothing "
        "more is sent until a person has looked at the account's notices there."
    ),
    doubled="Instagram says that it has this already. Look whether it is out.",
    refused="Instagram refused the post. Its answer says what to change.",
    strange="Instagram answered, but not in a way that can be read.",
)

_UNFETCHED = "Instagram could not fetch a picture or video from this installation's public address."
_SHAPE = "Instagram does not take a picture's shape. Crop it between 4:5 and 1.91:1."
_FORMAT = "Instagram does not take a picture's format. Use a JPEG."
_SIZE = "Instagram says that a picture is too large. Use one of less than 8 MB."

# What a code and subcode mean here alone (reference/error-codes, 2 June 2026); what has no line is in kit/graph.py, or
# refused in the words above.
OWN: dict[tuple[int, int], str] = {
    (-2, 2207003): _UNFETCHED,  # too slowly
    (9004, 2207052): _UNFETCHED,
    (100, 2207028): "Instagram takes from two to ten pictures in one post.",
    (100, 2207040): f"The text names too many accounts; Instagram takes {MAX_MENTIONS}.",
    (36000, 2207004): _SIZE,
    (36001, 2207005): _FORMAT,
    (36003, 2207009): _SHAPE,
    (36004, 2207010): f"The text is too long; Instagram takes {MAX_CAPTION:,} characters.",
}
NOT_READY = frozenset({(9007, 2207027)})
# The same subcodes, as a container's status tells them. Others pass when it is made anew.
FAILURES = {"2207004": _SIZE, "2207005": _FORMAT, "2207009": _SHAPE}

MEDIA_FIELDS = "id,caption,permalink,timestamp,media_type,owner,username,alt_text,children{id,alt_text}"
COMMENT_FIELDS = "id,text,timestamp,username,from"
TAGGED_FIELDS = "id,caption,permalink,timestamp,username"
FIGURE_FIELDS = "id,like_count,comments_count,media_product_type"
PROFILE_FIELDS = "id,username,name,biography,profile_picture_url"
METRICS = {"views": "views", "reach": "reach", "saved": "saves", "shares": "shares"}
STORY = "STORY"  # as media_product_type
STORY_METRICS = {"views": "views", "reach": "reach", "shares": "shares", "replies": "replies"}  # others are refused

HANDLE = regex.compile(r"[A-Za-z0-9._]{1,30}")
_TAG = regex.compile(r"(?<![\w&])#[\p{L}\p{M}\p{N}_]*[\p{L}_][\p{L}\p{M}\p{N}_]*")
_MENTION = regex.compile(r"(?<![\w@./])@[A-Za-z0-9._]{1,30}")


def count(text: str, limits: Mapping[str, int]) -> Count:
    """Characters used, as UTF-16 counts them: Meta does not say which it counts, and no count is higher."""
    return Count(units(text), MAX_CAPTION, "characters")


def check(item: Item, limits: Mapping[str, int]) -> list[Problem]:
    """Every limit of Instagram that the item breaks."""
    if item.story:
        return list(_story_problems(item))
    return [*_text_problems(item), *media_problems(NAME, SPEC.media, item.media), *_shape_problems(item.media)]


def _text_problems(item: Item) -> Iterator[Problem]:
    used = count(item.text, {}).used
    if used > MAX_CAPTION:
        over = used - MAX_CAPTION
        yield Problem("text", f"The text has {used:,} characters; {NAME} takes {MAX_CAPTION:,}. Take out {over:,}.")
    if (tags := len(_TAG.findall(item.text))) > MAX_TAGS:
        yield Problem("text", f"The text has {tags} tags; {NAME} takes {MAX_TAGS}. Take out {tags - MAX_TAGS}.")
    if (named := len(_MENTION.findall(item.text))) > MAX_MENTIONS:
        over = named - MAX_MENTIONS
        yield Problem("text", f"The text names {named} accounts; {NAME} takes {MAX_MENTIONS}. Take out {over}.")


def _story_problems(item: Item) -> Iterator[Problem]:
    if item.text.strip():
        yield Problem("text", "A story carries no words. Leave them out, or put them into the picture.")
    if len(item.media) == 1 and SPEC.stories:
        yield from media_problems(NAME, SPEC.stories, [replace(medium, alt="") for medium in item.media])
    else:
        yield Problem("media", f"A story is one picture or one video. {'Leave one' if item.media else 'Add one'}.")


def _shape_problems(media: Sequence[Medium]) -> Iterator[Problem]:
    for n, medium in enumerate(media, 1):
        if medium.is_video:  # it is shown in whatever shape it has
            continue
        if medium.width > 0 and medium.height > 0 and not NARROWEST <= medium.width / medium.height <= WIDEST:
            size = f"{medium.width:,} by {medium.height:,}"
            yield Problem(
                "media",
                f"Picture {n} is {size} pixels; {NAME} takes shapes from 4:5 upright to 1.91:1 wide. Crop it.",
            )


# Containers


def whole(item: Item) -> dict[str, str]:
    """The container of a post with one picture, or one video."""
    return {**part(item.media[0]), **_caption(item)}


def part(medium: Medium) -> dict[str, str]:
    if medium.is_video:  # every video by itself is a reel; its description is not taken
        cover = {"cover_url": medium.cover.url} if medium.cover and medium.cover.url else {}
        return {"media_type": "REELS", "video_url": medium.url, **cover}
    return {"image_url": medium.url, **({"alt_text": medium.alt} if medium.alt else {})}


def album(item: Item, parts: list[str]) -> dict[str, str]:
    return {"media_type": "CAROUSEL", "children": ",".join(parts), **_caption(item)}


def story(item: Item) -> dict[str, str]:
    """The container of a story: neither a caption, nor a description, nor a cover is taken."""
    medium = item.media[0]
    return {"media_type": "STORIES", "video_url" if medium.is_video else "image_url": medium.url}


def _caption(item: Item) -> dict[str, str]:
    return {"caption": item.text} if item.text else {}


def failed(said: str) -> str:
    return next((words for code, words in FAILURES.items() if code in said), "")


# Posts


def found(node: Mapping[str, Any], channel: Channel) -> Found | None:
    """A post as read; None where the node is not one."""
    native_id, kind = text_of(node, "id"), text_of(node, "media_type")
    if not native_id or not kind:
        return None
    url, alts = link_of(node, "permalink", channel.base_url), _alts(node, kind)
    return Found(native_id, url, words_of(node, "caption"), len(alts), account_of(node, channel), alts)


def _alts(node: Mapping[str, Any], kind: str) -> tuple[str, ...]:
    parts = list_of(object_of(node, "children"), "data") if kind == "CAROUSEL_ALBUM" else [node]
    return tuple(words_of(one, "alt_text") for one in parts)


def same(item: Item, seen: Found) -> bool:
    """Whether a post says what the item says. Videos stand there without their description."""
    media = tuple(replace(medium, alt="") if medium.is_video else medium for medium in item.media)
    return says_the_same(replace(item, media=media), seen)


def same_story(item: Item, seen: Found) -> bool:
    """Stories have no words, and stand there without their description: nothing tells one from another."""
    return not seen.text and seen.media == 1


DIALECT = Dialect(
    name=NAME,
    make="media",
    publish="media_publish",
    quota="content_publishing_limit",
    own="media",
    status="status_code",
    trouble="status",
    fields=MEDIA_FIELDS,
    not_ready=NOT_READY,
    whole=whole,
    part=lambda medium: {**part(medium), "is_carousel_item": "true"},
    album=album,
    failed=failed,
    found=found,
    same=same,
)


# Meta lists current stories by an edge of their own (ig-user/stories), which takes no `since` and names no order.
STORIES = replace(DIALECT, own="stories", whole=story, same=same_story, lasts=STORY_LASTS)


def dialect_of(item: Item) -> Dialect:
    return STORIES if item.story else DIALECT


# What others say, figures, profiles


def comment(node: Mapping[str, Any], under: str) -> Heard | None:
    author = text_of(node, "username", MOST_NAME) or text_of(object_of(node, "from"), "username", MOST_NAME)
    return _heard(node, author, words_of(node, "text"), "", under)


def tagging(node: Mapping[str, Any], base_url: str) -> Heard | None:
    author, url = text_of(node, "username", MOST_NAME), link_of(node, "permalink", base_url)
    return _heard(node, author, words_of(node, "caption"), url, "")


def _heard(node: Mapping[str, Any], author: str, words: str, url: str, under: str) -> Heard | None:
    """Instagram tells of others their names alone."""
    native_id, made_at = text_of(node, "id"), moment_of(node, "timestamp")
    if not native_id or not isinstance(made_at, datetime):
        return None
    return Heard(native_id, url, author, author, words, made_at, under)


def counts(node: Mapping[str, Any]) -> dict[str, int]:
    told = {"reactions": count_of(node, "like_count"), "replies": count_of(node, "comments_count")}
    return {name: value for name, value in told.items() if value is not None}


def profile(node: Mapping[str, Any], base_url: str) -> Profile | None:
    name = text_of(node, "username", MOST_NAME)
    if not name:
        return None
    avatar = link_of(node, "profile_picture_url", base_url, MOST_PICTURE)
    shown = words_of(node, "name") or name
    return Profile(shown, words_of(node, "biography"), avatar, "", page_of(name, base_url))


def account(node: Mapping[str, Any], base_url: str) -> FoundAccount | None:
    """Somebody's account as business discovery tells it."""
    native_id, name = text_of(node, "id", MOST_NAME), text_of(node, "username", MOST_NAME)
    if not native_id or not name:
        return None
    shown, avatar = words_of(node, "name") or name, link_of(node, "profile_picture_url", base_url, MOST_PICTURE)
    return FoundAccount(native_id, name, shown, page_of(name, base_url), words_of(node, "biography"), avatar)


def page_of(name: str, base_url: str) -> str:
    """Where people find an account. A base address of one's own serves its pages too."""
    return f"{SITE if base_url == GRAPH else base_url}/{name}"

"""Between Mercat's words and Threads'. Pure: no call is made here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import regex

from mercat.networks.kit.graph import Words, list_of, moment_of, object_of
from mercat.networks.kit.graph_containers import Dialect, account_of, says_the_same
from mercat.networks.kit.media import media_problems
from mercat.networks.kit.steps import MOST_NAME, MOST_PICTURE, link_of, text_of, words_of
from mercat.networks.kit.text import links
from mercat.networks.port import Channel, Count, Found, FoundAccount, Heard, Item, Medium, Problem, Profile
from mercat.networks.threads.spec import (
    GRAPH,
    MAX_CHARACTERS,
    MAX_LINKS,
    MAX_TAGS,
    MOST_ELONGATED,
    NAME,
    SITE,
    SPEC,
)

WORDS = Words(
    renew="The connection to this Threads account has ended. Connect the account again.",
    forbidden=(
        "Threads no longer lets this connection act for the account: a permission is missing. Connect the account "
        "again and allow everything that is asked."
    ),
    blocked=(
        "Threads holds this account back for now: it took something for spam or for a breach of its rules. Nothing "
        "more is sent until a person has looked at the account's notices there."
    ),
    doubled="Threads says that it has this already. Look whether it is out.",
    refused="Threads refused the post. Its answer says what to change.",
    strange="Threads answered, but not in a way that can be read.",
)

_UNFETCHED = "Threads could not fetch a picture or video from this installation's public address."

# What a code and subcode mean here alone. Meta publishes no table for Threads: these are Instagram's, whose containers
# it shares. What has no line is in kit/graph.py, or refused in the words above.
OWN: dict[tuple[int, int], str] = {
    (-2, 2207003): _UNFETCHED,  # too slowly
    (9004, 2207052): _UNFETCHED,
    (36000, 2207004): "Threads says that a picture is too large. Use one of less than 8 MB.",
    (36001, 2207005): "Threads does not take a picture's format. Use a JPEG or a PNG.",
    (36003, 2207009): "Threads does not take a picture's shape. Crop it.",
}
NOT_READY = frozenset({(9007, 2207027)})
# What a container's error_message tells of failures that trying again does not mend
# (/documentation/threads/troubleshooting).
FAILURES = {"INVALID_ASPEC": "Threads does not take a picture's shape. Crop it."}

MEDIA_FIELDS = "id,text,permalink,timestamp,media_type,owner,username,alt_text,children{id,alt_text}"
LISTED_FIELDS = f"{MEDIA_FIELDS},is_quote_post"
HEARD_FIELDS = "id,text,permalink,timestamp,username"
PROFILE_FIELDS = "id,username,name,threads_profile_picture_url,threads_biography"
LOOKUP_FIELDS = "username,name,profile_picture_url,biography"
# Threads parts what people pass on into three.
METRICS = {
    "views": "views",
    "likes": "reactions",
    "replies": "replies",
    "reposts": "shares",
    "quotes": "shares",
    "shares": "shares",
}

HANDLE = regex.compile(r"[A-Za-z0-9._]{1,30}")
_TAG = regex.compile(r"(?<![\w&#/])#[\p{L}\p{M}\p{N}_]*[\p{L}_][\p{L}\p{M}\p{N}_]*")
_BARE_LINK = regex.compile(r"(?<![\w./@-])www\.[\w-]+(?:\.[\w-]+)+[^\s<>\"]*", regex.IGNORECASE)
_EMOJI = regex.compile(r"\p{Extended_Pictographic}|\p{Regional_Indicator}|\u20E3")


def count(text: str, limits: Mapping[str, int]) -> Count:
    """Characters used: letters one by one, what is shown as an emoji by its UTF-8 bytes. No less than its graphemes."""
    used = sum(_weight(grapheme) for grapheme in regex.findall(r"\X", text))
    return Count(used, MAX_CHARACTERS, "characters")


def _weight(grapheme: str) -> int:
    return len(grapheme.encode("utf-8", "replace")) if _EMOJI.search(grapheme) else len(grapheme)


def check(item: Item, limits: Mapping[str, int]) -> list[Problem]:
    """Every limit of Threads that the item breaks."""
    return [*_text_problems(item), *media_problems(NAME, SPEC.media, item.media), *_shape_problems(item.media)]


def _text_problems(item: Item) -> Iterator[Problem]:
    if not item.text.strip() and not item.media:
        yield Problem("text", "There is neither text nor a picture.")
    used = count(item.text, {}).used
    if used > MAX_CHARACTERS:
        over = used - MAX_CHARACTERS
        yield Problem("text", f"The text has {used:,} characters; {NAME} takes {MAX_CHARACTERS}. Take out {over:,}.")
    if (tags := len(_TAG.findall(item.text))) > MAX_TAGS:
        yield Problem("text", f"The text has {tags} tags; {NAME} takes {MAX_TAGS}. Take out {tags - MAX_TAGS}.")
    if (found := len(_links(item.text))) > MAX_LINKS:
        yield Problem("text", f"The text has {found} links; {NAME} takes {MAX_LINKS}. Take out {found - MAX_LINKS}.")


def _links(text: str) -> set[str]:
    """Different links; Threads counts those without a protocol too."""
    return {span.text for span in links(text)} | {match.group() for match in _BARE_LINK.finditer(text)}


def _shape_problems(media: Sequence[Medium]) -> Iterator[Problem]:
    for n, medium in enumerate(media, 1):
        if medium.is_video:  # it is shown in whatever shape it has
            continue
        long, short = max(medium.width, medium.height), min(medium.width, medium.height)
        if short > 0 and long > MOST_ELONGATED * short:
            size = f"{medium.width:,} by {medium.height:,}"
            yield Problem("media", f"Picture {n} is {size} pixels; {NAME} takes shapes up to 10:1. Crop it.")


# Containers


def whole(item: Item) -> dict[str, str]:
    """The container of words alone, or of one picture or video."""
    if not item.media:
        return {"media_type": "TEXT", **_words(item)}
    return {**part(item.media[0]), **_words(item)}


def part(medium: Medium) -> dict[str, str]:
    alt = {"alt_text": medium.alt} if medium.alt else {}
    if medium.is_video:
        return {"media_type": "VIDEO", "video_url": medium.url, **alt}
    return {"media_type": "IMAGE", "image_url": medium.url, **alt}


def album(item: Item, parts: list[str]) -> dict[str, str]:
    return {"media_type": "CAROUSEL", "children": ",".join(parts), **_words(item)}


def _words(item: Item) -> dict[str, str]:
    """The text, and which post it answers. A tag in the text is the post's topic: no `topic_tag` is given beside it."""
    text = {"text": item.text} if item.text else {}
    return {**text, "reply_to_id": item.thread.after} if item.thread else text


def failed(said: str) -> str:
    return next((words for name, words in FAILURES.items() if name in said), "")


# Posts


def found(node: Mapping[str, Any], channel: Channel) -> Found | None:
    """A post as read; None where the node is not one."""
    native_id, kind = text_of(node, "id"), text_of(node, "media_type")
    if not native_id or not kind:
        return None
    url, alts = link_of(node, "permalink", channel.base_url), _alts(node, kind)
    return Found(native_id, url, words_of(node, "text"), len(alts), account_of(node, channel), alts)


def _alts(node: Mapping[str, Any], kind: str) -> tuple[str, ...]:
    if kind in {"TEXT_POST", "REPOST_FACADE"}:
        return ()
    parts = list_of(object_of(node, "children"), "data") if kind == "CAROUSEL_ALBUM" else [node]
    return tuple(words_of(one, "alt_text") for one in parts)


def only_passes_on(node: Mapping[str, Any], post: Found) -> bool:
    """Whether a post is another's: reposted, or quoted without a word or picture of one's own."""
    if text_of(node, "media_type") == "REPOST_FACADE":
        return True
    return node.get("is_quote_post") is True and not post.text.strip() and not post.media


DIALECT = Dialect(
    name=NAME,
    make="threads",
    publish="threads_publish",
    quota="threads_publishing_limit",
    own="threads",
    status="status",
    trouble="error_message",
    fields=MEDIA_FIELDS,
    not_ready=NOT_READY,
    whole=whole,
    part=lambda medium: {**part(medium), "is_carousel_item": "true"},
    album=album,
    failed=failed,
    found=found,
    same=says_the_same,
    answers="replies",
)


# What others say, figures, profiles


def heard(node: Mapping[str, Any], base_url: str, under: str = "") -> Heard | None:
    """A reply or a mention. Threads tells of others their names alone."""
    native_id, made_at, author = text_of(node, "id"), moment_of(node, "timestamp"), text_of(node, "username", MOST_NAME)
    if not native_id or made_at is None:
        return None
    url = link_of(node, "permalink", base_url)
    return Heard(native_id, url, author, author, words_of(node, "text"), made_at, under)


def profile(node: Mapping[str, Any], base_url: str) -> Profile | None:
    name = text_of(node, "username", MOST_NAME)
    if not name:
        return None
    avatar = link_of(node, "threads_profile_picture_url", base_url, MOST_PICTURE)
    shown = words_of(node, "name") or name
    return Profile(shown, words_of(node, "threads_biography"), avatar, "", page_of(name, base_url))


def account(node: Mapping[str, Any], base_url: str) -> FoundAccount | None:
    """Somebody's account as a look-up tells it. It tells no number, so the name stands for it."""
    name = text_of(node, "username", MOST_NAME)
    if not name:
        return None
    shown, avatar = words_of(node, "name") or name, link_of(node, "profile_picture_url", base_url, MOST_PICTURE)
    return FoundAccount(name, name, shown, page_of(name, base_url), words_of(node, "biography"), avatar)


def page_of(name: str, base_url: str) -> str:
    """Where people find an account. A base address of one's own serves its pages too."""
    return f"{SITE if base_url == GRAPH else base_url}/@{name}"

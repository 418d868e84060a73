"""Between Mercat's words and Facebook's. Pure: no call is made here."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mercat.networks.facebook.spec import MAX_CHARACTERS, NAME, SPEC
from mercat.networks.kit.graph import Words, count_of, list_of, moment_of, object_of
from mercat.networks.kit.media import media_problems
from mercat.networks.kit.steps import MOST_NAME, MOST_PICTURE, link_of, text_of, words_of
from mercat.networks.kit.text import links, squashed
from mercat.networks.port import Count, Found, Heard, Item, Problem, Profile

WORDS = Words(
    renew="The connection to this Facebook page has ended. Connect the page again.",
    forbidden=(
        "Facebook no longer lets this connection act for the page: a permission or the person's role on the page is "
        "missing. Connect the page again as somebody who may manage it."
    ),
    blocked=(
        "Facebook holds this page back for now: it took something for a breach of its rules. Nothing more is sent "
        "until a person has looked at the page's notices there."
    ),
    doubled="Facebook says that the page has already said just this. Look whether it is out.",
    refused="Facebook refused the post. Its answer says what to change.",
    strange="Facebook answered, but not in a way that can be read.",
)

# What a code and subcode mean here alone; what has no line is in kit/graph.py, or refused in the words above.
OWN: dict[tuple[int, int], str] = {
    (100, 2069019): "Facebook says that a picture is damaged. Use another file.",
    (324, 2069019): "Facebook says that a picture is damaged. Use another file.",
    (1609005, 0): "Facebook could not read the page that the link leads to. Check the link.",
}

POST_FIELDS = (
    "id,message,created_time,permalink_url,from,attachments{media_type,target,subattachments{media_type,target}}"
)
COMMENT_FIELDS = "id,message,created_time,permalink_url,from"
TAGGED_FIELDS = "id,message,created_time,permalink_url,from"
FIGURE_FIELDS = "comments.limit(0).summary(total_count),reactions.limit(0).summary(total_count),shares"
PROFILE_FIELDS = "name,about,link,picture,cover"
# Since 15 November 2025 impressions are no more: views, and people reached.
METRICS = {"post_media_view": "views", "post_total_media_view_unique": "reach", "post_clicks": "clicks"}


def count(text: str, limits: Mapping[str, int]) -> Count:
    """Characters used."""
    return Count(len(text), MAX_CHARACTERS, "characters")


def check(item: Item, limits: Mapping[str, int]) -> list[Problem]:
    """Every limit of Facebook that the item breaks."""
    return [*_text_problems(item), *media_problems(NAME, SPEC.media, item.media)]


def _text_problems(item: Item) -> Iterator[Problem]:
    if not item.text.strip() and not item.media:
        yield Problem("text", "There is neither text nor a picture.")
    if len(item.text) > MAX_CHARACTERS:
        used, over = len(item.text), len(item.text) - MAX_CHARACTERS
        yield Problem("text", f"The text has {used:,} characters; {NAME} takes {MAX_CHARACTERS:,}. Take out {over:,}.")


# Posts


def photo(alt: str) -> dict[str, str]:
    """A picture that nobody sees until a post holds it."""
    return {"published": "false", **({"alt_text_custom": alt} if alt else {})}


def post(item: Item, photo_ids: Sequence[str]) -> dict[str, str]:
    """The form that publishes the item. Without pictures, its first link is shown as a card."""
    form = {"message": item.text} if item.text else {}
    if photo_ids:
        return form | {f"attached_media[{n}]": json.dumps({"media_fbid": one}) for n, one in enumerate(photo_ids)}
    found = links(item.text)
    return form | ({"link": found[0].text} if found else {})


def found(node: Mapping[str, Any], alts: tuple[str, ...], base_url: str) -> Found | None:
    """A post as read; None where the node is not one. `alts` are told apart from it, photo by photo."""
    native_id, account = text_of(node, "id"), text_of(object_of(node, "from"), "id")
    if not native_id or not account:
        return None
    url = link_of(node, "permalink_url", base_url)
    return Found(native_id, url, words_of(node, "message"), len(photos_of(node)), account, alts)


def photos_of(node: Mapping[str, Any]) -> list[str]:
    """The ids of a post's photos, in their order; "" for one whose id is not told."""
    return [text_of(object_of(one, "target"), "id") for one in _parts(node) if one.get("media_type") == "photo"]


def _parts(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """An album's parts, or else the attachment itself."""
    for attachment in list_of(object_of(node, "attachments"), "data"):
        yield from list_of(object_of(attachment, "subattachments"), "data") or [attachment]


def alt_of(photo: Mapping[str, Any]) -> str:
    return words_of(photo, "alt_text_custom")


def may_be(item: Item, node: Mapping[str, Any]) -> bool:
    """Whether a post has the item's words and number of pictures: then their descriptions are worth asking for."""
    return _same_words(item, words_of(node, "message")) and len(photos_of(node)) == len(item.media)


def _same_words(item: Item, message: str) -> bool:
    return squashed(item.text) == squashed(message)


def same(item: Item, found: Found) -> bool:
    """Whether a post says what the item says: text, pictures and their descriptions."""
    alts = tuple(squashed(medium.alt) for medium in item.media)
    same_media = found.media == len(item.media) and tuple(map(squashed, found.alts)) == alts
    return same_media and _same_words(item, found.text)


# What others say, and figures


def heard(node: Mapping[str, Any], base_url: str, under: str = "") -> Heard | None:
    """A comment, or a post that names the page; None where it is not one. Facebook may hide who wrote it."""
    native_id, made_at, author = text_of(node, "id"), moment_of(node, "created_time"), object_of(node, "from")
    if not native_id or made_at is None:
        return None
    name, url = words_of(author, "name")[:MOST_NAME], link_of(node, "permalink_url", base_url)
    return Heard(native_id, url, text_of(author, "id", MOST_NAME), name, words_of(node, "message"), made_at, under)


def author_of(node: Mapping[str, Any]) -> str:
    return text_of(object_of(node, "from"), "id")


def counts(node: Mapping[str, Any]) -> dict[str, int]:
    """What a post's own fields count. A post that nobody shared has no `shares`."""
    told = {
        "replies": count_of(object_of(object_of(node, "comments"), "summary"), "total_count"),
        "reactions": count_of(object_of(object_of(node, "reactions"), "summary"), "total_count"),
        "shares": count_of(object_of(node, "shares"), "count") if "shares" in node else 0,
    }
    return {name: value for name, value in told.items() if value is not None}


def profile(node: Mapping[str, Any], base_url: str) -> Profile | None:
    name = words_of(node, "name")
    if not name:
        return None
    avatar = link_of(object_of(object_of(node, "picture"), "data"), "url", base_url, MOST_PICTURE)
    banner = link_of(object_of(node, "cover"), "source", base_url, MOST_PICTURE)
    return Profile(name, words_of(node, "about"), avatar, banner, link_of(node, "link", base_url))

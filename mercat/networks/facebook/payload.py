"""Between Mercat's words and Facebook's. Pure: no call is made here."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import httpx
import regex

from mercat.networks.facebook.spec import (
    MAX_CHARACTERS,
    NAME,
    REEL_HEIGHT,
    REEL_SECONDS,
    REEL_SHAPE,
    REEL_TOLERANCE,
    REEL_WIDTH,
    SPEC,
)
from mercat.networks.kit.graph import Kind, Words, count_of, fault_of, list_of, moment_of, object_of
from mercat.networks.kit.media import media_problems
from mercat.networks.kit.steps import MOST_NAME, MOST_PICTURE, fields_of, link_of, text_of, words_of
from mercat.networks.kit.text import links, squashed
from mercat.networks.port import Count, Found, Heard, Item, Medium, Problem, Profile

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
    (352, 1363024): "Facebook cannot read this video. Use another file.",
    (1609005, 0): "Facebook could not read the page that the link leads to. Check the link.",
}
# Subcodes of an upload that is over before all of it came (documentation/video-api/reference/error-codes): timed out,
# or to be begun again.
_UPLOAD_OVER = frozenset({1363019, 1363030, 1363033})
_WRONG_OFFSET = 1363037  # the answer tells which bytes are wanted instead
# Of a reel: shape, resolution, length and frame rate (documentation/video-api/guides/reels-publishing, which does not
# say under which code, nor whether they come at the end or with the status of a failed one).
_NO_REEL = frozenset({1363040, 1363127, 1363128, 1363129})

POST_FIELDS = (
    "id,message,created_time,permalink_url,from,attachments{media_type,target,subattachments{media_type,target}}"
)
LISTED_FIELDS = "id,message,created_time,permalink_url,from,parent_id"
REEL_FIELDS = "id,description,created_time,permalink_url,post_id,published"
COMMENT_FIELDS = "id,message,created_time,permalink_url,from"
TAGGED_FIELDS = "id,message,created_time,permalink_url,from"
VIDEO_FIELDS = "status,published,post_id"
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
    return Found(native_id, url, words_of(node, "message"), len(media_of(node)), account, alts)


def only_passes_on(node: Mapping[str, Any]) -> bool:
    """Whether a post is another's, shared without a word."""
    return bool(text_of(node, "parent_id")) and not words_of(node, "message").strip()


def media_of(node: Mapping[str, Any]) -> list[str]:
    """The ids of a post's photos, in their order; "" for a video, which has no description, and where none is told."""
    kinds = ((text_of(one, "media_type"), one) for one in _parts(node))
    shown = [(kind, one) for kind, one in kinds if kind in {"photo", "video"}]
    return [text_of(object_of(one, "target"), "id") if kind == "photo" else "" for kind, one in shown]


def _parts(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """An album's parts, or else the attachment itself."""
    for attachment in list_of(object_of(node, "attachments"), "data"):
        yield from list_of(object_of(attachment, "subattachments"), "data") or [attachment]


def alt_of(photo: Mapping[str, Any]) -> str:
    return words_of(photo, "alt_text_custom")


def may_be(item: Item, node: Mapping[str, Any]) -> bool:
    """Whether a post has the item's words and number of pictures: then their descriptions are worth asking for."""
    return reads_as(item.text, words_of(node, "message")) and len(media_of(node)) == len(item.media)


def reads_as(words: str, shown: str) -> bool:
    return squashed(words) == squashed(shown)


def same(item: Item, found: Found) -> bool:
    """Whether a post says what the item says: text, pictures and their descriptions. Videos go there without one."""
    alts = tuple("" if medium.is_video else squashed(medium.alt) for medium in item.media)
    same_media = found.media == len(item.media) and tuple(map(squashed, found.alts)) == alts
    return same_media and reads_as(item.text, found.text)


# Videos

SRT = "application/x-subrip"
_NUMBER = regex.compile(r"[0-9]{1,15}")


def described(item: Item) -> dict[str, str]:
    return {"description": item.text} if item.text else {}


def asked_for(answer: Mapping[str, Any], size: int) -> tuple[int, int] | None:
    """Which bytes Facebook asks for next, of a video of this size; None where it does not say.

    It writes them as text where others write numbers; either is read."""
    told = [str(answer.get(name)) for name in ("start_offset", "end_offset")]
    if not all(map(_NUMBER.fullmatch, told)):
        return None
    start, end = map(int, told)
    return (start, end) if start <= end <= size else None


def asked_instead(response: httpx.Response, size: int) -> tuple[int, int] | None:
    """Which bytes are wanted instead of those that came; None where that is not what the answer says."""
    fault = fault_of(response)
    if fault is None or fault.subcode != _WRONG_OFFSET:
        return None
    return asked_for(object_of(object_of(fields_of(response), "error"), "error_data"), size)


def is_upload_over(response: httpx.Response) -> bool:
    fault = fault_of(response)
    return bool(fault and fault.subcode in _UPLOAD_OVER)


def _status(node: Mapping[str, Any], phase: str = "") -> Mapping[str, Any]:
    """The video's status (VideoStatus.json, v25.0), or that of one of its phases."""
    status = object_of(node, "status")
    return object_of(status, phase) if phase else status


def _state(node: Mapping[str, Any], phase: str = "") -> str:
    return text_of(_status(node, phase), "status" if phase else "video_status")


def is_uploading(node: Mapping[str, Any]) -> bool:
    return _state(node) in {"", "uploading"}


def has_failed(node: Mapping[str, Any]) -> bool:
    """A phase that has not started may tell of an error all the same."""
    if _state(node) == "error":
        return True
    phases = ("uploading_phase", "processing_phase", "publishing_phase")
    return any(_state(node, phase) == "error" or _status(node, phase).get("error") for phase in phases)


def is_out(node: Mapping[str, Any]) -> bool:
    return _state(node) == "ready" and node.get("published") is not False


# Reels


def is_reel(medium: Medium) -> bool:
    """Whether a video goes as a reel: upright, large and short enough. The shape alone decides."""
    if medium.width < REEL_WIDTH or medium.height < REEL_HEIGHT:
        return False
    shortest, longest = REEL_SECONDS
    upright = abs(medium.width / medium.height / REEL_SHAPE - 1) <= REEL_TOLERANCE
    return upright and shortest <= medium.seconds <= longest


def is_no_reel(response: httpx.Response) -> bool:
    """Whether a video is refused as a reel for what it is, and not as a video."""
    fault = fault_of(response)
    return bool(fault and (fault.subcode in _NO_REEL or fault.code in _NO_REEL))


def is_reel_over(response: httpx.Response) -> bool:
    """Whether the address at which a reel is handed over has no use for more of it."""
    fault = fault_of(response)
    if fault is None:
        return False
    kind = text_of(object_of(fields_of(response), "debug_info"), "type")
    return kind == "ProcessingFailedError" or fault.kind is Kind.GONE or is_upload_over(response)


def is_upload_lost(node: Mapping[str, Any]) -> bool:
    return _state(node) in {"expired", "upload_failed"} or _state(node, "uploading_phase") == "error"


def reached(node: Mapping[str, Any], size: int) -> int | None:
    """How many bytes of a reel of this size have come; None where that is not told.

    Meta's pages and its specs spell both the number's name and “complete” differently."""
    phase = _status(node, "uploading_phase")
    state = text_of(phase, "status")
    if state in {"complete", "completed"} or _state(node) == "upload_complete":
        return size
    told = [count_of(phase, name) for name in ("bytes_transferred", "bytes_transfered")]
    known = [number for number in told if number is not None and number <= size]
    return known[0] if known else 0 if state == "not_started" else None


def is_published(node: Mapping[str, Any]) -> bool:
    """A reel that is “ready” may be a draft still."""
    return node.get("published") is True or text_of(_status(node, "publishing_phase"), "publish_status") == "published"


def is_being_published(node: Mapping[str, Any]) -> bool:
    return is_published(node) or _state(node, "publishing_phase") in {"in_progress", "complete", "completed"}


def post_of_video(node: Mapping[str, Any], page: str) -> str:
    """The id of a video's post. Where Facebook does not tell it, the post goes by the video's own number."""
    number = text_of(node, "post_id") or text_of(node, "id")
    return number if "_" in number else f"{page}_{number}"


# A language of ours as Facebook's locales name it (captions' file names: docs/graph-api/reference/video/captions).
_LOCALES = {"en": "en_GB", "cy": "cy_GB", "ga": "ga_IE", "uk": "uk_UA", "ar": "ar_AR", "zh": "zh_CN", "ur": "ur_PK"}


def locale_of(language: str) -> str:
    short = language.partition("-")[0].lower()
    return _LOCALES.get(short, f"{short}_{short.upper()}")


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

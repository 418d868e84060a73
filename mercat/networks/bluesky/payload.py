"""Between Mercat's words and the AT Protocol's. Pure: no call is made here."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx
import regex

from mercat.networks.bluesky.spec import (
    APP,
    MAX_BIO,
    MAX_BYTES,
    MAX_CAPTIONS,
    MAX_GRAPHEMES,
    MAX_NAME,
    MAX_PROFILE_PICTURE,
    MAX_TAG_BYTES,
    MAX_TAG_GRAPHEMES,
    NAME,
    PROFILE_MIMES,
    SPEC,
)
from mercat.networks.bluesky.tid import moment_of, tid
from mercat.networks.kit.media import media_problems, megabytes
from mercat.networks.kit.steps import fields_of, link_of, quoted, text_of, words_of
from mercat.networks.kit.text import Span, byte_slice, graphemes, links
from mercat.networks.port import (
    Channel,
    Count,
    Figures,
    Found,
    FoundAccount,
    Heard,
    Item,
    Medium,
    NewProfile,
    Outcome,
    Problem,
    Profile,
    Reconnect,
    Refused,
    Standing,
    Unsure,
)

POST = "app.bsky.feed.post"
PROFILE = "app.bsky.actor.profile"
VTT = "text/vtt"
IMPERSONATION = "tools.ozone.report.defs#reasonMisleadingImpersonation"  # of lexicon com.atproto.moderation.defs

RENEW = "The connection to Bluesky has ended. Connect the account again with a new app password."

# Error codes of a clean refusal (400 to 499), and what each means for the post. The server's own words go along as
# detail. Codes without a line here are Refused. A stale token is answered in session.py before it comes here.
ERRORS: dict[str, type[Refused | Reconnect | Unsure]] = {
    "AuthenticationRequired": Reconnect,
    "AuthMissing": Reconnect,
    "ExpiredToken": Reconnect,
    "InvalidToken": Reconnect,
    "AccountTakedown": Reconnect,
    "AccountDeactivated": Reconnect,
    "RepoTakendown": Reconnect,
    "RepoSuspended": Reconnect,
    "RepoDeactivated": Reconnect,
    "InvalidRequest": Refused,
    "BlobTooLarge": Refused,
    "PayloadTooLarge": Refused,
    "InvalidMimeType": Refused,
    # Something else stands under our record key. It may be this post, written with other mentions: look.
    "InvalidSwap": Unsure,
}
_WORDS = {
    Refused: "Bluesky refused this as it stands. Its answer says what to change.",
    Reconnect: RENEW,
    Unsure: "Something already stands on Bluesky where this post belongs.",
}
SUSPENDED = "Bluesky has suspended or closed this account. Its owner must settle that with Bluesky."
SUSPENSIONS = {"AccountTakedown", "AccountDeactivated", "RepoTakendown", "RepoSuspended", "RepoDeactivated"}


def refusal(response: httpx.Response, secrets: Iterable[str]) -> Outcome:
    """The outcome of a clean refusal."""
    answer = fields_of(response)
    code = text_of(answer, "error")
    kind = ERRORS.get(code, Reconnect if response.status_code == 401 else Refused)
    if kind is Refused:
        return Refused(_WORDS[kind], quoted(words_of(answer, "message") or code, secrets))
    return kind(SUSPENDED if code in SUSPENSIONS else _WORDS[kind])


# Counting and limits


def count(text: str, limits: Mapping[str, int]) -> Count:
    """Graphemes used. The limit of bytes is met only by texts made of many-part characters; `check` names it."""
    return Count(graphemes(text), MAX_GRAPHEMES, "characters")


def check(item: Item, limits: Mapping[str, int]) -> list[Problem]:
    """Every limit of Bluesky that the item breaks."""
    return [*_text_problems(item), *media_problems(NAME, SPEC.media, item.media), *_caption_problems(item)]


def _caption_problems(item: Item) -> Iterator[Problem]:
    for medium in item.media:
        if medium.is_video and (size := len(medium.captions.encode("utf-8", "replace"))) > MAX_CAPTIONS:
            said = f"The captions of the video take {size:,} bytes; {NAME} takes {MAX_CAPTIONS:,}. Make them shorter."
            yield Problem("media", said)


def _text_problems(item: Item) -> Iterator[Problem]:
    if not item.text.strip() and not item.media:
        yield Problem("text", "There is neither text nor a picture.")
    used, size = graphemes(item.text), len(item.text.encode())
    if used > MAX_GRAPHEMES:
        over = used - MAX_GRAPHEMES
        yield Problem("text", f"The text has {used:,} characters; {NAME} takes {MAX_GRAPHEMES}. Take out {over:,}.")
    elif size > MAX_BYTES:
        yield Problem(
            "text",
            f"The text takes {size:,} bytes; {NAME} takes {MAX_BYTES:,}. Some emoji and accented letters take many: "
            "use fewer of them.",
        )


# Facets: what in the text is a link, a mention, a tag

# A handle by the rules of the protocol; the last part does not begin with a digit.
_LABEL = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
HANDLE = rf"(?:{_LABEL}\.)+[a-zA-Z](?:[a-zA-Z0-9-]{{0,61}}[a-zA-Z0-9])?"
_MENTION = regex.compile(rf"(?<![\w/.@])@({HANDLE})(?![\w@-])")
_TAG = regex.compile(r"(?<!\S)[#＃](?!\uFE0F|\u20E3)([^\s\u00AD\u2060\u200A-\u200D\u20E2]+)")
_NOT_IN_TAG_END = regex.compile(r"\p{P}+$")


def mentions(text: str) -> list[Span]:
    """Every @handle; the span's text is the handle in lower case, as the protocol compares them."""
    inside = links(text)
    found = [Span(match.start(), match.end(), match.group(1).lower()) for match in _MENTION.finditer(text)]
    return [span for span in found if len(span.text) <= 253 and not any(span.overlaps(link) for link in inside)]


def tags(text: str) -> list[Span]:
    """Every #tag; the span's text is the tag without its mark. A number alone is no tag."""
    found = (_tag(match.start(), match.group(1)) for match in _TAG.finditer(text))
    return [span for span in found if span is not None]


def _tag(start: int, found: str) -> Span | None:
    tag = _NOT_IN_TAG_END.sub("", found)
    if not regex.search(r"[^\d\p{P}]", tag):
        return None
    if graphemes(tag) > MAX_TAG_GRAPHEMES or len(tag.encode()) > MAX_TAG_BYTES:
        return None
    return Span(start, start + 1 + len(tag), tag)


def facets(text: str, dids: Mapping[str, str]) -> list[dict[str, Any]]:
    """The facets of a text, in order. A mention whose handle is not in `dids` stays plain text."""
    marked = [(span, {"$type": "app.bsky.richtext.facet#link", "uri": span.text}) for span in links(text)]
    marked += [(span, {"$type": "app.bsky.richtext.facet#tag", "tag": span.text}) for span in tags(text)]
    marked += [
        (span, {"$type": "app.bsky.richtext.facet#mention", "did": dids[span.text]})
        for span in mentions(text)
        if span.text in dids
    ]
    return [_facet(text, span, feature) for span, feature in sorted(marked, key=lambda pair: pair[0].start)]


def _facet(text: str, span: Span, feature: dict[str, str]) -> dict[str, Any]:
    start, end = byte_slice(text, span)
    return {"index": {"byteStart": start, "byteEnd": end}, "features": [feature]}


# Records


def record(
    item: Item,
    dids: Mapping[str, str],
    blobs: list[dict[str, Any]],
    captions: dict[str, Any] | None = None,
    reply: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The post as a record, `captions` those of its video, `reply` what it answers. The same item, mentions, blobs and
    answered posts always give the same."""
    made: dict[str, Any] = {
        "$type": POST,
        "text": item.text,
        "createdAt": moment(item.created_at),
        "langs": [item.language],
    }
    if reply:
        made["reply"] = reply
    if marked := facets(item.text, dids):
        made["facets"] = marked
    if item.media and item.media[0].is_video:
        made["embed"] = _video(item, blobs[0], captions)
    elif item.media:
        images = [_image(medium, blob) for medium, blob in zip(item.media, blobs, strict=True)]
        made["embed"] = {"$type": "app.bsky.embed.images", "images": images}
    return made


def moment(at: datetime) -> str:
    """A datetime as the lexicons write it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _image(medium: Medium, blob: dict[str, Any]) -> dict[str, Any]:
    return {"alt": medium.alt, "image": blob, **_shape(medium)}


def _shape(medium: Medium) -> dict[str, Any]:
    known = medium.width > 0 and medium.height > 0
    return {"aspectRatio": {"width": medium.width, "height": medium.height}} if known else {}


def _video(item: Item, blob: dict[str, Any], captions: dict[str, Any] | None) -> dict[str, Any]:
    """As lexicon app.bsky.embed.video has it."""
    medium = item.media[0]
    told = {"captions": [{"lang": item.language, "file": captions}]} if captions else {}
    return {"$type": "app.bsky.embed.video", "video": blob, "alt": medium.alt, **_shape(medium), **told}


def blob_of(response: httpx.Response) -> dict[str, Any] | None:
    """The blob of an upload's answer, if it is one that a record can hold."""
    return blob_in(fields_of(response))


def blob_in(fields: Mapping[str, Any]) -> dict[str, Any] | None:
    blob = fields.get("blob")
    reference = blob.get("ref") if isinstance(blob, dict) else None
    named = isinstance(reference, dict) and isinstance(reference.get("$link"), str)
    return blob if isinstance(blob, dict) and named else None


def job_of(response: httpx.Response) -> Mapping[str, Any]:
    """A video's job. The lexicon has it inside `jobStatus`; the service has been met to answer without."""
    answer = fields_of(response)
    return _object(answer, "jobStatus") or answer


def stored_blob(note: str | None) -> dict[str, Any] | None:
    """A blob as noted after its upload; None where none is."""
    return json.loads(note) if note else None


# Addresses


def uri_of(did: str, item: Item) -> str:
    """Where the item stands, before it does."""
    return f"at://{did}/{POST}/{tid(item.created_at, item.key)}"


def permalink(channel: Channel, uri: str) -> str:
    """Where people read it."""
    return f"{page_of(channel, channel.handle)}/post/{key_of(uri)}"


def page_of(channel: Channel, handle: str) -> str:
    """Where people see an account: of a server without https, which is not part of the public network, on its own."""
    app = APP if channel.base_url.startswith("https://") else channel.base_url.rstrip("/")
    return f"{app}/profile/{handle}"


def key_of(uri: str) -> str:
    return uri.rpartition("/")[2]


def found(response: httpx.Response, channel: Channel) -> Found | None:
    """A record as read; None where the answer is not one."""
    answer = fields_of(response)
    uri, value = text_of(answer, "uri"), answer.get("value")
    if not uri.startswith("at://") or not isinstance(value, dict) or not isinstance(value.get("text"), str):
        return None
    alts = _alts(value.get("embed"))
    account = uri.removeprefix("at://").partition("/")[0]
    return Found(uri, permalink(channel, uri), value["text"], len(alts), account, alts)


def standing(record: Mapping[str, Any], channel: Channel) -> Standing | None:
    """A record of a list as a post that stands there; None where it is not one of this account's."""
    uri, made_at = text_of(record, "uri"), moment_of(key_of(text_of(record, "uri")))
    if not uri.startswith(f"at://{channel.native_id}/{POST}/") or made_at is None:
        return None
    return Standing(uri, permalink(channel, uri), words_of(_object(record, "value"), "text"), made_at)


def only_passes_on(record: Mapping[str, Any]) -> bool:
    """Whether a post is another's, quoted without a word."""
    value = _object(record, "value")
    quoted = text_of(_object(value, "embed"), "$type") == "app.bsky.embed.record"
    return quoted and not words_of(value, "text").strip()


def _alts(embed: Any) -> tuple[str, ...]:
    if isinstance(embed, dict) and isinstance(embed.get("video"), dict):
        return (words_of(embed, "alt"),)
    images = embed.get("images") if isinstance(embed, dict) else None
    if not isinstance(images, list):
        return ()
    return tuple(words_of(image, "alt") if isinstance(image, dict) else "" for image in images)


# Profiles


def profile_problems(new: NewProfile) -> Iterator[str]:
    """Every limit of Bluesky that a new profile breaks."""
    for name, value, (most, size) in (("name", new.name, MAX_NAME), ("bio", new.bio, MAX_BIO)):
        if value is not None and (graphemes(value) > most or len(value.encode()) > size):
            yield f"The {name} has {graphemes(value):,} characters; {NAME} takes {most}. Make it shorter."
    for name, medium in (("profile picture", new.avatar), ("banner", new.banner)):
        if medium and medium.mime not in PROFILE_MIMES:
            yield f"The {name} is of a kind that {NAME} does not take. It takes JPEG, PNG."
        if medium and medium.size > MAX_PROFILE_PICTURE:
            limit = megabytes(MAX_PROFILE_PICTURE)
            yield f"The {name} has {megabytes(medium.size)} MB; {NAME} takes up to {limit} MB. Use a smaller one."


def profile_record(answer: Mapping[str, Any]) -> tuple[dict[str, Any], str | None] | None:
    """The record of a profile and its version, from a list of all that an account has: at most one. An account that
    never set anything has none. None where the answer is no such list."""
    records = answer.get("records")
    if not isinstance(records, list):
        return None
    if not records:
        return {}, None
    first = records[0] if isinstance(records[0], dict) else {}
    value, cid = first.get("value"), text_of(first, "cid")
    return (value, cid) if isinstance(value, dict) and cid else None


def changed(record: Mapping[str, Any], new: NewProfile, blobs: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """A profile's record with what is new; what else it holds stays."""
    words = {"displayName": new.name, "description": new.bio}
    told = {name: value for name, value in words.items() if value is not None}
    return {**record, "$type": PROFILE, **told, **blobs}


def profile(record: Mapping[str, Any], channel: Channel) -> Profile:
    avatar, banner = (_blob_address(record.get(name), channel) for name in ("avatar", "banner"))
    url = page_of(channel, channel.handle)
    return Profile(words_of(record, "displayName"), words_of(record, "description"), avatar, banner, url)


def _blob_address(blob: Any, channel: Channel) -> str:
    """Where the account's own server gives a picture; empty where there is none."""
    reference = blob.get("ref") if isinstance(blob, dict) else None
    cid = text_of(reference, "$link") if isinstance(reference, dict) else ""
    if not regex.fullmatch(r"[A-Za-z0-9]+", cid):
        return ""
    return f"{channel.base_url.rstrip('/')}/xrpc/com.atproto.sync.getBlob?did={channel.native_id}&cid={cid}"


# Around a post

_URI = regex.compile(r"at://did:[a-z]+:[A-Za-z0-9._:%-]+/[A-Za-z0-9.-]+/[A-Za-z0-9._:~-]{1,512}")


def figures(answer: Mapping[str, Any], uri: str) -> Figures | None:
    """What the network counts of a post; None where it does not show it."""
    posts = answer.get("posts")
    post = posts[0] if isinstance(posts, list) and posts and isinstance(posts[0], dict) else {}
    if text_of(post, "uri") != uri:
        return None
    names = {"replyCount": "replies", "likeCount": "reactions", "bookmarkCount": "saves"}
    counts = {ours: post[theirs] for theirs, ours in names.items() if _is_count(post.get(theirs))}
    shared = [post[name] for name in ("repostCount", "quoteCount") if _is_count(post.get(name))]
    return Figures({**counts, **({"shares": sum(shared)} if shared else {})})


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def heard(view: Any, channel: Channel, under: str | None = None) -> Heard | None:
    """A post of somebody else's, as a notification or a thread shows it; None where it is not one.

    Its moment is when the network saw it: what a record says of itself is its author's word.
    """
    if not isinstance(view, dict):
        return None
    author, record, made = _object(view, "author"), _object(view, "record"), seen_at(view)
    uri, handle = text_of(view, "uri"), text_of(author, "handle")
    if not _URI.fullmatch(uri) or not regex.fullmatch(HANDLE, handle) or made is None:
        return None
    if text_of(author, "did") == channel.native_id:
        return None
    stands_under = text_of(_object(_object(record, "reply"), "parent"), "uri") if under is None else under
    url = f"{page_of(channel, handle)}/post/{key_of(uri)}"
    return Heard(uri, url, handle, words_of(author, "displayName"), words_of(record, "text"), made, stands_under)


def seen_at(view: Mapping[str, Any]) -> datetime | None:
    try:
        at = datetime.fromisoformat(text_of(view, "indexedAt"))
    except ValueError:
        return None
    return at if at.tzinfo else None


def _object(fields: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = fields.get(name)
    return value if isinstance(value, dict) else {}


def account(view: Any, channel: Channel) -> FoundAccount | None:
    """An account as a search tells it; None where it is not one."""
    if not isinstance(view, dict):
        return None
    did, handle = text_of(view, "did"), text_of(view, "handle")
    if not did.startswith("did:") or not regex.fullmatch(HANDLE, handle):
        return None
    name, bio = words_of(view, "displayName"), words_of(view, "description")
    return FoundAccount(did, handle, name, page_of(channel, handle), bio, link_of(view, "avatar", channel.base_url))

"""Between Mercat's words and the AT Protocol's. Pure: no call is made here."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx
import regex

from mercat.networks.bluesky.spec import APP, MAX_BYTES, MAX_GRAPHEMES, MAX_TAG_BYTES, MAX_TAG_GRAPHEMES, NAME, SPEC
from mercat.networks.bluesky.tid import tid
from mercat.networks.kit.media import media_problems
from mercat.networks.kit.steps import fields_of, quoted, text_of, words_of
from mercat.networks.kit.text import Span, byte_slice, graphemes, links
from mercat.networks.port import Channel, Count, Found, Item, Medium, Outcome, Problem, Reconnect, Refused, Unsure

POST = "app.bsky.feed.post"

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
    Refused: "Bluesky refused the post. Its answer says what to change.",
    Reconnect: RENEW,
    Unsure: "Something already stands on Bluesky where this post belongs.",
}
SUSPENDED = "Bluesky has suspended or closed this account. Its owner must settle that with Bluesky."
_SUSPENSIONS = {"AccountTakedown", "AccountDeactivated", "RepoTakendown", "RepoSuspended", "RepoDeactivated"}


def refusal(response: httpx.Response, secrets: Iterable[str]) -> Outcome:
    """The outcome of a clean refusal."""
    answer = fields_of(response)
    code = text_of(answer, "error")
    kind = ERRORS.get(code, Reconnect if response.status_code == 401 else Refused)
    if kind is Refused:
        return Refused(_WORDS[kind], quoted(words_of(answer, "message") or code, secrets))
    return kind(SUSPENDED if code in _SUSPENSIONS else _WORDS[kind])


# Counting and limits


def count(text: str, limits: Mapping[str, int]) -> Count:
    """Graphemes used. The limit of bytes is met only by texts made of many-part characters; `check` names it."""
    return Count(graphemes(text), MAX_GRAPHEMES, "characters")


def check(item: Item, limits: Mapping[str, int]) -> list[Problem]:
    """Every limit of Bluesky that the item breaks."""
    return [*_text_problems(item), *media_problems(NAME, SPEC.media, item.media)]


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


def record(item: Item, dids: Mapping[str, str], blobs: list[dict[str, Any]]) -> dict[str, Any]:
    """The post as a record. The same item, mentions and blobs always give the same record."""
    made: dict[str, Any] = {
        "$type": POST,
        "text": item.text,
        "createdAt": moment(item.created_at),
        "langs": [item.language],
    }
    if marked := facets(item.text, dids):
        made["facets"] = marked
    if item.media:
        images = [_image(medium, blob) for medium, blob in zip(item.media, blobs, strict=True)]
        made["embed"] = {"$type": "app.bsky.embed.images", "images": images}
    return made


def moment(at: datetime) -> str:
    """A datetime as the lexicons write it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _image(medium: Medium, blob: dict[str, Any]) -> dict[str, Any]:
    image: dict[str, Any] = {"alt": medium.alt, "image": blob}
    if medium.width > 0 and medium.height > 0:
        image["aspectRatio"] = {"width": medium.width, "height": medium.height}
    return image


def blob_of(response: httpx.Response) -> dict[str, Any] | None:
    """The blob of an upload's answer, if it is one that a record can hold."""
    blob = fields_of(response).get("blob")
    reference = blob.get("ref") if isinstance(blob, dict) else None
    named = isinstance(reference, dict) and isinstance(reference.get("$link"), str)
    return blob if isinstance(blob, dict) and named else None


def stored_blob(note: str | None) -> dict[str, Any] | None:
    """A blob as noted after its upload; None where none is."""
    return json.loads(note) if note else None


# Addresses


def uri_of(did: str, item: Item) -> str:
    """Where the item stands, before it does."""
    return f"at://{did}/{POST}/{tid(item.created_at, item.key)}"


def permalink(channel: Channel, uri: str) -> str:
    """Where people read it. A server without https is not part of the public network, so its own pages are meant."""
    app = APP if channel.base_url.startswith("https://") else channel.base_url.rstrip("/")
    return f"{app}/profile/{channel.handle}/post/{key_of(uri)}"


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


def _alts(embed: Any) -> tuple[str, ...]:
    images = embed.get("images") if isinstance(embed, dict) else None
    if not isinstance(images, list):
        return ()
    return tuple(words_of(image, "alt") if isinstance(image, dict) else "" for image in images)

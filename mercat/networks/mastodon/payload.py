"""Between Mercat's words and Mastodon's. Pure: no call is made here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import httpx
import regex

from mercat.networks.kit.media import media_problems
from mercat.networks.kit.steps import fields_of, link_of, quoted, text_of, words_of
from mercat.networks.kit.text import Span, graphemes, links, squashed, text_of_html
from mercat.networks.mastodon.spec import (
    IMAGE_PIXELS,
    MAX_CHARACTERS,
    MOST,
    NAME,
    PER_URL,
    VIDEO_PIXELS,
    limit,
    media_rules,
)
from mercat.networks.port import (
    Channel,
    Count,
    Figures,
    Found,
    FoundAccount,
    Heard,
    Item,
    Medium,
    Outcome,
    Problem,
    Profile,
    Reconnect,
    Refused,
)

RENEW = "The connection to this Mastodon account has ended. Connect the account again."
FORBIDDEN = "The server no longer lets this connection post: the account is limited, or a permission is missing."
NOT_PERMITTED = (
    "This connection may not do that: it was made before Mercat asked for the permission, or without it. Publishing is "
    "not affected. Connect the account again to allow it."
)

# Answers of a clean refusal, and what each means for the post. The server's own words go along as detail.
# Statuses without a line here are Refused with the last line's words.
ERRORS: dict[int, Outcome] = {
    401: Reconnect(RENEW),
    403: Reconnect(FORBIDDEN),
    404: Refused("The server does not know what it was asked. Check that it is a Mastodon server."),
    413: Refused("The server says that a picture or the video is too large. Use a smaller one."),
    422: Refused("The server refused this as it stands. Its answer says what to change."),
}


def refusal(response: httpx.Response, secrets: Iterable[str]) -> Outcome:
    """The outcome of a clean refusal."""
    outcome = ERRORS.get(response.status_code, ERRORS[422])
    if isinstance(outcome, Refused):
        return Refused(outcome.reason, quoted(said(response), secrets))
    return outcome


def said(response: httpx.Response) -> str:
    """The server's own words for an error; empty where there are none."""
    return words_of(fields_of(response), "error")


def still_processing(response: httpx.Response) -> bool:
    """A post refused only because a picture is not ready yet (Mastodon: media_attachments.validations.not_ready)."""
    return response.status_code == 422 and "not finished processing" in said(response)


# Counting and limits

# app/models/account.rb MENTION_RE: a user name, and the server where it is another one.
_MENTION = regex.compile(r"(?<![=/\w])@(([a-z0-9_]+(?:[.-]+[a-z0-9_]+)*)(?:@[\w.-]+\w)?)", regex.IGNORECASE)


def count(text: str, limits: Mapping[str, int]) -> Count:
    """Characters as Mastodon counts them: graphemes, each link a fixed number, of @user@server only @user."""
    found_links = links(text)
    reserved = (limit(limits, PER_URL) - 1) * len(found_links)
    return Count(graphemes(_countable(text, found_links)) + reserved, limit(limits, MAX_CHARACTERS), "characters")


def _countable(text: str, found_links: Sequence[Span]) -> str:
    """The text with one character for each link, and of each mention what counts."""
    swaps = [(span, "x") for span in found_links]
    swaps += [(span, span.text) for span in _mentions(text) if not any(span.overlaps(link) for link in found_links)]
    for span, instead in sorted(swaps, key=lambda swap: swap[0].start, reverse=True):
        text = text[: span.start] + instead + text[span.end :]
    return text


def _mentions(text: str) -> list[Span]:
    """Every mention; the span's text is what remains of it where only the user name shows."""
    return [Span(match.start(), match.end(), f"@{match.group(2)}") for match in _MENTION.finditer(text)]


def check(item: Item, limits: Mapping[str, int]) -> list[Problem]:
    """Every limit of the account's server that the item breaks."""
    media = media_problems(NAME, media_rules(limits), item.media)
    return [*_text_problems(item, limits), *media, *_pixel_problems(item.media, limits)]


def _text_problems(item: Item, limits: Mapping[str, int]) -> Iterator[Problem]:
    if not item.text.strip() and not item.media:
        yield Problem("text", "There is neither text nor a picture.")
    used = count(item.text, limits)
    if used.used > used.limit:
        over = used.used - used.limit
        yield Problem("text", f"The text has {used.used:,} characters; {NAME} takes {used.limit:,}. Take out {over:,}.")


def _pixel_problems(media: Sequence[Medium], limits: Mapping[str, int]) -> Iterator[Problem]:
    for n, medium in enumerate(media, 1):
        if medium.width * medium.height > limit(limits, VIDEO_PIXELS if medium.is_video else IMAGE_PIXELS):
            which, size = "The video" if medium.is_video else f"Picture {n}", f"{medium.width:,} by {medium.height:,}"
            yield Problem("media", f"{which} has {size} pixels, more than {NAME} takes. Use a smaller one.")


# The instance document


def limits_of(instance: Mapping[str, Any]) -> dict[str, int]:
    """The limits a server tells, from version 2 or 1 of its instance document. What it does not tell is left out, and
    what no server means."""
    configuration = _object(instance, "configuration")
    told = {**_object(configuration, "statuses"), **_object(configuration, "media_attachments")}
    told.setdefault(MAX_CHARACTERS, instance.get("max_toot_chars"))  # older software that speaks the API
    return {name: told[name] for name, most in MOST.items() if _is_limit(told.get(name), most)}


def _object(fields: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = fields.get(name)
    return value if isinstance(value, dict) else {}


def _is_limit(value: Any, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= most


# Posts


def status(item: Item, media_ids: list[str]) -> dict[str, Any]:
    """The body that publishes the item."""
    body = {
        "status": item.text,
        "media_ids": media_ids,
        "language": item.language.partition("-")[0],  # Mastodon takes ISO 639 codes
        "visibility": "public",
    }
    return {**body, "in_reply_to_id": item.thread.after} if item.thread else body


def attached(answer: Mapping[str, Any]) -> list[str] | None:
    """The ids of a status's pictures; None where the answer is not a status."""
    media = answer.get("media_attachments")
    if not isinstance(media, list):
        return None
    ids = [text_of(medium, "id") if isinstance(medium, dict) else "" for medium in media]
    return ids if all(ids) else None


def edit(item: Item, media_ids: list[str]) -> dict[str, Any]:
    """The body that gives a status the item's words; its pictures stay, and get the item's descriptions."""
    described = [{"id": n, "description": medium.alt} for n, medium in zip(media_ids, item.media, strict=True)]
    body = status(item, media_ids)
    del body["visibility"]  # no edit changes it
    return {**body, "media_attributes": described} if described else body


def found(answer: Any, base_url: str) -> Found | None:
    """A status as read; None where it is not one. Its `text` is what a reader sees."""
    if not isinstance(answer, dict) or not isinstance(answer.get("content"), str):
        return None
    native_id, account = text_of(answer, "id"), text_of(_object(answer, "account"), "id")
    attached, text = answer.get("media_attachments"), text_of_html(answer["content"])
    if not native_id or not account or text is None or not isinstance(attached, list):
        return None
    alts = tuple(words_of(medium, "description") if isinstance(medium, dict) else "" for medium in attached)
    return Found(native_id, address_of(answer, base_url), text, len(alts), account, alts)


def address_of(answer: Mapping[str, Any], base_url: str) -> str:
    """Where people read a status; empty where the server gives no address that can be followed."""
    return link_of(answer, "url", base_url) or link_of(answer, "uri", base_url)


def is_public(answer: Mapping[str, Any]) -> bool:
    """Whether a status stands on the account, and is no message to those whom it names."""
    return text_of(answer, "visibility") != "direct"


_QUOTING = regex.compile(r"(?:RE:\s*\S+)?")  # what Mastodon writes before a quote, for servers that show none


def with_warning(answer: Mapping[str, Any], status: Found) -> str:
    """A status's words with those that stand before it as a warning, which people read too."""
    warning = words_of(answer, "spoiler_text").strip()
    return f"{warning}\n\n{status.text}" if warning else status.text


def only_passes_on(answer: Mapping[str, Any], status: Found) -> bool:
    """Whether a status is another's: boosted, or quoted without a word or picture."""
    if isinstance(answer.get("reblog"), dict):
        return True
    wordless = _QUOTING.fullmatch(with_warning(answer, status).strip()) is not None and not status.media
    return isinstance(answer.get("quote"), dict) and wordless


def created(answer: Mapping[str, Any]) -> datetime | None:
    """When the server says a status was made; None where it does not."""
    try:
        at = datetime.fromisoformat(text_of(answer, "created_at"))
    except ValueError:
        return None
    return at if at.tzinfo else None


def same(item: Item, found: Found) -> bool:
    """Whether a status says what the item says: the text as Mastodon shows it, the pictures and their descriptions."""
    alts = tuple(squashed(medium.alt) for medium in item.media)
    return reads_as(item.text, found.text) and tuple(map(squashed, found.alts)) == alts


def reads_as(words: str, shown: str) -> bool:
    return _shown(words) == _shown(shown)


def _shown(text: str) -> str:
    """Without what Mastodon changes in showing: paragraphs are re-flowed, a mention loses its server and gets the
    account's own capitals."""
    return squashed(_MENTION.sub(lambda match: f"@{match.group(2)}".casefold(), text))


# Around a status


def figures(answer: Any) -> Figures | None:
    """What a server counts of a status: of what it knows, which is less than there is. None where it is no status."""
    if not isinstance(answer, dict) or not text_of(answer, "id"):
        return None
    names = {"replies_count": "replies", "favourites_count": "reactions"}
    counts = {ours: answer[theirs] for theirs, ours in names.items() if _is_count(answer.get(theirs))}
    shared = [answer[name] for name in ("reblogs_count", "quotes_count") if _is_count(answer.get(name))]
    return Figures({**counts, **({"shares": sum(shared)} if shared else {})})


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def heard(answer: Any, under: str, channel: Channel) -> Heard | None:
    """What somebody else wrote; None where it is no status, the account's own, or a message to those whom it names."""
    if not isinstance(answer, dict) or not is_public(answer):
        return None
    status, made, author = found(answer, channel.base_url), created(answer), _object(answer, "account")
    if status is None or made is None or status.account == channel.native_id:
        return None
    name = words_of(author, "display_name")
    return Heard(status.native_id, status.url, handle_of(author, channel), name, status.text, made, under)


def notified(answer: Any) -> tuple[str, datetime, Any] | None:
    """Of a notification: its id, its moment, and the status it is about. None where it is not one."""
    moment = created(answer) if isinstance(answer, dict) else None
    if moment is None or not text_of(answer, "id"):
        return None
    return text_of(answer, "id"), moment, answer.get("status")


def handle_of(author: Mapping[str, Any], channel: Channel) -> str:
    """Servers leave their own name out of their accounts'."""
    name = text_of(author, "acct") or text_of(author, "username")
    return name if "@" in name or not name else f"{name}@{channel.handle.rpartition('@')[2]}"


def account(answer: Any, channel: Channel) -> FoundAccount | None:
    """An account as a search tells it; None where it is not one."""
    if not isinstance(answer, dict) or not text_of(answer, "id") or not handle_of(answer, channel):
        return None
    return FoundAccount(
        text_of(answer, "id"),
        handle_of(answer, channel),
        words_of(answer, "display_name"),
        link_of(answer, "url", channel.base_url),
        text_of_html(words_of(answer, "note")) or "",
        link_of(answer, "avatar", channel.base_url),
    )


def profile(answer: Mapping[str, Any], base_url: str) -> Profile:
    """The own account, whose bio the server also tells as it was written."""
    source = _object(answer, "source")
    bio = words_of(source, "note") if "note" in source else text_of_html(words_of(answer, "note")) or ""
    avatar, banner, url = (link_of(answer, name, base_url) for name in ("avatar", "header", "url"))
    return Profile(words_of(answer, "display_name"), bio, avatar, banner, url)

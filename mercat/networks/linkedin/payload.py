"""Between Mercat's words and LinkedIn's. Pure: no call is made here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import regex

from mercat.networks.kit.media import media_problems
from mercat.networks.kit.steps import fields_of, quoted, text_of, words_of
from mercat.networks.kit.text import links, squashed, units
from mercat.networks.linkedin.documents import problems as document_problems
from mercat.networks.linkedin.spec import API, MAX_PIXELS, MAX_TEXT, NAME, SITE, SPEC, VERSION
from mercat.networks.port import (
    Count,
    Figures,
    Found,
    FoundAccount,
    Heard,
    Item,
    Medium,
    Outcome,
    Problem,
    Reconnect,
    Refused,
    Unsure,
)

RENEW = "The connection to this LinkedIn page has ended. Connect the page again."
FORBIDDEN = (
    "LinkedIn no longer lets this connection do that for the page: the person who made it has lost their role there, "
    "or a permission is missing. Connect the page again."
)
OUTDATED = (
    f"LinkedIn no longer answers version {VERSION} of its interface, which this Mercat speaks. Nothing is wrong with "
    "the post: ICT must update Mercat, and then it can be sent again."
)
DUPLICATE = "LinkedIn says that this very post already stands on the page."

# Codes of a clean refusal (the answer's `code`, or one of `errorDetails.inputErrors`), then its statuses, and what each
# means for the post. What has no line is Refused with the last line's words, and LinkedIn's own words as detail.
ERRORS: dict[str, Outcome] = {
    "NONEXISTENT_VERSION": Refused(OUTDATED),  # 426, as met by others since 2025
    "VERSION_MISSING": Refused(OUTDATED),
    "DUPLICATE_POST": Unsure(DUPLICATE),  # 422
}
STATUSES: dict[int, Outcome] = {
    401: Reconnect(RENEW),
    403: Reconnect(FORBIDDEN),
    404: Refused("LinkedIn does not know what it was asked for. Check that the page and the post still exist."),
    413: Refused("LinkedIn says that a picture is too large. Use a smaller one."),
    426: Refused(OUTDATED),
    422: Refused("LinkedIn refused this as it stands. Its answer says what to change."),
}
_SAME = regex.compile(r"duplicate of (urn:li:(?:share|ugcPost):\d{1,25})")


def refusal(response: httpx.Response, secrets: Iterable[str]) -> Outcome:
    """The outcome of a clean refusal."""
    answer = fields_of(response)
    known = [ERRORS[code] for code in _codes(answer) if code in ERRORS]
    outcome = known[0] if known else STATUSES.get(response.status_code, STATUSES[422])
    if isinstance(outcome, Refused) and outcome.reason != OUTDATED:
        return Refused(outcome.reason, quoted(words_of(answer, "message"), secrets))
    return outcome


def is_outdated(response: httpx.Response) -> bool:
    """Whether LinkedIn refuses the version of its interface that we speak."""
    return refusal(response, ()) == Refused(OUTDATED)


def duplicate_of(response: httpx.Response) -> str:
    """The post that a duplicate is refused for; empty where LinkedIn names none."""
    named = _SAME.search(words_of(fields_of(response), "message"))
    return named.group(1) if named else ""


def _codes(answer: Mapping[str, Any]) -> Iterator[str]:
    yield text_of(answer, "code")
    for error in _list(_object(answer, "errorDetails"), "inputErrors")[:20]:
        if isinstance(error, dict):
            yield text_of(error, "code")


def _object(fields: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = fields.get(name)
    return value if isinstance(value, dict) else {}


def _list(fields: Mapping[str, Any], name: str) -> list[Any]:
    value = fields.get(name)
    return value if isinstance(value, list) else []


# Counting and limits


def count(text: str, limits: Mapping[str, int]) -> Count:
    """Units of UTF-16, the strictest reading of "characters"; the escapes of a text on its way do not count."""
    return Count(units(text), MAX_TEXT, "characters")


def check(item: Item, limits: Mapping[str, int]) -> list[Problem]:
    """Every limit of LinkedIn that the item breaks."""
    return [*text_problems(item), *_media_problems(item), *_pixel_problems(item.media)]


def _media_problems(item: Item) -> Iterable[Problem]:
    if item.document and SPEC.documents:
        return document_problems(item, SPEC.documents)
    return media_problems(NAME, SPEC.media, item.media)


def text_problems(item: Item) -> Iterator[Problem]:
    if not item.text.strip() and not item.media:
        yield Problem("text", "There is neither text nor a picture.")
    used = count(item.text, {})
    if used.used > used.limit:
        over = used.used - used.limit
        yield Problem("text", f"The text has {used.used:,} characters; {NAME} takes {used.limit:,}. Take out {over:,}.")


def _pixel_problems(media: Sequence[Medium]) -> Iterator[Problem]:
    for n, medium in enumerate(media, 1):
        if not medium.is_video and medium.width * medium.height > MAX_PIXELS:
            size = f"{medium.width:,} by {medium.height:,}"
            yield Problem("media", f"Picture {n} has {size} pixels, more than {NAME} takes. Use a smaller one.")


# "little" text (learn.microsoft.com/linkedin, Community Management, little Text Format): whatever could begin an
# element is escaped, also where it begins none. What is not has been cut off at that place, without a word.

_RESERVED = regex.compile(r"[\\|{}@\[\]()<>#*_~]")
# A tag of letters and figures alone: a space or any mark ends one on LinkedIn.
_HASHTAG = regex.compile(r"(?<![\p{L}\p{N}_&/#])#(?=\p{N}*\p{L})([\p{L}\p{N}]{1,100})(?![\p{L}\p{N}_])")
_ELEMENT = regex.compile(
    r"\\(?P<plain>.)"
    r"|\{hashtag\|\\?[#＃]\|(?P<tag>(?:[^{}|\\]|\\.)*)\}"
    r"|@\[(?P<name>(?:[^\[\]\\]|\\.)*)\] ?\(urn:[^()\s]*\)",
    regex.DOTALL,
)


def commentary(text: str) -> str:
    """A text as little text; its hashtags work, everything else stands as it was written."""
    made, at, inside = [], 0, links(text)
    for tag in _HASHTAG.finditer(text):
        if any(span.start <= tag.start() < span.end for span in inside):
            continue
        made += [_escaped(text[at : tag.start()]), f"{{hashtag|\\#|{tag.group(1)}}}"]
        at = tag.end()
    return "".join([*made, _escaped(text[at:])])


def _escaped(text: str) -> str:
    return str(_RESERVED.sub(lambda match: f"\\{match.group()}", text))


def plain(little: str) -> str:
    """What a reader sees of a little text."""
    return str(_ELEMENT.sub(_read, little))


def _read(element: regex.Match[str]) -> str:
    if element["plain"] is not None:
        return str(element["plain"])
    if element["tag"] is not None:
        return f"#{plain(element['tag'])}"
    return plain(element["name"])


# Posts

_POST = regex.compile(r"urn:li:(?:share|ugcPost):\d{1,25}")
_URN = regex.compile(r"urn:li:[A-Za-z]+:[A-Za-z0-9:(),_-]+")
_ORGANISATION = regex.compile(r"urn:li:organization:(\d{1,25})")
_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC)
_SHORTENER = "https://lnkd.in/"
_DOCUMENT = "urn:li:document:"

PUBLISHED = "PUBLISHED"
COMING = frozenset({"PUBLISH_REQUESTED", "PROCESSING"})


def organisation_urn(native_id: str) -> str:
    return f"urn:li:organization:{native_id}"


def organisation_of(urn: str) -> str:
    """The number of an organisation; empty where the name is not one's."""
    named = _ORGANISATION.fullmatch(urn)
    return str(named.group(1)) if named else ""


def is_post(urn: str) -> bool:
    return bool(_POST.fullmatch(urn))


def post(item: Item, organisation: str, media: Sequence[str]) -> dict[str, Any]:
    """The body that publishes the item for an organisation, with the names of its pictures, its video or document."""
    body: dict[str, Any] = {
        "author": organisation_urn(organisation),
        "commentary": commentary(item.text),
        "visibility": "PUBLIC",
        "distribution": {"feedDistribution": "MAIN_FEED", "targetEntities": [], "thirdPartyDistributionChannels": []},
        "lifecycleState": PUBLISHED,
        "isReshareDisabledByAuthor": False,
    }
    if item.document:
        return {**body, "content": {"media": {"id": media[0], "title": item.document}}}
    shown = [
        {"id": urn} if medium.is_video else {"id": urn, "altText": medium.alt}
        for urn, medium in zip(media, item.media, strict=True)
    ]
    if len(shown) == 1:
        body["content"] = {"media": shown[0]}
    if len(shown) > 1:
        body["content"] = {"multiImage": {"images": shown}}
    return body


def edit(item: Item) -> dict[str, Any]:
    """The body that gives a post the item's words. LinkedIn lets pictures and descriptions stay as they are."""
    return {"patch": {"$set": {"commentary": commentary(item.text)}}}


def found(answer: Any, base_url: str) -> Found | None:
    """A post as read; None where it is not one."""
    if not isinstance(answer, dict):
        return None
    urn, author = text_of(answer, "id"), organisation_of(text_of(answer, "author"))
    written = answer.get("commentary", "")
    if not is_post(urn) or not author or not isinstance(written, str):
        return None
    alts = _alts(_object(answer, "content"))
    return Found(urn, permalink(urn, base_url), plain(words_of(answer, "commentary")), len(alts), author, alts)


def _alts(content: Mapping[str, Any]) -> tuple[str, ...]:
    """The descriptions of pictures; of a document, its title."""
    one, many = content.get("media"), _list(_object(content, "multiImage"), "images")
    media = [one] if isinstance(one, dict) else many
    return tuple(_said_of(medium) if isinstance(medium, dict) else "" for medium in media)


def _said_of(medium: Mapping[str, Any]) -> str:
    return words_of(medium, "title" if text_of(medium, "id").startswith(_DOCUMENT) else "altText")


def state(answer: Mapping[str, Any]) -> str:
    return text_of(answer, "lifecycleState")


def only_passes_on(answer: Mapping[str, Any], post: Found) -> bool:
    """Whether a post is another's, shared again without a word."""
    return bool(_object(answer, "reshareContext")) and not post.text.strip()


def moment(answer: Mapping[str, Any], name: str) -> datetime | None:
    """A time in milliseconds since 1970; None where there is none that can be."""
    told = answer.get(name)
    if (
        not isinstance(told, int)
        or isinstance(told, bool)
        or not 0 < told < (_LATEST - _EARLIEST).total_seconds() * 1e3
    ):
        return None
    return _EARLIEST + timedelta(milliseconds=told)


def milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1_000)


def same(item: Item, found: Found) -> bool:
    """Whether a post says what the item says: its text, its pictures and their descriptions. Videos have none; a
    document has its title, where LinkedIn tells it."""
    shown = tuple(map(squashed, found.alts))
    if item.document:
        return reads_as(item.text, found.text) and shown in {(squashed(item.document),), ("",)}
    alts = tuple("" if medium.is_video else squashed(medium.alt) for medium in item.media)
    return reads_as(item.text, found.text) and shown == alts


def reads_as(words: str, shown: str) -> bool:
    """LinkedIn may show a link as a short one of its own."""
    (sent, ours), (seen, theirs) = _apart(words), _apart(shown)
    if sent != seen:
        return False
    return all(a == b or b.startswith(_SHORTENER) for a, b in zip(ours, theirs, strict=True))


def _apart(text: str) -> tuple[list[str], list[str]]:
    """What stands between the links of a text, and the links."""
    words, at, spans = [], 0, links(text)
    for span in spans:
        words.append(squashed(text[at : span.start]))
        at = span.end
    return [*words, squashed(text[at:])], [span.text for span in spans]


# Addresses


def site_of(base_url: str) -> str:
    """Where people read and sign in; a stand-in has everything under its one address."""
    return SITE if base_url.rstrip("/") == API else base_url.rstrip("/")


def permalink(urn: str, base_url: str) -> str:
    return f"{site_of(base_url)}/feed/update/{urn}/"


def page_url(handle: str, base_url: str) -> str:
    return f"{site_of(base_url)}/company/{handle}/"


# What the page is, counts and hears

# Names of organizationalEntityShareStatistics, and our words for them.
_COUNTS = {
    "impressionCount": "views",
    "uniqueImpressionsCount": "reach",
    "likeCount": "reactions",
    "commentCount": "replies",
    "shareCount": "shares",
    "clickCount": "clicks",
}


def figures(answer: Mapping[str, Any]) -> Figures | None:
    """What is counted of one post; nothing where LinkedIn has not counted yet, None where it is no such answer."""
    elements = answer.get("elements")
    if not isinstance(elements, list):
        return None
    first = elements[0] if elements and isinstance(elements[0], dict) else {}
    told = _object(first, "totalShareStatistics")
    counts = {ours: told[theirs] for theirs, ours in _COUNTS.items() if _is_count(told.get(theirs))}
    return Figures(counts)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def comment(answer: Any, under: str, base_url: str) -> Heard | None:
    """A comment under a post; None where it is not one, or was taken away. Its text is plain, not little."""
    if not isinstance(answer, dict):
        return None
    urn, actor = text_of(answer, "commentUrn") or text_of(answer, "id"), text_of(answer, "actor")
    made = moment(_object(answer, "created"), "time") or moment(_object(answer, "lastModified"), "time")
    words = words_of(_object(answer, "message"), "text")
    if not urn or not actor or made is None:
        return None
    return Heard(urn, permalink(under, base_url), actor, "", words, made, under)


def mention(answer: Any, base_url: str) -> Heard | None:
    """A post that names the page, from a notification; None where it is not one."""
    if not isinstance(answer, dict):
        return None
    share = _object(_object(answer, "decoratedGeneratedActivity"), "share")
    urn = text_of(share, "entity") or text_of(answer, "generatedActivity")
    made = moment(answer, "lastModifiedAt")
    if not _URN.fullmatch(urn) or made is None:
        return None
    return Heard(urn, permalink(urn, base_url), text_of(share, "owner"), "", plain(words_of(share, "text")), made)


def account(answer: Any, base_url: str) -> FoundAccount | None:
    """An organisation as a look-up tells it; None where it is not one."""
    if not isinstance(answer, dict) or not _is_count(answer.get("id")):
        return None
    handle = text_of(answer, "vanityName") or str(answer["id"])
    return FoundAccount(str(answer["id"]), handle, words_of(answer, "localizedName"), page_url(handle, base_url))


def picture_urn(organisation: Mapping[str, Any], name: str) -> str:
    """The picture of a page's field as the Images API calls it; empty where there is none.

    Older fields call pictures digitalmediaAsset, under the same number (LinkedIn's migration guide of the Assets API).
    """
    field = _object(organisation, name)
    urn = text_of(field, "cropped") or text_of(field, "original")
    kind, _, number = urn.rpartition(":")
    return f"urn:li:image:{number}" if kind in {"urn:li:image", "urn:li:digitalmediaAsset"} and number else ""

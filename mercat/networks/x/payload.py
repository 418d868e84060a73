"""Between Mercat's words and X's. Pure: no call is made here.

X has two dialects. Its official client and OpenAPI 2.167 ask for `post.fields` and get `repost_count`; older pages of
the documentation say `tweet.fields` and `retweet_count`. We ask in the newer and read both.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote

import httpx
import regex

from mercat.networks.kit.media import media_problems
from mercat.networks.kit.steps import MOST_NAME, fields_of, link_of, quoted, text_of, words_of
from mercat.networks.kit.text import graphemes, squashed
from mercat.networks.port import (
    Count,
    Figures,
    Found,
    FoundAccount,
    Heard,
    Item,
    Outcome,
    Price,
    Problem,
    Profile,
    Reconnect,
    Refused,
    Unsure,
)
from mercat.networks.x.answers import included, object_of, objects_of, strings_of
from mercat.networks.x.spec import MAX_ALT, MAX_WEIGHT, NAME, PRICE, PRICE_WITH_LINK, SPEC, site_of
from mercat.networks.x.weight import links, weight

RENEW = "The connection to this X account has ended. Connect the account again."
FORBIDDEN = "X does not let this connection do that: a permission is missing. Connect the account again and allow all."
SPENT = (
    "X takes nothing more from this body's app: its credits or its spending limit are used up. Add credits in X's"
    " developer console; it is tried again every hour."
)
DUPLICATE = "X says that this account has said the same already. It may be this very post: look at the account."
_APP = "X does not let this body's app do that. Check the app's project and permissions in X's developer console."
_SUSPENDED = "X has suspended this account. Its owner must settle that with X."
_LOCKED = "X has locked this account. Sign in to X as the account and follow what it asks for."
_REFUSED = "X refused this. Its answer says what to change."

# Problems of a clean refusal, by the last part of their type (docs.x.com, “Response codes & errors”), and what each
# means for the post. X's own words go along as detail. Types without a line are Refused with the last line's words.
TYPES: dict[str, Outcome] = {
    "client-forbidden": Reconnect(_APP),
    "unsupported-authentication": Reconnect(FORBIDDEN),
    "oauth1-permissions": Reconnect(FORBIDDEN),
    "not-authorized-for-resource": Refused("X does not let this account at that post."),
    "resource-not-found": Refused("X does not have what it was asked for."),
    "invalid-request": Refused(_REFUSED),
}
# Most refusals of 403 have no type of their own (“about:blank”); these are told apart by what they say.
SAYINGS: dict[str, Outcome] = {
    "duplicate content": Unsure(DUPLICATE),
    "suspended": Reconnect(_SUSPENDED),
    "locked": Reconnect(_LOCKED),
}
# Answers without a readable problem, by their status.
STATUSES: dict[int, Outcome] = {
    401: Reconnect(RENEW),
    403: Reconnect(FORBIDDEN),
    413: Refused("X says that a picture is too large. Use a smaller one."),
}
_BARE = {"", "forbidden"}  # what 403 says where it says no reason: the token may not do this at all
_GONE = ("media ids are invalid", "not found", "do not add up")  # of a picture that must be handed over again
_UNPAID = ("credits", "spending limit")


def refusal(response: httpx.Response, secrets: Iterable[str]) -> Outcome:
    """The outcome of a clean refusal."""
    status, said = response.status_code, said_in(response)
    if status == 403:
        for saying, outcome in SAYINGS.items():
            if saying in said.lower():
                return outcome
    outcome = TYPES.get(_type_of(response)) or _by_status(status, said)
    return Refused(outcome.reason, quoted(said, secrets)) if isinstance(outcome, Refused) else outcome


def _by_status(status: int, said: str) -> Outcome:
    if status == 403 and said.lower() not in _BARE:
        return TYPES["invalid-request"]
    return STATUSES.get(status, TYPES["invalid-request"])


def said_in(response: httpx.Response) -> str:
    """X's own words for a problem; empty where there are none."""
    answer = fields_of(response)
    messages = [words_of(error, "message") for error in objects_of(answer.get("errors"))]
    return " ".join(said for said in (words_of(answer, "detail"), *messages) if said)


def _type_of(response: httpx.Response) -> str:
    return text_of(fields_of(response), "type").rpartition("/")[2]


def is_spent(response: httpx.Response) -> bool:
    """Refused because nobody has paid (402 is in no table of X's, and is what it answers)."""
    if response.status_code == 403:
        return any(word in said_in(response).lower() for word in _UNPAID)
    return response.status_code == 402 or (response.status_code == 429 and _type_of(response) == "usage-capped")


def is_gone(response: httpx.Response) -> bool:
    """A picture that was handed over is no longer there, or not all of it came: X keeps unused ones for a day."""
    if response.status_code in {404, 410}:
        return True
    return response.status_code == 400 and any(saying in said_in(response).lower() for saying in _GONE)


def tells_missing(response: httpx.Response) -> bool:
    """There is no such post. X answers a look-up of one with 200 and the problem inside."""
    if response.status_code in {404, 410}:
        return True
    answer = fields_of(response)
    types = [text_of(error, "type").rpartition("/")[2] for error in objects_of(answer.get("errors"))]
    return response.is_success and not answer.get("data") and "resource-not-found" in types


# Counting and limits

_UNTAKEN = regex.compile(r"[\uFFFE\uFEFF\uFFFF]")  # twitter-text: no text with one of these is valid


def count(text: str, limits: Mapping[str, int]) -> Count:
    """Characters as X weighs them: a link 23, an emoji 2, of some alphabets 2 each."""
    return Count(weight(text), MAX_WEIGHT, "characters")


def check(item: Item, limits: Mapping[str, int]) -> list[Problem]:
    """Every limit of X that the item breaks."""
    return [*_text_problems(item), *media_problems(NAME, SPEC.media, item.media), *_alt_problems(item)]


def _text_problems(item: Item) -> Iterator[Problem]:
    if not item.text.strip() and not item.media:
        yield Problem("text", "There is neither text nor a picture.")
    if (used := weight(item.text)) > MAX_WEIGHT:
        over = used - MAX_WEIGHT
        yield Problem("text", f"The text has {used:,} characters; {NAME} takes {MAX_WEIGHT}. Take out {over:,}.")
    if _UNTAKEN.search(item.text):
        yield Problem("text", f"The text holds an invisible character that {NAME} does not take. Write it anew.")


def _alt_problems(item: Item) -> Iterator[Problem]:
    """Descriptions that seem short enough, and are made of many-part characters: X counts the parts."""
    for n, medium in enumerate(item.media, 1):
        parts = len(medium.alt)
        if not medium.is_video and graphemes(medium.alt) <= MAX_ALT < parts:
            yield Problem(
                "alt",
                f"The description of picture {n} takes {parts:,} characters at {NAME}, which takes {MAX_ALT:,}. Some"
                " emoji and accented letters take many: use fewer of them.",
            )


def price(item: Item) -> Price:
    """What X charges for the post: more where there is a link in it."""
    return Price(PRICE_WITH_LINK if links(item.text) else PRICE, "USD")


# Posts

POST_FIELDS = "attachments,conversation_id,created_at,entities"
READING = {
    "post.fields": POST_FIELDS,
    "expansions": "attachments.media_keys,author_id",
    "media.fields": "alt_text,media_key,type",
    "user.fields": "username",
}


# OpenAPI 2.167 tells what a post refers to where it is asked for as an expansion, and names no field for it.
LISTING = {**READING, "expansions": f"{READING['expansions']},referenced_posts"}


def post(item: Item, media_ids: Sequence[str]) -> dict[str, Any]:
    """The body that publishes the item."""
    body: dict[str, Any] = {"text": item.text}
    if item.synthetic:
        body["made_with_ai"] = True  # OpenAPI 2.167, CreatePostsRequest
    if item.thread:
        body["reply"] = {"in_reply_to_tweet_id": item.thread.after}
    return {**body, "media": {"media_ids": list(media_ids)}} if media_ids else body


def moment(at: datetime) -> str:
    """A datetime as X takes it: whole seconds, in UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def permalink(base_url: str, handle: str, native_id: str) -> str:
    """Where people read a post."""
    return f"{site_of(base_url)}/{quote(handle, safe='')}/status/{quote(native_id, safe='')}"


def found(told: Mapping[str, Any], includes: Any, base_url: str, handle: str) -> Found | None:
    """A post as read; None where it is not one. Its `text` is what a reader sees."""
    native_id, account = text_of(told, "id"), text_of(told, "author_id", MOST_NAME)
    if not native_id or not account or not isinstance(told.get("text"), str):
        return None
    keys = strings_of(object_of(told, "attachments").get("media_keys"))
    described = {text_of(each, "media_key"): words_of(each, "alt_text") for each in included(includes, "media")}
    alts = tuple(described.get(key, "") for key in keys)
    return Found(native_id, permalink(base_url, handle, native_id), shown(told), len(keys), account, alts)


_SHORT_LINK = regex.compile(r"https?://t\.co/\w+")
_OWN_PICTURE = regex.compile(r"https?://(?:[^/]+/)+status/\d+/(?:photo|video)/\d+")


def shown(told: Mapping[str, Any]) -> str:
    """A post's text as people see it: X puts links of its own into it, adds one for the pictures, and escapes three
    characters."""
    urls = objects_of(object_of(told, "entities").get("urls"))
    instead = {text_of(url, "url"): _instead(url) for url in urls}
    text: str = _SHORT_LINK.sub(lambda link: instead.get(link[0], link[0]), words_of(told, "text"))
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").rstrip()


def _instead(url: Mapping[str, Any]) -> str:
    expanded = text_of(url, "expanded_url", 4_096)
    if text_of(url, "media_key") or _OWN_PICTURE.fullmatch(expanded):
        return ""
    return expanded or text_of(url, "url")


_ANOTHERS = regex.compile(r"(?:https?://(?:www\.)?(?:x|twitter)\.com/\w+/status/\d+(?:\?\S*)?)?", regex.IGNORECASE)


def only_passes_on(told: Mapping[str, Any], post: Found) -> bool:
    """Whether a post is another's: reposted, or quoted without a word or picture. X says what it refers to: words that
    look like a repost may have been typed by hand. A quote ends with the address of what it quotes."""
    kinds = _refers(told)
    wordless = _ANOTHERS.fullmatch(post.text.strip()) is not None and not post.media
    return "retweeted" in kinds or ("quoted" in kinds and wordless)


def _refers(told: Mapping[str, Any]) -> set[str]:
    """In what way it refers to others: “replied_to”, “quoted”, “retweeted”, by X's newer name or its older one."""
    lists = [told.get(name) for name in ("referenced_posts", "referenced_tweets")]
    return {text_of(one, "type") for some in lists if isinstance(some, list) for one in some if isinstance(one, dict)}


def created(told: Mapping[str, Any]) -> datetime | None:
    """When X says a post was made; None where it does not."""
    try:
        at = datetime.fromisoformat(text_of(told, "created_at"))
    except ValueError:
        return None
    return at if at.tzinfo else None


_CODE = regex.compile(r"([A-Za-z]{2})(?:-.*)?")
_LANGUAGES = {"EN": "English", "GD": "Gàidhlig", "GA": "Gaeilge", "CY": "Cymraeg", "PL": "Polski", "UK": "Українська"}


def language_code(language: str) -> str:
    """A language as X names it for captions (OpenAPI 2.167: two capitals); empty where it has no such name."""
    named = _CODE.fullmatch(language)
    return named[1].upper() if named else ""


def language_name(code: str) -> str:
    """What viewers are shown to choose by."""
    return _LANGUAGES.get(code, code)


def same(item: Item, seen: Found) -> bool:
    """Whether a post says what the item says: the text as X shows it, the pictures and their descriptions. Videos go
    there without one."""
    alts = tuple("" if medium.is_video else squashed(medium.alt) for medium in item.media)
    return reads_as(item.text, seen.text) and tuple(map(squashed, seen.alts)) == alts


def reads_as(words: str, shown: str) -> bool:
    return _plain(words) == _plain(shown)


def _plain(text: str) -> str:
    """Without what X changes in showing: white space is re-flowed, and links are completed."""
    text = unicodedata.normalize("NFC", text)
    for link in reversed(links(text)):
        text = text[: link.start] + _bare(link.text) + text[link.end :]
    return squashed(text)


_LINK_PARTS = regex.compile(r"(?:https?://)?([^/?#]*)(.*)", regex.IGNORECASE)


def _bare(link: str) -> str:
    host, rest = _LINK_PARTS.fullmatch(link).groups()
    return f"{host.lower()}{'' if rest == '/' else unquote(rest)}"


# What others wrote, counts, accounts


def heard(told: Mapping[str, Any], includes: Any, base_url: str, under: str) -> Heard | None:
    """What somebody wrote; None where the answer does not tell it."""
    native_id, made_at = text_of(told, "id"), created(told)
    author = text_of(told, "author_id", MOST_NAME)
    if not native_id or made_at is None or not author:
        return None
    user = next((each for each in included(includes, "users") if text_of(each, "id", MOST_NAME) == author), {})
    handle = text_of(user, "username", MOST_NAME)
    url = permalink(base_url, handle or "i", native_id)
    return Heard(native_id, url, handle, words_of(user, "name"), shown(told), made_at, under)


def root_of(told: Mapping[str, Any]) -> str:
    """The post that a conversation began with; empty where it is this very one."""
    conversation = text_of(told, "conversation_id")
    return "" if conversation == text_of(told, "id") else conversation


def figures(told: Mapping[str, Any]) -> Figures | None:
    """What X counts of a post in public; None where it tells no figures."""
    counts = object_of(told, "public_metrics")
    shares = [_count(counts, name) for name in ("repost_count", "retweet_count", "quote_count")]
    told_counts = {
        "views": _count(counts, "impression_count"),
        "reactions": _count(counts, "like_count"),
        "replies": _count(counts, "reply_count"),
        "shares": sum(filter(None, shares)) if any(each is not None for each in shares) else None,
        "saves": _count(counts, "bookmark_count"),
    }
    known = {name: value for name, value in told_counts.items() if value is not None}
    return Figures(known) if known else None


def _count(fields: Mapping[str, Any], name: str) -> int | None:
    value = fields.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63 else None


_NOT_SEARCHED = regex.compile(r"[^A-Za-z0-9_' ]+")  # OpenAPI 2.167: what a search for accounts takes, 50 characters
MOST_SEARCHED = 50


def searched(words: str) -> str:
    """The words as X searches for them; empty where nothing of them can be."""
    apart = unicodedata.normalize("NFKD", words)
    plain = "".join(letter for letter in apart if not unicodedata.combining(letter))
    allowed: str = _NOT_SEARCHED.sub(" ", plain)
    return squashed(allowed)[:MOST_SEARCHED].strip()


def account_of(user: Mapping[str, Any], base_url: str) -> FoundAccount | None:
    """Somebody's account; None where the answer does not tell whose."""
    native_id, handle = text_of(user, "id", MOST_NAME), text_of(user, "username", MOST_NAME)
    if not native_id or not handle:
        return None
    url = f"{site_of(base_url)}/{quote(handle, safe='')}"
    avatar = link_of(user, "profile_image_url", base_url)
    return FoundAccount(native_id, handle, words_of(user, "name"), url, words_of(user, "description"), avatar)


def profile_of(user: Mapping[str, Any], base_url: str) -> Profile | None:
    """The account's own profile; None where the answer is none."""
    account = account_of(user, base_url)
    if account is None:
        return None
    return Profile(
        account.name, account.bio, account.avatar, link_of(user, "profile_banner_url", base_url), account.url
    )

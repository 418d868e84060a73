"""Between Mercat's words and Hootsuite's. Pure: no call is made here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx

from mercat.networks.hootsuite.spec import API, NAME, Kind, kind_in, media_rules
from mercat.networks.kit.media import media_problems
from mercat.networks.kit.steps import fields_of, link_of, quoted, text_of, words_of
from mercat.networks.kit.text import links, squashed, units
from mercat.networks.port import Count, Found, Item, Later, Outcome, Problem, Reconnect, Refused

RENEW = "The connection to Hootsuite has ended. Connect the account again."
FORBIDDEN = (
    "Hootsuite does not let this connection do that: the member who made it may not publish to this profile any more, "
    "or a permission is missing. Connect the account again as a member who may."
)
NO_PROFILE = "Hootsuite does not know this profile any more. Connect the account again."
FULL = "The body's plan with Hootsuite is used up for now."

# What Hootsuite's own error codes mean for a post ("Error Codes" of its description), then its statuses. What has no
# line is Refused with the last line's words; Hootsuite's own words go along as detail.
ERRORS: dict[int, Outcome] = {
    1037: Reconnect("The connection to Hootsuite lacks a permission. Connect the account again."),
    1201: Reconnect(FORBIDDEN),
    2306: Reconnect(NO_PROFILE),
    4001: Reconnect(NO_PROFILE),
    4009: Reconnect(FORBIDDEN),
    40004: Refused("Hootsuite does not take the pictures as they were handed over. Tell ICT."),
    40023: Refused("Hootsuite takes a post to X for one profile at a time. Tell ICT."),
    40024: Refused("Hootsuite no longer publishes to groups on Facebook. Leave this account out."),
    40025: Refused("Hootsuite holds as many scheduled posts as the body's plan allows. Send or delete some there."),
}
STATUSES: dict[int, Outcome] = {
    401: Reconnect(RENEW),
    403: Reconnect(FORBIDDEN),
    404: Reconnect(NO_PROFILE),
    413: Refused("Hootsuite says that a picture or video is too large. Use a smaller one."),
    400: Refused("Hootsuite refused this as it stands. Its answer says what to change."),
}
PLAN_LIMITS = frozenset({1003, 1004})  # of the account's plan, of the API plan (100,000 calls a day in 2017)
TOO_FAST = frozenset({1043})
NOT_READY = 40021  # "Uploaded media is not yet ready to be used"
NOT_FOUND = 4001
NOT_DELETABLE = 40003  # "attempted to delete a message that cannot be deleted in its current state"

# States of a message (SocialProfileMessage). SUBMITTED is not explained: it is read as handed over to the network.
SENT = "SENT"
SCHEDULED = "SCHEDULED"
SUBMITTED = "SUBMITTED"
WAITS = "PENDING_APPROVAL"
COMING = frozenset({SCHEDULED, SUBMITTED, WAITS})
FAILED = "SEND_FAILED_PERMANENTLY"
DENIED = "REJECTED"

PLAN_AGAIN = timedelta(hours=1)  # nothing names a time


def refusal(response: httpx.Response, secrets: Iterable[str], now: datetime) -> Outcome:
    """The outcome of a clean refusal."""
    codes = codes_of(response)
    if PLAN_LIMITS.intersection(codes):
        return Later(now + PLAN_AGAIN, FULL, limited=True)
    if TOO_FAST.intersection(codes):
        return Later(now + timedelta(minutes=1), f"{NAME} asks us to slow down.", limited=True)
    known = [ERRORS[code] for code in codes if code in ERRORS]
    outcome = known[0] if known else STATUSES.get(response.status_code, STATUSES[400])
    return Refused(outcome.reason, quoted(said(response), secrets)) if isinstance(outcome, Refused) else outcome


def errors_of(response: httpx.Response) -> list[Mapping[str, Any]]:
    """The errors that an answer holds, whatever its status: a part of what was asked can fail within a 200."""
    told = fields_of(response).get("errors")
    return [error for error in told[:20] if isinstance(error, dict)] if isinstance(told, list) else []


def codes_of(response: httpx.Response) -> list[int]:
    codes = [error.get("code") for error in errors_of(response)]
    return [code for code in codes if isinstance(code, int) and not isinstance(code, bool)]


def said(response: httpx.Response) -> str:
    """Hootsuite's own words for its errors; empty where there are none."""
    return " ".join(words for error in errors_of(response) if (words := words_of(error, "message")))


def is_missing(response: httpx.Response) -> bool:
    return response.status_code == 404 or (response.is_client_error and NOT_FOUND in codes_of(response))


# Counting and limits


def count(text: str, limits: Mapping[str, int]) -> Count:
    """As the profile's own network counts: X by its weights, all others units of UTF-16, the strictest reading."""
    kind = kind_in(limits)
    used = _weight(text) if kind.text == 280 else units(text)
    return Count(used, kind.text, "characters")


def _weight(text: str) -> int:
    """X's weights (twitter-text, configuration 3): a link 23, what is not of the light ranges 2. Emoji of several
    characters count more than X itself counts them: what fits here fits there."""
    total, at = 0, 0
    for link in links(text):
        total += sum(map(_light_or_heavy, text[at : link.start])) + 23
        at = link.end
    return total + sum(map(_light_or_heavy, text[at:]))


def _light_or_heavy(character: str) -> int:
    n = ord(character)
    return 1 if n <= 4_351 or 8_192 <= n <= 8_205 or 8_208 <= n <= 8_223 or 8_242 <= n <= 8_247 else 2


def check(item: Item, limits: Mapping[str, int]) -> list[Problem]:
    """Every limit of the profile's network, and of what Hootsuite can carry, that the item breaks."""
    kind = kind_in(limits)
    # Descriptions are told below in words of their own: "takes 0 characters" would be none.
    rules = replace(media_rules(kind), max_alt=1_000_000)
    name = f"{kind.name} by {NAME}"
    return [*_text_problems(item, limits, name), *media_problems(name, rules, item.media), *_alt_problems(item)]


def _text_problems(item: Item, limits: Mapping[str, int], name: str) -> Iterator[Problem]:
    if not item.text.strip() and not item.media:
        yield Problem("text", "There is neither text nor a picture.")
    used = count(item.text, limits)
    if used.used > used.limit:
        over = used.used - used.limit
        yield Problem("text", f"The text has {used.used:,} characters; {name} takes {used.limit:,}. Take out {over:,}.")


def _alt_problems(item: Item) -> Iterator[Problem]:
    """What a picture shows is a duty to people who cannot see it. Hootsuite's interface has no field for it, so that a
    description has to stand in the text. A video has none on most networks."""
    for n, medium in enumerate(item.media, 1):
        if not medium.is_video and squashed(medium.alt) not in squashed(item.text):
            yield Problem(
                "alt",
                f"{NAME} takes no descriptions: picture {n} would go out without its own. Write the same words into "
                f"the wording for {NAME}, take the picture out, or connect the account to its own network.",
            )


# Messages


def message(item: Item, profile: str, media: list[str]) -> dict[str, Any]:
    """The body that publishes the item at once: with no `scheduledSendTime` a message is sent now (a recorded exchange
    of 2017; the description only leaves the field optional). A time would have to lie some minutes ahead."""
    body: dict[str, Any] = {"text": item.text, "socialProfileIds": [profile]}
    if media:
        body["media"] = [{"id": name} for name in media]
    return body


def data_of(response: httpx.Response) -> Mapping[str, Any]:
    """The one thing that an answer holds; empty where it holds none."""
    told = fields_of(response).get("data")
    return told if isinstance(told, dict) else {}


def list_of(response: httpx.Response) -> list[Any] | None:
    """The collection that an answer holds; None where it holds none."""
    told = fields_of(response).get("data")
    return told if isinstance(told, list) else None


def next_cursor(response: httpx.Response) -> str:
    return text_of(object_of(object_of(fields_of(response), "metadata"), "cursor"), "next")


def object_of(fields: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = fields.get(name)
    return value if isinstance(value, dict) else {}


def profile_of(message: Mapping[str, Any]) -> str:
    return text_of(object_of(message, "socialProfile"), "id")


def found(message: Any, kind: Kind, base_url: str) -> Found | None:
    """A message as read; None where it is not one. Hootsuite tells no descriptions."""
    if not isinstance(message, dict) or not isinstance(message.get("text"), str):
        return None
    native_id, profile = text_of(message, "id"), profile_of(message)
    if not native_id or not profile or not text_of(message, "state"):
        return None
    media = sum(len(told) for name in ("media", "mediaUrls") if isinstance(told := message.get(name), list))
    address = address_of(message, kind, base_url)
    return Found(native_id, address, words_of(message, "text"), media, profile, ("",) * min(media, 100))


def address_of(message: Mapping[str, Any], kind: Kind, base_url: str) -> str:
    """Where people read it. `postUrl` is told for Facebook and LinkedIn alone; elsewhere the network's own number of
    the post may be enough."""
    post = text_of(message, "postId")
    made = kind.post.format(post=quote(post, safe="")) if kind.post and post else ""
    return link_of(message, "postUrl", base_url) or made


def send_time(message: Mapping[str, Any]) -> datetime | None:
    """When it went or goes out; None where Hootsuite does not say."""
    try:
        at = datetime.fromisoformat(text_of(message, "scheduledSendTime"))
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo else None


def utc(moment: datetime) -> str:
    """As Hootsuite takes a time: in UTC, and ending in Z."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def same(item: Item, found: Found) -> bool:
    """Whether a message says what the item says. A description that somebody gave it elsewhere is not ours."""
    return (
        squashed(item.text) == squashed(found.text)
        and found.media == len(item.media) == len(found.alts)
        and not any(found.alts)
    )


# Profiles


def page_of(profile: Mapping[str, Any], kind: Kind, base_url: str) -> str:
    """Where people see the profile; on a stand-in, a page of it."""
    if base_url.rstrip("/") != API:
        return f"{base_url.rstrip('/')}/profiles/{quote(text_of(profile, 'id'), safe='')}"
    names = {"id": text_of(profile, "socialNetworkId"), "name": text_of(profile, "socialNetworkUsername")}
    return kind.page.format(**{name: quote(value, safe="") for name, value in names.items()})

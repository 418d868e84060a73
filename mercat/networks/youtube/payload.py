"""Between Mercat's words and YouTube's. Pure: no call is made here."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

import httpx

from mercat.networks.kit.media import media_problems
from mercat.networks.kit.ratelimit import reset_at
from mercat.networks.kit.steps import (
    LIMIT,
    MOST_NAME,
    MOST_PICTURE,
    RETRY,
    fields_of,
    link_of,
    quoted,
    text_of,
    words_of,
)
from mercat.networks.kit.text import squashed, units
from mercat.networks.port import (
    Count,
    Figures,
    Found,
    FoundAccount,
    Heard,
    Item,
    Later,
    Outcome,
    Problem,
    Profile,
    Reconnect,
    Refused,
)
from mercat.networks.youtube.answers import moment_of, number_of, object_of, objects_of
from mercat.networks.youtube.spec import CATEGORY, MAX_DESCRIPTION, MAX_TITLE, NAME, SPEC, site_of

PACIFIC = ZoneInfo("America/Los_Angeles")  # whose midnight ends a day of the quota

RENEW = "The connection to this YouTube channel has ended. Connect the channel again."
FORBIDDEN = (
    "YouTube does not let this connection do that. Sign in at Google as the owner, and connect the channel again."
)
KEPT_PRIVATE = (
    "YouTube keeps the video private, so nobody can see it. It does so to projects that have not passed Google's"
    " compliance audit: ask for the audit in the Google Cloud console, then make the video public in YouTube Studio."
)
_SUSPENDED = "YouTube has suspended or closed this channel. Its owner must settle that with YouTube."
_NO_CHANNEL = "The Google account of this connection has no YouTube channel. Make one, then connect it again."
_REFUSED = "YouTube refused this. Its answer says what to change."
_QUOTA = "The day's calls of this body's project are used up at YouTube. They begin anew at midnight in California."
_UPLOADS = "This channel may upload no more videos for a day."
_SLOWER = "YouTube asks us to slow down."
_TROUBLE = "YouTube had trouble of its own."

# What an error means, by its reason (developers.google.com/youtube/data/reference/rest/v3/errors, and the live
# interface's page of the same name). Reasons without a line are Refused with _REFUSED; YouTube's own words go along.
REASONS: dict[str, Outcome] = {
    "authError": Reconnect(RENEW),
    "authorizationRequired": Reconnect(RENEW),
    "required": Reconnect(RENEW),  # “Login Required”
    "forbidden": Reconnect(FORBIDDEN),
    "insufficientPermissions": Reconnect(FORBIDDEN),
    "insufficientLivePermissions": Reconnect(FORBIDDEN),
    "accountDelegationForbidden": Reconnect(FORBIDDEN),
    "youtubeSignupRequired": Reconnect(_NO_CHANNEL),
    "authenticatedUserNotChannel": Reconnect(_NO_CHANNEL),
    "authenticatedUserAccountClosed": Reconnect(_SUSPENDED),
    "authenticatedUserAccountSuspended": Reconnect(_SUSPENDED),
    "channelClosed": Reconnect(_SUSPENDED),
    "channelSuspended": Reconnect(_SUSPENDED),
    "accessNotConfigured": Refused(
        "The YouTube Data API is not switched on in this body's project. Switch it on in the Google Cloud console."
    ),
    "forbiddenPrivacySetting": Refused(KEPT_PRIVATE),
    "invalidTitle": Refused("YouTube does not take the title. Change the first line of the text."),
    "invalidDescription": Refused("YouTube does not take the description. Change the text."),
    "videoNotFound": Refused("YouTube has no such video."),
    "liveStreamingNotEnabled": Refused(
        "This channel may not stream live yet. Switch live streaming on in YouTube Studio; that takes up to a day."
    ),
    "livePermissionBlocked": Refused("YouTube does not let this channel stream live for now. YouTube Studio says why."),
    "errorStreamInactive": Refused("No picture arrives yet. Start the encoder, then try again."),
    "invalidTransition": Refused("The broadcast cannot go from what it is now to that."),
    "liveBroadcastNotFound": Refused("YouTube has no such broadcast."),
    "invalidScheduledStartTime": Refused("YouTube does not take the time at which the broadcast begins. Change it."),
}
# Refusals that pass by themselves, whatever their status.
QUOTA = {"quotaExceeded", "dailyLimitExceeded"}
UPLOADS = {"uploadLimitExceeded"}
SOON = {"rateLimitExceeded", "userRateLimitExceeded", "uploadRateLimitExceeded", "userRequestsExceedRateLimit"}
TROUBLE = {"backendError", "internalError", "processingFailure", "SERVICE_UNAVAILABLE"}
DAY = timedelta(days=1)

# Why a video came to nothing (discovery document, VideoStatus).
FAILURES = {
    "codec": "YouTube cannot read the video's codec. Use an MP4 with H.264 and AAC.",
    "conversion": "YouTube could not convert the video. Use an MP4 with H.264 and AAC.",
    "emptyFile": "YouTube says that the video is empty. Use another one.",
    "invalidFile": "YouTube says that this is no video. Use another one.",
    "tooSmall": "YouTube says that the video is too small. Use a larger one.",
    "uploadAborted": "YouTube says that the upload was broken off. Send it again.",
}
REJECTIONS: dict[str, Outcome] = {
    "claim": Refused("YouTube rejected the video because somebody claims rights to it."),
    "copyright": Refused("YouTube rejected the video for a breach of copyright."),
    "duplicate": Refused("YouTube rejected the video because this channel has the very same one already."),
    "inappropriate": Refused("YouTube rejected the video as inappropriate."),
    "legal": Refused("YouTube rejected the video for legal reasons."),
    "length": Refused(
        "YouTube rejected the video as too long. Use a shorter one, or confirm the channel's phone number in Studio."
    ),
    "termsOfUse": Refused("YouTube rejected the video for a breach of its terms of use."),
    "trademark": Refused("YouTube rejected the video for a breach of a trademark."),
    "uploaderAccountClosed": Reconnect(_SUSPENDED),
    "uploaderAccountSuspended": Reconnect(_SUSPENDED),
}
_FAILED = "YouTube could not process the video. Use another one."
_REJECTED = "YouTube rejected the video and gave no reason."


def reasons_of(response: httpx.Response) -> list[str]:
    """The reasons of an error, the most telling first."""
    error = object_of(fields_of(response), "error")
    return [text_of(each, "reason") for each in objects_of(error.get("errors"))]


def passing(response: httpx.Response, now: datetime) -> Later | None:
    """A refusal that ends by itself; None for any other answer."""
    if not response.is_client_error:
        return None
    reasons = set(reasons_of(response))
    if reasons & QUOTA:
        return Later(after_midnight(now), _QUOTA, limited=True)
    if reasons & UPLOADS:
        return Later(now + DAY, _UPLOADS, limited=True)
    if reasons & SOON:
        return Later(reset_at(response.headers, now, LIMIT), _SLOWER, limited=True)
    if reasons & TROUBLE and response.status_code != 429:
        return Later(now + RETRY, _TROUBLE)
    return None


def after_midnight(now: datetime) -> datetime:
    """When the quota begins anew."""
    tomorrow = now.astimezone(PACIFIC).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), PACIFIC).astimezone(UTC)


def refusal(response: httpx.Response, secrets: Iterable[str]) -> Outcome:
    """The outcome of a clean refusal."""
    known = next((REASONS[reason] for reason in reasons_of(response) if reason in REASONS), None)
    outcome = known or (Reconnect(RENEW) if response.status_code == 401 else Refused(_REFUSED))
    if isinstance(outcome, Refused):
        said = words_of(object_of(fields_of(response), "error"), "message")
        return Refused(outcome.reason, quoted(said, secrets))
    return outcome


def tells_missing(response: httpx.Response) -> bool:
    return response.status_code in {404, 410}


# Counting and limits


def bytes_in(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def count(text: str, limits: Mapping[str, int]) -> Count:
    """Bytes of the description."""
    return Count(bytes_in(text), MAX_DESCRIPTION, "bytes")


def title_of(text: str) -> str:
    """The first line."""
    return text.strip().partition("\n")[0].strip()


def check(item: Item, limits: Mapping[str, int]) -> list[Problem]:
    """Every limit of YouTube that the item breaks."""
    return [*text_problems(item.text), *media_problems(NAME, SPEC.media, item.media)]


def text_problems(text: str) -> Iterator[Problem]:
    if not text.strip():
        yield Problem("text", f"There is no text. Its first line becomes the video's title on {NAME}.")
    if (long := units(title_of(text))) > MAX_TITLE:
        yield Problem(
            "text",
            f"The first line becomes the video's title and has {long:,} characters; {NAME} takes {MAX_TITLE}. Begin a"
            " new line sooner.",
        )
    if (used := bytes_in(text)) > MAX_DESCRIPTION:
        over = used - MAX_DESCRIPTION
        yield Problem("text", f"The text has {used:,} bytes; {NAME} takes {MAX_DESCRIPTION:,}. Take out {over:,}.")
    if "<" in text or ">" in text:
        yield Problem("text", f"The text holds < or >, which {NAME} does not take. Write it in words.")


# Videos


def tag_of(item: Item) -> str:
    """By which a video of ours is known while it is private."""
    return f"mercat-{item.key}"


def video(item: Item, *, public: bool) -> dict[str, Any]:
    """A video as it is handed over, or made public. An update replaces whole parts, so nothing may be left out.

    The tag of ours goes when the video becomes public: it is nobody else's business.
    """
    return {
        "snippet": {
            "title": title_of(item.text),
            "description": item.text,
            "categoryId": CATEGORY,
            "defaultLanguage": item.language,
            "defaultAudioLanguage": item.language,
            "tags": [] if public else [tag_of(item)],
        },
        "status": {
            "privacyStatus": "public" if public else "private",
            "selfDeclaredMadeForKids": False,
            "containsSyntheticMedia": item.synthetic,
            "embeddable": True,
            "license": "youtube",
            "publicStatsViewable": True,
        },
    }


_KEPT = ("categoryId", "defaultAudioLanguage", "defaultLanguage", "tags")  # of what else YouTube lets us set


def edited(snippet: Mapping[str, Any], item: Item) -> dict[str, Any]:
    """The part of a video with the item's words, and the rest as it stands."""
    kept = {name: snippet[name] for name in _KEPT if snippet.get(name)}
    return {"categoryId": CATEGORY, **kept, "title": title_of(item.text), "description": item.text}


def permalink(base_url: str, native_id: str) -> str:
    """Where people watch a video."""
    return f"{site_of(base_url)}/watch?{urlencode({'v': native_id})}"


def found(told: Mapping[str, Any], base_url: str) -> Found | None:
    """A video as read; None where it is not one. Its text is title and description where the one does not begin the
    other."""
    snippet, native_id = object_of(told, "snippet"), text_of(told, "id")
    account, title = text_of(snippet, "channelId", MOST_NAME), words_of(snippet, "title")
    if not native_id or not account or not isinstance(snippet.get("title"), str):
        return None
    description = words_of(snippet, "description")
    begins = squashed(title_of(description)) == squashed(title)
    text = description if begins else f"{title}\n{description}".strip()
    return Found(native_id, permalink(base_url, native_id), text, 1, account)


def privacy_of(told: Mapping[str, Any]) -> str:
    return text_of(object_of(told, "status"), "privacyStatus")


def published_at(told: Mapping[str, Any]) -> datetime | None:
    """When a video was made public; of a private one, when it was uploaded. None where YouTube does not say."""
    return moment_of(object_of(told, "snippet"), "publishedAt")


def tags_of(told: Mapping[str, Any]) -> list[str]:
    tags = object_of(told, "snippet").get("tags")
    return [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []


def came_to_nothing(told: Mapping[str, Any]) -> Outcome | None:
    """Why a video failed or was rejected; None where it was not."""
    status = object_of(told, "status")
    match text_of(status, "uploadStatus"):
        case "failed":
            return Refused(FAILURES.get(text_of(status, "failureReason"), _FAILED))
        case "rejected":
            return REJECTIONS.get(text_of(status, "rejectionReason"), Refused(_REJECTED))
    if text_of(object_of(told, "processingDetails"), "processingStatus") in {"failed", "terminated"}:
        return Refused(_FAILED)
    return None


def is_ready(told: Mapping[str, Any]) -> bool:
    return text_of(object_of(told, "status"), "uploadStatus") == "processed"


POLL = timedelta(seconds=20)  # between two looks at a video in processing, where YouTube does not say how long
LONGEST_POLL = timedelta(minutes=5)


def wait_of(told: Mapping[str, Any]) -> timedelta:
    """How long a video in processing still takes, as YouTube guesses."""
    left = number_of(object_of(told, "processingDetails", "processingProgress"), "timeLeftMs")
    if left is None:
        return POLL
    return min(max(timedelta(milliseconds=min(left, 86_400_000)), timedelta(seconds=2)), LONGEST_POLL)


def same(item: Item, seen: Found) -> bool:
    """Whether a video says what the item says. A live broadcast is a video of its own."""
    return seen.media == (1 if item.begins else len(item.media)) and not seen.alts and reads_as(item.text, seen.text)


def reads_as(words: str, shown: str) -> bool:
    return _plain(words) == _plain(shown)


def _plain(text: str) -> str:
    return squashed(unicodedata.normalize("NFC", text))


# What others wrote, counts, channels


def figures(told: Mapping[str, Any]) -> Figures | None:
    """What YouTube counts of a video; None where it tells no figures."""
    counts = object_of(told, "statistics")
    names = {"views": "viewCount", "reactions": "likeCount", "replies": "commentCount"}
    known = {ours: number_of(counts, theirs) for ours, theirs in names.items()}
    told_counts = {name: value for name, value in known.items() if value is not None}
    return Figures(told_counts) if told_counts else None


def comments_in(thread: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The comment that began a thread, and those of the answers that came along."""
    first = object_of(thread, "snippet", "topLevelComment")
    return [first, *objects_of(object_of(thread, "replies").get("comments"))]


def heard(told: Mapping[str, Any], under: str, base_url: str) -> Heard | None:
    """What somebody wrote; None where the answer does not tell it. `under`: the video, or empty."""
    snippet, native_id = object_of(told, "snippet"), text_of(told, "id")
    made_at = moment_of(snippet, "publishedAt")
    if not native_id or made_at is None:
        return None
    name = words_of(snippet, "authorDisplayName")
    handle = text_of(snippet, "authorDisplayName", MOST_NAME)
    author = handle.removeprefix("@") if handle.startswith("@") else author_of(told)
    url = f"{permalink(base_url, under)}&{urlencode({'lc': native_id})}" if under else site_of(base_url)
    return Heard(native_id, url, author, name, words_of(snippet, "textDisplay"), made_at, under)


def author_of(comment: Mapping[str, Any]) -> str:
    """The channel of whoever wrote a comment."""
    return text_of(object_of(comment, "snippet", "authorChannelId"), "value", MOST_NAME)


def handle_of(channel: Mapping[str, Any]) -> str:
    """A channel's handle; its id where it has none."""
    named = text_of(object_of(channel, "snippet"), "customUrl", MOST_NAME).removeprefix("@")
    return named or text_of(channel, "id", MOST_NAME)


def channel_url(base_url: str, channel: Mapping[str, Any]) -> str:
    native_id, handle = text_of(channel, "id", MOST_NAME), handle_of(channel)
    path = f"channel/{quote(native_id, safe='')}" if handle == native_id else f"@{quote(handle, safe='')}"
    return f"{site_of(base_url)}/{path}"


def account_of(channel: Mapping[str, Any], base_url: str) -> FoundAccount | None:
    """Somebody's channel; None where the answer does not tell whose."""
    native_id, snippet = text_of(channel, "id", MOST_NAME), object_of(channel, "snippet")
    if not native_id:
        return None
    return FoundAccount(
        native_id,
        handle_of(channel),
        words_of(snippet, "title"),
        channel_url(base_url, channel),
        words_of(snippet, "description"),
        _avatar(snippet, base_url),
    )


def _avatar(snippet: Mapping[str, Any], base_url: str) -> str:
    sizes = (object_of(snippet, "thumbnails", size) for size in ("medium", "default", "high"))
    return next((link for size in sizes if (link := link_of(size, "url", base_url, MOST_PICTURE))), "")


def profile_of(channel: Mapping[str, Any], base_url: str) -> Profile | None:
    """The channel's own profile; None where the answer is none."""
    account = account_of(channel, base_url)
    if account is None:
        return None
    banner = link_of(object_of(channel, "brandingSettings", "image"), "bannerExternalUrl", base_url, MOST_PICTURE)
    return Profile(account.name, account.bio, account.avatar, banner, account.url)

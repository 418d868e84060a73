"""The channel's own uploads, newest first: by its list of uploads, never by YouTube's search, which has few calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from mercat.networks.kit.reading import TOO_MUCH, CannotTell
from mercat.networks.kit.steps import MOST_NAME, text_of
from mercat.networks.port import Channel
from mercat.networks.youtube import payload
from mercat.networks.youtube.answers import items_of, moment_of, next_page, object_of
from mercat.networks.youtube.session import items_in, listed, read

SKEW = timedelta(minutes=5)  # that YouTube's clock may be behind ours
PAGE = 50  # the most that YouTube gives
PAGES = 4  # 200 videos looked through before we say that we cannot tell; a page costs 1 of the day's 10,000 units
# That a video may lie ready before it is made public: it keeps its place among the uploads, and is shown all the same.
MADE_READY = timedelta(days=30)
SHOWING = "snippet,status"


def own_channel(channel: Channel, parts: str, *, now: datetime) -> Mapping[str, Any]:
    """The connected channel. Raises CannotTell."""
    channels = listed(channel, "channels", {"part": parts, "mine": "true"}, now=now)
    mine = next((one for one in channels if text_of(one, "id", MOST_NAME) == channel.native_id), None)
    if mine is None:
        raise CannotTell("YouTube's answer is not this channel.")
    return mine


def own_since(channel: Channel, since: datetime, *, now: datetime) -> Iterator[Mapping[str, Any]]:
    """Every video of the channel uploaded since, also private ones. Raises CannotTell."""
    for entries in _entries(channel, since, now=now):
        yield from videos(channel, list(map(_video_id, entries)), now=now)


def shown_since(channel: Channel, since: datetime, *, now: datetime) -> Iterator[Mapping[str, Any]]:
    """Every video of the channel that was uploaded or made public since, also private ones. Raises CannotTell."""
    for entries in _entries(channel, since, now=now, back=MADE_READY):
        recent = [one for one in entries if max(_uploaded(one), _shown(one)) >= since]
        yield from videos(channel, list(map(_video_id, recent)), now=now)


def _entries(
    channel: Channel, since: datetime, *, now: datetime, back: timedelta = timedelta()
) -> Iterator[list[Mapping[str, Any]]]:
    """Pages of the list of uploads, newest first: all that were uploaded since, and of those of the time `back` before
    it as many as the pages hold."""
    mine = own_channel(channel, "contentDetails", now=now)
    uploads = text_of(object_of(mine, "contentDetails", "relatedPlaylists"), "uploads")
    if not uploads:
        raise CannotTell("YouTube does not name this channel's uploads.")
    asked = {"part": "snippet,contentDetails", "playlistId": uploads, "maxResults": str(PAGE)}
    for _ in range(PAGES):
        response = read(channel, "playlistItems", asked, now=now)
        if payload.tells_missing(response):
            return  # of a channel without any
        entries = items_in(response)
        recent = [one for one in entries if _uploaded(one) >= since - back]
        yield recent
        following = next_page(response)
        if not following or len(recent) < len(entries):
            return
        asked["pageToken"] = following
    if entries and _uploaded(entries[-1]) >= since:
        raise CannotTell(TOO_MUCH)


def _uploaded(entry: Mapping[str, Any]) -> datetime:
    at = moment_of(object_of(entry, "snippet"), "publishedAt")
    if at is None:
        raise CannotTell("YouTube's answer is not a list of videos.")
    return at


def _shown(entry: Mapping[str, Any]) -> datetime:
    """When it was made public; of one that was not, when it was uploaded."""
    return moment_of(object_of(entry, "contentDetails"), "videoPublishedAt") or _uploaded(entry)


def _video_id(entry: Mapping[str, Any]) -> str:
    return text_of(object_of(entry, "contentDetails"), "videoId")


def videos(channel: Channel, ids: list[str], *, now: datetime, parts: str = SHOWING) -> list[Mapping[str, Any]]:
    """Those of them that YouTube has. Raises CannotTell."""
    wanted = [one for one in ids if one and "," not in one]
    if not wanted:
        return []
    response = read(channel, "videos", {"part": parts, "id": ",".join(wanted)}, now=now)
    if payload.tells_missing(response):
        return []
    found = items_of(response) if response.is_success else items_in(response)
    if found is None:
        raise CannotTell("YouTube's answer is not a list of videos.")
    return [one for one in found if text_of(one, "id") in wanted]


def tagged(channel: Channel, tag: str, since: datetime, *, now: datetime) -> str:
    """The id of the video with this tag of ours; empty where there is none. Raises CannotTell."""
    told = own_since(channel, since - SKEW, now=now)
    return next((text_of(one, "id") for one in told if tag in payload.tags_of(one)), "")

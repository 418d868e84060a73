"""What YouTube shows of the channel and of others: figures, comments, whose channels there are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import httpx

from mercat.networks.kit.reading import CannotTell
from mercat.networks.kit.steps import MOST_NAME, RETRY, Halt, bytes_of, fields_of, preparing, publishing, text_of
from mercat.networks.port import (
    Channel,
    Figures,
    FoundAccount,
    Heard,
    Later,
    Medium,
    NewProfile,
    Outcome,
    Profile,
    Refused,
    Sent,
    Unreadable,
    Unsure,
)
from mercat.networks.youtube import payload
from mercat.networks.youtube.answers import moment_of, next_page, object_of
from mercat.networks.youtube.session import (
    api,
    authorised,
    instead_of_reading,
    items_in,
    listed,
    read,
    secrets_of,
    upload_api,
)
from mercat.networks.youtube.spec import MAX_BANNER, MAX_BIO
from mercat.networks.youtube.uploads import own_channel, videos

HEARD = 100  # threads a page, the most that YouTube gives
HEARD_PAGES = 5  # what came since the last look
FOUND = 20  # channels told of one search
MOST_SEARCHED = 200  # characters
_PROFILE = "snippet,brandingSettings"


class Metrics:
    """The public counts."""

    def figures(self, channel: Channel, *, native_id: str, now: datetime) -> Figures | Unreadable:
        try:
            found = videos(channel, [native_id], now=now, parts="statistics")
        except CannotTell as trouble:
            return trouble.sighting
        figures = payload.figures(found[0]) if found else None
        return figures or Unreadable("YouTube tells no figures of this video.")


class Listener:
    """Comments. YouTube has no list of mentions: what names the channel is what stands under its videos and on it.

    Threads come in the order in which they began, with up to five answers: a new answer to an old thread is not seen.
    """

    def mentions(self, channel: Channel, *, since: datetime, now: datetime) -> tuple[Heard, ...] | Unreadable:
        return _threads(channel, {"allThreadsRelatedToChannelId": channel.native_id}, since, now)

    def comments(self, channel: Channel, *, native_id: str, now: datetime) -> tuple[Heard, ...] | Unreadable:
        return _threads(channel, {"videoId": native_id}, None, now)


def _threads(
    channel: Channel, about: Mapping[str, str], since: datetime | None, now: datetime
) -> tuple[Heard, ...] | Unreadable:
    asked = {"part": "snippet,replies", "order": "time", "maxResults": str(HEARD), "textFormat": "plainText", **about}
    heard: list[Heard] = []
    try:
        for _ in range(HEARD_PAGES):
            response = read(channel, "commentThreads", asked, now=now)
            if "commentsDisabled" in payload.reasons_of(response):
                break
            threads = items_in(response)
            new = [
                one for thread in threads for one in _others(channel, thread) if since is None or one.made_at > since
            ]
            heard += new
            following = next_page(response)
            if not following or (since and any(_began(thread) <= since for thread in threads)):
                break
            asked["pageToken"] = following
    except CannotTell as trouble:
        return trouble.sighting
    return tuple(sorted(heard, key=lambda each: each.made_at, reverse=True))


def _began(thread: Mapping[str, Any]) -> datetime:
    """When a thread began; of one that does not tell, as long ago as can be, so that no list is read for ever."""
    first = object_of(thread, "snippet", "topLevelComment", "snippet")
    return moment_of(first, "publishedAt") or datetime.min.replace(tzinfo=UTC)


def _others(channel: Channel, thread: Mapping[str, Any]) -> list[Heard]:
    under = text_of(object_of(thread, "snippet"), "videoId")
    theirs = [one for one in payload.comments_in(thread) if payload.author_of(one) != channel.native_id]
    return [heard for one in theirs if (heard := payload.heard(one, under, channel.base_url))]


class Searcher:
    """Channels by what they are called. A search is one of a day's hundred; the handles cost one unit more."""

    exact = False

    def accounts(self, channel: Channel, words: str, *, now: datetime) -> tuple[FoundAccount, ...] | Unreadable:
        query = " ".join(words.split())[:MOST_SEARCHED]
        if not query:
            return ()
        try:
            asked = {"part": "snippet", "type": "channel", "q": query, "maxResults": str(FOUND)}
            results = listed(channel, "search", asked, now=now)
            ids = [text_of(object_of(one, "id"), "channelId", MOST_NAME) for one in results]
            wanted = [one for one in ids if one and "," not in one]
            if not wanted:
                return ()
            asked = {"part": "snippet", "id": ",".join(wanted), "maxResults": str(FOUND)}
            told = {text_of(one, "id", MOST_NAME): one for one in listed(channel, "channels", asked, now=now)}
        except CannotTell as trouble:
            return trouble.sighting
        found = (payload.account_of(told[one], channel.base_url) for one in wanted if one in told)
        return tuple(account for account in found if account)


class Profiler:
    """The description and the banner. The name and the picture YouTube lets nobody set but its own pages
    (developers.google.com/youtube/data/reference/rest/v3/channels/update)."""

    settable = frozenset({"bio", "banner"})

    def profile(self, channel: Channel, *, now: datetime) -> Profile | Unreadable:
        try:
            mine = own_channel(channel, _PROFILE, now=now)
        except CannotTell as trouble:
            return trouble.sighting
        return payload.profile_of(mine, channel.base_url) or Unreadable("YouTube's answer is not a profile.")

    def change(self, channel: Channel, new: NewProfile, *, now: datetime) -> Outcome:
        if problems := _problems(new):
            return Refused(" ".join(problems))
        try:
            mine = own_channel(channel, _PROFILE, now=now)
            settings = dict(object_of(mine, "brandingSettings", "channel"))
            image = dict(object_of(mine, "brandingSettings", "image"))
            if new.bio is not None:
                settings["description"] = new.bio
            if new.banner is not None:
                image["bannerExternalUrl"] = _banner(channel, new.banner, now)
            changed = {"channel": settings, **({"image": image} if image else {})}
            response = _put(channel, {"id": channel.native_id, "brandingSettings": changed}, now)
        except CannotTell as trouble:
            return instead_of_reading(trouble, now)
        except Halt as halt:
            return halt.outcome
        if response.is_client_error:
            return payload.refusal(response, secrets_of(channel))
        if text_of(fields_of(response), "id", MOST_NAME) != channel.native_id:
            return Unsure("YouTube answered, but not in a way that says whether the profile was changed.")
        return Sent(channel.native_id, payload.channel_url(channel.base_url, mine))


def _problems(new: NewProfile) -> list[str]:
    problems = []
    if new.name is not None or new.avatar is not None:
        problems.append("YouTube lets no programme change a channel's name or picture. Change them in YouTube Studio.")
    if new.bio is not None and len(new.bio) > MAX_BIO:
        problems.append(f"The description has {len(new.bio):,} characters; YouTube takes {MAX_BIO:,}.")
    if new.banner is not None and new.banner.size > MAX_BANNER:
        problems.append("The banner is too large; YouTube takes up to 6 MB. Use a smaller one.")
    return problems


def _banner(channel: Channel, banner: Medium, now: datetime) -> str:
    """The address under which YouTube keeps a picture for the banner."""
    content, url = bytes_of(banner, now=now), upload_api(channel.base_url, "channelBanners/insert")

    def post(signed: dict[str, str]) -> httpx.Response:
        headers = {**signed, "Content-Type": banner.mime}
        return channel.http.post(url, params={"uploadType": "media"}, content=content, headers=headers)

    response = authorised(channel, preparing, post, now=now)
    if response.is_client_error:
        raise Halt(payload.refusal(response, secrets_of(channel)))
    kept = text_of(fields_of(response), "url")
    if not kept:
        raise Halt(Later(now + RETRY, "YouTube did not say that it has the banner."))
    return kept


def _put(channel: Channel, body: Mapping[str, Any], now: datetime) -> httpx.Response:
    url, asked = api(channel.base_url, "channels"), {"part": "brandingSettings"}
    return authorised(
        channel, publishing, lambda signed: channel.http.put(url, params=asked, json=body, headers=signed), now=now
    )

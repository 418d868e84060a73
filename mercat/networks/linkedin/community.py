"""The calls around a page's posts: what it is, what is counted and said, and who else is there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from mercat.networks.kit.reading import CannotTell
from mercat.networks.kit.steps import fields_of, json_of, link_of, words_of
from mercat.networks.linkedin import payload
from mercat.networks.linkedin.session import PAGE, PAGES, Written, reading, rest
from mercat.networks.port import (
    Channel,
    Figures,
    FoundAccount,
    Heard,
    NewProfile,
    Outcome,
    Profile,
    Refused,
    Unreadable,
)

_NO_LIST = "LinkedIn's answer is not what was asked for."
_UNKNOWN = "LinkedIn does not know this post."


class Profiler:
    """Reads a page's profile. The interface for pages documents no way to change one."""

    settable: frozenset[str] = frozenset()

    def profile(self, channel: Channel, *, now: datetime) -> Profile | Unreadable:
        try:
            response = reading(channel, rest(channel.base_url, "organizations", channel.native_id), now=now)
            page = fields_of(response)
            told = payload.account(page, channel.base_url)
            if told is None or told.native_id != channel.native_id:
                return Unreadable("LinkedIn's answer is not this page.")
            pictures = [_picture(channel, payload.picture_urn(page, name), now) for name in ("logoV2", "coverPhotoV2")]
        except CannotTell as trouble:
            return trouble.sighting
        return Profile(told.name, words_of(page, "localizedDescription"), pictures[0], pictures[1], told.url)

    def change(self, channel: Channel, new: NewProfile, *, now: datetime) -> Outcome:
        return Refused("LinkedIn lets no programme change a page's profile. Change it on LinkedIn itself.")


def _picture(channel: Channel, urn: str, now: datetime) -> str:
    """The address of a picture; empty where there is none."""
    if not urn:
        return ""
    response = reading(channel, rest(channel.base_url, "images", urn), now=now)
    return link_of(fields_of(response), "downloadUrl", channel.base_url)


class Metrics:
    """What LinkedIn counts of a post; only for administrators of the page, and for a year."""

    def figures(self, channel: Channel, *, native_id: str, now: datetime) -> Figures | Unreadable:
        if not payload.is_post(native_id):
            return Unreadable(_UNKNOWN)
        kind = "shares" if ":share:" in native_id else "ugcPosts"
        url = rest(
            channel.base_url,
            "organizationalEntityShareStatistics",
            q="organizationalEntity",
            organizationalEntity=payload.organisation_urn(channel.native_id),
            **{kind: (native_id,)},
        )
        try:
            response = reading(channel, url, now=now)
        except CannotTell as trouble:
            return trouble.sighting
        return payload.figures(fields_of(response)) or Unreadable(_NO_LIST)


class Listener:
    """Comments under the page's posts, and posts that name the page. LinkedIn tells who wrote by number alone."""

    def mentions(self, channel: Channel, *, since: datetime, now: datetime) -> tuple[Heard, ...] | Unreadable:
        span = Written(f"(start:{payload.milliseconds(since)},end:{payload.milliseconds(now)})")
        asked: dict[str, str | tuple[str, ...]] = {
            "q": "criteria",
            "actions": ("SHARE_MENTION",),
            "organizationalEntity": payload.organisation_urn(channel.native_id),
            "timeRange": span,
        }
        try:
            told = list(_pages(channel, "organizationalEntityNotifications", now=now, **asked))
        except CannotTell as trouble:
            return trouble.sighting
        heard = (payload.mention(each, channel.base_url) for each in told)
        return _newest_first(channel, (each for each in heard if each and each.made_at > since))

    def comments(self, channel: Channel, *, native_id: str, now: datetime) -> tuple[Heard, ...] | Unreadable:
        try:
            told = list(_pages(channel, "socialActions", native_id, "comments", now=now))
        except CannotTell as trouble:
            return trouble.sighting
        heard = (payload.comment(each, native_id, channel.base_url) for each in told)
        return _newest_first(channel, (each for each in heard if each))


def _newest_first(channel: Channel, heard: Iterator[Heard]) -> tuple[Heard, ...]:
    own = payload.organisation_urn(channel.native_id)
    others = [each for each in heard if each.author != own]
    return tuple(sorted(others, key=lambda each: each.made_at, reverse=True))


def _pages(channel: Channel, *parts: str, now: datetime, **query: str | tuple[str, ...]) -> Iterator[Any]:
    for page in range(PAGES):
        url = rest(channel.base_url, *parts, **query, start=str(page * PAGE), count=str(PAGE))
        response = reading(channel, url, now=now)
        if response.status_code == 404:
            raise CannotTell(_UNKNOWN)
        elements = fields_of(response).get("elements")
        if not isinstance(elements, list):
            raise CannotTell(_NO_LIST)
        yield from elements
        if len(elements) < PAGE:
            return


class Searcher:
    """LinkedIn tells only of a page whose whole name in its address is given."""

    exact = True

    def accounts(self, channel: Channel, words: str, *, now: datetime) -> tuple[FoundAccount, ...] | Unreadable:
        name = "-".join(words.lower().split())
        if not name:
            return ()
        try:
            response = reading(
                channel, rest(channel.base_url, "organizations", q="vanityName", vanityName=name), now=now
            )
        except CannotTell as trouble:
            return trouble.sighting
        told = json_of(response)
        elements = told.get("elements") if isinstance(told, dict) else None
        if response.status_code == 404 or not isinstance(elements, list):
            return () if response.status_code == 404 else Unreadable(_NO_LIST)
        found = (payload.account(each, channel.base_url) for each in elements)
        return tuple(each for each in found if each)

"""The calls around an account's posts: its profile, what is counted and said, who else is there, and reporting them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import httpx

from mercat.networks.kit.reading import CannotTell
from mercat.networks.kit.steps import Halt, bytes_of, fields_of, publishing, text_of
from mercat.networks.mastodon import payload
from mercat.networks.mastodon.calls import api, bearer, read, reading, refuse_part
from mercat.networks.port import (
    Channel,
    Figures,
    FoundAccount,
    Heard,
    Medium,
    NewProfile,
    Outcome,
    Profile,
    Refused,
    Sent,
    Unreadable,
    Unsure,
)

PAGE = 40  # entries a page, what every version gives
PAGES = 10  # looked through before we leave it
MOST_COMMENT = 1_000  # characters of a report: app/models/report.rb COMMENT_SIZE_LIMIT

_NOT_OURS = "The server's answer is not this account."
_NO_POST = "The server's answer is not this post."
_GONE = "The post is no longer on the server."
_NO_LIST = "The server's answer is not what was asked for."
_CHANGED = "The server answered, but not in a way that says whether the profile was changed."
_REPORTED = "The server answered, but not in a way that says whether the report was taken."
_NOBODY = "The server no longer knows the account that is to be reported."
_TOO_LONG = f"A report to a Mastodon server has at most {MOST_COMMENT:,} characters. Make it shorter."


class Profiler:
    """Reads and sets the account's own profile."""

    settable = frozenset({"name", "bio", "avatar", "banner"})

    def profile(self, channel: Channel, *, now: datetime) -> Profile | Unreadable:
        try:
            answer = read(reading(channel, api(channel.base_url, "v1", "accounts", "verify_credentials")))
        except CannotTell as trouble:
            return trouble.sighting
        if not isinstance(answer, dict) or text_of(answer, "id") != channel.native_id:
            return Unreadable(_NOT_OURS)
        return payload.profile(answer, channel.base_url)

    def change(self, channel: Channel, new: NewProfile, *, now: datetime) -> Outcome:
        url = api(channel.base_url, "v1", "accounts", "update_credentials")
        told = {"display_name": new.name, "note": new.bio}
        words = {name: value for name, value in told.items() if value is not None}
        try:
            files = {
                name: _file(medium, now) for name, medium in (("avatar", new.avatar), ("header", new.banner)) if medium
            }

            def send() -> httpx.Response:
                return channel.http.patch(url, data=words, files=files or None, headers=bearer(channel))

            response = publishing(send, now=now)
            refuse_part(response, channel)
        except Halt as halt:
            return halt.outcome
        answer = fields_of(response)
        if text_of(answer, "id") != channel.native_id:
            return Unsure(_CHANGED)
        return Sent(channel.native_id, payload.profile(answer, channel.base_url).url)


def _file(medium: Medium, now: datetime) -> tuple[str, bytes, str]:
    return f"picture.{medium.mime.partition('/')[2]}", bytes_of(medium, now=now), medium.mime


class Metrics:
    """Counts on the status itself."""

    def figures(self, channel: Channel, *, native_id: str, now: datetime) -> Figures | Unreadable:
        try:
            response = reading(channel, api(channel.base_url, "v1", "statuses", native_id))
            if response.status_code in {404, 410}:
                return Unreadable(_GONE)
            return payload.figures(read(response)) or Unreadable(_NO_POST)
        except CannotTell as trouble:
            return trouble.sighting


class Listener:
    """Mentions from the notifications, comments from the context of a status."""

    def mentions(self, channel: Channel, *, since: datetime, now: datetime) -> tuple[Heard, ...] | Unreadable:
        try:
            statuses = list(_notified(channel, since))
        except CannotTell as trouble:
            return trouble.sighting
        heard = (payload.heard(status, _reply_to(status), channel) for status in statuses)
        return _newest_first(each for each in heard if each)

    def comments(self, channel: Channel, *, native_id: str, now: datetime) -> tuple[Heard, ...] | Unreadable:
        try:
            response = reading(channel, api(channel.base_url, "v1", "statuses", native_id, "context"))
            if response.status_code in {404, 410}:
                return Unreadable(_GONE)
            answer = read(response)
        except CannotTell as trouble:
            return trouble.sighting
        descendants = answer.get("descendants") if isinstance(answer, dict) else None
        if not isinstance(descendants, list):
            return Unreadable(_NO_LIST)
        heard = (payload.heard(status, native_id, channel) for status in descendants)
        return _newest_first(each for each in heard if each)


def _newest_first(heard: Iterator[Heard]) -> tuple[Heard, ...]:
    return tuple(sorted(heard, key=lambda each: each.made_at, reverse=True))


def _reply_to(status: Any) -> str:
    return text_of(status, "in_reply_to_id") if isinstance(status, dict) else ""


def _notified(channel: Channel, since: datetime) -> Iterator[Any]:
    """The statuses of the mentions notified after `since`, newest first. Other servers may have made them long before:
    when the own one told of them counts."""
    url = api(channel.base_url, "v1", "notifications")
    params = {"types[]": "mention", "limit": str(PAGE)}
    for _ in range(PAGES):
        page = read(reading(channel, url, params.items()))
        told = [payload.notified(each) for each in page] if isinstance(page, list) else [None]
        recent = [each for each in told if each and each[1] >= since]
        if None in told:
            raise CannotTell(_NO_LIST)
        yield from (status for _, _, status in recent)
        if len(recent) < len(told) or not recent:
            return
        params["max_id"] = recent[-1][0]


class Searcher:
    """Accounts that the server knows, and those of others whose whole name is given."""

    exact = False

    def accounts(self, channel: Channel, words: str, *, now: datetime) -> tuple[FoundAccount, ...] | Unreadable:
        if not words.strip():
            return ()
        params = {"q": words.strip(), "type": "accounts", "resolve": "true", "limit": str(PAGE)}
        try:
            answer = read(reading(channel, api(channel.base_url, "v2", "search"), params.items()))
        except CannotTell as trouble:
            return trouble.sighting
        accounts = answer.get("accounts") if isinstance(answer, dict) else None
        if not isinstance(accounts, list):
            return Unreadable(_NO_LIST)
        found = (payload.account(each, channel) for each in accounts[: PAGE * 2])
        return tuple(each for each in found if each)


class Reporter:
    """Tells the own server, which passes it on to the account's."""

    def report(self, channel: Channel, *, account: str, words: str, now: datetime) -> Outcome:
        if len(words) > MOST_COMMENT:
            return Refused(_TOO_LONG)
        url = api(channel.base_url, "v1", "reports")
        body = {"account_id": account, "comment": words, "category": "other", "forward": True}
        try:
            response = publishing(lambda: channel.http.post(url, json=body, headers=bearer(channel)), now=now)
            if response.status_code == 404:
                return Refused(_NOBODY)
            refuse_part(response, channel)
        except Halt as halt:
            return halt.outcome
        native_id = text_of(fields_of(response), "id")
        return Sent(native_id, "") if native_id else Unsure(_REPORTED)

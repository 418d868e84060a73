"""The calls around an account's posts. What the whole network knows (counts, mentions, replies, accounts) and its
moderation are asked through the account's own server, which passes such calls on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import httpx

from mercat.networks.bluesky import payload
from mercat.networks.bluesky.session import authorised, bearer, secrets_of, xrpc
from mercat.networks.bluesky.spec import MAX_REPORT
from mercat.networks.kit.reading import CannotTell, untold
from mercat.networks.kit.steps import (
    RETRY,
    Halt,
    bytes_of,
    fields_of,
    preparing,
    publishing,
    said_error,
    said_status,
    text_of,
)
from mercat.networks.kit.text import graphemes
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

PAGE = 100  # entries a page, the most that the lexicons allow
PAGES = 10  # looked through before we leave it
MOST_REPLIES = 1_000  # of one thread
DEPTH = 20  # levels of replies to replies

_SHOWN_LATER = "Bluesky does not show this post, or not yet."
_NO_LIST = "Bluesky's answer is not what was asked for."
_MEANWHILE = "The profile was changed by somebody else in the same moment; it is looked at again."
_CHANGED = "Bluesky answered, but not in a way that says whether the profile was changed."
_REPORTED = "Bluesky answered, but not in a way that says whether the report was taken."
_TOO_LONG = f"A report to Bluesky has at most {MAX_REPORT[0]:,} characters. Make it shorter."


def uploaded(channel: Channel, medium: Medium, now: datetime) -> dict[str, Any]:
    """A picture handed over, as a record can hold it. Halts where it is not taken."""
    content = bytes_of(medium, now=now)
    url = xrpc(channel.base_url, "com.atproto.repo.uploadBlob")

    def upload(token: str) -> httpx.Response:
        headers = {**bearer(token), "Content-Type": medium.mime}
        return preparing(lambda: channel.http.post(url, content=content, headers=headers), now=now)

    response = authorised(channel, upload, now=now)
    if response.is_client_error:
        raise Halt(payload.refusal(response, secrets_of(channel)))
    blob = payload.blob_of(response)
    if blob is None:
        raise Halt(Later(now + RETRY, "Bluesky did not say that it has the picture."))
    return blob


class Profiler:
    """Reads and writes the account's own record of its profile; what others wrote into it stays."""

    settable = frozenset({"name", "bio", "avatar", "banner"})

    def profile(self, channel: Channel, *, now: datetime) -> Profile | Unreadable:
        try:
            response = channel.http.get(xrpc(channel.base_url, _LIST), params=_of_profile(channel))
        except httpx.HTTPError as error:
            return Unreadable(said_error(error))
        record = payload.profile_record(fields_of(response)) if response.is_success else None
        if record is None:
            return Unreadable(_NO_LIST if response.is_success else said_status(response))
        return payload.profile(record[0], channel)

    def change(self, channel: Channel, new: NewProfile, *, now: datetime) -> Outcome:
        if problems := list(payload.profile_problems(new)):
            return Refused(" ".join(problems))
        try:
            told = {"avatar": new.avatar, "banner": new.banner}
            blobs = {name: uploaded(channel, medium, now) for name, medium in told.items() if medium}
            return _put_profile(channel, new, blobs, now)
        except Halt as halt:
            return halt.outcome


_LIST = "com.atproto.repo.listRecords"


def _of_profile(channel: Channel) -> dict[str, str]:
    return {"repo": channel.native_id, "collection": payload.PROFILE, "limit": "1"}


def _put_profile(channel: Channel, new: NewProfile, blobs: Mapping[str, dict[str, Any]], now: datetime) -> Outcome:
    url = xrpc(channel.base_url, _LIST)
    response = preparing(lambda: channel.http.get(url, params=_of_profile(channel)), now=now)
    known = payload.profile_record(fields_of(response)) if response.is_success else None
    if known is None:
        return Later(now + RETRY, _NO_LIST)
    record, version = known
    body = {
        "repo": channel.native_id,
        "collection": payload.PROFILE,
        "rkey": "self",
        "record": payload.changed(record, new, blobs),
        "swapRecord": version,  # whatever was written meanwhile is not overwritten
    }
    put_url = xrpc(channel.base_url, "com.atproto.repo.putRecord")

    def put(token: str) -> httpx.Response:
        return publishing(lambda: channel.http.post(put_url, json=body, headers=bearer(token)), now=now)

    response = authorised(channel, put, now=now)
    if text_of(fields_of(response), "error") == "InvalidSwap":
        return Later(now + RETRY, _MEANWHILE)
    if response.is_client_error:
        return payload.refusal(response, secrets_of(channel))
    if not text_of(fields_of(response), "uri").startswith(f"at://{channel.native_id}/"):
        return Unsure(_CHANGED)
    return Sent(channel.native_id, payload.page_of(channel, channel.handle))


def _asked(
    channel: Channel, method: str, params: Sequence[tuple[str, str]], *, now: datetime, gone: str = ""
) -> Mapping[str, Any]:
    """The answer to a reading. Raises CannotTell. `gone`: the error that says that the thing is not there."""
    url = xrpc(channel.base_url, method)
    try:
        response = authorised(
            channel, lambda token: channel.http.get(url, params=list(params), headers=bearer(token)), now=now
        )
    except httpx.HTTPError as error:
        raise CannotTell(said_error(error)) from None
    except Halt as halt:
        raise untold(halt.outcome) from None
    answer = fields_of(response)
    if gone and text_of(answer, "error") == gone:
        raise CannotTell(_SHOWN_LATER)
    if not response.is_success:
        raise CannotTell(said_status(response))
    return answer


class Metrics:
    def figures(self, channel: Channel, *, native_id: str, now: datetime) -> Figures | Unreadable:
        try:
            answer = _asked(channel, "app.bsky.feed.getPosts", [("uris", native_id)], now=now)
        except CannotTell as trouble:
            return trouble.sighting
        if not isinstance(answer.get("posts"), list):
            return Unreadable(_NO_LIST)
        return payload.figures(answer, native_id) or Unreadable(_SHOWN_LATER)


class Listener:
    """Mentions from the notifications, comments from the thread."""

    def mentions(self, channel: Channel, *, since: datetime, now: datetime) -> tuple[Heard, ...] | Unreadable:
        try:
            views = list(_notified(channel, since, now))
        except CannotTell as trouble:
            return trouble.sighting
        heard = (payload.heard(view, channel) for view in views)
        return _newest_first(each for each in heard if each and each.made_at > since)

    def comments(self, channel: Channel, *, native_id: str, now: datetime) -> tuple[Heard, ...] | Unreadable:
        params = [("uri", native_id), ("depth", str(DEPTH)), ("parentHeight", "0")]
        try:
            answer = _asked(channel, "app.bsky.feed.getPostThread", params, now=now, gone="NotFound")
        except CannotTell as trouble:
            return trouble.sighting
        thread = answer.get("thread")
        if not isinstance(thread, dict):
            return Unreadable(_NO_LIST)
        if "post" not in thread:
            return Unreadable(_SHOWN_LATER)
        heard = (payload.heard(view, channel, native_id) for view in _replies(thread))
        return _newest_first(each for each in heard if each)


def _newest_first(heard: Iterator[Heard]) -> tuple[Heard, ...]:
    return tuple(sorted(heard, key=lambda each: each.made_at, reverse=True))


def _notified(channel: Channel, since: datetime, now: datetime) -> Iterator[dict[str, Any]]:
    """The notifications of mentions that the network saw after `since`, newest first."""
    params = {"reasons": "mention", "limit": str(PAGE)}
    for _ in range(PAGES):
        answer = _asked(channel, "app.bsky.notification.listNotifications", list(params.items()), now=now)
        told = answer.get("notifications")
        if not isinstance(told, list):
            raise CannotTell(_NO_LIST)
        moments = [payload.seen_at(each) if isinstance(each, dict) else None for each in told]
        if None in moments:
            raise CannotTell(_NO_LIST)
        recent = [each for each, at in zip(told, moments, strict=True) if at and at >= since]
        # A server that does not know the parameter tells of likes as well.
        yield from (each for each in recent if text_of(each, "reason") == "mention")
        cursor = text_of(answer, "cursor")
        if len(recent) < len(told) or not recent or not cursor:
            return
        params["cursor"] = cursor


def _replies(thread: Mapping[str, Any]) -> Iterator[Any]:
    """The posts of all replies below the thread's own post."""
    waiting, given = [thread], 0
    while waiting and given < MOST_REPLIES:
        replies = waiting.pop().get("replies")
        for reply in replies if isinstance(replies, list) else ():
            if isinstance(reply, dict) and given < MOST_REPLIES:
                given += 1
                waiting.append(reply)
                yield reply.get("post")


class Searcher:
    """Accounts by words of their names and descriptions."""

    exact = False

    def accounts(self, channel: Channel, words: str, *, now: datetime) -> tuple[FoundAccount, ...] | Unreadable:
        if not words.strip():
            return ()
        params = [("q", words.strip()), ("limit", str(PAGE))]
        try:
            actors = _asked(channel, "app.bsky.actor.searchActors", params, now=now).get("actors")
        except CannotTell as trouble:
            return trouble.sighting
        if not isinstance(actors, list):
            return Unreadable(_NO_LIST)
        found = (payload.account(each, channel) for each in actors[:PAGE])
        return tuple(each for each in found if each)


class Reporter:
    """Tells the network's moderation."""

    def report(self, channel: Channel, *, account: str, words: str, now: datetime) -> Outcome:
        if graphemes(words) > MAX_REPORT[0] or len(words.encode()) > MAX_REPORT[1]:
            return Refused(_TOO_LONG)
        url = xrpc(channel.base_url, "com.atproto.moderation.createReport")
        subject = {"$type": "com.atproto.admin.defs#repoRef", "did": account}
        body = {"reasonType": payload.IMPERSONATION, "reason": words, "subject": subject}

        def send(token: str) -> httpx.Response:
            return publishing(lambda: channel.http.post(url, json=body, headers=bearer(token)), now=now)

        try:
            response = authorised(channel, send, now=now)
        except Halt as halt:
            return halt.outcome
        if response.is_client_error:
            return payload.refusal(response, secrets_of(channel))
        number = fields_of(response).get("id")
        if not isinstance(number, int) or isinstance(number, bool):
            return Unsure(_REPORTED)
        return Sent(str(number), "")

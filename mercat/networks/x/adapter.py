"""The calls to X that publish, read back and take down."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import quote

import httpx

from mercat.networks.kit.renewal import lifetime
from mercat.networks.kit.steps import RETRY, Halt, publishing, text_of
from mercat.networks.port import (
    Channel,
    Found,
    Item,
    Later,
    Missing,
    Network,
    Notes,
    Outcome,
    Pending,
    Refused,
    Sent,
    Sighting,
    Unreadable,
    Unsure,
)
from mercat.networks.x import payload
from mercat.networks.x.answers import data_of
from mercat.networks.x.connecting import Connector, OAuthConnector
from mercat.networks.x.listing import Lister, found_in, own_since
from mercat.networks.x.media import Picture
from mercat.networks.x.reading import CannotTell, read
from mercat.networks.x.session import Keeper, api, authorised, secrets_of
from mercat.networks.x.spec import SPEC
from mercat.networks.x.watching import Listener, Metrics, Profiler, Searcher

SKEW = timedelta(minutes=5)  # that X's clock may be behind ours

_PREPARING = "X is still preparing the pictures or the video."
_GARBLED = "X answered, but not in a way that says whether the post is out."
_SWEPT = "X no longer has a picture or video that was handed to it; it is handed over again."
_ASKED = "asked_at"


class Publisher:
    """Pictures first, until X has them ready and described; then the post. X has no key that makes a repeat harmless:
    it refuses the very same words instead."""

    def publish(self, channel: Channel, item: Item, notes: Notes, *, now: datetime) -> Outcome:
        if problems := payload.check(item, channel.limits):
            return Refused(" ".join(problem.message for problem in problems))
        try:
            brought = [one.bring() for one in _pictures(channel, item, notes, now)]
            if waits := [wait for _, wait in brought if wait]:
                return Pending(now + max(waits), _PREPARING)
            return _post(channel, item, [media_id for media_id, _ in brought], notes, now)
        except Halt as halt:
            return halt.outcome


def _pictures(channel: Channel, item: Item, notes: Notes, now: datetime) -> list[Picture]:
    return [Picture(channel, n, medium, notes, now, item.language) for n, medium in enumerate(item.media)]


def _post(channel: Channel, item: Item, media_ids: list[str], notes: Notes, now: datetime) -> Outcome:
    if notes.get(_ASKED) is None:
        notes.keep(_ASKED, now.isoformat())  # where to begin to look, should the answer be lost
    url, body = api(channel.base_url, "tweets"), payload.post(item, media_ids)

    def post(signed: dict[str, str]) -> httpx.Response:
        return channel.http.post(url, json=body, headers=signed)

    response = authorised(channel, publishing, post, now=now)
    if response.is_client_error:
        return _not_posted(response, channel, item, notes, now)
    native_id = text_of(data_of(response), "id")
    if not native_id:
        return Unsure(_GARBLED)
    notes.keep(_sent_note(item), native_id)
    return _sent(channel, native_id)


def _not_posted(response: httpx.Response, channel: Channel, item: Item, notes: Notes, now: datetime) -> Outcome:
    if item.media and payload.is_gone(response):
        for one in _pictures(channel, item, notes, now):
            one.forget()
        return Later(now + RETRY, _SWEPT)
    outcome = payload.refusal(response, secrets_of(channel))
    known = notes.get(_sent_note(item))
    # The same words again, and we know the answer to the first time: that is this post.
    return _sent(channel, known) if known and isinstance(outcome, Unsure) else outcome


def _sent_note(item: Item) -> str:
    return f"sent:{item.key}"


def _sent(channel: Channel, native_id: str) -> Sent:
    return Sent(native_id, payload.permalink(channel.base_url, channel.handle, native_id))


class Reader:
    """Reads the post by its id, or else looks for it among the account's own since it was first asked for."""

    def find(
        self,
        channel: Channel,
        item: Item,
        notes: Notes,
        *,
        native_id: str | None,
        is_another: Callable[[str], bool],
        now: datetime,
    ) -> Sighting:
        try:
            if native_id:
                return _by_id(channel, native_id, now)
            noted = notes.get(_sent_note(item))
            if noted and not isinstance(seen := _by_id(channel, noted, now), Missing):
                return seen  # what is not there by that id may be there by another try
            return _among_own(channel, item, _asked_at(item, notes) - SKEW, is_another, now)
        except CannotTell as trouble:
            return trouble.unreadable

    def matches(self, item: Item, found: Found, channel: Channel) -> bool:
        return found.account == channel.native_id and payload.same(item, found)


def _asked_at(item: Item, notes: Notes) -> datetime:
    noted = notes.get(_ASKED)
    return datetime.fromisoformat(noted) if noted else item.created_at


def _by_id(channel: Channel, native_id: str, now: datetime) -> Sighting:
    response = read(channel, f"tweets/{quote(native_id, safe='')}", payload.READING, now=now)
    if payload.tells_missing(response):
        return Missing()
    found = found_in(data_of(response), response, channel)
    return found if found and found.native_id == native_id else Unreadable("X's answer is not this post.")


def _among_own(
    channel: Channel, item: Item, since: datetime, is_another: Callable[[str], bool], now: datetime
) -> Sighting:
    """The post with the item's very words; else the newest that nobody accounts for, since X may show a text in a way
    that we do not know, and whose words these are only a person can tell."""
    unaccounted: Found | None = None
    for _, found, _ in own_since(channel, payload.READING, since, now):
        if found.account != channel.native_id or is_another(found.native_id):
            continue
        if payload.same(item, found):
            return found
        unaccounted = unaccounted or found
    return unaccounted or Missing()


class Remover:
    """Deletes the post; one that is already gone counts as deleted."""

    def remove(self, channel: Channel, *, native_id: str, now: datetime) -> Outcome:
        url = api(channel.base_url, f"tweets/{quote(native_id, safe='')}")
        try:
            response = authorised(channel, publishing, lambda signed: channel.http.delete(url, headers=signed), now=now)
        except Halt as halt:
            return halt.outcome
        if payload.tells_missing(response) or data_of(response).get("deleted") is True:
            return Sent(native_id, "")
        return payload.refusal(response, secrets_of(channel)) if response.is_client_error else Unsure(_GARBLED)


NETWORK = Network(
    spec=SPEC,
    count=payload.count,
    check=payload.check,
    publisher=Publisher(),
    reader=Reader(),
    remover=Remover(),
    lister=Lister(),
    connector=Connector(),
    oauth=OAuthConnector(),
    keeper=Keeper(),
    profiler=Profiler(),
    metrics=Metrics(),
    listener=Listener(),
    searcher=Searcher(),
    price=payload.price,
    lifetime=lifetime,
)

"""The calls that publish, read, edit and remove a page's posts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx

from mercat.networks.kit.reading import CannotTell
from mercat.networks.kit.steps import Halt, fields_of
from mercat.networks.linkedin import files, payload
from mercat.networks.linkedin.community import Listener, Metrics, Profiler, Searcher
from mercat.networks.linkedin.connecting import Connector, OAuthConnector
from mercat.networks.linkedin.films import Video
from mercat.networks.linkedin.listing import NO_LIST, Lister, at, changed_since
from mercat.networks.linkedin.session import (
    Keeper,
    headers,
    lifetime,
    making_public,
    reading,
    rest,
    secrets_of,
)
from mercat.networks.linkedin.spec import SPEC, SUNSET
from mercat.networks.port import (
    Channel,
    Found,
    Item,
    Medium,
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

POLL = timedelta(seconds=2)  # between two looks at what is in processing
SKEW = timedelta(minutes=5)  # that LinkedIn's clock may be behind ours

_ASKED = "asked_at"
_PREPARING = "LinkedIn is still preparing what goes with the post."
_GARBLED = "LinkedIn answered, but not in a way that says whether the post is out."
_COMING = "LinkedIn has the post, and has not published it yet."


class Publisher:
    """Pictures, a video or a document first, until LinkedIn has prepared them all; then the post, whose name comes in a
    header."""

    def publish(self, channel: Channel, item: Item, notes: Notes, *, now: datetime) -> Outcome:
        if problems := payload.check(item, channel.limits):
            return Refused(" ".join(problem.message for problem in problems))
        try:
            media = _media(channel, item, notes, now)
            if not all(ready for _, ready in media):
                return Pending(now + POLL, _PREPARING)
            return _post(channel, item, [urn for urn, _ in media], notes, now)
        except Halt as halt:
            return halt.outcome


def _media(channel: Channel, item: Item, notes: Notes, now: datetime) -> list[tuple[str, bool]]:
    """The names of what goes with the item on LinkedIn, and whether each is ready."""
    if item.document:
        return [files.document(channel, item, notes, now=now).bring()]
    return [_medium(channel, medium, notes, now) for medium in item.media]


def _medium(channel: Channel, medium: Medium, notes: Notes, now: datetime) -> tuple[str, bool]:
    if medium.is_video:
        return Video(channel, medium, notes, now).bring()
    return files.picture(channel, medium, notes, now=now).bring()


def _post(channel: Channel, item: Item, media: list[str], notes: Notes, now: datetime) -> Outcome:
    if notes.get(_ASKED) is None:
        notes.keep(_ASKED, now.isoformat())  # where to begin to look, should the answer be lost
    url, body = rest(channel.base_url, "posts"), payload.post(item, channel.native_id, media)
    response = making_public(channel, lambda token: channel.http.post(url, json=body, headers=headers(token)), now=now)
    sent = f"sent:{item.key}"
    if response.is_client_error:
        # The very post that this item is known to have become stands in its own way.
        urn = payload.duplicate_of(response)
        if urn and urn == notes.get(sent):
            return Sent(urn, payload.permalink(urn, channel.base_url))
        return payload.refusal(response, secrets_of(channel))
    urn = response.headers.get("x-restli-id", "")
    if not payload.is_post(urn):
        return Unsure(_GARBLED)
    notes.keep(sent, urn)
    return Sent(urn, payload.permalink(urn, channel.base_url))


class Reader:
    """Reads the post by its name, or else looks for it among the page's own since it was first asked for."""

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
        asked = notes.get(_ASKED)
        since = datetime.fromisoformat(asked) if asked else item.created_at
        try:
            if native_id:
                return _by_name(channel, native_id, now)
            return _among_own(channel, item, since - SKEW, is_another, now)
        except CannotTell as trouble:
            return trouble.sighting

    def matches(self, item: Item, found: Found, channel: Channel) -> bool:
        return found.account == channel.native_id and payload.same(item, found)


def _by_name(channel: Channel, native_id: str, now: datetime) -> Sighting:
    response = reading(channel, rest(channel.base_url, "posts", native_id), now=now)
    if response.status_code == 404:
        return Missing()
    answer = fields_of(response)
    found = payload.found(answer, channel.base_url)
    if found is None or found.native_id != native_id:
        return Unreadable("LinkedIn's answer is not this post.")
    return _if_public(answer, found)


def _if_public(answer: Mapping[str, Any], found: Found) -> Sighting:
    state = payload.state(answer)
    if state in payload.COMING:
        return Unreadable(_COMING)
    return found if state == payload.PUBLISHED else Missing()


def _among_own(
    channel: Channel, item: Item, since: datetime, is_another: Callable[[str], bool], now: datetime
) -> Sighting:
    """The post with the item's very words; else the newest that nobody accounts for, since LinkedIn may alter a text
    and whose words these are only a person can tell."""
    unaccounted: Sighting | None = None
    for answer in changed_since(channel, since, now):
        if at(answer, "createdAt") < since:
            continue
        found = payload.found(answer, channel.base_url)
        if found is None:
            return Unreadable(NO_LIST)
        seen = _if_public(answer, found)
        if isinstance(seen, Missing) or found.account != channel.native_id or is_another(found.native_id):
            continue
        if payload.same(item, found):
            return seen
        unaccounted = unaccounted or seen
    return unaccounted or Missing()


class Remover:
    """Deletes the post. LinkedIn's delete succeeds on what is already gone."""

    def remove(self, channel: Channel, *, native_id: str, now: datetime) -> Outcome:
        url = rest(channel.base_url, "posts", native_id)

        def delete(token: str) -> httpx.Response:
            return channel.http.delete(url, headers=headers(token, "DELETE"))

        try:
            response = making_public(channel, delete, now=now)
        except Halt as halt:
            return halt.outcome
        if response.status_code == 404:
            return Sent(native_id, "")
        if response.is_client_error:
            return payload.refusal(response, secrets_of(channel))
        return Unsure(_GARBLED) if response.content else Sent(native_id, "")


class Editor:
    """Changes a post's words where it stands; its name and address stay."""

    describes = False

    def edit(self, channel: Channel, item: Item, *, native_id: str, now: datetime) -> Outcome:
        if problems := list(payload.text_problems(item)):
            return Refused(" ".join(problem.message for problem in problems))
        url, body = rest(channel.base_url, "posts", native_id), payload.edit(item)

        def change(token: str) -> httpx.Response:
            return channel.http.post(url, json=body, headers=headers(token, "PARTIAL_UPDATE"))

        try:
            response = making_public(channel, change, now=now)
        except Halt as halt:
            return halt.outcome
        if response.is_client_error:
            return payload.refusal(response, secrets_of(channel))
        return Unsure(_GARBLED) if response.content else Sent(native_id, payload.permalink(native_id, channel.base_url))


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
    editor=Editor(),
    profiler=Profiler(),
    metrics=Metrics(),
    listener=Listener(),
    searcher=Searcher(),
    lifetime=lifetime,
    warning=SUNSET,
)

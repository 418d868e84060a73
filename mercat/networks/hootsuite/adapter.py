"""The calls that publish a profile's posts through Hootsuite, look for them, and take back what is not out yet.

A post's native id is Hootsuite's own of the message, from the moment Hootsuite has taken it: by it the message is read
and deleted. Hootsuite takes no key of ours, and tells nothing by which a repeat could be known: once its id is noted, a
message is asked about and never made again, and a lost answer is looked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx

from mercat.networks.hootsuite import payload
from mercat.networks.hootsuite.connecting import Connector, OAuthConnector
from mercat.networks.hootsuite.media import brought
from mercat.networks.hootsuite.session import Keeper, api, authorised, reading, secrets_of
from mercat.networks.hootsuite.spec import NAME, SPEC, kind_in
from mercat.networks.kit.reading import CannotTell
from mercat.networks.kit.renewal import lifetime
from mercat.networks.kit.steps import RETRY, Halt, preparing, publishing, text_of
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

POLL = timedelta(seconds=3)  # between two looks at a file or a message on its way
LONGEST = timedelta(hours=1)  # that a message may be on its way before people are told
SKEW = timedelta(minutes=5)  # that Hootsuite's clock may be apart from ours
PAGE = 100  # messages a page, the most that Hootsuite gives
PAGES = 10  # looked through before we say that we cannot tell

_ASKED, _MESSAGE = "asked_at", "message"
_PREPARING = "Hootsuite is still preparing the pictures or the video."
_WAITING = "Hootsuite has the post, and has not sent it yet."
_HANDED_ON = "Hootsuite is just handing the post to its network."
_STUCK = "Hootsuite has had the post for an hour and has not sent it. Look in Hootsuite's planner what it waits for."
_GARBLED = "Hootsuite answered, but not in a way that says what became of the post."
_GONE = "The post is no longer in Hootsuite: somebody deleted it there before it was sent."
_FAILED = (
    "Hootsuite could not send the post to its network, and does not say why. Look at it in Hootsuite's planner; often "
    "the profile has to be connected there again, or its network does not take the post."
)
_DENIED = "Somebody rejected the post in Hootsuite's own approvals."
_TWO_APPROVALS = (
    "Hootsuite holds what this connection posts for an approval of its own, so the post was taken out of Hootsuite "
    "again. In Hootsuite, let the member who made the connection post without one; the approval is given here."
)
_NO_LIST = "Hootsuite's answer is not a list of posts."
_NOT_THIS = "Hootsuite's answer is not this post."
_TOO_MANY = "The profile has posted too much since to tell whether this post is among it."


class Publisher:
    """Files first, until Hootsuite has prepared them all; then the message, sent at once and asked about until it is
    out."""

    def publish(self, channel: Channel, item: Item, notes: Notes, *, now: datetime) -> Outcome:
        if problems := payload.check(item, channel.limits):
            return Refused(" ".join(problem.message for problem in problems))
        try:
            if known := notes.get(_MESSAGE):
                return _asked_about(channel, known, notes, now)
            files = [brought(channel, n, medium, notes, now) for n, medium in enumerate(item.media)]
            if not all(ready for _, ready in files):
                return Pending(now + POLL, _PREPARING)
            return _made(channel, item, [media_id for media_id, _ in files], notes, now)
        except Halt as halt:
            return halt.outcome


def _made(channel: Channel, item: Item, files: list[str], notes: Notes, now: datetime) -> Outcome:
    if notes.get(_ASKED) is None:
        notes.keep(_ASKED, now.isoformat())  # it is being made: where to begin to look, should the answer be lost
    url, body = api(channel.base_url, "messages"), payload.message(item, channel.native_id, files)
    response = authorised(
        channel, publishing, lambda headers: channel.http.post(url, json=body, headers=headers), now=now
    )
    told = payload.list_of(response)
    ours = [each for each in told or [] if isinstance(each, dict) and payload.profile_of(each) == channel.native_id]
    if not ours:
        return _not_made(response, channel, now)
    message = ours[0]
    native_id = text_of(message, "id")
    if not native_id:
        return Unsure(_GARBLED)
    notes.keep(_MESSAGE, native_id)
    return _became(channel, message, notes, now)


def _not_made(response: httpx.Response, channel: Channel, now: datetime) -> Outcome:
    if payload.NOT_READY in payload.codes_of(response):
        return Pending(now + POLL, _PREPARING)
    # A 200 can hold nothing but errors: there is one message for each profile, and ours was not made.
    if response.is_client_error or payload.errors_of(response):
        return payload.refusal(response, secrets_of(channel), now)
    return Unsure(_GARBLED)


def _asked_about(channel: Channel, native_id: str, notes: Notes, now: datetime) -> Outcome:
    """What has become of a message that Hootsuite has taken. What cannot be read of it leaves it open, whatever the
    reason: it is made already."""
    try:
        message = _read(channel, native_id, now)
    except CannotTell as trouble:
        return Unsure(trouble.sighting.reason)
    if message is None:
        # Also what is just on its way to its network can be "unavailable for a brief time".
        return Unsure(_GONE)
    return _became(channel, message, notes, now)


def _became(channel: Channel, message: Mapping[str, Any], notes: Notes, now: datetime) -> Outcome:
    native_id, state = text_of(message, "id"), text_of(message, "state")
    match state:
        case payload.SENT:
            return Sent(native_id, payload.address_of(message, kind_in(channel.limits), channel.base_url))
        case payload.SCHEDULED:
            return Unsure(_STUCK) if _asked_at(notes, now) + LONGEST < now else Pending(now + POLL, _WAITING)
        case payload.SUBMITTED:
            return Unsure(_HANDED_ON)
        case payload.WAITS:
            return _taken_back(channel, native_id, notes, now)
        case payload.FAILED | payload.DENIED:
            notes.keep(_MESSAGE, "")  # final: a later try makes it anew
            return Refused(_FAILED if state == payload.FAILED else _DENIED)
    return Unsure(_GARBLED)


def _asked_at(notes: Notes, otherwise: datetime) -> datetime:
    noted = notes.get(_ASKED)
    return datetime.fromisoformat(noted) if noted else otherwise


def _taken_back(channel: Channel, native_id: str, notes: Notes, now: datetime) -> Outcome:
    """A message that waits for somebody in Hootsuite could go out long after people here have changed their minds."""
    outcome = _deleted(channel, native_id, now)
    if not isinstance(outcome, Sent):
        return Unsure(outcome.reason)
    notes.keep(_MESSAGE, "")
    return Refused(_TWO_APPROVALS)


class Reader:
    """Reads the message by its id, or else looks for it among the profile's own since it was first asked for."""

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
            if known := native_id or notes.get(_MESSAGE):
                return _by_id(channel, known, now)
            own = _own(channel, _asked_at(notes, item.created_at) - SKEW, now)
            return _among(own, channel, item, notes, is_another)
        except CannotTell as trouble:
            return trouble.sighting

    def matches(self, item: Item, found: Found, channel: Channel) -> bool:
        return found.account == channel.native_id and payload.same(item, found)


def _read(channel: Channel, native_id: str, now: datetime) -> Mapping[str, Any] | None:
    """The message with this id; None where there is none. Raises CannotTell."""
    response = reading(channel, api(channel.base_url, "messages", native_id), now=now)
    if payload.is_missing(response):
        return None
    message = payload.data_of(response)
    if text_of(message, "id") != native_id:
        raise CannotTell(_NOT_THIS)
    return message


def _by_id(channel: Channel, native_id: str, now: datetime) -> Sighting:
    message = _read(channel, native_id, now)
    if message is None:
        return Missing()
    found = payload.found(message, kind_in(channel.limits), channel.base_url)
    return _if_out(message, found) if found else Unreadable(_NOT_THIS)


def _if_out(message: Mapping[str, Any], found: Found) -> Sighting:
    state = text_of(message, "state")
    if state in payload.COMING:
        return Unreadable(_WAITING)
    return found if state == payload.SENT else Missing()


def _among(
    own: Iterator[Any], channel: Channel, item: Item, notes: Notes, is_another: Callable[[str], bool]
) -> Sighting:
    """The message with the item's very words, out or still coming; else the newest that is out and that nobody accounts
    for, of which only a person can tell whose it is."""
    kind = kind_in(channel.limits)
    unaccounted: Found | None = None
    for message in own:
        found = payload.found(message, kind, channel.base_url)
        if found is None:
            return Unreadable(_NO_LIST)
        seen = _if_out(message, found)
        if isinstance(seen, Missing) or found.account != channel.native_id or is_another(found.native_id):
            continue
        if payload.same(item, found):
            notes.keep(_MESSAGE, found.native_id)  # from now on it is asked about, and never made again
            return seen
        unaccounted = found if isinstance(seen, Found) else unaccounted
    return unaccounted or Missing()


def _own(channel: Channel, since: datetime, now: datetime) -> Iterator[Any]:
    """The profile's messages of since then, the oldest first: "sorted by increasing scheduled send time"."""
    # One list holds four weeks at most; a post that has been looked for longer is looked for in the last of them.
    params = {
        "startTime": payload.utc(max(since, now - timedelta(days=27))),
        "endTime": payload.utc(now + SKEW),
        "socialProfileIds": channel.native_id,
        "limit": str(PAGE),
        "includeUnscheduledReviewMsgs": "true",
    }
    url = api(channel.base_url, "messages")
    for _ in range(PAGES):
        response = reading(channel, url, params, now=now)
        messages = payload.list_of(response)
        if messages is None:
            raise CannotTell(_NO_LIST)
        yield from (message for message in messages if _is_since(message, since))
        cursor = payload.next_cursor(response)
        if not cursor:
            return
        params["cursor"] = cursor
    raise CannotTell(_TOO_MANY)


def _is_since(message: Any, since: datetime) -> bool:
    """Whatever the list was asked for; what tells no time waits for a review and is of no time yet."""
    at = payload.send_time(message) if isinstance(message, dict) else None
    return at is None or at >= since


class Remover:
    """Deletes a message that is not out yet. One that is out stays: Hootsuite cannot take it off its network, and that
    its own record can be deleted must not look as if it had."""

    def remove(self, channel: Channel, *, native_id: str, now: datetime) -> Outcome:
        url = api(channel.base_url, "messages", native_id)
        try:
            response = authorised(channel, preparing, lambda headers: channel.http.get(url, headers=headers), now=now)
            if payload.is_missing(response):
                return Sent(native_id, "")
            if response.is_client_error:
                return payload.refusal(response, secrets_of(channel), now)
            return _stays(channel, native_id, payload.data_of(response), now) or _deleted(channel, native_id, now)
        except Halt as halt:
            return halt.outcome


def _stays(channel: Channel, native_id: str, message: Mapping[str, Any], now: datetime) -> Outcome | None:
    """Why a message is not deleted; None where it can be."""
    kind, state = kind_in(channel.limits), text_of(message, "state")
    if text_of(message, "id") != native_id or not state:
        return Later(now + RETRY, _NOT_THIS)
    if state == payload.SUBMITTED:
        return Later(now + POLL, _HANDED_ON)
    if state != payload.SENT:
        return None
    address = payload.address_of(message, kind, channel.base_url)
    where = f": {address}" if address else ""
    return Refused(f"It is out, and {NAME} cannot take it down. Do that on {kind.name} itself{where}.")


def _deleted(channel: Channel, native_id: str, now: datetime) -> Outcome:
    url = api(channel.base_url, "messages", native_id)
    response = authorised(channel, publishing, lambda headers: channel.http.delete(url, headers=headers), now=now)
    if payload.is_missing(response):
        return Sent(native_id, "")
    if payload.NOT_DELETABLE in payload.codes_of(response):
        return Unsure("Hootsuite says that it can no longer be deleted there: it may just be going out.")
    if response.is_client_error or payload.errors_of(response):
        return payload.refusal(response, secrets_of(channel), now)
    # A delete is answered 200 with an envelope that holds nothing.
    return Sent(native_id, "") if is_empty(response) else Unsure(_GARBLED)


def is_empty(response: httpx.Response) -> bool:
    """Whether an answer is an envelope with nothing in it, or nothing at all; a page of somebody else's is neither."""
    if not response.content:
        return True
    try:
        told = response.json()
    except (ValueError, RecursionError):
        return False
    return isinstance(told, dict) and not told.get("data")


NETWORK = Network(
    spec=SPEC,
    count=payload.count,
    check=payload.check,
    publisher=Publisher(),
    reader=Reader(),
    remover=Remover(),
    lister=None,  # no place where posts stand: what is posted past it, the networks behind it tell
    connector=Connector(),
    oauth=OAuthConnector(),
    keeper=Keeper(),
    lifetime=lifetime,
)

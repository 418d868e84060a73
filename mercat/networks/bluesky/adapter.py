"""The calls to a personal data server."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import httpx

from mercat.networks.bluesky import payload
from mercat.networks.bluesky.community import Listener, Metrics, Profiler, Reporter, Searcher, uploaded
from mercat.networks.bluesky.films import Video
from mercat.networks.bluesky.identity import confirm, home_of
from mercat.networks.bluesky.listing import Lister
from mercat.networks.bluesky.session import (
    ACCESS,
    REFRESH,
    Keeper,
    authorised,
    bearer,
    lifetime,
    scope_of,
    secrets_of,
    xrpc,
)
from mercat.networks.bluesky.spec import APP, SPEC
from mercat.networks.kit import thread
from mercat.networks.kit.address import server_address
from mercat.networks.kit.connecting import asking, typed
from mercat.networks.kit.steps import (
    MOST_NAME,
    RETRY,
    Halt,
    fields_of,
    json_of,
    preparing,
    publishing,
    said_error,
    said_status,
    text_of,
    token_of,
)
from mercat.networks.port import (
    Channel,
    ConnectError,
    Found,
    Identity,
    Item,
    Later,
    Medium,
    Missing,
    Network,
    Notes,
    Outcome,
    Refused,
    Sent,
    Sighting,
    Unreadable,
    Unsure,
)

_GONE = "Bluesky no longer has the picture or video that was handed to it; it is handed over again."
_OWN_PASSWORD = "That is the account's own password. Make an app password in its settings and use that."  # noqa: S105
_GARBLED = "Bluesky answered, but not in a way that says whether the post is out."


class Publisher:
    """Pictures or video first, then mentions, then the record under its own key: it is there once, however often."""

    def publish(self, channel: Channel, item: Item, notes: Notes, *, now: datetime) -> Outcome:
        if problems := payload.check(item, channel.limits):
            return Refused(" ".join(problem.message for problem in problems))
        try:
            videos = [Video(channel, medium, notes, now) for medium in item.media if medium.is_video]
            blobs = [video.bring() for video in videos] or [_blob(channel, one, notes, now) for one in item.media]
            captions = videos[0].captions() if videos else None
            dids = _dids(channel, item.text, notes, now)
            reply = _reply(channel, item, notes, now)
            return _put(channel, item, payload.record(item, dids, blobs, captions, reply), notes, now)
        except Halt as halt:
            return halt.outcome


def _blob(channel: Channel, medium: Medium, notes: Notes, now: datetime) -> dict[str, Any]:
    if stored := payload.stored_blob(notes.get(_note(medium))):
        return stored
    blob = uploaded(channel, medium, now)
    notes.keep(_note(medium), json.dumps(blob))
    return blob


def _note(medium: Medium) -> str:
    return f"blob:{medium.sha256}"


def _dids(channel: Channel, text: str, notes: Notes, now: datetime) -> dict[str, str]:
    """Who is mentioned. Noted, so that every attempt writes the same record."""
    handles = dict.fromkeys(span.text for span in payload.mentions(text))
    found = {handle: _did(channel, handle, notes, now) for handle in handles}
    return {handle: did for handle, did in found.items() if did}


def _did(channel: Channel, handle: str, notes: Notes, now: datetime) -> str:
    noted = notes.get(f"did:{handle}")
    if noted is not None:
        return noted
    url = xrpc(channel.base_url, "com.atproto.identity.resolveHandle")
    response = preparing(lambda: channel.http.get(url, params={"handle": handle}), now=now)
    did = text_of(fields_of(response), "did") if response.is_success else ""
    notes.keep(f"did:{handle}", did)
    return did


def _reply(channel: Channel, item: Item, notes: Notes, now: datetime) -> dict[str, Any] | None:
    """What the post answers, as lexicon app.bsky.feed.post#replyRef has it."""
    if item.thread is None:
        return None
    ends = {"root": item.thread.first, "parent": item.thread.after}
    return {end: {"uri": uri, "cid": _cid(channel, uri, notes, now)} for end, uri in ends.items()}


def _cid(channel: Channel, uri: str, notes: Notes, now: datetime) -> str:
    """The digest of a record. Noted, so that every attempt writes the same one."""
    if noted := notes.get(f"cid:{uri}"):
        return noted
    response = preparing(lambda: _record(channel, uri), now=now)
    if text_of(fields_of(response), "error") == "RecordNotFound":
        raise Halt(Refused(thread.CUT))
    cid = text_of(fields_of(response), "cid") if response.is_success else ""
    if not cid:
        raise Halt(Later(now + RETRY, "Bluesky did not tell of the post before this one in its thread."))
    notes.keep(f"cid:{uri}", cid)
    return cid


def _record(channel: Channel, uri: str) -> httpx.Response:
    url = xrpc(channel.base_url, "com.atproto.repo.getRecord")
    params = {"repo": channel.native_id, "collection": payload.POST, "rkey": payload.key_of(uri)}
    return channel.http.get(url, params=params)


def _put(channel: Channel, item: Item, record: Mapping[str, Any], notes: Notes, now: datetime) -> Outcome:
    uri = payload.uri_of(channel.native_id, item)
    body = {
        "repo": channel.native_id,
        "collection": payload.POST,
        "rkey": payload.key_of(uri),
        "record": record,
        "swapRecord": None,  # a record of that key must not be there, or be this very one: nothing is overwritten
    }
    url = xrpc(channel.base_url, "com.atproto.repo.putRecord")

    def put(token: str) -> httpx.Response:
        return publishing(lambda: channel.http.post(url, json=body, headers=bearer(token)), now=now)

    response = authorised(channel, put, now=now)
    if response.is_client_error:
        return _not_put(response, channel, item, notes, now)
    if text_of(fields_of(response), "uri") != uri:
        return Unsure(_GARBLED)
    return Sent(uri, payload.permalink(channel, uri))


def _not_put(response: httpx.Response, channel: Channel, item: Item, notes: Notes, now: datetime) -> Outcome:
    # Blobs that no record holds are swept away after some hours.
    if text_of(fields_of(response), "error") != "BlobNotFound":
        return payload.refusal(response, secrets_of(channel))
    for medium in item.media:
        if medium.is_video:
            Video(channel, medium, notes, now).forget()
        notes.keep(_note(medium), "")
    return Later(now + RETRY, _GONE)


class Reader:
    """Reads the record by its key. Records are public, so this works even when the session has ended."""

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
        uri = native_id or payload.uri_of(channel.native_id, item)
        try:
            response = _record(channel, uri)
        except httpx.HTTPError as error:
            return Unreadable(said_error(error))
        return _sighting(response, channel, uri)

    def matches(self, item: Item, found: Found, channel: Channel) -> bool:
        return (found.text, found.media, found.alts, found.account) == (
            item.text,
            len(item.media),
            tuple(medium.alt for medium in item.media),
            channel.native_id,
        )


def _sighting(response: httpx.Response, channel: Channel, uri: str) -> Sighting:
    if response.is_success:
        found = payload.found(response, channel)
        return found if found and found.native_id == uri else Unreadable("Bluesky's answer is not a post.")
    if text_of(fields_of(response), "error") == "RecordNotFound":
        return Missing()
    return Unreadable(said_status(response))


class Remover:
    """Deletes the record. The protocol's delete succeeds on what is already gone."""

    def remove(self, channel: Channel, *, native_id: str, now: datetime) -> Outcome:
        url = xrpc(channel.base_url, "com.atproto.repo.deleteRecord")
        body = {"repo": channel.native_id, "collection": payload.POST, "rkey": payload.key_of(native_id)}

        def delete(token: str) -> httpx.Response:
            return publishing(lambda: channel.http.post(url, json=body, headers=bearer(token)), now=now)

        try:
            response = authorised(channel, delete, now=now)
        except Halt as halt:
            return halt.outcome
        if response.is_client_error:
            return payload.refusal(response, secrets_of(channel))
        return Sent(native_id, "") if isinstance(json_of(response), dict) else Unsure(_GARBLED)


class Connector:
    """Signs in with handle and app password, and keeps the session."""

    def connect(self, fields: Mapping[str, str], http: httpx.Client, *, now: datetime) -> Identity:
        base_url = server_address(fields.get("base_url", "").strip() or SPEC.default_base_url)
        identifier = typed(fields, "handle", "The handle").removeprefix("@")
        body = {"identifier": identifier, "password": typed(fields, "app_password", "The app password")}
        url = xrpc(base_url, "com.atproto.server.createSession")
        response = asking(lambda: http.post(url, json=body), now=now)
        if response.is_client_error:
            raise ConnectError(_not_signed_in(text_of(fields_of(response), "error")))
        return _identity(fields_of(response), base_url, http, now=now)


def _not_signed_in(code: str) -> str:
    if code == "AuthFactorTokenRequired":
        return _OWN_PASSWORD
    if code == "AccountTakedown":
        return payload.SUSPENDED
    return "Bluesky does not accept this handle with this app password. Check both; app passwords are shown only once."


def _identity(answer: Mapping[str, Any], base_url: str, http: httpx.Client, *, now: datetime) -> Identity:
    did, handle = text_of(answer, "did", MOST_NAME), text_of(answer, "handle", MOST_NAME)
    access, refresh = token_of(answer, "accessJwt"), token_of(answer, "refreshJwt")
    if not (did and handle and access and refresh):
        raise ConnectError("The server answered, but not like a server of Bluesky. Check its address.")
    if answer.get("active") is False:
        raise ConnectError(payload.SUSPENDED)
    if scope_of(access) == "com.atproto.access":
        raise ConnectError(_OWN_PASSWORD)
    home = _home(did, handle, access, base_url, http, now=now)
    app = APP if home.startswith("https://") else home
    return Identity(did, handle, f"{app}/profile/{handle}", home, {ACCESS: access, REFRESH: refresh}, {})


def _home(did: str, handle: str, access: str, base_url: str, http: httpx.Client, *, now: datetime) -> str:
    """The server that the account lives on, often behind a common front such as bsky.social. A server without https is
    reached only where this installation's settings name it, and is not part of the public network: it speaks for
    itself."""
    if base_url.startswith("http://"):
        return base_url
    home = home_of(did, handle, http)
    if not home.startswith("https://"):
        raise ConnectError("The account lives on a server without https, which is not called.")
    if home != base_url:
        confirm(home, did, access, http, now=now)
    return home


NETWORK = Network(
    spec=SPEC,
    count=payload.count,
    check=payload.check,
    publisher=Publisher(),
    reader=Reader(),
    remover=Remover(),
    lister=Lister(),
    connector=Connector(),
    keeper=Keeper(),
    profiler=Profiler(),
    metrics=Metrics(),
    listener=Listener(),
    searcher=Searcher(),
    reporter=Reporter(),
    lifetime=lifetime,
)

"""The calls to a Mastodon server."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import httpx

from mercat.networks.kit.address import server_address
from mercat.networks.kit.connecting import asking, typed
from mercat.networks.kit.oauth import challenge, new_verifier
from mercat.networks.kit.steps import (
    MOST_NAME,
    MOST_TOKEN,
    Halt,
    bytes_of,
    fields_of,
    json_of,
    link_of,
    preparing,
    publishing,
    said_error,
    said_status,
    text_of,
)
from mercat.networks.mastodon import payload
from mercat.networks.mastodon.spec import SCOPES, SPEC
from mercat.networks.port import (
    Channel,
    ConnectError,
    Found,
    Identity,
    Item,
    Kept,
    Later,
    Medium,
    Missing,
    Network,
    Notes,
    Outcome,
    Pending,
    Reconnect,
    Refused,
    Sent,
    Sighting,
    Unreadable,
    Unsure,
)

TOKEN = "token"  # noqa: S105 the name of the field
POLL = timedelta(seconds=2)  # between two looks at a picture in processing
SKEW = timedelta(minutes=5)  # that a server's clock may be behind ours
PAGE = 40  # statuses a page, the most that Mastodon gives
PAGES = 10  # looked through before we say that we cannot tell

_PREPARING = "The server is still preparing the pictures."
_GARBLED = "The server answered, but not in a way that says whether the post is out."
_TAKEN = "The server no longer offers the pictures of this post: they may be out with it already."
_NO_MASTODON = "The server answered, but not like a Mastodon server. Check its address."
_ASKED = "asked_at"


class Publisher:
    """Pictures first, until the server has them ready; then the post, under a key that makes a repeat harmless."""

    def publish(self, channel: Channel, item: Item, notes: Notes, *, now: datetime) -> Outcome:
        if problems := payload.check(item, channel.limits):
            return Refused(" ".join(problem.message for problem in problems))
        try:
            _look_first_if_taken(channel, item, notes, now)
            media = [_medium(channel, n, medium, notes, now) for n, medium in enumerate(item.media)]
            if not all(ready for _, ready in media):
                return Pending(now + POLL, _PREPARING)
            return _post(channel, item, [media_id for media_id, _ in media], notes, now)
        except Halt as halt:
            return halt.outcome


def _look_first_if_taken(channel: Channel, item: Item, notes: Notes, now: datetime) -> None:
    """After an earlier try, a picture that is no longer free to attach may stand on the very post that seemed lost.
    Halts as Unsure once, and forgets the pictures, so that a later try hands them over again."""
    if notes.get(_ASKED) is None:
        return
    noted = [media_id for n in range(len(item.media)) if (media_id := notes.get(_note(n)))]
    if any(_is_ready(channel, media_id, now) is None for media_id in noted):
        for n in range(len(item.media)):
            notes.keep(_note(n), "")
        raise Halt(Unsure(_TAKEN))


def _note(n: int) -> str:
    return f"media:{n}"


def _medium(channel: Channel, n: int, medium: Medium, notes: Notes, now: datetime) -> tuple[str, bool]:
    """The id of a picture on the server, and whether it is ready. Noted, so that it is handed over once."""
    if noted := notes.get(_note(n)):
        ready = _is_ready(channel, noted, now)
        if ready is not None:
            return noted, ready
    media_id, ready = _upload(channel, medium, now)
    notes.keep(_note(n), media_id)
    return media_id, ready


def _is_ready(channel: Channel, media_id: str, now: datetime) -> bool | None:
    """None where the server no longer offers it: it stands on a post, or was swept away unused after a day."""
    url = _api(channel.base_url, "v1", "media", media_id)
    response = preparing(lambda: channel.http.get(url, headers=_bearer(channel)), now=now)
    if response.status_code == 404:
        return None
    _refuse(response, channel)
    return response.status_code == 200


def _upload(channel: Channel, medium: Medium, now: datetime) -> tuple[str, bool]:
    file = (f"picture.{medium.mime.partition('/')[2]}", bytes_of(medium, now=now), medium.mime)
    url = _api(channel.base_url, "v2", "media")

    def send() -> httpx.Response:
        return channel.http.post(url, files={"file": file}, data={"description": medium.alt}, headers=_bearer(channel))

    response = preparing(send, now=now)
    _refuse(response, channel)
    media_id = text_of(fields_of(response), "id")
    if not media_id:
        raise Halt(Later(now + POLL, "The server did not say that it has the picture."))
    return media_id, response.status_code == 200


def _post(channel: Channel, item: Item, media_ids: list[str], notes: Notes, now: datetime) -> Outcome:
    if notes.get(_ASKED) is None:
        notes.keep(_ASKED, now.isoformat())  # where to begin to look, should the answer be lost
    url, body = _api(channel.base_url, "v1", "statuses"), payload.status(item, media_ids)
    headers = {**_bearer(channel), "Idempotency-Key": item.key}
    response = publishing(lambda: channel.http.post(url, json=body, headers=headers), now=now)
    if payload.still_processing(response):
        return Pending(now + POLL, _PREPARING)
    _refuse(response, channel)
    answer = fields_of(response)
    native_id, url = text_of(answer, "id"), payload.address_of(answer, channel.base_url)
    return Sent(native_id, url) if native_id else Unsure(_GARBLED)


def _refuse(response: httpx.Response, channel: Channel) -> None:
    if response.is_client_error:
        raise Halt(payload.refusal(response, (channel.credentials.get().get(TOKEN, ""),)))


class Reader:
    """Reads the status by its id, or else looks for it among the account's own since it was first asked for."""

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
                return _by_id(channel, native_id)
            return _among_own(channel, item, _asked_at(item, notes) - SKEW, is_another)
        except httpx.HTTPError as error:
            return Unreadable(said_error(error))
        except _CannotTell as trouble:
            return trouble.sighting

    def matches(self, item: Item, found: Found, channel: Channel) -> bool:
        return found.account == channel.native_id and payload.same(item, found)


class _CannotTell(Exception):
    def __init__(self, reason: str, *, reconnect: bool = False) -> None:
        super().__init__(reason)
        self.sighting = Unreadable(reason, reconnect)


def _asked_at(item: Item, notes: Notes) -> datetime:
    noted = notes.get(_ASKED)
    return datetime.fromisoformat(noted) if noted else item.created_at


def _by_id(channel: Channel, native_id: str) -> Sighting:
    response = channel.http.get(_api(channel.base_url, "v1", "statuses", native_id), headers=_bearer(channel))
    if response.status_code in {404, 410}:
        return Missing()
    found = payload.found(_read(response), channel.base_url)
    return found if found and found.native_id == native_id else Unreadable("The server's answer is not this post.")


def _among_own(channel: Channel, item: Item, since: datetime, is_another: Callable[[str], bool]) -> Sighting:
    """The status with the item's very words; else the newest that nobody accounts for, since servers may alter a text
    (smart quotes, Markdown, links made shorter) and whose words these are only a person can tell."""
    unaccounted: Found | None = None
    for answer in _own(channel, since):
        found = payload.found(answer, channel.base_url)
        if found is None:
            return Unreadable("The server's answer is not a list of posts.")
        if found.account != channel.native_id or is_another(found.native_id):
            continue
        if payload.same(item, found):
            return found
        unaccounted = unaccounted or found
    return unaccounted or Missing()


def _own(channel: Channel, since: datetime) -> Iterator[Any]:
    """The account's own statuses, newest first, made after `since`."""
    url = _api(channel.base_url, "v1", "accounts", channel.native_id, "statuses")
    params: dict[str, str | int] = {"limit": PAGE, "exclude_reblogs": "true"}
    for _ in range(PAGES):
        page = _read(channel.http.get(url, params=params, headers=_bearer(channel)))
        if not isinstance(page, list):
            raise _CannotTell("The server's answer is not a list of posts.")
        recent = [answer for answer in page if _is_since(answer, since)]
        yield from recent
        if len(recent) < len(page) or not page:
            return
        params["max_id"] = text_of(page[-1], "id")
    raise _CannotTell("The account has posted too much since to tell whether this post is among it.")


def _is_since(answer: Any, since: datetime) -> bool:
    made = payload.created(answer) if isinstance(answer, dict) else None
    if made is None:
        raise _CannotTell("The server's answer is not a list of posts.")
    return made >= since


def _read(response: httpx.Response) -> Any:
    if response.status_code == 401:
        raise _CannotTell(payload.RENEW, reconnect=True)
    if not response.is_success:
        raise _CannotTell(said_status(response))
    return json_of(response)


class Remover:
    """Deletes the status; one that is already gone counts as deleted."""

    def remove(self, channel: Channel, *, native_id: str, now: datetime) -> Outcome:
        url = _api(channel.base_url, "v1", "statuses", native_id)
        try:
            response = publishing(lambda: channel.http.delete(url, headers=_bearer(channel)), now=now)
            if response.status_code in {404, 410}:
                return Sent(native_id, "")
            _refuse(response, channel)
        except Halt as halt:
            return halt.outcome
        return Sent(native_id, "") if isinstance(json_of(response), dict) else Unsure(_GARBLED)


class Keeper:
    """Asks whose token it is. Tokens of Mastodon do not lapse by themselves."""

    def keep(self, channel: Channel, *, ahead: timedelta, now: datetime) -> Kept | Outcome:
        url = _api(channel.base_url, "v1", "accounts", "verify_credentials")
        try:
            response = preparing(lambda: channel.http.get(url, headers=_bearer(channel)), now=now)
        except Halt as halt:
            return halt.outcome
        if response.status_code == 401:
            return Reconnect(payload.RENEW)
        if text_of(fields_of(response), "id") == channel.native_id:
            return Kept()
        return Later(now + POLL, "The server did not say whose token this is.")


class Connector:
    """Takes an access token that a person made on the server, and asks whose it is."""

    def connect(self, fields: Mapping[str, str], http: httpx.Client, *, now: datetime) -> Identity:
        base_url = server_address(typed(fields, "base_url", "The server"))
        return _identity(base_url, typed(fields, TOKEN, "The access token"), http, now)


class OAuthConnector:
    """Registers Mercat on the server, sends the person there to agree, and trades the code they bring back."""

    def begin(
        self, fields: Mapping[str, str], redirect_uri: str, state: str, http: httpx.Client
    ) -> tuple[str, Mapping[str, str]]:
        base_url = server_address(typed(fields, "base_url", "The server"))
        body = {"client_name": "Mercat", "redirect_uris": redirect_uri, "scopes": SCOPES}
        response = asking(lambda: http.post(_api(base_url, "v1", "apps"), data=body))
        app = fields_of(response)
        client_id, client_secret = text_of(app, "client_id"), text_of(app, "client_secret")
        if not client_id or not client_secret:
            raise ConnectError("This server did not let Mercat register. Check that it is a Mastodon server.")
        verifier = new_verifier()
        query = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": redirect_uri,
            "scope": SCOPES,
            "state": state,
            "code_challenge": challenge(verifier),
            "code_challenge_method": "S256",
        }
        kept = {
            "base_url": base_url,
            "client_id": client_id,
            "client_secret": client_secret,
            "code_verifier": verifier,
        }
        return f"{base_url}/oauth/authorize?{urlencode(query)}", kept

    def finish(
        self, kept: Mapping[str, str], code: str, redirect_uri: str, http: httpx.Client, *, now: datetime
    ) -> Identity:
        base_url = kept["base_url"]
        body = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "client_id": kept["client_id"],
            "client_secret": kept["client_secret"],
            "code_verifier": kept["code_verifier"],
            "scope": SCOPES,
        }
        response = asking(lambda: http.post(f"{base_url}/oauth/token", data=body), now=now)
        token = text_of(fields_of(response), "access_token", MOST_TOKEN)
        if response.is_client_error or not token:
            raise ConnectError("The server did not complete the sign-in. Start again from the account's page.")
        return _identity(base_url, token, http, now)


def _identity(base_url: str, token: str, http: httpx.Client, now: datetime) -> Identity:
    headers = {"Authorization": f"Bearer {token}"}
    url = _api(base_url, "v1", "accounts", "verify_credentials")
    response = asking(lambda: http.get(url, headers=headers), now=now)
    if response.status_code in {401, 403}:
        raise ConnectError(
            "The server does not accept this access token. Make a new one with the permissions asked for."
        )
    account = fields_of(response)
    native_id, username = text_of(account, "id", MOST_NAME), text_of(account, "username", MOST_NAME)
    if not native_id or not username:
        raise ConnectError(_NO_MASTODON)
    instance = _instance(base_url, http, now)
    domain = text_of(instance, "domain") or text_of(instance, "uri") or urlsplit(base_url).netloc
    handle = f"{username}@{domain.removeprefix('https://').rstrip('/')}"
    if len(handle) > MOST_NAME:
        raise ConnectError(_NO_MASTODON)
    limits = payload.limits_of(instance)
    return Identity(native_id, handle, link_of(account, "url", base_url), base_url, {TOKEN: token}, limits)


def _instance(base_url: str, http: httpx.Client, now: datetime) -> Mapping[str, Any]:
    for version in ("v2", "v1"):
        url = _api(base_url, version, "instance")
        response = asking(partial(http.get, url), now=now)
        if response.is_success and (instance := fields_of(response)):
            return instance
    return {}


def _api(base_url: str, version: str, *parts: str) -> str:
    """The address of a part of the API; `base_url` may hold a path."""
    return "/".join((base_url.rstrip("/"), "api", version, *(quote(part, safe="") for part in parts)))


def _bearer(channel: Channel) -> dict[str, str]:
    return {"Authorization": f"Bearer {channel.credentials.get().get(TOKEN, '')}"}


NETWORK = Network(
    spec=SPEC,
    count=payload.count,
    check=payload.check,
    publisher=Publisher(),
    reader=Reader(),
    remover=Remover(),
    connector=Connector(),
    oauth=OAuthConnector(),
    keeper=Keeper(),
)

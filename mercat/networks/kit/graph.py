"""What Meta's networks share: the addresses of the Graph API, its errors, its limits, and how it is asked.

Sources: developers.facebook.com/docs/graph-api/guides/error-handling and /overview/rate-limiting,
/documentation/instagram-platform/instagram-graph-api/reference/error-codes (2 June 2026).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any
from urllib.parse import quote

import httpx

from mercat.networks.kit.ratelimit import LONGEST, reset_at
from mercat.networks.kit.reading import TOO_MUCH, unreadable
from mercat.networks.kit.steps import (
    RETRY,
    Call,
    Halt,
    fields_of,
    preparing,
    publishing,
    quoted,
    said_error,
    said_status,
    text_of,
    words_of,
)
from mercat.networks.kit.sunset import Sunset
from mercat.networks.port import Channel, Later, Outcome, Reconnect, Refused, Unsure

VERSION = "v25.0"  # of the Graph API, in every address
SUNSET = Sunset("Meta", VERSION, date(2028, 7, 29))  # developers.facebook.com/docs/graph-api/changelog/versions
GRAPH = "https://graph.facebook.com"

TOKEN = "token"  # noqa: S105 the name of the field
CLIENT_ID, CLIENT_SECRET = "client_id", "client_secret"
PAGES = 10  # of an edge, looked through before we say that we cannot tell
_WAIT = timedelta(
    minutes=5
)  # after a limit that names no time; Meta counts over an hour, and calls meanwhile prolong it
_WAITS = {(9, 2207042): timedelta(hours=1)}  # a day's posts are used up, in a window that moves

_LIMITED = "The network asks us to slow down."
_SUNSET = "Meta has ended the version of its interface that this Mercat speaks. Update Mercat."


class Kind(Enum):
    """What an error means for us."""

    LIMITED = "wait until the limit ends"
    TROUBLE = "trouble of theirs that passes"
    RENEW = "the token no longer works"
    FORBIDDEN = "a permission or a role is missing"
    BLOCKED = "held back for what was said, or as spam"
    DOUBLE = "said before"
    GONE = "there is no such thing, or we may not see it"
    SUNSET = "this version of the interface has ended"
    REFUSED = "a person must change something"


# By code and subcode; subcode 0 is for all that have no line of their own. What has no line at all is REFUSED.
ERRORS: dict[tuple[int, int], Kind] = {
    (-2, 0): Kind.TROUBLE,
    (-1, 0): Kind.TROUBLE,
    (1, 0): Kind.TROUBLE,
    (2, 0): Kind.TROUBLE,
    (1, 1366051): Kind.DOUBLE,  # “These photos were already posted.”
    (3, 0): Kind.FORBIDDEN,
    (4, 0): Kind.LIMITED,
    (4, 2207051): Kind.BLOCKED,  # Instagram takes it for spam
    (9, 0): Kind.LIMITED,  # “performing too many actions”
    (9, 2207042): Kind.LIMITED,  # Instagram's posts of a day
    (10, 0): Kind.FORBIDDEN,
    (17, 0): Kind.LIMITED,
    (24, 2207006): Kind.GONE,  # no such post
    (24, 2207008): Kind.GONE,  # no such container
    (25, 2207050): Kind.BLOCKED,  # the account is restricted
    (32, 0): Kind.LIMITED,
    (100, 33): Kind.GONE,
    (102, 0): Kind.RENEW,
    (110, 2207013): Kind.GONE,  # no such account, or not one that businesses use
    (190, 0): Kind.RENEW,  # whichever subcode: password changed, expired, signed out, person gone
    (341, 0): Kind.LIMITED,
    (368, 0): Kind.BLOCKED,
    (506, 0): Kind.DOUBLE,  # identical to the last post
    (613, 0): Kind.LIMITED,
    (803, 0): Kind.GONE,
    (2635, 0): Kind.SUNSET,
    (9004, 0): Kind.TROUBLE,  # a picture could not be fetched
}
_RANGES = ((range(200, 300), Kind.FORBIDDEN), (range(80_000, 80_100), Kind.LIMITED))


@dataclass(frozen=True, slots=True)
class Fault:
    """An error as the Graph API tells it. `said`: its words for people, else for developers."""

    code: int
    subcode: int
    kind: Kind
    said: str


@dataclass(frozen=True, slots=True)
class Words:
    """What people are told, in one network's name."""

    renew: str
    forbidden: str
    blocked: str
    doubled: str
    refused: str
    strange: str  # an answer that is not one


def fault_of(response: httpx.Response) -> Fault | None:
    """What an answer of 4xx says is wrong; None for any other answer."""
    if not response.is_client_error:
        return None
    told = fields_of(response).get("error")
    error = told if isinstance(told, dict) else {}
    code, subcode = _number(error, "code"), _number(error, "error_subcode")
    return Fault(
        code,
        subcode,
        _kind(response, error, code, subcode),
        words_of(error, "error_user_msg") or words_of(error, "message"),
    )


def _kind(response: httpx.Response, error: Mapping[str, Any], code: int, subcode: int) -> Kind:
    if response.status_code == 429:
        return Kind.LIMITED
    known = ERRORS.get((code, subcode)) or ERRORS.get((code, 0))
    known = known or next((kind for codes, kind in _RANGES if code in codes), None)
    if known:
        return known
    if error.get("is_transient") is True:
        return Kind.TROUBLE
    return Kind.RENEW if response.status_code == 401 and not code else Kind.REFUSED


def _number(fields: Mapping[str, Any], name: str) -> int:
    value = fields.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def regain_at(headers: httpx.Headers, now: datetime, otherwise: timedelta = _WAIT) -> datetime:
    """When the limit ends: Retry-After, else the longest wait that X-Business-Use-Case-Usage names (in minutes)."""
    minutes = max(_minutes(headers.get("x-business-use-case-usage", "")), default=0)
    wait = min(timedelta(minutes=minutes), LONGEST) if minutes else otherwise
    return reset_at(headers, now, wait)


def _minutes(header: str) -> Iterator[int]:
    try:
        told = json.loads(header)
    except (ValueError, RecursionError):
        return
    for uses in told.values() if isinstance(told, dict) else ():
        for use in uses if isinstance(uses, list) else ():
            minutes = _number(use, "estimated_time_to_regain_access") if isinstance(use, dict) else 0
            yield min(max(minutes, 0), 1_000_000)


# Asking


def address(base_url: str, *parts: str, version: str = VERSION) -> str:
    """The address of a node or edge; `base_url` may hold a path."""
    return "/".join((base_url.rstrip("/"), version, *(quote(part, safe="") for part in parts)))


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def proof(token: str, secret: str) -> dict[str, str]:
    """That the caller knows the registration's secret: a body can have Meta demand it (“Require app secret”), and a
    stolen token is then of no use by itself. Nothing where no secret is known."""
    if not secret:
        return {}
    return {"appsecret_proof": hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()}


def secrets_of(channel: Channel) -> tuple[str, ...]:
    """What must never be quoted."""
    kept = channel.credentials.get()
    return kept.get(TOKEN, ""), kept.get(CLIENT_SECRET, "")


@dataclass(frozen=True, slots=True)
class Graph:
    """The Graph API as one account reaches it. `own`: what a code and subcode mean on this network alone."""

    channel: Channel
    words: Words
    own: Mapping[tuple[int, int], str]
    now: datetime
    version: str = VERSION
    proven: bool = True

    # Bare calls

    def get(self, *parts: str, **params: str) -> httpx.Response:
        return self._ask("GET", parts, params=params)

    def delete(self, *parts: str) -> httpx.Response:
        return self._ask("DELETE", parts, params={})

    def post(
        self, *parts: str, fields: Mapping[str, str], files: Mapping[str, tuple[str, bytes, str]] | None = None
    ) -> httpx.Response:
        url, headers, signed = self._signed(parts)
        return self.channel.http.post(url, data={**fields, **signed}, files=files, headers=headers)

    def _ask(self, method: str, parts: tuple[str, ...], params: Mapping[str, str]) -> httpx.Response:
        url, headers, signed = self._signed(parts)
        return self.channel.http.request(method, url, params={**params, **signed}, headers=headers)

    def _signed(self, parts: tuple[str, ...]) -> tuple[str, dict[str, str], dict[str, str]]:
        kept = self.channel.credentials.get()
        token = kept.get(TOKEN, "")
        signed = proof(token, kept.get(CLIENT_SECRET, "")) if self.proven else {}
        return address(self.channel.base_url, *parts, version=self.version), bearer(token), signed

    # Steps of an attempt

    def asked(self, call: Call) -> httpx.Response:
        """A step before anything is public: an answer of 2xx, or of 4xx that is no limit; or halts."""
        return preparing(lambda: self._unlimited(call()), now=self.now)

    def prepared(self, call: Call) -> Mapping[str, Any]:
        """A step before anything is public: the fields of an answer of 2xx, or halts."""
        response = self.asked(call)
        self.refuse(response, public=False)
        return fields_of(response)

    def published(self, call: Call) -> httpx.Response:
        """The step that makes it public: an answer of 2xx, or of 4xx that is no limit; what leaves it open halts."""
        return publishing(lambda: self._unlimited(call()), now=self.now)

    def _unlimited(self, response: httpx.Response) -> httpx.Response:
        fault = fault_of(response)
        if fault and fault.kind is Kind.LIMITED:
            wait = _WAITS.get((fault.code, fault.subcode), _WAIT)
            raise Halt(Later(regain_at(response.headers, self.now, wait), _LIMITED, limited=True))
        return response

    def refuse(self, response: httpx.Response, *, public: bool) -> None:
        """Halts on any 4xx. `public`: the call may have made something public for all that."""
        if fault := fault_of(response):
            raise Halt(self.outcome_of(fault, public=public))

    def outcome_of(self, fault: Fault, *, public: bool) -> Outcome:
        words, detail = self.words, quoted(fault.said, secrets_of(self.channel))
        if fault.kind is Kind.TROUBLE:
            own = self.own.get((fault.code, fault.subcode))
            reason = own or f"The network had trouble of its own (error {fault.code})."
            return Unsure(reason) if public else Later(self.now + RETRY, reason)
        known: dict[Kind, Outcome] = {
            Kind.RENEW: Reconnect(words.renew),
            Kind.FORBIDDEN: Reconnect(words.forbidden),
            Kind.DOUBLE: Unsure(words.doubled),
            Kind.BLOCKED: Refused(words.blocked, detail),
            Kind.SUNSET: Refused(_SUNSET, detail),
        }
        refused = self.own.get((fault.code, fault.subcode)) or self.own.get((fault.code, 0))
        return known.get(fault.kind) or Refused(refused or words.refused, detail)

    # Reading

    def read(self, call: Call) -> Mapping[str, Any]:
        """The fields of an answer of 2xx. Raises Gone and CannotTell."""
        try:
            response = call()
        except httpx.HTTPError as error:
            raise CannotTell(said_error(error)) from None
        if fault := fault_of(response):
            raise self._unread(fault)
        if not response.is_success:
            raise CannotTell(said_status(response))
        return fields_of(response)

    def _unread(self, fault: Fault) -> Gone | CannotTell:
        match fault.kind:
            case Kind.GONE:
                return Gone()
            case Kind.RENEW:
                return CannotTell(self.words.renew, reconnect=True)
            case Kind.FORBIDDEN:
                return CannotTell(self.words.forbidden)
            case Kind.LIMITED:
                return CannotTell(_LIMITED)
        return CannotTell(f"The network would not say (error {fault.code}).")

    def nodes(self, *parts: str, **params: str) -> Iterator[Mapping[str, Any]]:
        """What an edge holds, page by page, as Meta orders it. Raises CannotTell, also where it never ends."""
        asked: dict[str, str] = dict(params)
        for _ in range(PAGES):
            try:
                answer = self.read(lambda: self.get(*parts, **asked))
            except Gone:
                # Of a list it says that we may not see it, never that there is nothing in it.
                raise CannotTell(self.words.forbidden) from None
            yield from self.listed(answer)
            after = next_of(answer)
            if not after:
                return
            asked["after"] = after
        raise CannotTell(TOO_MUCH)

    def listed(self, answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """The nodes of one page."""
        data = answer.get("data")
        if not isinstance(data, list) or not all(isinstance(node, dict) for node in data):
            raise CannotTell(self.words.strange)
        return data


class Gone(Exception):
    """There is no such node, or none that we may see."""


class CannotTell(Exception):
    """The network could not be read."""

    def __init__(self, reason: str, *, reconnect: bool = False) -> None:
        super().__init__(reason)
        self.unreadable = unreadable(reason, reconnect=reconnect)


def next_of(answer: Mapping[str, Any]) -> str:
    """The cursor of the next page; empty where this was the last. The address in `next` holds the token: not used."""
    paging = object_of(answer, "paging")
    return text_of(object_of(paging, "cursors"), "after", 2_000) if paging.get("next") else ""


def object_of(fields: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = fields.get(name)
    return value if isinstance(value, dict) else {}


def list_of(fields: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """The objects of a list; what is none is left out."""
    value = fields.get(name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def count_of(fields: Mapping[str, Any], name: str) -> int | None:
    """A number of things; None where none is told."""
    value = fields.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53 else None


def moment_of(fields: Mapping[str, Any], name: str) -> datetime | None:
    """A moment as Meta writes it (2026-11-23T12:00:01+0000); None where it is none."""
    try:
        at = datetime.fromisoformat(text_of(fields, name))
    except ValueError:
        return None
    return at if at.tzinfo else None


def insights(nodes: list[Mapping[str, Any]], names: Mapping[str, str]) -> dict[str, int]:
    """The values of insights, by our words: `names` maps theirs to ours."""
    told: dict[str, int] = {}
    for node in nodes:
        ours, values = names.get(text_of(node, "name")), list_of(node, "values")
        if ours and (value := count_of(values[-1] if values else object_of(node, "total_value"), "value")) is not None:
            told[ours] = value
    return told

"""An access token that is renewed by a refresh token (RFC 6749, 6), of all processes by one at a time.

Some networks replace the refresh token at every use, so that two who renew at once would end the connection; and an
answer that brings no refresh token leaves the old one where it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import httpx

from mercat.networks.kit.steps import LIMIT, RETRY, Halt, fields_of, preparing, text_of, token_of
from mercat.networks.port import Channel, Later, Lifetime, Outcome, Reconnect

ACCESS, REFRESH, EXPIRES = "access_token", "refresh_token", "expires_at"  # the last of the access token, ISO 8601
CLIENT_ID, CLIENT_SECRET = "client_id", "client_secret"
APP = (CLIENT_ID, CLIENT_SECRET)

TURN = timedelta(seconds=2)  # until another process has renewed the token
AGAIN = timedelta(hours=1)  # where a person must settle something with the network first, and nobody tells us when
LONGEST = timedelta(days=3_660)  # what claims to last longer is not believed
NOT_OUR_APP = frozenset({"invalid_client", "unauthorized_client"})

AskForToken = Callable[[str, Mapping[str, str], Mapping[str, str], httpx.Client], httpx.Response]
Kept = Mapping[str, str]


def tokens_of(answer: Mapping[str, Any], now: datetime, *, access: str = ACCESS) -> dict[str, str]:
    """What to keep of a token endpoint's answer, its access token under `access`; empty where it holds none."""
    token, refresh = token_of(answer, "access_token"), token_of(answer, "refresh_token")
    if not token:
        return {}
    lasts = span_of(answer.get("expires_in"))
    ends = {EXPIRES: (now + lasts).isoformat()} if lasts else {}
    return {access: token, **({REFRESH: refresh} if refresh else {}), **ends}


def span_of(seconds: Any) -> timedelta | None:
    """A time to live; None where it is none that can be."""
    known = isinstance(seconds, int) and not isinstance(seconds, bool) and 0 < seconds < LONGEST.total_seconds()
    return timedelta(seconds=seconds) if known else None


def end_of(kept: Kept) -> datetime | None:
    """When the access token lapses; None where nobody said, or not so that it can be read."""
    try:
        ends = datetime.fromisoformat(kept.get(EXPIRES, ""))
    except ValueError:
        return None
    return ends if ends.tzinfo else None


def lifetime(kept: Kept) -> Lifetime:
    """As the token endpoint said of the access token; of a refresh token no end is told."""
    ends = end_of(kept)
    return Lifetime(renew_at=ends) if kept.get(REFRESH) else Lifetime(ends_at=ends)


@dataclass(frozen=True, slots=True)
class Renewal:
    """What differs between networks. `over`: the errors of the token endpoint by which a connection has ended; any
    other refusal is tried again. `ask` makes the call to it, signed as the body's app: (address, app, form, http)."""

    name: str
    ask: AskForToken
    over: frozenset[str]
    ended: str  # words: connect the account again
    app_missing: str
    app_unknown: str
    access: str = ACCESS
    keep: Callable[[Mapping[str, Any], datetime, Kept], dict[str, str]] | None = None  # None: as `tokens_of` does
    limit: Callable[[datetime], timedelta] = lambda now: LIMIT  # how long a limit lasts that names no time

    def newer(self, channel: Channel, used: str, now: datetime) -> str:
        """A token other than the one that was `used`. Raises Halt where there is none to be had."""
        with channel.credentials.turn() as mine:
            kept = channel.credentials.get()
            if kept.get(self.access, used) != used:
                return kept[self.access]  # another process has renewed it meanwhile
            if not self.may(kept):
                raise Halt(Reconnect(self.app_missing if kept.get(REFRESH) else self.ended))
            if not mine:
                said = f"The connection to {self.name} is just being renewed."
                raise Halt(Later(now + TURN, said, limited=True))
            return self._refreshed(channel, kept, now)

    def may(self, kept: Kept) -> bool:
        return all(kept.get(name) for name in (REFRESH, *APP))

    def _refreshed(self, channel: Channel, kept: Kept, now: datetime) -> str:
        form = {"grant_type": "refresh_token", "refresh_token": kept[REFRESH]}
        ask = partial(self.ask, channel.base_url, kept, form, channel.http)
        response = preparing(ask, now=now, limit=self.limit(now))
        if response.is_client_error:
            raise Halt(self._not_renewed(response, now))
        tokens = self._kept_of(fields_of(response), now, kept)
        if not tokens:
            raise Halt(Later(now + RETRY, self._not_yet))
        # The old refresh token may have died with this answer: the new one is stored before anything can go wrong.
        own = {name: value for name, value in kept.items() if name not in (*APP, EXPIRES)}
        channel.credentials.replace({**own, **tokens})
        return tokens[self.access]

    def _kept_of(self, answer: Mapping[str, Any], now: datetime, kept: Kept) -> dict[str, str]:
        return self.keep(answer, now, kept) if self.keep else tokens_of(answer, now, access=self.access)

    def _not_renewed(self, response: httpx.Response, now: datetime) -> Outcome:
        """Only a clear no ends the connection; whatever is wrong with the app is wrong for all accounts at once."""
        error = text_of(fields_of(response), "error")
        if error in NOT_OUR_APP:
            return Later(now + AGAIN, self.app_unknown)
        if error in self.over and response.status_code == 400:
            return Reconnect(self.ended)
        return Later(now + RETRY, self._not_yet)

    @property
    def _not_yet(self) -> str:
        return f"The connection to {self.name} could not be renewed yet."

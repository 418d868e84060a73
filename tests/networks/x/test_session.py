"""Tokens: renewed once, stored before use, never lost, and by one process at a time."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from mercat.networks.kit.renewal import LONGEST, tokens_of
from mercat.networks.port import Kept, Later, Lifetime, Reconnect, Sent
from mercat.networks.x.adapter import NETWORK
from tests.networks.contract import Scripted, scripted
from tests.networks.doubles import NOW, MemoryCredentials

PUBLISH = "POST /2/tweets"
TOKEN = "POST /2/oauth2/token"
ME = "GET /2/users/me"
AHEAD = timedelta(minutes=15)
RENEWED = {
    "access_token": "secret-access-2",
    "refresh_token": "secret-refresh-2",
    "expires_at": "2026-11-23T14:00:00+00:00",
}


class Merged(MemoryCredentials):
    """As the caller keeps them: the app's fields come from elsewhere, and nothing never replaces something."""

    APP = {"client_id": "the-client", "client_secret": "secret-client"}

    def __init__(self, values: Mapping[str, str], *, mine: bool = True) -> None:
        super().__init__(values)
        self.replaced: list[dict[str, str]] = []
        self.mine, self.meanwhile = mine, None

    def get(self) -> Mapping[str, str]:
        return {**self.values, **self.APP}

    def replace(self, values: Mapping[str, str]) -> None:
        self.replaced.append(dict(values))
        self.values |= {name: value for name, value in values.items() if value}

    @contextmanager
    def turn(self) -> Iterator[bool]:  # type: ignore[override]
        if self.meanwhile:
            self.values |= self.meanwhile
        yield self.mine


def run_of(name: str = "happy", **credentials: Any) -> tuple[Scripted, Merged]:
    run, _ = scripted("x", name)
    kept = {name: value for name, value in run.happy["credentials"].items() if not name.startswith("client")}
    merged = Merged({**kept, **credentials.pop("values", {})}, **credentials)
    run.channel = type(run.channel)(
        **{
            **{field: getattr(run.channel, field) for field in run.channel.__slots__},
            "credentials": merged,
        }
    )
    return run, merged


def keep(run: Scripted) -> Any:
    assert NETWORK.keeper
    return NETWORK.keeper.keep(run.channel, ahead=AHEAD, now=NOW)


def calls(run: Scripted) -> list[str]:
    return [f"{request.method} {request.url.path}" for request in run.requests]


# Renewing when X refuses the token


def test_the_new_tokens_are_stored_before_they_are_used() -> None:
    """A crash right after the renewal must not lose the only refresh token that still works."""
    run, kept = run_of("expired_token")
    events: list[str] = []
    store, post = kept.replace, run.http.post

    def replace(values: Mapping[str, str]) -> None:
        events.append("stored")
        store(values)

    def sent(url: str, **options: Any) -> httpx.Response:
        token = options.get("headers", {}).get("Authorization", "the app")
        events.append(f"{url.rpartition('/')[2]} {token}")
        return post(url, **options)

    kept.replace = replace  # type: ignore[method-assign]
    run.http.post = sent  # type: ignore[method-assign, assignment]
    assert isinstance(run.run("publish"), Sent)
    assert events[-4:] == ["tweets Bearer secret-access", "token the app", "stored", "tweets Bearer secret-access-2"]


def test_the_apps_own_secret_is_never_stored_with_the_account() -> None:
    run, kept = run_of("expired_token", values={"note": "kept"})
    run.run("publish")
    assert kept.replaced == [{**RENEWED, "note": "kept"}]


def test_the_app_signs_by_http_basic_and_sends_no_secret_but_the_token_to_be_renewed() -> None:
    run, _ = run_of("expired_token")
    run.run("publish")
    (asked,) = [request for request in run.requests if request.url.path == "/2/oauth2/token"]
    assert asked.headers["authorization"] == "Basic " + base64.b64encode(b"the-client:secret-client").decode()
    assert parse_qs(asked.content.decode()) == {"grant_type": ["refresh_token"], "refresh_token": ["secret-refresh"]}
    assert "secret" not in str(asked.url)


def test_an_answer_without_a_refresh_token_leaves_the_old_one() -> None:
    run, kept = run_of("refresh_without_a_new_one")
    assert isinstance(run.run("publish"), Sent)
    assert kept.values["refresh_token"] == "secret-refresh"
    assert kept.values["access_token"] == "secret-access-2"


def test_a_token_is_renewed_once_not_for_ever() -> None:
    run, _ = run_of("expired_twice")
    assert isinstance(run.run("publish"), Reconnect)
    assert calls(run).count(TOKEN) == 1
    assert calls(run).count(PUBLISH) == 2


def test_tokens_that_another_process_renewed_meanwhile_are_used_as_they_are() -> None:
    run, kept = run_of("expired_token")
    kept.meanwhile = {"access_token": "secret-theirs", "refresh_token": "secret-their-refresh"}
    assert isinstance(run.run("publish"), Sent)
    assert TOKEN not in calls(run)
    assert run.requests[-1].headers["authorization"] == "Bearer secret-theirs"


def test_whoever_does_not_have_the_turn_waits_and_uses_up_no_token() -> None:
    """X takes a refresh token once: a second process with the same would end the connection."""
    run, _ = run_of("expired_token", mine=False)
    outcome = run.run("publish")
    assert isinstance(outcome, Later)
    assert outcome.limited
    assert TOKEN not in calls(run)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"status": 400, "body": {"error": "invalid_grant"}}, Reconnect),
        ({"status": 400, "body": {"error": "invalid_request"}}, Reconnect),
        ({"status": 400, "body": {"error": "invalid_client"}}, Later),
        ({"status": 400, "body": {}}, Later),
        ({"status": 400, "text": "<html>"}, Later),
        ({"status": 401, "body": {"error": "invalid_client"}}, Later),
        ({"status": 401, "body": {}}, Later),
        ({"status": 403, "text": "<html>Attention Required!"}, Later),
        ({"status": 404, "body": {}}, Later),
        ({"status": 429, "body": {}}, Later),
        ({"status": 500, "body": {}}, Later),
        ({"status": 302, "body": {}}, Later),
        ({"status": 200, "body": []}, Later),
        ({"status": 200, "body": {"access_token": "é"}}, Later),
        ({"status": 200, "body": {"access_token": "x\ny"}}, Later),
        ({"late": True}, Later),
        ({"dropped": True}, Later),
        ({"unreachable": True}, Later),
    ],
)
def test_only_a_clear_no_ends_the_connection_and_nothing_replaces_what_is_stored(answer: Any, kind: type) -> None:
    run, kept = run_of("refresh_refused")
    before = dict(kept.values)
    run.answers[TOKEN] = answer
    assert isinstance(run.run("publish"), kind)
    assert kept.values == before
    assert kept.replaced == []


def test_without_a_refresh_token_a_refused_one_is_the_end() -> None:
    run, kept = run_of("expired_token")
    del kept.values["refresh_token"]
    assert isinstance(run.run("publish"), Reconnect)
    assert TOKEN not in calls(run)


@pytest.mark.parametrize("refresh", ["secret-refresh", ""])
def test_without_an_access_token_one_is_made_before_anything_is_asked(refresh: str) -> None:
    run, kept = run_of()
    kept.values = {"access_token": "", "refresh_token": refresh}
    assert isinstance(run.run("publish"), Sent if refresh else Reconnect)
    assert calls(run)[:1] == ([TOKEN] if refresh else [])


def test_without_the_app_nothing_can_be_renewed_and_a_person_is_told_why() -> None:
    run, kept = run_of("expired_token")
    kept.APP = {}
    outcome = run.run("publish")
    assert isinstance(outcome, Reconnect)
    assert "client ID and secret" in outcome.reason


# Keeping


def test_what_lapses_soon_is_renewed_ahead() -> None:
    run, kept = run_of(values={"expires_at": (NOW + timedelta(minutes=14)).isoformat()})
    assert keep(run) == Kept()
    assert calls(run) == [TOKEN]
    assert kept.values == RENEWED


def test_what_lasts_is_only_asked_after() -> None:
    run, kept = run_of()
    before = dict(kept.values)
    assert keep(run) == Kept()
    assert calls(run) == [ME]
    assert kept.values == before


def test_a_token_whose_end_nobody_told_is_renewed_when_it_is_refused() -> None:
    run, kept = run_of(values={"expires_at": ""})
    refused = {"status": 401, "body": {}}
    run.answers[ME] = [refused, run.happy["answers"][ME]]
    assert keep(run) == Kept()
    assert calls(run) == [ME, TOKEN, ME]
    assert kept.values == RENEWED


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        ({ME: {"dropped": True}}, Later),
        ({ME: {"status": 503, "body": {}}}, Later),
        ({ME: {"status": 402, "body": {}}}, Later),
        ({ME: {"status": 200, "body": {"data": {"id": "another"}}}}, Later),
        ({ME: {"status": 200, "text": "<html>"}}, Later),
        ({ME: {"status": 401, "body": {}}, TOKEN: {"dropped": True}}, Later),
        ({ME: {"status": 401, "body": {}}, TOKEN: {"status": 400, "body": {"error": "invalid_grant"}}}, Reconnect),
    ],
)
def test_keeping_says_no_only_where_x_does(answers: Any, kind: type) -> None:
    run, _ = run_of()
    run.answers.update(answers)
    assert isinstance(keep(run), kind)


def test_a_renewal_ahead_that_fails_leaves_all_as_it_was() -> None:
    run, kept = run_of(values={"expires_at": NOW.isoformat()})
    before = dict(kept.values)
    run.answers[TOKEN] = {"late": True}
    assert isinstance(keep(run), Later)
    assert kept.values == before


# What tokens tell of themselves


def test_a_lifetime_is_what_was_said_when_the_token_was_given() -> None:
    end = NOW + timedelta(hours=2)
    values = {"access_token": "a", "expires_at": end.isoformat()}
    assert NETWORK.lifetime({**values, "refresh_token": "r"}) == Lifetime(renew_at=end)
    assert NETWORK.lifetime(values) == Lifetime(ends_at=end)
    for unclear in ("", "soon", "2026-11-23T12:00:00"):
        assert NETWORK.lifetime({**values, "expires_at": unclear}) == Lifetime()


@pytest.mark.parametrize("seconds", [None, "7200", True, 0, -1, int(LONGEST.total_seconds()), 1.5, 10**400])
def test_an_end_that_cannot_be_believed_is_left_out(seconds: Any) -> None:
    assert tokens_of({"access_token": "a", "expires_in": seconds}, NOW) == {"access_token": "a"}

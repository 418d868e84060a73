"""Signing in at Google, and tokens that lapse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from mercat.networks.kit.renewal import lifetime
from mercat.networks.port import ConnectError, Kept, Later, Lifetime, Reconnect, Sent
from mercat.networks.youtube.adapter import NETWORK
from mercat.networks.youtube.connecting import Connector, OAuthConnector
from mercat.networks.youtube.session import Keeper
from mercat.networks.youtube.spec import SCOPE
from tests.networks.contract import Scripted, scripted
from tests.networks.doubles import NOW, MemoryCredentials, MemoryNotes, channel_of, client_for, item, video
from tests.networks.servers import Sandbox
from tests.networks.youtube.test_adapter import calls

BACK = "https://mercat.example/back"
TOKEN, CHANNELS = "POST /token", "GET /youtube/v3/channels"
on_the_stand_in = pytest.mark.parametrize("sandbox", ["youtube"], indirect=True)


def fields_for(sandbox: Sandbox) -> dict[str, str]:
    account = sandbox.new_account()
    return {name: account[name] for name in ("base_url", "client_id", "client_secret", "handle")}


def agree(url: str, handle: str, decision: str = "allow") -> dict[str, list[str]]:
    """What a browser does on the consent page."""
    shown = httpx.get(url)
    assert shown.status_code == 200, shown.text
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    answer = httpx.post(url.partition("?")[0], data={**asked, "account": handle, "decision": decision})
    assert answer.headers["location"].startswith(BACK)
    return parse_qs(urlsplit(answer.headers["location"]).query)


@on_the_stand_in
def test_a_person_signs_in_and_the_connection_is_renewed(sandbox: Sandbox) -> None:
    fields = fields_for(sandbox)
    with client_for(sandbox.origin) as http:
        url, kept = OAuthConnector().begin(fields, BACK, "the-state", http)
        assert "secret" not in url
        back = agree(url, fields["handle"])
        assert back["state"] == ["the-state"]
        identity = OAuthConnector().finish(kept, back["code"][0], BACK, http, now=NOW)
        assert identity.handle == fields["handle"]
        assert set(identity.credentials) == {"access_token", "refresh_token", "expires_at"}
        assert identity.credentials["access_token"] not in repr(identity)
        with pytest.raises(ConnectError):
            OAuthConnector().finish(kept, back["code"][0], BACK, http, now=NOW)
        channel = channel_of(identity, http)
        channel.credentials.replace({**identity.credentials, **fields})
        now = NOW + timedelta(minutes=50)
        assert Keeper().keep(channel, ahead=timedelta(minutes=15), now=now) == Kept()
        renewed = channel.credentials.get()
        assert renewed["access_token"] != identity.credentials["access_token"]
        assert renewed["refresh_token"] == identity.credentials["refresh_token"]
        channel.credentials.replace({**renewed, **fields})
        # The token ends in the middle of an upload, and a new one takes it on.
        sandbox.fault("token_ends_in_upload", "upload")
        one = item("Snow.", video(""), created_at=NOW)
        assert isinstance(NETWORK.publisher.publish(channel, one, MemoryNotes(), now=NOW), Sent)


@on_the_stand_in
def test_what_goes_wrong_in_signing_in_is_told(sandbox: Sandbox) -> None:
    fields = fields_for(sandbox)
    with client_for(sandbox.origin) as http:
        url, kept = OAuthConnector().begin(fields, BACK, "the-state", http)
        assert agree(url, fields["handle"], "deny")["error"] == ["access_denied"]
        wrong: list[tuple[Mapping[str, str], str, str]] = [
            ({**kept, "client_secret": "wrong"}, BACK, "client ID and secret"),
            ({**kept, "code_verifier": "x" * 43}, BACK, "did not complete"),
            (kept, "https://elsewhere.example/", "did not complete"),
        ]
        for changed, back, says in wrong:
            code = agree(url, fields["handle"])["code"][0]
            with pytest.raises(ConnectError, match=says):
                OAuthConnector().finish(changed, code, back, http, now=NOW)


def test_google_is_asked_for_lasting_leave_at_its_own_address() -> None:
    run, _ = scripted("youtube")
    fields = {"client_id": "the-client", "client_secret": "secret-client"}
    url, kept = OAuthConnector().begin(fields, BACK, "the-state", run.http)
    assert url.startswith("https://accounts.google.com/o/oauth2/v2/auth?")
    asked = parse_qs(urlsplit(url).query)
    assert (asked["access_type"], asked["prompt"], asked["scope"]) == (["offline"], ["consent"], [SCOPE])
    run.answers[TOKEN]["body"]["refresh_token"] = "secret-refresh-2"
    identity = OAuthConnector().finish(kept, "the-code", BACK, run.http, now=NOW)
    assert run.requests[0].url == "https://oauth2.googleapis.com/token"
    assert identity.url == "https://www.youtube.com/@station"


@pytest.mark.parametrize("missing", ["refresh_token", "scope"])
def test_leave_for_less_than_everything_does_not_connect(missing: str) -> None:
    run, _ = scripted("youtube")
    fields = {"client_id": "the-client", "client_secret": "secret-client"}
    _, kept = OAuthConnector().begin(fields, BACK, "the-state", run.http)
    run.answers[TOKEN]["body"] |= {"refresh_token": "secret-refresh-2"}
    run.answers[TOKEN]["body"][missing] = ""
    with pytest.raises(ConnectError, match="allow everything"):
        OAuthConnector().finish(kept, "the-code", BACK, run.http, now=NOW)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({"status": 401, "body": {}}, "does not accept"),
        ({"status": 200, "body": {"kind": "youtube#channelListResponse", "items": []}}, "no YouTube channel"),
        ({"status": 200, "body": {"hello": "there"}}, "not like YouTube"),
        (
            {"status": 403, "body": {"error": {"code": 403, "errors": [{"reason": "quotaExceeded"}]}}},
            "midnight in California",
        ),
    ],
)
def test_a_typed_token_that_does_not_work_is_told(answer: Any, says: str) -> None:
    run, _ = scripted("youtube")
    run.answers[CHANNELS] = answer
    with pytest.raises(ConnectError, match=says):
        Connector().connect({"access_token": "secret-access"}, run.http, now=NOW)


# Renewing


def keep(run: Scripted, *, minutes: int = 15) -> Any:
    return Keeper().keep(run.channel, ahead=timedelta(minutes=minutes), now=NOW)


def test_a_token_that_lasts_is_only_asked_about() -> None:
    run, _ = scripted("youtube")
    assert keep(run) == Kept()
    assert calls(run) == [CHANNELS]


def test_a_refresh_token_is_never_replaced_by_nothing() -> None:
    run, _ = scripted("youtube")
    assert keep(run, minutes=60) == Kept()
    assert run.credentials.values["refresh_token"] == "secret-refresh"
    assert "client_secret" not in run.credentials.values


def test_an_answer_without_a_token_changes_nothing() -> None:
    run, _ = scripted("youtube")
    before = dict(run.credentials.values)
    for body in ({}, {"access_token": ""}, {"access_token": "é"}, {"access_token": 7}):
        run.answers[TOKEN] = {"status": 200, "body": body}
        assert isinstance(keep(run, minutes=60), Later)
    assert run.credentials.values == before


def test_while_another_process_renews_nobody_else_does() -> None:
    run, _ = scripted("youtube")

    class Waiting(MemoryCredentials):
        @contextmanager
        def turn(self) -> Iterator[bool]:
            yield False

    channel = channel_of_run(run, Waiting(run.credentials.values))
    outcome = Keeper().keep(channel, ahead=timedelta(hours=1), now=NOW)
    assert isinstance(outcome, Later)
    assert outcome.limited
    assert calls(run) == []


def channel_of_run(run: Scripted, credentials: MemoryCredentials) -> Any:
    return replace(run.channel, credentials=credentials)


def test_another_account_is_no_sign_that_it_works() -> None:
    run, _ = scripted("youtube")
    run.answers[CHANNELS] = {"status": 200, "body": {"kind": "youtube#channelListResponse", "items": [{"id": "UCx"}]}}
    assert isinstance(keep(run), Later)


def test_without_the_project_a_lapsed_connection_cannot_be_renewed() -> None:
    run, _ = scripted("youtube")
    run.credentials.replace({"access_token": "secret-access", "refresh_token": "secret-refresh"})
    run.answers[CHANNELS] = {"status": 401, "body": {}}
    outcome = keep(run)
    assert isinstance(outcome, Reconnect)
    assert "client ID and secret" in outcome.reason


def test_a_lifetime_is_what_google_said() -> None:
    end = NOW + timedelta(hours=1)
    assert lifetime({"expires_at": end.isoformat(), "refresh_token": "r"}) == Lifetime(renew_at=end)
    assert lifetime({"expires_at": end.isoformat()}) == Lifetime(ends_at=end)
    assert lifetime({"expires_at": "soon"}) == Lifetime()

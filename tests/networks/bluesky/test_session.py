"""Sessions: kept, renewed once, stored before use."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx
import pytest

from mercat.networks.bluesky.adapter import NETWORK
from mercat.networks.bluesky.session import scope_of
from mercat.networks.port import ConnectError, Identity, Later, Reconnect, Sent
from tests.networks.contract import Scripted, scripted
from tests.networks.doubles import NOW

PUT = "POST /xrpc/com.atproto.repo.putRecord"
REFRESH = "POST /xrpc/com.atproto.server.refreshSession"
CREATE = "POST /xrpc/com.atproto.server.createSession"
FIELDS = {"base_url": "", "handle": "@station.example.org", "app_password": "secret-app-password"}
SESSION = {"did": "did:plc:abc", "handle": "station.example.org", "accessJwt": "secret-a", "refreshJwt": "secret-r"}


def paths(run: Scripted) -> list[str]:
    return [request.url.path.rpartition(".")[2] for request in run.requests]


def test_the_new_tokens_are_stored_before_they_are_used() -> None:
    """A crash right after the renewal must not lose the only refresh token that still works."""
    run, _ = scripted("bluesky", "expired_token")
    events: list[str] = []
    store, answer = run.credentials.replace, run.http.post

    def post(url: str, **options: Any) -> httpx.Response:
        events.append(f"{url.rpartition('.')[2]} {options['headers']['Authorization']}")
        return answer(url, **options)

    def replace(values: Any) -> None:
        events.append("stored")
        store(values)

    run.credentials.replace = replace  # type: ignore[method-assign]
    run.http.post = post  # type: ignore[method-assign, assignment]
    assert isinstance(run.run("publish"), Sent)
    assert events[-4:] == [
        "putRecord Bearer secret-access-jwt",
        "refreshSession Bearer secret-refresh-jwt",
        "stored",
        "putRecord Bearer secret-access-jwt-2",
    ]


def test_what_else_was_kept_stays_kept() -> None:
    run, _ = scripted("bluesky", "expired_token")
    run.credentials.values["note"] = "kept"
    run.run("publish")
    assert run.credentials.values["note"] == "kept"


def test_a_session_is_renewed_once_not_for_ever() -> None:
    run, _ = scripted("bluesky", "expired_twice")
    assert isinstance(run.run("publish"), Reconnect)
    assert paths(run).count("refreshSession") == 1
    assert paths(run).count("putRecord") == 2


def test_signing_in_again_is_never_tried() -> None:
    for name in ("expired_token", "expired_twice", "session_revoked", "token_missing"):
        run, _ = scripted("bluesky", name)
        run.run("publish")
        assert "createSession" not in paths(run)


def test_tokens_that_another_process_renewed_meanwhile_are_used_as_they_are() -> None:
    run, _ = scripted("bluesky", "expired_token")
    first = run.http.post

    def post(url: str, **options: Any) -> httpx.Response:
        response = first(url, **options)
        if response.status_code == 400:
            run.credentials.values = {"access_jwt": "secret-theirs", "refresh_jwt": "secret-their-refresh"}
        return response

    run.http.post = post  # type: ignore[method-assign, assignment]
    assert isinstance(run.run("publish"), Sent)
    assert "refreshSession" not in paths(run)
    assert run.requests[-1].headers["authorization"] == "Bearer secret-theirs"


def test_a_connection_without_tokens_must_be_made_again() -> None:
    run, _ = scripted("bluesky", "token_missing")
    run.credentials.values = {}
    assert isinstance(run.run("publish"), Reconnect)


def test_a_swept_picture_is_handed_over_again() -> None:
    run, _ = scripted("bluesky", "blob_swept")
    assert isinstance(run.run("publish"), Later)
    run.answers[PUT] = run.happy["answers"][PUT]
    assert isinstance(run.run("publish"), Sent)
    assert paths(run).count("uploadBlob") == 2


def test_a_mention_means_the_same_account_at_every_attempt() -> None:
    """The record must not change between attempts, even if the handle has changed hands."""
    run, _ = scripted("bluesky", "answer_dropped")
    run.run("publish")
    run.answers["GET /xrpc/com.atproto.identity.resolveHandle"] = {"status": 200, "body": {"did": "did:plc:other"}}
    run.run("publish")
    first, second = (request.content for request in run.requests if request.url.path.endswith("putRecord"))
    assert first == second
    assert paths(run).count("resolveHandle") == 1


# Connecting


def connect(answer: httpx.Response | Exception, **fields: str) -> tuple[Identity, httpx.Request]:
    asked: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert NETWORK.connector
    http = httpx.Client(transport=httpx.MockTransport(handle))
    return NETWORK.connector.connect({**FIELDS, **fields}, http, now=NOW), asked[0]


def test_the_app_password_is_not_kept() -> None:
    identity, request = connect(httpx.Response(200, json=SESSION))
    assert str(request.url) == "https://bsky.social/xrpc/com.atproto.server.createSession"
    assert b"secret-app-password" in request.content
    assert identity.credentials == {"access_jwt": "secret-a", "refresh_jwt": "secret-r"}
    assert identity.native_id == "did:plc:abc"
    assert identity.url == "https://bsky.app/profile/station.example.org"


def test_calls_go_to_the_server_that_the_account_lives_on() -> None:
    document = {"service": [{"id": "#atproto_pds", "serviceEndpoint": "https://morel.host.example.org/"}]}
    identity, _ = connect(httpx.Response(200, json={**SESSION, "didDoc": document}))
    assert identity.base_url == "https://morel.host.example.org"


@pytest.mark.parametrize(
    "document", [None, [], {}, {"service": "x"}, {"service": [1]}, {"service": [{"id": "#other"}]}]
)
def test_without_a_usable_document_calls_go_where_the_person_said(document: Any) -> None:
    identity, _ = connect(httpx.Response(200, json={**SESSION, "didDoc": document}))
    assert identity.base_url == "https://bsky.social"


def test_a_home_without_https_is_not_followed() -> None:
    document = {"service": [{"id": "#atproto_pds", "serviceEndpoint": "http://localhost:2583"}]}
    identity, _ = connect(httpx.Response(200, json={**SESSION, "didDoc": document}))
    assert identity.base_url == "https://bsky.social"


def token_of(scope: str) -> str:
    claims = base64.urlsafe_b64encode(json.dumps({"scope": scope}).encode()).decode().rstrip("=")
    return f"e30.{claims}.unsigned"


def test_the_accounts_own_password_is_refused() -> None:
    with pytest.raises(ConnectError, match="own password"):
        connect(httpx.Response(200, json={**SESSION, "accessJwt": token_of("com.atproto.access")}))
    assert connect(httpx.Response(200, json={**SESSION, "accessJwt": token_of("com.atproto.appPass")}))


DEEP = f"a.{base64.urlsafe_b64encode(b'[' * 5_000).decode().rstrip('=')}.c"


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "a.!!!.c", "a.W10.c", "a.e30.c", DEEP])
def test_a_token_that_tells_no_scope_is_no_error(token: str) -> None:
    assert scope_of(token) == ""


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (httpx.Response(401, json={"error": "AuthenticationRequired"}), "does not accept this handle"),
        (httpx.Response(401, json={"error": "AuthFactorTokenRequired"}), "own password"),
        (httpx.Response(401, json={"error": "AccountTakedown"}), "suspended or closed"),
        (httpx.Response(429, headers={"ratelimit-reset": "1795435500"}), "Try again after 12:05 UTC on 23 November"),
        (httpx.Response(500), "trouble of its own"),
        (httpx.Response(200, text="<html>"), "not like a server of Bluesky"),
        (httpx.Response(200, json={**SESSION, "refreshJwt": None}), "not like a server of Bluesky"),
        (httpx.Response(200, json={**SESSION, "did": "did:plc:" + "a" * 253}), "not like a server of Bluesky"),
        (httpx.Response(200, json={**SESSION, "handle": "a\x00b"}), "not like a server of Bluesky"),
        (httpx.Response(200, json={**SESSION, "active": False}), "suspended or closed"),
        (httpx.Response(302, headers={"location": "https://elsewhere.example.org"}), "pointing elsewhere"),
        (httpx.ConnectError("x"), "could not be reached"),
        (httpx.ReadTimeout("x"), "in time"),
    ],
)
def test_what_went_wrong_is_told_to_the_person_without_the_password(answer: Any, words: str) -> None:
    with pytest.raises(ConnectError, match=words) as refused:
        connect(answer)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("field", ["handle", "app_password"])
def test_an_empty_field_is_named_before_any_call(field: str) -> None:
    with pytest.raises(ConnectError, match="is missing"):
        connect(AssertionError("no call may be made"), **{field: " "})

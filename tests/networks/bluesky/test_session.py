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
DID = "did:plc:ewvi7nxzyoun6zhxrhs64oiz"
SESSION = {"did": DID, "handle": "station.example.org", "accessJwt": "secret-a", "refreshJwt": "secret-r"}


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


HOME = "https://morel.host.example.org"


def document(did: str = DID, **changes: Any) -> dict[str, Any]:
    """An identity's document, as a directory gives it."""
    services = [
        {"id": "#other", "type": "Other", "serviceEndpoint": "https://other.example.org"},
        {"id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": f"{HOME}/"},
    ]
    return {"id": did, "alsoKnownAs": ["at://station.example.org"], "service": services, **changes}


def connect(answer: httpx.Response | Exception, **fields: str) -> tuple[Identity, list[httpx.Request]]:
    """To a server that answers the sign-in so, on a public network where all is well."""
    return connect_where({"createSession": answer}, **fields)


def connect_where(
    answers: dict[str, httpx.Response | Exception], **fields: str
) -> tuple[Identity, list[httpx.Request]]:
    """On a public network where all is well but these answers, each by the end of its address."""
    everywhere = {
        "createSession": httpx.Response(200, json=SESSION),
        DID: httpx.Response(200, json=document()),
        "getSession": httpx.Response(200, json={"did": DID, "handle": "station.example.org"}),
    }
    asked: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        ends = (answer for end, answer in {**everywhere, **answers}.items() if request.url.path.endswith(end))
        answer = next(ends)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert NETWORK.connector
    http = httpx.Client(transport=httpx.MockTransport(handle))
    return NETWORK.connector.connect({**FIELDS, **fields}, http, now=NOW), asked


def test_the_app_password_is_not_kept() -> None:
    identity, asked = connect(httpx.Response(200, json=SESSION))
    assert str(asked[0].url) == "https://bsky.social/xrpc/com.atproto.server.createSession"
    assert b"secret-app-password" in asked[0].content
    assert identity.credentials == {"access_jwt": "secret-a", "refresh_jwt": "secret-r"}
    assert identity.native_id == DID
    assert identity.url == "https://bsky.app/profile/station.example.org"


def test_calls_go_to_the_server_that_the_identity_names_once_it_knows_the_session() -> None:
    told = {**SESSION, "didDoc": document(service=[{"id": "#atproto_pds", "serviceEndpoint": "https://evil.example"}])}
    identity, asked = connect(httpx.Response(200, json=told))
    assert identity.base_url == HOME
    assert [str(request.url) for request in asked[1:]] == [
        f"https://plc.directory/{DID}",
        f"{HOME}/xrpc/com.atproto.server.getSession",
    ]
    assert "authorization" not in asked[1].headers
    assert asked[2].headers["authorization"] == "Bearer secret-a"


def test_the_home_itself_has_nothing_to_confirm() -> None:
    identity, asked = connect(httpx.Response(200, json=SESSION), base_url=HOME)
    assert (identity.base_url, len(asked)) == (HOME, 2)


def test_an_identity_may_lie_on_a_domain_of_its_own() -> None:
    did = "did:web:police.example.org"
    answers = {
        "createSession": httpx.Response(200, json={**SESSION, "did": did}),
        "did.json": httpx.Response(200, json=document(did)),
        "getSession": httpx.Response(200, json={"did": did}),
    }
    identity, asked = connect_where(answers)
    assert (identity.native_id, identity.base_url) == (did, HOME)
    assert str(asked[1].url) == "https://police.example.org/.well-known/did.json"


def test_a_server_without_https_is_none_of_the_public_network() -> None:
    identity, asked = connect(httpx.Response(200, json=SESSION), base_url="http://127.0.0.1:8300/bluesky")
    assert (identity.base_url, len(asked)) == ("http://127.0.0.1:8300/bluesky", 1)


@pytest.mark.parametrize(
    "said",
    [
        [],
        {},
        document("did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"),
        document(alsoKnownAs=["at://somebody.example.org"]),
        document(alsoKnownAs="at://station.example.org"),
        document(alsoKnownAs=[{}]),
    ],
)
def test_an_account_that_the_public_network_does_not_know_so_is_not_connected(said: Any) -> None:
    with pytest.raises(ConnectError, match=r"the account is station\.example\.org, and its identity .* does not"):
        connect_where({DID: httpx.Response(200, json=said)})


@pytest.mark.parametrize(
    "services",
    [
        *(None, "x", [1], [{}], [{"id": "#other", "serviceEndpoint": HOME}]),
        *(
            [{"id": "#atproto_pds", "serviceEndpoint": end}]
            for end in (None, "x y", "http://localhost:2583", "ftp://x")
        ),
        [{"id": "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa#atproto_pds", "serviceEndpoint": HOME}],
    ],
)
def test_without_a_home_on_the_public_network_nothing_is_connected(services: Any) -> None:
    with pytest.raises(ConnectError, match=r"without https|names no server|not the address"):
        connect_where({DID: httpx.Response(200, json=document(service=services))})


@pytest.mark.parametrize(
    "did", ["did:plc:abc", "did:key:z6Mk", "did:web:127.0.0.1", "did:web:a.example/x", "x", "../x"]
)
def test_an_identity_of_an_unknown_kind_is_asked_for_nowhere(did: str) -> None:
    with pytest.raises(ConnectError, match="of a kind"):
        connect(httpx.Response(200, json={**SESSION, "did": did}))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (httpx.Response(404, json={"message": "DID not registered"}), r"plc\.directory\. .*answer 404"),
        (httpx.Response(503), r"plc\.directory\. .*answer 503"),
        (httpx.Response(302, headers={"location": "https://evil.example"}), "pointing elsewhere"),
        (httpx.ConnectError("x"), r"plc\.directory\. The network could not be reached"),
    ],
)
def test_a_directory_that_cannot_be_read_is_named(answer: Any, words: str) -> None:
    with pytest.raises(ConnectError, match=words):
        connect_where({DID: answer})


@pytest.mark.parametrize(
    "answer", [httpx.Response(401, json={"error": "InvalidToken"}), httpx.Response(200, json={"did": "did:plc:other"})]
)
def test_a_session_that_the_home_does_not_know_is_not_connected(answer: httpx.Response) -> None:
    with pytest.raises(ConnectError, match="does not know this sign-in"):
        connect_where({"getSession": answer})


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


@pytest.mark.parametrize(
    ("answer", "ends"),
    [
        ({"status": 400, "body": {"error": "ExpiredToken", "message": "Token has been revoked"}}, True),
        ({"status": 401, "body": {"error": "AccountTakedown"}}, True),
        ({"status": 401, "body": {"error": "AuthenticationRequired"}}, True),
        ({"status": 400, "body": {"error": "AccountDeactivated"}}, True),
        ({"status": 400, "body": {"error": "InvalidToken", "message": "Token could not be verified"}}, True),
        ({"status": 400, "body": {"error": "InvalidRequest"}}, False),
        ({"status": 403, "text": "<html>a wall in between</html>"}, False),
        ({"status": 404, "body": {}}, False),
        ({"status": 401, "text": "<html>"}, False),
        ({"status": 501, "body": {"error": "MethodNotImplemented"}}, False),
        ({"status": 400, "body": []}, False),
    ],
)
def test_only_a_clear_no_to_the_renewal_ends_the_connection(answer: dict[str, Any], ends: bool) -> None:
    run, _ = scripted("bluesky", "expired_token")
    run.answers[REFRESH] = answer
    kept = dict(run.credentials.values)
    outcome = run.run("publish")
    assert isinstance(outcome, Reconnect if ends else Later), outcome
    assert run.credentials.values == kept

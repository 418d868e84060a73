"""Connecting an account: by pasted tokens, and by X's consent page."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from mercat.networks.kit.oauth import challenge
from mercat.networks.port import ConnectError, Identity
from mercat.networks.x.adapter import NETWORK
from mercat.networks.x.spec import SCOPES
from tests.networks.doubles import NOW

BACK = "https://mercat.example.org/connections/return"
APP = {"client_id": "the-client", "client_secret": "secret-client"}
USER = {"id": "9", "name": "Tayside Division", "username": "station"}
TOKENS = {
    "token_type": "bearer",
    "expires_in": 7_200,
    "access_token": "secret-access",
    "refresh_token": "secret-refresh",
    "scope": SCOPES,
}
ME, TOKEN = "/2/users/me", "/2/oauth2/token"


class Answering:
    """An X that answers by path, or not at all."""

    def __init__(self, **changes: Any) -> None:
        self.requests: list[httpx.Request] = []
        self.answers: dict[str, Any] = {
            ME: httpx.Response(200, json={"data": USER}),
            TOKEN: httpx.Response(200, json=TOKENS),
            **changes,
        }
        self.http = httpx.Client(transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers[request.url.path]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def connect(self, **fields: str) -> Identity:
        assert NETWORK.connector
        given = {"access_token": "secret-access", "refresh_token": "secret-refresh", **fields}
        return NETWORK.connector.connect(given, self.http, now=NOW)

    def begin(self, **fields: str) -> tuple[str, Any]:
        assert NETWORK.oauth
        return NETWORK.oauth.begin({**APP, **fields}, BACK, "the-state", self.http)

    def sign_in(self) -> Identity:
        assert NETWORK.oauth
        _, kept = self.begin()
        return NETWORK.oauth.finish(kept, "the-code", BACK, self.http, now=NOW)


def test_pasted_tokens_tell_whose_they_are() -> None:
    identity = Answering().connect()
    assert identity == Identity(
        "9",
        "station",
        "https://x.com/station",
        "https://api.x.com",
        {"access_token": "secret-access", "refresh_token": "secret-refresh"},
        {},
    )


def test_a_refresh_token_may_be_missing() -> None:
    assert Answering().connect(refresh_token=" ").credentials == {"access_token": "secret-access"}


def test_the_person_is_sent_to_x_with_state_and_challenge() -> None:
    server = Answering()
    url, kept = server.begin()
    address, query = urlsplit(url), {name: value for name, (value,) in parse_qs(urlsplit(url).query).items()}
    assert f"{address.scheme}://{address.netloc}{address.path}" == "https://x.com/i/oauth2/authorize"
    assert query == {
        "response_type": "code",
        "client_id": "the-client",
        "redirect_uri": BACK,
        "scope": SCOPES,
        "state": "the-state",
        "code_challenge": challenge(kept["code_verifier"]),
        "code_challenge_method": "S256",
    }
    assert "secret-client" not in url
    assert "+" not in url
    assert server.requests == []


def test_a_stand_in_has_its_consent_page_under_its_own_address() -> None:
    url, kept = Answering().begin(base_url="http://127.0.0.1:8300/x/")
    assert url.startswith("http://127.0.0.1:8300/x/i/oauth2/authorize?")
    assert kept["base_url"] == "http://127.0.0.1:8300/x"


def test_the_code_is_traded_by_the_app_with_the_verifier() -> None:
    server = Answering()
    identity = server.sign_in()
    traded = server.requests[0]
    form = {name: value for name, (value,) in parse_qs(traded.content.decode()).items()}
    assert len(form.pop("code_verifier")) >= 43
    assert form == {"grant_type": "authorization_code", "code": "the-code", "redirect_uri": BACK}
    assert traded.headers["authorization"].startswith("Basic ")
    assert identity.credentials == {
        "access_token": "secret-access",
        "refresh_token": "secret-refresh",
        "expires_at": "2026-11-23T14:00:00+00:00",
    }


@pytest.mark.parametrize(
    ("path", "answer", "words"),
    [
        (TOKEN, httpx.Response(400, json={"error": "invalid_request"}), "did not complete the sign-in"),
        (TOKEN, httpx.Response(401, json={"error": "unauthorized_client"}), "client ID and secret"),
        (TOKEN, httpx.Response(200, json={}), "did not complete the sign-in"),
        (TOKEN, httpx.Response(200, text="<html>"), "did not complete the sign-in"),
        (TOKEN, httpx.Response(200, json={"access_token": "x\ny"}), "did not complete the sign-in"),
        (TOKEN, httpx.Response(429, headers={"x-rate-limit-reset": "1795435500"}), "after 12:05 UTC"),
        (ME, httpx.Response(401, json={}), "does not accept this access token"),
        (ME, httpx.Response(403, json={"detail": "Forbidden"}), "does not accept this access token"),
        (ME, httpx.Response(402, json={"title": "CreditsDepleted"}), "credits"),
        (ME, httpx.Response(200, text="<html>"), "not like X"),
        (ME, httpx.Response(200, json={"data": {"id": "9"}}), "not like X"),
        (ME, httpx.Response(200, json={"data": {"id": "9" * 254, "username": "a"}}), "not like X"),
        (ME, httpx.Response(503), "trouble of its own"),
        (ME, httpx.ConnectError("x"), "could not be reached"),
        (ME, httpx.ReadTimeout("x"), "in time"),
    ],
)
def test_what_went_wrong_is_told_to_the_person_without_a_secret(path: str, answer: Any, words: str) -> None:
    with pytest.raises(ConnectError, match=words) as refused:
        Answering(**{path: answer}).sign_in()
    assert str(refused.value).endswith(".")
    assert "secret-" not in str(refused.value)


@pytest.mark.parametrize("missing", ["client_id", "client_secret"])
def test_without_the_bodys_app_nobody_is_sent_anywhere(missing: str) -> None:
    with pytest.raises(ConnectError, match="missing"):
        Answering().begin(**{missing: ""})


def test_without_a_token_nothing_is_asked() -> None:
    server = Answering()
    with pytest.raises(ConnectError, match="missing"):
        server.connect(access_token="")
    assert server.requests == []

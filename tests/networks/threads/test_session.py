"""Signing in with Threads, and keeping the token alive."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from mercat.networks.port import Channel, ConnectError, Identity, Kept, Later, Lifetime, Reconnect
from mercat.networks.threads.adapter import NETWORK
from mercat.networks.threads.session import RESERVE, YOUNG
from mercat.networks.threads.spec import SCOPES
from tests.networks.doubles import NOW, MemoryCredentials
from tests.networks.graph_specs import parameters

BACK = "https://mercat.example.org/connections/return"
APP = {"client_id": "1300000000000001", "client_secret": "secret-app"}
LIFE = 60 * 86_400
STAMP = int(NOW.timestamp())


def ok(body: Any) -> httpx.Response:
    return httpx.Response(200, json=body)


def refused(code: int, **headers: str) -> httpx.Response:
    error = {"message": "no", "type": "OAuthException", "code": code}
    return httpx.Response(400, json={"error": error}, headers=headers)


class Threads:
    """Threads, answering by path, or not at all."""

    def __init__(self, **changes: Any) -> None:
        self.requests: list[httpx.Request] = []
        self.answers: dict[str, Any] = {
            "/oauth/access_token": ok({"access_token": "secret-short", "user_id": 256}),
            "/access_token": ok({"access_token": "secret-long", "token_type": "bearer", "expires_in": LIFE}),
            "/refresh_access_token": ok({"access_token": "secret-new", "token_type": "bearer", "expires_in": LIFE}),
            "/v1.0/me": ok({"id": "256", "username": "fife"}),
        }
        self.answers.update(changes)
        self.http = httpx.Client(transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers[request.url.path]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def paths(self) -> list[str]:
        return [request.url.path for request in self.requests]

    def sign_in(self, code: str = "the-code#_") -> Identity:
        assert NETWORK.oauth
        _, kept = NETWORK.oauth.begin(APP, BACK, "the-state", self.http)
        return NETWORK.oauth.finish(kept, code, BACK, self.http, now=NOW)


# Connecting


def test_the_person_is_sent_to_threads_with_state_and_scopes() -> None:
    assert NETWORK.oauth
    url, kept = NETWORK.oauth.begin(APP, BACK, "the-state", Threads().http)
    address, query = urlsplit(url), {name: value for name, (value,) in parse_qs(urlsplit(url).query).items()}
    assert f"{address.scheme}://{address.netloc}{address.path}" == "https://www.threads.net/oauth/authorize"
    assert query == {
        "client_id": APP["client_id"],
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": ",".join(SCOPES),
        "state": "the-state",
    }
    assert "secret" not in url
    assert kept["client_secret"] == "secret-app"


def test_the_code_becomes_a_token_for_sixty_days() -> None:
    threads = Threads()
    assert threads.sign_in() == Identity(
        "256",
        "fife",
        "https://www.threads.net/@fife",
        "https://graph.threads.net",
        {"token": "secret-long", "made_at": str(STAMP), "ends_at": str(STAMP + LIFE)},
        {},
    )
    code, lasting, me = threads.requests
    assert (parameters(code)["code"], parameters(code)["grant_type"]) == ("the-code", "authorization_code")
    assert (parameters(lasting)["grant_type"], parameters(lasting)["method"]) == ("th_exchange_token", "GET")
    assert lasting.headers["authorization"] == "Bearer secret-short"
    assert me.headers["authorization"] == "Bearer secret-long"
    assert not any("secret" in str(request.url) for request in threads.requests)


def test_a_pasted_token_tells_whose_it_is() -> None:
    assert NETWORK.connector
    identity = NETWORK.connector.connect({"token": "secret-typed"}, Threads().http, now=NOW)
    assert (identity.native_id, identity.credentials) == ("256", {"token": "secret-typed"})


@pytest.mark.parametrize(
    ("path", "answer", "words"),
    [
        ("/oauth/access_token", refused(100), "did not complete"),
        ("/oauth/access_token", ok({}), "did not complete"),
        ("/oauth/access_token", httpx.Response(200, text="<html>"), "did not complete"),
        ("/access_token", refused(1), "did not complete"),
        ("/access_token", ok({"access_token": "x\ny"}), "did not complete"),
        ("/v1.0/me", refused(190), "does not accept this access token"),
        ("/v1.0/me", ok({}), "not like Threads"),
        ("/v1.0/me", ok({"id": "9" * 254, "username": "x"}), "not like Threads"),
        ("/v1.0/me", httpx.Response(503), "trouble of its own"),
        ("/access_token", httpx.Response(429), "no more sign-ins"),
        ("/oauth/access_token", httpx.ConnectError("x"), "could not be reached"),
        ("/v1.0/me", httpx.ReadTimeout("x"), "in time"),
    ],
)
def test_what_went_wrong_is_told_to_the_person_without_a_secret(path: str, answer: Any, words: str) -> None:
    with pytest.raises(ConnectError, match=words) as told:
        Threads(**{path: answer}).sign_in()
    assert "secret" not in str(told.value)


def test_without_the_bodys_own_registration_nobody_is_sent_anywhere() -> None:
    assert NETWORK.oauth
    with pytest.raises(ConnectError, match="Threads app ID is missing"):
        NETWORK.oauth.begin({}, BACK, "the-state", Threads().http)


# Keeping


def keep(
    threads: Threads, *, age: timedelta | None, left: timedelta | None, credentials: Any = None
) -> tuple[Any, Any]:
    """With a token of this age, that ends in so long; None: not known."""
    assert NETWORK.keeper
    values = {"token": "secret-old", **APP}
    if age is not None:
        values["made_at"] = str(int((NOW - age).timestamp()))
    if left is not None:
        values["ends_at"] = str(int((NOW + left).timestamp()))
    kept = credentials or MemoryCredentials(values)
    channel = Channel("https://graph.threads.net", "256", "fife", kept, threads.http)
    return NETWORK.keeper.keep(channel, ahead=timedelta(days=1), now=NOW), kept.values


OLD, FRESH = timedelta(days=40), timedelta(days=59)


def test_a_token_past_half_of_its_time_is_renewed_and_stored_without_the_registration() -> None:
    threads = Threads()
    outcome, values = keep(threads, age=OLD, left=timedelta(days=20))
    assert outcome == Kept()
    assert values == {"token": "secret-new", "made_at": str(STAMP), "ends_at": str(STAMP + LIFE)}
    (request,) = threads.requests
    assert request.url.params["grant_type"] == "th_refresh_token"
    assert request.headers["authorization"] == "Bearer secret-old"
    assert "secret" not in str(request.url)


@pytest.mark.parametrize(
    ("age", "left", "renewed"),
    [
        (timedelta(days=5), timedelta(days=55), False),
        (timedelta(days=29), RESERVE + timedelta(hours=25), False),
        (timedelta(days=29), RESERVE + timedelta(hours=23), True),
        (YOUNG - timedelta(seconds=1), timedelta(days=2), False),
        (YOUNG, timedelta(days=2), True),
        (None, None, True),
        (None, timedelta(days=2), True),
    ],
)
def test_when_a_token_is_renewed(age: timedelta | None, left: timedelta | None, renewed: bool) -> None:
    threads = Threads()
    outcome, values = keep(threads, age=age, left=left)
    assert outcome == Kept()
    assert (values["token"] == "secret-new") is renewed
    assert threads.paths() == (["/refresh_access_token"] if renewed else ["/v1.0/me"])


def test_a_pasted_token_that_is_too_young_to_be_renewed_serves_as_it_is() -> None:
    threads = Threads(**{"/refresh_access_token": refused(100)})
    outcome, values = keep(threads, age=None, left=None)
    assert (outcome, values["token"]) == (Kept(), "secret-old")
    assert threads.paths() == ["/refresh_access_token", "/v1.0/me"]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (refused(190), Reconnect),
        (refused(4), Later),
        (httpx.Response(429, headers={"retry-after": "60"}), Later),
        (ok({}), Later),
        (httpx.Response(200, text="<html>"), Later),
        (httpx.Response(500), Later),
        (httpx.ConnectError("x"), Later),
    ],
)
def test_only_a_clear_no_to_renewing_ends_a_connection(answer: Any, kind: type) -> None:
    outcome, values = keep(Threads(**{"/refresh_access_token": answer}), age=OLD, left=timedelta(days=20))
    assert isinstance(outcome, kind)
    assert values["token"] == "secret-old"
    assert outcome.reason.endswith(".")


@pytest.mark.parametrize(
    ("answer", "kind"),
    [(refused(190), Reconnect), (ok({"id": "257"}), Later), (refused(2), Later), (httpx.ReadTimeout("x"), Later)],
)
def test_only_a_clear_no_to_asking_ends_a_connection(answer: Any, kind: type) -> None:
    outcome, _ = keep(Threads(**{"/v1.0/me": answer}), age=timedelta(days=2), left=FRESH)
    assert isinstance(outcome, kind)


class Elsewhere(MemoryCredentials):
    """Another process is renewing, or has done so."""

    def __init__(self, values: dict[str, str], *, done: bool) -> None:
        super().__init__(values)
        self.done = done

    @contextmanager
    def turn(self) -> Iterator[bool]:
        if self.done:
            self.values = {"token": "secret-theirs", "made_at": str(STAMP), "ends_at": str(STAMP + LIFE)}
        yield self.done


def test_while_another_process_renews_this_one_comes_back() -> None:
    threads = Threads()
    outcome, _ = keep(threads, age=None, left=None, credentials=Elsewhere({"token": "secret-old"}, done=False))
    assert isinstance(outcome, Later)
    assert outcome.limited
    assert threads.requests == []


def test_what_another_process_has_renewed_is_not_renewed_again() -> None:
    threads = Threads()
    outcome, values = keep(threads, age=None, left=None, credentials=Elsewhere({"token": "secret-old"}, done=True))
    assert (outcome, values["token"]) == (Kept(), "secret-theirs")
    assert threads.paths() == ["/v1.0/me"]


def test_credentials_tell_when_they_are_renewed_and_end() -> None:
    ends = datetime.fromtimestamp(STAMP + LIFE, UTC)
    assert NETWORK.lifetime({"token": "x", "ends_at": str(STAMP + LIFE)}) == Lifetime(ends - RESERVE, ends)
    for odd in ("", "x", "-1", "9" * 30, "²"):
        assert NETWORK.lifetime({"token": "x", "ends_at": odd}) == Lifetime()

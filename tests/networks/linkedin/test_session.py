"""Connecting, and tokens: renewed where LinkedIn lets them be, and never beyond the year."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from mercat.networks.linkedin.adapter import NETWORK
from mercat.networks.linkedin.session import YEAR, tokens_of, until_midnight
from mercat.networks.linkedin.spec import SCOPES
from mercat.networks.port import ConnectError, Identity, Kept, Later, Lifetime, Reconnect, Sent
from tests.networks.contract import Scripted, scripted
from tests.networks.doubles import NOW

TOKEN = "POST /oauth/v2/accessToken"
PUBLISH, ROLES = "POST /rest/posts", "GET /rest/organizationAcls"
BACK = "https://mercat.example.org/connections/return"
DAYS = 86_400
EXPIRED = {"status": 401, "body": {"status": 401, "serviceErrorCode": 65602, "code": "EXPIRED_ACCESS_TOKEN"}}
FRESH = {"access_token": "secret-new", "expires_in": 60 * DAYS, "scope": "w_organization_social"}
ENDS = (NOW + timedelta(days=300)).isoformat()


def renewable(**changes: Any) -> Scripted:
    """A page whose token LinkedIn no longer takes, and whose app was approved for refresh tokens."""
    run, _ = scripted("linkedin")
    run.credentials.values |= {"refresh_token": "secret-refresh", "refresh_ends_at": ENDS}
    fresh = {**FRESH, "refresh_token": "secret-refresh", "refresh_token_expires_in": 300 * DAYS}
    run.answers |= {TOKEN: {"status": 200, "body": fresh}, PUBLISH: [EXPIRED, run.answers[PUBLISH]], **changes}
    return run


def paths(run: Scripted) -> list[str]:
    return [f"{request.method} {request.url.path}" for request in run.requests]


# Renewing


def test_a_token_that_lapsed_is_renewed_at_the_site_and_the_call_made_again() -> None:
    run = renewable()
    assert run.run("publish") == Sent(**run.happy["sent"])
    renewal = next(request for request in run.requests if request.url.path == "/oauth/v2/accessToken")
    assert renewal.url.host == "www.linkedin.com"
    assert "authorization" not in renewal.headers
    assert parse_qs(renewal.content.decode()) == {
        "grant_type": ["refresh_token"],
        "refresh_token": ["secret-refresh"],
        "client_id": ["the-client"],
        "client_secret": ["secret-client"],
    }
    assert run.requests[-1].headers["authorization"] == "Bearer secret-new"


def test_what_is_stored_is_the_connections_and_never_the_bodys_app() -> None:
    run = renewable()
    run.credentials.values["note"] = "kept"
    run.run("publish")
    assert run.credentials.values == {
        "token": "secret-new",
        "expires_at": (NOW + timedelta(days=60)).isoformat(),
        "refresh_token": "secret-refresh",
        "refresh_ends_at": ENDS,
        "note": "kept",
    }


@pytest.mark.parametrize("missing", ["refresh_token", "client_id", "client_secret"])
def test_without_a_refresh_token_or_the_app_a_person_connects_again(missing: str) -> None:
    run = renewable()
    del run.credentials.values[missing]
    assert isinstance(run.run("publish"), Reconnect)
    assert TOKEN not in paths(run)


def test_a_token_is_renewed_once_not_for_ever() -> None:
    run = renewable(**{PUBLISH: EXPIRED})
    assert isinstance(run.run("publish"), Reconnect)
    assert paths(run).count(TOKEN) == 1
    assert paths(run).count(PUBLISH) == 2


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ({"status": 400, "body": {"error": "invalid_request"}}, Reconnect),
        ({"status": 400, "body": {"error": "invalid_grant"}}, Reconnect),
        ({"status": 401, "body": {"error": "invalid_client"}}, Later),
        ({"status": 400, "body": {}}, Later),
        ({"status": 200, "body": {}}, Later),
        ({"status": 200, "text": "<html>"}, Later),
        ({"status": 500, "body": {}}, Later),
        ({"status": 429, "body": {}}, Later),
        ({"dropped": True}, Later),
    ],
)
def test_a_renewal_that_fails_publishes_nothing(answer: dict[str, Any], outcome: type) -> None:
    run = renewable(**{TOKEN: answer})
    assert isinstance(run.run("publish"), outcome)
    assert paths(run).count(PUBLISH) == 1


def test_reading_renews_as_well_and_tells_when_it_cannot() -> None:
    read = "GET /rest/posts/urn:li:share:7045020441609936898"
    run = renewable()
    run.answers[read] = [EXPIRED, run.answers[read]]
    assert type(run.run("find")).__name__ == "Found"
    bad = renewable(**{TOKEN: {"status": 400, "body": {"error": "invalid_grant"}}, read: EXPIRED})
    seen = bad.run("find")
    assert seen.reconnect


def test_another_process_that_renews_is_waited_for() -> None:
    from contextlib import nullcontext

    run = renewable()
    run.credentials.turn = lambda: nullcontext(False)  # type: ignore[method-assign]
    outcome = run.run("publish")
    assert isinstance(outcome, Later)
    assert outcome.limited
    assert TOKEN not in paths(run)


# How long


def test_using_a_refresh_token_never_moves_its_end_back() -> None:
    first = tokens_of({**FRESH, "refresh_token": "r", "refresh_token_expires_in": 365 * DAYS}, NOW)
    assert first["refresh_ends_at"] == (NOW + YEAR).isoformat()
    later = NOW + timedelta(days=59)
    second = tokens_of({**FRESH, "refresh_token": "r", "refresh_token_expires_in": 365 * DAYS}, later, before=first)
    assert second["refresh_ends_at"] == first["refresh_ends_at"]
    assert second["expires_at"] == (later + timedelta(days=60)).isoformat()


def test_an_end_told_earlier_is_believed() -> None:
    first = {"refresh_ends_at": (NOW + YEAR).isoformat()}
    told = tokens_of({**FRESH, "refresh_token": "r", "refresh_token_expires_in": 90 * DAYS}, NOW, before=first)
    assert told["refresh_ends_at"] == (NOW + timedelta(days=90)).isoformat()


@pytest.mark.parametrize("told", [525_600, None, 0, -1, "x", True, 10**12])
def test_an_end_that_cannot_be_is_the_documented_year(told: Any) -> None:
    """The documentation's own example tells the year in minutes."""
    values = tokens_of({**FRESH, "refresh_token": "r", "refresh_token_expires_in": told}, NOW)
    assert values["refresh_ends_at"] == (NOW + YEAR).isoformat()


def test_without_a_refresh_token_the_connection_ends_with_its_token() -> None:
    values = tokens_of(FRESH, NOW)
    assert NETWORK.lifetime(values) == Lifetime(None, NOW + timedelta(days=60))


def test_with_one_the_token_is_renewed_and_the_year_is_the_end() -> None:
    values = tokens_of({**FRESH, "refresh_token": "r", "refresh_token_expires_in": 365 * DAYS}, NOW)
    assert NETWORK.lifetime(values) == Lifetime(NOW + timedelta(days=60), NOW + YEAR)


def test_of_a_typed_token_nothing_may_be_known() -> None:
    assert NETWORK.lifetime({"token": "secret-token"}) == Lifetime(None, None)


def test_the_days_calls_come_back_at_midnight_utc() -> None:
    assert until_midnight(NOW) == timedelta(hours=12)
    summer = datetime.fromisoformat("2026-07-01T00:30:00+01:00")
    assert until_midnight(summer) == timedelta(minutes=30)
    assert until_midnight(datetime.fromisoformat("2026-07-01T00:00:00+00:00")) == timedelta(days=1)


# Keeping


def role(organisation: str = "2414183", **changes: Any) -> dict[str, Any]:
    told = {"role": "ADMINISTRATOR", "state": "APPROVED", "organization": f"urn:li:organization:{organisation}"}
    return {**told, **changes}


def keep(run: Scripted, roles: Any, *, ahead: timedelta = timedelta(days=1)) -> Any:
    run.answers[ROLES] = roles
    assert NETWORK.keeper
    return NETWORK.keeper.keep(run.channel, ahead=ahead, now=NOW)


def listed(*roles: Any) -> dict[str, Any]:
    return {"status": 200, "body": {"elements": list(roles)}}


def test_a_connection_is_kept_while_its_person_may_post_for_the_page() -> None:
    run, _ = scripted("linkedin")
    assert keep(run, listed(role("1"), role(role="CONTENT_ADMINISTRATOR"))) == Kept()


@pytest.mark.parametrize(
    "roles",
    [
        listed(),
        listed(role("1")),
        listed(role(role="ANALYST")),
        listed(role(state="REVOKED")),
    ],
)
def test_a_person_without_a_role_ends_the_connection(roles: Any) -> None:
    run, _ = scripted("linkedin")
    outcome = keep(run, roles)
    assert isinstance(outcome, Reconnect)
    assert "role" in outcome.reason


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 403, "body": {}},
        {"status": 500, "body": {}},
        {"status": 429, "body": {}},
        {"status": 200, "text": "<html>"},
        {"status": 200, "body": {}},
        {"dropped": True},
        {"status": 200, "body": {"elements": [1] * 100}},
    ],
)
def test_whatever_else_goes_wrong_in_asking_ends_nothing(answer: Any) -> None:
    run, _ = scripted("linkedin")
    assert isinstance(keep(run, answer), Later)


def test_a_refused_token_ends_the_connection() -> None:
    run, _ = scripted("linkedin")
    assert isinstance(keep(run, EXPIRED), Reconnect)


def test_a_token_that_lapses_soon_is_renewed_ahead() -> None:
    run = renewable()
    assert keep(run, listed(), ahead=timedelta(days=90)) == Kept()
    assert paths(run) == [TOKEN]


# Connecting


class Answering:
    """LinkedIn, by path."""

    def __init__(self, **changes: Any) -> None:
        self.requests: list[httpx.Request] = []
        page = {"id": 2414183, "vanityName": "tayside-police", "localizedName": "Tayside Division"}
        self.answers: dict[str, Any] = {
            "/rest/organizations": httpx.Response(200, json={"elements": [page]}),
            "/rest/organizationsLookup": httpx.Response(200, json={"results": {"2414183": page}}),
            "/rest/organizationAcls": httpx.Response(200, json={"elements": [role()]}),
            "/oauth/v2/accessToken": httpx.Response(200, json={**FRESH, "access_token": "secret-token"}),
            "/oauth/v2/introspectToken": httpx.Response(200, json={"active": True, "expires_at": 1_800_000_000}),
        }
        self.answers.update(changes)
        self.http = httpx.Client(transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self.answers.get(request.url.path, httpx.Response(404, json={}))

    def connect(self, **fields: str) -> Identity:
        assert NETWORK.connector
        given = {"organisation": "tayside-police", "token": "secret-token", **fields}
        return NETWORK.connector.connect(given, self.http, now=NOW)

    def sign_in(self) -> Identity:
        assert NETWORK.oauth
        fields = {"organisation": "tayside-police", "client_id": "the-client", "client_secret": "secret-client"}
        _, kept = NETWORK.oauth.begin(fields, BACK, "the-state", self.http)
        return NETWORK.oauth.finish(kept, "the-code", BACK, self.http, now=NOW)


def test_a_typed_token_is_checked_against_the_page() -> None:
    server = Answering()
    assert server.connect() == Identity(
        "2414183",
        "tayside-police",
        "https://www.linkedin.com/company/tayside-police/",
        "https://api.linkedin.com",
        {"token": "secret-token"},
        {},
    )
    assert [request.url.path for request in server.requests] == ["/rest/organizations", "/rest/organizationAcls"]


def test_with_the_bodys_app_linkedin_tells_when_a_typed_token_ends() -> None:
    server = Answering()
    identity = server.connect(client_id="the-client", client_secret="secret-client")
    assert identity.credentials["expires_at"] == "2027-01-15T08:00:00+00:00"
    assert set(identity.credentials) == {"token", "expires_at"}


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (httpx.Response(200, json={"active": False}), "does not accept this access token"),
        (httpx.Response(401, json={"error": "invalid_client"}), "body's own app"),
        (httpx.Response(200, text="<html>"), "not like LinkedIn"),
    ],
)
def test_a_token_that_linkedin_does_not_know_is_told(answer: httpx.Response, says: str) -> None:
    server = Answering(**{"/oauth/v2/introspectToken": answer})
    with pytest.raises(ConnectError, match=says):
        server.connect(client_id="the-client", client_secret="secret-client")


@pytest.mark.parametrize(
    "typed",
    [
        "tayside-police",
        "@tayside-police",
        "https://www.linkedin.com/company/Tayside-Police/about/?x=1",
        "uk.linkedin.com/company/tayside-police",
    ],
)
def test_a_page_is_known_by_its_name_or_address(typed: str) -> None:
    server = Answering()
    assert server.connect(organisation=typed).native_id == "2414183"
    assert server.requests[0].url.query == b"q=vanityName&vanityName=tayside-police"


@pytest.mark.parametrize(
    "typed", ["2414183", "urn:li:organization:2414183", "https://www.linkedin.com/company/2414183/"]
)
def test_or_by_its_number(typed: str) -> None:
    server = Answering()
    assert server.connect(organisation=typed).handle == "tayside-police"
    assert server.requests[0].url.query == b"ids=List(2414183)"


@pytest.mark.parametrize(
    "typed", ["https://www.linkedin.com/in/somebody", "https://example.org/x", "not a page", "https://www.linkedin.com"]
)
def test_what_names_no_page_is_told(typed: str) -> None:
    with pytest.raises(ConnectError, match="knows no page"):
        Answering().connect(organisation=typed)


@pytest.mark.parametrize(
    ("path", "answer", "says"),
    [
        ("/rest/organizations", httpx.Response(200, json={"elements": []}), "knows no page"),
        ("/rest/organizations", httpx.Response(404, json={}), "knows no page"),
        ("/rest/organizations", httpx.Response(200, json=[]), "not like LinkedIn"),
        ("/rest/organizations", httpx.Response(401, json={}), "does not accept this access token"),
        ("/rest/organizations", httpx.Response(426, json={"code": "NONEXISTENT_VERSION"}), "ICT must update Mercat"),
        ("/rest/organizations", httpx.Response(429, json={}), "no more sign-ins"),
        ("/rest/organizations", httpx.Response(500, json={}), "trouble of its own"),
        ("/rest/organizationAcls", httpx.Response(200, json={"elements": []}), "does not name a role"),
        ("/rest/organizationAcls", httpx.Response(200, json={"elements": [role("7")]}), "does not name a role"),
        ("/rest/organizationAcls", httpx.Response(200, json={}), "not like LinkedIn"),
        ("/rest/organizationAcls", httpx.Response(403, json={}), "permissions asked for"),
    ],
)
def test_connecting_tells_what_stands_in_its_way(path: str, answer: httpx.Response, says: str) -> None:
    with pytest.raises(ConnectError, match=says) as refused:
        Answering(**{path: answer}).connect()
    assert str(refused.value).endswith(".")
    assert "secret-" not in str(refused.value)


def test_a_person_is_sent_to_the_site_with_the_permissions_that_are_needed() -> None:
    assert NETWORK.oauth
    fields = {"organisation": "tayside-police", "client_id": "the-client", "client_secret": "secret-client"}
    url, kept = NETWORK.oauth.begin(fields, BACK, "the-state", Answering().http)
    address = urlsplit(url)
    assert f"{address.scheme}://{address.netloc}{address.path}" == "https://www.linkedin.com/oauth/v2/authorization"
    assert {name: value for name, (value,) in parse_qs(address.query).items()} == {
        "response_type": "code",
        "client_id": "the-client",
        "redirect_uri": BACK,
        "state": "the-state",
        "scope": SCOPES,
    }
    assert "secret-client" not in url
    assert kept["organisation"] == "tayside-police"


def test_a_code_is_traded_with_the_apps_secret_and_the_page_is_checked() -> None:
    server = Answering()
    identity = server.sign_in()
    traded = server.requests[0]
    assert str(traded.url) == "https://www.linkedin.com/oauth/v2/accessToken"
    assert parse_qs(traded.content.decode()) == {
        "grant_type": ["authorization_code"],
        "code": ["the-code"],
        "redirect_uri": [BACK],
        "client_id": ["the-client"],
        "client_secret": ["secret-client"],
    }
    assert identity.credentials == {"token": "secret-token", "expires_at": (NOW + timedelta(days=60)).isoformat()}


def test_a_refresh_token_is_kept_where_one_is_given() -> None:
    given = {**FRESH, "refresh_token": "secret-refresh", "refresh_token_expires_in": 365 * DAYS}
    identity = Answering(**{"/oauth/v2/accessToken": httpx.Response(200, json=given)}).sign_in()
    assert identity.credentials["refresh_token"] == "secret-refresh"
    assert identity.credentials["refresh_ends_at"] == (NOW + YEAR).isoformat()


@pytest.mark.parametrize(
    "answer", [httpx.Response(400, json={"error": "invalid_request"}), httpx.Response(200, json={})]
)
def test_a_sign_in_that_failed_is_told(answer: httpx.Response) -> None:
    with pytest.raises(ConnectError, match="did not complete the sign-in"):
        Answering(**{"/oauth/v2/accessToken": answer}).sign_in()


@pytest.mark.parametrize("missing", ["organisation", "client_id", "client_secret"])
def test_signing_in_needs_the_page_and_the_bodys_app(missing: str) -> None:
    assert NETWORK.oauth
    fields = {"organisation": "tayside-police", "client_id": "the-client", "client_secret": "secret-client"}
    with pytest.raises(ConnectError, match="is missing"):
        NETWORK.oauth.begin({**fields, missing: ""}, BACK, "s", Answering().http)

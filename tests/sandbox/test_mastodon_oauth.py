from __future__ import annotations

import base64
import hashlib
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

BACK = "http://127.0.0.1:8200/connections/back"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


@pytest.fixture
def application(http, mastodon):
    fields = {"client_name": "Mercat", "redirect_uris": BACK, "scopes": "read write:statuses write:media"}
    return http.post("/mastodon/api/v1/apps", data=fields).json()


def asking(application: dict, **change: str | None) -> dict:
    asked = {
        "response_type": "code",
        "client_id": application["client_id"],
        "redirect_uri": BACK,
        "scope": "read write:statuses",
        "state": "s-1",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **change,
    }
    return {name: value for name, value in asked.items() if value is not None}


def allow(http: httpx.Client, application: dict, **change: str | None) -> httpx.Response:
    return http.post("/mastodon/oauth/authorize", data={**asking(application, **change), "account": "fife"})


def code_of(response: httpx.Response) -> str:
    assert response.status_code == 303
    return parse_qs(urlsplit(response.headers["location"]).query)["code"][0]


def trade(http: httpx.Client, application: dict, code_given: str, **change: str) -> httpx.Response:
    fields = {
        "grant_type": "authorization_code",
        "code": code_given,
        "redirect_uri": BACK,
        "client_id": application["client_id"],
        "client_secret": application["client_secret"],
        "code_verifier": VERIFIER,
        **change,
    }
    return http.post("/mastodon/oauth/token", data=fields)


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def test_the_whole_flow_ends_in_a_token_that_publishes(http, mastodon, application):
    answer = allow(http, application)
    assert parse_qs(urlsplit(answer.headers["location"]).query)["state"] == ["s-1"]
    token = trade(http, application, code_of(answer)).json()
    assert (token["token_type"], token["scope"]) == ("Bearer", "read write:statuses")
    headers = bearer(token["access_token"])
    who = http.get("/mastodon/api/v1/accounts/verify_credentials", headers=headers).json()
    assert who["id"] == mastodon.account["native_id"]
    status = http.post("/mastodon/api/v1/statuses", json={"status": "hello"}, headers=headers).json()
    assert status["application"]["name"] == "Mercat"


def test_the_client_may_prove_itself_in_the_header(http, application):
    code = code_of(allow(http, application))
    fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
    proof = (application["client_id"], application["client_secret"])
    assert http.post("/mastodon/oauth/token", data=fields, auth=proof).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        {"client_name": ""},
        {"redirect_uris": ""},
        {"redirect_uris": "not-absolute"},
        {"redirect_uris": "https://a.test/#part"},
        {"redirect_uris": "javascript:alert(1)"},
        {"scopes": "everything"},
    ],
)
def test_a_bad_registration_is_refused(http, change):
    fields = {"client_name": "Mercat", "redirect_uris": BACK, "scopes": "read", **change}
    answer = http.post("/mastodon/api/v1/apps", data=fields)
    assert answer.status_code == 422
    assert answer.json()["error"].startswith("Validation failed: ")


@pytest.mark.parametrize(
    "change",
    [
        {"client_id": "unknown"},
        {"redirect_uri": BACK + "/"},
        {"redirect_uri": "https://evil.test/"},
        {"response_type": "token"},
        {"scope": "read write"},
        {"code_challenge_method": "plain"},
        {"code_challenge": "short"},
    ],
)
def test_a_request_that_does_not_fit_is_shown_to_the_person_and_goes_nowhere(http, application, change):
    asked = http.get("/mastodon/oauth/authorize", params=asking(application, **change))
    decided = allow(http, application, **change)
    for answer in (asked, decided):
        assert answer.status_code == 400
        assert "location" not in answer.headers
        assert "The request was refused" in answer.text


def test_the_consent_page_asks_in_the_applications_name_and_may_lead_back_to_it(http, application):
    page = http.get("/mastodon/oauth/authorize", params=asking(application))
    assert "Allow Mercat to use an account?" in page.text
    assert "Fife Division (@fife)" in page.text
    assert "form-action 'self' http://127.0.0.1:8200;" in page.headers["content-security-policy"]


def test_a_denial_is_carried_back(http, application):
    fields = {**asking(application), "account": "fife", "decision": "deny"}
    answer = http.post("/mastodon/oauth/authorize", data=fields)
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert (query["error"], query["state"]) == (["access_denied"], ["s-1"])


@pytest.mark.parametrize(
    "change", [{"redirect_uri": BACK + "/"}, {"code_verifier": "w" * 43}, {"code_verifier": ""}, {"code": "other"}]
)
def test_a_code_is_traded_only_by_whoever_asked_for_it(http, application, change):
    answer = trade(http, application, code_of(allow(http, application)), **change)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_a_code_of_another_application_is_refused(http, application):
    other = http.post("/mastodon/api/v1/apps", data={"client_name": "Other", "redirect_uris": BACK}).json()
    answer = trade(http, other, code_of(allow(http, application)))
    assert answer.json()["error"] == "invalid_grant"


def test_a_code_serves_once(http, application):
    code = code_of(allow(http, application))
    assert trade(http, application, code).status_code == 200
    assert trade(http, application, code).json()["error"] == "invalid_grant"


def test_a_code_runs_out_after_ten_minutes(http, application, clock):
    code = code_of(allow(http, application))
    clock.now += 600
    assert trade(http, application, code).json()["error"] == "invalid_grant"


def test_a_wrong_client_secret_is_refused(http, application):
    answer = trade(http, application, code_of(allow(http, application)), client_secret="wrong")
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_another_grant_type_is_refused(http, application):
    answer = trade(http, application, "x", grant_type="password")
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")


def test_an_application_alone_may_not_publish(http, application):
    fields = {name: application[name] for name in ("client_id", "client_secret")}
    fields |= {"grant_type": "client_credentials", "scope": "write:statuses"}
    token = http.post("/mastodon/oauth/token", data=fields).json()["access_token"]
    answer = http.post("/mastodon/api/v1/statuses", json={"status": "x"}, headers=bearer(token))
    assert (answer.status_code, answer.json()["error"]) == (422, "This method requires an authenticated user")


def test_a_token_does_only_what_was_allowed(http, application):
    code = code_of(allow(http, application, scope="read"))
    headers = bearer(trade(http, application, code).json()["access_token"])
    answer = http.post("/mastodon/api/v1/statuses", json={"status": "x"}, headers=headers)
    assert (answer.status_code, answer.json()) == (403, {"error": "This action is outside the authorized scopes"})
    assert http.get("/mastodon/api/v1/accounts/verify_credentials", headers=headers).status_code == 200


def test_a_revoked_token_is_refused(http, mastodon, application):
    token = trade(http, application, code_of(allow(http, application))).json()["access_token"]
    fields = {"client_id": application["client_id"], "client_secret": application["client_secret"], "token": token}
    assert http.post("/mastodon/oauth/revoke", data={**fields, "client_secret": "x"}).status_code == 403
    assert http.post("/mastodon/oauth/revoke", data=fields).json() == {}
    answer = http.post("/mastodon/api/v1/statuses", json={"status": "x"}, headers=bearer(token))
    assert (answer.status_code, answer.json()) == (401, {"error": "The access token is invalid"})
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


def test_out_of_band_shows_the_code_on_a_page(http, mastodon):
    out_of_band = "urn:ietf:wg:oauth:2.0:oob"
    application = http.post("/mastodon/api/v1/apps", data={"client_name": "M", "redirect_uris": out_of_band}).json()
    page = allow(http, application, redirect_uri=out_of_band, scope="read")
    assert "Copy this into the application" in page.text

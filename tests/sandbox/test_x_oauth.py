from __future__ import annotations

import base64
import hashlib
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from mercat.sandbox.x.oauth import CLIENT_ID, CLIENT_SECRET
from tests.sandbox.x_caller import XCaller

BACK = "http://127.0.0.1:8200/connections/back"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
SCOPES = "tweet.read tweet.write users.read media.write offline.access"
APP = (CLIENT_ID, CLIENT_SECRET)


@pytest.fixture
def x(http):
    return XCaller(http, "fife", "Fife Division")


def asking(**change: str | None) -> dict:
    asked = {
        "response_type": "code",
        "client_id": CLIENT_ID,
        "redirect_uri": BACK,
        "scope": SCOPES,
        "state": "s-1",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **change,
    }
    return {name: value for name, value in asked.items() if value is not None}


def allow(http: httpx.Client, **change: str | None) -> httpx.Response:
    return http.post("/x/i/oauth2/authorize", data={**asking(**change), "account": "fife", "decision": "allow"})


def code_of(answer: httpx.Response) -> str:
    assert answer.status_code == 303, answer.text
    return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]


def trade(http: httpx.Client, code: str, *, app: tuple[str, str] | None = APP, **change: str) -> httpx.Response:
    fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
    return http.post("/x/2/oauth2/token", data={**fields, **change}, auth=app)


def refresh(http: httpx.Client, token: str, **change: str) -> httpx.Response:
    fields = {"grant_type": "refresh_token", "refresh_token": token, **change}
    return http.post("/x/2/oauth2/token", data=fields, auth=APP)


def me(http: httpx.Client, token: str) -> int:
    return http.get("/x/2/users/me", headers={"authorization": f"Bearer {token}"}).status_code


def test_the_whole_flow_ends_in_tokens_that_work(http, x):
    answer = allow(http)
    assert parse_qs(urlsplit(answer.headers["location"]).query)["state"] == ["s-1"]
    tokens = trade(http, code_of(answer)).json()
    assert {name: tokens[name] for name in ("token_type", "expires_in", "scope")} == {
        "token_type": "bearer",
        "expires_in": 7_200,
        "scope": SCOPES,
    }
    headers = {"authorization": f"Bearer {tokens['access_token']}"}
    who = http.get("/x/2/users/me", headers=headers).json()["data"]
    assert (who["id"], who["username"]) == (x.account["native_id"], "fife")
    assert http.post("/x/2/tweets", json={"text": "hello"}, headers=headers).status_code == 201


@pytest.mark.parametrize(
    "change",
    [
        {"client_id": "unknown"},
        {"response_type": "token"},
        {"redirect_uri": "not-absolute"},
        {"redirect_uri": "https://a.test/#part"},
        {"redirect_uri": "javascript:alert(1)"},
        {"scope": "everything"},
        {"scope": ""},
        {"scope": "tweet.read+tweet.write"},
        {"state": None},
        {"code_challenge": None},
        {"code_challenge": "short"},
        {"code_challenge_method": "S512"},
        {"prompt": "login"},
    ],
)
def test_a_request_that_does_not_fit_is_shown_to_the_person_and_goes_nowhere(http, x, change):
    answers = [http.get("/x/i/oauth2/authorize", params=asking(**change))]
    if "prompt" not in change:  # what a form has besides is dropped
        answers.append(allow(http, **change))
    for answer in answers:
        assert answer.status_code == 400
        assert "location" not in answer.headers
        assert "The request was refused" in answer.text


def test_the_consent_page_names_the_scopes_and_may_lead_back(http, x):
    page = http.get("/x/i/oauth2/authorize", params=asking())
    assert "Fife Division (@fife)" in page.text
    assert "media.write" in page.text
    assert "form-action 'self' http://127.0.0.1:8200;" in page.headers["content-security-policy"]


def test_without_an_account_the_page_says_where_to_make_one(http):
    assert "There is no account on this stand-in yet" in http.get("/x/i/oauth2/authorize", params=asking()).text


def test_an_unknown_client_is_told_which_one_is_known(http, x):
    page = http.get("/x/i/oauth2/authorize", params=asking(client_id="mine"))
    assert CLIENT_ID in page.text
    assert CLIENT_SECRET in page.text


def test_a_denial_is_carried_back(http, x):
    answer = http.post("/x/i/oauth2/authorize", data={**asking(), "account": "fife", "decision": "deny"})
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert (query["error"], query["state"]) == (["access_denied"], ["s-1"])


def test_the_choice_of_an_account_that_is_not_there_goes_nowhere(http, x):
    answer = http.post("/x/i/oauth2/authorize", data={**asking(), "account": "nobody"})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "change",
    [{"redirect_uri": BACK + "/"}, {"code_verifier": "w" * 43}, {"code_verifier": ""}, {"code": "other"}],
)
def test_a_code_is_traded_only_by_whoever_asked_for_it(http, x, change):
    code = code_of(allow(http))
    answer = trade(http, **{"code": code, **change})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    if "code" not in change:
        assert trade(http, code).status_code == 400  # used up by the first try


def test_a_plain_challenge_is_the_verifier_itself(http, x):
    code = code_of(allow(http, code_challenge=VERIFIER, code_challenge_method="plain"))
    assert trade(http, code).status_code == 200


def test_a_code_serves_once_and_for_half_a_minute(http, x, clock):
    code = code_of(allow(http))
    assert trade(http, code).status_code == 200
    assert trade(http, code).json()["error_description"] == "Value passed for the authorization code was invalid."
    code = code_of(allow(http))
    clock.now += 30
    assert trade(http, code).json()["error"] == "invalid_request"


@pytest.mark.parametrize(
    ("app", "error"),
    [
        (None, "unauthorized_client"),
        ((CLIENT_ID, "wrong"), "unauthorized_client"),
        (("unknown", CLIENT_SECRET), "invalid_client"),
    ],
)
def test_a_client_must_prove_itself_in_the_header(http, x, app, error):
    code = code_of(allow(http))
    answer = trade(http, code, app=app)
    assert (answer.status_code, answer.json()["error"]) == (401, error)
    assert trade(http, code).status_code == 200


@pytest.mark.parametrize("change", [{"client_secret": CLIENT_SECRET}, {"token": "x"}, {"grant_type": "password"}])
def test_what_the_token_endpoint_does_not_know_is_refused(http, x, change):
    assert trade(http, code_of(allow(http)), **change).status_code == 400


def test_json_is_no_form(http, x):
    answer = http.post("/x/2/oauth2/token", json={"grant_type": "refresh_token"}, auth=APP)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_a_refresh_token_serves_once_and_ends_the_access_token_before(http, x):
    first = trade(http, code_of(allow(http))).json()
    second = refresh(http, first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert (me(http, first["access_token"]), me(http, second["access_token"])) == (401, 200)
    again = refresh(http, first["refresh_token"])
    assert (again.status_code, again.json()) == (
        400,
        {"error": "invalid_request", "error_description": "Value passed for the token was invalid."},
    )
    assert refresh(http, second["refresh_token"]).status_code == 200


def test_scopes_may_be_named_again_and_not_widened(http, x):
    tokens = trade(http, code_of(allow(http))).json()
    assert refresh(http, tokens["refresh_token"], scope="dm.write").json()["error"] == "invalid_scope"
    assert refresh(http, tokens["refresh_token"], scope=SCOPES).status_code == 200


def test_an_access_token_lives_two_hours_and_a_refresh_token_half_a_year(http, x, clock):
    tokens = trade(http, code_of(allow(http))).json()
    clock.now += 7_200
    assert me(http, tokens["access_token"]) == 401
    clock.now += 181 * 86_400
    tokens = refresh(http, tokens["refresh_token"]).json()
    clock.now += 183 * 86_400
    assert refresh(http, tokens["refresh_token"]).status_code == 400


def test_without_offline_access_there_is_no_refresh_token(http, x):
    tokens = trade(http, code_of(allow(http, scope="tweet.read users.read"))).json()
    assert "refresh_token" not in tokens


def test_a_token_does_only_what_was_allowed(http, x):
    token = trade(http, code_of(allow(http, scope="tweet.read users.read"))).json()["access_token"]
    headers = {"authorization": f"Bearer {token}"}
    answer = http.post("/x/2/tweets", json={"text": "x"}, headers=headers)
    assert (answer.status_code, answer.json()["detail"]) == (403, "Forbidden")
    answer = http.post("/x/2/media/upload/initialize", json={}, headers=headers)
    assert answer.status_code == 403
    assert me(http, token) == 200


def test_a_revoked_token_is_refused(http, x):
    tokens = trade(http, code_of(allow(http))).json()
    for name in ("access_token", "refresh_token"):
        answer = http.post("/x/2/oauth2/revoke", data={"token": tokens[name]}, auth=APP)
        assert answer.json() == {"revoked": True}
    assert me(http, tokens["access_token"]) == 401
    assert refresh(http, tokens["refresh_token"]).status_code == 400
    assert http.post("/x/2/oauth2/revoke", data={"token": "x"}).status_code == 401


def test_the_switch_that_keeps_the_refresh_token_gives_no_new_one(http, x):
    tokens = trade(http, code_of(allow(http))).json()
    x.fault("refresh_keeps", on="session")
    for _ in range(2):
        answer = refresh(http, tokens["refresh_token"])
        assert answer.status_code == 200
        assert "refresh_token" not in answer.json()


def test_an_accounts_own_token_has_no_end(http, x, clock):
    clock.now += 400 * 86_400
    assert me(http, x.account["token"]) == 200
    assert me(http, "wrong") == 401
    assert http.get("/x/2/users/me").status_code == 401

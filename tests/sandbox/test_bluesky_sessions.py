from __future__ import annotations

import pytest

SERVER = "com.atproto.server"


def refusal(response) -> tuple[int, str]:
    body = response.json()
    assert set(body) == {"error", "message"}
    return response.status_code, body["error"]


def test_signing_in_gives_tokens_and_who_it_is(bluesky):
    assert bluesky.session["did"] == bluesky.account["native_id"]
    assert bluesky.session["handle"] == "fife.force.test"
    assert bluesky.get(f"{SERVER}.getSession").json()["did"] == bluesky.session["did"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"password": "wrong"}, (401, "AuthenticationRequired")),
        ({"identifier": "nobody.force.test"}, (401, "AuthenticationRequired")),
        ({"identifier": 5}, (400, "InvalidRequest")),
    ],
)
def test_a_sign_in_that_does_not_fit_is_refused(bluesky, change, expected):
    assert refusal(bluesky.sign_in(**change)) == expected


def test_an_access_token_runs_out_after_two_hours(bluesky, clock):
    clock.now += 2 * 3600 - 1
    assert bluesky.publish("still good").status_code == 200
    clock.now += 1
    assert refusal(bluesky.publish("too late")) == (400, "ExpiredToken")


def test_refreshing_gives_new_tokens_and_refuses_the_old_refresh_token(bluesky):
    old = bluesky.session["refreshJwt"]
    fresh = bluesky.post(f"{SERVER}.refreshSession", token=old).json()
    assert fresh["refreshJwt"] != old
    assert refusal(bluesky.post(f"{SERVER}.refreshSession", token=old)) == (400, "ExpiredToken")
    assert bluesky.post(f"{SERVER}.refreshSession", token=fresh["refreshJwt"]).status_code == 200


def test_a_refresh_token_runs_out_after_ninety_days(bluesky, clock):
    clock.now += 90 * 86400
    answer = bluesky.post(f"{SERVER}.refreshSession", token=bluesky.session["refreshJwt"])
    assert refusal(answer) == (400, "ExpiredToken")


def test_each_token_serves_only_its_own_purpose(bluesky):
    access, refresh = bluesky.session["accessJwt"], bluesky.session["refreshJwt"]
    assert refusal(bluesky.post(f"{SERVER}.refreshSession", token=access)) == (400, "InvalidToken")
    bluesky.session["accessJwt"] = refresh
    assert refusal(bluesky.publish("with a refresh token")) == (400, "InvalidToken")


def test_a_token_that_was_tampered_with_is_refused(bluesky, http):
    head, body, signature = bluesky.session["accessJwt"].split(".")
    for forged in (f"{head}.{body}.{signature[::-1]}", f"{head}.{body}x.{signature}", "nonsense", f"{head}.é.x"):
        answer = http.post(
            f"/bluesky/xrpc/{SERVER}.refreshSession", headers={"authorization": f"Bearer {forged}".encode()}
        )
        assert refusal(answer) == (400, "InvalidToken")


def test_without_a_token_nothing_is_written(bluesky, http):
    answer = http.post("/bluesky/xrpc/com.atproto.repo.createRecord", json={})
    assert refusal(answer) == (401, "AuthMissing")


def test_signing_out_ends_the_refresh_token(bluesky):
    refresh = bluesky.session["refreshJwt"]
    assert bluesky.post(f"{SERVER}.deleteSession", token=refresh).status_code == 200
    assert refusal(bluesky.post(f"{SERVER}.refreshSession", token=refresh)) == (400, "ExpiredToken")


def test_handles_resolve_to_their_account(bluesky):
    answer = bluesky.get("com.atproto.identity.resolveHandle", handle="FIFE.force.test")
    assert answer.json() == {"did": bluesky.account["native_id"]}
    unknown = bluesky.get("com.atproto.identity.resolveHandle", handle="nobody.force.test")
    assert refusal(unknown) == (400, "InvalidRequest")


def test_an_unknown_method_is_not_implemented(bluesky):
    assert refusal(bluesky.get("com.atproto.server.invented")) == (501, "MethodNotImplemented")

from __future__ import annotations

import pytest

from mercat.sandbox.registry import stand_ins
from tests.sandbox.callers import picture


def test_the_networks_are_listed(http):
    listed = http.get("/_control/networks").json()
    assert listed == [{"slug": one.slug, "name": one.name} for one in stand_ins()]
    assert {"slug": "bluesky", "name": "Bluesky"} in listed


def test_making_the_same_account_again_gives_the_same_account(caller):
    again = caller.control("POST", "accounts", {"handle": caller.account["handle"]}).json()
    assert again == caller.account


def test_an_account_takes_a_new_name_and_secret(caller):
    secret = "password" if caller.slug == "bluesky" else "token"
    fields = {"handle": caller.account["handle"], "display_name": "New name", secret: "chosen"}
    changed = caller.control("POST", "accounts", fields).json()
    assert (changed["display_name"], changed[secret]) == ("New name", "chosen")
    assert caller.control("GET", "accounts").json() == [changed]


def test_a_changed_token_replaces_the_old_one(mastodon):
    old = mastodon.bearer()
    mastodon.control("POST", "accounts", {"handle": "fife", "token": "chosen"})
    assert mastodon.publish("x").status_code == 401
    mastodon.account["token"] = "chosen"
    assert mastodon.publish("x").status_code == 200
    assert old != mastodon.bearer()


def test_two_accounts_cannot_share_a_token(mastodon, http):
    wanted = {"handle": "dundee", "token": mastodon.account["token"]}
    answer = http.post("/_control/mastodon/accounts", json=wanted)
    assert (answer.status_code, answer.json()["error"]) == (400, "That token already belongs to another account.")
    assert len(http.get("/_control/mastodon/accounts").json()) == 1


def test_many_accounts_are_made_at_once_or_none(http):
    wanted = [{"handle": f"division_{number}"} for number in range(120)]
    made = http.post("/_control/mastodon/accounts", json=wanted).json()
    assert len({account["native_id"] for account in made}) == 120
    assert (
        http.post("/_control/mastodon/accounts", json=[{"handle": "fine"}, {"handle": "not fine"}]).status_code == 400
    )
    assert len(http.get("/_control/mastodon/accounts").json()) == 120


@pytest.mark.parametrize("network", ["bluesky", "mastodon"])
@pytest.mark.parametrize("wanted", [{}, [], 5, {"handle": 5}, {"handle": "a b"}, {"handle": "fife", "age": "3"}, ["x"]])
def test_an_account_that_cannot_be_is_refused(http, network, wanted):
    answer = http.post(f"/_control/{network}/accounts", json=wanted)
    assert (answer.status_code, answer.json()) == (200, []) if wanted == [] else answer.status_code == 400
    assert http.get(f"/_control/{network}/accounts").json() == []


def test_a_name_without_a_dot_becomes_a_bluesky_handle(http):
    account = http.post("/_control/bluesky/accounts", json={"handle": "@Fife"}).json()
    assert account["handle"] == "fife.bluesky.test"
    assert http.get(account["url"]).status_code == 200


def test_posts_are_told_with_everything_a_test_wants_to_know(caller, clock, http):
    clock.now += 0.123456
    caller.publish("hello").raise_for_status()
    clock.now += 1
    post = caller.posts()[0]
    assert (post["text"], post["handle"]) == ("hello", caller.account["handle"])
    assert post["account"] == caller.account["native_id"]
    assert post["received_at"] == pytest.approx(clock.now - 1, abs=1e-6)
    assert http.get(post["url"]).status_code == 200


def test_pictures_of_posts_are_told_with_their_digest(mastodon):
    mastodon.publish("x", media_ids=[mastodon.upload(picture(), "navy").json()["id"]])
    (medium,) = mastodon.posts()[0]["media"]
    assert set(medium) == {"mime", "size", "sha256", "alt"}
    assert medium["alt"] == "navy"


def test_every_publishing_request_is_counted_also_those_that_failed(caller, clock):
    caller.fault("error_before")
    for _ in range(3):
        clock.now += 1
        caller.publish("x")
    told = caller.control("GET", "requests").json()
    assert told["count"] == 3
    assert [one["received_at"] for one in told["requests"]] == [clock.now - 2, clock.now - 1, clock.now]
    assert {one["account"] for one in told["requests"]} == {caller.account["native_id"]}


def test_reset_forgets_everything(caller, http):
    caller.publish("x")
    caller.fault("slow")
    http.post("/_control/reset")
    for what in ("accounts", "posts", "faults"):
        assert caller.control("GET", what).json() == []
    assert caller.control("GET", "requests").json()["count"] == 0


def test_an_unknown_network_is_told_so(http):
    answer = http.get("/_control/myspace/posts")
    assert (answer.status_code, answer.json()) == (404, {"error": "There is no stand-in network 'myspace' here."})


def test_a_body_that_is_no_json_is_refused(http):
    answer = http.post("/_control/mastodon/faults", content="{", headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()) == (400, {"error": "The body is not JSON."})


# The same by forms


def test_a_form_leads_back_to_the_page(http):
    answer = http.post("/_control/bluesky/accounts", data={"handle": "fife", "display_name": ""})
    assert (answer.status_code, answer.headers["location"]) == (303, "/#bluesky")
    answer = http.post("/_control/bluesky/faults", data={"fault": "slow", "seconds": "2", "times": "", "account": ""})
    assert answer.status_code == 303
    page = http.get("/").text
    assert "fife.bluesky.test" in page
    assert "Clear<span" in page
    assert http.post("/_control/bluesky/faults/clear", data={"fault": "slow"}).status_code == 303
    assert http.get("/_control/bluesky/faults").json() == []


def test_a_form_that_does_not_fit_is_answered_by_a_page(http):
    answer = http.post("/_control/mastodon/accounts", data={"handle": "not fine"})
    assert answer.status_code == 400
    assert "is no name on a Mastodon server" in answer.text

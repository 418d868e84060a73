from __future__ import annotations

from datetime import datetime

import httpx
import pytest

from mercat.sandbox import calls
from tests.sandbox.callers import picture


def texts(caller) -> list[str]:
    return [post["text"] for post in caller.posts()]


def test_without_a_fault_a_post_is_published_and_read(caller):
    assert caller.publish("hello").status_code == 200
    assert texts(caller) == caller.read_timeline() == ["hello"]


def test_answer_lost_publishes_and_drops_the_connection(caller):
    caller.fault("answer_lost")
    with pytest.raises(httpx.TransportError):
        caller.publish("lost")
    assert texts(caller) == ["lost"]
    assert caller.publish("next").status_code == 200


def test_rate_limited_refuses_with_the_networks_own_headers(caller, clock):
    caller.fault("rate_limited", retry_after=90)
    answer = caller.publish("too much")
    assert answer.status_code == 429
    if caller.slug == "bluesky":
        assert answer.json() == {"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"}
        assert answer.headers["ratelimit-remaining"] == "0"
        assert float(answer.headers["ratelimit-reset"]) == clock.now + 90
        assert answer.headers["ratelimit-policy"] == "5000;w=3600"
    else:
        assert answer.json() == {"error": "Too many requests"}
        assert answer.headers["x-ratelimit-remaining"] == "0"
        assert datetime.fromisoformat(answer.headers["x-ratelimit-reset"]).timestamp() == clock.now + 90
    assert texts(caller) == []


def test_error_before_does_nothing_and_error_after_does_it(caller):
    caller.fault("error_before")
    caller.fault("error_after")
    assert [caller.publish("before").status_code, caller.publish("after").status_code] == [503, 500]
    assert texts(caller) == ["after"]


def test_errors_have_the_networks_own_shape(caller):
    caller.fault("error_before")
    assert set(caller.publish("x").json()) == ({"error", "message"} if caller.slug == "bluesky" else {"error"})


def test_expired_token_refuses_once_as_the_network_does(caller):
    caller.fault("expired_token")
    answer = caller.publish("x")
    if caller.slug == "bluesky":
        assert (answer.status_code, answer.json()["error"]) == (400, "ExpiredToken")
    else:
        assert (answer.status_code, answer.json()["error"]) == (401, "The access token is invalid")
    assert caller.publish("y").status_code == 200
    assert texts(caller) == ["y"]


def test_stale_timeline_hides_what_is_newer_for_so_many_reads(caller, clock):
    caller.publish("old")
    clock.now += 10
    caller.publish("new")
    caller.fault("stale_timeline", seconds=5, times=2)
    reads = [caller.read_timeline() for _ in range(3)]
    assert reads == [["old"], ["old"], ["new", "old"]]


def test_stale_timeline_hides_a_post_by_its_id_too(caller):
    answer = caller.publish("new").json()
    caller.fault("stale_timeline", times=None)
    if caller.slug == "bluesky":
        repo, collection, rkey = answer["uri"].removeprefix("at://").split("/")
        read = caller.get("com.atproto.repo.getRecord", repo=repo, collection=collection, rkey=rkey)
        assert (read.status_code, read.json()["error"]) == (400, "RecordNotFound")
    else:
        assert caller.get(f"/api/v1/statuses/{answer['id']}").status_code == 404


@pytest.mark.parametrize("done", [False, True])
def test_wrong_200_is_no_answer_whether_done_or_not(caller, done):
    caller.fault("wrong_200", done=done)
    caller.fault("wrong_200", done=done, body="no_id")
    page, empty = caller.publish("one"), caller.publish("two")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert (empty.status_code, empty.json()) == (200, {})
    assert texts(caller) == (["one", "two"] if done else [])


@pytest.mark.parametrize(("done", "order"), [(False, [7, "work"]), (True, ["work", 7])])
def test_slow_waits_before_the_work_or_after_it(caller, monkeypatch, done, order):
    happened: list = []
    work = calls.Call._work

    async def noted_wait(seconds: float) -> None:
        happened.append(seconds)

    async def noted_work(self, request):
        happened.append("work")
        return await work(self, request)

    caller.fault("slow", seconds=7, done=done)
    monkeypatch.setattr(calls, "sleep", noted_wait)
    monkeypatch.setattr(calls.Call, "_work", noted_work)
    assert caller.publish("slowly").status_code == 200
    assert happened == order
    assert texts(caller) == ["slowly"]


def test_a_fault_happens_as_often_as_it_was_told(caller):
    caller.fault("error_before", times=2)
    assert [caller.publish("x").status_code for _ in range(3)] == [503, 503, 200]


def test_a_fault_without_an_end_goes_on_until_it_is_cleared(caller):
    caller.fault("error_before", times=None)
    assert [caller.publish("x").status_code for _ in range(3)] == [503, 503, 503]
    assert caller.control("DELETE", "faults").json() == []
    assert caller.publish("x").status_code == 200


def test_one_fault_can_be_cleared_and_another_stay(caller):
    caller.fault("error_before")
    caller.fault("error_after")
    left = caller.control("DELETE", "faults?fault=error_before").json()
    assert [fault["fault"] for fault in left] == ["error_after"]


def test_a_fault_strikes_only_the_account_it_names(caller, http):
    other = type(caller)(http, "dundee" if caller.slug == "mastodon" else "dundee.force.test", "Dundee")
    caller.fault("error_before", account=other.account["handle"])
    assert [caller.publish("x").status_code, other.publish("x").status_code] == [200, 503]
    caller.fault("error_before", account=other.account["native_id"])
    assert [caller.publish("x").status_code, other.publish("x").status_code] == [200, 503]


def test_a_fault_strikes_only_the_calls_it_names(caller):
    caller.fault("error_before", on="upload")
    caller.fault("error_before", on="read")
    assert caller.publish("x").status_code == 200
    assert caller.upload(picture()).status_code == 503
    path = "/api/v1/accounts/lookup" if caller.slug == "mastodon" else "com.atproto.repo.listRecords"
    assert caller.get(path).status_code == 503


def test_a_fault_on_any_call_strikes_the_next_one(caller):
    caller.fault("error_before", on="any")
    assert caller.upload(picture()).status_code == 503
    assert caller.publish("x").status_code == 200


def test_a_fault_on_sessions_and_removals(bluesky):
    bluesky.fault("error_before", on="session")
    bluesky.fault("error_before", on="remove")
    assert bluesky.sign_in().status_code == 503
    assert bluesky.post("com.atproto.repo.deleteRecord", {}).status_code == 503


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"fault": "earthquake"}, "There is no fault 'earthquake'. Known here: answer_lost,"),
        ({"fault": "slow", "speed": 3}, "slow has no field speed."),
        ({"fault": "slow", "seconds": "long"}, "seconds must be a number."),
        ({"fault": "slow", "seconds": -1}, "seconds must be zero or more."),
        ({"fault": "wrong_200", "body": "poem"}, "body must be one of html, no_id."),
        ({"fault": "answer_lost", "times": 0}, "times must be at least 1."),
        ({"fault": "answer_lost", "times": "often"}, "times must be a whole number"),
        ({"fault": "answer_lost", "on": "mondays"}, "on must be one of publish, upload,"),
        ({"fault": "answer_lost", "account": ["x"]}, "account must be a handle or a native id."),
    ],
)
def test_a_fault_that_does_not_exist_is_refused_with_the_reason(caller, http, fields, words):
    answer = http.post(f"/_control/{caller.slug}/faults", json=fields)
    assert answer.status_code == 400
    assert words in answer.json()["error"]
    assert caller.control("GET", "faults").json() == []


# Limits


def test_limits_are_told_but_not_counted_unless_switched_on(caller):
    first, second = caller.publish("a"), caller.publish("b")
    name = "ratelimit-remaining" if caller.slug == "bluesky" else "x-ratelimit-remaining"
    assert first.headers[name] == second.headers[name]


def test_counted_limits_go_down_and_refuse_until_the_window_ends(mastodon, clock, http):
    mastodon.fault("rate_limits")
    answers = [mastodon.upload(b"x") for _ in range(31)]
    assert [int(answer.headers["x-ratelimit-remaining"]) for answer in answers] == [*range(29, -1, -1), 0]
    assert [answer.status_code for answer in answers] == [422] * 30 + [429]
    assert mastodon.publish("another limit").status_code == 200
    clock.now += 1800
    assert mastodon.upload(b"x").status_code == 422


def test_sign_ins_are_limited_per_account(bluesky, http):
    other = type(bluesky)(http, "dundee.force.test", "Dundee")
    bluesky.fault("rate_limits")
    assert [bluesky.sign_in().status_code for _ in range(31)] == [200] * 30 + [429]
    assert other.sign_in().status_code == 200

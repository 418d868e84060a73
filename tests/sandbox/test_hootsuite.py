"""The stand-in of Hootsuite refuses what Hootsuite's description says it refuses, and keeps its clock."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.sandbox.callers import Caller, picture
from tests.sandbox.conftest import Clock

RANGE = {"startTime": "2026-11-23T00:00:00Z", "endTime": "2026-11-24T00:00:00Z"}


class HootsuiteCaller(Caller):
    slug = "hootsuite"

    def call(self, method: str, path: str, **given: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.account['token']}"}
        return self.http.request(method, f"/hootsuite/v1/{path}", headers=headers, **given)

    def publish(self, **change: Any) -> httpx.Response:
        body = {"text": "Snow.", "socialProfileIds": [self.account["native_id"]], **change}
        return self.call("POST", "messages", json=body)


@pytest.fixture
def hootsuite(http: httpx.Client) -> HootsuiteCaller:
    return HootsuiteCaller(http, "fife", "Fife Division")


def code(response: httpx.Response) -> int:
    assert response.is_client_error
    return int(response.json()["errors"][0]["code"])


def test_a_message_without_a_time_is_sent_now(hootsuite: HootsuiteCaller) -> None:
    (message,) = hootsuite.publish().json()["data"]
    assert message["state"] == "SENT"
    assert message["postUrl"]
    assert [post["text"] for post in hootsuite.posts()] == ["Snow."]


def test_a_scheduled_message_is_sent_when_its_time_has_passed(hootsuite: HootsuiteCaller, clock: Clock) -> None:
    (message,) = hootsuite.publish(scheduledSendTime="2026-11-23T12:10:00Z").json()["data"]
    assert (message["state"], message["postUrl"]) == ("SCHEDULED", None)
    assert hootsuite.posts() == []
    clock.now += 601
    assert hootsuite.call("GET", f"messages/{message['id']}").json()["data"]["state"] == "SENT"
    assert len(hootsuite.posts()) == 1


def test_a_scheduled_message_can_be_hurried_or_deleted(hootsuite: HootsuiteCaller) -> None:
    for at in ("2026-11-23T12:10:00Z", "2026-11-23T12:20:00Z"):
        hootsuite.publish(scheduledSendTime=at)
    first, _ = hootsuite.call("GET", "messages", params=RANGE).json()["data"]
    assert hootsuite.call("DELETE", f"messages/{first['id']}").json() == {"data": {}}
    hootsuite.fault("hurry")
    (left,) = hootsuite.call("GET", "messages", params=RANGE).json()["data"]
    assert left["state"] == "SENT"
    assert code(hootsuite.call("DELETE", f"messages/{left['id']}")) == 40003


@pytest.mark.parametrize(
    "change",
    [
        {"text": ""},
        {"text": 7},
        {"socialProfileIds": []},
        {"socialProfileIds": "115185509"},
        {"altText": "A sign"},
        {"scheduledSendTime": "2026-11-23T12:04:00Z"},
        {"scheduledSendTime": "2026-11-23T13:00:00+00:00"},
        {"media": [{"id": "nothing"}]},
    ],
)
def test_what_is_wrong_with_a_message_is_refused(hootsuite: HootsuiteCaller, change: dict[str, Any]) -> None:
    assert code(hootsuite.publish(**change)) == 4000
    assert hootsuite.posts() == []


def test_another_members_profile_and_message_are_not_there(http: httpx.Client, hootsuite: HootsuiteCaller) -> None:
    other = HootsuiteCaller(http, "twitter.tayside", "Tayside Division")
    assert code(hootsuite.publish(socialProfileIds=[other.account["native_id"]])) == 4001
    (message,) = other.publish().json()["data"]
    assert message["postUrl"] is None
    assert hootsuite.call("GET", f"messages/{message['id']}").status_code == 404
    assert other.call("GET", "socialProfiles").json()["data"][0]["socialNetworkUsername"] is None


def test_a_file_has_to_be_the_one_announced_and_be_ready(hootsuite: HootsuiteCaller) -> None:
    data = picture()
    asked = {"sizeBytes": len(data), "mimeType": "image/png"}
    told = hootsuite.call("POST", "media", json=asked).json()["data"]
    assert code(hootsuite.publish(media=[{"id": told["id"]}])) == 40021
    put = {"content-type": "image/png"}
    assert hootsuite.http.put(told["uploadUrl"] + "x", content=data, headers=put).status_code == 403
    assert hootsuite.http.put(told["uploadUrl"], content=data + b"x", headers=put).status_code == 400
    assert hootsuite.http.put(told["uploadUrl"], content=data, headers=put).status_code == 200
    assert hootsuite.call("GET", f"media/{told['id']}").json()["data"]["state"] == "READY"
    assert hootsuite.publish(media=[{"id": told["id"]}]).status_code == 200
    assert code(hootsuite.call("POST", "media", json={**asked, "mimeType": "image/webp"})) == 4000


@pytest.mark.parametrize(
    ("change", "number"),
    [
        ({"endTime": "2027-01-24T00:00:00Z"}, 40020),
        ({"state": "DREAMING"}, 40019),
        ({"includeUnscheduledReviewMsgs": "perhaps"}, 40022),
        ({"limit": "101"}, 4000),
        ({"cursor": "x"}, 3020),
        ({"startTime": ""}, 4000),
    ],
)
def test_what_is_wrong_with_a_list_is_refused(hootsuite: HootsuiteCaller, change: dict[str, str], number: int) -> None:
    assert code(hootsuite.call("GET", "messages", params={**RANGE, **change})) == number


def test_a_list_comes_in_pages(hootsuite: HootsuiteCaller) -> None:
    for n in range(3):
        hootsuite.publish(text=f"Snow {n}.")
    first = hootsuite.call("GET", "messages", params={**RANGE, "limit": "2"}).json()
    cursor = first["metadata"]["cursor"]["next"]
    second = hootsuite.call("GET", "messages", params={**RANGE, "limit": "2", "cursor": cursor}).json()
    assert [one["text"] for one in first["data"] + second["data"]] == ["Snow 0.", "Snow 1.", "Snow 2."]
    assert second["metadata"]["cursor"]["next"] is None


def test_an_approval_sends_and_a_rejection_does_not(hootsuite: HootsuiteCaller) -> None:
    hootsuite.fault("needs_approval")
    one, two = (hootsuite.publish().json()["data"][0]["id"] for _ in range(2))
    assert hootsuite.call("POST", f"messages/{one}/approve", json={"sequenceNumber": 1}).status_code == 200
    told = hootsuite.call("POST", f"messages/{two}/reject", json={"sequenceNumber": 1, "reason": "No."})
    assert told.status_code == 200
    assert len(hootsuite.posts()) == 1


def test_tokens_need_the_app_in_the_header(http: httpx.Client, hootsuite: HootsuiteCaller) -> None:
    app = {name: hootsuite.account[name] for name in ("client_id", "client_secret")}
    form = {"grant_type": "refresh_token", "refresh_token": "x"}
    assert http.post("/hootsuite/oauth2/token", data={**form, **app}).status_code == 401
    signed = http.post("/hootsuite/oauth2/token", data=form, auth=(app["client_id"], app["client_secret"]))
    assert signed.json()["error"] == "invalid_grant"


def test_the_pages_show_what_is_out(http: httpx.Client, hootsuite: HootsuiteCaller) -> None:
    (message,) = hootsuite.publish(text="See https://example.org/a <b>").json()["data"]
    for path in ("", f"profiles/{hootsuite.account['native_id']}", f"posts/{message['id']}"):
        page = http.get(f"/hootsuite/{path}")
        assert page.status_code == 200
        assert "&lt;b&gt;" in page.text

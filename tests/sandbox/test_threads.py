"""The stand-in of Threads refuses what Threads refuses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.sandbox.callers import picture
from tests.sandbox.graph_callers import APP, BACK, ThreadsCaller, told
from tests.sandbox.test_pages import HOSTILE, Page
from tests.servers import media_host
from tests.servers.media_host import MediaHost

SQUARE = picture(size=(400, 400), kind="JPEG")
SCOPES = "threads_basic,threads_content_publish"


@pytest.fixture(scope="module")
def host() -> Iterator[MediaHost]:
    with media_host.running() as one:
        yield one


def caller(http: httpx.Client, host: MediaHost, handle: str, name: str) -> ThreadsCaller:
    made = ThreadsCaller(http, handle, name)
    made.host = host
    return made


@pytest.fixture
def threads(http, host):
    return caller(http, host, "fife.division", "Fife Division")


@pytest.fixture
def other(http, host, threads):
    return caller(http, host, "perth_division", "Perth Division")


def state(threads, container: str) -> str:
    return threads.get(container, fields="status").json()["status"]


# Containers


def test_words_go_by_a_container_that_serves_once(threads, http):
    container = threads.container(media_type="TEXT", text="Good #morning").json()["id"]
    assert state(threads, container) == "FINISHED"
    assert threads.posts() == []
    media = threads.publish_container(container).json()["id"]
    assert state(threads, container) == "PUBLISHED"
    assert told(threads.publish_container(container)) == (400, 24, 2207008)
    read = threads.get(media, fields="text,media_type,owner,username,permalink,topic_tag,alt_text").json()
    assert (read["text"], read["media_type"], read["topic_tag"]) == ("Good #morning", "TEXT_POST", "morning")
    assert "alt_text" not in read
    assert http.get(read["permalink"]).status_code == 200


def test_a_container_expires_after_a_day_and_is_its_accounts_alone(threads, other, clock):
    container = threads.container(media_type="TEXT", text="x").json()["id"]
    assert told(other.get(container)) == (400, 100, 33)
    assert told(other.publish_container(container)) == (400, 24, 2207008)
    clock.now += 86_400
    assert state(threads, container) == "EXPIRED"
    assert told(threads.publish_container(container)) == (400, 24, 2207008)


def test_a_carousel_has_two_to_twenty_parts(threads):
    parts = [threads.picture(SQUARE, is_carousel_item="true", alt_text=f"{n}").json()["id"] for n in range(2)]
    album = threads.container(media_type="CAROUSEL", children=",".join(parts), text="Two").json()["id"]
    read = threads.get(threads.publish_container(album).json()["id"], fields="media_type,children{alt_text}").json()
    assert read["media_type"] == "CAROUSEL_ALBUM"
    assert [one["alt_text"] for one in read["children"]["data"]] == ["0", "1"]
    for children in (parts[0], ",".join(parts * 11)):
        assert told(threads.container(media_type="CAROUSEL", children=children)) == (400, 100, None)
    assert told(threads.container(media_type="CAROUSEL", children=f"{parts[0]},5")) == (400, 24, 2207008)
    assert told(threads.publish_container(parts[0])) == (400, 24, 2207008)


def test_slow_ones_have_to_be_asked_and_may_fail(threads):
    threads.fault("slow_processing", polls=1, ends="ERROR")
    container = threads.container(media_type="TEXT", text="x").json()["id"]
    assert told(threads.publish_container(container)) == (400, 9007, 2207027)
    assert state(threads, container) == "IN_PROGRESS"
    assert threads.get(container, fields="status,error_message").json()["error_message"] == "UNKNOWN"


REFUSED: dict[str, dict[str, Any]] = {
    "no kind": {"text": "x"},
    "a kind of video": {"media_type": "VIDEO", "text": "x"},
    "no words": {"media_type": "TEXT", "text": " "},
    "501 characters": {"media_type": "TEXT", "text": "x" * 501},
    "emoji of 504 bytes": {"media_type": "TEXT", "text": "❄️" * 84},
    "six links": {"media_type": "TEXT", "text": " ".join(f"https://example.org/{n}" for n in range(6))},
    "a sixth as attachment": {
        "media_type": "TEXT",
        "text": " ".join(f"www.example{n}.org" for n in range(5)),
        "link_attachment": "https://example.com/",
    },
    "an unknown parameter": {"media_type": "TEXT", "text": "x", "message": "y"},
    "words with a picture": {"media_type": "TEXT", "text": "x", "image_url": "http://127.0.0.1/1.jpg"},
    "a picture without its address": {"media_type": "IMAGE", "text": "x"},
    "an alt text that is too long": {
        "media_type": "IMAGE",
        "image_url": "http://127.0.0.1/1.jpg",
        "alt_text": "x" * 1_001,
    },
}


@pytest.mark.parametrize("fields", REFUSED.values(), ids=REFUSED.keys())
def test_what_a_container_does_not_take_is_refused(threads, fields):
    assert told(threads.container(**fields)) == (400, 100, None)


def test_the_link_limit_has_its_name(threads):
    answer = threads.publish(" ".join(f"https://example.org/{n}" for n in range(6)))
    assert "THREADS_API__LINK_LIMIT_EXCEEDED" in answer.json()["error"]["error_user_msg"]
    assert threads.publish(" ".join(["https://example.org/"] * 9)).status_code == 200


def test_the_limit_of_characters_is_met_exactly(threads):
    assert threads.publish("é" * 500).status_code == 200
    assert threads.publish("❄️" * 83).status_code == 200


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        (picture(size=(40, 40), kind="WEBP"), (400, 36001, 2207005)),
        (b"words", (400, 36001, 2207005)),
        (picture(size=(401, 40)), (400, 36003, 2207009)),
        (SQUARE + b"\0" * 8 * 1024 * 1024, (400, 36000, 2207004)),
    ],
)
def test_a_picture_that_threads_does_not_take_is_refused(threads, data, refusal):
    assert told(threads.picture(data)) == refusal


def test_a_png_is_taken_and_an_address_elsewhere_is_not_fetched(threads):
    assert threads.picture(picture(size=(400, 40))).status_code == 200
    assert told(threads.container(media_type="IMAGE", image_url="https://media.example/1.jpg")) == (400, 9004, 2207052)


# The day's limits


def test_the_days_posts_and_removals_are_counted_and_told(threads, clock):
    def limits() -> dict[str, Any]:
        fields = "quota_usage,config,delete_quota_usage,delete_config,reply_quota_usage"
        return threads.get(f"{threads.id}/threads_publishing_limit", fields=fields).json()["data"][0]

    posts = [threads.publish(f"post {number}").json()["id"] for number in range(250)]
    assert limits()["quota_usage"] == 250
    assert limits()["config"] == {"quota_total": 250, "quota_duration": 86_400}
    assert told(threads.publish("one more")) == (403, 9, 2207042)
    for native_id in posts[:100]:
        threads.delete(native_id).raise_for_status()
    assert limits()["delete_quota_usage"] == 100
    assert told(threads.delete(posts[100])) == (403, 9, 2207042)
    assert told(threads.publish("still")) == (403, 9, 2207042)
    clock.now += 86_400
    assert threads.publish("the next day").status_code == 200
    assert threads.delete(posts[100]).json() == {"success": True, "deleted_id": posts[100]}


def test_replies_are_counted_apart_and_stand_below_their_post(threads, other):
    post = threads.publish("Snow").json()["id"]
    reply = other.publish("Is it deep?", reply_to_id=post).json()["id"]
    assert [one["id"] for one in threads.get(f"{post}/replies", fields="id").json()["data"]] == [reply]
    assert other.get(f"{other.id}/threads").json()["data"] == []
    assert told(other.get(f"{post}/replies")) == (400, 100, 33)
    assert told(other.publish("x", reply_to_id="5")) == (400, 100, 33)
    limit = other.get(f"{other.id}/threads_publishing_limit", fields="quota_usage,reply_quota_usage").json()["data"][0]
    assert limit == {"quota_usage": 0, "reply_quota_usage": 1}


def test_a_switch_holds_the_account_back_until_it_is_cleared(threads, http):
    threads.fault("policy_block")
    assert told(threads.publish("x")) == (400, 368, None)
    http.delete("/_control/threads/faults").raise_for_status()
    assert threads.publish("x").status_code == 200


# Reading


def test_accounts_are_looked_up_by_their_whole_name(threads, other):
    found = threads.get("profile_lookup", username="perth_division", fields="username,name,is_verified").json()
    assert found == {"username": "perth_division", "name": "Perth Division", "is_verified": False}
    assert told(threads.get("profile_lookup", username="perth")) == (400, 100, 33)


def test_what_is_anothers_is_not_shown_or_removed(threads, other):
    post = threads.publish("x").json()["id"]
    assert told(other.get(post)) == (400, 100, 33)
    assert told(other.delete(post)) == (400, 100, 33)
    assert told(other.get(f"{post}/insights", metric="views")) == (400, 100, 33)
    assert told(other.get(f"{threads.id}/threads")) == (403, 10, None)
    assert told(other.get(threads.id, fields="username")) == (400, 100, 33)


# Tokens


def code_of(http, account: str, scope: str = SCOPES) -> str:
    asked = {"client_id": APP["client_id"], "redirect_uri": BACK, "response_type": "code", "scope": scope}
    assert http.get("/threads/oauth/authorize", params=asked).status_code == 200
    answer = http.post("/threads/oauth/authorize", data={**asked, "account[]": [account]})
    return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]


def trade(http, code: str, **change: str) -> httpx.Response:
    fields = {**APP, "grant_type": "authorization_code", "redirect_uri": BACK, "code": code, **change}
    return http.post("/threads/oauth/access_token", data=fields)


def exchange(http, token: str, **change: str) -> httpx.Response:
    secret = {"client_secret": APP["client_secret"]}
    fields = {"grant_type": "th_exchange_token", **secret, "method": "GET", **change}
    return http.post("/threads/access_token", data=fields, headers={"authorization": f"Bearer {token}"})


def refresh(http, token: str, grant: str = "th_refresh_token") -> httpx.Response:
    headers = {"authorization": f"Bearer {token}"}
    return http.get("/threads/refresh_access_token", params={"grant_type": grant}, headers=headers)


def test_a_token_lasts_an_hour_then_sixty_days_and_is_renewed_from_the_second_day(http, threads, clock):
    answer = trade(http, code_of(http, threads.id)).json()
    assert answer["user_id"] == int(threads.id)
    short = answer["access_token"]
    lasting = exchange(http, short).json()
    assert lasting["expires_in"] == 60 * 86_400
    long = lasting["access_token"]
    assert told(exchange(http, long)) == (400, 100, None)
    assert told(refresh(http, long)) == (400, 100, None)
    clock.now += 3_600
    assert told(threads.get("me", token=short)) == (400, 190, 463)
    assert told(exchange(http, short)) == (400, 190, 463)
    clock.now += 82_800
    renewed = refresh(http, long).json()["access_token"]
    assert threads.get("me", token=renewed).json()["id"] == threads.id
    clock.now += 60 * 86_400
    assert told(refresh(http, renewed)) == (400, 190, 463)


def test_exchanges_that_are_asked_wrongly_are_refused(http, threads):
    code = code_of(http, threads.id)
    assert told(trade(http, code, client_secret="wrong")) == (400, 1, None)
    assert told(trade(http, code, client_id="5"))[1] == 101
    assert told(trade(http, code, grant_type="password"))[1] == 100
    assert told(trade(http, code, redirect_uri=BACK + "x")) == (400, 100, 36008)
    assert told(trade(http, code)) == (400, 100, 36009)
    short = trade(http, code_of(http, threads.id)).json()["access_token"]
    assert told(exchange(http, short, client_secret="wrong"))[1] == 1
    assert told(exchange(http, short, grant_type="x"))[1] == 100
    assert told(exchange(http, short, method="POST"))[1] == 100
    assert told(exchange(http, "wrong"))[1] == 190
    assert told(refresh(http, short, grant="x"))[1] == 100


def test_a_permission_that_was_not_given_is_missed(http, threads):
    token = trade(http, code_of(http, threads.id, scope="threads_basic")).json()["access_token"]
    assert told(threads.post(f"{threads.id}/threads", token=token, media_type="TEXT", text="x")) == (403, 10, None)
    assert threads.get("me", token=token).status_code == 200


# Pages


def test_pages_show_the_post_its_picture_and_its_links(threads, http):
    container = threads.picture(SQUARE, f"#Snow, says @fife.division. {HOSTILE}", alt_text=f"A square {HOSTILE}")
    threads.publish_container(container.json()["id"])
    post = threads.posts()[0]
    for address in ("/threads/", threads.account["url"], post["url"], "/threads/tags/Snow"):
        page = Page(http.get(address).text)
        assert page.dangers() == [], address
        assert "A square" in page.words
        assert {"/threads/tags/Snow", "/threads/@fife.division"} <= set(page.links())
    assert http.get("/threads/@nobody").status_code == 404
    assert http.get("/threads/@fife.division/post/5").status_code == 404
    assert told(http.get("/threads/v2.0/me"))[1] == 2500


@pytest.mark.parametrize("handle", ["with space", "a..b", ".first", "x" * 31])
def test_names_that_threads_does_not_give_are_refused(http, handle):
    assert http.post("/_control/threads/accounts", json={"handle": handle}).status_code == 400

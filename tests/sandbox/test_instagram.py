"""The stand-in of Instagram refuses what Instagram refuses, and fetches pictures for real."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from mercat.sandbox import graph_fetch
from tests.networks.doubles import video
from tests.sandbox.callers import picture
from tests.sandbox.graph_callers import APP, BACK, InstagramCaller, told
from tests.sandbox.test_pages import HOSTILE, Page
from tests.servers import media_host
from tests.servers.media_host import MediaHost

SQUARE = picture(size=(400, 400), kind="JPEG")


@pytest.fixture(scope="module")
def host() -> Iterator[MediaHost]:
    with media_host.running() as one:
        yield one


def caller(http: httpx.Client, host: MediaHost, handle: str, name: str) -> InstagramCaller:
    made = InstagramCaller(http, handle, name)
    made.host = host
    return made


@pytest.fixture
def instagram(http, host):
    return caller(http, host, "fife.division", "Fife Division")


@pytest.fixture
def other(http, host, instagram):
    return caller(http, host, "perth_division", "Perth Division")


def state(instagram, container: str) -> str:
    return instagram.get(container, fields="status_code").json()["status_code"]


# Containers


def test_a_container_is_filled_then_published_once_then_says_so(instagram, http):
    container = instagram.picture(SQUARE, "Good morning", alt_text="navy").json()["id"]
    assert state(instagram, container) == "FINISHED"
    assert instagram.posts() == []
    media = instagram.publish_container(container).json()["id"]
    assert state(instagram, container) == "PUBLISHED"
    assert told(instagram.publish_container(container)) == (400, 24, 2207008)
    fields = "caption,alt_text,media_type,owner,username,permalink,timestamp"
    read = instagram.get(media, fields=fields).json()
    assert (read["caption"], read["alt_text"], read["media_type"]) == ("Good morning", "navy", "IMAGE")
    assert (read["owner"], read["username"]) == ({"id": instagram.id}, "fife.division")
    assert read["timestamp"] == "2026-11-23T12:00:00+0000"
    assert http.get(read["permalink"]).status_code == 200


def test_a_container_expires_after_a_day(instagram, clock):
    container = instagram.picture(SQUARE).json()["id"]
    clock.now += 86_399
    assert state(instagram, container) == "FINISHED"
    clock.now += 1
    assert state(instagram, container) == "EXPIRED"
    assert told(instagram.publish_container(container)) == (400, 24, 2207008)


def test_a_container_is_its_accounts_alone(instagram, other):
    container = instagram.picture(SQUARE).json()["id"]
    assert told(other.get(container, fields="status_code")) == (400, 100, 33)
    assert told(other.publish_container(container)) == (400, 24, 2207008)
    assert told(other.post(f"{instagram.id}/media_publish", creation_id=container)) == (403, 200, None)


def test_an_album_has_two_to_ten_parts_that_are_ready(instagram):
    parts = [instagram.picture(SQUARE, is_carousel_item="true", alt_text=f"{n}").json()["id"] for n in range(2)]
    album = instagram.container(media_type="CAROUSEL", children=",".join(parts), caption="Two").json()["id"]
    media = instagram.publish_container(album).json()["id"]
    read = instagram.get(media, fields="media_type,children{alt_text}").json()
    assert read["media_type"] == "CAROUSEL_ALBUM"
    assert [one["alt_text"] for one in read["children"]["data"]] == ["0", "1"]
    assert told(instagram.container(media_type="CAROUSEL", children=parts[0])) == (400, 100, 2207028)
    assert told(instagram.container(media_type="CAROUSEL", children=",".join(parts * 6))) == (400, 100, 2207028)
    whole = instagram.picture(SQUARE).json()["id"]
    assert told(instagram.container(media_type="CAROUSEL", children=f"{parts[0]},{whole}")) == (400, 24, 2207008)
    assert told(instagram.publish_container(parts[0])) == (400, 24, 2207008)


def test_slow_ones_have_to_be_asked_and_may_fail(instagram):
    instagram.fault("slow_processing", polls=2)
    container = instagram.picture(SQUARE).json()["id"]
    assert told(instagram.publish_container(container)) == (400, 9007, 2207027)
    assert [state(instagram, container) for _ in range(3)] == ["IN_PROGRESS", "IN_PROGRESS", "FINISHED"]
    instagram.fault("slow_processing", polls=1, ends="ERROR")
    container = instagram.picture(SQUARE).json()["id"]
    state(instagram, container)
    failed = instagram.get(container, fields="status_code,status").json()
    assert failed["status_code"] == "ERROR"
    assert "2207032" in failed["status"]
    assert told(instagram.publish_container(container)) == (400, 9007, 2207027)


# Pictures


PICTURES = {
    "a PNG": (picture(size=(400, 400)), (400, 36001, 2207005)),
    "no picture": (b"words", (400, 36001, 2207005)),
    "too tall": (picture(size=(400, 501), kind="JPEG"), (400, 36003, 2207009)),
    "too wide": (picture(size=(400, 209), kind="JPEG"), (400, 36003, 2207009)),
    "too many bytes": (SQUARE + b"\0" * 8 * 1024 * 1024, (400, 36000, 2207004)),
}


@pytest.mark.parametrize(("data", "refusal"), PICTURES.values(), ids=PICTURES.keys())
def test_a_picture_that_instagram_does_not_take_is_refused(instagram, data, refusal):
    assert told(instagram.picture(data)) == refusal


@pytest.mark.parametrize("size", [(400, 500), (382, 200), (320, 320)])
def test_shapes_at_the_border_are_taken(instagram, size):
    assert instagram.picture(picture(size=size, kind="JPEG")).status_code == 200


@pytest.mark.parametrize(
    "url", ["https://media.example/1.jpg", "http://10.0.0.1/1.jpg", "http://127.0.0.1:1/", "http://localhost.example/"]
)
def test_nothing_is_fetched_from_beyond_this_machine_or_where_nothing_is(instagram, url):
    assert told(instagram.container(image_url=url)) == (400, 9004, 2207052)


def test_what_is_not_there_is_not_fetched(instagram, host):
    assert told(instagram.container(image_url=f"{host.address}/nothing")) == (400, 9004, 2207052)


def test_a_slow_address_is_left(instagram, host, monkeypatch):
    monkeypatch.setattr(graph_fetch, "SECONDS", 0.2)
    url = host.put(SQUARE + b"slow", "image/jpeg", seconds=0.6)
    assert told(instagram.container(image_url=url)) == (400, -2, 2207003)


# Stories


UPRIGHT = picture(size=(405, 720), kind="JPEG")


def test_a_story_stands_among_the_stories_alone_and_says_what_it_is(instagram, http):
    post = instagram.publish("Words", SQUARE).json()["id"]
    story = instagram.story(image_url=instagram.reachable(UPRIGHT)).json()["id"]
    fields = "media_type,media_product_type,caption,permalink"
    listed = instagram.get(f"{instagram.id}/stories", fields=fields).json()["data"]
    permalink = listed[0].pop("permalink")
    assert listed == [{"id": story, "media_type": "IMAGE", "media_product_type": "STORY"}]
    assert [one["id"] for one in instagram.get(f"{instagram.id}/media").json()["data"]] == [post]
    assert permalink.endswith(f"/instagram/stories/fife.division/{story}")
    for address in (permalink, "/instagram/fife.division", "/instagram/"):
        assert "A story: gone after a day" in http.get(address).text
    assert "A story" not in http.get(f"/instagram/p/{post}").text


def test_a_story_is_gone_after_a_day(instagram, http, clock):
    story = instagram.story(image_url=instagram.reachable(UPRIGHT)).json()["id"]
    clock.now += 86_399
    permalink = instagram.get(story, fields="permalink").json()["permalink"]
    assert http.get(permalink).status_code == 200
    clock.now += 1
    assert http.get(permalink).status_code == 404
    assert told(instagram.get(story)) == (400, 100, 33)
    assert instagram.get(f"{instagram.id}/stories").json()["data"] == []
    assert "A story" not in http.get("/instagram/fife.division").text
    assert told(instagram.delete(story)) == (400, 100, 33)


def test_a_story_is_taken_down_before_its_day_is_over(instagram):
    story = instagram.story(image_url=instagram.reachable(UPRIGHT)).json()["id"]
    assert instagram.delete(story).json() == {"success": True}
    assert instagram.get(f"{instagram.id}/stories").json()["data"] == []


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"caption": "x"},
        {"alt_text": "x"},
        {"cover_url": "http://127.0.0.1/1.jpg"},
        {"children": "1,2"},
        {"is_carousel_item": "true"},
        {"video_url": "http://127.0.0.1/1.mp4"},
    ],
)
def test_what_a_story_does_not_take_is_refused(instagram, host, fields):
    picture_too = {"image_url": instagram.reachable(UPRIGHT)} if fields else {}
    assert told(instagram.container(media_type="STORIES", **picture_too, **fields)) == (400, 100, None)


def test_a_storys_picture_and_video_have_their_limits(instagram):
    for name, data, refusal in (
        ("image_url", picture(size=(400, 400)), (400, 36001, 2207005)),
        ("video_url", SQUARE, (400, 352, 2207026)),
        ("video_url", video(seconds=2).read(), (400, 352, 2207026)),
        ("video_url", video(seconds=61, rate=1).read(), (400, 352, 2207026)),
    ):
        assert told(instagram.container(media_type="STORIES", **{name: instagram.reachable(data)})) == refusal
    longest = instagram.reachable(video(seconds=60, rate=1).read())
    assert instagram.container(media_type="STORIES", video_url=longest).status_code == 200


def test_a_story_has_figures_of_its_own_and_takes_no_since(instagram):
    story = instagram.story(image_url=instagram.reachable(UPRIGHT)).json()["id"]
    told_of = instagram.get(f"{story}/insights", metric="views,reach,shares,replies").json()["data"]
    assert [one["name"] for one in told_of] == ["views", "reach", "shares", "replies"]
    assert told(instagram.get(f"{story}/insights", metric="saved"))[1] == 100
    assert told(instagram.get(f"{instagram.id}/stories", since="1"))[1] == 100


# Words and parameters


@pytest.mark.parametrize(
    ("caption", "refusal"),
    [
        ("x" * 2_201, (400, 36004, 2207010)),
        (" ".join(f"#tag{n}" for n in range(31)), (400, 100, None)),
        (" ".join(f"@name{n}" for n in range(21)), (400, 100, 2207040)),
    ],
)
def test_captions_have_their_limits(instagram, caption, refusal):
    assert told(instagram.picture(SQUARE, caption)) == refusal


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"caption": "x"},
        {"image_url": "no address"},
        {"image_url": "http://127.0.0.1/1.jpg", "media_type": "IMAGE"},
        {"video_url": "http://127.0.0.1/1.mp4", "media_type": "VIDEO"},
        {"video_url": "http://127.0.0.1/1.mp4"},
        {"media_type": "REELS"},
        {"video_url": "http://127.0.0.1/1.mp4", "media_type": "REELS", "alt_text": "x"},
        {"image_url": "http://127.0.0.1/1.jpg", "cover_url": "http://127.0.0.1/1.jpg"},
        {"image_url": "http://127.0.0.1/1.jpg", "is_carousel_item": "perhaps"},
        {"image_url": "http://127.0.0.1/1.jpg", "message": "x"},
        {"image_url": "http://127.0.0.1/1.jpg", "alt_text": "x" * 1_001},
    ],
)
def test_what_a_container_does_not_take_is_refused(instagram, fields):
    assert told(instagram.container(**fields)) == (400, 100, None)


@pytest.mark.parametrize("creation_id", ["", "x", "-1"])
def test_a_container_is_named_by_its_number(instagram, creation_id):
    assert told(instagram.publish_container(creation_id))[1] in {24, 100}


def test_tags_are_of_names_and_places(instagram, other):
    assert told(instagram.picture(SQUARE, user_tags=json.dumps([{"name": "x"}])))[1] == 100
    tags = json.dumps([{"username": "Perth_Division", "x": 0.5, "y": 0.5}])
    media = instagram.publish("Together", SQUARE, user_tags=tags).json()["id"]
    assert [one["id"] for one in other.get(f"{other.id}/tags").json()["data"]] == [media]


# The day's posts


def test_the_days_posts_are_counted_and_their_number_is_told(instagram, clock):
    def limit() -> dict[str, Any]:
        edge = f"{instagram.id}/content_publishing_limit"
        return instagram.get(edge, fields="config,quota_usage").json()["data"][0]

    for number in range(50):
        clock.now += 1
        instagram.publish(f"post {number}", SQUARE).raise_for_status()
    assert limit() == {"config": {"quota_total": 50, "quota_duration": 86_400}, "quota_usage": 50}
    container = instagram.picture(SQUARE).json()["id"]
    assert told(instagram.publish_container(container)) == (403, 9, 2207042)
    clock.now += 86_390
    assert limit()["quota_usage"] < 50
    late = instagram.picture(SQUARE).json()["id"]
    assert instagram.publish_container(late).status_code == 200


def test_its_switches_refuse_until_they_are_cleared(instagram, http):
    for fault, refusal in (("quota_used", (403, 9, 2207042)), ("spam_suspicion", (403, 4, 2207051))):
        instagram.fault(fault)
        assert told(instagram.publish("x", SQUARE)) == refusal
        http.delete("/_control/instagram/faults").raise_for_status()
    assert instagram.publish("x", SQUARE).status_code == 200


# Reading, removing, finding


def test_a_post_is_removed_once_and_by_its_own_account(instagram, other):
    media = instagram.publish("x", SQUARE).json()["id"]
    assert told(other.delete(media)) == (400, 100, 33)
    assert told(other.get(media)) == (400, 100, 33)
    assert instagram.delete(media).json() == {"success": True}
    assert told(instagram.delete(media)) == (400, 100, 33)


def test_posts_are_turned_by_cursors_newest_first(instagram, clock):
    for number in range(4):
        clock.now += 60
        instagram.publish(f"{number}", SQUARE)
    first = instagram.get(f"{instagram.id}/media", limit=3, fields="caption").json()
    assert [one["caption"] for one in first["data"]] == ["3", "2", "1"]
    rest = instagram.get(f"{instagram.id}/media", after=first["paging"]["cursors"]["after"], fields="caption").json()
    assert [one["caption"] for one in rest["data"]] == ["0"]


def test_a_business_is_discovered_by_its_whole_name(instagram, other):
    fields = "business_discovery.username({}){{id,username}}"
    found = instagram.get(instagram.id, fields=fields.format("perth_division")).json()["business_discovery"]
    assert found == {"id": other.id, "username": "perth_division"}
    assert told(instagram.get(instagram.id, fields=fields.format("perth"))) == (400, 110, 2207013)
    assert told(instagram.get(other.id, fields="username")) == (403, 200, None)


def test_comments_come_newest_first(instagram, other):
    media = instagram.publish("x", SQUARE).json()["id"]
    for words in ("first", "second"):
        other.post(f"{media}/comments", message=words)
    newest = instagram.get(f"{media}/comments", fields="text,username").json()["data"]
    assert [one["text"] for one in newest] == ["second", "first"]
    assert told(other.post(f"{media}/comments", message=""))[1] == 100
    counted = instagram.get(f"{media}/insights", metric="comments,views").json()["data"]
    assert [one["values"][0]["value"] for one in counted] == [2, 0]
    assert told(instagram.get(f"{media}/insights", metric="impressions"))[1] == 100


# Signing in, limits, pages


def test_the_page_that_an_account_is_linked_to_is_told(http, instagram):
    me = instagram.get("me", fields="id,instagram_business_account{id,username}").json()
    assert me["instagram_business_account"] == {"id": instagram.id, "username": "fife.division"}
    assert me["id"] != instagram.id
    asked = {"client_id": APP["client_id"], "redirect_uri": BACK, "scope": "pages_show_list,instagram_basic"}
    answer = http.post("/instagram/v25.0/dialog/oauth", data={**asked, "account[]": [instagram.id]})
    code = answer.headers["location"].partition("code=")[2]
    token = http.post("/instagram/v25.0/oauth/access_token", data={**APP, "redirect_uri": BACK, "code": code}).json()
    managed = instagram.get(
        "me/accounts", token=token["access_token"], fields="instagram_business_account,access_token"
    )
    page = managed.json()["data"][0]["access_token"]
    assert instagram.get(instagram.id, token=page, fields="username").json()["username"] == "fife.division"
    assert told(instagram.post(f"{instagram.id}/media", token=page, image_url="http://127.0.0.1/"))[:2] == (403, 10)


def test_the_headers_name_instagram(instagram):
    instagram.fault("rate_limited", on="upload", retry_after=60)
    answer = instagram.picture(SQUARE)
    assert told(answer) == (400, 80002, None)
    (use,) = json.loads(answer.headers["x-business-use-case-usage"])["0"]
    assert (use["type"], use["estimated_time_to_regain_access"]) == ("instagram", 1)


def test_pages_show_the_post_its_picture_and_its_links(instagram, http):
    instagram.publish(f"#Snow, says @fife.division. {HOSTILE}", SQUARE, alt_text=f"A navy square {HOSTILE}")
    post = instagram.posts()[0]
    for address in ("/instagram/", instagram.account["url"], post["url"], "/instagram/explore/tags/Snow"):
        page = Page(http.get(address).text)
        assert page.dangers() == [], address
        assert "A navy square" in page.words
        assert {"/instagram/explore/tags/Snow", "/instagram/fife.division"} <= set(page.links())
        (source,) = [attributes["src"] for tag, attributes in page.tags if tag == "img"]
        assert http.get(source).content == SQUARE
    assert http.get("/instagram/p/5").status_code == 404
    assert http.get("/instagram/nobody").status_code == 404


@pytest.mark.parametrize("handle", ["with space", "a..b", ".first", "last.", "x" * 31, "umläut", "v25.0"])
def test_names_that_instagram_does_not_give_are_refused(http, handle):
    assert http.post("/_control/instagram/accounts", json={"handle": handle}).status_code == 400

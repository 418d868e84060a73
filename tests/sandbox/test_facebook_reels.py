"""The stand-in of Facebook refuses of reels what Facebook refuses, and more."""

from __future__ import annotations

import httpx
import pytest

from tests.networks.doubles import reel, video
from tests.sandbox.callers import picture
from tests.sandbox.graph_callers import FacebookCaller, told

FILM = reel().read()


@pytest.fixture
def facebook(http):
    return FacebookCaller(http, "fife.division", "Fife Division")


@pytest.fixture
def other(http, facebook):
    return FacebookCaller(http, "perth.division", "Perth Division")


def reels(page, **fields):
    return page.post(f"{page.id}/video_reels", **fields)


def begin(page):
    return reels(page, upload_phase="start").json()


def bring(page, begun, data=FILM, start=0, **headers):
    """The rest of it from byte `start` on."""
    sent = {"authorization": f"OAuth {page.account['token']}", "offset": str(start), "file_size": str(len(data))}
    return page.http.post(begun["upload_url"], content=data[start:], headers={**sent, **headers})


def hand_over(page, data=FILM):
    begun = begin(page)
    assert bring(page, begun, data).json() == {"success": True}
    return begun


def end(page, begun, **fields):
    given = {"upload_phase": "finish", "video_id": begun["video_id"], "video_state": "PUBLISHED", **fields}
    return reels(page, **given)


def node(page, begun):
    return page.get(begun["video_id"], fields="status,post_id,published").json()


def kind(response):
    return response.status_code, response.json()["debug_info"]["type"]


def test_a_reel_stands_there_once_it_is_ended_and_processed(facebook, http):
    begun = begin(facebook)
    assert begun["upload_url"].endswith(f"/facebook/video-upload/v25.0/{begun['video_id']}")
    phase = node(facebook, begun)["status"]["uploading_phase"]
    assert phase == {"status": "not_started", "bytes_transferred": 0}
    assert bring(facebook, begun).json() == {"success": True}
    status = node(facebook, begun)["status"]
    assert (status["video_status"], status["publishing_phase"]["publish_status"]) == ("upload_complete", "draft")
    assert facebook.posts() == []
    assert end(facebook, begun, description="Snow.").json() == {"success": True}
    assert node(facebook, begun)["status"]["publishing_phase"]["status"] == "in_progress"
    assert facebook.posts() == []
    shown = node(facebook, begun)
    assert (shown["status"]["video_status"], shown["published"]) == ("ready", True)
    assert shown["status"]["publishing_phase"] == {"status": "complete", "publish_status": "published"}
    read = facebook.get(shown["post_id"], fields="message,permalink_url,attachments{media_type,target}").json()
    assert (read["message"], read["attachments"]["data"][0]["media_type"]) == ("Snow.", "video")
    assert "Snow." in http.get("/facebook/fife.division").text
    assert begun["video_id"] in http.get(read["permalink_url"]).text
    assert http.get(f"/facebook/media/{begun['video_id']}").content == FILM


def test_the_phases_come_in_their_order(facebook):
    begun = begin(facebook)
    assert told(end(facebook, begun))[1:] == (6000, 1363130)
    assert bring(facebook, begun).is_success
    assert end(facebook, begun).is_success
    assert end(facebook, begun).status_code == 400
    assert kind(bring(facebook, begun)) == (400, "OffsetInvalidError")


@pytest.mark.parametrize(
    ("start", "headers", "said"),
    [
        (0, {"offset": "5"}, "OffsetInvalidError"),
        (0, {"offset": "-1"}, "ParameterValidationError"),
        (0, {"file_size": "many"}, "ParameterValidationError"),
        (0, {"file_size": str(len(FILM) + 1)}, "PartialRequestError"),
        (10, {}, "OffsetInvalidError"),
        (0, {"file_size": "3000000000"}, "ParameterValidationError"),
    ],
)
def test_what_is_brought_must_fit(facebook, start, headers, said):
    begun = begin(facebook)
    assert kind(bring(facebook, begun, start=start, **headers)) == (400, said)
    assert node(facebook, begun)["status"]["uploading_phase"]["bytes_transferred"] == 0


def test_the_upload_wants_the_token_as_its_page_says(facebook, other):
    begun = begin(facebook)
    token = facebook.account["token"]
    assert kind(bring(facebook, begun, authorization=f"Bearer {token}")) == (401, "NotAuthorizedError")
    assert told(bring(facebook, begun, authorization="OAuth nonsense"))[:2] == (400, 190)
    assert told(bring(other, begun)) == (400, 100, 33)
    assert told(end(other, begun)) == (400, 100, 33)


def test_a_line_that_breaks_leaves_what_came(facebook):
    facebook.http.post("/_control/facebook/faults", json={"fault": "partial_upload"}).raise_for_status()
    begun, half = begin(facebook), len(FILM) // 2
    with pytest.raises(httpx.TransportError):
        bring(facebook, begun)
    phase = node(facebook, begun)["status"]["uploading_phase"]
    assert phase == {"status": "in_progress", "bytes_transferred": half}
    assert kind(bring(facebook, begun)) == (400, "OffsetInvalidError")
    assert bring(facebook, begun, start=half).json() == {"success": True}
    assert end(facebook, begun).is_success


@pytest.mark.parametrize(
    ("film", "subcode"),
    [
        (video(rate=24), 1363040),
        (video(size=(270, 480), rate=24), 1363127),
        (video(size=(540, 960), rate=24, seconds=2), 1363128),
        (video(size=(540, 960), rate=1, seconds=92), 1363128),
        (video(size=(540, 960), rate=10), 1363129),
    ],
)
def test_what_is_no_reel_is_refused_at_the_end(facebook, film, subcode):
    assert told(end(facebook, hand_over(facebook, film.read())))[2] == subcode
    assert facebook.posts() == []


@pytest.mark.parametrize("data", [picture(size=(400, 300), kind="BMP"), b"no video" * 500])
def test_what_is_no_mp4_is_refused_at_the_end(facebook, data):
    assert told(end(facebook, hand_over(facebook, data)))[1:] == (352, 1363024)


def test_the_thirty_first_of_a_day_is_refused_and_counted(facebook, clock):
    first = clock.now
    for n in range(30):
        clock.now += 60
        begun = hand_over(facebook)
        assert end(facebook, begun).is_success, n
        for _ in range(2):
            node(facebook, begun)
    listed = facebook.get(f"{facebook.id}/video_reels", fields="created_time", since=int(first), limit=50).json()[
        "data"
    ]
    assert len(listed) == 30
    over = hand_over(facebook)
    assert told(end(facebook, over))[1] == 9
    clock.now = first + 86_400 + 61
    assert end(facebook, over).is_success


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"upload_phase": "transfer"},
        {"upload_phase": "start", "file_size": 5_000},
        {"upload_phase": "start", "description": "Too early."},
        {"upload_phase": "finish", "video_id": "1", "video_state": "PUBLISHED"},
        {"upload_phase": "finish", "video_id": "1", "video_state": "OUT"},
    ],
)
def test_unknown_phases_and_parameters_are_refused(facebook, wrong):
    assert reels(facebook, **wrong).status_code == 400


def test_a_reel_is_published_and_nothing_else(facebook):
    begun = hand_over(facebook)
    for state in ("DRAFT", "SCHEDULED"):
        assert end(facebook, begun, video_state=state).status_code == 400
    assert reels(facebook, upload_phase="finish", video_id=begun["video_id"]).status_code == 400


def test_slow_processing_may_fail(facebook):
    fault = {"fault": "video_processing", "polls": 1, "fails": True}
    facebook.http.post("/_control/facebook/faults", json=fault).raise_for_status()
    begun = hand_over(facebook)
    assert end(facebook, begun).is_success
    node(facebook, begun)
    assert node(facebook, begun)["status"]["video_status"] == "error"
    assert facebook.posts() == []


# Covers


def cover(page, begun, data, **fields):
    return page.post(f"{begun['video_id']}/thumbnails", files={"source": ("cover.jpg", data)}, **fields)


def test_a_cover_is_a_picture_of_a_video_that_has_come(facebook, other):
    begun, still = hand_over(facebook), picture(size=(540, 960))
    assert told(cover(facebook, begun, still, is_preferred="true")) == (400, 100, 33)
    end(facebook, begun)
    assert cover(facebook, begun, still, is_preferred="true").json() == {"success": True}
    assert told(cover(facebook, begun, b"no picture"))[:2] == (400, 324)
    assert cover(facebook, begun, still, name="Snow").status_code == 400
    assert told(cover(other, begun, still)) == (400, 100, 33)
    facebook.http.post("/_control/facebook/faults", json={"fault": "cover_refused"}).raise_for_status()
    assert told(cover(facebook, begun, still))[:2] == (400, 324)

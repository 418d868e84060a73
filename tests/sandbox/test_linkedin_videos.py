"""LinkedIn's stand-in refuses of videos what LinkedIn refuses."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.networks.doubles import video
from tests.sandbox.callers import picture
from tests.sandbox.test_linkedin import DAYS, LinkedInCaller

FILM = video().read()


@pytest.fixture
def linkedin(http):
    return LinkedInCaller(http, "fife-division", "Fife Division")


SIZE = len(FILM)


def announce(page, size=SIZE, **change):
    asked = {"owner": page.urn, "fileSizeBytes": size, "uploadCaptions": False, "uploadThumbnail": False, **change}
    return page.post("videos?action=initializeUpload", {"initializeUploadRequest": asked})


def put(page, part, data):
    return page.put(part["uploadUrl"], data[part["firstByte"] : part["lastByte"] + 1])


def end(page, value, etags):
    asked = {"video": value["video"], "uploadToken": value["uploadToken"], "uploadedPartIds": etags}
    return page.post("videos?action=finalizeUpload", {"finalizeUploadRequest": asked})


def hand_over(page, data=FILM):
    value = announce(page, len(data)).json()["value"]
    return value, [put(page, part, data).headers["etag"] for part in value["uploadInstructions"]]


def status(page, value):
    return page.get(f"videos/{quote(value['video'], safe='')}").json()["status"]


def test_a_video_is_processed_and_then_stands_on_a_post(linkedin, http):
    value, etags = hand_over(linkedin)
    assert status(linkedin, value) == "WAITING_UPLOAD"
    assert end(linkedin, value, etags).content == b""
    assert [status(linkedin, value) for _ in range(2)] == ["PROCESSING", "AVAILABLE"]
    assert linkedin.publish("Snow.", content={"media": {"id": value["video"]}}).status_code == 201
    (post,) = linkedin.posts()
    assert [medium["mime"] for medium in post["media"]] == ["video/mp4"]
    shown = http.get(f"/linkedin/media/{value['video'].rpartition(':')[2]}")
    assert shown.headers["content-type"] == "video/mp4"


@pytest.mark.parametrize(
    "change",
    [
        {"fileSizeBytes": 0},
        {"fileSizeBytes": 500_000_001},
        {"fileSizeBytes": "5000"},
        {"uploadCaptions": True},
        {"owner": "urn:li:organization:1"},
        {"purpose": "VIDEO_AD"},
    ],
)
def test_what_cannot_be_announced_is_refused(linkedin, change):
    assert announce(linkedin, **change).is_client_error


def test_a_part_has_its_very_length_and_its_own_place(linkedin):
    value = announce(linkedin).json()["value"]
    first, second, *_ = value["uploadInstructions"]
    assert (first["firstByte"], second["firstByte"]) == (0, first["lastByte"] + 1)
    assert linkedin.put(first["uploadUrl"], FILM).status_code == 400
    assert linkedin.put(first["uploadUrl"] + "x", FILM[: first["lastByte"] + 1]).status_code == 400
    assert put(linkedin, first, FILM).headers["etag"] != put(linkedin, first, FILM).headers["etag"]


def test_places_lapse_after_a_day(linkedin, clock):
    value = announce(linkedin).json()["value"]
    clock.now += DAYS + 1
    assert put(linkedin, value["uploadInstructions"][0], FILM).status_code == 410


def test_an_upload_ends_once_with_every_etag_in_order(linkedin):
    value, etags = hand_over(linkedin)
    for wrong in (etags[:-1], etags[::-1], [*etags[:-1], "x"], []):
        assert end(linkedin, value, wrong).status_code == 400
    assert end(linkedin, {**value, "uploadToken": "x"}, etags).status_code == 400
    assert end(linkedin, value, etags).is_success
    assert end(linkedin, value, etags).status_code == 400
    assert put(linkedin, value["uploadInstructions"][0], FILM).status_code == 410


def test_what_is_no_video_of_the_right_length_fails_in_processing(linkedin):
    for data in (picture(size=(300, 200)), video(seconds=2).read()):
        value, etags = hand_over(linkedin, data)
        assert end(linkedin, value, etags).is_success
        assert [status(linkedin, value) for _ in range(2)] == ["PROCESSING", "PROCESSING_FAILED"]


def test_a_video_stands_alone_and_without_a_description(linkedin):
    value, etags = hand_over(linkedin)
    end(linkedin, value, etags)
    one = {"id": value["video"]}
    assert linkedin.publish(content={"media": {**one, "altText": "Snow"}}).status_code == 422
    both = {"multiImage": {"images": [one, {"id": linkedin.image()}]}}
    assert linkedin.publish(content=both).status_code == 422


def test_another_pages_video_is_nobodys(linkedin, http):
    other = LinkedInCaller(http, "perth-division", "Perth Division")
    value, etags = hand_over(linkedin)
    assert end(other, value, etags).status_code == 404
    assert other.get(f"videos/{quote(value['video'], safe='')}").status_code == 404

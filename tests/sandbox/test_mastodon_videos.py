"""Mastodon's stand-in refuses of videos what Mastodon refuses."""

from __future__ import annotations

from tests.networks.doubles import video
from tests.sandbox.callers import picture

FILM = video().read()


def film(mastodon, data=FILM, description=""):
    return mastodon.upload(data, description, "video/mp4")


def test_a_video_is_processed_and_then_stands_on_a_status(mastodon, http):
    made = film(mastodon, description="Snow falls on the road")
    assert (made.status_code, made.json()["url"]) == (202, None)
    path = f"/api/v1/media/{made.json()['id']}"
    assert [mastodon.get(path).status_code for _ in range(2)] == [206, 200]
    status = mastodon.publish("Snow.", media_ids=[made.json()["id"]]).json()
    (medium,) = status["media_attachments"]
    assert (medium["type"], medium["description"]) == ("video", "Snow falls on the road")
    assert http.get(medium["url"]).headers["content-type"] == "video/mp4"


def test_a_video_in_processing_cannot_be_attached(mastodon):
    assert mastodon.publish("Snow.", media_ids=[film(mastodon).json()["id"]]).status_code == 422


def test_a_video_stands_alone(mastodon):
    ids = [film(mastodon).json()["id"], mastodon.upload(picture()).json()["id"]]
    mastodon.get(f"/api/v1/media/{ids[0]}")
    for order in (ids, ids[::-1]):
        assert "Cannot attach a video" in mastodon.publish("Snow.", media_ids=order).json()["error"]


def test_what_only_calls_itself_a_video_is_none(mastodon):
    assert film(mastodon, FILM[:40]).status_code == 422
    assert film(mastodon, b"\0\0\0\x20ftypisom" + b"x" * 5_000).status_code == 422


def test_a_video_may_fail_in_processing(mastodon):
    made = film(mastodon).json()
    mastodon.fault("video_fails", on="upload")
    assert mastodon.get(f"/api/v1/media/{made['id']}").status_code == 422

from __future__ import annotations

import pytest

from tests.networks.doubles import video
from tests.sandbox.callers import picture
from tests.sandbox.x_caller import XCaller, said

PNG = picture()


@pytest.fixture
def x(http):
    return XCaller(http, "fife", "Fife Division")


def test_a_picture_goes_in_pieces_in_any_order(x):
    media_id = x.begin(PNG).json()["data"]["id"]
    middle = len(PNG) // 2
    assert x.append(media_id, PNG[middle:], 1).status_code == 200
    assert x.append(media_id, PNG[:middle], 0).status_code == 200
    told = x.finalize(media_id).json()["data"]
    assert (told["id"], told["size"], told["media_key"]) == (media_id, len(PNG), f"3_{media_id}")
    assert told["image"] == {"image_type": "image/png", "w": 40, "h": 30}
    assert "processing_info" not in told
    x.published("Snow", media={"media_ids": [media_id]})
    assert x.posts()[0]["media"][0]["size"] == len(PNG)


@pytest.mark.parametrize(
    "change",
    [
        {"media_type": "image/gif"},
        {"media_type": "application/pdf"},
        {"media_type": 5},
        {"media_category": "tweet_video"},
        {"media_category": None},
        {"total_bytes": 0},
        {"total_bytes": -1},
        {"total_bytes": "84"},
        {"total_bytes": True},
        {"total_bytes": 5 * 1024 * 1024 + 1},
        {"command": "INIT"},
        {"additional_owners": ["me"]},
    ],
)
def test_what_x_would_not_begin_is_refused(x, change):
    assert x.begin(PNG, **change).status_code == 400


@pytest.mark.parametrize("body", ["{", "[]", '"x"', ""])
def test_a_body_that_is_no_object_is_refused(x, body):
    answer = x.http.post(
        "/x/2/media/upload/initialize",
        content=body,
        headers={**x.bearer(), "content-type": "application/json"},
    )
    assert answer.status_code == 400


def test_a_form_is_no_json(x):
    assert x.post("media/upload/initialize", data={"media_type": "image/png"}).status_code == 400


@pytest.mark.parametrize("index", [-1, 1_000, "x", "", "0.5", "٣"])
def test_a_piece_has_a_number(x, index):
    media_id = x.begin(PNG).json()["data"]["id"]
    assert x.append(media_id, PNG, index).status_code == 400


def test_a_piece_has_bytes_and_nothing_else_along(x):
    media_id = x.begin(PNG).json()["data"]["id"]
    path = f"media/upload/{media_id}/append"
    files = {"media": ("piece", PNG)}
    assert x.append(media_id, b"").status_code == 400
    assert x.post(path, data={"segment_index": "0", "media": "text"}).status_code == 400
    assert x.post(path, data={"segment_index": "0", "command": "APPEND"}, files=files).status_code == 400
    assert x.post(path, {"segment_index": 0, "media": "eA=="}).status_code == 400


@pytest.mark.parametrize("pieces", [[], [(0, PNG[:-1])], [(1, PNG)], [(0, PNG), (2, b"x")]])
def test_pieces_that_do_not_add_up_are_refused_at_the_end(x, pieces):
    media_id = x.begin(PNG).json()["data"]["id"]
    for index, data in pieces:
        x.append(media_id, data, index)
    assert "do not add up" in said(x.finalize(media_id))


def test_what_is_no_picture_or_another_kind_is_refused_at_the_end(x):
    for data, kind in ((b"no picture at all", "image/png"), (PNG, "image/jpeg")):
        media_id = x.begin(data, media_type=kind).json()["data"]["id"]
        x.append(media_id, data)
        assert "media type unrecognized" in said(x.finalize(media_id))


def test_an_upload_is_nobody_elses_and_over_once_it_is_ended(x, http):
    other = XCaller(http, "dundee", "Dundee")
    media_id = x.begin(PNG).json()["data"]["id"]
    assert "Not found" in said(other.append(media_id, PNG))
    x.append(media_id, PNG)
    assert x.finalize(media_id).status_code == 200
    assert "Not found" in said(x.finalize(media_id))
    assert "Not found" in said(x.append(media_id, PNG))
    assert "Your media IDs are invalid." in said(other.publish("Snow", media={"media_ids": [media_id]}))


def test_the_end_of_an_upload_takes_no_body(x):
    media_id = x.begin(PNG).json()["data"]["id"]
    x.append(media_id, PNG)
    assert x.post(f"media/upload/{media_id}/finalize", {}).status_code == 400


def test_a_picture_that_was_ready_at_once_has_no_status(x):
    assert "BadRequest: Not found" in said(x.get("media/upload", command="STATUS", media_id=x.upload()))


def test_a_picture_in_processing_is_asked_after_until_it_is_ready(x):
    x.fault("media_processing", polls=2)
    media_id = x.begin(PNG).json()["data"]["id"]
    x.append(media_id, PNG)
    assert x.finalize(media_id).json()["data"]["processing_info"] == {"state": "pending", "check_after_secs": 1}
    assert "Your media IDs are invalid." in said(x.publish("Snow", media={"media_ids": [media_id]}))

    def state() -> str:
        answer = x.get("media/upload", command="STATUS", media_id=media_id).json()
        return answer["data"]["processing_info"]["state"]

    assert [state(), state(), state()] == ["in_progress", "succeeded", "succeeded"]
    assert x.publish("Snow", media={"media_ids": [media_id]}).status_code == 201


def test_processing_can_fail(x):
    x.fault("media_processing", polls=1, fails=True)
    media_id = x.begin(PNG).json()["data"]["id"]
    x.append(media_id, PNG)
    x.finalize(media_id)
    answer = x.get("media/upload", command="STATUS", media_id=media_id).json()
    assert answer["data"]["processing_info"] == {"state": "failed"}
    assert x.publish("Snow", media={"media_ids": [media_id]}).status_code == 400


@pytest.mark.parametrize(
    "params",
    [{}, {"media_id": "x"}, {"media_id": "1", "command": "FINALIZE"}, {"media_id": "1", "more": "x"}],
)
def test_a_status_is_asked_for_as_x_says(x, params):
    assert x.get("media/upload", **params).status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"id": "1"},
        {"id": 5},
        {"id": "x"},
        {"metadata": {"alt_text": {"text": "x"}}},
        {"id": "ID", "alt_text": "x"},
        {"id": "ID", "metadata": {"alt_text": "x"}},
        {"id": "ID", "metadata": {"alt_text": {}}},
        {"id": "ID", "metadata": {"alt_text": {"text": "x" * 1_001}}},
        {"id": "ID", "metadata": {"alt_text": {"text": "x", "lang": "en"}}},
    ],
)
def test_a_description_that_does_not_fit_is_refused(x, body):
    media_id = x.upload()
    body = {**body, "id": media_id} if body.get("id") == "ID" else body
    assert x.post("media/metadata", body).status_code == 400


def test_a_description_stands_with_the_picture(x):
    media_id = x.upload(alt="A navy field — “navy”")
    native_id = x.published("Snow", media={"media_ids": [media_id]})
    assert x.posts()[0]["media"][0]["alt"] == "A navy field — “navy”"
    asked = {"expansions": "attachments.media_keys", "media.fields": "alt_text,width,height,url"}
    told = x.get(f"tweets/{native_id}", **asked).json()["includes"]["media"]
    assert [(one["alt_text"], one["type"], one["width"]) for one in told] == [("A navy field — “navy”", "photo", 40)]
    assert x.http.get(told[0]["url"]).content == PNG


def test_unused_pictures_are_swept_after_a_day(x, clock):
    media_id, used = x.upload(), x.upload()
    native_id = x.published("Snow", media={"media_ids": [used]})
    clock.now += 86_400
    assert "Your media IDs are invalid." in said(x.publish("Later", media={"media_ids": [media_id]}))
    assert "Not found" in said(x.post("media/metadata", {"id": media_id}))
    assert native_id == x.posts()[0]["native_id"]
    assert len(x.posts()[0]["media"]) == 1


def test_lost_pieces_are_noticed_at_the_end(x):
    x.fault("segments_lost")
    media_id = x.begin(PNG).json()["data"]["id"]
    assert x.append(media_id, PNG).status_code == 200
    assert "do not add up" in said(x.finalize(media_id))


def test_a_token_can_end_in_an_upload(x):
    x.fault("token_ends_in_upload")
    media_id = x.begin(PNG).json()["data"]["id"]
    assert x.append(media_id, PNG).status_code == 401


SRT = b"1\n00:00:01,000 --> 00:00:03,000\nSnow on the A9.\n"


def hand_over(x, data, kind, category):
    media_id = x.begin(data, media_type=kind, media_category=category).json()["data"]["id"]
    x.append(media_id, data)
    return media_id, x.finalize(media_id)


def test_captions_are_srt_and_belong_to_a_video(x, http):
    film, _ = hand_over(x, video().read(), "video/mp4", "tweet_video")
    track, ended = hand_over(x, SRT, "text/srt", "subtitles")
    assert ended.status_code == 200
    assert hand_over(x, b"WEBVTT\n\n00:01.000 --> 00:02.000\nSnow.", "text/srt", "subtitles")[1].status_code == 400
    told = {"display_name": "English", "id": track, "language_code": "EN"}
    good = {"id": film, "media_category": "TweetVideo", "subtitles": told}
    answer = x.post("media/subtitles", good)
    assert answer.json()["data"]["associated_subtitles"] == told
    other = XCaller(http, "perth", "Perth Division")
    assert other.post("media/subtitles", good).status_code == 400
    for wrong in (
        {**good, "id": x.upload()},
        {**good, "id": "1"},
        {**good, "media_category": "tweet_video"},
        {**good, "subtitles": {**told, "id": film}},
        {**good, "subtitles": {**told, "language_code": "en"}},
        {**good, "subtitles": {**told, "locale": "en_GB"}},
        {"id": film, "media_category": "TweetVideo"},
    ):
        assert x.post("media/subtitles", wrong).status_code == 400
    assert x.publish("Snow", media={"media_ids": [track]}).status_code == 400

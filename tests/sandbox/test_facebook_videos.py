"""The stand-in of Facebook refuses of videos what Facebook refuses, and more."""

from __future__ import annotations

import pytest

from tests.networks.doubles import video
from tests.sandbox.callers import picture
from tests.sandbox.graph_callers import FacebookCaller, told

FILM = video().read()
SRT = b"1\n00:00:01,000 --> 00:00:03,000\nSnow on the A9.\n"


@pytest.fixture
def facebook(http):
    return FacebookCaller(http, "fife.division", "Fife Division")


@pytest.fixture
def other(http, facebook):
    return FacebookCaller(http, "perth.division", "Perth Division")


def videos(page, **fields):
    files = {"video_file_chunk": ("piece", fields.pop("piece"))} if "piece" in fields else None
    return page.post(f"{page.id}/videos", files=files, **fields)


def begin(page, data=FILM):
    return videos(page, upload_phase="start", file_size=len(data)).json()


def transfer(page, begun, start, piece):
    session = begun["upload_session_id"]
    return videos(page, upload_phase="transfer", upload_session_id=session, start_offset=start, piece=piece)


def hand_over(page, data=FILM):
    """All of it, as the page is asked; what the beginning told."""
    begun = asked = begin(page, data)
    while asked["start_offset"] != asked["end_offset"]:
        start, end = int(asked["start_offset"]), int(asked["end_offset"])
        asked = transfer(page, begun, start, data[start:end]).json()
    return begun


def end(page, begun, **fields):
    return videos(page, upload_phase="finish", upload_session_id=begun["upload_session_id"], **fields)


def status(page, begun):
    return page.get(begun["video_id"], fields="status,post_id,published").json()


def test_a_video_stands_there_once_it_is_processed(facebook, http):
    begun = hand_over(facebook)
    assert status(facebook, begun)["status"]["video_status"] == "uploading"
    assert end(facebook, begun, description="Snow.").json() == {"success": True}
    assert status(facebook, begun)["status"]["video_status"] == "processing"
    assert facebook.posts() == []
    shown = status(facebook, begun)
    assert (shown["status"]["video_status"], shown["published"]) == ("ready", True)
    read = facebook.get(shown["post_id"], fields="message,permalink_url,attachments{media_type,target}").json()
    (attachment,) = read["attachments"]["data"]
    assert (read["message"], attachment["media_type"]) == ("Snow.", "video")
    assert attachment["target"]["id"] == begun["video_id"]
    assert http.get(f"/facebook/media/{begun['video_id']}").headers["content-type"] == "video/mp4"
    assert http.get(read["permalink_url"]).status_code == 200


def test_the_size_must_be_one_that_facebook_takes(facebook):
    assert told(videos(facebook, upload_phase="start", file_size=10))[2] == 1363022
    assert told(videos(facebook, upload_phase="start", file_size=2_000_000_001))[2] == 1363023
    assert told(videos(facebook, upload_phase="start"))[2] == 1363022


def test_another_piece_than_the_one_asked_for_is_told_which_it_is(facebook):
    begun = begin(facebook)
    third = int(begun["end_offset"])
    assert third < len(FILM)
    for start, piece in ((1, b"x"), (third, b"x"), (0, FILM[: third + 1])):
        refused = transfer(facebook, begun, start, piece)
        assert told(refused)[2] == 1363037
        wanted = {"start_offset": "0", "end_offset": str(third)}
        assert refused.json()["error"]["error_data"] == wanted
    assert transfer(facebook, begun, 0, b"").status_code == 400


def test_a_part_of_a_video_is_no_video(facebook):
    begun = begin(facebook)
    assert end(facebook, begun).status_code == 400
    assert facebook.posts() == []


def test_an_upload_ends_once(facebook):
    begun = hand_over(facebook)
    assert end(facebook, begun).is_success
    assert end(facebook, begun).status_code == 400


@pytest.mark.parametrize("data", [picture(size=(400, 300), kind="BMP"), b"no video" * 500])
def test_what_is_no_mp4_is_refused_at_the_end(facebook, data):
    assert told(end(facebook, hand_over(facebook, data)))[1:] == (352, 1363024)


def test_another_pages_upload_is_nobodys(facebook, other):
    begun = begin(facebook)
    assert told(transfer(other, begun, 0, FILM[:10]))[2] == 1363033
    assert told(end(other, begun))[2] == 1363033
    assert told(other.get(begun["video_id"])) == (400, 100, 33)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"upload_phase": "cancel"},
        {"upload_phase": "start", "file_size": "many"},
        {"upload_phase": "start", "file_size": 5_000, "description": "Too early."},
        {"upload_phase": "finish", "upload_session_id": "1", "file_size": 5_000},
    ],
)
def test_unknown_phases_and_parameters_are_refused(facebook, wrong):
    assert videos(facebook, **wrong).status_code == 400


def test_captions_are_srt_under_a_name_with_a_locale(facebook):
    begun = hand_over(facebook)
    end(facebook, begun)

    def caption(name, data=SRT):
        return facebook.post(f"{begun['video_id']}/captions", files={"captions_file": (name, data)})

    assert caption("captions.en_GB.srt").json() == {"success": True}
    for name, data in (
        ("captions.srt", SRT),
        ("captions.en.srt", SRT),
        ("captions.en_GB.srt", b"WEBVTT\n\n00:01.000 --> 00:02.000\nSnow."),
        ("captions.en_GB.srt", SRT * 5_000),
    ):
        assert caption(name, data).status_code == 400

"""What only YouTube has: videos in pieces over attempts and processes, and a private life before the public one."""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from mercat.networks.port import Altered, Found, Later, Medium, NewProfile, Pending, Reconnect, Refused, Sent
from mercat.networks.youtube.adapter import NETWORK
from mercat.networks.youtube.extras import MOST_TRIES
from mercat.networks.youtube.upload import MOST_PIECES, PIECE, SHOWN_AFTER
from tests.networks.contract import Scripted, scripted
from tests.networks.doubles import NOW, MemoryNotes, item, nobodys, video
from tests.networks.servers import Sandbox
from tests.networks.test_servers import Meeting
from tests.servers.media_host import MediaHost

BEGIN, PUT = "POST /upload/youtube/v3/videos", "PUT /upload/youtube/v3/videos"
COVER, CAPTIONS = "POST /upload/youtube/v3/thumbnails/set", "POST /upload/youtube/v3/captions"
LOOK, PUBLISH = "GET /youtube/v3/videos", "PUT /youtube/v3/videos"
VIDEO = "Vid0_-56789"
on_the_stand_in = pytest.mark.parametrize("sandbox", ["youtube"], indirect=True)


def calls(run: Scripted) -> list[str]:
    return [f"{request.method} {request.url.path}" for request in run.requests]


def spans(run: Scripted) -> list[str]:
    return [request.headers["content-range"] for request in run.requests if "content-range" in request.headers]


def publish(run: Scripted, *media: Medium, **about: Any) -> Any:
    one = replace(run.item, media=media or run.item.media, **about)
    return NETWORK.publisher.publish(run.channel, one, run.notes, now=NOW)


def long_video(size: int) -> tuple[Medium, list[tuple[int, int]]]:
    """A video that is nowhere whole, and the parts of it that were read."""
    read: list[tuple[int, int]] = []

    def part(offset: int, length: int) -> bytes:
        read.append((offset, length))
        return bytes(length)

    def whole() -> bytes:
        raise AssertionError("A video is never read whole.")

    return Medium("0" * 64, "video/mp4", "", 64, 36, size, whole, seconds=60.0, part=part), read


class Storing:
    """Answers pieces as YouTube does: what it has so far, and the video at the end."""

    def __init__(self, run: Scripted, size: int) -> None:
        self.run, self.size, self.has, self.fails = run, size, 0, 0
        self.scripted, run.http = run._answer, httpx.Client(transport=httpx.MockTransport(self.answer))
        run.channel = replace(run.channel, http=run.http)

    def answer(self, request: httpx.Request) -> httpx.Response:
        if f"{request.method} {request.url.path}" != PUT:
            return self.scripted(request)
        self.run.requests.append(request)
        if self.fails:
            self.fails -= 1
            raise httpx.ConnectTimeout("The lease of this attempt is over.", request=request)
        span = request.headers["content-range"].removeprefix("bytes ").partition("/")[0]
        if span != "*":
            first, last = map(int, span.split("-"))
            assert first == self.has
            assert len(request.content) == last - first + 1
            self.has = last + 1
        if self.has == self.size:
            return httpx.Response(200, json={"kind": "youtube#video", "id": VIDEO})
        return httpx.Response(308, headers={"Range": f"bytes=0-{self.has - 1}"} if self.has else {})


# Bringing it


def test_the_sessions_address_is_noted_before_any_byte() -> None:
    run, _ = scripted("youtube", "piece_lost")
    assert isinstance(run.run("publish"), Later)
    assert any("upload_id=the-session" in value for value in run.notes.values.values())
    begun = run.requests[0]
    assert begun.headers["x-upload-content-type"] == "video/mp4"
    assert begun.headers["x-upload-content-length"] == str(run.item.media[0].size)
    body = json.loads(begun.content)
    assert body["status"]["privacyStatus"] == "private"
    assert body["status"]["selfDeclaredMadeForKids"] is False
    assert body["status"]["containsSyntheticMedia"] is False
    assert body["snippet"]["title"] == "Snow on the A9."
    assert body["snippet"]["description"] == run.item.text
    assert body["snippet"]["tags"] == [f"mercat-{run.item.key}"]


def test_the_sessions_address_is_in_no_outcome_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    run, _ = scripted("youtube", "piece_lost")
    assert "the-session" not in repr(run.run("publish"))
    run.answers[PUT] = {"status": 400, "body": {"error": {"code": 400, "message": "No.", "errors": []}}}
    assert "the-session" not in repr(run.run("publish"))
    assert "the-session" not in caplog.text


def test_after_a_lost_answer_another_process_asks_how_far_it_came() -> None:
    run, _ = scripted("youtube", "piece_lost")
    run.run("publish")
    size = run.item.media[0].size
    run.answers[PUT] = [
        {"status": 308, "headers": {"Range": "bytes=0-9"}, "text": ""},
        {"status": 200, "body": {"id": VIDEO}},
    ]
    assert isinstance(run.run("publish"), Sent)
    assert spans(run) == [f"bytes 0-{size - 1}/{size}", f"bytes */{size}", f"bytes 10-{size - 1}/{size}"]
    assert calls(run).count(BEGIN) == 1


def test_an_upload_whose_last_answer_was_lost_is_not_brought_again() -> None:
    run, _ = scripted("youtube", "piece_lost")
    run.run("publish")
    run.answers[PUT] = {"status": 200, "body": {"id": VIDEO}}
    assert isinstance(run.run("publish"), Sent)
    assert run.requests[2].content == b""
    assert calls(run).count(BEGIN) == 1


def test_two_gigabytes_go_over_several_attempts_in_pieces_of_eight_megabytes() -> None:
    run, _ = scripted("youtube")
    size = 2 * 1024**3 - 5
    film, read = long_video(size)
    storing = Storing(run, size)
    outcomes = [publish(run, film)]
    while isinstance(outcomes[-1], Pending):
        assert outcomes[-1].at == NOW
        outcomes.append(publish(run, film))
    assert [type(one).__name__ for one in outcomes] == ["Pending"] * 3 + ["Sent"]
    assert storing.has == size
    assert len(read) == 4 * MOST_PIECES
    assert all(offset % (256 * 1024) == 0 for offset, _ in read)
    assert max(length for _, length in read) == PIECE
    assert calls(run).count(BEGIN) == 1


def test_an_attempt_whose_time_is_over_goes_on_in_the_next_and_costs_none() -> None:
    run, _ = scripted("youtube")
    size = 5 * PIECE
    film, _ = long_video(size)
    storing = Storing(run, size)
    storing.fails = 1
    assert isinstance(publish(run, film), Later)  # nothing was brought: that is trouble
    piece = storing.answer

    def third_is_late(request: httpx.Request) -> httpx.Response:
        if storing.has == 2 * PIECE and request.content:
            storing.fails = 1
        return piece(request)

    run.http = httpx.Client(transport=httpx.MockTransport(third_is_late))
    run.channel = replace(run.channel, http=run.http)
    assert isinstance(publish(run, film), Pending)
    run.channel = replace(run.channel, http=httpx.Client(transport=httpx.MockTransport(piece)))
    assert isinstance(publish(run, film), Sent)


def test_a_line_too_slow_for_one_piece_still_gets_on_at_no_cost() -> None:
    """What arrived of a piece before the time-out stays at YouTube: the next attempt finds that it came further."""
    run, _ = scripted("youtube", "piece_lost")
    assert isinstance(run.run("publish"), Later)
    for reached in (9, 19):
        run.answers[PUT] = [{"status": 308, "headers": {"Range": f"bytes=0-{reached}"}, "text": ""}, {"late": True}]
        assert isinstance(run.run("publish"), Pending)
    run.answers[PUT] = [{"status": 308, "headers": {"Range": "bytes=0-19"}, "text": ""}, {"late": True}]
    assert isinstance(run.run("publish"), Later)


def test_a_video_that_was_swapped_in_the_middle_goes_no_further() -> None:
    run, _ = scripted("youtube")
    film, _ = long_video(3 * PIECE)

    def part(offset: int, size: int) -> bytes:
        if offset:
            raise Altered("A stored video is not the one that was approved.")
        return bytes(size)

    Storing(run, 3 * PIECE)
    with pytest.raises(Altered):
        publish(run, replace(film, part=part))
    assert PUBLISH not in calls(run)


def test_a_range_that_makes_no_sense_is_stuck_and_not_an_endless_loop() -> None:
    run, _ = scripted("youtube")
    for told in ("bytes=0-99999999999", "bytes=5-9", "nonsense", "bytes=0-"):
        run.answers[PUT] = {"status": 308, "headers": {"Range": told}, "text": ""}
        assert isinstance(publish(run), Later)


def test_a_video_that_youtube_never_shows_is_brought_anew_only_after_a_while() -> None:
    run, _ = scripted("youtube", "video_not_shown_yet")
    assert isinstance(run.run("publish"), Later)
    assert isinstance(run.run("publish"), Later)
    assert calls(run).count(BEGIN) == 1
    later = NOW + SHOWN_AFTER + timedelta(seconds=1)
    for _ in range(2):
        NETWORK.publisher.publish(run.channel, run.item, run.notes, now=later)
    assert calls(run).count(BEGIN) == 2


# Making it public


def test_nothing_is_public_until_everything_is_in_place() -> None:
    run, _ = scripted("youtube")
    run.answers[CAPTIONS] = {"status": 200, "body": {"id": "track"}}
    publish(run, video("", captions="WEBVTT\n\n00:00.000 --> 00:01.000\nSnow.\n"), language="gd")
    assert calls(run) == [BEGIN, PUT, LOOK, COVER, CAPTIONS, PUBLISH]
    track = run.requests[4]
    assert track.headers["content-type"].startswith("multipart/related; boundary=")
    assert b"WEBVTT\n\n00:00.000 --> 00:01.000\nSnow.\n" in track.content
    about = json.loads(track.content.split(b"\r\n\r\n")[1].split(b"\r\n--")[0])
    assert about == {"snippet": {"videoId": VIDEO, "language": "gd", "name": "", "isDraft": False}}
    public = json.loads(run.requests[5].content)
    assert public["status"]["privacyStatus"] == "public"
    assert public["snippet"]["tags"] == []


def test_cover_and_captions_are_brought_once() -> None:
    run, _ = scripted("youtube", "publish_lost")
    run.run("publish")
    run.run("publish")
    assert calls(run).count(COVER) == 1
    assert calls(run).count(PUBLISH) == 2


def test_a_video_does_not_wait_for_its_cover_for_ever() -> None:
    run, _ = scripted("youtube", "cover_trouble")
    outcomes = [type(run.run("publish")).__name__ for _ in range(MOST_TRIES)]
    assert outcomes == ["Pending"] * (MOST_TRIES - 1) + ["Sent"]


def test_captions_that_are_there_already_are_those_whose_answer_was_lost() -> None:
    run, _ = scripted("youtube")
    conflict = {"error": {"code": 409, "message": "", "errors": [{"reason": "captionExists", "domain": "d"}]}}
    run.answers[CAPTIONS] = [{"dropped": True}, {"status": 409, "body": conflict}]
    film = video("", captions="WEBVTT\n")
    assert isinstance(publish(run, film), Pending)
    assert isinstance(publish(run, film), Sent)


def test_what_a_machine_made_is_declared() -> None:
    run, _ = scripted("youtube")
    publish(run, synthetic=True)
    for request in (run.requests[0], run.requests[-1]):
        assert json.loads(request.content)["status"]["containsSyntheticMedia"] is True


# Reading, editing, profile


def test_among_the_uploads_another_posts_video_is_not_taken() -> None:
    run, _ = scripted("youtube")
    found = NETWORK.reader.find(
        run.channel, run.item, MemoryNotes(), native_id=None, is_another=lambda native_id: True, now=NOW
    )
    assert type(found).__name__ == "Missing"


def test_a_title_that_was_changed_at_youtube_does_not_match() -> None:
    run, _ = scripted("youtube")
    run.answers[LOOK]["body"]["items"][0]["snippet"]["title"] = "Something else"
    found = run.run("find")
    assert isinstance(found, Found)
    assert not NETWORK.reader.matches(run.item, found, run.channel)


def test_an_edit_keeps_what_else_the_part_holds() -> None:
    run, _ = scripted("youtube")
    snippet = run.answers[LOOK]["body"]["items"][0]["snippet"]
    snippet |= {"tags": ["police"], "categoryId": "22"}
    run.run("edit")
    body = json.loads(run.requests[-1].content)
    assert body["snippet"]["tags"] == ["police"]
    assert body["snippet"]["categoryId"] == "22"
    assert "publishedAt" not in body["snippet"]
    assert "status" not in body


def test_a_new_description_keeps_the_other_settings() -> None:
    run, _ = scripted("youtube")
    assert NETWORK.profiler
    NETWORK.profiler.change(run.channel, NewProfile(bio="New."), now=NOW)
    settings = json.loads(run.requests[-1].content)["brandingSettings"]
    assert settings["channel"] == {"title": "Tayside Division", "description": "New.", "keywords": "police"}
    refused = NETWORK.profiler.change(run.channel, NewProfile(name="Other"), now=NOW)
    assert isinstance(refused, Refused)
    assert "YouTube Studio" in refused.reason


def test_where_comments_are_switched_off_there_are_none() -> None:
    run, _ = scripted("youtube")
    error = {"code": 403, "message": "", "errors": [{"reason": "commentsDisabled", "domain": "youtube.commentThread"}]}
    run.answers["GET /youtube/v3/commentThreads"] = {"status": 403, "body": {"error": error}}
    assert run.run("comments") == ()


# On the stand-in


@pytest.fixture
def stand_in(sandbox: Sandbox, pictures: MediaHost) -> Any:
    one = Meeting(sandbox, pictures)
    yield one
    one.http.close()


@on_the_stand_in
def test_a_session_that_is_gone_is_begun_anew_and_leaves_one_video(stand_in: Meeting, sandbox: Sandbox) -> None:
    one = stand_in.item("Snow.")
    sandbox.fault("session_gone", "upload")
    outcome = stand_in.publish(one)
    assert isinstance(outcome, Later)
    assert "anew" in outcome.reason
    sandbox.no_faults()
    assert isinstance(stand_in.publish(one), Sent)
    assert len(stand_in.standing()) == 1


@on_the_stand_in
def test_a_session_that_is_gone_after_all_came_is_no_reason_for_a_second_video(
    stand_in: Meeting, sandbox: Sandbox
) -> None:
    one, notes = stand_in.item("Snow."), stand_in.notes
    sandbox.fault("processing", "upload", polls=1)
    assert isinstance(stand_in.publish(one), Pending)
    sandbox.no_faults()
    notes[one.key].values.pop(f"video:{one.key}")  # the last answer was lost
    sandbox.fault("session_gone", "upload")
    assert isinstance(stand_in.publish(one), Sent)
    assert len(stand_in.standing()) == 1
    assert hashlib.sha256(one.media[0].read()).hexdigest() == sandbox.control("GET", "posts")[-1]["media"][0]["sha256"]


@on_the_stand_in
def test_part_of_a_piece_is_followed_by_the_rest(stand_in: Meeting, sandbox: Sandbox) -> None:
    sandbox.fault("partial_upload", "upload")
    assert isinstance(stand_in.publish(stand_in.item("Snow.")), Sent)


@on_the_stand_in
@pytest.mark.parametrize("fault", ["token_ends_in_upload", "expired_token"])
def test_a_token_that_ends_in_mid_upload_asks_for_a_person_where_none_can_be_had(
    stand_in: Meeting, sandbox: Sandbox, fault: str
) -> None:
    sandbox.fault(fault, "upload")
    assert isinstance(stand_in.publish(stand_in.item("Snow.")), Reconnect)
    assert stand_in.standing() == []


@on_the_stand_in
def test_what_is_private_is_never_found_as_sent(stand_in: Meeting, sandbox: Sandbox) -> None:
    one = stand_in.item("Snow.")
    sandbox.fault("keeps_private", "publish")
    refused = stand_in.publish(one)
    assert isinstance(refused, Refused)
    assert "compliance audit" in refused.reason
    assert type(stand_in.find(one)).__name__ == "Missing"
    video_id = stand_in.notes[one.key].values[f"video:{one.key}"]
    seen = NETWORK.reader.find(
        stand_in.channel, one, MemoryNotes(), native_id=video_id, is_another=nobodys, now=stand_in.now
    )
    assert type(seen).__name__ == "Unreadable"


def test_an_item_without_a_video_or_with_a_picture_is_a_problem_in_words() -> None:
    run, _ = scripted("youtube")
    (problem,) = NETWORK.check(item("Snow."), run.channel.limits)
    assert problem.message == "YouTube takes no post without a video. Add one."


def test_a_session_that_has_all_bytes_and_no_video_yet_is_asked_again_later() -> None:
    run, _ = scripted("youtube", "piece_lost")
    run.run("publish")
    size = run.item.media[0].size
    run.answers[PUT] = {"status": 308, "headers": {"Range": f"bytes=0-{size - 1}"}, "text": ""}
    assert isinstance(run.run("publish"), Later)
    assert spans(run)[1:] == [f"bytes */{size}"]


def test_what_came_since_is_read_page_by_page_until_older_threads() -> None:
    run, _ = scripted("youtube")
    page = run.answers["GET /youtube/v3/commentThreads"]
    own = {**page, "body": {**page["body"], "items": page["body"]["items"][1:], "nextPageToken": "2"}}
    run.answers["GET /youtube/v3/commentThreads"] = [own, page]
    heard = run.run("mentions")
    assert [one.text for one in heard] == ["Is the road open?"]
    old = {**page, "body": {**page["body"], "nextPageToken": "2"}}
    run.answers["GET /youtube/v3/commentThreads"] = old
    before = len(run.requests)
    assert NETWORK.listener
    assert NETWORK.listener.mentions(run.channel, since=NOW, now=NOW) == ()
    assert len(run.requests) == before + 1


def test_a_session_at_a_name_that_cannot_be_read_is_not_gone_to() -> None:
    run, _ = scripted("youtube")
    name = next(name for name in run.answers if name.startswith("POST /upload"))
    run.answers[name] = {"status": 200, "headers": {"location": "https://xn--.googleapis.com/1"}, "body": {}}
    assert isinstance(run.run("publish"), Later)
    assert not any(request.method == "PUT" for request in run.requests)

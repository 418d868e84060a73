"""Upright videos at the stand-in: as reels, over broken lines and lost answers, and once."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any

import httpx
import pytest

from mercat.networks.facebook import payload
from mercat.networks.facebook.adapter import NETWORK
from mercat.networks.port import Altered, Channel, Found, Later, Medium, Missing, Pending, Refused, Sent, Unsure
from tests.networks.contract import scripted
from tests.networks.doubles import MemoryNotes, channel_of, client_for, item, nobodys, reel, video
from tests.networks.graph_specs import parameters, wrong_with
from tests.networks.servers import Sandbox

CAPTIONS = "WEBVTT\n\n00:01.000 --> 00:03.000\nSnow on the A9.\n"


@pytest.fixture
def sandbox(sandbox_url: str) -> Any:
    server = Sandbox(sandbox_url, "facebook")
    yield server
    server.no_faults()


@pytest.fixture
def channel(sandbox: Sandbox) -> Any:
    assert NETWORK.connector
    with client_for(sandbox.origin) as http:
        identity = NETWORK.connector.connect(sandbox.new_account(), http, now=datetime.now(UTC))
        yield channel_of(identity, http)


@pytest.fixture
def requests(channel: Channel) -> list[httpx.Request]:
    """What the adapter asks, as it asks it."""
    seen: list[httpx.Request] = []
    watch(channel, seen)
    return seen


def watch(channel: Channel, seen: list[httpx.Request], then: Callable[[httpx.Request], None] = lambda _: None) -> None:
    def note(request: httpx.Request) -> None:
        if "video-upload" not in request.url.path:  # those are to go out piece by piece
            request.read()
        seen.append(request)
        then(request)

    channel.http.event_hooks = {**channel.http.event_hooks, "request": [note]}


def snow(**more: Any) -> Any:
    return item("Snow.", reel(**more), created_at=datetime.now(UTC))


def publish(channel: Channel, one: Any, notes: MemoryNotes) -> Any:
    return NETWORK.publisher.publish(channel, one, notes, now=datetime.now(UTC))


def publish_in_the_end(channel: Channel, one: Any, notes: MemoryNotes) -> Any:
    for _ in range(50):
        outcome = publish(channel, one, notes)
        if not isinstance(outcome, Pending):
            return outcome
    raise AssertionError(outcome)


def find(channel: Channel, one: Any, notes: MemoryNotes) -> Any:
    now = datetime.now(UTC)
    return NETWORK.reader.find(channel, one, notes, native_id=None, is_another=nobodys, now=now)


def edges(requests: list[httpx.Request]) -> list[str]:
    """What was posted, by the last word of its address; uploads by "upload"."""
    posted = [request.url.path.split("/") for request in requests if request.method == "POST"]
    return ["upload" if "video-upload" in path else path[-1] for path in posted]


def offsets(requests: list[httpx.Request]) -> list[int]:
    return [int(request.headers["offset"]) for request in requests if "video-upload" in request.url.path]


# Which videos


@pytest.mark.parametrize(
    ("width", "height", "seconds", "is_one"),
    [
        (1080, 1920, 30, True),
        (540, 960, 3, True),
        (608, 1080, 90, True),  # whole and even pixels are never exactly 9 to 16
        (1080, 1920, 2.9, False),
        (1080, 1920, 90.1, False),
        (538, 960, 30, False),
        (540, 958, 30, False),
        (1080, 1350, 30, False),
        (886, 1920, 30, False),
        (1920, 1080, 30, False),
        (1080, 1080, 30, False),
    ],
)
def test_the_shape_decides(width: int, height: int, seconds: float, is_one: bool) -> None:
    one = dataclasses.replace(video(), width=width, height=height, seconds=seconds)
    assert payload.is_reel(one) is is_one


def test_a_wide_video_is_no_reel(channel: Channel, requests: list[httpx.Request]) -> None:
    one = item("Snow.", video(), created_at=datetime.now(UTC))
    assert isinstance(publish_in_the_end(channel, one, MemoryNotes()), Sent)
    assert "video_reels" not in edges(requests)


# Its way


def test_an_upright_video_goes_out_as_a_reel_and_is_read_back(
    sandbox: Sandbox, channel: Channel, requests: list[httpx.Request]
) -> None:
    one, notes = snow(), MemoryNotes()
    sent = publish_in_the_end(channel, one, notes)
    assert isinstance(sent, Sent)
    assert edges(requests)[:3] == ["video_reels", "upload", "video_reels"]
    assert offsets(requests) == [0]
    for native_id in (sent.native_id, None):
        found = NETWORK.reader.find(channel, one, notes, native_id=native_id, is_another=nobodys, now=datetime.now(UTC))
        assert isinstance(found, Found)
        assert found.native_id == sent.native_id
        assert NETWORK.reader.matches(one, found, channel)
    assert len(sandbox.standing(channel.native_id)) == 1


def test_its_calls_are_those_of_metas_specs(channel: Channel, requests: list[httpx.Request]) -> None:
    assert isinstance(publish_in_the_end(channel, snow(captions=CAPTIONS), MemoryNotes()), Sent)
    graphs = [request for request in requests if "video-upload" not in request.url.path]

    def kind_of(native_id: str) -> str:
        if native_id == channel.native_id:
            return "Page"
        return "PagePost" if "_" in native_id else "AdVideo"

    assert {"captions", "thumbnails"} <= set(edges(graphs))
    assert [wrong for request in graphs for wrong in wrong_with(_as_at_meta(request), kind_of)] == []


def _as_at_meta(request: httpx.Request) -> httpx.Request:
    url = str(request.url).replace("/facebook/", "/")
    return httpx.Request(request.method, url, headers=request.headers, content=request.read())


def test_a_line_that_breaks_costs_no_attempt_and_facebook_says_where_to_go_on(
    sandbox: Sandbox, channel: Channel, requests: list[httpx.Request]
) -> None:
    one, notes = snow(), MemoryNotes()
    size = one.media[0].size
    sandbox.fault("partial_upload", "upload")
    first = publish(channel, one, notes)
    assert isinstance(first, Pending)
    assert first.moving
    assert isinstance(publish_in_the_end(channel, one, notes), Sent)  # with what was noted alone, as by another process
    assert offsets(requests) == [0, size // 2]
    assert edges(requests).count("video_reels") == 2
    assert len(sandbox.standing(channel.native_id)) == 1


def test_what_came_before_our_own_store_failed_is_kept(
    sandbox: Sandbox, channel: Channel, requests: list[httpx.Request], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mercat.networks.kit.films.AT_ONCE", 50_000)
    one, notes = snow(), MemoryNotes()
    whole = one.media[0].part

    def part(offset: int, size: int) -> bytes:
        if offset >= 100_000:
            raise OSError("The disk is gone.")
        return whole(offset, size)

    failing = dataclasses.replace(one, media=(dataclasses.replace(one.media[0], part=part),))
    assert isinstance(publish(channel, failing, notes), Pending | Later)
    assert isinstance(publish_in_the_end(channel, one, notes), Sent)
    assert offsets(requests) == [0, 100_000]


@pytest.mark.parametrize("fault", ["answer_lost", "error_before", "error_after", "wrong_200", "rate_limited"])
def test_trouble_with_whichever_call_costs_nothing(sandbox: Sandbox, channel: Channel, fault: str) -> None:
    """The fault is armed at the first call that hands over, then at the second, until there are no more."""
    for nth in range(12):
        one, notes, calls = snow(), MemoryNotes(), count()

        def arm(_: httpx.Request, nth: int = nth, calls: Iterator[int] = calls) -> None:
            if next(calls) == nth:
                sandbox.fault(fault, "upload")

        watch(channel, [], arm)
        outcome = publish_in_the_end(channel, one, notes)
        if isinstance(outcome, Later):
            outcome = publish_in_the_end(channel, one, notes)
        sandbox.no_faults()
        assert isinstance(outcome, Sent), nth
        assert len(sandbox.standing(channel.native_id)) == nth + 1
        if next(calls) <= nth:
            return


@pytest.mark.parametrize("fault", ["answer_lost", "error_after", "wrong_200"])
def test_a_lost_answer_to_the_upload_is_cleared_up_by_asking(sandbox: Sandbox, channel: Channel, fault: str) -> None:
    one, notes, requests = snow(), MemoryNotes(), list[httpx.Request]()

    def arm(request: httpx.Request) -> None:
        if "offset" in request.headers:
            sandbox.fault(fault, "upload", **({"done": True} if fault == "wrong_200" else {}))

    watch(channel, requests, arm)
    assert isinstance(publish(channel, one, notes), Later | Pending)
    assert isinstance(publish_in_the_end(channel, one, notes), Sent)
    assert offsets(requests) == [0]  # all of it was there
    assert len(sandbox.standing(channel.native_id)) == 1


def test_an_upload_that_is_over_is_begun_anew(sandbox: Sandbox, channel: Channel) -> None:
    one, notes = snow(), MemoryNotes()
    sandbox.fault("upload_ends", "upload")
    assert isinstance(publish(channel, one, notes), Later)
    sandbox.no_faults()
    assert isinstance(publish_in_the_end(channel, one, notes), Sent)


@pytest.mark.parametrize("fault", ["answer_lost", "error_after", "error_before", "wrong_200"])
def test_a_lost_answer_at_the_end_is_cleared_up_by_the_reels_own_id(
    sandbox: Sandbox, channel: Channel, requests: list[httpx.Request], fault: str
) -> None:
    one, notes = snow(), MemoryNotes()
    sandbox.fault(fault, "publish")
    assert isinstance(publish(channel, one, notes), Unsure)
    assert find(channel, one, notes) == Missing()  # a draft, or in processing
    sent = publish_in_the_end(channel, one, notes)
    assert isinstance(sent, Sent)
    found = find(channel, one, notes)
    assert isinstance(found, Found)
    assert found.native_id == sent.native_id
    assert len(sandbox.standing(channel.native_id)) == 1
    begun = [told for told in map(parameters, requests) if told.get("upload_phase") == "start"]
    assert len(begun) == 1


def test_publishing_again_what_is_out_puts_nothing_there(sandbox: Sandbox, channel: Channel) -> None:
    one, notes = snow(), MemoryNotes()
    assert publish_in_the_end(channel, one, notes) == publish(channel, one, notes)
    assert len(sandbox.standing(channel.native_id)) == 1


def test_a_reel_that_facebook_cannot_process_is_refused(sandbox: Sandbox, channel: Channel) -> None:
    one, notes = snow(), MemoryNotes()
    sandbox.fault("video_processing", "upload", polls=1, fails=True)
    assert isinstance(publish_in_the_end(channel, one, notes), Refused)
    assert sandbox.standing(channel.native_id) == []


def test_one_with_too_few_pictures_a_second_goes_as_a_video(
    sandbox: Sandbox, channel: Channel, requests: list[httpx.Request]
) -> None:
    one, notes = snow(rate=10), MemoryNotes()
    outcome = publish(channel, one, notes)
    assert isinstance(outcome, Later)
    assert "ordinary video" in outcome.reason
    assert isinstance(publish_in_the_end(channel, one, notes), Sent)
    assert "videos" in edges(requests)
    assert len(sandbox.standing(channel.native_id)) == 1


def test_what_began_as_a_video_is_never_published_as_a_reel_as_well(channel: Channel) -> None:
    one, notes = snow(), MemoryNotes()
    wide = item("Snow.", dataclasses.replace(one.media[0], width=960), created_at=one.created_at)
    assert isinstance(publish(channel, wide, notes), Pending)
    sent = publish_in_the_end(channel, one, notes)
    assert isinstance(sent, Sent)
    assert [name for name in notes.values if name.startswith("reel:")] == []


# Covers


def covers(requests: list[httpx.Request]) -> list[httpx.Request]:
    return [request for request in requests if request.url.path.endswith("/thumbnails")]


@pytest.mark.parametrize("film", [reel, video])
def test_the_cover_goes_along_once(channel: Channel, requests: list[httpx.Request], film: Callable[[], Medium]) -> None:
    one = item("Snow.", film(), created_at=datetime.now(UTC))
    assert isinstance(publish_in_the_end(channel, one, MemoryNotes()), Sent)
    (told,) = covers(requests)
    assert parameters(told)["is_preferred"] == "true"
    cover = one.media[0].cover
    assert cover
    assert cover.read() in told.read()


@pytest.mark.parametrize("film", [reel, video])
def test_a_cover_that_facebook_refuses_holds_nothing_up(
    sandbox: Sandbox, channel: Channel, film: Callable[[], Medium]
) -> None:
    sandbox.fault("cover_refused", "upload")
    one = item("Snow.", film(), created_at=datetime.now(UTC))
    assert isinstance(publish_in_the_end(channel, one, MemoryNotes()), Sent)


def with_cover(one: Any, cover: Medium) -> Any:
    return dataclasses.replace(one, media=(dataclasses.replace(one.media[0], cover=cover),))


def another() -> bytes:
    raise Altered("It is another one.")


def test_nothing_is_begun_with_a_cover_that_was_changed_in_the_store(
    channel: Channel, requests: list[httpx.Request]
) -> None:
    one = snow()
    cover = one.media[0].cover
    with pytest.raises(Altered):
        publish(channel, with_cover(one, dataclasses.replace(cover, read=another)), MemoryNotes())
    assert requests == []


def test_a_cover_changed_while_the_video_is_on_its_way_goes_nowhere(
    sandbox: Sandbox, channel: Channel, requests: list[httpx.Request]
) -> None:
    one, notes = snow(), MemoryNotes()
    sandbox.fault("cover_refused", "upload")
    assert isinstance(publish(channel, one, notes), Pending)
    sandbox.no_faults()
    before = len(covers(requests))
    changed = with_cover(one, dataclasses.replace(one.media[0].cover, read=another))
    assert isinstance(publish_in_the_end(channel, changed, notes), Sent)
    assert len(covers(requests)) == before


# Where the token goes


@pytest.mark.parametrize(
    "place",
    [
        "http://rupload.facebook.com/video-upload/v25.0/1",
        "https://rupload.facebook.com:8443/video-upload/v25.0/1",
        "https://somebody@rupload.facebook.com/video-upload/v25.0/1",
        "https://rupload.facebook.com.example/video-upload/v25.0/1",
        "https://graph.facebook.com.example/1",
        "https://xn--/1",
        "file:///etc/passwd",
    ],
)
def test_a_place_that_is_not_metas_own_gets_nothing(place: str) -> None:
    run, _ = scripted("facebook", "reel_published")
    run.answers[REELS] = {"status": 200, "body": {"video_id": VIDEO, "upload_url": place}}
    outcome = run.run("publish")
    assert isinstance(outcome, Later)
    assert "not its own" in outcome.reason
    assert {request.url.host for request in run.requests} == {"graph.facebook.com"}
    assert place not in "".join(run.notes.values.values())


def test_the_token_travels_in_a_header_and_stands_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    run, _ = scripted("facebook", "reel_published")
    assert isinstance(run.run("publish"), Sent)
    (upload,) = [request for request in run.requests if request.url.host == "rupload.facebook.com"]
    assert upload.headers["authorization"] == "OAuth secret-token"
    assert upload.headers["file_size"] == upload.headers["content-length"] == str(run.item.media[0].size)
    assert upload.read() == run.item.media[0].read()
    for request in run.requests:
        assert "secret-" not in str(request.url)
        assert b"secret-" not in request.read()
    assert "secret-" not in caplog.text
    assert "secret-" not in "".join(run.notes.values.values())


# Doubts and limits, by script

PAGE, VIDEO = "104000000000001", "122100000000000042"
REELS, NODE, UPLOAD = f"POST /v25.0/{PAGE}/video_reels", f"GET /v25.0/{VIDEO}", f"POST /video-upload/v25.0/{VIDEO}"


def refused(code: int, subcode: int = 0) -> dict[str, Any]:
    return {"status": 400, "body": {"error": {"code": code, "error_subcode": subcode, "message": "No."}}}


def in_doubt() -> Any:
    """A reel of which all is there, and whose end was asked for without an answer."""
    run, _ = scripted("facebook", "reel_end_late")
    assert isinstance(run.run("publish"), Unsure)
    return run


def draft() -> dict[str, Any]:
    status = {
        "video_status": "ready",
        "uploading_phase": {"status": "complete"},
        "publishing_phase": {"status": "not_started"},
    }
    return {"status": 200, "body": {"id": VIDEO, "status": status}}


@pytest.mark.parametrize("said", [refused(6000, 1363019), refused(100), refused(100, 33), refused(352, 1363129)])
def test_a_reel_that_may_have_ended_is_never_begun_anew(said: Any) -> None:
    run = in_doubt()
    run.answers |= {NODE: draft(), REELS: said}
    for _ in range(2):
        assert isinstance(run.run("publish"), Unsure)
    begun = [told for told in map(parameters, run.requests) if told.get("upload_phase") == "start"]
    assert len(begun) == 1


def test_an_end_that_was_clearly_refused_leaves_no_doubt() -> None:
    run, _ = scripted("facebook", "reel_end_too_many")
    assert isinstance(run.run("publish"), Later)
    run.answers[REELS] = refused(100)
    assert isinstance(run.run("publish"), Refused)


def test_a_draft_is_not_found_as_if_it_were_out() -> None:
    run = in_doubt()
    run.answers |= {NODE: draft(), f"GET /v25.0/{PAGE}/published_posts": {"status": 200, "body": {"data": []}}}
    assert run.run("find_lost") == Missing()


def test_a_reel_that_expired_on_its_way_is_begun_anew() -> None:
    run, _ = scripted("facebook", "reel_upload_dropped")
    run.run("publish")
    run.answers[NODE] = {"status": 200, "body": {"id": VIDEO, "status": {"video_status": "expired"}}}
    outcome = run.run("publish")
    assert isinstance(outcome, Later)
    assert "anew" in outcome.reason
    assert not run.notes.get(f"reel:{run.item.media[0].sha256}")


@pytest.mark.parametrize("shown", [{"status": 200, "text": "<html>"}, {"late": True}, refused(2)])
def test_where_it_stands_must_be_known_before_more_is_brought(shown: Any) -> None:
    run, _ = scripted("facebook", "reel_upload_dropped")
    run.run("publish")
    run.answers[NODE] = shown
    uploads = [request for request in run.requests if "video-upload" in request.url.path]
    assert isinstance(run.run("publish"), Later)
    assert [request for request in run.requests if "video-upload" in request.url.path] == uploads


def test_after_a_day_that_was_full_at_the_end_it_is_handed_over_anew() -> None:
    run, _ = scripted("facebook", "reel_day_full")
    full = run.answers[f"GET /v25.0/{PAGE}/video_reels"]
    run.answers[f"GET /v25.0/{PAGE}/video_reels"] = [{"status": 200, "body": {"data": []}}, full]
    outcome = run.run("publish")
    assert isinstance(outcome, Later)
    assert outcome.limited
    assert not run.notes.get(f"reel:{run.item.media[0].sha256}")
    assert "finish" not in [parameters(request).get("upload_phase") for request in run.requests]


def test_a_list_of_reels_that_cannot_be_read_holds_nothing() -> None:
    run, _ = scripted("facebook", "reel_published")
    run.answers[f"GET /v25.0/{PAGE}/video_reels"] = refused(10)
    assert isinstance(run.run("publish"), Sent)

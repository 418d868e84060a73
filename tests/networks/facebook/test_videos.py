"""Videos at the stand-in: by the offsets that it tells, over several attempts, and once."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from mercat.networks.facebook.adapter import NETWORK
from mercat.networks.port import Altered, Channel, Found, Later, Missing, Pending, Refused, Sent, Unsure
from tests.networks.contract import scripted
from tests.networks.doubles import MemoryNotes, channel_of, client_for, item, nobodys, video
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

    def note(request: httpx.Request) -> None:
        request.read()
        seen.append(request)

    channel.http.event_hooks = {**channel.http.event_hooks, "request": [note]}
    return seen


def snow(**more: Any) -> Any:
    return item("Snow.", video(**more), created_at=datetime.now(UTC))


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


def phases(requests: list[httpx.Request]) -> list[str]:
    return [told["upload_phase"] for told in map(parameters, requests) if "upload_phase" in told]


def test_a_video_goes_by_the_offsets_that_facebook_tells(
    sandbox: Sandbox, channel: Channel, requests: list[httpx.Request]
) -> None:
    one = snow()
    assert isinstance(publish_in_the_end(channel, one, MemoryNotes()), Sent)
    assert phases(requests) == ["start", "transfer", "transfer", "transfer", "finish"]
    third = -(-one.media[0].size // 3)
    told = [parameters(request).get("start_offset") for request in requests]
    assert [start for start in told if start] == ["0", str(third), str(2 * third)]
    kinds = {channel.native_id: "Page"}

    def kind_of(native_id: str) -> str:
        return kinds.get(native_id, "PagePost" if "_" in native_id else "AdVideo")

    assert [wrong for request in requests for wrong in wrong_with(_as_at_meta(request), kind_of)] == []


def _as_at_meta(request: httpx.Request) -> httpx.Request:
    url = str(request.url).replace("/facebook/", "/")
    return httpx.Request(request.method, url, headers=request.headers, content=request.content)


def test_each_attempt_hands_over_a_part_and_nothing_twice(
    channel: Channel, requests: list[httpx.Request], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mercat.networks.facebook.videos.TURN", 1)
    one, notes = snow(), MemoryNotes()
    first = publish(channel, one, notes)
    assert isinstance(first, Pending)
    assert first.moving
    assert isinstance(publish_in_the_end(channel, one, notes), Sent)
    assert phases(requests).count("transfer") == 3


def test_after_a_kill_facebook_says_where_to_go_on(
    sandbox: Sandbox, channel: Channel, requests: list[httpx.Request], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mercat.networks.facebook.videos.TURN", 1)
    one, notes = snow(), MemoryNotes()
    publish(channel, one, notes)
    before = dict(notes.values)
    publish(channel, one, notes)
    notes.values = before  # what the killed attempt had noted is lost
    assert isinstance(publish_in_the_end(channel, one, notes), Sent)
    assert phases(requests).count("start") == 1
    assert len(sandbox.standing(channel.native_id)) == 1


def test_an_upload_that_is_over_is_begun_anew(sandbox: Sandbox, channel: Channel) -> None:
    one, notes = snow(), MemoryNotes()
    sandbox.fault("upload_ends", "upload")
    assert isinstance(publish(channel, one, notes), Later)
    sandbox.no_faults()
    assert isinstance(publish_in_the_end(channel, one, notes), Sent)


@pytest.mark.parametrize("fault", ["answer_lost", "error_after", "error_before", "wrong_200"])
def test_a_lost_answer_at_the_end_is_cleared_up_by_the_videos_own_id(
    sandbox: Sandbox, channel: Channel, fault: str
) -> None:
    one, notes = snow(), MemoryNotes()
    sandbox.fault(fault, "publish")
    assert isinstance(publish(channel, one, notes), Unsure)
    assert find(channel, one, notes) == Missing()  # Facebook is still processing, or does not know of it
    sent = publish_in_the_end(channel, one, notes)
    assert isinstance(sent, Sent)
    found = find(channel, one, notes)
    assert isinstance(found, Found)
    assert found.native_id == sent.native_id
    assert len(sandbox.standing(channel.native_id)) == 1


def test_publishing_again_what_is_out_puts_nothing_there(sandbox: Sandbox, channel: Channel) -> None:
    one, notes = snow(), MemoryNotes()
    assert publish_in_the_end(channel, one, notes) == publish(channel, one, notes)
    assert len(sandbox.standing(channel.native_id)) == 1


def test_a_video_that_facebook_cannot_process_is_refused(sandbox: Sandbox, channel: Channel) -> None:
    one, notes = snow(), MemoryNotes()
    sandbox.fault("video_processing", "upload", polls=1, fails=True)
    assert isinstance(publish_in_the_end(channel, one, notes), Refused)
    assert sandbox.standing(channel.native_id) == []


def test_captions_go_along_as_srt_in_the_posts_language(channel: Channel, requests: list[httpx.Request]) -> None:
    assert isinstance(publish_in_the_end(channel, snow(captions=CAPTIONS), MemoryNotes()), Sent)
    (told,) = [request for request in requests if request.url.path.endswith("/captions")]
    assert b'filename="captions.en_GB.srt"' in told.content
    assert b"1\n00:00:01,000 --> 00:00:03,000\nSnow on the A9.\n" in told.content


def test_captions_that_facebook_does_not_take_hold_nothing_up(channel: Channel, sandbox: Sandbox) -> None:
    one = dataclasses.replace(snow(captions=CAPTIONS), language="x")
    assert isinstance(publish_in_the_end(channel, one, MemoryNotes()), Sent)


def test_a_video_that_was_changed_in_the_store_goes_nowhere(channel: Channel, requests: list[httpx.Request]) -> None:
    def part(offset: int, size: int) -> bytes:
        raise Altered("It is another one.")

    with pytest.raises(Altered):
        publish(channel, item("Snow.", dataclasses.replace(video(), part=part)), MemoryNotes())
    assert requests == []


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"video_id": "1", "upload_session_id": "2"},
        {"video_id": "1", "upload_session_id": "2", "start_offset": "5", "end_offset": "1"},
        {"video_id": "1", "upload_session_id": "2", "start_offset": "0", "end_offset": "99999999999"},
        {"video_id": "1/2", "upload_session_id": "2", "start_offset": "0", "end_offset": "9"},
        {"video_id": "1", "upload_session_id": "2", "start_offset": True, "end_offset": -1},
    ],
)
def test_a_beginning_that_cannot_be_read_costs_nothing(answer: dict[str, Any]) -> None:
    run, _ = scripted("facebook")
    run.answers["POST /v25.0/104000000000001/videos"] = {"status": 200, "body": answer}
    outcome = NETWORK.publisher.publish(run.channel, snow(), run.notes, now=datetime.now(UTC))
    assert isinstance(outcome, Later)


def test_offsets_that_lead_nowhere_end_the_attempt() -> None:
    run, _ = scripted("facebook")
    begun = {"video_id": "1", "upload_session_id": "2", "start_offset": "0", "end_offset": "100"}
    wrong = {"error": {"code": 6001, "error_subcode": 1363037, "error_data": {"start_offset": "0", "end_offset": "9"}}}
    for second in ({"status": 200, "body": begun}, {"status": 400, "body": wrong}):
        run.notes = MemoryNotes()
        run.answers["POST /v25.0/104000000000001/videos"] = [{"status": 200, "body": begun}, second]
        outcome = NETWORK.publisher.publish(run.channel, snow(), run.notes, now=datetime.now(UTC))
        assert isinstance(outcome, Later), second


VIDEOS, NODE = "POST /v25.0/104000000000001/videos", "GET /v25.0/1"
ALL = {"video_id": "1", "upload_session_id": "2", "start_offset": "0", "end_offset": "0"}


def ended(run: Any) -> Any:
    """A video of which all is there, and whose end was asked for without an answer."""
    one = snow()
    size = str(one.media[0].size)
    begun = {**ALL, "start_offset": size, "end_offset": size}
    run.answers[VIDEOS] = [{"status": 200, "body": begun}, {"late": True}]
    assert isinstance(NETWORK.publisher.publish(run.channel, one, run.notes, now=datetime.now(UTC)), Unsure)
    return one


def refused(code: int, subcode: int = 0) -> dict[str, Any]:
    return {"status": 400, "body": {"error": {"code": code, "error_subcode": subcode, "message": "No."}}}


@pytest.mark.parametrize("shown", [refused(100, 33), {"status": 200, "body": {"id": "1"}}])
def test_an_upload_that_may_have_ended_is_never_begun_anew(shown: Any) -> None:
    run, _ = scripted("facebook")
    one = ended(run)
    run.answers |= {NODE: shown, VIDEOS: refused(6000, 1363019)}
    for _ in range(2):
        assert isinstance(NETWORK.publisher.publish(run.channel, one, run.notes, now=datetime.now(UTC)), Unsure)
    starts = [request for request in run.requests if parameters(request).get("upload_phase") == "start"]
    assert len(starts) == 1


@pytest.mark.parametrize("shown", [refused(10), refused(190), refused(100)])
def test_a_video_on_its_way_out_is_not_told_to_be_held_by_a_reading_that_is_refused(shown: Any) -> None:
    run, _ = scripted("facebook")
    one = ended(run)
    for told in (shown, [refused(100, 33), shown]):  # when first looked at, and after it was ended again
        run.answers |= {VIDEOS: {"status": 200, "body": {"success": True}}, NODE: told}
        assert isinstance(NETWORK.publisher.publish(run.channel, one, run.notes, now=datetime.now(UTC)), Unsure)

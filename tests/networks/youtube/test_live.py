"""Live broadcasts, by script."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from typing import Any

import pytest

from mercat.networks.port import Broadcast, Later, Reconnect, Refused, Sent, Unreadable, Unsure
from mercat.networks.youtube.live import Live
from tests.networks.contract import Scripted, scripted
from tests.networks.doubles import NOW
from tests.networks.youtube.test_adapter import calls

LIVE, STREAM = "Live_-56789", "the-stream"
BEGINS = NOW + timedelta(hours=2)
MAKE, LIST = "POST /youtube/v3/liveBroadcasts", "GET /youtube/v3/liveBroadcasts"
STREAMS, SHOWN = "POST /youtube/v3/liveStreams", "GET /youtube/v3/liveStreams"
BIND, ANNOUNCE = "POST /youtube/v3/liveBroadcasts/bind", "PUT /youtube/v3/liveBroadcasts"
GO = "POST /youtube/v3/liveBroadcasts/transition"
SENT = Sent(LIVE, f"https://www.youtube.com/watch?v={LIVE}")


def refused(reason: str, status: int = 403) -> dict[str, Any]:
    error = {"code": status, "message": "No.", "errors": [{"reason": reason, "domain": "youtube.liveBroadcast"}]}
    return {"status": status, "body": {"error": error}}


def ok(body: dict[str, Any]) -> dict[str, Any]:
    return {"status": 200, "body": body}


def listed(kind: str, *items: dict[str, Any]) -> dict[str, Any]:
    return ok({"kind": f"youtube#{kind}ListResponse", "items": list(items)})


def run_with(state: str = "ready", stream: str = "active") -> Scripted:
    run, _ = scripted("youtube")
    ingest = {
        "streamName": "secret-key",
        "ingestionAddress": "rtmp://a.example/live2",
        "rtmpsIngestionAddress": "rtmps://a.example/live2",
    }
    broadcast = {
        "id": LIVE,
        "status": {"lifeCycleStatus": state, "privacyStatus": "public"},
        "contentDetails": {"boundStreamId": STREAM},
    }
    told = {"id": STREAM, "status": {"streamStatus": stream}, "cdn": {"ingestionInfo": ingest}}
    run.answers |= {
        MAKE: ok({"id": LIVE}),
        LIST: listed("liveBroadcast", broadcast),
        STREAMS: ok({"id": STREAM}),
        SHOWN: listed("liveStream", told),
        BIND: ok({"id": LIVE}),
        ANNOUNCE: ok({"id": LIVE, "status": {"privacyStatus": "public"}}),
        GO: ok({"id": LIVE}),
    }
    return run


def make(run: Scripted) -> Any:
    return Live().make(run.channel, run.item, run.notes, begins=BEGINS, now=NOW)


def test_it_is_private_until_its_stream_is_bound() -> None:
    run = run_with()
    assert make(run) == SENT
    assert calls(run) == [MAKE, STREAMS, BIND, ANNOUNCE]
    body = json.loads(run.requests[0].content)
    assert body["status"] == {"privacyStatus": "private", "selfDeclaredMadeForKids": False}
    assert body["snippet"]["scheduledStartTime"] == "2026-11-23T14:00:00Z"
    assert body["contentDetails"]["enableAutoStart"] is False
    assert json.loads(run.requests[3].content)["status"]["privacyStatus"] == "public"


def test_nothing_is_made_twice() -> None:
    run = run_with()
    run.answers[BIND] = [{"status": 503, "body": {}}, ok({"id": LIVE})]
    assert isinstance(make(run), Later)
    assert make(run) == SENT
    assert calls(run).count(MAKE) == 1
    assert calls(run).count(STREAMS) == 1


def test_one_whose_answer_was_lost_is_looked_for_first() -> None:
    run = run_with()
    run.answers[MAKE] = [{"dropped": True}, ok({"id": "Another_one"})]
    assert isinstance(make(run), Later)
    snippet = {"description": run.item.text, "scheduledStartTime": "2026-11-23T14:00:00Z"}
    run.answers[LIST] = listed("liveBroadcast", {"id": "other", "snippet": {}}, {"id": LIVE, "snippet": snippet})
    assert make(run) == SENT
    assert calls(run).count(MAKE) == 1


def test_an_announcement_without_an_answer_may_be_out() -> None:
    run = run_with()
    run.answers[ANNOUNCE] = {"dropped": True}
    assert isinstance(make(run), Unsure)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (refused("liveStreamingNotEnabled"), Refused),
        (refused("quotaExceeded"), Later),
        (refused("insufficientLivePermissions"), Reconnect),
        (ok({}), Later),
    ],
)
def test_what_stands_in_the_way_is_told(answer: dict[str, Any], kind: type) -> None:
    run = run_with()
    run.answers[MAKE] = answer
    outcome = make(run)
    assert isinstance(outcome, kind)
    assert ANNOUNCE not in calls(run)


@pytest.mark.parametrize(
    ("state", "stream", "told"),
    [
        ("created", "inactive", "waiting"),
        ("ready", "inactive", "waiting"),
        ("ready", "error", "waiting"),
        ("ready", "active", "ready"),
        ("liveStarting", "active", "live"),
        ("live", "inactive", "live"),
        ("complete", "inactive", "ended"),
        ("revoked", "active", "ended"),
    ],
)
def test_its_state_is_that_of_broadcast_and_stream(state: str, stream: str, told: str) -> None:
    seen = Live().state(run_with(state, stream).channel, native_id=LIVE, now=NOW)
    assert isinstance(seen, Broadcast)
    assert seen.state == told


def test_the_ingest_is_told_to_the_caller_alone(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    run = run_with()
    seen = Live().state(run.channel, native_id=LIVE, now=NOW)
    assert isinstance(seen, Broadcast)
    assert (seen.ingest_url, seen.ingest_key) == ("rtmps://a.example/live2", "secret-key")
    make(run)
    assert "secret-key" not in repr(seen) + caplog.text + repr(run.notes.values)


def test_it_starts_only_when_a_picture_arrives() -> None:
    run = run_with(stream="inactive")
    outcome = Live().start(run.channel, native_id=LIVE, now=NOW)
    assert isinstance(outcome, Refused)
    assert "Start the encoder" in outcome.reason
    assert GO not in calls(run)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (ok({"id": LIVE}), Sent),
        (refused("redundantTransition"), Sent),
        (refused("errorStreamInactive"), Refused),
        (refused("invalidTransition"), Refused),
        ({"dropped": True}, Unsure),
        (ok({}), Unsure),
        (refused("quotaExceeded"), Later),
    ],
)
def test_a_transition_ends_as_youtube_says(answer: dict[str, Any], kind: type) -> None:
    for state, act in (("ready", Live().start), ("live", Live().end)):
        run = run_with(state)
        run.answers[GO] = answer
        assert isinstance(act(run.channel, native_id=LIVE, now=NOW), kind)


def test_what_is_there_already_is_no_error() -> None:
    for state, act in (("live", Live().start), ("complete", Live().end)):
        run = run_with(state)
        assert act(run.channel, native_id=LIVE, now=NOW) == SENT
        assert GO not in calls(run)


def test_what_cannot_be_read_is_told() -> None:
    for answer in (listed("liveBroadcast"), {"unreachable": True}, {"status": 200, "text": "<html>"}):
        run = run_with()
        run.answers[LIST] = answer
        assert isinstance(Live().state(run.channel, native_id=LIVE, now=NOW), Unreadable)
        assert isinstance(Live().start(run.channel, native_id=LIVE, now=NOW), Later)

"""Videos at the stand-in: to the service that prepares them, or to a server that has none."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from mercat.networks.bluesky.adapter import NETWORK
from mercat.networks.bluesky.payload import check
from mercat.networks.kit import films
from mercat.networks.port import Altered, Channel, Found, Later, Pending, Refused, Sent
from tests.networks.contract import scripted
from tests.networks.doubles import NOW, MemoryNotes, channel_of, client_for, item, nobodys, video
from tests.networks.servers import Sandbox
from tests.shared import shared

CAPTIONS = "WEBVTT\n\n00:01.000 --> 00:03.000\nSnow on the A9.\n"
BASE = "https://pds.example"


@pytest.fixture
def sandbox(sandbox_url: str) -> Any:
    server = Sandbox(sandbox_url, "bluesky")
    yield server
    server.no_faults()


@pytest.fixture
def channel(sandbox: Sandbox) -> Any:
    assert NETWORK.connector
    with client_for(sandbox.origin) as http:
        identity = NETWORK.connector.connect(sandbox.new_account(), http, now=datetime.now(UTC))
        yield channel_of(identity, http)


@pytest.fixture
def calls(channel: Channel) -> list[str]:
    """What the adapter asks, by the last part of a method's name."""
    seen: list[str] = []

    def note(request: httpx.Request) -> None:
        seen.append(request.url.path.rpartition(".")[2])

    channel.http.event_hooks = {**channel.http.event_hooks, "request": [note]}
    return seen


def publish(channel: Channel, one: Any, notes: MemoryNotes) -> Any:
    return NETWORK.publisher.publish(channel, one, notes, now=datetime.now(UTC))


def publish_in_the_end(channel: Channel, one: Any, notes: MemoryNotes) -> Any:
    for _ in range(10):
        outcome = publish(channel, one, notes)
        if not isinstance(outcome, Pending):
            return outcome
    raise AssertionError(outcome)


def embed(channel: Channel, uri: str) -> Any:
    asked = {"repo": channel.native_id, "collection": "app.bsky.feed.post", "rkey": uri.rpartition("/")[2]}
    url = f"{channel.base_url}/xrpc/com.atproto.repo.getRecord"
    return channel.http.get(url, params=asked).json()["value"]["embed"]


def test_a_video_is_prepared_and_described_with_its_captions(channel: Channel, calls: list[str]) -> None:
    one, notes = item("Snow.", video(captions=CAPTIONS)), MemoryNotes()
    assert isinstance(publish(channel, one, notes), Pending)
    assert calls == [
        "getServiceAuth", "getUploadLimits", "describeServer", "getServiceAuth", "uploadVideo", "getJobStatus",
    ]  # fmt: skip
    sent = publish(channel, one, notes)
    assert isinstance(sent, Sent)
    assert calls[6:] == ["getJobStatus", "uploadBlob", "putRecord"]
    shown = embed(channel, sent.native_id)
    assert (shown["$type"], shown["alt"]) == ("app.bsky.embed.video", "Snow falls on the road")
    assert shown["aspectRatio"] == {"width": 64, "height": 36}
    (caption,) = shown["captions"]
    assert (caption["lang"], caption["file"]["mimeType"]) == ("en", "text/vtt")
    assert publish(channel, one, notes) == sent  # the very same record
    assert calls[9:] == ["getRecord", "putRecord"]


def test_a_video_is_read_in_parts_while_it_is_sent(
    sandbox: Sandbox, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(films, "AT_ONCE", 1_000)
    film = dataclasses.replace(video(), read=lambda: pytest.fail("too large to be held whole"))
    assert isinstance(publish_in_the_end(channel, item("Snow.", film), MemoryNotes()), Sent)


def test_the_same_video_again_is_the_job_that_bluesky_has(channel: Channel, calls: list[str]) -> None:
    for text in ("Snow.", "More snow."):
        assert isinstance(publish_in_the_end(channel, item(text, video()), MemoryNotes()), Sent)
    assert calls.count("uploadVideo") == 2


def test_a_lost_answer_to_the_upload_costs_no_second_video(sandbox: Sandbox, channel: Channel) -> None:
    one, notes = item("Snow.", video()), MemoryNotes()
    publish(channel, one, notes)
    notes.values = {}  # as after a kill before the job was noted
    assert isinstance(publish_in_the_end(channel, one, notes), Sent)
    assert len(sandbox.standing(channel.native_id)) == 1


def test_a_server_without_the_service_gets_the_video_itself(
    sandbox: Sandbox, channel: Channel, calls: list[str]
) -> None:
    sandbox.fault("video_service_gone", "upload")
    one, notes = item("Snow.", video()), MemoryNotes()
    sent = publish(channel, one, notes)
    assert isinstance(sent, Sent)
    assert "uploadVideo" not in calls
    assert calls.count("uploadBlob") == 1
    now = datetime.now(UTC)
    found = NETWORK.reader.find(channel, one, notes, native_id=None, is_another=nobodys, now=now)
    assert isinstance(found, Found)
    assert NETWORK.reader.matches(one, found, channel)


def test_whoever_may_hand_over_no_videos_is_told_why(sandbox: Sandbox, channel: Channel, calls: list[str]) -> None:
    sandbox.fault("no_videos", "upload")
    outcome = publish(channel, item("Snow.", video()), MemoryNotes())
    assert isinstance(outcome, Refused)
    assert outcome.detail == "User must verify email"
    assert "uploadVideo" not in calls


def test_a_days_videos_that_are_used_up_cost_no_attempt(sandbox: Sandbox, channel: Channel) -> None:
    sandbox.fault("videos_used_up", "upload")
    outcome = publish(channel, item("Snow.", video()), MemoryNotes())
    assert isinstance(outcome, Later)
    assert outcome.limited
    assert outcome.at - datetime.now(UTC) > timedelta(minutes=59)


def test_a_video_that_cannot_be_prepared_is_refused(sandbox: Sandbox, channel: Channel) -> None:
    sandbox.fault("video_processing", "upload", polls=1, fails=True)
    outcome = publish_in_the_end(channel, item("Snow.", video()), MemoryNotes())
    assert isinstance(outcome, Refused)
    assert outcome.detail == "Video could not be transcoded"


def test_a_video_that_was_changed_in_the_store_goes_nowhere(sandbox: Sandbox, channel: Channel) -> None:
    cut = dataclasses.replace(video(), part=lambda offset, size: b"short")
    with pytest.raises(Altered):
        publish(channel, item("Snow.", cut), MemoryNotes())
    assert sandbox.standing(channel.native_id) == []


def test_captions_that_are_too_long_are_told_before_any_call() -> None:
    (problem,) = check(item("Snow.", video(captions="é" * 10_001)), {})
    assert "20,002 bytes" in problem.message


def test_the_limits_are_the_lexicons() -> None:
    told = json.loads(shared("atproto", "lexicons", "app", "bsky", "embed", "video.json").read_text(encoding="utf-8"))
    rules = NETWORK.spec.media.video
    assert rules
    assert told["defs"]["main"]["properties"]["video"]["maxSize"] == rules.max_bytes
    assert told["defs"]["main"]["properties"]["video"]["accept"] == list(rules.mimes)
    assert told["defs"]["caption"]["properties"]["file"]["maxSize"] == 20_000


# On the public network, by script: the service has an address of its own


def public(**answers: Any) -> Any:
    run, _ = scripted("bluesky")
    run.channel = dataclasses.replace(run.channel, base_url=BASE)
    told = {
        "GET getServiceAuth": {"status": 200, "body": {"token": "secret-service"}},
        "GET describeServer": {"status": 200, "body": {"did": "did:web:pds.example"}},
        "GET getUploadLimits": {"status": 200, "body": {"canUpload": True}},
        "POST uploadVideo": {"status": 200, "body": {"jobId": "1", "state": "JOB_STATE_CREATED"}},
        "GET getJobStatus": {"status": 200, "body": {"jobStatus": {"jobId": "1", "state": "JOB_STATE_ENCODING"}}},
        **{name.replace("_", " "): answer for name, answer in answers.items()},
    }
    area = {"getServiceAuth": "com.atproto.server", "describeServer": "com.atproto.server"}
    for name, answer in told.items():
        method, _, call = name.partition(" ")
        run.answers[f"{method} /xrpc/{area.get(call, 'app.bsky.video')}.{call}"] = answer
    return run


def try_public(run: Any) -> Any:
    return NETWORK.publisher.publish(run.channel, item("Snow.", video()), run.notes, now=NOW)


def test_the_public_networks_service_is_asked_with_tokens_for_it_alone() -> None:
    run = public()
    assert isinstance(try_public(run), Pending)
    hosts = {request.url.path.rpartition(".")[2]: request.url.host for request in run.requests}
    assert hosts["uploadVideo"] == hosts["getUploadLimits"] == hosts["getJobStatus"] == "video.bsky.app"
    assert hosts["getServiceAuth"] == "pds.example"
    asked = [dict(one.url.params) for one in run.requests if one.url.path.endswith("getServiceAuth")]
    ends = str(int((NOW + timedelta(minutes=30)).timestamp()))
    assert asked == [
        {"aud": "did:web:video.bsky.app", "lxm": "app.bsky.video.getUploadLimits"},
        {"aud": "did:web:pds.example", "lxm": "com.atproto.repo.uploadBlob", "exp": ends},
    ]
    theirs = [one.headers.get("authorization", "") for one in run.requests if one.url.host == "video.bsky.app"]
    assert theirs == ["Bearer secret-service", "Bearer secret-service", ""]
    assert all("secret-" not in str(one.url) for one in run.requests)


NOTHING = {"status": 200, "body": {}}


@pytest.mark.parametrize(
    ("call", "answer", "outcome"),
    [
        ("GET_getUploadLimits", {"status": 501, "body": {"error": "MethodNotImplemented"}}, Later),
        ("GET_getUploadLimits", {"status": 404, "body": {}}, Later),
        ("GET_getUploadLimits", NOTHING, Later),
        ("GET_getUploadLimits", {"status": 200, "body": {"canUpload": "yes"}}, Later),
        ("GET_getServiceAuth", NOTHING, Later),
        ("GET_describeServer", NOTHING, Later),
        ("POST_uploadVideo", NOTHING, Later),
        ("POST_uploadVideo", {"status": 401, "body": {"error": "BadJwt"}}, Later),
        ("POST_uploadVideo", {"status": 409, "body": {"error": "already_exists"}}, Refused),
        ("POST_uploadVideo", {"status": 409, "body": {"jobId": "1", "error": "already_exists"}}, Pending),
        ("POST_uploadVideo", {"status": 400, "body": {"error": "InvalidRequest", "message": "No."}}, Refused),
        ("GET_getJobStatus", NOTHING, Later),
        ("GET_getJobStatus", {"status": 400, "body": {"error": "InvalidRequest"}}, Later),
        ("GET_getJobStatus", {"status": 200, "body": {"jobStatus": []}}, Later),
    ],
)
def test_whatever_the_service_answers_is_an_outcome(call: str, answer: Any, outcome: type) -> None:
    run = public(**{call: answer})
    told = try_public(run)
    assert type(told) is outcome, told
    assert "secret-" not in repr(told)
    assert run.calls("publishing") == []
    assert not any(request.url.path.endswith("uploadBlob") for request in run.requests)

"""Videos at the stand-in: part by part over several attempts, ended with all ETags, and once."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from mercat.networks.linkedin.adapter import NETWORK
from mercat.networks.port import Altered, Channel, Found, Later, Pending, Refused, Sent
from tests.networks.contract import scripted
from tests.networks.doubles import MemoryNotes, channel_of, client_for, item, nobodys, video
from tests.networks.servers import Sandbox

VIDEO = "urn:li:video:C5605AQ1"


@pytest.fixture
def sandbox(sandbox_url: str) -> Any:
    server = Sandbox(sandbox_url, "linkedin")
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
    """What the adapter asks, in short."""
    seen: list[str] = []

    def note(request: httpx.Request) -> None:
        seen.append(request.url.params.get("action") or request.url.path.split("/")[-2])

    channel.http.event_hooks = {**channel.http.event_hooks, "request": [note]}
    return seen


def snow() -> Any:
    return item("Snow.", video(), created_at=datetime.now(UTC))


def publish(channel: Channel, one: Any, notes: MemoryNotes) -> Any:
    return NETWORK.publisher.publish(channel, one, notes, now=datetime.now(UTC))


def publish_in_the_end(channel: Channel, one: Any, notes: MemoryNotes) -> Any:
    for _ in range(50):
        outcome = publish(channel, one, notes)
        if not isinstance(outcome, Pending):
            return outcome
    raise AssertionError(outcome)


def test_a_video_goes_part_by_part_and_is_awaited(sandbox: Sandbox, channel: Channel, calls: list[str]) -> None:
    one, notes = snow(), MemoryNotes()
    assert isinstance(publish(channel, one, notes), Pending)
    assert calls[:5] == ["initializeUpload", *["uploaded-video"] * 3, "finalizeUpload"]
    sent = publish(channel, one, notes)
    assert isinstance(sent, Sent)
    now = datetime.now(UTC)
    found = NETWORK.reader.find(channel, one, notes, native_id=sent.native_id, is_another=nobodys, now=now)
    assert isinstance(found, Found)
    assert NETWORK.reader.matches(one, found, channel)


def test_each_attempt_hands_over_a_part_and_nothing_twice(
    channel: Channel, calls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mercat.networks.linkedin.films.TURN", 1)
    one, notes = snow(), MemoryNotes()
    first = publish(channel, one, notes)
    assert isinstance(first, Pending)
    assert first.moving
    assert isinstance(publish_in_the_end(channel, one, notes), Sent)
    assert calls.count("uploaded-video") == 3
    assert calls.count("initializeUpload") == calls.count("finalizeUpload") == 1


def test_after_a_kill_a_part_may_come_twice_and_the_post_once(
    sandbox: Sandbox, channel: Channel, calls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mercat.networks.linkedin.films.TURN", 1)
    one, notes = snow(), MemoryNotes()
    publish(channel, one, notes)
    before = dict(notes.values)
    publish(channel, one, notes)
    notes.values = before  # what the killed attempt had noted is lost
    assert isinstance(publish_in_the_end(channel, one, notes), Sent)
    assert calls.count("uploaded-video") == 4
    assert len(sandbox.standing(channel.native_id)) == 1


def test_a_lost_answer_to_the_end_is_cleared_up_by_looking(
    sandbox: Sandbox, channel: Channel, calls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, notes = snow(), MemoryNotes()
    publish(channel, one, notes)
    ended = [name for name in notes.values if name.startswith("video:ended")]
    assert ended
    notes.values[ended[0]] = ""  # as if the attempt had died before it noted that
    assert isinstance(publish_in_the_end(channel, one, notes), Sent)
    assert calls.count("initializeUpload") == 1
    assert calls.count("finalizeUpload") == 2


def test_places_that_have_lapsed_are_asked_for_anew(channel: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mercat.networks.linkedin.films.TURN", 1)
    one, notes = snow(), MemoryNotes()
    publish(channel, one, notes)
    plan = next(name for name in notes.values if name.startswith("video:plan"))
    notes.values[plan] = notes.values[plan].replace("ut=", "ut=gone")
    assert isinstance(publish(channel, one, notes), Later)
    assert isinstance(publish_in_the_end(channel, one, notes), Sent)


def test_a_video_that_linkedin_cannot_prepare_is_refused(sandbox: Sandbox, channel: Channel) -> None:
    one, notes = snow(), MemoryNotes()
    sandbox.fault("processing_fails", "upload")
    assert isinstance(publish_in_the_end(channel, one, notes), Refused)
    assert sandbox.standing(channel.native_id) == []


def test_a_video_that_was_changed_in_the_store_goes_nowhere(channel: Channel, calls: list[str]) -> None:
    cut = dataclasses.replace(video(), part=lambda offset, size: b"short")
    with pytest.raises(Altered):
        publish(channel, item("Snow.", cut), MemoryNotes())
    assert calls == []


def test_a_video_that_is_too_short_is_told_before_any_call(channel: Channel, calls: list[str]) -> None:
    outcome = publish(channel, item("Snow.", video(seconds=2)), MemoryNotes())
    assert isinstance(outcome, Refused)
    assert "shorter than the 3 seconds" in outcome.reason
    assert calls == []


def announced(**change: Any) -> dict[str, Any]:
    place = "https://www.linkedin.com/dms-uploads/1"
    half = {"firstByte": 0, "lastByte": 9, "uploadUrl": place}
    rest = {"firstByte": 10, "lastByte": video().size - 1, "uploadUrl": place}
    return {"value": {"video": VIDEO, "uploadToken": "", "uploadInstructions": [half, rest], **change}}


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"value": []},
        announced(video="urn:li:image:1"),
        announced(uploadInstructions=[]),
        announced(uploadInstructions=[None]),
        announced(uploadInstructions=announced()["value"]["uploadInstructions"][:1]),
        announced(uploadInstructions=announced()["value"]["uploadInstructions"][::-1]),
        announced(uploadInstructions=[{"firstByte": 0, "lastByte": True, "uploadUrl": "https://www.linkedin.com/"}]),
        announced(
            uploadInstructions=[
                {"firstByte": 0, "lastByte": video().size - 1, "uploadUrl": "https://elsewhere.example/1"}
            ]
        ),
    ],
)
def test_an_announcement_answered_strangely_costs_nothing(told: dict[str, Any]) -> None:
    run, _ = scripted("linkedin")
    run.answers["POST /rest/videos"] = {"status": 200, "body": told}
    outcome = publish(run.channel, snow(), run.notes)
    assert isinstance(outcome, Later)
    assert {request.method for request in run.requests} == {"POST"}


def test_a_part_without_an_etag_is_not_taken_for_handed_over() -> None:
    run, _ = scripted("linkedin")
    run.answers["POST /rest/videos"] = {"status": 200, "body": announced()}
    run.answers["PUT /dms-uploads/1"] = {"status": 200, "text": "<html>"}
    assert isinstance(publish(run.channel, snow(), run.notes), Later)
    assert len(run.requests) == 2

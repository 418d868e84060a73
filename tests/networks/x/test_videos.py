"""Videos at the stand-in: a part of them in each attempt, resumed where the last stopped."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from mercat.networks.kit import films
from mercat.networks.port import Altered, Channel, Later, Pending, Refused, Sent
from mercat.networks.x import media
from mercat.networks.x.adapter import NETWORK
from tests.networks.contract import scripted
from tests.networks.doubles import MemoryNotes, channel_of, client_for, item, video
from tests.networks.servers import Sandbox


@pytest.fixture
def channel(sandbox: Sandbox) -> Any:
    assert NETWORK.connector
    with client_for(sandbox.origin) as http:
        identity = NETWORK.connector.connect(sandbox.new_account(), http, now=datetime.now(UTC))
        yield channel_of(identity, http)


pytestmark = pytest.mark.parametrize("sandbox", ["x"], indirect=True)


def publish(channel: Channel, one: Any, notes: MemoryNotes) -> Any:
    return NETWORK.publisher.publish(channel, one, notes, now=datetime.now(UTC))


def small_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if a few hundred bytes were a piece, and two pieces all that an attempt may hand over."""
    monkeypatch.setattr(media, "VIDEO_PIECE", 700)
    monkeypatch.setattr(films, "TURN", 1_400)


def test_a_long_video_goes_on_over_several_attempts(
    sandbox: Sandbox, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_turns(monkeypatch)
    asked: list[int] = []
    film = video()

    def part(offset: int, size: int) -> bytes:
        asked.append(offset)
        assert film.part
        return film.part(offset, size)

    one, notes = item("Snow.", dataclasses.replace(film, part=part), created_at=datetime.now(UTC)), MemoryNotes()
    attempts, outcome = 0, publish(channel, one, notes)
    while isinstance(outcome, Pending) and attempts < 100:
        attempts, outcome = attempts + 1, publish(channel, one, notes)
    assert isinstance(outcome, Sent)
    assert attempts > film.size // 1_400
    assert asked == list(range(0, film.size, 700))  # nothing twice
    assert len(sandbox.standing(channel.native_id)) == 1


def test_after_a_kill_a_piece_may_come_twice_and_the_post_once(
    sandbox: Sandbox, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_turns(monkeypatch)
    one, notes = item("Snow.", video(), created_at=datetime.now(UTC)), MemoryNotes()
    assert isinstance(publish(channel, one, notes), Pending)
    before = dict(notes.values)
    assert isinstance(publish(channel, one, notes), Pending)
    notes.values = before  # what the killed attempt had noted is lost
    for _ in range(100):
        if not isinstance(outcome := publish(channel, one, notes), Pending):
            break
    assert isinstance(outcome, Sent)
    assert len(sandbox.standing(channel.native_id)) == 1


def test_a_video_that_was_changed_in_the_store_goes_nowhere(channel: Channel) -> None:
    cut = dataclasses.replace(video(), part=lambda offset, size: b"short")
    with pytest.raises(Altered):
        publish(channel, item("Snow.", cut), MemoryNotes())


def test_a_store_that_cannot_be_read_is_asked_again_later(channel: Channel) -> None:
    def part(offset: int, size: int) -> bytes:
        raise OSError("the disk is gone")

    outcome = publish(channel, item("Snow.", dataclasses.replace(video(), part=part)), MemoryNotes())
    assert isinstance(outcome, Later)
    assert "disk" not in outcome.reason


def test_lost_pieces_are_handed_over_again(sandbox: Sandbox, channel: Channel) -> None:
    one, notes = item("Snow.", video(), created_at=datetime.now(UTC)), MemoryNotes()
    sandbox.fault("segments_lost", "upload")
    assert isinstance(publish(channel, one, notes), Later)
    sandbox.no_faults()
    assert isinstance(publish(channel, one, notes), Pending)
    assert isinstance(publish(channel, one, notes), Sent)


def test_a_video_that_x_cannot_process_is_refused(sandbox: Sandbox, channel: Channel) -> None:
    one, notes = item("Snow.", video(), created_at=datetime.now(UTC)), MemoryNotes()
    sandbox.fault("media_processing", "upload", polls=1, fails=True)
    assert isinstance(publish(channel, one, notes), Pending)
    assert isinstance(publish(channel, one, notes), Refused)
    assert sandbox.standing(channel.native_id) == []


def test_what_a_machine_made_is_told(sandbox: Sandbox, channel: Channel) -> None:
    made = dataclasses.replace(item("Snow.", created_at=datetime.now(UTC)), synthetic=True)
    run, _ = scripted("x")
    run.network.publisher.publish(
        run.channel, dataclasses.replace(run.item, synthetic=True), run.notes, now=made.created_at
    )
    assert b'"made_with_ai":true' in run.calls("publishing")[0].content
    assert isinstance(publish(channel, made, MemoryNotes()), Sent)


@pytest.mark.parametrize(
    "begun",
    [
        {"media_type": "video/mp4", "media_category": "tweet_image", "total_bytes": 10},
        {"media_type": "image/png", "media_category": "tweet_video", "total_bytes": 10},
        {"media_type": "video/mp4", "media_category": "tweet_video", "total_bytes": 512 * 1024 * 1024 + 1},
        {"media_type": "video/quicktime", "media_category": "tweet_video", "total_bytes": 10},
        {"media_type": "video/mp4", "total_bytes": 10},
    ],
)
def test_the_stand_in_refuses_what_x_would(sandbox: Sandbox, channel: Channel, begun: dict[str, Any]) -> None:
    token = channel.credentials.get()["access_token"]
    url = f"{sandbox.base_url}/2/media/upload/initialize"
    answer = httpx.post(url, json=begun, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 400


CAPTIONS = "WEBVTT\n\n00:01.000 --> 00:03.000\nSnow on the A9.\n"


def publish_in_the_end(channel: Channel, one: Any, notes: MemoryNotes) -> Any:
    for _ in range(10):
        outcome = publish(channel, one, notes)
        if not isinstance(outcome, Pending):
            return outcome
    raise AssertionError(outcome)


def bodies(channel: Channel, path: str) -> list[bytes]:
    """What the adapter sends there, filled as it does."""
    seen: list[bytes] = []

    def note(request: httpx.Request) -> None:
        if path in request.url.path:
            seen.append(request.read())

    channel.http.event_hooks = {**channel.http.event_hooks, "request": [note]}
    return seen


@pytest.mark.parametrize(("language", "told"), [("en", b"English"), ("gd-GB", "Gàidhlig".encode()), ("sq", b"SQ")])
def test_captions_are_handed_over_before_the_post(channel: Channel, language: str, told: bytes) -> None:
    sent = bodies(channel, "/media/")
    one, notes = dataclasses.replace(item("Snow.", video(captions=CAPTIONS)), language=language), MemoryNotes()
    assert isinstance(publish_in_the_end(channel, one, notes), Sent)
    assert any(b"1\n00:00:01,000 --> 00:00:03,000\nSnow on the A9.\n" in body for body in sent)
    (named,) = [body for body in sent if b"language_code" in body]
    assert told in named
    assert f'"language_code":"{language[:2].upper()}"'.encode() in named
    assert b'"media_category":"TweetVideo"' in named


@pytest.mark.parametrize("fault", ["answer_lost", "error_before", "error_after", "wrong_200", "rate_limited"])
def test_trouble_with_captions_costs_nothing(sandbox: Sandbox, channel: Channel, fault: str) -> None:
    """The fault is armed at each call of an upload in turn, the captions' among them."""
    for nth in range(12):
        one, notes, made = item(f"Snow {nth}.", video(captions=CAPTIONS)), MemoryNotes(), []

        def arm(request: httpx.Request, nth: int = nth, made: list[str] = made) -> None:
            made.append(request.url.path)
            if len(made) == nth + 1:
                sandbox.fault(fault, "upload")

        channel.http.event_hooks = {**channel.http.event_hooks, "request": [arm]}
        outcome = publish_in_the_end(channel, one, notes)
        if isinstance(outcome, Later):
            outcome = publish_in_the_end(channel, one, notes)
        sandbox.no_faults()
        assert isinstance(outcome, Sent), (nth, made)
        if len(made) <= nth:
            return


def test_captions_in_a_language_that_x_cannot_name_stay_behind(channel: Channel) -> None:
    sent = bodies(channel, "/media/subtitles")
    one = dataclasses.replace(item("Snow.", video(captions=CAPTIONS)), language="sco")
    assert isinstance(publish_in_the_end(channel, one, MemoryNotes()), Sent)
    assert sent == []

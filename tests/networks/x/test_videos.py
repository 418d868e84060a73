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

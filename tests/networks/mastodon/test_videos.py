"""Videos at the stand-in: in one request, read while it is sent, then awaited."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from mercat.networks.kit import films
from mercat.networks.mastodon.adapter import NETWORK
from mercat.networks.mastodon.payload import check
from mercat.networks.port import Altered, Channel, Later, Medium, Pending, Refused, Sent
from tests.networks.contract import scripted
from tests.networks.doubles import MemoryNotes, channel_of, client_for, item, picture, video
from tests.networks.servers import Sandbox


@pytest.fixture
def sandbox(sandbox_url: str) -> Any:
    server = Sandbox(sandbox_url, "mastodon")
    yield server
    server.no_faults()


@pytest.fixture
def channel(sandbox: Sandbox) -> Any:
    assert NETWORK.connector
    with client_for(sandbox.origin) as http:
        identity = NETWORK.connector.connect(sandbox.new_account(), http, now=datetime.now(UTC))
        yield channel_of(identity, http)


def publish(channel: Channel, one: Any, notes: MemoryNotes) -> Any:
    return NETWORK.publisher.publish(channel, one, notes, now=datetime.now(UTC))


def publish_in_the_end(channel: Channel, one: Any, notes: MemoryNotes) -> Any:
    for _ in range(5):
        outcome = publish(channel, one, notes)
        if not isinstance(outcome, Pending):
            return outcome
    raise AssertionError(outcome)


def never_whole(film: Medium, asked: list[tuple[int, int]]) -> Medium:
    """The same, where only parts can be had."""

    def part(offset: int, size: int) -> bytes:
        asked.append((offset, size))
        assert film.part
        return film.part(offset, size)

    def read() -> bytes:
        raise AssertionError("a video is too large to be held whole")

    return dataclasses.replace(film, read=read, part=part)


def test_a_video_is_read_in_parts_and_described(
    sandbox: Sandbox, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(films, "AT_ONCE", 1_000)
    asked: list[tuple[int, int]] = []
    film = never_whole(video(), asked)
    one, notes = item("Snow.", film), MemoryNotes()
    assert isinstance(publish(channel, one, notes), Pending)
    assert asked == [(0, 1_000), *((offset, 1_000) for offset in range(1_000, film.size, 1_000))]
    assert isinstance(publish_in_the_end(channel, one, notes), Sent)
    (post,) = [post for post in sandbox.control("GET", "posts") if post["account"] == channel.native_id]
    (medium,) = post["media"]
    assert (medium["sha256"], medium["mime"], medium["alt"]) == (film.sha256, "video/mp4", film.alt)


def test_the_limits_are_those_of_the_server(channel: Channel) -> None:
    assert channel.limits["video_size_limit"] == 99 * 1024 * 1024
    film = video()
    large = item("Snow.", dataclasses.replace(film, size=99 * 1024 * 1024 + 1))
    wide = item("Snow.", dataclasses.replace(film, width=10_000, height=5_000))
    assert ["video has 103.809025 MB" in problem.message for problem in check(large, channel.limits)] == [True]
    assert ["The video has 10,000 by 5,000 pixels" in one.message for one in check(wide, channel.limits)] == [True]
    assert check(large, {"video_size_limit": 200 * 1024 * 1024}) == []
    assert "one video and nothing beside it" in check(item("Snow.", film, picture()), {})[0].message


def test_a_video_that_the_server_cannot_process_is_refused_in_its_words(sandbox: Sandbox, channel: Channel) -> None:
    one, notes = item("Snow.", video()), MemoryNotes()
    assert isinstance(publish(channel, one, notes), Pending)
    sandbox.fault("video_fails", "upload")
    outcome = publish(channel, one, notes)
    assert isinstance(outcome, Refused)
    assert outcome.detail == "Error processing thumbnail for uploaded media"


def test_a_video_that_was_changed_in_the_store_ends_in_no_post(
    sandbox: Sandbox, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it only shows in the midst of the request."""
    monkeypatch.setattr(films, "AT_ONCE", 1_000)
    film = video()

    def part(offset: int, size: int) -> bytes:
        assert film.part
        return b"" if offset else film.part(offset, size)

    with pytest.raises(Altered):
        publish(channel, item("Snow.", dataclasses.replace(film, part=part)), MemoryNotes())
    assert sandbox.standing(channel.native_id) == []


def test_a_store_that_fails_in_the_midst_of_a_request_costs_nothing(
    sandbox: Sandbox, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(films, "AT_ONCE", 1_000)
    film = video()

    def part(offset: int, size: int) -> bytes:
        if offset:
            raise OSError("the disk is gone")
        assert film.part
        return film.part(offset, size)

    one, notes = item("Snow.", dataclasses.replace(film, part=part)), MemoryNotes()
    outcome = publish(channel, one, notes)
    assert isinstance(outcome, Later)
    assert "disk" not in outcome.reason
    whole = dataclasses.replace(one, media=(film,))
    assert isinstance(publish_in_the_end(channel, whole, notes), Sent)


def test_the_request_tells_its_length() -> None:
    run, _ = scripted("mastodon")
    publish(run.channel, item("Snow.", video()), run.notes)
    (upload,) = [request for request in run.requests if request.url.path.endswith("/media")]
    assert int(upload.headers["content-length"]) == len(upload.content)
    assert "transfer-encoding" not in upload.headers
    assert b'filename="video.mp4"' in upload.content


def test_a_whole_reads_as_a_file_does() -> None:
    film = video()
    whole = films.Whole(film, now=datetime.now(UTC))
    assert (whole.seek(0, 2), whole.tell()) == (film.size, film.size)
    assert whole.read() == b""
    assert whole.seek(-5, 1) == film.size - 5
    assert whole.read(3) + whole.read(10) == film.read()[-5:]
    assert whole.seek(0) == 0
    assert b"".join(whole) == film.read()
    assert isinstance(
        httpx.Request("POST", "https://a.example", content=films.Whole(film, now=datetime.now(UTC))).headers[
            "content-length"
        ],
        str,
    )

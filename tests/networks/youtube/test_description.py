"""Every request of the adapter, and every answer of the stand-in, is what YouTube's discovery document says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from mercat.networks.kit.http import guarded_client
from mercat.networks.port import (
    Broadcast,
    Figures,
    Found,
    Kept,
    Medium,
    Missing,
    NewProfile,
    Pending,
    Profile,
    Refused,
    Sent,
)
from mercat.networks.youtube.adapter import NETWORK
from tests.networks.contract import CASES, scripted
from tests.networks.doubles import MemoryNotes, channel_of, item, nobodys, picture, video
from tests.networks.servers import Sandbox
from tests.networks.youtube.discovery import OUTSIDE, Breach, Checked, check_answer, check_request
from tests.shared import shared

pytestmark = pytest.mark.usefixtures("_described")
on_the_stand_in = pytest.mark.parametrize("sandbox", ["youtube"], indirect=True)


@pytest.fixture(scope="module")
def _described() -> None:
    shared("youtube", "youtube.v3.json")


@pytest.mark.parametrize("name", [name for slug, name in CASES if slug == "youtube"])
def test_every_request_is_one_that_the_document_has(name: str) -> None:
    run, case = scripted("youtube", name)
    run.run(case["step"])
    for request in run.requests:
        if request.url.path not in OUTSIDE:
            check_request(request)


@pytest.mark.parametrize(
    "step",
    [
        "publish",
        "find",
        "find_lost",
        "posts",
        "remove",
        "edit",
        "profile",
        "change",
        "figures",
        "mentions",
        "comments",
        "accounts",
    ],
)
def test_the_happy_answers_are_what_the_document_says(step: str) -> None:
    run, _ = scripted("youtube")
    run.run(step)
    for request in run.requests:
        told = run.happy["answers"][f"{request.method} {request.url.path}"]
        body = {"json": told["body"]} if "body" in told else {"text": told["text"]}
        check_request(request)
        check_answer(request, request.url.path, httpx.Response(told["status"], **body))


def test_what_the_document_does_not_have_is_found() -> None:
    signed = {"Authorization": "Bearer t"}
    for url in ("/youtube/v3/videos?part=snippet&of=me", "/youtube/v3/nothing?part=id", "/youtube/v3/videos?id=1"):
        with pytest.raises(Breach):
            check_request(httpx.Request("GET", f"https://www.googleapis.com{url}", headers=signed))
    wrong = httpx.Request(
        "PUT", "https://www.googleapis.com/youtube/v3/videos?part=status", headers=signed, json={"state": "public"}
    )
    with pytest.raises(Breach):
        check_request(wrong)


class Guest:
    """A channel of the stand-in, all of whose calls and answers are checked."""

    def __init__(self, sandbox: Sandbox) -> None:
        assert NETWORK.connector
        self.sandbox, self.checked = sandbox, Checked(httpx.HTTPTransport(), "/youtube")
        self.http = guarded_client(
            timeout=timedelta(seconds=20), allow_private=frozenset({sandbox.origin}), transport=self.checked
        )
        self.now = datetime.now(UTC)
        self.identity = NETWORK.connector.connect(sandbox.new_account(), self.http, now=self.now)
        self.channel = channel_of(self.identity, self.http)
        self.notes = MemoryNotes()

    def publish(self, one: Any) -> Any:
        return NETWORK.publisher.publish(self.channel, one, self.notes, now=self.now)

    def find(self, one: Any, native_id: str | None, notes: MemoryNotes | None = None) -> Any:
        return NETWORK.reader.find(
            self.channel, one, notes or self.notes, native_id=native_id, is_another=nobodys, now=self.now
        )


@pytest.fixture
def guests(sandbox: Sandbox) -> Any:
    made = Guest(sandbox), Guest(sandbox)
    yield made
    for guest in made:
        guest.http.close()


@on_the_stand_in
def test_a_whole_day_on_the_stand_in(sandbox: Sandbox, guests: tuple[Guest, Guest]) -> None:
    """Everything that the adapter can do with videos, without one call or answer that YouTube would not know."""
    police, other = guests
    now, parts = police.now, NETWORK
    assert parts.keeper
    assert parts.metrics
    assert parts.listener
    assert parts.searcher
    assert parts.profiler
    film = video("", captions="WEBVTT\n\n00:00.000 --> 00:02.000\nSnow falls.\n")
    one = item("Snow & ice on the A9 ❄️\n\nDrive with care: https://example.org/a?b=c&d", film, created_at=now)
    sandbox.fault("processing", "upload", polls=2)
    sandbox.fault("partial_upload", "upload")
    assert isinstance(police.publish(one), Pending)
    assert sandbox.standing(police.identity.native_id) == []
    sandbox.no_faults()
    sent = police.publish(one)
    while isinstance(sent, Pending):
        sent = police.publish(one)
    assert isinstance(sent, Sent)
    for native_id, notes in ((sent.native_id, None), (None, None), (None, MemoryNotes())):
        found = police.find(one, native_id, notes)
        assert isinstance(found, Found)
        assert NETWORK.reader.matches(one, found, police.channel)
    past_us = sandbox.by_hand(police.identity.native_id, "By another hand.")
    assert set(_listed(police)) == {past_us, sent.native_id}
    _comment(other, sent.native_id, "Is the road open?")
    heard = parts.listener.comments(police.channel, native_id=sent.native_id, now=now)
    assert isinstance(heard, tuple)
    assert [(one.text, one.author, one.under) for one in heard] == [
        ("Is the road open?", other.identity.handle, sent.native_id)
    ]
    assert parts.listener.mentions(police.channel, since=now - timedelta(hours=1), now=now) == heard
    figures = parts.metrics.figures(police.channel, native_id=sent.native_id, now=now)
    assert figures == Figures({"views": 0, "reactions": 0, "replies": 1})
    accounts = parts.searcher.accounts(police.channel, other.identity.handle.upper(), now=now)
    assert isinstance(accounts, tuple)
    assert [one.native_id for one in accounts] == [other.identity.native_id]
    assert parts.searcher.accounts(police.channel, "nobody is called so", now=now) == ()
    new = NewProfile(bio="Not for reporting crime.", banner=picture("", shade=9))
    assert isinstance(parts.profiler.change(police.channel, new, now=now), Sent)
    profile = parts.profiler.profile(police.channel, now=now)
    assert isinstance(profile, Profile)
    assert profile.bio == "Not for reporting crime."
    assert profile.banner
    assert parts.keeper.keep(police.channel, ahead=timedelta(minutes=15), now=now) == Kept()
    _changed_and_taken_down(police, sent, film)
    assert police.checked.seen >= {
        *("youtube.videos.insert", "youtube.thumbnails.set", "youtube.captions.insert", "youtube.videos.update"),
        *("youtube.channelBanners.insert", "youtube.search.list", "youtube.playlistItems.list"),
    }


def _listed(guest: Guest) -> list[str]:
    assert NETWORK.lister
    posts = NETWORK.lister.posts(guest.channel, since=guest.now - timedelta(minutes=1), now=guest.now)
    assert isinstance(posts, tuple)
    return [post.native_id for post in posts]


@on_the_stand_in
def test_what_is_in_preparation_is_not_listed_and_a_broadcast_is(sandbox: Sandbox, guests: tuple[Guest, Guest]) -> None:
    guest, _ = guests
    sandbox.fault("processing", "upload", polls=2)
    one = item("Snow on the A9.", video(""), created_at=guest.now)
    assert isinstance(guest.publish(one), Pending)
    assert _listed(guest) == []
    sandbox.no_faults()
    sent = guest.publish(one)
    while isinstance(sent, Pending):
        sent = guest.publish(one)
    assert _listed(guest) == [sent.native_id]
    assert NETWORK.live
    begins, briefing = guest.now + timedelta(hours=1), item("Briefing on the snow", created_at=guest.now)
    made = NETWORK.live.make(guest.channel, briefing, MemoryNotes(), begins=begins, now=guest.now)
    assert isinstance(made, Sent)
    assert set(_listed(guest)) == {sent.native_id, made.native_id}


def _changed_and_taken_down(police: Guest, sent: Sent, film: Medium) -> None:
    parts, now = NETWORK, police.now
    assert parts.editor
    assert parts.remover
    changed = item("Thaw on the A9\n\nAll is well.", film, created_at=now)
    assert parts.editor.edit(police.channel, changed, native_id=sent.native_id, now=now) == sent
    found = police.find(changed, sent.native_id)
    assert isinstance(found, Found)
    assert NETWORK.reader.matches(changed, found, police.channel)
    assert parts.remover.remove(police.channel, native_id=sent.native_id, now=now) == Sent(sent.native_id, "")
    assert parts.remover.remove(police.channel, native_id=sent.native_id, now=now) == Sent(sent.native_id, "")
    assert police.find(changed, sent.native_id) == Missing()


def _comment(guest: Guest, video_id: str, words: str) -> None:
    """Mercat sends no comments; on the stand-in somebody must."""
    comment = {"snippet": {"textOriginal": words}}
    body = {"snippet": {"videoId": video_id, "topLevelComment": comment}}
    headers = {"Authorization": f"Bearer {guest.channel.credentials.get()['access_token']}"}
    url = f"{guest.sandbox.base_url}/youtube/v3/commentThreads?part=snippet"
    assert guest.http.post(url, json=body, headers=headers).status_code == 200


@on_the_stand_in
def test_a_broadcast_from_announcement_to_end(sandbox: Sandbox, guests: tuple[Guest, Guest]) -> None:
    police, _ = guests
    now, live = police.now, NETWORK.live
    assert live
    one = item("Briefing on the snow\n\nWith the roads police.", created_at=now)
    begins = now + timedelta(hours=1)
    sent = live.make(police.channel, one, police.notes, begins=begins, now=now)
    assert isinstance(sent, Sent)
    assert live.make(police.channel, one, police.notes, begins=begins, now=now) == sent

    def state() -> str:
        told = live.state(police.channel, native_id=sent.native_id, now=now)
        assert isinstance(told, Broadcast)
        assert "stand-in.example" not in repr(told)
        return told.state

    assert state() == "waiting"
    refused = live.start(police.channel, native_id=sent.native_id, now=now)
    assert isinstance(refused, Refused)
    assert "Start the encoder" in refused.reason
    assert isinstance(live.end(police.channel, native_id=sent.native_id, now=now), Refused)
    sandbox.fault("encoder_sends", "any")
    assert state() == "ready"
    told = live.state(police.channel, native_id=sent.native_id, now=now)
    assert isinstance(told, Broadcast)
    assert told.ingest_url.startswith("rtmps://")
    assert told.ingest_key
    assert told.ingest_key not in repr(police.notes.values)
    assert live.start(police.channel, native_id=sent.native_id, now=now) == sent
    assert live.start(police.channel, native_id=sent.native_id, now=now) == sent
    assert state() == "live"
    assert live.end(police.channel, native_id=sent.native_id, now=now) == sent
    assert live.end(police.channel, native_id=sent.native_id, now=now) == sent
    assert state() == "ended"
    assert isinstance(live.start(police.channel, native_id=sent.native_id, now=now), Refused)


@on_the_stand_in
@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ("quota_used_up", "Later"),
        ("upload_limit", "Later"),
        ("token_ends_in_upload", "Reconnect"),
        ("keeps_private", "Refused"),
        ("rate_limited", "Later"),
        ("expired_token", "Reconnect"),
        ("error_before", "Later"),
    ],
)
def test_what_the_stand_in_refuses_with_has_googles_shape(
    sandbox: Sandbox, guests: tuple[Guest, Guest], fault: str, outcome: str
) -> None:
    guest, _ = guests
    sandbox.fault(fault, "upload")
    assert type(guest.publish(item("Snow.", video(""), created_at=guest.now))).__name__ == outcome
    assert sandbox.standing(guest.identity.native_id) == []


@on_the_stand_in
@pytest.mark.parametrize(("ends", "says"), [("codec", "codec"), ("duplicate", "very same"), ("copyright", "copyright")])
def test_a_video_that_comes_to_nothing_is_told_in_words(
    sandbox: Sandbox, guests: tuple[Guest, Guest], ends: str, says: str
) -> None:
    guest, _ = guests
    sandbox.fault("processing", "upload", polls=1, ends=ends)
    one = item("Snow.", video(""), created_at=guest.now)
    assert isinstance(guest.publish(one), Pending)
    refused = guest.publish(one)
    assert isinstance(refused, Refused)
    assert says in refused.reason


@on_the_stand_in
def test_live_streaming_that_is_not_switched_on_is_told_in_words(sandbox: Sandbox, guests: tuple[Guest, Guest]) -> None:
    guest, _ = guests
    assert NETWORK.live
    sandbox.fault("live_not_enabled", "any")
    one = item("Briefing", created_at=guest.now)
    refused = NETWORK.live.make(guest.channel, one, guest.notes, begins=guest.now + timedelta(hours=1), now=guest.now)
    assert isinstance(refused, Refused)
    assert "YouTube Studio" in refused.reason

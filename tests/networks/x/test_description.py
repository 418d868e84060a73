"""Every request of the adapter, and every answer of the stand-in, is what X's own description of its API says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from mercat.networks.kit.http import guarded_client
from mercat.networks.port import Figures, Found, Kept, Missing, Pending, Profile, Refused, Sent, Unsure
from mercat.networks.x.adapter import NETWORK
from tests.networks.contract import CASES, scripted
from tests.networks.doubles import MemoryNotes, channel_of, item, nobodys, picture, video
from tests.networks.servers import Sandbox
from tests.networks.x.openapi import OUTSIDE, Breach, Checked, check_answer, check_request
from tests.shared import shared

pytestmark = pytest.mark.usefixtures("_described")
on_the_stand_in = pytest.mark.parametrize("sandbox", ["x"], indirect=True)


@pytest.fixture(scope="module")
def _described() -> None:
    shared("x", "openapi-2.167-xdk.json")


@pytest.mark.parametrize("name", [name for slug, name in CASES if slug == "x"])
def test_every_request_is_one_that_the_description_has(name: str) -> None:
    run, case = scripted("x", name)
    run.run(case["step"])
    for request in run.requests:
        if request.url.path not in OUTSIDE:
            check_request(request)


@pytest.mark.parametrize(
    "step",
    ["publish", "find", "find_lost", "posts", "remove", "profile", "figures", "mentions", "comments", "accounts"],
)
def test_the_happy_answers_are_what_the_description_says(step: str) -> None:
    run, _ = scripted("x")
    run.run(step)
    for request in run.requests:
        told = run.happy["answers"][f"{request.method} {request.url.path}"]
        check_request(request)
        check_answer(request, request.url.path, httpx.Response(told["status"], json=told["body"]))


class Guest:
    """An account of the stand-in, all of whose calls and answers are checked."""

    def __init__(self, sandbox: Sandbox) -> None:
        assert NETWORK.connector
        self.sandbox, self.checked = sandbox, Checked(httpx.HTTPTransport(), "/x")
        self.http = guarded_client(
            timeout=timedelta(seconds=20), allow_private=frozenset({sandbox.origin}), transport=self.checked
        )
        self.now = datetime.now(UTC)
        self.identity = NETWORK.connector.connect(sandbox.new_account(), self.http, now=self.now)
        self.channel = channel_of(self.identity, self.http)
        self.notes = MemoryNotes()

    def item(self, text: str, *media: Any) -> Any:
        return item(text, *media, created_at=self.now)

    def publish(self, one: Any, *, after: int = 0) -> Any:
        now = self.now + timedelta(seconds=after)
        return NETWORK.publisher.publish(self.channel, one, self.notes, now=now)

    def find(self, one: Any, native_id: str | None) -> Any:
        return NETWORK.reader.find(
            self.channel, one, MemoryNotes(), native_id=native_id, is_another=nobodys, now=self.now
        )


@pytest.fixture
def guests(sandbox: Sandbox) -> Any:
    made = Guest(sandbox), Guest(sandbox)
    yield made
    for guest in made:
        guest.http.close()


@on_the_stand_in
def test_a_video_with_captions_on_the_stand_in(sandbox: Sandbox, guests: tuple[Guest, Guest]) -> None:
    guest, _ = guests
    one = guest.item("Snow.", video(captions="WEBVTT\n\n00:01.000 --> 00:03.000\nSnow on the A9.\n"))
    outcome = guest.publish(one)
    while isinstance(outcome, Pending):
        outcome = guest.publish(one)
    assert isinstance(outcome, Sent)
    assert "createMediaSubtitles" in guest.checked.seen


@on_the_stand_in
def test_a_whole_day_on_the_stand_in(sandbox: Sandbox, guests: tuple[Guest, Guest]) -> None:
    """Everything that the adapter can do, between two accounts, without one call or answer that X would not know."""
    police, other = guests
    now, since = police.now, police.now - timedelta(hours=1)
    parts = NETWORK
    assert parts.keeper
    assert parts.metrics
    assert parts.listener
    assert parts.searcher
    assert parts.profiler
    assert parts.remover
    text = f"Snow & ice <here> on the A9, @{other.identity.handle}: example.org/a?b=c&d https://example.org/ #Snow"
    one = police.item(text, picture("Sign “closed”"), picture("", shade=9))
    sandbox.fault("media_processing", "upload", polls=2)
    assert isinstance(police.publish(one), Pending)
    assert isinstance(police.publish(one, after=2), Pending)
    sent = police.publish(one, after=4)
    assert isinstance(sent, Sent)
    sandbox.no_faults()
    for native_id in (sent.native_id, None):
        found = police.find(one, native_id)
        assert isinstance(found, Found)
        assert NETWORK.reader.matches(one, found, police.channel)
    assert police.publish(one, after=6) == sent  # the same words are refused, and are known to be these
    again = police.item(text, *one.media)
    assert isinstance(police.publish(again), Unsure)
    _repost_and_list(police, other, since, sent)
    answered = _reply(other, sent.native_id, f"@{police.identity.handle} Thank you & <3 https://example.net")
    (comment,) = parts.listener.comments(police.channel, native_id=sent.native_id, now=now)
    (mention,) = parts.listener.mentions(police.channel, since=since, now=now)
    assert comment == mention
    assert (comment.native_id, comment.under, comment.author) == (answered, sent.native_id, other.identity.handle)
    assert comment.text == f"@{police.identity.handle} Thank you & <3 https://example.net"
    figures = parts.metrics.figures(police.channel, native_id=sent.native_id, now=now)
    assert isinstance(figures, Figures)
    assert figures.counts["replies"] == 1
    (account,) = parts.searcher.accounts(police.channel, other.identity.handle.upper(), now=now)
    assert account.native_id == other.identity.native_id
    assert isinstance(parts.profiler.profile(police.channel, now=now), Profile)
    assert parts.keeper.keep(police.channel, ahead=timedelta(minutes=15), now=now) == Kept()
    assert parts.remover.remove(other.channel, native_id=sent.native_id, now=now).reason.startswith("X refused this")
    assert parts.remover.remove(police.channel, native_id=sent.native_id, now=now) == Sent(sent.native_id, "")
    assert parts.remover.remove(police.channel, native_id=sent.native_id, now=now) == Sent(sent.native_id, "")
    assert police.find(one, sent.native_id) == Missing()
    assert parts.searcher.accounts(police.channel, "nobody is called so", now=now) == ()
    assert police.checked.seen >= {"createPosts", "initializeMediaUpload", "getMediaUploadStatus", "searchUsers"}


def _repost_and_list(police: Guest, other: Guest, since: datetime, sent: Sent) -> None:
    assert NETWORK.lister
    theirs = police.sandbox.by_hand(other.identity.native_id, "The best road is ours.")
    police.sandbox.by_hand(police.identity.native_id, "", passes_on=theirs)
    listed = NETWORK.lister.posts(police.channel, since=since, now=police.now)
    assert isinstance(listed, tuple)
    assert [post.native_id for post in listed] == [sent.native_id]


def _reply(guest: Guest, native_id: str, text: str) -> str:
    """Mercat sends no replies yet; on the stand-in somebody must."""
    body = {"text": text, "reply": {"in_reply_to_tweet_id": native_id}}
    headers = {"Authorization": f"Bearer {guest.channel.credentials.get()['access_token']}"}
    answer = guest.http.post(f"{guest.sandbox.base_url}/2/tweets", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]["id"]


@on_the_stand_in
@pytest.mark.parametrize(
    "fault", ["credits_used_up", "duplicate_refused", "segments_lost", "token_ends_in_upload", "media_processing"]
)
def test_what_the_stand_in_refuses_with_is_a_problem_too(
    sandbox: Sandbox, guests: tuple[Guest, Guest], fault: str
) -> None:
    guest, _ = guests
    sandbox.fault(fault, "any", **({"polls": 1, "fails": True} if fault == "media_processing" else {}))
    one = guest.item("Snow.", picture())
    outcomes = [type(guest.publish(one, after=n)).__name__ for n in range(2)]
    assert (
        outcomes
        == {
            "credits_used_up": ["Later", "Later"],
            "duplicate_refused": ["Unsure", "Unsure"],
            "segments_lost": ["Later", "Later"],
            "token_ends_in_upload": ["Reconnect", "Reconnect"],
            "media_processing": ["Pending", "Refused"],
        }[fault]
    )
    assert sandbox.standing(guest.identity.native_id) == []


@on_the_stand_in
@pytest.mark.parametrize("fault", ["error_before", "error_after", "rate_limited", "expired_token"])
def test_the_common_faults_speak_as_x_does(sandbox: Sandbox, guests: tuple[Guest, Guest], fault: str) -> None:
    guest, _ = guests
    sandbox.fault(fault, "publish")
    assert not isinstance(guest.publish(guest.item("Snow.")), Sent | Refused)


def test_the_check_finds_what_it_should() -> None:
    signed = {"Authorization": "Bearer x"}
    for request in (
        httpx.Request("POST", "https://api.x.com/2/tweets", json={"text": "x"}),
        httpx.Request("POST", "https://api.x.com/2/tweets", json={"status": "x"}, headers=signed),
        httpx.Request("POST", "https://api.x.com/2/tweets", json={"media": {"media_ids": ["3_1"]}}, headers=signed),
        httpx.Request("GET", "https://api.x.com/2/tweets/1?tweet.fields=created_at", headers=signed),
        httpx.Request("GET", "https://api.x.com/2/users/1/tweets?max_results=3", headers=signed),
        httpx.Request("GET", "https://api.x.com/2/nothing", headers=signed),
        httpx.Request("DELETE", "https://api.x.com/2/tweets/1", json={}, headers=signed),
    ):
        with pytest.raises(Breach):
            check_request(request)
    asked = httpx.Request("GET", "https://api.x.com/2/users/me", headers=signed)
    for told in ({"data": {"id": 1}}, {"data": {"id": "1", "handle": "x"}}, []):
        with pytest.raises(Breach):
            check_answer(asked, "/2/users/me", httpx.Response(200, json=told))

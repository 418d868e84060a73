"""Profiles, figures, mentions, replies, searches and reports: on our stand-in, on a real server, and by script."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mercat.networks.bluesky import payload
from mercat.networks.bluesky.adapter import NETWORK
from mercat.networks.bluesky.community import MOST_REPLIES, PAGES
from mercat.networks.bluesky.spec import MAX_BIO, MAX_NAME, MAX_PROFILE_PICTURE, MAX_REPORT, PROFILE_MIMES
from mercat.networks.port import (
    Altered,
    Figures,
    Later,
    NewProfile,
    Profile,
    Refused,
    Sent,
    Unreadable,
    Unsure,
)
from tests.networks.contract import Scripted, Server, scripted
from tests.networks.doubles import NOW, MemoryNotes, channel_of, client_for, item, medium, picture
from tests.networks.servers import Sandbox
from tests.servers.atproto_network import AtprotoNetwork
from tests.shared import shared

on_both = pytest.mark.parametrize(
    "server", ["sandbox:bluesky", pytest.param("atproto", marks=pytest.mark.real)], indirect=True
)
on_the_stand_in = pytest.mark.parametrize("sandbox", ["bluesky"], indirect=True)
LIST, PUT = "GET /xrpc/com.atproto.repo.listRecords", "POST /xrpc/com.atproto.repo.putRecord"
NOTIFIED = "GET /xrpc/app.bsky.notification.listNotifications"
THREAD = "GET /xrpc/app.bsky.feed.getPostThread"


class Person:
    """An account, connected."""

    def __init__(self, server: Server, http: httpx.Client) -> None:
        assert NETWORK.connector
        fields = server.new_account()
        self.channel = channel_of(NETWORK.connector.connect(fields, http, now=datetime.now(UTC)), http)

    def publish(self, text: str) -> Sent:
        now = datetime.now(UTC)
        sent = NETWORK.publisher.publish(self.channel, item(text, created_at=now), MemoryNotes(), now=now)
        assert isinstance(sent, Sent)
        return sent

    def answer(self, text: str, parent: str) -> str:
        """A reply, which Mercat itself does not send."""
        headers = {"Authorization": f"Bearer {self.channel.credentials.get()['access_jwt']}"}
        base = f"{self.channel.base_url}/xrpc"
        repo, _, key = parent.removeprefix("at://").partition("/app.bsky.feed.post/")
        where = {"repo": repo, "collection": payload.POST, "rkey": key}
        known = httpx.get(f"{base}/com.atproto.repo.getRecord", params=where).raise_for_status().json()
        ref = {"uri": known["uri"], "cid": known["cid"]}
        record = {
            "$type": payload.POST,
            "text": text,
            "createdAt": payload.moment(datetime.now(UTC)),
            "reply": {"root": ref, "parent": ref},
        }
        body = {"repo": self.channel.native_id, "collection": payload.POST, "record": record}
        made = httpx.post(f"{base}/com.atproto.repo.createRecord", json=body, headers=headers)
        return made.raise_for_status().json()["uri"]


@pytest.fixture
def people(server: Server) -> Iterator[Any]:
    with client_for(server.origin) as http:
        yield partial(Person, server, http)


# Profiles, on servers


@on_both
def test_an_account_without_a_profile_has_an_empty_one(people: Any) -> None:
    station = people()
    assert NETWORK.profiler
    profile = NETWORK.profiler.profile(station.channel, now=datetime.now(UTC))
    assert isinstance(profile, Profile)
    assert (profile.bio, profile.avatar, profile.banner) == ("", "", "")
    assert profile.url.endswith(f"/profile/{station.channel.handle}")


@on_both
def test_a_profile_is_set_and_read_and_its_pictures_are_there(people: Any) -> None:
    station = people()
    assert NETWORK.profiler
    avatar, banner = picture(""), picture("", shade=10)
    new = NewProfile("Tayside Division 🚓", "Not for reporting crime:\ncall 101 or 999.", avatar, banner)
    changed = NETWORK.profiler.change(station.channel, new, now=datetime.now(UTC))
    assert isinstance(changed, Sent)
    profile = NETWORK.profiler.profile(station.channel, now=datetime.now(UTC))
    assert isinstance(profile, Profile)
    assert (changed.native_id, changed.url) == (station.channel.native_id, profile.url)
    assert (profile.name, profile.bio) == (new.name, new.bio)
    assert httpx.get(profile.avatar).content == avatar.read()
    assert httpx.get(profile.banner).content == banner.read()


@on_both
def test_what_is_not_named_of_a_profile_stays_as_it_is(people: Any) -> None:
    station = people()
    assert NETWORK.profiler
    NETWORK.profiler.change(station.channel, NewProfile("Tayside", "Call 101.", picture("")), now=datetime.now(UTC))
    before = NETWORK.profiler.profile(station.channel, now=datetime.now(UTC))
    assert isinstance(
        NETWORK.profiler.change(station.channel, NewProfile(bio="Call 999."), now=datetime.now(UTC)), Sent
    )
    assert NETWORK.profiler.profile(station.channel, now=datetime.now(UTC)) == dataclasses.replace(
        before, bio="Call 999."
    )


@on_both
def test_the_same_change_again_changes_nothing(people: Any) -> None:
    station = people()
    assert NETWORK.profiler
    new = NewProfile("Tayside", "Call 101.")
    first = NETWORK.profiler.change(station.channel, new, now=datetime.now(UTC))
    assert NETWORK.profiler.change(station.channel, new, now=datetime.now(UTC)) == first


@on_both
def test_a_name_and_a_bio_of_exactly_the_limit_are_taken(people: Any) -> None:
    station = people()
    assert NETWORK.profiler
    new = NewProfile("é" * MAX_NAME[0], "é" * MAX_BIO[0])
    assert isinstance(NETWORK.profiler.change(station.channel, new, now=datetime.now(UTC)), Sent)


@on_both
def test_whoever_changed_the_profile_meanwhile_is_not_overwritten(people: Any) -> None:
    """Both looked at the same version: the later of the two looks again."""
    station = people()
    assert NETWORK.profiler
    channel, looked = station.channel, []

    def meanwhile(response: httpx.Response) -> None:
        if response.request.url.path.endswith("listRecords") and not looked:
            looked.append(response)
            NETWORK.profiler.change(channel, NewProfile(name="By another hand"), now=datetime.now(UTC))  # type: ignore[union-attr]

    channel.http.event_hooks["response"].append(meanwhile)
    outcome = NETWORK.profiler.change(channel, NewProfile(bio="Call 101."), now=datetime.now(UTC))
    assert isinstance(outcome, Later)
    assert isinstance(NETWORK.profiler.change(channel, NewProfile(bio="Call 101."), now=datetime.now(UTC)), Sent)
    profile = NETWORK.profiler.profile(channel, now=datetime.now(UTC))
    assert isinstance(profile, Profile)
    assert (profile.name, profile.bio) == ("By another hand", "Call 101.")


# What the network knows


@on_the_stand_in
def test_replies_mentions_and_figures_are_heard_of(sandbox: Sandbox) -> None:
    assert NETWORK.listener
    assert NETWORK.metrics
    with client_for(sandbox.origin) as http:
        station, walker = Person(sandbox, http), Person(sandbox, http)
        began = datetime.now(UTC) - timedelta(seconds=5)
        sent = station.publish("Snow on the A9.")
        reply = walker.answer("Is it open?", sent.native_id)
        station.answer("Yes.", reply)
        walker.answer("Thank you!", reply)
        named = walker.publish(f"@{station.channel.handle} is quick to answer.")
        station.publish(f"@{station.channel.handle} says so itself.")
        now = datetime.now(UTC)
        heard = NETWORK.listener.comments(station.channel, native_id=sent.native_id, now=now)
        assert isinstance(heard, tuple)
        assert [each.text for each in heard] == ["Thank you!", "Is it open?"]
        assert {(each.author, each.under) for each in heard} == {(walker.channel.handle, sent.native_id)}
        (mention,) = NETWORK.listener.mentions(station.channel, since=began, now=now)
        assert (mention.native_id, mention.url, mention.under) == (named.native_id, named.url, "")
        assert NETWORK.listener.mentions(station.channel, since=now + timedelta(minutes=1), now=now) == ()
        figures = NETWORK.metrics.figures(station.channel, native_id=sent.native_id, now=now)
        assert figures == Figures({"replies": 1, "reactions": 0, "shares": 0})
        gone = NETWORK.metrics.figures(station.channel, native_id=other_than(sent.native_id), now=now)
        assert isinstance(gone, Unreadable)


@on_the_stand_in
def test_an_account_is_found_by_its_words_and_reported(sandbox: Sandbox) -> None:
    assert NETWORK.searcher
    assert NETWORK.reporter
    assert NETWORK.profiler
    now = datetime.now(UTC)
    with client_for(sandbox.origin) as http:
        station, forger = Person(sandbox, http), Person(sandbox, http)
        NETWORK.profiler.change(forger.channel, NewProfile("Tayside Pollice", "The real one."), now=now)
        (found,) = NETWORK.searcher.accounts(station.channel, "pollice TAYSIDE", now=now)
        assert (found.native_id, found.handle) == (forger.channel.native_id, forger.channel.handle)
        assert (found.name, found.bio) == ("Tayside Pollice", "The real one.")
        report = NETWORK.reporter.report(station.channel, account=found.native_id, words="It pretends.", now=now)
        assert isinstance(report, Sent)
        assert report.native_id.isdecimal()
        refused = NETWORK.reporter.report(station.channel, account="nobody", words="It pretends.", now=now)
        assert isinstance(refused, Refused)


@pytest.mark.real
def test_a_server_without_the_rest_of_the_network_says_so_and_publishes(atproto: AtprotoNetwork) -> None:
    """Its makers' own answer where no AppView and no moderation stand behind it."""
    from tests.networks.servers import RealBluesky

    assert NETWORK.listener
    assert NETWORK.metrics
    assert NETWORK.searcher
    assert NETWORK.reporter
    now = datetime.now(UTC)
    with client_for(atproto.url) as http:
        station = Person(RealBluesky(atproto), http)
        sent = station.publish("Snow on the A9.")
        told = (
            NETWORK.listener.mentions(station.channel, since=now, now=now),
            NETWORK.listener.comments(station.channel, native_id=sent.native_id, now=now),
            NETWORK.metrics.figures(station.channel, native_id=sent.native_id, now=now),
            NETWORK.searcher.accounts(station.channel, "police", now=now),
        )
        for each in told:
            assert isinstance(each, Unreadable), each
            assert not each.reconnect
        report = NETWORK.reporter.report(station.channel, account=station.channel.native_id, words="x", now=now)
        assert isinstance(report, Unsure | Refused), report


# By script


def test_a_profile_keeps_what_others_wrote_into_it_and_names_the_version_it_replaces() -> None:
    run, _ = scripted("bluesky")
    assert isinstance(run.run("change"), Sent)
    body = json.loads(run.requests[-1].content)
    standing = run.happy["answers"][LIST]["body"]["records"][0]
    assert body["swapRecord"] == standing["cid"]
    assert body["record"]["pinnedPost"] == standing["value"]["pinnedPost"]
    assert body["record"]["displayName"] == "Tayside Division"
    assert (
        body["record"]["avatar"]
        == body["record"]["banner"]
        == run.happy["answers"]["POST /xrpc/com.atproto.repo.uploadBlob"]["body"]["blob"]
    )
    assert (body["collection"], body["rkey"]) == ("app.bsky.actor.profile", "self")


def test_a_first_profile_replaces_nothing() -> None:
    run, _ = scripted("bluesky")
    run.answers[LIST] = {"status": 200, "body": {"records": []}}
    run.run("change")
    body = json.loads(run.requests[-1].content)
    assert body["swapRecord"] is None
    assert body["record"]["$type"] == "app.bsky.actor.profile"


@pytest.mark.parametrize(
    "new",
    [
        NewProfile(name="x" * 65),
        NewProfile(bio="x" * 257),
        NewProfile(name="👮🏽‍♀️" * 64),  # 64 characters, and too many bytes
        NewProfile(avatar=medium(b"x", mime="image/gif")),
        NewProfile(banner=dataclasses.replace(picture(""), size=MAX_PROFILE_PICTURE + 1)),
    ],
)
def test_a_profile_that_breaks_a_limit_is_refused_before_any_request(new: NewProfile) -> None:
    run, _ = scripted("bluesky")
    assert NETWORK.profiler
    outcome = NETWORK.profiler.change(run.channel, new, now=NOW)
    assert isinstance(outcome, Refused)
    assert outcome.reason.endswith(".")
    assert run.requests == []


def test_a_picture_that_is_not_the_approved_one_is_told_before_any_request() -> None:
    run, _ = scripted("bluesky")
    assert NETWORK.profiler
    swapped = dataclasses.replace(picture(""), read=lambda: b"another")
    with pytest.raises(Altered):
        NETWORK.profiler.change(run.channel, NewProfile(avatar=swapped), now=NOW)
    assert run.requests == []


def test_the_limits_are_the_lexicons() -> None:
    def lexicon(*parts: str) -> Any:
        return json.loads(shared("atproto", "lexicons", *parts).read_text(encoding="utf-8"))["defs"]

    profile = lexicon("app", "bsky", "actor", "profile.json")["main"]["record"]["properties"]
    for name, limit in (("displayName", MAX_NAME), ("description", MAX_BIO)):
        assert (profile[name]["maxGraphemes"], profile[name]["maxLength"]) == limit
    assert profile["avatar"]["maxSize"] == profile["banner"]["maxSize"] == MAX_PROFILE_PICTURE
    assert set(profile["avatar"]["accept"]) == PROFILE_MIMES
    report = lexicon("com", "atproto", "moderation", "createReport.json")["main"]["input"]["schema"]["properties"]
    assert (report["reason"]["maxGraphemes"], report["reason"]["maxLength"]) == MAX_REPORT
    assert payload.IMPERSONATION in lexicon("com", "atproto", "moderation", "defs.json")["reasonType"]["knownValues"]


@pytest.mark.parametrize("step", ["figures", "mentions", "comments", "accounts"])
def test_what_is_asked_is_what_the_lexicons_know(step: str) -> None:
    run, _ = scripted("bluesky")
    run.run(step)
    (request,) = run.requests
    method = request.url.path.rpartition("/")[2]
    *parts, name = method.split(".")
    lexicon = json.loads(shared("atproto", "lexicons", *parts, f"{name}.json").read_text(encoding="utf-8"))
    known = lexicon["defs"]["main"]["parameters"]["properties"]
    for asked, value in request.url.params.multi_items():
        assert asked in known
        if known[asked]["type"] == "integer":
            assert known[asked]["minimum"] <= int(value) <= known[asked]["maximum"]
    assert request.headers["authorization"] == "Bearer secret-access-jwt"


def test_mentions_are_looked_through_page_by_page_until_the_moment() -> None:
    run, _ = scripted("bluesky")
    recent, old = run.happy["answers"][NOTIFIED]["body"]["notifications"]
    like = {**recent, "reason": "like", "uri": "at://did:plc:x/app.bsky.feed.like/1"}
    run.answers[NOTIFIED] = [
        {"status": 200, "body": {"notifications": [like, recent], "cursor": "next"}},
        {"status": 200, "body": {"notifications": [recent, old], "cursor": "more"}},
    ]
    heard = run.run("mentions")
    assert [each.text for each in heard] == ["@station.example.org is the A9 open?"] * 2
    assert [request.url.params.get("cursor") for request in run.requests] == [None, "next"]


def test_a_server_that_notifies_for_ever_is_left() -> None:
    run, _ = scripted("bluesky")
    recent, _ = run.happy["answers"][NOTIFIED]["body"]["notifications"]
    run.answers[NOTIFIED] = {"status": 200, "body": {"notifications": [recent], "cursor": "same"}}
    assert len(run.run("mentions")) == PAGES
    assert len(run.requests) == PAGES


def test_replies_to_replies_are_comments_and_the_own_are_not() -> None:
    run, _ = scripted("bluesky")
    assert [each.text for each in run.run("comments")] == ["And the A93?", "Thank you!"]


def deep(run: Scripted, levels: int) -> Any:
    reply = run.happy["answers"][THREAD]["body"]["thread"]["replies"][0]
    node: dict[str, Any] = {**reply, "replies": []}
    for _ in range(levels):
        node = {**reply, "replies": [node]}
    return node


def test_a_thread_of_any_depth_or_width_ends() -> None:
    run, _ = scripted("bluesky")
    run.answers[THREAD] = {"status": 200, "body": {"thread": {"post": {}, "replies": [deep(run, 200)]}}}
    assert len(run.run("comments")) == 201
    wide = {"post": {}, "replies": [deep(run, 0)] * (MOST_REPLIES + 500)}
    run.answers[THREAD] = {"status": 200, "body": {"thread": wide}}
    assert len(run.run("comments")) == MOST_REPLIES


def test_a_stale_session_is_renewed_for_a_reading_too() -> None:
    run, _ = scripted("bluesky")
    expired = {"status": 400, "body": {"error": "ExpiredToken", "message": "Token has expired"}}
    run.answers[NOTIFIED] = [expired, run.answers[NOTIFIED]]
    fresh = {"accessJwt": "secret-a2", "refreshJwt": "secret-r2"}
    run.answers["POST /xrpc/com.atproto.server.refreshSession"] = {"status": 200, "body": fresh}
    assert isinstance(run.run("mentions"), tuple)
    assert run.credentials.values["refresh_jwt"] == "secret-r2"


def test_an_account_is_reported_as_pretending_to_be_another() -> None:
    run, _ = scripted("bluesky")
    assert run.run("report") == Sent("48914", "")
    assert json.loads(run.requests[0].content) == {
        "reasonType": "tools.ozone.report.defs#reasonMisleadingImpersonation",
        "reason": "It pretends to be us.",
        "subject": {"$type": "com.atproto.admin.defs#repoRef", "did": "42"},
    }
    assert NETWORK.reporter
    assert isinstance(NETWORK.reporter.report(run.channel, account="42", words="x" * 2_001, now=NOW), Refused)


def test_a_post_is_not_edited_where_nobody_would_see_it() -> None:
    assert NETWORK.editor is None


odd = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.just("2026-11-23T12:00:00Z"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = (
    "uri", "author", "record", "indexedAt", "did", "handle", "displayName", "posts", "records", "cid", "value",
    "avatar", "ref", "$link", "reply", "parent",
)  # fmt: skip
WITHOUT_MEANING = st.dictionaries(st.sampled_from(KEYS), odd | st.dictionaries(st.sampled_from(KEYS), odd))


@given(odd | WITHOUT_MEANING)
def test_no_answer_of_any_shape_makes_reading_fail(answer: Any) -> None:
    channel = scripted("bluesky")[0].channel
    payload.heard(answer, channel)
    payload.account(answer, channel)
    if isinstance(answer, dict):
        payload.figures(answer, "at://x")
        payload.profile_record(answer)
        payload.profile(answer, channel)


@pytest.mark.parametrize("handle", ["", "a/../b", "x.example?y", "@a.example", "no-dot"])
def test_an_account_whose_name_cannot_be_is_not_told(handle: str) -> None:
    channel = scripted("bluesky")[0].channel
    assert payload.account({"did": "did:plc:x", "handle": handle}, channel) is None


def other_than(native_id: str) -> str:
    """A record's address that differs in its last letter, whichever that is."""
    return native_id[:-1] + ("y" if native_id.endswith("z") else "z")

"""Edits, profiles, figures, mentions, replies, searches and reports: on our stand-in, and on mastodon_mock."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mercat.networks.mastodon import payload
from mercat.networks.mastodon.adapter import NETWORK
from mercat.networks.mastodon.community import PAGE, PAGES
from mercat.networks.mastodon.spec import PUBLISHING, SCOPES
from mercat.networks.port import (
    Altered,
    Figures,
    Found,
    Identity,
    NewProfile,
    Profile,
    Reconnect,
    Refused,
    Sent,
    Unreadable,
)
from tests.networks.contract import Scripted, Server, scripted
from tests.networks.doubles import NOW, MemoryNotes, channel_of, client_for, item, nobodys, picture
from tests.networks.servers import Sandbox

SERVERS = ["sandbox:mastodon", pytest.param("mastodon_mock", marks=pytest.mark.real)]
on_both = pytest.mark.parametrize("server", SERVERS, indirect=True)
on_the_stand_in = pytest.mark.parametrize("sandbox", ["mastodon"], indirect=True)
MENTIONS = "GET /api/v1/notifications"
STATUS = "115599001122334455"


class Person:
    """An account, connected, and its token for whatever the adapter does not do."""

    def __init__(self, server: Server, http: httpx.Client) -> None:
        assert NETWORK.connector
        fields = server.new_account()
        identity = NETWORK.connector.connect(fields, http, now=datetime.now(UTC))
        self.channel = channel_of(identity, http)
        self.name = identity.handle.partition("@")[0]

    def say(self, path: str, **fields: Any) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.channel.credentials.get()['token']}"}
        answer = httpx.post(f"{self.channel.base_url}{path}", json=fields, headers=headers)
        return answer.raise_for_status().json()

    def publish(self, text: str, *media: Any) -> tuple[Any, Sent]:
        now = datetime.now(UTC)
        one = item(text, *media, created_at=now)
        sent = NETWORK.publisher.publish(self.channel, one, MemoryNotes(), now=now)
        assert isinstance(sent, Sent)
        return one, sent


@pytest.fixture
def people(server: Server) -> Iterator[Any]:
    with client_for(server.origin) as http:
        yield partial(Person, server, http)


# On servers


@on_both
def test_an_edit_is_read_back_in_its_new_words(people: Any) -> None:
    station = people()
    _, sent = station.publish("Snow on the A9.")
    assert NETWORK.editor
    new = item("The A9 is open again. #Snow", created_at=datetime.now(UTC))
    assert NETWORK.editor.edit(station.channel, new, native_id=sent.native_id, now=datetime.now(UTC)) == sent
    found = NETWORK.reader.find(
        station.channel, new, MemoryNotes(), native_id=sent.native_id, is_another=nobodys, now=datetime.now(UTC)
    )
    assert isinstance(found, Found)
    assert NETWORK.reader.matches(new, found, station.channel)


@on_the_stand_in
def test_an_edit_keeps_the_pictures_and_gives_them_their_new_descriptions(sandbox: Sandbox) -> None:
    with client_for(sandbox.origin) as http:
        station = Person(sandbox, http)
        _, sent = station.publish("Snow.", picture("A sign"), picture("A road", shade=10))
        assert NETWORK.editor
        new = item("Ice.", picture("A sign in the snow"), picture("A road", shade=10))
        edited = NETWORK.editor.edit(station.channel, new, native_id=sent.native_id, now=datetime.now(UTC))
        assert edited == sent
    (standing,) = sandbox.standing(station.channel.native_id)
    assert (standing.text, standing.alts) == ("Ice.", ("A sign in the snow", "A road"))


@on_both
def test_a_profile_is_set_and_read(people: Any) -> None:
    station = people()
    assert NETWORK.profiler
    new = NewProfile("Tayside Division", "Call 101 or 999. <not> & a tag", picture(""), picture("", shade=10))
    changed = NETWORK.profiler.change(station.channel, new, now=datetime.now(UTC))
    assert isinstance(changed, Sent)
    assert changed.native_id == station.channel.native_id
    profile = NETWORK.profiler.profile(station.channel, now=datetime.now(UTC))
    assert isinstance(profile, Profile)
    assert (profile.name, profile.bio) == ("Tayside Division", "Call 101 or 999. <not> & a tag")
    assert profile.avatar != profile.banner
    assert profile.url == changed.url


@on_both
def test_what_is_not_named_of_a_profile_stays_as_it_is(people: Any) -> None:
    station = people()
    assert NETWORK.profiler
    NETWORK.profiler.change(station.channel, NewProfile("Tayside", "Call 101."), now=datetime.now(UTC))
    NETWORK.profiler.change(station.channel, NewProfile(bio="Call 999."), now=datetime.now(UTC))
    profile = NETWORK.profiler.profile(station.channel, now=datetime.now(UTC))
    assert isinstance(profile, Profile)
    assert (profile.name, profile.bio) == ("Tayside", "Call 999.")


@on_both
def test_replies_mentions_and_figures_are_heard_of(people: Any) -> None:
    station, walker = people(), people()
    began = datetime.now(UTC) - timedelta(seconds=5)
    assert NETWORK.listener
    assert NETWORK.metrics
    _, sent = station.publish("Snow on the A9.")
    reply = walker.say(
        "/api/v1/statuses", status=f"@{station.name} Is it open?", in_reply_to_id=sent.native_id, visibility="public"
    )
    walker.say(f"/api/v1/statuses/{sent.native_id}/favourite")
    station.say("/api/v1/statuses", status=f"@{walker.name} Yes.", in_reply_to_id=reply["id"])
    now = datetime.now(UTC)
    (comment,) = NETWORK.listener.comments(station.channel, native_id=sent.native_id, now=now)
    assert (comment.native_id, comment.under) == (str(reply["id"]), sent.native_id)
    assert comment.text.endswith("Is it open?")
    assert comment.author == walker.channel.handle
    (mention,) = NETWORK.listener.mentions(station.channel, since=began, now=now)
    assert (mention.native_id, mention.under) == (str(reply["id"]), sent.native_id)
    assert NETWORK.listener.mentions(station.channel, since=now + timedelta(minutes=1), now=now) == ()
    figures = NETWORK.metrics.figures(station.channel, native_id=sent.native_id, now=now)
    assert isinstance(figures, Figures)
    assert (figures.counts["reactions"], figures.counts["shares"]) == (1, 0)
    assert figures.counts["replies"] >= 1


@on_both
def test_an_account_is_found_by_part_of_its_name_and_reported(people: Any) -> None:
    station, forger = people(), people()
    assert NETWORK.searcher
    assert NETWORK.reporter
    now = datetime.now(UTC)
    found = NETWORK.searcher.accounts(station.channel, forger.name[:-1], now=now)
    assert isinstance(found, tuple)
    (one,) = [each for each in found if each.native_id == forger.channel.native_id]
    assert one.handle == forger.channel.handle
    report = NETWORK.reporter.report(station.channel, account=one.native_id, words="It pretends to be us.", now=now)
    assert isinstance(report, Sent)
    nobody = NETWORK.reporter.report(station.channel, account="1", words="It pretends to be us.", now=now)
    assert isinstance(nobody, Refused)


# A connection from before


def connected_with(sandbox: Sandbox, scopes: str, http: httpx.Client) -> Identity:
    """As a Mercat that asked for these permissions made it."""
    account = sandbox.new_account()
    back = "http://127.0.0.1:1/return"
    fields = {"client_name": "Mercat", "redirect_uris": back, "scopes": scopes}
    app = httpx.post(f"{sandbox.base_url}/api/v1/apps", data=fields).json()
    asked = {"response_type": "code", "client_id": app["client_id"], "redirect_uri": back, "scope": scopes}
    agreed = httpx.post(f"{sandbox.base_url}/oauth/authorize", data={**asked, "account": account["handle"]})
    code = httpx.URL(agreed.headers["location"]).params["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": back}
    secret = {name: app[name] for name in ("client_id", "client_secret")}
    token = httpx.post(f"{sandbox.base_url}/oauth/token", data={**form, **secret}).json()["access_token"]
    assert NETWORK.connector
    return NETWORK.connector.connect({"base_url": sandbox.base_url, "token": token}, http, now=datetime.now(UTC))


@on_the_stand_in
def test_a_connection_with_the_earlier_permissions_publishes_and_tells_what_it_lacks(sandbox: Sandbox) -> None:
    now = datetime.now(UTC)
    with client_for(sandbox.origin) as http:
        channel = channel_of(connected_with(sandbox, PUBLISHING, http), http)
        one = item("Snow.", picture(), created_at=now)
        sent = NETWORK.publisher.publish(channel, one, MemoryNotes(), now=now)
        assert isinstance(sent, Sent)
        assert NETWORK.editor
        assert NETWORK.editor.edit(channel, item("Ice.", picture()), native_id=sent.native_id, now=now) == sent
        assert NETWORK.metrics
        assert isinstance(NETWORK.metrics.figures(channel, native_id=sent.native_id, now=now), Figures)
        assert NETWORK.profiler
        assert isinstance(NETWORK.profiler.profile(channel, now=now), Profile)
        assert NETWORK.listener
        assert NETWORK.listener.comments(channel, native_id=sent.native_id, now=now) == ()
        assert NETWORK.searcher
        assert NETWORK.reporter
        told = (
            NETWORK.listener.mentions(channel, since=now, now=now),
            NETWORK.searcher.accounts(channel, "police", now=now),
            NETWORK.profiler.change(channel, NewProfile(name="X"), now=now),
            NETWORK.reporter.report(channel, account=channel.native_id, words="x", now=now),
        )
        assert [type(each) for each in told] == [Unreadable, Unreadable, Refused, Refused]
        for each in told:
            assert not getattr(each, "reconnect", False)
            assert "Publishing is not affected" in getattr(each, "reason", "")
        assert NETWORK.remover
        assert isinstance(NETWORK.remover.remove(channel, native_id=sent.native_id, now=now), Sent)


@on_the_stand_in
def test_all_that_is_asked_for_is_used_and_no_more_is_needed(sandbox: Sandbox) -> None:
    now = datetime.now(UTC)
    with client_for(sandbox.origin) as http:
        channel = channel_of(connected_with(sandbox, SCOPES, http), http)
        other = channel_of(connected_with(sandbox, SCOPES, http), http)
        assert NETWORK.listener
        assert NETWORK.searcher
        assert NETWORK.profiler
        assert NETWORK.reporter
        assert NETWORK.listener.mentions(channel, since=now, now=now) == ()
        assert isinstance(NETWORK.searcher.accounts(channel, "police", now=now), tuple)
        assert isinstance(NETWORK.profiler.change(channel, NewProfile(name="X"), now=now), Sent)
        assert isinstance(NETWORK.reporter.report(channel, account=other.native_id, words="x", now=now), Sent)


# By script


def test_an_edit_names_the_pictures_that_the_status_has() -> None:
    run, _ = scripted("mastodon")
    assert run.run("edit") == Sent(**run.happy["sent"])
    assert json.loads(run.requests[-1].content) == {
        "status": run.happy["item"]["text"],
        "media_ids": ["115599000011112222"],
        "language": "en",
        "media_attributes": [{"id": "115599000011112222", "description": "A road sign in the snow"}],
    }


def test_an_edit_that_breaks_a_limit_is_refused_before_any_request() -> None:
    run, _ = scripted("mastodon")
    run.happy["item"]["text"] = "x" * 501
    assert isinstance(run.run("edit"), Refused)
    assert run.requests == []


def test_an_edit_of_a_revoked_connection_ends_it() -> None:
    run, _ = scripted("mastodon", "edit_revoked")
    assert isinstance(run.run("edit"), Reconnect)


def test_only_what_is_to_change_of_a_profile_is_sent() -> None:
    run, _ = scripted("mastodon")
    assert NETWORK.profiler
    NETWORK.profiler.change(run.channel, NewProfile(bio=""), now=NOW)
    assert run.requests[0].content == b"note="
    NETWORK.profiler.change(run.channel, NewProfile(avatar=picture("")), now=NOW)
    assert b'name="avatar"; filename="picture.png"' in run.requests[1].content
    assert b"display_name" not in run.requests[1].content


def test_a_picture_of_a_profile_that_is_not_the_approved_one_is_told_before_any_request() -> None:
    import dataclasses

    run, _ = scripted("mastodon")
    assert NETWORK.profiler
    swapped = dataclasses.replace(picture(""), read=lambda: b"another")
    with pytest.raises(Altered):
        NETWORK.profiler.change(run.channel, NewProfile(avatar=swapped), now=NOW)
    assert run.requests == []


def notified(run: Scripted, number: int, *, hours: int = 1) -> dict[str, Any]:
    first = run.happy["answers"][MENTIONS]["body"][0]
    at = (NOW - timedelta(hours=hours)).isoformat()
    status = {**first["status"], "id": str(115598000000000000 + number), "created_at": at}
    return {**first, "id": str(34_000_000 + number), "created_at": at, "status": status}


def test_mentions_are_looked_through_page_by_page_until_the_moment() -> None:
    run, _ = scripted("mastodon")
    first = [notified(run, 100 - n) for n in range(PAGE)]
    run.answers[MENTIONS] = [
        {"status": 200, "body": first},
        {"status": 200, "body": [notified(run, 1), notified(run, 0, hours=48)]},
    ]
    heard = run.run("mentions")
    assert len(heard) == PAGE + 1
    assert [request.url.params.get("max_id") for request in run.requests] == [None, first[-1]["id"]]
    assert run.requests[0].url.params["types[]"] == "mention"


def test_a_mention_that_reached_us_late_is_heard_with_its_own_moment() -> None:
    """Another server may hand a post on hours after it was made: when we were notified counts."""
    run, _ = scripted("mastodon")
    told = notified(run, 1)
    told["status"]["created_at"] = (NOW - timedelta(days=9)).isoformat()
    run.answers[MENTIONS] = [{"status": 200, "body": [told, notified(run, 0, hours=48)]}]
    (heard,) = run.run("mentions")
    assert heard.made_at == NOW - timedelta(days=9)


@pytest.mark.parametrize(("visibility", "heard"), [("direct", 0), ("public", 1), ("unlisted", 1)])
def test_a_direct_message_is_never_heard(visibility: str, heard: int) -> None:
    """Servers tell of messages to those whom they name among the mentions, and under a post as well (clause 3.5)."""
    run, _ = scripted("mastodon")
    told = notified(run, 1)
    told["status"]["visibility"] = visibility
    run.answers[MENTIONS] = [{"status": 200, "body": [told, notified(run, 0, hours=48)]}]
    assert len(run.run("mentions")) == heard
    assert (payload.heard(told["status"], "1", run.channel) is not None) == bool(heard)


def test_a_server_that_notifies_for_ever_is_left() -> None:
    run, _ = scripted("mastodon")
    run.answers[MENTIONS] = {"status": 200, "body": [notified(run, n) for n in range(PAGE)]}
    assert isinstance(run.run("mentions"), tuple)
    assert len(run.requests) == PAGES


def test_the_own_words_are_no_comments_and_the_newest_comes_first() -> None:
    run, _ = scripted("mastodon")
    heard = run.run("comments")
    assert [each.text for each in heard] == ["And the A93?", "Thank you!"]
    assert {each.author for each in heard} == {"walker@hills.example.org"}
    assert {each.under for each in heard} == {STATUS}


def test_shares_are_boosts_and_quotes() -> None:
    run, _ = scripted("mastodon")
    assert run.run("figures") == Figures({"replies": 2, "reactions": 11, "shares": 6})


def test_local_accounts_are_told_with_their_server() -> None:
    run, _ = scripted("mastodon")
    assert [each.handle for each in run.run("accounts")] == [
        "walker@hills.example.org",
        "taysidepolice@social.example.org",
    ]
    assert run.requests[0].url.params["resolve"] == "true"
    assert NETWORK.searcher
    assert NETWORK.searcher.accounts(run.channel, " ", now=NOW) == ()


def test_a_report_is_passed_on_and_has_a_length() -> None:
    run, _ = scripted("mastodon")
    assert run.run("report") == Sent("48914", "")
    assert json.loads(run.requests[0].content) == {
        "account_id": "42",
        "comment": "It pretends to be us.",
        "category": "other",
        "forward": True,
    }
    assert NETWORK.reporter
    assert isinstance(NETWORK.reporter.report(run.channel, account="42", words="x" * 1_001, now=NOW), Refused)
    assert len(run.requests) == 1


odd = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.just("2026-11-23T12:00:00Z"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = (
    "id", "account", "created_at", "content", "media_attachments", "acct", "username", "note", "source", "status",
    "display_name", "replies_count", "reblogs_count", "url",
)  # fmt: skip
WITHOUT_MEANING = st.dictionaries(st.sampled_from(KEYS), odd | st.dictionaries(st.sampled_from(KEYS), odd))


@given(odd | WITHOUT_MEANING)
def test_no_answer_of_any_shape_makes_reading_fail(answer: Any) -> None:
    channel = scripted("mastodon")[0].channel
    payload.heard(answer, "", channel)
    payload.account(answer, channel)
    payload.figures(answer)
    payload.notified(answer)
    if isinstance(answer, dict):
        payload.attached(answer)
        payload.profile(answer, channel.base_url)

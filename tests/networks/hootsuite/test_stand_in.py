"""Hootsuite's own ways, on our stand-in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from mercat.networks.hootsuite.adapter import NETWORK
from mercat.networks.port import (
    ConnectError,
    Found,
    Kept,
    Missing,
    Pending,
    Reconnect,
    Refused,
    Sent,
    Unreadable,
    Unsure,
)
from tests.networks.consent import Form
from tests.networks.doubles import MemoryNotes, channel_of, client_for, item, nobodys, picture, video
from tests.networks.servers import Sandbox

pytestmark = pytest.mark.parametrize("sandbox", ["hootsuite"], indirect=True)
BACK = "http://127.0.0.1:1/return"


@pytest.fixture
def fields(sandbox: Sandbox) -> dict[str, str]:
    return dict(sandbox.new_account())


@pytest.fixture
def channel(sandbox: Sandbox, fields: dict[str, str]) -> Any:
    assert NETWORK.connector
    with client_for(sandbox.origin) as http:
        yield channel_of(NETWORK.connector.connect(fields, http, now=datetime.now(UTC)), http)


def publish(channel: Any, one: Any, notes: MemoryNotes, *, later: int = 0) -> Any:
    return NETWORK.publisher.publish(channel, one, notes, now=datetime.now(UTC) + timedelta(seconds=later))


def now_item(text: str = "Snow.", *media: Any) -> Any:
    return item(text, *media, created_at=datetime.now(UTC))


def find(channel: Any, one: Any, notes: MemoryNotes) -> Any:
    return NETWORK.reader.find(channel, one, notes, native_id=None, is_another=nobodys, now=datetime.now(UTC))


def remove(channel: Any, native_id: str) -> Any:
    assert NETWORK.remover
    return NETWORK.remover.remove(channel, native_id=native_id, now=datetime.now(UTC))


def test_a_message_is_made_once_and_asked_about_until_it_is_out(sandbox: Sandbox, channel: Any) -> None:
    sandbox.fault("slow_sending", "publish", polls=2)
    one, notes, before = now_item(), MemoryNotes(), sandbox.published_calls()
    outcomes = [type(publish(channel, one, notes)) for _ in range(4)]
    assert outcomes == [Pending, Pending, Pending, Sent]
    assert sandbox.published_calls() == before + 1
    assert len(sandbox.standing(channel.native_id)) == 1


def test_a_lost_answer_of_a_message_still_coming_is_not_missing_and_never_made_again(
    sandbox: Sandbox, channel: Any
) -> None:
    sandbox.fault("slow_sending", "publish", polls=1)
    sandbox.fault("answer_lost", "publish")
    one, notes = now_item(), MemoryNotes()
    assert isinstance(publish(channel, one, notes), Unsure)
    assert isinstance(find(channel, one, notes), Unreadable)
    sandbox.no_faults()
    outcomes = [publish(channel, one, notes) for _ in range(2)]
    assert isinstance(outcomes[-1], Sent)
    found = find(channel, one, notes)
    assert isinstance(found, Found)
    assert NETWORK.reader.matches(one, found, channel)
    assert len(sandbox.standing(channel.native_id)) == 1


def test_a_message_that_is_stuck_for_an_hour_is_in_doubt(sandbox: Sandbox, channel: Any) -> None:
    sandbox.fault("slow_sending", "publish", polls=9)
    one, notes = now_item(), MemoryNotes()
    assert isinstance(publish(channel, one, notes), Pending)
    assert isinstance(publish(channel, one, notes, later=3_700), Unsure)


def test_a_message_that_fails_is_refused_and_a_later_try_is_a_new_one(sandbox: Sandbox, channel: Any) -> None:
    sandbox.fault("sending_fails", "publish")
    one, notes = now_item(), MemoryNotes()
    assert isinstance(publish(channel, one, notes), Refused)
    assert find(channel, one, notes) == Missing()
    sandbox.no_faults()
    assert isinstance(publish(channel, one, notes), Sent)


def test_what_waits_for_hootsuites_own_approval_is_taken_out_of_it(sandbox: Sandbox, channel: Any) -> None:
    sandbox.fault("needs_approval", "publish")
    one, notes = now_item(), MemoryNotes()
    outcome = publish(channel, one, notes)
    assert isinstance(outcome, Refused)
    assert "taken out of Hootsuite" in outcome.reason
    assert find(channel, one, notes) == Missing()


def test_what_is_not_out_yet_is_deleted_and_what_is_out_stays(sandbox: Sandbox, channel: Any) -> None:
    sandbox.fault("slow_sending", "publish", polls=9)
    notes = MemoryNotes()
    publish(channel, now_item(), notes)
    assert remove(channel, notes.values["message"]) == Sent(notes.values["message"], "")
    sandbox.no_faults()
    sent = publish(channel, now_item("Ice."), MemoryNotes())
    refused = remove(channel, sent.native_id)
    assert isinstance(refused, Refused)
    assert sent.url in refused.reason


def test_files_are_awaited_and_a_video_is_handed_over_in_pieces(sandbox: Sandbox, channel: Any) -> None:
    sandbox.fault("media_processing", "upload", polls=1)
    for medium in (picture(""), video()):
        one, notes = now_item("Snow.", medium), MemoryNotes()
        assert [type(publish(channel, one, notes)) for _ in range(2)] == [Pending, Sent]
        found = find(channel, one, notes)
        assert NETWORK.reader.matches(one, found, channel)


def test_a_profile_that_hootsuite_lost_is_told(sandbox: Sandbox, channel: Any, fields: dict[str, str]) -> None:
    assert NETWORK.keeper
    assert NETWORK.connector
    assert NETWORK.keeper.keep(channel, ahead=timedelta(days=1), now=datetime.now(UTC)) == Kept()
    sandbox.fault("profile_disconnected", "session")
    outcome = NETWORK.keeper.keep(channel, ahead=timedelta(days=1), now=datetime.now(UTC))
    assert isinstance(outcome, Reconnect)
    with pytest.raises(ConnectError, match="lost its own connection"):
        NETWORK.connector.connect(fields, channel.http, now=datetime.now(UTC))


def test_signing_in_gives_a_connection_that_renews_itself(sandbox: Sandbox, fields: dict[str, str]) -> None:
    assert NETWORK.oauth
    assert NETWORK.keeper
    now = datetime.now(UTC)
    with client_for(sandbox.origin) as http:
        url, kept = NETWORK.oauth.begin(fields, BACK, "the-state", http)
        form = Form()
        form.feed(httpx.get(url).text)
        chosen = {**form.hidden, "account": fields["handle"], "decision": "allow"}
        answer = httpx.post(httpx.URL(url).join(form.action), data=chosen)
        code = httpx.URL(answer.headers["location"]).params["code"]
        identity = NETWORK.oauth.finish(kept, code, BACK, http, now=now)
        assert not set(identity.credentials) & {"client_id", "client_secret"}
        channel = channel_of(identity, http)
        channel.credentials.replace({**identity.credentials, **{k: fields[k] for k in ("client_id", "client_secret")}})
        assert NETWORK.keeper.keep(channel, ahead=timedelta(hours=2), now=now) == Kept()
        after = channel.credentials.get()
        assert after["access_token"] != identity.credentials["access_token"]
        assert after["refresh_token"] != identity.credentials["refresh_token"]
        assert isinstance(publish(channel, now_item(), MemoryNotes()), Sent)
        with pytest.raises(ConnectError, match="did not complete"):
            NETWORK.oauth.finish(kept, code, BACK, http, now=now)


def test_a_profile_that_the_member_does_not_have_is_not_connected(fields: dict[str, str], channel: Any) -> None:
    assert NETWORK.connector
    with pytest.raises(ConnectError, match="no profile “nobody”"):
        NETWORK.connector.connect({**fields, "profile": "nobody"}, channel.http, now=datetime.now(UTC))

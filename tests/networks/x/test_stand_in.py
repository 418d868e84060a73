"""The adapter and X's stand-in between them: signing in, tokens that replace themselves, troubles of X's own."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from mercat.networks.port import Channel, ConnectError, Found, Kept, Later, Reconnect, Sent, Unsure
from mercat.networks.x.adapter import NETWORK
from mercat.sandbox.x.oauth import CLIENT_ID, CLIENT_SECRET
from tests.networks.doubles import MemoryCredentials, MemoryNotes, channel_of, client_for, item, nobodys, picture
from tests.networks.servers import Sandbox

pytestmark = pytest.mark.parametrize("sandbox", ["x"], indirect=True)
BACK = "http://127.0.0.1:1/return"
APP = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}


class WithApp(MemoryCredentials):
    """As the caller keeps them: the app's fields come from elsewhere."""

    def get(self) -> Mapping[str, str]:
        return {**self.values, **APP}


@pytest.fixture
def http(sandbox: Sandbox) -> Any:
    with client_for(sandbox.origin) as client:
        yield client


@pytest.fixture
def channel(sandbox: Sandbox, http: httpx.Client) -> Channel:
    """An account that signed in at the stand-in."""
    return _signed_in(sandbox, http)


def _signed_in(sandbox: Sandbox, http: httpx.Client) -> Channel:
    assert NETWORK.oauth
    account = sandbox.new_account()
    url, kept = NETWORK.oauth.begin({**APP, "base_url": sandbox.base_url}, BACK, "the-state", http)
    identity = NETWORK.oauth.finish(kept, _agree(url, account["handle"]), BACK, http, now=datetime.now(UTC))
    assert not set(APP) & set(identity.credentials)
    return dataclasses.replace(channel_of(identity, http), credentials=WithApp(identity.credentials))


def _agree(url: str, handle: str) -> str:
    """What a browser does on the consent page: send its form as `handle`."""
    page = httpx.get(url)
    assert page.status_code == 200, page.text
    form = Form()
    form.feed(page.text)
    answer = httpx.post(httpx.URL(url).join(form.action), data={**form.hidden, "account": handle, "decision": "allow"})
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert query["state"] == ["the-state"]
    return query["code"][0]


class Form(HTMLParser):
    """The address and the hidden fields of a page's form."""

    def __init__(self) -> None:
        super().__init__()
        self.action = ""
        self.hidden: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        given = dict(attrs)
        if tag == "form":
            self.action = given.get("action", "")
        if tag == "input" and given.get("type") == "hidden":
            self.hidden[given["name"]] = given.get("value", "")


def publish(channel: Channel, one: Any, notes: MemoryNotes | None = None) -> Any:
    return NETWORK.publisher.publish(channel, one, notes or MemoryNotes(), now=datetime.now(UTC))


def new(text: str = "Snow.", *media: Any) -> Any:
    return item(text, *media, created_at=datetime.now(UTC))


def test_a_person_signs_in_at_the_stand_in_and_comes_back(sandbox: Sandbox, channel: Channel) -> None:
    sent = publish(channel, new())
    assert isinstance(sent, Sent)
    assert sent.url == f"{sandbox.base_url}/{channel.handle}/status/{sent.native_id}"
    assert httpx.get(sent.url).status_code == 200
    assert len(sandbox.standing(channel.native_id)) == 1


def test_a_code_serves_once(sandbox: Sandbox, http: httpx.Client) -> None:
    assert NETWORK.oauth
    account, now = sandbox.new_account(), datetime.now(UTC)
    url, kept = NETWORK.oauth.begin({**APP, "base_url": sandbox.base_url}, BACK, "the-state", http)
    code = _agree(url, account["handle"])
    NETWORK.oauth.finish(kept, code, BACK, http, now=now)
    with pytest.raises(ConnectError, match="did not complete"):
        NETWORK.oauth.finish(kept, code, BACK, http, now=now)
    with pytest.raises(ConnectError, match="client ID and secret"):
        NETWORK.oauth.finish({**kept, "client_secret": "wrong"}, code, BACK, http, now=now)


def test_a_refused_token_is_renewed_on_the_way_and_the_post_goes_out_once(sandbox: Sandbox, channel: Channel) -> None:
    before = channel.credentials.get()
    sandbox.fault("expired_token", "publish")
    assert isinstance(publish(channel, new()), Sent)
    after = channel.credentials.get()
    assert before["access_token"] != after["access_token"]
    assert before["refresh_token"] != after["refresh_token"]
    assert len(sandbox.standing(channel.native_id)) == 1


def test_renewing_goes_on_for_ever_for_each_token_is_replaced(sandbox: Sandbox, channel: Channel) -> None:
    assert NETWORK.keeper
    seen = {channel.credentials.get()["refresh_token"]}
    began = datetime.now(UTC)
    for n in range(1, 6):
        late = began + n * timedelta(hours=1, minutes=50)
        assert NETWORK.keeper.keep(channel, ahead=timedelta(minutes=15), now=late) == Kept()
        seen.add(channel.credentials.get()["refresh_token"])
    assert len(seen) == 6
    assert isinstance(publish(channel, new()), Sent)


def test_a_used_refresh_token_ends_the_connection(sandbox: Sandbox, channel: Channel) -> None:
    """As when a backup is restored, or two processes renew without taking turns."""
    assert isinstance(channel.credentials, WithApp)
    old = dict(channel.credentials.values)
    sandbox.fault("expired_token", "publish")
    publish(channel, new("First."))
    channel.credentials.values = old
    sandbox.fault("expired_token", "publish")
    assert isinstance(publish(channel, new("Second.")), Reconnect)


def test_a_lost_answer_to_a_renewal_is_told_as_the_end_only_when_x_says_so(sandbox: Sandbox, channel: Channel) -> None:
    before = channel.credentials.get()
    sandbox.fault("expired_token", "publish")
    sandbox.fault("error_before", "session")
    assert isinstance(publish(channel, new()), Later)
    assert channel.credentials.get() == before
    assert isinstance(publish(channel, new()), Sent)


def test_an_answer_without_a_new_refresh_token_keeps_the_old_one_which_goes_on_working(
    sandbox: Sandbox, channel: Channel
) -> None:
    sandbox.fault("refresh_keeps", "session")
    before = channel.credentials.get()["refresh_token"]
    for text in ("First.", "Second."):
        sandbox.fault("expired_token", "publish")
        assert isinstance(publish(channel, new(text)), Sent)
        assert channel.credentials.get()["refresh_token"] == before


def test_a_token_that_ends_in_an_upload_is_renewed_and_the_upload_goes_on(sandbox: Sandbox, channel: Channel) -> None:
    sandbox.fault("token_ends_in_upload", "upload")
    assert isinstance(publish(channel, new("Snow.", picture(), picture(shade=9))), Sent)
    (standing,) = sandbox.standing(channel.native_id)
    assert len(standing.alts) == 2


def test_lost_pieces_are_handed_over_again(sandbox: Sandbox, channel: Channel) -> None:
    one, notes = new("Snow.", picture()), MemoryNotes()
    sandbox.fault("segments_lost", "upload")
    assert isinstance(publish(channel, one, notes), Later)
    sandbox.no_faults()
    assert isinstance(publish(channel, one, notes), Sent)


def test_used_up_credits_stop_all_and_break_nothing(sandbox: Sandbox, channel: Channel) -> None:
    assert NETWORK.keeper
    one, notes, now = new(), MemoryNotes(), datetime.now(UTC)
    sandbox.fault("credits_used_up", "any")
    outcome = publish(channel, one, notes)
    assert isinstance(outcome, Later)
    assert outcome.limited
    assert "credits" in outcome.reason
    assert isinstance(NETWORK.keeper.keep(channel, ahead=timedelta(0), now=now), Later)
    sandbox.no_faults()
    assert isinstance(publish(channel, one, notes), Sent)


def test_a_duplicate_of_a_lost_answer_is_looked_for_and_found(sandbox: Sandbox, channel: Channel) -> None:
    one, notes = new("Snow on the A9: https://example.org/?a=1&b=2"), MemoryNotes()
    sandbox.fault("answer_lost", "publish")
    assert isinstance(publish(channel, one, notes), Unsure)
    assert isinstance(publish(channel, one, notes), Unsure)  # a blind repeat, which X refuses
    seen = NETWORK.reader.find(channel, one, notes, native_id=None, is_another=nobodys, now=datetime.now(UTC))
    assert isinstance(seen, Found)
    assert NETWORK.reader.matches(one, seen, channel)
    assert len(sandbox.standing(channel.native_id)) == 1


def test_a_window_that_is_used_up_is_waited_for(sandbox: Sandbox, channel: Channel) -> None:
    sandbox.fault("rate_limits", "any")
    sent = [publish(channel, new(f"Snow {n}.")) for n in range(101)]
    assert [type(outcome) for outcome in sent[:100]] == [Sent] * 100
    assert isinstance(sent[100], Later)
    assert sent[100].limited
    assert sent[100].at - datetime.now(UTC) > timedelta(minutes=10)

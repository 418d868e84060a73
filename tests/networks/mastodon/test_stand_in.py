"""Mastodon's own ways, on our stand-in and on mastodon_mock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from mercat.networks.mastodon.adapter import NETWORK
from mercat.networks.port import Found, Pending, Sent, Unsure
from tests.networks.doubles import MemoryNotes, channel_of, client_for, item, nobodys, picture
from tests.networks.servers import Sandbox
from tests.servers.mastodon_mock_server import MastodonMock

on_the_stand_in = pytest.mark.parametrize("sandbox", ["mastodon"], indirect=True)
BACK = "http://127.0.0.1:1/return"


@pytest.fixture
def channel(sandbox: Sandbox) -> Any:
    assert NETWORK.connector
    with client_for(sandbox.origin) as http:
        yield channel_of(NETWORK.connector.connect(sandbox.new_account(), http, now=datetime.now(UTC)), http)


@on_the_stand_in
def test_a_picture_in_processing_is_awaited_without_sleeping(sandbox: Sandbox, channel: Any) -> None:
    sandbox.fault("media_processing", "upload", polls=2)
    now, notes = datetime.now(UTC), MemoryNotes()
    one, outcomes = item("Snow.", picture(), created_at=now), []
    for step in range(5):
        outcomes.append(NETWORK.publisher.publish(channel, one, notes, now=now + timedelta(seconds=2 * step)))
        if not isinstance(outcomes[-1], Pending):
            break
    assert len(outcomes) > 1
    assert isinstance(outcomes[-1], Sent)
    (standing,) = sandbox.standing(channel.native_id)
    assert standing.alts == ("A road sign in the snow",)


@on_the_stand_in
def test_where_the_key_is_ignored_looking_first_is_what_prevents_a_double(sandbox: Sandbox, channel: Any) -> None:
    """As GoToSocial does. A blind repeat doubles there; the rule to look first does not."""
    sandbox.fault("ignores_idempotency_key", "publish")
    now, notes = datetime.now(UTC), MemoryNotes()
    one = item("Snow.", created_at=now)
    sandbox.fault("answer_lost", "publish")
    assert isinstance(NETWORK.publisher.publish(channel, one, notes, now=now), Unsure)
    assert isinstance(NETWORK.reader.find(channel, one, notes, native_id=None, is_another=nobodys, now=now), Found)
    assert len(sandbox.standing(channel.native_id)) == 1
    NETWORK.publisher.publish(channel, one, notes, now=now)
    assert len(sandbox.standing(channel.native_id)) == 2


@on_the_stand_in
def test_a_picture_that_is_taken_tells_that_the_post_is_out_where_reading_is_stale(
    sandbox: Sandbox, channel: Any
) -> None:
    sandbox.fault("ignores_idempotency_key", "publish")
    now, notes = datetime.now(UTC), MemoryNotes()
    one = item("Snow.", picture(), created_at=now)
    sandbox.fault("answer_lost", "publish")
    NETWORK.publisher.publish(channel, one, notes, now=now)
    assert isinstance(NETWORK.publisher.publish(channel, one, notes, now=now), Unsure)
    assert len(sandbox.standing(channel.native_id)) == 1


@on_the_stand_in
def test_a_person_signs_in_at_the_stand_in_and_comes_back(sandbox: Sandbox) -> None:
    assert NETWORK.oauth
    account = sandbox.new_account()
    now = datetime.now(UTC)
    with client_for(sandbox.origin) as http:
        url, kept = NETWORK.oauth.begin({"base_url": sandbox.base_url}, BACK, "the-state", http)
        code = _agree(url, account["handle"])
        identity = NETWORK.oauth.finish(kept, code, BACK, http, now=now)
        sent = NETWORK.publisher.publish(channel_of(identity, http), item(created_at=now), MemoryNotes(), now=now)
    assert isinstance(sent, Sent)
    assert len(sandbox.standing(identity.native_id)) == 1


def _agree(url: str, handle: str) -> str:
    """What a browser does on the consent page: send its form as `handle`."""
    page = httpx.get(url)
    assert page.status_code == 200, page.text
    form = Form()
    form.feed(page.text)
    answer = httpx.post(httpx.URL(url).join(form.action), data={**form.hidden, **_choice(page.text, handle)})
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


def _choice(page: str, handle: str) -> dict[str, str]:
    """The name under which the page asks for the account."""
    return {name: handle for name in ("account", "handle", "username") if f'name="{name}"' in page}


@pytest.mark.real
def test_a_person_signs_in_at_mastodon_mock_and_comes_back(mastodon_mock: MastodonMock) -> None:
    assert NETWORK.oauth
    name, token = mastodon_mock.new_account()
    now = datetime.now(UTC)
    with client_for(mastodon_mock.url) as http:
        url, kept = NETWORK.oauth.begin({"base_url": mastodon_mock.url}, BACK, "the-state", http)
        identity = NETWORK.oauth.finish(kept, _agree(url, name), BACK, http, now=now)
        sent = NETWORK.publisher.publish(channel_of(identity, http), item(created_at=now), MemoryNotes(), now=now)
    assert isinstance(sent, Sent)
    with mastodon_mock.client(token) as client:
        read = client.status(sent.native_id)
    assert (read["visibility"], read["language"]) == ("public", "en")
    assert read["account"]["username"] == name

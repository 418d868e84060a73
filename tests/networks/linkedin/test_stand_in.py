"""LinkedIn's own ways, on our stand-in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from mercat.networks.linkedin.adapter import NETWORK
from mercat.networks.port import (
    ConnectError,
    Figures,
    Found,
    Kept,
    Later,
    Missing,
    Pending,
    Profile,
    Reconnect,
    Refused,
    Sent,
    Unsure,
)
from tests.networks.doubles import MemoryNotes, channel_of, client_for, item, nobodys, picture
from tests.networks.servers import Sandbox

pytestmark = pytest.mark.parametrize("sandbox", ["linkedin"], indirect=True)
BACK = "http://127.0.0.1:1/return"


@pytest.fixture
def fields(sandbox: Sandbox) -> dict[str, str]:
    return dict(sandbox.new_account())


@pytest.fixture
def channel(sandbox: Sandbox, fields: dict[str, str]) -> Any:
    assert NETWORK.connector
    with client_for(sandbox.origin) as http:
        yield channel_of(NETWORK.connector.connect(fields, http, now=datetime.now(UTC)), http)


def publish(channel: Any, one: Any, notes: MemoryNotes | None = None, *, later: int = 0) -> Any:
    now = datetime.now(UTC) + timedelta(seconds=later)
    return NETWORK.publisher.publish(channel, one, notes or MemoryNotes(), now=now)


def now_item(text: str = "Snow.", *media: Any) -> Any:
    return item(text, *media, created_at=datetime.now(UTC))


def find(channel: Any, one: Any, native_id: str | None = None) -> Any:
    now = datetime.now(UTC)
    return NETWORK.reader.find(channel, one, MemoryNotes(), native_id=native_id, is_another=nobodys, now=now)


def test_a_picture_in_processing_is_awaited_without_sleeping(sandbox: Sandbox, channel: Any) -> None:
    sandbox.fault("image_processing", "upload", polls=2)
    one, notes = now_item("Snow.", picture()), MemoryNotes()
    outcomes = [type(publish(channel, one, notes, later=2 * step)) for step in range(3)]
    assert outcomes == [Pending, Pending, Sent]
    assert len(sandbox.standing(channel.native_id)) == 1


def test_a_picture_that_linkedin_cannot_prepare_stops_the_post(sandbox: Sandbox, channel: Any) -> None:
    sandbox.fault("processing_fails", "upload")
    assert isinstance(publish(channel, now_item("Snow.", picture())), Refused)
    assert sandbox.standing(channel.native_id) == []


def test_a_token_that_runs_out_in_mid_upload_hands_nothing_out(sandbox: Sandbox, channel: Any) -> None:
    one, notes = now_item("Snow.", picture(), picture("Two", shade=9)), MemoryNotes()
    sandbox.fault("slow", "upload", seconds=0)  # the first call of the upload passes, the second does not
    sandbox.fault("expired_token", "upload")
    assert isinstance(publish(channel, one, notes), Reconnect)
    assert sandbox.standing(channel.native_id) == []
    assert isinstance(publish(channel, one, notes), Sent)


def test_a_post_that_was_accepted_and_vanished_is_missing(sandbox: Sandbox, channel: Any) -> None:
    sandbox.fault("vanishing_posts", "publish")
    one = now_item()
    sent = publish(channel, one)
    assert isinstance(sent, Sent)
    assert find(channel, one, sent.native_id) == Missing()


def test_the_same_post_again_is_refused_there_and_looked_for_here(sandbox: Sandbox, channel: Any) -> None:
    one = now_item("Snow on the A9.")
    publish(channel, one)
    again = publish(channel, one)  # as after a restart: nothing is noted
    assert isinstance(again, Unsure)
    assert isinstance(find(channel, one), Found)
    assert len(sandbox.standing(channel.native_id)) == 1


def test_the_days_limit_waits_until_midnight_utc(sandbox: Sandbox, channel: Any) -> None:
    sandbox.fault("day_limit", "any")
    outcome = publish(channel, now_item())
    assert isinstance(outcome, Later)
    assert outcome.limited
    assert (outcome.at.hour, outcome.at.minute, outcome.at.second) == (0, 0, 0)
    assert outcome.at > datetime.now(UTC)


def test_a_withdrawn_version_is_icts_matter(sandbox: Sandbox, channel: Any, fields: dict[str, str]) -> None:
    sandbox.fault("version_sunset", "any")
    outcome = publish(channel, now_item())
    assert isinstance(outcome, Refused)
    assert "ICT must update Mercat" in outcome.reason
    assert "ICT must update Mercat" in find(channel, now_item()).reason
    assert NETWORK.connector
    with pytest.raises(ConnectError, match="ICT must update Mercat"):
        NETWORK.connector.connect(fields, channel.http, now=datetime.now(UTC))


def test_an_edit_is_read_back_in_its_new_words(sandbox: Sandbox, channel: Any) -> None:
    one = now_item("Snow on the A9. #Snow", picture())
    sent = publish(channel, one)
    assert NETWORK.editor
    new = now_item("Snow on the A9 (cleared). #Snow", picture())
    assert NETWORK.editor.edit(channel, new, native_id=sent.native_id, now=datetime.now(UTC)) == sent
    found = find(channel, new, sent.native_id)
    assert isinstance(found, Found)
    assert NETWORK.reader.matches(new, found, channel)
    assert not NETWORK.reader.matches(one, found, channel)


def test_what_is_said_and_counted_is_read(sandbox: Sandbox, channel: Any) -> None:
    assert NETWORK.connector
    assert NETWORK.listener
    assert NETWORK.metrics
    other_fields = sandbox.new_account()
    other = channel_of(NETWORK.connector.connect(other_fields, channel.http, now=datetime.now(UTC)), channel.http)
    began = datetime.now(UTC) - timedelta(seconds=5)
    one = now_item("Snow on the A9.")
    sent = publish(channel, one)
    say(sandbox, other, f"/rest/socialActions/{sent.native_id}/comments", {
        "actor": f"urn:li:organization:{other.native_id}",
        "object": sent.native_id,
        "message": {"text": "Is it open?"},
    })  # fmt: skip
    say(sandbox, other, "/rest/posts", {
        "author": f"urn:li:organization:{other.native_id}",
        "commentary": f"Thanks @[Tayside](urn:li:organization:{channel.native_id})",
        "visibility": "PUBLIC",
        "distribution": {"feedDistribution": "MAIN_FEED"},
        "lifecycleState": "PUBLISHED",
    })  # fmt: skip
    now = datetime.now(UTC) + timedelta(seconds=5)
    (comment,) = NETWORK.listener.comments(channel, native_id=sent.native_id, now=now)
    assert (comment.text, comment.under) == ("Is it open?", sent.native_id)
    (mention,) = NETWORK.listener.mentions(channel, since=began, now=now)
    assert mention.text == "Thanks Tayside"
    assert NETWORK.listener.mentions(other, since=began, now=now) == ()
    figures = NETWORK.metrics.figures(channel, native_id=sent.native_id, now=now)
    assert isinstance(figures, Figures)
    assert figures.counts["replies"] == 1


def say(sandbox: Sandbox, channel: Any, path: str, body: Any) -> None:
    headers = {
        "Authorization": f"Bearer {channel.credentials.get()['token']}",
        "Linkedin-Version": "202609",
        "X-Restli-Protocol-Version": "2.0.0",
    }
    httpx.post(f"{sandbox.base_url}{path}", json=body, headers=headers).raise_for_status()


def test_a_page_is_found_by_its_whole_name_and_its_profile_read(sandbox: Sandbox, channel: Any) -> None:
    now = datetime.now(UTC)
    assert NETWORK.searcher
    assert NETWORK.profiler
    (found,) = NETWORK.searcher.accounts(channel, channel.handle.upper(), now=now)
    assert (found.native_id, found.handle) == (channel.native_id, channel.handle)
    assert NETWORK.searcher.accounts(channel, channel.handle[:-1], now=now) == ()
    profile = NETWORK.profiler.profile(channel, now=now)
    assert isinstance(profile, Profile)
    assert profile.url == f"{sandbox.base_url}/company/{channel.handle}/"


# Signing in


def sign_in(sandbox: Sandbox, fields: dict[str, str], http: httpx.Client) -> Any:
    assert NETWORK.oauth
    url, kept = NETWORK.oauth.begin(fields, BACK, "the-state", http)
    return NETWORK.oauth.finish(kept, agree(url, fields["handle"]), BACK, http, now=datetime.now(UTC))


def agree(url: str, handle: str) -> str:
    """What a browser does on the consent page: send its form for `handle`."""
    page = httpx.get(url)
    assert page.status_code == 200, page.text
    form = Form()
    form.feed(page.text)
    answer = httpx.post(httpx.URL(url).join(form.action), data={**form.hidden, "account": handle})
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


def test_a_person_signs_in_and_comes_back(sandbox: Sandbox, fields: dict[str, str]) -> None:
    with client_for(sandbox.origin) as http:
        identity = sign_in(sandbox, fields, http)
        assert set(identity.credentials) == {"token", "expires_at"}
        sent = publish(channel_of(identity, http), now_item())
    assert isinstance(sent, Sent)
    assert len(sandbox.standing(identity.native_id)) == 1


def test_a_person_cannot_connect_a_page_that_they_do_not_administer(sandbox: Sandbox, fields: dict[str, str]) -> None:
    other = sandbox.new_account()
    with client_for(sandbox.origin) as http, pytest.raises(ConnectError, match="does not name a role"):
        sign_in(sandbox, {**fields, "organisation": other["organisation"]}, http)


def test_where_refresh_tokens_are_given_a_lapsed_token_is_renewed(sandbox: Sandbox, fields: dict[str, str]) -> None:
    sandbox.fault("refresh_tokens", "session")
    with client_for(sandbox.origin) as http:
        identity = sign_in(sandbox, fields, http)
        channel = channel_of(identity, http)
        app = {name: fields[name] for name in ("client_id", "client_secret")}
        channel.credentials.replace({**identity.credentials, **app})  # as whoever calls an adapter merges them
        sandbox.fault("expired_token", "publish")
        assert isinstance(publish(channel, now_item()), Sent)
        kept = channel.credentials.get()
        assert kept["token"] != identity.credentials["token"]
        assert kept["refresh_token"] == identity.credentials["refresh_token"]
        assert "client_secret" not in kept
        assert NETWORK.keeper
        assert NETWORK.keeper.keep(channel, ahead=timedelta(hours=1), now=datetime.now(UTC)) == Kept()

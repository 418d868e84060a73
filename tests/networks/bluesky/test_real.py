"""What only a real personal data server can show."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime
from typing import Any

import psutil
import pytest

from mercat.networks.bluesky.adapter import NETWORK
from mercat.networks.bluesky.identity import confirm, home_of
from mercat.networks.port import ConnectError, Reconnect, Sent
from tests.networks.doubles import MemoryNotes, channel_of, client_for, item, picture, video
from tests.servers.atproto_network import AtprotoNetwork

pytestmark = pytest.mark.real


@pytest.fixture
def account(atproto: AtprotoNetwork) -> Any:
    return atproto.new_account()


@pytest.fixture
def channel(atproto: AtprotoNetwork, account: Any) -> Any:
    assert NETWORK.connector
    with client_for(atproto.url) as http:
        fields = {"base_url": atproto.url, "handle": account.handle, "app_password": account.app_password}
        yield channel_of(NETWORK.connector.connect(fields, http, now=datetime.now(UTC)), http)


def publish(channel: Any, one: Any) -> Any:
    return NETWORK.publisher.publish(channel, one, MemoryNotes(), now=datetime.now(UTC))


def test_the_network_listens_on_this_machine_only(atproto: AtprotoNetwork) -> None:
    listening = [c.laddr.ip for c in psutil.Process(atproto.pid).net_connections() if c.status == psutil.CONN_LISTEN]
    assert len(listening) >= 2
    assert set(listening) == {"127.0.0.1"}


def test_the_directory_tells_where_an_account_lives_and_by_which_handle(atproto: AtprotoNetwork, account: Any) -> None:
    with client_for(atproto.directory) as http:
        home = home_of(account.did, account.handle, http, directory=atproto.directory)
        assert home == atproto.url.replace("127.0.0.1", "localhost")
        with pytest.raises(ConnectError, match="does not"):
            home_of(account.did, "somebody.test", http, directory=atproto.directory)
        with pytest.raises(ConnectError, match="answer 404"):
            home_of("did:plc:aaaaaaaaaaaaaaaaaaaaaaaa", account.handle, http, directory=atproto.directory)


def test_a_server_confirms_its_own_sessions_alone(atproto: AtprotoNetwork, account: Any, channel: Any) -> None:
    now, access = datetime.now(UTC), channel.credentials.get()["access_jwt"]
    confirm(atproto.url, account.did, access, channel.http, now=now)
    for did, token in ((atproto.new_account().did, access), (account.did, "nonsense")):
        with pytest.raises(ConnectError, match="does not know this sign-in"):
            confirm(atproto.url, did, token, channel.http, now=now)


def test_the_makers_own_client_reads_what_we_wrote(atproto: AtprotoNetwork, account: Any, channel: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the client's own
        from atproto import Client, models

    other = atproto.new_account()
    text = f"Snow ❄️ on the A9. https://example.org/roads #Snow @{other.handle} 👮🏽‍♀️"
    sent = publish(channel, item(text, picture("A road sign"), created_at=datetime.now(UTC)))
    assert isinstance(sent, Sent)
    client = Client(base_url=f"{atproto.url}/xrpc")
    where = {"repo": account.did, "collection": "app.bsky.feed.post", "rkey": sent.native_id.rpartition("/")[2]}
    record = client.com.atproto.repo.get_record(where).value
    client.request.close()
    assert isinstance(record, models.AppBskyFeedPost.Record)
    marks = [text.encode()[f.index.byte_start : f.index.byte_end].decode() for f in record.facets or []]
    assert marks == ["https://example.org/roads", "#Snow", f"@{other.handle}"]
    mention = (record.facets or [])[2].features[0]
    assert mention.did == other.did  # type: ignore[union-attr]
    assert record.embed.images[0].alt == "A road sign"  # type: ignore[union-attr]


def test_the_same_post_again_leaves_the_record_as_it_is(atproto: AtprotoNetwork, account: Any, channel: Any) -> None:
    one = item("Snow. #Snow", picture(), created_at=datetime.now(UTC))
    publish(channel, one)
    before = atproto.records(account.did)
    publish(channel, one)
    assert atproto.records(account.did) == before


def test_an_access_token_that_the_server_no_longer_takes_is_renewed(channel: Any) -> None:
    before = channel.credentials.get()
    channel.credentials.replace({**before, "access_jwt": before["access_jwt"][:-4] + "AAAA"})
    assert isinstance(publish(channel, item("Snow.", created_at=datetime.now(UTC))), Sent)
    assert channel.credentials.get()["refresh_jwt"] != before["refresh_jwt"]


def test_tokens_that_are_none_end_the_connection(channel: Any) -> None:
    channel.credentials.replace({"access_jwt": "nonsense", "refresh_jwt": "nonsense"})
    assert isinstance(publish(channel, item("Snow.", created_at=datetime.now(UTC))), Reconnect)


def test_a_mention_of_nobody_stays_plain_text(atproto: AtprotoNetwork, account: Any, channel: Any) -> None:
    sent = publish(channel, item("Thanks @nobody-at-all.test", created_at=datetime.now(UTC)))
    assert isinstance(sent, Sent)
    (record,) = atproto.records(account.did)
    assert "facets" not in record["value"]


def test_the_server_finds_the_record_valid_by_its_lexicon(atproto: AtprotoNetwork, channel: Any) -> None:
    answers: list[Any] = []
    channel.http.event_hooks["response"].append(lambda response: answers.append(response.json()))
    text = "Snow https://example.org #Snow"
    assert isinstance(publish(channel, item(text, picture(), created_at=datetime.now(UTC))), Sent)
    assert answers[-1]["validationStatus"] == "valid"


def test_the_accounts_own_password_is_refused(atproto: AtprotoNetwork, account: Any) -> None:
    assert NETWORK.connector
    fields = {"base_url": atproto.url, "handle": account.handle, "app_password": account.password}
    with client_for(atproto.url) as http, pytest.raises(ConnectError, match="own password"):
        NETWORK.connector.connect(fields, http, now=datetime.now(UTC))


def test_a_video_is_handed_to_a_server_that_has_no_service_for_videos(atproto: AtprotoNetwork, channel: Any) -> None:
    """Its record holds description and captions as the lexicon wants them, or the server would refuse it."""
    film = video(captions="WEBVTT\n\n00:01.000 --> 00:03.000\nSnow on the A9.\n")
    one = item("Snow.", film)
    sent = publish(channel, one)
    assert isinstance(sent, Sent), sent
    now = datetime.now(UTC)
    found = NETWORK.reader.find(
        channel, one, MemoryNotes(), native_id=sent.native_id, is_another=lambda _: False, now=now
    )
    assert NETWORK.reader.matches(one, found, channel)
    (record,) = atproto.records(channel.native_id)
    embed = record["value"]["embed"]
    assert (embed["video"]["mimeType"], embed["video"]["size"]) == ("video/mp4", film.size)
    (caption,) = embed["captions"]
    assert (caption["lang"], caption["file"]["mimeType"]) == ("en", "text/vtt")

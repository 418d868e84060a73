"""Threads' own ways on our stand-in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from mercat.networks.port import (
    ConnectError,
    Figures,
    Found,
    Identity,
    Kept,
    Later,
    Pending,
    Profile,
    Refused,
    Sent,
    Unsure,
)
from mercat.networks.threads.adapter import NETWORK
from mercat.sandbox.graph import CLIENT_ID, CLIENT_SECRET
from tests.networks.consent import agree
from tests.networks.doubles import MemoryNotes, channel_of, client_for, item, nobodys, picture_for
from tests.networks.servers import Sandbox
from tests.servers.media_host import MediaHost

pytestmark = pytest.mark.parametrize("sandbox", ["threads"], indirect=True)
BACK = "http://127.0.0.1:1/return"
APP = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}


class Account:
    """An account of the stand-in, connected through its adapter."""

    def __init__(self, sandbox: Sandbox, http: httpx.Client) -> None:
        assert NETWORK.connector
        self.account = sandbox.new_account()
        self.now = datetime.now(UTC)
        identity = NETWORK.connector.connect(self.account, http, now=self.now)
        self.channel = channel_of(identity, http)
        self.id = identity.native_id

    def publish(self, text: str, *media: Any, notes: MemoryNotes | None = None, after: int = 0) -> Any:
        one = item(text, *media, created_at=self.now, key="0" * 32)
        now = self.now + timedelta(seconds=after)
        return NETWORK.publisher.publish(self.channel, one, notes or MemoryNotes(), now=now)


@pytest.fixture
def http(sandbox: Sandbox) -> Any:
    with client_for(sandbox.origin) as client:
        yield client


@pytest.fixture
def account(sandbox: Sandbox, http: httpx.Client) -> Account:
    return Account(sandbox, http)


def sign_in(sandbox: Sandbox, http: httpx.Client, handle: str) -> Identity:
    assert NETWORK.oauth
    url, kept = NETWORK.oauth.begin({"base_url": sandbox.base_url, **APP}, BACK, "the-state", http)
    return NETWORK.oauth.finish(kept, agree(url, handle), BACK, http, now=datetime.now(UTC))


def test_a_person_signs_in_and_the_account_publishes_for_sixty_days(sandbox: Sandbox, http: httpx.Client) -> None:
    handle, now = sandbox.new_account()["handle"], datetime.now(UTC)
    identity = sign_in(sandbox, http, handle)
    assert (identity.handle, identity.url) == (handle, f"{sandbox.base_url}/@{handle}")
    channel = channel_of(identity, http)
    assert isinstance(NETWORK.publisher.publish(channel, item(created_at=now), MemoryNotes(), now=now), Sent)
    ends = NETWORK.lifetime(identity.credentials).ends_at
    assert ends
    assert timedelta(days=59) < ends - now < timedelta(days=61)


def test_a_token_that_is_too_young_is_not_renewed_and_a_pasted_one_serves(sandbox: Sandbox, http: httpx.Client) -> None:
    assert NETWORK.keeper
    pasted = Account(sandbox, http)
    before = pasted.channel.credentials.get()
    assert NETWORK.keeper.keep(pasted.channel, ahead=timedelta(days=7), now=pasted.now) == Kept()
    assert pasted.channel.credentials.get() == before


def test_a_wrong_registration_is_told(sandbox: Sandbox, http: httpx.Client) -> None:
    assert NETWORK.oauth
    handle = sandbox.new_account()["handle"]
    wrong = {"base_url": sandbox.base_url, **APP, "client_secret": "wrong"}
    url, kept = NETWORK.oauth.begin(wrong, BACK, "the-state", http)
    with pytest.raises(ConnectError, match="did not complete"):
        NETWORK.oauth.finish(kept, agree(url, handle), BACK, http, now=datetime.now(UTC))


def test_twenty_pictures_stand_in_their_order(account: Account, pictures: MediaHost) -> None:
    media = [pictures.reachable(picture_for(NETWORK, f"Picture {n}", shade=n)) for n in range(20)]
    sent = account.publish("Snow.", *media)
    one = item("Snow.", *media, created_at=account.now)
    found = NETWORK.reader.find(
        account.channel, one, MemoryNotes(), native_id=sent.native_id, is_another=nobodys, now=account.now
    )
    assert isinstance(found, Found)
    assert found.alts == tuple(f"Picture {n}" for n in range(20))
    assert NETWORK.reader.matches(one, found, account.channel)


def test_emoji_up_to_the_limit_go_out(sandbox: Sandbox, account: Account) -> None:
    words = "👮🏽‍♀️" * 29 + "x" * 7
    assert NETWORK.count(words, {}).used == 500
    assert isinstance(account.publish(words), Sent)
    assert [standing.text for standing in sandbox.standing(account.id)] == [words]


def test_slow_containers_are_awaited_without_sleeping(sandbox: Sandbox, account: Account) -> None:
    sandbox.fault("slow_processing", "upload", polls=2)
    notes = MemoryNotes()
    outcomes = [type(account.publish("Snow.", notes=notes, after=5 * step)) for step in range(4)]
    assert outcomes == [Pending, Pending, Sent, Sent]
    assert len(sandbox.standing(account.id)) == 1


def test_a_preparation_that_fails_is_tried_anew(sandbox: Sandbox, account: Account) -> None:
    sandbox.fault("slow_processing", "upload", polls=1, ends="ERROR")
    notes = MemoryNotes()
    assert isinstance(account.publish("Snow.", notes=notes), Pending)
    assert isinstance(account.publish("Snow.", notes=notes), Later)
    sandbox.no_faults()
    assert isinstance(account.publish("Snow.", notes=notes), Sent)


@pytest.mark.parametrize(
    ("fault", "kind", "words"), [("quota_used", Later, "all are used"), ("policy_block", Refused, "notices")]
)
def test_refusals_of_its_own(sandbox: Sandbox, account: Account, fault: str, kind: type, words: str) -> None:
    sandbox.fault(fault, "publish")
    outcome = account.publish("Snow.")
    assert isinstance(outcome, kind)
    assert words in outcome.reason
    assert getattr(outcome, "limited", True)
    assert sandbox.standing(account.id) == []


def test_a_lost_answer_is_not_doubled_however_often_it_is_tried(sandbox: Sandbox, account: Account) -> None:
    notes = MemoryNotes()
    sandbox.fault("answer_lost", "publish")
    assert isinstance(account.publish("Snow.", notes=notes), Unsure)
    assert isinstance(account.publish("Snow.", notes=notes), Unsure)
    assert len(sandbox.standing(account.id)) == 1


def test_replies_and_mentions_of_others_are_heard_and_counted(
    sandbox: Sandbox, http: httpx.Client, account: Account
) -> None:
    other = Account(sandbox, http)
    sent = account.publish("Snow.")
    reply(sandbox, other, "Is the road open?", reply_to_id=sent.native_id)
    reply(sandbox, account, "Yes.", reply_to_id=sent.native_id)
    reply(sandbox, other, f"Thank you @{account.account['handle']}")
    assert NETWORK.listener
    assert NETWORK.metrics
    (heard,) = NETWORK.listener.comments(account.channel, native_id=sent.native_id, now=account.now)
    assert (heard.text, heard.author) == ("Is the road open?", other.account["handle"])
    since = account.now - timedelta(minutes=5)
    (naming,) = NETWORK.listener.mentions(account.channel, since=since, now=account.now)
    assert naming.url.startswith(f"{sandbox.base_url}/@{other.account['handle']}/post/")
    told = NETWORK.metrics.figures(account.channel, native_id=sent.native_id, now=account.now)
    assert told == Figures({"views": 0, "reactions": 0, "replies": 2, "shares": 0})


def reply(sandbox: Sandbox, by: Account, text: str, **more: str) -> None:
    headers, base = {"authorization": f"Bearer {by.account['token']}"}, f"{sandbox.base_url}/v1.0/{by.id}"
    made = httpx.post(f"{base}/threads", data={"media_type": "TEXT", "text": text, **more}, headers=headers)
    form = {"creation_id": made.raise_for_status().json()["id"]}
    httpx.post(f"{base}/threads_publish", data=form, headers=headers).raise_for_status()


def test_profile_and_look_up(sandbox: Sandbox, http: httpx.Client, account: Account) -> None:
    other = Account(sandbox, http)
    assert NETWORK.profiler
    assert NETWORK.searcher
    profile = NETWORK.profiler.profile(account.channel, now=account.now)
    assert isinstance(profile, Profile)
    assert profile.url == f"{sandbox.base_url}/@{account.account['handle']}"
    (found,) = NETWORK.searcher.accounts(account.channel, other.account["handle"], now=account.now)
    assert found.url == f"{sandbox.base_url}/@{other.account['handle']}"
    assert NETWORK.searcher.accounts(account.channel, "nobody.at.all", now=account.now) == ()

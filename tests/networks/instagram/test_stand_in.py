"""Instagram's own ways on our stand-in, and its answers held against Meta's specs."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from mercat.networks.instagram.adapter import NETWORK
from mercat.networks.port import (
    ConnectError,
    Figures,
    Found,
    Identity,
    Item,
    Kept,
    Later,
    Medium,
    Missing,
    Pending,
    Profile,
    Refused,
    Sent,
    Unreadable,
    Unsure,
)
from mercat.sandbox.graph import CLIENT_ID, CLIENT_SECRET
from tests.networks.consent import agree
from tests.networks.doubles import (
    MemoryNotes,
    channel_of,
    client_for,
    item,
    medium,
    nobodys,
    picture,
    picture_for,
    video,
)
from tests.networks.graph_specs import wrong_fields, wrong_with
from tests.networks.servers import Sandbox
from tests.servers.media_host import MediaHost

pytestmark = pytest.mark.parametrize("sandbox", ["instagram"], indirect=True)
BACK = "http://127.0.0.1:1/return"
APP = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}


class Account:
    """An account of the stand-in, connected through its adapter."""

    def __init__(self, sandbox: Sandbox, http: httpx.Client, pictures: MediaHost) -> None:
        assert NETWORK.connector
        self.account = sandbox.new_account()
        self.now, self.pictures = datetime.now(UTC), pictures
        identity = NETWORK.connector.connect(self.account, http, now=self.now)
        self.channel = channel_of(identity, http)
        self.id = identity.native_id

    def picture(self, alt: str = "A sign", *, shade: int = 90) -> Medium:
        return self.pictures.reachable(picture_for(NETWORK, alt, shade=shade))

    def publish(self, text: str, *media: Medium, notes: MemoryNotes | None = None, after: int = 0) -> Any:
        one = item(text, *(media or [self.picture()]), created_at=self.now, key="0" * 32)
        now = self.now + timedelta(seconds=after)
        return NETWORK.publisher.publish(self.channel, one, notes or MemoryNotes(), now=now)


@pytest.fixture
def http(sandbox: Sandbox) -> Any:
    with client_for(sandbox.origin) as client:
        yield client


@pytest.fixture
def account(sandbox: Sandbox, http: httpx.Client, pictures: MediaHost) -> Account:
    return Account(sandbox, http, pictures)


# Signing in by Facebook


def sign_in(sandbox: Sandbox, http: httpx.Client, *handles: str, account: str = "") -> Identity:
    assert NETWORK.oauth
    url, kept = NETWORK.oauth.begin({"base_url": sandbox.base_url, "account": account, **APP}, BACK, "the-state", http)
    return NETWORK.oauth.finish(kept, agree(url, *handles), BACK, http, now=datetime.now(UTC))


def test_a_person_signs_in_and_the_account_publishes(sandbox: Sandbox, http: httpx.Client, pictures: MediaHost) -> None:
    handle = sandbox.new_account()["handle"]
    identity, now = sign_in(sandbox, http, handle), datetime.now(UTC)
    assert (identity.handle, identity.url) == (handle, f"{sandbox.base_url}/{handle}")
    channel = channel_of(identity, http)
    one = item("Snow.", pictures.reachable(picture_for(NETWORK)), created_at=now)
    assert isinstance(NETWORK.publisher.publish(channel, one, MemoryNotes(), now=now), Sent)
    channel.credentials.replace({**identity.credentials, **APP})
    assert NETWORK.keeper
    assert NETWORK.keeper.keep(channel, ahead=timedelta(days=7), now=now) == Kept()
    assert NETWORK.lifetime(identity.credentials).ends_at


def test_who_manages_several_accounts_is_asked_which(sandbox: Sandbox, http: httpx.Client) -> None:
    first, second = sandbox.new_account()["handle"], sandbox.new_account()["handle"]
    with pytest.raises(ConnectError, match="several professional Instagram accounts"):
        sign_in(sandbox, http, first, second)
    assert sign_in(sandbox, http, first, second, account=f"@{second}").handle == second
    with pytest.raises(ConnectError, match="does not manage “somebody”"):
        sign_in(sandbox, http, first, second, account="somebody")


# Publishing


def test_instagram_fetches_the_very_picture(sandbox: Sandbox, account: Account) -> None:
    one = account.picture("A sign", shade=7)
    account.publish("Snow.", one)
    assert one.url.removeprefix(account.pictures.address) in account.pictures.fetched
    (post,) = [post for post in sandbox.control("GET", "posts") if post["account"] == account.id]
    assert [medium["sha256"] for medium in post["media"]] == [one.sha256]


def test_an_album_stands_in_its_order_with_its_descriptions(account: Account) -> None:
    media = [account.picture(f"Picture {n}", shade=n) for n in range(10)]
    sent = account.publish("Snow.", *media)
    one = item("Snow.", *media, created_at=account.now)
    found = NETWORK.reader.find(
        account.channel, one, MemoryNotes(), native_id=sent.native_id, is_another=nobodys, now=account.now
    )
    assert isinstance(found, Found)
    assert found.alts == tuple(f"Picture {n}" for n in range(10))
    assert NETWORK.reader.matches(one, found, account.channel)


def test_slow_pictures_are_awaited_without_sleeping(sandbox: Sandbox, account: Account) -> None:
    sandbox.fault("slow_processing", "upload", polls=2)
    notes, outcomes = MemoryNotes(), []
    for step in range(4):
        outcomes.append(type(account.publish("Snow.", notes=notes, after=5 * step)))
    assert outcomes == [Pending, Pending, Sent, Sent]
    assert len(sandbox.standing(account.id)) == 1


def test_a_preparation_that_fails_is_tried_anew(sandbox: Sandbox, account: Account) -> None:
    sandbox.fault("slow_processing", "upload", polls=1, ends="ERROR")
    notes = MemoryNotes()
    assert isinstance(account.publish("Snow.", notes=notes), Pending)
    assert isinstance(account.publish("Snow.", notes=notes), Later)
    sandbox.no_faults()
    assert isinstance(account.publish("Snow.", notes=notes), Sent)


def test_a_token_that_ends_between_container_and_publishing_costs_nothing(sandbox: Sandbox, account: Account) -> None:
    notes = MemoryNotes()
    sandbox.fault("expired_token", "publish")
    account.publish("Snow.", notes=notes)
    assert isinstance(account.publish("Snow.", notes=notes), Sent)
    assert len(sandbox.standing(account.id)) == 1


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [("quota_used", Later, "all are used"), ("spam_suspicion", Refused, "spam"), ("version_sunset", Refused, "Update")],
)
def test_refusals_of_its_own(sandbox: Sandbox, account: Account, fault: str, kind: type, words: str) -> None:
    sandbox.fault(fault, "publish")
    outcome = account.publish("Snow.")
    assert isinstance(outcome, kind)
    assert words in outcome.reason
    assert getattr(outcome, "limited", True)
    assert sandbox.standing(account.id) == []


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/nothing", "https://media.example/1.jpg", "ftp://127.0.0.1/1"])
def test_a_picture_that_cannot_be_fetched_may_be_fetched_later(sandbox: Sandbox, account: Account, url: str) -> None:
    import dataclasses

    outcome = account.publish("Snow.", dataclasses.replace(account.picture(), url=url))
    assert type(outcome) is (Refused if url.startswith("ftp") else Later)
    assert sandbox.standing(account.id) == []


def test_what_instagram_makes_of_a_picture_is_told(account: Account) -> None:
    """What a wrong note of a picture's kind or shape would lead to."""
    import dataclasses

    png = picture(size=(1080, 1080))
    tall = picture(size=(100, 200), mime="image/jpeg")
    for odd, words in ((png, "JPEG"), (tall, "Crop")):
        disguised = dataclasses.replace(odd, mime="image/jpeg", width=1, height=1)
        outcome = account.publish("Snow.", account.pictures.reachable(disguised))
        assert isinstance(outcome, Refused)
        assert words in outcome.reason
    heavy = medium(b"\xff\xd8" + b"\0" * (9 * 1024 * 1024), mime="image/jpeg")
    light = dataclasses.replace(account.pictures.reachable(heavy), size=1)
    assert "less than 8 MB" in account.publish("Snow.", light).reason


def test_a_lost_answer_whose_post_is_not_listed_yet_is_no_miss(sandbox: Sandbox, account: Account) -> None:
    notes = MemoryNotes()
    sandbox.fault("answer_lost", "publish")
    assert isinstance(account.publish("Snow.", notes=notes), Unsure)
    one = item("Snow.", account.picture(), created_at=account.now, key="0" * 32)
    found = NETWORK.reader.find(account.channel, one, notes, native_id=None, is_another=nobodys, now=account.now)
    assert isinstance(found, Found)
    assert isinstance(account.publish("Snow.", notes=notes), Unsure)
    assert len(sandbox.standing(account.id)) == 1


# Stories


@pytest.mark.parametrize("medium", ["picture", "video"])
def test_a_story_is_published_once_read_back_and_listed(sandbox: Sandbox, account: Account, medium: str) -> None:
    one = account.picture() if medium == "picture" else account.pictures.reachable(video())
    story, notes = replace(item("", one, created_at=account.now), story=True), MemoryNotes()
    outcome = NETWORK.publisher.publish(account.channel, story, notes, now=account.now)
    if medium == "video":
        assert isinstance(outcome, Pending)
        outcome = NETWORK.publisher.publish(account.channel, story, notes, now=account.now + timedelta(minutes=1))
    assert isinstance(outcome, Sent)
    found = look(account, story, notes, outcome.native_id)
    assert isinstance(found, Found)
    assert NETWORK.reader.matches(story, found, account.channel)
    assert [post.text for post in sandbox.standing(account.id)] == [""]
    assert NETWORK.lister
    (listed,) = NETWORK.lister.posts(account.channel, since=account.now - timedelta(minutes=5), now=account.now)
    assert (listed.native_id, listed.url) == (outcome.native_id, outcome.url)
    assert f"/stories/{account.channel.handle}/" in listed.url


def test_a_lost_story_is_found_and_one_by_hand_beside_it_is_not_taken_for_it(
    sandbox: Sandbox, account: Account
) -> None:
    story, notes = replace(item("", account.picture(), created_at=account.now), story=True), MemoryNotes()
    sandbox.fault("answer_lost", "publish")
    assert isinstance(NETWORK.publisher.publish(account.channel, story, notes, now=account.now), Unsure)
    found = look(account, story, notes, None)
    assert isinstance(found, Found)
    assert NETWORK.reader.matches(story, found, account.channel)
    sandbox.no_faults()
    made = call(sandbox, account, f"{account.id}/media", media_type="STORIES", image_url=account.picture().url)
    call(sandbox, account, f"{account.id}/media_publish", creation_id=made["id"])
    assert isinstance(look(account, story, notes, None), Unreadable)
    assert NETWORK.lister
    listed = NETWORK.lister.posts(account.channel, since=account.now - timedelta(minutes=5), now=account.now)
    assert isinstance(listed, tuple)
    assert len(listed) == 2, "what was put there past the tool is listed too"


def test_a_story_is_taken_down_and_so_is_what_is_gone(account: Account) -> None:
    story, notes = replace(item("", account.picture(), created_at=account.now), story=True), MemoryNotes()
    sent = NETWORK.publisher.publish(account.channel, story, notes, now=account.now)
    assert NETWORK.remover
    for _ in range(2):
        assert NETWORK.remover.remove(account.channel, native_id=sent.native_id, now=account.now) == Sent(
            sent.native_id, ""
        )
    assert look(account, story, notes, sent.native_id) == Missing()


def look(account: Account, one: Item, notes: MemoryNotes, native_id: str | None) -> Any:
    return NETWORK.reader.find(account.channel, one, notes, native_id=native_id, is_another=nobodys, now=account.now)


# The other parts


def test_comments_and_tags_of_others_are_heard(
    sandbox: Sandbox, http: httpx.Client, account: Account, pictures: MediaHost
) -> None:
    other = Account(sandbox, http, pictures)
    sent = account.publish("Snow.")
    call(sandbox, other, f"{sent.native_id}/comments", message="Is the road open?")
    call(sandbox, account, f"{sent.native_id}/comments", message="Yes.")
    tags = json.dumps([{"username": account.account["handle"], "x": 0.5, "y": 0.5}])
    made = call(sandbox, other, f"{other.id}/media", image_url=other.picture().url, user_tags=tags)
    call(sandbox, other, f"{other.id}/media_publish", creation_id=made["id"])
    assert NETWORK.listener
    (heard,) = NETWORK.listener.comments(account.channel, native_id=sent.native_id, now=account.now)
    assert (heard.text, heard.author) == ("Is the road open?", other.account["handle"])
    since = account.now - timedelta(minutes=5)
    (tagging,) = NETWORK.listener.mentions(account.channel, since=since, now=account.now)
    assert tagging.author == other.account["handle"]


def call(sandbox: Sandbox, by: Account, path: str, **fields: str) -> dict[str, Any]:
    headers = {"authorization": f"Bearer {by.account['token']}"}
    return httpx.post(f"{sandbox.base_url}/v25.0/{path}", data=fields, headers=headers).raise_for_status().json()


def test_figures_profile_and_search(
    sandbox: Sandbox, http: httpx.Client, account: Account, pictures: MediaHost
) -> None:
    other = Account(sandbox, http, pictures)
    sent = account.publish("Snow.")
    call(sandbox, other, f"{sent.native_id}/comments", message="Hello")
    assert NETWORK.metrics
    assert NETWORK.profiler
    assert NETWORK.searcher
    told = NETWORK.metrics.figures(account.channel, native_id=sent.native_id, now=account.now)
    assert told == Figures({"reactions": 0, "replies": 1, "views": 0, "reach": 0, "saves": 0, "shares": 0})
    profile = NETWORK.profiler.profile(account.channel, now=account.now)
    assert isinstance(profile, Profile)
    assert profile.url == account.channel.base_url + f"/{account.channel.handle}"
    (found,) = NETWORK.searcher.accounts(account.channel, other.account["handle"], now=account.now)
    assert found.native_id == other.id
    assert NETWORK.searcher.accounts(account.channel, "nobody.at.all", now=account.now) == ()


# Meta's specs


def test_calls_and_answers_are_as_metas_specs_name_them(
    sandbox: Sandbox, http: httpx.Client, account: Account, pictures: MediaHost
) -> None:
    wrong: list[str] = []
    containers: set[str] = set()

    def kind_of(native_id: str) -> str:
        if native_id in {"me", "oauth", "debug_token"}:
            return ""
        if native_id.startswith("178414"):
            return "IGUser"
        return "ShadowIGMediaBuilder" if native_id in containers else "IGMedia"

    def held(response: httpx.Response) -> None:
        response.read()
        path, answer = response.request.url.path.removeprefix("/instagram"), json.loads(response.content)
        if response.request.method == "POST" and path.endswith("/media"):
            containers.add(answer["id"])
        url, content = response.request.url.copy_with(path=path), response.request.read()
        bare = httpx.Request(response.request.method, url, headers=response.request.headers, content=content)
        wrong.extend(wrong_with(bare, kind_of))
        wrong.extend(wrong_answer(path, answer, kind_of))

    http.event_hooks["response"].append(held)
    other = Account(sandbox, http, pictures)
    sent = account.publish("Snow.", account.picture(), account.picture(shade=3))
    account.publish("Rain.")
    story = replace(item("", account.picture(), created_at=account.now), story=True)
    told = NETWORK.publisher.publish(account.channel, story, MemoryNotes(), now=account.now)
    call(sandbox, other, f"{sent.native_id}/comments", message="Hello")
    one, now = item("Snow.", account.picture(), created_at=account.now), account.now
    for native_id in (sent.native_id, None):
        NETWORK.reader.find(account.channel, one, MemoryNotes(), native_id=native_id, is_another=nobodys, now=now)
    assert NETWORK.listener
    assert NETWORK.metrics
    assert NETWORK.profiler
    assert NETWORK.searcher
    assert NETWORK.remover
    assert NETWORK.lister
    NETWORK.lister.posts(account.channel, since=now, now=now)
    NETWORK.listener.mentions(account.channel, since=now, now=now)
    NETWORK.listener.comments(account.channel, native_id=sent.native_id, now=now)
    for native_id in (sent.native_id, told.native_id):
        NETWORK.metrics.figures(account.channel, native_id=native_id, now=now)
    NETWORK.profiler.profile(account.channel, now=now)
    NETWORK.searcher.accounts(account.channel, other.account["handle"], now=now)
    NETWORK.remover.remove(account.channel, native_id=sent.native_id, now=now)
    assert containers
    assert wrong == []


def wrong_answer(path: str, answer: dict[str, Any], kind_of: Any) -> list[str]:
    """Of an answer that tells nodes: their fields."""
    _, _, native_id, *edges = path.split("/")
    kinds = {
        "media": "IGMedia",
        "stories": "IGMedia",
        "tags": "IGMedia",
        "comments": "IGComment",
        "insights": "InsightsResult",
    }
    kind = kinds.get(edges[0]) if edges else kind_of(native_id)
    if not kind or "success" in answer or "error" in answer:
        return []
    nodes = answer.get("data", [answer])
    return [f"{kind}: {name}" for node in nodes for name in wrong_fields(node, kind)]

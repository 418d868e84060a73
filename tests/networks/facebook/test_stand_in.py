"""The adapter's further parts on our stand-in, and the stand-in's answers held against Meta's specs."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from mercat.networks.facebook.adapter import NETWORK
from mercat.networks.port import (
    ConnectError,
    Figures,
    Found,
    Identity,
    Kept,
    NewProfile,
    Profile,
    Reconnect,
    Refused,
    Sent,
    Unreadable,
    Unsure,
)
from mercat.sandbox.graph import CLIENT_ID, CLIENT_SECRET
from tests.networks.consent import agree
from tests.networks.doubles import MemoryNotes, channel_of, client_for, item, nobodys, picture
from tests.networks.graph_specs import wrong_fields, wrong_with
from tests.networks.servers import Sandbox

pytestmark = pytest.mark.parametrize("sandbox", ["facebook"], indirect=True)
BACK = "http://127.0.0.1:1/return"
APP = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}


class Page:
    """A page of the stand-in, connected through its adapter."""

    def __init__(self, sandbox: Sandbox, http: httpx.Client, **more: str) -> None:
        assert NETWORK.connector
        self.account = sandbox.new_account()
        self.now = datetime.now(UTC)
        identity = NETWORK.connector.connect({**self.account, **more}, http, now=self.now)
        self.channel = channel_of(identity, http)
        self.id = identity.native_id

    def publish(self, text: str, *media: Any) -> Any:
        one = item(text, *media, created_at=self.now)
        return NETWORK.publisher.publish(self.channel, one, MemoryNotes(), now=self.now)


@pytest.fixture
def http(sandbox: Sandbox) -> Any:
    with client_for(sandbox.origin) as client:
        yield client


@pytest.fixture
def page(sandbox: Sandbox, http: httpx.Client) -> Page:
    return Page(sandbox, http)


# Signing in


def sign_in(sandbox: Sandbox, http: httpx.Client, *handles: str, page: str = "") -> Identity:
    assert NETWORK.oauth
    url, kept = NETWORK.oauth.begin({"base_url": sandbox.base_url, "page": page, **APP}, BACK, "the-state", http)
    return NETWORK.oauth.finish(kept, agree(url, *handles), BACK, http, now=datetime.now(UTC))


def test_a_person_signs_in_and_the_pages_token_publishes_without_an_end(sandbox: Sandbox, http: httpx.Client) -> None:
    account = sandbox.new_account()
    identity = sign_in(sandbox, http, account["handle"])
    now = datetime.now(UTC)
    channel = channel_of(identity, http)
    channel.credentials.replace({**identity.credentials, **APP})
    assert isinstance(NETWORK.publisher.publish(channel, item(created_at=now), MemoryNotes(), now=now), Sent)
    assert NETWORK.keeper
    assert NETWORK.keeper.keep(channel, ahead=timedelta(days=7), now=now) == Kept()
    lasts = NETWORK.lifetime(identity.credentials)
    assert lasts.ends_at
    assert timedelta(days=89) < lasts.ends_at - now < timedelta(days=91)


def test_who_manages_several_pages_is_asked_which(sandbox: Sandbox, http: httpx.Client) -> None:
    first, second = sandbox.new_account()["handle"], sandbox.new_account()["handle"]
    with pytest.raises(ConnectError, match="several pages"):
        sign_in(sandbox, http, first, second)
    assert sign_in(sandbox, http, first, second, page=f"@{second}").handle == second


def test_a_code_serves_once_and_for_the_same_address_only(sandbox: Sandbox, http: httpx.Client) -> None:
    assert NETWORK.oauth
    account, now = sandbox.new_account(), datetime.now(UTC)
    url, kept = NETWORK.oauth.begin({"base_url": sandbox.base_url, **APP}, BACK, "the-state", http)
    code = agree(url, account["handle"])
    with pytest.raises(ConnectError, match="did not complete"):
        NETWORK.oauth.finish(kept, code, BACK + "/other", http, now=now)
    with pytest.raises(ConnectError, match="did not complete"):
        NETWORK.oauth.finish(kept, code, BACK, http, now=now)


def test_who_declines_comes_back_with_that(sandbox: Sandbox, http: httpx.Client) -> None:
    assert NETWORK.oauth
    sandbox.new_account()
    url, _ = NETWORK.oauth.begin({"base_url": sandbox.base_url, **APP}, BACK, "the-state", http)
    assert agree(url, decision="deny") == "access_denied"


def test_a_token_is_typed_with_the_registration(sandbox: Sandbox, http: httpx.Client) -> None:
    page = Page(sandbox, http, **APP)
    assert NETWORK.lifetime(page.channel.credentials.get()).ends_at


def test_a_wrong_registration_is_told(sandbox: Sandbox, http: httpx.Client) -> None:
    with pytest.raises(ConnectError, match="app ID with this app secret"):
        Page(sandbox, http, client_id=CLIENT_ID, client_secret="wrong")


def test_a_page_whose_token_is_no_more_is_told_by_the_daily_look(sandbox: Sandbox, http: httpx.Client) -> None:
    page = Page(sandbox, http)
    page.channel.credentials.replace({**page.channel.credentials.get(), **APP})
    sandbox.control("POST", "accounts", json={"handle": page.account["handle"], "token": "another-" + page.id})
    assert NETWORK.keeper
    assert isinstance(NETWORK.keeper.keep(page.channel, ahead=timedelta(), now=page.now), Reconnect)


# Publishing


def test_what_is_said_twice_in_a_row_is_looked_for_and_not_doubled(sandbox: Sandbox, page: Page) -> None:
    page.publish("Snow.")
    assert isinstance(page.publish("Snow."), Unsure)
    assert len(sandbox.standing(page.id)) == 1


def test_photos_that_stand_on_a_post_are_looked_for_and_not_doubled(sandbox: Sandbox, page: Page) -> None:
    notes, one = MemoryNotes(), item("Snow.", picture(), created_at=page.now)
    sandbox.fault("answer_lost", "publish")
    assert isinstance(NETWORK.publisher.publish(page.channel, one, notes, now=page.now), Unsure)
    assert isinstance(page.publish("Another."), Sent)
    assert isinstance(NETWORK.publisher.publish(page.channel, one, notes, now=page.now), Unsure)
    assert len(sandbox.standing(page.id)) == 2


def test_ten_photos_stand_in_their_order_with_their_descriptions(sandbox: Sandbox, page: Page) -> None:
    alts = tuple(f"Picture {n}" for n in range(10))
    one = item("Snow.", *[picture(alt, shade=n) for n, alt in enumerate(alts)], created_at=page.now)
    sent = NETWORK.publisher.publish(page.channel, one, MemoryNotes(), now=page.now)
    found = NETWORK.reader.find(
        page.channel, one, MemoryNotes(), native_id=sent.native_id, is_another=nobodys, now=page.now
    )
    assert isinstance(found, Found)
    assert found.alts == alts
    assert NETWORK.reader.matches(one, found, page.channel)


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        ("policy_block", Refused, "rules"),
        ("version_sunset", Refused, "Update Mercat"),
        ("duplicate_refusal", Unsure, "already said"),
    ],
)
def test_refusals_of_its_own(sandbox: Sandbox, page: Page, fault: str, kind: type, words: str) -> None:
    sandbox.fault(fault, "publish")
    outcome = page.publish("Snow.")
    assert isinstance(outcome, kind)
    assert words in outcome.reason
    assert sandbox.standing(page.id) == []


# The other parts


def test_words_are_edited_and_pictures_stay(sandbox: Sandbox, page: Page) -> None:
    sent = page.publish("Snow on the A9.", picture("A sign"))
    assert NETWORK.editor
    new = item("Snow on the A9 and M90.", picture("A sign"), created_at=page.now)
    assert NETWORK.editor.edit(page.channel, new, native_id=sent.native_id, now=page.now) == sent
    (standing,) = sandbox.standing(page.id)
    assert (standing.text, standing.alts) == ("Snow on the A9 and M90.", ("A sign",))


def test_what_is_gone_cannot_be_edited(page: Page) -> None:
    assert NETWORK.editor
    outcome = NETWORK.editor.edit(page.channel, item("x"), native_id=f"{page.id}_1", now=page.now)
    assert isinstance(outcome, Refused)


def test_a_profile_is_read_and_changed(page: Page) -> None:
    assert NETWORK.profiler
    avatar = picture(shade=1)
    new = NewProfile(bio="Call 101.", avatar=avatar, banner=picture(shade=2))
    changed = NETWORK.profiler.change(page.channel, new, now=page.now)
    assert isinstance(changed, Sent)
    told = NETWORK.profiler.profile(page.channel, now=page.now)
    assert isinstance(told, Profile)
    assert (told.name, told.bio, told.avatar) == (page.account["handle"], "Call 101.", avatar.url)
    assert httpx.get(told.banner).content == new.banner.read()
    assert told.url == changed.url


def test_comments_and_mentions_of_others_are_heard(sandbox: Sandbox, http: httpx.Client, page: Page) -> None:
    other = Page(sandbox, http)
    sent = page.publish("Snow.")
    comment(sandbox, other, sent.native_id, "Is the road open?")
    comment(sandbox, page, sent.native_id, "Yes.")
    other.publish(f"Thank you @{page.account['handle']}.")
    assert NETWORK.listener
    (heard,) = NETWORK.listener.comments(page.channel, native_id=sent.native_id, now=page.now)
    assert (heard.text, heard.author, heard.under) == ("Is the road open?", other.id, sent.native_id)
    since = page.now - timedelta(minutes=5)
    (naming,) = NETWORK.listener.mentions(page.channel, since=since, now=page.now)
    assert naming.author == other.id
    assert naming.url.startswith(sandbox.base_url)


def comment(sandbox: Sandbox, by: Page, post: str, words: str) -> None:
    url = f"{sandbox.base_url}/v25.0/{post}/comments"
    headers = {"authorization": f"Bearer {by.account['token']}"}
    httpx.post(url, data={"message": words}, headers=headers).raise_for_status()


def test_figures_are_counted(sandbox: Sandbox, http: httpx.Client, page: Page) -> None:
    sent = page.publish("Snow.")
    comment(sandbox, Page(sandbox, http), sent.native_id, "Is the road open?")
    assert NETWORK.metrics
    told = NETWORK.metrics.figures(page.channel, native_id=sent.native_id, now=page.now)
    assert told == Figures({"replies": 1, "reactions": 0, "shares": 0, "views": 0, "reach": 0, "clicks": 0})
    gone = NETWORK.metrics.figures(page.channel, native_id=f"{page.id}_1", now=page.now)
    assert isinstance(gone, Unreadable)


# Meta's specs


def test_calls_and_answers_are_as_metas_specs_name_them(sandbox: Sandbox, http: httpx.Client) -> None:
    wrong: list[str] = []

    def held(response: httpx.Response) -> None:
        if "/v25.0/" not in response.request.url.path:
            return
        response.read()
        path = response.request.url.path.removeprefix("/facebook")
        bare = httpx.Request(
            response.request.method,
            response.request.url.copy_with(path=path),
            headers=response.request.headers,
            content=response.request.read(),
        )
        wrong.extend(wrong_with(bare, kind_of))
        wrong.extend(wrong_answer(path, json.loads(response.content)))

    http.event_hooks["response"].append(held)
    page, other = Page(sandbox, http), Page(sandbox, http)
    sent = page.publish("Snow. https://example.org/", picture())
    comment(sandbox, other, sent.native_id, "Hello")
    page.publish("A link: https://example.org/")
    assert NETWORK.remover
    assert NETWORK.profiler
    assert NETWORK.listener
    assert NETWORK.metrics
    now, one = page.now, item("Snow. https://example.org/", picture(), created_at=page.now)
    for native_id in (sent.native_id, None):
        NETWORK.reader.find(page.channel, one, MemoryNotes(), native_id=native_id, is_another=nobodys, now=now)
    NETWORK.profiler.profile(page.channel, now=now)
    NETWORK.listener.mentions(page.channel, since=now, now=now)
    NETWORK.listener.comments(page.channel, native_id=sent.native_id, now=now)
    NETWORK.metrics.figures(page.channel, native_id=sent.native_id, now=now)
    NETWORK.remover.remove(page.channel, native_id=sent.native_id, now=now)
    assert wrong == []


def kind_of(native_id: str) -> str:
    if native_id in {"me", "oauth", "debug_token"}:
        return ""
    if "_" in native_id:
        return "PagePost"
    return "Photo" if native_id.startswith("1221") else "Page"


def wrong_answer(path: str, answer: dict[str, Any]) -> list[str]:
    """Of an answer that tells nodes: their fields."""
    _, _, native_id, *edges = path.split("/")
    kinds = {"published_posts": "PagePost", "tagged": "PagePost", "comments": "Comment", "insights": "InsightsResult"}
    kind = kinds.get(edges[0]) if edges else kind_of(native_id)
    if not kind or "success" in answer or "error" in answer:
        return []
    nodes = answer["data"] if edges else [answer]
    return [f"{kind}: {name}" for node in nodes for name in wrong_fields(node, kind)]

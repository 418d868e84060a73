"""Every adapter of the registry keeps the contract on servers: our stand-ins, and two that we did not write."""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import httpx
import pytest

from mercat.networks import registry
from mercat.networks.kit import graph, graph_containers
from mercat.networks.kit.thread import CUT
from mercat.networks.port import (
    Channel,
    ConnectError,
    Found,
    Item,
    Later,
    Medium,
    Missing,
    Pending,
    Reconnect,
    Refused,
    Sent,
    Thread,
    Unreadable,
    Unsure,
)
from tests.networks.contract import SLUGS, Server, Standing, stays
from tests.networks.doubles import MemoryNotes, channel_of, client_for, full_text, item, medium_for, nobodys, video
from tests.networks.servers import Sandbox
from tests.servers.media_host import MediaHost

STAND_INS = [f"sandbox:{slug}" for slug in SLUGS]
REAL = [pytest.param(name, marks=pytest.mark.real) for name in ("atproto", "mastodon_mock")]
on_every_server = pytest.mark.parametrize("server", [*STAND_INS, *REAL], indirect=True)
TAKES_VIDEOS = [slug for slug in SLUGS if registry.get(slug).spec.media.video]
on_every_stand_in_with_videos = pytest.mark.parametrize("sandbox", TAKES_VIDEOS, indirect=True)
on_every_stand_in = pytest.mark.parametrize("sandbox", SLUGS, indirect=True)

THREADED = [slug for slug in SLUGS if registry.get(slug).spec.threads]
on_every_server_with_threads = pytest.mark.parametrize(
    "server", [*(f"sandbox:{slug}" for slug in THREADED), *REAL], indirect=True
)
on_every_stand_in_with_threads = pytest.mark.parametrize("sandbox", THREADED, indirect=True)

LISTING = [slug for slug in SLUGS if registry.get(slug).lister]
on_every_stand_in_that_lists = pytest.mark.parametrize("sandbox", LISTING, indirect=True)
# On Instagram and YouTube nobody passes on what others posted.
PASSING_ON = [slug for slug in LISTING if slug not in {"instagram", "youtube"}]
on_every_server_that_passes_on = pytest.mark.parametrize(
    "server", [*(f"sandbox:{slug}" for slug in PASSING_ON), *REAL], indirect=True
)
on_every_server_that_lists = pytest.mark.parametrize(
    "server", [*(f"sandbox:{slug}" for slug in LISTING), *REAL], indirect=True
)


def small_pages(slug: str) -> Iterator[tuple[Any, str, Any]]:
    """Where a network's adapter says how long its pages are, and how many it reads."""
    paging = [module for name, module in sorted(sys.modules.items()) if name.startswith(f"mercat.networks.{slug}.")]
    if slug in ("facebook", "instagram", "threads"):
        paging += [graph, graph_containers]
    for module in paging:
        for name, value in (("PAGE", 5), ("PAGES", 4)):
            if hasattr(module, name):
                yield module, name, type(getattr(module, name))(value)


RICH = (
    "Snow on the A9 ❄️👮🏽‍♀️ — drive with care.\n\nMore: https://example.org/roads?from=perth&to=inverness (today) #Snow"
)


class Meeting:
    """An account of a server, connected through its adapter."""

    def __init__(self, server: Server, pictures: MediaHost) -> None:
        self.server, self.pictures = server, pictures
        self.network = registry.get(server.slug)
        self.http = client_for(server.origin)
        assert self.network.connector
        self.now = datetime.now(UTC)
        self.identity = self.network.connector.connect(server.new_account(), self.http, now=self.now)
        self.channel: Channel = channel_of(self.identity, self.http)
        self.notes: dict[str, MemoryNotes] = defaultdict(MemoryNotes)  # by the item's key: each has its own
        self.sent: dict[str, Item] = {}  # by native id

    @property
    def most(self) -> int:
        """Media in one post."""
        return self.network.spec.media.max_count or 1

    def item(self, text: str = "Snow on the A9.", *media: Any) -> Item:
        """With a picture, or a video, where the network takes no post without."""
        least = [self.picture()] * (0 if media else self.network.spec.media.min_count)
        return item(text, *media, *least, created_at=self.now)

    def picture(self, alt: str = "A road sign in the snow", *, shade: int = 90) -> Medium:
        """A picture, or else a video, that the network takes, and can fetch if it does."""
        return self.pictures.reachable(medium_for(self.network, alt, shade=shade))

    def video(self) -> Medium:
        """A video that the network takes, and can fetch with its cover if it does."""
        film = self.pictures.reachable(video())
        return replace(film, cover=film.cover and self.pictures.reachable(film.cover))

    def publish_in_the_end(self, one: Item) -> Any:
        """Attempt after attempt, for as long as the network is only not ready yet."""
        for _ in range(20):
            outcome = self.publish(one)
            if not isinstance(outcome, Pending):
                return outcome
        raise AssertionError(outcome)

    def publish(self, one: Item) -> Any:
        outcome = self.network.publisher.publish(self.channel, one, self.notes[one.key], now=self.now)
        if isinstance(outcome, Sent):
            self.sent[outcome.native_id] = one
        return outcome

    def find(self, one: Item, native_id: str | None = None) -> Any:
        def is_another(native_id: str) -> bool:
            return self.sent.get(native_id, one) != one

        return self.network.reader.find(
            self.channel, one, self.notes[one.key], native_id=native_id, is_another=is_another, now=self.now
        )

    def matches(self, one: Item, found: Found) -> bool:
        return self.network.reader.matches(one, found, self.channel)

    def remove(self, native_id: str) -> Any:
        assert self.network.remover
        return self.network.remover.remove(self.channel, native_id=native_id, now=self.now)

    def listed(self, since: datetime) -> Any:
        assert self.network.lister
        return self.network.lister.posts(self.channel, since=since, now=self.now)

    def standing(self) -> list[Standing]:
        return self.server.standing(self.channel.native_id)


@pytest.fixture
def meeting(server: Server, pictures: MediaHost) -> Any:
    one = Meeting(server, pictures)
    yield one
    one.http.close()


@pytest.fixture
def stand_in(sandbox: Sandbox, pictures: MediaHost) -> Any:
    one = Meeting(sandbox, pictures)
    yield one
    one.http.close()


# Where nothing goes wrong


@on_every_server
def test_connecting_tells_who_it_is(meeting: Meeting) -> None:
    assert meeting.identity.native_id
    assert meeting.identity.handle
    assert meeting.identity.url.startswith("http")
    assert meeting.identity.base_url.startswith(meeting.server.origin)


@on_every_server
def test_a_wrong_secret_does_not_connect_and_is_not_repeated(server: Server) -> None:
    network = registry.get(server.slug)
    secrets = {field.name: "wrong-secret" for field in network.spec.connect_fields if field.secret}
    fields = {**server.new_account(), **secrets}
    assert network.connector
    with client_for(server.origin) as http, pytest.raises(ConnectError) as refused:
        network.connector.connect(fields, http, now=datetime.now(UTC))
    assert "wrong-secret" not in str(refused.value)


@on_every_server
def test_a_post_with_two_pictures_goes_out_and_is_read_back(meeting: Meeting) -> None:
    media = [meeting.picture(), meeting.picture("“Closed”, says the sign", shade=10)]
    one = meeting.item(RICH, *media[: meeting.most])
    sent = meeting.publish(one)
    assert isinstance(sent, Sent)
    found = meeting.find(one, sent.native_id)
    assert isinstance(found, Found)
    assert (found.native_id, found.url) == (sent.native_id, sent.url)
    assert meeting.matches(one, found)


@on_every_server
def test_the_server_holds_text_and_descriptions_as_they_were_written(meeting: Meeting) -> None:
    one = meeting.item(RICH, meeting.picture("A road sign — “closed” — in the snow ❄️"))
    sent = meeting.publish(one)
    alts = (one.media[0].alt,)
    assert meeting.standing() == [Standing(sent.native_id, RICH, alts)]


@on_every_server
def test_publishing_twice_puts_one_post_there(meeting: Meeting) -> None:
    one = meeting.item()
    first, second = meeting.publish(one), meeting.publish(one)
    assert first == second
    assert isinstance(first, Sent)
    assert len(meeting.standing()) == 1


@on_every_server
def test_a_post_whose_answer_was_lost_is_found_without_its_id(meeting: Meeting) -> None:
    meeting.publish(meeting.item("Something earlier."))
    one = meeting.item(RICH, meeting.picture())
    sent = meeting.publish(one)
    meeting.publish(meeting.item("Something later."))
    found = meeting.find(one)
    assert isinstance(found, Found)
    assert found.native_id == sent.native_id
    assert meeting.matches(one, found)


@on_every_server
def test_what_never_went_out_is_missing(meeting: Meeting) -> None:
    meeting.publish(meeting.item("Something else."))
    assert meeting.find(meeting.item("Never sent.")) == Missing()


@on_every_server
def test_a_post_is_taken_down_and_taking_it_down_again_is_no_error(meeting: Meeting) -> None:
    one = meeting.item()
    sent = meeting.publish(one)
    if stays(meeting.server.slug):
        assert isinstance(meeting.remove(sent.native_id), Refused)
        assert isinstance(meeting.find(one, sent.native_id), Found)
        return
    assert meeting.remove(sent.native_id) == Sent(sent.native_id, "")
    assert meeting.find(one, sent.native_id) == Missing()
    assert meeting.find(one) == Missing()
    assert meeting.standing() == []
    assert meeting.remove(sent.native_id) == Sent(sent.native_id, "")


@on_every_server
def test_the_server_takes_a_post_of_exactly_the_limit(meeting: Meeting) -> None:
    one = meeting.item(full_text(meeting.network, meeting.channel.limits, "é"))
    assert isinstance(meeting.publish(one), Sent)
    assert isinstance(meeting.find(one), Found)


@on_every_server
def test_two_accounts_do_not_see_each_others_posts_as_their_own(server: Server, pictures: MediaHost) -> None:
    first, second = Meeting(server, pictures), Meeting(server, pictures)
    one = first.item("The same words.")
    first.publish(one)
    assert second.find(one) == Missing()
    first.http.close()
    second.http.close()


@on_every_server
def test_a_permalink_is_at_the_server_itself_where_it_is_not_on_the_public_network(meeting: Meeting) -> None:
    sent = meeting.publish(meeting.item())
    assert sent.url.startswith(("http://", "https://"))


# What stands there by whatever way it came


@on_every_server_that_lists
def test_a_post_of_ours_and_one_made_past_us_are_both_listed_until_they_are_gone(meeting: Meeting) -> None:
    before = meeting.now - timedelta(seconds=2)
    sent = meeting.publish(meeting.item())
    time.sleep(1.1)  # several networks tell whole seconds
    past_us = meeting.server.by_hand(meeting.channel.native_id, "By another hand.")
    listed = meeting.listed(before)
    assert [post.native_id for post in listed] == [past_us, sent.native_id]
    assert [post.text for post in listed] == ["By another hand.", "Snow on the A9."]
    assert listed[1].url == sent.url
    assert all(post.url.startswith("http") for post in listed)
    assert [post.native_id for post in meeting.listed(listed[1].made_at)] == [past_us]
    assert meeting.listed(listed[0].made_at) == ()
    for native_id in (past_us, sent.native_id):
        meeting.remove(native_id)
    assert meeting.listed(before) == ()


@on_every_server_that_passes_on
def test_what_the_account_only_passes_on_is_not_listed(server: Server, pictures: MediaHost) -> None:
    ours, theirs = Meeting(server, pictures), Meeting(server, pictures)
    before = ours.now - timedelta(seconds=2)
    other = server.by_hand(theirs.channel.native_id, "The best road is ours.")
    server.by_hand(ours.channel.native_id, "", passes_on=other)
    assert ours.listed(before) == ()
    assert [post.native_id for post in theirs.listed(before)] == [other]
    ours.http.close()
    theirs.http.close()


# Threads


def test_these_networks_have_threads() -> None:
    assert THREADED == ["bluesky", "mastodon", "threads", "x"]


@on_every_server_with_threads
def test_posts_of_a_thread_answer_one_another_in_order(meeting: Meeting) -> None:
    first = meeting.publish(meeting.item("The road is closed.", meeting.picture()))
    second = meeting.publish(_after(first, first, meeting.item("Use the other one.")))
    third = meeting.publish(_after(second, first, meeting.item("It opens at six.")))
    above = {one.native_id: one.answers for one in meeting.standing()}
    assert above == {first.native_id: "", second.native_id: first.native_id, third.native_id: second.native_id}


@on_every_server_with_threads
def test_a_post_of_a_thread_whose_answer_was_lost_is_found_and_sent_once(meeting: Meeting) -> None:
    first = meeting.publish(meeting.item("The road is closed."))
    one = _after(first, first, meeting.item("Use the other one."))
    sent = meeting.publish(one)
    found = meeting.find(one)
    assert isinstance(found, Found)
    assert found.native_id == sent.native_id
    assert meeting.matches(one, found)
    assert meeting.publish(one) == sent
    assert len(meeting.standing()) == 2


@on_every_stand_in_with_threads
@pytest.mark.parametrize("fault", ["answer_lost", "error_after"])
def test_a_post_of_a_thread_that_went_out_without_an_answer_is_not_doubled(
    stand_in: Meeting, sandbox: Sandbox, fault: str
) -> None:
    first = stand_in.publish(stand_in.item("The road is closed."))
    one = _after(first, first, stand_in.item("Use the other one."))
    sandbox.fault(fault, "publish")
    found = settle(stand_in, one, stand_in.publish(one))
    assert isinstance(found, Found)
    assert stand_in.matches(one, found)
    assert len(stand_in.standing()) == 2


@on_every_stand_in_with_threads
def test_a_thread_does_not_go_on_after_a_post_that_is_gone(stand_in: Meeting) -> None:
    first = stand_in.publish(stand_in.item("The road is closed."))
    stand_in.remove(first.native_id)
    outcome = stand_in.publish(_after(first, first, stand_in.item("Use the other one.")))
    assert isinstance(outcome, Refused)
    assert outcome.reason == CUT or stand_in.server.slug == "x"  # which tells it in words of its own alone
    assert stand_in.standing() == []


def _after(before: Sent, first: Sent, one: Item) -> Item:
    return replace(one, thread=Thread(before.native_id, first.native_id))


# Where something goes wrong: the stand-ins can be told to


def settle(stand_in: Meeting, one: Item, outcome: Any) -> Any:
    """What sending does after an outcome: look when unsure, and only then try again."""
    if isinstance(outcome, Unsure):
        seen = stand_in.find(one)
        return seen if isinstance(seen, Found) else stand_in.publish(one)
    return stand_in.publish(one)


@on_every_stand_in
@pytest.mark.parametrize("fault", ["answer_lost", "error_after"])
def test_a_post_that_went_out_without_an_answer_is_looked_for_and_not_doubled(
    stand_in: Meeting, sandbox: Sandbox, fault: str
) -> None:
    one = stand_in.item(RICH, stand_in.picture())
    sandbox.fault(fault, "publish")
    outcome = stand_in.publish(one)
    assert isinstance(outcome, Unsure)
    found = settle(stand_in, one, outcome)
    assert isinstance(found, Found)
    assert stand_in.matches(one, found)
    assert len(stand_in.standing()) == 1


@on_every_stand_in
@pytest.mark.parametrize("body", ["html", "no_id"])
@pytest.mark.parametrize("done", [True, False])
def test_a_wrong_200_is_unsure_and_looking_tells(stand_in: Meeting, sandbox: Sandbox, body: str, done: bool) -> None:
    one = stand_in.item(RICH, stand_in.picture())
    sandbox.fault("wrong_200", "publish", body=body, done=done)
    outcome = stand_in.publish(one)
    assert isinstance(outcome, Unsure)
    assert isinstance(stand_in.find(one), Found if done else Missing)
    settle(stand_in, one, outcome)
    assert len(stand_in.standing()) == 1


@on_every_stand_in
def test_a_server_error_before_anything_was_done_is_unsure_then_missing_then_sent(
    stand_in: Meeting, sandbox: Sandbox
) -> None:
    one = stand_in.item()
    sandbox.fault("error_before", "publish")
    assert isinstance(stand_in.publish(one), Unsure)
    assert stand_in.find(one) == Missing()
    assert isinstance(stand_in.publish(one), Sent)
    assert len(stand_in.standing()) == 1


@on_every_stand_in
def test_a_post_that_nobody_accounts_for_may_be_the_lost_one(stand_in: Meeting, sandbox: Sandbox) -> None:
    """A server may alter a text. Without a key of ours to ask by, only a person can tell it from another hand's."""
    one = stand_in.item()
    sandbox.fault("error_before", "publish")
    assert isinstance(stand_in.publish(one), Unsure)
    strange = stand_in.publish(stand_in.item("By another hand."))
    assert stand_in.find(one) == Missing()
    stand_in.sent.clear()
    seen = stand_in.find(one)
    if stand_in.network.spec.natural_key:
        assert seen == Missing()
        return
    assert isinstance(seen, Found)
    assert seen.native_id == strange.native_id
    assert not stand_in.matches(one, seen)


@on_every_stand_in
@pytest.mark.parametrize("on", ["publish", "upload"])
def test_a_limit_waits_until_the_moment_the_network_named(stand_in: Meeting, sandbox: Sandbox, on: str) -> None:
    one = stand_in.item("Snow.", stand_in.picture())
    sandbox.fault("rate_limited", on, retry_after=600)
    outcome = stand_in.publish(one)
    assert isinstance(outcome, Later)
    assert outcome.limited
    wait = outcome.at - stand_in.now
    assert timedelta(minutes=9) < wait <= timedelta(minutes=11)
    assert stand_in.standing() == []
    assert isinstance(stand_in.publish(one), Sent)


@on_every_stand_in
@pytest.mark.parametrize("fault", ["answer_lost", "error_before", "error_after", "wrong_200"])
def test_trouble_with_a_picture_costs_nothing(stand_in: Meeting, sandbox: Sandbox, fault: str) -> None:
    one = stand_in.item("Snow.", stand_in.picture())
    sandbox.fault(fault, "upload")
    outcome = stand_in.publish(one)
    assert isinstance(outcome, Later)
    assert not outcome.limited
    assert stand_in.standing() == []
    assert isinstance(stand_in.publish(one), Sent)
    assert len(stand_in.standing()) == 1


@on_every_stand_in_with_videos
def test_a_video_goes_out_and_is_read_back(stand_in: Meeting) -> None:
    one = stand_in.item(RICH, stand_in.video())
    sent = stand_in.publish_in_the_end(one)
    assert isinstance(sent, Sent)
    for native_id in (sent.native_id, None):
        found = stand_in.find(one, native_id)
        assert isinstance(found, Found)
        assert (found.native_id, found.media) == (sent.native_id, 1)
        assert stand_in.matches(one, found)
    assert [len(post.alts) for post in stand_in.standing()] == [1]


@on_every_stand_in_with_videos
@pytest.mark.parametrize("fault", ["answer_lost", "error_before", "error_after", "wrong_200", "rate_limited"])
def test_trouble_with_a_video_costs_nothing(stand_in: Meeting, sandbox: Sandbox, fault: str) -> None:
    """The fault is armed at the first call of an upload, then at the second, until there are no more."""
    for nth in range(12):
        one, calls = stand_in.item(f"Snow, by call {nth}.", stand_in.video()), count()

        def arm(request: httpx.Request, nth: int = nth, calls: Iterator[int] = calls) -> None:
            if next(calls) == nth:
                sandbox.fault(fault, "upload")

        stand_in.http.event_hooks = {**stand_in.http.event_hooks, "request": [arm]}
        outcome = stand_in.publish_in_the_end(one)
        if isinstance(outcome, Later):
            outcome = stand_in.publish_in_the_end(one)
        sandbox.no_faults()
        assert isinstance(outcome, Sent), nth
        assert len(stand_in.standing()) == nth + 1
        if next(calls) <= nth:
            return


@on_every_stand_in
def test_a_refused_token_is_renewed_or_told(stand_in: Meeting, sandbox: Sandbox) -> None:
    one = stand_in.item()
    before = stand_in.channel.credentials.get()
    sandbox.fault("expired_token", "publish")
    outcome = stand_in.publish(one)
    renewed = stand_in.channel.credentials.get() != before
    assert isinstance(outcome, Sent if renewed else Reconnect)
    assert len(stand_in.standing()) == renewed


@on_every_stand_in
def test_a_stale_timeline_shows_it_missing_and_never_takes_an_older_post_for_it(
    stand_in: Meeting, sandbox: Sandbox
) -> None:
    stand_in.publish(stand_in.item("Snow on the A9."))
    one = stand_in.item("Snow on the A9!")
    sandbox.fault("answer_lost", "publish")
    assert isinstance(stand_in.publish(one), Unsure)
    sandbox.fault("stale_timeline", "read", seconds=600)
    assert stand_in.find(one) == Missing()
    sandbox.no_faults()
    assert isinstance(stand_in.find(one), Found)


@on_every_stand_in
@pytest.mark.parametrize("fault", ["answer_lost", "error_before", "wrong_200", "rate_limited"])
def test_a_reading_that_fails_says_nothing_of_the_post(stand_in: Meeting, sandbox: Sandbox, fault: str) -> None:
    one = stand_in.item()
    sent = stand_in.publish(one)
    for native_id in (sent.native_id, None):
        sandbox.fault(fault, "read")
        assert type(stand_in.find(one, native_id)).__name__ == "Unreadable"
    assert isinstance(stand_in.find(one), Found)


@on_every_stand_in_that_lists
@pytest.mark.parametrize("fault", ["answer_lost", "error_before", "wrong_200", "rate_limited"])
def test_a_list_that_fails_is_no_short_list(stand_in: Meeting, sandbox: Sandbox, fault: str) -> None:
    sandbox.by_hand(stand_in.channel.native_id, "By another hand.")
    sandbox.fault(fault, "read")
    told = stand_in.listed(stand_in.now - timedelta(seconds=2))
    assert isinstance(told, Unreadable)
    assert not told.reconnect
    assert len(stand_in.listed(stand_in.now - timedelta(seconds=2))) == 1


@on_every_stand_in_that_lists
def test_a_list_with_a_token_that_is_refused_renews_it_or_says_to_reconnect(
    stand_in: Meeting, sandbox: Sandbox
) -> None:
    sandbox.by_hand(stand_in.channel.native_id, "By another hand.")
    before = stand_in.channel.credentials.get()
    sandbox.fault("expired_token", "read", times=None)
    told = stand_in.listed(stand_in.now - timedelta(seconds=2))
    renewed = stand_in.channel.credentials.get() != before
    assert isinstance(told, Unreadable)
    assert told.reconnect or renewed


@on_every_stand_in_that_lists
def test_a_list_goes_on_over_pages_as_far_as_its_bound(
    stand_in: Meeting, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages of five, which no network finds too small, and four of them."""
    before = stand_in.now - timedelta(seconds=2)
    for module, name, value in small_pages(sandbox.slug):
        monkeypatch.setattr(module, name, value)
    made = [sandbox.by_hand(stand_in.channel.native_id, f"Number {n}.") for n in range(13)]
    listed = stand_in.listed(before)
    assert {post.native_id for post in listed} == set(made)
    assert len(listed) == 13
    for n in range(13, 26):
        sandbox.by_hand(stand_in.channel.native_id, f"Number {n}.")
    told = stand_in.listed(before)
    assert isinstance(told, Unreadable)
    assert "too much" in told.reason


@on_every_stand_in
def test_a_removal_without_an_answer_is_unsure_and_looking_tells(stand_in: Meeting, sandbox: Sandbox) -> None:
    if stays(sandbox.slug):
        pytest.skip("what is out cannot be taken down there")
    one = stand_in.item()
    sent = stand_in.publish(one)
    sandbox.fault("answer_lost", "remove")
    assert isinstance(stand_in.remove(sent.native_id), Unsure)
    assert stand_in.find(one, sent.native_id) == Missing()


@on_every_stand_in
def test_a_server_that_is_not_there_costs_nothing(stand_in: Meeting) -> None:
    nowhere = "http://127.0.0.1:1"
    with client_for(nowhere) as http:
        gone = Channel(nowhere, stand_in.channel.native_id, "", stand_in.channel.credentials, http)
        outcome = stand_in.network.publisher.publish(gone, stand_in.item(), MemoryNotes(), now=stand_in.now)
        assert isinstance(outcome, Later)
        seen = stand_in.network.reader.find(
            gone, stand_in.item(), MemoryNotes(), native_id=None, is_another=nobodys, now=stand_in.now
        )
        assert type(seen).__name__ == "Unreadable"


@on_every_stand_in
def test_connecting_tells_a_person_what_went_wrong(sandbox: Sandbox) -> None:
    network, fields = registry.get(sandbox.slug), sandbox.new_account()
    assert network.connector
    with client_for(sandbox.origin) as http:
        for fault in ("error_before", "wrong_200", "rate_limited", "answer_lost"):
            sandbox.fault(fault, "any")
            with pytest.raises(ConnectError, match=r"\.$"):
                network.connector.connect(fields, http, now=datetime.now(UTC))


@on_every_stand_in
def test_without_leave_the_guarded_client_does_not_reach_a_stand_in(sandbox: Sandbox) -> None:
    with client_for("http://127.0.0.1:1") as http, pytest.raises(httpx.ConnectError):
        http.get(f"{sandbox.origin}/")

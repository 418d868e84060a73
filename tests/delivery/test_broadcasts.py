"""A live broadcast: announced as any post, then watched, started and ended by people who may speak for its account."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from datetime import timedelta

import pytest
from django.urls import reverse

from mercat.audit.models import Event
from mercat.delivery import actions as sending
from mercat.delivery import broadcasts
from mercat.delivery.manifest import item_for
from mercat.delivery.models import Broadcast, Consignment, Removal
from mercat.guidance.gate import Refused as NotAllowed
from mercat.networks import registry
from mercat.networks.port import Broadcast as Seen
from mercat.networks.port import Later, Reconnect, Refused, Sent, Unreadable, Unsure
from mercat.people.actions import Impossible
from mercat.posts import actions as posts
from mercat.posts.actions import DoesNotFit
from tests import factories as make
from tests.factories import NOW
from tests.pages import SOON, at_noon, signed_in, text_of  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)

BEGINS = NOW + timedelta(hours=2)
YES = Sent("n1", "https://network.example/n1")
WAITING = Seen("n1", YES.url, "waiting", "rtmps://live.example/app", "the-key")
READY, LIVE, ENDED = (replace(WAITING, state=state) for state in ("ready", "live", "ended"))


class Live:
    """What the network answers; what it was asked stands in `asked`."""

    def __init__(self) -> None:
        self.outcomes: deque = deque()
        self.seen: deque = deque()
        self.asked: list[str] = []

    def make(self, channel, item, notes, *, begins, now):
        assert begins == BEGINS
        self.asked.append("make")
        return YES

    def state(self, channel, *, native_id, now):
        assert native_id == "n1"
        return self.seen.popleft()

    def start(self, channel, *, native_id, now):
        return self._next("start")

    def end(self, channel, *, native_id, now):
        return self._next("end")

    def _next(self, what: str):
        self.asked.append(what)
        answer = self.outcomes.popleft()
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def live(monkeypatch, network) -> Live:
    double, known = Live(), registry.get
    monkeypatch.setattr(registry, "get", lambda slug: replace(known(slug), live=double))
    return double


@pytest.fixture
def out(author, spoc, account, network, live, engine) -> Consignment:
    """Announced, and read back."""
    make.approved(author, spoc, account, begins=BEGINS)
    network.shows()
    engine.drain()
    network.sightings.clear()
    row = Consignment.objects.get()
    assert (row.state, live.asked) == ("sent", ["make"])
    return row


def looked(out: Consignment, engine, time) -> Broadcast:
    broadcasts.watched(out, now=time())
    time.pass_(broadcasts.BETWEEN)
    engine.drain()
    return Broadcast.objects.get()


def events() -> list[str]:
    return list(Event.objects.filter(what__startswith="broadcast.").order_by("pk").values_list("what", flat=True))


# Announcing


def test_the_version_says_when_it_begins_and_so_does_the_item(out) -> None:
    item = item_for(out, first_sent_at=NOW, now=NOW)
    assert (item.begins, item.media) == (BEGINS, ())


def test_a_network_without_live_broadcasts_takes_none(author, account, network) -> None:
    post = posts.compose(by=author, draft=make.draft(account, begins=BEGINS), now=NOW)
    with pytest.raises(DoesNotFit, match="brings no live broadcasts from here"):
        posts.submit(by=author, post=post, now=NOW)


@pytest.mark.parametrize("begins", [NOW, NOW - timedelta(minutes=1)])
def test_one_that_would_begin_before_it_is_announced_is_not_submitted(author, account, live, begins) -> None:
    post = posts.compose(by=author, draft=make.draft(account, begins=begins), now=NOW)
    with pytest.raises(Impossible, match="would begin before it is announced"):
        posts.submit(by=author, post=post, now=NOW)


def test_one_whose_time_passed_before_its_approval_is_refused_in_words(
    author, spoc, account, network, live, engine, time
) -> None:
    post = make.submitted(author, account, begins=BEGINS)
    time.pass_(timedelta(hours=3))
    posts.approve(by=spoc, post=post, digest=post.current.digest, now=NOW + timedelta(hours=3))
    engine.drain()
    row = Consignment.objects.get()
    assert (row.state, "should have begun" in row.reason, live.asked) == ("refused", True, [])


# Watching


def test_it_is_looked_at_only_while_somebody_watches(out, live, engine, time) -> None:
    engine.drain()
    live.seen.append(WAITING)
    found = looked(out, engine, time)
    assert (found.state, found.unseen) == ("waiting", "")
    time.pass_(broadcasts.WATCHED)
    engine.drain()  # a look would find no answer left


def test_what_cannot_be_seen_is_told_and_what_was_seen_stays(out, live, engine, time) -> None:
    live.seen += [READY, Unreadable("The network did not answer.")]
    looked(out, engine, time)
    found = looked(out, engine, time)
    assert (found.state, found.unseen) == ("ready", "The network did not answer.")


# Starting and ending


def test_it_is_started_and_ended_and_each_is_on_record(out, author, live, engine, time) -> None:
    broadcasts.watched(out, now=NOW)
    for wish, seen in (("start", LIVE), ("end", ENDED)):
        broadcasts.wish(by=author, row=out, wish=wish, now=NOW)
        live.outcomes.append(YES)
        live.seen.append(seen)
        time.pass_(broadcasts.BETWEEN)
        engine.drain()
        found = Broadcast.objects.get()
        assert (found.state, found.wish, found.said) == (seen.state, "", "")
    assert live.asked == ["make", "start", "end"]
    assert events() == ["broadcast.start_asked", "broadcast.started", "broadcast.end_asked", "broadcast.ended"]


@pytest.mark.parametrize("no", [Refused("No picture arrives yet."), Reconnect("Connect the account again.")])
def test_a_no_ends_the_wish_and_is_told(out, author, live, engine, time, no) -> None:
    broadcasts.watched(out, now=NOW)
    broadcasts.wish(by=author, row=out, wish="start", now=NOW)
    live.outcomes.append(no)
    live.seen += [WAITING, WAITING]
    time.pass_(broadcasts.BETWEEN)
    engine.drain()
    looked(out, engine, time)
    found = Broadcast.objects.get()
    assert (found.wish, found.said, events()[-1]) == ("", no.reason, "broadcast.refused")


@pytest.mark.parametrize("unclear", [Later(NOW, "Busy."), Unsure("No clear answer."), RuntimeError("here")])
def test_what_is_unclear_is_tried_again_a_few_times(out, author, live, engine, time, unclear) -> None:
    broadcasts.watched(out, now=NOW)
    broadcasts.wish(by=author, row=out, wish="start", now=NOW)
    for _ in range(broadcasts.MOST_TRIES):
        assert Broadcast.objects.get().wish == "start"
        live.outcomes.append(unclear)
        live.seen.append(READY)
        time.pass_(broadcasts.BETWEEN)
        engine.drain()
    found = Broadcast.objects.get()
    assert (found.wish, found.said.startswith("Tried 5 times.")) == ("", True)


def test_one_thing_is_asked_at_a_time_and_nothing_unknown(out, author) -> None:
    with pytest.raises(Impossible, match="anew"):
        broadcasts.wish(by=author, row=out, wish="start", now=NOW)
    broadcasts.watched(out, now=NOW)
    with pytest.raises(Impossible, match="anew"):
        broadcasts.wish(by=author, row=out, wish="explode", now=NOW)
    broadcasts.wish(by=author, row=out, wish="start", now=NOW)
    with pytest.raises(Impossible, match="just now"):
        broadcasts.wish(by=author, row=out, wish="end", now=NOW)


def test_nothing_starts_during_a_pause_and_what_is_live_may_end(out, author, spoc, account) -> None:
    broadcasts.watched(out, now=NOW)
    sending.pause(by=spoc, scope="account", key=str(account.pk), reason="Wait", now=NOW)
    with pytest.raises(Impossible, match="Sending is paused"):
        broadcasts.wish(by=author, row=out, wish="start", now=NOW)
    broadcasts.wish(by=author, row=out, wish="end", now=NOW)


def test_a_pause_that_comes_after_the_wish_keeps_it_from_being_shown(
    out, author, spoc, account, live, engine, time
) -> None:
    broadcasts.watched(out, now=NOW)
    broadcasts.wish(by=author, row=out, wish="start", now=NOW)
    sending.pause(by=spoc, scope="account", key=str(account.pk), reason="Wait", now=NOW)
    live.seen.append(READY)
    time.pass_(broadcasts.BETWEEN)
    engine.drain()
    found = Broadcast.objects.get()
    assert (found.wish, "Sending is paused" in found.said, live.asked) == ("", True, ["make"])


def test_what_is_taken_down_is_not_shown(out, author, spoc, live) -> None:
    broadcasts.watched(out, now=NOW)
    Removal.objects.create(consignment=out, why="Wrong", asked_at=NOW, asked_by=spoc, not_before=NOW)
    with pytest.raises(Impossible, match="No live broadcast"):
        broadcasts.wish(by=author, row=out, wish="start", now=NOW)


def test_only_who_may_speak_for_the_account_directs_it(out) -> None:
    stranger = make.authorised("Stranger", unit_key="edinburgh")
    broadcasts.watched(out, now=NOW)
    for act in (
        lambda: broadcasts.wish(by=stranger, row=out, wish="start", now=NOW),
        lambda: broadcasts.ingest_shown(by=stranger, row=out, now=NOW),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert events() == []


def test_a_post_that_is_no_broadcast_has_none(author, spoc, account, network, live, engine) -> None:
    make.approved(author, spoc, account)
    network.outcomes.append(YES)
    network.shows()
    engine.drain()
    with pytest.raises(Impossible, match="No live broadcast"):
        broadcasts.may_direct(by=author, row=Consignment.objects.get(), now=NOW)


# The key


def test_the_key_is_shown_on_record_and_stands_nowhere_in_clear(out, author, live, engine, time, settings) -> None:
    broadcasts.watched(out, now=NOW)
    with pytest.raises(Impossible, match="not told the address"):
        broadcasts.ingest_shown(by=author, row=out, now=NOW)
    live.seen.append(READY)
    found = looked(out, engine, time)
    assert b"the-key" not in bytes(found.ingest)
    shown = broadcasts.ingest_shown(by=author, row=out, now=NOW)
    assert (shown.url, shown.key) == ("rtmps://live.example/app", "the-key")
    event = Event.objects.get(what="broadcast.key_shown")
    assert (event.actor, "the-key" in str(event.facts)) == (author.audit_ref, False)
    settings.SECRET_KEY = "another"
    with pytest.raises(Impossible, match="not told the address"):
        broadcasts.ingest_shown(by=author, row=out, now=NOW)


# The page


@pytest.mark.usefixtures("at_noon")
def test_the_page_tells_how_it_stands_and_what_may_be_done(out, author, live) -> None:
    client, where = signed_in(author), reverse("delivery:live", args=[out.pk])
    assert where in client.get(reverse("posts:post", args=[out.post_ref.removeprefix("post:")])).content.decode()
    assert "The network is being asked" in text_of(client.get(where))
    for state, says in (("waiting", "No picture arrives yet"), ("live", "All who watch see"), ("ended", "It is over")):
        Broadcast.objects.update(state=state, seen_at=SOON)
        assert says in text_of(client.get(where))
    Broadcast.objects.update(state="ready")
    assert client.post(where, {"do": "start"}).status_code == 302
    page = client.get(where)
    assert "It is being started" in text_of(page)
    assert 'value="start"' not in page.content.decode()
    assert client.post(where, {"do": "start"}).status_code == 422
    part = client.get(where, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part


@pytest.mark.usefixtures("at_noon")
def test_the_page_is_for_those_who_may_speak_there(out) -> None:
    where = reverse("delivery:live", args=[out.pk])
    stranger = signed_in(make.authorised("Stranger", unit_key="edinburgh"))
    assert stranger.get(where).status_code in (403, 404)
    assert stranger.post(where, {"do": "show"}).status_code in (403, 404)


@pytest.mark.usefixtures("at_noon")
def test_the_key_is_on_the_page_only_when_asked_for(out, author, live, engine, time) -> None:
    client, where = signed_in(author), reverse("delivery:live", args=[out.pk])
    live.seen.append(READY)
    looked(out, engine, time)
    assert "the-key" not in client.get(where).content.decode()
    shown = client.post(where, {"do": "show"})
    assert "the-key" in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]

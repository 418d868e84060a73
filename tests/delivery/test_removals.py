"""Taking down what is out: by whoever answers for it, until the network shows it no more, and never told too soon."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from datetime import timedelta

import pytest

from mercat.audit.models import Event
from mercat.delivery import removals, tries
from mercat.delivery.models import Consignment, Removal
from mercat.guidance.gate import Refused as NotAllowed
from mercat.networks import registry
from mercat.networks.port import Found, Later, Missing, Pending, Reconnect, Refused, Sent, Unreadable, Unsure
from mercat.people.actions import Impossible
from mercat.people.models import Notice
from mercat.register.models import Connection
from tests import factories as make
from tests.factories import NOW
from tests.pages import SOON, at_noon, signed_in, text_of  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)

YES, GONE = Sent("n1", "https://network.example/n1"), Sent("n1", "")
STILL = Found("n1", "https://network.example/n1", "Road closed at the bridge.", 0, "id")
WHY = "The road is open again."


@pytest.fixture(autouse=True)
def remover(monkeypatch, network):
    """What the network answers when it is asked to take something down."""
    answers: deque = deque()

    class Remover:
        def remove(self, channel, *, native_id, now):
            assert native_id == "n1"
            answer = answers.popleft()
            if isinstance(answer, Exception):
                raise answer
            return answer

    known = registry.get
    monkeypatch.setattr(registry, "get", lambda slug: replace(known(slug), remover=Remover()))
    return answers


def asked(out: Consignment, by) -> Removal:
    (removal,) = removals.take_down(by=by, consignments=[out], why=WHY, now=NOW)
    return removal


def test_what_the_network_shows_no_more_is_taken_down(out, spoc, remover, network, engine) -> None:
    removal = asked(out, spoc)
    remover.append(GONE)
    network.sightings.append(Missing())
    engine.drain()
    removal.refresh_from_db()
    assert (removal.result, removal.ended_at) == ("done", NOW)
    assert list(Event.objects.order_by("pk").values_list("what", flat=True))[-2:] == [
        "removal.asked",
        "consignment.taken_down",
    ]


@pytest.mark.parametrize("still", [STILL, Unreadable("No answer.")])
def test_a_yes_is_not_believed_while_the_post_stands(out, spoc, remover, network, engine, time, still) -> None:
    removal = asked(out, spoc)
    remover += [GONE, GONE]
    network.sightings += [still, Missing()]
    engine.drain()
    removal.refresh_from_db()
    assert (removal.result, removal.tries, removal.said.startswith("The network took it")) == ("", 1, True)
    time.pass_(removal.not_before - NOW)
    engine.drain()
    removal.refresh_from_db()
    assert removal.result == "done"


@pytest.mark.parametrize(
    ("answer", "tries", "wait"),
    [
        (Unsure("The line dropped."), 1, 10),
        (Later(NOW + timedelta(seconds=60), "Busy."), 1, 60),
        (Later(NOW + timedelta(seconds=60), "Too many calls.", limited=True), 0, 60),
        (Pending(NOW, "Not yet."), 0, 5),
        (RuntimeError("A bug"), 1, 10),
    ],
)
def test_what_is_unclear_is_asked_again_later(out, spoc, remover, engine, answer, tries, wait) -> None:
    removal = asked(out, spoc)
    remover.append(answer)
    engine.drain()
    removal.refresh_from_db()
    assert (removal.result, removal.tries, removal.leased_until) == ("", tries, None)
    assert removal.not_before == NOW + timedelta(seconds=wait)


def test_not_for_ever(out, spoc, remover, engine, time) -> None:
    removal = asked(out, spoc)
    for _ in range(tries.MOST):
        remover.append(Unsure("The line dropped."))
        time.pass_(timedelta(minutes=10))
        engine.drain()
    removal.refresh_from_db()
    assert removal.result == "failed"
    assert "Tried 10 times. The last reason: The line dropped." in removal.said
    told = Notice.objects.filter(subject__startswith="A post could not be taken down").first()
    assert "Look there whether it is gone" in told.body
    assert "still out" not in told.body


def test_waiting_for_a_thread_or_a_server_that_answers_nobody_spends_no_try(out, spoc, remover, engine) -> None:
    removal = asked(out, spoc)
    breaker = engine.breakers[out.account.connection.base_url]
    for account in ("a", "b", "c"):
        breaker.ends(account, engine.monotonic(), failed=True)
    engine.drain()
    removal.refresh_from_db()
    assert (removal.tries, removal.said) == (
        0,
        "Bluesky does not answer at the moment. It is tried again by itself.",
    )


def test_of_a_network_that_is_gone_the_pages_say_so(out, spoc, monkeypatch) -> None:
    monkeypatch.setattr(registry, "known", lambda slug: False)
    with pytest.raises(Impossible, match="Nothing here speaks to the network of"):
        asked(out, spoc)


def test_a_no_is_told_to_those_who_can_do_it_by_hand_and_may_be_asked_again(out, spoc, author, remover, engine) -> None:
    removal = asked(out, spoc)
    remover.append(Refused("Too old to be deleted."))
    engine.drain()
    removal.refresh_from_db()
    assert (removal.result, removal.said) == ("failed", "Too old to be deleted.")
    told = Notice.objects.filter(subject__startswith="A post could not be taken down")
    assert {notice.person for notice in told} == {spoc, author}
    assert asked(out, spoc).pk != removal.pk


def test_a_connection_that_ends_holds_it_until_the_account_is_connected_again(
    out, spoc, author, remover, network, engine, time
) -> None:
    removal = asked(out, spoc)
    remover.append(Reconnect("The connection has ended."))
    engine.drain()
    for _ in range(3):  # nothing is asked of the network meanwhile, and nobody is told again
        time.pass_(tries.CONNECTS)
        engine.drain()
    removal.refresh_from_db()
    assert (removal.result, removal.tries) == ("", 0)
    assert removal.said == f"The connection has ended. {tries.GOES_ON}"
    out.account.connection.refresh_from_db()
    assert out.account.connection.state == "broken"
    told = Notice.objects.filter(subject="A post is still out on Dundee")
    assert sorted(notice.person.name for notice in told) == ["Author", "Spoc"]
    assert "If it cannot wait, take it down there, signed in as the account." in told[0].body
    assert Event.objects.filter(what="removal.held").count() == 1
    Connection.objects.update(state="working")
    remover.append(GONE)
    network.sightings.append(Missing())
    time.pass_(tries.CONNECTS)
    engine.drain()
    removal.refresh_from_db()
    assert removal.result == "done"


def test_what_is_asked_while_the_account_is_not_connected_waits_and_is_told_once(out, spoc, engine, time) -> None:
    removal = asked(out, spoc)
    Connection.objects.update(state="broken")
    for _ in range(2):
        engine.drain()
        time.pass_(tries.CONNECTS)
    removal.refresh_from_db()
    assert (removal.result, removal.said) == ("", f"{tries.UNCONNECTED} {tries.GOES_ON}")
    assert Notice.objects.filter(subject="A post is still out on Dundee").count() == 2


def test_an_account_that_was_closed_is_not_waited_for(out, spoc, engine) -> None:
    removal = asked(out, spoc)
    make.put(out.account, "closed")
    engine.drain()
    removal.refresh_from_db()
    assert (removal.result, removal.said) == ("failed", tries.CLOSED)


def test_it_is_asked_for_once(out, spoc) -> None:
    asked(out, spoc)
    with pytest.raises(Impossible, match="or is down already"):
        asked(out, spoc)


def test_without_a_reason_or_a_place_nothing_is_taken_down(out, spoc) -> None:
    with pytest.raises(Impossible, match="Say why"):
        removals.take_down(by=spoc, consignments=[out], why=" ", now=NOW)
    with pytest.raises(Impossible, match="Choose where"):
        removals.take_down(by=spoc, consignments=[], why=WHY, now=NOW)


def test_only_whoever_answers_for_the_account_takes_down(out, remover) -> None:
    stranger = make.authorised("Stranger", unit_key="edinburgh")
    with pytest.raises(NotAllowed):
        asked(out, stranger)
    assert not Removal.objects.exists()


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"state": "held", "hold": "paused"}, "It is not out on"),
        ({"url": "n1"}, "Only a person saw it on"),
    ],
)
def test_what_cannot_be_taken_down_from_here_says_why(out, spoc, row, why) -> None:
    make.as_if(Consignment, **row)
    out.refresh_from_db()
    with pytest.raises(Impossible, match=why):
        asked(out, spoc)


def test_a_network_that_lets_nobody_take_down_says_so(out, spoc, monkeypatch) -> None:
    known = registry.get
    monkeypatch.setattr(registry, "get", lambda slug: replace(known(slug), remover=None))
    with pytest.raises(Impossible, match="lets no programme take posts down: do it there"):
        asked(out, spoc)


def test_a_dead_workers_removal_is_taken_up_when_its_lease_is_over(out, spoc, remover, engine, time) -> None:
    asked(out, spoc)
    (taken,) = removals.claim("normal", limit=5, now=NOW)
    assert removals.claim("normal", limit=5, now=NOW) == []
    assert not removals.waits("normal", now=NOW)
    time.pass_(timedelta(minutes=2))
    remover.append(GONE)
    engine.drain()
    taken.refresh_from_db()
    assert taken.result == "done"


@pytest.mark.usefixtures("at_noon")
def test_the_pages_lead_there_and_tell_what_came_of_it(out, spoc, remover, engine, time) -> None:
    client = signed_in(spoc)
    page, address = out.post_ref.removeprefix("post:"), f"/sending/{out.post_ref.removeprefix('post:')}/take-down/"
    assert f"{address}?only={out.pk}" in client.get(f"/posts/{page}/").content.decode()
    said = client.post(address, {"which": [str(out.pk)], "why": ""})
    assert (said.status_code, "Say why it is taken down" in text_of(said)) == (422, True)
    said = client.post(address, {"which": [], "why": WHY})
    assert ("Choose where it is taken down" in text_of(said), WHY in said.content.decode()) == (True, True)
    assert client.post(address, {"which": [str(out.pk)], "why": WHY}).url == f"/posts/{page}/"
    assert "It is being taken down." in text_of(client.get(f"/posts/{page}/"))
    assert "Nothing here can be taken down by you" in text_of(client.get(address))
    time.pass_(SOON - NOW)
    remover.append(GONE)
    engine.drain()
    told = text_of(client.get(f"/posts/{page}/"))
    assert "Taken down, and no longer shown by the network" in told
    assert "0 of 1 account is out and read back. 1 was taken down." in told
    assert "Post by Author Taken down" in told
    assert "Taken down" in text_of(client.get("/posts/"))


@pytest.mark.usefixtures("at_noon")
def test_others_find_nothing_to_take_down(out) -> None:
    client = signed_in(make.authorised("Stranger", unit_key="edinburgh"))
    page = client.get(f"/sending/{out.post_ref.removeprefix('post:')}/take-down/")
    assert "Nothing here can be taken down by you" in text_of(page)

"""What is assigned is put back, as somebody asked, with a record (7.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from mercat.audit.models import Event
from mercat.delivery.models import Pause
from mercat.guidance.gate import Refused as NotAllowed
from mercat.networks.port import Channel, Later, Outcome, Reconnect, Refused, Unsure
from mercat.people.actions import Impossible
from mercat.people.models import Notice, Person, RoleGrant
from mercat.register.models import Account, Connection
from mercat.register.standing.moves import move
from mercat.watch.models import Branding, ProfileChange, RightPicture
from mercat.watch.profiles import actions, looking, putting, states
from tests import factories as make
from tests.factories import NOW
from tests.watch.profiles.conftest import BIO, Showing, amiss

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files")]

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SPOILT = {"name": "Free gift cards", "bio": "Click here", "avatar": b"a skull"}


@pytest.fixture
def spoilt(network: Showing, account: Account, branding: Branding) -> Account:
    network.show(**SPOILT)
    looking.run(now=NOW)
    return account


def ask(account: Account, by: Person) -> list[ProfileChange]:
    return actions.ask_to_put_back(by=by, account=account, now=NOW)


def after() -> dict[str, str]:
    return dict(ProfileChange.objects.values_list("part", "state"))


def test_all_that_is_amiss_is_put_back_and_then_right(network: Showing, spoilt: Account, comms: Person) -> None:
    assert amiss(spoilt) == ["avatar-unsure", "bio", "name", "numbers"]
    ask(spoilt, comms)
    assert network.changes == [], "the process that serves pages calls nobody"
    putting.run(now=NOW)
    assert after() == dict.fromkeys(["name", "bio", "avatar"], states.DONE)
    assert (network.told.name, network.told.bio) == ("Dundee", BIO)
    assert not network.in_a_transaction
    looking.run(now=NOW + HOUR)
    assert amiss(spoilt) == []
    assert RightPicture.objects.get().by is None
    whats = set(Event.objects.filter(what__startswith="profile.put_back").values_list("what", flat=True))
    assert whats == {"profile.put_back_asked", "profile.put_back"}
    network.show(avatar=b"a skull")
    looking.run(now=NOW + 2 * DAY)
    assert amiss(spoilt) == ["avatar"]


def test_a_picture_that_the_network_still_shows_as_before_is_not_taken_for_ours(
    network: Showing, spoilt: Account, comms: Person
) -> None:
    ask(spoilt, comms)
    putting.run(now=NOW)
    network.show(avatar=b"a skull")  # shown late, or changed again
    looking.run(now=NOW + HOUR)
    assert amiss(spoilt) == ["avatar-unsure"]


def test_a_picture_that_is_first_looked_at_late_is_not_taken_for_ours(
    network: Showing, spoilt: Account, comms: Person
) -> None:
    ask(spoilt, comms)
    putting.run(now=NOW)
    network.show(avatar=b"another skull")
    looking.run(now=NOW + 2 * HOUR)
    assert not RightPicture.objects.exists()
    assert amiss(spoilt) == ["avatar-unsure"]
    looking.run(now=NOW + 2 * DAY)
    assert amiss(spoilt) == ["avatar-unsure"], "it stays so until somebody has looked"


def test_a_look_before_the_network_shows_it_decides_nothing(network: Showing, spoilt: Account, comms: Person) -> None:
    ask(spoilt, comms)
    putting.run(now=NOW)
    looking.look(Account.objects.get(pk=spoilt.pk), now=NOW + timedelta(seconds=1))
    assert not RightPicture.objects.exists()
    looking.run(now=NOW + HOUR)
    assert amiss(spoilt) == []


def test_what_a_network_lets_nobody_set_is_left_to_people(network: Showing, spoilt: Account, comms: Person) -> None:
    network.settable = frozenset({"bio"})
    ask(spoilt, comms)
    putting.run(now=NOW)
    assert after() == {"bio": states.DONE}


def test_only_corporate_communications_asks_and_once(network: Showing, spoilt: Account, comms: Person) -> None:
    spoc = make.spoc_of(spoilt)
    with pytest.raises(NotAllowed):
        ask(spoilt, spoc)
    ask(spoilt, comms)
    with pytest.raises(Impossible, match="There is nothing to put back"):
        ask(spoilt, comms)
    assert ProfileChange.objects.count() == 3


def test_what_is_as_assigned_is_not_put_back(network: Showing, account: Account, comms: Person) -> None:
    looking.run(now=NOW)
    with pytest.raises(Impossible, match="There is nothing to put back"):
        ask(account, comms)


@pytest.mark.parametrize(
    ("answer", "state", "told"),
    [
        (Refused("The bio is too long.", "160"), states.REFUSED, True),
        (Unsure("No answer came."), states.UNSURE, True),
        (RuntimeError("a bug"), states.UNSURE, True),
        (Reconnect("Signed out."), states.REFUSED, True),
        (Later(NOW + HOUR, "Busy."), states.QUEUED, False),
    ],
)
def test_what_is_not_put_back_says_why_and_keeps_no_other(
    network: Showing, spoilt: Account, comms: Person, answer: Outcome | Exception, state: str, told: bool
) -> None:
    network.answers = [answer]
    ask(spoilt, comms)
    putting.run(now=NOW)
    row = ProfileChange.objects.get(part="name")
    assert row.state == state
    assert row.said
    assert Notice.objects.filter(person=comms, subject=actions.NOT_PUT, body__contains="Name").exists() == told
    if not isinstance(answer, Reconnect):
        assert ProfileChange.objects.get(part="bio").state == states.DONE


def test_a_network_that_asks_to_wait_is_asked_again_and_not_for_ever(
    network: Showing, spoilt: Account, comms: Person
) -> None:
    network.settable = frozenset({"bio"})
    network.answers = [Later(NOW, "Busy.")] * actions.MOST_TRIES
    ask(spoilt, comms)
    for minutes in range(20):
        putting.run(now=NOW + minutes * MINUTE)
    row = ProfileChange.objects.get()
    assert (row.state, row.tries) == (states.REFUSED, actions.MOST_TRIES)


def test_what_was_being_put_back_when_the_programme_died_is_looked_for(
    network: Showing, spoilt: Account, comms: Person
) -> None:
    network.settable = frozenset({"bio"})
    ask(spoilt, comms)
    assert actions.take(now=NOW)
    putting.run(now=NOW + MINUTE)
    assert after() == {"bio": states.CALLING}
    putting.run(now=NOW + actions.LOST)
    assert after() == {"bio": states.UNSURE}
    looking.run(now=NOW + HOUR)
    assert len(ask(spoilt, comms)) == 1


def test_what_was_assigned_before_is_not_put_back_any_more(network: Showing, spoilt: Account, comms: Person) -> None:
    ask(spoilt, comms)
    actions.assign(by=comms, account=spoilt, name="Dundee Police", bio=BIO, avatar=None, banner=None, now=NOW)
    putting.run(now=NOW)
    assert network.changes == []
    assert states.REFUSED in after().values()


def test_where_the_account_is_not_connected_nothing_is_asked_for(
    network: Showing, spoilt: Account, comms: Person
) -> None:
    ask(spoilt, comms)
    Connection.objects.update(state="broken")
    putting.run(now=NOW)
    assert network.changes == []
    assert ProfileChange.objects.filter(said=actions.UNCONNECTED).exists()


def test_whoever_assigned_it_does_not_have_it_put_back(
    network: Showing, spoilt: Account, comms: Person, duty: Person
) -> None:
    with pytest.raises(Impossible, match=r"Somebody other than who assigned it .* Nothing was changed\."):
        ask(spoilt, duty)
    assert not ProfileChange.objects.exists()
    assert ask(spoilt, comms)


def suspend(account: Account) -> None:
    move(account, Account.Status.SUSPENDED, by=make.TEST, reason="Taken over", now=NOW)


def test_nothing_is_put_back_on_a_suspended_account(network: Showing, spoilt: Account, comms: Person) -> None:
    ask(spoilt, comms)
    suspend(spoilt)
    putting.run(now=NOW)
    assert network.changes == []
    assert set(ProfileChange.objects.values_list("state", "said")) == {(states.REFUSED, actions.SUSPENDED)}
    assert Notice.objects.filter(person=comms, subject=actions.NOT_PUT).exists()
    with pytest.raises(Impossible, match="suspended"):
        ask(spoilt, comms)


def test_nothing_is_put_back_for_somebody_who_may_not_any_more(
    network: Showing, spoilt: Account, comms: Person
) -> None:
    ask(spoilt, comms)
    make.as_if(RoleGrant, ended_at=NOW)
    putting.run(now=NOW + MINUTE)
    assert network.changes == []
    assert set(ProfileChange.objects.values_list("state", "said")) == {(states.REFUSED, actions.MAY_NOT)}


@pytest.mark.parametrize(
    ("scope", "key"),
    [("body", ""), ("unit", "tayside"), ("network", "bluesky"), ("account", "")],
    ids=lambda each: each,
)
def test_a_pause_keeps_it_waiting(network: Showing, spoilt: Account, comms: Person, scope: str, key: str) -> None:
    ask(spoilt, comms)
    about = {"scope": scope, "key": str(spoilt.pk) if scope == "account" else key}
    pause = Pause.objects.create(**about, reason="A siege", at=NOW, by=comms)
    putting.run(now=NOW)
    assert network.changes == []
    assert set(ProfileChange.objects.values_list("state", "said", "tries")) == {(states.QUEUED, actions.PAUSED, 0)}
    Pause.objects.filter(pk=pause.pk).update(lifted_at=NOW, lifted_by=make.person("Second"))
    putting.run(now=NOW + MINUTE)
    assert set(after().values()) == {states.DONE}
    assert not ProfileChange.objects.exclude(said="").exists()


def test_a_pause_that_begins_once_it_is_taken_stops_the_call(
    network: Showing, spoilt: Account, comms: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(spoilt, comms)
    reached = putting.reached

    @contextmanager
    def pausing(account: Account) -> Iterator[Channel]:
        with reached(account) as channel:
            Pause.objects.get_or_create(scope="body", reason="A siege", at=NOW, by=comms)
            yield channel

    monkeypatch.setattr(putting, "reached", pausing)
    putting.run(now=NOW)
    assert network.changes == []
    assert set(ProfileChange.objects.values_list("state", "said", "tries")) == {(states.QUEUED, actions.PAUSED, 0)}
    assert set(ProfileChange.objects.values_list("due_at", flat=True)) == {NOW + actions.SOON}
    monkeypatch.setattr(putting, "reached", reached)
    Pause.objects.update(lifted_at=NOW, lifted_by=make.person("Second"))
    putting.run(now=NOW + MINUTE)
    assert set(after().values()) == {states.DONE}


def test_a_pause_of_others_keeps_nothing_waiting(network: Showing, spoilt: Account, comms: Person) -> None:
    ask(spoilt, comms)
    others = {"unit": "fife", "network": "mastodon", "account": str(make.account("Perth").pk), "pillar": "bluesky"}
    for scope, key in others.items():
        Pause.objects.create(scope=scope, key=key, reason="A siege", at=NOW, by=comms)
    putting.run(now=NOW)
    assert set(after().values()) == {states.DONE}


def test_a_network_that_is_removed_stops_nothing_from_being_put_back(
    network: Showing, spoilt: Account, comms: Person, remove_network: Callable[[], None]
) -> None:
    ask(spoilt, comms)
    lost = actions.take(now=NOW)
    assert lost
    remove_network()
    putting.run(now=NOW + actions.LOST)
    assert network.changes == []
    assert ProfileChange.objects.get(pk=lost.pk).state == states.UNSURE
    assert sorted(after().values()) == [states.REFUSED, states.REFUSED, states.UNSURE]
    assert ProfileChange.objects.filter(said=putting.NOT_SET).count() == 2


def test_one_that_cannot_be_given_up_keeps_no_other(
    network: Showing, spoilt: Account, comms: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(spoilt, comms)
    first, second = actions.take(now=NOW), actions.take(now=NOW)
    assert first
    assert second
    keep = actions.keep

    def fail(row: ProfileChange, outcome: Outcome, *, now: datetime) -> None:
        if row.pk == first.pk:
            raise RuntimeError("a bug")
        keep(row, outcome, now=now)

    monkeypatch.setattr(actions, "keep", fail)
    actions.give_up_lost(now=NOW + actions.LOST)
    assert ProfileChange.objects.get(pk=first.pk).state == states.CALLING
    assert ProfileChange.objects.get(pk=second.pk).state == states.UNSURE


# What the database holds


def test_the_table_of_states_is_held_by_the_database(network: Showing, spoilt: Account, comms: Person) -> None:
    row = ask(spoilt, comms)[0]
    for was, follows in states.MOVES.items():
        for becomes in states.STATES:
            ended = None if becomes in states.OPEN else NOW
            make.as_if(ProfileChange, state=was, ended_at=None if was in states.OPEN else NOW)
            rows = ProfileChange.objects.filter(pk=row.pk)
            if becomes in follows or becomes == was:
                with transaction.atomic():
                    rows.update(state=becomes, ended_at=ended)
                continue
            with pytest.raises(DatabaseError, match="does not go from"), transaction.atomic():
                rows.update(state=becomes, ended_at=ended)


def test_what_was_asked_for_does_not_change_and_is_of_its_account(
    network: Showing, spoilt: Account, comms: Person
) -> None:
    row = ask(spoilt, comms)[0]
    with pytest.raises(DatabaseError, match="does not change"), transaction.atomic():
        ProfileChange.objects.filter(pk=row.pk).update(part="banner")
    with pytest.raises(DatabaseError, match="never deleted"), transaction.atomic():
        row.delete()
    about = {"branding": row.branding, "asked_at": NOW, "asked_by": comms, "due_at": NOW}
    with pytest.raises(DatabaseError, match="assigned to its account"), transaction.atomic():
        ProfileChange.objects.create(account=make.account("Perth"), part="bio", **about)
    with pytest.raises(DatabaseError, match="by somebody other than who assigned it"), transaction.atomic():
        ProfileChange.objects.create(account=spoilt, part="banner", **{**about, "asked_by": row.branding.assigned_by})
    with pytest.raises(IntegrityError, match="put_back_once_at_a_time"), transaction.atomic():
        ProfileChange.objects.create(account=spoilt, part=row.part, **about)

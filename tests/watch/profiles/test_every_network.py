"""The chores, over the stand-in of every network that tells profiles: what is set there is what is read back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from mercat.config.registrations import of_stand_ins
from mercat.images.actions import take_in
from mercat.networks import registry
from mercat.people.models import Person
from mercat.register.models import Account
from mercat.sandbox.server import RunningSandbox, running
from mercat.watch.models import MessagesOff, Part, ProfileChange, ProfileLook
from mercat.watch.profiles import actions, looking, putting, states
from tests.factories import NOW
from tests.networks.servers import Sandbox
from tests.pages import picture
from tests.watch.figures.test_every_network import connected
from tests.watch.profiles.conftest import BIO, amiss

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files")]

HOUR = timedelta(hours=1)
COLOURS = ("#123456", "#654321")
SET = {
    "bluesky": ["name", "bio", "avatar", "banner"],
    "facebook": ["bio", "banner"],
    "mastodon": ["name", "bio", "avatar", "banner"],
    "youtube": ["bio", "banner"],
}
READ = [network.spec.slug for network in registry.all() if network.profiler]


@pytest.fixture(scope="module")
def stand_ins() -> Iterator[RunningSandbox]:
    with running(clock=NOW.timestamp) as server:
        yield server


@pytest.fixture
def place(stand_ins: RunningSandbox, settings, request: pytest.FixtureRequest) -> Sandbox:
    settings.MERCAT_PRIVATE_ORIGINS = frozenset([stand_ins.url])
    settings.MERCAT_APPS = of_stand_ins()
    return Sandbox(stand_ins.url, request.param)


def branded(place: Sandbox, comms: Person) -> Account:
    account = connected(place)
    shown = [
        take_in(by=comms, name="p.jpg", upload=picture(size=(1500, 500), colour=c).read(), now=NOW) for c in COLOURS
    ]
    actions.assign(by=comms, account=account, name="Ours", bio=BIO, avatar=shown[0], banner=shown[1], now=NOW)
    MessagesOff.objects.create(account=account, at=NOW, by=comms)
    return account


@pytest.mark.parametrize("place", READ, indirect=True)
def test_what_a_stand_in_shows_is_read_and_its_pictures_are_fetched(place: Sandbox, comms: Person) -> None:
    account = branded(place, comms)
    looking.run(now=NOW)
    look = ProfileLook.objects.get()
    assert look.trouble == ""
    assert look.read_at == NOW
    assert bool(look.avatar) == look.avatar_told
    assert "name" in amiss(account)


@pytest.mark.parametrize("place", SET, indirect=True)
def test_what_a_stand_in_lets_be_set_is_put_back_and_read_as_right(place: Sandbox, comms: Person, duty: Person) -> None:
    account = branded(place, duty)
    looking.run(now=NOW)
    asked = actions.ask_to_put_back(by=comms, account=account, now=NOW)
    for minutes in range(3):
        putting.run(now=NOW + timedelta(minutes=minutes))
    done = ProfileChange.objects.filter(state=states.DONE).values_list("part", flat=True)
    assert [part.value for part in Part if part.value in set(done)] == SET[place.slug]
    not_done = ProfileChange.objects.exclude(state=states.DONE)
    assert {row.part for row in asked} - set(done) == set(not_done.values_list("part", flat=True))
    looking.run(now=NOW + HOUR)
    left = {kind for kind in amiss(account) if kind.removesuffix("-unsure") in SET[place.slug]}
    assert left == set()

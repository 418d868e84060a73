"""The chore, over the stand-in of every network that tells figures: what is counted there is what is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

import pytest

from mercat.config.registrations import of_stand_ins
from mercat.delivery.models import Consignment
from mercat.networks import registry
from mercat.networks.kit.http import guarded_client
from mercat.people.models import Person
from mercat.register.connections import sealed_for
from mercat.register.models import Account, Connection
from mercat.sandbox.server import RunningSandbox, running
from mercat.watch.figures import asking
from mercat.watch.models import FiguresDue, FiguresRead
from tests import factories as make
from tests.factories import NOW
from tests.networks.servers import Sandbox
from tests.watch.figures.conftest import went_out

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
SET = {"views": 900, "reach": 700, "reactions": 40, "replies": 5, "shares": 6, "saves": 7, "clicks": 8}
TOLD = {
    "bluesky": ("reactions", "replies", "shares"),
    "facebook": ("views", "reach", "reactions", "replies", "shares", "clicks"),
    "instagram": ("views", "reach", "reactions", "replies", "shares", "saves"),
    "linkedin": ("views", "reach", "reactions", "replies", "shares", "clicks"),
    "mastodon": ("reactions", "replies", "shares"),
    "threads": ("views", "reactions", "replies", "shares"),
    "x": ("views", "reactions", "replies", "shares", "saves"),
    "youtube": ("views", "reactions", "replies"),
}


@pytest.fixture(scope="module")
def stand_ins() -> Iterator[RunningSandbox]:
    with running(clock=NOW.timestamp) as server:
        yield server


@pytest.fixture
def place(stand_ins: RunningSandbox, settings, request: pytest.FixtureRequest) -> Sandbox:
    settings.MERCAT_PRIVATE_ORIGINS = frozenset([stand_ins.url])
    settings.MERCAT_APPS = of_stand_ins()
    return Sandbox(stand_ins.url, request.param)


def connected(place: Sandbox) -> Account:
    fields: Mapping[str, str] = place.new_account()
    network = registry.get(place.slug)
    with guarded_client(timeout=network.spec.timeout, allow_private=frozenset([place.origin])) as http:
        found = network.connector.connect(fields, http, now=NOW)
    row = make.account(place.slug, network=place.slug, base_url=found.base_url)
    row.native_id, row.handle = found.native_id, found.handle
    row.save()
    sealed = sealed_for(row, found.base_url, 1, found.credentials)  # they open for this very account alone
    Connection.objects.filter(account=row).update(sealed=sealed)
    return row


def test_all_that_tell_are_tried() -> None:
    assert set(TOLD) == {network.spec.slug for network in registry.all() if network.metrics}


@pytest.mark.parametrize("place", TOLD, indirect=True)
def test_what_a_stand_in_counts_is_kept_and_only_that(place: Sandbox, comms: Person) -> None:
    account = connected(place)
    native_id = place.by_hand(account.native_id, "Road closed at the bridge.")
    place.control("POST", "figures", json={"post": native_id, **SET})
    went_out(comms, make.account("Before"), native_id=native_id)
    make.as_if(Consignment, account=account)  # each network asks for other things before it takes a post
    asking.run(now=NOW + HOUR)
    assert [due.trouble for due in FiguresDue.objects.all()] == [""]
    assert FiguresRead.objects.get().counts == {word: SET[word] for word in TOLD[place.slug]}


@pytest.mark.parametrize("place", TOLD, indirect=True)
def test_a_network_that_does_not_answer_is_tried_again(place: Sandbox, comms: Person) -> None:
    account = connected(place)
    native_id = place.by_hand(account.native_id, "Road closed at the bridge.")
    went_out(comms, make.account("Before"), native_id=native_id)
    make.as_if(Consignment, account=account)  # each network asks for other things before it takes a post
    place.fault("error_before", "read", times=None)
    asking.run(now=NOW + HOUR)
    place.no_faults()
    assert FiguresDue.objects.get().tries == 1
    assert not FiguresRead.objects.exists()
    asking.run(now=NOW + 2 * HOUR)
    assert FiguresRead.objects.count() == 1, FiguresDue.objects.values()

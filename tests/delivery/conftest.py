from collections import deque
from dataclasses import dataclass, field, replace

import pytest

from mercat.delivery import engine as engine_module
from mercat.delivery.engine import Engine
from mercat.delivery.models import Consignment
from mercat.networks import registry
from mercat.networks.port import Found, Missing, Network, Sent
from tests import factories as make
from tests.delivery.inline import inline
from tests.factories import NOW


@dataclass
class ScriptedNetwork:
    """Answers what a test tells it to; remembers every call to publish."""

    outcomes: deque = field(default_factory=deque)
    sightings: deque = field(default_factory=deque)
    published: list = field(default_factory=list)

    def publish(self, channel, item, notes, *, now):
        self.published.append(item)
        outcome = self.outcomes.popleft()
        return outcome(notes) if callable(outcome) else outcome

    def find(self, channel, item, notes, *, native_id, is_another, now):
        return self.sightings.popleft() if self.sightings else Missing()

    def matches(self, item, found, channel):
        return found.text == item.text

    def shows(self, text="Road closed at the bridge."):
        self.sightings.append(Found("n1", "https://network.example/n1", text, 0, "id"))


@pytest.fixture
def network(monkeypatch):
    scripted = ScriptedNetwork()
    real = registry.get("bluesky")
    fake = Network(spec=real.spec, count=real.count, check=real.check, publisher=scripted, reader=scripted)
    monkeypatch.setattr(registry, "get", lambda slug: replace(fake, spec=replace(fake.spec, slug=slug)))
    return scripted


@pytest.fixture
def nudges(monkeypatch):
    lanes = []
    monkeypatch.setattr(engine_module, "nudge", lanes.append)
    return lanes


@dataclass
class Time:
    now: object = NOW

    def __call__(self):
        return self.now

    def pass_(self, delta):
        self.now += delta


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def engine(time, nudges):
    return Engine("normal", clock=time, pools=inline)


@pytest.fixture
def account(db):
    return make.account("Dundee")


@pytest.fixture
def author(db):
    return make.authorised("Author")


@pytest.fixture
def spoc(account):
    return make.spoc_of(account, "Spoc")


@pytest.fixture
def out(author, spoc, account, network, engine) -> Consignment:
    """A post that is out and was read back."""
    make.approved(author, spoc, account)
    network.outcomes.append(Sent("n1", "https://network.example/n1"))
    network.shows()
    engine.drain()
    network.sightings.clear()
    row = Consignment.objects.get()
    assert row.state == "sent"
    return row

"""A network that shows a profile as a test sets it, and lets it be set; and what is assigned to an account there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

import httpx
import pytest
from django.db import connection

from mercat.images.actions import take_in
from mercat.images.models import Picture
from mercat.networks import registry
from mercat.networks.port import Channel, Network, NewProfile, Outcome, Profile, Sent, Unreadable
from mercat.people.models import Person
from mercat.register.models import Account
from mercat.watch.models import Branding, MessagesOff, ProfileFinding
from mercat.watch.profiles import actions, looking, putting
from tests import factories as make
from tests.factories import NOW
from tests.pages import picture

BIO = "Tayside Division. Do not report crime here. Call 101, or 999 in an emergency."


@dataclass
class Showing:
    """A profiler that shows `told`. What is set is shown from then on, a picture as bytes of the network's own making;
    `answers` are given instead, one by one."""

    told: Profile | Unreadable | Exception = field(default_factory=lambda: Profile("Dundee", BIO))
    settable: frozenset[str] = frozenset({"name", "bio", "avatar", "banner"})
    pictures: dict[str, bytes | int] = field(default_factory=dict)  # by address; a number is a refusal
    answers: list[Outcome | Exception] = field(default_factory=list)
    changes: list[NewProfile] = field(default_factory=list)
    looks: int = 0
    in_a_transaction: bool = False

    def profile(self, channel: Channel, *, now: datetime) -> Profile | Unreadable:
        self.looks += 1
        self.in_a_transaction |= len(connection.savepoint_ids) > 0
        if isinstance(self.told, Exception):
            raise self.told
        return self.told

    def change(self, channel: Channel, new: NewProfile, *, now: datetime) -> Outcome:
        self.in_a_transaction |= len(connection.savepoint_ids) > 0
        self.changes.append(new)
        answer = self.answers.pop(0) if self.answers else Sent(channel.native_id, "")
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, Sent):
            self._set(new)
        return answer

    def show(self, **parts: str | bytes | int) -> None:
        """The account shows something else: words, or the bytes at the address of a picture."""
        for name, value in parts.items():
            address = f"https://network.example/{name}"
            is_picture = name in {"avatar", "banner"}
            if is_picture:
                self.pictures[address] = value
            self.told = replace(self.told, **{name: address if is_picture else value})

    def _set(self, new: NewProfile) -> None:
        for name in ("name", "bio"):
            if getattr(new, name) is not None:
                self.show(**{name: getattr(new, name)})
        for name in ("avatar", "banner"):
            if getattr(new, name) is not None:
                self.show(**{name: b"encoded anew: " + getattr(new, name).read()})


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch, files: None) -> Showing:
    """Bluesky as it shows profiles here; Hootsuite, which tells none, as it is."""
    showing = Showing()
    fake, mute = replace(registry.get("bluesky"), profiler=showing), registry.get("hootsuite")
    monkeypatch.setattr(registry, "get", lambda slug: mute if slug == "hootsuite" else fake)

    def answer(request: httpx.Request) -> httpx.Response:
        content = showing.pictures[str(request.url)]
        return httpx.Response(content) if isinstance(content, int) else httpx.Response(200, content=content)

    @contextmanager
    def reached(account: Account) -> Iterator[Channel]:
        with httpx.Client(transport=httpx.MockTransport(answer)) as http:
            yield Channel("https://network.example", account.native_id, account.handle, None, http)

    monkeypatch.setattr(looking, "reached", reached)
    monkeypatch.setattr(putting, "reached", reached)
    return showing


@pytest.fixture
def remove_network(network: Showing, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Take Bluesky's folder away, while accounts there are still in the register."""
    others = tuple(each for each in registry.all() if each.spec.slug != "bluesky")
    known = {each.spec.slug: each for each in others}

    def get(slug: str) -> Network:
        if slug not in known:
            raise registry.UnknownNetwork(slug)
        return known[slug]

    def remove() -> None:
        monkeypatch.setattr(registry, "all", lambda: others)
        monkeypatch.setattr(registry, "known", known.__contains__)
        monkeypatch.setattr(registry, "get", get)

    return remove


@pytest.fixture
def comms(db: None) -> Person:
    return make.authorised("Comms", unit_key="corporate-communications", roles=("corporate-communications",))


@pytest.fixture
def duty(db: None) -> Person:
    """Who assigns, so that somebody else may have it put back."""
    return make.authorised("Duty", unit_key="corporate-communications", roles=("corporate-communications",))


@pytest.fixture
def account(db: None) -> Account:
    return make.account("Dundee")


@pytest.fixture
def messages_off(account: Account, comms: Person) -> None:
    MessagesOff.objects.create(account=account, at=NOW, by=comms)


@pytest.fixture
def kept(comms: Person, network: Showing) -> Callable[[str], Picture]:
    def keep(colour: str) -> Picture:
        return take_in(by=comms, name="p.jpg", upload=picture(colour=colour).read(), now=NOW)

    return keep


@pytest.fixture
def branding(account: Account, duty: Person, kept: Callable[[str], Picture], messages_off: None) -> Branding:
    """Name, bio and picture; no banner."""
    about = {"name": "Dundee", "bio": BIO, "avatar": kept("#123456"), "banner": None}
    return actions.assign(by=duty, account=account, **about, now=NOW)


def amiss(account: Account) -> list[str]:
    rows = ProfileFinding.objects.filter(account=account, ended_at=None)
    return sorted(rows.values_list("kind", flat=True))

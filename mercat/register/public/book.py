"""The public register in memory: looking an address up, whatever its spelling.

A book is one edition, made ready for look-ups; it never changes. `current()` gives the newest, and looks for a newer
one every two seconds, so that all processes soon answer alike.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from mercat.networks import registry
from mercat.networks.kit.addresses import Disguised, NoAccount, Place, place_of, tidy
from mercat.networks.kit.lookalikes import skeleton
from mercat.register.models import PublicEdition
from mercat.register.public.contents import CLOSED, SUSPENDED, day_of

LOOK = 2.0  # seconds between two looks for a newer edition

BEWARE = "For now, do not trust what it says."
YES, BARRED, NO, UNKNOWN = "official", "suspended", "not official", "unknown"
_NAMED = re.compile(r"@|at://|did:|acct:")
_WWW = re.compile(r"(?:www|m|mobile)\.")

Key = tuple[str, str]  # network, and the key of its spellings
Listed = Mapping[str, Any]  # an account as `contents` lists it


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the register says of an address. `accounts`: what it is, or was; more than one where only a name was given.

    `warning`: why it may be taken for an official one, or what to beware of. `looks_like`: which one.
    """

    verdict: str
    said: str
    accounts: tuple[Listed, ...] = ()
    warning: str = ""
    looks_like: Listed | None = None


@dataclass(frozen=True)
class Book:
    """One edition, indexed."""

    number: int
    at: datetime
    digest: str
    content: bytes
    signature: bytes
    key: str
    body: Mapping[str, Any]
    accounts: tuple[Listed, ...]
    _by_key: Mapping[Key, Listed] = field(repr=False)
    _by_place: Mapping[object, Listed] = field(repr=False)
    _by_look: Mapping[str, Listed] = field(repr=False)
    _hosts: Mapping[str, str] = field(repr=False)  # skeleton of a known host → the host

    @classmethod
    def of(cls, edition: PublicEdition) -> Book:
        said = json.loads(bytes(edition.content))
        accounts = tuple(said["accounts"])
        # Official ones last, so that they have the word where a closed account had the same name.
        ordered = sorted(accounts, key=lambda each: each["status"] != CLOSED)
        places = [(place, each) for each in ordered if (place := _place(each["address"]))]
        domains = {domain for spelling in registry.spellings() for domain in spelling.domains}
        hosts = domains | {_WWW.sub("", place.host, count=1) for place, _ in places}
        return cls(
            number=edition.number,
            at=edition.at,
            digest=edition.digest,
            content=bytes(edition.content),
            signature=bytes(edition.signature),
            key=edition.key,
            body=said["body"],
            accounts=accounts,
            _by_key={key: each for each in ordered for key in keys_of(each)},
            _by_place={place.exact: each for place, each in places},
            _by_look={look: each for each in ordered for key in keys_of(each) for look in _looks(key[1])},
            _hosts={skeleton(host): host for host in hosts},
        )

    def look_up(self, text: str) -> Verdict:
        """Official, not official, or unknown: what cannot be read as an account is neither."""
        try:
            text = tidy(text)
            place = place_of(text)
            return self._at(place) if place else self._called(text)
        except Disguised as reason:
            return self._no(warning=str(reason), look=_last(text))
        except NoAccount as reason:
            return Verdict(UNKNOWN, str(reason))

    def _at(self, place: Place) -> Verdict:
        if found := self._by_place.get(place.exact):
            return self._found([found])
        for spelling in registry.spellings():
            if key := spelling.at(place):
                if spelling.anywhere:
                    self._is_no_false_host(place)
                return self._keyed(spelling.network, key)
        self._is_no_false_host(place)
        raise NoAccount("This is not the address of an account on a network that is known here.")

    def _keyed(self, network: str, key: str) -> Verdict:
        if found := self._by_key.get((network, key)):
            return self._found([found])
        kind, _, value = key.partition(":")
        namesake = self._by_key.get((network, f"name:{value}"))
        if namesake and kind in {"c", "user"}:
            raise NoAccount(
                "This is an older kind of address, which may lead to somebody else. "
                f"Check {namesake['address']} instead."
            )
        return self._no(look=value)

    def _called(self, text: str) -> Verdict:
        keys = [(each.network, key) for each in registry.spellings() if (key := each.called(text))]
        if not (_NAMED.match(text) or "@" in text or any(network == "bluesky" for network, _ in keys)):
            # A word, or a bare name of a host: an account only where the register knows it as one.
            keys = [(each.network, key) for each in registry.spellings() if (key := each.called(f"@{text}"))]
            keys = [key for key in keys if key in self._by_key and "." in text]
        found = [self._by_key[key] for key in keys if key in self._by_key]
        if found:
            return self._found(found, elsewhere=len(keys) > 1)
        if keys:
            return self._no(look=keys[0][1].partition(":")[2])
        if _NAMED.match(text) and not text.isascii():
            raise Disguised("It holds letters that names of accounts do not have.")
        raise NoAccount("This cannot be read as an account. Give its web address, or its name with the @ before it.")

    def _found(self, found: list[Listed], *, elsewhere: bool = False) -> Verdict:
        """`elsewhere`: only a name was given, and other networks have names like it."""
        official = tuple(each for each in found if each["status"] != CLOSED)
        if not official:
            last = max(found, key=lambda each: each["until"])
            return Verdict(NO, f"{last['name']} was official until {day_of(last['until'])}, and is closed.", (last,))
        names = " and ".join(f"{each['name']} on {each['network_name']}" for each in official)
        warning = "On any other network, an account of this name is not official." if elsewhere else ""
        if any(each["status"] == SUSPENDED for each in official):
            return Verdict(BARRED, f"{names} is {self.body['name']}’s, and suspended. {BEWARE}", official, warning)
        return Verdict(YES, f"This is an official account of {self.body['name']}: {names}.", official, warning)

    def _no(self, *, warning: str = "", look: str = "") -> Verdict:
        like = next((self._by_look[each] for each in _looks(look) if each in self._by_look), None)
        if like and like["status"] != CLOSED:
            warning = f"{warning} It looks like {like['name']} ({like['address']}), and is another.".strip()
        else:
            like = None
        return Verdict(NO, f"This is not an official account of {self.body['name']}.", (), warning, like)

    def _is_no_false_host(self, place: Place) -> None:
        """Raises Disguised where the host only looks like a network's, or hides behind something that does."""
        shown = _WWW.sub("", place.shown_host, count=1)
        real = self._hosts.get(skeleton(shown))
        if real is None:
            real = next((host for host in self._hosts.values() if f".{host}." in f".{place.host}"), None)
        if real and real != shown:
            raise Disguised(f"It does not lead to {real}, although it looks like it.")
        if place.hides:
            raise Disguised("What stands before its @ is not where it leads.")


def keys_of(account: Listed) -> Iterator[Key]:
    """Every key by which an account of the register is known on its network."""
    for spelling in registry.spellings():
        if spelling.network != account["network"]:
            continue
        place = _place(account["address"])
        for key in (
            _at(spelling.at, place) if place else None,
            spelling.called(f"@{account['handle']}"),
            spelling.numbered(account["network_id"]),
        ):
            if key:
                yield spelling.network, key


def _place(address: str) -> Place | None:
    try:
        return place_of(address)
    except NoAccount:
        return None


def _at(at: Callable[[Place], str | None], place: Place) -> str | None:
    try:
        return at(place)
    except NoAccount:
        return None


def _last(text: str) -> str:
    return unquote(re.split(r"[/?#]", text.rstrip("/"))[-1])


def _looks(name: str) -> list[str]:
    """How a name looks: as a whole, and without the server it is on."""
    user = name.rpartition(":")[2].removeprefix("@").partition("@")[0]
    return [look for look in dict.fromkeys((skeleton(user), skeleton(user.partition(".")[0]))) if len(look) > 2]


class _Shelf:
    """Holds the newest edition. Threads share it; one looks for a newer one while the others go on reading."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.forget()

    def forget(self) -> None:
        self._book: Book | None = None
        self._looked = float("-inf")

    def current(self, *, clock: Callable[[], float] = time.monotonic) -> Book | None:
        if clock() - self._looked < LOOK or not self._lock.acquire(blocking=self._book is None):
            return self._book
        try:
            if clock() - self._looked >= LOOK:
                self._look()
                self._looked = clock()
        finally:
            self._lock.release()
        return self._book

    def _look(self) -> None:
        newest = PublicEdition.objects.order_by("-number")
        digest = newest.values_list("digest", flat=True).first()
        if digest is None:
            self._book = None
        elif self._book is None or self._book.digest != digest:
            self._book = Book.of(newest.get(digest=digest))


SHELF = _Shelf()

"""What every adapter must do, whichever network it speaks to: scripted answers, and servers to meet.

An adapter's own `fixtures/` feed the scripted part. `happy.json` holds an account, an item (pictures with these `alts`,
or a `video` with its description) and the answers of a server that does everything right; every other file replaces
some of the answers and names the outcome that must follow. It may bring an item of its own (a `reel`: an upright video;
a `story`; a `document`'s title) where the network takes that by other calls.
`publishing` and `uploads` in the happy one name the calls ("POST /2/tweets") that make a post public and that hand a
picture over; `stays` says that what is out cannot be taken down from here.

An answer is {status, headers, body | text}, or {dropped}, {late} or {unreachable}; a list is taken one by one, its last
for ever. A name may go on with one parameter ("GET /list?kind=posts"), where a path answers in several ways.
`step` is what is asked of the adapter: publish, find (by native id), find_lost (without one), remove, and of
the parts that it has: posts, edit, profile, change, figures, mentions, comments, accounts, report.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Protocol

import httpx

from mercat.networks import registry
from mercat.networks.kit.http import guarded_client
from mercat.networks.port import Channel, Item, Network, NewProfile
from tests.networks.doubles import NOW, MemoryCredentials, MemoryNotes, nobodys, picture_for, reel, video

SLUGS = [network.spec.slug for network in registry.all()]
HAPPY = "happy"


def fixtures(slug: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every fixture of a network with its name, the happy one left out."""
    for file in sorted(_folder(slug).iterdir(), key=lambda file: file.name):
        name = file.name.removesuffix(".json")
        if name not in (HAPPY, file.name):
            yield name, json.loads(file.read_text(encoding="utf-8"))


def _folder(slug: str) -> Traversable:
    return files(registry.folder(slug)).joinpath("fixtures")


CASES = [(slug, name) for slug in SLUGS for name, _ in fixtures(slug)]


@dataclass
class Scripted:
    """A network that answers by script, and the account and item of its happy fixture."""

    network: Network
    answers: dict[str, Any]
    happy: dict[str, Any]
    requests: list[httpx.Request] = field(default_factory=list)

    def __post_init__(self) -> None:
        account = self.happy["channel"]
        self.credentials = MemoryCredentials(self.happy["credentials"])
        self.notes = MemoryNotes()
        transport = httpx.MockTransport(self._answer)
        self.http = guarded_client(timeout=self.network.spec.timeout, transport=transport)
        self.channel = Channel(credentials=self.credentials, http=self.http, **account)

    @property
    def item(self) -> Item:
        told = self.happy["item"]
        media = tuple(picture_for(self.network, alt) for alt in told.get("alts", ()))
        if "video" in told:
            media = (video(told["video"]),)
        if told.get("reel"):
            media = (reel(),)
        key, at = told["key"], datetime.fromisoformat(told["created_at"])
        rest = {name: told[name] for name in ("story", "document") if name in told}
        return Item(key, at, told["text"], told["language"], media, **rest)

    def run(self, step: str) -> Any:
        native_id = self.happy["sent"]["native_id"]
        match step:
            case "publish":
                return self.network.publisher.publish(self.channel, self.item, self.notes, now=NOW)
            case "find":
                return self._find(native_id)
            case "find_lost":
                return self._find(None)
            case "remove" if self.network.remover:
                return self.network.remover.remove(self.channel, native_id=native_id, now=NOW)
        return self._parts(native_id)[step]()

    def _parts(self, native_id: str) -> dict[str, Callable[[], Any]]:
        """The steps of the parts that not every network has."""
        network, channel = self.network, self.channel
        steps: dict[str, Callable[[], Any]] = {}
        if editor := network.editor:
            steps["edit"] = lambda: editor.edit(channel, self.item, native_id=native_id, now=NOW)
        if profiler := network.profiler:
            steps["profile"] = lambda: profiler.profile(channel, now=NOW)
            steps["change"] = lambda: profiler.change(channel, self.new_profile, now=NOW)
        if metrics := network.metrics:
            steps["figures"] = lambda: metrics.figures(channel, native_id=native_id, now=NOW)
        if listener := network.listener:
            steps["mentions"] = lambda: listener.mentions(channel, since=NOW - timedelta(days=1), now=NOW)
            steps["comments"] = lambda: listener.comments(channel, native_id=native_id, now=NOW)
        if lister := network.lister:
            steps["posts"] = lambda: lister.posts(channel, since=NOW - timedelta(days=1), now=NOW)
        if searcher := network.searcher:
            steps["accounts"] = lambda: searcher.accounts(channel, "tayside police", now=NOW)
        if reporter := network.reporter:
            steps["report"] = lambda: reporter.report(channel, account="42", words="It pretends to be us.", now=NOW)
        return steps

    @property
    def new_profile(self) -> NewProfile:
        """New values for whatever the network lets be set."""
        values = {
            "name": "Tayside Division",
            "bio": "Not for reporting crime: call 101 or 999.",
            "avatar": picture_for(self.network, ""),
            "banner": picture_for(self.network, "", shade=10),
        }
        assert self.network.profiler
        return NewProfile(**{name: values[name] for name in self.network.profiler.settable})

    def calls(self, kind: str) -> list[httpx.Request]:
        """The requests made so far of a kind that the happy fixture names: "publishing" or "uploads"."""
        names = set(self.happy[kind])
        return [request for request in self.requests if f"{request.method} {request.url.path}" in names]

    def _find(self, native_id: str | None) -> Any:
        return self.network.reader.find(
            self.channel, self.item, self.notes, native_id=native_id, is_another=nobodys, now=NOW
        )

    def name_of(self, request: httpx.Request) -> str:
        """By which its answer is known: with a parameter where a script tells by it what is asked."""
        name = f"{request.method} {request.url.path}"
        told_apart = (f"{name}?{one}={value}" for one, value in request.url.params.items())
        return next((one for one in told_apart if one in self.answers), name)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        name = self.name_of(request)
        scripted = self.answers[name]
        if isinstance(scripted, list):
            scripted = scripted.pop(0) if len(scripted) > 1 else scripted[0]
        return _played(scripted, request)


def _played(scripted: Mapping[str, Any], request: httpx.Request) -> httpx.Response:
    if "unreachable" in scripted:
        raise httpx.ConnectError("refused", request=request)
    if "dropped" in scripted:
        raise httpx.RemoteProtocolError("dropped", request=request)
    if "late" in scripted:
        raise httpx.ReadTimeout("late", request=request)
    content = scripted["text"].encode() if "text" in scripted else json.dumps(scripted["body"]).encode()
    return httpx.Response(scripted["status"], headers=scripted.get("headers"), content=content)


def scripted(slug: str, name: str = HAPPY) -> tuple[Scripted, dict[str, Any]]:
    """The network as the fixture `name` makes it answer, and the fixture."""
    happy = json.loads(_folder(slug).joinpath(f"{HAPPY}.json").read_text(encoding="utf-8"))
    case = {} if name == HAPPY else dict(fixtures(slug))[name]
    answers = {**happy["answers"], **case.get("answers", {})}
    return Scripted(registry.get(slug), answers, {**happy, "item": case.get("item", happy["item"])}), case


def stays(slug: str) -> bool:
    """Whether what is out cannot be taken down from here: the happy fixture says so by `stays`."""
    return bool(json.loads(_folder(slug).joinpath(f"{HAPPY}.json").read_text(encoding="utf-8")).get("stays"))


# Servers


@dataclass(frozen=True, slots=True)
class Standing:
    """A post as it stands on a server, told by other means than the adapter."""

    native_id: str
    text: str
    alts: tuple[str, ...]
    answers: str = ""  # native id


class Server(Protocol):
    """A server that an adapter meets for real."""

    slug: str
    origin: str

    def new_account(self) -> Mapping[str, str]:
        """The connect fields of an account that no other test has."""
        ...

    def by_hand(self, native_id: str, text: str, passes_on: str = "") -> str:
        """Posts as that account without the adapter, and gives the post's native id. With `passes_on`, the native id of
        a post of another account, and no text: passes that on."""
        ...

    def standing(self, native_id: str) -> list[Standing]:
        """Everything that stands on the account with this native id, oldest first."""
        ...

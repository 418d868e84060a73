"""The port: what a network adapter takes and gives. Every adapter is a folder of this room that fills it.

An adapter never sleeps, never reads a clock of its own, never touches a database and never raises for what a network
does: whatever happens becomes one of the outcomes. `now` is passed in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

import httpx

STORY_LASTS = timedelta(hours=24)  # then its network shows it no more


class Altered(Exception):
    """What is stored is not what was approved. Nothing of it may go out; adapters let this pass."""


@dataclass(frozen=True, slots=True)
class Medium:
    """A picture or a video as it goes out. `size` in bytes, `width` and `height` in pixels.

    `read` loads the bytes when needed; it raises `Altered` when they are not the approved ones, and whatever the store
    raises when they cannot be had. `url` is an address of ours at which the network itself can fetch them for a short
    while; "" where this installation has none that others reach.

    Of a video: `seconds` is its length, `part(offset, size)` gives bytes of it, checked as those of `read` are, since
    it is too large to be held whole; `captions` is what is said in it, as WebVTT, and `cover` the picture before it.
    """

    sha256: str
    mime: str
    alt: str
    width: int
    height: int
    size: int
    read: Callable[[], bytes]
    url: str = ""
    seconds: float = 0.0
    part: Callable[[int, int], bytes] | None = None
    captions: str = ""
    cover: Medium | None = None

    @property
    def is_video(self) -> bool:
        return self.mime.startswith("video/")


@dataclass(frozen=True, slots=True)
class Thread:
    """Where in a thread a post goes: native ids of the post that it answers, and of the thread's first."""

    after: str
    first: str


@dataclass(frozen=True, slots=True)
class Item:
    """What is to appear on one account. `key` and `created_at` never change between attempts: natural keys grow from
    them. `synthetic`: a picture or video shows what looks real and was made or altered by a machine. `begins`: it is
    the announcement of a live broadcast, which is made by `Live` and not by the publisher. `story`: it is a story, one
    picture or video without words, gone after `STORY_LASTS`. `thread`: it goes on after other posts of ours; only where
    the spec has `threads`. `document`: its pictures are the pages of a document with this title; only where the spec
    has `documents`."""

    key: str  # 32 hex digits
    created_at: datetime
    text: str
    language: str = "en"
    media: tuple[Medium, ...] = ()
    synthetic: bool = False
    begins: datetime | None = None
    thread: Thread | None = None
    story: bool = False
    document: str = ""


class Credentials(Protocol):
    """The stored secret of one account's connection, with the values of the spec's `app_fields`. `replace` stores a
    refreshed one at once and for good.

    `turn` says whether the caller may renew it, for as long as the block lasts: of all processes, one at a time.
    """

    def get(self) -> Mapping[str, str]: ...

    def replace(self, values: Mapping[str, str]) -> None: ...

    def turn(self) -> AbstractContextManager[bool]: ...


class Notes(Protocol):
    """What an adapter must remember between steps and attempts (upload ids, containers). `keep` is durable when it
    returns."""

    def get(self, name: str) -> str | None: ...

    def keep(self, name: str, value: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Channel:
    """An account as an adapter reaches it."""

    base_url: str
    native_id: str  # the network's own id of the account
    handle: str
    credentials: Credentials
    http: httpx.Client  # the guarded client, with a total time-out
    limits: Mapping[str, int] = field(default_factory=dict)  # read from the server when connected, where it tells


# Outcomes: a closed set.


@dataclass(frozen=True, slots=True)
class Sent:
    """The network answered that it is out. Still to be read back."""

    native_id: str
    url: str  # "" where the network gave no address that can be followed


@dataclass(frozen=True, slots=True)
class Pending:
    """Nothing is out yet; the network is still preparing (media). Ask again at `at`. Costs no attempt.

    `moving`: a good part more was handed over, and the rest follows in the next attempt: that is no waiting.
    """

    at: datetime
    reason: str
    moving: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing is out, and a person must change something first."""

    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Reconnect:
    """Nothing is out: the connection no longer works and a person must renew it."""

    reason: str


@dataclass(frozen=True, slots=True)
class Later:
    """Nothing is out; the network named (or the adapter chose) a time to try again. `limited`: costs no attempt."""

    at: datetime
    reason: str
    limited: bool = False


@dataclass(frozen=True, slots=True)
class Unsure:
    """It may be out. Look; never send again blindly."""

    reason: str


Outcome = Sent | Pending | Refused | Reconnect | Later | Unsure


# Read-back


@dataclass(frozen=True, slots=True)
class Found:
    """A post as the network shows it."""

    native_id: str
    url: str
    text: str
    media: int
    account: str  # native id of the account it stands on
    alts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Missing:
    """The network was read, and nothing there can be the post."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The network could not be read. `too_much`: it answers, and there is more than can be looked through at once."""

    reason: str
    reconnect: bool = False
    too_much: bool = False


Sighting = Found | Missing | Unreadable


# Parts


class Publisher(Protocol):
    def publish(self, channel: Channel, item: Item, notes: Notes, *, now: datetime) -> Outcome: ...


class Reader(Protocol):
    def find(
        self,
        channel: Channel,
        item: Item,
        notes: Notes,
        *,
        native_id: str | None,
        is_another: Callable[[str], bool],
        now: datetime,
    ) -> Sighting:
        """Look for this very item: by `native_id` where known, else by the natural key, else among own recent posts.

        `is_another` tells of a native id whether it is known to be another post's. Among recent posts, one that nobody
        accounts for may be the item as the server altered it: that is Found, and no match; never Missing.
        """
        ...

    def matches(self, item: Item, found: Found, channel: Channel) -> bool:
        """Whether what stands on the network is what was sent: text, number of media, account."""
        ...


class Remover(Protocol):
    def remove(self, channel: Channel, *, native_id: str, now: datetime) -> Outcome:
        """Take a post down. Removing what is already gone is `Sent`-like success, told as Sent(native_id, "")."""
        ...


class Editor(Protocol):
    @property
    def describes(self) -> bool:
        """Whether pictures are given the item's descriptions too. Else those that they have stay."""
        ...

    def edit(self, channel: Channel, item: Item, *, native_id: str, now: datetime) -> Outcome:
        """Give a post that is out the item's words. Sent names the post as it is called from now on."""
        ...


@dataclass(frozen=True, slots=True)
class Standing:
    """A post that stands on the account, by whatever way it came there."""

    native_id: str
    url: str
    text: str
    made_at: datetime


class Lister(Protocol):
    def posts(self, channel: Channel, *, since: datetime, now: datetime) -> tuple[Standing, ...] | Unreadable:
        """The account's own posts that were made after `since`, newest first, answers of its own among them; never what
        it only passes on of others. What nobody else can see (drafts, private videos, messages) is not there.

        As many pages are read as it takes, each within the call's total time, up to a bound of the adapter's: a list
        that would not reach back to `since` is Unreadable, never short. Most networks date by whole seconds and show a
        post some moments later: whoever looks again begins a little before the last look, and knows posts by their id.
        """
        ...

    def reads_as(self, words: str, shown: str) -> bool:
        """Whether `shown` is how this network shows a post that was sent with these words."""
        ...


@dataclass(frozen=True, slots=True)
class Profile:
    """An account as its network shows it. `avatar` and `banner`: addresses of pictures; "" where none is told."""

    name: str
    bio: str
    avatar: str = ""
    banner: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class NewProfile:
    """What is to change of a profile; None stays as it is."""

    name: str | None = None
    bio: str | None = None
    avatar: Medium | None = None
    banner: Medium | None = None


class Profiler(Protocol):
    @property
    def settable(self) -> frozenset[str]:
        """Which fields of NewProfile the network lets a programme set."""
        ...

    def profile(self, channel: Channel, *, now: datetime) -> Profile | Unreadable: ...

    def change(self, channel: Channel, new: NewProfile, *, now: datetime) -> Outcome:
        """Sent(native id of the account, its address). Refused names what this network does not let us set."""
        ...


FIGURES = frozenset({"views", "reach", "reactions", "replies", "shares", "saves", "clicks"})


@dataclass(frozen=True, slots=True)
class Figures:
    """What a network counts of one post, by the words of `FIGURES`; what it does not tell is left out."""

    counts: Mapping[str, int]


class Metrics(Protocol):
    def figures(self, channel: Channel, *, native_id: str, now: datetime) -> Figures | Unreadable: ...


@dataclass(frozen=True, slots=True)
class Heard:
    """What somebody wrote to or about the account. `under`: the native id of the post it stands under, or ""."""

    native_id: str
    url: str
    author: str  # handle
    author_name: str
    text: str
    made_at: datetime
    under: str = ""


class Listener(Protocol):
    def mentions(self, channel: Channel, *, since: datetime, now: datetime) -> tuple[Heard, ...] | Unreadable:
        """What others wrote that names the account, made after `since`, newest first; never the account's own."""
        ...

    def comments(self, channel: Channel, *, native_id: str, now: datetime) -> tuple[Heard, ...] | Unreadable:
        """What others wrote under one of the account's posts, newest first."""
        ...


@dataclass(frozen=True, slots=True)
class FoundAccount:
    """Somebody's account, as a search tells it."""

    native_id: str
    handle: str
    name: str
    url: str
    bio: str = ""
    avatar: str = ""


class Searcher(Protocol):
    @property
    def exact(self) -> bool:
        """Whether the network only tells of an account whose whole handle is given."""
        ...

    def accounts(self, channel: Channel, words: str, *, now: datetime) -> tuple[FoundAccount, ...] | Unreadable: ...


class Reporter(Protocol):
    def report(self, channel: Channel, *, account: str, words: str, now: datetime) -> Outcome:
        """Tell the network that the account with this native id pretends to be us. Sent(id of the report, "")."""
        ...


@dataclass(frozen=True, slots=True)
class Broadcast:
    """Something live, as its network tells it. `state`: "waiting" (no picture arrives), "ready" (one arrives, nobody
    sees it), "live", "ended". What an encoder sends to `ingest_url` with `ingest_key` is shown to all: who may see them
    is decided elsewhere, and they stand in no log."""

    native_id: str
    url: str
    state: str
    ingest_url: str = field(default="", repr=False)
    ingest_key: str = field(default="", repr=False)


class Live(Protocol):
    """A live broadcast of an item: its words are the title and description. Made, then started and ended by people."""

    def make(self, channel: Channel, item: Item, notes: Notes, *, begins: datetime, now: datetime) -> Outcome:
        """Announce it. Sent(native id, address); what was made already, by the notes, is not made again."""
        ...

    def state(self, channel: Channel, *, native_id: str, now: datetime) -> Broadcast | Unreadable: ...

    def start(self, channel: Channel, *, native_id: str, now: datetime) -> Outcome:
        """Show it to all. Refused where no picture arrives yet; Sent where it is live already."""
        ...

    def end(self, channel: Channel, *, native_id: str, now: datetime) -> Outcome:
        """Sent where it has ended already."""
        ...


@dataclass(frozen=True, slots=True)
class Price:
    """What the network will charge for sending an item."""

    amount: Decimal
    currency: str  # ISO 4217


@dataclass(frozen=True, slots=True)
class Lifetime:
    """When credentials are to be renewed, and when that is no longer possible. None: never, or not said."""

    renew_at: datetime | None = None
    ends_at: datetime | None = None


def lasts(values: Mapping[str, str]) -> Lifetime:
    """For credentials without an end."""
    return Lifetime()


def stays(now: datetime) -> None:
    """For networks whose interface has no end that is known."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The network takes the connection's credentials."""


class Keeper(Protocol):
    def keep(self, channel: Channel, *, ahead: timedelta, now: datetime) -> Kept | Outcome:
        """Renew what lapses within `ahead`, and ask the network whether it takes what is stored. Only a clear no is
        Reconnect; Later is whatever else went wrong."""
        ...


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a connection turned out to be, with what to keep of it."""

    native_id: str
    handle: str
    url: str
    base_url: str
    credentials: Mapping[str, str] = field(repr=False)
    limits: Mapping[str, int]


class ConnectError(Exception):
    """A connection could not be made; the message is for the person who tried."""


class Connector(Protocol):
    """Turns what a person typed (the spec's connect fields) or an OAuth answer into an identity."""

    def connect(self, fields: Mapping[str, str], http: httpx.Client, *, now: datetime) -> Identity: ...


class OAuthConnector(Protocol):
    """The code flow, for networks that have one. `begin` takes the fields that are not secret, and those of the spec's
    `app_fields`, and gives the address to send the person to, and what to keep (secretly) until they come back;
    `finish` trades the code."""

    def begin(
        self, fields: Mapping[str, str], redirect_uri: str, state: str, http: httpx.Client
    ) -> tuple[str, Mapping[str, str]]: ...

    def finish(
        self, kept: Mapping[str, str], code: str, redirect_uri: str, http: httpx.Client, *, now: datetime
    ) -> Identity: ...


# Spec


@dataclass(frozen=True, slots=True)
class Problem:
    """A limit that an item breaks: the same words in the composer and from the adapter."""

    field: str  # "text" | "media" | "alt" | "document"
    message: str


@dataclass(frozen=True, slots=True)
class Count:
    """How much of a text limit is used, in the network's own unit."""

    used: int
    limit: int
    unit: str  # "characters", "graphemes"


@dataclass(frozen=True, slots=True)
class ConnectField:
    """One thing a person gives to connect an account."""

    name: str
    label: str
    hint: str = ""
    secret: bool = False


@dataclass(frozen=True, slots=True)
class VideoRules:
    """Videos as the network takes them: one in a post, and no picture beside it. `max_alt`: characters of a
    description; 0 where the network takes none."""

    max_bytes: int
    max_seconds: float
    max_alt: int
    min_seconds: float = 0.0
    mimes: frozenset[str] = frozenset({"video/mp4"})
    captions: bool = False  # whether the network takes captions of ours


@dataclass(frozen=True, slots=True)
class MediaRules:
    """Pictures as the network takes them. `max_bytes` per picture; `min_count` 1 where a post is impossible without.

    `longest_side`: the pixels that the network keeps; a larger picture it makes smaller itself, and not as well.
    `video` is None where videos are not taken, or not by us. `max_count` 0 where pictures are not taken.
    """

    max_count: int
    max_bytes: int
    mimes: frozenset[str]
    max_alt: int
    min_count: int = 0
    longest_side: int = 2_048
    video: VideoRules | None = None


@dataclass(frozen=True, slots=True)
class DocumentRules:
    """Documents as the network takes them from us: pictures as the pages of a PDF. `max_bytes` of all pages together;
    `max_title`: characters of the title."""

    max_pages: int
    max_bytes: int
    max_title: int


@dataclass(frozen=True, slots=True)
class Spec:
    """A network as data."""

    slug: str
    name: str
    media: MediaRules
    connect_fields: tuple[ConnectField, ...]
    read_lag: timedelta  # how long after success a post may still be invisible to its reader
    timeout: timedelta  # total, for one call
    natural_key: bool  # find() can decide by a key of ours, not only by comparing recent posts
    default_base_url: str = ""
    ids_are_per_server: bool = False  # an account's native id means nothing on another server of the same network
    app_fields: tuple[ConnectField, ...] = ()  # of the body's own registration with the network, once for all accounts
    fetches_media: bool = False  # the network fetches pictures from `Medium.url` instead of being handed them
    paid_reading: bool = False  # each post that a list tells costs money
    dated_by_authors: bool = False  # whoever posts chooses the moment under which a post stands
    threads: bool = False  # a long text may go out as posts that answer one another
    stories: MediaRules | None = None  # a story's picture or video; None where there are none, or not from here
    documents: DocumentRules | None = None  # None where there are none: pages are pictures like others there


@dataclass(frozen=True, slots=True)
class Network:
    """A folder's whole offer. A part that a network lacks is None, not a method that raises."""

    spec: Spec
    count: Callable[[str, Mapping[str, int]], Count]  # (text, limits) -> Count
    check: Callable[[Item, Mapping[str, int]], list[Problem]]  # (item, limits) -> every limit broken
    publisher: Publisher
    reader: Reader
    remover: Remover | None = None
    lister: Lister | None = None
    connector: Connector | None = None
    oauth: OAuthConnector | None = None
    keeper: Keeper | None = None
    editor: Editor | None = None
    profiler: Profiler | None = None
    metrics: Metrics | None = None
    listener: Listener | None = None
    searcher: Searcher | None = None
    reporter: Reporter | None = None
    live: Live | None = None
    price: Callable[[Item], Price] | None = None  # None: sending costs nothing
    lifetime: Callable[[Mapping[str, str]], Lifetime] = lasts  # what stored credentials themselves tell
    warning: Callable[[datetime], str | None] = stays  # what ICT should know: its interface ends soon

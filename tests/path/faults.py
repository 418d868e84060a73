"""A post through the real engine to a stand-in that does one thing wrong: what became of it, and how often it stands.

Time is in hand: the engine's clock jumps to whenever a row is due next. Only where a stand-in hides posts for some real
seconds are these waited for.
"""

from __future__ import annotations

import os
import random
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from django.utils import timezone

from mercat.config import seed
from mercat.delivery import states
from mercat.delivery.engine import Engine
from mercat.delivery.models import Consignment, Meter
from mercat.images.actions import take_in
from mercat.images.models import Picture, Video
from mercat.images.preparing import prepare_this
from mercat.images.videos import take_in_video
from mercat.networks import registry
from mercat.people.models import Person
from mercat.posts.contents import DraftPicture, DraftVideo
from mercat.register.models import Account, Connection
from mercat.sandbox.faults import COMMON_FAULTS, FaultKind
from mercat.sandbox.registry import stand_ins
from tests import factories as make
from tests.delivery.inline import inline
from tests.images.crafted import quarters, saved
from tests.images.filmed import film

RESTING = {states.SENT, states.REFUSED, states.NEEDS_PERSON, states.HELD}
WAITS = "waits"  # of a thread, for the post before it, which is not out
MOST_STEPS = 80  # of one post: attempts, looks and waits
MOST_POSTS = 40  # to one account: stand-ins keep a day's limits by the real clock, and a day is not waited for
HIDDEN = 0.2  # seconds for which a stale timeline hides posts, and a slow one waits
ON = ("publish", "upload", "read")


def every_fault() -> Iterator[tuple[str, str]]:
    """Each network that there is an adapter and a stand-in of, with each of its fault switches."""
    known = {network.spec.slug for network in registry.all()}
    for stand_in in stand_ins():
        if stand_in.slug in known:
            yield from ((stand_in.slug, kind.name) for kind in (*COMMON_FAULTS, *stand_in.faults))


@dataclass(frozen=True, slots=True)
class Outcome:
    network: str
    fault: str
    number: int
    state: str
    standing: int  # how often the post is there

    @property
    def doubled(self) -> bool:
        return self.standing > 1

    @property
    def mistold(self) -> bool:
        """Told as out and not there, or told as not out and there."""
        if self.state == states.SENT:
            return self.standing == 0
        return self.state in (states.REFUSED, states.HELD, WAITS) and self.standing > 0


@dataclass
class Course:
    """Posts of one author to accounts of their own on the stand-ins at `sandbox`."""

    sandbox: str
    author: Person
    approver: Person
    pools: Any = inline
    _now: datetime = field(default_factory=timezone.now)
    _picture: Picture | None = None
    _video: Video | None = None
    _accounts: dict[str, Account] = field(default_factory=dict)

    def run(self, network: str, fault: str, number: int) -> list[Outcome]:
        """One post, a thread of two, or a document, to one network with one fault; `number` decides how it is switched
        on and what is posted."""
        chance = random.Random(f"{network} {fault} {number}")
        self._set_the_clock()
        account = self._account(network)
        text = f"Number {number} of {fault}: the road is closed."
        media = {"pictures": self._pictures(chance, network), "video": self._film(network)}
        spec, third = registry.get(network).spec, number % 3 == 0
        whole = f"{text}\n---\nAnd {text}" if third and spec.threads else text
        title = "A leaflet" if third and spec.documents and media["pictures"] else ""
        about = {"text": whole, "document": title, **media}
        post = make.approved(self.author, self.approver, account, now=self._now, **about)
        rows = list(Consignment.objects.filter(post_ref=post.audit_ref).order_by("part"))
        kind = next(kind for kind in _kinds(network) if kind.name == fault)
        self._switch_on(chance, network, kind)
        found = self._drive_all(rows, chance, network, kind)
        self._control(network, "DELETE", "faults")
        standing = [post["text"] for post in self._control(network, "GET", "posts") if text in post["text"]]
        firsts = [words for words in standing if not words.startswith("And ")]
        times = (len(firsts), len(standing) - len(firsts))
        return [Outcome(network, fault, number, *each) for each in zip(found, times[: len(rows)], strict=True)]

    def _set_the_clock(self) -> None:
        """Back to the real time, by which stand-ins date: a clock that is days ahead, once a limit was waited for,
        would look for a lost post among what is yet to come."""
        self._now = timezone.now()
        Meter.objects.update(resets_at=self._now)

    def _account(self, network: str) -> Account:
        """Of which nothing is under way, still connected and with some of its day left; else a new one."""
        row = self._accounts.get(network)
        if row and self._is_free(row) and Connection.objects.filter(account=row, state="working").exists():
            return row
        row = make.account(network=network, connected=False)
        make.spoc_of(row)  # an account without one is held after a while, and a limit may be waited for for days
        handle = f"a{row.pk.hex[:10]}"
        seed.connect_to_stand_in(row, handle=handle, sandbox=self.sandbox, by=make.TEST, now=self._now)
        self._accounts[network] = row
        return row

    def _is_free(self, account: Account) -> bool:
        sent = Consignment.objects.filter(account=account)
        return sent.count() < MOST_POSTS and not sent.filter(state__in=[states.READY, *states.BUSY]).exists()

    def _pictures(self, chance: random.Random, network: str) -> tuple[DraftPicture, ...]:
        """One for all posts: a person may add so many in a day."""
        rules = registry.get(network).spec.media
        if not rules.max_alt or not max(rules.min_count, chance.randrange(2)):  # what is described goes, or nothing
            return ()
        if self._picture is None:
            upload = saved(quarters(size=(1080, 1080)), "JPEG")
            self._picture = take_in(by=self.author, name="road.jpg", upload=upload, now=self._now)
        return (DraftPicture(str(self._picture.pk), "A closed road"),)

    def _film(self, network: str) -> DraftVideo | None:
        """One for all posts, for networks that take no pictures."""
        if registry.get(network).spec.media.max_count:
            return None
        if self._video is None:
            with tempfile.TemporaryDirectory() as place, film(Path(place) / "road.mp4").open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                self._video = take_in_video(by=self.author, name="road.mp4", file=file, size=size, now=self._now)
            prepare_this(self._video)
        return DraftVideo(str(self._video.pk), "A closed road")

    def _switch_on(self, chance: random.Random, network: str, kind: FaultKind) -> None:
        options = {option.name: _chosen(chance, option.name, option.default) for option in kind.options}
        where = {} if kind.lasting else {"on": chance.choice(ON) if kind.on == "publish" else kind.on}
        often = {} if kind.lasting else {"times": chance.randint(1, 3)}
        self._control(network, "POST", "faults", json={"fault": kind.name, **where, **often, **options})

    def _drive_all(self, rows: list[Consignment], chance: random.Random, network: str, kind: FaultKind) -> list[str]:
        """What becomes of each post of a thread: nothing of those after one that is not out."""
        found: list[str] = []
        for row in rows:
            goes_on = not found or found[-1] == states.SENT
            found.append(self._drive(row, chance, network, kind) if goes_on else WAITS)
        return found

    def _drive(self, row: Consignment, chance: random.Random, network: str, kind: FaultKind) -> str:
        engine = Engine("normal", clock=lambda: self._now, pools=self.pools)
        until_cleared = chance.randint(2, 6) if kind.lasting else MOST_STEPS
        for step in range(MOST_STEPS):
            if step == until_cleared:
                self._control(network, "DELETE", "faults")
            engine.drain()
            row.refresh_from_db()
            if row.state in RESTING:
                break
            due = row.look_at if row.state == states.IN_DOUBT else row.not_before
            self._now = max(self._now, due or self._now) + timedelta(milliseconds=1)
            if kind.name in ("stale_timeline", "slow"):
                time.sleep(HIDDEN * 1.5)
        return row.state

    def _control(self, network: str, method: str, path: str, **given: Any) -> Any:
        answer = httpx.request(method, f"{self.sandbox}/_control/{network}/{path}", timeout=20, **given)
        return answer.raise_for_status().json()


def _kinds(network: str) -> tuple[FaultKind, ...]:
    stand_in = next(each for each in stand_ins() if each.slug == network)
    return (*COMMON_FAULTS, *stand_in.faults)


def _chosen(chance: random.Random, name: str, default: float | bool | tuple[str, ...]) -> float | bool | str:
    if isinstance(default, tuple):
        return chance.choice(default)
    if isinstance(default, bool):
        return chance.random() < 0.5
    if name == "seconds":
        return HIDDEN
    return default

"""Containers as the stand-ins of Instagram and Threads keep them: made, filled, published once, or expired."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mercat.sandbox import graph
from mercat.sandbox.faults import FaultKind, Option
from mercat.sandbox.films import inspect as inspect_film
from mercat.sandbox.graph_fetch import Unfetched, fetch
from mercat.sandbox.models import Medium, Upload
from mercat.sandbox.pictures import inspect
from mercat.sandbox.standin import World
from mercat.sandbox.store import sha256_hex

LIFE_SECONDS = 86_400
DAY = 86_400
FAULTS = (
    FaultKind(
        "slow_processing",
        "Prepare slowly",
        "A container has to be asked about some times until it is ready, or has failed.",
        on="upload",
        options=(
            Option("polls", "How many times to ask", 2),
            Option("ends", "How it ends", ("FINISHED", "ERROR")),
        ),
        lasting=True,
    ),
    FaultKind(
        "quota_used",
        "Use up the day’s posts",
        "Says, and refuses, as if the account had published all that a day allows.",
        lasting=True,
    ),
)


class Containers:
    """Of one network. `floor`: the number below all of its ids; `trouble`: what a failed one says."""

    def __init__(self, world: World, floor: int, trouble: str) -> None:
        self.world, self.store, self.floor, self.trouble = world, world.store, floor, trouble

    def make(self, account: str, fields: Mapping[str, Any], now: float, media: Sequence[Medium] = ()) -> str:
        """`fields`: whatever the network keeps of it."""
        slow = self.world.faults.standing("slow_processing")
        native_id = str(graph.next_number(self.world, self.floor))
        value = {
            **fields,
            "account": account,
            "media": [{name: getattr(one, name) for name in one.__slots__} for one in media],
            "made_at": now,
            "polls_left": int(slow.options["polls"]) if slow else int(any(map(is_video, media))),
            "ends": slow.options["ends"] if slow else "FINISHED",
            "published_at": None,
        }
        self.store.keep(self.world.slug, "container", native_id, value)
        return native_id

    def get(self, native_id: str, account: str) -> dict[str, Any] | None:
        """The account's own container of this id."""
        found: dict[str, Any] | None = self.store.kept(self.world.slug, "container", native_id, self.world.clock())
        return found if found and found["account"] == account else None

    def asked(self, native_id: str, container: dict[str, Any], until: float | None) -> tuple[str, str]:
        """Its state and what is said of a failure; asking brings a slow one on. `until` hides what came later."""
        if container["polls_left"] > 0:
            left = container["polls_left"] - 1
            self.store.keep(self.world.slug, "container", native_id, {**container, "polls_left": left})
            return "IN_PROGRESS", ""
        state = self.state(container, until)
        return state, self.trouble if state == "ERROR" else ""

    def state(self, container: Mapping[str, Any], until: float | None = None) -> str:
        published = container["published_at"]
        if published is not None and (until is None or published <= until):
            return "PUBLISHED"
        if self.world.clock() >= container["made_at"] + LIFE_SECONDS:
            return "EXPIRED"
        return "IN_PROGRESS" if container["polls_left"] > 0 else str(container["ends"])

    def publish(self, native_id: str, container: Mapping[str, Any], now: float) -> None:
        self.store.keep(self.world.slug, "container", native_id, {**container, "published_at": now})

    def used_today(self, account: str, total: int) -> int:
        """Posts of the last 24 hours, those that were taken down included."""
        if self.world.faults.standing("quota_used"):
            return total
        since = self.world.clock() - DAY
        times = self.store.kept(self.world.slug, "published", account, self.world.clock()) or []
        return sum(at > since for at in times)

    def count(self, account: str, now: float) -> None:
        times = self.store.kept(self.world.slug, "published", account, now) or []
        self.store.keep(self.world.slug, "published", account, [*(at for at in times if at > now - DAY), now])


async def fetched(address: str, most: int) -> tuple[bytes, Any]:
    """Bytes and what they are. Raises Unfetched; what they are is None where they are neither picture nor video."""
    data = await fetch(address, most)
    return data, inspect(data) or inspect_film(data)


def is_video(medium: Medium) -> bool:
    return medium.mime.startswith("video/")


def upload(world: World, account: str, data: bytes, *, native_id: str, alt: str, now: float) -> Medium:
    """Keeps a fetched picture or video, and gives it as it stands on a post."""
    seen = inspect(data) or inspect_film(data)
    if seen is None:
        raise Unfetched("It is neither a picture nor a video.")
    one = Upload(
        network=world.slug,
        native_id=native_id,
        account=account,
        sha256=sha256_hex(data),
        mime=seen.mime,
        size=len(data),
        width=seen.width,
        height=seen.height,
        alt=alt,
        polls_left=0,
        attached_to=None,
        received_at=now,
    )
    world.store.add_upload(one, data)
    return Medium(native_id, one.mime, one.size, one.sha256, alt, one.width, one.height)


def media_of(container: Mapping[str, Any]) -> tuple[Medium, ...]:
    return tuple(Medium(**one) for one in container["media"])

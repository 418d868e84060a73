"""The calls to Instagram."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from mercat.networks.instagram import payload
from mercat.networks.instagram.audience import Listener, Metrics, Profiler, Searcher
from mercat.networks.instagram.connecting import KEEPER, Connector, OAuthConnector
from mercat.networks.instagram.listing import Lister
from mercat.networks.instagram.payload import OWN, WORDS, dialect_of
from mercat.networks.instagram.spec import SPEC
from mercat.networks.kit.graph import SUNSET, Graph
from mercat.networks.kit.graph_containers import take_down
from mercat.networks.kit.graph_login import lifetime
from mercat.networks.port import Channel, Found, Item, Network, Notes, Outcome, Refused, Sighting


class Publisher:
    """A container that Instagram fills from our address, then the one call that publishes it."""

    def publish(self, channel: Channel, item: Item, notes: Notes, *, now: datetime) -> Outcome:
        if problems := payload.check(item, channel.limits):
            return Refused(" ".join(problem.message for problem in problems))
        return dialect_of(item).send(Graph(channel, WORDS, OWN, now), item, notes)


class Reader:
    """Asks the container whether the post is out, and looks for it among the account's newest."""

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
        return dialect_of(item).look(Graph(channel, WORDS, OWN, now), item, notes, native_id, is_another)

    def matches(self, item: Item, found: Found, channel: Channel) -> bool:
        is_same = dialect_of(item).same(item, found)
        return found.account == channel.native_id and is_same and found.media == len(item.media)


class Remover:
    def remove(self, channel: Channel, *, native_id: str, now: datetime) -> Outcome:
        return take_down(Graph(channel, WORDS, OWN, now), native_id)


NETWORK = Network(
    spec=SPEC,
    count=payload.count,
    check=payload.check,
    publisher=Publisher(),
    reader=Reader(),
    remover=Remover(),
    lister=Lister(),
    connector=Connector(),
    oauth=OAuthConnector(),
    keeper=KEEPER,
    profiler=Profiler(),
    metrics=Metrics(),
    listener=Listener(),
    searcher=Searcher(),
    lifetime=lifetime,
    warning=SUNSET,
)

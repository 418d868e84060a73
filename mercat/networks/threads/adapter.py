"""The calls to Threads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from mercat.networks.kit.graph_containers import says_the_same, take_down
from mercat.networks.port import Channel, Found, Item, Network, Notes, Outcome, Refused, Sighting
from mercat.networks.threads import payload
from mercat.networks.threads.audience import Listener, Metrics, Profiler, Searcher, graph
from mercat.networks.threads.listing import Lister
from mercat.networks.threads.payload import DIALECT
from mercat.networks.threads.session import Connector, Keeper, OAuthConnector, lifetime
from mercat.networks.threads.spec import SPEC


class Publisher:
    """A container, words alone or filled from our address, then the one call that publishes it."""

    def publish(self, channel: Channel, item: Item, notes: Notes, *, now: datetime) -> Outcome:
        if problems := payload.check(item, channel.limits):
            return Refused(" ".join(problem.message for problem in problems))
        return DIALECT.send(graph(channel, now), item, notes)


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
        return DIALECT.look(graph(channel, now), item, notes, native_id, is_another)

    def matches(self, item: Item, found: Found, channel: Channel) -> bool:
        return found.account == channel.native_id and says_the_same(item, found) and found.media == len(item.media)


class Remover:
    def remove(self, channel: Channel, *, native_id: str, now: datetime) -> Outcome:
        return take_down(graph(channel, now), native_id)


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
    keeper=Keeper(),
    profiler=Profiler(),
    metrics=Metrics(),
    listener=Listener(),
    searcher=Searcher(),
    lifetime=lifetime,
)

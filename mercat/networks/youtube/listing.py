"""The channel's own videos, by whatever way they were uploaded, and its broadcasts, which are videos too."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from mercat.networks.kit.reading import CannotTell, standing_since
from mercat.networks.port import Channel, Standing, Unreadable
from mercat.networks.youtube import payload
from mercat.networks.youtube.uploads import shown_since


class Lister:
    """What people can see: private videos are in preparation, and those that came to nothing are not there."""

    def posts(self, channel: Channel, *, since: datetime, now: datetime) -> tuple[Standing, ...] | Unreadable:
        try:
            return standing_since(_standing(channel, since, now), since)
        except CannotTell as trouble:
            return trouble.sighting

    def reads_as(self, words: str, shown: str) -> bool:
        return payload.reads_as(words, shown)


def _standing(channel: Channel, since: datetime, now: datetime) -> Iterator[Standing]:
    for told in shown_since(channel, since, now=now):
        found, made_at = payload.found(told, channel.base_url), payload.published_at(told)
        if found is None or made_at is None or not payload.privacy_of(told):
            raise CannotTell("YouTube's answer is not a list of videos.")
        if payload.privacy_of(told) != "private" and payload.came_to_nothing(told) is None:
            yield Standing(found.native_id, found.url, found.text, made_at)

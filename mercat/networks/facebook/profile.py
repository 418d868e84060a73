"""A page's own profile: what it says about itself, its picture and its cover."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import httpx

from mercat.networks.facebook import payload
from mercat.networks.facebook.payload import OWN, WORDS
from mercat.networks.kit.graph import CannotTell, Gone, Graph
from mercat.networks.kit.steps import RETRY, Call, Halt, bytes_of, fields_of, link_of, text_of
from mercat.networks.port import Channel, Later, Medium, NewProfile, Outcome, Profile, Refused, Sent, Unreadable, Unsure

_NAME = "Facebook lets no programme change a page's name. Change it in the page's settings there."
_NO_ADDRESS = (
    "Facebook fetches a page's picture from a public address, and this installation has none. Change the picture there."
)
_GARBLED = "Facebook answered, but not in a way that says whether the profile has changed."


class Profiler:
    settable = frozenset({"bio", "avatar", "banner"})

    def profile(self, channel: Channel, *, now: datetime) -> Profile | Unreadable:
        asking = Graph(channel, WORDS, OWN, now)
        try:
            node = asking.read(lambda: asking.get(channel.native_id, fields=payload.PROFILE_FIELDS))
        except Gone:
            return Unreadable(WORDS.forbidden)
        except CannotTell as trouble:
            return trouble.unreadable
        return payload.profile(node, channel.base_url) or Unreadable(WORDS.strange)

    def change(self, channel: Channel, new: NewProfile, *, now: datetime) -> Outcome:
        """What was changed before something is refused stays changed: each is a call of its own."""
        if new.name is not None:
            return Refused(_NAME)
        if new.avatar and not new.avatar.url:
            return Refused(_NO_ADDRESS)
        asking = Graph(channel, WORDS, OWN, now)
        try:
            for call in _changes(asking, new):
                response = asking.published(call)
                asking.refuse(response, public=True)
                if fields_of(response).get("success") is not True:
                    return Unsure(_GARBLED)
            node = asking.prepared(lambda: asking.get(channel.native_id, fields="link"))
        except Halt as halt:
            return halt.outcome
        return Sent(channel.native_id, link_of(node, "link", channel.base_url))


def _changes(asking: Graph, new: NewProfile) -> Iterator[Call]:
    page = asking.channel.native_id
    fields = {} if new.bio is None else {"about": new.bio}
    if new.banner:
        fields["cover"] = _photo(asking, new.banner)
    if fields:
        yield lambda: asking.post(page, fields=fields)
    if avatar := new.avatar:
        bytes_of(avatar, now=asking.now)  # what is fetched from our address is what was approved
        yield lambda: asking.post(page, "picture", fields={"picture": avatar.url})


def _photo(asking: Graph, medium: Medium) -> str:
    """The id of a picture that Facebook has, and that nobody sees yet."""
    file = (f"picture.{medium.mime.partition('/')[2]}", bytes_of(medium, now=asking.now), medium.mime)

    def send() -> httpx.Response:
        return asking.post(asking.channel.native_id, "photos", fields=payload.photo(medium.alt), files={"source": file})

    photo_id = text_of(asking.prepared(send), "id")
    if not photo_id:
        raise Halt(Later(asking.now + RETRY, "Facebook did not say that it has the picture."))
    return photo_id

"""The calls that publish on a Facebook page, read back, edit and take down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from mercat.networks.facebook import payload
from mercat.networks.facebook.audience import Listener, Metrics
from mercat.networks.facebook.connecting import KEEPER, Connector, OAuthConnector
from mercat.networks.facebook.films import ASKED
from mercat.networks.facebook.listing import Lister, own_since
from mercat.networks.facebook.payload import OWN, WORDS
from mercat.networks.facebook.profile import Profiler
from mercat.networks.facebook.reels import film
from mercat.networks.facebook.spec import SPEC
from mercat.networks.kit.graph import SUNSET, CannotTell, Gone, Graph, Kind, fault_of
from mercat.networks.kit.graph_login import lifetime
from mercat.networks.kit.steps import RETRY, Halt, bytes_of, fields_of, link_of, text_of
from mercat.networks.port import (
    Channel,
    Found,
    Item,
    Later,
    Medium,
    Missing,
    Network,
    Notes,
    Outcome,
    Refused,
    Sent,
    Sighting,
    Unsure,
)

SKEW = timedelta(minutes=5)  # that Meta's clock may be behind ours

_SENT, _URL = "sent", "url"
_GARBLED = "Facebook answered, but not in a way that says whether the post is out."
_NO_PHOTO = "Facebook did not say that it has the picture."


def graph(channel: Channel, now: datetime) -> Graph:
    return Graph(channel, WORDS, OWN, now)


class Publisher:
    """Pictures first, seen by nobody; then the post that holds them. Facebook has no key that makes a repeat harmless,
    but refuses to say twice in a row the same, or to post a photo again. A video is a post of its own."""

    def publish(self, channel: Channel, item: Item, notes: Notes, *, now: datetime) -> Outcome:
        if problems := payload.check(item, channel.limits):
            return Refused(" ".join(problem.message for problem in problems))
        asking = graph(channel, now)
        try:
            if any(medium.is_video for medium in item.media):
                return _sent(asking, notes, film(asking, item, notes).publish())
            # One picture goes the same way as many: handing it over must not be what publishes it, or a lost answer
            # would leave the post in doubt.
            photo_ids = [_photo(asking, n, medium, notes) for n, medium in enumerate(item.media)]
            return _post(asking, item, photo_ids, notes)
        except Halt as halt:
            return halt.outcome


def _photo(asking: Graph, n: int, medium: Medium, notes: Notes) -> str:
    """The id of a picture that Facebook has. Noted, so that it is handed over once."""
    if noted := notes.get(f"photo:{n}"):
        return noted
    file = (f"picture.{medium.mime.partition('/')[2]}", bytes_of(medium, now=asking.now), medium.mime)
    fields, page = payload.photo(medium.alt), asking.channel.native_id
    answer = asking.prepared(lambda: asking.post(page, "photos", fields=fields, files={"source": file}))
    photo_id = text_of(answer, "id")
    if not photo_id:
        raise Halt(Later(asking.now + RETRY, _NO_PHOTO))
    notes.keep(f"photo:{n}", photo_id)
    return photo_id


def _post(asking: Graph, item: Item, photo_ids: list[str], notes: Notes) -> Outcome:
    if notes.get(ASKED) is None:
        notes.keep(ASKED, asking.now.isoformat())  # where to begin to look, should the answer be lost
    form, page = payload.post(item, photo_ids), asking.channel.native_id
    response = asking.published(lambda: asking.post(page, "feed", fields=form))
    fault, sent = fault_of(response), notes.get(_SENT)
    if fault and fault.kind is Kind.DOUBLE and sent:
        return Sent(sent, notes.get(_URL) or "")  # it is this very post, by the answer to an earlier try
    asking.refuse(response, public=True)
    native_id = text_of(fields_of(response), "id")
    if not native_id:
        return Unsure(_GARBLED)
    return _sent(asking, notes, native_id)


def _sent(asking: Graph, notes: Notes, native_id: str) -> Sent:
    notes.keep(_SENT, native_id)
    url = _address(asking, native_id)
    notes.keep(_URL, url)
    return Sent(native_id, url)


def _address(asking: Graph, native_id: str) -> str:
    """Where people read the post; empty where Facebook does not tell at once: what is out is out."""
    try:
        node = asking.read(lambda: asking.get(native_id, fields="permalink_url"))
    except (Gone, CannotTell):
        return ""
    return link_of(node, "permalink_url", asking.channel.base_url)


class Reader:
    """Reads the post by its id, or else looks for it among the page's own since it was first asked for."""

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
        asking = graph(channel, now)
        try:
            if native_id:
                return _by_id(asking, native_id)
            if seen := _by_video(asking, item, notes):
                return seen
            return _among_own(asking, item, _asked_at(item, notes) - SKEW, is_another)
        except Gone:
            return Missing()
        except CannotTell as trouble:
            return trouble.unreadable

    def matches(self, item: Item, found: Found, channel: Channel) -> bool:
        return found.account == channel.native_id and payload.same(item, found)


def _asked_at(item: Item, notes: Notes) -> datetime:
    noted = notes.get(ASKED)
    return datetime.fromisoformat(noted) if noted else item.created_at


def _by_id(asking: Graph, native_id: str) -> Sighting:
    node = asking.read(lambda: asking.get(native_id, fields=payload.POST_FIELDS))
    found = _found(asking, node)
    if found.native_id != native_id:
        raise CannotTell(WORDS.strange)
    return found


def _by_video(asking: Graph, item: Item, notes: Notes) -> Sighting | None:
    """The post of a video whose id we were told; None where it is not known to stand on one."""
    if not any(medium.is_video for medium in item.media):
        return None
    try:
        native_id = film(asking, item, notes).post()
        return _by_id(asking, native_id) if native_id else None
    except Gone:
        return None


def _found(asking: Graph, node: Mapping[str, Any]) -> Found:
    alts = tuple(_alt(asking, photo_id) for photo_id in payload.media_of(node)[: SPEC.media.max_count])
    found = payload.found(node, alts, asking.channel.base_url)
    if found is None:
        raise CannotTell(WORDS.strange)
    return found


def _alt(asking: Graph, photo_id: str) -> str:
    """A photo's description: a post does not tell those of its photos."""
    if not photo_id:
        return ""
    try:
        return payload.alt_of(asking.read(lambda: asking.get(photo_id, fields="alt_text_custom")))
    except Gone:
        return ""


def _among_own(asking: Graph, item: Item, since: datetime, is_another: Callable[[str], bool]) -> Sighting:
    """The post with the item's very words; else the newest that nobody accounts for: it may be the item as Facebook
    altered it, and whose words these are only a person can tell."""
    unaccounted: Mapping[str, Any] | None = None
    page = asking.channel.native_id
    for node, _ in own_since(asking, payload.POST_FIELDS, since):
        native_id = text_of(node, "id")
        if payload.author_of(node) != page or is_another(native_id):
            continue
        if payload.may_be(item, node) and payload.same(item, found := _found(asking, node)):
            return found
        unaccounted = unaccounted or node
    return _found(asking, unaccounted) if unaccounted else Missing()


class Remover:
    """Deletes the post; one that is already gone counts as deleted."""

    def remove(self, channel: Channel, *, native_id: str, now: datetime) -> Outcome:
        asking = graph(channel, now)
        try:
            response = asking.published(lambda: asking.delete(native_id))
            fault = fault_of(response)
            if fault and fault.kind is Kind.GONE:
                return Sent(native_id, "")
            asking.refuse(response, public=True)
        except Halt as halt:
            return halt.outcome
        return Sent(native_id, "") if fields_of(response).get("success") is True else Unsure(_GARBLED)


class Editor:
    """Gives a post other words. Its pictures stay as they are."""

    describes = False

    def edit(self, channel: Channel, item: Item, *, native_id: str, now: datetime) -> Outcome:
        if problems := payload.check(item, channel.limits):
            return Refused(" ".join(problem.message for problem in problems))
        asking = graph(channel, now)
        try:
            response = asking.published(lambda: asking.post(native_id, fields={"message": item.text}))
            asking.refuse(response, public=True)
        except Halt as halt:
            return halt.outcome
        if fields_of(response).get("success") is not True:
            return Unsure(_GARBLED)
        return Sent(native_id, _address(asking, native_id))


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
    editor=Editor(),
    profiler=Profiler(),
    metrics=Metrics(),
    listener=Listener(),
    lifetime=lifetime,
    warning=SUNSET,
)

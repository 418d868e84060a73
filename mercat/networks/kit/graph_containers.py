"""Publishing by containers, as Instagram and Threads do: made first, filled by the network from our address, then
published once. A container's id is the natural key: noted before anything is public, it tells what became of the post.

Sources: developers.facebook.com/documentation/instagram-platform/content-publishing and
/documentation/threads/troubleshooting. A container that is not published within 24 hours expires.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from mercat.networks.kit.films import part_of
from mercat.networks.kit.graph import (
    CannotTell,
    Fault,
    Gone,
    Graph,
    Kind,
    count_of,
    fault_of,
    list_of,
    moment_of,
    object_of,
)
from mercat.networks.kit.steps import RETRY, Halt, bytes_of, fields_of, link_of, quoted, text_of
from mercat.networks.kit.text import squashed
from mercat.networks.kit.thread import CUT
from mercat.networks.port import (
    Channel,
    Found,
    Item,
    Later,
    Medium,
    Missing,
    Notes,
    Outcome,
    Pending,
    Refused,
    Sent,
    Sighting,
    Unsure,
)

POLL = timedelta(seconds=5)  # between two looks at a container
VIDEO_POLL = timedelta(minutes=1)  # what Meta asks for where it is a video
PATIENCE = timedelta(minutes=10)  # that a container may take; Meta's documents speak of five
VIDEO_PATIENCE = timedelta(hours=1)  # no document names an end for the longest videos
QUOTA = timedelta(hours=1)  # until a day's quota is looked at again: its window moves, and no time is named
SKEW = timedelta(minutes=5)  # that Meta's clock may be behind ours
PAGE = "50"  # posts a page

_CONTAINER, _MADE, _ASKED, _SENT, _URL = "container", "made_at", "asked_at", "sent", "url"


class Stage(Enum):
    """What has become of a container."""

    READY = "FINISHED"
    BUSY = "IN_PROGRESS"
    OUT = "PUBLISHED"
    FAILED = "ERROR"
    LAPSED = "EXPIRED"
    UNKNOWN = ""  # there is no such container any more


_STAGES = {stage.value: stage for stage in Stage if stage.value}


@dataclass(frozen=True, slots=True)
class Dialect:
    """What differs between the networks that publish so. Forms are made without a call; `found` reads a node of
    `fields`; `failed` gives what people are told of a failure that trying again does not mend, or "".

    `lasts`: of stories, which end by themselves so long after they were published. No words tell one from another, and
    their edge tells no order."""

    name: str
    make: str  # edges of the account
    publish: str
    quota: str
    own: str
    status: str  # fields of a container
    trouble: str
    fields: str
    not_ready: frozenset[tuple[int, int]]  # what publishing too early is refused with
    whole: Callable[[Item], Mapping[str, str]]
    part: Callable[[Medium], Mapping[str, str]]
    album: Callable[[Item, list[str]], Mapping[str, str]]
    failed: Callable[[str], str]
    found: Callable[[Mapping[str, Any], Channel], Found | None]
    same: Callable[[Item, Found], bool]
    answers: str = ""  # the edge of what goes on in a thread, where it stands apart from `own`
    lasts: timedelta | None = None

    # Publishing

    def send(self, asking: Graph, item: Item, notes: Notes) -> Outcome:
        try:
            return self._send(asking, item, notes)
        except Halt as halt:
            return halt.outcome

    def _send(self, asking: Graph, item: Item, notes: Notes) -> Outcome:
        noted = notes.get(_CONTAINER)
        container = noted or self._made(asking, item, notes)
        stage, said = self._asked(asking, container)
        if noted and stage is Stage.UNKNOWN and notes.get(_ASKED):
            self._forget(item, notes)
            return Unsure(f"{self.name} no longer has the post: it may be out by an earlier try.")
        if noted and stage in {Stage.LAPSED, Stage.UNKNOWN}:  # never published, by its own word or unasked
            self._forget(item, notes)
            container = self._made(asking, item, notes)
            stage, said = self._asked(asking, container)
        if stage is Stage.OUT:
            sent = notes.get(_SENT)
            return Sent(sent, notes.get(_URL) or "") if sent else Unsure(f"{self.name} says that the post is out.")
        if stage is Stage.READY:
            return self._published(asking, item, container, notes)
        return self._not_ready(asking, item, stage, said, notes)

    def _not_ready(self, asking: Graph, item: Item, stage: Stage, said: str, notes: Notes) -> Outcome:
        if stage is Stage.BUSY and not _impatient(item, notes, asking.now):
            return Pending(
                asking.now + (VIDEO_POLL if _is_film(item) else POLL), f"{self.name} is still preparing the post."
            )
        self._forget(item, notes)
        if stage is Stage.FAILED and (words := self.failed(said)):
            return Refused(words, said)
        return Later(asking.now + RETRY, f"{self.name} did not get the post ready. It is handed over again.")

    def _made(self, asking: Graph, item: Item, notes: Notes) -> str:
        """The id of a container that holds the item, noted."""
        fresh = [medium for n, medium in enumerate(item.media) if not notes.get(_part(n))]
        if not all(medium.url for medium in fresh):
            raise Halt(Refused(_no_address(self.name, _is_film(item))))
        for medium in fresh:
            _checked(medium, asking.now)  # what is fetched from our address is what was approved
        self._within_quota(asking)
        if not notes.get(_MADE):
            notes.keep(_MADE, asking.now.isoformat())
        form = self._album(asking, item, notes) if len(item.media) > 1 else self.whole(item)
        container = self._create(asking, item, form)
        notes.keep(_CONTAINER, container)
        notes.keep(_MADE, asking.now.isoformat())
        return container

    def _album(self, asking: Graph, item: Item, notes: Notes) -> Mapping[str, str]:
        """The form of a container of many, once each of its parts is ready."""
        parts: list[str] = []
        for n, medium in enumerate(item.media):
            part = notes.get(_part(n)) or self._create(asking, item, self.part(medium))
            notes.keep(_part(n), part)
            parts.append(part)
        for part in parts:
            stage, said = self._asked(asking, part)
            if stage is not Stage.READY:
                raise Halt(self._not_ready(asking, item, stage, said, notes))
        return self.album(item, parts)

    def _create(self, asking: Graph, item: Item, form: Mapping[str, str]) -> str:
        response = asking.asked(lambda: asking.post(asking.channel.native_id, self.make, fields=form))
        fault = fault_of(response)
        if item.thread and fault and fault.kind is Kind.GONE:
            raise Halt(Refused(CUT))
        asking.refuse(response, public=False)
        answer = fields_of(response)
        container = text_of(answer, "id")
        if not container:
            raise Halt(Later(asking.now + RETRY, f"{self.name} did not say that it has the post."))
        return container

    def _forget(self, item: Item, notes: Notes) -> None:
        """So that a later try makes all of it anew."""
        for name in (_CONTAINER, *(_part(n) for n in range(len(item.media)))):
            if notes.get(name):
                notes.keep(name, "")
        notes.keep(_MADE, "")

    def _within_quota(self, asking: Graph) -> None:
        """Halts where the day's posts are used up. Where it cannot be read, publishing tells it too."""
        try:
            answer = asking.read(lambda: asking.get(asking.channel.native_id, self.quota, fields="config,quota_usage"))
        except (Gone, CannotTell):
            return
        for told in list_of(answer, "data")[:1]:
            used, total = count_of(told, "quota_usage"), count_of(object_of(told, "config"), "quota_total")
            if used is not None and total and used >= total:
                reason = f"{self.name} takes {total} posts a day from this account, and all are used."
                raise Halt(Later(asking.now + QUOTA, reason, limited=True))

    def _asked(self, asking: Graph, container: str) -> tuple[Stage, str]:
        """What has become of a container, and what the network says of it."""
        response = asking.asked(lambda: asking.get(container, fields=f"{self.status},{self.trouble}"))
        fault = fault_of(response)
        if fault and fault.kind is Kind.GONE:
            return Stage.UNKNOWN, ""
        asking.refuse(response, public=False)
        stage = _STAGES.get(text_of(fields_of(response), self.status))
        if stage is None:
            raise Halt(Later(asking.now + RETRY, asking.words.strange))
        return stage, quoted(text_of(fields_of(response), self.trouble), ())

    def _published(self, asking: Graph, item: Item, container: str, notes: Notes) -> Outcome:
        again = notes.get(_ASKED) is not None
        if not again:
            notes.keep(_ASKED, asking.now.isoformat())  # where to begin to look, should the answer be lost
        form, account = {"creation_id": container}, asking.channel.native_id
        response = asking.published(lambda: asking.post(account, self.publish, fields=form))
        if fault := fault_of(response):
            return self._not_published(asking, item, fault, notes, again=again)
        native_id = text_of(fields_of(response), "id")
        if not native_id:
            return Unsure(f"{self.name} answered, but not in a way that says whether the post is out.")
        notes.keep(_SENT, native_id)
        url = _address(asking, native_id)
        notes.keep(_URL, url)
        return Sent(native_id, url)

    def _not_published(self, asking: Graph, item: Item, fault: Fault, notes: Notes, *, again: bool) -> Outcome:
        if (fault.code, fault.subcode) in self.not_ready:
            return Pending(asking.now + POLL, f"{self.name} is still preparing the post.")
        if fault.kind is Kind.GONE and again:  # an earlier try may have used it up
            return Unsure(f"{self.name} no longer has the post: it may be out by an earlier try.")
        if fault.kind is Kind.GONE:
            self._forget(item, notes)
            return Later(asking.now + RETRY, f"{self.name} no longer has the post. It is handed over again.")
        return asking.outcome_of(fault, public=True)

    # Looking

    def look(
        self, asking: Graph, item: Item, notes: Notes, native_id: str | None, is_another: Callable[[str], bool]
    ) -> Sighting:
        """By id where one is known; else the container tells whether it is out, and the newest posts which it is."""
        try:
            if known := self._by_id(asking, native_id) if native_id else self._by_note(asking, notes):
                return known
            container = notes.get(_CONTAINER)
            stage = self._stage(asking, container) if container else Stage.UNKNOWN
            if stage not in {Stage.OUT, Stage.UNKNOWN}:
                return Missing()
            seen = self._among(asking, item, notes, is_another, is_out=stage is Stage.OUT)
        except Gone:
            return Missing()
        except CannotTell as trouble:
            return trouble.unreadable
        # What stood there once by a noted id, and no longer does, was taken down: it is not still to be shown.
        if stage is Stage.OUT and isinstance(seen, Missing) and not notes.get(_SENT):
            return CannotTell(f"{self.name} says that the post is out, and does not show it yet.").unreadable
        return seen

    def _by_note(self, asking: Graph, notes: Notes) -> Found | None:
        """By the id that an answer told us; None where none did, or nothing of it is there: another try may be."""
        try:
            return self._by_id(asking, sent) if (sent := notes.get(_SENT)) else None
        except Gone:
            return None

    def _by_id(self, asking: Graph, native_id: str) -> Found:
        found = self._read(asking, asking.read(lambda: asking.get(native_id, fields=self.fields)))
        if found.native_id != native_id:
            raise CannotTell(asking.words.strange)
        return found

    def _read(self, asking: Graph, node: Mapping[str, Any]) -> Found:
        found = self.found(node, asking.channel)
        if found is None:
            raise CannotTell(asking.words.strange)
        return found

    def _stage(self, asking: Graph, container: str) -> Stage:
        try:
            told = asking.read(lambda: asking.get(container, fields=f"{self.status},{self.trouble}"))
        except Gone:
            return Stage.UNKNOWN
        stage = _STAGES.get(text_of(told, self.status))
        if stage is None:
            raise CannotTell(asking.words.strange)
        return stage

    def _among(
        self, asking: Graph, item: Item, notes: Notes, is_another: Callable[[str], bool], *, is_out: bool
    ) -> Sighting:
        since, asked = _since(item, notes), notes.get(_ASKED) is not None
        if self.lasts is None:
            return self._among_own(asking, item, since, is_another, altered=is_out or asked)
        if not is_out and not asked:
            return Missing()
        seen = self._among_stories(asking, since, is_another, is_out=is_out)
        if isinstance(seen, Missing) and asking.now - since >= self.lasts:
            raise CannotTell("A story is gone after a day: whether this one was out can no longer be seen.")
        return seen

    def _among_own(
        self, asking: Graph, item: Item, since: datetime, is_another: Callable[[str], bool], *, altered: bool
    ) -> Sighting:
        """The post with the item's very words; with `altered` else the newest that nobody accounts for: it is out, and
        may have been altered. Without, a post of other words is another's work: nothing of ours was asked for."""
        unaccounted: Found | None = None
        edge = self.answers if item.thread and self.answers else self.own
        for node in made_since(asking, edge, self.fields, since):
            found = self._read(asking, node)
            if found.account != asking.channel.native_id or is_another(found.native_id):
                continue
            if self.same(item, found):
                return found
            unaccounted = unaccounted or found
        return unaccounted if altered and unaccounted else Missing()

    def _among_stories(
        self, asking: Graph, since: datetime, is_another: Callable[[str], bool], *, is_out: bool
    ) -> Sighting:
        """The only one that nobody accounts for is ours, where the container says that ours is out. Any other is not to
        be taken for it."""
        told = [self._read(asking, node) for node in self.standing(asking, since)]
        own = [seen for seen in told if seen.account == asking.channel.native_id and not is_another(seen.native_id)]
        if is_out and len(own) == 1:
            return own[0]
        if own:
            raise CannotTell(f"{self.name} does not tell which of the account's stories this one is.")
        return Missing()

    def standing(self, asking: Graph, since: datetime) -> Iterator[Mapping[str, Any]]:
        """What stands on the account and was made since. Raises CannotTell."""
        if self.lasts is None:
            return made_since(asking, self.own, self.fields, since)
        nodes = asking.nodes(asking.channel.native_id, self.own, fields=self.fields, limit=PAGE)
        return (node for node in nodes if made_at(asking, node) >= since)


def made_since(asking: Graph, edge: str, fields: str, since: datetime) -> Iterator[Mapping[str, Any]]:
    """What an edge of the account holds, newest first, as far as it was made since. Raises CannotTell."""
    params = {"fields": fields, "since": str(int(since.timestamp())), "limit": PAGE}
    for node in asking.nodes(asking.channel.native_id, edge, **params):
        if made_at(asking, node) < since:
            return
        yield node


def _part(n: int) -> str:
    return f"part:{n}"


def _no_address(name: str, film: bool) -> str:
    what = "videos" if film else "pictures"
    return f"{name} fetches {what} from a public address, and this installation has none. Have one set where it runs."


def _checked(medium: Medium, now: datetime) -> None:
    """Raises Altered where the stored bytes are not the approved ones. A part of a video checks all of it."""
    if medium.is_video:
        part_of(medium, 0, 1, now=now)
    else:
        bytes_of(medium, now=now)


def _is_film(item: Item) -> bool:
    return any(medium.is_video for medium in item.media)


def _impatient(item: Item, notes: Notes, now: datetime) -> bool:
    made = notes.get(_MADE)
    patience = VIDEO_PATIENCE if _is_film(item) else PATIENCE
    return bool(made) and now - datetime.fromisoformat(str(made)) > patience


def _since(item: Item, notes: Notes) -> datetime:
    asked = notes.get(_ASKED)
    return (datetime.fromisoformat(asked) if asked else item.created_at) - SKEW


def made_at(asking: Graph, node: Mapping[str, Any]) -> datetime:
    made = moment_of(node, "timestamp")
    if made is None:
        raise CannotTell(asking.words.strange)
    return made


def _address(asking: Graph, native_id: str) -> str:
    """Where people read the post; empty where the network does not tell at once: what is out is out."""
    try:
        node = asking.read(lambda: asking.get(native_id, fields="permalink"))
    except (Gone, CannotTell):
        return ""
    return link_of(node, "permalink", asking.channel.base_url)


def take_down(asking: Graph, native_id: str) -> Outcome:
    """Deletes a post; one that is already gone counts as deleted."""
    try:
        response = asking.published(lambda: asking.delete(native_id))
        fault = fault_of(response)
        if fault and fault.kind is Kind.GONE:
            return Sent(native_id, "")
        asking.refuse(response, public=True)
    except Halt as halt:
        return halt.outcome
    done = fields_of(response).get("success") is True
    return (
        Sent(native_id, "") if done else Unsure("The network answered, but not in a way that says whether it is gone.")
    )


def account_of(node: Mapping[str, Any], channel: Channel) -> str:
    """Whose post a node is: by number where it is told (Instagram tells it of one's own posts only), else by name."""
    if owner := text_of(object_of(node, "owner"), "id"):
        return owner
    name = text_of(node, "username")
    return channel.native_id if name and name == channel.handle else name


def says_the_same(item: Item, found: Found) -> bool:
    """Whether a post says what the item says: text, pictures and their descriptions."""
    alts = tuple(squashed(medium.alt) for medium in item.media)
    return reads_as(item.text, found.text) and tuple(map(squashed, found.alts)) == alts


def reads_as(words: str, shown: str) -> bool:
    return squashed(words) == squashed(shown)

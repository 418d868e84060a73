"""What was heard in words, with what to answer; and why an account was not wholly listened to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from mercat.register.models import Account, Connection
from mercat.watch.heard.words import standing_words
from mercat.watch.models import CommentsLook, Heard, MentionsLook

UNCONNECTED = "Its connection does not work, so nothing is read."
NOT_COME = "Its turn has not come."


@dataclass(frozen=True, slots=True)
class Line:
    """One that waits. `words`: the standing words for its network."""

    row: Heard
    words: str
    title: str
    post_page: str


def line(row: Heard) -> Line:
    kind = "Comment on a post of ours" if row.kind == Heard.Kind.COMMENT else "Mention"
    page = f"/posts/{row.under.post_ref.removeprefix('post:')}/" if row.under else ""
    return Line(row, standing_words(row.account), kind, page)


@dataclass(frozen=True, slots=True)
class Trouble:
    """`until`: up to when it was read; None where it never was."""

    account: Account
    what: str
    why: str
    until: datetime | None
    tried_at: datetime


def troubles(mentions: Iterable[MentionsLook], comments: Iterable[CommentsLook]) -> list[Trouble]:
    return [*_mentions(mentions), *_comments(comments)]


def _mentions(looks: Iterable[MentionsLook]) -> Iterator[Trouble]:
    for look in looks:
        connection = getattr(look.account, "connection", None)
        works = connection is not None and connection.state == Connection.State.WORKING
        why = (look.trouble or NOT_COME) if works else UNCONNECTED
        yield Trouble(look.account, "Mentions", why, look.looked_until, look.looked_at)


def _comments(looks: Iterable[CommentsLook]) -> Iterator[Trouble]:
    for look in looks:
        yield Trouble(look.consignment.account, "Comments on a post", look.trouble, look.read_at, look.asked_at)

"""What was heard in words, with what to answer; and why an account was not wholly listened to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from mercat.register.models import Account, Connection
from mercat.watch.heard.words import standing_words
from mercat.watch.models import CommentsLook, Heard, MentionsLook

UNCONNECTED = "Its connection does not work, so nothing is read."
PLAIN_HOST = re.compile(r"[a-z0-9.-]+")
NOT_COME = "Its turn has not come."


@dataclass(frozen=True, slots=True)
class Line:
    """One that waits. `words`: the standing words for its network; `host`: where a link to it leads, "" where no link
    is shown."""

    row: Heard
    words: str
    title: str
    post_page: str
    host: str


def line(row: Heard) -> Line:
    kind = "Comment on a post of ours" if row.kind == Heard.Kind.COMMENT else "Mention"
    page = f"/posts/{row.under.post_ref.removeprefix('post:')}/" if row.under else ""
    return Line(row, standing_words(row.account), kind, page, _host(row.address))


def _host(address: str) -> str:
    """As a browser goes there; "" where a reader could be misled. Other servers than ours choose these addresses."""
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").encode("idna").decode()
    except ValueError:
        return ""
    return host if PLAIN_HOST.fullmatch(host) and "@" not in parts.netloc else ""


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

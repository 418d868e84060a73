"""Posts in lists: what it says, where, and what is next."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mercat.people.pack import guidance
from mercat.posts import states
from mercat.posts.models import Post, Remark
from mercat.posts.queries import is_inside, stands_in, targets_named
from mercat.register.models import Account

COLOURS = {
    states.DRAFT: "grey",
    states.SUBMITTED: "yellow",
    states.SENT_BACK: "orange",
    states.APPROVED: "green",
    states.REJECTED: "red",
    states.WITHDRAWN: "grey",
}
LONGEST = 110  # characters of a line


@dataclass(frozen=True, slots=True)
class Line:
    post: Post
    excerpt: str
    where: str
    networks: list[str]
    pillar: str
    title: str
    colour: str
    author: str
    due: datetime | None
    out: datetime | None
    warning: bool
    remark: Remark | None


def lines(
    posts: Iterable[Post],
    accounts: Mapping[str, Account],
    out: Mapping[str, datetime] | None = None,
    down: Container[str] = (),
) -> list[Line]:
    """Posts that were loaded through `queries.told`, with the accounts that they name; `out`: what went out, and when;
    `down`: what was taken down again."""
    known = out or {}
    return [
        line(
            post,
            [accounts[t] for t in targets_named(post) if t in accounts],
            known.get(post.audit_ref),
            down=post.audit_ref in down,
        )
        for post in posts
    ]


def line(post: Post, accounts: list[Account], out: datetime | None = None, *, down: bool = False) -> Line:
    version = post.current
    remarks = list(post.remarks.all()) if is_inside(post) else []
    return Line(
        post=post,
        excerpt=excerpt_of(stands_in(post)),
        where=where(accounts),
        networks=list(dict.fromkeys(account.network for account in accounts)),
        pillar=pillar_name(version.pillar if version else post.draft.get("pillar", "")),
        title=title_of(post, out, down=down),
        colour=COLOURS[post.state],
        author=(version.author if version else post.created_by).name,
        due=version.due_at if version else None,
        out=out,
        warning=version.warning if version else bool(post.draft.get("warning")),
        remark=remarks[-1] if remarks and post.state in (states.SENT_BACK, states.REJECTED) else None,
    )


def title_of(post: Post, out: datetime | None, *, down: bool = False) -> str:
    if down:
        return "Taken down"
    if out:
        return "Correction out" if post.corrects_id else "Out"
    return states.STATES[post.state]


def excerpt_of(said: Mapping[str, Any]) -> str:
    """Of a draft or a version: its first words, or what it is where it has none by its nature."""
    text = said.get("text", "")
    return "A story" if said.get("story") and not text.strip() else excerpt(text)


def excerpt(text: str) -> str:
    """The first words on one line."""
    flat = " ".join(text.split())
    if not flat:
        return "Nothing written yet"
    return flat if len(flat) <= LONGEST else flat[: LONGEST - 1].rsplit(" ", 1)[0] + "…"


def where(accounts: list[Account]) -> str:
    """The first two accounts, and how many more."""
    names = [account.name for account in accounts]
    if not names:
        return "No account chosen"
    rest = f" and {len(names) - 2} more" if len(names) > 2 else ""
    return ", ".join(names[:2]) + rest


def pillar_name(key: str) -> str:
    return next((pillar.name for pillar in guidance().pack.pillars if pillar.key == key), "")

"""Threads of posts: one text, cut into posts that answer one another, where the network has such."""

from __future__ import annotations

import re

CUT = "The post before this one in its thread is no longer there. Take down what is out of it, and send it anew."
MOST = 25  # posts of one thread; X's own pages take no more

_BREAK = re.compile(r"^[ \t]*---[ \t]*$", re.MULTILINE)


def posts_of(text: str, *, threads: bool) -> tuple[str, ...]:
    """The words of each post, in order. A line of three hyphens ends one post and begins the next; a network without
    `threads` is given all of it as one post, with an empty line in that place."""
    if not _BREAK.search(text):
        return (text,)
    parts = tuple(part for part in (each.strip() for each in _BREAK.split(text)) if part)
    return parts or ("",) if threads else ("\n\n".join(parts),)

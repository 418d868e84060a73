"""How Threads' accounts are written: by a name alone, and always with an @ in an address."""

from __future__ import annotations

from mercat.networks.kit.addresses import Site

SPELLINGS = Site(
    network="threads",
    name="Threads",
    domains=("threads.net", "threads.com"),
    hosts=r"(?:(?:www|m|mobile)\.)?threads\.(?:net|com)",
    names=r"[A-Za-z0-9._]{1,30}",
    paths=(r"@NAME(?:/(?:replies|reposts|media))?",),
)

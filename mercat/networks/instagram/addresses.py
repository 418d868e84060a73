"""How Instagram's accounts are written: by a name alone."""

from __future__ import annotations

from mercat.networks.kit.addresses import Site

SPELLINGS = Site(
    network="instagram",
    name="Instagram",
    domains=("instagram.com",),
    hosts=r"(?:(?:www|m|mobile)\.)?(?:instagram\.com|instagr\.am)",
    names=r"[A-Za-z0-9._]{1,30}",
    paths=(r"(?:_u/)?@?NAME(?:/(?:reels|tagged|followers|following))?",),
    reserved=frozenset(
        [
            "p",
            "reel",
            "reels",
            "tv",
            "stories",
            "explore",
            "accounts",
            "direct",
            "about",
            "developer",
            "legal",
            "web",
            "_u",
        ]
    ),
)

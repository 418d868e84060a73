"""How X's accounts are written: by handle, or by the network's number."""

from __future__ import annotations

from mercat.networks.kit.addresses import Site

# Names of X's own pages: no account can be called so.
_PAGES = """
home explore search i intent share hashtag settings notifications messages compose login signup logout tos privacy about
download jobs account oauth
"""

SPELLINGS = Site(
    network="x",
    name="X",
    domains=("x.com", "twitter.com"),
    hosts=r"(?:(?:www|m|mobile)\.)?(?:x|twitter)\.com",
    names=r"[A-Za-z0-9_]{1,15}",
    paths=(
        r"@?NAME(?:/(?:with_replies|media|likes|highlights|articles|about|followers|following))?",
        r"i/user/ID",
        r"intent/(?:user|follow)\?screen_name=@?NAME",
        r"intent/(?:user|follow)\?user_id=ID",
    ),
    query=("screen_name", "user_id"),
    reserved=frozenset(_PAGES.split()),
)

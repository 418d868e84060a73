"""Writes the table of networks and their parts for the docs, from the registry: `make reference`. A test compares."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from mercat.networks import registry
from mercat.networks.port import Network

# What else than scripted answers and our own stand-in each adapter was tried against, in the suite.
PROVED = {
    "bluesky": "the AT Protocol network from npm; the makers' Python client meets the stand-in",
    "facebook": "its parameters against Meta's field specifications",
    "hootsuite": "our own stand-in alone",
    "instagram": "its parameters against Meta's field specifications",
    "linkedin": "our own stand-in alone",
    "mastodon": "mastodon_mock from PyPI; the OpenAPI description; Mastodon.py meets the stand-in",
    "threads": "our own stand-in alone",
    "youtube": "YouTube's discovery document v3, calls and answers of videos and live broadcasts",
    "x": "X's OpenAPI description 2.167, calls and answers; twitter-text's conformance cases",
}
PARTS = (
    ("publish", "publisher"),
    ("read back", "reader"),
    ("take down", "remover"),
    ("list what stands there", "lister"),
    ("edit", "editor"),
    ("typed credentials", "connector"),
    ("sign-in", "oauth"),
    ("renewal", "keeper"),
    ("profile", "profiler"),
    ("figures", "metrics"),
    ("mentions, comments", "listener"),
    ("search", "searcher"),
    ("report", "reporter"),
    ("live", "live"),
    ("price", "price"),
)

PAGE = """\
# Networks and their parts

Written from the registry by `make reference`. A part that a network lacks is not offered anywhere. Sending uses
publishing, reading back, taking down and editing, the register connecting and renewal, the composer the price, and the
watch the listing of what stands on an account, the figures, the search, the report, what others write to it, and the
profile (as `mercat doctor NETWORK` does).

{parts}

Facebook shows an upright video (9:16 within 1 %, 540 × 960 pixels or more, 3 to 90 seconds) as a reel, all others as
videos; Instagram shows every video that is no story as a reel. The chosen cover goes to Facebook, Instagram's reels and
YouTube.

## How each is proved

Every adapter keeps one contract: over scripted answers (its `fixtures/`), and against its stand-in with all its faults.
None has met the live network of its name from this project's tests. Beyond that:

| network | was also held against |
|---|---|
{proved}
"""


def page() -> str:
    networks = registry.all()
    head = "| part | " + " | ".join(network.spec.name for network in networks) + " |"
    rows = [_row(name, networks, partial(_cell, part=part)) for name, part in PARTS]
    proved = [f"| {network.spec.name} | {PROVED[network.spec.slug]} |" for network in networks]
    rows += [_row("threads", networks, lambda network: "yes" if network.spec.threads else "–")]
    rows += [_row("pictures", networks, _pictures), _row("videos", networks, _videos)]
    rows.append(_row("stories", networks, lambda network: "yes" if network.spec.stories else "–"))
    rows.append(_row("documents", networks, lambda network: "yes" if network.spec.documents else "–"))
    rule = "|---|" + ":-:|" * len(networks)
    return PAGE.format(parts="\n".join([head, rule, *rows]), proved="\n".join(proved))


def _row(name: str, networks: Sequence[Network], cell: Callable[[Network], str]) -> str:
    return f"| {name} | " + " | ".join(map(cell, networks)) + " |"


def _pictures(network: Network) -> str:
    if not network.spec.media.max_count:
        return "–"
    most = f"up to {network.spec.media.max_count}"
    return most if network.spec.media.max_alt else f"{most}, undescribed"


def _videos(network: Network) -> str:
    rules = network.spec.media.video
    if rules is None:
        return "–"
    return "with captions" if rules.captions else "yes"


def _cell(network: Network, part: str) -> str:
    if getattr(network, part) is None:
        return "–"
    if part == "searcher" and network.searcher and network.searcher.exact:
        return "whole names"
    if part == "profiler" and network.profiler and not network.profiler.settable:
        return "read"
    return "yes"

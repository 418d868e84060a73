"""How YouTube's channels are written: by handle, by the network's own id, or by older names."""

from __future__ import annotations

from mercat.networks.kit.addresses import Site

SPELLINGS = Site(
    network="youtube",
    name="YouTube",
    domains=("youtube.com",),
    hosts=r"(?:(?:www|m|mobile|music)\.)?youtube\.com",
    names=r"[\w.·-]{3,30}",
    paths=tuple(
        rf"{way}(?:/(?:featured|videos|shorts|streams|live|playlists|community|posts|about))?"
        for way in (r"@NAME", r"channel/ID", r"c/(?P<c>[\w.-]+)", r"user/(?P<user>[\w.-]+)")
    ),
    ids=r"UC[A-Za-z0-9_-]{22}",  # told apart by capitals
)

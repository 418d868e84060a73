"""How LinkedIn's pages and people are written."""

from __future__ import annotations

from mercat.networks.kit.addresses import Site

SPELLINGS = Site(
    network="linkedin",
    name="LinkedIn",
    domains=("linkedin.com",),
    hosts=r"(?:(?:www|m|mobile|[a-z]{2})\.)?linkedin\.com",
    names=r"[\w-]{1,100}",
    paths=(
        r"(?:company|school|showcase)/ID(?:/(?:about|posts|jobs|people|videos|events))?",
        r"(?:company|school|showcase)/NAME(?:/(?:about|posts|jobs|people|videos|events))?",
        r"in/(?P<person>[\w-]{1,100})",
    ),
)

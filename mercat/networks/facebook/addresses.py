"""How Facebook's pages and people are written: by a name, or by the network's number."""

from __future__ import annotations

from mercat.networks.kit.addresses import Site

SPELLINGS = Site(
    network="facebook",
    name="Facebook",
    domains=("facebook.com", "fb.com"),
    hosts=r"(?:(?:www|m|mobile|web|touch|mbasic|[a-z]{2}-[a-z]{2})\.)?facebook\.com|(?:www\.)?fb\.com",
    names=r"[A-Za-z0-9][A-Za-z0-9.]{4,49}",
    paths=(
        r"profile\.php\?id=ID",
        r"ID(?:/(?:about|photos|videos|posts|events|reels))?",
        r"(?:people|pages)/[^/]+/ID",
        r"pages/category/[^/]+/[^/]+-(?P<id>\d{5,25})",
        r"(?:p/)?[^/]+-(?P<id>\d{5,25})",
        r"(?:pg/)?NAME(?:/(?:about|photos|videos|posts|events|reels|community|reviews))?",
    ),
    query=("id",),
    fold=lambda name: name.lower().replace(".", ""),  # Facebook reads no dots
    ids=r"\d{5,25}",
    reserved=frozenset(
        [
            "profilephp",
            "pages",
            "people",
            "groups",
            "events",
            "watch",
            "marketplace",
            "gaming",
            "login",
            "sharer",
            "sharerphp",
            "storyphp",
            "photo",
            "photophp",
            "permalinkphp",
            "hashtag",
            "search",
            "stories",
            "reel",
            "share",
            "help",
            "policies",
            "privacy",
            "settings",
            "plugins",
            "dialog",
            "home",
            "friends",
            "notifications",
            "messages",
            "media",
            "business",
            "public",
        ]
    ),
)

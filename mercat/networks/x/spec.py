"""X as data."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from mercat.networks.port import ConnectField, MediaRules, Spec, VideoRules

NAME = "X"
API = "https://api.x.com"
# Where people read and agree, for each address of the API; a stand-in has both under one.
SITES = {API: "https://x.com"}

# docs.x.com, “Counting characters”. Accounts with a subscription may write more; this stays with what all can.
MAX_WEIGHT = 280
MAX_ALT = 1_000  # OpenAPI 2.167, CreateMediaMetadataRequest: alt_text.text has maxLength 1000

# docs.x.com, “Pricing”, as of 20 April 2026: what creating a post costs, in US dollars.
PRICE = Decimal("0.015")
PRICE_WITH_LINK = Decimal("0.20")
# The same page: what reading one of the account's own posts costs, in US dollars. Looking for what was posted past the
# tool costs this for each post that a look tells, and nothing where there is none.
READ_PRICE = Decimal("0.001")

# What the connection may do, and no more. media.write hands pictures over; offline.access renews without a person.
SCOPES = "tweet.read tweet.write users.read media.write offline.access"

SPEC = Spec(
    slug="x",
    name=NAME,
    media=MediaRules(
        max_count=4,  # OpenAPI 2.167, CreatePostsMedia: media_ids has maxItems 4
        max_bytes=5_000_000,  # docs.x.com, “Media best practices”: 5 MB
        # X takes GIFs too, but only one, and alone; it would play for ever in everybody's timeline.
        mimes=frozenset({"image/jpeg", "image/png", "image/webp"}),
        max_alt=MAX_ALT,
        # docs.x.com, “Media best practices”: 512 MB, half a second to 140 seconds. Its page on metadata speaks of
        # descriptions of images alone, though OpenAPI 2.167 does not say of which media: none goes along. Captions
        # do (POST /2/media/subtitles).
        video=VideoRules(max_bytes=512_000_000, max_seconds=140, min_seconds=0.5, max_alt=0, captions=True),
        longest_side=4_096,  # not in its documents; the largest that X has shown of a picture (“orig”)
    ),
    connect_fields=(
        ConnectField(
            "access_token",
            "Access token",
            "From the app's page in X's developer console. Not needed when you sign in at X instead.",
            secret=True,
        ),
        ConnectField(
            "refresh_token",
            "Refresh token",
            "Shown beside it. Without one the connection ends after two hours.",
            secret=True,
        ),
    ),
    app_fields=(
        ConnectField("client_id", "Client ID", "Of this body's own app, from X's developer console."),
        ConnectField("client_secret", "Client secret", "Of the same app; shown once when it is made.", secret=True),
    ),
    # X names no lag, and nobody has measured it for us: of the two mistakes, the double is the worse one.
    read_lag=timedelta(seconds=15),
    timeout=timedelta(seconds=30),
    natural_key=False,  # nothing of ours goes along by which a post could be found
    default_base_url=API,
    paid_reading=True,
    threads=True,
)


def site_of(base_url: str) -> str:
    """Where people read what stands at this address of the API."""
    base_url = base_url.rstrip("/")
    return SITES.get(base_url, base_url)

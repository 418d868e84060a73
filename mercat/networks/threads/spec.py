"""Threads as data."""

from __future__ import annotations

from datetime import timedelta

from mercat.networks.kit.graph import CLIENT_ID, CLIENT_SECRET, TOKEN
from mercat.networks.port import ConnectField, MediaRules, Spec, VideoRules

NAME = "Threads"
VERSION = "v1.0"  # of the interface, in every address but those of tokens
GRAPH = "https://graph.threads.net"
SITE = "https://www.threads.net"  # where people read, and agree

MAX_CHARACTERS = 500  # Meta: /docs/threads/posts; emoji by their UTF-8 bytes, as two vendors report of its own page
MAX_TAGS = 1  # the same page: one topic tag a post
MAX_LINKS = 5  # since 22 December 2025; more are refused with THREADS_API__LINK_LIMIT_EXCEEDED
MOST_ELONGATED = 10  # /docs/threads/overview: shapes up to 10:1; widths outside 320 to 1,440 pixels are scaled

# What the connection may do, and no more (/documentation/threads/get-started).
SCOPES = (
    "threads_basic",
    "threads_content_publish",
    "threads_delete",
    "threads_read_replies",
    "threads_manage_replies",  # the posts of a thread answer one another
    "threads_manage_mentions",
    "threads_manage_insights",
    "threads_profile_discovery",
)

SPEC = Spec(
    slug="threads",
    name=NAME,
    media=MediaRules(
        max_count=20,  # of a carousel
        max_bytes=8_000_000,  # “8 MB”: the stricter reading
        mimes=frozenset({"image/jpeg", "image/png"}),
        max_alt=1_000,
        # /docs/threads/overview, “Video specifications”: 1 GB, 5 minutes
        video=VideoRules(max_bytes=1_000_000_000, max_seconds=300, max_alt=1_000),
        longest_side=1_800,  # 1,440 wide is kept (above): so long is the side of a picture of 4:5
    ),
    connect_fields=(
        ConnectField(
            TOKEN,
            "Access token",
            "A long-lived one, made in your organisation’s app. Not needed when you sign in with Threads instead.",
            secret=True,
        ),
    ),
    read_lag=timedelta(seconds=30),  # Meta advises so long a wait before a container is published
    timeout=timedelta(seconds=45),  # a container is answered only once the picture has been fetched
    natural_key=True,
    default_base_url=GRAPH,
    app_fields=(
        ConnectField(
            CLIENT_ID, "Threads app ID", "Of your organisation’s own app at developers.facebook.com, under Threads."
        ),
        ConnectField(CLIENT_SECRET, "Threads app secret", "Shown beside the Threads app ID.", secret=True),
    ),
    fetches_media=True,
    threads=True,
)

"""Bluesky as data."""

from __future__ import annotations

from datetime import timedelta

from mercat.networks.port import ConnectField, MediaRules, Spec, VideoRules

NAME = "Bluesky"
APP = "https://bsky.app"  # where people read; a personal data server shows no posts itself

# The service that prepares videos for all of the public network, and its name (docs.bsky.app/docs/tutorials/video).
VIDEOS, VIDEOS_DID = "https://video.bsky.app", "did:web:video.bsky.app"

# Lexicon app.bsky.feed.post: maxGraphemes 300 and maxLength 3,000 (UTF-8 bytes); both enforced by a server we ran.
MAX_GRAPHEMES = 300
MAX_BYTES = 3_000
MAX_CAPTIONS = 20_000  # lexicon app.bsky.embed.video#caption: maxSize 20,000
# Lexicon app.bsky.richtext.facet#tag: maxGraphemes 64, maxLength 640.
MAX_TAG_GRAPHEMES = 64
MAX_TAG_BYTES = 640
# Lexicon app.bsky.actor.profile: graphemes and bytes of the name and the bio, and its pictures.
MAX_NAME = (64, 640)
MAX_BIO = (256, 2_560)
MAX_PROFILE_PICTURE = 1_000_000
PROFILE_MIMES = frozenset({"image/jpeg", "image/png"})
# Lexicon com.atproto.moderation.createReport: graphemes and bytes of the reason.
MAX_REPORT = (2_000, 20_000)

SPEC = Spec(
    slug="bluesky",
    name=NAME,
    media=MediaRules(
        max_count=4,  # lexicon app.bsky.embed.images: maxLength 4
        max_bytes=2_000_000,  # the same: maxSize 2,000,000
        # The lexicon takes any image/*; these are what browsers show everywhere. An animated GIF would stand still.
        mimes=frozenset({"image/jpeg", "image/png", "image/webp"}),
        max_alt=2_000,  # the lexicon names no limit; the network's own app stops here
        video=VideoRules(
            max_bytes=300_000_000,  # lexicon app.bsky.embed.video: maxSize 300,000,000
            max_seconds=180,  # in no lexicon; three minutes is what the network's own app has taken since March 2025
            max_alt=2_000,  # as of pictures
            captions=True,  # the same lexicon: text/vtt
        ),
        longest_side=2_000,  # the network's own app makes them no larger (POST_IMG_MAX), and its servers show no more
    ),
    connect_fields=(
        ConnectField(
            "base_url", "Server", "Leave https://bsky.social unless the account lives on a server of its own."
        ),
        ConnectField("handle", "Handle", "The account's name, such as example.bsky.social, without the @."),
        ConnectField(
            "app_password", "App password", "Made in the account's settings. Never its own password.", secret=True
        ),
    ),
    # A record is read from the very server it was written to, so it is visible at once; this is for caches in front.
    read_lag=timedelta(seconds=2),
    timeout=timedelta(seconds=20),
    natural_key=True,
    default_base_url="https://bsky.social",
    dated_by_authors=True,  # a record's key, from which its moment is read, is chosen by the app that writes it
    threads=True,
)

"""Mastodon as data. Each server sets its own limits; the software's defaults stand in where a server tells none."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from mercat.networks.port import ConnectField, MediaRules, Spec, VideoRules

NAME = "Mastodon"

# Names as the instance document of the API gives them (/api/v2/instance, configuration).
MAX_CHARACTERS = "max_characters"
PER_URL = "characters_reserved_per_url"
MAX_MEDIA = "max_media_attachments"
IMAGE_SIZE = "image_size_limit"
IMAGE_PIXELS = "image_matrix_limit"
VIDEO_SIZE = "video_size_limit"
VIDEO_PIXELS = "video_matrix_limit"
DESCRIPTION = "description_limit"

# Defaults of Mastodon 4.x: app/validators/status_length_validator.rb (500, 23), models/media_attachment.rb
# (16 MiB, 8K UHD, 1,500; of a video 99 MiB and 4K UHD), and 4 attachments.
DEFAULTS: Mapping[str, int] = {
    MAX_CHARACTERS: 500,
    PER_URL: 23,
    MAX_MEDIA: 4,
    IMAGE_SIZE: 16 * 1024 * 1024,
    IMAGE_PIXELS: 7680 * 4320,
    VIDEO_SIZE: 99 * 1024 * 1024,
    VIDEO_PIXELS: 3840 * 2160,
    DESCRIPTION: 1_500,
}

# More than any server needs. What one tells beyond is a mistake or an attack, and is not believed.
MOST: Mapping[str, int] = {
    MAX_CHARACTERS: 100_000,
    PER_URL: 1_000,
    MAX_MEDIA: 100,
    IMAGE_SIZE: 1024**3,
    IMAGE_PIXELS: 1_000_000_000,
    VIDEO_SIZE: 1024**4,
    VIDEO_PIXELS: 1_000_000_000,
    DESCRIPTION: 100_000,
}

MIMES = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})  # what every version since 3.5 takes

MAX_SECONDS = 86_400  # Mastodon names no longest video; none of its size lasts a day

# What the connection may do, and no more; guide.md tells people what each is for. read:accounts tells whose token it
# is, on every version. A connection that lacks one of the later ones still publishes.
PUBLISHING = "read:accounts read:statuses write:statuses write:media"
SCOPES = f"{PUBLISHING} read:notifications read:search write:accounts write:reports"


def limit(limits: Mapping[str, int], name: str) -> int:
    """The server's limit, or the software's default."""
    return limits.get(name) or DEFAULTS[name]


def media_rules(limits: Mapping[str, int]) -> MediaRules:
    """The rules for pictures and videos of the server that told `limits`."""
    return MediaRules(
        limit(limits, MAX_MEDIA),
        limit(limits, IMAGE_SIZE),
        MIMES,
        limit(limits, DESCRIPTION),
        longest_side=2_880,  # models/media_attachment.rb keeps 8,294,400 pixels: a square of this side
        video=VideoRules(limit(limits, VIDEO_SIZE), MAX_SECONDS, limit(limits, DESCRIPTION)),
    )


SPEC = Spec(
    slug="mastodon",
    name=NAME,
    media=media_rules({}),
    connect_fields=(
        ConnectField("base_url", "Server", "The server the account lives on, such as https://mastodon.social."),
        ConnectField(
            "token",
            "Access token",
            "From Preferences, Development, on that server. Not needed when you sign in there instead.",
            secret=True,
        ),
    ),
    # An account's own posts come from the server's main database; servers that read from a replica lag a second or two.
    read_lag=timedelta(seconds=5),
    timeout=timedelta(seconds=30),
    # Its Idempotency-Key makes a repeat harmless for an hour on Mastodon, but nothing can be looked up by it, and other
    # software that speaks this API ignores it (GoToSocial posted twice): find() compares recent posts.
    natural_key=False,
    ids_are_per_server=True,  # each server counts its own accounts
    threads=True,
)

"""YouTube as data."""

from __future__ import annotations

from datetime import timedelta

from mercat.networks.port import ConnectField, MediaRules, Spec, VideoRules

NAME = "YouTube"
API = "https://www.googleapis.com"  # developers.google.com/youtube/data: where its examples call
# Where people agree, where tokens are given, and where people watch, for each address of the interface; a stand-in has
# all of them under one.
CONSENT = {API: "https://accounts.google.com/o/oauth2/v2/auth"}
TOKENS = {API: "https://oauth2.googleapis.com/token"}
SITES = {API: "https://www.youtube.com"}

# developers.google.com/youtube/data/reference/rest/v3/videos: snippet.title 100 characters, snippet.description 5,000
# bytes, neither with < or >. Whether an emoji is one character or two is not said: the larger count is held to.
MAX_TITLE = 100
MAX_DESCRIPTION = 5_000
MAX_BIO = 1_000  # the same documentation, channels: brandingSettings.channel.description
MAX_COVER = 2 * 1024 * 1024  # bytes; thumbnails.set takes 2 MB by the documentation, 50 MB by the discovery document
MAX_BANNER = 6 * 1024 * 1024  # bytes; discovery document, channelBanners.insert

# One permission for everything here: whatever is done to videos, captions, channels, comments and live broadcasts
# (discovery document: every method that we call lists it).
SCOPE = "https://www.googleapis.com/auth/youtube.force-ssl"

# “News & Politics”: a public body's word to the public is that sooner than “People & Blogs” (22), the default.
CATEGORY = "25"

CLIENT_ID, CLIENT_SECRET = "client_id", "client_secret"

SPEC = Spec(
    slug="youtube",
    name=NAME,
    media=MediaRules(
        max_count=0,
        max_bytes=0,
        mimes=frozenset(),
        max_alt=0,
        min_count=1,
        video=VideoRules(
            max_bytes=256 * 1024**3,  # discovery document, videos.insert: maxSize
            # YouTube's help: 15 minutes for channels that have not confirmed a phone number, else 12 hours. YouTube
            # itself refuses what is too long for the channel (rejectionReason “length”).
            max_seconds=12 * 3_600,
            max_alt=0,  # a video has no description for the blind but its captions
            mimes=frozenset({"video/mp4", "video/quicktime"}),
            captions=True,
        ),
    ),
    connect_fields=(
        ConnectField(
            "access_token",
            "Access token",
            "From Google's OAuth playground. Not needed when you sign in at Google instead.",
            secret=True,
        ),
        ConnectField(
            "refresh_token",
            "Refresh token",
            "Shown beside it. Without one the connection ends in an hour.",
            secret=True,
        ),
    ),
    app_fields=(
        ConnectField("client_id", "Client ID", "Of this body's own project, from the Google Cloud console."),
        ConnectField("client_secret", "Client secret", "Of the same OAuth client.", secret=True),
    ),
    # YouTube names no lag. A video is asked for by its id, which shows a change within seconds.
    read_lag=timedelta(seconds=15),
    # A lease outlasts the last moment to call by 15 seconds, and an upload calls until that moment.
    timeout=timedelta(seconds=15),
    natural_key=True,  # the session's address, then the video's id, and a tag of ours on the video while it is private
    default_base_url=API,
)


def site_of(base_url: str) -> str:
    """Where people watch what stands at this address of the interface."""
    base_url = base_url.rstrip("/")
    return SITES.get(base_url, base_url)


def consent_of(base_url: str) -> str:
    base_url = base_url.rstrip("/")
    return CONSENT.get(base_url, f"{base_url}/o/oauth2/v2/auth")


def token_endpoint(base_url: str) -> str:
    """The address of the token endpoint."""
    base_url = base_url.rstrip("/")
    return TOKENS.get(base_url, f"{base_url}/token")

"""Hootsuite as data: one account is one social profile that Hootsuite publishes to.

Facts come from Hootsuite's own description of its REST API (swagger of version 1.0, as kept publicly in 2026), and of
recorded exchanges where said. The limits of a text, of pictures and of videos are the profile's own network's:
Hootsuite publishes none for its interface.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from mercat.networks.port import ConnectField, MediaRules, Spec, VideoRules

NAME = "Hootsuite"
API = "https://platform.hootsuite.com"
# Where Hootsuite lets files be handed over: "an Amazon S3 upload URL". No token goes there, only the file.
UPLOAD_DOMAINS = (".amazonaws.com", ".hootsuite.com")

SCOPES = "offline"  # with it the sign-in gives a refresh token; what a member may do is set in Hootsuite itself

PROFILE = "profile"

PROFILE_TYPE = "profile_type"  # the one limit that is kept of an account: a number of KINDS

# One call hands a whole file over, and has to end within the time-out.
MAX_VIDEO_BYTES = 50_000_000
MAX_PICTURE_BYTES = 5_000_000  # of the networks behind Hootsuite X takes the smallest


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of social profile. `text` in characters; `page` and `post`: addresses of the profile and of a post there,
    "" where none can be told from the numbers alone."""

    number: int  # never given to another type: it is stored with the account
    type: str
    name: str
    text: int
    pictures: int
    seconds: float  # of a video
    page: str = ""
    post: str = ""
    least: int = 0  # pictures or videos without which the network takes no post


# Unconfirmed, because Hootsuite's documentation of the interface is silent: the numbers of pictures and the lengths of
# videos, which are those that Hootsuite's own composer was told to take. Types of the API that are not here cannot be
# published to without more than words and files (Pinterest asks for a board, YouTube for a title), or are persons' own.
KINDS = (
    Kind(1, "TWITTER", "X", 280, 4, 140, "https://x.com/i/user/{id}", "https://x.com/i/web/status/{post}"),
    Kind(2, "FACEBOOKPAGE", "Facebook", 63_206, 10, 1_200, "https://www.facebook.com/{id}"),
    Kind(3, "INSTAGRAMBUSINESS", "Instagram", 2_200, 10, 900, "https://www.instagram.com/{name}/", least=1),
    Kind(4, "LINKEDINCOMPANY", "LinkedIn", 3_000, 9, 600, "https://www.linkedin.com/company/{id}/"),
    Kind(5, "THREADS", "Threads", 500, 10, 300, "https://www.threads.com/@{name}"),
    Kind(6, "TIKTOKBUSINESS", "TikTok", 2_200, 0, 600, "https://www.tiktok.com/@{name}", least=1),
)
_BY_TYPE = {kind.type: kind for kind in KINDS}
_BY_NUMBER = {kind.number: kind for kind in KINDS}
_STRICTEST = Kind(0, "", "its network", 280, 4, 140)  # for an account of which nothing is known


def kind_of(type_: str) -> Kind | None:
    """None for a type that Mercat does not publish to."""
    return _BY_TYPE.get(type_)


def kind_in(limits: Mapping[str, int]) -> Kind:
    return _BY_NUMBER.get(limits.get(PROFILE_TYPE, 0), _STRICTEST)


def media_rules(kind: Kind) -> MediaRules:
    """`max_alt` 0: the API has no field for what a picture or a video shows (its media are `id` and `videoOptions`)."""
    return MediaRules(
        max_count=kind.pictures,
        max_bytes=MAX_PICTURE_BYTES,
        mimes=frozenset({"image/jpeg", "image/png", "image/gif"}),  # MediaUploadUrlRequest
        max_alt=0,
        min_count=kind.least,
        video=VideoRules(max_bytes=MAX_VIDEO_BYTES, max_seconds=kind.seconds, max_alt=0),
    )


SPEC = Spec(
    slug="hootsuite",
    name=NAME,
    media=media_rules(_BY_TYPE["FACEBOOKPAGE"]),
    connect_fields=(
        ConnectField(
            PROFILE,
            "Social profile",
            "Its number at Hootsuite, or its name on its own network as Hootsuite shows it. For X only the number.",
        ),
        ConnectField(
            "access_token",
            "Access token",
            "Of a member who may publish to the profile. Not needed when you sign in at Hootsuite instead.",
            secret=True,
        ),
    ),
    app_fields=(
        ConnectField("client_id", "Client ID", "Of the body's own app in Hootsuite's developer portal."),
        ConnectField(
            "client_secret", "Client secret", "From the same page. It signs nobody in by itself.", secret=True
        ),
    ),
    # "Messages might be unavailable for a brief time during upload to social networks" (Retrieve message).
    read_lag=timedelta(minutes=2),
    timeout=timedelta(seconds=60),
    natural_key=False,
    default_base_url=API,
)

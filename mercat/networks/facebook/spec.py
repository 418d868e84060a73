"""Facebook Pages as data."""

from __future__ import annotations

from datetime import timedelta

from mercat.networks.kit.graph import GRAPH, TOKEN
from mercat.networks.kit.graph_login import APP_FIELDS
from mercat.networks.port import ConnectField, MediaRules, Spec, VideoRules

NAME = "Facebook"

MAX_CHARACTERS = 63_206  # not in Meta's documents; what Facebook's own composer stops at

# What the connection may do, and no more (developers.facebook.com/docs/permissions).
SCOPES = (
    "pages_show_list",
    "pages_manage_posts",
    "pages_read_engagement",
    "pages_read_user_content",
    "pages_manage_metadata",
    "read_insights",
)
NEEDED = ("pages_manage_posts", "pages_read_engagement")  # without these nothing can be published or read back

# Which videos are reels (documentation/video-api/guides/reels-publishing). How far from 9:16 Meta lets one be is not in
# it. It also asks for 24 to 60 frames a second: ours have no more, and one that has fewer goes as a video after all.
REEL_SHAPE, REEL_TOLERANCE = 9 / 16, 0.01
REEL_WIDTH, REEL_HEIGHT = 540, 960  # pixels, at least
REEL_SECONDS = (3.0, 90.0)
MOST_REELS = 30  # published by an app on one page within 24 hours, whichever they are
UPLOAD_HOST = "rupload.facebook.com"  # where the addresses lead that Meta names for reels

SPEC = Spec(
    slug="facebook",
    name=NAME,
    media=MediaRules(
        max_count=10,  # not in Meta's documents; more are refused in practice
        max_bytes=4_000_000,  # older documents say 4 MB, newer ones 10: the stricter
        mimes=frozenset({"image/jpeg", "image/png"}),  # GIF, BMP and TIFF are taken too, and become still JPEGs
        max_alt=1_000,  # Meta names none for alt_text_custom; as on Instagram
        video=VideoRules(
            # documentation/video-api/reference/error-codes, subcode 1363023: “The maximum size for a video is 2 GB”.
            # Pages for advertisers speak of 10 GB: the stricter.
            max_bytes=2_000_000_000,
            max_seconds=14_400,  # not in those documents; 240 minutes is what advertisers are told
            max_alt=0,  # the fields of a video (AdVideo.json, v25.0) have no description but the post's own words
            captions=True,  # docs/graph-api/reference/video/captions: SRT, up to 200 kB
        ),
    ),
    connect_fields=(
        ConnectField("page", "Page", "The page’s name or address. Needed where you manage more than one."),
        ConnectField(
            TOKEN,
            "Access token",
            "Of a system user or of the page itself. Not needed when you sign in with Facebook instead.",
            secret=True,
        ),
    ),
    read_lag=timedelta(seconds=30),  # not in Meta's documents; edges of a page are indexed some seconds after its posts
    timeout=timedelta(seconds=30),
    natural_key=False,
    default_base_url=GRAPH,
    app_fields=APP_FIELDS,
)

"""Instagram as data."""

from __future__ import annotations

from datetime import timedelta

from mercat.networks.kit.graph import GRAPH, TOKEN
from mercat.networks.kit.graph_login import APP_FIELDS
from mercat.networks.port import ConnectField, MediaRules, Spec, VideoRules

NAME = "Instagram"
SITE = "https://www.instagram.com"  # where people read

MAX_CAPTION = 2_200  # Meta: reference/ig-user/media; a longer one is refused with 36004/2207010
MAX_TAGS = 30  # the same page
MAX_MENTIONS = 20  # the same page; more are refused with 100/2207040
# Width by height, from 4:5 upright to 1.91:1 wide; another shape is refused with 36003/2207009. Pictures narrower than
# 320 or wider than 1,440 pixels are scaled by Instagram.
NARROWEST, WIDEST = 4 / 5, 1.91

# What the connection may do, and no more (developers.facebook.com/docs/permissions), with signing in by Facebook: only
# so can accounts be looked up and posts be deleted.
SCOPES = (
    "instagram_basic",
    "instagram_content_publish",
    "instagram_manage_comments",
    "instagram_manage_insights",
    "instagram_manage_contents",
    "pages_show_list",
    "pages_read_engagement",
)
NEEDED = ("instagram_basic", "instagram_content_publish")  # without these nothing can be published or read back

SPEC = Spec(
    slug="instagram",
    name=NAME,
    media=MediaRules(
        max_count=10,  # of a carousel by the interface; Instagram's own app takes 20
        max_bytes=8_000_000,  # “less than 8 MiB” (36000/2207004): the stricter
        mimes=frozenset({"image/jpeg"}),
        max_alt=1_000,
        longest_side=1_800,  # 1,440 wide is kept (above): so long is the side of the tallest shape, 4:5
        min_count=1,
        # Meta: reference/ig-user/media, “Reel specifications”: 3 seconds to 15 minutes, 300 MB. Newer copies say 1 GB:
        # the stricter. alt_text goes with images alone.
        video=VideoRules(max_bytes=300_000_000, max_seconds=900, min_seconds=3, max_alt=0),
    ),
    connect_fields=(
        ConnectField("account", "Account", "The account’s name, without the @. Needed where you manage more than one."),
        ConnectField(
            TOKEN,
            "Access token",
            "Of the page that the account is linked to, or of a system user. Not needed when you sign in instead.",
            secret=True,
        ),
    ),
    read_lag=timedelta(seconds=30),  # not in Meta's documents; new posts are listed some seconds late
    timeout=timedelta(seconds=45),  # a container is answered only once the picture has been fetched
    natural_key=True,
    default_base_url=GRAPH,
    app_fields=APP_FIELDS,
    fetches_media=True,
    # Not confirmed: Meta's pages name a story's video (3 to 60 seconds, 100 MB) in copies alone, and for its pictures
    # recommend 9:16 without naming a border. Descriptions are not taken of stories.
    stories=MediaRules(
        max_count=1,
        max_bytes=8_000_000,
        mimes=frozenset({"image/jpeg"}),
        max_alt=0,
        min_count=1,
        longest_side=1_800,
        video=VideoRules(max_bytes=100_000_000, max_seconds=60, min_seconds=3, max_alt=0),
    ),
)

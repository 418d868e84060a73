"""LinkedIn as data: the pages of organisations, by its versioned interface."""

from __future__ import annotations

from datetime import date, timedelta

from mercat.networks.kit.sunset import Sunset
from mercat.networks.port import ConnectField, DocumentRules, MediaRules, Spec, VideoRules

NAME = "LinkedIn"
API = "https://api.linkedin.com"
SITE = "https://www.linkedin.com"  # where people read and sign in
# The hosts at which LinkedIn takes pictures, as its documentation shows them. No picture goes elsewhere, and no token.
UPLOAD_HOSTS = frozenset({"www.linkedin.com", "api.linkedin.com"})

# The version of the interface that every call names. LinkedIn withdraws each about a year after its month and answers
# no call with an older one: read what has changed (learn.microsoft.com/linkedin/marketing/versioning), then set both.
VERSION = "202609"
# Versions of a month have ended about its middle a year later; the very day is told late.
SUNSET = Sunset(NAME, VERSION, date(2027, 9, 15))

# No official page names the limit of a post's text (3,000 by third parties, and by LinkedIn's own composer, which
# counts units of UTF-16). Longer text has been cut without a word, so it is never sent.
MAX_TEXT = 3_000
MAX_PIXELS = 36_152_319  # Images API: fewer than 36,152,320
MAX_IMAGES = 20  # MultiImage API: 2 to 20

# What the connection may do: read and write the page's posts; see who administers the page, its figures and profile.
# The last may also change the page: there is no narrower one in the Community Management API.
SCOPES = "r_organization_social w_organization_social rw_organization_admin"
# Who may post for a page (Posts API, and the names of roles in Organization Access Control).
ROLES = frozenset({"ADMINISTRATOR", "CONTENT_ADMINISTRATOR", "CONTENT_ADMIN", "DIRECT_SPONSORED_CONTENT_POSTER"})

ORGANISATION, TOKEN, CLIENT_ID, CLIENT_SECRET = "organisation", "token", "client_id", "client_secret"

SPEC = Spec(
    slug="linkedin",
    name=NAME,
    media=MediaRules(
        max_count=MAX_IMAGES,
        max_bytes=5_000_000,  # the documentation names pixels only; 5 MB is what third parties tell of a post's picture
        mimes=frozenset({"image/jpeg", "image/png", "image/gif"}),  # Images API
        max_alt=4_086,  # told of the Posts API's altText; no dated copy of the page that we found holds the number
        # Videos API, “Video File Size Specifications”: 75 kB to 500 MB, 3 seconds to 30 minutes, MP4. Whoever makes a
        # video smaller than that is told by LinkedIn. It has no description there: altText is for pictures.
        video=VideoRules(max_bytes=500_000_000, max_seconds=1_800, min_seconds=3, max_alt=0),
    ),
    connect_fields=(
        ConnectField(
            ORGANISATION,
            "Page",
            "The address of the page, its name in that address (such as example-police), or its number.",
        ),
        ConnectField(
            TOKEN,
            "Access token",
            "From the token generator of LinkedIn's developer portal. Not needed when you sign in there instead.",
            secret=True,
        ),
    ),
    app_fields=(
        ConnectField(CLIENT_ID, "Client ID", "Of the body's own app in LinkedIn's developer portal, under Auth."),
        ConnectField(CLIENT_SECRET, "Client secret", "From the same page. It signs nobody in by itself.", secret=True),
    ),
    # A post that was accepted can still vanish while its pictures are prepared, within minutes by users' reports.
    read_lag=timedelta(minutes=5),
    timeout=timedelta(seconds=30),
    natural_key=False,
    default_base_url=API,
    # Documents API: PDF among others, 300 pages, 100 MB. It takes them in one call, and 15 MB are what the time-out of
    # one carries at 4 Mbit/s. The length of a title is in no document that could be read: 58 characters are what
    # LinkedIn's own composer takes, by third parties.
    documents=DocumentRules(max_pages=300, max_bytes=15_000_000, max_title=58),
)

"""Stand-in of Bluesky: the part of an AT Protocol server (PDS) that publishing needs, and public pages."""

from mercat.sandbox.bluesky.standin import Bluesky

STAND_IN = Bluesky()

"""Stand-in of a Mastodon server: the part of its API that publishing needs, its consent page, and public pages."""

from mercat.sandbox.mastodon.standin import Mastodon

STAND_IN = Mastodon()

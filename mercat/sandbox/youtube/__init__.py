"""Stand-in of YouTube: what publishing, reading, listening and going live need of its API, consent page, channel pages."""

from mercat.sandbox.youtube.standin import YouTube

STAND_IN = YouTube()

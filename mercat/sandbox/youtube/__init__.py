"""Stand-in of YouTube: the part of its API that publishing, listening and live broadcasts need, and channel pages."""

from mercat.sandbox.youtube.standin import YouTube

STAND_IN = YouTube()

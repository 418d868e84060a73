"""Stand-in of Hootsuite: messages, media, social profiles and sign-in of its REST API, and public pages of profiles."""

from mercat.sandbox.hootsuite.standin import Hootsuite

STAND_IN = Hootsuite()

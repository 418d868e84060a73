"""Stand-in of X: the part of its API that publishing, reading and listening need, its consent page, public pages."""

from mercat.sandbox.x.standin import X

STAND_IN = X()

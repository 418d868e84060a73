"""Stand-in of Threads: what publishing needs of its interface, its sign-in, and public pages."""

from mercat.sandbox.threads.standin import Threads

STAND_IN = Threads()

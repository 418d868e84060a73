"""Stand-in of LinkedIn: the part of its versioned interface that a page needs, its consent page, and public pages."""

from mercat.sandbox.linkedin.standin import LinkedIn

STAND_IN = LinkedIn()

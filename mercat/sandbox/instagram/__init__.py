"""Stand-in of Instagram: what publishing needs of the Graph API, the sign-in by Facebook, and public pages."""

from mercat.sandbox.instagram.standin import Instagram

STAND_IN = Instagram()

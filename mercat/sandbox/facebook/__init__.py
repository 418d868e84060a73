"""Stand-in of Facebook Pages: what a page's publishing needs of the Graph API, the sign-in, and public pages."""

from mercat.sandbox.facebook.standin import Facebook

STAND_IN = Facebook()

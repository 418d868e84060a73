"""Pages of signing in: on the way in, one's own sign-in, and what is done for others who lost theirs."""

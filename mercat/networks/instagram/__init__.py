"""Instagram's professional accounts, by Meta's Graph API."""

"""Posts on official accounts that did not go through the tool: found, expected or flagged, and settled (6.2, 6.3)."""

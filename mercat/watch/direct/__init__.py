"""Posts on official accounts that did not go through the tool: found, expected or flagged, and settled (6.2, 6.3)."""

from datetime import timedelta

CLOCKS = timedelta(minutes=1)  # by which a network's clock and ours may differ

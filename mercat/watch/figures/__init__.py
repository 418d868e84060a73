"""What became of a post among people: its network's figures, asked for at growing distances from when it went out."""

from datetime import timedelta

DISTANCES = (
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(days=1),
    timedelta(days=3),
    timedelta(days=7),
    timedelta(days=30),
)

"""What the commands tell a person when they cannot do what was asked."""

from __future__ import annotations

PACK_REMEDY = "Put the lines right that are named, or choose another pack with MERCAT_PACK."


class Problem(Exception):
    """Says what happened, what was kept, and what to do. Shown as it is, without a traceback; exit code 1."""

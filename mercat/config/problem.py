"""What the commands tell a person when they cannot do what was asked."""

from __future__ import annotations


class Problem(Exception):
    """Says what happened, what was kept, and what to do. Shown as it is, without a traceback; exit code 1."""

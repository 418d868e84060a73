"""Cases of found accounts, and posts that did not go through the tool."""

from mercat.watch.models.cases import Case, CaseNote

__all__ = [
    "Case",
    "CaseNote",
]

"""Reads of connections."""

from __future__ import annotations

from django.db.models import QuerySet

from mercat.register.facts import with_facts
from mercat.register.models import Account


def kept() -> QuerySet[Account]:
    """Every account that is not closed, with its connection and what guidance asks about it."""
    return with_facts(Account.objects.exclude(status=Account.Status.CLOSED))

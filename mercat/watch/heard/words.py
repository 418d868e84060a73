"""The body's standing words for people who write instead of calling, in the length of each network."""

from __future__ import annotations

from mercat.networks import registry
from mercat.people.pack import guidance
from mercat.register.models import Account


def standing_words(account: Account) -> str:
    """The longest of the pack's texts that the account's network takes. The last one is short enough for all."""
    texts = guidance().pack.signposting.texts
    return next((text for text in texts if _fits(text, account)), texts[-1])


def _fits(text: str, account: Account) -> bool:
    if not registry.known(account.network):
        return False
    connection = getattr(account, "connection", None)
    count = registry.get(account.network).count(text, connection.limits if connection else {})
    return count.used <= count.limit

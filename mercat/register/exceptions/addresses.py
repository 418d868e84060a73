"""Whether an address is one on an account's own network."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from mercat.networks import registry
from mercat.networks.kit.addresses import Disguised, NoAccount, Place, place_of
from mercat.people.actions import Impossible
from mercat.register.models import Account

MOST = 500  # characters
KEPT = "Nothing was saved."


def on_network(account: Account, text: str) -> str:
    """The address of a post as it was given. Raises Impossible where it could lead anywhere else.

    Hosts are those of the network; where an account may be on any (Mastodon), the account's own server alone.
    """
    url = text.strip()
    if len(url) > MOST or not url.isascii() or not url.isprintable() or set(url) & set(' \\"<>'):
        raise Impossible(f"Copy the post’s web address from the network, as it stands there. {KEPT}")
    place = _place(url)
    if not url.lower().startswith("https://") or place is None or not place.path or place.hides or place.port:
        raise Impossible(f"A post’s address begins with https:// and its network’s name. {KEPT}")
    own = _place(account.url) if account.url else None
    if not (own is not None and own.host == place.host) and not _is_of(account.network, place):
        raise Impossible(f"This address is not on the network of “{account}”. {KEPT}")
    return f"https://{url[len('https://') :]}"


def _place(url: str) -> Place | None:
    try:
        return place_of(url) if urlsplit(url).hostname else None
    except ValueError:  # NoAccount is one
        return None


def _is_of(network: str, place: Place) -> bool:
    return any(_knows(each.at, place) for each in registry.spellings() if each.network == network and not each.anywhere)


def _knows(at: Callable[[Place], str | None], place: Place) -> bool:
    """A network that says that an address of its own is no account has known the host for its own."""
    try:
        return at(place) is not None
    except Disguised:
        return False
    except NoAccount:
        return True

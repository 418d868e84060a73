"""Which account an address leads to, and that it is none of the body's own."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlencode

from mercat.networks import registry
from mercat.networks.kit.addresses import Disguised, NoAccount, Place, place_of, tidy
from mercat.people.actions import Impossible
from mercat.register.public.book import BARRED, SHELF, YES

LONGEST = 500  # characters of an address
NOTHING = "Nothing was reported."
IDENTIFYING = frozenset({"id", "u", "user", "channel", "account", "profile", "page", "p"})  # in an address's query


@dataclass(frozen=True, slots=True)
class Named:
    """An account as people found it. `network` is "" where no network known here has accounts at such addresses.

    `key` is the same for every spelling of one account's address.
    """

    network: str
    key: str
    address: str


def read(text: str) -> Named:
    """Raises Impossible where it is no web address of an account, or an official one."""
    try:
        text = tidy(text)
        place = place_of(text)
    except NoAccount as reason:
        raise Impossible(f"{reason} {NOTHING}") from None
    if place is None or not (place.path or place.query):
        raise Impossible(f"Copy the account’s web address from the browser, as it stands there. {NOTHING}")
    _is_not_official(text)
    network, key = _known(place) or ("", _exact(place))
    address = _written(place, whole=not network)
    if len(address) > LONGEST or len(key) > LONGEST:
        raise Impossible(f"This address is too long for one of an account. {NOTHING}")
    return Named(network, key, address)


def known_as(address: str) -> tuple[str, str] | None:
    """The network and key of a registered account's address; None where it has none that can be read."""
    try:
        place = place_of(tidy(address))
        return _known(place) if place else None
    except (NoAccount, Impossible):
        return None


def _is_not_official(text: str) -> None:
    book = SHELF.current()
    verdict = book.look_up(text) if book else None
    if verdict and verdict.verdict in {YES, BARRED}:
        raise Impossible(
            f"{verdict.said} {NOTHING} If something there is wrong, ask for advice on the account’s own page."
        )


def _known(place: Place) -> tuple[str, str] | None:
    """The network and key. Raises Impossible for an address of a network that is not one of an account."""
    for spelling in registry.spellings():
        try:
            key = spelling.at(place)
        except Disguised:
            return None
        except NoAccount as reason:
            raise Impossible(f"{reason} Open the account’s own page, and copy its address. {NOTHING}") from None
        if key:
            # What could stand on any host may be of any network: TikTok writes its names as Mastodon's servers do.
            return ("", f"{place.host}/{key}") if spelling.anywhere else (spelling.network, key)
    return None


def _exact(place: Place) -> str:
    return _written(place, whole=True).removeprefix("https://")


def _written(place: Place, *, whole: bool) -> str:
    """Not `whole`: without what an address of a known network carries besides its account, as who passed it on."""
    port = f":{place.port}" if place.port else ""
    kept = {name: value for name, value in sorted(place.query.items()) if whole or name in IDENTIFYING}
    path = "/".join(quote(part, safe="@:~!$&'()*+,;=") for part in place.path)
    return f"https://{place.host}{port}/{path}{'?' + urlencode(kept) if kept else ''}"

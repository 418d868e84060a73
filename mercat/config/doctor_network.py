"""`mercat doctor NETWORK`: whether posts can reach a network and be fetched by it, and each of its accounts be used.

It asks the network itself, and changes nothing but that an account's connection shows when it was last used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import httpx

from mercat.config.doctor_findings import CLOCKS_APART, WARNING, WELL, WRONG, Finding
from mercat.config.environment import Environment, is_loopback
from mercat.networks import registry
from mercat.networks.kit.http import guarded_client
from mercat.networks.kit.ratelimit import server_time
from mercat.networks.port import Network, Unreadable

FETCHING = "/sending/media/"


def now_here() -> datetime:
    return datetime.now(UTC)


def examine(slug: str, env: Environment, *, clock: Callable[[], datetime] = now_here) -> list[Finding]:
    """Every finding about a network, in the order in which to put things right. Raises UnknownNetwork."""
    from mercat.config.cli import set_up_django

    network = registry.get(slug)
    set_up_django()
    from django.conf import settings

    now = clock()
    with guarded_client(timeout=network.spec.timeout, allow_private=settings.MERCAT_PRIVATE_ORIGINS) as http:
        return [
            taken_into_use(network),
            registration(network),
            *redirect_address(network, env),
            *media_address(network, env, http),
            *(finding for base in _servers(network) for finding in server(network, base, http, clock)),
            interface(network, now),
            *accounts(network, http, now),
        ]


def taken_into_use(network: Network) -> Finding:
    from mercat.people.pack import guidance

    pack = guidance().pack
    if network.spec.slug in {each.key for each in pack.networks}:
        return Finding("Pack", WELL, f"{pack.key} lists {network.spec.name}")
    remedy = f"Add `{network.spec.slug}` under `networks` in the pack, if this body uses {network.spec.name}."
    found = f"{pack.key} does not list {network.spec.name}: nobody can ask for an account there"
    return Finding("Pack", WARNING, found, remedy)


def registration(network: Network) -> Finding:
    """Whether the body's own registration is known. Its values are not shown."""
    from mercat.register.connections import app_of

    needed = network.spec.app_fields
    if not needed:
        return Finding("Registration", WELL, f"{network.spec.name} needs none")
    known = app_of(network.spec.slug)
    lacking = [field.label for field in needed if not known.get(field.name)]
    if not lacking:
        return Finding("Registration", WELL, f"{' and '.join(field.label for field in needed)} are there")
    remedy = f"Write them under [{network.spec.slug}] in secrets/apps.toml (docs/how-to/connections.md), and restart."
    return Finding("Registration", WRONG, f"{' and '.join(lacking)} missing", remedy)


def redirect_address(network: Network, env: Environment) -> Iterator[Finding]:
    """Where the network sends people back to, which it must know letter by letter."""
    if network.oauth is None:
        return
    from django.urls import reverse

    address = f"{env.base_url}{reverse('register:finish')}"
    if address.startswith("https://") or is_loopback(urlsplit(address).hostname or ""):
        yield Finding("Redirect address", WELL, f"{address} (as the app's page at {network.spec.name} must have it)")
        return
    remedy = "Set MERCAT_PUBLIC_URL to the address people use, beginning with https://."
    yield Finding("Redirect address", WRONG, f"{address} is not encrypted: networks refuse it", remedy)


def media_address(network: Network, env: Environment, http: httpx.Client) -> Iterator[Finding]:
    """Whether the network can fetch what a post shows."""
    if not network.spec.fetches_media:
        return
    name = network.spec.name
    if not env.fetched_from:
        remedy = "Set MERCAT_MEDIA_URL to an address of this server that is reached from outside."
        yield Finding("Media address", WRONG, f"none is set, and {name} fetches pictures itself", remedy)
        return
    try:
        answer = http.get(f"{env.fetched_from}/robots.txt")
        ours = f"Allow: {FETCHING}" in answer.text
        found = "" if ours else f"what answers at {env.fetched_from} is not this programme"
    except httpx.HTTPError as error:
        found = f"{env.fetched_from} does not answer ({type(error).__name__})"
    if not found:
        yield Finding("Media address", WELL, f"{env.fetched_from} answers")
        return
    remedy = f"Let {env.fetched_from}/robots.txt and {FETCHING} reach the web process from outside."
    yield Finding("Media address", WRONG, found, remedy)


def _servers(network: Network) -> list[str]:
    """Those that accounts are connected to; before the first, the network's own."""
    from mercat.register.models import Connection

    known = Connection.objects.filter(account__network=network.spec.slug, state=Connection.State.WORKING)
    places = sorted(set(known.values_list("base_url", flat=True)))
    return places or [base for base in [network.spec.default_base_url] if base]


def server(network: Network, base_url: str, http: httpx.Client, clock: Callable[[], datetime]) -> Iterator[Finding]:
    """Whether it answers at all, whatever it says, and whether its clock and ours agree, however slow it is."""
    asked = clock()
    try:
        answer = http.get(base_url)
    except httpx.HTTPError as error:
        remedy = "Let this machine reach it: a firewall, a proxy or a name server may stand between."
        yield Finding("Server", WRONG, f"{base_url} does not answer ({type(error).__name__})", remedy)
        return
    yield Finding("Server", WELL, f"{base_url} answers")
    answered, theirs = clock(), server_time(answer.headers)
    if theirs is None:
        return
    apart = max(asked - theirs, theirs - answered, timedelta())
    if apart <= CLOCKS_APART + timedelta(seconds=1):  # it tells whole seconds
        yield Finding("Time", WELL, f"this machine and {network.spec.name} agree")
        return
    found = f"this machine and {network.spec.name} are {apart.total_seconds():.0f} s apart"
    yield Finding("Time", WRONG, found, "Let this machine keep time by NTP: networks refuse what is signed too late.")


def interface(network: Network, now: datetime) -> Finding:
    warning = network.warning(now)
    if warning:
        return Finding("Interface", WARNING, warning, "See CHANGELOG.md of the newest version.")
    return Finding("Interface", WELL, "no end of it is near")


def accounts(network: Network, http: httpx.Client, now: datetime) -> Iterable[Finding]:
    """Each connected account, by what the network answers to its credentials."""
    from mercat.register.models import Account

    closed = Account.Status.CLOSED
    rows = Account.objects.filter(network=network.spec.slug).exclude(status=closed).select_related("connection")
    found = [account(network, row, http, now) for row in rows.order_by("name") if hasattr(row, "connection")]
    return found or [Finding("Accounts", WELL, "none is connected yet")]


def account(network: Network, row: object, http: httpx.Client, now: datetime) -> Finding:
    from mercat.people.vault import Unopenable
    from mercat.register.connections import channel
    from mercat.register.models import Connection

    connection, name = row.connection, f"Account {row.name}"
    page = "Connect it anew on its page in the register."
    if connection.state != Connection.State.WORKING:
        return Finding(name, WRONG, f"{connection.get_state_display().lower()}: {connection.reason}", page)
    if network.profiler is None:
        return Finding(name, WELL, "connected; this network lets nobody ask further")
    try:
        seen = network.profiler.profile(channel(row, http), now=now)
    except Unopenable as error:
        return Finding(name, WARNING, str(error), "Run this as the user that sends, who may open credentials.")
    if isinstance(seen, Unreadable):
        remedy = page if seen.reconnect else "Try again in a minute; if it stays, look at the account on the network."
        return Finding(name, WRONG if seen.reconnect else WARNING, seen.reason, remedy)
    if connection.ends_at and connection.ends_at - now < timedelta(days=7):
        return Finding(name, WARNING, f"the connection ends on {connection.ends_at:%-d %B}", page)
    return Finding(name, WELL, f"{network.spec.name} takes its credentials, and calls it “{seen.name}”")

"""Which networks there are: every folder of this room with an `adapter.py`, and what outside packages bring.

Adding a folder is enough. An outside package names its folder (a Python package with `adapter.py`, `guide.md` and
`icon.svg`) in an entry point of the group `mercat.networks`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from importlib.resources import files
from types import MappingProxyType

from mercat.networks.kit.addresses import SITES, Spellings
from mercat.networks.port import Network

GROUP = "mercat.networks"
_ROOM = "mercat.networks"


class UnknownNetwork(LookupError):
    """No folder brings this slug."""

    def __init__(self, slug: str) -> None:
        known = ", ".join(_folders()) or "none"
        super().__init__(f"There is no network “{slug}” in this installation. Known are: {known}.")


class BadNetwork(Exception):
    """A folder is not a network; the message names the folder and what is wrong with it."""


def get(slug: str) -> Network:
    """The network of this slug. Raises UnknownNetwork."""
    if slug not in _folders():
        raise UnknownNetwork(slug)
    return _load(slug)


def known(slug: str) -> bool:
    """Whether a folder brings this slug."""
    return slug in _folders()


def all() -> tuple[Network, ...]:
    """Every network, ordered by slug."""
    return tuple(_load(slug) for slug in _folders())


def guide(slug: str) -> str:
    """How an administrator gets credentials, as Markdown. Raises UnknownNetwork."""
    return _text(slug, "guide.md")


def report_guide(slug: str) -> str:
    """How an account that pretends to be somebody is reported there, as Markdown; "" where the folder does not say."""
    if slug not in _folders():
        return ""
    told = files(folder(slug)).joinpath("report.md")
    return told.read_text(encoding="utf-8") if told.is_file() else ""


def icon(slug: str) -> str:
    """The network's mark as an SVG document. Raises UnknownNetwork."""
    return _text(slug, "icon.svg")


def folder(slug: str) -> str:
    """The dotted name of the network's package. Raises UnknownNetwork."""
    if slug not in _folders():
        raise UnknownNetwork(slug)
    return _folders()[slug]


@cache
def spellings() -> tuple[Spellings, ...]:
    """How the accounts of each network are written: the folders' own, and those of networks without a folder yet.

    Those that could stand on any host come last.
    """
    brought = {slug: _spellings(package) for slug, package in _folders().items()}
    others = {site.network: site for site in SITES if brought.get(site.network) is None}
    found = [each for each in (brought | others).values() if each is not None]
    return tuple(sorted(found, key=lambda each: each.anywhere))


def _spellings(package: str) -> Spellings | None:
    """None where the folder brings none: its accounts are known by the very address in the register."""
    if not files(package).joinpath("addresses.py").is_file():
        return None
    found: Spellings = import_module(f"{package}.addresses").SPELLINGS
    return found


def _text(slug: str, name: str) -> str:
    return files(folder(slug)).joinpath(name).read_text(encoding="utf-8")


@cache
def _folders() -> MappingProxyType[str, str]:
    found: dict[str, str] = {}
    for slug, package in [*_built_in(), *_outside()]:
        if slug in found:
            raise BadNetwork(f"Two folders bring the network “{slug}”: {found[slug]} and {package}.")
        found[slug] = package
    return MappingProxyType(dict(sorted(found.items())))


def _built_in() -> Iterator[tuple[str, str]]:
    for entry in files(_ROOM).iterdir():
        if entry.is_dir() and entry.joinpath("adapter.py").is_file():
            yield entry.name, f"{_ROOM}.{entry.name}"


def _outside() -> Iterator[tuple[str, str]]:
    for point in entry_points(group=GROUP):
        yield point.name, point.value


@cache
def _load(slug: str) -> Network:
    package = _folders()[slug]
    try:
        network = import_module(f"{package}.adapter").NETWORK
    except (ImportError, AttributeError) as error:
        raise BadNetwork(f"{package} brings no network: {error}") from error
    if not isinstance(network, Network) or network.spec.slug != slug:
        raise BadNetwork(f"{package}.adapter.NETWORK is not a Network with the slug “{slug}”.")
    return network

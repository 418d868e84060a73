"""The addresses of accounts, however they are spelt.

What a text says is read as browsers read it (the URL standard of WHATWG): a scheme or none, `www.`, capitals, per cent
signs, dots in the path, `\\` for `/`, names of hosts in any alphabet. Which addresses of a network are accounts is the
network's own: a folder brings `addresses.py` with its `SPELLINGS`; those of networks that have no folder yet stand
below, until their folders take them over. The same account has the same key, and no other account has it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import parse_qsl, unquote

import idna

MOST = 2_000  # characters; no address that people pass on is longer


class NoAccount(ValueError):
    """This cannot be read as an account. The message says why, for whoever asked."""


class Disguised(NoAccount):
    """It stands where an account's name would stand, and holds letters that no such name has."""


@dataclass(frozen=True, slots=True)
class Place:
    """A web address, taken apart. `host` in ASCII and small letters; `path` decoded, without empty parts.

    `port` is empty where it is the usual one. `hides`: something before an @ might be taken for the host.
    """

    host: str
    path: tuple[str, ...] = ()
    query: Mapping[str, str] = field(default_factory=dict)
    port: str = ""
    hides: bool = False

    @property
    def shown_host(self) -> str:
        """The host in its own alphabet."""
        try:
            return idna.decode(self.host) if "xn--" in self.host else self.host
        except idna.IDNAError:
            return self.host

    @property
    def exact(self) -> tuple[object, ...]:
        """For addresses of places that nothing here has rules for: everything but the scheme."""
        return self.host, self.port, self.path, tuple(sorted(self.query.items()))


class Spellings(Protocol):
    """How one network's accounts are written. `domains`: what people know it by, so that others may not look like it.

    `anywhere`: on hosts of any name, so it is asked after the others.
    """

    @property
    def network(self) -> str: ...

    @property
    def domains(self) -> tuple[str, ...]: ...

    @property
    def anywhere(self) -> bool: ...

    def at(self, place: Place) -> str | None:
        """The key of the account at an address; None where the address is not this network's. Raises NoAccount."""
        ...

    def called(self, name: str) -> str | None:
        """The key of the account that is called so: “@name”, “user@server”, “did:…”. None where none can be."""
        ...

    def numbered(self, native_id: str) -> str | None:
        """The key of the account with the network's own id; None where that id is in no address."""
        ...


_ENDS = "".join(map(chr, range(33))) + "\u00a0\u200b\u200c\u200d\u200e\u200f\u2060\ufeff<>“”\"'"
_WEB = re.compile(r"(?i)(?:https?:)?/{2,}|https?:/*")
_HOST = re.compile(r"[^\s/?#@:]+\.[^\s/?#@:]+|localhost")
_PORT = re.compile(r"(.*?)(?::(\d*))?")
_DOT = re.compile(r"(?i)\.|%2e")
_USUAL = {"", "80", "443"}


def tidy(text: str) -> str:
    """What was pasted, without what came along with it. Raises NoAccount where it is no address by its length."""
    text = text.strip(_ENDS).replace("\t", "").replace("\n", "").replace("\r", "")
    if not text:
        raise NoAccount("There is nothing to check.")
    if len(text) > MOST:
        raise NoAccount("This is too long for the address of an account.")
    return text


def place_of(text: str) -> Place | None:
    """The web address that a tidy text is, with or without its scheme; None where it is something else.

    Raises NoAccount where it is one that leads nowhere.
    """
    text = text.replace("\\", "/")
    scheme = _WEB.match(text)
    rest = text[scheme.end() :] if scheme else text
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if not scheme and not _is_bare(authority, rest):
        return None
    before, _, server = authority.rpartition("@")
    host, port = _PORT.fullmatch(server).groups()  # type: ignore[union-attr]  # it matches everything
    path, _, query = rest[len(authority) :].partition("#")[0].partition("?")
    return Place(
        _host(host),
        _parts(path),
        dict(reversed(parse_qsl(query, keep_blank_values=True, max_num_fields=100))) if query else {},
        "" if (port or "") in _USUAL else port,
        bool(before),
    )


def _is_bare(authority: str, rest: str) -> bool:
    """An address without a scheme. A name alone (`user@server`, `a.name.example`) is told by its network."""
    server = authority.rpartition("@")[2]
    host, port = _PORT.fullmatch(server).groups()  # type: ignore[union-attr]
    return bool(_HOST.fullmatch(host)) and (len(rest) > len(authority) or port is not None)


def _host(host: str) -> str:
    host = unquote(host)
    if host.isascii():
        plain = host.lower()
    else:
        try:
            plain = idna.encode(host, uts46=True).decode()
        except idna.IDNAError:
            raise NoAccount("This names no host that can exist.") from None
    plain = plain.removesuffix(".")
    if len(plain) > 253 or not re.fullmatch(r"[a-z0-9._-]+|\[[0-9a-f:.]+\]", plain):
        raise NoAccount("This names no host that can exist.")
    return plain


def _parts(path: str) -> tuple[str, ...]:
    found: list[str] = []
    for raw in path.split("/"):
        plain = _DOT.sub(".", raw) if raw else raw
        if plain in {"", "."}:
            continue
        if plain == "..":
            del found[-1:]
            continue
        try:
            found.append(unquote(raw, errors="strict"))
        except UnicodeDecodeError:
            raise NoAccount("This address is damaged.") from None
    if any(set(part) & set("/?#\\") or (not part.isprintable() and part.isascii()) for part in found):
        raise NoAccount("This address is damaged.")
    return tuple(found)


@dataclass(frozen=True)
class Site:
    """A network on hosts of its own, as data.

    `paths` are patterns of a whole path, with a group for what names the account: `name` as after an @, `id` for the
    network's number; other groups are name spaces of their own. `query` names the fields that are part of an address.
    """

    network: str
    name: str  # the network's, for people
    domains: tuple[str, ...]
    hosts: str
    names: str
    paths: tuple[str, ...]
    reserved: frozenset[str] = frozenset()
    query: tuple[str, ...] = ()
    ids: str = r"\d{1,25}"
    fold: Callable[[str], str] = str.lower
    anywhere: bool = False

    def __post_init__(self) -> None:
        compiled = [
            re.compile(path.replace("NAME", f"(?P<name>{self.names})").replace("ID", f"(?P<id>{self.ids})"))
            for path in self.paths
        ]
        object.__setattr__(self, "_hosts", re.compile(self.hosts))
        object.__setattr__(self, "_names", re.compile(self.names))
        object.__setattr__(self, "_paths", compiled)

    _hosts: re.Pattern[str] = field(init=False, repr=False, compare=False)
    _names: re.Pattern[str] = field(init=False, repr=False, compare=False)
    _paths: list[re.Pattern[str]] = field(init=False, repr=False, compare=False)

    def at(self, place: Place) -> str | None:
        if place.port or not self._hosts.fullmatch(place.host):
            return None
        path = "/".join(place.path)
        asked = [f"{path}?{name}={place.query[name]}" for name in self.query if name in place.query]
        for target in (*asked, path):
            for pattern in self._paths:
                if found := pattern.fullmatch(target):
                    return self._key(found)
        if not path.isascii():
            raise Disguised(f"It holds letters that names on {self.name} do not have.")
        raise NoAccount(f"This address is on {self.name}, and is not the address of an account.")

    def _key(self, found: re.Match[str]) -> str:
        kind, value = next((kind, value) for kind, value in found.groupdict().items() if value is not None)
        if kind == "id":
            return f"id:{value}"
        folded = self.fold(value)
        if kind == "name" and folded in self.reserved:
            raise NoAccount(f"This address is on {self.name}, and is not the address of an account.")
        return f"{kind}:{folded}"

    def called(self, name: str) -> str | None:
        plain = name.removeprefix("@")
        if not self._names.fullmatch(plain) or self.fold(plain) in self.reserved:
            return None
        return f"name:{self.fold(plain)}"

    def numbered(self, native_id: str) -> str | None:
        return f"id:{native_id}" if re.fullmatch(self.ids, native_id) else None


# Of networks that have no folder: none is left, and the next one begins here.
SITES: tuple[Site, ...] = ()

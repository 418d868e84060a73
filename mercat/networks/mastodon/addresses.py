"""How accounts of Mastodon, and of what speaks like it, are written: a user on a server, and servers are anywhere."""

from __future__ import annotations

import re

import idna

from mercat.networks.kit.addresses import Disguised, NoAccount, Place

_USER = r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?"
_FULL = re.compile(rf"(?:acct:)?@?({_USER})@([^\s/@:]+\.[^\s/@:]+)")
_LOCAL = re.compile(rf"(?:web/|deck/)?(?:@|users/)({_USER})(?:/(?:with_replies|media|featured|followers|following))?")
_REMOTE = re.compile(r"(?:web/|deck/)?@[^/@]+@[^/@]+")


class _Mastodon:
    network = "mastodon"
    domains: tuple[str, ...] = ()
    anywhere = True

    def at(self, place: Place) -> str | None:
        if place.host.startswith("["):
            return None
        path = "/".join(place.path)
        if _REMOTE.fullmatch(path):
            raise NoAccount(
                "This is one server's view of an account on another, and that server could show anything. "
                f"Check {place.path[-1]} itself."
            )
        if found := _LOCAL.fullmatch(path):
            return f"name:{found.group(1).lower()}@{place.host}{place.port and ':' + place.port}"
        if path.startswith("@") and len(place.path) == 1 and not path.isascii():
            raise Disguised("It holds letters that names on Mastodon do not have.")
        return None

    def called(self, name: str) -> str | None:
        found = _FULL.fullmatch(name)
        if not found:
            return None
        user, server = found.groups()
        try:
            host = server.lower() if server.isascii() else idna.encode(server, uts46=True).decode()
        except idna.IDNAError:
            return None
        return f"name:{user.lower()}@{host.removesuffix('.')}"

    def numbered(self, native_id: str) -> str | None:
        """Each server counts its own accounts, and no address that people see holds the number."""
        return None


SPELLINGS = _Mastodon()

"""How Bluesky's accounts are written: by handle, which is the name of a host, or by their identity (DID)."""

from __future__ import annotations

import re

from mercat.networks.kit.addresses import Disguised, NoAccount, Place
from mercat.networks.kit.steps import MOST_NAME

# The AT Protocol's grammar of handles: labels of ASCII, at least two, and the last begins with a letter.
_HANDLE = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?", flags=re.IGNORECASE
)
_DID = re.compile(r"did:plc:[a-z2-7]{24}|did:web:[A-Za-z0-9.-]+")
_APP = re.compile(r"(?:(?:www|m|main|staging)\.)?bsky\.app")
_OWN = ".bsky.social"  # handles that the network itself gives; each leads to its account in a browser


class _Bluesky:
    network = "bluesky"
    domains = ("bsky.app", "bsky.social")
    anywhere = False

    def at(self, place: Place) -> str | None:
        if place.port:
            return None
        if place.host.endswith(_OWN) and not place.path:
            return self.called(f"@{place.host}")
        if not _APP.fullmatch(place.host):
            return None
        if len(place.path) == 2 and place.path[0] == "profile":
            if key := self.called(f"@{place.path[1].removeprefix('@')}"):
                return key
            if not place.path[1].isascii():
                raise Disguised("It holds letters that names on Bluesky do not have.")
        raise NoAccount("This address is on Bluesky, and is not the address of an account.")

    def called(self, name: str) -> str | None:
        """`at://` may stand before, as the AT Protocol writes it. A bare name needs its @, or to be the network's own:
        any other could as well be a web site."""
        plain = name.removeprefix("at://")
        named = name.startswith(("@", "at://"))
        plain = plain.removeprefix("@").removesuffix("/")
        if _DID.fullmatch(plain):
            return f"did:{plain}"
        if not _HANDLE.fullmatch(plain) or len(plain) > MOST_NAME:
            return None
        return f"name:{plain.lower()}" if named or plain.lower().endswith(_OWN) else None

    def numbered(self, native_id: str) -> str | None:
        return f"did:{native_id}" if _DID.fullmatch(native_id) else None


SPELLINGS = _Bluesky()

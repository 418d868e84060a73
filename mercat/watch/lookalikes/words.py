"""Under which names somebody would pretend to be the body, and whether an account bears one of them.

A name is looked at as somebody does who does not look twice. Only what an account calls itself counts: whoever tells
of the body in their description, as its people may do on accounts of their own, does not pretend to be it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from mercat.networks.kit.lookalikes import skeleton
from mercat.networks.port import FoundAccount
from mercat.people.pack import guidance
from mercat.register.models import Account

WITHIN = 10  # letters of a name of ours that counts within a longer one: “Police” is everybody's
NEARLY = 8  # letters of one that counts with a letter wrong
ALIKE = 0.9  # of 1
_ASIDE = re.compile(r"\s*\([^()]*\)\s*$")  # by which the register tells accounts of one name apart


@dataclass(frozen=True, slots=True)
class Wanted:
    """Words to search for. `first`: a name of the body itself, searched for before all others."""

    words: str
    first: bool


def wanted_on(network: str, *, exact: bool) -> list[Wanted]:
    """What to search for there. `exact`: the network tells of whole handles alone, so that names are handles that could
    be made of them, and our own handles there lead to ourselves."""
    accounts = list(_official())
    names = list(_names())
    if exact:
        names += [f"{name} official" for name in names]
    ours = {_plain(each.handle) for each in accounts if each.network == network} if exact else set()
    others = [_named(each) for each in accounts] + [user_of(each.handle) for each in accounts if each.handle]
    found = [Wanted(name, True) for name in names] + [Wanted(other, False) for other in others]
    return [each for each in _once(found) if _plain(each.words) not in ours]


def names_of_ours() -> list[str]:
    """Every name and handle by which an account may be taken for ours, each look once."""
    accounts = list(_official())
    ours = [*_names(), *map(_named, accounts), *(user_of(each.handle) for each in accounts if each.handle)]
    return [each.words for each in _once(Wanted(name, False) for name in ours)]


def words_of(found: FoundAccount, ours: Iterable[str]) -> list[str]:
    """Those of our names that an account bears, or nearly: why it may be taken for ours."""
    bears = {look_of(each) for each in (found.name, *_parts(found.handle))} - {""}
    return [name for name in ours if _is_borne(look_of(name), bears)]


def look_of(words: str) -> str:
    return skeleton("".join(words.split()))


def user_of(handle: str) -> str:
    """A handle without the server it is on. A name of a host, as Bluesky's are, says who it is in its first part."""
    user = _plain(handle).partition("@")[0]
    return user.partition(".")[0] if user.count(".") > 1 else user


def _parts(handle: str) -> set[str]:
    return {user_of(handle), _plain(handle).partition("@")[0]}


def _plain(handle: str) -> str:
    return handle.strip().removeprefix("@").lower()


def _is_borne(ours: str, theirs: Iterable[str]) -> bool:
    return any(ours == look or _is_within(ours, look) or _is_nearly(ours, look) for look in theirs)


def _is_within(ours: str, look: str) -> bool:
    return len(ours) >= WITHIN and ours in look


def _is_nearly(ours: str, look: str) -> bool:
    """Lengths are compared first: they are all that most names differ in, and quick to tell."""
    if len(ours) < NEARLY or 2 * min(len(ours), len(look)) < ALIKE * (len(ours) + len(look)):
        return False
    matcher = SequenceMatcher(None, ours, look, autojunk=False)
    return matcher.quick_ratio() >= ALIKE and matcher.ratio() >= ALIKE


def _names() -> Iterator[str]:
    body = guidance().pack.body
    yield from (body.name, *body.also_called)


def _official() -> Iterator[Account]:
    yield from Account.objects.exclude(status=Account.Status.CLOSED).order_by("registered_at", "pk")


def _named(account: Account) -> str:
    return _ASIDE.sub("", account.name).strip() or account.name


def _once(found: Iterable[Wanted]) -> Iterator[Wanted]:
    """Each look once: a handle that is a name written together is searched for with the name."""
    seen = set()
    for each in found:
        look = look_of(each.words)
        if look and look not in seen:
            seen.add(look)
            yield each

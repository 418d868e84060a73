"""Whether what stands on an account went there through the tool."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto

from django.db.models import Q

from mercat.delivery import states
from mercat.delivery.manifest import contents
from mercat.delivery.models import Consignment
from mercat.networks.port import Altered, Standing
from mercat.register.models import Account
from mercat.watch.direct import CLOCKS

BEFORE = timedelta(days=1)  # the longest time from a first attempt to what it put out, where no id is known
MAY_BE_OUT = (states.SENDING, states.IN_DOUBT)
ON_ITS_WAY = (states.READY, states.LEASED, states.NEEDS_PERSON)


class Verdict(Enum):
    OURS = auto()
    UNCLEAR = auto()  # it may be what is on its way: to be looked at again
    FOREIGN = auto()


@dataclass(frozen=True, slots=True)
class Ours:
    """What the tool has sent to one account. Loaded after the network was read: a row is written before its call."""

    rows: Sequence[Consignment]

    def verdict(self, post: Standing) -> Verdict:
        if any(_is_named(row, post) for row in self.rows):
            return Verdict.OURS
        near = [row for row in self.rows if _was_begun(row, post)]
        if any(_is_only_vouched_for(row) and _says_the_same(row, post) for row in near):
            return Verdict.OURS
        if any(row.state in MAY_BE_OUT for row in near):
            return Verdict.UNCLEAR  # whatever it says: a network may alter the words
        if any(row.state in ON_ITS_WAY and _says_the_same(row, post) for row in near):
            return Verdict.UNCLEAR
        return Verdict.FOREIGN


def ours_on(account: Account, posts: Iterable[Standing]) -> Ours:
    """All that could be one of these posts, in one query."""
    told = list(posts)
    if not told:
        return Ours(())
    named = Q(native_id__in=[post.native_id for post in told]) | Q(url__in=[post.url for post in told if post.url])
    since = min(post.made_at for post in told) - BEFORE
    unsettled = Q(first_sent_at__isnull=False, state__in=[*MAY_BE_OUT, *ON_ITS_WAY])
    rows = Consignment.objects.filter(named | Q(first_sent_at__gte=since) | unsettled, account=account)
    return Ours(list(rows.select_related("manifest", "account")))


def _is_named(row: Consignment, post: Standing) -> bool:
    """By its id, by that of a part which the adapter noted, or by its address."""
    if post.native_id == row.native_id or post.native_id in row.notes.values():
        return True
    return bool(post.url) and _plain(row.url) == _plain(post.url)


def _was_begun(row: Consignment, post: Standing) -> bool:
    return row.first_sent_at is not None and row.first_sent_at - CLOCKS <= post.made_at


def _is_only_vouched_for(row: Consignment) -> bool:
    """A person saw it, and the network never told its id."""
    return row.state == states.SENT and row.vouched_by_id is not None and row.native_id == row.url


def _says_the_same(row: Consignment, post: Standing) -> bool:
    try:
        said = contents(row.manifest)
    except Altered:
        return False
    return _squeezed(said["variants"].get(row.account.network, said["text"])) == _squeezed(post.text)


def _squeezed(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _plain(url: str) -> str:
    """Without what people copy along."""
    return url.partition("#")[0].rstrip("/")

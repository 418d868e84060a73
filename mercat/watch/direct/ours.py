"""Whether what stands on an account went there through the tool, and says there what was sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.db.models import F, Max, Prefetch, Q
from django.db.models.functions import Coalesce

from mercat.delivery import states
from mercat.delivery.corrections import may_stand
from mercat.delivery.engine import UNKNOWN_GRACE
from mercat.delivery.manifest import contents
from mercat.delivery.models import Consignment, Correction, Manifest
from mercat.networks.port import Altered, Standing
from mercat.register.models import Account

BEFORE = timedelta(days=1)  # the longest time from a first attempt to what it put out, where no id is known
SKEW = timedelta(minutes=5)  # that a network's clock may be away from ours: what is ours is not to be called misuse
MAY_BE_OUT = (states.SENDING, states.IN_DOUBT)
ON_ITS_WAY = (states.READY, states.LEASED, states.NEEDS_PERSON, states.HELD)
# What networks and people's apps put behind an address to follow who passes it on.
FOLLOWING = frozenset({"s", "t", "fbclid", "gclid", "igsh", "igshid", "xmt", "mibextid", "rcm", "si", "feature"})
FOLLOWING_TOO = ("utm_", "__cft__", "__tn__", "ref_")

ReadsAs = Callable[[str, str], bool]  # of the network's lister


class Verdict(Enum):
    OURS = auto()
    CHANGED = auto()  # it is ours, and says something else than what was sent
    UNCLEAR = auto()  # it may be what is on its way: to be looked at again
    FOREIGN = auto()


@dataclass(frozen=True, slots=True)
class Ours:
    """What the tool has sent to one account. Loaded after the network was read: a row is written before its call.
    `ids`: of posts that it names, or that a person vouched for. `changed`: those that say something else now."""

    rows: Sequence[Consignment]
    reads_as: ReadsAs
    ids: frozenset[str] = frozenset()
    changed: Mapping[str, Consignment] = field(default_factory=dict)

    def verdict(self, post: Standing) -> Verdict:
        if post.native_id in self.changed:
            return Verdict.CHANGED
        if post.native_id in self.ids:
            return Verdict.OURS
        near = [row for row in self.rows if _was_begun(row, post)]
        if any(_may_be_out(row, post) for row in near):
            return Verdict.UNCLEAR  # whatever it says: a network may alter the words
        if any(row.state in ON_ITS_WAY and _says_the_same(row, post, self.reads_as) for row in near):
            return Verdict.UNCLEAR
        return Verdict.FOREIGN


def ours_on(account: Account, posts: Iterable[Standing], reads_as: ReadsAs, *, read_at: datetime) -> Ours:
    """All that could be one of these posts, which were read at `read_at`, with their corrections."""
    told = list(posts)
    if not told:
        return Ours((), reads_as)
    named = Q(native_id__in=[post.native_id for post in told]) | Q(url__in=[post.url for post in told if post.url])
    vouched_for = Q(vouched_by__isnull=False, native_id=F("url"))
    since = min(post.made_at for post in told) - BEFORE
    unsettled = Q(first_sent_at__isnull=False, state__in=[*MAY_BE_OUT, *ON_ITS_WAY])
    found = Consignment.objects.filter(named | vouched_for | Q(first_sent_at__gte=since) | unsettled, account=account)
    tried = found.annotate(last_tried_at=Coalesce(Max("attempts__started_at"), F("first_sent_at")))
    words = Prefetch("corrections", Correction.objects.select_related("manifest"))
    rows = list(tried.select_related("manifest", "account").prefetch_related(words))
    by_name = _by_name(rows)
    names = {
        post.native_id: row for post in told if (row := by_name.get(post.native_id) or by_name.get(_plain(post.url)))
    }
    changed = {
        post.native_id: row
        for post in told
        if (row := names.get(post.native_id))
        and _was_read_back(row, post)
        and _says_another(row, post, reads_as, read_at=read_at)
    }
    seen = {post.native_id for row in rows for post in _vouched_for(row, told, names, reads_as)}
    return Ours(rows, reads_as, frozenset(seen | names.keys()), changed)


def _by_name(rows: Iterable[Consignment]) -> dict[str, Consignment]:
    """By the id, by that of a part which the adapter noted, and by the address."""
    found: dict[str, Consignment] = {}
    for row in rows:
        found |= dict.fromkeys([row.native_id, *row.notes.values(), _plain(row.url)], row)
    return {name: row for name, row in found.items() if name}


def _was_begun(row: Consignment, post: Standing) -> bool:
    return row.first_sent_at is not None and row.first_sent_at - SKEW <= post.made_at


def _may_be_out(row: Consignment, post: Standing) -> bool:
    """Where a person must look, only what was made about when it was last tried: that may take them long."""
    if row.state == states.NEEDS_PERSON:
        return post.made_at <= row.last_tried_at + UNKNOWN_GRACE + SKEW
    return row.state in MAY_BE_OUT


def _was_read_back(row: Consignment, post: Standing) -> bool:
    """Then it said there what was sent, as this network shows it."""
    return row.state == states.SENT and row.native_id == post.native_id and row.vouched_by_id is None


def _vouched_for(
    row: Consignment, told: Sequence[Standing], names: Mapping[str, Consignment], reads_as: ReadsAs
) -> list[Standing]:
    """What a person saw, where the network never told its id: of all that says the same, the nearest to when it was
    begun, and nothing from after they saw it. Others repeat it."""
    if row.state != states.SENT or row.vouched_by_id is None or row.native_id != row.url or row in names.values():
        return []
    until = (row.sent_at or row.first_sent_at) + SKEW
    same = [
        post for post in told if _was_begun(row, post) and post.made_at <= until and _says_the_same(row, post, reads_as)
    ]
    return sorted(same, key=lambda post: abs(post.made_at - row.first_sent_at))[:1]


def _says_the_same(row: Consignment, post: Standing, reads_as: ReadsAs) -> bool:
    words = _words(row, row.manifest)
    return words is not None and reads_as(words, post.text)


def _says_another(row: Consignment, post: Standing, reads_as: ReadsAs, *, read_at: datetime) -> bool:
    """Other words than those that stand there by somebody's approval: those that were sent, or were corrected."""
    known = [_words(row, each) for each in may_stand(row, lately=read_at - SKEW)]
    return None not in known and not any(reads_as(words, post.text) for words in known)


def _words(row: Consignment, manifest: Manifest) -> str | None:
    """What was approved; None where it is no longer stored as it was."""
    try:
        said = contents(manifest)
    except Altered:
        return None
    return said["variants"].get(row.account.network, said["text"])


def _plain(url: str) -> str:
    """Without what people copy along."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    asked = [(name, value) for name, value in parse_qsl(parts.query) if not _only_follows(name)]
    kept = f"?{urlencode(asked)}" if asked else ""
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}{kept}" if parts.netloc else ""


def _only_follows(name: str) -> bool:
    return name in FOLLOWING or name.startswith(FOLLOWING_TOO)

"""Looking at each connected account in turn, for posts that did not go through the tool.

This asks networks, so it is a chore of the processes that send (ADR 0015). Nothing of the database is held meanwhile.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet

from mercat.delivery.engine import UNKNOWN_GRACE, grace_of
from mercat.networks import registry
from mercat.networks.port import Lister, Standing, Unreadable
from mercat.people.vault import Unopenable
from mercat.register.actions import mark_broken
from mercat.register.models import Account, Connection
from mercat.watch.direct import CLOCKS, actions
from mercat.watch.direct.actions import CHORE, NEVER
from mercat.watch.direct.ours import ReadsAs, Verdict, ours_on
from mercat.watch.models import DirectLook, DirectUse
from mercat.watch.reach import reached

log = logging.getLogger(__name__)

EVERY = timedelta(minutes=10)  # about, for each account
MOST_AT_ONCE = 3  # accounts: other chores wait for their answers
MOST_FOUND = 50  # posts that one look flags
OVERLAP = UNKNOWN_GRACE  # looked at again each time, for what is shown late; X is paid for each post that it tells
FAR_EVERY = timedelta(days=1)  # then found posts of long ago are looked for: are they still there, or there again?
FAR = timedelta(days=30)  # and not those from before
FOLLOWED = timedelta(days=7)  # nor those that are gone or settled for longer
CHANGED = timedelta(days=7)  # so long what stands there is looked at for changes, where looking costs nothing
LONGEST_DOUBT = timedelta(days=1)  # that a post waits for whether it is ours; then people tell
FIRST = timedelta(days=7)  # the first look at an account that was connected long ago goes back no further
WRONG = "Something went wrong here. It is tried again by itself."
MORE = f"More than {MOST_FOUND} posts were found at once. The rest follows with the next looks."


def run(*, now: datetime) -> None:
    """The chore. What goes wrong with one account keeps no other from being looked at."""
    for account in due(now=now)[:MOST_AT_ONCE]:
        try:
            look(account, now=now)
        except Exception:
            log.exception("account %s could not be looked at", account.pk)
            span = span_of(account, now=now)
            actions.keep_trouble(account, WRONG, begun_at=span.begun_at, far=span.far, now=now)
    actions.tell_of_unseen(now=now)


def due(*, now: datetime) -> QuerySet[Account]:
    """Accounts that work and are to be looked at, the longest waiting first. Those that are dormant or suspended are
    among them: nobody should speak there at all."""
    lists = [network.spec.slug for network in registry.all() if network.lister is not None]
    rows = Account.objects.filter(connection__state=Connection.State.WORKING, network__in=lists)
    rows = rows.exclude(status__in=NEVER)
    unseen = Q(direct_look=None) | Q(direct_look__looked_at__lte=now - EVERY)
    return (
        rows.filter(unseen)
        .select_related("connection")
        .order_by(F("direct_look__looked_at").asc(nulls_first=True), "pk")
    )


@dataclass(frozen=True, slots=True)
class Span:
    """What one look is about. `near`: where what was not looked at before begins, with a little of what was. `far`: it
    goes further back, to the oldest post that is still followed."""

    begun_at: datetime
    since: datetime
    near: datetime
    far: bool


def look(account: Account, *, now: datetime) -> None:
    """Ask the network what was made there since the last look, and tell it apart. `account.connection` is loaded."""
    span = span_of(account, now=now)
    told = _asked(account, span.since, now=now)
    if isinstance(told, Unreadable):
        if told.reconnect:
            mark_broken(by=CHORE, account=account, reason=told.reason, now=now)
        if told.too_much and not span.far:
            actions.keep_gap(account, begun_at=span.begun_at, until=now - OVERLAP, trouble=told.reason, now=now)
            return
        actions.keep_trouble(account, told.reason, begun_at=span.begun_at, far=span.far, now=now)
        return
    tell_apart(account, told, span, now=now)


def span_of(account: Account, *, now: datetime) -> Span:
    """Never from before the account was connected, and a little of what was looked at before once more."""
    last = DirectLook.objects.filter(account=account).first()
    if last is None:
        begun_at = _beginning(account, now)
        return Span(begun_at, begun_at, begun_at, far=False)
    near, far = last.looked_until - OVERLAP, now - last.far_at >= FAR_EVERY
    since = min(near, _far_back(account, last, now)) if far else near
    return Span(last.begun_at, max(since, last.begun_at), near, far)


def _far_back(account: Account, last: DirectLook, now: datetime) -> datetime:
    spec = registry.get(account.network).spec
    if spec.dated_by_authors:
        return last.begun_at  # somebody may have written under any moment since
    lately = now - FOLLOWED
    followed = DirectUse.objects.filter(account=account, made_at__gte=now - FAR)
    followed = followed.exclude(gone_at__lt=lately).exclude(settled_at__lt=lately)
    oldest = followed.order_by("made_at").values_list("made_at", flat=True).first()
    changed = now if spec.paid_reading else now - CHANGED
    return min(changed, (oldest or now) - timedelta(seconds=1))


def _beginning(account: Account, now: datetime) -> datetime:
    return max(account.connection.connected_at, now - FIRST)


def tell_apart(account: Account, told: Sequence[Standing], span: Span, *, now: datetime) -> None:
    """Ours, theirs, or not to be told yet: then the next look begins there. The oldest are told first."""
    shown = [post for post in told if post.made_at >= span.begun_at]
    ahead = {post.native_id for post in shown if post.made_at > now + CLOCKS}
    shown = [replace(post, made_at=now) if post.native_id in ahead else post for post in shown]
    reads_as = _lister(account).reads_as
    until = now - grace_of(account.network)  # what is younger may be one that is being sent
    ripe = [post for post in shown if post.made_at <= until or post.native_id in ahead]  # ahead, it never ripens
    fresh = _not_known(account, ripe, reads_as)
    ours = ours_on(account, shown, reads_as, read_at=now)
    told_apart = [
        (_after_doubt(ours.verdict(post), post, now), post) for post in sorted(fresh, key=lambda post: post.made_at)
    ]
    foreign = [post for verdict, post in told_apart if verdict in (Verdict.FOREIGN, Verdict.CHANGED)]
    put_off = [post for verdict, post in told_apart if verdict is Verdict.UNCLEAR] + foreign[MOST_FOUND:]
    seen = actions.Seen(
        begun_at=span.begun_at,
        since=span.since,
        near=span.near,
        until=max(span.begun_at, min([until, *(post.made_at for post in put_off)])),
        far=span.far,
        standing=frozenset(post.native_id for post in shown),
        foreign=tuple(foreign[:MOST_FOUND]),
        changed=ours.changed,
        note=MORE if len(foreign) > MOST_FOUND else "",
    )
    actions.keep_look(account, seen, now=now)


def _not_known(account: Account, posts: Sequence[Standing], reads_as: ReadsAs) -> list[Standing]:
    """Those that were not found yet, and those that say something else than when somebody settled them."""
    uses = DirectUse.objects.filter(account=account, native_id__in=[post.native_id for post in posts])
    known: dict[str, list[DirectUse]] = defaultdict(list)
    for use in uses:
        known[use.native_id].append(use)
    return [post for post in posts if not any(_covers(use, post, reads_as) for use in known[post.native_id])]


def _covers(use: DirectUse, post: Standing, reads_as: ReadsAs) -> bool:
    words = actions.storable(post.text)
    return not use.outcome or use.text == words or reads_as(use.text, words)


def _after_doubt(verdict: Verdict, post: Standing, now: datetime) -> Verdict:
    """A doubt that nobody ends keeps nothing from being flagged for long."""
    is_over = verdict is Verdict.UNCLEAR and post.made_at < now - LONGEST_DOUBT
    return Verdict.FOREIGN if is_over else verdict


def _lister(account: Account) -> Lister:
    lister = registry.get(account.network).lister
    assert lister is not None, "it has just listed"
    return lister


def _asked(account: Account, since: datetime, *, now: datetime) -> Sequence[Standing] | Unreadable:
    network = registry.get(account.network)
    if network.lister is None:
        return Unreadable(f"{network.spec.name} lets no programme see what stands on an account.")
    try:
        with reached(account) as channel:
            return network.lister.posts(channel, since=since, now=now)
    except Unopenable as error:
        return Unreadable(str(error), reconnect=True)

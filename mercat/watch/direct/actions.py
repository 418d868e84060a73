"""Every write about posts past the tool: what was found, what is gone, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce

from mercat.audit.actions import record
from mercat.audit.actors import System
from mercat.delivery.models import Consignment
from mercat.guidance import facts
from mercat.networks.port import Standing
from mercat.people.actions import Impossible, settle, tell
from mercat.people.gate import require
from mercat.people.models import Notice, Person
from mercat.people.pack import guidance
from mercat.people.words import tidy
from mercat.register.actions import people_of
from mercat.register.answering import holders
from mercat.register.facts import facts_of
from mercat.register.models import Account, DirectAccess, DirectPost
from mercat.watch.dealing import who_may
from mercat.watch.direct import CLOCKS
from mercat.watch.direct.could_have import could_have
from mercat.watch.models import CouldHave, DirectGap, DirectLook, DirectUse

Outcome = DirectUse.Outcome
CHORE = System("Accounts are looked at for posts past the tool")
NOTHING = "Nothing was changed."
LONGEST = 2000  # characters of what people write
MOST = 500  # characters of an address
FOUND = "A post on an official account did not go through Mercat"  # subject of notices
MISUSE = "Misuse of an official account"
UNSEEN = "An official account has not been looked at for a day"
GAP = "Posts on an official account could not be read"
UNSEEN_FOR = timedelta(hours=26)  # longer than a post may hold a look back
NEVER = (Account.Status.CLOSED, Account.Status.APPROVED)  # accounts that are not looked at
LIST = "/watch/direct/"
POST_PAGE = "/posts/"


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of one look. Nothing of before `begun_at` counts. From `since` on, `standing` is all that there is, by
    native id; up to `until` it is told apart, and `foreign` did not go through the tool, or is `changed`: ours, with
    its row by its id. What was made up to `near` had been looked at before. `note`: what people should know of it."""

    begun_at: datetime
    since: datetime
    near: datetime
    until: datetime
    far: bool
    standing: frozenset[str]
    foreign: Sequence[Standing]
    changed: Mapping[str, Consignment]
    note: str


@transaction.atomic
def keep_look(account: Account, seen: Seen, *, now: datetime) -> list[DirectUse]:
    """Write down what a look found. Returns what is new."""
    look, _ = DirectLook.objects.select_for_update().get_or_create(
        account=account,
        defaults={"begun_at": seen.begun_at, "looked_until": seen.until, "looked_at": now, "far_at": now},
    )
    if look.looked_until < now - UNSEEN_FOR:
        settle(subject=UNSEEN, link=list_of(account), now=now)
    look.looked_until, look.looked_at, look.trouble = seen.until, now, seen.note
    look.far_at = now if seen.far else look.far_at
    look.save()
    waiting = set(DirectUse.objects.filter(account=account, outcome="").values_list("native_id", flat=True))
    found = [_found(account, post, seen, now=now) for post in seen.foreign if post.native_id not in waiting]
    _follow(account, seen, now=now)
    _flag(account, [use for use in found if use.outcome == Outcome.WAITING], note=seen.note, now=now)
    return found


def keep_trouble(account: Account, trouble: str, *, begun_at: datetime, far: bool, now: datetime) -> None:
    """An account could not be looked at: it is tried again in its turn, from where the last look ended. One that was to
    go far back is not tried again that day: it may have been too much. `begun_at` counts where it was the first."""
    begins = {"begun_at": begun_at, "looked_until": begun_at, "far_at": now}
    again = {"looked_at": now, "trouble": trouble[:300], **({"far_at": now} if far else {})}
    DirectLook.objects.update_or_create(account=account, defaults=again, create_defaults={**begins, **again})


@transaction.atomic
def keep_gap(account: Account, *, begun_at: datetime, until: datetime, trouble: str, now: datetime) -> None:
    """There was too much to look through: it is left, for else every later look would meet the same and more. The next
    look begins at `until`. What could not be read is on record, stands on the page, and people are told."""
    look, _ = DirectLook.objects.select_for_update().get_or_create(
        account=account, defaults={"begun_at": begun_at, "looked_until": begun_at, "looked_at": now, "far_at": now}
    )
    since = look.looked_until
    look.looked_until, look.looked_at, look.trouble = now, now, trouble[:300]
    look.save()
    gap = DirectGap.objects.filter(account=account, until__gte=since - (now - until)).first()
    if gap:
        gap.until = max(gap.until, until)
        gap.save(update_fields=["until"])
    else:
        least = since + CLOCKS  # where even the shortest look was too much
        gap = DirectGap.objects.create(account=account, since=since, until=max(until, least), found_at=now)
        body = f"{account} had too many posts to look through. Look there for any that did not go through Mercat."
        tell(told_of(account, now=now), kind="security", subject=GAP, body=body, link=list_of(account), now=now)
    said = {"since": gap.since.isoformat(), "until": gap.until.isoformat()}
    record(by=CHORE, what="direct_use.not_read", about=[account.audit_ref], facts=said, now=now)


def tell_of_unseen(*, now: datetime) -> None:
    """Once, of each account that was not looked at for a day, for whatever reason: its connection ended, or every look
    failed."""
    late = DirectLook.objects.filter(looked_until__lt=now - UNSEEN_FOR).exclude(account__status__in=NEVER)
    for look in late.select_related("account"):
        link = list_of(look.account)
        if Notice.objects.filter(subject=UNSEEN, link=link, at__gt=look.looked_until).exists():
            continue
        body = f"{look.account} could not be looked at, so a post that did not go through Mercat would not be found."
        tell(told_of(look.account, now=now), kind="security", subject=UNSEEN, body=body, link=link, now=now)


def list_of(account: Account) -> str:
    return f"{LIST}?account={account.pk}"


def _found(account: Account, post: Standing, seen: Seen, *, now: datetime) -> DirectUse:
    """Whatever its network says of when it was made: what was not there when that time was looked at, and what was
    changed there, is for people to judge."""
    changes = seen.changed.get(post.native_id)
    is_plain = changes is None and post.made_at > seen.near
    exception = open_at(account, post.made_at, url=post.url) if is_plain else None
    expected = {"outcome": Outcome.EXPECTED, "exception": exception, "settled_at": now} if exception else {}
    use = DirectUse.objects.create(
        account=account,
        native_id=post.native_id,
        url=post.url if len(post.url) <= MOST else "",
        text=storable(post.text),
        made_at=post.made_at,
        found_at=now,
        changes=changes,
        **expected,
    )
    people = could_have(account, now if changes else post.made_at)
    CouldHave.objects.bulk_create(CouldHave(direct_use=use, person_id=pk, why=why) for pk, why in people)
    about = [use.audit_ref, account.audit_ref, *(each.audit_ref for each in (exception, changes) if each)]
    said = {
        "native_id": use.native_id,
        "made": use.made_at.isoformat(),
        "expected": exception is not None,
        "changed": changes is not None,
        "could_have": sorted({f"person:{pk}" for pk, _ in people}),
    }
    record(
        by=CHORE,
        what="direct_use.found",
        about=about,
        facts=said,
        personal={"text": use.text, "url": use.url},
        now=now,
    )
    return use


def open_at(account: Account, at: datetime, *, url: str = "") -> DirectAccess | None:
    """The direct access during which a post was made; of several, the one for which it was noted by hand."""
    rows = DirectAccess.objects.annotate(over=Coalesce("closed_at", "until")).filter(
        account=account, answer=DirectAccess.Answer.GRANTED, answered_at__lte=at + CLOCKS, over__gte=at - CLOCKS
    )
    noted = DirectPost.objects.filter(exception__in=rows, url=url) if url else DirectPost.objects.none()
    return rows.filter(posts__in=noted).first() or rows.order_by(F("answered_at").desc()).first()


def _follow(account: Account, seen: Seen, *, now: datetime) -> None:
    """Found posts that the network shows no more, or again."""
    within = DirectUse.objects.filter(account=account, made_at__gt=seen.since)
    for use in within.filter(gone_at=None).exclude(native_id__in=seen.standing):
        _seen(use, "direct_use.gone", gone_at=now, now=now)
    for use in within.filter(gone_at__isnull=False, native_id__in=seen.standing):
        _seen(use, "direct_use.seen_again", gone_at=None, now=now)


def _seen(use: DirectUse, what: str, *, gone_at: datetime | None, now: datetime) -> None:
    use.gone_at = gone_at
    use.save(update_fields=["gone_at"])
    record(by=CHORE, what=what, about=[use.audit_ref, use.account.audit_ref], now=now)


def _flag(account: Account, uses: Sequence[DirectUse], *, note: str, now: datetime) -> None:
    """One notice for what one look found, however much it is."""
    if not uses:
        return
    count = "A post" if len(uses) == 1 else f"{len(uses)} posts"
    body = f"{count} on “{account}” did not go through Mercat, and no direct access was open. {note}".strip()
    if all(use.changes for use in uses):
        body = f"What {count.lower()} of ours on “{account}” says was changed there. {note}".strip()
    link = uses[0].page if len(uses) == 1 else list_of(account)
    tell(told_of(account, now=now), kind="security", subject=FOUND, body=body, link=link, now=now)


def told_of(account: Account, *, now: datetime) -> list[Person]:
    """Those who may settle this, and who answer for the account: its points of contact, and the holders of the roles
    that approve its posts, its commander among them."""
    about = facts_of(account)
    approving = holders(set(guidance().pack.approvals[account.tier].by), about.unit)
    found = [*settling(about, now=now), *people_of(account), *approving]
    return list({each.pk: each for each in found}.values())


@transaction.atomic
def settle_direct_use(
    *,
    by: Person,
    use: DirectUse,
    outcome: DirectUse.Outcome,
    words: str,
    exception: DirectAccess | None = None,
    taken_down_at: datetime | None = None,
    ours: str = "",
    now: datetime,
) -> None:
    """Say what it was. `exception` where it was expected, `taken_down_at` where somebody took it down on the network,
    `ours` the address of the post, here or there, where it went through the tool after all.

    Raises Refused, ProofNeeded or Impossible; then nothing was changed.
    """
    use = DirectUse.objects.select_for_update(of=("self",)).select_related("account").get(pk=use.pk)
    about = facts_of(use.account)
    require(by, "settle_direct_use", about, now=now)
    if not use.is_open:
        raise Impossible(f"This is settled already: {use.get_outcome_display().lower()}. {NOTHING}")
    _is_not_named(use, by, about, now=now)
    words = tidy(words, longest=LONGEST)
    if not words or outcome == Outcome.WAITING:
        raise Impossible(f"Say what it was, and how you know. {NOTHING}")
    use.outcome, use.words, use.settled_at, use.settled_by, use.exception = outcome, words, now, by, None
    match outcome:
        case Outcome.EXPECTED:
            use.exception = _granted(use, exception)
        case Outcome.TAKEN_DOWN:
            use.taken_down_at = _in_time(use, taken_down_at, now=now)
        case Outcome.OURS:
            use.ours = _of_ours(use, ours)
    use.save(update_fields=["outcome", "words", "settled_at", "settled_by", "exception", "taken_down_at", "ours"])
    extra = [each.audit_ref for each in (use.exception, use.ours) if each]
    record(
        by=by,
        what="direct_use.settled",
        about=[use.audit_ref, use.account.audit_ref, *extra],
        facts={"outcome": use.outcome},
        personal={"words": words},
        now=now,
    )
    settle(subject=FOUND, link=use.page, now=now)
    if not DirectUse.objects.filter(account=use.account, outcome=Outcome.WAITING).exists():
        settle(subject=FOUND, link=list_of(use.account), now=now)  # of those that were told of together
    if outcome == Outcome.MISUSE:
        _pass_on(use, by, now=now)


def settling(about: facts.Account, *, now: datetime) -> list[Person]:
    """Who may settle a post on this account, as the guidance says of each who holds a role over it."""
    return who_may("settle_direct_use", about, now=now)


def named_in(use: DirectUse) -> set[UUID]:
    """Who could have made it; not those whose credential was changed before: they are shown, and may settle it."""
    return set(use.could_have.exclude(why=CouldHave.Why.DIRECT_BEFORE).values_list("person_id", flat=True))


def somebody_else(use: DirectUse, person: UUID, about: facts.Account, *, now: datetime) -> Person | None:
    """Who settles it instead of somebody who could have made it. None: this person may, or nobody else is there."""
    named = named_in(use)
    if person not in named:
        return None
    return next((each for each in settling(about, now=now) if each.pk not in named), None)


def _is_not_named(use: DirectUse, by: Person, about: facts.Account, *, now: datetime) -> None:
    other = somebody_else(use, by.pk, about, now=now)
    if other:
        raise Impossible(f"You are among those who could have made it: somebody else settles it, such as {other}.")


def _granted(use: DirectUse, exception: DirectAccess | None) -> DirectAccess:
    rows = DirectAccess.objects.filter(account=use.account, answer=DirectAccess.Answer.GRANTED)
    found = rows.filter(pk=exception.pk).first() if exception else None
    if found is None:
        raise Impossible(f"Choose the direct access to this account that it belongs to. {NOTHING}")
    return found


def _in_time(use: DirectUse, at: datetime | None, *, now: datetime) -> datetime:
    """To the minute, as people know it."""
    if at is None or not use.made_at.replace(second=0, microsecond=0) <= at <= now:
        raise Impossible(f"Enter when it was taken down: after it was made, and not ahead. {NOTHING}")
    return max(at, use.made_at)


def _of_ours(use: DirectUse, address: str) -> Consignment:
    """What went from here to this account: by the address of its page here, or where it stands on the network."""
    text = address.strip()
    begun = Consignment.objects.filter(account=use.account, first_sent_at__isnull=False)
    path = urlsplit(text).path if text.startswith(("https://", "http://", "/")) else ""
    if path.startswith(POST_PAGE):
        found = begun.filter(post_ref=f"post:{path.removeprefix(POST_PAGE).partition('/')[0]}").first()
    else:
        found = begun.filter(url=text).exclude(url="").first()
    if found is None:
        raise Impossible(f"No post that went from here to this account has that address. {NOTHING}")
    return found


def _pass_on(use: DirectUse, by: Person, *, now: datetime) -> None:
    """To those who answer for it, and to all who may settle it: to none of those who could have made it."""
    named = named_in(use)
    told = [each for each in told_of(use.account, now=now) if each.pk not in named and each != by]
    body = f"{by} looked into a post on “{use.account}” that did not go through Mercat: it was misuse."
    tell(told, kind="security", subject=MISUSE, body=body, link=use.page, now=now)


def storable(text: str) -> str:
    """What a network tells may hold what no database takes."""
    return text.replace("\x00", "").encode(errors="replace").decode()

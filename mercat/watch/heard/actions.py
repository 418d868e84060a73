"""Every write about what is heard: what others wrote, that somebody dealt with it, and that it is forgotten.

No word of theirs and no name stands in an event, a notice or a log: those are kept for good (3.3).
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max
from django.utils.crypto import salted_hmac

from mercat.audit.actions import record
from mercat.audit.actors import System
from mercat.delivery.models import Consignment
from mercat.guidance.phrases import holds_any
from mercat.networks import port
from mercat.people.actions import Impossible, settle, tell
from mercat.people.gate import require
from mercat.people.models import Notice, Person
from mercat.people.pack import guidance
from mercat.people.words import shown
from mercat.register.facts import facts_of
from mercat.register.models import Account, Connection
from mercat.watch.dealing import who_may
from mercat.watch.heard import states
from mercat.watch.heard.schedule import next_after
from mercat.watch.models import CommentsLook, Heard, HeardGap, MentionsLook

log = logging.getLogger(__name__)

CHORE = System("Accounts are listened to for what people write to them")
NOTHING = "Nothing was changed."
REPORT = "Something that looks like a report was written to an account"  # subjects of notices
NOT_READ = "What people wrote to an account was not read"
NEVER = (Account.Status.CLOSED, Account.Status.APPROVED)  # accounts that are not listened to
LIST = "/watch/heard/"
APART = timedelta(hours=1)  # between two notices about one account
MOST_KEPT = 200  # of what one look tells
MORE = f"More than {MOST_KEPT} were told at once. The rest was left: look on the network itself."
SILENT = "The network did not say why."
TEXT, NAME, HANDLE, ADDRESS, NUMBER, TROUBLE = 5000, 200, 253, 500, 500, 300  # characters that are kept
SALT = "mercat.watch.heard"
GONE = {"native_id": "", "url": "", "author": "", "author_name": "", "text": "", "made_at": None, "under": None}


@transaction.atomic
def keep_mentions(account: Account, told: Sequence[port.Heard], *, until: datetime, now: datetime) -> None:
    """Write down what named the account up to now."""
    last = MentionsLook.objects.select_for_update().filter(account=account).first()
    if last and last.looked_until < not_before(now):
        _end_gap(last, now=now)
    under = Consignment.objects.filter(account=account, native_id__in={each.under for each in told} - {""})
    whole = _keep(account, told, {row.native_id: row for row in under}, now=now)
    looked = {"looked_until": until, "looked_at": now, "trouble": "" if whole else MORE}
    MentionsLook.objects.update_or_create(account=account, defaults=looked)


@transaction.atomic
def keep_comments(row: Consignment, told: Sequence[port.Heard], *, now: datetime) -> None:
    """Write down what stands under a post of ours by now."""
    whole = _keep(row.account, told, {each.under: row for each in told}, now=now)
    asked = {"asked_at": now, "read_at": now, "next_at": next_after(row.sent_at, now), "trouble": "" if whole else MORE}
    CommentsLook.objects.update_or_create(consignment=row, defaults=asked)


def note_gaps(*, now: datetime) -> None:
    """Of each account that could not be read for longer than words are kept: what came is skipped. What goes wrong with
    one keeps no other from it."""
    begins = not_before(now)
    late = MentionsLook.objects.filter(looked_until__lt=begins).exclude(account__status__in=NEVER)
    late = late.exclude(account__connection__state=Connection.State.REVOKED)  # somebody took it off
    for look in late.select_related("account"):
        try:
            _keep_gap(look, until=begins, least=APART, now=now)
        except Exception:
            log.exception("that account %s was not read could not be noted", look.account_id)


@transaction.atomic
def _keep_gap(look: MentionsLook, *, until: datetime, least: timedelta, now: datetime) -> None:
    """On record, on the page, and told to those who deal with the account: once, however long it lasts. One that is
    there grows by `least` or more."""
    account = look.account
    gap = HeardGap.objects.select_for_update().filter(account=account, since=look.looked_until).first()
    if gap:
        if until >= gap.until + least:
            gap.until = until
            gap.save(update_fields=["until"])
        return
    gap = HeardGap.objects.create(account=account, since=look.looked_until, until=until, found_at=now)
    _record_gap("heard.not_read", gap, now=now)
    body = f"“{account}” could not be read for longer than words are kept here. Look on the network what people wrote."
    people = who_may("settle_heard", facts_of(account), now=now)
    tell(people, kind="accounts", subject=NOT_READ, body=body, link=list_of(account), now=now)


def _end_gap(look: MentionsLook, *, now: datetime) -> None:
    _keep_gap(look, until=not_before(now), least=timedelta(0), now=now)
    _record_gap("heard.read_again", HeardGap.objects.get(account=look.account, since=look.looked_until), now=now)


def _record_gap(what: str, gap: HeardGap, *, now: datetime) -> None:
    said = {"since": gap.since.isoformat(), "until": gap.until.isoformat()}
    record(by=CHORE, what=what, about=[gap.account.audit_ref], facts=said, now=now)


def not_before(now: datetime) -> datetime:
    """What came before would be forgotten by now."""
    return now - timedelta(days=guidance().pack.signposting.keep_days)


def keep_mentions_trouble(account: Account, trouble: str, *, since: datetime, now: datetime) -> None:
    """Mentions could not be read: they are in their turn, from where the last look ended."""
    asked = {"looked_at": now, "trouble": trouble[:TROUBLE] or SILENT}
    create = {"looked_until": since, **asked}
    MentionsLook.objects.update_or_create(account=account, defaults=asked, create_defaults=create)


def keep_comments_trouble(row: Consignment, trouble: str, *, now: datetime) -> None:
    asked = {"asked_at": now, "next_at": next_after(row.sent_at, now), "trouble": trouble[:TROUBLE] or SILENT}
    CommentsLook.objects.update_or_create(consignment=row, defaults=asked)


@transaction.atomic
def settle_heard(*, by: Person, row: Heard, outcome: str, now: datetime) -> None:
    """Say that the person was told whom to call, or that there is nothing to do. What they wrote is forgotten at once.

    Raises Refused or Impossible; then nothing was changed.
    """
    row = Heard.objects.select_for_update(of=("self",)).select_related("account").get(pk=row.pk)
    require(by, "settle_heard", facts_of(row.account), now=now)
    if outcome not in states.BY_PEOPLE:
        raise Impossible(f"Say whether they were told whom to call. {NOTHING}")
    if outcome not in states.MOVES[row.state]:
        raise Impossible(f"This is settled already: {states.STATES[row.state].lower()}. {NOTHING}")
    Heard.objects.filter(pk=row.pk).update(**GONE, state=outcome, settled_at=now, settled_by=by)
    said = {"outcome": outcome, "kind": row.kind, "looked_like_report": row.looks_like_report}
    record(by=by, what="heard.settled", about=[row.audit_ref, row.account.audit_ref], facts=said, now=now)
    _settle_notices(row.account, now=now)


@transaction.atomic
def forget(*, now: datetime) -> None:
    """What nobody settled in time."""
    rows = Heard.objects.select_for_update(of=("self",)).filter(state=states.NEW, heard_at__lte=not_before(now))
    found = list(rows.select_related("account"))
    Heard.objects.filter(pk__in=[row.pk for row in found]).update(**GONE, state=states.FORGOTTEN, settled_at=now)
    for account, count in Counter(row.account for row in found).items():
        record(by=CHORE, what="heard.forgotten", about=[account.audit_ref], facts={"count": count}, now=now)
        _settle_notices(account, now=now)


def tell_of_reports(*, now: datetime) -> None:
    """Those who deal with an account, of what looks like a report and came since they were last told; not too often."""
    waiting = Heard.objects.filter(state=states.NEW, looks_like_report=True).order_by()
    latest = dict(waiting.values_list("account").annotate(at=Max("heard_at")))
    for account in Account.objects.filter(pk__in=latest):
        link = list_of(account)
        told_at = Notice.objects.filter(subject=REPORT, link=link).aggregate(at=Max("at"))["at"]
        if told_at and (told_at >= latest[account.pk] or told_at > now - APART):
            continue
        body = f"On “{account}”. Tell them whom to call, and say so; what they wrote is forgotten then."
        tell(
            who_may("settle_heard", facts_of(account), now=now),
            kind="accounts",
            subject=REPORT,
            body=body,
            link=link,
            now=now,
        )


def list_of(account: Account) -> str:
    return f"{LIST}?account={account.pk}"


def digest_of(account: Account, native_id: str) -> str:
    """Keyed, so that nobody finds out by trying ids what somebody wrote."""
    return salted_hmac(SALT, f"{account.pk}:{native_id}", algorithm="sha256").hexdigest()


def _keep(account: Account, told: Sequence[port.Heard], under: Mapping[str, Consignment], *, now: datetime) -> bool:
    """Each once. Whether it is all that was told: of too much, what looks like a report and what is newest is kept."""
    phrases = guidance().pack.signposting.looks_like
    there = [each for each in told if 0 < len(each.native_id) <= NUMBER]
    found = {digest_of(account, each.native_id): each for each in there}
    known = set(Heard.objects.filter(account=account, digest__in=found).values_list("digest", flat=True))
    fresh = [
        _row(account, digest, each, under.get(each.under), holds_any(each.text, phrases), now=now)
        for digest, each in found.items()
        if digest not in known
    ]
    fresh.sort(key=lambda row: (row.looks_like_report, row.made_at), reverse=True)
    Heard.objects.bulk_create(fresh[:MOST_KEPT])
    return len(fresh) <= MOST_KEPT


def _row(
    account: Account, digest: str, told: port.Heard, under: Consignment | None, looks: bool, *, now: datetime
) -> Heard:
    return Heard(
        account=account,
        kind=Heard.Kind.COMMENT if under else Heard.Kind.MENTION,
        digest=digest,
        heard_at=now,
        looks_like_report=looks,
        native_id=told.native_id,
        url=_address(told.url),
        author=shown(told.author, longest=HANDLE),
        author_name=shown(told.author_name, longest=NAME),
        text=shown(told.text, longest=TEXT),
        made_at=min(told.made_at, now),
        under=under,
    )


def _address(url: str) -> str:
    """One that was cut or changed would lead elsewhere."""
    return url if len(url) <= ADDRESS and url == shown(url, longest=ADDRESS) else ""


def _settle_notices(account: Account, *, now: datetime) -> None:
    if not Heard.objects.filter(account=account, state=states.NEW, looks_like_report=True).exists():
        settle(subject=REPORT, link=list_of(account), now=now)

"""Every write about profiles: what is assigned, what was seen, what is put back, and what people say of it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from mercat.audit.actions import record
from mercat.audit.actors import System
from mercat.delivery.queries import is_paused
from mercat.guidance.facts import Situation
from mercat.guidance.gate import may
from mercat.images.models import Picture
from mercat.networks import registry
from mercat.networks.port import Later, Outcome, Pending, Reconnect, Refused, Sent, Unsure
from mercat.people.actions import Impossible, settle, tell
from mercat.people.facts import person_facts
from mercat.people.gate import require
from mercat.people.models import Notice, Person
from mercat.people.pack import guidance
from mercat.people.words import needed, shown
from mercat.register.actions import mark_broken, people_of
from mercat.register.answering import answering
from mercat.register.facts import facts_of
from mercat.register.models import Account, Connection
from mercat.watch.models import (
    Branding,
    MessagesOff,
    Part,
    ProfileChange,
    ProfileFinding,
    ProfileLook,
    RightPicture,
)
from mercat.watch.models.profiles import PICTURES
from mercat.watch.profiles import states
from mercat.watch.profiles.comparing import PART_OF, branding_of, differences, due_numbers, settable

log = logging.getLogger(__name__)

CHORE = System("What accounts show is compared with what is assigned to them")
PUTTING = System("What is assigned to an account is put back, as somebody asked")
NOTHING = "Nothing was changed."
FOUND = "An account does not show what is assigned to it"  # subjects of notices
NOT_PUT = "What is assigned to an account could not be put back"
LIST = "/watch/profiles/"
NAME, BIO, SEEN_NAME, SEEN_BIO, TROUBLE = 120, 1000, 200, 5000, 300  # characters that are kept
EVERY = timedelta(days=1)  # about, for each account
AGAIN = timedelta(hours=1)  # after a look that failed
SOON = timedelta(minutes=1)  # the least between two tries of putting something back, and before the look after it
SURE = timedelta(hours=1)  # after it could be seen first, a picture that was put there is taken for ours
MOST_TRIES = 5
LOST = timedelta(minutes=5)  # longer than any call: whoever took it has died
DIED = "The programme ended while it was being put back."
TOO_OFTEN = "The network asked to wait again and again."
OTHER = "Something else was assigned meanwhile."
UNCONNECTED = "The account is not connected any more."
SUSPENDED = "The account is suspended: nothing goes out from it."
MAY_NOT = "Whoever asked may not have it put back any more."
SECOND = "Somebody other than who assigned it has it put back: ask a colleague."
PAUSED = "Sending is paused here. It goes on when the pause ends."
SILENT = "The network did not say why."
CLOSED = "The account is closed."
DISCONNECTED = "The account was disconnected."

Kind = ProfileFinding.Kind


@dataclass(frozen=True, slots=True)
class Shown:
    """What an account shows. Of each picture: whether the network told of one, and the digest of what it gave, "" where
    that could not be fetched; then `trouble` says why."""

    name: str
    bio: str
    told: frozenset[str]
    digests: Mapping[str, str]
    trouble: str = ""


@transaction.atomic
def assign(
    *, by: Person, account: Account, name: str, bio: str, avatar: Picture | None, banner: Picture | None, now: datetime
) -> Branding:
    """Say what the account has to show from now on. Without a new picture, the one assigned before stays.

    Raises Refused or Impossible; then nothing was changed.
    """
    account = _locked(account)
    require(by, "assign_branding", facts_of(account), now=now)
    name = needed(name, f"Say what the account is called. {NOTHING}", longest=NAME, lines=False)
    bio = needed(bio, f"Write the bio. {NOTHING}", longest=BIO)
    if missing := due_numbers(bio):
        raise Impossible(f"The bio has to name {' and '.join(missing)}. {NOTHING}")
    last = branding_of(account)
    row = Branding.objects.create(
        account=account,
        name=name,
        bio=bio,
        avatar=avatar or (last.avatar if last else None),
        banner=banner or (last.banner if last else None),
        assigned_at=now,
        assigned_by=by,
    )
    said = {part.value: getattr(row, part.value).sha256 for part in PICTURES if getattr(row, part.value)}
    personal = {"name": name, "bio": bio}
    record(by=by, what="branding.assigned", about=[account.audit_ref], facts=said, personal=personal, now=now)
    _judge(account, now=now)
    return row


@transaction.atomic
def say_right(*, by: Person, account: Account, part: Part, digest: str, now: datetime) -> None:
    """Say that a picture, as the network showed it when it was last looked at, is the assigned one. `digest` is of what
    this person's page was about. Raises Refused or Impossible; then nothing was changed."""
    account = _locked(account)
    require(by, "assign_branding", facts_of(account), now=now)
    branding, look = branding_of(account), _look_of(account)
    picture = getattr(branding, part.value) if branding and part in PICTURES else None
    if picture is None or look is None:
        raise Impossible(f"No such picture is assigned to this account. {NOTHING}")
    if not digest or getattr(look, part.value) != digest:
        raise Impossible(f"The network shows another picture by now. {NOTHING} Look at it again, then say so.")
    RightPicture.objects.create(account=account, part=part, picture=picture, digest=digest, at=now, by=by)
    said = {"part": part.value, "digest": digest}
    record(by=by, what="profile.picture_right", about=[account.audit_ref], facts=said, now=now)
    _judge(account, now=now)


@transaction.atomic
def say_messages_off(*, by: Person, account: Account, now: datetime) -> None:
    """Direct messages are switched off on the network (clause 3.5). It counts for a year. Raises Refused."""
    account = _locked(account)
    require(by, "edit_account", facts_of(account), now=now)
    MessagesOff.objects.create(account=account, at=now, by=by)
    record(by=by, what="profile.messages_off", about=[account.audit_ref], now=now)
    _judge(account, now=now)


@transaction.atomic
def ask_to_put_back(*, by: Person, account: Account, now: datetime) -> list[ProfileChange]:
    """Have everything put back that is amiss and that the network lets a programme set.

    Raises Refused or Impossible; then nothing was changed.
    """
    account = _locked(account)
    require(by, "assign_branding", facts_of(account), now=now)
    branding, parts = branding_of(account), to_put_back(account)
    if branding is None or not parts:
        raise Impossible(f"There is nothing to put back from here, or it was asked for already. {NOTHING}")
    if hindrance := what_hinders(account, branding, by):
        raise Impossible(f"{hindrance} {NOTHING}")
    if not _is_connected(account):
        raise Impossible(f"{UNCONNECTED} {NOTHING} Have it connected again first.")
    rows = [
        ProfileChange.objects.create(
            account=account, branding=branding, part=part, asked_at=now, asked_by=by, due_at=now
        )
        for part in parts
    ]
    said = {"parts": [part.value for part in parts]}
    record(by=by, what="profile.put_back_asked", about=[account.audit_ref], facts=said, now=now)
    return rows


def what_hinders(account: Account, branding: Branding, person: Person) -> str:
    """Why this person may not have it put back now, though guidance allows it; ""."""
    if account.status == Account.Status.SUSPENDED:
        return SUSPENDED
    return SECOND if branding.assigned_by_id == person.pk else ""


def to_put_back(account: Account) -> list[Part]:
    """Parts that are amiss, can be set from here, are assigned, and were not asked for already."""
    branding = branding_of(account)
    if branding is None:
        return []
    amiss = {PART_OF[Kind(each.kind)] for each in open_findings(account) if each.kind in PART_OF}
    asked = set(ProfileChange.objects.filter(account=account, state__in=states.OPEN).values_list("part", flat=True))
    free = {part for part in amiss if part.value in settable(account) and part.value not in asked}
    return [part for part in Part if part in free and getattr(branding, part.value)]


def open_findings(account: Account) -> list[ProfileFinding]:
    return list(ProfileFinding.objects.filter(account=account, ended_at=None))


@transaction.atomic
def keep_look(account: Account, seen: Shown, *, now: datetime) -> None:
    """Write down what an account showed, and what is amiss."""
    look = _look_of(account) or ProfileLook(account=account)
    before = {part: getattr(look, part.value) for part in PICTURES}
    on_its_way = _on_its_way(account, now=now)
    look.looked_at = look.read_at = now
    look.name, look.bio = shown(seen.name, longest=SEEN_NAME), shown(seen.bio, longest=SEEN_BIO)
    for part in PICTURES:
        setattr(look, f"{part.value}_told", part.value in seen.told)
        known = seen.digests.get(part.value) or part.value not in seen.told
        if known and part.value not in on_its_way:
            setattr(look, part.value, seen.digests.get(part.value, ""))
    look.tries, look.trouble = (look.tries + 1, seen.trouble[:TROUBLE]) if seen.trouble else (0, "")
    look.next_at = now + (_lag(account) if on_its_way else AGAIN if seen.trouble else EVERY)
    look.save()
    _note_what_was_put(account, seen, before, now=now)
    _judge(account, now=now)


@transaction.atomic
def keep_trouble(account: Account, trouble: str, *, now: datetime) -> None:
    """An account could not be looked at. It is tried again in an hour; where that lasts, people are told."""
    look = _look_of(account) or ProfileLook(account=account)
    look.looked_at, look.next_at, look.tries = now, now + AGAIN, look.tries + 1
    look.trouble = trouble[:TROUBLE] or SILENT
    look.save()
    _judge(account, now=now)


@transaction.atomic
def keep_untold(account: Account, *, now: datetime) -> None:
    """Its network tells no programme what it shows: the rest is judged all the same."""
    look = _look_of(account) or ProfileLook(account=account)
    look.looked_at, look.next_at = now, now + EVERY
    look.save()
    _judge(account, now=now)


def let_go(*, now: datetime) -> None:
    """End what was found on accounts that nobody follows any more. What goes wrong with one keeps no other from it."""
    gone = Q(status=Account.Status.CLOSED) | Q(connection__state=Connection.State.REVOKED)
    rows = Account.objects.filter(gone, profile_findings__ended_at=None, profile_findings__isnull=False)
    for account in rows.distinct().order_by("pk"):
        try:
            _let_go(account, now=now)
        except Exception:
            log.exception("what was found on the profile of account %s could not be ended", account.pk)


@transaction.atomic
def _let_go(account: Account, *, now: datetime) -> None:
    account = Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    _look_of(account)  # held, so that no look judges meanwhile
    reason, rows = _not_followed(account), open_findings(account)
    if not reason or not rows:
        return
    for row in rows:
        row.ended_at = now
        row.save(update_fields=["ended_at"])
    said = {"kinds": sorted(row.kind for row in rows), "reason": reason}
    record(by=CHORE, what="profile.no_longer_followed", about=[account.audit_ref], facts=said, now=now)
    _settled(account, now=now)


def _not_followed(account: Account) -> str:
    """Why what an account shows is nobody's matter here any more; "". A connection that broke by itself is no reason:
    whoever misuses the account may have ended it."""
    if account.status == Account.Status.CLOSED:
        return CLOSED
    revoked = Connection.objects.filter(account=account, state=Connection.State.REVOKED)
    return DISCONNECTED if revoked.exists() else ""


@transaction.atomic
def take(*, now: datetime) -> ProfileChange | None:
    """The one that waits longest, as being put back from now on. `row.account.connection` is loaded."""
    while row := _next(now=now):
        if why := _not_any_more(row, now=now):
            _ended(row, states.REFUSED, why, now=now)
        elif is_paused(row.account):
            row.due_at, row.said = now + SOON, PAUSED
            row.save()
        else:
            row.state, row.begun_at, row.tries, row.said = states.CALLING, now, row.tries + 1, ""
            row.save()
            return row
    return None


@transaction.atomic
def waits_for_a_pause(row: ProfileChange, *, now: datetime) -> bool:
    """The last look before the call: one that a pause covers by now waits again, and no try of it is spent. `row` is as
    `take` gave it."""
    if not is_paused(row.account):
        return False
    fresh = ProfileChange.objects.select_for_update(of=("self",)).get(pk=row.pk)
    if fresh.state == states.CALLING:
        fresh.state, fresh.tries, fresh.due_at, fresh.said = states.QUEUED, fresh.tries - 1, now + SOON, PAUSED
        fresh.save()
    return True


def _next(*, now: datetime) -> ProfileChange | None:
    due = ProfileChange.objects.filter(state=states.QUEUED, due_at__lte=now).order_by("due_at", "pk")
    rows = due.select_for_update(of=("self",), skip_locked=True)
    return rows.select_related("account__connection", "branding__avatar", "branding__banner", "asked_by").first()


def _not_any_more(row: ProfileChange, *, now: datetime) -> str:
    """Why what was asked for is not done now; "". Guidance is asked anew: much may have happened since."""
    latest = branding_of(row.account)
    if latest is None or latest.pk != row.branding_id:
        return OTHER
    if not _is_connected(row.account):
        return UNCONNECTED
    if row.account.status == Account.Status.SUSPENDED:
        return SUSPENDED
    person, about = person_facts(row.asked_by, now=now), facts_of(row.account)
    return "" if may(guidance(), "assign_branding", person, about, Situation(now=now)) else MAY_NOT


@transaction.atomic
def keep(row: ProfileChange, outcome: Outcome, *, now: datetime) -> None:
    """What came of it. `row` is as `take` gave it."""
    fresh = ProfileChange.objects.select_for_update(of=("self",)).select_related("account", "asked_by").get(pk=row.pk)
    if fresh.state != states.CALLING:
        return  # given up as lost meanwhile
    match outcome:
        case Sent():
            _ended(fresh, states.DONE, "", now=now)
        case Later(at, reason) | Pending(at, reason):
            _later(fresh, at, reason, now=now)
        case Reconnect(reason):
            mark_broken(by=PUTTING, account=row.account, reason=reason, now=now)
            _ended(fresh, states.REFUSED, reason, now=now)
        case Refused(reason, detail):
            _ended(fresh, states.REFUSED, f"{reason} {detail}", now=now)
        case Unsure(reason):
            _ended(fresh, states.UNSURE, reason, now=now)


def give_up_lost(*, now: datetime) -> None:
    """Whether those that were being put back when the programme ended arrived, the next look tells. What goes wrong
    with one keeps no other from it."""
    for row in ProfileChange.objects.filter(state=states.CALLING, begun_at__lte=now - LOST):
        try:
            keep(row, Unsure(DIED), now=now)
        except Exception:
            log.exception("part %s of a profile could not be given up", row.pk)


def _later(row: ProfileChange, at: datetime, reason: str, *, now: datetime) -> None:
    if row.tries >= MOST_TRIES:
        _ended(row, states.REFUSED, f"{TOO_OFTEN} {reason}", now=now)
        return
    row.state, row.due_at, row.said = states.QUEUED, max(at, now + SOON), shown(reason, longest=TROUBLE)
    row.save()


def _ended(row: ProfileChange, state: str, said: str, *, now: datetime) -> None:
    """With a record; whoever asked is told where it was not done, and the account is looked at again."""
    row.state, row.ended_at, row.said = state, now, shown(said, longest=TROUBLE)
    row.save()
    facts = {"part": row.part, "reason": row.said}
    what = {states.DONE: "profile.put_back", states.REFUSED: "profile.not_put_back", states.UNSURE: "profile.unsure"}
    about = [row.account.audit_ref, row.asked_by.audit_ref]
    record(by=PUTTING, what=what[state], about=about, facts=facts, now=now)
    if state != states.REFUSED:
        ProfileLook.objects.filter(account=row.account).update(next_at=now + _lag(row.account))
    if state != states.DONE:
        body = f"{row.get_part_display()} of {row.account}: {row.said}"
        tell([row.asked_by], kind="accounts", subject=NOT_PUT, body=body, link=page_of(row.account), now=now)


def _lag(account: Account) -> timedelta:
    if not registry.known(account.network):  # its folder is no longer there to say
        return SOON
    return max(SOON, registry.get(account.network).spec.read_lag)


def _on_its_way(account: Account, *, now: datetime) -> set[str]:
    """Parts that are being put back, or were so lately that the network may not show them yet: what it shows of them
    is noted with the next look."""
    rows = ProfileChange.objects.filter(account=account)
    lately = Q(state=states.DONE, ended_at__gt=now - _lag(account))
    return set(rows.filter(Q(state=states.CALLING) | lately).values_list("part", flat=True))


def _note_what_was_put(account: Account, seen: Shown, before: Mapping[Part, str], *, now: datetime) -> None:
    """A picture that is another one since it was put there from here is how the network shows ours, where the look
    comes soon after it: later, somebody else may have changed it."""
    rows = ProfileChange.objects.filter(account=account, state=states.DONE, seen_at=None).select_related("branding")
    for row in rows.filter(ended_at__lte=now - _lag(account)):
        digest = seen.digests.get(row.part, "")
        picture = getattr(row.branding, row.part) if row.part in PICTURES else None
        is_soon = row.ended_at is not None and now <= row.ended_at + _lag(account) + SURE
        if is_soon and picture and digest and digest != before[Part(row.part)]:
            RightPicture.objects.create(account=account, part=row.part, picture=picture, digest=digest, at=now)
        row.seen_at = now
        row.save(update_fields=["seen_at"])


def _judge(account: Account, *, now: datetime) -> None:
    """Open a finding for all that is amiss since now, and end what is right again."""
    look = _look_of(account)
    if look is None or _not_followed(account):
        return  # nobody looks, or has looked yet
    found, known = differences(account, look, now=now), {Kind(each.kind): each for each in open_findings(account)}
    fresh = [kind for kind in found if kind not in known]
    for kind, row in known.items():
        if kind not in found:
            row.ended_at = now
            row.save(update_fields=["ended_at"])
    for kind in fresh:
        ProfileFinding.objects.create(account=account, kind=kind, said=found[kind], found_at=now)
    _recorded(account, "profile.amiss", fresh, now=now)
    _recorded(account, "profile.right_again", [kind for kind in known if kind not in found], now=now)
    if fresh:
        _flag(account, fresh, now=now)
    if not found:
        _settled(account, now=now)


def _recorded(account: Account, what: str, kinds: Sequence[Kind], *, now: datetime) -> None:
    if kinds:
        said = {"kinds": sorted(kind.value for kind in kinds)}
        record(by=CHORE, what=what, about=[account.audit_ref], facts=said, now=now)


def _flag(account: Account, kinds: Sequence[Kind], *, now: datetime) -> None:
    """One notice for what one look found. Those who put it right for many accounts have one until it is read."""
    link = page_of(account)
    body = f"{account}: {'; '.join(str(kind.label) for kind in kinds)}."
    near = people_of(account)
    tell(near, kind="accounts", subject=FOUND, body=body, link=link, now=now)
    asked = set(Notice.objects.filter(subject=FOUND, link=LIST, read_at=None).values_list("person", flat=True))
    known = asked | {each.pk for each in near}
    others = [each for each in answering("assign_branding", facts_of(account), now=now) if each.pk not in known]
    tell(others, kind="accounts", subject=FOUND, body=f"{body} See which others do not.", link=LIST, now=now)


def _settled(account: Account, *, now: datetime) -> None:
    settle(subject=FOUND, link=page_of(account), now=now)
    left = ProfileFinding.objects.filter(ended_at=None).exclude(account__status=Account.Status.CLOSED)
    if not left.exists():
        settle(subject=FOUND, link=LIST, now=now)


def page_of(account: Account) -> str:
    return f"{LIST}{account.pk}/"


def _look_of(account: Account) -> ProfileLook | None:
    return ProfileLook.objects.select_for_update().filter(account=account).first()


def _is_connected(account: Account) -> bool:
    row = Connection.objects.filter(account=account).first()
    return row is not None and row.state == Connection.State.WORKING


def _locked(account: Account) -> Account:
    """Raises Impossible for one that is closed."""
    row = Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    if row.status == Account.Status.CLOSED:
        raise Impossible(f"“{row}” is closed. {NOTHING}")
    return row

"""Every write about direct access: asked for, answered, ended, its posts noted, and the credential changed after it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from mercat.audit.actions import record
from mercat.audit.actors import System
from mercat.guidance import facts
from mercat.people.actions import Impossible, once, settle, tell
from mercat.people.gate import By, person_or_none, require
from mercat.people.models import Person
from mercat.people.pack import guidance
from mercat.people.words import needed, tidy
from mercat.register.actions import locked, people_of
from mercat.register.answering import answering, holders
from mercat.register.exceptions import ASKED, OVERDUE, ROTATE, in_hours
from mercat.register.exceptions.addresses import on_network
from mercat.register.facts import facts_of
from mercat.register.models import Account, DirectAccess, DirectPost

Answer, Ended = DirectAccess.Answer, DirectAccess.Ended
NOTHING = "Nothing was changed."
LONGEST = 2000  # characters of what people write


@transaction.atomic
def ask(*, by: Person, account: Account, why: DirectAccess.Why, words: str, hours: int, now: datetime) -> DirectAccess:
    """For `hours`, of those who may speak there. Those who answer are told."""
    account = locked(account)
    about = facts_of(account)
    require(by, "ask_direct_access", about, now=now)
    most = guidance().pack.direct_access.hours_at_most
    words = needed(words, f"Say what you need direct access for. {NOTHING}")
    if not 1 <= hours <= most:
        raise Impossible(f"Direct access is for 1 to {most} hours. {NOTHING}")
    with once(f"You have asked for direct access to “{account}” already, or have it."):
        row = DirectAccess.objects.create(account=account, person=by, why=why, words=words, hours=hours, asked_at=now)
    record(
        by=by,
        what="direct_access.asked",
        about=_about(row),
        facts={"why": why, "hours": hours},
        personal={"words": row.words},
        now=now,
    )
    body = f"{by} asks for {in_hours(hours)} on “{account}”. {row.get_why_display()}: {row.words}"[:1000]
    told = [each for each in answering("answer_direct_access", about, now=now) if each != by]
    tell(told, kind="accounts", subject=ASKED, body=body, link=row.page, now=now)
    return row


@transaction.atomic
def grant(*, by: Person, row: DirectAccess, hours: int, advice: str = "", now: datetime) -> None:
    """From now on, for the hours that were asked for or fewer."""
    row = _to_answer(row, by, now=now)
    if not 1 <= hours <= row.hours:
        raise Impossible(f"It was asked for {in_hours(row.hours)}: grant that, or less. {NOTHING}")
    require(row.person, "ask_direct_access", facts_of(row.account), now=now)
    row.granted_hours, row.until = hours, now + timedelta(hours=hours)
    _answer(row, Answer.GRANTED, by, advice=advice, now=now)
    said = f"For {in_hours(hours)}, by {by}. Note here what you publish there. {advice}".strip()
    tell([row.person], kind="accounts", subject=f"{row} is granted"[:200], body=said, link=row.page, now=now)


@transaction.atomic
def refuse(*, by: Person, row: DirectAccess, advice: str, now: datetime) -> None:
    row = _to_answer(row, by, now=now)
    advice = needed(advice, f"Say why it is refused, and what to do instead. {NOTHING}")
    _answer(row, Answer.REFUSED, by, advice=advice, now=now)
    tell(
        [row.person],
        kind="accounts",
        subject=f"{row} is refused"[:200],
        body=f"By {by}. {advice}",
        link=row.page,
        now=now,
    )


@transaction.atomic
def withdraw(*, by: By, row: DirectAccess, now: datetime) -> None:
    """Take back what waits for an answer: whoever asked, or the programme where they may no longer ask."""
    row = _locked(row)
    _is_own(row, by, now=now)
    _waits(row)
    _answer(row, Answer.WITHDRAWN, by, now=now)


@transaction.atomic
def end(*, by: Person, row: DirectAccess, now: datetime) -> None:
    """Before its time: by whoever has it, or by those who answer."""
    row = _locked(row)
    _is_own_or_answers(row, by, now=now)
    close(row, by=by, ended=Ended.EARLY, now=now)


@transaction.atomic
def close(row: DirectAccess, *, by: By, ended: DirectAccess.Ended, now: datetime) -> None:
    """It is over, at its granted end at the latest, and the credential is to be changed. Part of what calls it."""
    row = _locked(row)
    if row.answer != Answer.GRANTED or row.closed_at:
        raise Impossible(f"There is no direct access to end here. {NOTHING}")
    row.closed_at = min(now, row.until)
    row.closed_by, row.ended = person_or_none(by), ended
    row.rotate_by = row.closed_at + timedelta(hours=guidance().pack.direct_access.rotate_within_hours)
    row.save(update_fields=["closed_at", "closed_by", "ended", "rotate_by"])
    record(by=by, what="direct_access.closed", about=_about(row), facts={"why": ended}, now=now)
    hours = guidance().pack.direct_access.rotate_within_hours
    body = f"{row.person} had direct access to “{row.account}”. Change its password or keys there within {hours} hours."
    tell(changing(row, now=now), kind="security", subject=ROTATE, body=body, link=row.page, now=now)
    if row.person.is_active:
        said = "Sign out there. Note here what you published, if anything is missing; the credential is changed."
        tell([row.person], kind="accounts", subject=f"{row} has ended"[:200], body=said, link=row.page, now=now)


@transaction.atomic
def note_post(
    *, by: Person, row: DirectAccess, url: str, published_at: datetime, what: str, now: datetime
) -> DirectPost:
    """What was published there while it was open: until the credential has been changed.

    `published_at` counts to the minute, as people know it.
    """
    row = _locked(row)
    _is_own_or_answers(row, by, now=now)
    if row.answer != Answer.GRANTED:
        raise Impossible("There is no direct access here that a post could belong to. Nothing was saved.")
    if row.rotated_at:
        raise Impossible("The credential has been changed, and this exception is closed. Nothing was saved.")
    what = needed(what, "Say what was published. Nothing was saved.")
    address = on_network(row.account, url)
    ended = row.closed_at or row.until
    if not _minute(row.answered_at) <= published_at <= min(now, ended):
        raise Impossible("It was not published while direct access was open. Nothing was saved. Tell those who answer.")
    with once("This post is noted already."):
        post = DirectPost.objects.create(
            exception=row,
            url=address,
            published_at=max(published_at, row.answered_at),
            what=what,
            at=now,
            by=by,
        )
    about = {"url": address, "published": post.published_at.isoformat()}
    record(by=by, what="direct_access.posted", about=_about(row), facts=about, personal={"what": post.what}, now=now)
    return post


@transaction.atomic
def note_rotation(*, by: Person, row: DirectAccess, changed_at: datetime, note: str, now: datetime) -> None:
    """The credential was changed on the network, by somebody else than who had direct access. To the minute."""
    row = _locked(row)
    require(by, "note_rotation", facts_of(row.account), now=now)
    if DirectAccess.objects.filter(account=row.account, person=by, answer=Answer.GRANTED, rotated_at=None).exists():
        raise Impossible(f"Whoever has or had direct access does not change the credential. {NOTHING} Another does.")
    if row.closed_at is None or row.rotated_at:
        raise Impossible(f"No change of a credential waits here. {NOTHING}")
    note = needed(note, f"Say what was changed: the password, the keys, who was signed out. {NOTHING}")
    if not _minute(row.closed_at) <= changed_at <= now:
        raise Impossible(f"The change must come after the end of the direct access, and not lie ahead. {NOTHING}")
    row.rotated_at, row.rotated_by = max(changed_at, row.closed_at), by
    row.rotation_note = note
    row.save(update_fields=["rotated_at", "rotated_by", "rotation_note"])
    about = {"changed": row.rotated_at.isoformat()}
    record(
        by=by,
        what="direct_access.rotated",
        about=_about(row),
        facts=about,
        personal={"note": row.rotation_note},
        now=now,
    )
    for subject in (ROTATE, OVERDUE):
        settle(subject=subject, link=row.page, now=now)


@transaction.atomic
def tell_overdue(*, by: System, row: DirectAccess, now: datetime) -> None:
    """Once: that the credential should have been changed by now."""
    row = _locked(row)
    if not row.is_overdue(now) or row.overdue_told_at:
        return
    row.overdue_told_at = now
    row.save(update_fields=["overdue_told_at"])
    record(by=by, what="direct_access.rotation_overdue", about=_about(row), now=now)
    body = f"{row.person} had direct access to “{row.account}”, and may still get in there. Change its credential now."
    tell(changing(row, now=now), kind="security", subject=OVERDUE, body=body, link=row.page, now=now)


def changing(row: DirectAccess, *, now: datetime) -> list[Person]:
    """Who sees to the credential: holders of the role that can recover the account there, those who may note the
    change, and those who answer for the account; never whoever had direct access."""
    about = facts_of(row.account)
    look = row.account.postures.first()
    recovering = holders({look.recovery_role}, about.unit) if look else []
    found = [*recovering, *answering("note_rotation", about, now=now), *people_of(row.account)]
    return list({each.pk: each for each in found if each != row.person}.values())


def _locked(row: DirectAccess) -> DirectAccess:
    rows = DirectAccess.objects.select_for_update(of=("self",)).select_related("account", "person")
    return rows.get(pk=row.pk)


def _to_answer(row: DirectAccess, by: Person, *, now: datetime) -> DirectAccess:
    row = _locked(row)
    require(by, "answer_direct_access", facts_of(row.account), now=now)
    if by == row.person:
        raise Impossible(f"Nobody answers what they asked for themselves. {NOTHING} A colleague answers.")
    _waits(row)
    return row


def _waits(row: DirectAccess) -> None:
    if row.answer:
        raise Impossible(f"This does not wait for an answer any more: {row.get_answer_display().lower()}. {NOTHING}")


def _is_own(row: DirectAccess, by: By, *, now: datetime) -> None:
    require(by, "work", facts.Body(), now=now)
    if isinstance(by, Person) and by != row.person:
        raise Impossible(f"A request is withdrawn by whoever asked. {NOTHING} Refuse it instead.")


def _is_own_or_answers(row: DirectAccess, by: Person, *, now: datetime) -> None:
    """One's own needs no more than a device of the body: whoever may no longer speak there still says what they did."""
    if by == row.person:
        require(by, "work", facts.Body(), now=now)
    else:
        require(by, "answer_direct_access", facts_of(row.account), now=now)


def _answer(row: DirectAccess, answer: DirectAccess.Answer, by: By, *, advice: str = "", now: datetime) -> None:
    row.answer, row.answered_at, row.answered_by, row.advice = (
        answer,
        now,
        person_or_none(by),
        tidy(advice, longest=LONGEST),
    )
    row.save(update_fields=["answer", "answered_at", "answered_by", "advice", "granted_hours", "until"])
    about = {"hours": row.granted_hours} if row.granted_hours else {}
    said = {"advice": row.advice} if row.advice else {}
    record(by=by, what=f"direct_access.{answer}", about=_about(row), facts=about, personal=said, now=now)
    settle(subject=ASKED, link=row.page, now=now)


def _about(row: DirectAccess) -> list[str]:
    return [row.audit_ref, row.account.audit_ref, row.person.audit_ref]


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)

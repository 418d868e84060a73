"""Every write about a case: reported, looked at, its report made and followed, closed, opened again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.timezone import localtime

from mercat.audit.actions import erase_personal, record
from mercat.audit.actors import System
from mercat.audit.models import Event
from mercat.guidance import facts
from mercat.images.actions import forget
from mercat.images.models import Picture
from mercat.people.actions import Impossible, settle, tell
from mercat.people.gate import require
from mercat.people.models import Notice, Person
from mercat.people.words import needed, shown, tidy
from mercat.register.models import Account
from mercat.watch.cases import states, triage
from mercat.watch.cases.addresses import Named, known_as, read
from mercat.watch.cases.beside import forget_beside, leave_reports
from mercat.watch.dealing import dealing_with
from mercat.watch.models import Case, CaseNote

NOTHING = "Nothing was changed."
LONGEST = 2000  # characters of what people write
FOLLOW = timedelta(days=3)  # after a report, and after each look that finds the account still there
MOST_A_DAY = 20  # reports of one person: nobody floods those who look
MOST_PICTURES = 4  # with one report or note

LOOK = "A found account waits to be looked at"
DEAL = "An unauthorised account waits for you"
REPORT = "A fake account waits to be reported to its platform"
STILL = "See whether a fake account is still there"
MORE = "A reported account was reported here once more"
TOLD = "The account that you reported"
UNSURE = "A fake account may have been reported to its network"
NOT_TAKEN = "A report of a fake account did not reach its network"

Kind, Outcome = CaseNote.Kind, Case.Outcome
BODY = facts.Body()
SUBJECTS = {states.NEW: LOOK, states.UNAUTHORISED: DEAL, states.FAKE: REPORT, states.REPORTED: MORE}


@transaction.atomic
def report(*, by: Person, address: str, words: str, pictures: Sequence[Picture] = (), now: datetime) -> Case:
    """By anybody. A second report of the same account joins the first one's open case. Raises Impossible."""
    Person.objects.select_for_update().get(pk=by.pk)  # one at a time, or the limit would be passed
    found = may_report(by=by, address=address, now=now)
    words = needed(words, "Say what you saw there. Nothing was reported.")
    case, is_new = _case_of(found, now=now)
    _note(case, Kind.FOUND, by, words, pictures, now=now)
    personal = {"address": case.address, "words": words}
    record(by=by, what="case.reported_here", about=_about(case, by), personal=personal, now=now)
    if is_new:
        _hand_on(case, by, now=now)
    else:
        _tell_of_more(case, by, now=now)
    return case


def may_report(*, by: Person, address: str, now: datetime) -> Named:
    """The account that an address leads to, if this person may report it now. Raises Refused or Impossible."""
    require(by, "report_account", BODY, now=now)
    day = CaseNote.objects.filter(by=by, kind=Kind.FOUND, at__gt=now - timedelta(days=1))
    if day.count() >= MOST_A_DAY:
        raise Impossible(f"You have reported {MOST_A_DAY} accounts within a day. Nothing was reported. Ask for advice.")
    return read(address)


@transaction.atomic
def look(
    *, by: Person, case: Case, answers: triage.Answers, words: str, imitates: Account | None = None, now: datetime
) -> Case:
    """Say what it is: the answers lead to one of two reports, or to nothing, and then nothing of it is kept.

    Whoever learns better looks again, as long as the case is open and stands as `case` shows it. What somebody found
    to be unauthorised or fake is forgotten by another person alone.
    """
    seen, case = case, _locked(case)
    require(by, "triage_account", BODY, now=now)
    _is_in(case, states.TO_TRIAGE)
    if (seen.state, seen.triaged_at) != (case.state, case.triaged_at):
        raise Impossible(f"Somebody else has looked at it meanwhile. {NOTHING} See what they said, then answer.")
    words = needed(words, f"Say what speaks for these answers. {NOTHING}")
    kind = triage.kind_of(answers)
    if kind == triage.NEITHER and case.kind and case.triaged_by == by:
        raise Impossible(f"You said that it is {case.get_kind_display().lower()}. {NOTHING} Another person forgets it.")
    was = case.state
    case.kind, case.who = kind, answers.who
    case.branding, case.content, case.false_words = answers.branding, answers.content, answers.false_words
    case.imitates = imitates if kind != triage.NEITHER else None
    case.triaged_at, case.triaged_by = now, by
    _note(case, Kind.TRIAGED, by, words, now=now)
    said = {"is": kind, "who": answers.who, "branding": answers.branding, "content": answers.content}
    said["false_words"] = answers.false_words
    record(by=by, what="case.looked_at", about=_about(case), facts=said, personal={"words": words}, now=now)
    if kind == triage.NEITHER:
        _forget_all(case, by, now=now)
        return case
    becomes = states.UNAUTHORISED if kind == triage.UNAUTHORISED else states.FAKE
    if becomes == states.FAKE and was == states.REPORTED:
        becomes = states.REPORTED  # the answers are other ones, and the report stands
    _move(case, becomes, now=now)
    if becomes != was:
        _hand_on(case, by, now=now)
    return case


@transaction.atomic
def note(*, by: Person, case: Case, words: str, pictures: Sequence[Picture] = (), now: datetime) -> None:
    """What somebody who deals with it found out. Also after its end."""
    case = _locked(case)
    require(by, "triage_account", BODY, now=now)
    if case.kind == triage.NEITHER:
        raise Impossible("This case was nobody’s business, and nothing of it is kept. Nothing was saved.")
    words = needed(words, "Write something first. Nothing was saved.")
    _note(case, Kind.NOTE, by, words, pictures, now=now)
    record(by=by, what="case.noted", about=_about(case), personal={"words": words}, now=now)


@transaction.atomic
def report_to_platform(*, by: Person, case: Case, reference: str, words: str = "", now: datetime) -> None:
    """The ready report was handed in by the platform's own procedure. `reference`: the platform's, if it gave one."""
    case = _locked(case)
    require(by, "report_fake", BODY, now=now)
    _is_in(case, {states.FAKE})
    case.reference = tidy(reference, longest=120, lines=False)
    words = tidy(words, longest=LONGEST)
    _reported(case, by, words or case.reference, now=now)
    personal = {"network": case.network, "reference": case.reference, "words": words}
    record(by=by, what="case.reported", about=_about(case), personal=personal, now=now)


@transaction.atomic
def network_took_report(
    *, by: System, case: Case, network: str, asked_by: Person, reference: str, now: datetime
) -> None:
    """The network's own interface took the report that somebody asked for. Where the case went on meanwhile, or is
    forgotten, it stays as it is."""
    case = _locked(case)
    if case.kind == triage.NEITHER:
        return
    words = f"Through {network}’s own interface. Its reference: {reference}."
    personal = {"network": network, "reference": reference}
    record(by=by, what="case.reported", about=_about(case, asked_by), personal=personal, now=now)
    if case.state != states.FAKE:
        _note(case, Kind.NOTE, asked_by, f"It was reported all the same. {words}", now=now)
        return
    case.reference = shown(reference, longest=120)
    _reported(case, asked_by, words, now=now)


@transaction.atomic
def still_there(*, by: Person, case: Case, now: datetime) -> None:
    """Somebody looked, and it is there: it is looked at again in three days."""
    case = _locked(case)
    require(by, "report_fake", BODY, now=now)
    _is_in(case, {states.REPORTED})
    case.look_at, case.told_to_look_at = now + FOLLOW, None
    case.save(update_fields=["look_at", "told_to_look_at"])
    _note(case, Kind.STILL_THERE, by, now=now)
    record(by=by, what="case.still_there", about=_about(case), now=now)
    _settle(case, now=now)


@transaction.atomic
def report_again(*, by: Person, case: Case, words: str, now: datetime) -> None:
    """The platform said no, or nothing: the report is made anew, with more."""
    case = _locked(case)
    require(by, "report_fake", BODY, now=now)
    _is_in(case, {states.REPORTED})
    words = needed(words, f"Say what the platform answered. {NOTHING}")
    _move(case, states.FAKE, now=now)
    _note(case, Kind.REFUSED, by, words, now=now)
    record(by=by, what="case.refused_by_platform", about=_about(case), personal={"words": words}, now=now)
    _hand_on(case, by, now=now)


@transaction.atomic
def taken_down(*, by: Person, case: Case, words: str, now: datetime) -> None:
    """The fake account is gone: by the report, or before it was made."""
    _close_fake(by, case, Outcome.TAKEN_DOWN, words, now=now)


@transaction.atomic
def leave_up(*, by: Person, case: Case, words: str, now: datetime) -> None:
    """The platform will not act, and nothing more can be done."""
    _close_fake(by, case, Outcome.LEFT_UP, words, now=now)


@transaction.atomic
def gone(*, by: Person, case: Case, words: str, now: datetime) -> None:
    """The unauthorised account was closed by whoever ran it."""
    case = _unauthorised(by, case, now=now)
    _close(case, by, Outcome.GONE, words, now=now)


@transaction.atomic
def regularise(*, by: Person, case: Case, words: str, now: datetime) -> Account:
    """It is official now: an application for it was approved, and it stands in the register (clause 4.13)."""
    case = _unauthorised(by, case, now=now)
    account = official_now(case)
    if account is None:
        raise Impossible(
            f"It is not in the register: it becomes official only by an approved application. {NOTHING} "
            "Whoever runs it applies; when it is registered with this address, close the case."
        )
    case.regularised_as = account
    _close(case, by, Outcome.REGULARISED, words, now=now)
    return account


@transaction.atomic
def reopen(*, by: Person, case: Case, words: str, now: datetime) -> None:
    """It is there again, or was closed in error. It is looked at anew."""
    case = _locked(case)
    require(by, "triage_account", BODY, now=now)
    _is_in(case, {states.CLOSED})
    if case.kind == triage.NEITHER:
        raise Impossible(f"Nothing of this case is kept. {NOTHING} Report the account anew.")
    if Case.objects.filter(network=case.network, key=case.key).exclude(state=states.CLOSED).exists():
        raise Impossible(f"This account has an open case already. {NOTHING}")
    words = needed(words, f"Say what was seen. {NOTHING}")
    case.outcome, case.closed_at, case.closed_by, case.regularised_as = Outcome.NOT_YET, None, None, None
    case.kind, case.who, case.branding, case.content, case.false_words = "", "", None, None, None
    case.triaged_at, case.triaged_by, case.imitates = None, None, None
    case.reported_at, case.reference = None, ""  # the notes tell of it
    _move(case, states.NEW, now=now)
    _note(case, Kind.REOPENED, by, words, now=now)
    record(by=by, what="case.reopened", about=_about(case), personal={"words": words}, now=now)
    _hand_on(case, by, now=now)


@transaction.atomic
def tell_to_look(*, by: System, case: Case, now: datetime) -> None:
    """Once a look: it is time to see whether a reported account is still there."""
    case = _locked(case)
    if case.state != states.REPORTED or case.look_at > now or case.told_to_look_at:
        return
    case.told_to_look_at = now
    case.save(update_fields=["told_to_look_at"])
    body = f"It was reported {localtime(case.reported_at):%-d %B}. Open it, and say here whether it is still there."
    tell(dealing_with("report_fake", now=now), kind="reminders", subject=STILL, body=body, link=case.page, now=now)


def official_now(case: Case) -> Account | None:
    """The account of the register with the address of this case, that is in use."""
    rows = Account.objects.exclude(status=Account.Status.CLOSED).exclude(url="")
    return next((row for row in rows if known_as(row.url) == (case.network, case.key)), None)


def _case_of(found: Named, *, now: datetime) -> tuple[Case, bool]:
    """The open case of this account, or a new one; two who report at once get the same."""
    open_ones = Case.objects.exclude(state=states.CLOSED).select_for_update()
    known = open_ones.filter(network=found.network, key=found.key).first()
    if known:
        return known, False
    fresh = Case(network=found.network, key=found.key, address=found.address, found_at=now)
    Case.objects.bulk_create([fresh], ignore_conflicts=True)
    case = open_ones.get(network=found.network, key=found.key)
    return case, not case.notes.exists()


def _reported(case: Case, by: Person, words: str, *, now: datetime) -> None:
    case.reported_at = now
    _move(case, states.REPORTED, now=now, look_at=now + FOLLOW)
    _note(case, Kind.REPORTED, by, words, now=now)
    _settle(case, now=now)


def _close_fake(by: Person, case: Case, outcome: Case.Outcome, words: str, *, now: datetime) -> None:
    case = _locked(case)
    require(by, "report_fake", BODY, now=now)
    _is_in(case, {states.FAKE, states.REPORTED})
    if outcome == Outcome.LEFT_UP and case.reported_at is None:
        raise Impossible(f"It was not reported to its platform yet. {NOTHING}")
    _close(case, by, outcome, words, now=now)


def _unauthorised(by: Person, case: Case, *, now: datetime) -> Case:
    case = _locked(case)
    require(by, "settle_unauthorised", BODY, now=now)
    _is_in(case, {states.UNAUTHORISED})
    return case


def _close(case: Case, by: Person, outcome: Case.Outcome, words: str, *, now: datetime) -> None:
    words = needed(words, f"Say how it ended. {NOTHING}")
    _end(case, by, outcome, now=now)
    _note(case, Kind.CLOSED, by, words, now=now)
    said = {"outcome": outcome, "account": str(case.regularised_as_id or "")}
    record(by=by, what="case.closed", about=_about(case), facts=said, personal={"words": words}, now=now)


def _end(case: Case, by: Person, outcome: Case.Outcome, *, now: datetime) -> None:
    case.outcome, case.closed_at, case.closed_by = outcome, now, by
    if outcome == Outcome.NEITHER:
        case.network, case.key, case.address, case.reference, case.reported_at = "", "", "", "", None
    _move(case, states.CLOSED, now=now)
    _settle(case, now=now)
    finders = {each.by for each in case.notes.filter(kind=Kind.FOUND).select_related("by")}
    told = [each for each in finders if each.is_active and each != by]
    body = f"{outcome.label}. Thank you for telling us."
    tell(told, kind="accounts", subject=TOLD, body=body, link=case.page, now=now)


def _forget_all(case: Case, by: Person, *, now: datetime) -> None:
    """With what was closed before about the same account."""
    closed = Case.objects.select_for_update().filter(network=case.network, key=case.key, state=states.CLOSED)
    for each in [*closed, case]:
        each.kind, each.imitates, each.regularised_as = triage.NEITHER, None, None
        _end(each, by, Outcome.NEITHER, now=now)
        _forget(each, by, now=now)


def _forget(case: Case, by: Person, *, now: datetime) -> None:
    """Nothing about anybody's own account is kept: not its address, nor what was said and shown of it."""
    pictures = [each.picture for each in case.notes.exclude(picture=None).select_related("picture")]
    case.notes.update(words="", picture=None)
    forget_beside(case, by=by, now=now)
    for picture in pictures:
        forget(picture)
    events = Event.objects.filter(about__contains=[case.audit_ref])
    erase_personal(by=by, events=events, why="a found account was nobody's but its owner's", now=now)
    record(by=by, what="case.forgotten", about=[case.audit_ref], now=now)


def _move(case: Case, state: str, *, now: datetime, look_at: datetime | None = None) -> None:
    case.state = state
    if state != states.REPORTED:
        case.look_at = None
    elif look_at:
        case.look_at = look_at
    case.told_to_look_at = None
    case.save()
    if state != states.FAKE:
        leave_reports(case, now=now)


def _hand_on(case: Case, by: Person, *, now: datetime) -> None:
    """What was asked of others before is settled; whoever acts next is told."""
    _settle(case, now=now)
    subject = SUBJECTS[case.state]
    others = [each for each in dealing_with(states.NEXT[case.state], now=now) if each != by]
    body = "The case has what was seen, and what there is to do."
    tell(others, kind="security", subject=subject, body=body, link=case.page, now=now)


def _tell_of_more(case: Case, by: Person, *, now: datetime) -> None:
    """Whoever acts next hears of another report, unless they have not yet seen the first."""
    subject = SUBJECTS[case.state]
    waits = Notice.objects.filter(subject=subject, link=case.page, read_at=None).values_list("person", flat=True)
    asked = {by.pk, *waits}
    told = [each for each in dealing_with(states.NEXT[case.state], now=now) if each.pk not in asked]
    body = "Somebody else has seen it too, and says what."
    tell(told, kind="security", subject=subject, body=body, link=case.page, now=now)


def _settle(case: Case, *, now: datetime) -> None:
    for subject in (LOOK, DEAL, REPORT, STILL, MORE, UNSURE, NOT_TAKEN):
        settle(subject=subject, link=case.page, now=now)


def _note(
    case: Case, kind: CaseNote.Kind, by: Person, words: str = "", pictures: Sequence[Picture] = (), *, now: datetime
) -> None:
    if len(pictures) > MOST_PICTURES:
        raise Impossible(f"Add {MOST_PICTURES} pictures at most at once. Nothing was saved.")
    CaseNote.objects.create(case=case, kind=kind, at=now, by=by, words=words)
    for picture in pictures:
        CaseNote.objects.create(case=case, kind=Kind.PICTURE, at=now, by=by, words=picture.name, picture=picture)


def _locked(case: Case) -> Case:
    return Case.objects.select_for_update().get(pk=case.pk)


def _is_in(case: Case, those: frozenset[str] | set[str]) -> None:
    if case.state not in those:
        raise Impossible(f"This case stands elsewhere by now: {states.STATES[case.state].lower()}. {NOTHING}")


def _about(case: Case, person: Person | None = None) -> list[str]:
    return [case.audit_ref, *([person.audit_ref] if person else [])]

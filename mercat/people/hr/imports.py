"""Every write of an import: a file received and compared, what is chosen of it, and doing that, slice by slice."""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from mercat.audit.actions import record
from mercat.audit.actors import System
from mercat.audit.copying import copy_in
from mercat.guidance import facts
from mercat.people.actions import Impossible, settle, tell
from mercat.people.gate import By, person_or_none, require
from mercat.people.hr.applying import apply_rows
from mercat.people.hr.comparing import Comparison, Standing, compare_again, older_than_applied, summed
from mercat.people.hr.files import BadFile, Contents, clean_name, read
from mercat.people.hr.understanding import Reader
from mercat.people.models import HrRecord, Import, ImportRow, Person, Unit
from mercat.people.pack import guidance
from mercat.people.queries import administrators

log = logging.getLogger(__name__)

IMPORTS = "/people/imports/"
WAITS = "A file of people waits to be looked at"
SECOND = "Leavers in great numbers wait for a second person"
REFUSED = "A file of people was refused"
SLICE = 2_000  # rows in one transaction: about two seconds, in which nobody else changes these people
AT_ONCE = 200  # rows that are done while somebody waits for the page; more are a chore
BRAKE_TIME = timedelta(days=1)

Kind, Choice, State, Source = ImportRow.Kind, ImportRow.Choice, Import.State, Import.Source
DIFFERING = (Kind.NEW, Kind.CHANGED, Kind.GONE, Kind.CONFLICTING)
BY_GROUP = (Kind.NEW, Kind.CHANGED, Kind.GONE)  # a conflict is decided one by one
UNASKED = {Source.FOLDER, Source.API}


def receive(
    *,
    by: By,
    name: str,
    data: bytes,
    source: str,
    now: datetime,
    whole: bool | None = None,
    made_at: datetime | None = None,
) -> Import:
    """Keep what a file would change, and change nothing; only if the pack says so, and the file came from the folder
    or by the API, is what is new or changed without a conflict applied.

    `whole`: it names everybody; None: as the file itself says, or the pack. `made_at`: None: as the file says, or now.
    Raises Refused, or BadFile for a file that cannot be read; that it was refused is on record.
    """
    require(by, "import_people", facts.Body(), now=now)
    name, digest = clean_name(name), hashlib.sha256(data).hexdigest()
    rule = guidance().pack.hr
    try:
        contents = read(name, data, rule)
    except BadFile:
        with transaction.atomic():
            record(by=by, what="import.refused", facts={"digest": digest, "source": source}, now=now)
        raise
    said_whole = next((each for each in (whole, contents.whole, rule.whole) if each is not None), False)
    made_at = min(contents.made_at or made_at or now, now)
    with transaction.atomic():
        file = Import.objects.create(
            name=name, source=source, format=contents.format, digest=digest, size=len(data),
            whole=said_whole and contents.people, made_at=made_at, received_at=now, received_by=person_or_none(by),
            people=Person.objects.filter(is_active=True).count(), state=State.WAITING,
        )  # fmt: skip
        rows = _compared(file, contents, now=now)
        counted = summed(rows)
        told = {"digest": digest, "source": source, "whole": file.whole, "rows": counted}
        record(by=by, what="import.received", about=[file.audit_ref], facts=told, personal={"name": name}, now=now)
        if not any(counted.get(kind) for kind in DIFFERING):
            _close(file, now=now)
        elif source in UNASKED and rule.apply == "unconflicted" and counted.keys() & {Kind.NEW, Kind.CHANGED}:
            reason = System(f"The pack has what is new or changed in files of {rule.system} applied unasked")
            choose(by=reason, file=file, kinds=(Kind.NEW, Kind.CHANGED), now=now)
        if source in UNASKED and file.state == State.WAITING:
            tell(
                administrators(),
                kind="administration",
                subject=WAITS,
                body=f"{name}: {in_words(counted)}.",
                link=address_of(file),
                now=now,
            )
    return file


def _compared(file: Import, contents: Contents, *, now: datetime) -> list[ImportRow]:
    units = set(Unit.objects.values_list("pk", flat=True))
    reader = Reader(guidance().pack, people=contents.people, units=units, today=timezone.localdate(now))
    lines = [reader.understand(line) for line in contents.lines]
    standing = Standing.now(courses=any(line.tells_of_course for line in lines))
    older = older_than_applied(file.made_at)
    rows = list(Comparison(file, standing, lines, older=older, now=now).rows())
    return copy_in(ImportRow, rows)


@transaction.atomic
def choose(
    *,
    by: By,
    file: Import,
    kinds: Iterable[str] = (),
    take: Iterable[int] = (),
    keep: Iterable[int] = (),
    now: datetime,
) -> int:
    """Have whole groups (`kinds`) or single rows done: `take` the file's word, or, in conflicts, `keep` ours.

    Leavers beyond the pack's share then wait for a second person; else `carry_on` does it. Returns how many rows.
    """
    require(by, "import_people", facts.Body(), now=now)
    # One after the other: how many leave is counted over all files.
    list(Import.objects.select_for_update(of=("self",)).exclude(state=State.CLOSED).order_by("pk").values_list("pk"))
    _hold(file, State.WAITING, "It is being applied, or done with")
    undecided = file.rows.filter(choice="")
    wrong = set(kinds) - set(BY_GROUP)
    if wrong:
        raise Impossible("Conflicts are decided one by one, and what is faulty is not taken. Nothing was changed.")
    chooser = person_or_none(by) or file.received_by
    taken = _of_others(undecided.filter(Q(kind__in=kinds) | Q(pk__in=take), kind__in=DIFFERING), chooser)
    _one_row_for_each_person(taken)
    count = taken.update(choice=Choice.FILE)
    kept = _of_others(file.rows.filter(choice="", pk__in=keep, kind=Kind.CONFLICTING), chooser)
    count += kept.update(choice=Choice.OURS)
    if not count:
        raise Impossible("Choose what is to be done. Nothing was changed.")
    file.chosen_at, file.chosen_by, file.confirmed_at, file.confirmed_by = now, person_or_none(by), None, None
    file.state = State.CONFIRMING if too_many_leave(file, now=now) else State.APPLYING
    file.save(update_fields=["chosen_at", "chosen_by", "confirmed_at", "confirmed_by", "state"])
    pending = pending_of(file)
    chosen = {
        "groups": sorted(kinds),
        "lines": [row.line for row in pending.filter(kind=Kind.CONFLICTING)],
        "gone": leaving_of(file).count(),
        "rows": count,
    }
    record(by=by, what="import.chosen", about=[file.audit_ref], facts=chosen, now=now)
    settle(subject=WAITS, link=address_of(file), now=now)
    if file.state == State.CONFIRMING:
        others = [person for person in administrators() if person != by]
        body = f"{chosen['gone']} people would be marked as having left, by the file {file.name}."
        tell(others, kind="administration", subject=SECOND, body=body, link=address_of(file), now=now)
    return count


def _of_others(rows: QuerySet[ImportRow], own: Person | None) -> QuerySet[ImportRow]:
    """Nobody decides what a file says of themselves, nor has a file decide it that they handed in."""
    return rows.exclude(Q(person=own) | Q(number=own.number)) if own else rows


def _one_row_for_each_person(taken: QuerySet[ImportRow]) -> None:
    numbers = Counter(taken.filter(about=ImportRow.About.PERSON).values_list("number", flat=True))
    twice = [number for number, count in numbers.items() if count > 1]
    if twice:
        raise Impossible(f"Two rows are chosen for staff number {twice[0]}: take one of them. Nothing was changed.")


def _leaving(rows: QuerySet[ImportRow]) -> QuerySet[ImportRow]:
    return rows.filter(choice=Choice.FILE, about=ImportRow.About.PERSON, said__is_active=False)


def too_many_leave(file: Import, *, now: datetime) -> bool:
    """Whether more leave, with those of the last day, than one person may say. In slices it is no less."""
    pending = leaving_of(file).count()
    if not pending:
        return False
    under_way = _leaving(ImportRow.objects.filter(file__state=State.APPLYING, done_at=None).exclude(file=file)).count()
    done = _leaving(ImportRow.objects.filter(outcome="done", done_at__gt=now - BRAKE_TIME)).count()
    return (pending + under_way + done) * 100 > guidance().pack.hr.gone_at_most * file.people


@transaction.atomic
def confirm(*, by: Person, file: Import, now: datetime) -> None:
    """Leavers in great numbers, seen by a second person."""
    require(by, "import_people", facts.Body(), now=now)
    _hold(file, State.CONFIRMING, "Nothing of it waits for a second person")
    if by == file.chosen_by:
        raise Impossible("You chose it yourself: somebody else confirms it. Nothing was changed.")
    file.confirmed_at, file.confirmed_by, file.state = now, by, State.APPLYING
    file.save(update_fields=["confirmed_at", "confirmed_by", "state"])
    record(by=by, what="import.confirmed", about=[file.audit_ref], now=now)
    settle(subject=SECOND, link=address_of(file), now=now)


@transaction.atomic
def take_back(*, by: Person, file: Import, now: datetime) -> None:
    """What waits for a second person is not to be done after all, by either."""
    require(by, "import_people", facts.Body(), now=now)
    _hold(file, State.CONFIRMING, "Nothing of it waits for a second person")
    pending_of(file).update(choice="")
    file.state = State.WAITING
    file.save(update_fields=["state"])
    record(by=by, what="import.taken_back", about=[file.audit_ref], now=now)
    settle(subject=SECOND, link=address_of(file), now=now)


@transaction.atomic
def close(*, by: Person, file: Import, now: datetime) -> None:
    """Leave what has not been chosen as it is."""
    require(by, "import_people", facts.Body(), now=now)
    _hold(file, State.WAITING, "It is being applied, or done with")
    left = undecided_of(file).count()
    record(by=by, what="import.closed", about=[file.audit_ref], facts={"undecided": left}, now=now)
    settle(subject=WAITS, link=address_of(file), now=now)
    _close(file, now=now)


@transaction.atomic
def look_again(*, by: Person, file: Import, now: datetime) -> int:
    """Compare anew what had changed here since, and could not be done. Returns how many rows wait to be chosen."""
    require(by, "import_people", facts.Body(), now=now)
    file.refresh_from_db(from_queryset=Import.objects.select_for_update(of=("self",)))
    stale = list(file.rows.filter(outcome=ImportRow.Outcome.STALE))
    if not stale or file.state not in (State.WAITING, State.CLOSED):
        raise Impossible("Nothing of this file has to be looked at again. Nothing was changed.")
    compare_again(stale)
    ImportRow.objects.bulk_update(stale, ["kind", "person", "ours", "reason", "choice", "outcome", "told", "done_at"])
    file.state, file.closed_at = State.WAITING, None
    file.save(update_fields=["state", "closed_at"])
    return len(stale)


def carry_on(file: Import, *, now: datetime) -> int:
    """Do the next slice of what was chosen, and say how many rows are left. Call it outside a transaction."""
    with transaction.atomic():
        file = Import.objects.select_for_update(of=("self",)).get(pk=file.pk)
        if file.state != State.APPLYING:
            return 0
        pending = pending_of(file).select_related("person__unit")
        # People come first: whoever is new has to be there for their course.
        rows = list(pending.order_by("-about", "line", "pk")[:SLICE])
        apply_rows(file, rows, by=System(f"{guidance().pack.hr.system}, {file.audit_ref}"), now=now)
        left = pending.count()
        if not left:
            _done(file, now=now)
    return left


def finish(file: Import, *, now: Callable[[], datetime] = timezone.now) -> None:
    """Do all that was chosen."""
    while carry_on(file, now=now()):
        pass


def run(*, now: datetime) -> None:
    """The chore: whatever was chosen and is not done yet."""
    for file in Import.objects.filter(state=State.APPLYING):
        finish(file, now=lambda: now)


def _done(file: Import, *, now: datetime) -> None:
    outcomes = Counter(file.rows.filter(done_at__gte=file.chosen_at).values_list("outcome", flat=True))
    record(
        by=System(f"{guidance().pack.hr.system}, as it was chosen"),
        what="import.applied",
        about=[file.audit_ref, *([file.chosen_by.audit_ref] if file.chosen_by else [])],
        facts={"outcomes": dict(sorted(outcomes.items()))},
        now=now,
    )
    if undecided_of(file).exists():
        file.state = State.WAITING
        file.save(update_fields=["state"])
        if file.source in UNASKED and file.chosen_by is None:
            body = f"{file.name}: {in_words(counts_of(undecided_of(file)))} are left to be decided."
            tell(administrators(), kind="administration", subject=WAITS, body=body, link=address_of(file), now=now)
        return
    _close(file, now=now)


def _close(file: Import, *, now: datetime) -> None:
    """From now on it is known what the HR system says of those of whom both say the same."""
    same = file.rows.filter(kind=Kind.SAME, about=ImportRow.About.PERSON, person__isnull=False)
    HrRecord.objects.bulk_create(
        [
            HrRecord(person_id=row.person_id, said=row.said, file=file, line=row.line, at=now)
            for row in same.filter(person__hr_record=None)
        ],
        batch_size=SLICE,
        ignore_conflicts=True,
    )
    file.state, file.closed_at = State.CLOSED, now
    file.save(update_fields=["state", "closed_at"])


def _hold(file: Import, state: str, otherwise: str) -> None:
    """Take this import for this transaction, fresh, in this state."""
    locked = Import.objects.select_for_update(of=("self",)).get(pk=file.pk)
    if locked.state != state:
        raise Impossible(f"{otherwise}. Nothing was changed.")
    file.refresh_from_db()


def leaving_of(file: Import) -> QuerySet[ImportRow]:
    """Who leaves by what was chosen and is not done yet."""
    return _leaving(pending_of(file))


def pending_of(file: Import) -> QuerySet[ImportRow]:
    return file.rows.filter(outcome="").exclude(choice="")


def undecided_of(file: Import) -> QuerySet[ImportRow]:
    return file.rows.filter(choice="", kind__in=DIFFERING)


def counts_of(rows: QuerySet[ImportRow]) -> dict[str, int]:
    """How many rows of each kind, in the order in which they want to be looked at."""
    counted = dict(rows.order_by().values_list("kind").annotate(Count("pk")))
    return {kind.value: counted[kind] for kind in Kind if counted.get(kind)}


def in_words(counted: dict[str, int]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in counted.items()) or "nothing"


def address_of(file: Import) -> str:
    return f"{IMPORTS}{file.pk}/"

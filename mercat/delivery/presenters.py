"""Consignments in words: what a person is told of each, and what they can do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from mercat.delivery import corrections, states
from mercat.delivery.manifest import is_live
from mercat.delivery.models import Attempt, Consignment, Correction, Removal
from mercat.delivery.queries import FOR_A_PERSON
from mercat.delivery.removals import what_hinders
from mercat.register.models import Account

COLOURS = {
    states.READY: "grey",
    states.LEASED: "blue",
    states.SENDING: "blue",
    states.SENT: "green",
    states.REFUSED: "red",
    states.IN_DOUBT: "yellow",
    states.NEEDS_PERSON: "orange",
    states.HELD: "orange",
    states.WITHDRAWN: "grey",
}
CORRECTING = {
    "": "blue",
    Correction.Result.DONE: "green",
    Correction.Result.FAILED: "red",
    Correction.Result.WITHDRAWN: "grey",
}
MOVING = frozenset({states.READY, states.LEASED, states.SENDING, states.IN_DOUBT})


@dataclass(frozen=True, slots=True)
class AttemptLine:
    at: datetime
    result: str
    reason: str


@dataclass(frozen=True, slots=True)
class Step:
    """Something the person may do about a consignment: `key` is the address's last part."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Corrected:
    """How the newest correction of a consignment stands. `at` is the moment that `said` is about; `post_id`: the post
    that corrects; `out`: its words are out; `going`: it is being done."""

    id: str
    account: Account
    title: str
    colour: str
    said: str
    at: datetime
    post_id: str
    out: bool
    going: bool
    taken_back: bool
    steps: list[Step]


@dataclass(frozen=True, slots=True)
class Progress:
    """One consignment as a page shows it. `at` is the moment that `said` is about; `down`: it was taken down again,
    `going`: it is being taken down, or corrected. `corrected`: its newest correction;
    `put_right`: one is done; `correctable`: its words can be corrected from here."""

    id: str
    account: Account
    post_id: str
    part: int  # of a thread's `parts`, from 1
    parts: int
    state: str
    title: str
    colour: str
    said: str
    at: datetime | None
    vouched: bool
    down: bool
    going: bool
    corrected: Corrected | None
    put_right: bool
    correctable: bool
    reason: str
    refusals: list[dict[str, str]]
    url: str
    attempts: list[AttemptLine]
    steps: list[Step]

    @property
    def is_corrected(self) -> bool:
        """Whether other words stand there than those that were sent."""
        return self.put_right and not self.down

    @property
    def removable(self) -> bool:
        return any(step.key == "take-down" for step in self.steps)


def progress(row: Consignment, *, may_act: bool, now: datetime) -> Progress:
    """A consignment that was loaded through `queries.told`."""
    removal, correction = removal_of(row), correction_of(row)
    said, at = _said_of_removal(removal) if removal else _said(row, now)
    return Progress(
        id=str(row.pk),
        account=row.account,
        post_id=row.post_ref.removeprefix("post:"),
        part=row.part + 1,
        parts=row.parts,
        state=row.state,
        title=_title(row, removal),
        colour="grey" if is_down(removal) else COLOURS[row.state],
        said=said,
        at=at,
        vouched=is_vouched(row),
        down=is_down(removal),
        going=(removal is not None and not removal.result) or (correction is not None and not correction.result),
        corrected=told_correction(correction, row.account) if correction else None,
        put_right=corrections.done(row) is not None,
        correctable=not corrections.what_hinders(row),
        reason="" if row.refusals else row.reason,
        refusals=row.refusals,
        url="" if is_down(removal) else row.url,
        attempts=[_attempt(each) for each in row.attempts.all()],
        steps=_steps(row) if may_act else [],
    )


def correction_of(row: Consignment) -> Correction | None:
    """The one that is being done, or else the one that ended last; not one that was taken back before it began."""
    begun = (each for each in row.corrections.all() if each.result != Correction.Result.WITHDRAWN)
    return max(begun, key=lambda each: (not each.result, each.ended_at or each.asked_at), default=None)


def told_correction(row: Correction, account: Account, *, may_try_again: bool = False) -> Corrected:
    said, at = _said_of_correction(row)
    return Corrected(
        id=str(row.pk),
        account=account,
        title=row.get_result_display() if row.result else "Being corrected",
        colour=CORRECTING[row.result],
        said=said,
        at=at,
        post_id=row.post_ref.removeprefix("post:"),
        out=row.result == Correction.Result.DONE,
        going=not row.result,
        taken_back=row.result == Correction.Result.WITHDRAWN,
        steps=[Step("again", "Try again")] if may_try_again else [],
    )


def _said_of_correction(row: Correction) -> tuple[str, datetime]:
    """A sentence that ends with the moment."""
    if row.result == Correction.Result.DONE:
        return "Words corrected, and read back", row.ended_at
    if row.result == Correction.Result.WITHDRAWN:
        tried = "while it was being tried: look which words stand" if row.tries else "before it began"
        return f"The correction was taken back {tried}. That was", row.ended_at
    if row.result:
        return f"The words could not be corrected. {row.said} That was", row.ended_at
    why = f" {row.said}" if row.said else ""
    return f"The words are being corrected.{why} Asked for", row.asked_at


def removal_of(row: Consignment) -> Removal | None:
    """The newest: what came of those before it no longer matters."""
    return max(row.removals.all(), key=lambda each: each.asked_at, default=None)


def is_down(removal: Removal | None) -> bool:
    return removal is not None and removal.result == Removal.Result.DONE


def _said_of_removal(removal: Removal) -> tuple[str, datetime | None]:
    if is_down(removal):
        return "Taken down, and no longer shown by the network", removal.ended_at
    if removal.result:
        return f"It could not be taken down. {removal.said} That was", removal.ended_at
    why = f" {removal.said}" if removal.said else ""
    return f"It is being taken down.{why} Asked for", removal.asked_at


def _title(row: Consignment, removal: Removal | None) -> str:
    if is_down(removal):
        return "Taken down"
    if corrections.done(row):
        return "Out, and corrected"
    return "Out, seen by a person" if is_vouched(row) else states.STATES[row.state]


def is_vouched(row: Consignment) -> bool:
    """It counts as out on a person's word: it was not read back."""
    return row.state == states.SENT and row.read_back_at is None


def still_moving(rows: Iterable[Progress | Corrected]) -> bool:
    """Whether a page that shows these is worth looking at again by itself."""
    return any(row.going or (isinstance(row, Progress) and row.state in MOVING) for row in rows)


def _said(row: Consignment, now: datetime) -> tuple[str, datetime | None]:
    """A sentence that ends with the moment, or none."""
    if row.state == states.READY:
        return _said_of_waiting(row, now)
    sentences = {
        states.SENT: ("Read back and found as it was sent", row.read_back_at)
        if row.read_back_at
        else ("A person saw it on the network", row.sent_at),
        states.IN_DOUBT: ("It is not sent again until it has been looked for. The next look is", row.look_at),
        states.HELD: ("It was due", row.due_at),
    }
    return sentences.get(row.state, ("", None))


def _said_of_waiting(row: Consignment, now: datetime) -> tuple[str, datetime | None]:
    if row.before in FOR_A_PERSON:
        return "The post before it in its thread waits for a person", None
    if row.before not in (None, states.SENT):
        return "Goes on once the post before it in its thread is out", None
    if row.not_before > max(row.due_at, now):
        return "Goes on", row.not_before
    if row.due_at > now:
        return "Goes out", row.due_at
    return "Due now, next in line", None


def _attempt(row: Attempt) -> AttemptLine:
    result = row.get_result_display() if row.result else "Has not reported back"
    return AttemptLine(row.started_at, result, row.reason)


def _steps(row: Consignment) -> list[Step]:
    by_itself = (Consignment.Hold.PAUSED, Consignment.Hold.LEAVER, Consignment.Hold.BUDGET)
    if row.state == states.HELD and row.hold not in by_itself:
        return [Step("go-on", "Let it go on")]
    if row.state == states.NEEDS_PERSON:
        return [Step("seen", "Say what you saw")]
    if row.state != states.SENT:
        return []
    leaves = any(removal.result != Removal.Result.FAILED for removal in row.removals.all())
    direct = [Step("live", "The live broadcast")] if is_live(row.manifest) and not leaves else []
    return [*direct, *([] if what_hinders(row) else [Step("take-down", "Take it down")])]

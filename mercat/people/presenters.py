"""People in words: where they stand, and the path from nomination to licence with who supplies the next step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from mercat.guidance import facts
from mercat.guidance.decision import Refusal
from mercat.guidance.gate import Prepared, decide, prepare
from mercat.people.joining.steps import ACKNOWLEDGE, STEPS, holders, kept_for, known, next_of
from mercat.people.models import Person, SentBack
from mercat.people.pack import guidance
from mercat.people.queries import Steps

DONE, NEXT, LATER, LAPSED = "done", "next", "later", "lapsed"
ASKED = 5  # of those who hold a role
RENEWS = (
    "Without a course in force nobody posts. Once a trainer has signed off a new completion, you can post again: "
    "authorisation, access and licence stand, and nothing else has to be given anew."
)


@dataclass(frozen=True, slots=True)
class PathStep:
    """One step of a joining. `action` is guidance's name of it; `may`: whether the person who looks may take it now.

    `clause` and `supplier` say whose the step is; empty where the guidance leaves it to anybody. `asks`: some who hold
    that role, for the step that is next. `refusals` is why not. `renews`: what applies when this step lapses.
    """

    title: str
    clause: str
    state: str
    said: str
    at: datetime | None
    by: str
    supplier: str
    action: str = ""
    may: bool = False
    refusals: tuple[Refusal, ...] = ()
    asks: tuple[Person, ...] = ()
    sent_back: SentBack | None = None
    renews: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A person in a list: how far they have come, and what is next, in words and as guidance's `action`."""

    person: Person
    rank: str
    roles: str
    done: int
    of: int
    next: str
    action: str
    may_post: bool


def standing_of(person: Person, standing: facts.Person) -> str:
    """Role, or rank where none is held, and unit: “Single point of contact, Tayside”."""
    role = role_names(standing) or rank_name(standing.rank)
    return role if role == person.unit.name else f"{role}, {person.unit.name}"


def role_names(standing: facts.Person) -> str:
    held = standing.roles | {role for role, _ in standing.unit_roles}
    return ", ".join(role.name for role in guidance().pack.roles if role.key in held)


def rank_name(key: str) -> str:
    return next((rank.name for rank in guidance().pack.ranks if rank.key == key), key)


def role_name(key: str) -> str:
    return next((role.name for role in guidance().pack.roles if role.key == key), key)


def line(person: Person, standing: facts.Person, *, now: datetime) -> Line:
    steps = _steps()
    missing = [step for step in steps if not step.taken(standing, now)]
    return Line(
        person=person,
        rank=rank_name(person.rank),
        roles=role_names(standing),
        done=len(steps) - len(missing),
        of=len(steps),
        next=missing[0].title if missing else "",
        action=missing[0].action if missing else "",
        may_post=not missing and person.is_active,
    )


def path(person: Person, standing: facts.Person, rows: Steps, viewer: facts.Person, *, now: datetime) -> list[PathStep]:
    """Where `person` stands on the way to posting, as `viewer` sees it: with what the viewer may do."""
    asked = prepare(guidance(), viewer, [standing])
    steps = _steps()
    first_missing = next((step for step in steps if not step.taken(standing, now)), None)
    turn = next_of(standing, now)
    found = []
    for step in steps:
        done = step.taken(standing, now)
        lapsed = step.action == "record_completion" and not done and rows.completion is not None
        state = DONE if done else LAPSED if lapsed else NEXT if step is first_missing else LATER
        at, by, said = step.told(rows) if done or lapsed else (None, "", step.missing)
        kept = kept_for(step.action, standing, now)
        found.append(
            PathStep(
                title=step.title,
                clause=kept.clause if kept else "",
                state=state,
                said=said,
                at=at,
                by=by,
                supplier=kept.owner_name if kept else "",
                asks=tuple(holders(step.action, standing, now)[:ASKED]) if step.action == turn else (),
                sent_back=rows.sent_back.get(step.action),
                renews=RENEWS if step.action == "record_completion" and rows.authorisation and not done else "",
                **_open_to(asked, viewer, standing, step.action, done=done, now=now),
            )
        )
    return found


def _steps() -> list[_Step]:
    """Those of the steps that this body has, in their order."""
    return [TOLD[action] for action in known()]


def _open_to(
    asked: Prepared, viewer: facts.Person, standing: facts.Person, action: str, *, done: bool, now: datetime
) -> dict[str, Any]:
    if done:
        return {}
    if action == ACKNOWLEDGE:
        return {"action": action, "may": viewer.id == standing.id}
    decision = asked.decide(action, standing, facts.Situation(now=now))
    return {"action": action, "may": decision.allowed, "refusals": decision.refusals}


def may_end_access(viewer: facts.Person, standing: facts.Person, *, now: datetime) -> bool:
    if not (standing.access or standing.authorised or standing.licensed):
        return False
    return decide(guidance(), "end_access", viewer, standing, facts.Situation(now=now)).allowed


def may_change_roles(viewer: facts.Person, standing: facts.Person, *, now: datetime) -> bool:
    return decide(guidance(), "grant_role", viewer, standing, facts.Situation(now=now)).allowed


def may_recover(viewer: facts.Person, standing: facts.Person, *, now: datetime) -> bool:
    return standing.active and decide(guidance(), "recover_sign_in", viewer, standing, facts.Situation(now=now)).allowed


def may_add_people(viewer: facts.Person, *, now: datetime) -> bool:
    return decide(guidance(), "import_people", viewer, facts.Body(), facts.Situation(now=now)).allowed


def may_administer(viewer: facts.Person, *, now: datetime) -> bool:
    return decide(guidance(), "administer", viewer, facts.Body(), facts.Situation(now=now)).allowed


Told = tuple[datetime | None, str, str]  # when, by whom, in which words


@dataclass(frozen=True, slots=True)
class _Step:
    """What a page says of one step. `action` is guidance's name of it."""

    action: str
    missing: str
    told: Callable[[Steps], Told]

    @property
    def title(self) -> str:
        return STEPS[self.action].title

    def taken(self, standing: facts.Person, now: datetime) -> bool:
        return STEPS[self.action].taken(standing, now)


def _nomination(rows: Steps) -> Told:
    row = rows.nomination
    unit = guidance().pack.body.words.get("unit", "unit")
    return (row.at, _name(row.by), f"Identified by their own {unit}") if row else (None, "", "")


def _training(rows: Steps) -> Told:
    row = rows.completion
    if row is None:
        return None, "", ""
    course = guidance().pack.course.name
    signed = "" if row.signed_off else ", not signed off by a trainer"
    until = timezone.localdate(row.expires_at)
    return row.completed_at, row.trainer.name, f"{course}{signed}. In force until {until:%-d %B %Y}"


def _acknowledgement(rows: Steps) -> Told:
    wanted = guidance().pack.procedures
    found = [rows.acknowledged[each.key] for each in wanted if each.key in rows.acknowledged]
    names = ", ".join(each.name for each in wanted)
    return (max(row.at for row in found), "", f"{names}: read and accepted") if found else (None, "", "")


def _authorisation(rows: Steps) -> Told:
    row = rows.authorisation
    return (row.at, _name(row.by), "Authorised on the training record") if row else (None, "", "")


def _confirmation(rows: Steps) -> Told:
    row = rows.access
    return (
        (row.confirmed_at, _name(row.confirmed_by), f"Confirmed on request {row.reference}") if row else (None, "", "")
    )


def _access(rows: Steps) -> Told:
    row = rows.access
    if row is None or row.opened_at is None:
        return None, "", ""
    request = f" on request {row.reference}" if row.reference else ""
    return row.opened_at, _name(row.opened_by), f"Opened{request}"


def _licence(rows: Steps) -> Told:
    row = rows.licence
    return (row.at, _name(row.by), "One licence of the pool") if row else (None, "", "")


def _name(person: Person | None) -> str:
    return person.name if person else "the founding import"


TOLD = {
    step.action: step
    for step in (
        _Step("nominate", "Nobody has nominated this person yet.", _nomination),
        _Step("record_completion", "No completed course is on record.", _training),
        _Step(ACKNOWLEDGE, "The procedures have not been read and accepted.", _acknowledgement),
        _Step("authorise_access", "Access has not been authorised.", _authorisation),
        _Step("confirm_training", "The training has not been confirmed.", _confirmation),
        _Step("open_access", "Access has not been opened.", _access),
        _Step("assign_licence", "No licence has been given.", _licence),
    )
}

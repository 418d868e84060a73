"""People in words: where they stand, and the path from nomination to licence with who supplies the next step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from mercat.guidance import facts
from mercat.guidance.decision import Refusal
from mercat.guidance.gate import Prepared, decide, prepare, reserved
from mercat.people.models import Person
from mercat.people.pack import guidance
from mercat.people.queries import Steps

DONE, NEXT, LATER, LAPSED = "done", "next", "later", "lapsed"
ACKNOWLEDGE = "acknowledge"  # a step that everybody takes for themselves, and no action of guidance


@dataclass(frozen=True, slots=True)
class PathStep:
    """One step of a joining. `action` is guidance's name of it; `may`: whether the person who looks may take it now.

    `clause` and `supplier` say whose the step is; empty where the guidance leaves it to anybody. `refusals` is why not,
    for the step that is next.
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
    found = []
    for step in steps:
        done = step.taken(standing, now)
        lapsed = step.action == "record_completion" and not done and rows.completion is not None
        state = DONE if done else LAPSED if lapsed else NEXT if step is first_missing else LATER
        at, by, said = step.told(rows) if done or lapsed else (None, "", step.missing)
        kept = _kept_for(step, standing, now)
        found.append(
            PathStep(
                title=step.title,
                clause=kept.clause if kept else "",
                state=state,
                said=said,
                at=at,
                by=by,
                supplier=kept.owner_name if kept else "",
                **_open_to(asked, viewer, standing, step.action, done=done, now=now),
            )
        )
    return found


def _steps() -> list[_Step]:
    """Those of the steps that this body's guidance knows, in their order."""
    known = guidance().policies.keys() | ({ACKNOWLEDGE} if guidance().pack.procedures else set())
    return [step for step in STEPS if step.action in known]


def _open_to(
    asked: Prepared, viewer: facts.Person, standing: facts.Person, action: str, *, done: bool, now: datetime
) -> dict[str, Any]:
    if done:
        return {}
    if action == ACKNOWLEDGE:
        return {"action": action, "may": viewer.id == standing.id}
    decision = asked.decide(action, standing, facts.Situation(now=now))
    return {"action": action, "may": decision.allowed, "refusals": decision.refusals}


def _kept_for(step: _Step, standing: facts.Person, now: datetime) -> Refusal | None:
    """The clause that says whose a step is: what guidance has against a stranger, when nothing else is missing."""
    whole = _with_everything(standing, now)
    if step.action != ACKNOWLEDGE:
        return next(iter(reserved(guidance(), step.action, whole, facts.Situation(now=now))), None)
    # Everybody's own, and no action: whatever stands in the way of access only without it.
    without, with_it = (
        reserved(guidance(), "open_access", each, facts.Situation(now=now))
        for each in (replace(whole, acknowledged=False), whole)
    )
    return next((refusal for refusal in without if refusal not in with_it), None)


def _with_everything(standing: facts.Person, now: datetime) -> facts.Person:
    return replace(
        standing,
        active=True,
        nominated=True,
        trained_until=now + timedelta(days=1),
        training_signed_off=True,
        acknowledged=True,
        authorised=True,
        training_confirmed=True,
        access=True,
    )


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
    """One step of a joining, whichever body takes it. `action` is guidance's name of it."""

    title: str
    action: str
    missing: str
    taken: Callable[[facts.Person, datetime], bool]
    told: Callable[[Steps], Told]


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
    found = list(rows.acknowledged.values())
    names = ", ".join(each.name for each in guidance().pack.procedures)
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


def _trained(standing: facts.Person, now: datetime) -> bool:
    return standing.training_signed_off and standing.trained_until is not None and now < standing.trained_until


STEPS = (
    _Step(
        "Nomination",
        "nominate",
        "Nobody has nominated this person yet.",
        lambda standing, _: standing.nominated,
        _nomination,
    ),
    _Step("Training", "record_completion", "No completed course is on record.", _trained, _training),
    _Step(
        "Procedure read",
        ACKNOWLEDGE,
        "The procedure has not been read and accepted.",
        lambda standing, _: standing.acknowledged,
        _acknowledgement,
    ),
    _Step(
        "Authorisation",
        "authorise_access",
        "Access has not been authorised.",
        lambda standing, _: standing.authorised,
        _authorisation,
    ),
    _Step(
        "Training confirmed",
        "confirm_training",
        "The training has not been confirmed.",
        lambda standing, _: standing.training_confirmed,
        _confirmation,
    ),
    _Step("Access", "open_access", "Access has not been opened.", lambda standing, _: standing.access, _access),
    _Step("Licence", "assign_licence", "No licence has been given.", lambda standing, _: standing.licensed, _licence),
)

"""People in words: where they stand, and the path from nomination to licence with who supplies the next step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mercat.guidance import facts
from mercat.guidance.decision import Decision, Refusal
from mercat.guidance.gate import decide, prepare
from mercat.people.models import Person
from mercat.people.pack import guidance
from mercat.people.queries import Steps

DONE, NEXT, LATER, LAPSED = "done", "next", "later", "lapsed"


@dataclass(frozen=True, slots=True)
class PathStep:
    """One step of a joining. `action` is guidance's name of it; `may`: whether the person who looks may take it now.

    `refusals` is why not, for the step that is next.
    """

    key: str
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
    """A person in a list: how far they have come, and what is next."""

    person: Person
    rank: str
    roles: str
    done: int
    of: int
    next: str
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


def line(person: Person, standing: facts.Person, *, now: datetime) -> Line:
    taken = _taken(standing, now)
    missing = [title for _, title, done in taken if not done]
    return Line(
        person=person,
        rank=rank_name(person.rank),
        roles=role_names(standing),
        done=len(taken) - len(missing),
        of=len(taken),
        next=missing[0] if missing else "",
        may_post=not missing and person.is_active,
    )


def _taken(standing: facts.Person, now: datetime) -> list[tuple[str, str, bool]]:
    """The steps in their order: key, title, and whether it stands."""
    trained = standing.training_signed_off and standing.trained_until is not None and now < standing.trained_until
    return [
        ("nomination", "Nomination", standing.nominated),
        ("training", "Training", trained),
        ("acknowledgement", "Procedure read", standing.acknowledged),
        ("authorisation", "Authorisation", standing.authorised),
        ("confirmation", "Training confirmed to ICT", standing.training_confirmed),
        ("access", "Access", standing.access),
        ("licence", "Licence", standing.licensed),
    ]


def path(person: Person, standing: facts.Person, rows: Steps, viewer: facts.Person, *, now: datetime) -> list[PathStep]:
    """Where `person` stands on the way to posting, as `viewer` sees it: with what the viewer may do."""
    asked = prepare(guidance(), viewer, [standing])
    taken = _taken(standing, now)
    first_missing = next((key for key, _, done in taken if not done), "")
    steps = []
    for key, title, done in taken:
        lapsed = key == "training" and not done and rows.completion is not None
        state = DONE if done else LAPSED if lapsed else NEXT if key == first_missing else LATER
        about = ABOUT[key]
        at, by, said = about.told(rows)
        steps.append(
            PathStep(
                key=key,
                title=title,
                clause=about.clause,
                state=state,
                said=said if done or lapsed else about.missing,
                at=at if done or lapsed else None,
                by=by if done or lapsed else "",
                supplier=_supplier(about.owner),
                **_open_to(asked, viewer, standing, key, about.action, done=done, now=now),
            )
        )
    return steps


def _open_to(asked, viewer, standing, key, action, *, done, now) -> dict[str, object]:
    if done:
        return {}
    if key == "acknowledgement":
        return {"action": "acknowledge", "may": viewer.id == standing.id}
    decision: Decision = asked.decide(action, standing, facts.Situation(now=now))
    return {"action": action, "may": decision.allowed, "refusals": decision.refusals}


def may_end_access(viewer: facts.Person, standing: facts.Person, *, now: datetime) -> bool:
    if not (standing.access or standing.authorised or standing.licensed):
        return False
    return decide(guidance(), "end_access", viewer, standing, facts.Situation(now=now)).allowed


def _supplier(owner: str) -> str:
    return guidance().pack.owner_names.get(owner, owner)


@dataclass(frozen=True, slots=True)
class _About:
    """What is said of one step. `told` gives when, by whom and in which words it was taken."""

    clause: str
    action: str
    owner: str
    missing: str
    told: object


def _nomination(rows: Steps):
    row = rows.nomination
    return (row.at, _name(row.by), "Identified by their division or department") if row else (None, "", "")


def _training(rows: Steps):
    row = rows.completion
    if row is None:
        return None, "", ""
    course = guidance().pack.course.name
    signed = "" if row.signed_off else ", not signed off by a trainer"
    return row.completed_at, row.trainer.name, f"{course}{signed}. In force until {row.expires_at:%-d %B %Y}"


def _acknowledgement(rows: Steps):
    found = list(rows.acknowledged.values())
    names = ", ".join(each.name for each in guidance().pack.procedures)
    return (max(row.at for row in found), "", f"{names}: read and accepted") if found else (None, "", "")


def _authorisation(rows: Steps):
    row = rows.authorisation
    return (row.at, _name(row.by), "Authorised on the training record") if row else (None, "", "")


def _confirmation(rows: Steps):
    row = rows.access
    return (
        (row.confirmed_at, _name(row.confirmed_by), f"Confirmed on request {row.reference}") if row else (None, "", "")
    )


def _access(rows: Steps):
    row = rows.access
    if row is None or row.opened_at is None:
        return None, "", ""
    return row.opened_at, _name(row.opened_by), f"Opened on request {row.reference}"


def _licence(rows: Steps):
    row = rows.licence
    return (row.at, _name(row.by), "One licence of the pool") if row else (None, "", "")


def _name(person: Person | None) -> str:
    return person.name if person else "the founding import"


ABOUT = {
    "nomination": _About(
        "2.3", "nominate", "divisional-commander", "Nobody has nominated this person yet.", _nomination
    ),
    "training": _About(
        "5.3", "record_completion", "social-media-trainer", "No completed course is on record.", _training
    ),
    "acknowledgement": _About("5.4", "", "person", "The procedure has not been read and accepted.", _acknowledgement),
    "authorisation": _About(
        "5.8", "authorise_access", "information-security-officer", "Access has not been authorised.", _authorisation
    ),
    "confirmation": _About(
        "5.9",
        "confirm_training",
        "corporate-communications",
        "The training has not been confirmed to ICT.",
        _confirmation,
    ),
    "access": _About("5.9", "open_access", "ict", "Access has not been opened.", _access),
    "licence": _About("2.3", "assign_licence", "corporate-communications", "No licence has been given.", _licence),
}

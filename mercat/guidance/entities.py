"""Facts as Cedar sees them. Shapes are those of a pack's schema.cedarschema; times are cut to the millisecond."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mercat.guidance.facts import Account, Application, Body, Person, Post, Resource, Situation, Unit

if TYPE_CHECKING:
    from mercat.guidance.pack import Pack

Json = dict[str, Any]
Uid = dict[str, str]

PACK: Uid = {"type": "Pack", "id": "pack"}
# The steps of joining that leave a name behind: `Person.steps` may hold these actions.
STEPS = ("nominate", "record_completion", "authorise_access", "confirm_training", "open_access", "assign_licence")


def uid(thing: Resource) -> Uid:
    return {"type": type(thing).__name__, "id": thing.id}


def pack_entity(pack: Pack) -> Json:
    """The pack's own numbers and lists, which policies read from Pack::"pack"."""
    attributes = {
        "pillars": [pillar.key for pillar in pack.pillars],
        "individual_ranks": [rank.key for rank in pack.ranks if rank.individual_account],
        "spoc_tiers": [tier.key for tier in pack.tiers if tier.spoc],
        "holder_tiers": [tier.key for tier in pack.tiers if tier.holder],
        "spoc_grace": {"__extn": {"fn": "duration", "arg": f"{pack.spoc.grace_days}d"}},
        "warning_approvers": list(pack.warnings.approved_by),
        "warnings_pass_pause": pack.warnings.passes_pause,
        "advisers": _refs("Role", pack.advice.by),
    }
    return {"uid": PACK, "attrs": attributes, "parents": []}


def gathered(things: Iterable[Resource]) -> dict[tuple[str, str], Resource]:
    """The things by kind and id, each once.

    Raises ValueError when two have the same id and different facts: a decision must not pick one.
    """
    found: dict[tuple[str, str], Resource] = {}
    for thing in things:
        if found.setdefault((type(thing).__name__, thing.id), thing) != thing:
            raise ValueError(f"Two different sets of facts were given for {type(thing).__name__} {thing.id}.")
    return found


def entities(pack: Pack, things: Iterable[Resource]) -> list[Json]:
    """The things, none of them twice, and the units around them."""
    units: dict[str, set[str]] = {}
    found: list[Json] = []
    for thing in things:
        if isinstance(thing, Unit):
            _add_unit(units, thing)
            continue
        if isinstance(thing, Person | Account):
            _add_unit(units, thing.unit)
        found.append(_entity(pack, thing))
    return [*_unit_entities(units), *found]


def context(situation: Situation, post: Post | None) -> Json:
    around: Json = {
        "now": _moment(situation.now),
        "managed_device": situation.managed_device,
        "paused": situation.paused,
    }
    if situation.paused_by is not None:
        around["paused_by"] = _ref("Person", situation.paused_by)
    if post is not None:
        around["post"] = _post(post)
    return around


def _add_unit(units: dict[str, set[str]], unit: Unit) -> None:
    chain = (unit.id, *unit.within)
    for place, name in enumerate(chain):
        units.setdefault(name, set()).update(chain[place + 1 :])


def _unit_entities(units: Mapping[str, set[str]]) -> list[Json]:
    return [
        {"uid": {"type": "Unit", "id": name}, "attrs": {}, "parents": _uids("Unit", within)}
        for name, within in units.items()
    ]


def _entity(pack: Pack, thing: Person | Account | Application | Body) -> Json:
    match thing:
        case Person():
            parents = [*_uids("Role", thing.roles), uid(thing.unit)]
            return {"uid": uid(thing), "attrs": _person(pack, thing), "parents": parents}
        case Account():
            return {"uid": uid(thing), "attrs": _account(pack, thing), "parents": [uid(thing.unit)]}
        case Application():
            return {"uid": uid(thing), "attrs": _application(thing), "parents": []}
        case Body():
            return {"uid": uid(thing), "attrs": {}, "parents": []}


def _person(pack: Pack, person: Person) -> Json:
    attributes = {
        "unit": _ref("Unit", person.unit.id),
        "rank": person.rank,
        "active": person.active,
        "over": {role: _held_in(person, role) for role in pack.roles_in_units},
        "nominated": person.nominated,
        "training_signed_off": person.training_signed_off,
        "authorised": person.authorised,
        "acknowledged": person.acknowledged,
        "training_confirmed": person.training_confirmed,
        "access": person.access,
        "licensed": person.licensed,
        "steps": {step: _refs("Person", [by for action, by in person.steps if action == step]) for step in STEPS},
    }
    if person.trained_until is not None:
        attributes["trained_until"] = _moment(person.trained_until)
    return attributes


def _held_in(person: Person, role: str) -> list[Json]:
    return _refs("Unit", [unit for held, unit in person.unit_roles if held == role])


def _account(pack: Pack, account: Account) -> Json:
    approval = pack.approvals.get(account.tier)
    attributes = {
        "unit": _ref("Unit", account.unit.id),
        "network": account.network,
        "tier": account.tier,
        "status": account.status,
        "in_structure": account.in_structure,
        "connected": account.connected,
        "supported": account.supported,
        "spocs": _refs("Person", account.spocs),
        # A tier that the pack does not know has nobody who may approve.
        "approvers": list(approval.by) if approval else [],
        "approvals_needed": approval.needed if approval else 1,
    }
    if account.spoc_missing_since is not None:
        attributes["spoc_missing_since"] = _moment(account.spoc_missing_since)
    if account.holder is not None:
        attributes["holder"] = _ref("Person", account.holder)
    return attributes


def _application(application: Application) -> Json:
    attributes: Json = {
        "network": application.network,
        "kind": application.kind,
        "holder_rank": application.holder_rank,
        "justified": application.justified,
        "decided": application.decided,
        "approved": application.approved,
    }
    if application.applicant:
        attributes["applicant"] = _ref("Person", application.applicant)
    return attributes


def _post(post: Post) -> Json:
    return {
        "digest": post.digest,
        "pillar": post.pillar,
        "authors": _refs("Person", post.authors),
        "warning": post.warning,
        "media": post.media,
        "media_without_alt": post.media_without_alt,
        "approvals": post.approvals,
        "approvals_needed": post.approvals_needed,
        "state": post.state,
    }


def _uids(kind: str, ids: Iterable[str]) -> list[Uid]:
    return [{"type": kind, "id": name} for name in ids]


def _ref(kind: str, name: str) -> Json:
    return {"__entity": {"type": kind, "id": name}}


def _refs(kind: str, ids: Iterable[str]) -> list[Json]:
    return [_ref(kind, name) for name in ids]


def _moment(moment: datetime) -> Json:
    if moment.tzinfo is None:
        raise ValueError(f"A decision needs times with a zone; {moment.isoformat()} has none.")
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"__extn": {"fn": "datetime", "arg": text}}


def dump(found: list[Json]) -> str:
    return json.dumps(found)

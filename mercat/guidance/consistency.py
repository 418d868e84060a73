"""What one file of a pack says about another must be true: every key that is named is there, and there once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import cedarpy

from mercat.guidance.examples import Example
from mercat.guidance.fault import Fault
from mercat.guidance.house import OWN_RULES, PAUSE
from mercat.guidance.lines import Document, Path_
from mercat.guidance.phrases import plain
from mercat.guidance.policies import SCHEMA, action_groups
from mercat.guidance.shape import ClausesFile, PackFile, Policy, StructureFile


@dataclass(frozen=True, slots=True)
class Parts:
    """The files of a pack, each of the right shape."""

    head: PackFile
    structure: StructureFile
    clauses: ClausesFile
    policies: Sequence[Policy]
    examples: Sequence[Example]
    schema: cedarpy.Schema


# Body, division, area, station: pauses, and what is asked of people, follow so many from a unit outwards.
MOST_AROUND = 3


def contradictions(documents: Mapping[str, Document], parts: Parts) -> list[Fault]:
    """Every contradiction between the files of a pack."""
    return [
        *_in_head(documents["pack.yaml"], parts.head),
        *_in_structure(documents["structure.yaml"], parts.head, parts.structure),
        *_in_spellings(documents["pack.yaml"], parts.head, parts.structure),
        *_in_directory(documents["pack.yaml"], parts.head, parts.structure),
        *_in_clauses(documents["clauses.yaml"], parts.clauses),
        *_in_policies(parts.head, parts.clauses, parts.policies),
        *_in_actions(parts.policies, parts.schema),
        *_in_sign_in(documents["pack.yaml"], parts),
        *_in_examples(parts.policies, parts.examples),
    ]


def _in_head(document: Document, head: PackFile) -> Iterator[Fault]:
    for name in ("aims", "pillars", "ranks", "roles", "tiers", "networks", "procedures", "compliance"):
        yield from _doubles(document, name, [each.key for each in getattr(head, name)])
    aims, roles, tiers = ({each.key for each in named} for named in (head.aims, head.roles, head.tiers))
    for index, pillar in enumerate(head.pillars):
        yield from _unknown(document, ("pillars", index, "aims"), "aim", pillar.aims, aims)
    for tier in sorted(tiers - head.approvals.keys()):
        yield document.fault(("approvals",), f"tier {tier} has no rule of approval")
    for tier, approval in head.approvals.items():
        yield from _unknown(document, ("approvals", tier), "tier", [tier], tiers)
        yield from _unknown(document, ("approvals", tier, "by"), "role", approval.by, roles)
    yield from _unknown(document, ("warnings", "approved_by"), "role", head.warnings.approved_by, roles)
    alarm = head.devices.break_glass.alarm
    yield from _unknown(document, ("devices", "break_glass", "alarm"), "role", alarm, roles)
    yield from _in_advice(document, head)
    yield from _in_contributions(document, head)
    yield from _in_signposting(document, head)
    yield from _in_groups(document, head)
    ranks = {each.key: each.name for each in head.ranks}
    yield from _unknown(document, ("directory", "ranks"), "rank", head.directory.ranks, ranks.keys())
    yield from _spelt_twice(document, "ranks", head.directory.ranks, ranks)
    yield from _unknown(document, ("reviews", "by"), "role", [head.reviews.by], roles)
    yield from _unknown(document, ("course", "trainer"), "role", [head.course.trainer], roles)
    owners = {*head.owners, *roles}
    for index, procedure in enumerate(head.procedures):
        yield from _unknown(document, ("procedures", index, "owner"), "role or owner", [procedure.owner], owners)
    yield from _unknown(document, ("administered_by",), "role", [head.administered_by], roles)


def _in_advice(document: Document, head: PackFile) -> Iterator[Fault]:
    """A question is about any unit or none, so that whoever answers holds the role everywhere."""
    scopes = {role.key: role.scope for role in head.roles}
    yield from _unknown(document, ("advice", "by"), "role", head.advice.by, scopes)
    for role in head.advice.by:
        if scopes.get(role, "body") != "body":
            yield document.fault(("advice", "by"), f"role {role} is not held everywhere, and cannot give advice")


def _in_contributions(document: Document, head: PackFile) -> Iterator[Fault]:
    rule = head.contributions
    tiers, networks = ({each.key for each in named} for named in (head.tiers, head.networks))
    yield from _unknown(document, ("contributions", "tiers"), "tier", rule.tiers, tiers)
    for kind, about in (("pictures", rule.pictures), ("video", rule.video)):
        yield from _unknown(document, ("contributions", kind, "networks"), "network", about.networks, networks)


SHORT = 200  # characters that every network takes


def _in_signposting(document: Document, head: PackFile) -> Iterator[Fault]:
    """People are told whom to call, on every network; and each phrase is one."""
    rule = head.signposting
    for index, text in enumerate(rule.texts):
        if not any(number.number in text for number in head.body.numbers):
            yield document.fault(("signposting", "texts", index), "this names no number of the body to call")
    if len(rule.texts[-1]) > SHORT:
        last = ("signposting", "texts", len(rule.texts) - 1)
        yield document.fault(last, f"the last text has more than {SHORT} characters, and not every network takes it")
    phrases = [plain(phrase) for phrase in rule.looks_like]
    for index, phrase in enumerate(phrases):
        if phrase in phrases[:index]:
            yield document.fault(("signposting", "looks_like", index), f"“{phrase}” is given twice")


def _in_groups(document: Document, head: PackFile) -> Iterator[Fault]:
    scopes = {role.key: role.scope for role in head.roles}
    for group, rule in head.sign_in.groups.items():
        place = ("sign_in", "groups", group)
        yield from _unknown(document, place, "role", [rule.role], scopes)
        if rule.role in scopes and (scopes[rule.role] == "body") != (rule.unit is None):
            needs = "no unit" if scopes[rule.role] == "body" else "a unit"
            yield document.fault(place, f"role {rule.role} needs {needs}")


def _in_directory(document: Document, head: PackFile, structure: StructureFile) -> Iterator[Fault]:
    units = {each.id: each.name for each in structure.units}
    yield from _unknown(document, ("directory", "units"), "unit", head.directory.units, units.keys())
    yield from _spelt_twice(document, "units", head.directory.units, units)


def _spelt_twice(
    document: Document, name: str, spellings: Mapping[str, Sequence[str]], names: Mapping[str, str]
) -> Iterator[Fault]:
    """The directory's spelling of one thing must not be another's, nor its key or name."""
    known = {spelt.casefold(): key for key, called in names.items() for spelt in (key, called)}
    for key, spelt in spellings.items():
        for each in spelt:
            other = known.setdefault(each.casefold(), key)
            if other != key:
                yield document.fault(("directory", name, key), f"“{each}” is also {other}")


def _in_structure(document: Document, head: PackFile, structure: StructureFile) -> Iterator[Fault]:
    yield from _doubles(document, "units", [unit.id for unit in structure.units])
    yield from _doubles(document, "slots", [slot.id for slot in structure.slots])
    units = {unit.id: unit.within for unit in structure.units}
    for index, unit in enumerate(structure.units):
        yield from _unknown(document, ("units", index, "within"), "unit", [unit.within or unit.id], units)
        if _within_itself(unit.id, units):
            yield document.fault(("units", index, "within"), f"unit {unit.id} lies within itself")
        elif len(_around(unit.id, units)) > MOST_AROUND:
            yield document.fault(
                ("units", index, "within"), f"unit {unit.id} lies deeper than {MOST_AROUND} units within each other"
            )
    tiers, networks = ({each.key for each in named} for named in (head.tiers, head.networks))
    for index, slot in enumerate(structure.slots):
        yield from _unknown(document, ("slots", index, "unit"), "unit", [slot.unit], units)
        yield from _unknown(document, ("slots", index, "tier"), "tier", [slot.tier], tiers)
        yield from _unknown(document, ("slots", index, "network"), "network", [slot.network], networks)


def _in_spellings(document: Document, head: PackFile, structure: StructureFile) -> Iterator[Fault]:
    """The HR system's spellings lead somewhere, and no column of its file holds two things."""
    ranks, units = {rank.key for rank in head.ranks}, {unit.id for unit in structure.units}
    yield from _unknown(document, ("hr", "ranks"), "rank", head.hr.ranks.values(), ranks)
    yield from _unknown(document, ("hr", "units"), "unit", head.hr.units.values(), units)
    columns = head.hr.columns.model_dump()
    named = [*columns.pop("name"), *filter(None, columns.values())]
    for name in sorted({name for name in named if named.count(name) > 1}):
        yield document.fault(("hr", "columns"), f"column “{name}” is given twice")


def _around(unit_id: str, units: Mapping[str, str | None]) -> list[str]:
    """The units in which one lies that does not lie within itself."""
    found: list[str] = []
    while (outer := units.get(found[-1] if found else unit_id)) and len(found) <= MOST_AROUND:
        found.append(outer)
    return found


def _within_itself(unit_id: str, units: Mapping[str, str | None]) -> bool:
    around = units.get(unit_id)
    for _ in units:
        if around is None or around == unit_id:
            break
        around = units.get(around)
    return around == unit_id


def _in_clauses(document: Document, clauses: ClausesFile) -> Iterator[Fault]:
    ids = [clause.id for clause in clauses.clauses]
    own = [clause.id for clause in clauses.house]
    yield from _doubles(document, "clauses", ids)
    yield from _doubles(document, "house", own)
    for index, clause in enumerate(own):
        if clause in ids or not clause.startswith("M."):
            yield document.fault(("house", index, "id"), f"{clause}: a house rule has an id of its own, M.…")
    for clause, meaning in OWN_RULES.items():
        if clause not in own:
            yield document.fault(("house",), f"house rule {clause} is missing: {meaning}")


def _in_policies(head: PackFile, clauses: ClausesFile, policies: Sequence[Policy]) -> Iterator[Fault]:
    known = {clause.id for clause in (*clauses.clauses, *clauses.house)}
    owners = {*head.owners, *(role.key for role in head.roles)}
    for policy in policies:
        if policy.clause and policy.clause not in known:
            yield _policy_fault(policy, f"there is no clause {policy.clause}")
        if policy.owner and policy.owner not in owners:
            yield _policy_fault(policy, f"there is no role or owner {policy.owner}")
    if not any(policy.clause == PAUSE for policy in policies):
        yield Fault("policies", 1, f"no policy carries house rule {PAUSE}: a pause would hold nothing")


def _in_actions(policies: Sequence[Policy], schema: cedarpy.Schema) -> Iterator[Fault]:
    permits: dict[str, Policy] = {}
    for policy in policies:
        if policy.permits and permits.setdefault(policy.permits, policy) is not policy:
            yield _policy_fault(policy, f"action {policy.permits} already has a permit, {permits[policy.permits].id}")
    for action in sorted(action_groups(schema).keys() - permits.keys()):
        yield Fault(SCHEMA, 1, f"no policy permits action {action}")


def _in_sign_in(document: Document, parts: Parts) -> Iterator[Fault]:
    rule = parts.head.sign_in
    actions = action_groups(parts.schema)
    units = {unit.id for unit in parts.structure.units}
    for action in rule.step_up:
        yield from _unknown(document, ("sign_in", "step_up", action), "action", [action], actions)
    for name, group in rule.groups.items():
        yield from _unknown(document, ("sign_in", "groups", name), "unit", filter(None, [group.unit]), units)


def _in_examples(policies: Sequence[Policy], examples: Sequence[Example]) -> Iterator[Fault]:
    forbids = {policy.id for policy in policies if policy.effect == "forbid"}
    actions = {policy.permits for policy in policies if policy.permits}
    for example in examples:
        for policy in sorted(example.refused_by - forbids):
            yield Fault(example.file, example.line, f"there is no policy {policy} that could refuse")
        if example.action not in actions:
            yield Fault(example.file, example.line, f"there is no action {example.action}")


def _policy_fault(policy: Policy, reason: str) -> Fault:
    return Fault(policy.file, policy.line, f"policy {policy.id}: {reason}")


def _doubles(document: Document, name: str, keys: Sequence[str]) -> Iterator[Fault]:
    for index, key in enumerate(keys):
        if key in keys[:index]:
            yield document.fault((name, index), f"{name}: {key} is given twice")


def _unknown(
    document: Document, place: Path_, kind: str, named: Iterable[str], known: Iterable[str]
) -> Iterator[Fault]:
    for key in named:
        if key not in set(known):
            yield document.fault(place, f"there is no {kind} {key}")

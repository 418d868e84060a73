"""A pack: one body's guidance as data, loaded whole or refused whole."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

import cedarpy
from pydantic import ConfigDict

import mercat
from mercat.guidance import facts
from mercat.guidance.consistency import Parts, contradictions
from mercat.guidance.decision import Refusal
from mercat.guidance.examples import Example, read_examples
from mercat.guidance.fault import Fault, PackError
from mercat.guidance.fit import misfits
from mercat.guidance.house import EVALUATION
from mercat.guidance.lines import read_document
from mercat.guidance.policies import read_policies, read_schema
from mercat.guidance.shape import (
    Clause,
    ClausesFile,
    PackFile,
    Policy,
    Slot,
    StructureFile,
    UnitEntry,
    shaped,
    unit_fact,
)

FILES = ("pack.yaml", "structure.yaml", "clauses.yaml", "schema.cedarschema")
FOLDERS = ("policies/*.cedar", "examples/*.yaml")


class Pack(PackFile):
    """A loaded pack. `digest` is the SHA-256, in hex, over its files."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    digest: str
    units: tuple[UnitEntry, ...]
    slots: tuple[Slot, ...]
    clauses: tuple[Clause, ...]
    house: tuple[Clause, ...]
    policies: tuple[Policy, ...]
    examples: tuple[Example, ...]
    cedar_schema: cedarpy.Schema

    @cached_property
    def roles_in_units(self) -> tuple[str, ...]:
        """Keys of the roles that a person may hold in a unit."""
        return tuple(role.key for role in self.roles if role.scope != "body")

    @cached_property
    def owner_names(self) -> dict[str, str]:
        """The name of everybody who can put something right: the roles, and those who hold none."""
        return {**self.owners, **{role.key: role.name for role in self.roles}}

    @cached_property
    def _refusals(self) -> dict[str, Refusal]:
        """The refusal of every forbidding policy by its id, in the order of the clauses."""
        order = [clause.id for clause in (*self.clauses, *self.house)]
        forbids = [policy for policy in self.policies if policy.effect == "forbid"]
        forbids.sort(key=lambda policy: order.index(policy.clause))
        return {policy.id: self._refusal(policy) for policy in forbids}

    def _refusal(self, policy: Policy) -> Refusal:
        return Refusal(
            policy=policy.id,
            clause=policy.clause,
            reason=policy.refusal,
            remedy=policy.remedy,
            owner=policy.owner,
            owner_name=self.owner_names[policy.owner],
        )

    def refusals_of(self, policy_ids: Iterable[str]) -> list[Refusal]:
        """The refusals of these policies, in the order of their clauses."""
        wanted = set(policy_ids)
        return [refusal for policy_id, refusal in self._refusals.items() if policy_id in wanted]

    def own_refusal(self, policy: str, reason: str) -> Refusal:
        """A refusal by the gate itself, which no policy of the pack brings about."""
        return Refusal(
            policy=policy,
            clause=EVALUATION,
            reason=reason,
            remedy="Nothing was done; the log says why.",
            owner=self.administered_by,
            owner_name=self.owner_names[self.administered_by],
        )

    def unit(self, unit_id: str) -> facts.Unit:
        """A unit of the pack as a fact. Raises KeyError where there is none."""
        return unit_fact(self.units, unit_id)


def find_pack(name_or_path: str | Path) -> Path:
    """The folder of a pack, by path or by the name of one that came with the programme.

    Raises PackError where there is none; the reason lists those there are.
    """
    if (Path(name_or_path) / "pack.yaml").is_file():
        return Path(name_or_path)
    shipped = Path(mercat.__file__).parent.parent / "packs"
    names = sorted(path.parent.name for path in shipped.glob("*/pack.yaml"))
    if str(name_or_path) in names:
        return shipped / name_or_path
    reason = f"there is no pack of this name or in this folder; the programme brings {', '.join(names) or 'none'}"
    raise PackError(str(name_or_path), [Fault("pack.yaml", 1, reason)])


def load_pack(path: Path) -> Pack:
    """Read a pack from its folder. Raises PackError with file, line and reason of every fault found."""
    faults: list[Fault] = []
    documents = {name: read_document(path, name, faults) for name in FILES if name.endswith(".yaml")}
    head = shaped(documents["pack.yaml"], PackFile, faults)
    structure = shaped(documents["structure.yaml"], StructureFile, faults)
    clauses = shaped(documents["clauses.yaml"], ClausesFile, faults)
    schema = read_schema(path, faults)
    policies = read_policies(path, schema, faults)
    if not (head and structure and clauses and schema):
        raise PackError(path.name, faults)
    examples = read_examples(path, structure.units, faults)
    faults += contradictions(documents, Parts(head, structure, clauses, policies, examples, schema))
    if faults:
        raise PackError(path.name, faults)
    pack = Pack(
        **dict(head),
        digest=pack_digest(path),
        units=tuple(structure.units),
        slots=tuple(structure.slots),
        clauses=tuple(clauses.clauses),
        house=tuple(clauses.house),
        policies=tuple(policies),
        examples=tuple(examples),
        cedar_schema=schema,
    )
    faults += misfits(pack, path)
    if faults:
        raise PackError(path.name, faults)
    return pack


def pack_digest(path: Path) -> str:
    """SHA-256 over the pack's files in order of name, each as its name and content behind their lengths in bytes."""
    names = [*FILES, *(each.relative_to(path).as_posix() for pattern in FOLDERS for each in path.glob(pattern))]
    digest = hashlib.sha256()
    for name in sorted(names):
        for part in (name.encode(), (path / name).read_bytes()):
            digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()

"""A pack's examples: who may and who must not, as facts that the gate can be asked about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from mercat.guidance.facts import Account, Application, Body, Person, Post, Resource, Situation
from mercat.guidance.fault import Fault
from mercat.guidance.lines import Document, read_document
from mercat.guidance.shape import Cast, ExamplesFile, Expectation, UnitEntry, shaped, unit_fact

CAST = "examples/cast.yaml"

ADAPTERS = {kind: TypeAdapter(kind) for kind in (Account, Application, Person, Post, Situation)}

Fact = TypeVar("Fact", Account, Application, Person, Post, Situation)


@dataclass(frozen=True, slots=True)
class Example:
    """A question with its expected answer: allowed, or refused by exactly these policies."""

    says: str
    file: str
    line: int
    action: str
    person: Person
    resource: Resource
    situation: Situation
    post: Post | None
    refused_by: frozenset[str]


def read_examples(root: Path, units: Sequence[UnitEntry], faults: list[Fault]) -> list[Example]:
    """Every example of `examples/*.yaml` in order of file and place; what cannot be built is added to `faults`."""
    cast = shaped(read_document(root, CAST, faults), Cast, faults)
    if cast is None:
        return []
    examples: list[Example] = []
    for path in sorted((root / "examples").glob("*.yaml")):
        file = path.relative_to(root).as_posix()
        if file != CAST:
            examples += _read_file(read_document(root, file, faults), _Builder(cast, units), faults)
    return examples


def _read_file(document: Document, builder: _Builder, faults: list[Fault]) -> list[Example]:
    content = shaped(document, ExamplesFile, faults)
    examples = []
    for index, expectation in enumerate(content.examples if content else []):
        try:
            line = document.line(("examples", index))
            examples.append(builder.example(expectation, document.file, line))
        except (KeyError, ValueError) as error:
            faults.append(document.fault(("examples", index), _unbuildable(error)))
    return examples


def _unbuildable(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
    return str(error.args[0])


@dataclass(frozen=True, slots=True)
class _Builder:
    """Makes facts from the cast, the units of the pack, and what an example changes."""

    cast: Cast
    units: Sequence[UnitEntry]

    def example(self, wanted: Expectation, file: str, line: int) -> Example:
        if wanted.allowed == bool(wanted.refused_by):
            raise ValueError("an example is either allowed or refused by named policies")
        but = wanted.but
        return Example(
            says=wanted.says,
            file=file,
            line=line,
            action=wanted.action,
            person=self._fact(Person, self.cast.people, wanted.person, but.get("person", {})),
            resource=self._resource(wanted, but.get("resource", {})),
            situation=self._built(Situation, {**self.cast.situation, **but.get("situation", {})}),
            post=self._fact(Post, self.cast.posts, wanted.post, but.get("post", {})) if wanted.post else None,
            refused_by=frozenset(wanted.refused_by),
        )

    def _resource(self, wanted: Expectation, but: Mapping[str, Any]) -> Resource:
        if wanted.account:
            return self._fact(Account, self.cast.accounts, wanted.account, but)
        if wanted.subject:
            return self._fact(Person, self.cast.people, wanted.subject, but)
        if wanted.application:
            return self._fact(Application, self.cast.applications, wanted.application, but)
        if wanted.unit:
            return unit_fact(self.units, wanted.unit)
        return Body()

    def _fact(self, kind: type[Fact], named: Mapping[str, dict[str, Any]], name: str, but: Mapping[str, Any]) -> Fact:
        if name not in named:
            raise KeyError(f"the cast has no {kind.__name__.lower()} called {name}")
        return self._built(kind, {"id": name, **named[name], **but})

    def _built(self, kind: type[Fact], values: dict[str, Any]) -> Fact:
        unknown = values.keys() - kind.__dataclass_fields__.keys()
        if unknown:
            raise ValueError(f"a {kind.__name__.lower()} has no {', '.join(sorted(unknown))}")
        if "unit" in values:
            values = {**values, "unit": self._unit(values["unit"])}
        return ADAPTERS[kind].validate_python(values)  # type: ignore[return-value]

    def _unit(self, name: str) -> Any:
        if name not in {unit.id for unit in self.units}:
            raise KeyError(f"the structure has no unit {name}")
        return unit_fact(self.units, name)

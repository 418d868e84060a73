"""YAML that remembers on which line each value stands, so that a fault can name its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from mercat.guidance.fault import Fault

Path_ = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML file as data, with the line of every value by its path of keys and indexes."""

    file: str
    data: Any
    lines: dict[Path_, int] = field(default_factory=dict)

    def line(self, path: Path_) -> int:
        """The line of the value at this path, or of the nearest value around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def fault(self, path: Path_, reason: str) -> Fault:
        return Fault(self.file, self.line(path), reason)


class _Loader(yaml.CSafeLoader):
    """Names the place of a date that is none; PyYAML alone does not."""

    def marked_timestamp(self, node: yaml.ScalarNode) -> Any:
        try:
            return self.construct_yaml_timestamp(node)
        except ValueError as error:
            raise yaml.MarkedYAMLError(problem=str(error), problem_mark=node.start_mark) from error


_Loader.add_constructor("tag:yaml.org,2002:timestamp", _Loader.marked_timestamp)


def read_document(root: Path, file: str, faults: list[Fault]) -> Document:
    """Read one YAML file of the pack; what cannot be read is added to `faults` and comes back empty."""
    lines: dict[Path_, int] = {}
    try:
        loader = _Loader((root / file).read_text(encoding="utf-8"))
        node = loader.get_single_node()
        _Walker(file, faults, lines).walk(node, ())  # first: making data of it writes merged keys into the nodes
        return Document(file, loader.construct_document(node) if node else None, lines)
    except yaml.MarkedYAMLError as error:
        faults.append(Fault(file, _line(error), f"this is not YAML: {error.problem}"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        faults.append(Fault(file, 1, _unreadable(error)))
    return Document(file, None)


def _line(error: yaml.MarkedYAMLError) -> int:
    mark = error.problem_mark or error.context_mark
    return mark.line + 1 if mark else 1


def _unreadable(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "the file is missing"
    return f"the file cannot be read: {error}"


@dataclass(frozen=True, slots=True)
class _Walker:
    """Notes the line of every value; what an alias repeats has the line of the alias."""

    file: str
    faults: list[Fault]
    lines: dict[Path_, int]
    seen: set[int] = field(default_factory=set)

    def walk(self, node: yaml.Node | None, path: Path_) -> None:
        if node is None or id(node) in self.seen:
            return
        self.seen.add(id(node))
        self.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                self.lines[*path, index] = item.start_mark.line + 1
                self.walk(item, (*path, index))
        if isinstance(node, yaml.MappingNode):
            self._walk_mapping(node, path)

    def _walk_mapping(self, node: yaml.MappingNode, path: Path_) -> None:
        for key, value in node.value:
            place = (*path, str(key.value))
            if place in self.lines:
                self.faults.append(Fault(self.file, key.start_mark.line + 1, f"“{key.value}” is given twice"))
            self.lines[place] = key.start_mark.line + 1
            self.walk(value, place)

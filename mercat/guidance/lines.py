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


def read_document(root: Path, file: str, faults: list[Fault]) -> Document:
    """Read one YAML file of the pack; what cannot be read is added to `faults` and comes back empty."""
    try:
        text = (root / file).read_text(encoding="utf-8")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        document = Document(file, yaml.safe_load(text) if node else None)
    except yaml.MarkedYAMLError as error:
        faults.append(Fault(file, _line(error), f"this is not YAML: {error.problem}"))
    except (OSError, UnicodeDecodeError, ValueError, yaml.YAMLError) as error:
        faults.append(Fault(file, 1, _unreadable(error)))
    else:
        _walk(node, (), document.lines, file, faults)
        return document
    return Document(file, None)


def _line(error: yaml.MarkedYAMLError) -> int:
    mark = error.problem_mark or error.context_mark
    return mark.line + 1 if mark else 1


def _unreadable(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "the file is missing"
    return f"the file cannot be read: {error}"


def _walk(node: yaml.Node | None, path: Path_, lines: dict[Path_, int], file: str, faults: list[Fault]) -> None:
    if node is None:
        return
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _walk(item, (*path, index), lines, file, faults)
    if isinstance(node, yaml.MappingNode):
        _walk_mapping(node, path, lines, file, faults)


def _walk_mapping(node: yaml.MappingNode, path: Path_, lines: dict[Path_, int], file: str, faults: list[Fault]) -> None:
    for key, value in node.value:
        place = (*path, str(key.value))
        if place in lines:
            faults.append(Fault(file, key.start_mark.line + 1, f"“{key.value}” is given twice"))
        lines[place] = key.start_mark.line + 1
        _walk(value, place, lines, file, faults)

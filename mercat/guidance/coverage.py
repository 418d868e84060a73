"""What carries each clause: its policies, the feature, the tests. A claim that the tree does not bear out is broken."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mercat.guidance.pack import Pack
from mercat.guidance.shape import Clause


@dataclass(frozen=True, slots=True)
class Row:
    """One clause or house rule. `status` is the pack's claim: done | part | open."""

    id: str
    kind: str
    policies: tuple[str, ...]
    feature: str
    tests: tuple[str, ...]
    status: str


@dataclass(frozen=True, slots=True)
class BrokenClaim:
    """A clause that is claimed done or part, and why it cannot be."""

    id: str
    reason: str

    def __str__(self) -> str:
        return f"clause {self.id}: {self.reason}"


def coverage(pack: Pack) -> list[Row]:
    """Every clause of the pack and then every house rule."""
    return [_row(pack, clause) for clause in (*pack.clauses, *pack.house)]


def broken_claims(pack: Pack, root: Path) -> list[BrokenClaim]:
    """The claims that the source tree at `root` does not bear out."""
    claimed = [clause for clause in (*pack.clauses, *pack.house) if clause.status != "open"]
    return [BrokenClaim(clause.id, reason) for clause in claimed for reason in _doubts(pack, clause, root)]


def _row(pack: Pack, clause: Clause) -> Row:
    return Row(clause.id, clause.kind, _policies(pack, clause), clause.feature, tuple(clause.tests), clause.status)


def _policies(pack: Pack, clause: Clause) -> tuple[str, ...]:
    return tuple(policy.id for policy in pack.policies if policy.clause == clause.id)


def _doubts(pack: Pack, clause: Clause, root: Path) -> Iterator[str]:
    if clause.carried_by == "policy" and not _policies(pack, clause):
        yield "it is to be decided by a policy and has none"
    if clause.carried_by != "policy" and not clause.feature:
        yield f"it is carried by {clause.carried_by} and names no feature"
    if clause.feature and not _feature_exists(root, clause.feature):
        yield f"its feature {clause.feature} does not exist"
    if not clause.tests:
        yield "it names no test"
    for test in clause.tests:
        if not _test_runs(root, test):
            yield f"its test {test} does not exist or is skipped"


def _feature_exists(root: Path, feature: str) -> bool:
    """A page (/…) is left to the tests that open it; a file must be there; a dotted name must be defined."""
    if feature.startswith("/"):
        return True
    if "/" in feature:
        return (root / feature).exists()
    *module, name = feature.split(".")
    path = root.joinpath(*module).with_suffix(".py")
    whole = root.joinpath(*module, name)
    return whole.with_suffix(".py").is_file() or whole.is_dir() or name in _definitions(path)


def _test_runs(root: Path, test: str) -> bool:
    """Whether pytest would run `path::test` or `path::Class::test` (parameters in brackets aside)."""
    file, *names = test.split("[", maxsplit=1)[0].split("::")
    definitions = _definitions(root / file)
    return bool(names) and names[-1].startswith("test_") and definitions.get(".".join(names), False)


@cache
def _definitions(path: Path) -> dict[str, bool]:
    """Each class, function and assigned name of a file by dotted name, and whether it is free of skip and xfail."""
    if not path.is_file():
        return {}
    return dict(_defined(ast.parse(path.read_text(encoding="utf-8")), "", runs=True))


def _defined(node: ast.Module | ast.ClassDef, prefix: str, *, runs: bool) -> Iterator[tuple[str, bool]]:
    for child in node.body:
        if isinstance(child, ast.Assign | ast.AnnAssign):
            targets = child.targets if isinstance(child, ast.Assign) else [child.target]
            yield from ((prefix + target.id, runs) for target in targets if isinstance(target, ast.Name))
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            here = runs and not any(_skips(decorator) for decorator in child.decorator_list)
            yield prefix + child.name, here
            if isinstance(child, ast.ClassDef):
                yield from _defined(child, f"{prefix}{child.name}.", runs=here)


def _skips(decorator: ast.expr) -> bool:
    """A test that is always skipped proves nothing; one that is skipped where its means are absent does, elsewhere."""
    return ast.unparse(decorator).split("(")[0] in {"pytest.mark.skip", "pytest.mark.xfail", "unittest.skip"}

"""Cedar policies and schema of a pack: read one by one, so that a fault names its file, line and policy."""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterable, Iterator
from pathlib import Path
from typing import Any

import cedarpy

from mercat.guidance.fault import Fault
from mercat.guidance.shape import Policy

SCHEMA = "schema.cedarschema"
ANNOTATIONS = ("clause", "refusal", "remedy", "owner")
# A statement ends at a semicolon that stands neither in a comment nor in a string.
TOKEN = re.compile(r'//[^\n]*|"(?:\\.|[^"\\])*"|;')


def statements(text: str) -> Iterator[tuple[int, str]]:
    """Each statement of Cedar text with the line of its first word; a comment before it belongs to it."""
    start = 0
    for match in TOKEN.finditer(text):
        if match.group() == ";":
            yield _placed(text, start, match.end())
            start = match.end()
    if TOKEN.sub(lambda match: "" if match.group().startswith("//") else match.group(), text[start:]).strip():
        yield _placed(text, start, len(text))


def _placed(text: str, start: int, end: int) -> tuple[int, str]:
    before = re.compile(r"(?:\s|//[^\n]*)*").match(text, start, end)
    first = before.end() if before else start
    return text.count("\n", 0, first) + 1, text[first:end]


def read_schema(root: Path, faults: list[Fault]) -> cedarpy.Schema | None:
    """The parsed schema, or None with the fault added."""
    try:
        text = (root / SCHEMA).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        faults.append(Fault(SCHEMA, 1, f"the schema cannot be read: {type(error).__name__}"))
        return None
    try:
        return cedarpy.Schema.from_str(text)
    except ValueError as error:
        faults.append(Fault(SCHEMA, _schema_line(text, str(error)), str(error)))
        return None


def _schema_line(text: str, reason: str) -> int:
    """Cedar names no line: the first statement with which the file, read up to there, fails for the same reason."""
    so_far = ""
    for line, statement in statements(text):
        so_far += statement + "\n"
        try:
            cedarpy.Schema.from_str(so_far)
        except ValueError as error:
            if str(error) == reason:
                return line
    return 1


def read_policies(root: Path, schema: cedarpy.Schema | None, faults: list[Fault]) -> list[Policy]:
    """Every policy of `policies/*.cedar`, in order of file name and place, each validated against the schema."""
    policies: list[Policy] = []
    for path in sorted((root / "policies").glob("*.cedar")):
        policies += _read_file(path.relative_to(root).as_posix(), path, schema, faults)
    if not policies:
        faults.append(Fault("policies", 1, "there is no policy that can be read"))
    _refuse_doubles(policies, faults)
    return policies


def _read_file(file: str, path: Path, schema: cedarpy.Schema | None, faults: list[Fault]) -> Iterator[Policy]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        faults.append(Fault(file, 1, f"the file cannot be read: {type(error).__name__}"))
        return
    for line, statement in statements(text):
        policy = _read_policy(file, line, statement, schema, faults)
        if policy:
            yield policy


def _read_policy(
    file: str, line: int, statement: str, schema: cedarpy.Schema | None, faults: list[Fault]
) -> Policy | None:
    try:
        parsed = json.loads(cedarpy.policies_to_json_str(statement))
    except ValueError as error:
        faults.append(Fault(file, line, f"the policy that begins here is not Cedar: {error}"))
        return None
    if not parsed["staticPolicies"]:
        faults.append(Fault(file, line, "a policy is complete here: no ?principal, no ?resource"))
        return None
    (cedar,) = parsed["staticPolicies"].values()
    policy = _policy(file, line, cedar)
    reasons = [*_wrong_annotations(policy), *_invalid(statement, schema)]
    faults.extend(Fault(file, line, f"policy {policy.id or '(without @id)'}: {reason}") for reason in reasons)
    return policy


def _policy(file: str, line: int, cedar: dict[str, Any]) -> Policy:
    notes = cedar.get("annotations") or {}
    return Policy(
        id=notes.get("id") or "",
        effect=cedar["effect"],
        **{name: notes.get(name) or "" for name in ANNOTATIONS},
        permits=_permitted(cedar),
        cedar=cedar,
        file=file,
        line=line,
    )


def _permitted(cedar: dict[str, Any]) -> str:
    if cedar["effect"] != "permit" or cedar["action"]["op"] != "==":
        return ""
    return str(cedar["action"]["entity"]["id"])


def _wrong_annotations(policy: Policy) -> Iterator[str]:
    if not policy.id:
        yield "@id is missing"
    if policy.effect == "permit" and not policy.permits:
        yield 'a permit names one action, as action == Action::"…"'
    if policy.effect == "permit":
        return
    for name in ANNOTATIONS:
        if not getattr(policy, name):
            yield f"@{name} is missing"
    if policy.clause and not policy.id.startswith(f"{policy.clause}-"):
        yield f"@id must begin with its clause and a dash: {policy.clause}-…"


def _invalid(statement: str, schema: cedarpy.Schema | None) -> list[str]:
    if schema is None:
        return []
    errors = cedarpy.validate_policies(statement, schema).errors
    return [error.error.removeprefix(f"for policy `{error.policy_id}`, ") for error in errors]


def _refuse_doubles(policies: list[Policy], faults: list[Fault]) -> None:
    first: dict[str, Policy] = {}
    for policy in policies:
        earlier = first.setdefault(policy.id, policy)
        if policy.id and earlier is not policy:
            reason = f"policy {policy.id}: the same @id stands in {earlier.file}:{earlier.line}"
            faults.append(Fault(policy.file, policy.line, reason))


def policy_set(policies: Iterable[Policy]) -> cedarpy.PolicySet:
    """The policies parsed once, under their own ids, so that an answer names them directly."""
    static = {policy.id: policy.cedar for policy in policies}
    return cedarpy.PolicySet.from_json_str(json.dumps({"templates": {}, "staticPolicies": static, "templateLinks": []}))


def action_groups(schema: cedarpy.Schema) -> dict[str, frozenset[str]]:
    """Every action of the schema that is not merely a group of others, with the names of all groups it is in."""
    found = json.loads(str(cedarpy.Entities.from_json_str("[]", schema)))
    parents = {entity["uid"]["id"]: {parent["id"] for parent in entity["parents"]} for entity in found}
    groups = set().union(*parents.values())
    return {action: frozenset(_around(action, parents)) for action in parents if action not in groups}


def _around(action: str, parents: dict[str, set[str]]) -> set[str]:
    return parents[action].union(*(_around(parent, parents) for parent in parents[action]))


def concerns(policy: Policy, names: Container[str]) -> bool:
    """Whether the policy's scope takes in an action, given by its own name and those of its groups.

    Handing Cedar only these policies halves the time of a decision and cannot change it: the others do not apply.
    """
    scope = policy.cedar["action"]
    if scope["op"] == "All":
        return True
    targets = scope["entities"] if "entities" in scope else [scope["entity"]]
    return any(target["id"] in names for target in targets)

"""Whether a schema takes the facts that the programme hands to it: held on load, so that no question fails later."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import cedarpy

from mercat.guidance import entities
from mercat.guidance.facts import Account, Application, Body, Person, Post, Resource, Situation, Unit
from mercat.guidance.fault import Fault
from mercat.guidance.policies import SCHEMA, action_groups, policy_set

if TYPE_CHECKING:
    from mercat.guidance.pack import Pack

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
UNIT = Unit("unit", ("around",))
# Every fact given, and every optional one left out.
PERSON = Person("a", UNIT, trained_until=EPOCH, roles=frozenset({"r"}), steps=frozenset({("nominate", "b")}))
ACCOUNT = Account("a", "n", "t", UNIT, "active", spocs=frozenset({"a"}), spoc_missing_since=EPOCH, holder="a")
APPLICATION = Application("a", "n", "t", applicant="a")
THINGS: tuple[Resource, ...] = (
    PERSON,
    Person("b", UNIT),
    ACCOUNT,
    Account("b", "n", "t", UNIT, "active"),
    APPLICATION,
    Application("b", "n", "t"),
    UNIT,
    Body(),
)
FULL = entities.context(Situation(EPOCH, paused_by="a"), Post("p", authors=frozenset({"a"})))


def misfits(pack: Pack, root: Path) -> list[Fault]:
    """Every entity and action of the schema that does not take the facts of `facts.py`."""
    text = (root / SCHEMA).read_text(encoding="utf-8")
    return [*_entity_misfits(pack, text), *_action_misfits(pack.cedar_schema, text)]


def _entity_misfits(pack: Pack, text: str) -> Iterator[Fault]:
    probes = [entities.pack_entity(pack)]
    for thing in THINGS:
        probes += entities.entities(pack, [thing])
    seen = set()
    for probe in probes:
        kind = probe["uid"]["type"]
        try:
            cedarpy.Entities.from_json_str(entities.dump([probe]), pack.cedar_schema)
        except ValueError:
            if kind not in seen:
                yield Fault(SCHEMA, _line(text, "entity", kind), f"entity {kind} does not fit the facts handed to it")
            seen.add(kind)


def _action_misfits(schema: cedarpy.Schema, text: str) -> Iterator[Fault]:
    nothing = policy_set([])
    for action in action_groups(schema):
        requests = [_request(action, thing) for thing in THINGS]
        results = cedarpy.is_authorized_batch(requests, nothing, [], schema)
        if all(result.decision is cedarpy.Decision.NoDecision for result in results):
            reason = f"action {action} takes no resource and context that the programme asks about"
            yield Fault(SCHEMA, _line(text, "action", action), reason)


def _request(action: str, thing: Resource) -> entities.Json:
    return {
        "principal": entities.uid(PERSON),
        "action": {"type": "Action", "id": action},
        "resource": entities.uid(thing),
        "context": FULL,
    }


def _line(text: str, word: str, name: str) -> int:
    found = re.search(rf"^\s*{word}\b[^;{{]*\b{re.escape(name)}\b", text, re.MULTILINE)
    return text.count("\n", 0, found.start() + len(found.group()) - 1) + 1 if found else 1

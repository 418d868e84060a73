"""Versions as evidence: bytes, digest, who wrote and approved, and under which guidance each step was decided."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mercat.audit.models import Event
from mercat.delivery import corrections
from mercat.delivery.manifest import digest_of, posts_for
from mercat.delivery.models import Consignment, Correction
from mercat.posts.models import Approval, Post, Version
from mercat.posts.queries import versions_open


@dataclass(frozen=True, slots=True)
class Proof:
    """One version. `holds`: the bytes still give the digest. `packs`: step, pack and its digest."""

    version: Version
    said: Mapping[str, Any]
    size: int
    holds: bool
    approvals: list[Approval]
    packs: list[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands now where the words were corrected. `version`: of the post that corrected them."""

    row: Consignment
    words: str
    correction: Correction
    version: Version
    approvals: list[Approval]


def standing_now(rows: Iterable[Consignment]) -> list[Standing]:
    """Of rows that were loaded through `delivery.queries.told`: those whose words were corrected."""
    there = [row for row in rows if not corrections.leaves(row)]
    found = [(row, correction) for row in there if (correction := corrections.done(row))]
    versions = Version.objects.filter(manifest__in=[each.manifest_id for _, each in found]).select_related("author")
    versions = {each.manifest_id: each for each in versions.prefetch_related("approvals__approver", "approvals__void")}
    return [_standing(row, correction, versions[correction.manifest_id]) for row, correction in found]


def _standing(row: Consignment, correction: Correction, version: Version) -> Standing:
    said = json.loads(bytes(correction.manifest.canonical))
    given = [each for each in version.approvals.all() if each.account_id == row.account_id]
    return Standing(row, posts_for(said, row.account.network)[0], correction, version, given)


def proofs(post: Post) -> list[Proof]:
    """The latest first; of a post that is open only because it is out, its present version."""
    versions = versions_open(post).select_related("manifest", "author")
    versions = versions.prefetch_related("approvals__approver", "approvals__account", "approvals__void")
    events = list(Event.objects.filter(about__contains=[post.audit_ref], what__in=["post.submitted", "post.approved"]))
    return [_proof(version, events) for version in versions.order_by("-number")]


def _proof(version: Version, events: list[Event]) -> Proof:
    canonical = bytes(version.manifest.canonical)
    return Proof(
        version=version,
        said=json.loads(canonical),
        size=len(canonical),
        holds=digest_of(canonical) == version.digest,
        approvals=list(version.approvals.all()),
        packs=[_pack(event) for event in events if event.facts.get("digest") == version.digest],
    )


def _pack(event: Event) -> tuple[str, str, str]:
    step = {"post.submitted": "Submitted", "post.approved": "Approved"}[event.what]
    return step, f"{event.facts['pack']} {event.facts['pack_version']}", event.facts["pack_digest"]

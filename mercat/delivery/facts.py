"""Rows to facts: what guidance is told of a consignment's post."""

from __future__ import annotations

import json

from mercat.delivery.models import Consignment
from mercat.guidance import facts


def post_facts(row: Consignment) -> facts.Post:
    """What was approved, as it would go out. The row's manifest must be loaded."""
    media = json.loads(bytes(row.manifest.canonical))["media"]
    return facts.Post(
        id=row.post_ref.removeprefix("post:"),
        digest=row.manifest_id,
        pillar=row.pillar,
        authors=frozenset({str(row.author_id)}),
        warning=row.lane == Consignment.Lane.WARNING,
        media=len(media),
        media_without_alt=sum(not medium["alt"] for medium in media),
        approvals=row.approvals,
        approvals_needed=row.approvals_needed,
        state="approved",
    )

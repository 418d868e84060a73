"""Rows to facts: what guidance is told of a consignment's post."""

from __future__ import annotations

from mercat.delivery.models import Consignment
from mercat.guidance import facts


def post_facts(row: Consignment) -> facts.Post:
    return facts.Post(
        id=row.post_ref.removeprefix("post:"),
        digest=row.manifest_id,
        pillar=row.pillar,
        authors=frozenset({str(row.author_id)}),
        warning=row.lane == Consignment.Lane.WARNING,
        approvals=row.approvals,
        approvals_needed=row.approvals_needed,
        state="approved",
    )

"""A chore: whoever handed something in is told, once, that the post made of it is out.

It looks at the rows, and not at the moment of sending: what fails here never takes back that a post was sent.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet, TextField, Value
from django.db.models.functions import Cast, Concat

from mercat.audit.actors import System
from mercat.delivery import states as sending
from mercat.delivery.models import Consignment
from mercat.posts.contributions import actions
from mercat.posts.models import ContributionUse

OUT = System("The post made of it is out")
MOST = 100  # at a time; the rest a moment later


def run(*, now: datetime) -> None:
    for use in to_tell()[:MOST]:
        actions.tell_published(by=OUT, use=use, now=now)


def to_tell() -> QuerySet[ContributionUse]:
    reference = Concat(Value("post:"), Cast(OuterRef("post_id"), TextField()))
    out = Exists(Consignment.objects.filter(post_ref=reference, state=sending.SENT))
    return ContributionUse.objects.filter(out, told_at=None)

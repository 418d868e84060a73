"""What happened to a post, from the record, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mercat.audit.models import Event
from mercat.audit.queries import timeline
from mercat.people.queries import names_of
from mercat.posts.models import Post
from mercat.posts.queries import is_inside
from mercat.register.models import Account

MOST_EVENTS = 500
WORDS = {
    "post.composed": "Began to write",
    "post.imported": "Imported from a file",
    "post.edited": "Changed another person’s words",
    "post.submitted": "Submitted for approval",
    "post.approved": "Approved",
    "post.approval_void": "An approval is void",
    "post.sent_back": "Sent back",
    "post.rejected": "Rejected",
    "post.withdrawn": "Withdrawn",
    "advice.asked": "Asked for advice",
    "advice.asked_further": "Asked further for advice",
    "advice.answered": "Advice given",
    "advice.closed": "Advice closed",
    "advice.reopened": "Advice opened again",
    "contribution.handed_in": "Handed in",
    "contribution.taken_back": "Taken back",
    "contribution.used": "A post is made of what was handed in",
    "contribution.declined": "Not used",
    "contribution.shelved": "Kept for later",
    "contribution.reopened": "Waits again",
    "contribution.published": "Whoever handed it in was told that it is out",
    "consignment.ready": "On its way",
    "consignment.sending": "Sending began",
    "consignment.sent": "Out, and read back",
    "consignment.refused": "Refused by the network",
    "consignment.in_doubt": "In doubt: being looked for",
    "consignment.needs_person": "Somebody must look",
    "consignment.held": "Held",
    "consignment.withdrawn": "Taken back",
    "removal.asked": "To be taken down",
    "correction.asked": "Its words are to be corrected",
    "correction.asked_again": "Its words are to be corrected after all",
    "correction.held": "The correction is held",
    "consignment.corrected": "Words corrected, and read back",
    "correction.failed": "Words could not be corrected",
    "correction.withdrawn": "The correction was taken back",
    "broadcast.start_asked": "The broadcast is to be shown",
    "broadcast.started": "The broadcast is live",
    "broadcast.end_asked": "The broadcast is to end",
    "broadcast.ended": "The broadcast has ended",
    "broadcast.refused": "The broadcast did not change",
    "broadcast.key_shown": "Saw the key for the encoder",
    "consignment.taken_down": "Taken down",
    "removal.failed": "Could not be taken down",
    "removal.held": "Taking down is held",
}
OUT = ("post.submitted", "post.approved", "consignment.sent", "consignment.corrected")
STEPS = {"put_off": "Put off", "lapse": "Taken up again", "miss": "Not there: sent again", "release": "Let go on"}


@dataclass(frozen=True, slots=True)
class Happening:
    """One event: what, who, when, on which account. `index` is its place in the log, None while it waits for one."""

    uid: str
    title: str
    who: str
    at: datetime
    where: str
    detail: str
    version: int | None
    index: int | None


def happenings(post: Post) -> list[Happening]:
    return told([event for event in timeline(post.audit_ref, limit=MOST_EVENTS).events if may_be_told(event, post)])


def told(events: Sequence[Event]) -> list[Happening]:
    people = names_of(event.actor for event in events)
    accounts = _accounts(events)
    return [_happening(event, people, accounts) for event in events]


def may_be_told(event: Event, post: Post) -> bool:
    """Of a post that is open only because it is out: how its present version was allowed and went out, no more."""
    return is_inside(post) or (event.what in OUT and event.facts.get("digest") == post.current.digest)


def _happening(event: Event, people: Mapping[str, str], accounts: Mapping[str, str]) -> Happening:
    place = getattr(event, "place", None)
    where = [accounts[reference] for reference in event.about if reference in accounts]
    return Happening(
        uid=str(event.uid),
        title=STEPS.get(str(event.facts.get("step", "")), WORDS.get(event.what, event.what)),
        who=people.get(event.actor, event.actor) or event.system_reason,
        at=event.at,
        where=", ".join(where),
        detail=_reason(event),
        version=event.facts.get("version") if event.what == "post.submitted" else None,
        index=place.index if place else None,
    )


def _reason(event: Event) -> str:
    """What people write as their reason is kept outside the leaf, and may have been erased."""
    personal = getattr(event, "personal", None)
    if personal and personal.erased_by_id:
        return "The reason was erased."
    return str((personal.data if personal else event.facts).get("reason", ""))


def _accounts(events: Sequence[Event]) -> dict[str, str]:
    prefix = "account:"
    ids = {each.removeprefix(prefix) for event in events for each in event.about if each.startswith(prefix)}
    return {row.audit_ref: row.name for row in Account.objects.filter(pk__in=ids).only("pk", "name")}

"""Giving a step back to the one before, with a reason, by whoever would have taken it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from mercat.audit.actions import record
from mercat.people.actions import OWN_PATH, Impossible, ask_for, asks_for, path_of, settle, tell
from mercat.people.facts import person_facts
from mercat.people.gate import By, person_or_none, require
from mercat.people.joining.steps import STEPS, next_of, step_before, with_everything
from mercat.people.models import Access, Authorisation, Completion, Nomination, Person, SentBack

ROWS = {
    "nominate": Nomination,
    "record_completion": Completion,
    "authorise_access": Authorisation,
    "confirm_training": Access,
    "open_access": Access,
}


@transaction.atomic
def send_back(*, by: By, person: Person, step: str, reason: str, now: datetime) -> SentBack:
    """The step before has to be taken anew: its row is kept, and ends now. Who may take a step may give it back.

    Raises Refused for anybody else, and Impossible where the person does not wait for this step, or without a reason.
    """
    Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    standing = person_facts(person, now=now)
    # What is missing is what it may be sent back for: only whose step it is, is asked.
    require(by, step, with_everything(standing, now), now=now)
    to = step_before(step)
    if to is None or next_of(standing, now) != step:
        raise Impossible(f"{person} does not wait for this step. Nothing was changed.")
    if not reason.strip():
        raise Impossible("Say why. Nothing was changed.")
    nominators = list(Person.objects.filter(pk__in=[who for action, who in standing.steps if action == "nominate"]))
    ROWS[to].objects.filter(person=person, ended_at=None).update(ended_at=now)
    row = SentBack.objects.create(person=person, step=step, to=to, reason=reason, at=now, by=person_or_none(by))
    about = {"from": step, "to": to}
    record(by=by, what="person.sent_back", about=[person.audit_ref], facts=about, personal={"reason": reason}, now=now)
    settle(subject=asks_for(step), link=path_of(person), now=now)
    back = f"Sent back to: {STEPS[to].title.lower()}"
    said = f"{person}. By {by}. Why: {reason}"
    tell([person], kind="access", subject=back, body=said, link=OWN_PATH, now=now)
    tell(
        [each for each in nominators if each != by],
        kind="access",
        subject=back,
        body=said,
        link=path_of(person),
        now=now,
    )
    ask_for(to, person, person_facts(person, now=now), now=now)
    return row

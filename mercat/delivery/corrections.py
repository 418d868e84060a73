"""Correcting the words of what is out: approved as every word is, done by a worker, over when the network shows them.

An edit to the same words does no harm, so a correction needs no more than a lease: whatever is unclear is tried again.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from copy import copy
from datetime import datetime, timedelta

from django.db import transaction

from mercat.audit.actions import record
from mercat.delivery import states, tries
from mercat.delivery.manifest import posts_for
from mercat.delivery.models import Consignment, Correction, Manifest, Removal
from mercat.delivery.queue import nudge
from mercat.delivery.steps import ENGINE, link_to
from mercat.networks import registry
from mercat.networks.port import Found, Later, Outcome, Sighting
from mercat.people.actions import Impossible, tell
from mercat.people.gate import By
from mercat.people.models import Person
from mercat.register.actions import people_of_all
from mercat.register.models import Account

PAUSED = "Sending is paused. It goes on when the pause ends."
AFTER_A_PAUSE = timedelta(seconds=15)  # it is looked again whether the pause is over
LEAVES = "The post is being taken down, or is down already."
STANDS = "The words from before still stand there. Once that is put right, have it tried again, or correct it anew."
UNKNOWN = "Look there which words stand. Then have it tried again, or correct it anew."
TAKEN_BACK = "Look there which words stand. Where they are wrong, correct it anew."
WAITS = "Nothing is lost: it goes on by itself once the account is connected again."


def ask(
    *,
    by: Person,
    consignment: Consignment,
    manifest: Manifest,
    post_ref: str,
    author: Person,
    approvals: int,
    approvals_needed: int,
    began_from: str,
    now: datetime,
) -> Correction:
    """Have what is out given the words of this manifest. Part of the action on the correcting post that calls it.
    `began_from`: the digest of what stood there when they began to be written.

    Raises Impossible where it cannot be corrected, or where that stands no more.
    """
    row = _locked(consignment)
    if hindrance := what_hinders(row):
        raise Impossible(f"{hindrance} Nothing was changed.")
    if stands(row).digest != began_from:
        raise Impossible(stands_no_more(row))
    correction = Correction.objects.create(
        consignment=row,
        manifest=manifest,
        post_ref=post_ref,
        author=author,
        approvals=approvals,
        approvals_needed=approvals_needed,
        asked_at=now,
        not_before=now,
    )
    _record(correction, "correction.asked", by=by, facts={"digest": manifest.digest}, now=now)
    transaction.on_commit(lambda: nudge(row.lane))
    return correction


def again(*, by: Person, correction: Correction, began_from: str, now: datetime) -> None:
    """Have one that could not be made tried again, as it was approved. Part of the action on the correcting post that
    calls it. Raises Impossible as `ask` does."""
    consignment = _locked(correction.consignment)
    row = Correction.objects.select_for_update(of=("self",)).get(pk=correction.pk)
    if row.result != Correction.Result.FAILED:
        raise Impossible("This has moved on in the meantime. Nothing was changed.")
    if hindrance := what_hinders(consignment):
        raise Impossible(f"{hindrance} Nothing was changed.")
    if stands(consignment).digest != began_from:
        raise Impossible(stands_no_more(consignment))
    row.result, row.ended_at, row.said, row.not_before = "", None, "", now
    row.recalled = False  # for what it was taken back, the action that calls this has asked again
    row.tries = min(row.tries, 1)  # what may have reached the network may have done so still
    row.save(update_fields=["result", "ended_at", "said", "recalled", "tries", "not_before"])
    _record(row, "correction.asked_again", by=by, facts={"digest": row.manifest_id}, now=now)
    transaction.on_commit(lambda: nudge(consignment.lane))


def stands_no_more(row: Consignment) -> str:
    why = f"The words on {row.account} were corrected after this was begun. Nothing was changed."
    return f"{why} Correct them anew, from what stands there now."


def what_hinders(row: Consignment) -> str:
    """Why the words of this cannot be corrected from here, in a sentence; "" where they can."""
    if not registry.known(row.account.network):
        return f"Nothing here speaks to the network of {row.account} any more: correct it there."
    network = registry.get(row.account.network)
    if row.state != states.SENT:
        return f"It is not out on {row.account}."
    if leaves(row):
        return f"It is being taken down from {row.account}, or is down already."
    if any(not each.result for each in row.corrections.all()):
        return f"It is being corrected on {row.account} already: wait until that is done."
    if network.editor is None:
        return f"{network.spec.name} lets no programme change what stands there: take it down, or write another post."
    return _by_its_kind(row)


def _by_its_kind(row: Consignment) -> str:
    if row.native_id == row.url:
        return f"Only a person saw it on {row.account}, so its number there is not known: correct it there."
    said = json.loads(bytes(row.manifest.canonical))
    if said.get("story"):
        return "A story has no words to correct."
    if said.get("begins"):
        return "The words of a live broadcast cannot be corrected from here: change them at the network."
    if len(posts_for(said, row.account.network)) > 1:
        return "A post of a thread cannot be corrected from here: take it down, or write another post."
    return ""


def leaves(row: Consignment) -> bool:
    """Whether it is being taken down, or is down."""
    return any(removal.result != Removal.Result.FAILED for removal in row.removals.all())


def done(row: Consignment) -> Correction | None:
    """The one whose words stand now; None where those stand that were sent. Of rows loaded with their corrections."""
    over = [each for each in row.corrections.all() if each.result == Correction.Result.DONE]
    return max(over, key=lambda each: each.ended_at, default=None)


def stands(row: Consignment) -> Manifest:
    """What holds the words that stand on the network now. Of rows loaded with corrections and their manifests."""
    correction = done(row)
    return correction.manifest if correction else row.manifest


def may_stand(row: Consignment, *, lately: datetime) -> list[Manifest]:
    """All that hold words which may be what the network shows: those that stand; those of a correction which may have
    reached it since; and, where it was corrected after `lately`, those from before."""
    correction = done(row)
    over = (Correction.Result.FAILED, Correction.Result.WITHDRAWN)
    begun = [each for each in row.corrections.all() if each.tries or each.result not in over]
    since = [each for each in begun if correction is None or each.asked_at > correction.asked_at]
    found = [stands(row), *(each.manifest for each in since)]
    if correction and correction.ended_at > lately:
        found += [row.manifest, *(each.manifest for each in begun)]
    return found


def corrected(correction: Correction) -> Consignment:
    """Its consignment as if it had been sent with the new words: for reading alone, never saved."""
    row = copy(correction.consignment)
    row.manifest, row.post_ref, row.author_id = correction.manifest, correction.post_ref, correction.author_id
    row.approvals, row.approvals_needed = correction.approvals, correction.approvals_needed
    return row


def withdraw_all(
    *, by: By, post_ref: str, now: datetime, accounts: Collection[Account] | None = None
) -> list[Consignment]:
    """Take back what has not begun; on these accounts, or all. Part of the action on the correcting post that calls it.

    Returns the consignments for which it was too late: the new words stand there, or may.
    """
    rows = Correction.objects.select_for_update(of=("self",)).select_related("consignment__account")
    rows = rows.filter(post_ref=post_ref).exclude(result__in=[Correction.Result.WITHDRAWN, Correction.Result.FAILED])
    if accounts is not None:
        rows = rows.filter(consignment__account__in=accounts)
    too_late = []
    for row in rows.order_by("pk"):
        is_tried = row.tries or (row.leased_until and row.leased_until > now)
        if row.result or is_tried:
            too_late.append(row.consignment)
            Correction.objects.filter(pk=row.pk, result="").update(recalled=True)
            continue
        tries.end(row, Correction.Result.WITHDRAWN, "", now=now)
        _record(row, "correction.withdrawn", by=by, facts={"digest": row.manifest_id}, now=now)
    return too_late


def is_recalled(correction: Correction) -> bool:
    return Correction.objects.filter(pk=correction.pk, recalled=True).exists()


def is_being_ended(post_ref: str, accounts: Collection[Account]) -> bool:
    """Whether one of this post was taken back on one of these accounts while it was being tried, and is not over."""
    rows = Correction.objects.filter(post_ref=post_ref, result="", recalled=True)
    return rows.filter(consignment__account__in=accounts).exists()


@transaction.atomic
def end_recalled(correction: Correction, *, now: datetime) -> None:
    """It was taken back while it was being tried, and is tried no more; its people look which words stand."""
    row = Correction.objects.select_for_update(of=("self",)).filter(pk=correction.pk, result="").first()
    if row is None:
        return
    tries.end(row, Correction.Result.WITHDRAWN, row.said, now=now)
    _record(row, "correction.withdrawn", by=ENGINE, facts={"digest": row.manifest_id}, now=now)
    if row.tries:
        _tell(row, "A correction was taken back", "It had been tried.", TAKEN_BACK, now)


def claim(lane: str, *, limit: int, now: datetime) -> list[Correction]:
    """Corrections that are due, leased to the caller."""
    taken = tries.claim(Correction.objects.all(), lane, limit=limit, now=now)
    return list(taken.select_related("consignment", "manifest"))


def waits(lane: str, *, now: datetime) -> bool:
    return tries.due(Correction.objects.all(), lane, now=now).exists()


def judged(outcome: Outcome, seen: tuple[Sighting, bool] | None, *, grace: timedelta, now: datetime) -> Outcome:
    """What came of a try: what the network answered, and, after a yes, what it shows. Sent: the new words stand."""
    match seen:
        case None | (_, True):
            return outcome
        case (Found(), _):
            return Later(now + grace, "The network took it, and does not show the new words.")
    return Later(now + grace, "The network took it; whether the new words stand cannot be seen yet.")


@transaction.atomic
def keep(correction: Correction, outcome: Outcome, *, now: datetime) -> None:
    """Write down what came of a try."""
    row = Correction.objects.select_for_update(of=("self",)).filter(pk=correction.pk, result="").first()
    if row is None:
        return  # another worker was quicker
    tries.keep(
        row,
        outcome,
        done=lambda: _done(row, now),
        refused=lambda reason: _fail(row, reason, UNKNOWN if row.tries else STANDS, now),
        held=lambda reason: _hold(row, reason, now),
        given_up=lambda reason: _fail(row, reason, UNKNOWN, now),
        now=now,
    )


def _done(row: Correction, now: datetime) -> None:
    tries.end(row, Correction.Result.DONE, "", now=now)
    facts = {"native_id": row.consignment.native_id, "digest": row.manifest_id}
    _record(row, "consignment.corrected", by=ENGINE, facts=facts, now=now)


def _fail(row: Correction, reason: str, what_next: str, now: datetime) -> None:
    tries.end(row, Correction.Result.FAILED, reason, now=now)
    _record(row, "correction.failed", by=ENGINE, facts={"reason": reason}, now=now)
    _tell(row, f"A post could not be corrected on {row.consignment.account}", reason, what_next, now)


def _hold(row: Correction, reason: str, now: datetime) -> None:
    _record(row, "correction.held", by=ENGINE, facts={"reason": reason}, now=now)
    _tell(row, f"A correction is held on {row.consignment.account}", reason, WAITS, now)


def _tell(row: Correction, subject: str, reason: str, what_next: str, now: datetime) -> None:
    """On the page of the correction, with what to do; who wrote what it corrects may see that post alone."""
    account, author = row.consignment.account, row.consignment.author
    near = {each.pk: each for each in [row.author, *people_of_all([account])]}
    for people, body, post_ref in (
        (list(near.values()), f"{reason} {what_next}", row.post_ref),
        ([author] if author.pk not in near else [], reason, row.consignment.post_ref),
    ):
        link = link_to(post_ref)
        tell(people, kind="sending", subject=subject, body=f"{account}: {body}", link=link, now=now)


def _record(row: Correction, what: str, *, by: By, facts: dict[str, str], now: datetime) -> None:
    consignment = row.consignment
    refs = [consignment.audit_ref, consignment.post_ref, row.post_ref, consignment.account.audit_ref]
    record(by=by, what=what, about=refs, facts=facts, now=now)


def _locked(consignment: Consignment) -> Consignment:
    rows = Consignment.objects.select_for_update(of=("self",)).select_related("account", "manifest")
    return rows.get(pk=consignment.pk)

"""Every write about look-alikes: what a search found, a case opened of it, and what was dismissed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from mercat.audit.actions import record
from mercat.audit.actors import System
from mercat.guidance import facts
from mercat.networks.port import FoundAccount
from mercat.people.actions import Impossible, settle, tell
from mercat.people.gate import require
from mercat.people.models import Notice, Person
from mercat.people.words import shown
from mercat.register.models import Account
from mercat.watch.cases import actions as cases
from mercat.watch.dealing import dealing_with
from mercat.watch.lookalikes import states
from mercat.watch.lookalikes.forgetting import digest_of, forget
from mercat.watch.lookalikes.known import case_of, ours_on
from mercat.watch.lookalikes.words import names_of_ours, words_of
from mercat.watch.models import Case, LookAlike, NameSearch
from mercat.watch.reach import server_of

CHORE = System("Networks are searched for accounts under names like ours")
NOTHING = "Nothing was changed."
FOUND = "Accounts that call themselves like ours were found"  # subject of notices
LIST = "/watch/look-alikes/"
MOST_FOUND = 100  # accounts of one search that are looked at
MOST_WORDS = 20  # of ours that one account is shown to bear
NAME, HANDLE, BIO, ADDRESS, NUMBER, TROUBLE = 200, 253, 1000, 500, 500, 300  # characters that are kept
BODY = facts.Body()


@transaction.atomic
def keep_search(account: Account, words: str, found: Sequence[FoundAccount], *, now: datetime) -> list[LookAlike]:
    """Write down what a search through this account found. Returns what is new, or calls itself otherwise by now."""
    _searched(account.network, words, "", now=now)
    ours, names = ours_on(account.network), names_of_ours()
    borne = [(each, words_of(each, names)) for each in found[:MOST_FOUND] if not ours.has(each, server_of(account))]
    kept = [_keep(account, each, words, now=now) for each, words in borne if words and _is_whole(each)]
    fresh = [row for row in kept if row is not None]
    if fresh:
        _tell(now=now)
    return fresh


def keep_trouble(network: str, words: str, trouble: str, *, now: datetime) -> None:
    """The network could not be searched for these words: they come again in their turn."""
    _searched(network, words, trouble[:TROUBLE], now=now)


@transaction.atomic
def open_case(*, by: Person, row: LookAlike, seen_as: str, now: datetime) -> Case:
    """Report it, as anybody reports an account that they found: all spellings of one address are one account.

    `seen_as` is how it called itself when this person looked. Raises Refused or Impossible; then nothing was changed.
    """
    require(by, "view_cases", BODY, now=now)
    row = _waiting(row, seen_as)
    if not row.address:
        raise Impossible(f"The network tells no address of it. {NOTHING} Look it up there, and report its address.")
    case = cases.report(by=by, address=row.address, words=_said(row), now=now)
    _is_case(row, case, by=by, now=now)
    return case


@transaction.atomic
def dismiss(*, by: Person, row: LookAlike, seen_as: str, now: datetime) -> None:
    """It is not ours to deal with. Nothing of it is kept; it is not shown again unless it calls itself otherwise."""
    require(by, "triage_account", BODY, now=now)
    row = _waiting(row, seen_as)
    forget(row, by=by, now=now)
    record(by=by, what="look_alike.dismissed", about=[row.audit_ref], facts={"network": row.network}, now=now)
    _settle(now=now)


def _is_whole(found: FoundAccount) -> bool:
    return bool(found.native_id and shown(found.handle, longest=HANDLE)) and len(found.native_id) <= NUMBER


def _keep(account: Account, found: FoundAccount, words: Sequence[str], *, now: datetime) -> LookAlike | None:
    """The row, where it is new, or was dismissed and is another by now."""
    network, server = account.network, server_of(account)
    digest = digest_of(network, server, found.native_id)
    name, bio = shown(found.name, longest=NAME), shown(found.bio, longest=BIO)
    seen_as = digest_of(name, bio)
    row = LookAlike.objects.select_for_update().filter(network=network, digest=digest).first()
    if row is not None and row.state == states.DISMISSED and row.seen_as == seen_as:
        LookAlike.objects.filter(pk=row.pk).update(seen_at=now)
        return None
    is_new = row is None or row.state == states.DISMISSED
    row = row or LookAlike(network=network, digest=digest)
    if is_new:
        row.state, row.found_at, row.settled_at, row.settled_by = states.WAITING, now, None, None
    row.server, row.native_id, row.seen_as, row.seen_at = server, found.native_id, seen_as, now
    row.name, row.bio, row.handle, row.url = name, bio, shown(found.handle, longest=HANDLE), _address(found.url)
    row.words = [word[:HANDLE] for word in words[:MOST_WORDS]]
    row.save()
    case = case_of(row.url) if row.state == states.WAITING else None
    if case:
        _is_case(row, case, by=None, now=now)
        return None
    if not is_new:
        return None
    said = {"network": network, "words": list(row.words)}
    record(by=CHORE, what="look_alike.found", about=[row.audit_ref], facts=said, now=now)
    return row


def _address(url: str) -> str:
    """One that was cut or changed would lead elsewhere."""
    return url if len(url) <= ADDRESS and url == shown(url, longest=ADDRESS) else ""


def _is_case(row: LookAlike, case: Case, *, by: Person | None, now: datetime) -> None:
    """`by` nobody where it was a case already."""
    row.state, row.case, row.settled_at, row.settled_by = states.CASE, case, now, by
    row.save(update_fields=["state", "case", "settled_at", "settled_by"])
    record(by=by or CHORE, what="look_alike.opened", about=[row.audit_ref, case.audit_ref], now=now)
    _settle(now=now)


def _waiting(row: LookAlike, seen_as: str) -> LookAlike:
    row = LookAlike.objects.select_for_update().get(pk=row.pk)
    if row.state != states.WAITING:
        raise Impossible(f"Somebody else was quicker: {states.STATES[row.state].lower()}. {NOTHING}")
    if row.seen_as != seen_as:
        raise Impossible(f"It calls itself otherwise by now. {NOTHING} Look at it again, then say what to do.")
    return row


def _said(row: LookAlike) -> str:
    """What stands in the case as seen: the words of a stranger, marked as theirs."""
    words = ", ".join(f"“{word}”" for word in row.words)
    parts = [f"Found by a search: it bears a name of ours, or nearly ({words}). Its handle is {row.handle}."]
    parts += [f"It calls itself “{row.name}”."] if row.name else []
    parts += [f"It says of itself: “{row.bio}”"] if row.bio else []
    return "\n".join(parts)[: cases.LONGEST]


def _searched(network: str, words: str, trouble: str, *, now: datetime) -> None:
    said = {"searched_at": now, "trouble": trouble}
    NameSearch.objects.update_or_create(network=network, words=words, defaults=said)


def _tell(*, now: datetime) -> None:
    """One notice until it is read, however many are found."""
    asked = set(Notice.objects.filter(subject=FOUND, link=LIST, read_at=None).values_list("person", flat=True))
    told = [each for each in dealing_with("triage_account", now=now) if each.pk not in asked]
    body = "Say of each whether it is a case. What is not ours to deal with is forgotten."
    tell(told, kind="security", subject=FOUND, body=body, link=LIST, now=now)


def _settle(*, now: datetime) -> None:
    if not LookAlike.objects.filter(state=states.WAITING).exists():
        settle(subject=FOUND, link=LIST, now=now)

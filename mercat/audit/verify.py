"""The stand-alone verifier, run over the live database, and what only the database can be asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import connection

from mercat.audit.canonical import leaf_bytes
from mercat.audit.log import snapshot, trusted_keys, walk
from mercat.audit.merkle import leaf_hash
from mercat.audit.models import Checkpoint, Event, Leaf
from mercat.audit.verifier import CheckError, Key, Report, Verifier, open_checkpoint

LATE = timedelta(minutes=10)  # integration takes a minute; a transaction may have been open before

# Erasures that the log knows nothing of: the event they name is none, or is about something else.
UNTOLD_ERASURES = """
SELECT leaf.index FROM audit_personaldata personal
JOIN audit_event event ON event.id = personal.event_id
JOIN audit_leaf leaf ON leaf.event_id = event.id
LEFT JOIN audit_event erasure ON erasure.id = personal.erased_by_id AND erasure.what = 'audit.personal_erased'
    AND 'event:' || event.uid::text = ANY (erasure.about)
WHERE personal.salt IS NULL AND erasure.id IS NULL ORDER BY leaf.index
"""


def verify_log(
    *,
    now: datetime,
    keys: Sequence[Key] = (),
    kept: Iterable[str] = (),
    earlier: Iterable[bytes] = (),
) -> Report:
    """Check the live database as an outsider checks an export, and that every column agrees with what was signed.

    `keys` default to the public keys beside the signing key. Raises CheckError or KeyProblem if it cannot be checked.
    """
    trusted = list(keys) or trusted_keys()
    verifier = Verifier(trusted, kept=kept, earlier=earlier, opened=True)
    with snapshot():
        for row in walk():
            if isinstance(row, Leaf):
                _check_leaf(verifier, row)
            else:
                _check_checkpoint(verifier, row, trusted)
        report = verifier.finish()
        _check_erasures(verifier)
        _check_waiting(verifier, now)
    return report


def _check_leaf(verifier: Verifier, leaf: Leaf) -> None:
    content = bytes(leaf.event.leaf)
    completed = verifier.leaf(leaf.index, content, bytes(leaf.signature))
    if completed is not None and bytes(leaf.nodes) != b"".join(completed):
        verifier.found("nodes", f"The tree hashes kept with record {leaf.index} were altered.", leaf.index)
    if bytes(leaf.leaf_hash) != leaf_hash(content):
        verifier.found("hash", f"The hash kept with record {leaf.index} is not that of its content.", leaf.index)
    if not _columns_agree(leaf.event):
        verifier.found("columns", f"The columns of record {leaf.index} say other than what was signed.", leaf.index)
    personal = getattr(leaf.event, "personal", None)
    if personal is not None:
        salt = None if personal.salt is None else bytes(personal.salt)
        verifier.personal(leaf.index, salt, personal.data)


def _columns_agree(event: Event) -> bool:
    try:
        return leaf_bytes(event) == bytes(event.leaf)
    except ValueError:
        return False


def _check_checkpoint(verifier: Verifier, row: Checkpoint, keys: Sequence[Key]) -> None:
    verifier.checkpoint(row.note)
    try:
        signed = open_checkpoint(row.note, keys)
    except CheckError:
        return  # the verifier has said so
    if (row.size, bytes(row.root), row.at) != signed:
        verifier.found("columns", f"The columns of checkpoint {row.pk} ({row.size} records) say other than its note.")


def _check_erasures(verifier: Verifier) -> None:
    with connection.cursor() as cursor:
        cursor.execute(UNTOLD_ERASURES)
        for (index,) in cursor:
            verifier.found("personal", f"The personal data of record {index} is gone, and no erasure tells why.", index)


def _check_waiting(verifier: Verifier, now: datetime) -> None:
    for event in Event.objects.filter(place=None, at__lt=now - LATE).only("uid", "at").order_by("pk").iterator():
        message = f"{event.audit_ref} of {event.at:%Y-%m-%d %H:%M} UTC has not been given its place in the log."
        verifier.found("waiting", message)

"""The stand-alone verifier, run over the live database, and what only the database can be asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from mercat.audit.canonical import leaf_bytes
from mercat.audit.log import snapshot, trusted_keys, walk
from mercat.audit.merkle import leaf_hash
from mercat.audit.models import Checkpoint, Event, Leaf
from mercat.audit.verifier import ERASURE, CheckError, Key, Report, Verifier, open_checkpoint

LATE = timedelta(minutes=10)  # integration takes a minute; a transaction may have been open before


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
        _check_waiting(verifier, now)
        return verifier.finish()


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


def _check_waiting(verifier: Verifier, now: datetime) -> None:
    """The events without a place: a trigger queues each, so only those of the last minutes that wait are in order."""
    columns = ("uid", "at", "what", "about", "pending")
    for uid, at, what, about, queued in (
        Event.objects.filter(place=None).order_by("pk").values_list(*columns).iterator()
    ):
        if queued is None:
            verifier.found("waiting", f"{_told(uid, at)} was taken out of the queue for its place in the log.")
        elif abs(now - at) > LATE:
            verifier.found("waiting", f"{_told(uid, at)} has no place in the log at {now:%Y-%m-%d %H:%M} UTC.")
        elif what == ERASURE:
            verifier.erasure(about)


def _told(uid: UUID, at: datetime) -> str:
    return f"event:{uid} of {at:%Y-%m-%d %H:%M} UTC"

"""The Merkle log over the events: integrating new ones, signing checkpoints, walking the whole."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

from mercat.audit.actions import record
from mercat.audit.actors import Actor, System
from mercat.audit.keys import KeyProblem, Signer, draw_key, ensure_key, public_keys, use_key
from mercat.audit.merkle import Node, Tree, cover, leaf_hash, stored_at
from mercat.audit.models import Checkpoint, Event, Leaf, Pending
from mercat.audit.verifier import CheckError, Key, open_checkpoint

HEARTBEAT = timedelta(minutes=1)  # a checkpoint is never older, so that a silent log is told from a stopped one
BATCH = 2000  # events in one transaction
LOCK = 0x6D65726361740001  # "mercat", 1: one process integrates at a time
HASH_BYTES = 32


class LogDamaged(Exception):
    """The stored log does not agree with its last checkpoint, so nothing was signed on top of it."""


def key_file() -> Path:
    return Path(settings.MERCAT_AUDIT_KEY_FILE)


def signer() -> Signer:
    """This installation's signer; its key is made on first use. Raises KeyProblem."""
    return ensure_key(key_file(), origin=getattr(settings, "MERCAT_AUDIT_ORIGIN", ""))


def trusted_keys() -> list[Key]:
    """Every key that may have signed this log, the newest first. Raises KeyProblem."""
    return public_keys(key_file())


def integrate(*, now: datetime) -> Checkpoint:
    """Give every waiting event its leaf, and sign a checkpoint if there was one or the last is a minute old.

    Returns the newest checkpoint. Call it outside a transaction, from as many processes as you like: they take turns.
    An event whose transaction commits late, with a lower id than others, simply comes later.
    Raises LogDamaged or KeyProblem; then nothing was signed.
    """
    checkpoint = newest_checkpoint()
    while checkpoint is None or _something_to_do(checkpoint, now):
        with transaction.atomic(durable=True):
            _take_turn()
            checkpoint = _integrate_batch(now)
    return checkpoint


def replace_signing_key(*, by: Actor | System, why: str, now: datetime) -> tuple[Key, Key]:
    """Sign with a new key from now on; the old one stays known for what it signed, and may itself be lost.

    Returns the old and the new public key.
    """
    with transaction.atomic():
        _take_turn()
        old = trusted_keys()[0]
        new = draw_key(old.name)
        facts = {"why": why, "old": old.vkey, "new": new.key.vkey}
        record(by=by, what="audit.key_replaced", about=[f"key:{new.key.id.hex()}"], facts=facts, now=now)
        use_key(key_file(), new)
    return old, new.key


def stored_nodes(nodes: Iterable[Node]) -> dict[Node, bytes]:
    """The hashes of complete subtrees, in one query. Raises LogDamaged where one is missing."""
    wanted = list(nodes)
    columns = ("index", "leaf_hash", "nodes")
    rows = Leaf.objects.filter(index__in={stored_at(node) for node in wanted}).values_list(*columns)
    ending = {index: bytes(hashed) + bytes(above) for index, hashed, above in rows}
    return {node: _level(ending.get(stored_at(node), b""), node) for node in wanted}


def newest_checkpoint() -> Checkpoint | None:
    return Checkpoint.objects.order_by("-id").first()


def walk() -> Iterator[Leaf | Checkpoint]:
    """The log in order, streamed: each leaf with its event and personal data, each checkpoint after its last leaf."""
    leaves = Leaf.objects.select_related("event__personal").order_by("index").iterator(chunk_size=500)
    checkpoints = Checkpoint.objects.order_by("size", "id").iterator(chunk_size=500)
    return heapq.merge(leaves, checkpoints, key=_place)


@contextmanager
def snapshot() -> Iterator[None]:
    """One unchanging view of the log for a long read, without holding anybody up."""
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _place(row: Leaf | Checkpoint) -> tuple[int, int]:
    return (row.index + 1, 0) if isinstance(row, Leaf) else (row.size, 1)


def _take_turn() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def _something_to_do(last: Checkpoint, now: datetime) -> bool:
    return now - last.at >= HEARTBEAT or Pending.objects.exists()


def _integrate_batch(now: datetime) -> Checkpoint:
    """Returns the newest checkpoint. All is read inside the lock: another process may just have done it all."""
    last = newest_checkpoint()
    if last and not _something_to_do(last, now):
        return last
    signing = signer()
    tree = _stored_tree(last)
    Leaf.objects.bulk_create([_leaf(tree, signing, event) for event in _waiting()])
    return _sign(tree, signing, now)


def _stored_tree(last: Checkpoint | None) -> Tree:
    """The tree as stored, after a check that it is what the last checkpoint was signed over."""
    newest = Leaf.objects.order_by("-index").first()
    size = newest.index + 1 if newest else 0
    peaks = cover(0, size)
    nodes = stored_nodes(peaks)
    tree = Tree(size, [nodes[peak] for peak in peaks])
    if (tree.size, tree.root()) != _signed_state(last):
        raise _damaged(f"its {size} leaves are not what the last checkpoint was signed over")
    return tree


def _signed_state(last: Checkpoint | None) -> tuple[int, bytes]:
    if last is None:
        return 0, Tree().root()
    try:
        signed = open_checkpoint(last.note, trusted_keys())
    except CheckError as error:
        raise KeyProblem(
            f"The last checkpoint cannot be trusted: {error}. Nothing was signed. If {key_file()}.pub was lost, restore"
            " it from your backup; otherwise something was changed: run mercat audit verify."
        ) from error
    return signed.size, signed.root


def _waiting() -> list[Event]:
    """Takes up to BATCH events out of the queue, in id order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM audit_pending WHERE event_id IN"
            " (SELECT event_id FROM audit_pending ORDER BY event_id LIMIT %s) RETURNING event_id",
            [BATCH],
        )
        taken = [event_id for (event_id,) in cursor.fetchall()]
    return list(Event.objects.filter(pk__in=taken).only("pk", "leaf").order_by("pk"))


def _leaf(tree: Tree, signing: Signer, event: Event) -> Leaf:
    index, hashed = tree.size, leaf_hash(bytes(event.leaf))
    nodes = b"".join(tree.append(hashed))
    return Leaf(index=index, event=event, leaf_hash=hashed, nodes=nodes, signature=signing.leaf(index, hashed))


def _sign(tree: Tree, signing: Signer, now: datetime) -> Checkpoint:
    at = now.replace(microsecond=0)  # the signed time counts whole seconds
    root = tree.root()
    note = signing.checkpoint(tree.size, root, at)
    return Checkpoint.objects.create(size=tree.size, root=root, note=note, at=at)


def _level(ending: bytes, node: Node) -> bytes:
    hashed = ending[node[0] * HASH_BYTES : (node[0] + 1) * HASH_BYTES]
    if len(hashed) != HASH_BYTES:
        raise _damaged(f"leaf {stored_at(node)} is missing or incomplete")
    return hashed


def _damaged(what: str) -> LogDamaged:
    return LogDamaged(f"The audit log is damaged: {what}. Nothing was signed. Run: mercat audit verify.")

"""Receipts: JSON with which an outsider proves one record, or the growth of the log, without seeing the rest."""

from __future__ import annotations

from typing import Any

from mercat.audit.log import newest_checkpoint, snapshot, stored_nodes
from mercat.audit.merkle import consistency_proof, inclusion_proof, nodes_for_consistency, nodes_for_inclusion
from mercat.audit.models import Checkpoint, Event, Leaf
from mercat.audit.verifier import CONSISTENCY_FORMAT, INCLUSION_FORMAT, b64


class NotYet(Exception):
    """The log does not reach that far yet."""


def inclusion_receipt(event: Event) -> dict[str, Any]:
    """That an event is in the log: its leaf, index and signature, the path to the root, and the newest checkpoint.

    Raises NotYet for an event that has not been integrated; a minute later it has.
    """
    with snapshot():
        leaf = Leaf.objects.filter(event=event).first()
        if leaf is None:
            raise NotYet(f"{event.what} is not in the log yet. Try again in a minute.")
        checkpoint = _covering(leaf.index + 1)
        nodes = stored_nodes(nodes_for_inclusion(leaf.index, checkpoint.size))
    return {
        "format": INCLUSION_FORMAT,
        "version": 1,
        "index": leaf.index,
        "leaf": b64(bytes(event.leaf)),
        "signature": b64(bytes(leaf.signature)),
        "proof": [b64(node) for node in inclusion_proof(leaf.index, checkpoint.size, nodes)],
        "checkpoint": checkpoint.note,
    }


def consistency_receipt(old_size: int) -> dict[str, Any]:
    """That the log only grew since it had `old_size` records. Raises NotYet where it is shorter."""
    with snapshot():
        checkpoint = _covering(old_size)
        nodes = stored_nodes(nodes_for_consistency(old_size, checkpoint.size))
    return {
        "format": CONSISTENCY_FORMAT,
        "version": 1,
        "old_size": old_size,
        "proof": [b64(node) for node in consistency_proof(old_size, checkpoint.size, nodes)],
        "checkpoint": checkpoint.note,
    }


def _covering(size: int) -> Checkpoint:
    checkpoint = newest_checkpoint()
    if checkpoint is None or checkpoint.size < size:
        raise NotYet(f"The log has {checkpoint.size if checkpoint else 0} records under a checkpoint, not {size}.")
    return checkpoint

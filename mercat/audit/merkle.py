"""The Merkle tree of RFC 6962 §2.1: where its nodes are kept, and the proofs made from them.

A node is named by (level, position): it covers the leaves from position·2^level on, 2^level of them. Every complete
subtree ends with one leaf, and is stored with it; so a proof reads a handful of rows whatever the size of the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from mercat.audit.verifier import (
    EMPTY_ROOT,
    CheckError,
    Tree,
    check_consistency,
    leaf_hash,
    node_hash,
    root_by_inclusion,
    trailing_ones,
)

__all__ = [
    "EMPTY_ROOT",
    "Node",
    "Tree",
    "consistency_proof",
    "cover",
    "inclusion_proof",
    "leaf_hash",
    "node_hash",
    "nodes_for_consistency",
    "nodes_for_inclusion",
    "range_root",
    "root",
    "stored_at",
    "trailing_ones",
    "verify_consistency",
    "verify_inclusion",
]

Node: TypeAlias = tuple[int, int]
Range: TypeAlias = tuple[int, int]  # leaves from the first number to before the second


def root(hashes: Iterable[bytes]) -> bytes:
    """The root over leaf hashes."""
    tree = Tree()
    for hashed in hashes:
        tree.append(hashed)
    return tree.root()


def stored_at(node: Node) -> int:
    """Index of the leaf that completes a node, and is stored with it."""
    level, position = node
    return ((position + 1) << level) - 1


def cover(first: int, end: int) -> list[Node]:
    """The complete subtrees that together cover leaves first … end-1, left to right: the fewest there are."""
    nodes: list[Node] = []
    while first < end:
        fitting = (end - first).bit_length() - 1
        aligned = (first & -first).bit_length() - 1 if first else fitting
        level = min(aligned, fitting)
        nodes.append((level, first >> level))
        first += 1 << level
    return nodes


def range_root(first: int, end: int, nodes: Mapping[Node, bytes]) -> bytes:
    """The hash of leaves first … end-1, a range that is a subtree of the log's tree."""
    hashes = [nodes[node] for node in cover(first, end)]
    combined = hashes.pop()
    while hashes:
        combined = node_hash(hashes.pop(), combined)
    return combined


def inclusion_proof(index: int, size: int, nodes: Mapping[Node, bytes]) -> list[bytes]:
    """The path from leaf `index` to the root of the first `size` leaves; `nodes` as of nodes_for_inclusion."""
    return [range_root(*part, nodes) for part in _inclusion_ranges(index, size)]


def nodes_for_inclusion(index: int, size: int) -> list[Node]:
    return _covering(_inclusion_ranges(index, size))


def consistency_proof(old_size: int, size: int, nodes: Mapping[Node, bytes]) -> list[bytes]:
    """That the first `size` leaves continue the first `old_size`; `nodes` as of nodes_for_consistency."""
    return [range_root(*part, nodes) for part in _consistency_ranges(old_size, size)]


def nodes_for_consistency(old_size: int, size: int) -> list[Node]:
    return _covering(_consistency_ranges(old_size, size))


def verify_inclusion(hashed: bytes, index: int, size: int, proof: list[bytes], expected_root: bytes) -> bool:
    try:
        return root_by_inclusion(hashed, index, size, proof) == expected_root
    except CheckError:
        return False


def verify_consistency(old_size: int, old_root: bytes, size: int, new_root: bytes, proof: list[bytes]) -> bool:
    try:
        check_consistency(old_size, old_root, size, new_root, proof)
    except CheckError:
        return False
    return True


def _inclusion_ranges(index: int, size: int) -> list[Range]:
    """PATH(m, D[n]) of RFC 6962 §2.1.1: the sibling of each step, from the leaf upward."""
    if not 0 <= index < size:
        raise ValueError(f"There is no leaf {index} in a log of {size}.")
    first, end = 0, size
    siblings: list[Range] = []
    while end - first > 1:
        middle = first + _split(end - first)
        if index < middle:
            siblings.append((middle, end))
            end = middle
        else:
            siblings.append((first, middle))
            first = middle
    return siblings[::-1]


def _consistency_ranges(old_size: int, size: int) -> list[Range]:
    """SUBPROOF(m, D[n], true) of RFC 6962 §2.1.2, from the smallest subtree upward."""
    if not 0 <= old_size <= size:
        raise ValueError(f"A log of {size} cannot continue a log of {old_size}.")
    if old_size in (0, size):
        return []
    first, end = 0, size
    parts: list[Range] = []
    while old_size != end:
        middle = first + _split(end - first)
        if old_size <= middle:
            parts.append((middle, end))
            end = middle
        else:
            parts.append((first, middle))
            first = middle
    if first:  # the old log is no subtree that the verifier already knows
        parts.append((first, end))
    return parts[::-1]


def _split(count: int) -> int:
    """The largest power of two smaller than `count`."""
    return 1 << ((count - 1).bit_length() - 1)


def _covering(ranges: Iterable[Range]) -> list[Node]:
    return [node for part in ranges for node in cover(*part)]

"""The tree against the definitions of RFC 6962 §2.1, written out naively, and against published vectors."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mercat.audit import merkle
from mercat.audit.merkle import Tree, leaf_hash, node_hash

# The inputs and roots of the tests of Certificate Transparency's reference implementation.
CT_LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
CT_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
CT_PATHS = {
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
}
sizes = st.integers(1, 300)


def hashes(count: int) -> list[bytes]:
    return [leaf_hash(str(number).encode()) for number in range(count)]


def naive_root(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962 §2.1, over leaf hashes."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    split = largest_power_below(len(leaves))
    return node_hash(naive_root(leaves[:split]), naive_root(leaves[split:]))


def naive_path(index: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of RFC 6962 §2.1.1."""
    if len(leaves) == 1:
        return []
    split = largest_power_below(len(leaves))
    if index < split:
        return [*naive_path(index, leaves[:split]), naive_root(leaves[split:])]
    return [*naive_path(index - split, leaves[split:]), naive_root(leaves[:split])]


def naive_subproof(old: int, leaves: list[bytes], *, known: bool = True) -> list[bytes]:
    """SUBPROOF of RFC 6962 §2.1.2."""
    if old == len(leaves):
        return [] if known else [naive_root(leaves)]
    split = largest_power_below(len(leaves))
    if old <= split:
        return [*naive_subproof(old, leaves[:split], known=known), naive_root(leaves[split:])]
    return [*naive_subproof(old - split, leaves[split:], known=False), naive_root(leaves[:split])]


def largest_power_below(count: int) -> int:
    power = 1
    while power * 2 < count:
        power *= 2
    return power


def stored_nodes(leaves: list[bytes]) -> dict[merkle.Node, bytes]:
    """Every complete subtree, found again as the log stores them: with the leaf that completes it."""
    tree = Tree()
    nodes = {}
    for index, hashed in enumerate(leaves):
        for level, node in enumerate([hashed, *tree.append(hashed)]):
            coordinate = (level, index >> level)
            assert merkle.stored_at(coordinate) == index
            nodes[coordinate] = node
    return nodes


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_the_published_vectors(size: int) -> None:
    assert merkle.root(map(leaf_hash, CT_LEAVES[:size])).hex() == CT_ROOTS[size - 1]


def test_the_root_of_an_empty_log_is_the_hash_of_nothing() -> None:
    assert merkle.root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize(("where", "expected"), CT_PATHS.items())
def test_paths_are_those_of_the_published_vectors(where: tuple[int, int], expected: list[str]) -> None:
    nodes = stored_nodes([leaf_hash(leaf) for leaf in CT_LEAVES])
    assert [node.hex() for node in merkle.inclusion_proof(*where, nodes)] == expected


@given(st.integers(0, 300))
def test_the_growing_tree_has_the_root_of_the_definition(size: int) -> None:
    assert merkle.root(hashes(size)) == naive_root(hashes(size))


@given(sizes, st.integers(0, 300))
def test_a_tree_goes_on_from_its_stored_peaks(stored: int, added: int) -> None:
    leaves = hashes(stored + added)
    nodes = stored_nodes(leaves[:stored])
    tree = Tree(stored, [nodes[node] for node in merkle.cover(0, stored)])
    for hashed in leaves[stored:]:
        tree.append(hashed)
    assert tree.root() == naive_root(leaves)


@given(sizes, st.data())
def test_inclusion_proofs_are_those_of_the_definition_and_hold(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    leaves = hashes(size)
    nodes = stored_nodes(leaves)
    needed = {node: nodes[node] for node in merkle.nodes_for_inclusion(index, size)}
    proof = merkle.inclusion_proof(index, size, needed)
    assert proof == naive_path(index, leaves)
    assert merkle.verify_inclusion(leaves[index], index, size, proof, naive_root(leaves))


@given(st.integers(2, 300), st.data())
def test_an_inclusion_proof_holds_for_nothing_else(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    other = data.draw(st.integers(0, size - 1).filter(lambda number: number != index))
    leaves = hashes(size)
    root = naive_root(leaves)
    proof = naive_path(index, leaves)
    assert not merkle.verify_inclusion(leaves[other], index, size, proof, root)
    assert not merkle.verify_inclusion(leaves[index], other, size, proof, root)
    assert not merkle.verify_inclusion(leaves[index], index, size, proof[:-1], root)
    assert not merkle.verify_inclusion(leaves[index], index, size, [*proof, root], root)
    assert not merkle.verify_inclusion(leaves[index], index, size, [bytes(32), *proof[1:]], root)
    assert not merkle.verify_inclusion(leaves[index], size, size, proof, root)


@given(st.integers(0, 300), st.data())
def test_consistency_proofs_are_those_of_the_definition_and_hold(size: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(0, size))
    leaves = hashes(size)
    nodes = stored_nodes(leaves)
    needed = {node: nodes[node] for node in merkle.nodes_for_consistency(old, size)}
    proof = merkle.consistency_proof(old, size, needed)
    assert proof == (naive_subproof(old, leaves) if old > 0 else [])
    assert merkle.verify_consistency(old, naive_root(leaves[:old]), size, naive_root(leaves), proof)


@given(st.integers(2, 300), st.data())
def test_a_consistency_proof_holds_for_no_other_history(size: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, size - 1))
    leaves = hashes(size)
    roots = naive_root(leaves[:old]), naive_root(leaves)
    rewritten = naive_root([bytes(32), *leaves[1:old]])
    proof = naive_subproof(old, leaves)
    assert not merkle.verify_consistency(old, rewritten, size, roots[1], proof)
    assert not merkle.verify_consistency(old, roots[0], size, rewritten, proof)
    assert not merkle.verify_consistency(old, roots[0], size, roots[1], proof[:-1])
    assert not merkle.verify_consistency(old, roots[0], size, roots[1], [*proof, bytes(32)])
    assert not merkle.verify_consistency(old, roots[0], old, roots[1], proof)


def test_a_log_of_the_same_size_needs_no_proof_but_the_same_root() -> None:
    root = naive_root(hashes(5))
    assert merkle.verify_consistency(5, root, 5, root, [])
    assert not merkle.verify_consistency(5, root, 5, bytes(32), [])
    assert not merkle.verify_consistency(5, root, 5, root, [bytes(32)])
    assert not merkle.verify_consistency(6, root, 5, root, [])
    assert not merkle.verify_consistency(0, root, 5, root, [])
    assert not merkle.verify_consistency(0, merkle.EMPTY_ROOT, 0, root, [])


@given(st.integers(0, 10**7), st.integers(0, 10**7))
def test_a_range_is_covered_exactly_and_by_few_nodes(first: int, length: int) -> None:
    nodes = merkle.cover(first, first + length)
    spans = [(position << level, (position + 1) << level) for level, position in nodes]
    assert [start for start, _ in spans] == [first, *(end for _, end in spans[:-1])][: len(spans)]
    assert (spans[-1][1] if spans else first) == first + length
    assert len(nodes) <= 2 * 24


@pytest.mark.parametrize(("index", "size"), [(0, 0), (3, 3), (-1, 3)])
def test_a_leaf_that_is_not_there_has_no_proof(index: int, size: int) -> None:
    with pytest.raises(ValueError, match=f"no leaf {index} in a log of {size}"):
        merkle.nodes_for_inclusion(index, size)


def test_a_shorter_log_continues_nothing() -> None:
    with pytest.raises(ValueError, match="cannot continue"):
        merkle.nodes_for_consistency(4, 3)

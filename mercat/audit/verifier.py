"""Check a Mercat audit log without trusting the server that wrote it.

One file, standard library and `cryptography` only. Copy it anywhere and run

    python verifier.py EXPORT --key VKEY [--checkpoint FILE]... [--earlier EXPORT] [--json]
    python verifier.py --receipt FILE --key VKEY [--checkpoint FILE] [--json]
    python verifier.py --signed FILE --signature FILE --key VKEY [--json]

Exit code 0: everything agrees. 1: something does not; the first bad index is named. 2: it could not be checked.

Standards: RFC 6962 §2.1 (Merkle tree), RFC 9162 §2.1.3-4 (checking proofs), RFC 8785 (canonical JSON, here without
floats), RFC 8032 (Ed25519), C2SP signed-note, tlog-checkpoint and tlog-cosignature.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, TextIO, TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

JSON: TypeAlias = "str | int | bool | Sequence[JSON] | Mapping[str, JSON] | None"

ERASURE = "audit.personal_erased"  # what an event says that erased the personal data of those it is about
UNKEEPABLE = re.compile("[\x00\ud800-\udfff]")  # U+0000, and half a surrogate pair
LARGEST_INT = 2**53 - 1  # RFC 8785 numbers are IEEE doubles; beyond this they would lose digits


class CheckError(Exception):
    """It cannot be checked: the message says what was wrong with what was given."""


def canonical(value: JSON) -> bytes:
    """Canonical JSON, RFC 8785 without floats: keys by UTF-16 order, no spaces, UTF-8.

    Raises ValueError naming the place of a float, a too large number, a key that is not text, a lone surrogate,
    U+0000 (PostgreSQL cannot keep it) or any other type.
    """
    return json.dumps(_ordered(value, ""), separators=(",", ":"), ensure_ascii=False).encode()


def _ordered(value: Any, place: str) -> Any:
    if isinstance(value, Mapping):
        keys = sorted((_text(key, place) for key in value), key=lambda key: key.encode("utf-16-be"))
        return {key: _ordered(value[key], f"{place}.{key}".lstrip(".")) for key in keys}
    if isinstance(value, (list, tuple)):
        return [_ordered(item, f"{place}[{number}]") for number, item in enumerate(value)]
    if isinstance(value, str):
        return _text(value, place)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) <= LARGEST_INT:
        return value
    allowed = "text, whole numbers within ±(2^53 - 1), yes/no, null, lists and mappings"
    raise ValueError(f"{place or 'the value'} is {type(value).__name__} {value!r}, and only {allowed} can be kept")


def _text(value: Any, place: str) -> str:
    where = place or "the value"
    if not isinstance(value, str):
        raise ValueError(f"{where} has a key that is not text: {value!r}")  # noqa: TRY004 - one error for all bad input
    if UNKEEPABLE.search(value):
        raise ValueError(f"{where} holds a character that cannot be kept: U+0000, or half a surrogate pair")
    return value


def commitment(salt: bytes, data: JSON) -> bytes:
    """What the leaf carries of personal data: SHA-256(salt || canonical JSON)."""
    return hashlib.sha256(salt + canonical(data)).digest()


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def unb64(text: Any, length: int | None = None) -> bytes:
    """Bytes of strict base64, of `length` if given. Raises CheckError."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, TypeError, ValueError) as error:
        raise CheckError(f"{str(text)[:80]!r} is not base64") from error
    if b64(data) != text:  # one spelling only: leftover bits must be nought
        raise CheckError(f"{str(text)[:80]!r} is not base64")
    if length is not None and len(data) != length:
        raise CheckError(f"{text!r} holds {len(data)} bytes, not {length}")
    return data


# The Merkle tree


EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(leaf: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """A growing log's complete subtrees, largest first: all that appending and the root need."""

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        self.size = size
        self.peaks = list(peaks)

    def append(self, hashed: bytes) -> list[bytes]:
        """Add a leaf's hash; returns the hashes of the subtrees that it completes, from level 1 upward."""
        completed: list[bytes] = []
        node = hashed
        for _ in range(trailing_ones(self.size)):
            node = node_hash(self.peaks.pop(), node)
            completed.append(node)
        self.peaks.append(node)
        self.size += 1
        return completed

    def root(self) -> bytes:
        if not self.peaks:
            return EMPTY_ROOT
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = node_hash(peak, root)
        return root


def trailing_ones(index: int) -> int:
    """How many complete subtrees end with this leaf."""
    return (~index & (index + 1)).bit_length() - 1


def root_by_inclusion(hashed: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """The root of a log of `size` with this leaf hash at `index` (RFC 9162 §2.1.3.2). Raises CheckError."""
    if not 0 <= index < size:
        raise CheckError(f"there is no record {index} in a log of {size}")
    place, last, root = index, size - 1, hashed
    for sibling in proof:
        if last == 0:
            raise CheckError("the proof is too long")
        if place & 1 or place == last:
            root = node_hash(sibling, root)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            root = node_hash(root, sibling)
        place, last = place >> 1, last >> 1
    if last:
        raise CheckError("the proof is too short")
    return root


def check_consistency(old_size: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> None:
    """That the log of `size` continues the log of `old_size` (RFC 9162 §2.1.4.2). Raises CheckError."""
    if not 0 <= old_size <= size:
        raise CheckError(f"a log of {size} cannot continue a log of {old_size}")
    if old_size in (0, size):
        _no_proof_needed(old_size, old_root, size, root, proof)
        return
    path = list(proof)
    if old_size & (old_size - 1) == 0:
        path.insert(0, old_root)
    if not path:
        raise CheckError("the proof is too short")
    if _roots_by_consistency(old_size, size, path) != (old_root, root):
        raise CheckError("the newer log does not continue the older one")


def _no_proof_needed(old_size: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> None:
    expected = EMPTY_ROOT if old_size == 0 else root
    if proof:
        raise CheckError("the proof is too long")
    if old_root != expected or (size == 0 and root != EMPTY_ROOT):
        raise CheckError("the newer log does not continue the older one")


def _roots_by_consistency(old_size: int, size: int, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    place, last = old_size - 1, size - 1
    shared = trailing_ones(place)
    place, last = place >> shared, last >> shared
    old = new = path[0]
    for node in path[1:]:
        if last == 0:
            raise CheckError("the proof is too long")
        if place & 1 or place == last:
            old, new = node_hash(node, old), node_hash(node, new)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            new = node_hash(new, node)
        place, last = place >> 1, last >> 1
    if last:
        raise CheckError("the proof is too short")
    return old, new


# Keys, signatures and checkpoints


ED25519, COSIGNATURE = b"\x01", b"\x04"  # signature types of C2SP signed-note


class Key(NamedTuple):
    """A public key that may sign the log; its name is the log's origin."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        return key_id(self.name, ED25519, self.public)

    @property
    def vkey(self) -> str:
        return f"{self.name}+{self.id.hex()}+{b64(ED25519 + self.public)}"

    def signed(self, signature: bytes, message: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except InvalidSignature:
            return False
        return True


def key_id(name: str, kind: bytes, public: bytes) -> bytes:
    """C2SP signed-note: SHA-256(name || 0x0A || type || public key)[:4]."""
    return hashlib.sha256(name.encode() + b"\n" + kind + public).digest()[:4]


def parse_vkey(text: str) -> Key:
    """A key from `name+id+base64(0x01 || public key)`. Raises CheckError."""
    parts = text.strip().split("+", 2)  # base64 may hold further plus signs
    if len(parts) != 3 or not parts[0] or re.search(r"\s", parts[0]):
        raise CheckError(f'"{text.strip()}" is not a verifier key of the form name+id+base64')
    data = unb64(parts[2], 33)
    key = Key(parts[0], data[1:])
    if data[:1] != ED25519 or key.id.hex() != parts[1]:
        raise CheckError(f'"{text.strip()}" is not an Ed25519 verifier key, or was copied wrongly: its id does not fit')
    return key


def leaf_message(origin: str, index: int, hashed: bytes) -> bytes:
    """What the signature of a leaf is over."""
    return f"mercat-audit-leaf/v1\n{origin}\n{index}\n{b64(hashed)}\n".encode()


def cosignature_message(text: str, seconds: int) -> bytes:
    """What the time of a checkpoint is signed with (C2SP tlog-cosignature v1)."""
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


class Checkpoint(NamedTuple):
    """A signed statement of the whole log up to `size`."""

    size: int
    root: bytes
    at: datetime | None  # signed time, where the note carries one


def checkpoint_text(origin: str, size: int, root: bytes) -> str:
    return f"{origin}\n{size}\n{b64(root)}\n"


def open_checkpoint(note: str, keys: Sequence[Key]) -> Checkpoint:
    """Check a checkpoint's signatures and read it. Raises CheckError unless one of `keys` signed it."""
    text, signatures = _split_note(note)
    at, signed = None, False
    for name, signature in signatures:
        for key in keys:
            if name != key.name:
                continue
            if signature[:4] == key.id:
                signed = _must(key.signed(signature[4:], text.encode()))
            elif signature[:4] == key_id(key.name, COSIGNATURE, key.public):
                at = _signed_time(key, signature[4:], text)
    if not signed:
        raise CheckError("it is not signed by a key that you trust")
    size, root = _parse_text(text, keys[0].name)
    return Checkpoint(size, root, at)


def _split_note(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    text, blank, block = note.rpartition("\n\n")
    lines = block.split("\n")
    if not blank or lines.pop() != "" or re.search(r"[\x00-\x09\x0b-\x1f]", note):
        raise CheckError("it is not a signed note")
    matches = [re.fullmatch(r"\u2014 (\S+) (\S+)", line) for line in lines]
    if not all(matches):
        raise CheckError("it has a line that is not a signature")
    return text + "\n", [(match[1], unb64(match[2])) for match in matches if match]


def _must(good: bool) -> bool:
    if not good:
        raise CheckError("it was altered: its signature does not fit")
    return True


def _signed_time(key: Key, stamped: bytes, text: str) -> datetime:
    seconds = int.from_bytes(stamped[:8], "big")
    _must(key.signed(stamped[8:], cosignature_message(text, seconds)))
    return datetime.fromtimestamp(seconds, UTC)


def _parse_text(text: str, origin: str) -> tuple[int, bytes]:
    lines = text.split("\n")
    if len(lines) < 4 or lines[0] != origin or not re.fullmatch(r"0|[1-9][0-9]*", lines[1]):
        raise CheckError(f"it is not a checkpoint of {origin}")
    return int(lines[1]), unb64(lines[2], 32)


# Checking a whole log, record by record


@dataclass(frozen=True)
class Finding:
    """Something that does not agree."""

    kind: str
    message: str
    index: int | None = None  # of the first record that it is about, where it is about records
    through: int | None = None  # where only a range is known: the last index of it


@dataclass(frozen=True)
class Record:
    """What one record says, as it was signed."""

    index: int
    what: str
    at: str
    about: Sequence[str]
    facts: Mapping[str, Any]

    def lines(self) -> Iterator[str]:
        """For a person to read: a line for each thing, so that no fact can pass for another."""
        yield f"Record {self.index} says:"
        for name, value in {"what": self.what, "at": self.at, "about": ", ".join(self.about)}.items():
            yield f"  {name}: {_plain(value)}"
        yield "  facts:"
        for name, value in self.facts.items():
            yield f"    {_plain(name)}: {_plain(value)}"


def read_record(index: int, leaf: bytes) -> Record:
    """Raises CheckError if it is not an event of a Mercat log."""
    try:
        event = json.loads(leaf)
        record = Record(index, event["what"], event["at"], event["about"], event["facts"])
        readable = event["v"] == 1 and isinstance(record.facts, dict) and isinstance(record.about, list)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise CheckError("it cannot be read") from error
    if not readable or not all(isinstance(text, str) for text in (record.what, record.at, *record.about)):
        raise CheckError("it is not an event")
    return record


def _plain(value: Any) -> str:
    """On one line, and without signs that a terminal would act on."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text)


SHOWN = 50  # findings kept in full; one damaged place can make thousands


@dataclass
class Report:
    """What a check came to."""

    leaves: int = 0
    checkpoints: int = 0
    kept: int = 0  # checkpoints kept from before that agree
    erased: int = 0  # records whose personal data was erased
    newest: Checkpoint | None = None
    findings: list[Finding] = field(default_factory=list)
    record: Record | None = None  # what a sound receipt is of
    found: int = 0  # how many findings in all
    first_bad_index: int | None = None

    @property
    def ok(self) -> bool:
        return self.found == 0

    def add(self, finding: Finding) -> None:
        self.found += 1
        if len(self.findings) < SHOWN:
            self.findings.append(finding)
        if finding.index is not None and (self.first_bad_index is None or finding.index < self.first_bad_index):
            self.first_bad_index = finding.index

    def as_dict(self) -> dict[str, Any]:
        newest = self.newest and {
            "size": self.newest.size,
            "root": b64(self.newest.root),
            "at": self.newest.at.isoformat() if self.newest.at else None,
        }
        return {
            "ok": self.ok,
            "first_bad_index": self.first_bad_index,
            "leaves": self.leaves,
            "checkpoints": self.checkpoints,
            "kept_checkpoints_agreeing": self.kept,
            "personal_data_erased": self.erased,
            "newest_checkpoint": newest,
            "record": self.record and asdict(self.record),
            "found": self.found,
            "findings": [asdict(finding) for finding in self.findings],
        }

    def lines(self) -> Iterator[str]:
        """For a person to read."""
        if self.ok:
            yield "Sound: everything agrees."
        elif self.first_bad_index is None:
            yield "NOT SOUND. The records themselves agree, but:"
        else:
            yield f"NOT SOUND. First bad index: {self.first_bad_index}"
        yield from (f"  [{finding.kind}] {finding.message}" for finding in self.findings)
        if self.found > len(self.findings):
            yield f"  … and {self.found - len(self.findings)} more."
        if self.record:
            yield from self.record.lines()
        yield f"Records: {self.leaves}. Checkpoints: {self.checkpoints}. Personal data erased: {self.erased}."
        if self.newest:
            signed = f", signed {self.newest.at:%Y-%m-%d %H:%M:%S} UTC" if self.newest.at else ""
            yield f"Newest checkpoint: {self.newest.size} records{signed}."
        if self.kept:
            yield f"Checkpoints kept from before that agree: {self.kept}."


class Verifier:
    """Checks a log in one pass. Feed it, in order, each leaf, its personal data, and each checkpoint of that size.

    `kept` are checkpoints (signed notes) that the outsider has from before; `earlier` are the leaves of an export
    from before; with `opened`, the personal data of every record is expected too.
    """

    def __init__(
        self,
        keys: Sequence[Key],
        *,
        kept: Iterable[str] = (),
        earlier: Iterable[bytes] = (),
        opened: bool = False,
    ) -> None:
        self.origin = _one_origin(keys)
        self.report = Report()
        self._keys = {key.id: key for key in keys}
        self._kept = sorted((_open_kept(note, keys) for note in kept), key=lambda checkpoint: checkpoint.size)
        self._earlier = iter(earlier)
        self._opened = opened
        self._tree = Tree()
        self._next = 0
        self._whole = True  # until a record is found bad; afterwards no root can agree
        self._proven = self._proven_by_kept = 0  # size of the last checkpoint that agreed
        self._signer: bytes | None = None
        self._retired: set[bytes] = set()
        self._owed: str | None = None  # commitment of the last record, while its personal data has not come
        self._last = ""  # reference of the last record
        self._untold: dict[str, int] = {}  # erased records by reference, while no erasure has told of them
        self._agree_with_kept()

    def leaf(self, index: int, leaf: bytes, signature: bytes) -> list[bytes] | None:
        """The next record. Returns the hashes of the subtrees that it completes, None where they cannot be known."""
        self._settle_personal()
        if not self._in_order(index):
            return None
        self.report.leaves += 1
        hashed = leaf_hash(leaf)
        if not self._signed(index, hashed, signature) or not self._as_before(index, leaf):
            self._whole = False
        self._expect_personal(index, leaf)
        if not self._whole:
            return None
        completed = self._tree.append(hashed)
        self._agree_with_kept()
        return completed

    def personal(self, index: int, salt: bytes | None, data: Any) -> None:
        """The personal data of the last record; salt None: it was erased."""
        owed, self._owed = self._owed, None
        if owed is None or index != self._next - 1:
            self.found("personal", f"Record {index} has personal data that the log knows nothing of.", index)
        elif salt is None:
            self.report.erased += 1
            self._untold[self._last] = index
        elif not _opens(owed, salt, data):
            self.found(
                "personal", f"The personal data of record {index} does not match the log: it was altered.", index
            )

    def checkpoint(self, note: str) -> None:
        """A checkpoint, after the last record that it covers."""
        self.report.checkpoints += 1
        try:
            checkpoint = open_checkpoint(note, list(self._keys.values()))
        except CheckError as error:
            self.found("checkpoint", f"Checkpoint number {self.report.checkpoints}, at record {self._next}: {error}.")
            return
        self.report.newest = checkpoint
        if self._whole:
            self._agree(checkpoint)

    def erasure(self, about: Iterable[str]) -> None:
        """An erasure of these records; one that has no place in the log yet may be told too."""
        for reference in about:
            self._untold.pop(reference, None)

    def finish(self) -> Report:
        """After the last record and checkpoint: what is missing at the end."""
        self._settle_personal()
        if self._whole and next(self._earlier, None) is not None:
            self.give_up(
                "cut", f"The earlier export has a record {self._next}, this log has none: its end was cut off."
            )
        if self._kept and self._kept[-1].size > self._next:
            self._lacking("cut", self._kept[-1].size, "a checkpoint that you kept")
        covered = self.report.newest.size if self.report.newest else 0
        if self._whole and covered < self._next:
            self.found("uncovered", f"No checkpoint covers the records from {covered} on.", covered)
        self._settle_erasures()
        return self.report

    def give_up(self, kind: str, message: str) -> None:
        """From the next record on, the log cannot be known any more."""
        self._bad(self._next, kind, message)

    def found(self, kind: str, message: str, index: int | None = None, through: int | None = None) -> None:
        self.report.add(Finding(kind, message, index, through))

    def _bad(self, index: int, kind: str, message: str) -> None:
        self._whole = False
        self.found(kind, message, index)

    def _in_order(self, index: int) -> bool:
        if index < self._next:
            self._bad(index, "order", f"Record {index} comes a second time, or too late.")
            return False
        if index > self._next:
            self._bad(self._next, "missing", f"{_records(self._next, index - 1)} missing.")
        self._next = index + 1
        return True

    def _signed(self, index: int, hashed: bytes, signature: bytes) -> bool:
        key = self._keys.get(signature[:4])
        if key is None:
            why = "is signed by a key that you do not trust: the log was written anew, or its key was replaced"
            self.found("key", f"Record {index} {why}.", index)
            return False
        if not key.signed(signature[4:], leaf_message(self.origin, index, hashed)):
            why = "is not what was signed for this place: it was altered, inserted or moved"
            self.found("signature", f"Record {index} {why}.", index)
            return False
        return self._key_in_use(index, key.id)

    def _key_in_use(self, index: int, signer: bytes) -> bool:
        """A key that another has followed must not sign again: it may have been stolen since."""
        if signer in self._retired:
            self.found("key", f"Record {index} is signed by a key that had been replaced before.", index)
            return False
        if self._signer not in (None, signer):
            self._retired.add(self._signer)
        self._signer = signer
        return True

    def _as_before(self, index: int, leaf: bytes) -> bool:
        if not self._whole:
            return True
        before = next(self._earlier, None)
        if before is None or before == leaf:
            return True
        self.found(
            "rewritten", f"Record {index} is another than in the earlier export: the log was written anew.", index
        )
        return False

    def _expect_personal(self, index: int, leaf: bytes) -> None:
        if not self._opened:
            return
        try:
            event = json.loads(leaf)
            self._owed, self._last = event["personal"], f"event:{event['id']}"
            if event["what"] == ERASURE:
                self.erasure(event["about"])
        except (ValueError, KeyError, TypeError):
            self._bad(index, "unreadable", f"Record {index} is not an event of this log.")

    def _settle_personal(self) -> None:
        if self._owed is None:
            return
        self._owed = None
        self._gone(self._next - 1)

    def _settle_erasures(self) -> None:
        """Erasures come after what they erase; in a log that is not whole, the missing part may hold them."""
        if self._whole:
            for index in self._untold.values():
                self._gone(index)

    def _gone(self, index: int) -> None:
        self.found("personal", f"The personal data of record {index} is gone, and no erasure tells why.", index)

    def _agree(self, checkpoint: Checkpoint) -> None:
        if checkpoint.size > self._next:
            self._lacking("missing", checkpoint.size, "a checkpoint")
        elif checkpoint.size < self._next:
            self.found(
                "checkpoint", f"The checkpoint of {checkpoint.size} records comes after record {self._next - 1}."
            )
        elif checkpoint.root != self._tree.root():
            self._other_root(checkpoint, self._proven, "a checkpoint")
        else:
            self._proven = checkpoint.size

    def _agree_with_kept(self) -> None:
        while self._whole and self._kept and self._kept[0].size == self._tree.size:
            checkpoint = self._kept.pop(0)
            if checkpoint.root != self._tree.root():
                self._other_root(checkpoint, self._proven_by_kept, "a checkpoint that you kept")
                return
            self._proven_by_kept = checkpoint.size
            self.report.kept += 1

    def _other_root(self, checkpoint: Checkpoint, proven: int, which: str) -> None:
        self._whole = False
        last = max(checkpoint.size - 1, proven)
        where = f"record {proven}" if last == proven else f"one of the records {proven} to {last}"
        message = (
            f"{where} is another than when {which} of {checkpoint.size} records was signed: the log was written anew."
        )
        self.found("rewritten", message[0].upper() + message[1:], proven, last)

    def _lacking(self, kind: str, size: int, which: str) -> None:
        self.give_up(
            kind,
            f"{_records(self._next, size - 1)} missing: {which} covers {size} records. Unless this export is "
            "older than that (then ask for a newer one), its end was cut off.",
        )


def _one_origin(keys: Sequence[Key]) -> str:
    names = {key.name for key in keys}
    if len(names) != 1:
        raise CheckError("give at least one key, and only keys of one log")
    return names.pop()


def _open_kept(note: str, keys: Sequence[Key]) -> Checkpoint:
    try:
        return open_checkpoint(note, keys)
    except CheckError as error:
        raise CheckError(f"a checkpoint that you kept cannot be used: {error}") from error


def _opens(owed: str, salt: bytes, data: Any) -> bool:
    try:
        return commitment(salt, data).hex() == owed
    except (ValueError, RecursionError):
        return False


def _records(first: int, last: int) -> str:
    return f"Record {first} is" if first == last else f"Records {first} to {last} are"


# The export file: JSON lines


EXPORT_FORMAT, EXPORT_VERSION = "mercat-audit-export", 1


def check_export(
    lines: Iterable[str], keys: Sequence[Key], *, kept: Iterable[str] = (), earlier: Iterable[bytes] = ()
) -> Report:
    """Check a whole export, line by line in constant memory. Raises CheckError if it is no export of this log."""
    records = enumerate(lines, start=1)
    header = _header(next(records, (1, ""))[1])
    verifier = Verifier(keys, kept=kept, earlier=earlier, opened=header["personal"])
    if header["origin"] != verifier.origin:
        raise CheckError(f"the export is of the log {header['origin']}, the key is of {verifier.origin}")
    if not _feed(verifier, records):
        verifier.give_up("cut", "The file ends early: it was cut off, or not copied whole.")
    return verifier.finish()


def _header(line: str) -> dict[str, Any]:
    try:
        header = json.loads(line)
        if header["format"] == EXPORT_FORMAT and header["version"] == EXPORT_VERSION:
            return {"origin": header["origin"], "personal": header["personal"] is True}
    except (ValueError, KeyError, TypeError) as error:
        raise CheckError("the file is not an export of a Mercat audit log") from error
    raise CheckError("the export has a format that this verifier does not know: use the verifier of that version")


def _feed(verifier: Verifier, records: Iterable[tuple[int, str]]) -> bool:
    """Hand every line to the verifier. Returns whether the end line came, or a line that stops all reading."""
    takers: dict[str, Callable[..., object]] = {
        "leaf": verifier.leaf,
        "personal": verifier.personal,
        "checkpoint": verifier.checkpoint,
    }
    for number, line in records:
        try:
            kind, arguments = _read_line(json.loads(line))
        except (CheckError, ValueError, RecursionError):
            verifier.give_up("unreadable", f"Line {number} cannot be read; nothing after it was checked.")
            return True
        if kind == "end":
            return True
        takers[kind](*arguments)
    return False


def _read_line(line: dict[str, Any]) -> tuple[str, tuple[Any, ...]]:
    """What kind of record a line is, and what the verifier takes of it."""
    match line:
        case {"type": "leaf", "index": int(index), "leaf": leaf, "signature": signature}:
            return "leaf", (index, unb64(leaf), unb64(signature))
        case {"type": "personal", "index": int(index), "erased": True}:
            return "personal", (index, None, None)
        case {"type": "personal", "index": int(index), "salt": salt, "data": data}:
            return "personal", (index, unb64(salt), data)
        case {"type": "checkpoint", "note": str(note)}:
            return "checkpoint", (note,)
        case {"type": "end"}:
            return "end", ()
    raise CheckError("no record")


def leaves_of(lines: Iterable[str]) -> Iterator[bytes]:
    """The leaves of an export that was checked before."""
    records = iter(lines)
    _header(next(records, ""))
    for line in records:
        try:
            record = json.loads(line)
            if record["type"] == "leaf":
                yield unb64(record["leaf"])
        except (ValueError, KeyError, TypeError) as error:
            raise CheckError("the earlier export cannot be read") from error


# Receipts: one record, or the growth of the log, proved without the rest


INCLUSION_FORMAT, CONSISTENCY_FORMAT = "mercat-audit-inclusion", "mercat-audit-consistency"


def check_receipt(receipt: Mapping[str, Any], keys: Sequence[Key], kept: Sequence[str] = ()) -> Report:
    """Check a receipt. Raises CheckError if it cannot be read, or if it lacks the kept checkpoint it is about."""
    report = Report(checkpoints=1)
    _one_origin(keys)
    try:
        proof = [unb64(node, 32) for node in receipt["proof"]]
        note = receipt["checkpoint"]
        if receipt["format"] == INCLUSION_FORMAT:
            _check_inclusion(report, receipt, proof, note, keys)
            _compare(report, kept, keys)
            _read(report, int(receipt["index"]), unb64(receipt["leaf"]))
        elif receipt["format"] == CONSISTENCY_FORMAT:
            before = _starting_point(int(receipt["old_size"]), keys, kept)
            _check_growth(report, before, proof, note, keys)
        else:
            raise CheckError("the file is not a receipt of a Mercat audit log")
    except (KeyError, TypeError, ValueError) as error:
        raise CheckError("the receipt cannot be read") from error
    return report


def _check_inclusion(
    report: Report, receipt: Mapping[str, Any], proof: list[bytes], note: str, keys: Sequence[Key]
) -> None:
    index, hashed = int(receipt["index"]), leaf_hash(unb64(receipt["leaf"]))
    signature = unb64(receipt["signature"])
    report.leaves = 1
    try:
        report.newest = checkpoint = open_checkpoint(note, keys)
    except CheckError as error:
        report.add(Finding("checkpoint", f"The checkpoint of the receipt: {error}.", index))
        return
    if not _root_agrees(hashed, index, checkpoint, proof):
        report.add(Finding("proof", f"Record {index} is not in the log that the checkpoint covers.", index))
    signed = leaf_message(keys[0].name, index, hashed)
    if not any(key.id == signature[:4] and key.signed(signature[4:], signed) for key in keys):
        report.add(Finding("signature", f"Record {index} is not what was signed for this place.", index))


def _compare(report: Report, kept: Sequence[str], keys: Sequence[Key]) -> None:
    """With the checkpoints that the outsider kept; a proof for one record says nothing about other sizes."""
    for before in (_open_kept(note, keys) for note in kept):
        if report.newest is None:
            return
        if before.size < report.newest.size:
            raise CheckError(
                f"the receipt is under a checkpoint of {report.newest.size} records and cannot be compared with yours "
                f"of {before.size} records: check it without, and ask for the proof of growth, "
                f"`mercat audit checkpoint --since {before.size}`"
            )
        if before.size > report.newest.size:
            raise CheckError(
                f"the receipt is older than your checkpoint of {before.size} records: ask for a new receipt"
            )
        if before.root == report.newest.root:
            report.kept += 1
        else:
            which = f"a checkpoint that you kept of {before.size} records"
            report.add(Finding("rewritten", f"The receipt is from another log than {which}: it was written anew."))


def _read(report: Report, index: int, leaf: bytes) -> None:
    if not report.ok:
        return
    try:
        report.record = read_record(index, leaf)
    except CheckError as error:
        report.add(Finding("unreadable", f"Record {index} is in the log, but {error}.", index))


def _root_agrees(hashed: bytes, index: int, checkpoint: Checkpoint, proof: list[bytes]) -> bool:
    try:
        return root_by_inclusion(hashed, index, checkpoint.size, proof) == checkpoint.root
    except CheckError:
        return False


def _starting_point(size: int, keys: Sequence[Key], kept: Sequence[str]) -> Checkpoint:
    for checkpoint in (_open_kept(note, keys) for note in kept):
        if checkpoint.size == size:
            return checkpoint
    raise CheckError(f"the receipt starts from {size} records: give the checkpoint of that size that you kept")


def _check_growth(report: Report, before: Checkpoint, proof: list[bytes], note: str, keys: Sequence[Key]) -> None:
    try:
        report.newest = checkpoint = open_checkpoint(note, keys)
        check_consistency(before.size, before.root, checkpoint.size, checkpoint.root, proof)
        report.kept = 1
    except CheckError as error:
        report.add(Finding("proof", f"It is not shown that the log only grew since {before.size} records: {error}."))


def check_document(content: bytes, signature: bytes, keys: Sequence[Key]) -> Report:
    """Check a JSON file, such as the public register, with the bare signature beside it."""
    report = Report()
    # What else these keys sign begins with a name, never with a brace.
    if not content.startswith(b"{") or not any(key.signed(signature, content) for key in keys):
        report.add(Finding("signature", "The file is not what was signed."))
    return report


# The command line


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        report = _check(options)
    except (CheckError, OSError, UnicodeDecodeError) as error:
        print(f"It could not be checked: {error}.", file=sys.stderr)  # noqa: T201 - it is a program
        return 2
    print(json.dumps(report.as_dict(), indent=2) if options.json else "\n".join(report.lines()))  # noqa: T201
    return 0 if report.ok else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="verifier.py", description="Check a Mercat audit log, or a receipt of it.")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("export", nargs="?", help="file made by `mercat audit export`")
    what.add_argument("--receipt", help="a receipt instead of a whole log")
    what.add_argument("--signed", metavar="FILE", help="a signed file, such as the public register")
    parser.add_argument("--signature", metavar="FILE", help="the signature of the signed file")
    parser.add_argument(
        "--key", action="append", required=True, metavar="VKEY", help="public key; repeat after a rotation"
    )
    parser.add_argument("--checkpoint", action="append", default=[], metavar="FILE", help="a checkpoint that you kept")
    parser.add_argument("--earlier", metavar="EXPORT", help="an export that you checked and kept before")
    parser.add_argument("--json", action="store_true", help="the result for a machine")
    return parser


def _check(options: argparse.Namespace) -> Report:
    keys = [parse_vkey(text) for text in options.key]
    kept = [Path(name).read_text(encoding="utf-8") for name in options.checkpoint]
    if options.signed:
        if not options.signature:
            raise CheckError("give the signature of the file with --signature")
        return check_document(Path(options.signed).read_bytes(), Path(options.signature).read_bytes(), keys)
    if options.receipt and options.earlier:
        raise CheckError("--earlier compares two exports, not an export with a receipt: leave one of them out")
    if options.receipt:
        return check_receipt(_json_file(options.receipt), keys, kept)
    with ExitStack() as files:
        earlier = leaves_of(files.enter_context(_open(options.earlier))) if options.earlier else ()
        return check_export(files.enter_context(_open(options.export)), keys, kept=kept, earlier=earlier)


def _open(name: str) -> TextIO:
    return open(name, encoding="utf-8", newline="\n")


def _json_file(name: str) -> Mapping[str, Any]:
    try:
        content = json.loads(Path(name).read_text(encoding="utf-8"))
    except ValueError as error:
        raise CheckError(f"{name} is not JSON") from error
    if not isinstance(content, dict):
        raise CheckError(f"{name} is not a receipt")
    return content


if __name__ == "__main__":
    sys.exit(main())

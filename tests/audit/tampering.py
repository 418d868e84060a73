"""What somebody can do who owns the database, but (except where it is said) not the signing key.

Every attack is as thorough as it can be: hashes, tree nodes, columns and queue are all made to fit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection

from mercat.audit import merkle
from mercat.audit.canonical import leaf_bytes
from mercat.audit.keys import Signer, use_key
from mercat.audit.log import integrate, key_file
from mercat.audit.models import Checkpoint, Event, Leaf, Pending, PersonalData
from tests.audit.conftest import NOW

TABLES = ["audit_event", "audit_leaf", "audit_checkpoint", "audit_personaldata", "audit_pending"]
CONSTRAINTS = """
SELECT conrelid::regclass, conname FROM pg_constraint
WHERE contype IN ('f', 'c') AND conrelid::regclass::text = ANY (%s)
"""


def unlock() -> None:
    """Switch off all that protects the tables; the test's transaction brings it back."""
    connection.check_constraints()  # as a commit would; tables with checks to come cannot be altered
    with connection.cursor() as cursor:
        cursor.execute(CONSTRAINTS, [TABLES])
        for table, name in cursor.fetchall():
            cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")


@dataclass
class Insider:
    """Owns the database. Fills in whatever does not take the signing key."""

    def alter(self, index: int, **columns: Any) -> None:
        """Change an event's columns, and its leaf to fit."""
        event = self._event(index)
        for name, value in columns.items():
            setattr(event, name, value)
        Event.objects.filter(pk=event.pk).update(**columns, leaf=leaf_bytes(event))
        self._rebuild()

    def delete(self, index: int) -> None:
        event = self._event(index)
        Leaf.objects.filter(index=index).delete()
        self._forget(event)

    def delete_and_close_up(self, index: int) -> None:
        """Delete, and renumber what follows, so that no gap shows."""
        self.delete(index)
        self._move(index + 1, -1)
        self._rebuild()

    def insert(self, index: int) -> None:
        """Put an event in that never was, with another's signature."""
        signature = bytes(Leaf.objects.get(index=index).signature)
        self._move(index, 1)
        forged = Event(at=NOW, actor="person:nobody", what="post.approved", about=["post:1"], facts={})
        forged.leaf = leaf_bytes(forged)
        forged.save()
        Leaf.objects.create(index=index, event=forged, leaf_hash=b"", nodes=b"", signature=signature)
        Checkpoint.objects.filter(size=Leaf.objects.count() - 1).update(size=Leaf.objects.count())
        self._rebuild()

    def swap(self, first: int, second: int) -> None:
        """Exchange two events' places, each taking its signature along."""
        one, other = Leaf.objects.get(index=first), Leaf.objects.get(index=second)
        one.delete()
        other.delete()
        Leaf.objects.create(index=first, event=other.event, leaf_hash=b"", nodes=b"", signature=other.signature)
        Leaf.objects.create(index=second, event=one.event, leaf_hash=b"", nodes=b"", signature=one.signature)
        self._rebuild()

    def truncate(self, size: int, *, checkpoints: bool) -> None:
        """Cut off the end; with `checkpoints`, also those that cover it."""
        events = [leaf.event for leaf in Leaf.objects.filter(index__gte=size).select_related("event")]
        Leaf.objects.filter(index__gte=size).delete()
        for event in events:
            self._forget(event)
        if checkpoints:
            Checkpoint.objects.filter(size__gt=size).delete()

    def reroll(self, index: int, signer: Signer) -> None:
        """Change an event, and write and sign everything from there on anew, with the key at hand."""
        sizes = sorted({*Checkpoint.objects.filter(size__gt=index).values_list("size", flat=True)})
        events = list(Event.objects.filter(place__index__gte=index).order_by("place__index"))
        Checkpoint.objects.filter(size__gt=index).delete()
        Leaf.objects.filter(index__gte=index).delete()
        events[0].what = "post.never"
        events[0].leaf = leaf_bytes(events[0])
        events[0].save()
        use_key(key_file(), signer)
        done = index
        if not Checkpoint.objects.filter(size=index).exists():
            self._bridge(index, signer)
        for size in sizes:
            Pending.objects.bulk_create([Pending(event=event) for event in events[done - index : size - index]])
            integrate(now=NOW)
            done = size

    def _bridge(self, size: int, signer: Signer) -> None:
        """A checkpoint of the untouched beginning, so that integration goes on from it."""
        root = merkle.root(bytes(leaf.leaf_hash) for leaf in Leaf.objects.order_by("index"))
        Checkpoint.objects.create(size=size, root=root, note=signer.checkpoint(size, root, NOW), at=NOW)

    def _event(self, index: int) -> Event:
        return Leaf.objects.select_related("event").get(index=index).event

    def _forget(self, event: Event) -> None:
        PersonalData.objects.filter(event=event).delete()
        Event.objects.filter(pk=event.pk).delete()

    def _move(self, start: int, by: int) -> None:
        for leaf in Leaf.objects.filter(index__gte=start).order_by("index" if by < 0 else "-index"):
            Leaf.objects.filter(index=leaf.index).update(index=leaf.index + by)

    def _rebuild(self) -> None:
        """Make hashes and tree nodes fit what is there now."""
        tree = merkle.Tree()
        for leaf in Leaf.objects.select_related("event").order_by("index"):
            hashed = merkle.leaf_hash(bytes(leaf.event.leaf))
            nodes = b"".join(tree.append(hashed))
            Leaf.objects.filter(index=leaf.index).update(leaf_hash=hashed, nodes=nodes)

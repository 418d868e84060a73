"""What is wrong with a pack: file, line and reason of every fault found, told together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One fault; `line` counts from 1."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}"


class PackError(ValueError):
    """The pack is refused; nothing of it was taken up."""

    def __init__(self, pack: str, faults: Sequence[Fault]) -> None:
        self.pack = pack
        self.faults = tuple(sorted(faults))
        super().__init__(pack, self.faults)

    def __str__(self) -> str:
        count = "1 fault" if len(self.faults) == 1 else f"{len(self.faults)} faults"
        lines = "\n".join(f"  {fault}" for fault in self.faults)
        return f"The pack {self.pack} was not loaded: {count}.\n{lines}"

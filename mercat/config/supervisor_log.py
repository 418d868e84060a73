"""One readable log of many processes: every line with its time and who says it."""

from __future__ import annotations

import os
import selectors
from contextlib import suppress
from datetime import datetime
from typing import TextIO

NAME_WIDTH = 10
COLOURS = (36, 32, 33, 35, 34, 96, 92, 93)


class Log:
    """Reads what the processes write, line by line. `pump` does the work; nothing runs beside it."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._coloured = out.isatty() and not os.environ.get("NO_COLOR")
        self._colours: dict[str, int] = {}
        self._selector = selectors.DefaultSelector()

    def pipe(self, name: str, kept: list[str] | None = None) -> int:
        """The end of a new pipe for a process to write to; close it once the process has it.

        Lines go to the log, or into `kept` if given.
        """
        reader, writer = os.pipe()
        os.set_blocking(reader, False)
        self._selector.register(reader, selectors.EVENT_READ, _Lines(name, kept))
        return writer

    def pump(self, seconds: float) -> bool:
        """Pass on what is there, waiting up to `seconds` for something to come; whether something did."""
        ready = self._selector.select(seconds)
        for key, _ in ready:
            self._read(key.fd, key.data)
        return bool(ready)

    def drain(self) -> None:
        """Pass on all that was written until now."""
        while self.pump(0):
            pass

    def say(self, text: str, name: str = "mercat") -> None:
        clock = datetime.now().astimezone().strftime("%H:%M:%S")
        label = f"{clock} {name:<{NAME_WIDTH}}│"
        if self._coloured:
            label = f"\x1b[{self._colour(name)}m{label}\x1b[0m"
        self.plain(f"{label} {text}")

    def plain(self, text: str) -> None:
        # Whoever read the log may have gone, or the disk under it be full: the processes go on.
        with suppress(OSError):
            print(text, file=self._out, flush=True)

    def _colour(self, name: str) -> int:
        return self._colours.setdefault(name, COLOURS[len(self._colours) % len(COLOURS)])

    def _read(self, reader: int, lines: _Lines) -> None:
        data = os.read(reader, 65536)
        for line in lines.feed(data):
            lines.kept.append(line) if lines.kept is not None else self.say(line, lines.name)
        if not data:
            self._selector.unregister(reader)
            os.close(reader)


class _Lines:
    def __init__(self, name: str, kept: list[str] | None) -> None:
        self.name, self.kept = name, kept
        self._rest = b""

    def feed(self, data: bytes) -> list[str]:
        """Whole lines so far; at the end of the data (empty), also one without its line end."""
        *whole, self._rest = (self._rest + data).split(b"\n")
        if not data and self._rest:
            whole.append(self._rest)
        return [line.decode(errors="replace").rstrip() for line in whole]

"""The one log: whole lines, each with its time and its speaker."""

from __future__ import annotations

import io
import os
import re
from pathlib import Path

import pytest

from mercat.config import supervisor
from mercat.config.environment import Environment
from mercat.config.supervisor_log import Log


@pytest.fixture
def out() -> io.StringIO:
    return io.StringIO()


def spoken(log: Log, *pieces: bytes, name: str = "web", kept: list[str] | None = None) -> None:
    writer = log.pipe(name, kept)
    for piece in pieces:
        os.write(writer, piece)
        log.drain()
    os.close(writer)
    log.drain()


def test_each_line_carries_its_time_and_its_speaker(out: io.StringIO) -> None:
    spoken(Log(out), b"one\ntwo\n")
    assert re.fullmatch(r"\d\d:\d\d:\d\d web       │ one\n\d\d:\d\d:\d\d web       │ two\n", out.getvalue())


def test_a_line_in_pieces_is_told_whole_even_through_the_middle_of_a_letter(out: io.StringIO) -> None:
    line = "Straße".encode()
    spoken(Log(out), line[:5], line[5:], b"\n")
    assert out.getvalue().endswith("│ Straße\n")


def test_a_last_line_without_an_end_is_told_too(out: io.StringIO) -> None:
    spoken(Log(out), b"Killed")
    assert out.getvalue().endswith("│ Killed\n")


def test_bytes_that_are_no_text_do_not_stop_the_log(out: io.StringIO) -> None:
    spoken(Log(out), b"\xff\xfe\n")
    assert "��" in out.getvalue()


def test_kept_lines_are_not_told(out: io.StringIO) -> None:
    kept: list[str] = []
    spoken(Log(out), b"sign in as\n", kept=kept)
    assert kept == ["sign in as"]
    assert out.getvalue() == ""


def test_on_a_terminal_each_speaker_has_a_colour_unless_told_not_to(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    coloured = Terminal()
    Log(coloured).say("hello")
    assert "\x1b[36m" in coloured.getvalue()
    monkeypatch.setenv("NO_COLOR", "1")
    plain = Terminal()
    Log(plain).say("hello")
    assert "\x1b" not in plain.getvalue()


def test_a_reader_that_has_gone_does_not_stop_the_supervisor() -> None:
    class Gone(io.StringIO):
        def write(self, _: str) -> int:
            raise BrokenPipeError

    Log(Gone()).say("hello")


def test_a_disk_that_is_nearly_full_is_told_once_in_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(supervisor, "SPACE_TO_WARN", 2**62)
    one = supervisor.Supervisor(Environment(home=tmp_path))
    one._look_at_space()
    one._look_at_space()
    assert capsys.readouterr().out.count("nearly full") == 1

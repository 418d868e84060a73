"""Writes the reference of commands and settings from the programme itself: `make reference`. A test compares."""

from __future__ import annotations

import json
from collections.abc import Iterator

import click

from mercat.config import cli
from mercat.config.environment import ROOT, Environment
from tests.networks import table
from tests.shared import ROOT as PROJECT

FOLDER = PROJECT / "docs" / "reference"

SETTINGS = """\
# Settings

An installation is told everything by these variables; a file of settings is not read. A value that is not understood
stops the start, and nothing is changed.

| variable | default | meaning |
|---|---|---|
{rows}

Where `MERCAT_PASSPHRASE` is set, `mercat post` takes the passphrase of whoever acts from it instead of asking,
and a one-time or recovery code from `MERCAT_CODE`.

Tests also read `MERCAT_SPECS`, the folder of the networks' official specifications; `MERCAT_TEST_POSTGRES_BIN`, the
`bin` folder of another PostgreSQL to run them on; and `MERCAT_CHROMIUM`, the browser for the journeys.
"""

COMMANDS = """\
# Commands

`mercat COMMAND`, in the virtual environment `.venv/bin/mercat`. Exit code 0: done. 1: refused, with a sentence that
says what was kept and what to do. 2: the command itself was not understood, or as the command says. 3, of `mercat post`
alone: guidance, or a limit of a network, said no, and nothing was done: `compose --submit` then keeps no draft either.
"""


def settings() -> str:
    rows = [
        f"| `MERCAT_{name.upper()}` | {default(field.default)} | {field.description} |"
        for name, field in Environment.model_fields.items()
    ]
    return SETTINGS.format(rows="\n".join(rows))


def default(value: object) -> str:
    if value in ("", None):
        return "–"
    if value == ROOT / ".mercat":
        return "`.mercat` in the project"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def commands() -> str:
    """Expects Django to be set up; the database is not asked."""
    parts = [COMMANDS]
    for name, command in cli.COMMANDS.items():
        parts += described(f"mercat {name}", cli.resolve(command), level=2)
    return "\n".join(parts)


def described(path: str, command: click.Command, level: int) -> Iterator[str]:
    context = click.Context(command, info_name=path)
    usage = " ".join(command.collect_usage_pieces(context))
    yield f"{'#' * level} `{path} {usage}`\n"
    yield f"{paragraph(command.help)}\n"
    records = filter(None, (parameter.get_help_record(context) for parameter in command.params))
    if lines := [f"- `{name}`: {text}" for name, text in records if text]:
        yield "\n".join(lines) + "\n"
    if isinstance(command, click.Group):
        for name, child in sorted(command.commands.items()):
            yield from described(f"{path} {name}", child, level + 1)


def paragraph(text: str | None) -> str:
    return " ".join((text or "").split())


def interface() -> str:
    """The programming interface in OpenAPI 3.1. Expects Django to be set up."""
    from mercat.people.api.interface import api

    return json.dumps(api.get_openapi_schema(path_prefix="/api/v1/"), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    cli.set_up_django()
    (FOLDER / "api.json").write_text(interface(), encoding="utf-8")
    (FOLDER / "environment.md").write_text(settings(), encoding="utf-8")
    (FOLDER / "command-line.md").write_text(commands(), encoding="utf-8")
    (FOLDER / "networks-and-parts.md").write_text(table.page(), encoding="utf-8")


if __name__ == "__main__":
    main()

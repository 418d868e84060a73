"""`mercat people`: the list of people, for whoever runs the server."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click
from django.conf import settings
from django.utils import timezone

from mercat.audit.actors import System
from mercat.people.actions import Impossible
from mercat.people.hr.imports import address_of, choose, counts_of, finish, in_words, receive, undecided_of
from mercat.people.models import Import, ImportRow

COMMAND = System("mercat people import, on the server")
Kind = ImportRow.Kind


@click.group()
def people() -> None:
    """The list of people."""


@people.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only say what it would change; it waits to be looked at on its page.")
def import_(file: Path, dry_run: bool) -> None:
    """Take in a FILE of the HR system (CSV or JSON): what is new or changed, without a conflict.

    Conflicts and people who have left wait to be decided on the page of the import.
    """
    made_at = datetime.fromtimestamp(file.stat().st_mtime, UTC)
    try:
        received = receive(
            by=COMMAND, name=file.name, data=file.read_bytes(), source=Import.Source.COMMAND, made_at=made_at,
            now=timezone.now(),
        )  # fmt: skip
    except Impossible as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{received.name}: {in_words(counts_of(received.rows.all()))}.")
    for row in received.rows.filter(kind__in=[Kind.FAULTY, Kind.CONFLICTING]):
        clause = f"{row.clause}: " if row.clause else ""
        click.echo(f"  {received.line_word} {row.line}: {row.get_kind_display().lower()}: {clause}{row.reason}")
    if not dry_run:
        _apply(received)
    left = undecided_of(received).count()
    if left:
        click.echo(f"{left} to be decided: {settings.MERCAT_BASE_URL}{address_of(received)}")


def _apply(file: Import) -> None:
    if not undecided_of(file).filter(kind__in=[Kind.NEW, Kind.CHANGED]).exists():
        click.echo("Nothing was changed.")
        return
    choose(by=COMMAND, file=file, kinds=(Kind.NEW, Kind.CHANGED), now=timezone.now())
    finish(file)
    for row in file.rows.filter(outcome__in=["stale", "failed"]):
        click.echo(f"  {file.line_word} {row.line}: {row.get_outcome_display().lower()}: {row.told}")
    click.echo(f"Applied: {file.rows.filter(outcome='done').count()} of {file.rows.exclude(choice='').count()}.")

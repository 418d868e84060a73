"""`mercat audit`: check, export and publish the log."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import wraps
from pathlib import Path
from typing import Any

import click
from django.db import transaction
from django.utils import timezone

from mercat.audit.actions import note_export
from mercat.audit.actors import System
from mercat.audit.export import export_log
from mercat.audit.keys import KeyProblem
from mercat.audit.log import LogDamaged, integrate, newest_checkpoint, replace_signing_key, trusted_keys
from mercat.audit.models import Event
from mercat.audit.receipts import NotYet, consistency_receipt, inclusion_receipt
from mercat.audit.verifier import CheckError, Report, leaves_of, parse_vkey
from mercat.audit.verify import verify_log

OPERATOR = System("Asked for at the server's command line")
KEPT_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def audit() -> None:
    """The record of everything that happened, and its proof."""


def _refusing(command: Callable[..., None]) -> Callable[..., None]:
    """What cannot be done ends with one sentence and exit code 2."""

    @wraps(command)
    def refusing(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except (CheckError, KeyProblem, LogDamaged, NotYet, OSError) as error:
            click.echo(str(error), err=True)
            sys.exit(2)

    return refusing


@audit.command()
@click.option("--key", "vkeys", multiple=True, metavar="VKEY", help="Trust this public key instead of those kept here.")
@click.option("--checkpoint", "kept", multiple=True, type=KEPT_FILE, help="A checkpoint kept from before.")
@click.option("--earlier", type=KEPT_FILE, help="An export kept from before.")
@click.option("--json", "as_json", is_flag=True, help="The result for a machine.")
@_refusing
def verify(vkeys: tuple[str, ...], kept: tuple[Path, ...], earlier: Path | None, as_json: bool) -> None:
    """Check the live log. Exit code 0: sound. 1: something was changed. 2: it could not be checked."""
    with ExitStack() as files:
        report = verify_log(
            now=timezone.now(),
            keys=[parse_vkey(vkey) for vkey in vkeys],
            kept=[path.read_text(encoding="utf-8") for path in kept],
            earlier=leaves_of(files.enter_context(earlier.open(encoding="utf-8"))) if earlier else (),
        )
    _show(report, as_json=as_json)


@audit.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--personal", is_flag=True, help="With the personal data that has not been erased.")
@_refusing
def export(file: Path, personal: bool) -> None:
    """Write the whole log to FILE, for the stand-alone verifier."""
    partial = file.with_name(f".{file.name}.part")
    try:
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
            leaves = export_log(out, personal=personal)
        with transaction.atomic():  # nobody has the file without the record of it
            note_export(by=OPERATOR, personal=personal, records=leaves, now=timezone.now())
            partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)
    click.echo(f"{leaves} records written to {file}.")


@audit.command()
@click.option("--new", is_flag=True, help="Give waiting events their place first.")
@click.option(
    "--since", type=click.IntRange(min=0), help="Prove that the log only grew since it had this many records."
)
@_refusing
def checkpoint(new: bool, since: int | None) -> None:
    """Print the newest checkpoint, for outsiders to keep."""
    if new:
        integrate(now=timezone.now())
    if since is not None:
        click.echo(json.dumps(consistency_receipt(since), indent=2))
        return
    newest = newest_checkpoint()
    if newest is None:
        raise NotYet("There is no checkpoint yet: start Mercat, or run: mercat audit checkpoint --new")
    click.echo(newest.note, nl=False)


@audit.command()
@click.argument("event", type=click.UUID)
@_refusing
def receipt(event: Any) -> None:
    """Print the proof that one event is in the log."""
    found = Event.objects.filter(uid=event).first()
    if found is None:
        raise NotYet(f"There is no event {event}.")
    click.echo(json.dumps(inclusion_receipt(found), indent=2))


@audit.command()
@click.option("--replace", "why", metavar="WHY", help="Sign with a new key from now on, for this reason.")
@_refusing
def key(why: str | None) -> None:
    """Print the public keys that outsiders check with, the newest first."""
    if why:
        replace_signing_key(by=System(why), why=why, now=timezone.now())
    for trusted in trusted_keys():
        click.echo(trusted.vkey)


def _show(report: Report, *, as_json: bool) -> None:
    click.echo(json.dumps(report.as_dict(), indent=2) if as_json else "\n".join(report.lines()))
    sys.exit(0 if report.ok else 1)

"""`mercat guidance`: check a pack, show what carries each clause, show a pack."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import NoReturn

import click

import mercat
from mercat.guidance.check import run_examples, unproven
from mercat.guidance.coverage import BrokenClaim, Row, broken_claims
from mercat.guidance.coverage import coverage as rows_of
from mercat.guidance.fault import PackError
from mercat.guidance.gate import Guidance, load_guidance
from mercat.guidance.pack import Pack

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


@click.group()
def guidance() -> None:
    """Check a pack of guidance, and see what carries each of its clauses."""


@guidance.command()
@click.argument("pack")
@as_json
def check(pack: str, as_json: bool) -> None:
    """Load PACK (a name or a folder) and run its examples; exit 1 if anything is not as it says."""
    loaded = _load(pack, as_json=as_json)
    results = run_examples(loaded)
    wrong = [str(result) for result in results if not result.passed] + unproven(loaded)
    if as_json:
        _print_json({**_identity(loaded.pack), "examples": len(results), "faults": wrong})
    else:
        _print([*wrong, f"{_title(loaded.pack)}: {len(results)} examples, {len(wrong)} not as they should be."])
    _exit(bool(wrong))


@guidance.command()
@click.option("--pack", envvar="MERCAT_PACK", required=True, help="A name or a folder; default: MERCAT_PACK.")
@as_json
def coverage(pack: str, as_json: bool) -> None:
    """List every clause with its policies, feature, tests and status; exit 1 if a claim does not hold."""
    loaded = _load(pack, as_json=as_json).pack
    rows, broken = rows_of(loaded), _broken(loaded)
    if as_json:
        _print_json([asdict(row) for row in rows])
    else:
        _print([*(_line(row) for row in rows), _summary(rows)])
    for claim in broken:
        click.echo(str(claim), err=True)
    _exit(bool(broken))


@guidance.command()
@click.argument("pack")
@as_json
def show(pack: str, as_json: bool) -> None:
    """Show what PACK is made of."""
    loaded = _load(pack, as_json=as_json).pack
    counts = {
        name: len(getattr(loaded, name))
        for name in ("pillars", "roles", "tiers", "units", "slots", "clauses", "house", "policies", "examples")
    }
    if as_json:
        _print_json({**_identity(loaded), **counts})
    else:
        _print([_title(loaded), f"digest {loaded.digest}", *(f"{name}: {count}" for name, count in counts.items())])


def _load(pack: str, *, as_json: bool) -> Guidance:
    try:
        return load_guidance(pack)
    except PackError as error:
        if as_json:
            _print_json({"pack": pack, "faults": [str(fault) for fault in error.faults]})
        else:
            click.echo(str(error), err=True)
        _exit(failed=True)


def _broken(pack: Pack) -> list[BrokenClaim]:
    """Claims are held against a source tree; an installation has no tests to hold them against."""
    root = Path(mercat.__file__).parent.parent
    return broken_claims(pack, root) if (root / "tests").is_dir() else []


def _identity(pack: Pack) -> dict[str, str]:
    return {"pack": pack.key, "version": pack.version, "digest": pack.digest}


def _title(pack: Pack) -> str:
    return f"{pack.body.name}: {pack.name}, version {pack.version}"


def _line(row: Row) -> str:
    carried = ", ".join(row.policies) or row.feature or "–"
    return f"{row.id:>5}  {row.kind:<8}  {row.status:<4}  {carried}"


def _summary(rows: list[Row]) -> str:
    counts = {status: sum(row.status == status for row in rows) for status in ("done", "part", "open")}
    return f"{len(rows)} clauses: " + ", ".join(f"{count} {status}" for status, count in counts.items())


def _print(lines: list[str]) -> None:
    for line in lines:
        click.echo(line)


def _print_json(document: object) -> None:
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


def _exit(failed: bool) -> NoReturn:
    raise SystemExit(1 if failed else 0)

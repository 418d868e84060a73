"""`python -m bench NAME [--json]`: run one benchmark and print its figures with the machine and the commit.

A benchmark is a module of this folder with `run() -> dict` of figures; its name is the module's.
"""

from __future__ import annotations

import json
import os
import pkgutil
import platform
import subprocess
from importlib import import_module
from pathlib import Path

import click
import psutil

HERE = Path(__file__).parent
NAMES = sorted(module.name for module in pkgutil.iter_modules([str(HERE)]) if not module.name.startswith("_"))


def machine() -> dict[str, object]:
    """What the figures were measured on."""
    return {
        "system": platform.platform(),
        "processor": processor(),
        "processors": os.cpu_count(),
        "memory_mb": psutil.virtual_memory().total >> 20,
        "python": platform.python_version(),
    }


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def commit() -> str:
    """The commit that was measured, with a plus sign where the files differ from it."""
    try:
        return git("rev-parse", "--short=12", "HEAD") + ("+" if git("status", "--porcelain", "-uno") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def git(*arguments: str) -> str:
    done = subprocess.run(["git", "-C", HERE, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@click.command()
@click.argument("name", type=click.Choice(NAMES))
@click.option("--json", "as_json", is_flag=True, help="One JSON object for a machine.")
def main(name: str, as_json: bool) -> None:
    """Run one benchmark."""
    figures = import_module(f"bench.{name}").run()
    result = {"bench": name, **figures, "machine": machine(), "commit": commit()}
    if as_json:
        click.echo(json.dumps(result))
        return
    for key, value in result.items():
        click.echo(f"{key}: {value}")


if __name__ == "__main__":
    main(prog_name="python -m bench")

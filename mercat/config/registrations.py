"""The body's own registrations with networks: what an app's page there shows as client ID and client secret.

One file of the server (TOML, readable by its owner alone), a table for each network:

    [x]
    client_id = "…"
    client_secret = "…"

It is read at start. A changed secret so reaches every account of the network at once. None of it is kept in the
database, but for the ten minutes of a network's own sign-in: sealed, in the session (`register/begun.py`).
"""

from __future__ import annotations

import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from mercat.config.problem import Problem

Apps = Mapping[str, Mapping[str, str]]
NONE: Apps = MappingProxyType({})


def read(path: Path) -> Apps:
    """By network; none where there is no file. Raises Problem, which repeats nothing of what the file holds."""
    if not path.exists():
        return NONE
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise Problem(f"{path} holds secrets and is open to others. Run: chmod 600 {path}")
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise Problem(f"{path} is not TOML: write a table for each network, such as [x], with its lines.") from None
    if not all(_is_table_of_text(table) for table in tables.values()):
        raise Problem(f'{path}: each network is a table of texts, such as client_id = "…".')
    return MappingProxyType({network: MappingProxyType(table) for network, table in tables.items()})


def of_stand_ins() -> Apps:
    """What the stand-in networks take for it: for demonstrations, which have no others."""
    from mercat.sandbox.registry import stand_ins

    return MappingProxyType({stand_in.slug: stand_in.app for stand_in in stand_ins() if stand_in.app})


def _is_table_of_text(table: object) -> bool:
    return isinstance(table, dict) and all(isinstance(value, str) for value in table.values())

"""Finds the stand-in networks: every folder here that offers a `STAND_IN`."""

from __future__ import annotations

import importlib
import pkgutil

import mercat.sandbox
from mercat.sandbox.standin import StandIn


def stand_ins() -> list[StandIn]:
    """In alphabetical order of their folders."""
    folders = sorted(module.name for module in pkgutil.iter_modules(mercat.sandbox.__path__) if module.ispkg)
    return [importlib.import_module(f"mercat.sandbox.{folder}").STAND_IN for folder in folders]

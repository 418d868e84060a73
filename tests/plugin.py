"""Before Django's settings load: a home of our own and, unless a database is given, an embedded server of our own.

`MERCAT_DATABASE_URL` (an owner who may create databases) runs the suite on that server; `MERCAT_TEST_POSTGRES_BIN`
starts the PostgreSQL of that `bin` folder instead of the bundled one.
"""

from __future__ import annotations

import atexit
import inspect
import os
import re
import shutil
import tempfile
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from mercat.config import embedded_ground
from mercat.config.embedded import OWNER, EmbeddedPostgres, embedded_url

pytest_plugins = ["tests.claims"]

KEPT = {"MERCAT_CHROMIUM", "MERCAT_DATABASE_URL", "MERCAT_SPECS", "MERCAT_TEST_POSTGRES_BIN"}
SERVERS_OWN = re.compile(r"IntegrityError|DatabaseError|OperationalError|InternalError|\bcursor\(")
IS_WORKER = "PYTEST_XDIST_WORKER" in os.environ  # a worker inherits what its controller made


class Ground:
    """What one test session stands on: a temporary home, and the server in it."""

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="mercat-tests-"))
        self.home.chmod(0o711)
        self.server: EmbeddedPostgres | None = None
        for name in [name for name in os.environ if name.startswith("MERCAT_") and name not in KEPT]:
            del os.environ[name]
        os.environ["MERCAT_HOME"] = str(self.home)
        if not os.environ.get("MERCAT_DATABASE_URL"):
            binaries = os.environ.get("MERCAT_TEST_POSTGRES_BIN")
            self.server = EmbeddedPostgres(self.home, binaries=Path(binaries) if binaries else None, durable=False)
            embedded_ground.make_socket_folder(self.home)
            os.environ["MERCAT_DATABASE_URL"] = embedded_url(self.home, OWNER)

    def start(self) -> None:
        if self.server:
            self.server.start()

    def clear(self) -> None:
        if self.server:
            self.server.stop()
            embedded_ground.remove(self.home)
        shutil.rmtree(self.home, ignore_errors=True)


GROUND = None if IS_WORKER else Ground()
if GROUND:
    atexit.register(GROUND.clear)  # also after Ctrl-C, and when settings fail to load


def pytest_configure(config: pytest.Config) -> None:
    if GROUND and not config.option.collectonly:
        GROUND.start()


def pytest_addoption(parser: pytest.Parser) -> None:
    help_ = "Only the tests that meet the database itself: its refusals, its locks, its own language."
    parser.addoption("--database", action="store_true", help=help_)


@pytest.hookimpl(trylast=True)  # pytest-django puts the tests that commit at the end
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: (opens_a_browser(item), item.get_closest_marker("long") is None))
    if not config.option.database:
        return
    kept = [item for item in items if touches_the_database(item) and meets_the_server(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
    items[:] = kept


def opens_a_browser(item: pytest.Item) -> bool:
    """Playwright's loop runs in the thread of the tests from its first test to the end of the session, and under a
    running loop nothing may be called that waits for a loop of its own: so these come last."""
    return "playwright" in item.fixturenames


def meets_the_server(item: pytest.Item) -> bool:
    """What a PostgreSQL of another version might do otherwise; what goes through Django's queries alone it does not."""
    marked = item.get_closest_marker("django_db")
    if "transactional_db" in item.fixturenames or (marked and marked.kwargs.get("transaction")):
        return True
    source = inspect.getsource(item.function)
    return bool(SERVERS_OWN.search(source)) or any(f"{name}(" in source for name in asking_by_sql(item.module))


@cache
def asking_by_sql(module: ModuleType) -> list[str]:
    """The names of a file's helpers that speak to the database in its own language."""
    helpers = [(name, each) for name, each in vars(module).items() if inspect.isfunction(each)]
    return [name for name, each in helpers if SERVERS_OWN.search(inspect.getsource(each)) and name[:5] != "test_"]


def touches_the_database(item: pytest.Item) -> bool:
    return item.get_closest_marker("django_db") is not None or bool({"db", "transactional_db"} & set(item.fixturenames))


def pytest_report_header() -> str:
    source = os.environ.get("MERCAT_TEST_POSTGRES_BIN") or ("embedded" if GROUND and GROUND.server else "by URL")
    return f"postgresql: {source}"

"""A clause that is claimed done is proved in the run itself: each test that it names has passed, none was passed over.

Coverage reads the source, and cannot see every way of skipping. So a run of the whole suite fails where a claim was
not proved in it; a run of chosen tests proves nothing, and claims nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import pytest

from mercat.guidance.coverage import BrokenClaim
from mercat.guidance.pack import Pack, find_pack, load_pack

PACKS = ("police-scotland", "example-council")
CHOOSING = ("keyword", "markexpr", "deselect", "ignore", "ignore_glob", "lf", "database", "collectonly")


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # with xdist, the controller hears of every test
        config.pluginmanager.register(Claims(config))


class Claims:
    """Gathers what passed; at the end, holds the packs' claims against it."""

    def __init__(self, config: pytest.Config) -> None:
        self._whole = is_whole(config)
        self._passed: set[str] = set()
        self._unproved: list[BrokenClaim] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and report.passed and not hasattr(report, "wasxfail"):
            self._passed |= {report.nodeid, report.nodeid.partition("[")[0]}

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if self._whole and exitstatus == pytest.ExitCode.OK:
            self._unproved = unproved((load_pack(find_pack(name)) for name in PACKS), self._passed)
            session.exitstatus = pytest.ExitCode.TESTS_FAILED if self._unproved else exitstatus

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._unproved:
            terminalreporter.section("claims that this run did not prove", red=True)
            for claim in self._unproved:
                terminalreporter.line(str(claim))


def is_whole(config: pytest.Config) -> bool:
    """Whether every test is asked for."""
    chosen = any(getattr(config.option, name, None) for name in CHOOSING)
    return config.args_source is config.ArgsSource.TESTPATHS and not chosen


def unproved(packs: Iterable[Pack], passed: Collection[str]) -> list[BrokenClaim]:
    """The tests of done clauses that are not among those that passed."""
    return [
        BrokenClaim(clause.id, f"its test {test} did not pass in this run")
        for pack in packs
        for clause in (*pack.clauses, *pack.house)
        if clause.status == "done"
        for test in clause.tests
        if test not in passed
    ]

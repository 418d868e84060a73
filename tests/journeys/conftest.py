"""A whole installation for a browser: the pages on a live server, the stand-in networks, and sending, all real.

The clock is the machine's. Work is done by the real engine on a thread that ticks as the clock process does.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from mercat.audit.log import integrate
from mercat.config.demo import ACCOUNTS, PASSPHRASE
from mercat.config.registrations import of_stand_ins
from mercat.delivery.clock import tick
from mercat.delivery.engine import Engine
from mercat.images import preparing as videos
from mercat.sandbox.server import RunningSandbox
from tests.journeys.demonstration import Demonstration
from tests.journeys.demonstration import demonstration as opened
from tests.shared import ROOT

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
TICK = 0.1  # seconds
LONGEST_PAUSE = 0.4  # seconds, where there is nothing to do: to look for work at each tick takes a quarter of a core
PATIENCE = 30_000  # milliseconds that a page may take on a machine that does other things too

expect.set_options(timeout=PATIENCE)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--screens", action="store_true", help="Write the pictures of docs/screens.")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "journeys" in str(item.path):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory) -> Iterator[Demonstration]:
    with opened(tmp_path_factory.mktemp("demonstration")) as made:
        yield made


@pytest.fixture
def sandbox(demonstration, settings) -> RunningSandbox:
    demonstration.clear()
    settings.MERCAT_SANDBOX_URL = demonstration.sandbox.url
    settings.MERCAT_PRIVATE_ORIGINS = frozenset([demonstration.sandbox.url])
    return demonstration.sandbox


@pytest.fixture
def house(
    request, transactional_db, sandbox, demonstration, settings, tmp_path, monkeypatch, live_server
) -> Iterator[str]:
    """The address of a demonstration with its people, accounts and workers."""
    settings.MERCAT_DEMO = True
    settings.MEDIA_ROOT = tmp_path
    settings.MERCAT_BASE_URL = live_server.url
    settings.MERCAT_MEDIA_URL = live_server.url
    settings.MERCAT_APPS = of_stand_ins()
    everywhere = request.node.get_closest_marker("every_network") is not None
    accounts = ACCOUNTS if everywhere else ACCOUNTS[:6]  # Bluesky's and Mastodon's: quicker
    monkeypatch.setattr("mercat.config.seed.ACCOUNTS", accounts)
    demonstration.stand(len(accounts))
    with working():
        yield live_server.url


class working:  # noqa: N801 - reads as a phrase
    """Clock and both lanes at work until the end of the block."""

    def __enter__(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="work")
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _work(self) -> None:
        pool = ThreadPoolExecutor(8, "send")
        engines = [Engine(lane, pools=lambda server: pool) for lane in ("warning", "normal")]
        pause = TICK
        while not self._stop.wait(pause):
            tick(now=timezone.now())
            taken = sum(engine.drain() for engine in engines)
            videos.run(now=timezone.now())
            pause = TICK if taken else min(2 * pause, LONGEST_PAUSE)
        pool.shutdown(wait=True)
        integrate(now=timezone.now())
        connection.close()


@pytest.fixture
def new_page(browser, house) -> Iterator[Callable[..., Page]]:
    """A fresh browser: `new_page(javascript=False, width=320)`. Any fault that a page reports fails the test."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def make(*, javascript: bool = True, width: int = 1280) -> Page:
        context = browser.new_context(
            base_url=house, viewport={"width": width, "height": 900}, java_script_enabled=javascript,
            locale="en-GB", timezone_id="Europe/London",
        )  # fmt: skip
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: faults.append(message.text) if _is_fault(message.text) else None)
        return page

    yield make
    for context in contexts:
        context.close()
    assert faults == []


def _is_fault(text: str) -> bool:
    """A broken policy or script. Playwright's own style for screenshots breaks the policy too, and applies nothing."""
    return ("Content Security Policy" in text and "Applying inline style" not in text) or "Uncaught" in text


def sign_in(page: Page, login: str) -> None:
    page.goto("/sign-in/")
    page.get_by_label("E-mail").fill(f"{login}@mercat.example")
    page.locator("#passphrase").fill(PASSPHRASE)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="What needs me now?")).to_be_visible()


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def no_findings(page: Page) -> None:
    """axe-core finds nothing to complain of on the page as it stands."""
    page.wait_for_load_state()  # a click is over when the next page begins to come: it may have no element yet
    # Through the debugger, which the page's policy does not bind.
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations', 'incomplete']})")
    told = [
        f"{page.url}: {each['id']}: {each['help']}: {[node['html'][:160] for node in each['nodes'][:3]]}"
        for each in found["violations"]
    ]
    assert told == []


def fits(page: Page) -> None:
    """Nothing makes the page wider than the window."""
    page.wait_for_load_state()
    wide, window = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    beyond = "[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)"
    assert wide <= window, (
        f"{page.url} is {wide} wide: {page.evaluate(f'{beyond}.slice(0, 5).map(e => e.outerHTML.slice(0, 90))')}"
    )

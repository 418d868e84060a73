"""Pictures of every page for the docs: the same each time, written only by `pytest tests/journeys --screens`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from mercat.people.models import Person
from mercat.posts import actions as posts
from mercat.posts.contents import Draft
from mercat.posts.models import Post
from mercat.register.models import Account
from mercat.watch.cases import actions as cases
from tests.journeys.conftest import sign_in, sign_out
from tests.journeys.steps import WORDS, attach, submit, write
from tests.shared import ROOT

SCREENS = ROOT / "docs" / "screens"
STEADY = """(() => {
  const words = [
    [/127\\.0\\.0\\.1:\\d+/g, 'stand-in.example'],
    [/did:plc:[a-z0-9]+/g, 'did:plc:example'],
    [/feed\\.post\\/[a-z0-9]+/g, 'feed.post/example'],
    [/\\b[0-9]{15,20}\\b/g, '123456789012345678'],
    [/\\d{1,2}(:\\d{2}){0,2}(am|pm)? (GMT|BST)/g, '10:30am GMT'],
    [/\\d{1,2} [A-Z][a-z]+ 20(?:2[6-9]|[3-9]\\d)(?=, 10| at|$|,| )/g, '23 November 2026'],
    [/[0-9a-f]{12,64}/g, (found) => '5eed1e55'.repeat(8).slice(0, found.length)]
  ]
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (texts.nextNode()) {
    const text = texts.currentNode
    for (const [from, to] of words) text.data = text.data.replace(from, to)
  }
})()"""
FOUND = "https://x.com/dundee_p0lice"
DUNDEE, PERTH = "Dundee Local Policing", "Perth Local Policing"


@pytest.fixture
def shoot(request, tmp_path):
    """Takes a picture of the page as it stands, or, without --screens, only sees that one can be taken."""
    folder = SCREENS if request.config.getoption("--screens", default=False) else tmp_path
    folder.mkdir(parents=True, exist_ok=True)

    def take(page: Page, name: str, *, whole: bool = True) -> None:
        page.evaluate("document.fonts.ready")
        page.mouse.move(0, 0)
        page.evaluate("scrollTo(0, 0)")
        page.evaluate("document.activeElement && document.activeElement.blur()")
        steady(page)
        path = folder / f"{name}.png"
        page.screenshot(path=path, full_page=whole, animations="disabled")
        assert path.stat().st_size > 5_000

    return take


def steady(page: Page) -> None:
    """The same words each time where the machine's clock, port and keys would show."""
    page.evaluate(STEADY)


def test_every_page_has_its_picture(new_page, shoot) -> None:
    page = new_page()
    page.goto("/sign-in/")
    shoot(page, "sign-in")
    address = the_author(page, shoot)
    the_approver(page, shoot, address)
    communications(page, shoot)


def the_author(page: Page, shoot) -> str:
    sign_in(page, "local.officer")
    shoot(page, "home-nothing-to-do")
    write(page, DUNDEE, PERTH)
    attach(page, javascript=True)
    expect(page.get_by_text("Draft saved at")).to_be_visible()
    expect(page.locator(".mercat-card__alt")).to_have_count(2)
    shoot(page, "composer")
    page.get_by_text("Why not the other 3 accounts?").click()
    shoot(page, "composer-refusals")
    address = submit(page)
    shoot(page, "post-of-ones-own")
    _send_back_and_change(address)
    sign_out(page)
    return address


def the_approver(page: Page, shoot, address: str) -> None:
    sign_in(page, "spoc")
    shoot(page, "home-approver")
    page.goto(address)
    shoot(page, "approval")
    page.get_by_role("button", name="Approve and send").click()
    expect(page.get_by_text("2 of 2 accounts are out and read back.")).to_be_visible(timeout=20_000)
    page.goto(address)
    shoot(page, "sent")
    page.goto(f"{address}proof/")
    shoot(page, "proof")
    page.goto("/sending/?show=sent")
    shoot(page, "sending")
    page.goto("/posts/")
    shoot(page, "posts")
    page.goto("/notices/")
    shoot(page, "notices")
    sign_out(page)


def communications(page: Page, shoot) -> None:
    sign_in(page, "communications")
    page.goto("/register/?network=bluesky")
    shoot(page, "register")
    page.get_by_role("link", name=DUNDEE).click()
    shoot(page, "account")
    page.goto(f"/register/{Account.objects.get(name__startswith=PERTH).pk}/connect/")
    shoot(page, "connect")
    page.goto("/people/")
    shoot(page, "people")
    page.goto(f"/people/{Person.objects.get(number='demo-new.officer').pk}/")
    shoot(page, "path-to-posting")
    for name in ("guidance", "guidance/access", "guidance/clauses"):
        page.goto(f"/{name}/")
        shoot(page, name.replace("/", "-"))
    page.goto("/overview/")
    shoot(page, "overview")
    _found_an_account()
    page.goto("/watch/cases/")
    shoot(page, "found-accounts")
    page.get_by_role("link", name=FOUND).click()
    shoot(page, "found-account")
    page.goto("/posts/contributions/new/")
    shoot(page, "hand-in")
    page.goto("/sending/pause/")
    page.get_by_label("Why", exact=True).fill("A wrong picture is out.")
    page.get_by_role("button", name="Pause now").click()
    expect(page.get_by_text("Sending is paused: everything.")).to_be_visible()
    shoot(page, "pause")


def _found_an_account() -> None:
    officer = Person.objects.get(number="demo-local.officer")
    cases.report(by=officer, address=FOUND, words="It asks people for money in our name.", now=datetime.now(UTC))


def _send_back_and_change(address: str) -> None:
    """So that the approver sees a second version, and what is new in it."""
    post = Post.objects.get(pk=address.rstrip("/").split("/")[-1])
    now = datetime.now(UTC)
    spoc = Person.objects.get(number="demo-spoc")
    author = Person.objects.get(number="demo-local.officer")
    posts.send_back(by=spoc, post=post, digest=post.current.digest, reason="Say which road to take.", now=now)
    changed = Draft.restored(post.draft)
    words = WORDS.replace("the other road", "the A90 by Perth")
    changed = Draft.restored({**changed.stored(), "text": words})
    posts.compose(by=author, draft=changed, post=post, now=now + timedelta(seconds=1))
    posts.submit(by=author, post=post, now=now + timedelta(seconds=1))

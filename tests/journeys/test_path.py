"""The path, in a real browser: compose, gate, approve, send, read back, prove."""

from __future__ import annotations

import hashlib

import pytest
from playwright.sync_api import Page, expect

from mercat.delivery.models import Consignment
from mercat.posts.models import Post
from tests.journeys.conftest import fits, no_findings, sign_in, sign_out
from tests.journeys.steps import ALT, WORDS, approve, attach, picture, submit, write

# What a person hears of the element that has the focus.
FOCUSED = """(() => {
  const e = document.activeElement
  if (e === document.body) return ''
  const label = e.labels && e.labels.length ? e.labels[0].innerText : ''
  const said = `${label} ${e.innerText || ''} ${e.getAttribute('aria-label') || ''}`
  return said.replace(/\\s+/g, ' ').replace(/ :/g, ':')
})()"""
PLACES = (
    "/posts/", "/posts/new/", "/posts/import/", "/sending/?show=sent", "/sending/pause/", "/register/",
    "/register/apply/", "/register/applications/", "/people/", "/notices/", "/guidance/", "/guidance/access/",
    "/guidance/clauses/", "/gallery/", "/nowhere/",
)  # fmt: skip
DUNDEE, PERTH = "Dundee Local Policing", "Perth Local Policing"


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without scripts"])
def test_a_post_goes_the_whole_way_and_is_proved(new_page, house, sandbox, javascript: bool) -> None:
    page = new_page(javascript=javascript)
    sign_in(page, "local.officer")
    write(page, DUNDEE, PERTH)
    sees_why_not(page)
    attach(page, javascript=javascript)
    address = submit(page)
    expect(page.get_by_text("Nobody approves a post that they wrote")).to_be_visible()
    sign_out(page)

    sign_in(page, "spoc")
    approve(page)
    is_out(page, address, javascript=javascript)
    see_it_on_the_network(page, address)
    is_proved(page, address)


def sees_why_not(page: Page) -> None:
    page.get_by_text("Why not the other 3 accounts?").click()
    refused = page.get_by_role("listitem").filter(has_text="Leith Local Policing").first
    expect(refused).to_contain_text("5.6")
    expect(refused).to_contain_text("This account belongs to another division or department")
    expect(refused).to_contain_text("Divisional Commander or head of department")


def is_out(page: Page, address: str, *, javascript: bool) -> None:
    done = page.get_by_text("2 of 2 accounts are out and read back.")
    if javascript:
        expect(done).to_be_visible(timeout=20_000)  # the page asks by itself
        return
    for _ in range(40):
        page.goto(address)
        if done.count():
            break
        page.wait_for_timeout(250)
    expect(done).to_be_visible()


def see_it_on_the_network(page: Page, address: str) -> None:
    for network in ("Bluesky", "Mastodon"):
        page.get_by_role("link", name=f"See it on {network}").click()
        expect(page.get_by_text(WORDS)).to_be_visible()
        expect(page.get_by_alt_text(ALT)).to_be_visible()
        page.goto(address)


def is_proved(page: Page, address: str) -> None:
    digest = Post.objects.get().current.digest
    page.get_by_role("link", name="Proof of this post").click()
    expect(page.get_by_text(digest)).to_be_visible()
    expect(page.get_by_text("Holds", exact=True)).to_be_visible()
    with page.expect_download() as bytes_:
        page.get_by_role("link", name="Download the exact bytes of version 1").click()
    assert hashlib.sha256(bytes_.value.path().read_bytes()).hexdigest() == digest
    receipt = page.get_by_role("link", name="Download the receipt of “Approved”")
    for _ in range(40):
        if receipt.count():
            break
        page.wait_for_timeout(250)
        page.reload()
    with page.expect_download() as given:
        receipt.click()
    assert b'"checkpoint"' in given.value.path().read_bytes()


def test_the_path_by_keyboard_alone(new_page) -> None:
    page = new_page()
    # From the beginning: asked for at the press itself, Playwright is sometimes too late for it.
    bridge = {"name": "bridge.jpg", "mimeType": "image/jpeg", "buffer": picture()}
    page.on("filechooser", lambda chooser: chooser.set_files(bridge))
    page.goto("/sign-in/")
    press(page, "E-mail", "local.officer@mercat.example")
    press(page, "Passphrase", "thistle harbour lantern")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="What needs me now?")).to_be_visible()
    tab_to(page, "Skip to main content", backwards=False)
    tab_to(page, "Write a post")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Write a post")).to_be_visible()
    tab_to(page, DUNDEE)
    page.keyboard.press("Space")
    sees_why_not_by_keyboard(page)
    press(page, "What to say", WORDS)
    attach_by_keyboard(page)
    tab_to(page, "Building public trust")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    expect(page.get_by_label("Warning and informing")).to_be_checked()
    tab_to(page, "Submit for approval")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Waiting for approval")).to_be_visible()
    tab_to(page, "Sign out")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    press(page, "E-mail", "spoc@mercat.example")
    press(page, "Passphrase", "thistle harbour lantern")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="What needs me now?")).to_be_visible()
    tab_to(page, f"Look: {WORDS[:30]}")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Your decision")).to_be_visible()
    tab_to(page, "Approve and send")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 of 1 account is out and read back.")).to_be_visible(timeout=20_000)
    tab_to(page, "See it on Bluesky")
    page.keyboard.press("Enter")
    expect(page.get_by_text(WORDS)).to_be_visible()
    expect(page.get_by_alt_text(ALT)).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Sending")).to_be_visible()
    tab_to(page, "Proof of this post")
    page.keyboard.press("Enter")
    expect(page.get_by_text(Post.objects.get().current.digest)).to_be_visible()
    tab_to(page, "Download the exact bytes of version 1")
    with page.expect_download():
        page.keyboard.press("Enter")


def sees_why_not_by_keyboard(page: Page) -> None:
    tab_to(page, "Why not the other")
    page.keyboard.press("Enter")
    tab_to(page, "Find by name")
    page.keyboard.type("Leith")
    expect(page.get_by_text("1 of 3 shown")).to_be_visible()
    tab_to(page, "Accounts that are not open to you")
    refused = page.get_by_role("listitem").filter(has_text="Leith Local Policing").first
    expect(refused).to_contain_text("This account belongs to another division or department")


def attach_by_keyboard(page: Page) -> None:
    tab_to(page, "Choose pictures")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Picture 1: describe it")).to_be_visible()
    press(page, "Picture 1: describe it", ALT)


@pytest.mark.parametrize("fault", ["no answer", "an error"])
def test_a_save_by_itself_that_fails_is_said_until_one_succeeds(new_page, fault: str) -> None:
    page = new_page()
    sign_in(page, "local.officer")
    write(page, DUNDEE)
    expect(page.get_by_text("Draft saved at")).to_be_visible()
    page.route("**/autosave/", lambda route: route.abort() if fault == "no answer" else route.fulfill(status=500))
    page.get_by_label("What to say").fill("Words that do not arrive.")
    expect(page.get_by_role("alert")).to_contain_text("Not saved. ")
    expect(page.get_by_text("Draft saved at")).to_have_count(0)
    page.unroute("**/autosave/")
    page.get_by_label("What to say").fill("Words that arrive.")
    expect(page.get_by_text("Draft saved at")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
    assert Post.objects.get().draft["text"] == "Words that arrive."


def press(page: Page, label: str, text: str) -> None:
    tab_to(page, label)
    page.keyboard.type(text)


def tab_to(page: Page, name: str, *, backwards: bool = False) -> None:
    """Press Tab until what is named has the focus; everything on the way shows that it has it."""
    for _ in range(80):
        page.keyboard.press("Shift+Tab" if backwards else "Tab")
        said = page.evaluate(FOCUSED)
        if name in said:
            return
    raise AssertionError(f"Tab never reached “{name}” on {page.url}")


def test_no_page_of_the_path_has_a_finding_or_is_too_wide(new_page) -> None:
    page = new_page()

    def look() -> None:
        no_findings(page)
        page.set_viewport_size({"width": 320, "height": 800})
        fits(page)
        page.set_viewport_size({"width": 640, "height": 450})  # 1280 by 900 at 200 % zoom
        fits(page)
        page.set_viewport_size({"width": 1280, "height": 900})

    page.goto("/sign-in/")
    look()
    page.get_by_role("button", name="Sign in", exact=True).click()
    look()
    sign_in(page, "local.officer")
    look()
    write(page, DUNDEE, PERTH)
    expect(page.get_by_text("Draft saved at")).to_be_visible()
    sees_why_not(page)
    page.get_by_text("Different words for one network").click()
    page.get_by_label("At a set time").check()
    look()
    page.get_by_role("button", name="Submit for approval").click()
    expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()
    look()
    page.get_by_label("As soon as it is approved").check()
    attach(page, javascript=True)
    look()
    address = submit(page)
    look()
    page.get_by_role("button", name="Write a post").click()
    look()
    sign_out(page)
    sign_in(page, "spoc")
    look()
    page.goto(address)
    page.get_by_text("Send it back or reject it").click()
    page.get_by_text("Withdraw it").click()
    look()
    page.get_by_role("button", name="Approve and send").click()
    look()
    expect(page.get_by_text("2 of 2 accounts are out and read back.")).to_be_visible(timeout=20_000)
    look()
    page.get_by_role("link", name="Proof of this post").click()
    page.get_by_text("bytes", exact=False).first.click()
    look()
    account = str(Consignment.objects.first().account_id)
    for path in (*PLACES, f"/register/{account}/"):
        page.goto(path)
        look()


def test_the_pages_for_setting_things_right_have_no_finding(new_page) -> None:
    page = new_page()
    sign_in(page, "communications")
    page.goto("/people/?text=New")
    page.get_by_role("link", name="New Officer").click()
    no_findings(page)
    fits(page)
    page.goto("/register/?network=mastodon&state=active")
    page.get_by_role("link", name=PERTH).click()
    page.get_by_role("link", name="Connect again").click()
    expect(page.get_by_role("heading", name="Sign in on Mastodon")).to_be_visible()
    no_findings(page)
    page.goto("/sending/pause/")
    page.get_by_label("Why", exact=True).fill("A wrong picture is out.")
    page.get_by_role("button", name="Pause now").click()
    expect(page.get_by_text("Sending is paused: everything.")).to_be_visible()
    no_findings(page)


def test_the_list_of_people_is_kept_on_pages(new_page) -> None:
    page = new_page()
    sign_in(page, "administrator")
    page.goto("/people/")
    page.get_by_role("button", name="Add a person").click()
    page.get_by_role("button", name="Add to the list").click()
    no_findings(page)
    fits(page)
    page.get_by_label("Name", exact=True).fill("Another Officer, Tayside")
    page.get_by_label("E-mail").fill("another.officer@mercat.example")
    page.get_by_label("Staff number").fill("T-100")
    page.get_by_label("Division or department").select_option(label="Tayside")
    page.get_by_label("Rank or grade").select_option(label="Sergeant")
    page.get_by_role("button", name="Add to the list").click()
    expect(page.get_by_text("Another Officer, Tayside is on the list.")).to_be_visible()
    no_findings(page)
    fits(page)
    for opened in ("Give a role", "Mark as left"):
        page.get_by_text(opened, exact=True).first.click()
    no_findings(page)
    page.get_by_role("link", name="Set a passphrase").click()
    no_findings(page)
    fits(page)

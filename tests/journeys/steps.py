"""The steps of the path, as a person takes them."""

from __future__ import annotations

from io import BytesIO

from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect

WORDS = "The bridge is closed to high vehicles because of strong wind. Please use the other road."
ALT = "The bridge in rain, with its gate closed."


def picture() -> bytes:
    image = Image.new("RGB", (1200, 800), "#8fb3cf")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 560, 1200, 800), fill="#39607a")
    draw.polygon([(120, 520), (600, 320), (1080, 520)], outline="#444444", width=14)
    draw.rectangle((0, 510, 1200, 540), fill="#555555")
    out = BytesIO()
    image.save(out, "JPEG")
    return out.getvalue()


def write(page: Page, *accounts: str, words: str = WORDS) -> None:
    page.get_by_role("button", name="Write a post").click()
    expect(page.get_by_role("heading", name="Write a post")).to_be_visible()
    for account in accounts:
        page.get_by_label(account).check()
    page.get_by_label("What to say").fill(words)
    page.get_by_label("Warning and informing").check()


def attach(page: Page, *, javascript: bool) -> None:
    page.get_by_label("Choose pictures").set_input_files(
        {"name": "bridge.jpg", "mimeType": "image/jpeg", "buffer": picture()}
    )
    if not javascript:
        page.get_by_role("button", name="Add picture").click()
    page.get_by_label("Picture 1: describe it").fill(ALT)


def submit(page: Page) -> str:
    """Returns the post's address."""
    page.get_by_role("button", name="Submit for approval").click()
    expect(page.get_by_text("Waiting for approval")).to_be_visible()
    return page.url


def approve(page: Page, words: str = WORDS) -> None:
    """From the home page."""
    page.get_by_role("link").filter(has_text=f"Look: {words[:40]}").click()
    page.get_by_role("button", name="Approve and send").click()
    expect(page.get_by_text("Approved. It is on its way")).to_be_visible()


def writes(page: Page, name: str, purpose: str) -> None:
    """The words of an application for an account, all but sending it."""
    page.get_by_label("Name of the account").fill(name)
    page.get_by_label("What is it for?").fill(purpose)
    page.get_by_label("Whom is it to reach?").fill("Those who live there.")
    page.get_by_label("Why will an account that exists not do?").fill("None speaks of this.")
    page.get_by_label("Number of the person who will run it").fill("demo-spoc")
    page.get_by_label("Languages").fill("English")
    page.get_by_label("What is to be said there, and how often?").fill("Tides and traffic, daily.")

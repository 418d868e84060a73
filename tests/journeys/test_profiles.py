"""What an account shows, in a browser: assigned, found to be another, and put back on the stand-in (3.4, 7.1, 7.2)."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest
from django.utils import timezone
from PIL import Image
from playwright.sync_api import expect

from mercat.networks import registry
from mercat.networks.port import NewProfile, Profile, Sent
from mercat.register.models import Account
from mercat.watch.models import ProfileChange
from mercat.watch.profiles import looking, putting
from mercat.watch.reach import reached
from tests.journeys.conftest import fits, no_findings, sign_in, sign_out

BIO = "Do not report crime here. Call 101, or 999 in an emergency."


def jpeg(colour: str) -> bytes:
    out = BytesIO()
    Image.new("RGB", (400, 400), colour).save(out, "JPEG")
    return out.getvalue()


def shown_there(account: Account) -> Profile:
    with reached(account) as channel:
        return registry.get(account.network).profiler.profile(channel, now=timezone.now())


def spoil(account: Account) -> None:
    """Somebody changes it on the network itself."""
    with reached(account) as channel:
        new = NewProfile(name="Free gift cards", bio="Click here")
        assert isinstance(registry.get(account.network).profiler.change(channel, new, now=timezone.now()), Sent)


def look(account: Account, *, after: timedelta = timedelta()) -> None:
    looking.look(Account.objects.select_related("connection").get(pk=account.pk), now=timezone.now() + after)


@pytest.mark.parametrize(
    ("network", "javascript", "width"),
    [("mastodon", True, 1280), ("bluesky", True, 320), ("mastodon", False, 320)],
    ids=["wide", "narrow", "without scripts"],
)
def test_what_was_changed_on_the_network_is_found_and_put_back(
    new_page, network: str, javascript: bool, width: int
) -> None:
    page = new_page(javascript=javascript, width=width)
    account = Account.objects.filter(network=network).select_related("connection").first()

    def seen() -> None:
        if javascript:
            no_findings(page)
        fits(page)

    sign_in(page, "communications")
    page.goto("/watch/cases/")
    page.get_by_role("link", name="what our accounts show").click()
    expect(page.get_by_text("Not looked at yet").first).to_be_visible()
    seen()
    page.get_by_role("link", name=account.name, exact=True).click()
    seen()
    page.get_by_label("Name").fill("Dundee Police")
    expect(page.get_by_label("Bio")).to_have_value(BIO)
    page.get_by_label("Picture", exact=True).set_input_files(
        {"name": "badge.jpg", "mimeType": "image/jpeg", "buffer": jpeg("#123456")}
    )
    page.get_by_role("button", name="Assign it").click()
    expect(page.get_by_text("It is assigned.")).to_be_visible()
    page.get_by_role("button", name="I looked: they are switched off").click()
    spoil(account)
    look(account)
    page.goto("/watch/profiles/")
    expect(page.get_by_text("Its bio does not name the numbers to call").first).to_be_visible()
    seen()
    page.get_by_role("link", name=account.name, exact=True).click()
    expect(page.get_by_text("Free gift cards").first).to_be_visible()
    expect(page.get_by_alt_text("The assigned picture")).to_be_visible()
    seen()
    expect(page.get_by_text("Somebody other than who assigned it has it put back")).to_be_visible()
    sign_out(page)
    sign_in(page, "communications.duty")
    page.goto(f"/watch/profiles/{account.pk}/")
    page.get_by_role("button", name="Put it back").click()
    expect(page.get_by_text("It is put back within a minute.")).to_be_visible()
    seen()
    assert shown_there(account).name == "Free gift cards"
    putting.run(now=timezone.now())
    assert set(ProfileChange.objects.values_list("part", "state")) == {
        ("name", "done"), ("bio", "done"), ("avatar", "done")
    }  # fmt: skip
    there = shown_there(account)
    assert (there.name, there.bio) == ("Dundee Police", BIO)
    look(account, after=timedelta(hours=1))
    page.reload()
    expect(page.locator(".govuk-tag", has_text="As assigned")).to_be_visible()
    expect(page.get_by_text("Picture: put back")).to_be_visible()
    seen()

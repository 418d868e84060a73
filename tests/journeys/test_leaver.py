"""A directory says that somebody has left: within a minute nothing rests on them any more, as seen in the browser."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from mercat.audit.actors import System
from mercat.people.api import tokens
from mercat.people.models import Person
from mercat.posts import actions as posts
from mercat.posts.contents import Draft
from mercat.posts.models import Post
from mercat.register.models import Account
from tests import factories as make
from tests.journeys.conftest import fits, no_findings, sign_in, sign_out

TEST = System("A test")
DEMO = "demo-"


def person(login: str) -> Person:
    return Person.objects.get(number=f"{DEMO}{login}")


def account(name: str) -> Account:
    return Account.objects.get(name__startswith=f"{name} (Bluesky")


def written_by(author: Person, words: str, *names: str) -> Post:
    now = timezone.now()
    targets = tuple(str(account(name).pk) for name in names)
    draft = Draft(text=words, targets=targets, pillar="warning", due_at=now + timedelta(hours=2))
    post = posts.compose(by=author, draft=draft, now=now)
    posts.submit(by=author, post=post, now=now)
    post.refresh_from_db()
    return post


def approve(post: Post, by: Person) -> None:
    posts.approve(by=by, post=post, digest=post.current.digest, now=timezone.now())


@pytest.fixture
def directory(house: str) -> Iterator[httpx.Client]:
    """The directory's own programme, with a token of the administrator's."""
    now = timezone.now()
    _, secret = tokens.make_token(
        by=TEST,
        owner=person("administrator"),
        name="Directory",
        scopes=["scim"],
        expires_at=now + timedelta(days=1),
        now=now,
    )
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/scim+json"}
    with httpx.Client(base_url=f"{house}/scim/v2", headers=headers, timeout=30) as client:
        yield client


def test_within_a_minute_of_leaving_nothing_rests_on_a_leaver_any_more(new_page, directory: httpx.Client) -> None:
    leaver, colleague = person("spoc"), person("local.officer")
    chiefs = make.account("The chief of Dundee", tier="individual", unit_key=leaver.unit_id, connected=False)
    Account.objects.filter(pk=chiefs.pk).update(holder=leaver)
    scheduled = written_by(leaver, "The fair begins at ten on Saturday.", "Dundee Local Policing")
    approve(scheduled, person("commander"))
    waiting = written_by(leaver, "The old road opens again on Monday.", "Dundee Local Policing")
    approved = written_by(colleague, "The bridge closes at six tonight.", "Dundee Local Policing")
    approve(approved, leaver)
    page, own = new_page(), new_page()
    sign_in(own, "spoc")

    began = time.monotonic()
    leaves(directory, leaver)

    own.reload()
    expect(own.get_by_role("heading", name="Sign in")).to_be_visible()
    sees_what_followed(page, scheduled, waiting, approved)
    assert time.monotonic() - began < 60
    hands_over(page, chiefs)


def leaves(directory: httpx.Client, leaver: Person) -> None:
    found = directory.get("/Users", params={"filter": f'userName eq "{leaver.email}"'}).json()
    (user,) = found["Resources"]
    said = {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "replace", "path": "active", "value": False}],
    }
    answer = directory.patch(f"/Users/{user['id']}", content=json.dumps(said))
    assert answer.status_code == 200, answer.text


def sees_what_followed(page: Page, scheduled: Post, waiting: Post, approved: Post) -> None:
    sign_in(page, "commander")
    page.goto("/notices/")
    expect(page.get_by_text("Dundee Local Policing (Bluesky) has no point of contact").first).to_be_visible()
    expect(page.get_by_text("A scheduled post is held: its author has left or moved").first).to_be_visible()
    expect(page.get_by_text("A post needs a new author").first).to_be_visible()
    page.goto(f"/posts/{scheduled.pk}/")
    expect(page.get_by_text("who wrote this, has left or moved").first).to_be_visible()
    no_findings(page)
    page.goto(f"/posts/{waiting.pk}/")
    expect(page.get_by_text("Sent back by Mercat")).to_be_visible()
    no_findings(page)
    page.goto(f"/posts/{approved.pk}/")
    expect(page.get_by_text("Waiting for approval").first).to_be_visible()
    expect(page.get_by_role("button", name="Approve", exact=True)).to_be_visible()
    sign_out(page)


def hands_over(page: Page, chiefs: Account) -> None:
    sign_in(page, "communications")
    page.goto("/register/hand-overs/")
    no_findings(page)
    fits(page)
    page.get_by_role("link", name="Hand over or close").click()
    no_findings(page)
    page.get_by_label("Staff number of the next holder").fill(f"{DEMO}commander")
    page.locator("#reason").fill("Next in line")
    page.get_by_role("button", name="Hand it over").click()
    expect(page.get_by_text("from now on.")).to_be_visible()
    chiefs.refresh_from_db()
    assert chiefs.holder == person("commander")
    sign_out(page)


@pytest.mark.parametrize("width", [1280, 320])
def test_the_pages_for_other_programmes_have_no_finding(new_page, width: int) -> None:
    page = new_page(width=width)
    sign_in(page, "administrator")
    for address, typed in (("/tokens/", None), ("/webhooks/", "https://desk.example/a/rather/long/address/of/a/hook")):
        page.goto(address)
        no_findings(page)
        fits(page)
        page.get_by_role("button", name="Make the token" if typed is None else "Add the address").click()
        expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()
        no_findings(page)
        if typed is None:
            page.get_by_label("What uses it").fill("The service desk’s system")
            page.get_by_label("Staff number of the person").fill(f"{DEMO}ict")
            page.get_by_label("Read access requests").check()
            page.get_by_label("30 days").check()
            page.get_by_role("button", name="Make the token").click()
            expect(page.get_by_role("heading", name="“The service desk’s system” is made")).to_be_visible()
        else:
            page.get_by_label("Address").fill(typed)
            page.get_by_label("person.left").check()
            page.get_by_role("button", name="Add the address").click()
            expect(page.get_by_role("heading", name="The address is told from now on")).to_be_visible()
        no_findings(page)
        fits(page)
    page.get_by_role("link", name=typed).click()
    expect(page.get_by_text("Nothing yet")).to_be_visible()
    no_findings(page)
    fits(page)

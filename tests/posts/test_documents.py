"""Documents: a title, bound to what is approved, for which a network that shows them makes the pictures pages."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from mercat.delivery.manifest import contents, item_for
from mercat.delivery.models import Consignment
from mercat.images.documents import take_in_document
from mercat.images.models import Document, Picture
from mercat.networks import registry
from mercat.people.actions import Impossible
from mercat.posts import actions
from mercat.posts.actions import DoesNotFit
from mercat.posts.cli import post as command
from mercat.posts.contents import Draft, DraftPicture, title
from mercat.posts.models import Post
from mercat.register.models import Account
from tests import factories as make
from tests.factories import NOW
from tests.images.crafted import pdf, quarters, saved
from tests.pages import passphrase_alone  # noqa: F401
from tests.posts.test_correcting import stands

pytestmark = pytest.mark.django_db

TITLE = "Keep safe in winter"


@pytest.fixture(autouse=True)
def store(settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def linkedin(db: None) -> Account:
    return make.account("Dundee at work", network="linkedin")


@pytest.fixture
def pages(author) -> list[Picture]:
    return take_in_document(by=author, name="leaflet.pdf", upload=pdf("Front", "Back"), most=20, now=NOW)


def leaflet(pages: list[Picture], *accounts: Account, title: str = TITLE, **about: object) -> Draft:
    pictures = tuple(DraftPicture(str(page.pk), f"Page {number}") for number, page in enumerate(pages, 1))
    return make.draft(*accounts, pictures=pictures, document=title, **about)


def approved(author, draft: Draft, *accounts: Account) -> Post:
    post = actions.compose(by=author, draft=draft, now=NOW)
    version = actions.submit(by=author, post=post, now=NOW)
    for account in accounts:
        actions.approve(by=make.spoc_of(account, f"Contact of {account}"), post=post, digest=version.digest, now=NOW)
    post.refresh_from_db()
    return post


# What is approved, and what goes out


def test_linkedin_alone_shows_documents() -> None:
    assert [network.spec.slug for network in registry.all() if network.spec.documents] == ["linkedin"]


def test_its_title_is_approved_and_its_pages_are_pictures_elsewhere(author, account, linkedin, pages) -> None:
    post = approved(author, leaflet(pages, account, linkedin), account, linkedin)
    assert contents(post.current.manifest)["document"] == TITLE
    titles = {row.account.network: item_for(row, first_sent_at=NOW, now=NOW) for row in Consignment.objects.all()}
    assert {network: item.document for network, item in titles.items()} == {account.network: "", "linkedin": TITLE}
    assert all(len(item.media) == 2 for item in titles.values())


def test_what_was_approved_before_there_were_documents_has_none(author, linkedin, pages, monkeypatch) -> None:
    whole = actions.canonical

    def of_before(*about: object, **more: object) -> bytes:
        said = json.loads(whole(*about, **more))
        del said["document"]
        return json.dumps(said).encode()

    monkeypatch.setattr(actions, "canonical", of_before)
    approved(author, leaflet(pages, linkedin), linkedin)
    assert item_for(Consignment.objects.get(), first_sent_at=NOW, now=NOW).document == ""


# What it may be


def refused(author, draft: Draft) -> list[str]:
    post = actions.compose(by=author, draft=draft, now=NOW)
    return [str(error) for error in actions.obstacles(by=author, post=post, now=NOW)]


def test_a_title_that_nobody_shows_is_refused(author, account, linkedin, pages) -> None:
    assert refused(author, leaflet(pages, account)) == [f"{actions.NO_DOCUMENTS} Nothing was submitted."]
    assert refused(author, leaflet(pages, account, linkedin)) == []
    assert refused(author, leaflet(pages, account, title="")) == []


def test_its_limits_are_told_in_the_adapters_words(author, linkedin, pages) -> None:
    post = actions.compose(by=author, draft=leaflet(pages, linkedin, title="T" * 70), now=NOW)
    with pytest.raises(DoesNotFit) as error:
        actions.submit(by=author, post=post, now=NOW)
    said = "The title of the document has 70 characters; LinkedIn takes 58. Shorten it."
    assert [(each.field, each.message) for each in error.value.problems[linkedin]] == [("document", said)]


def test_a_title_is_counted_as_it_is_sent(author, linkedin, pages) -> None:
    """In NFC some letters are two."""
    told = refused(author, leaflet(pages, linkedin, title="\u0a36" * 30))
    assert any("The title of the document has 60 characters; LinkedIn takes 58." in line for line in told)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Keep\nsafe\t in  winter ", "Keep safe in winter"),
        ("a\u202eb\x1bc\x07d", "a b c d"),
        ("👩\u200d🚒 क्\u200dष", "👩\u200d🚒 क्\u200dष"),
        ("Cafe\u0301", "Café"),
    ],
)
def test_a_title_is_one_line_of_what_can_be_printed(typed: str, kept: str) -> None:
    assert title(typed) == kept
    assert title(title(typed)) == title(typed)


@pytest.mark.parametrize("words", ["\ud800", "a\x00b", "x" * 200_000], ids=["half a letter", "nul", "endless"])
def test_a_title_that_cannot_be_kept_is_refused_in_words(author, linkedin, pages, words: str) -> None:
    with pytest.raises(Impossible):
        actions.compose(by=author, draft=leaflet(pages, linkedin, title=words), now=NOW)


# The composer


def a_picture() -> SimpleUploadedFile:
    return SimpleUploadedFile("sign.png", saved(quarters(), "PNG"))


def shown(client, address: str) -> str:
    return client.get(address).content.decode()


def form(post: Post, *accounts: Account, **fields: object) -> dict[str, object]:
    post.refresh_from_db()
    return {
        "post": str(post.pk), "base": post.changed_at.isoformat(), "text": "Ice.", "language": "en",
        "pillar": "warning", "targets": [str(each.pk) for each in accounts], "timing": "approved", "do": "save",
        **fields,
    }  # fmt: skip


def test_a_pdf_becomes_pictures_and_is_given_a_title(client, author, account, linkedin) -> None:
    client.force_login(author)
    post = actions.compose(by=author, draft=make.draft(account, linkedin), now=NOW)
    edit = reverse("posts:edit", args=[post.pk])
    assert 'name="document"' not in shown(client, edit)
    files = [
        SimpleUploadedFile("leaflet.pdf", pdf("Front", "Back")),
        SimpleUploadedFile("sign.png", saved(quarters(), "PNG")),
    ]
    client.post(edit, form(post, account, linkedin, files=files, do="add-picture"))
    post.refresh_from_db()
    pictures = Draft.restored(post.draft).pictures
    names = [Picture.objects.get(pk=each.id).name for each in pictures]
    assert names == ["leaflet.pdf, page 1", "leaflet.pdf, page 2", "sign.png"]
    assert 'name="document"' in shown(client, edit)
    kept = [each.id for each in pictures]
    client.post(edit, form(post, account, linkedin, picture=kept, document=f" {TITLE} "))
    post.refresh_from_db()
    assert Draft.restored(post.draft).document == TITLE
    page = shown(client, edit)
    assert f'value="{TITLE}"' in page
    assert page.count(f"Document: {TITLE}") == 1  # on the card of the network that shows it


def test_a_title_without_pictures_is_dropped(client, author, linkedin) -> None:
    client.force_login(author)
    post = actions.compose(by=author, draft=make.draft(linkedin), now=NOW)
    client.post(reverse("posts:edit", args=[post.pk]), form(post, linkedin, document=TITLE))
    post.refresh_from_db()
    assert Draft.restored(post.draft).document == ""


def test_what_is_wrong_with_a_title_is_told_beside_it(client, author, account, linkedin, pages) -> None:
    client.force_login(author)
    post = actions.compose(by=author, draft=leaflet(pages, account), now=NOW)
    edit, kept = reverse("posts:edit", args=[post.pk]), [str(page.pk) for page in pages]
    alts = {f"alt-{pk}": "A page" for pk in kept}
    for accounts, words, said in (
        ([account], TITLE, actions.NO_DOCUMENTS),
        ([linkedin], "T" * 70, "The title of the document has 70 characters"),
    ):
        answer = client.post(edit, form(post, *accounts, picture=kept, document=words, do="submit", **alts))
        assert answer.status_code == 422
        page = answer.content.decode()
        assert said in page
        assert 'href="#document"' in page


def test_a_pdf_with_too_many_pages_is_told_and_the_rest_is_added(client, author, account) -> None:
    client.force_login(author)
    post = actions.compose(by=author, draft=make.draft(account), now=NOW)
    files = [
        SimpleUploadedFile("book.pdf", pdf(*"abcdefghijklmnopqrstu")),
        SimpleUploadedFile("sign.png", saved(quarters(), "PNG")),
    ]
    answer = client.post(reverse("posts:edit", args=[post.pk]), form(post, account, files=files, do="add-picture"))
    assert "“book.pdf” was not added. This PDF has 21 pages; there is room for 20 more." in answer.content.decode()
    post.refresh_from_db()
    assert len(Draft.restored(post.draft).pictures) == 1


def test_pages_come_to_the_pictures_that_are_there(client, author, account, pages) -> None:
    client.force_login(author)
    post = actions.compose(by=author, draft=leaflet(pages, account), now=NOW)
    there, more = [str(page.pk) for page in pages], [SimpleUploadedFile("a.pdf", pdf(*"abcdefghijklmnopqrs"))]
    answer = client.post(reverse("posts:edit", args=[post.pk]), form(post, account, picture=there, files=more))
    assert "This PDF has 19 pages; there is room for 18 more." in answer.content.decode()


def test_pdfs_come_one_at_a_time(client, author, account) -> None:
    client.force_login(author)
    post = actions.compose(by=author, draft=make.draft(account), now=NOW)
    files = [SimpleUploadedFile(f"{name}.pdf", pdf(name)) for name in "ab"]
    answer = client.post(reverse("posts:edit", args=[post.pk]), form(post, account, files=files))
    assert "“b.pdf” was not added. Add one PDF at a time." in answer.content.decode()
    post.refresh_from_db()
    assert len(Draft.restored(post.draft).pictures) == 1


def test_the_posts_page_tells_of_it(client, author, linkedin, pages) -> None:
    post = approved(author, leaflet(pages, linkedin), linkedin)
    client.force_login(author)
    page = shown(client, reverse("posts:post", args=[post.pk]))
    assert f"<dt>Document</dt><dd>{TITLE}</dd>" in page


# The command line


@pytest.fixture
def by_command(author, linkedin, passphrase_alone, monkeypatch) -> Callable[..., Result]:  # noqa: F811
    monkeypatch.setattr("mercat.posts.cli._signed_in", lambda email: author)
    words = ["--as", author.email, "--text", "Ice.", "--to", linkedin.name, "--pillar", "warning"]
    return lambda *more: CliRunner().invoke(command, ["compose", *words, *more])


def test_the_command_line_brings_a_pdf(by_command, tmp_path: Path) -> None:
    path = tmp_path / "leaflet.pdf"
    path.write_bytes(pdf("Front", "Back"))
    done = by_command("--picture", str(path), "--alt", "The front", "--alt", "The back", "--document", TITLE)
    assert done.exit_code == 0, done.output
    draft = Draft.restored(Post.objects.get().draft)
    assert ([each.alt for each in draft.pictures], draft.document) == (["The front", "The back"], TITLE)
    assert Document.objects.get().pages == 2


def test_the_command_line_wants_pages_for_a_title(by_command) -> None:
    done = by_command("--document", TITLE)
    assert done.exit_code == 2
    assert "no --picture that would be a page of it" in done.output
    assert not Post.objects.exists()


def test_the_command_line_reads_no_file_for_an_account_that_is_none(author, by_command, tmp_path: Path) -> None:
    path = tmp_path / "leaflet.pdf"
    path.write_bytes(pdf("Front", "Back"))
    done = by_command("--to", "Nobody", "--picture", str(path))
    assert "There is no account “Nobody” in the register. Nothing was kept." in done.output
    assert not Document.objects.exists()
    done = by_command("--picture", str(path), *["--alt", "A page"] * 3)
    assert (done.exit_code, "The pictures were kept, and no post." in done.output) == (2, True)
    assert not Post.objects.exists()


def test_the_command_line_holds_all_pdfs_to_the_pictures_of_a_post(by_command, tmp_path: Path) -> None:
    path = tmp_path / "leaflet.pdf"
    path.write_bytes(pdf(*"abcdefghijk"))
    done = by_command("--picture", str(path), "--picture", str(path))
    assert "This PDF has 11 pages; there is room for 9 more." in done.output
    assert not Post.objects.exists()


# A correction


def test_a_correction_where_nobody_shows_the_document_keeps_its_title(author, linkedin, pages) -> None:
    mastodon = make.account("Dundee", network="mastodon")
    out = stands(approved(author, leaflet(pages, linkedin, mastodon), linkedin, mastodon))
    draft = Draft.restored(actions.correct(by=author, post=out, now=NOW).draft)
    one = replace(draft, text="Ice on the road.", targets=(str(mastodon.pk),))
    post = actions.compose(by=author, post=actions.correct(by=author, post=out, now=NOW), draft=one, now=NOW)
    assert [str(each) for each in actions.obstacles(by=author, post=post, now=NOW)] == []


def test_a_correction_keeps_the_title_and_cannot_change_it(client, author, linkedin, pages) -> None:
    out = stands(approved(author, leaflet(pages, linkedin), linkedin))
    post = actions.correct(by=author, post=out, now=NOW)
    draft = Draft.restored(post.draft)
    assert draft.document == TITLE
    other = replace(draft, text="Ice on the road.", document="Another")
    post = actions.compose(by=author, post=post, draft=other, now=NOW)
    told = " ".join(map(str, actions.obstacles(by=author, post=post, now=NOW)))
    assert "The title of the document stays as it went out when words are corrected." in told
    client.force_login(author)
    page = client.get(reverse("posts:edit", args=[post.pk])).content.decode()
    assert '<input type="hidden" name="document" value="Another">' in page

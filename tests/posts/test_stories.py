"""Stories: a kind of post, bound to what is approved; one picture or video without words, where networks have them."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from django.urls import reverse
from PIL import Image

from mercat.delivery.manifest import contents, is_story, item_for
from mercat.delivery.models import Consignment
from mercat.images.actions import take_in
from mercat.images.models import Picture
from mercat.networks import registry
from mercat.people.models import Person
from mercat.posts import actions
from mercat.posts.actions import DoesNotFit, NotAllowed
from mercat.posts.cli import post as command
from mercat.posts.contents import Draft, DraftPicture
from mercat.posts.forms import Typed
from mercat.posts.models import Post
from mercat.posts.presenters.lines import excerpt_of
from mercat.register.models import Account
from tests import factories as make
from tests.factories import NOW
from tests.images.crafted import quarters, saved
from tests.pages import passphrase_alone, text_of  # noqa: F401

pytestmark = pytest.mark.django_db

HAVE = {network.spec.slug for network in registry.all() if network.spec.stories}
BOX = 'name="story"'


@pytest.fixture
def instagram(db: None) -> Account:
    return make.account("Dundee in pictures", network="instagram")


@pytest.fixture
def sign(settings, tmp_path: Path, author: Person) -> Picture:
    settings.MEDIA_ROOT = tmp_path / "files"
    return take_in(by=author, name="sign.png", upload=saved(quarters(), "PNG"), now=NOW)


def story(sign: Picture, *accounts: Account, text: str = "", **about: object) -> Draft:
    return make.draft(*accounts, text=text, pictures=(DraftPicture(str(sign.pk), "A sign"),), story=True, **about)


def refused(author: Person, draft: Draft) -> list[str]:
    post = actions.compose(by=author, draft=draft, now=NOW)
    with pytest.raises(DoesNotFit) as error:
        actions.submit(by=author, post=post, now=NOW)
    return [problem.message for found in error.value.problems.values() for problem in found]


def form(post: Post, *accounts: Account, **fields: object) -> dict[str, object]:
    post.refresh_from_db()
    return {
        "post": str(post.pk), "base": post.changed_at.isoformat(), "text": "", "language": "en", "pillar": "warning",
        "targets": [str(each.pk) for each in accounts], "timing": "approved", "do": "save", **fields,
    }  # fmt: skip


def edit(post: Post) -> str:
    return reverse("posts:edit", args=[post.pk])


# What is approved, and what goes out


def test_instagram_alone_has_stories() -> None:
    assert {"instagram"} == HAVE


def test_what_is_approved_as_a_story_goes_out_as_one(author, instagram, sign) -> None:
    post = actions.compose(by=author, draft=story(sign, instagram), now=NOW)
    version = actions.submit(by=author, post=post, now=NOW)
    assert contents(version.manifest)["story"] is True
    assert is_story(version.manifest)
    contact = make.spoc_of(instagram, "Contact of the pictures")
    actions.approve(by=contact, post=post, digest=version.digest, now=NOW)
    item = item_for(Consignment.objects.get(), first_sent_at=NOW, now=NOW)
    assert (item.story, item.text, len(item.media)) == (True, "", 1)


def test_what_was_approved_before_there_were_stories_is_none(author, account, spoc, monkeypatch) -> None:
    whole = actions.canonical

    def of_before(*about: object, **more: object) -> bytes:
        said = json.loads(whole(*about, **more))
        del said["story"]
        return json.dumps({**said, "format": "mercat-version/3"}).encode()

    monkeypatch.setattr(actions, "canonical", of_before)
    post = make.approved(author, spoc, account)
    assert not is_story(post.current.manifest)
    assert not item_for(Consignment.objects.get(), first_sent_at=NOW, now=NOW).story


# What a story may be


def test_a_story_is_for_networks_that_have_them(author, account, instagram, sign) -> None:
    post_of_its_own = "Bluesky has no stories from here. Leave this account out, or write a post of its own."
    assert refused(author, story(sign, account, instagram)) == [post_of_its_own]


@pytest.mark.parametrize("slug", sorted(network.spec.slug for network in registry.all()))
def test_every_network_takes_a_story_or_says_that_it_has_none(author, sign, slug: str) -> None:
    account = make.account(f"At {slug}", network=slug)
    post = actions.compose(by=author, draft=story(sign, account), now=NOW)
    told = [str(error) for error in actions.obstacles(by=author, post=post, now=NOW)]
    assert [line for line in told if "no stories from here" in line] == ([] if slug in HAVE else told)
    assert bool(told) is (slug not in HAVE)


def test_a_story_has_no_words_and_one_picture(author, instagram, sign) -> None:
    [words] = refused(author, story(sign, instagram, text="Snow."))
    assert words == "A story carries no words. Leave them out, or put them into the picture."
    [bare] = refused(author, make.draft(instagram, text="", story=True))
    assert bare == "A story is one picture or one video. Add one."


def test_a_story_announces_no_broadcast(author, instagram, sign) -> None:
    begins = NOW + timedelta(days=2)
    told = refused(author, story(sign, instagram, begins=begins))
    assert told[0].startswith("Instagram brings no live broadcasts from here.")
    youtube = make.account("At YouTube", network="youtube")
    [told] = refused(author, story(sign, youtube, begins=begins))
    assert told.startswith("YouTube has no stories from here.")


def test_guidance_wants_a_description_all_the_same(author, instagram, sign) -> None:
    """Instagram takes none of a story: it stands here, for those who approve it and for the record."""
    bare = make.draft(instagram, text="", pictures=(DraftPicture(str(sign.pk)),), story=True)
    post = actions.compose(by=author, draft=bare, now=NOW)
    with pytest.raises(NotAllowed, match="no alternative text"):
        actions.submit(by=author, post=post, now=NOW)


# Pages


def test_the_box_is_there_for_whom_a_network_with_stories_is_open(client, author, account) -> None:
    client.force_login(author)
    post = actions.compose(by=author, draft=Draft(), now=NOW)
    assert BOX not in client.get(edit(post)).content.decode()
    make.account("Dundee in pictures", network="instagram")
    said = text_of(client.get(edit(post)))
    assert "One picture or video without words, gone after a day. Only for Instagram." in said


def test_a_story_is_written_shown_and_submitted_without_scripts(client, author, instagram, sign) -> None:
    client.force_login(author)
    post = actions.compose(by=author, draft=story(sign, instagram), now=NOW)
    words = {"picture": str(sign.pk), f"alt-{sign.pk}": "A sign"}
    client.post(edit(post), form(post, instagram, **words))
    post.refresh_from_db()
    assert post.draft["story"] is False
    client.post(edit(post), form(post, instagram, story="yes", **words))
    post.refresh_from_db()
    assert post.draft["story"] is True
    page = client.get(edit(post))
    said = text_of(page)
    assert f'{BOX} type="checkbox" value="yes" checked' in page.content.decode()
    assert "A story: gone after a day" in said
    assert "Nothing written yet" not in said
    assert "characters" not in said
    refused = client.post(edit(post), form(post, instagram, story="yes", do="submit", **words, text="Snow."))
    assert "A story carries no words." in text_of(refused)
    client.post(edit(post), form(post, instagram, story="yes", do="submit", **words))
    shown = text_of(client.get(reverse("posts:post", args=[post.pk])))
    assert shown.count("A story: gone after a day") == 2  # on its card, and about it
    assert "Nothing written yet" not in shown
    assert "A story" in text_of(client.get(reverse("posts:list")))


def test_a_plain_post_says_nothing_of_stories(client, author, account) -> None:
    client.force_login(author)
    plain = make.submitted(author, account)
    shown = text_of(client.get(reverse("posts:post", args=[plain.pk])))
    assert "A story" not in shown
    assert "Road closed at the bridge." in shown


def test_what_was_typed_is_the_draft_and_back() -> None:
    typed = Typed(story=True)
    draft, said = typed.draft(Draft(), now=NOW)
    assert (draft.story, said) == (True, [])
    assert Typed.of_draft(draft).story


def test_a_line_says_that_it_is_a_story() -> None:
    assert excerpt_of({"text": " ", "story": True}) == "A story"
    assert excerpt_of({"text": "Snow", "story": True}) == "Snow"
    assert excerpt_of({"text": "", "story": False}) == excerpt_of({}) == "Nothing written yet"


# The command line


@pytest.mark.usefixtures("passphrase_alone")
def test_a_story_by_command_line(author, instagram, settings, tmp_path: Path, monkeypatch) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"
    monkeypatch.setattr("mercat.posts.cli._signed_in", lambda email: author)
    Image.new("RGB", (108, 192), "navy").save(tmp_path / "snow.png")
    common = ["compose", "--as", author.email, "--to", instagram.name, "--pillar", "warning", "--json"]
    pictured = ["--picture", str(tmp_path / "snow.png"), "--alt", "Snow on the road"]
    done = CliRunner().invoke(command, [*common, *pictured, "--story", "--submit"])
    assert done.exit_code == 0, done.output
    said = contents(Post.objects.get(pk=json.loads(done.output)["id"]).current.manifest)
    assert (said["story"], said["text"]) == (True, "")
    wordless = CliRunner().invoke(command, [*common, *pictured])
    assert (wordless.exit_code, "Say something with --text" in wordless.output) == (2, True)
    assert Post.objects.count() == 1

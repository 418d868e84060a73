"""Pages of what is handed in: the form, one's own, what is there to be chosen, one of them, and who sees its media."""

from __future__ import annotations

from io import BytesIO

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from mercat.delivery.models import Consignment
from mercat.images.actions import take_in
from mercat.images.models import Picture, Video
from mercat.images.preparing import prepare_next
from mercat.images.videos import take_in_video
from mercat.people.actions import grant_role
from mercat.people.models import Person
from mercat.posts import actions as posts
from mercat.posts.contents import Draft, DraftVideo
from mercat.posts.contributions import actions, publishing, queries
from mercat.posts.models import Contribution, Post
from tests import factories as make
from tests.factories import NOW, TEST
from tests.images.filmed import film
from tests.pages import SOON, at_noon, passphrase_alone, picture, queries_of, signed_in, text_of  # noqa: F401
from tests.posts.contributions.conftest import WORDS, brought, handed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon", "files")]

OWN, NEW, CHOOSE = (reverse(f"posts:{name}") for name in ("contributions", "contribution-new", "handed-in"))
FORM = {"do": "hand-in", "text": WORDS, "place": "Dundee harbour", "taken_on": "2026-11-20", "stated": "yes"}


@pytest.fixture
def client(officer: Person) -> Client:
    return signed_in(officer)


@pytest.fixture
def team(comms: Person) -> Client:
    return signed_in(comms)


def page(row: Contribution) -> str:
    return reverse("posts:contribution", args=[row.pk])


def act(row: Contribution, name: str) -> str:
    return reverse("posts:contribution-act", args=[row.pk, name])


def medium(sha256: str) -> str:
    return reverse("posts:contribution-medium", args=[sha256])


def status(client: Client, address: str) -> int:
    response = client.get(address)
    if response.streaming:
        list(response.streaming_content)  # read to its end the file is closed
    return response.status_code


def shown(row: Contribution) -> str:
    return medium(row.media.get().picture.sha256)


# Handing in


def test_by_forms_alone(client: Client, officer: Person) -> None:
    said = text_of(client.get(NEW))
    assert "Show no victim, no suspect" in said
    assert "This is no place to report a crime." in said
    typed = {**FORM, "do": "add-picture"}
    answer = client.post(NEW, {**typed, "files": [picture()]})
    assert answer.status_code == 200
    brought_in = Picture.objects.get()
    html = answer.content.decode()
    assert f'name="picture" value="{brought_in.pk}"' in html
    assert WORDS in text_of(answer), "nothing typed is lost"
    assert 'value="2026-11-20"' in html
    done = client.post(NEW, {**FORM, "picture": str(brought_in.pk), f"alt-{brought_in.pk}": "A boat at the quay"})
    row = Contribution.objects.get()
    assert done["Location"] == page(row)
    assert row.media.get().alt == "A boat at the quay"
    said = text_of(client.get(page(row)))
    assert "A boat at the quay" in said
    assert "Take it back" in said
    assert "Handed in" in said
    assert "Waiting" in text_of(client.get(OWN))


def test_who_hands_in_at_once_is_asked_what_the_new_picture_shows(client: Client) -> None:
    answer = client.post(NEW, {**FORM, "files": [picture()]})
    assert answer.status_code == 200
    assert "Say below what it shows" in text_of(answer)
    assert not Contribution.objects.exists()


@pytest.mark.parametrize(
    ("typed", "field", "said"),
    [
        ({"text": ""}, "text", "Say what it is about"),
        ({"place": ""}, "place", "Say where it was taken"),
        ({"taken_on": ""}, "taken_on", "Enter the day"),
        ({"taken_on": "31/02/2026"}, "taken_on", "Enter a real day"),
        ({"stated": ""}, "stated", "tick it if it is true"),
        ({"picture": ""}, "files", "Add a picture or a video"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    client: Client, officer: Person, typed: dict, field: str, said: str
) -> None:
    answer = client.post(NEW, {**FORM, "picture": str(brought(officer).pk), **typed})
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert f'href="#{field}"' in answer.content.decode()
    assert not Contribution.objects.exists()


def test_a_file_that_is_no_picture_is_told_and_the_words_are_kept(client: Client) -> None:
    answer = client.post(NEW, {**FORM, "files": [SimpleUploadedFile("a.jpg", b"no picture")]})
    assert answer.status_code == 422
    assert "“a.jpg” was not added." in text_of(answer)
    assert WORDS in text_of(answer)


def test_a_fifth_picture_is_told(client: Client) -> None:
    many = [picture(f"{n}.jpg") for n in range(5)]
    said = text_of(client.post(NEW, {**FORM, "files": many}))
    assert "At most 4 pictures go together. “4.jpg” was not added." in said
    assert Picture.objects.count() == 4


def test_one_is_removed_again(client: Client, officer: Person) -> None:
    first, second = brought(officer), brought(officer)
    html = client.post(NEW, {"picture": [str(first.pk), str(second.pk)], "do": f"remove:{first.pk}"}).content.decode()
    assert str(first.pk) not in html
    assert f'value="{second.pk}"' in html


def test_anothers_picture_and_one_that_was_handed_in_are_not_taken_up(
    client: Client, waiting: Contribution, comms: Person
) -> None:
    ids = [str(brought(comms).pk), str(waiting.media.get().picture_id), "nonsense"]
    answer = client.post(NEW, {**FORM, "picture": ids})
    assert answer.status_code == 422
    assert not any(each in answer.content.decode() for each in ids)


def test_what_is_refused_as_things_stand_is_said(client: Client, officer: Person, monkeypatch) -> None:
    for _ in range(10):
        handed_in(officer)
    answer = client.post(NEW, {**FORM, "picture": str(brought(officer).pk)})
    assert answer.status_code == 422
    assert "10 of yours wait already." in text_of(answer)


def test_who_was_signed_out_meanwhile_loses_nothing(officer: Person) -> None:
    anonymous = Client()
    assert anonymous.get(NEW).url == f"/sign-in/?next={NEW}"
    picture_of_theirs = brought(officer)
    answer = anonymous.post(NEW, {**FORM, "picture": str(picture_of_theirs.pk)})
    assert answer.status_code == 401
    assert "What you typed is kept" in text_of(answer)
    assert not Contribution.objects.exists()
    client = signed_in(officer)
    session = client.session
    session["kept"] = f"post=contribution&text=A+boat&place=Dundee&picture={picture_of_theirs.pk}"
    session.save()
    html = client.get(NEW).content.decode()
    assert "A boat" in html
    assert f'value="{picture_of_theirs.pk}"' in html


def test_where_and_with_what_it_was_taken_is_removed_from_what_is_shown(client: Client, officer: Person) -> None:
    image, out, about = Image.new("RGB", (64, 64)), BytesIO(), Image.Exif()
    about[0x010F], about[0x0110] = "Maker", "Camera 7"
    about.get_ifd(0x8825)[2] = (56.0, 27.0, 0.0)
    image.save(out, "JPEG", exif=about)
    row = handed_in(officer, take_in(by=officer, name="a.jpg", upload=out.getvalue(), now=NOW))
    answer = client.get(shown(row))
    data = b"".join(answer.streaming_content)
    assert b"Camera 7" not in data
    assert dict(Image.open(BytesIO(data)).getexif()) == {}


# A video


def test_a_video_comes_with_the_form_and_in_slices(client: Client, officer: Person, tmp_path) -> None:
    data = film(tmp_path / "boat.mp4").read_bytes()
    answer = client.post(NEW, {**FORM, "do": "add-film", "film": SimpleUploadedFile("boat.mp4", data, "video/mp4")})
    assert "“boat.mp4” is here, and is being prepared." in text_of(answer)
    begun = client.post(reverse("posts:contribution-video"), {"name": "two.mp4", "size": str(len(data))})
    assert begun.status_code == 201
    pk = begun.json()["video"]
    address = reverse("posts:contribution-slice", args=[pk, 0])
    other = signed_in(make.person("Other"))
    assert other.post(address, data, content_type="application/octet-stream").status_code == 404
    assert client.post(address, data, content_type="application/octet-stream").json() == {"slices": 1}
    assert client.post(NEW, {**FORM, "video": pk, f"alt-{pk}": "A boat"}).status_code == 302
    row = Contribution.objects.get()
    assert (row.kind, row.media.get().video.name) == ("video", "two.mp4")
    assert "being prepared" in text_of(client.get(page(row)))


def test_a_video_too_large_is_refused_in_words(client: Client) -> None:
    answer = client.post(reverse("posts:contribution-video"), {"name": "two.mp4", "size": str(3 * 2**30)})
    assert answer.status_code == 422
    assert "larger than 2 GB" in answer.json()["refused"]


def test_a_video_is_played_to_those_who_may_see_it(client: Client, team: Client, officer: Person, tmp_path) -> None:
    data = film(tmp_path / "boat.mp4").read_bytes()
    take_in_video(by=officer, name="boat.mp4", file=ContentFile(data), size=len(data), now=NOW)
    assert prepare_next()
    video = Video.objects.get()
    row = handed_in(officer, pictures=[], video=DraftVideo(str(video.pk), "A boat"))
    for who in (client, team):
        assert "<video" in who.get(page(row)).content.decode()
        part = who.get(medium(video.sha256), headers={"Range": "bytes=0-99"})
        assert (part.status_code, len(b"".join(part.streaming_content))) == (206, 100)
        assert status(who, medium(video.cover.sha256)) == 200
    assert status(signed_in(make.person("Other")), medium(video.sha256)) == 404


# Who sees it


def test_only_its_contributor_and_those_who_choose_see_it(client: Client, team: Client, waiting: Contribution) -> None:
    commander = make.authorised("Commander", rank="chief-superintendent", unit_roles=("divisional-commander",))
    for who, wanted in ((client, 200), (team, 200), (signed_in(commander), 404), (signed_in(make.person("X")), 404)):
        assert who.get(page(waiting)).status_code == wanted
        assert status(who, shown(waiting)) == wanted
    assert Client().get(page(waiting)).status_code == 302
    assert status(Client(), shown(waiting)) == 302
    answer = client.get(shown(waiting))
    assert "no-store" in answer["Cache-Control"]
    assert list(answer.streaming_content)


def test_what_is_declined_or_taken_back_is_shown_to_nobody_else(
    client: Client, team: Client, waiting: Contribution, officer: Person, comms: Person
) -> None:
    actions.decline(by=comms, row=waiting, reason="Blurred", now=SOON)
    assert status(team, shown(waiting)) == 404
    said = team.get(page(waiting))
    assert "shown to nobody else now" in text_of(said)
    assert shown(waiting) not in said.content.decode()
    assert status(client, shown(waiting)) == 200
    assert "Blurred" in text_of(client.get(page(waiting)))
    actions.reopen(by=comms, row=waiting, now=SOON)
    assert status(team, shown(waiting)) == 200
    actions.take_back(by=officer, row=waiting, now=SOON)
    assert status(team, shown(waiting)) == 404
    assert team.get(page(waiting)).status_code == 404
    assert client.get(page(waiting)).status_code == 200


def test_one_picture_of_nothing_is_seen_by_who_brought_it_alone(client: Client, officer: Person, team: Client) -> None:
    address = medium(brought(officer).sha256)
    assert status(client, address) == 200
    assert status(team, address) == 404


def test_from_another_device_it_is_read_and_nothing_handed_in(officer: Person, settings, monkeypatch) -> None:
    monkeypatch.setattr(
        "mercat.people.devices.here.PROOFS", dict.fromkeys(("certificate", "claim", "address"), lambda _: "")
    )
    client = signed_in(officer)
    said = client.get(NEW)
    assert said.status_code == 403
    assert "6.4" in text_of(said)
    assert client.get(OWN).status_code == 200


# Choosing


def test_the_list_of_what_waits_is_filtered_and_the_oldest_comes_first(
    team: Client, waiting: Contribution, officer: Person
) -> None:
    other = make.person("Leith", unit_key="edinburgh")
    handed_in(other, words="A younger one", now=SOON)
    said = text_of(team.get(CHOOSE))
    assert said.index(WORDS) < said.index("A younger one")
    assert "Officer, Tayside" in said
    assert shown(waiting) in team.get(CHOOSE).content.decode()
    said = text_of(team.get(CHOOSE, {"unit": "edinburgh"}))
    assert WORDS not in said
    assert "A younger one" in said
    assert "Nothing here" in text_of(team.get(CHOOSE, {"kind": "video"}))
    assert WORDS in text_of(team.get(CHOOSE, {"unit": "nonsense", "kind": "x", "state": "taken_back"}))


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("waiting", "Nothing waits to be chosen"), ("shelved", "Nothing is kept for later"),
        ("used", "No post is made"), ("declined", "Nothing was declined"),
    ],
)  # fmt: skip
def test_an_empty_list_teaches(team: Client, client: Client, state: str, said: str) -> None:
    assert said in text_of(team.get(CHOOSE, {"state": state}))
    assert "You have handed in nothing yet" in text_of(client.get(OWN))


def test_who_does_not_choose_sees_the_clause(client: Client) -> None:
    answer = client.get(CHOOSE)
    assert answer.status_code == 403
    assert "4.4" in text_of(answer)


def test_a_long_list_takes_no_more_queries(team: Client, officer: Person) -> None:
    handed_in(officer)
    few = queries_of(team, CHOOSE)
    for _ in range(5):
        handed_in(officer)
    assert queries_of(team, CHOOSE) <= few


@pytest.mark.usefixtures("instagram")
def test_a_post_is_made_of_it_on_one_button(team: Client, client: Client, waiting: Contribution) -> None:
    assert "Make a post of it" not in text_of(client.get(page(waiting)))
    answer = team.post(act(waiting, "use"))
    post = Post.objects.get()
    assert answer["Location"] == reverse("posts:edit", args=[post.pk])
    html = team.get(answer["Location"]).content.decode()
    assert f"{WORDS}\n\nPicture: Tayside" in html
    assert "A boat" in html
    assert status(team, reverse("posts:picture", args=[post.pk, waiting.media.get().picture.sha256])) == 200
    assert "A post is being made of it" in text_of(client.get(page(waiting)))
    assert client.get(reverse("posts:post", args=[post.pk])).status_code == 404, "a draft is its author's"


def test_decisions_by_forms(team: Client, client: Client, waiting: Contribution, officer: Person) -> None:
    assert team.post(act(waiting, "shelve")).status_code == 302
    assert team.post(act(waiting, "reopen")).status_code == 302
    refused = team.post(act(waiting, "decline"), {"reason": ""})
    assert refused.status_code == 422
    assert 'href="#reason"' in refused.content.decode()
    assert team.post(act(waiting, "decline"), {"reason": "Blurred"}).status_code == 302
    again = team.post(act(waiting, "shelve"))
    assert again.status_code == 422
    assert "not used" in text_of(again)
    assert team.post(act(waiting, "nonsense")).status_code == 404
    assert client.post(act(waiting, "reopen")).status_code == 403
    second = handed_in(officer)
    assert client.post(act(second, "take-back")).status_code == 302
    assert "Taken back" in text_of(client.get(OWN))
    said = text_of(client.get(page(waiting)))
    for what in ("Handed in", "Kept for later", "Waits again", "Not used"):
        assert what in said


def test_once_it_is_out_the_contributor_sees_where(
    client: Client, team: Client, waiting: Contribution, comms: Person, duty: Person, instagram
) -> None:
    post = actions.make_post(by=comms, row=waiting, now=NOW)
    draft = make.draft(instagram, pictures=Draft.restored(post.draft).pictures)
    posts.compose(by=comms, post=post, draft=draft, now=NOW)
    posts.submit(by=comms, post=post, now=NOW)
    post.refresh_from_db()
    posts.approve(by=duty, post=post, digest=post.current.digest, now=NOW)
    url = "https://network.example/p/1"
    Consignment.objects.update(state="sent", native_id="n1", url=url, read_back_at=NOW, sent_at=NOW)
    publishing.run(now=SOON)
    for address in (OWN, page(waiting)):
        answer = client.get(address)
        assert "Published" in text_of(answer)
        assert url in answer.content.decode()
    assert "What you handed in is published" in text_of(client.get("/notices/"))
    there = reverse("posts:post", args=[post.pk])
    assert "A post is made of what was handed in" in text_of(team.get(there))
    assert page(waiting) in team.get(there).content.decode()
    assert page(waiting) in client.get(there).content.decode(), "their own, of a post that is out"
    stranger = signed_in(make.person("Stranger")).get(there)
    assert page(waiting) not in stranger.content.decode()
    assert "was told that it is out" not in text_of(stranger)


# Ways there


def test_everybody_finds_it_from_home_and_posts_and_who_chooses_sees_how_many_wait(
    client: Client, team: Client, waiting: Contribution, monkeypatch
) -> None:
    for address in ("/", "/posts/"):
        html = client.get(address).content.decode()
        assert NEW in html
        assert CHOOSE not in html
        html = team.get(address).content.decode()
        assert NEW in html
        assert CHOOSE in html
    assert "Handed in (1)" in text_of(team.get("/posts/"))
    assert "Pictures and videos to choose from" in text_of(team.get("/"))
    handed_in(waiting.person)
    monkeypatch.setattr(queries, "MOST_COUNTED", 1)
    assert "Handed in (1+)" in text_of(team.get("/posts/"))


def test_of_what_does_not_wait_home_says_nothing(team: Client) -> None:
    assert CHOOSE not in team.get("/").content.decode()
    assert "Handed in ·" in text_of(team.get("/posts/"))


def test_a_trained_officer_who_came_to_choose_sees_it(waiting: Contribution) -> None:
    other = make.authorised("Other")
    assert signed_in(other).get(page(waiting)).status_code == 404
    grant_role(by=TEST, person=other, role="corporate-communications", unit=None, now=NOW)
    assert signed_in(other).get(page(waiting)).status_code == 200

"""A post with a video: brought, waited for, described, captioned, approved and handed over."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from io import SEEK_CUR, SEEK_END
from pathlib import Path

import pytest
from click.testing import CliRunner
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from mercat.delivery.manifest import contents, given, item_for
from mercat.delivery.models import Consignment
from mercat.images import videos
from mercat.images.actions import take_in
from mercat.images.models import Video
from mercat.images.preparing import prepare_next
from mercat.images.videos import take_in_video
from mercat.networks.port import Altered
from mercat.posts import actions
from mercat.posts.actions import DoesNotFit, Impossible
from mercat.posts.cli import post as command
from mercat.posts.contents import DraftPicture, DraftVideo
from mercat.posts.models import Post
from mercat.posts.views.media import _Window
from mercat.register import actions as actions_of_register
from tests import factories as make
from tests.factories import NOW
from tests.images.filmed import film
from tests.pages import SOON, at_noon, files, passphrase_alone, picture, signed_in, text_of  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon", "files")]

SRT = "1\n00:00:00,000 --> 00:00:00,900\nThe road is closed\n"
VTT = "WEBVTT\n\n00:00:00.000 --> 00:00:00.900\nThe road is closed\n"


@pytest.fixture(scope="module")
def upload(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return film(tmp_path_factory.mktemp("film") / "road.mp4").read_bytes()


@pytest.fixture
def account():
    return make.account("Dundee", network="x")


@pytest.fixture
def spoc(account):
    return make.spoc_of(account, "Contact")


@pytest.fixture
def author(account, spoc):
    return make.authorised("Author")


@pytest.fixture
def client(author) -> Client:
    return signed_in(author)


@pytest.fixture
def waiting(author, upload: bytes) -> Video:
    return take_in_video(by=author, name="road.mp4", file=ContentFile(upload), size=len(upload), now=NOW)


@pytest.fixture
def ready(waiting: Video) -> Video:
    assert prepare_next()
    waiting.refresh_from_db()
    return waiting


def filmed(video: Video, **about: str) -> DraftVideo:
    return DraftVideo(str(video.pk), about.pop("alt", "A closed road"), **about)


def drafted(author, account, video: Video, **about: str) -> Post:
    return actions.compose(by=author, draft=make.draft(account, video=filmed(video, **about)), now=NOW)


def form(post: Post, *accounts, do: str = "save", **fields: object) -> dict[str, object]:
    post.refresh_from_db()
    return {
        "post": str(post.pk), "base": post.changed_at.isoformat(), "text": "Road closed.", "language": "en",
        "targets": [str(each.pk) for each in accounts], "pillar": "warning", "timing": "approved", "do": do, **fields,
    }  # fmt: skip


def edit(post: Post) -> str:
    return reverse("posts:edit", args=[post.pk])


# What is approved, and what goes out


def test_the_version_names_the_video_its_cover_and_its_captions(author, account, ready) -> None:
    draft = make.draft(account, video=filmed(ready, captions=VTT), synthetic=True)
    post = actions.compose(by=author, draft=draft, now=NOW)
    version = actions.submit(by=author, post=post, now=NOW)
    said = contents(version.manifest)
    described = ("sha256", "mime", "width", "height", "size")
    assert said["synthetic"] is True
    assert said["media"] == [
        {
            **{name: getattr(ready, name) for name in described},
            "kind": "video",
            "alt": "A closed road",
            "seconds": ready.seconds,
            "captions": VTT,
            "cover": {name: getattr(ready.cover, name) for name in described},
        }
    ]
    assert version.manifest.files == {ready.sha256: ready.file, ready.cover.sha256: ready.cover.file}


def test_what_goes_out_is_the_video_that_was_approved(author, spoc, account, ready) -> None:
    make.approved(author, spoc, account, video=filmed(ready, captions=VTT), synthetic=True)
    consignment = Consignment.objects.get()
    item = item_for(consignment, first_sent_at=NOW, now=NOW)
    [medium] = item.media
    assert item.synthetic
    assert medium.is_video
    assert (medium.seconds, medium.captions, medium.alt) == (ready.seconds, VTT, "A closed road")
    pieces = [medium.part(at, 1_000) for at in range(0, medium.size, 1_000)]
    assert hashlib.sha256(b"".join(pieces)).hexdigest() == ready.sha256
    assert medium.part(medium.size, 1_000) == b""
    assert hashlib.sha256(medium.cover.read()).hexdigest() == ready.cover.sha256


@pytest.mark.parametrize("which", ["video", "cover"])
def test_another_file_in_its_place_does_not_go_out(author, spoc, account, ready, which: str) -> None:
    make.approved(author, spoc, account, video=filmed(ready))
    [medium] = item_for(Consignment.objects.get(), first_sent_at=NOW, now=NOW).media
    name = ready.file if which == "video" else ready.cover.file
    default_storage.delete(name)
    default_storage.save(name, ContentFile(b"another"))
    with pytest.raises(Altered, match="not the one that was approved"):
        medium.part(0, 10) if which == "video" else medium.cover.read()


def test_a_video_that_is_not_ready_is_not_submitted(author, account, waiting) -> None:
    post = drafted(author, account, waiting)
    with pytest.raises(Impossible, match=r"still being prepared \(0%\)"):
        actions.submit(by=author, post=post, now=NOW)
    Video.objects.update(state="refused", refusal="This video is damaged.")
    with pytest.raises(Impossible, match="This video is damaged"):
        actions.submit(by=author, post=post, now=NOW)
    assert post.versions.count() == 0


def test_a_video_without_words_for_the_blind_is_refused(author, account, ready) -> None:
    post = drafted(author, account, ready, alt=" ")
    with pytest.raises(actions.NotAllowed, match="alternative text"):
        actions.submit(by=author, post=post, now=NOW)


@pytest.mark.parametrize("wanted", ["no id at all", "00000000-0000-0000-0000-000000000001"])
def test_a_video_that_vanished_is_said(author, account, wanted: str) -> None:
    post = actions.compose(by=author, draft=make.draft(account, video=DraftVideo(wanted, "A road")), now=NOW)
    with pytest.raises(Impossible, match="no longer there"):
        actions.submit(by=author, post=post, now=NOW)


def test_a_network_that_takes_none_is_told_in_its_own_words(author, ready, account) -> None:
    other = make.account("Perth", network="x", limits={})
    post = drafted(author, other, ready)
    Video.objects.update(seconds=200.0)
    with pytest.raises(actions.DoesNotFit, match="lasts 3 minutes 20 seconds"):
        actions.submit(by=author, post=post, now=NOW)


# The composer


@pytest.fixture
def post(client) -> Post:
    client.post("/posts/new/")
    return Post.objects.get()


def test_a_video_is_added_described_captioned_and_removed_without_scripts(client, post, account, upload) -> None:
    file = SimpleUploadedFile("road.mp4", upload, "video/mp4")
    client.post(edit(post), form(post, account, do="add-film", film=file))
    row = Video.objects.get()
    assert post.__class__.objects.get().draft["video"] == {"id": str(row.pk), "alt": "", "captions": ""}
    page = client.get(edit(post))
    assert "Waiting to be prepared" in text_of(page)
    prepare_next()
    page = client.get(edit(post))
    assert f'src="{reverse("posts:picture", args=[post.pk, Video.objects.get().sha256])}"' in page.content.decode()
    words = {"video": str(row.pk), f"alt-{row.pk}": "A road", "synthetic": "yes"}
    captions = SimpleUploadedFile("road.srt", SRT.encode(), "text/plain")
    client.post(edit(post), form(post, account, do="add-captions", **words, **{"captions-file": captions}))
    post.refresh_from_db()
    assert (post.draft["video"]["captions"], post.draft["synthetic"]) == (VTT, True)
    shown = client.get(reverse("posts:captions", args=[post.pk]))
    assert (shown.content.decode(), shown["Content-Type"]) == (VTT, "text/vtt; charset=utf-8")
    client.post(edit(post), form(post, account, do=f"remove:{row.pk}", captions=VTT, **words))
    post.refresh_from_db()
    assert (post.draft["video"], post.draft_video, post.draft["synthetic"]) == (None, None, False)


def test_captions_that_cannot_be_read_stay_in_the_box_and_what_was_kept_stays(client, post, account, ready) -> None:
    words = {"video": str(ready.pk), f"alt-{ready.pk}": "A road"}
    client.post(edit(post), form(post, account, captions=SRT, **words))
    response = client.post(edit(post), form(post, account, captions="The road is closed", **words))
    assert "These are no captions that can be read" in text_of(response)
    assert "The road is closed</textarea>" in response.content.decode()
    post.refresh_from_db()
    assert post.draft["video"]["captions"] == VTT
    latin = SimpleUploadedFile("road.srt", "Caf\xe9".encode("latin-1"))
    response = client.post(
        edit(post), form(post, account, do="add-captions", captions=VTT, **words, **{"captions-file": latin})
    )
    assert "is not in UTF-8" in text_of(response)


def test_what_is_no_video_is_told_and_nothing_typed_is_lost(client, post, account) -> None:
    file = SimpleUploadedFile("letter.mp4", b"Dear Chief Constable", "video/mp4")
    response = client.post(edit(post), form(post, account, do="add-film", film=file, text="Precious words"))
    assert "“letter.mp4” was not added. This file is not a video" in text_of(response)
    post.refresh_from_db()
    assert (post.draft["text"], post.draft["video"]) == ("Precious words", None)


def test_a_picture_is_added_beside_a_video_and_the_page_says_who_is_given_which(client, post, account, ready) -> None:
    words = {"video": str(ready.pk), f"alt-{ready.pk}": "A road"}
    client.post(edit(post), form(post, account, do="add-picture", files=[picture()], **words))
    post.refresh_from_db()
    assert (len(post.draft["pictures"]), post.draft["video"]["id"]) == (1, str(ready.pk))
    assert "YouTube takes videos alone, and is given the video" in text_of(client.get(edit(post)))


def test_a_second_video_is_not_added(client, post, account, ready, upload) -> None:
    words = {"video": str(ready.pk), f"alt-{ready.pk}": "A road"}
    file = SimpleUploadedFile("two.mp4", upload, "video/mp4")
    response = client.post(edit(post), form(post, account, do="add-film", film=file, **words))
    assert "A post has one video" in text_of(response)
    post.refresh_from_db()
    assert post.draft["video"]["id"] == str(ready.pk)


def test_somebody_elses_video_cannot_be_taken_by_its_id(client, post, account, spoc, upload) -> None:
    theirs = take_in_video(by=spoc, name="road.mp4", file=ContentFile(upload), size=len(upload), now=NOW)
    response = client.post(edit(post), form(post, account, video=str(theirs.pk)))
    assert "The video is no longer there" in text_of(response)
    post.refresh_from_db()
    assert post.draft["video"] is None


def test_progress_is_asked_for_until_there_is_none_to_tell(client, author, account, waiting) -> None:
    post = drafted(author, account, waiting)
    where = reverse("posts:video", args=[post.pk])
    Video.objects.update(state="preparing", hundredths=42)
    moving = client.get(where)
    assert 'value="42"' in moving.content.decode()
    assert "hx-get" in moving.content.decode()
    assert "HX-Trigger" not in moving.headers
    Video.objects.update(state="refused", refusal="This video is damaged.")
    over = client.get(where)
    assert "This video is damaged" in text_of(over)
    assert "hx-get" not in over.content.decode()
    assert over["HX-Trigger"] == "film-ready"


def test_the_page_of_the_post_shows_it_with_its_captions(client, author, spoc, account, ready) -> None:
    post = make.submitted(author, account, video=filmed(ready, captions=VTT), synthetic=True)
    for each in (client, signed_in(spoc)):
        response = each.get(reverse("posts:post", args=[post.pk]))
        html = response.content.decode()
        assert f'src="{reverse("posts:picture", args=[post.pk, ready.sha256])}"' in html
        assert f'poster="{reverse("posts:picture", args=[post.pk, ready.cover.sha256])}"' in html
        assert "The road is closed" in html
        assert "Made or altered by a machine" in html


def test_captions_are_those_of_the_version_that_is_looked_at(client, author, spoc, account, ready) -> None:
    post = make.submitted(author, account, video=filmed(ready, captions=VTT))
    actions.send_back(by=spoc, post=post, digest=post.current.digest, reason="Say where.", now=NOW)
    other = VTT.replace("The road", "The bridge")
    post.refresh_from_db()
    actions.compose(by=author, draft=make.draft(account, video=filmed(ready, captions=other)), post=post, now=NOW)
    where = reverse("posts:captions", args=[post.pk])
    for each, asked, says in (
        (client, "", other), (client, "?version=1", VTT), (signed_in(spoc), "?version=1", VTT),
    ):  # fmt: skip
        assert each.get(where + asked).content.decode() == says
    assert client.get(f"{where}?version=2").status_code == 404
    assert client.get(f"{where}?version=x").status_code == 404
    assert f"{where}?version=1" in signed_in(spoc).get(reverse("posts:post", args=[post.pk])).content.decode()


def test_a_save_that_changes_nothing_keeps_the_stamp(client, author, account, ready) -> None:
    post = drafted(author, account, ready)
    before = post.stamp
    actions.compose(by=author, draft=make.draft(account, video=filmed(ready)), post=post, now=SOON)
    post.refresh_from_db()
    assert post.stamp == before


def test_whoever_was_signed_out_stays_on_the_page(author, account, waiting) -> None:
    post = drafted(author, account, waiting)
    answer = Client().get(reverse("posts:video", args=[post.pk]), headers={"HX-Request": "true"})
    assert (answer.status_code, "HX-Redirect" in answer.headers) == (286, False)
    assert "signed out" in answer.content.decode()


def test_nothing_is_told_of_somebody_elses_video(client, post, account, spoc, upload) -> None:
    theirs = take_in_video(by=spoc, name="secret.mp4", file=ContentFile(upload), size=len(upload), now=NOW)
    for where in (edit(post), reverse("posts:autosave", args=[post.pk])):
        answer = client.post(where, form(post, account, video=str(theirs.pk)))
        assert "secret.mp4" not in answer.content.decode()


def test_captions_that_are_too_long_keep_no_words_from_being_kept(client, post, account, ready) -> None:
    times = (f"00:{n // 60:02}:{n % 60:02}" for n in range(500))
    cues = "\n".join(f"{at}.000 --> {at}.900\n{'word ' * 40}\n" for at in times)
    words = {"video": str(ready.pk), f"alt-{ready.pk}": "A road"}
    client.post(edit(post), form(post, account, captions=f"WEBVTT\n\n{cues}", text="Precious", **words))
    post.refresh_from_db()
    assert (post.draft["text"], len(post.draft["video"]["captions"]) > 100_000) == ("Precious", True)
    answer = client.post(edit(post), form(post, account, captions="x" * 200_001, text="More precious", **words))
    assert "more than the 200,000" in text_of(answer)
    post.refresh_from_db()
    assert post.draft["text"] == "More precious"


# Its bytes


def test_a_player_gets_the_part_that_it_asks_for(client, author, account, ready) -> None:
    post = drafted(author, account, ready)
    where = reverse("posts:picture", args=[post.pk, ready.sha256])
    with default_storage.open(ready.file) as file:
        data = file.read()
    whole = client.get(where)
    assert (whole.status_code, whole["Accept-Ranges"], b"".join(whole)) == (200, "bytes", data)
    last = len(data) - 1
    for asked, first, end in (("0-9", 0, 9), ("10-", 10, last), (f"5-{last + 50}", 5, last)):
        part = client.get(where, headers={"Range": f"bytes={asked}"})
        assert (part.status_code, part["Content-Range"]) == (206, f"bytes {first}-{end}/{len(data)}")
        assert b"".join(part) == data[first : end + 1]
        assert part["Content-Length"] == str(end + 1 - first)
    past = client.get(where, headers={"Range": f"bytes={len(data)}-"})
    assert (past.status_code, past["Content-Range"]) == (416, f"bytes */{len(data)}")
    odd = client.get(where, headers={"Range": "bytes=-5"})
    assert (odd.status_code, b"".join(odd)) == (200, data)


def test_a_part_is_a_file_of_its_own_that_the_web_server_takes_over(tmp_path: Path) -> None:
    (tmp_path / "whole").write_bytes(b"0123456789")
    part = _Window((tmp_path / "whole").open("rb"), 3, 5)
    assert (part.tell(), part.seek(0, SEEK_END), part.seek(0)) == (0, 5, 0)
    assert (part.read(2), part.tell(), part.seek(1, SEEK_CUR), part.read(), part.read(9)) == (b"34", 2, 3, b"67", b"")
    part.close()


def test_a_draft_is_shown_to_nobody_else(author, spoc, account, ready) -> None:
    post = drafted(author, account, ready, captions=VTT)
    other = signed_in(spoc)
    for name, args in (
        ("posts:picture", [post.pk, ready.sha256]),
        ("posts:picture", [post.pk, ready.cover.sha256]),
        ("posts:captions", [post.pk]),
        ("posts:video", [post.pk]),
    ):
        assert other.get(reverse(name, args=args)).status_code == 404


# Slices


def test_a_video_comes_slice_by_slice(client, post, upload, monkeypatch) -> None:
    monkeypatch.setattr(videos, "SLICE", 20_000)
    begun = client.post(reverse("posts:announce-video", args=[post.pk]), {"name": "road.mp4", "size": len(upload)})
    assert (begun.status_code, begun.json()["slice"]) == (201, 20_000)
    for number in range(-(-len(upload) // 20_000)):
        where = reverse("posts:video-slice", args=[post.pk, begun.json()["video"], number])
        data = upload[number * 20_000 : (number + 1) * 20_000]
        answer = client.post(where, data, content_type="application/octet-stream")
        assert answer.json() == {"slices": number + 1}
    row = Video.objects.get()
    assert (str(row.pk), row.state) == (begun.json()["video"], "waiting")


@pytest.mark.parametrize(
    ("size", "says"), [("", "empty"), ("much", "empty"), ("0", "empty"), (str(2**40), "larger than 2 GB")]
)
def test_a_video_that_cannot_come_is_refused_in_words(client, post, size: str, says: str) -> None:
    answer = client.post(reverse("posts:announce-video", args=[post.pk]), {"name": "road.mp4", "size": size})
    assert answer.status_code == 422
    assert says in answer.json()["refused"]
    assert not Video.objects.exists()


def test_nobody_brings_a_slice_of_anothers_video_or_to_anothers_post(client, post, spoc, upload) -> None:
    begun = client.post(reverse("posts:announce-video", args=[post.pk]), {"name": "road.mp4", "size": len(upload)})
    where = reverse("posts:video-slice", args=[post.pk, begun.json()["video"], 0])
    other = signed_in(spoc)
    assert other.post(where, upload, content_type="application/octet-stream").status_code == 404
    assert other.post(reverse("posts:announce-video", args=[post.pk]), {"size": "5"}).status_code == 404
    other.post("/posts/new/")
    own = Post.objects.get(created_by=spoc)
    where = reverse("posts:video-slice", args=[own.pk, begun.json()["video"], 0])
    assert other.post(where, upload, content_type="application/octet-stream").status_code == 404
    assert Video.objects.get().slices == 0


# A video beside pictures


@pytest.fixture
def youtube(spoc):
    row = make.account("Dundee films", network="youtube")
    actions_of_register.appoint_spoc(by=make.TEST, account=row, person=spoc, now=NOW)
    return row


@pytest.fixture
def beside(author, account, youtube, ready) -> Post:
    """Pictures for X, the video for YouTube."""
    return drafted_beside(author, ready, account, youtube)


def drafted_beside(author, video: Video, *accounts) -> Post:
    shown = DraftPicture(str(take_in(by=author, name="road.jpg", upload=picture().read(), now=NOW).pk), "A barrier")
    draft = make.draft(*accounts, video=filmed(video, captions=VTT), pictures=(shown,))
    return actions.compose(by=author, draft=draft, now=NOW)


def test_each_network_is_given_the_pictures_or_else_the_video(author, spoc, beside) -> None:
    version = actions.submit(by=author, post=beside, now=NOW)
    rows = actions.approve(by=spoc, post=beside, digest=version.digest, now=SOON)
    given = {row.account.network: item_for(row, first_sent_at=SOON, now=SOON).media for row in rows}
    assert {network: [(each.mime, each.alt) for each in media] for network, media in given.items()} == {
        "x": [("image/jpeg", "A barrier")],
        "youtube": [("video/mp4", "A closed road")],
    }


def test_who_approves_sees_both_and_which_network_is_given_which(author, spoc, beside) -> None:
    actions.submit(by=author, post=beside, now=NOW)
    shown = text_of(signed_in(spoc).get(reverse("posts:post", args=[beside.pk])))
    for words in (
        "Networks that take pictures are given the pictures",
        "A barrier",
        "A closed road",
        "The road is closed",
    ):
        assert words in shown, words


@pytest.mark.parametrize(("slug", "says"), [("x", "is given the video"), ("youtube", "takes pictures")])
def test_what_no_network_would_be_given_keeps_it_from_being_submitted(author, account, youtube, ready, slug, says):
    chosen = {"x": account, "youtube": youtube}[slug]
    post = drafted_beside(author, ready, chosen)
    with pytest.raises(Impossible, match=f"None of these networks {says}"):
        actions.submit(by=author, post=post, now=NOW)


def test_the_limits_of_a_network_are_those_of_what_it_is_given(author, account, youtube, waiting) -> None:
    """X takes four pictures or a video; the video that is not ready is not X's matter."""
    post = drafted_beside(author, waiting, account, youtube)
    with pytest.raises(Impossible, match="still being prepared"):
        actions.submit(by=author, post=post, now=NOW)
    assert not [each for each in actions.obstacles(by=author, post=post, now=NOW) if isinstance(each, DoesNotFit)]


@pytest.mark.parametrize(
    ("media", "x", "youtube"),
    [
        ("", "", ""),
        ("p", "p", "p"),
        ("pp", "pp", "pp"),
        ("v", "v", "v"),
        ("pv", "p", "v"),
        ("ppv", "pp", "v"),
    ],
)
def test_what_is_given_of_a_version_by_network(media: str, x: str, youtube: str) -> None:
    entries = [{"kind": "video"} if kind == "v" else {"renditions": {"x": {"size": 5}}} for kind in media]
    told = {
        network: ["v" if each.get("kind") == "video" else "p" for each in given(entries, network)]
        for network in ("x", "youtube")
    }
    assert told == {"x": list(x), "youtube": list(youtube)}
    assert all(each["size"] == 5 for each in given(entries, "x") if each.get("kind") != "video")


# The command line


@pytest.mark.usefixtures("passphrase_alone")
def test_a_video_by_command_line(author, account, upload, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("mercat.posts.cli._signed_in", lambda email: author)
    (tmp_path / "road.mp4").write_bytes(upload)
    (tmp_path / "road.srt").write_text(SRT)
    (tmp_path / "bad.srt").write_text("The road is closed")
    (tmp_path / "letter.mp4").write_text("Dear Chief Constable")
    common = ["compose", "--as", author.email, "--text", "Closed", "--to", "Dundee", "--pillar", "warning"]

    def run(*more: str):
        return CliRunner().invoke(command, [*common, *more])

    video, captions = ["--video", str(tmp_path / "road.mp4")], ["--captions", str(tmp_path / "road.srt")]
    done = run(*video, *captions, "--alt", "A road", "--synthetic", "--submit", "--json")
    assert done.exit_code == 0, done.output
    said = contents(Post.objects.get(pk=json.loads(done.output)["id"]).current.manifest)
    assert (said["media"][0]["captions"], said["media"][0]["alt"], said["synthetic"]) == (VTT, "A road", True)
    (tmp_path / "road.jpg").write_bytes(picture().read())
    both = run("--picture", str(tmp_path / "road.jpg"), *video, "--alt", "A barrier", "--alt", "A road", "--json")
    media = Post.objects.get(pk=json.loads(both.output)["id"]).draft
    assert (media["pictures"][0]["alt"], media["video"]["alt"]) == ("A barrier", "A road")
    for more, code, says in (
        ([*video, "--captions", str(tmp_path / "bad.srt")], 3, "no captions that can be read"),
        (["--video", str(tmp_path / "letter.mp4")], 3, "not a video"),
        (captions, 2, "no --video"),
        ([*video, "--alt", "A", "--alt", "B"], 2, "more --alt"),
    ):
        refused = run(*more)
        assert (refused.exit_code, says in refused.output) == (code, True), refused.output
    assert Post.objects.count() == 2


def test_an_upload_under_way_is_kept_when_its_time_is_over(author, account, upload) -> None:
    """The row of a video that never came whole cannot be submitted, and says what to do."""
    row = videos.announce(by=author, name="road.mp4", size=len(upload), now=NOW)
    post = drafted(author, account, row)
    with pytest.raises(Impossible, match="has not arrived whole"):
        actions.submit(by=author, post=post, now=NOW)
    videos.give_up_uploads(now=NOW + timedelta(days=2))
    with pytest.raises(Impossible, match="not uploaded to its end within a day"):
        actions.submit(by=author, post=post, now=NOW)

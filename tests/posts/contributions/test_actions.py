"""Handing in, choosing, making a post, telling: the truth of each rule (clauses 4.3 and 4.4)."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from django.core.files.base import ContentFile

from mercat.audit.models import Event
from mercat.delivery.claims import claim
from mercat.delivery.models import Consignment
from mercat.guidance.gate import Refused
from mercat.images import states as preparing
from mercat.images.models import Picture, Video
from mercat.images.preparing import prepare_next
from mercat.images.videos import take_in_video
from mercat.people import actions as people
from mercat.people.devices.here import Device, working_from
from mercat.people.models import Notice, Person
from mercat.people.pack import guidance
from mercat.posts import actions as posts
from mercat.posts.actions import Impossible
from mercat.posts.contents import Draft, DraftPicture, DraftVideo
from mercat.posts.contributions import MOST_PICTURES, actions, publishing, states
from mercat.posts.models import Contribution, ContributionUse, Post
from mercat.register.models import Account
from tests import factories as make
from tests.factories import NOW, TEST
from tests.images.filmed import film as filmed
from tests.posts.contributions.conftest import WORDS, brought, handed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files")]

LATER = NOW + timedelta(hours=1)


def events(what: str) -> list[Event]:
    return list(Event.objects.filter(what=f"contribution.{what}"))


def made(waiting: Contribution, by: Person) -> Post:
    return actions.make_post(by=by, row=waiting, now=NOW)


def out(post: Post, *, url: str = "https://network.example/p/1") -> Consignment:
    """As if the network had taken it."""
    row = Consignment.objects.get(post_ref=post.audit_ref)
    Consignment.objects.filter(pk=row.pk).update(state="sent", native_id="n1", url=url, read_back_at=NOW, sent_at=NOW)
    return row


def approved(post: Post, by: Person, approver: Person) -> None:
    draft = Draft.restored(post.draft)
    posts.compose(by=by, post=post, draft=Draft(**{**_fields(draft), "pillar": "engagement"}), now=NOW)
    posts.submit(by=by, post=post, now=NOW)
    post.refresh_from_db()
    posts.approve(by=approver, post=post, digest=post.current.digest, now=NOW)


def _fields(draft: Draft) -> dict[str, object]:
    return {name: getattr(draft, name) for name in draft.__slots__}


# Handing in


def test_anybody_hands_in_pictures_with_words_and_what_they_show(officer: Person) -> None:
    first, second = brought(officer), brought(officer, "#aa8844")
    row = handed_in(officer, first, second)
    assert (row.state, row.kind, row.media_count) == (states.WAITING, "pictures", 2)
    assert [(each.number, each.picture, each.alt) for each in row.media.all()] == [
        (1, first, "A boat"),
        (2, second, "A boat"),
    ]
    assert row.unit == officer.unit
    assert row.statement == guidance().pack.contributions.statement
    [event] = events("handed_in")
    assert event.about == [row.audit_ref, officer.audit_ref, first.audit_ref, second.audit_ref]
    assert event.facts["unit"] == "tayside"
    assert event.personal.data == {"words": WORDS, "place": "Dundee harbour"}


def test_what_it_shows_may_be_left_to_others(officer: Person) -> None:
    assert handed_in(officer, alt="").media.get().alt == ""


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ({"words": " "}, "Say what it is about."),
        ({"place": ""}, "Say where it was taken."),
        ({"place": "Dundee\nharbour"}, "not seen"),
        ({"taken_on": date(2026, 11, 24)}, "a day to come"),
        ({"stated": False}, "Read the statement"),
        ({"pictures": []}, "Add a picture or a video."),
        ({"words": "x" * 2001}, "Shorten this to at most 2,000"),
        ({"words": "Left \u202e right"}, "turns others around"),
    ],
)
def test_what_is_missing_or_wrong_is_said_and_nothing_kept(officer: Person, about: dict, said: str) -> None:
    with pytest.raises(Impossible, match=said):
        handed_in(officer, **about)
    assert not Contribution.objects.exists()
    assert not events("handed_in")


def test_at_most_four_pictures(officer: Person) -> None:
    handed_in(officer, *(brought(officer) for _ in range(MOST_PICTURES)))
    with pytest.raises(Impossible, match="at most 4 pictures"):
        handed_in(officer, *(brought(officer) for _ in range(MOST_PICTURES + 1)))


def test_nobody_hands_in_anothers_picture(officer: Person, comms: Person) -> None:
    with pytest.raises(Impossible, match="no longer there"):
        handed_in(officer, brought(comms))


def test_a_picture_is_handed_in_once(officer: Person) -> None:
    picture = brought(officer)
    handed_in(officer, picture)
    with pytest.raises(Impossible, match="handed in already"):
        handed_in(officer, picture)
    assert Contribution.objects.count() == 1


def test_nobody_floods_those_who_choose(officer: Person) -> None:
    most = guidance().pack.contributions.most_waiting
    rows = [handed_in(officer) for _ in range(most)]
    with pytest.raises(Impossible, match=f"{most} of yours wait already"):
        handed_in(officer)
    actions.take_back(by=officer, row=rows[0], now=NOW)
    handed_in(officer)


def test_who_has_left_hands_nothing_in(officer: Person) -> None:
    picture = brought(officer)
    people.mark_left(by=TEST, person=officer, reason="Retired", now=NOW)
    officer.refresh_from_db()
    with pytest.raises(Refused):
        handed_in(officer, picture)


def test_not_from_a_device_that_is_not_the_bodys(officer: Person) -> None:
    picture = brought(officer)
    with working_from(Device()), pytest.raises(Refused) as refusal:
        handed_in(officer, picture)
    assert [each.clause for each in refusal.value.decision.refusals] == ["6.4"]


def film(by: Person, state: str = preparing.READY) -> Video:
    row = Video.objects.create(name="boat.mp4", upload_size=5, slices=1, at=NOW, by=by)
    about = {"sha256": "a" * 64, "file": "videos/x.mp4", "mime": "video/mp4", "refusal": "It is no video."}
    Video.objects.filter(pk=row.pk).update(state=state, **(about if state != preparing.ARRIVING else {}))
    return row


@pytest.mark.parametrize("state", [preparing.WAITING, preparing.PREPARING, preparing.READY])
def test_a_video_is_handed_in_before_it_is_ready(officer: Person, state: str) -> None:
    row = handed_in(officer, pictures=[], video=DraftVideo(str(film(officer, state).pk), "A boat"))
    assert (row.kind, row.media.get().video.name) == ("video", "boat.mp4")


@pytest.mark.parametrize(
    ("state", "said"), [(preparing.ARRIVING, "not arrived whole"), (preparing.REFUSED, "cannot be used. It is no")]
)
def test_a_video_that_is_not_there_or_no_video_is_not(officer: Person, state: str, said: str) -> None:
    with pytest.raises(Impossible, match=said):
        handed_in(officer, pictures=[], video=DraftVideo(str(film(officer, state).pk)))


def test_pictures_or_a_video_but_not_both(officer: Person) -> None:
    with pytest.raises(Impossible, match="not both"):
        handed_in(officer, video=DraftVideo(str(film(officer).pk)))


# Taking back


def test_what_waits_is_taken_back_by_whoever_handed_it_in(waiting: Contribution, officer: Person) -> None:
    actions.take_back(by=officer, row=waiting, now=NOW)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.decided_by) == (states.TAKEN_BACK, officer)
    assert len(events("taken_back")) == 1
    assert Picture.objects.exists(), "nothing is deleted"


def test_nobody_else_takes_it_back(waiting: Contribution, comms: Person) -> None:
    with pytest.raises(Impossible, match="by whoever handed it in"):
        actions.take_back(by=comms, row=waiting, now=NOW)


def test_also_from_the_shelf_but_not_once_a_post_is_made_of_it(
    waiting: Contribution, officer: Person, comms: Person
) -> None:
    actions.shelve(by=comms, row=waiting, now=NOW)
    other = handed_in(officer)
    made(other, comms)
    actions.take_back(by=officer, row=waiting, now=NOW)
    with pytest.raises(Impossible, match="a post is made of it"):
        actions.take_back(by=officer, row=other, now=NOW)


# Choosing


@pytest.mark.parametrize("verb", ["make_post", "decline", "shelve", "reopen"])
def test_only_corporate_communications_chooses(waiting: Contribution, officer: Person, verb: str) -> None:
    more = {"reason": "Blurred"} if verb == "decline" else {}
    for person in (officer, make.authorised("Spoc", unit_roles=("spoc",))):
        with pytest.raises(Refused) as refusal:
            getattr(actions, verb)(by=person, row=waiting, now=NOW, **more)
        assert [each.clause for each in refusal.value.decision.refusals] == ["4.4"]
    waiting.refresh_from_db()
    assert waiting.state == states.WAITING


def test_declined_with_a_reason_that_is_told(waiting: Contribution, officer: Person, comms: Person) -> None:
    with pytest.raises(Impossible, match="Say why"):
        actions.decline(by=comms, row=waiting, reason=" ", now=NOW)
    actions.decline(by=comms, row=waiting, reason="A number plate is to be seen.", now=NOW)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.reason, waiting.decided_by) == (
        states.DECLINED, "A number plate is to be seen.", comms,
    )  # fmt: skip
    notice = Notice.objects.get(person=officer)
    assert (notice.subject, notice.link) == (actions.DECLINED, waiting.page)
    assert "A number plate" in notice.body
    assert "plate" not in notice.subject, "an e-mail holds the subject"


def test_kept_for_later_and_back_again(waiting: Contribution, comms: Person) -> None:
    for verb, state in ((actions.shelve, "shelved"), (actions.reopen, "waiting"), (actions.shelve, "shelved")):
        verb(by=comms, row=waiting, now=NOW)
        waiting.refresh_from_db()
        assert waiting.state == state
    with pytest.raises(Impossible, match="kept for later"):
        actions.shelve(by=comms, row=waiting, now=NOW)
    assert (len(events("shelved")), len(events("reopened"))) == (2, 1)


def test_what_was_declined_is_opened_again(waiting: Contribution, comms: Person) -> None:
    actions.decline(by=comms, row=waiting, reason="Not now", now=NOW)
    actions.reopen(by=comms, row=waiting, now=NOW)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.reason) == (states.WAITING, "")


# Making a post of it


def test_the_post_is_a_draft_of_whoever_chose_with_the_unit_credited(
    waiting: Contribution, comms: Person, instagram: Account
) -> None:
    post = made(waiting, comms)
    draft = Draft.restored(post.draft)
    assert (post.state, post.created_by) == ("draft", comms)
    assert draft.text == f"{WORDS}\n\nPicture: Tayside"
    assert draft.pictures == (DraftPicture(str(waiting.media.get().picture_id), "A boat"),)
    assert draft.targets == (str(instagram.pk),)
    assert "Officer" not in json.dumps(post.draft), "the division is credited, and no person"
    waiting.refresh_from_db()
    assert waiting.state == states.USED
    assert ContributionUse.objects.get().post == post
    [event] = events("used")
    assert event.about == [waiting.audit_ref, waiting.person.audit_ref, post.audit_ref]


def test_accounts_that_are_not_open_to_whoever_chose_are_left_out(waiting: Contribution, instagram: Account) -> None:
    untrained = make.person("Untrained", unit_key="corporate-communications", roles=("corporate-communications",))
    assert Draft.restored(made(waiting, untrained).draft).targets == ()


def test_local_accounts_and_other_networks_are_left_to_be_chosen(waiting: Contribution, comms: Person) -> None:
    make.account("Dundee", network="instagram")
    make.account("The Force", network="facebook", tier="corporate", unit_key="corporate-communications")
    assert Draft.restored(made(waiting, comms).draft).targets == ()


def test_a_video_goes_to_the_national_account_for_videos(officer: Person, comms: Person) -> None:
    youtube = make.account("The Force", network="youtube", tier="national", unit_key="corporate-communications")
    row = handed_in(officer, pictures=[], video=DraftVideo(str(film(officer).pk), "A boat"))
    draft = Draft.restored(made(row, comms).draft)
    assert draft.video.alt == "A boat"
    assert draft.targets == (str(youtube.pk),)
    assert draft.text.endswith("\n\nVideo: Tayside")


def test_no_post_is_made_of_a_video_that_proved_to_be_none(officer: Person, comms: Person) -> None:
    row = handed_in(officer, pictures=[], video=DraftVideo(str(film(officer).pk)))
    Video.objects.update(state=preparing.REFUSED)
    with pytest.raises(Impossible, match="cannot be used"):
        made(row, comms)
    row.refresh_from_db()
    assert row.state == states.WAITING
    assert not Post.objects.exists()


def test_several_posts_are_made_of_one(waiting: Contribution, comms: Person, duty: Person) -> None:
    first, second = made(waiting, comms), made(waiting, duty)
    assert {use.post for use in waiting.uses.all()} == {first, second}


def test_a_post_goes_its_ordinary_way_with_somebody_elses_approval(
    waiting: Contribution, comms: Person, duty: Person, instagram: Account
) -> None:
    post = made(waiting, comms)
    posts.compose(
        by=comms, post=post, draft=make.draft(instagram, pictures=Draft.restored(post.draft).pictures), now=NOW
    )
    posts.submit(by=comms, post=post, now=NOW)
    post.refresh_from_db()
    with pytest.raises(posts.NotAllowed):
        posts.approve(by=comms, post=post, digest=post.current.digest, now=NOW)
    assert posts.approve(by=duty, post=post, digest=post.current.digest, now=NOW)


def test_what_was_used_waits_again_once_nothing_came_of_its_posts(waiting: Contribution, comms: Person) -> None:
    post = made(waiting, comms)
    with pytest.raises(Impossible, match="Withdraw the post first"):
        actions.reopen(by=comms, row=waiting, now=NOW)
    posts.withdraw(by=comms, post=post, reason="No longer needed", now=NOW)
    actions.reopen(by=comms, row=waiting, now=NOW)
    waiting.refresh_from_db()
    assert waiting.state == states.WAITING


def test_a_post_without_a_contribution_has_the_bytes_it_always_had(account: Account, author: Person) -> None:
    version = make.submitted(author, account).current
    said = json.loads(bytes(version.manifest.canonical))
    assert set(said) == {
        "begins", "document", "due", "format", "language", "media", "pillar", "post", "story", "synthetic", "targets",
        "text", "variants", "version", "warning",
    }  # fmt: skip
    assert said["format"] == "mercat-version/4"


# Telling


def test_whoever_handed_it_in_is_told_once_where_it_is_out(
    waiting: Contribution, officer: Person, comms: Person, duty: Person, instagram: Account
) -> None:
    post = made(waiting, comms)
    approved(post, comms, duty)
    publishing.run(now=NOW)
    assert not Notice.objects.filter(person=officer).exists(), "approved is not out"
    out(post)
    publishing.run(now=LATER)
    publishing.run(now=LATER)
    notice = Notice.objects.get(person=officer)
    assert (notice.subject, notice.link) == (actions.PUBLISHED, waiting.page)
    assert "https://network.example/p/1" in notice.body
    [event] = events("published")
    assert event.about == [waiting.audit_ref, officer.audit_ref, post.audit_ref, instagram.audit_ref]
    assert ContributionUse.objects.get().told_at == LATER


def test_who_has_left_is_told_nothing(
    waiting: Contribution, officer: Person, comms: Person, duty: Person, instagram: Account
) -> None:
    post = made(waiting, comms)
    approved(post, comms, duty)
    out(post)
    people.mark_left(by=TEST, person=officer, reason="Retired", now=NOW)
    publishing.run(now=LATER)
    assert not Notice.objects.filter(person=officer, subject=actions.PUBLISHED).exists()
    assert not publishing.to_tell().exists()


# Another body's words


@pytest.mark.usefixtures("council")
def test_a_council_has_its_own_statement_limit_and_credit() -> None:
    gritter = make.person("Gritter", unit_key="roads", rank="employee")
    team = make.person("Team", unit_key="communications", rank="employee", roles=("communications-team",))
    row = handed_in(gritter)
    assert row.statement.startswith("I may pass it on.")
    with pytest.raises(Refused) as refusal:
        actions.make_post(by=gritter, row=row, now=NOW)
    assert [each.clause for each in refusal.value.decision.refusals] == ["3.7"]
    assert Draft.restored(made(row, team).draft).text.endswith("\n\nPicture by Roads and Winter Service")
    for _ in range(5):
        handed_in(gritter)
    with pytest.raises(Impossible, match="5 of yours wait already"):
        handed_in(gritter)


# An emergency video (4.3)


def test_an_emergency_video_goes_out_ahead_of_everything_queued(
    officer: Person, comms: Person, duty: Person, tmp_path
) -> None:
    youtube = make.account("The Force", network="youtube", tier="national", unit_key="corporate-communications")
    data = filmed(tmp_path / "flood.mp4").read_bytes()
    videos = [
        take_in_video(by=officer, name="flood.mp4", file=ContentFile(data), size=len(data), now=NOW) for _ in range(2)
    ]
    assert prepare_next()
    assert prepare_next()
    ordinary, urgent = (
        made(handed_in(officer, pictures=[], video=DraftVideo(str(video.pk), "A flood")), comms) for video in videos
    )
    for post, warning in ((ordinary, False), (urgent, True)):
        about = {"video": Draft.restored(post.draft).video, "warning": warning}
        posts.compose(by=comms, post=post, draft=make.draft(youtube, **about), now=NOW)
        posts.submit(by=comms, post=post, now=NOW)
        post.refresh_from_db()
        posts.approve(by=duty, post=post, digest=post.current.digest, now=NOW)
    lanes = dict(Consignment.objects.values_list("post_ref", "lane"))
    assert lanes == {ordinary.audit_ref: "normal", urgent.audit_ref: "warning"}
    assert len(claim("warning", limit=10, now=NOW)) == 1

"""The composer, a post's page and its proof, with scripts off: every act is a form."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mercat.audit.log import integrate
from mercat.audit.models import Event
from mercat.delivery import actions as sending
from mercat.delivery.models import Consignment
from mercat.images.actions import take_in
from mercat.images.models import Picture
from mercat.posts import actions
from mercat.posts.contents import LONGEST
from mercat.posts.models import Post
from mercat.posts.views import composer
from tests import factories as make
from tests.factories import NOW
from tests.pages import SOON, at_noon, files, passphrase_alone, picture, queries_of, signed_in, text_of  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon", "files")]


@pytest.fixture
def account():
    return make.account("Dundee")


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
def post(client) -> Post:
    client.post("/posts/new/")
    return Post.objects.get()


def form(post: Post, *accounts, do: str = "save", **fields: object) -> dict[str, object]:
    post.refresh_from_db()
    return {
        "post": str(post.pk), "base": post.changed_at.isoformat(), "text": "Road closed.", "language": "en",
        "targets": [str(each.pk) for each in accounts], "pillar": "warning", "timing": "approved", "do": do, **fields,
    }  # fmt: skip


def edit(post: Post) -> str:
    return reverse("posts:edit", args=[post.pk])


def page(post: Post) -> str:
    return reverse("posts:post", args=[post.pk])


def stored(post: Post) -> dict[str, object]:
    post.refresh_from_db()
    return post.draft


# Writing


def test_a_press_starts_one_sheet_and_the_next_press_takes_it_up(client, author) -> None:
    first = client.post("/posts/new/")
    assert client.post("/posts/new/").url == first.url
    assert Post.objects.filter(created_by=author).count() == 1
    assert client.get("/posts/new/").status_code == 200
    assert Post.objects.count() == 1


def test_the_composer_shows_what_is_open_and_why_the_rest_is_not(client, post, account) -> None:
    make.spoc_of(make.account("Leith", unit_key="edinburgh"))
    said = text_of(client.get(edit(post)))
    assert "Dundee" in said
    assert "Why not the other 1 account?" in said
    assert "5.6 This account belongs to another division or department, or to another holder." in said
    assert "Divisional Commander or head of department" in said


def test_a_draft_is_saved_and_shown_again_with_its_counts(client, post, account) -> None:
    response = client.post(edit(post), form(post, account, text="Hello there"), follow=True)
    assert "Your draft is saved." in text_of(response)
    said = text_of(client.get(edit(post)))
    assert "Hello there" in said
    assert "Bluesky: 289 characters left" in said


def test_a_network_may_have_a_wording_of_its_own(client, post, account) -> None:
    client.post(edit(post), form(post, account, **{"variant-bluesky": "Shorter"}))
    assert stored(post)["variants"] == {"bluesky": "Shorter"}
    assert "7 of 300" in text_of(client.get(edit(post)))


def test_submitting_leads_to_the_post_and_tells_those_who_approve(client, post, account, spoc) -> None:
    response = client.post(edit(post), form(post, account, do="submit"))
    assert response.url == page(post)
    assert stored(post)["text"] == "Road closed."
    assert post.state == "submitted"
    assert spoc.notices.count() == 1


def test_without_a_pillar_the_words_of_the_clause_stand_at_the_field(client, post, account) -> None:
    response = client.post(edit(post), form(post, account, do="submit", pillar=""))
    html, said = response.content.decode(), text_of(response)
    assert response.status_code == 422
    assert '<a href="#pillar">The post has none of the pillars of the guidance.' in html
    assert said.count("Choose the pillar that the post belongs to.") == 2  # in the summary, and at the field
    assert "What you typed is kept." in said
    assert "See above what is not saved" not in said
    assert "Road closed." in said
    assert stored(post)["text"] == "Road closed."


def test_that_nothing_was_submitted_is_said_once(client, post) -> None:
    said = text_of(client.post(edit(post), form(post, do="submit")))
    assert "Choose at least one account." in said
    assert said.count("Nothing was submitted") == 1
    assert "See above what is not saved" not in said


def test_all_that_is_missing_is_said_at_once(client, post, account) -> None:
    said = text_of(client.post(edit(post), form(post, do="submit", text="", pillar="")))
    for words in ("Choose at least one account", "Choose the pillar", "Write something"):
        assert words in said
    response = client.post(edit(post), form(post, account, do="submit", text="x" * 301, pillar=""))
    assert '<a href="#pillar">The post has none of the pillars of the guidance.' in response.content.decode()
    assert '<a href="#text">Dundee: ' in response.content.decode()
    assert "What you typed is kept." in text_of(response)
    assert stored(post)["text"] == "x" * 301


def test_an_account_that_is_not_open_is_left_out_and_the_rest_is_kept(client, post, account) -> None:
    other = make.account("Leith", unit_key="edinburgh")
    make.spoc_of(other)
    response = client.post(edit(post), form(post, account, other))
    assert response.status_code == 422
    assert "Leith: This account belongs to another division" in text_of(response)
    assert stored(post)["targets"] == [str(account.pk)]
    assert stored(post)["text"] == "Road closed."


def test_an_account_that_vanished_is_left_out_and_the_rest_is_kept(client, post, account) -> None:
    typed = form(post, account)
    typed["targets"].append("00000000-0000-4000-8000-000000000000")
    response = client.post(edit(post), typed)
    assert "no longer in the register" in text_of(response)
    assert stored(post)["targets"] == [str(account.pk)]


def test_a_hundred_thousand_characters_are_kept_and_one_more_is_told_and_not_lost(client, post, account) -> None:
    most = "x" * LONGEST
    assert client.post(edit(post), form(post, account, text=most)).status_code == 302
    response = client.post(edit(post), form(post, account, text=most + "y", pillar="trust"))
    assert response.status_code == 422
    assert "This text has 100,001 characters" in text_of(response)
    assert most + "y" in response.content.decode()
    assert stored(post)["text"] == most
    assert stored(post)["pillar"] == "trust"


def test_a_post_that_is_too_long_for_its_network_is_told_in_the_networks_terms(client, post, account) -> None:
    response = client.post(edit(post), form(post, account, do="submit", text="x" * 301))
    assert response.status_code == 422
    assert "Bluesky" in text_of(response)
    assert '<a href="#text">Dundee: ' in response.content.decode()
    assert post.versions.count() == 0


def test_a_time_that_does_not_happen_is_told_and_stays_in_the_field(client, post, account) -> None:
    response = client.post(edit(post), form(post, account, do="submit", timing="at", day="2027-03-28", clock="01:30"))
    html = response.content.decode()
    assert "1:30am does not happen on 28 March 2027" in text_of(response)
    assert "See above what is not saved" in text_of(response)
    assert "What you typed is kept." not in text_of(response)
    assert 'value="2027-03-28"' in html
    assert 'value="01:30"' in html
    assert post.versions.count() == 0


def test_a_set_time_is_londons(client, post, account) -> None:
    client.post(edit(post), form(post, account, do="submit", timing="at", day="2027-07-01", clock="09:00"))
    said = text_of(client.get(page(post)))
    assert "1 July 2027 at 9am BST" in said


def test_what_another_window_saved_is_not_overwritten_unseen(client, post, account) -> None:
    old = form(post, account, text="From the old window")
    client.post(edit(post), form(post, account, text="From the new window"))
    later = SOON + timedelta(minutes=1)
    actions.compose(by=post.created_by, draft=make.draft(account, text="Newer"), post=post, now=later)
    response = client.post(edit(post), old)
    assert response.status_code == 422
    assert "changed in another window" in text_of(response)
    assert "From the old window" in response.content.decode()
    assert stored(post)["text"] == "Newer"
    assert client.post(edit(post), form(post, account, text="From the old window")).status_code == 302


def test_what_another_window_saves_while_this_one_is_read_is_not_overwritten(
    client, post, account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at the post and the lock on it, for instance while a picture is taken in."""
    mine = form(post, account, text="Mine", do="submit")

    def while_another_saves(typed, *_, **__):
        theirs = make.draft(account, text="Theirs")
        actions.compose(by=post.created_by, post=post, draft=theirs, now=SOON + timedelta(minutes=1))
        return typed, []

    monkeypatch.setattr(composer, "take_in_pictures", while_another_saves)
    response = client.post(edit(post), mine)
    assert "changed in another window" in text_of(response)
    assert (stored(post)["text"], post.state) == ("Theirs", "draft")


def test_only_those_who_may_approve_warnings_get_the_box(client, post, account) -> None:
    assert "emergency warning" not in text_of(client.get(edit(post)))
    duty = make.authorised(unit_key="corporate-communications", roles=("corporate-communications",))
    other = signed_in(duty)
    sheet = other.post("/posts/new/").url
    assert "This is an emergency warning" in text_of(other.get(sheet))


def test_saving_by_itself_answers_with_counts_and_previews(client, post, account) -> None:
    response = client.post(reverse("posts:autosave", args=[post.pk]), form(post, account, text="Typing"))
    assert "Draft saved at" in text_of(response)
    assert "Typing" in text_of(response)
    assert stored(post)["text"] == "Typing"


def test_the_composer_takes_the_same_queries_for_many_accounts(client, post) -> None:
    client.get(edit(post))
    few = queries_of(client, edit(post))
    for n in range(5):
        make.spoc_of(make.account(f"Another {n}"))
    assert queries_of(client, edit(post)) == few
    assert few <= 20


def test_another_persons_draft_is_not_there(post) -> None:
    stranger = signed_in(make.authorised("Stranger"))
    assert stranger.get(edit(post)).status_code == 404
    assert stranger.get(page(post)).status_code == 404
    assert stranger.post(edit(post), form(post)).status_code == 404


# Pictures


def test_a_picture_is_added_described_moved_and_removed(client, post, account) -> None:
    client.post(edit(post), form(post, account, do="add-picture", files=[picture("a.jpg"), picture("b.jpg", "red")]))
    first, second = (each["id"] for each in stored(post)["pictures"])
    described = {"picture": [first, second], f"alt-{first}": "A bridge", f"alt-{second}": "A gate"}
    client.post(edit(post), form(post, account, do=f"later:{first}", **described))
    assert [(each["id"], each["alt"]) for each in stored(post)["pictures"]] == [(second, "A gate"), (first, "A bridge")]
    client.post(edit(post), form(post, account, do=f"remove:{second}", **described))
    assert [each["id"] for each in stored(post)["pictures"]] == [first]


def test_a_file_that_is_not_a_picture_is_told_and_nothing_typed_is_lost(client, post, account) -> None:
    bad = SimpleUploadedFile("notes.jpg", b"not a picture", "image/jpeg")
    response = client.post(edit(post), form(post, account, do="submit", text="Precious words", files=[bad, picture()]))
    assert response.status_code == 422
    assert "“notes.jpg” was not added. This file is not a picture." in text_of(response)
    assert "Precious words" in response.content.decode()
    assert "See above what is not saved" not in text_of(response)
    assert stored(post)["text"] == "Precious words"
    assert len(stored(post)["pictures"]) == 1
    assert post.versions.count() == 0


def test_a_picture_without_words_is_told_at_the_picture(client, post, account) -> None:
    client.post(edit(post), form(post, account, do="add-picture", files=[picture()]))
    one = stored(post)["pictures"][0]["id"]
    response = client.post(edit(post), form(post, account, do="submit", picture=[one]))
    assert f'<a href="#alt-{one}">A picture has no alternative text.' in response.content.decode()


def test_a_picture_is_shown_to_those_who_may_see_the_post(client, post, account, spoc) -> None:
    client.post(edit(post), form(post, account, do="add-picture", files=[picture()]))
    row = Picture.objects.get()
    where = reverse("posts:picture", args=[post.pk, row.sha256])
    response = client.get(where)
    assert response["Content-Type"] == "image/jpeg"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert b"".join(response.streaming_content)[:2] == b"\xff\xd8"
    assert signed_in(spoc).get(where).status_code == 404
    assert client.get(reverse("posts:picture", args=[post.pk, "0" * 64])).status_code == 404


def test_somebody_elses_picture_cannot_be_taken_by_its_id(client, post, account, spoc) -> None:
    other = signed_in(spoc)
    sheet = Post.objects.get(pk=other.post("/posts/new/").url.split("/")[2])
    other.post(edit(sheet), form(sheet, do="add-picture", files=[picture()]))
    response = client.post(edit(post), form(post, account, picture=[str(Picture.objects.get().pk)]))
    assert "A picture is no longer there" in text_of(response)
    assert stored(post)["pictures"] == []


# A session that ended


@pytest.mark.usefixtures("passphrase_alone")
def test_words_typed_into_an_ended_session_are_there_after_signing_in(post, author, account) -> None:
    author.set_password("thistle harbour lantern")
    author.save()
    gone = Client()
    response = gone.post(edit(post), form(post, account, text="Typed while signed out"))
    assert response.status_code == 401
    assert "What you typed is kept" in text_of(response)
    kept = {
        name: response.content.decode().split(f'name="{name}" value="')[1].split('"')[0].replace("&amp;", "&")
        for name in ("kept", "next")
    }
    back = gone.post("/sign-in/", {"email": author.email, "passphrase": "thistle harbour lantern", **kept}, follow=True)
    assert back.redirect_chain[-1][0] == edit(post)
    assert "Typed while signed out" in back.content.decode()
    assert "what you typed before you were signed out" in text_of(back)


def test_saving_by_itself_while_signed_out_says_so(post) -> None:
    response = Client().post(reverse("posts:autosave", args=[post.pk]), {"text": "x"})
    assert "You are signed out, so this is not saved." in text_of(response)


# Deciding


@pytest.fixture
def waiting(author, account, spoc) -> Post:
    return make.submitted(author, account, text="Please look")


def decide(post: Post, do: str, **fields: str) -> dict[str, str]:
    return {"do": do, "digest": post.current.digest, **fields}


def test_whoever_may_approve_sees_the_button_and_the_author_sees_why_not(waiting, client, spoc) -> None:
    assert "Approve and send" in text_of(signed_in(spoc).get(page(waiting)))
    said = text_of(client.get(page(waiting)))
    assert "Approve and send" not in said
    assert "You cannot approve this post" in said
    assert "M.2 Nobody approves a post that they wrote" in said


def test_an_approval_sets_the_post_on_its_way(waiting, spoc) -> None:
    response = signed_in(spoc).post(reverse("posts:decide", args=[waiting.pk]), decide(waiting, "approve"), follow=True)
    assert "Approved. It is on its way." in text_of(response)
    assert "0 of 1 account is out" in text_of(response)
    assert Consignment.objects.get().manifest_id == waiting.current.digest


def test_what_is_approved_after_its_time_goes_out_at_once_and_the_button_says_so(author, account, spoc) -> None:
    due = SOON - timedelta(minutes=1)
    post = make.submitted(author, account, due_at=due)
    said = text_of(signed_in(spoc).get(page(post)))
    assert "Approve and send now" in said
    assert "Its time ( 23 November 2026 at 12:04pm GMT ) has passed: it goes out as soon as it is approved." in said
    later = make.submitted(author, account, due_at=SOON + timedelta(minutes=1))
    assert "Approve and send" not in text_of(signed_in(spoc).get(page(later)))


def test_who_answers_for_some_accounts_approves_for_these_and_is_told_why_they_send_nothing_back(
    author, account, spoc
) -> None:
    perth = make.account("Perth")
    make.spoc_of(perth)
    post = make.submitted(author, account, perth)
    said = text_of(signed_in(spoc).get(page(post)))
    assert "You approve exactly what is shown below, for Dundee." in said
    assert "Sending it back or rejecting it would decide for Perth too, which others answer for." in said
    assert "Send back to be changed" not in said
    response = signed_in(spoc).post(
        reverse("posts:decide", args=[post.pk]), decide(post, "reject", reason="Not in Perth.")
    )
    assert response.status_code == 422
    assert "Perth: 5.7" in text_of(response)


def test_who_rejects_too_late_is_told_where(author, account, spoc) -> None:
    both = [account, make.account("Perth")]
    post = make.submitted(author, *both)
    actions.approve(by=spoc, post=post, digest=post.current.digest, now=NOW)
    Consignment.objects.update(state="sending", leased_until=NOW)
    comms = make.authorised(unit_key="corporate-communications", roles=("corporate-communications",))
    where = reverse("posts:decide", args=[post.pk])
    response = signed_in(comms).post(where, decide(post, "reject", reason="Wrong."), follow=True)
    assert "It was too late for Dundee: it is out there, or may be." in text_of(response)


def test_an_approval_is_of_what_was_seen_and_of_nothing_newer(waiting, author, spoc, account) -> None:
    old = decide(waiting, "approve")
    actions.compose(by=author, draft=make.draft(account, text="Changed"), post=waiting, now=SOON)
    actions.submit(by=author, post=waiting, now=SOON)
    response = signed_in(spoc).post(reverse("posts:decide", args=[waiting.pk]), old)
    assert response.status_code == 422
    assert "This post was changed since you opened it." in text_of(response)
    assert not Consignment.objects.exists()


def test_the_author_cannot_approve_by_sending_the_form_all_the_same(waiting, client) -> None:
    response = client.post(reverse("posts:decide", args=[waiting.pk]), decide(waiting, "approve"))
    assert response.status_code == 422
    assert "Nobody approves a post that they wrote" in text_of(response)
    assert not Consignment.objects.exists()


def test_sending_back_needs_a_reason_and_keeps_it(waiting, spoc, client) -> None:
    where = reverse("posts:decide", args=[waiting.pk])
    response = signed_in(spoc).post(where, decide(waiting, "send_back", reason=" "))
    assert response.status_code == 422
    assert '<a href="#reason">Say why' in response.content.decode()
    signed_in(spoc).post(where, decide(waiting, "send_back", reason="Name the road."))
    said = text_of(client.get(page(waiting)))
    assert "Sent back by Contact" in said
    assert "Name the road." in said
    assert "Name the road." in text_of(client.get(edit(waiting)))


def test_rejecting_is_for_good(waiting, spoc, client) -> None:
    signed_in(spoc).post(reverse("posts:decide", args=[waiting.pk]), decide(waiting, "reject", reason="Not ours."))
    waiting.refresh_from_db()
    assert waiting.state == "rejected"
    response = client.get(edit(waiting), follow=True)
    assert "it can no longer be changed" in text_of(response)
    typed = client.post(edit(waiting), form(waiting, text="Words for nothing"))
    assert typed.status_code == 409
    assert "Words for nothing" in text_of(typed)


def test_the_difference_is_to_the_version_that_this_person_saw_last(waiting, author, spoc, account) -> None:
    looking = signed_in(spoc)
    assert "Changed since" not in text_of(looking.get(page(waiting)))
    for text in ("Please look twice", "Please look thrice"):
        actions.compose(by=author, draft=make.draft(account, text=text), post=waiting, now=SOON)
        actions.submit(by=author, post=waiting, now=SOON)
    for _ in range(2):  # a second look does not make the difference disappear
        said = text_of(looking.get(page(waiting)))
        assert "Changed since version 1" in said
        assert "put in: thrice" in said
    assert "Changed since version 2" in text_of(signed_in(make.spoc_of(account)).get(page(waiting)))


def test_withdrawing_needs_a_reason(waiting, client) -> None:
    where = reverse("posts:withdraw", args=[waiting.pk])
    assert "Say why this post is withdrawn." in text_of(client.post(where, {"reason": ""}))
    assert "Nothing more of it goes out." in text_of(client.post(where, {"reason": "Overtaken."}, follow=True))


def test_a_draft_can_be_thrown_away(client, post) -> None:
    assert client.post(reverse("posts:withdraw", args=[post.pk]), {"reason": "No longer needed"}).url == "/posts/"
    post.refresh_from_db()
    assert post.state == "withdrawn"
    assert "Never submitted" in text_of(client.get(page(post)))


# Who sees what


def test_posts_of_another_division_are_not_there_until_they_are_out(waiting, author, spoc, account) -> None:
    elsewhere = signed_in(make.authorised("Elsewhere", unit_key="edinburgh"))
    assert elsewhere.get(page(waiting)).status_code == 404
    assert "Please look" not in text_of(elsewhere.get("/posts/"))
    out(waiting, spoc)
    assert elsewhere.get(page(waiting)).status_code == 200
    assert "Please look" in text_of(elsewhere.get("/posts/"))


@pytest.fixture
def partly_out(author, account, spoc) -> Post:
    """Sent back once, written anew, out on one of its two accounts, and sent back again."""
    other = make.account("Perth", unit_key="tayside")
    make.spoc_of(other, "Other")
    comms = make.authorised("Comms", unit_key="corporate-communications", roles=("corporate-communications",))
    post = make.submitted(author, account, other, text="First wording")
    actions.send_back(by=comms, post=post, digest=post.current.digest, reason="Name the road.", now=NOW)
    actions.compose(by=author, draft=make.draft(account, other, text="Second wording"), post=post, now=NOW)
    actions.submit(by=author, post=post, now=NOW)
    post.refresh_from_db()
    out(post, spoc)
    post.draft = {**post.draft, "text": "Third wording"}
    post.state = "sent_back"
    post.save()
    return post


def test_what_is_out_shows_others_its_present_version_alone(partly_out) -> None:
    elsewhere = signed_in(make.authorised("Elsewhere", unit_key="edinburgh"))
    proof = reverse("posts:proof", args=[partly_out.pk])
    live = reverse("posts:live", args=[partly_out.pk])
    said = {where: text_of(elsewhere.get(where)) for where in (page(partly_out), proof, live, "/posts/")}
    assert all("Second wording" in said[where] for where in (page(partly_out), proof, "/posts/"))
    for text in said.values():
        for hidden in ("First wording", "Third wording", "Name the road.", "Began to write"):
            assert hidden not in text
    assert "Version 1" not in said[proof]
    assert "Submitted for approval" in said[live]


def test_what_is_out_gives_others_no_earlier_bytes_receipts_or_ways_to_change_it(partly_out, author) -> None:
    elsewhere = signed_in(make.authorised("Elsewhere", unit_key="edinburgh"))
    bytes_of = [reverse("posts:canonical", args=[partly_out.pk, number]) for number in (1, 2)]
    assert [elsewhere.get(where).status_code for where in bytes_of] == [404, 200]
    assert [signed_in(author).get(where).status_code for where in bytes_of] == [200, 200]
    event = Event.objects.get(what="post.sent_back", about__contains=[partly_out.audit_ref])
    assert elsewhere.get(reverse("posts:receipt", args=[partly_out.pk, event.uid])).status_code == 404
    assert elsewhere.get(edit(partly_out)).status_code == 404


def test_pictures_of_a_draft_are_not_shown_to_others_when_something_else_is_out(partly_out, author) -> None:
    row = take_in(by=author, name="secret.jpg", upload=picture().read(), now=NOW)
    partly_out.draft_pictures.add(row)
    where = reverse("posts:picture", args=[partly_out.pk, row.sha256])
    assert b"".join(signed_in(author).get(where).streaming_content)
    assert signed_in(make.authorised("Elsewhere", unit_key="edinburgh")).get(where).status_code == 404


def test_the_author_and_the_approver_still_see_everything_of_what_is_partly_out(partly_out, author, spoc) -> None:
    for person in (author, spoc):
        assert "Name the road." in text_of(signed_in(person).get(page(partly_out)))
        assert "First wording" in text_of(signed_in(person).get(reverse("posts:proof", args=[partly_out.pk])))


def test_an_auditor_sees_what_was_submitted(waiting) -> None:
    auditor = signed_in(make.person("Auditor", unit_key="audit", roles=("auditor",)))
    assert auditor.get(page(waiting)).status_code == 200


def test_the_list_takes_the_same_queries_for_many_posts(client, author, account, waiting) -> None:
    client.get("/posts/")
    few = queries_of(client, "/posts/")
    for n in range(6):
        make.submitted(author, account, text=f"Post {n}")
    assert queries_of(client, "/posts/") == few
    assert few <= 14


def test_the_list_can_be_narrowed(client, waiting, author, account) -> None:
    actions.compose(by=author, draft=make.draft(account, text="Only a draft"), now=NOW)
    assert "Please look" not in text_of(client.get("/posts/?state=draft"))
    assert "Only a draft" in text_of(client.get("/posts/?state=draft&mine=yes"))
    assert "No posts here" in text_of(client.get("/posts/?state=rejected"))


# Sending and proof


def out(post: Post, approver) -> Consignment:
    actions.approve(by=approver, post=post, digest=post.current.digest, now=NOW)
    row = Consignment.objects.get(post_ref=post.audit_ref)
    row.state, row.native_id, row.url = "sent", "at://did/post/1", "https://network.example/1"
    row.sent_at = row.read_back_at = NOW
    row.save()
    return row


def test_the_live_part_asks_to_be_asked_no_more_when_all_is_over(waiting, spoc, client) -> None:
    live = reverse("posts:live", args=[waiting.pk])
    actions.approve(by=spoc, post=waiting, digest=waiting.current.digest, now=NOW)
    assert client.get(live).status_code == 200
    assert "hx-get" in client.get(page(waiting)).content.decode()
    Consignment.objects.update(state="sent", native_id="1", read_back_at=NOW)
    assert client.get(live).status_code == 286
    assert 'hx-trigger="every 2s"' not in client.get(page(waiting)).content.decode()


def test_what_is_out_can_be_opened_and_no_longer_changed(waiting, spoc, client) -> None:
    out(waiting, spoc)
    response = client.get(page(waiting))
    assert 'href="https://network.example/1"' in response.content.decode()
    assert "1 of 1 account is out and read back." in text_of(response)
    assert "Change it" not in text_of(response)
    assert "Withdraw it" not in text_of(response)


def test_the_composer_of_what_is_out_is_not_opened_and_typed_words_are_shown(waiting, spoc, client) -> None:
    out(waiting, spoc)
    opened = client.get(edit(waiting), follow=True)
    assert opened.redirect_chain == [(page(waiting), 302)]
    assert actions.OUT in text_of(opened)
    typed = client.post(edit(waiting), form(waiting, text="Words too late"))
    assert typed.status_code == 409
    assert "Words too late" in text_of(typed)
    assert text_of(typed).count("Nothing was changed.") == 1
    by_itself = client.post(reverse("posts:autosave", args=[waiting.pk]), form(waiting, text="Words too late"))
    assert f"Not saved. {actions.OUT}" in text_of(by_itself)
    assert stored(waiting)["text"] == "Please look"


def test_an_author_whose_standing_ended_is_told_so_and_their_words_are_shown(waiting, client, author) -> None:
    author.authorisations.update(ended_at=NOW)
    typed = client.post(edit(waiting), form(waiting, text="Words too late"))
    assert typed.status_code == 409
    assert "Words too late" in text_of(typed)
    assert "This is not allowed by the guidance." in text_of(typed)
    assert stored(waiting)["text"] == "Please look"


def test_the_live_part_takes_away_only_what_is_no_longer_possible(waiting, spoc, client) -> None:
    live = reverse("posts:live", args=[waiting.pk])
    actions.approve(by=spoc, post=waiting, digest=waiting.current.digest, now=NOW)
    shown = client.get(page(waiting)).content.decode()
    assert shown.count('id="change-it"') == shown.count('id="withdraw-it"') == 1
    assert "-it" not in client.get(live).content.decode()
    Consignment.objects.update(state="sending", leased_until=NOW)
    under_way = client.get(live).content.decode()
    assert '<span id="change-it" hidden hx-swap-oob="true"></span>' in under_way
    assert "withdraw-it" not in under_way
    Consignment.objects.update(state="sent", native_id="1", read_back_at=NOW)
    assert '<span id="withdraw-it" hidden hx-swap-oob="true"></span>' in client.get(live).content.decode()


def test_the_proof_names_bytes_people_guidance_and_places_in_the_log(waiting, spoc, client) -> None:
    row = out(waiting, spoc)
    said = text_of(client.get(reverse("posts:proof", args=[waiting.pk])))
    for word in (waiting.current.digest, "Author", "Contact", row.native_id, "police-scotland 1.0.0", "Holds"):
        assert word in said
    assert "In less than a minute" in said


def test_the_exact_bytes_can_be_downloaded(waiting, client) -> None:
    response = client.get(reverse("posts:canonical", args=[waiting.pk, 1]))
    assert response.content == bytes(waiting.current.manifest.canonical)
    assert "attachment" in response["Content-Disposition"]
    assert client.get(reverse("posts:canonical", args=[waiting.pk, 2])).status_code == 404


def test_a_receipt_for_an_event_that_waits_for_its_place_is_put_off(waiting, client) -> None:
    event = Event.objects.filter(about__contains=[waiting.audit_ref]).first()
    response = client.get(reverse("posts:receipt", args=[waiting.pk, event.uid]), follow=True)
    assert "Try again in a minute" in text_of(response)


@pytest.mark.django_db(transaction=True)
def test_a_receipt_can_be_downloaded_by_those_who_see_the_post(waiting, client) -> None:
    integrate(now=timezone.now())
    event = Event.objects.filter(about__contains=[waiting.audit_ref]).first()
    response = client.get(reverse("posts:receipt", args=[waiting.pk, event.uid]))
    assert json.loads(response.content)["index"] == event.place.index
    elsewhere = Event.objects.exclude(about__contains=[waiting.audit_ref]).first()
    assert client.get(reverse("posts:receipt", args=[waiting.pk, elsewhere.uid])).status_code == 404


# What a person reads once it is decided, and out


def test_what_was_decided_no_longer_waits_in_anybodys_notices(account, author, spoc) -> None:
    post = make.submitted(author, account)
    assert spoc.notices.get(subject=actions.WAITS).read_at is None
    actions.approve(by=spoc, post=post, digest=post.current.digest, now=NOW)
    assert spoc.notices.get(subject=actions.WAITS).read_at == NOW


def test_a_post_that_is_out_everywhere_says_so(account, author, spoc) -> None:
    post = make.approved(author, spoc, account)
    pages = [reverse("posts:list"), reverse("posts:post", args=[post.pk])]
    assert ["Approved" in text_of(signed_in(author).get(page)) for page in pages] == [True, True]
    Consignment.objects.update(state="sent", native_id="n1", sent_at=NOW, read_back_at=NOW)
    listed, whole = (text_of(signed_in(author).get(page)) for page in pages)
    assert "When approved" not in listed
    assert "Out" in listed
    assert "Went out" in whole


def test_who_approves_during_a_pause_reads_that_it_is_held(account, author, spoc) -> None:
    post = make.submitted(author, account)
    sending.pause(by=spoc, scope="account", key=str(account.pk), reason="A wrong picture", now=NOW)
    where = reverse("posts:decide", args=[post.pk])
    answer = signed_in(spoc).post(where, {"digest": post.current.digest, "do": "approve"}, follow=True)
    assert "Sending is paused: it goes out by itself when the pause is lifted." in text_of(answer)

"""Correcting what is out: what may change, by whose approval, and what the pages and the command line say of it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import BinaryField, Case, F, Value, When

from mercat.delivery import states as sending
from mercat.delivery.manifest import contents
from mercat.delivery.models import Consignment, Correction, Manifest
from mercat.images.actions import take_in
from mercat.people import actions as people
from mercat.people.models import Person
from mercat.posts import actions as posts
from mercat.posts.actions import Impossible, NotAllowed
from mercat.posts.contents import Draft, DraftPicture, canonical
from mercat.posts.leavers import follow
from mercat.posts.models import Post
from mercat.posts.presenters.becoming import becoming
from mercat.register import actions as register
from mercat.register.models import Account
from tests import factories as make
from tests.factories import NOW, TEST
from tests.flush import unguarded
from tests.images.crafted import quarters, saved
from tests.pages import SOON, at_noon, signed_in, text_of  # noqa: F401

pytestmark = pytest.mark.django_db

OLD, NEW = "Road closed at the bridge.", "Road closed at the tunnel."
LATER = NOW + timedelta(minutes=5)


@pytest.fixture(autouse=True)
def _files(settings, tmp_path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def account(db: None) -> Account:
    return make.account("Dundee", network="mastodon")


@pytest.fixture
def facebook(db: None) -> Account:
    return make.account("Dundee page", network="facebook")


def stands(post: Post) -> Post:
    """As if all of it had gone out and been read back."""
    rows = Consignment.objects.filter(post_ref=post.audit_ref)
    for n, row in enumerate(rows, 1):
        seen = {"native_id": f"n{n}", "url": f"https://network.example/n{n}", "sent_at": NOW, "read_back_at": NOW}
        Consignment.objects.filter(pk=row.pk).update(state=sending.SENT, first_sent_at=NOW, **seen)
    return post


@pytest.fixture
def out(account: Account, author: Person, spoc: Person) -> Post:
    return stands(make.approved(author, spoc, account, text=OLD))


def reworded(post: Post, by: Person, **changes: Any) -> Post:
    draft = replace(Draft.restored(post.draft), **{"text": NEW, **changes})
    return posts.compose(by=by, post=post, draft=draft, now=NOW)


def correcting(out: Post, by: Person, **changes: Any) -> Post:
    return reworded(posts.correct(by=by, post=out, now=NOW), by, **changes)


def submitted(out: Post, by: Person, **changes: Any) -> Post:
    post = correcting(out, by, **changes)
    posts.submit(by=by, post=post, now=NOW)
    post.refresh_from_db()
    return post


def approved(out: Post, by: Person, approver: Person, **changes: Any) -> Post:
    post = submitted(out, by, **changes)
    posts.approve(by=approver, post=post, digest=post.current.digest, now=NOW)
    post.refresh_from_db()
    return post


def done(at: datetime = LATER) -> None:
    Correction.objects.filter(result="").update(result="done", ended_at=at)


def says(post: Post, by: Person) -> str:
    return " ".join(map(str, posts.obstacles(by=by, post=post, now=NOW)))


def test_a_correction_begins_with_what_stands_and_only_where_it_can_be_changed(
    account: Account, author: Person, spoc: Person
) -> None:
    other = make.account("Dundee sky")
    make_of_both = make.spoc_of(other, "Both")
    post = make.submitted(author, account, other, text=OLD, variants={"mastodon": "Bridge closed."})
    for by in (spoc, make_of_both):
        posts.approve(by=by, post=post, digest=post.current.digest, now=NOW)
    stands(post)
    draft = Draft.restored(posts.correct(by=author, post=post, now=NOW).draft)
    assert (draft.text, draft.variants, draft.pillar) == (OLD, {"mastodon": "Bridge closed."}, "warning")
    assert draft.targets == (str(account.pk),), "Bluesky lets nobody change what stands there"
    assert posts.correct(by=author, post=post, now=NOW).pk == posts.correct(by=author, post=post, now=NOW).pk


def test_the_last_approval_makes_corrections_and_no_consignments(
    out: Post, author: Person, spoc: Person, account: Account
) -> None:
    post = submitted(out, author)
    row = Consignment.objects.get()
    assert posts.approve(by=spoc, post=post, digest=post.current.digest, now=NOW) == [row]
    post.refresh_from_db()
    correction = Correction.objects.get()
    assert (post.state, Consignment.objects.count()) == ("approved", 1)
    assert (correction.consignment, correction.manifest, correction.author) == (row, post.current.manifest, author)
    assert (correction.post_ref, correction.approvals, correction.approvals_needed) == (post.audit_ref, 1, 1)
    assert contents(correction.manifest)["corrects"] == str(out.pk)


def test_who_wrote_it_does_not_approve_it(out: Post, spoc: Person) -> None:
    post = submitted(out, spoc)
    with pytest.raises(NotAllowed):
        posts.approve(by=spoc, post=post, digest=post.current.digest, now=NOW)
    assert not Correction.objects.exists()


def test_each_account_is_corrected_with_its_own_last_approval(
    account: Account, facebook: Account, author: Person, spoc: Person
) -> None:
    other = make.spoc_of(facebook, "Other")
    post = make.submitted(author, account, facebook, text=OLD)
    for by in (spoc, other):
        posts.approve(by=by, post=post, digest=post.current.digest, now=NOW)
    new = submitted(stands(post), author)
    posts.approve(by=spoc, post=new, digest=new.current.digest, now=NOW)
    new.refresh_from_db()
    assert (new.state, [row.consignment.account for row in Correction.objects.all()]) == ("submitted", [account])
    follow(spoc, now=NOW)  # who approved what is done leaves nothing undone
    posts.approve(by=other, post=new, digest=new.current.digest, now=NOW)
    new.refresh_from_db()
    assert (new.state, Correction.objects.count()) == ("approved", 2)


def test_a_draft_that_is_withdrawn_corrects_nothing(out: Post, author: Person, spoc: Person) -> None:
    post = submitted(out, author)
    posts.withdraw(by=author, post=post, reason="It was right.", now=NOW)
    assert not Correction.objects.exists()
    with pytest.raises(Impossible):
        posts.approve(by=spoc, post=post, digest=post.current.digest, now=NOW)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"pillar": "engagement"}, "The pillar stays as it went out"),
        ({"language": "gd"}, "The language stays as it went out"),
        ({"warning": True}, "emergency warning stays as it went out"),
        ({"synthetic": True}, "by a machine stays as it went out"),
        ({"story": True}, "Whether it is a story stays as it went out"),
        ({"begins": NOW + timedelta(hours=1)}, "a live broadcast stays as it went out"),
        ({"due_at": NOW + timedelta(hours=1)}, "set no time for it"),
        ({"text": OLD}, "These are the words that stand already"),
        ({"text": "One\n---\nTwo"}, "is one post: take out the line"),
    ],
)
def test_only_words_may_change(out: Post, author: Person, changes: dict[str, Any], why: str) -> None:
    post = correcting(out, author, **changes)
    assert why in says(post, author)
    with pytest.raises((Impossible, NotAllowed, posts.DoesNotFit)):
        posts.submit(by=author, post=post, now=NOW)


def test_no_account_is_added(out: Post, author: Person, facebook: Account) -> None:
    post = correcting(
        out, author, targets=(*map(str, out.current.targets.values_list("account", flat=True)), str(facebook.pk))
    )
    assert "The post that is corrected did not go to Dundee page. Leave this account out." in says(post, author)


def test_pictures_stay_and_their_descriptions_change_where_the_network_takes_them(
    account: Account, facebook: Account, author: Person, spoc: Person
) -> None:
    other = make.spoc_of(facebook, "Other")
    sign = take_in(by=author, name="sign.png", upload=saved(quarters(), "PNG"), now=NOW)
    pictures = (DraftPicture(str(sign.pk), "A sign"),)
    post = make.submitted(author, account, facebook, text=OLD, pictures=pictures)
    for by in (spoc, other):
        posts.approve(by=by, post=post, digest=post.current.digest, now=NOW)
    new = correcting(stands(post), author)
    assert Draft.restored(new.draft).pictures == pictures
    assert says(new, author) == ""
    new = reworded(new, author, pictures=())
    assert "Pictures and videos stay as they went out" in says(new, author)
    described = (DraftPicture(str(sign.pk), "A sign at the tunnel"),)
    new = reworded(new, author, pictures=described)
    assert "Facebook lets nobody change descriptions. Set them back, or leave Dundee page out." in says(new, author)
    new = reworded(new, author, text=OLD, pictures=described, targets=(str(account.pk),))
    assert says(new, author) == "", "a description is a word too"


def test_whoever_may_not_write_for_the_account_corrects_nothing(out: Post) -> None:
    stranger = make.authorised("Stranger", unit_key="edinburgh")
    with pytest.raises(NotAllowed):
        posts.correct(by=stranger, post=out, now=NOW)
    assert not out.corrections.exists()


def test_words_that_were_corrected_since_are_looked_at_first(out: Post, author: Person, spoc: Person) -> None:
    late = submitted(out, make.authorised("Another"), text="Road open.")
    approved(out, author, spoc)
    done()
    with pytest.raises(Impossible, match=r"which this would take back\. Nothing was changed\. Send it back"):
        posts.approve(by=spoc, post=late, digest=late.current.digest, now=LATER)
    again = Draft.restored(posts.correct(by=spoc, post=out, now=LATER).draft)
    assert again.text == NEW, "it begins with what stands"


def test_a_draft_that_lay_takes_no_later_correction_back(out: Post, author: Person, spoc: Person) -> None:
    other = make.authorised("Another")
    old = correcting(out, other, text="Road closed at the bridge until six.")
    approved(out, author, spoc)
    done()
    why = "The words on Dundee were corrected after this was begun, which this would take back."
    assert why in says(old, other)
    with pytest.raises(Impossible, match=f"{why} Begin anew .* Nothing was submitted."):
        posts.submit(by=other, post=old, now=LATER)
    old.refresh_from_db()
    assert (old.state, old.draft["text"]) == ("draft", "Road closed at the bridge until six."), "it is kept"
    again = posts.correct(by=other, post=out, now=LATER)
    assert (again.pk == old.pk, again.draft["text"]) == (False, NEW), "it begins with what stands"
    posts.submit(by=other, post=reworded(again, other, text="Road open."), now=LATER)
    assert posts.correct(by=author, post=out, now=LATER).pk != again.pk


def test_the_first_of_two_who_approve_is_told_that_it_was_overtaken(
    out: Post, author: Person, spoc: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = submitted(out, make.authorised("Another"), text="Road open.")
    approved(out, author, spoc)
    done()
    monkeypatch.setattr(posts, "approvals_needed", lambda account: 2)
    with pytest.raises(Impossible, match="were corrected after this was begun"):
        posts.approve(by=spoc, post=late, digest=late.current.digest, now=LATER)
    assert not late.current.approvals.exists()


def test_what_stands_by_a_correction_itself_does_not_overtake_it(
    account: Account, facebook: Account, author: Person, spoc: Person
) -> None:
    both = make.spoc_of(account, "Both")
    register.appoint_spoc(by=TEST, account=facebook, person=both, now=NOW)
    post = make.submitted(author, account, facebook, text=OLD)
    for by in (spoc, both):
        posts.approve(by=by, post=post, digest=post.current.digest, now=NOW)
    new = submitted(stands(post), author)
    posts.approve(by=spoc, post=new, digest=new.current.digest, now=NOW)
    done()
    assert posts.approve(by=both, post=new, digest=new.current.digest, now=LATER)
    assert sorted(Correction.objects.values_list("result", flat=True)) == ["", "done"]


def test_what_was_sent_back_takes_no_later_correction_back(out: Post, author: Person, spoc: Person) -> None:
    late = submitted(out, make.authorised("Another"), text="Road open.")
    posts.send_back(by=spoc, post=late, digest=late.current.digest, reason="Is it?", now=NOW)
    approved(out, author, spoc)
    done()
    late.refresh_from_db()
    assert "were corrected after this was begun" in says(late, late.created_by)


def test_an_account_that_was_corrected_since_is_left_out(
    account: Account, facebook: Account, author: Person, spoc: Person
) -> None:
    both = make.spoc_of(facebook, "Other")
    post = make.submitted(author, account, facebook, text=OLD)
    for by in (spoc, both):
        posts.approve(by=by, post=post, digest=post.current.digest, now=NOW)
    old = correcting(stands(post), make.authorised("Another"), text="Road closed until six.")
    approved(post, author, spoc, targets=(str(account.pk),))
    done()
    old = reworded(old, old.created_by, text="Road closed until six.", targets=(str(facebook.pk),))
    assert says(old, old.created_by) == ""


def test_the_database_lets_no_correction_take_back_another(out: Post, author: Person, spoc: Person) -> None:
    approved(out, author, spoc)
    row = Correction.objects.get()
    done()
    row.pk, row.result, row.ended_at = None, "failed", LATER
    with pytest.raises(DatabaseError, match="what a correction was written from stands no more"), transaction.atomic():
        row.save(force_insert=True)


def test_what_a_correction_began_from_stays(out: Post, author: Person) -> None:
    post = posts.correct(by=author, post=out, now=NOW)
    assert post.began_from == {str(row.account_id): row.manifest_id for row in Consignment.objects.all()}
    with pytest.raises(DatabaseError, match="what a correction began from stays"), transaction.atomic():
        Post.objects.filter(pk=post.pk).update(began_from={})
    with pytest.raises(DatabaseError, match="only_a_correction_began_from_something"), transaction.atomic():
        Post.objects.create(began_from={"a": "b"}, created_by=author, created_at=NOW, changed_at=NOW)


def altered(manifest: str) -> None:
    """As if somebody had changed stored words past the programme."""
    row = Manifest.objects.get(pk=manifest)
    other = Value(bytes(row.canonical).replace(b"Road", b"Rood"), BinaryField())
    make.as_if(Manifest, canonical=Case(When(pk=manifest, then=other), default=F("canonical")))


def test_where_stored_words_are_not_the_approved_ones_nothing_is_corrected(
    out: Post, author: Person, spoc: Person
) -> None:
    post = correcting(out, author)
    altered(out.current.manifest_id)
    assert "The stored words are not the ones that were approved" in says(post, author)
    with pytest.raises(Impossible, match=r"Tell the information security officer\. .* Nothing was submitted\."):
        posts.submit(by=author, post=post, now=NOW)
    with pytest.raises(
        Impossible, match=r"The stored words are not the ones that were approved.* Nothing was changed\."
    ):
        posts.correct(by=spoc, post=out, now=NOW)
    assert out.corrections.count() == 1


def test_what_stands_now_and_what_it_becomes(out: Post, author: Person) -> None:
    post = submitted(out, author)
    [change] = becoming(post)
    assert [str(row) for row in change.accounts] == ["Dundee"]
    [words] = change.parts
    assert (words.title, change.problem) == ("The words", "")
    assert words.stands == (
        'Road closed at the <del><span class="govuk-visually-hidden">taken out: </span>bridge</del>.'
    )
    assert words.becomes == ('Road closed at the <ins><span class="govuk-visually-hidden">put in: </span>tunnel</ins>.')


def test_accounts_with_one_change_stand_together_and_others_apart(
    account: Account, facebook: Account, author: Person, spoc: Person
) -> None:
    second = make.account("Perth", network="mastodon")
    both = make.spoc_of(facebook, "Other")
    sign = take_in(by=author, name="sign.png", upload=saved(quarters(), "PNG"), now=NOW)
    pictures = (DraftPicture(str(sign.pk), "A sign"),)
    post = make.submitted(
        author, account, second, facebook, text=OLD, pictures=pictures, variants={"facebook": "Bridge closed."}
    )
    for by in (spoc, both, make.spoc_of(second, "Third")):
        posts.approve(by=by, post=post, digest=post.current.digest, now=NOW)
    described = (DraftPicture(str(sign.pk), "A sign at the tunnel"),)
    targets = (str(account.pk), str(second.pk))
    new = submitted(stands(post), author, pictures=described, targets=targets, variants={})
    [change] = becoming(new)
    assert sorted(str(row) for row in change.accounts) == ["Dundee", "Perth"]
    assert [part.title for part in change.parts] == ["The words", "What picture 1 is said to show"]
    assert change.parts[1].stands == "A sign"
    new = submitted(post, make.authorised("Another"), variants={"facebook": "Tunnel closed."})
    assert [[str(row) for row in each.accounts] for each in becoming(new)] == [["Dundee page"], ["Dundee", "Perth"]]


def test_who_approves_it_is_told_what_is_in_the_way(out: Post, author: Person, spoc: Person) -> None:
    late = submitted(out, make.authorised("Another"), text="Road open.")
    post = approved(out, author, spoc)
    assert [each.problem for each in becoming(post)] == [""], "that it is being corrected by this very post is no news"
    assert "is being corrected on Dundee already" in becoming(late)[0].problem
    done()
    assert becoming(post) == [], "these words stand there already"
    assert "The words on Dundee were corrected after this was begun" in becoming(late)[0].problem
    assert becoming(late)[0].parts[0].stands.startswith("Road <del>")
    altered(post.current.manifest_id)
    [change] = becoming(late)
    assert (change.parts, change.problem.startswith("The stored words are not the ones")) == ([], True)
    assert becoming(out) == [], "it corrects nothing"


def test_what_stands_elsewhere_by_a_correction_can_no_longer_change(out: Post, author: Person, spoc: Person) -> None:
    post = approved(out, author, spoc)
    done()
    with pytest.raises(Impossible, match="Part of this post is out already"):
        reworded(post, author)
    with pytest.raises(Impossible, match="out everywhere"):
        posts.withdraw(by=author, post=post, reason="No.", now=LATER)


def test_what_could_not_be_corrected_is_submitted_again(out: Post, author: Person, spoc: Person) -> None:
    post = approved(out, author, spoc)
    Correction.objects.update(result="failed", ended_at=LATER)
    posts.submit(by=author, post=post, now=LATER)
    post.refresh_from_db()
    posts.approve(by=spoc, post=post, digest=post.current.digest, now=LATER)
    assert list(Correction.objects.values_list("result", flat=True)) == ["failed", ""]


def test_the_bytes_of_other_versions_stay_as_they_were(out: Post) -> None:
    draft = make.draft(text=OLD)
    plain = json.loads(canonical(draft, post=out.pk, number=1, media=()))
    corrects = json.loads(canonical(draft, post=out.pk, number=1, media=(), corrects=out.pk))
    assert "corrects" not in plain
    assert corrects == {**plain, "corrects": str(out.pk)}
    assert "corrects" not in contents(out.current.manifest)


def test_which_post_another_corrects_is_said_once_and_never_itself(out: Post, author: Person) -> None:
    key = uuid4()
    with pytest.raises(IntegrityError, match="a_post_corrects_another"), transaction.atomic():
        Post.objects.create(id=key, corrects_id=key, created_by=author, created_at=NOW, changed_at=NOW)
    with pytest.raises(DatabaseError, match="which post another corrects stays"), transaction.atomic():
        Post.objects.filter(pk=out.pk).update(corrects=posts.correct(by=author, post=out, now=NOW))


@pytest.mark.parametrize(
    ("claim", "says"),
    [
        ({"approvals": 2}, "a correction has the approvals of its very version and account"),
        ({"approvals": 0, "approvals_needed": 0}, "a correction has the approvals of its very version and account"),
        ({"post_ref": "post:another"}, "a correction says what its version says"),
        ({"author": "spoc"}, "a correction says what its version says"),
        ({"manifest": "sent"}, "a correction says what its version says"),
    ],
)
def test_the_database_counts_the_approvals_of_a_correction(
    out: Post, author: Person, spoc: Person, claim: dict[str, Any], says: str
) -> None:
    approved(out, author, spoc)
    row = Correction.objects.get()
    done()
    row.pk, row.result, row.ended_at = None, "failed", LATER
    known = {"spoc": spoc, "sent": row.consignment.manifest}
    for name, value in claim.items():
        setattr(row, name, known.get(value, value))
    if "manifest" in claim:
        row.post_ref = out.audit_ref
    with pytest.raises(DatabaseError, match=says), transaction.atomic():
        row.save(force_insert=True)


@pytest.mark.parametrize("change", [{"approvals": 3}, {"post_ref": "post:another"}, {"asked_at": LATER}])
def test_what_was_approved_of_a_correction_stays(
    out: Post, author: Person, spoc: Person, change: dict[str, Any]
) -> None:
    approved(out, author, spoc)
    with pytest.raises(DatabaseError, match="what was approved of a correction stays"), transaction.atomic():
        Correction.objects.update(**change)


def test_a_post_that_was_changed_before_it_went_out_can_be_corrected(
    account: Account, author: Person, spoc: Person
) -> None:
    post = make.approved(author, spoc, account, text="Older words.")
    draft = replace(Draft.restored(post.draft), text=OLD)
    posts.compose(by=author, post=post, draft=draft, now=NOW)
    posts.submit(by=author, post=post, now=NOW)
    post.refresh_from_db()
    posts.approve(by=spoc, post=post, digest=post.current.digest, now=NOW)
    Consignment.objects.filter(state="ready").update(state="sent", native_id="n1", read_back_at=NOW, sent_at=NOW)
    assert set(Consignment.objects.values_list("state", flat=True)) == {"sent", "withdrawn"}
    approved(post, author, spoc)
    assert Correction.objects.get().consignment.state == "sent"


def test_who_approved_it_leaves_before_it_began(out: Post, author: Person, spoc: Person, account: Account) -> None:
    second = make.spoc_of(account, "Second")
    post = approved(out, author, spoc)
    people.mark_left(by=TEST, person=spoc, reason="Retired", now=LATER)
    post.refresh_from_db()
    assert (post.state, Correction.objects.get().result) == ("submitted", "withdrawn")
    posts.approve(by=second, post=post, digest=post.current.digest, now=LATER)
    assert list(Correction.objects.values_list("result", flat=True)) == ["withdrawn", ""]


def test_who_approved_it_leaves_while_it_is_tried(out: Post, author: Person, spoc: Person) -> None:
    post = approved(out, author, spoc)
    Correction.objects.update(tries=1)
    people.mark_left(by=TEST, person=spoc, reason="Retired", now=LATER)
    post.refresh_from_db()
    row = Correction.objects.get()
    assert (post.state, row.result, row.recalled) == ("submitted", "", True)


def test_who_approved_what_stands_leaves_nothing_undone(out: Post, author: Person, spoc: Person) -> None:
    post = approved(out, author, spoc)
    Correction.objects.update(result="done", ended_at=LATER)
    people.mark_left(by=TEST, person=spoc, reason="Retired", now=LATER)
    post.refresh_from_db()
    assert (post.state, Correction.objects.get().result) == ("approved", "done")


# Pages


@pytest.mark.usefixtures("at_noon")
def test_the_pages_lead_there_and_tell_how_it_stands(out: Post, author: Person, spoc: Person) -> None:
    client = signed_in(author)
    assert "Correct the words" in text_of(client.get(f"/posts/{out.pk}/"))
    address = client.post(f"/posts/{out.pk}/correct/").url
    draft = Post.objects.get(corrects=out)
    assert address == f"/posts/{draft.pk}/edit/"
    composer = text_of(client.get(address))
    assert "You are correcting the words of a post that is out" in composer
    assert "begins another post of a thread" not in composer
    posts.compose(by=author, post=draft, draft=replace(Draft.restored(draft.draft), text=NEW), now=SOON)
    posts.submit(by=author, post=draft, now=SOON)
    draft.refresh_from_db()
    posts.approve(by=spoc, post=draft, digest=draft.current.digest, now=SOON)
    assert "The words are being corrected. Asked for" in text_of(client.get(f"/posts/{out.pk}/"))
    told = text_of(client.get(f"/posts/{draft.pk}/"))
    assert ("Being corrected" in told, "Withdraw it" in told) == (True, True)
    assert client.get(f"/posts/{draft.pk}/live/").status_code == 200
    done(SOON)
    told = client.get(f"/posts/{out.pk}/")
    assert "Words corrected, and read back" in text_of(told)
    assert f'href="/posts/{draft.pk}/"' in told.content.decode()
    told = text_of(client.get(f"/posts/{draft.pk}/"))
    assert ("Corrected" in told, "Change it" in told, "Withdraw it" in told) == (True, False, False)
    assert client.get(f"/posts/{draft.pk}/live/").status_code == 286
    listed = text_of(client.get("/posts/"))
    assert (OLD in listed, listed.count(NEW), "Correction out" in listed) == (False, 2, True)
    proof = text_of(client.get(f"/posts/{out.pk}/proof/"))
    assert f"The words that stand now on Dundee {NEW}" in proof
    assert (draft.current.digest in proof, "Approved by Contact" in proof) == (True, True)


@pytest.mark.usefixtures("at_noon")
def test_who_approves_it_sees_what_stands_beside_what_it_becomes(out: Post, author: Person, spoc: Person) -> None:
    post = submitted(out, author)
    page = text_of(signed_in(spoc).get(f"/posts/{post.pk}/"))
    assert "What stands now Road closed at the taken out: bridge . What it becomes" in page
    assert page.index("What it becomes") < page.index("Your decision")
    posts.approve(by=spoc, post=post, digest=post.current.digest, now=NOW)
    done()
    assert "What it becomes" not in text_of(signed_in(spoc).get(f"/posts/{post.pk}/"))


@pytest.mark.usefixtures("at_noon")
def test_where_stored_words_are_not_the_approved_ones_a_page_says_so(out: Post, author: Person, spoc: Person) -> None:
    post = approved(out, author, spoc)
    done(SOON)
    altered(post.current.manifest_id)
    client = signed_in(author)
    answer = client.post(f"/posts/{out.pk}/correct/")
    assert answer.status_code == 422
    assert "The stored words are not the ones that were approved" in text_of(answer)
    for address in (f"/posts/{post.pk}/", f"/posts/{post.pk}/correct/"):
        answer = client.post(address) if "correct" in address else client.get(address)
        assert answer.status_code == 409
        told = text_of(answer)
        assert ("not the ones that were approved" in told, "Nothing was changed" in told) == (True, True)
        assert "Tell the information security officer" in told
    assert client.get(f"/posts/{post.pk}/proof/").status_code == 200


@pytest.mark.usefixtures("at_noon")
def test_a_composer_says_that_stored_words_are_not_the_approved_ones(out: Post, author: Person) -> None:
    client = signed_in(author)
    address = client.post(f"/posts/{out.pk}/correct/").url
    altered(out.current.manifest_id)
    assert client.get(address).status_code == 200
    draft = Draft.restored(Post.objects.get(corrects=out).draft)
    typed = {"text": NEW, "targets": draft.targets, "pillar": draft.pillar, "language": draft.language, "do": "submit"}
    answer = client.post(address, typed)
    assert answer.status_code == 422
    assert "The stored words are not the ones that were approved" in text_of(answer)
    assert NEW in answer.content.decode()


@pytest.mark.usefixtures("at_noon")
def test_what_could_not_be_corrected_has_a_button_for_those_who_answer_for_it(
    out: Post, author: Person, spoc: Person
) -> None:
    post = approved(out, author, spoc)
    row = Correction.objects.get()
    client, address = signed_in(spoc), f"/posts/{post.pk}/corrections/{row.pk}/again/"
    assert "Try again" not in text_of(client.get(f"/posts/{post.pk}/"))
    Correction.objects.update(result="failed", said="The network refused it.", ended_at=SOON)
    assert f'action="{address}"' in client.get(f"/posts/{post.pk}/").content.decode()
    assert f'action="{address}"' in client.get(f"/posts/{post.pk}/live/").content.decode()
    answer = client.post(address, follow=True)
    assert answer.redirect_chain[-1][0] == f"/posts/{post.pk}/"
    assert "It is tried again on Dundee, if the guidance allows it now." in text_of(answer)
    assert Correction.objects.get().result == ""
    assert "This has moved on in the meantime" in text_of(client.post(address, follow=True))
    assert client.post(f"/posts/{out.pk}/corrections/{row.pk}/again/").status_code == 404
    Correction.objects.update(result="failed", ended_at=SOON)
    stranger = signed_in(make.authorised("Stranger", unit_key="edinburgh"))
    assert stranger.post(address).status_code == 404
    reworded(post, author, text="Road open.")
    posts.submit(by=author, post=post, now=SOON)
    assert "Try again" not in text_of(client.get(f"/posts/{post.pk}/")), "another version waits for approval"


@pytest.mark.usefixtures("at_noon")
def test_who_wrote_what_is_corrected_is_offered_no_button_for_anothers_correction(
    out: Post, author: Person, spoc: Person
) -> None:
    post = approved(out, make.authorised("Another"), spoc)
    Correction.objects.update(result="failed", said="The network refused it.", ended_at=SOON)
    assert "Try again" in text_of(signed_in(spoc).get(f"/posts/{post.pk}/"))
    assert "Try again" not in text_of(signed_in(author).get(f"/posts/{post.pk}/"))


def test_one_that_was_begun_before_this_was_kept_says_so(out: Post, author: Person) -> None:
    post = correcting(out, author)
    with unguarded(["posts_post"]):
        Post.objects.filter(pk=post.pk).update(began_from={})
    post.refresh_from_db()
    assert "It is not known from which words on Dundee this was begun." in says(post, author)


@pytest.mark.usefixtures("at_noon")
def test_others_see_what_stands_and_are_offered_nothing(out: Post, author: Person, spoc: Person) -> None:
    post = approved(out, author, spoc)
    client = signed_in(make.authorised("Stranger", unit_key="edinburgh"))
    assert client.get(f"/posts/{post.pk}/").status_code == 404
    done(SOON)
    assert NEW in text_of(client.get(f"/posts/{post.pk}/"))
    assert "Correct the words" not in text_of(client.get(f"/posts/{out.pk}/"))
    refused = client.post(f"/posts/{out.pk}/correct/")
    assert (refused.status_code, out.corrections.count()) == (422, 1)

"""Compose, submit, approve, send back, reject, withdraw: asked of guidance, recorded, whole or not at all."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from mercat.audit.actions import erase_personal
from mercat.audit.models import Event
from mercat.delivery.models import Consignment, Manifest
from mercat.images.actions import take_in
from mercat.people import actions as people
from mercat.people.actions import Impossible
from mercat.people.models import Completion, Notice, Person
from mercat.posts import actions as posts
from mercat.posts.actions import DoesNotFit, NotAllowed
from mercat.posts.contents import LONGEST, Draft, DraftPicture
from mercat.posts.models import Approval, Post, Remark, Version
from mercat.posts.presenters.timeline import happenings
from mercat.register import actions as register
from mercat.register.models import Account
from tests import factories as make
from tests.factories import NOW, TEST
from tests.images.crafted import noise, quarters, saved
from tests.kept import gained, kept

pytestmark = pytest.mark.django_db


def clauses(refused: pytest.ExceptionInfo[NotAllowed], account: Account) -> set[str]:
    return {refusal.clause for refusal in refused.value.decisions[account].refusals}


@pytest.fixture(autouse=True)
def _files(settings, tmp_path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def picture(author: Person):
    return take_in(by=author, name="sign.png", upload=saved(quarters(), "PNG"), now=NOW)


def lapse(person: Person) -> None:
    """The training that counts for them ended a minute ago."""
    Completion.objects.filter(person=person).update(ended_at=NOW)
    completed = NOW - timedelta(days=1095, minutes=1)
    people.record_completion(by=TEST, person=person, trainer=make.trainer(), completed_at=completed, now=NOW)


# Composing


def test_a_draft_is_kept_and_recorded_and_changed_without_a_record(account: Account, author: Person) -> None:
    before = kept()
    post = posts.compose(by=author, draft=make.draft(account), now=NOW)
    assert gained(before) == {"posts.Post": 1, "audit.Event": 1, "audit.Pending": 1}
    assert (post.state, post.current, Draft.restored(post.draft)) == ("draft", None, make.draft(account))
    before, later = kept(), NOW + timedelta(minutes=5)
    posts.compose(by=author, post=post, draft=make.draft(account, text="Reopened."), now=later)
    post.refresh_from_db()
    assert (gained(before), post.draft["text"], post.changed_at) == ({}, "Reopened.", later)


def test_an_account_that_is_not_open_to_the_author_is_refused_by_its_clause(author: Person) -> None:
    mine, other = make.account("Dundee"), make.account("Leith", unit_key="edinburgh")
    before = kept()
    with pytest.raises(NotAllowed) as refused:
        posts.compose(by=author, draft=make.draft(mine, other), now=NOW)
    assert list(refused.value.decisions) == [other]
    assert clauses(refused, other) == {"5.6"}
    assert "Leith: 5.6" in str(refused.value)
    assert not gained(before)


def test_another_persons_draft_is_not_changed(account: Account, author: Person, spoc: Person) -> None:
    post = posts.compose(by=author, draft=make.draft(account), now=NOW)
    for act in (
        lambda: posts.compose(by=spoc, post=post, draft=make.draft(account, text="Mine now."), now=NOW),
        lambda: posts.submit(by=spoc, post=post, now=NOW),
        lambda: posts.withdraw(by=spoc, post=post, reason="No", now=NOW),
    ):
        with pytest.raises(Impossible, match="another person's draft"):
            act()
    post.refresh_from_db()
    assert (post.draft["text"], post.state) == ("Road closed at the bridge.", "draft")


@pytest.mark.parametrize("state", ["rejected", "withdrawn"])
def test_what_is_over_is_not_changed_any_more(account: Account, author: Person, spoc: Person, state: str) -> None:
    post = make.submitted(author, account)
    if state == "rejected":
        posts.reject(by=spoc, post=post, digest=post.current.digest, reason="Not ours to say.", now=NOW)
    else:
        posts.withdraw(by=author, post=post, reason="Old news.", now=NOW)
    before = kept()
    for act in (
        lambda: posts.compose(by=author, post=post, draft=make.draft(account), now=NOW),
        lambda: posts.submit(by=author, post=post, now=NOW),
        lambda: posts.withdraw(by=author, post=post, reason="Again", now=NOW),
        lambda: posts.approve(by=spoc, post=post, digest=post.current.digest, now=NOW),
    ):
        with pytest.raises(Impossible, match=r"Write a new one|cannot be changed this way|nothing to decide"):
            act()
    assert not gained(before)


@pytest.mark.parametrize(
    ("about", "says"),
    [
        ({"text": "x" * (LONGEST + 1)}, "100,001 characters"),
        ({"variants": {"bluesky": "x" * (LONGEST + 1)}}, "100,001 characters"),
        ({"pictures": (DraftPicture("1", "x" * (LONGEST + 1)),)}, "100,001 characters"),
        ({"text": "a\x00b"}, "a character that is none"),
        ({"text": "half \ud83d"}, "a character that is none"),
        ({"variants": {"bluesky": "\udfff"}}, "a character that is none"),
        ({"pictures": (DraftPicture("1", "\x00"),)}, "a character that is none"),
        ({"language": "\x00"}, "a character that is none"),
    ],
)
def test_what_cannot_be_kept_is_refused_and_what_was_kept_stays(
    account: Account, author: Person, about: dict, says: str
) -> None:
    post = posts.compose(by=author, draft=make.draft(account), now=NOW)
    before = kept()
    for earlier in (None, post):
        with pytest.raises(Impossible, match=says):
            posts.compose(by=author, post=earlier, draft=replace(make.draft(account), **about), now=NOW)
    post.refresh_from_db()
    assert (gained(before), post.draft["text"]) == ({}, "Road closed at the bridge.")


def test_a_hundred_thousand_characters_are_kept_and_not_submitted(account: Account, author: Person) -> None:
    post = posts.compose(by=author, draft=make.draft(account, text="x" * LONGEST), now=NOW)
    with pytest.raises(DoesNotFit, match="300") as refused:
        posts.submit(by=author, post=post, now=NOW)
    assert list(refused.value.problems) == [account]
    post.refresh_from_db()
    assert len(post.draft["text"]) == LONGEST


# Submitting


def test_submitting_makes_a_version_that_says_what_the_draft_said(
    account: Account, author: Person, spoc: Person, picture
) -> None:
    due = NOW + timedelta(hours=3, microseconds=7)
    draft = make.draft(
        account,
        text="Cafe\u0301 shut\r\n",
        variants={"bluesky": "Shut."},
        pictures=(DraftPicture(str(picture.pk), " A sign "),),
        due_at=due,
    )
    post = posts.compose(by=author, draft=draft, now=NOW)
    before = kept()
    version = posts.submit(by=author, post=post, now=NOW)
    assert gained(before) == {
        "posts.Version": 1, "posts.Target": 1, "delivery.Manifest": 1, "people.Notice": 1,
        "audit.Event": 1, "audit.Pending": 1,
    }  # fmt: skip
    post.refresh_from_db()
    assert (post.state, post.current, version.number, version.author) == ("submitted", version, 1, author)
    said = json.loads(bytes(version.manifest.canonical))
    assert (said["text"], said["variants"], said["targets"]) == ("Café shut", {"bluesky": "Shut."}, [str(account.pk)])
    assert said["media"] == [
        {
            "alt": "A sign",
            "kind": "picture",
            **(same := {name: getattr(picture, name) for name in ("height", "mime", "sha256", "size", "width")}),
            "renditions": {account.network: same},
        }
    ]
    assert (version.due_at.isoformat(), said["due"]) == (due.isoformat(), due.isoformat())
    assert version.manifest.files == {picture.sha256: picture.file}
    assert [notice.person for notice in Notice.objects.all()] == [spoc]
    event = Event.objects.get(what="post.submitted")
    assert event.about == [post.audit_ref, account.audit_ref]
    assert event.facts["digest"] == version.digest
    assert {"pack", "pack_version", "pack_digest"} <= set(event.facts)


@pytest.mark.parametrize(
    ("about", "says"),
    [({"targets": ()}, "at least one account"), ({"text": " \n"}, "Write something")],
)
def test_a_post_says_something_somewhere(account: Account, author: Person, about: dict, says: str) -> None:
    post = posts.compose(by=author, draft=replace(make.draft(account), **about), now=NOW)
    before = kept()
    with pytest.raises(Impossible, match=says):
        posts.submit(by=author, post=post, now=NOW)
    assert not gained(before)


@pytest.mark.parametrize(
    ("about", "clause"), [({"pillar": ""}, "3.2"), ({"pillar": "gossip"}, "3.2"), ({"pictures": "without alt"}, "M.4")]
)
def test_a_post_has_a_pillar_and_words_for_its_pictures(
    account: Account, author: Person, picture, about: dict, clause: str
) -> None:
    about = {"pictures": (DraftPicture(str(picture.pk), " "),)} if "pictures" in about else about
    post = posts.compose(by=author, draft=replace(make.draft(account), **about), now=NOW)
    before = kept()
    with pytest.raises(NotAllowed) as refused:
        posts.submit(by=author, post=post, now=NOW)
    assert clauses(refused, account) == {clause}
    assert not gained(before)


def test_the_limits_of_each_network_are_told_by_account(author: Person) -> None:
    bluesky, mastodon = make.account("On Bluesky"), make.account("On Mastodon", network="mastodon")
    text = "x" * 400  # fits Mastodon's 500, not Bluesky's 300
    post = posts.compose(by=author, draft=make.draft(bluesky, mastodon, text=text), now=NOW)
    with pytest.raises(DoesNotFit) as refused:
        posts.submit(by=author, post=post, now=NOW)
    assert list(refused.value.problems) == [bluesky]
    assert [problem.field for problem in refused.value.problems[bluesky]] == ["text"]
    fitting = make.draft(bluesky, mastodon, text=text, variants={"bluesky": "Shorter."})
    posts.compose(by=author, post=post, draft=fitting, now=NOW)
    assert posts.submit(by=author, post=post, now=NOW).targets.count() == 2


def test_a_variant_of_blanks_hides_no_text_that_is_too_long(account: Account, author: Person) -> None:
    draft = make.draft(account, text="x" * 400, variants={"bluesky": "  \n"})
    post = posts.compose(by=author, draft=draft, now=NOW)
    with pytest.raises(DoesNotFit):
        posts.submit(by=author, post=post, now=NOW)


def test_an_account_that_vanished_from_the_draft_is_said(account: Account, author: Person) -> None:
    post = posts.compose(by=author, draft=make.draft(account), now=NOW)
    for target in (str(Post().pk), "no id at all", str(account.pk).upper(), ""):
        post.draft = {**post.draft, "targets": [str(account.pk), target]}
        post.save()
        with pytest.raises(Impossible, match="no longer in the register"):
            posts.submit(by=author, post=post, now=NOW)
        with pytest.raises(Impossible, match="no longer in the register"):
            posts.compose(by=author, draft=Draft.restored(post.draft), now=NOW)
    assert not Version.objects.exists()


def test_a_picture_that_vanished_from_the_draft_is_said(account: Account, author: Person, picture) -> None:
    for wanted in ([str(Post().pk)], ["no id at all"], [str(picture.pk)] * 2):
        pictures = tuple(DraftPicture(each, "A sign") for each in wanted)
        post = posts.compose(by=author, draft=make.draft(account, pictures=pictures), now=NOW)
        with pytest.raises(Impossible, match="no longer there"):
            posts.submit(by=author, post=post, now=NOW)
    assert not Version.objects.exists()


def test_a_broken_draft_is_said_and_stays_as_it_is(account: Account, author: Person) -> None:
    post = posts.compose(by=author, draft=make.draft(account), now=NOW)
    Post.objects.filter(pk=post.pk).update(draft={"text": ["not", "a", "text"]})
    with pytest.raises(Impossible, match="cannot be read any more"):
        posts.submit(by=author, post=post, now=NOW)
    post.refresh_from_db()
    assert (post.state, post.draft) == ("draft", {"text": ["not", "a", "text"]})


def test_an_account_that_closed_between_composing_and_submitting_is_refused(account: Account, author: Person) -> None:
    post = posts.compose(by=author, draft=make.draft(account), now=NOW)
    register.suspend_account(by=TEST, account=account, reason="Strange posts", now=NOW)
    with pytest.raises(NotAllowed) as refused:
        posts.submit(by=author, post=post, now=NOW)
    assert clauses(refused, account) == {"6.1"}


def test_what_cannot_be_recorded_is_not_submitted(
    account: Account, author: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(**_: object) -> None:
        raise OSError("no room for the record")

    post = posts.compose(by=author, draft=make.draft(account), now=NOW)
    before = kept()
    monkeypatch.setattr(posts, "record", full)
    with pytest.raises(OSError, match="no room"), transaction.atomic():
        posts.submit(by=author, post=post, now=NOW)
    post.refresh_from_db()
    assert (gained(before), post.state, post.current) == ({}, "draft", None)


# Approving


def test_the_last_approval_makes_the_consignment(account: Account, author: Person, spoc: Person) -> None:
    post = make.submitted(author, account)
    before = kept()
    (consignment,) = posts.approve(by=spoc, post=post, digest=post.current.digest, now=NOW)
    assert gained(before) == {"posts.Approval": 1, "delivery.Consignment": 1, "audit.Event": 2, "audit.Pending": 2}
    post.refresh_from_db()
    consignment.refresh_from_db()
    assert post.state == "approved"
    assert (consignment.state, consignment.manifest_id, consignment.due_at) == ("ready", post.current.digest, NOW)
    assert (consignment.author, consignment.approvals, consignment.approvals_needed) == (author, 1, 1)
    assert (consignment.lane, consignment.pillar, consignment.post_ref) == ("normal", "warning", post.audit_ref)
    event = Event.objects.get(what="post.approved")
    assert (event.actor, event.facts["digest"]) == (spoc.audit_ref, post.current.digest)
    assert event.about == [post.audit_ref, account.audit_ref]


@pytest.mark.parametrize("hours", [1, 5])
def test_it_is_due_when_it_says_and_never_before_it_is_approved(
    account: Account, author: Person, spoc: Person, hours: int
) -> None:
    due, approved = NOW + timedelta(hours=hours), NOW + timedelta(hours=2)
    post = make.submitted(author, account, due_at=due)
    posts.approve(by=spoc, post=post, digest=post.current.digest, now=approved)
    consignment = Consignment.objects.get()
    assert consignment.due_at == consignment.not_before == max(due, approved)


def test_a_time_that_has_passed_is_said(account: Account, author: Person) -> None:
    with pytest.raises(Impossible, match="has passed"):
        make.submitted(author, account, due_at=NOW - timedelta(seconds=1))
    assert not Consignment.objects.exists()


def test_whoever_changes_anothers_words_is_their_author_too(account: Account, author: Person, spoc: Person) -> None:
    """The other way round it would be: the contact rewrites, the author submits, the contact approves alone."""
    post = make.submitted(author, account)
    posts.compose(by=spoc, post=post, draft=make.draft(account, text="Rewritten"), now=NOW)
    posts.submit(by=author, post=post, now=NOW)
    post.refresh_from_db()
    assert Event.objects.get(what="post.edited").actor == spoc.audit_ref
    with pytest.raises(NotAllowed) as refused:
        posts.approve(by=spoc, post=post, digest=post.current.digest, now=NOW)
    assert "M.2" in {each.clause for each in refused.value.decisions[account].refusals}
    with pytest.raises(IntegrityError, match="author"), transaction.atomic():
        Approval.objects.create(
            version=post.current, account=account, approver=spoc, digest=post.current.digest, at=NOW
        )


def test_whoever_opens_anothers_words_and_changes_nothing_may_approve_them(
    account: Account, author: Person, spoc: Person
) -> None:
    post = make.submitted(author, account)
    posts.compose(by=spoc, post=post, draft=make.draft(account), now=NOW)
    assert posts.approve(by=spoc, post=post, digest=post.current.digest, now=NOW)


def test_a_warning_takes_its_own_lane_and_those_who_approve_warnings(
    account: Account, author: Person, spoc: Person
) -> None:
    post = make.submitted(author, account, warning=True)
    with pytest.raises(NotAllowed) as refused:
        posts.approve(by=spoc, post=post, digest=post.current.digest, now=NOW)
    assert clauses(refused, account) == {"M.10"}
    commander = make.authorised("Commander", unit_roles=("divisional-commander",))
    (consignment,) = posts.approve(by=commander, post=post, digest=post.current.digest, now=NOW)
    assert consignment.lane == "warning"


def test_nobody_approves_their_own_words(account: Account, spoc: Person) -> None:
    post = make.submitted(spoc, account)
    before = kept()
    with pytest.raises(NotAllowed) as refused:
        posts.approve(by=spoc, post=post, digest=post.current.digest, now=NOW)
    assert clauses(refused, account) == {"M.2"}
    assert not gained(before)


TIERS = {
    "corporate": {"comms"},
    "divisional": {"comms", "spoc", "commander", "unit spoc"},
    "local": {"comms", "spoc", "commander", "unit spoc"},
    "specialist": {"comms", "spoc", "unit spoc"},
    "department": {"comms", "spoc", "unit spoc"},
    "regional": {"comms"},
    "national": {"comms"},
    "individual": {"comms"},
    "role-specific": {"comms"},
}


@pytest.mark.parametrize("tier", TIERS)
def test_who_approves_is_the_packs_to_say_by_tier(tier: str) -> None:
    account = make.account("Somewhere", tier=tier)
    author = make.authorised("Author")
    Account.objects.filter(pk=account.pk).update(holder=author)
    people_by_name = {
        "comms": make.authorised("Comms", unit_key="corporate-communications", roles=("corporate-communications",)),
        "commander": make.authorised("Commander", unit_roles=("divisional-commander",)),
        "other commander": make.authorised("Other", unit_key="edinburgh", unit_roles=("divisional-commander",)),
        "unit spoc": make.authorised("Unit", unit_roles=("spoc",)),
        "officer": make.authorised("Officer"),
        "spoc": make.spoc_of(account, "Contact"),
    }
    post = make.submitted(author, account)
    allowed: set[str] = set()
    named: dict[str, set[str]] = {}
    for name, person in people_by_name.items():
        try:
            with transaction.atomic():
                posts.approve(by=person, post=post, digest=post.current.digest, now=NOW)
                transaction.set_rollback(True)
        except NotAllowed as refused:
            named[name] = {refusal.clause for refusal in refused.decisions[account].refusals}
            continue
        allowed.add(name)
    assert allowed == TIERS[tier]
    assert all("5.7" in clauses for clauses in named.values())


def test_each_point_of_contact_approves_for_their_own_accounts(author: Person) -> None:
    accounts = [make.account(name) for name in ("Dundee", "Perth")]
    first, second = (make.spoc_of(account, f"Contact of {account}") for account in accounts)
    post = make.submitted(author, *accounts)
    (one,) = posts.approve(by=first, post=post, digest=post.current.digest, now=NOW)
    post.refresh_from_db()
    assert (one.account, post.state) == (accounts[0], "submitted")
    before = kept()
    with pytest.raises(Impossible, match="approved this version already"):
        posts.approve(by=first, post=post, digest=post.current.digest, now=NOW)
    assert not gained(before)
    (other,) = posts.approve(by=second, post=post, digest=post.current.digest, now=NOW)
    post.refresh_from_db()
    assert (other.account, post.state) == (accounts[1], "approved")
    assert Consignment.objects.count() == 2


def test_who_may_approve_nowhere_is_told_why_for_each_account(author: Person) -> None:
    accounts = [make.account(name) for name in ("Dundee", "Perth")]
    post = make.submitted(author, *accounts)
    with pytest.raises(NotAllowed) as refused:
        posts.approve(by=make.authorised("Colleague"), post=post, digest=post.current.digest, now=NOW)
    assert set(refused.value.decisions) == set(accounts)
    assert refused.value.author is None


CHANGES = {
    "text": {"text": "Road closed at the other bridge."},
    "white space within": {"text": "Road  closed at the bridge."},
    "variant": {"variants": {"bluesky": "Closed."}},
    "pillar": {"pillar": "trust"},
    "due": {"due_at": NOW + timedelta(hours=1)},
    "warning": {"warning": True},
    "language": {"language": "gd"},
    "nothing at all": {},
}


@pytest.mark.parametrize("stage", ["submitted", "half approved", "approved", "sent back"])
def test_any_change_voids_what_was_approved(author: Person, picture, stage: str) -> None:
    accounts = [make.account(name) for name in ("Dundee", "Perth")]
    first, second = (make.spoc_of(account) for account in accounts)
    post = make.submitted(author, *accounts)
    seen = post.current.digest
    if stage in ("half approved", "approved"):
        posts.approve(by=first, post=post, digest=seen, now=NOW)
    if stage == "approved":
        posts.approve(by=second, post=post, digest=seen, now=NOW)
    if stage == "sent back":
        comms = make.authorised("Comms", unit_key="corporate-communications", roles=("corporate-communications",))
        posts.send_back(by=comms, post=post, digest=seen, reason="Look again.", now=NOW)
    pictures = (DraftPicture(str(picture.pk), "A sign"),)
    whole = make.draft(*accounts)
    changed = {
        "target": make.draft(accounts[0]),
        "picture": replace(whole, pictures=pictures),
        **{name: replace(whole, **about) for name, about in CHANGES.items()},
    }
    for draft in changed.values():
        with transaction.atomic():
            is_void_after(draft, post, author=author, approver=first, seen=seen)
            transaction.set_rollback(True)


def is_void_after(draft: Draft, post: Post, *, author: Person, approver: Person, seen: str) -> None:
    posts.compose(by=author, post=post, draft=draft, now=NOW)
    version = posts.submit(by=author, post=post, now=NOW)
    assert version.digest != seen
    post.refresh_from_db()
    assert (post.state, version.number, version.approvals.count()) == ("submitted", 2, 0)
    assert not Consignment.objects.exclude(state="withdrawn").exists()
    before = kept()
    with pytest.raises(Impossible, match="changed since you opened it"):
        posts.approve(by=approver, post=post, digest=seen, now=NOW)
    assert not gained(before)


def test_the_alt_text_is_part_of_what_is_approved(account: Account, author: Person, spoc: Person, picture) -> None:
    digests = set()
    for alt in ("A sign", "A road sign in the snow"):
        draft = make.draft(account, pictures=(DraftPicture(str(picture.pk), alt),))
        post = posts.compose(by=author, draft=draft, now=NOW)
        version = posts.submit(by=author, post=post, now=NOW)
        said = json.loads(bytes(version.manifest.canonical))
        digests.add(json.dumps(said["media"]))
    assert len(digests) == 2


def test_a_changed_draft_leaves_the_approved_version_as_it_is(account: Account, author: Person, spoc: Person) -> None:
    """What people see while somebody writes on is still what was approved; only submitting makes it another."""
    post = make.approved(author, spoc, account)
    posts.compose(by=author, post=post, draft=make.draft(account, text="Reopened."), now=NOW)
    post.refresh_from_db()
    assert (post.state, Version.objects.count(), Consignment.objects.get().state) == ("approved", 1, "ready")


@pytest.mark.parametrize("state", ["sending", "in_doubt", "needs_person", "sent"])
def test_what_is_out_or_may_be_is_not_replaced(account: Account, author: Person, spoc: Person, state: str) -> None:
    post = make.approved(author, spoc, account)
    posts.compose(by=author, post=post, draft=make.draft(account, text="Reopened."), now=NOW)
    Consignment.objects.update(
        state=state, leased_until=NOW, look_at=NOW, native_id="n1", read_back_at=NOW, sent_at=NOW
    )
    before = kept()
    for act in (
        lambda: posts.compose(by=author, post=post, draft=make.draft(account, text="Again."), now=NOW),
        lambda: posts.submit(by=author, post=post, now=NOW),
        lambda: posts.may_edit(by=author, post=post, now=NOW),
    ):
        with pytest.raises(Impossible, match="Part of this post is out already"):
            act()
    post.refresh_from_db()
    assert (gained(before), post.state, Consignment.objects.get().state) == ({}, "approved", state)


def test_nothing_of_the_rest_is_taken_back_when_part_of_it_is_out(author: Person) -> None:
    accounts = [make.account(name) for name in ("Dundee", "Perth")]
    comms = make.authorised("Comms", unit_key="corporate-communications", roles=("corporate-communications",))
    post = make.approved(author, comms, *accounts)
    out = Consignment.objects.get(account=accounts[0])
    Consignment.objects.filter(pk=out.pk).update(state="sent", native_id="n1", read_back_at=NOW)
    with pytest.raises(Impossible, match="Part of this post is out already"):
        posts.submit(by=author, post=post, now=NOW)
    assert sorted(Consignment.objects.values_list("state", flat=True)) == ["ready", "sent"]


# The standing of author and approver


def test_an_approver_whose_training_lapsed_is_refused(account: Account, author: Person, spoc: Person) -> None:
    post = make.submitted(author, account)
    lapse(spoc)
    with pytest.raises(NotAllowed) as refused:
        posts.approve(by=spoc, post=post, digest=post.current.digest, now=NOW)
    assert clauses(refused, account) == {"5.3"}


def test_a_post_whose_authors_training_lapsed_is_not_approved(account: Account, author: Person, spoc: Person) -> None:
    post = make.submitted(author, account)
    lapse(author)
    before = kept()
    with pytest.raises(NotAllowed) as refused:
        posts.approve(by=spoc, post=post, digest=post.current.digest, now=NOW)
    assert clauses(refused, account) == {"5.3"}
    assert refused.value.author == author
    assert "It is about Author, who wrote the post." in str(refused.value)
    assert not gained(before)


@pytest.mark.parametrize(
    ("change", "clause"),
    [
        (lambda author: people.end_access(by=TEST, person=author, reason="Left", now=NOW), "5.9"),
        (lambda author: Person.objects.filter(pk=author.pk).update(is_active=False), "M.7"),
        (lambda author: Person.objects.filter(pk=author.pk).update(unit=make.unit("edinburgh")), "5.6"),
    ],
)
def test_whatever_else_ended_an_authors_standing_stops_it_too(
    account: Account, author: Person, spoc: Person, change, clause: str
) -> None:
    post = make.submitted(author, account)
    change(author)
    with pytest.raises(NotAllowed) as refused:
        posts.approve(by=spoc, post=post, digest=post.current.digest, now=NOW)
    assert clause in clauses(refused, account)
    assert not Approval.objects.exists()


def test_an_approval_given_while_it_was_right_stands_until_sending_asks_again(
    account: Account, author: Person, spoc: Person
) -> None:
    make.approved(author, spoc, account)
    lapse(author)
    assert Consignment.objects.get().state == "ready"


# Against


@pytest.mark.parametrize(
    ("act", "state", "what", "subject"),
    [
        (posts.send_back, "sent_back", "post.sent_back", "Your post was sent back"),
        (posts.reject, "rejected", "post.rejected", "Your post was rejected"),
    ],
)
def test_a_post_is_sent_back_or_rejected_with_a_reason(
    account: Account, author: Person, spoc: Person, act, state: str, what: str, subject: str
) -> None:
    post = make.submitted(author, account)
    digest = post.current.digest
    with pytest.raises(Impossible, match="Say why"):
        act(by=spoc, post=post, digest=digest, reason=" ", now=NOW)
    before = kept()
    act(by=spoc, post=post, digest=digest, reason="Which bridge?", now=NOW)
    post.refresh_from_db()
    remark = Remark.objects.get()
    assert (post.state, remark.text, remark.by, remark.version) == (state, "Which bridge?", spoc, post.current)
    assert gained(before) == {
        "posts.Remark": 1, "people.Notice": 1, "audit.Event": 1, "audit.PersonalData": 1, "audit.Pending": 1,
    }  # fmt: skip
    notice = Notice.objects.get(subject=subject)
    assert (notice.person, "Which bridge?" in notice.body) == (author, True)
    event = Event.objects.get(what=what)
    assert event.facts == {"digest": digest, "too_late": 0}
    assert event.personal.data == {"reason": "Which bridge?"}


@pytest.mark.parametrize("act", [posts.send_back, posts.reject])
def test_only_who_may_approve_decides_against_and_only_on_what_they_saw(
    account: Account, author: Person, spoc: Person, act
) -> None:
    post, colleague = make.submitted(author, account), make.authorised("Colleague")
    before = kept()
    with pytest.raises(NotAllowed) as refused:
        act(by=colleague, post=post, digest=post.current.digest, reason="No", now=NOW)
    assert clauses(refused, account) == {"5.7"}
    with pytest.raises(Impossible, match="No version of this post"):
        act(by=spoc, post=post, digest="0" * 64, reason="No", now=NOW)
    assert not gained(before)


@pytest.mark.parametrize("act", [posts.send_back, posts.reject])
def test_nobody_decides_against_a_post_for_accounts_that_others_answer_for(author: Person, act) -> None:
    accounts = [make.account(name) for name in ("Dundee", "Perth")]
    first, second = (make.spoc_of(account) for account in accounts)
    post = make.submitted(author, *accounts)
    posts.approve(by=first, post=post, digest=post.current.digest, now=NOW)
    before = kept()
    with pytest.raises(NotAllowed) as refused:
        act(by=second, post=post, digest=post.current.digest, reason="Not in Perth.", now=NOW)
    assert clauses(refused, accounts[0]) == {"5.7"}
    assert list(refused.value.decisions) == [accounts[0]]
    assert (gained(before), Consignment.objects.get().state) == ({}, "ready")


@pytest.mark.parametrize("act", [posts.send_back, posts.reject])
def test_who_answers_for_all_takes_back_what_others_approved_and_is_told_what_it_was_too_late_for(
    author: Person, act
) -> None:
    accounts = [make.account(name) for name in ("Dundee", "Perth", "Angus")]
    comms = make.authorised("Comms", unit_key="corporate-communications", roles=("corporate-communications",))
    post = make.submitted(author, *accounts)
    for account in accounts[:2]:
        posts.approve(by=make.spoc_of(account), post=post, digest=post.current.digest, now=NOW)
    late = Consignment.objects.get(account=accounts[0])
    Consignment.objects.filter(pk=late.pk).update(state="sending", leased_until=NOW)
    assert act(by=comms, post=post, digest=post.current.digest, reason="Wrong bridge.", now=NOW) == [late]
    assert Consignment.objects.get(account=accounts[1]).state == "withdrawn"
    assert Event.objects.get(what__in=["post.sent_back", "post.rejected"]).facts["too_late"] == 1
    notice = Notice.objects.get(person=author)
    assert "It was too late for Dundee: it is out there, or may be." in notice.body


# Withdrawing


@pytest.mark.parametrize("state", ["ready", "held", "refused"])
def test_what_is_not_out_is_withdrawn_with_a_reason(account: Account, author: Person, spoc: Person, state: str) -> None:
    post = make.approved(author, spoc, account)
    Consignment.objects.update(state=state, hold="guidance" if state == "held" else "")
    with pytest.raises(Impossible, match="Say why"):
        posts.withdraw(by=author, post=post, reason="", now=NOW)
    assert posts.withdraw(by=author, post=post, reason="Old news.", now=NOW) == []
    post.refresh_from_db()
    assert (post.state, Consignment.objects.get().state, Remark.objects.get().step) == (
        "withdrawn",
        "withdrawn",
        "withdraw",
    )
    event = Event.objects.get(what="post.withdrawn")
    assert (event.facts, event.personal.data) == ({"too_late": 0}, {"reason": "Old news."})


@pytest.mark.parametrize("state", ["sending", "in_doubt", "needs_person", "sent"])
def test_what_it_was_too_late_for_is_told(author: Person, state: str) -> None:
    accounts = [make.account(name) for name in ("Dundee", "Perth")]
    comms = make.authorised("Comms", unit_key="corporate-communications", roles=("corporate-communications",))
    post = make.approved(author, comms, *accounts)
    late = Consignment.objects.get(account=accounts[0])
    Consignment.objects.filter(pk=late.pk).update(
        state=state, leased_until=NOW, look_at=NOW, native_id="n1", read_back_at=NOW
    )
    assert posts.withdraw(by=comms, post=post, reason="Wrong bridge.", now=NOW) == [late]
    assert sorted(Consignment.objects.values_list("state", flat=True)) == sorted([state, "withdrawn"])
    assert Event.objects.get(what="post.withdrawn").facts["too_late"] == 1


def test_a_post_that_is_out_everywhere_is_not_called_withdrawn(account: Account, author: Person, spoc: Person) -> None:
    post = make.approved(author, spoc, account)
    Consignment.objects.update(state="sent", native_id="n1", read_back_at=NOW)
    before = kept()
    with pytest.raises(Impossible, match="out everywhere"):
        posts.withdraw(by=author, post=post, reason="Old news.", now=NOW)
    post.refresh_from_db()
    assert (gained(before), post.state) == ({}, "approved")


def test_a_draft_is_withdrawn_by_its_author(account: Account, author: Person) -> None:
    post = posts.compose(by=author, draft=make.draft(account), now=NOW)
    assert posts.withdraw(by=author, post=post, reason="Never mind.", now=NOW) == []
    post.refresh_from_db()
    assert post.state == "withdrawn"


def test_who_answers_for_only_some_of_the_accounts_does_not_withdraw_it(author: Person) -> None:
    accounts = [make.account(name) for name in ("Dundee", "Perth")]
    spoc = make.spoc_of(accounts[0])
    post = make.submitted(author, *accounts)
    with pytest.raises(NotAllowed) as refused:
        posts.withdraw(by=spoc, post=post, reason="No", now=NOW)
    assert clauses(refused, accounts[1]) == {"5.1"}


def test_what_people_write_as_their_reason_is_outside_the_leaf(account: Account, author: Person, spoc: Person) -> None:
    """A leaf is for ever, and a reason may be about somebody."""
    post = make.submitted(author, account)
    posts.send_back(by=spoc, post=post, digest=post.current.digest, reason="The name of the victim.", now=NOW)
    posts.submit(by=author, post=post, now=NOW)
    post.refresh_from_db()
    posts.reject(by=spoc, post=post, digest=post.current.digest, reason="Still the name of the victim.", now=NOW)
    other = make.approved(author, spoc, account)
    posts.withdraw(by=author, post=other, reason="Again the name of the victim.", now=NOW)
    leaves = b"".join(bytes(event.leaf) for event in Event.objects.all())
    assert b"victim" not in leaves
    told = [happening.detail for each in (post, other) for happening in happenings(each) if happening.detail]
    assert told == ["The name of the victim.", "Still the name of the victim.", "Again the name of the victim."]
    erase_personal(by=TEST, events=Event.objects.filter(what="post.rejected"), why="Its time is over", now=NOW)
    assert [each.detail for each in happenings(post) if each.detail] == [
        "The name of the victim.",
        "The reason was erased.",
    ]


# Many accounts


def test_a_post_to_120_accounts_is_submitted_and_approved_in_a_bounded_number_of_queries(author: Person) -> None:
    comms = make.authorised("Comms", unit_key="corporate-communications", roles=("corporate-communications",))
    counts = {}
    for many in (2, 120):
        accounts = [make.account(f"Account {number} of {many}") for number in range(many)]
        post = posts.compose(by=author, draft=make.draft(*accounts), now=NOW)
        with CaptureQueriesContext(connection) as submitting:
            posts.submit(by=author, post=post, now=NOW)
        post.refresh_from_db()
        with CaptureQueriesContext(connection) as approving:
            assert len(posts.approve(by=comms, post=post, digest=post.current.digest, now=NOW)) == many
        counts[many] = (len(submitting), len(approving))
    assert counts[2] == counts[120]
    assert max(counts[120]) <= 30


def test_the_manifest_is_named_by_its_digest(account: Account, author: Person) -> None:
    make.submitted(author, account)
    manifest = Manifest.objects.get()
    assert manifest.digest == sha256(bytes(manifest.canonical)).hexdigest()


def test_too_many_pixels_or_words_of_alt_text_are_the_networks_to_refuse(account: Account, author: Person) -> None:
    uploads = [saved(noise(4, 4 + number), "PNG") for number in range(5)]
    taken = [take_in(by=author, name="p.png", upload=upload, now=NOW) for upload in uploads]
    draft = make.draft(account, pictures=tuple(DraftPicture(str(each.pk), "A sign") for each in taken))
    post = posts.compose(by=author, draft=draft, now=NOW)
    with pytest.raises(DoesNotFit, match="4") as refused:
        posts.submit(by=author, post=post, now=NOW)
    assert {problem.field for problem in refused.value.problems[account]} == {"media"}

"""What follows in posts when somebody leaves or moves: approvals void, what they wrote held or sent back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from mercat.audit.models import Event
from mercat.delivery import actions as sending
from mercat.delivery.models import Consignment
from mercat.guidance.gate import Refused
from mercat.people import actions as people
from mercat.people.actions import Impossible
from mercat.people.facts import person_facts
from mercat.people.models import Notice, Person
from mercat.people.moving import change_details
from mercat.posts import actions, leavers
from mercat.posts.models import Approval, Post, VoidApproval
from mercat.posts.queries import waiting_for
from mercat.register.models import Account
from tests import factories as make
from tests.factories import NOW, TEST
from tests.kept import gained, kept

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(hours=1)
TOMORROW = NOW + timedelta(days=1)
Go = Callable[[Person], None]


def leave(person: Person) -> None:
    people.mark_left(by=TEST, person=person, reason="Retired", now=LATER)


def move(person: Person) -> None:
    change_details(by=TEST, person=person, unit=make.unit("edinburgh"), reason="Posted", now=LATER)


@pytest.fixture
def second(account: Account) -> Person:
    return make.spoc_of(account, "Second contact")


@pytest.fixture
def scheduled(account: Account, author: Person, spoc: Person) -> Post:
    return make.approved(author, spoc, account, due_at=TOMORROW)


def consignment() -> Consignment:
    return Consignment.objects.get()


def state_of(post: Post) -> str:
    post.refresh_from_db()
    return post.state


# Who approved


@pytest.mark.parametrize("go", [leave, move])
def test_an_approval_of_what_is_not_out_is_void_and_others_are_asked(
    scheduled: Post, spoc: Person, second: Person, go: Go
) -> None:
    go(spoc)
    assert state_of(scheduled) == "submitted"
    row = consignment()
    assert (row.state, row.hold) == ("held", "leaver")
    assert row.reason.startswith("Who approved this has left or moved.")
    assert VoidApproval.objects.get().approval == Approval.objects.get()
    assert Event.objects.get(what="post.approval_void").about[:2] == [scheduled.audit_ref, spoc.audit_ref]
    assert second.notices.filter(subject=actions.WAITS, read_at=None).exists()
    assert waiting_for(person_facts(second, now=LATER), now=LATER) == [scheduled]


@pytest.mark.parametrize("out", [False, True])
def test_of_a_thread_all_that_is_not_out_is_held_and_goes_on_with_another_approval(
    account: Account, author: Person, spoc: Person, second: Person, *, out: bool
) -> None:
    post = make.approved(author, spoc, account, text="Closed.\n---\nUse the other.\n---\nSoon.", due_at=TOMORROW)
    rows = Consignment.objects.order_by("part")
    if out:
        rows.filter(part=0).update(state="sent", native_id="n1", read_back_at=NOW)
    first = "sent" if out else "held"
    leave(spoc)
    assert list(rows.values_list("state", flat=True)) == [first, "held", "held"]
    actions.approve(by=second, post=post, digest=post.current.digest, now=LATER)
    assert list(rows.values_list("state", flat=True)) == ["sent" if out else "ready", "ready", "ready"]


def test_with_another_approval_it_goes_on_at_its_time(scheduled: Post, spoc: Person, second: Person) -> None:
    leave(spoc)
    (row,) = actions.approve(by=second, post=scheduled, digest=scheduled.current.digest, now=LATER)
    assert (row.state, row.hold, row.not_before) == ("ready", "", TOMORROW)
    assert row == consignment()
    assert state_of(scheduled) == "approved"


def test_nobody_lets_it_go_on_without_one(scheduled: Post, spoc: Person, second: Person) -> None:
    leave(spoc)
    with pytest.raises(Impossible, match="Somebody else approves it"):
        sending.let_go_on(by=second, consignment=consignment(), now=LATER)
    connection.check_constraints()
    with pytest.raises(DatabaseError, match="an approval of this is void"), transaction.atomic():
        Consignment.objects.update(state="ready", hold="")
    assert consignment().state == "held"


def test_the_end_of_a_pause_does_not_let_it_go_on(scheduled: Post, spoc: Person) -> None:
    Consignment.objects.update(state="held", hold="paused")
    leave(spoc)
    assert consignment().hold == "leaver"
    assert sending.release_unpaused(by=TEST, now=LATER) == 0


def test_one_approval_of_several_that_count_is_missed_only_where_it_is_needed(
    account: Account, author: Person, spoc: Person, second: Person, scheduled: Post
) -> None:
    other = make.account("Perth")
    post = make.submitted(author, account, other, due_at=TOMORROW)
    for person in (spoc, second):
        if person == second:
            Post.objects.filter(pk=post.pk).update(state="submitted")
        actions.approve(by=person, post=post, digest=post.current.digest, now=NOW)
        post.refresh_from_db()
    leave(spoc)
    assert set(post.current.manifest.consignments.values_list("account__name", "state")) == {("Dundee", "ready")}


def test_what_is_out_stays_approved(scheduled: Post, spoc: Person) -> None:
    Consignment.objects.update(state="sent", native_id="n1", read_back_at=NOW)
    before = kept()
    leave(spoc)
    assert state_of(scheduled) == "approved"
    assert "posts.VoidApproval" not in gained(before)


def test_a_void_approval_does_not_count_again_when_they_return(scheduled: Post, spoc: Person) -> None:
    leave(spoc)
    people.mark_returned(by=TEST, person=spoc, now=LATER)
    assert not scheduled.current.approvals.standing().exists()
    with pytest.raises((Impossible, actions.NotAllowed)):
        actions.approve(by=spoc, post=scheduled, digest=scheduled.current.digest, now=LATER)


def test_void_approvals_only_grow_and_make_no_consignment(
    account: Account, author: Person, spoc: Person, scheduled: Post
) -> None:
    leave(spoc)
    connection.check_constraints()
    for sql in ("DELETE FROM posts_voidapproval", "UPDATE posts_voidapproval SET at = at"):
        with pytest.raises(DatabaseError, match="only ever grows"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
    post = make.submitted(author, account)
    version = post.current
    approver = make.authorised("Approver")
    void = Approval.objects.create(version=version, account=account, approver=approver, digest=version.digest, at=NOW)
    VoidApproval.objects.create(approval=void, at=NOW)
    with pytest.raises(DatabaseError, match="nothing was set on its way"), transaction.atomic():
        Consignment.objects.create(
            manifest=version.manifest, account=account, post_ref=post.audit_ref, author=author, approvals=1,
            approvals_needed=1, pillar=version.pillar, lane="normal", due_at=NOW, not_before=NOW, created_at=NOW,
        )  # fmt: skip


# Who wrote


@pytest.mark.parametrize("go", [leave, move])
def test_what_is_scheduled_is_held_and_its_point_of_contact_told(
    scheduled: Post, author: Person, spoc: Person, go: Go
) -> None:
    go(author)
    row = consignment()
    assert (row.state, row.hold) == ("held", "leaver")
    assert "Submit it anew in your own name, or withdraw it." in row.reason
    notice = spoc.notices.get(subject=leavers.HELD)
    assert notice.link == f"/posts/{scheduled.pk}/"
    with pytest.raises(Impossible, match="anew in your own name"):
        sending.let_go_on(by=spoc, consignment=row, now=LATER)


def test_the_point_of_contact_takes_it_over_in_their_own_name(
    scheduled: Post, author: Person, spoc: Person, second: Person, account: Account
) -> None:
    leave(author)
    draft = make.draft(account, text="Road closed at the new bridge.", due_at=TOMORROW)
    actions.compose(by=spoc, post=scheduled, draft=draft, now=LATER)
    version = actions.submit(by=spoc, post=scheduled, now=LATER)
    actions.approve(by=second, post=scheduled, digest=version.digest, now=LATER)
    assert sorted(Consignment.objects.values_list("state", "author__name")) == [
        ("ready", spoc.name),
        ("withdrawn", author.name),
    ]


def test_what_waits_for_approval_is_sent_back_to_its_point_of_contact(
    account: Account, author: Person, spoc: Person
) -> None:
    post = make.submitted(author, account)
    leave(author)
    assert state_of(post) == "sent_back"
    remark = post.remarks.get()
    assert (remark.step, remark.by, remark.who) == ("send_back", None, "Mercat")
    assert spoc.notices.filter(subject=leavers.SENT_BACK).exists()
    assert not Notice.objects.filter(subject=actions.WAITS, read_at=None).exists()


def test_what_is_being_sent_ends_as_it_ends_and_the_gate_holds_the_rest(scheduled: Post, author: Person) -> None:
    Consignment.objects.update(state="sending", leased_until=TOMORROW)
    leave(author)
    assert consignment().state == "sending"


def test_a_worker_that_had_it_finds_its_fence_gone(scheduled: Post, author: Person) -> None:
    Consignment.objects.update(state="leased", leased_until=TOMORROW, fence=4)
    leave(author)
    row = consignment()
    assert (row.state, row.fence, row.leased_until) == ("held", 5, None)


# In between


def test_a_promotion_changes_nothing(scheduled: Post, author: Person, spoc: Person) -> None:
    before = kept()
    change_details(by=TEST, person=spoc, rank="inspector", reason="Promoted", now=LATER)
    assert consignment().state == "ready"
    assert "posts.VoidApproval" not in gained(before)


def test_the_chore_makes_up_for_what_came_between(scheduled: Post, account: Account, author: Person) -> None:
    waiting = make.submitted(author, account)
    other = make.authorised("Other")
    approved = make.submitted(other, account, due_at=TOMORROW)
    late = make.spoc_of(account, "Late")
    actions.approve(by=late, post=approved, digest=approved.current.digest, now=NOW)
    Person.objects.filter(pk__in=[author.pk, late.pk]).update(is_active=False)
    leavers.run(now=LATER)
    assert state_of(waiting) == "sent_back"
    assert state_of(approved) == "submitted"
    assert set(Consignment.objects.values_list("state", "hold")) == {("held", "leaver")}
    before = kept()
    leavers.run(now=LATER)
    assert not gained(before), "once"


def test_a_draft_stays_its_authors_and_nothing_is_deleted(account: Account, author: Person, scheduled: Post) -> None:
    draft = actions.compose(by=author, draft=make.draft(account), now=NOW)
    before = kept()
    leave(author)
    assert not [label for label, more in gained(before).items() if more < 0]
    assert state_of(draft) == "draft"


def test_who_may_not_say_so_changes_nothing(scheduled: Post, author: Person, spoc: Person) -> None:
    with pytest.raises(Refused):
        people.mark_left(by=spoc, person=author, reason="I say so", now=LATER)
    assert consignment().state == "ready"

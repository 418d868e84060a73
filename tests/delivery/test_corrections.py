"""Correcting the words of what is out: only approved ones, until the network shows them, and never told too soon."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from mercat.audit.models import Event
from mercat.delivery import actions, corrections, removals, tries
from mercat.delivery.clock import work_waits
from mercat.delivery.engine import Engine
from mercat.delivery.models import Consignment, Correction, Manifest
from mercat.guidance.gate import Refused as NotAllowed
from mercat.networks import registry
from mercat.networks.port import Found, Item, Later, Missing, Pending, Reconnect, Refused, Sent, Unreadable, Unsure
from mercat.people import actions as people
from mercat.people.models import Notice, Person
from mercat.posts import actions as posts
from mercat.posts.actions import Impossible
from mercat.posts.contents import Draft
from mercat.posts.models import Approval, Post
from mercat.register.models import Connection
from tests import factories as make
from tests.factories import NOW, TEST

pytestmark = pytest.mark.django_db(transaction=True)

OLD, NEW = "Road closed at the bridge.", "Road closed at the tunnel."
YES = Sent("n1", "https://network.example/n1")


def shows(text: str) -> Found:
    return Found("n1", "https://network.example/n1", text, 0, "id")


@dataclass
class ScriptedEditor:
    """What the network answers when it is asked to change something. Remembers what it was given."""

    answers: deque = field(default_factory=deque)
    given: list[Item] = field(default_factory=list)
    describes = False

    def edit(self, channel, item, *, native_id, now):
        assert native_id == "n1"
        self.given.append(item)
        answer = self.answers.popleft()
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture(autouse=True)
def editor(monkeypatch, network) -> ScriptedEditor:
    scripted = ScriptedEditor()
    known = registry.get
    monkeypatch.setattr(registry, "get", lambda slug: replace(known(slug), editor=scripted))
    return scripted


@pytest.fixture
def second(account) -> Iterator[Person]:
    return make.spoc_of(account, "Second")


def drafted(out: Consignment, by: Person, text: str = NEW) -> Post:
    post = posts.correct(by=by, post=Post.objects.get(pk=out.post_ref.removeprefix("post:")), now=NOW)
    draft = replace(Draft.restored(post.draft), text=text)
    posts.compose(by=by, post=post, draft=draft, now=NOW)
    posts.submit(by=by, post=post, now=NOW)
    post.refresh_from_db()
    return post


def asked(out: Consignment, by: Person, approver: Person, text: str = NEW) -> Correction:
    post = drafted(out, by, text)
    posts.approve(by=approver, post=post, digest=post.current.digest, now=NOW)
    return Correction.objects.get(post_ref=post.audit_ref)


def test_approved_words_are_given_to_what_is_out_and_looked_for(out, author, spoc, editor, network, engine) -> None:
    correction = asked(out, author, spoc)
    assert Consignment.objects.count() == 1, "what is out is not sent again"
    assert work_waits("normal", now=NOW)
    editor.answers.append(YES)
    network.sightings.append(shows(NEW))
    engine.drain()
    correction.refresh_from_db()
    assert (correction.result, correction.ended_at, editor.given[0].text) == ("done", NOW, NEW)
    assert corrections.stands(Consignment.objects.get()) == correction.manifest
    what = list(Event.objects.order_by("pk").values_list("what", flat=True))
    assert what[-2:] == ["correction.asked", "consignment.corrected"]
    event = Event.objects.get(what="consignment.corrected")
    assert {out.audit_ref, out.post_ref, correction.post_ref, out.account.audit_ref} == set(event.about)
    assert (event.facts["digest"], event.facts["native_id"]) == (correction.manifest_id, "n1")
    assert not work_waits("normal", now=NOW)


@pytest.mark.parametrize("seen", [shows(OLD), Missing(), Unreadable("No answer.")])
def test_a_yes_is_not_believed_before_the_words_stand(out, author, spoc, editor, network, engine, time, seen) -> None:
    correction = asked(out, author, spoc)
    editor.answers += [YES, YES]
    network.sightings += [seen, shows(NEW)]
    engine.drain()
    correction.refresh_from_db()
    assert (correction.result, correction.tries, correction.said.startswith("The network took it")) == ("", 1, True)
    assert corrections.stands(Consignment.objects.get()) == out.manifest
    time.pass_(correction.not_before - NOW)
    engine.drain()
    correction.refresh_from_db()
    assert correction.result == "done"


@pytest.mark.parametrize(
    ("answer", "tries", "wait"),
    [
        (Unsure("The line dropped."), 1, 10),
        (Later(NOW + timedelta(seconds=60), "Busy."), 1, 60),
        (Later(NOW + timedelta(seconds=60), "Too many calls.", limited=True), 0, 60),
        (Pending(NOW, "Not yet."), 0, 5),
        (RuntimeError("A bug"), 1, 10),
    ],
)
def test_what_is_unclear_is_tried_again_later(out, author, spoc, editor, engine, answer, tries, wait) -> None:
    correction = asked(out, author, spoc)
    editor.answers.append(answer)
    engine.drain()
    correction.refresh_from_db()
    assert (correction.result, correction.tries, correction.leased_until) == ("", tries, None)
    assert correction.not_before == NOW + timedelta(seconds=wait)


def test_not_for_ever(out, author, spoc, editor, engine, time) -> None:
    correction = asked(out, author, spoc)
    for _ in range(tries.MOST):
        editor.answers.append(Unsure("The line dropped."))
        time.pass_(timedelta(minutes=10))
        engine.drain()
    correction.refresh_from_db()
    assert correction.result == "failed"
    assert "Tried 10 times. The last reason: The line dropped." in correction.said
    told = Notice.objects.filter(subject__startswith="A post could not be corrected").first()
    assert "Look there which words stand" in told.body


def test_a_no_is_told_and_the_words_may_be_corrected_anew(out, author, spoc, editor, engine) -> None:
    correction = asked(out, author, spoc)
    editor.answers.append(Refused("Too old to be changed."))
    engine.drain()
    correction.refresh_from_db()
    assert (correction.result, correction.said) == ("failed", "Too old to be changed.")
    told = Notice.objects.filter(subject__startswith="A post could not be corrected")
    assert {notice.person for notice in told} == {spoc, author}
    assert "The words from before still stand there." in told[0].body
    assert {notice.link for notice in told} == {f"/posts/{correction.post_ref.removeprefix('post:')}/"}
    assert asked(out, author, spoc).pk != correction.pk


def test_a_connection_that_ends_holds_it_until_the_account_is_connected_again(
    out, author, spoc, editor, network, engine, time
) -> None:
    correction = asked(out, author, spoc)
    editor.answers.append(Reconnect("The connection has ended."))
    engine.drain()
    for _ in range(3):  # nothing is asked of the network meanwhile, and nobody is told again
        time.pass_(tries.CONNECTS)
        engine.drain()
    correction.refresh_from_db()
    assert (correction.result, correction.tries, len(editor.given)) == ("", 0, 1)
    assert correction.said == f"The connection has ended. {tries.GOES_ON}"
    told = Notice.objects.filter(subject="A correction is held on Dundee")
    assert sorted(notice.person.name for notice in told) == ["Author", "Spoc"]
    assert Event.objects.filter(what="correction.held").count() == 1
    Connection.objects.update(state="working")
    editor.answers.append(YES)
    network.sightings.append(shows(NEW))
    time.pass_(tries.CONNECTS)
    engine.drain()
    correction.refresh_from_db()
    assert correction.result == "done"


def test_a_server_that_rests_meanwhile_has_nobody_told_again(out, author, spoc, editor, engine, time) -> None:
    asked(out, author, spoc)
    editor.answers.append(Reconnect("The connection has ended."))
    engine.drain()
    for account in ("a", "b", "c"):
        engine.breakers[out.account.connection.base_url].ends(account, engine.monotonic(), failed=True)
    for _ in range(3):
        time.pass_(tries.CONNECTS)
        engine.drain()
    engine.breakers.clear()
    time.pass_(tries.CONNECTS)
    engine.drain()
    assert Event.objects.filter(what="correction.held").count() == 1


def test_a_connection_is_looked_for_every_quarter_of_a_minute_however_often_it_was_tried(
    out, author, spoc, editor, engine, time
) -> None:
    correction = asked(out, author, spoc)
    Correction.objects.update(tries=7)
    editor.answers.append(Reconnect("The connection has ended."))
    engine.drain()
    correction.refresh_from_db()
    assert correction.not_before == time.now + tries.CONNECTS


def test_what_is_held_for_a_connection_is_taken_back_as_before(out, author, spoc, editor, engine) -> None:
    correction = asked(out, author, spoc)
    editor.answers.append(Reconnect("The connection has ended."))
    engine.drain()
    post = Post.objects.get(pk=correction.post_ref.removeprefix("post:"))
    assert posts.withdraw(by=author, post=post, reason="It was right.", now=NOW) == []
    correction.refresh_from_db()
    assert correction.result == "withdrawn"
    with pytest.raises(DatabaseError, match="only the present version of what could not be"), transaction.atomic():
        Correction.objects.update(result="", ended_at=None)


def test_an_account_that_was_closed_is_not_waited_for(out, author, spoc, editor, engine) -> None:
    correction = asked(out, author, spoc)
    make.put(out.account, "closed")
    engine.drain()
    correction.refresh_from_db()
    assert (correction.result, correction.said, editor.given) == ("failed", tries.CLOSED, [])


def failed(out: Consignment, author: Person, spoc: Person, editor: ScriptedEditor, engine: Engine) -> Correction:
    correction = asked(out, author, spoc)
    editor.answers.append(Refused("Not today."))
    engine.drain()
    correction.refresh_from_db()
    assert correction.result == "failed"
    return correction


def of(correction: Correction) -> Post:
    return Post.objects.get(pk=correction.post_ref.removeprefix("post:"))


def test_what_could_not_be_corrected_is_tried_again_by_a_press(
    out, author, spoc, editor, network, engine, time
) -> None:
    correction = failed(out, author, spoc, editor, engine)
    time.pass_(timedelta(hours=1))
    posts.correct_again(by=spoc, post=of(correction), correction=correction, now=time.now)
    correction.refresh_from_db()
    assert (correction.result, correction.ended_at, correction.said, correction.tries) == ("", None, "", 0)
    assert correction.not_before == time.now
    event = Event.objects.latest("pk")
    assert (event.what, event.actor, event.facts["digest"]) == (
        "correction.asked_again",
        spoc.audit_ref,
        correction.manifest_id,
    )
    editor.answers.append(YES)
    network.sightings.append(shows(NEW))
    engine.drain()
    correction.refresh_from_db()
    assert (correction.result, editor.given[-1].text) == ("done", NEW)
    Correction.objects.update(result="failed", tries=tries.MOST)
    posts.correct_again(by=spoc, post=of(correction), correction=correction, now=time.now)
    correction.refresh_from_db()
    assert correction.tries == 1, "it is tried, and may have reached the network before"
    with pytest.raises(Impossible, match=r"This has moved on in the meantime\. Nothing was changed\."):
        posts.correct_again(by=spoc, post=of(correction), correction=correction, now=time.now)


def test_what_was_approved_once_more_since_is_tried_again_too(out, author, spoc, second, editor, engine) -> None:
    """As where others approve it for another account, and for this one with it."""
    correction = failed(out, author, spoc, editor, engine)
    version = of(correction).current
    Post.objects.update(state="submitted")
    Approval.objects.create(
        version=version, account=out.account, approver=second, digest=version.digest, at=NOW + timedelta(minutes=1)
    )
    posts.correct_again(by=spoc, post=of(correction), correction=correction, now=NOW)
    correction.refresh_from_db()
    assert (correction.result, correction.approvals) == ("", 1)


def test_what_was_taken_back_while_it_failed_is_tried_again_by_those_who_approve_it_anew(
    out, author, spoc, second, editor, network, engine
) -> None:
    correction = asked(out, author, spoc)
    Correction.objects.update(tries=1)
    people.mark_left(by=TEST, person=spoc, reason="Retired", now=NOW)
    with pytest.raises(Impossible, match="still being ended"):
        posts.approve(by=second, post=of(correction), digest=of(correction).current.digest, now=NOW)
    Correction.objects.update(result="failed", ended_at=NOW, said="Not today.")
    posts.approve(by=second, post=of(correction), digest=of(correction).current.digest, now=NOW)
    posts.correct_again(by=second, post=of(correction), correction=correction, now=NOW)
    editor.answers.append(YES)
    network.sightings.append(shows(NEW))
    engine.drain()
    correction.refresh_from_db()
    assert (correction.result, correction.recalled) == ("done", False)


def test_what_was_withdrawn_is_tried_again_by_no_statement_either(out, author, spoc, editor, engine) -> None:
    correction = failed(out, author, spoc, editor, engine)
    Post.objects.filter(pk=of(correction).pk).update(state="withdrawn")
    with pytest.raises(DatabaseError, match="only the present version of what could not be"), transaction.atomic():
        Correction.objects.filter(pk=correction.pk).update(result="", ended_at=None)


def test_who_may_not_act_on_the_account_has_nothing_tried_again(out, author, spoc, editor, engine) -> None:
    correction = failed(out, author, spoc, editor, engine)
    with pytest.raises(NotAllowed):
        posts.correct_again(
            by=make.authorised(unit_key="edinburgh"), post=of(correction), correction=correction, now=NOW
        )
    correction.refresh_from_db()
    assert correction.result == "failed"


def test_what_was_corrected_by_another_since_is_not_tried_again(out, author, spoc, editor, network, engine) -> None:
    correction = failed(out, author, spoc, editor, engine)
    asked(out, make.authorised("Another"), spoc, "Road open.")
    with pytest.raises(Impossible, match="It is being corrected on Dundee already"):
        posts.correct_again(by=spoc, post=of(correction), correction=correction, now=NOW)
    editor.answers.append(YES)
    network.sightings.append(shows("Road open."))
    engine.drain()
    with pytest.raises(Impossible, match=r"were corrected after this was begun\. Nothing was changed\."):
        posts.correct_again(by=spoc, post=of(correction), correction=correction, now=NOW)
    with pytest.raises(DatabaseError, match="stands no more"), transaction.atomic():
        Correction.objects.filter(pk=correction.pk).update(result="", ended_at=None)


def test_a_version_that_was_replaced_is_not_tried_again(out, author, spoc, editor, engine) -> None:
    correction = failed(out, author, spoc, editor, engine)
    post = of(correction)
    posts.compose(by=author, post=post, draft=replace(Draft.restored(post.draft), text="Road open."), now=NOW)
    posts.submit(by=author, post=post, now=NOW)
    with pytest.raises(Impossible, match=r"replaced or taken back since\. Nothing was changed\."):
        posts.correct_again(by=spoc, post=post, correction=correction, now=NOW)
    with pytest.raises(DatabaseError, match="only the present version of what could not be"), transaction.atomic():
        Correction.objects.filter(pk=correction.pk).update(result="", ended_at=None)


def test_without_an_approval_that_counts_nothing_is_tried_again(out, author, spoc, second, editor, engine) -> None:
    correction = failed(out, author, spoc, editor, engine)
    people.mark_left(by=TEST, person=spoc, reason="Retired", now=NOW)
    with pytest.raises(Impossible, match=r"Too few of those who approved it for Dundee .* Begin another correction"):
        posts.correct_again(by=second, post=of(correction), correction=correction, now=NOW)


def test_without_its_author_nothing_is_tried_again(out, author, spoc, editor, engine) -> None:
    correction = failed(out, author, spoc, editor, engine)
    people.mark_left(by=TEST, person=author, reason="Retired", now=NOW)
    with pytest.raises(posts.NotAllowed):
        posts.correct_again(by=spoc, post=of(correction), correction=correction, now=NOW)


def test_a_server_that_answers_nobody_spends_no_try(out, author, spoc, engine) -> None:
    correction = asked(out, author, spoc)
    breaker = engine.breakers[out.account.connection.base_url]
    for account in ("a", "b", "c"):
        breaker.ends(account, engine.monotonic(), failed=True)
    engine.drain()
    correction.refresh_from_db()
    assert (correction.tries, correction.said) == (
        0,
        "Bluesky does not answer at the moment. It is tried again by itself.",
    )


def test_a_pause_holds_it_until_a_second_person_lifts_it(out, author, spoc, editor, network, engine, time) -> None:
    correction = asked(out, author, spoc)
    head, other = (
        make.person(name, unit_key="corporate-communications", roles=("corporate-communications",))
        for name in ("Head", "Other")
    )
    pause = actions.pause(by=head, scope="account", key=str(out.account_id), reason="An incident.", now=NOW)
    engine.drain()
    correction.refresh_from_db()
    assert (correction.result, correction.tries, correction.said, editor.given) == ("", 0, corrections.PAUSED, [])
    actions.resume(by=other, pause=pause, now=NOW)
    editor.answers.append(YES)
    network.sightings.append(shows(NEW))
    time.pass_(corrections.AFTER_A_PAUSE)
    engine.drain()
    correction.refresh_from_db()
    assert correction.result == "done"


def test_guidance_is_asked_again_before_the_call(out, author, spoc, editor, engine) -> None:
    correction = asked(out, author, spoc)
    people.mark_left(by=TEST, person=author, reason="Retired", now=NOW)
    engine.drain()
    correction.refresh_from_db()
    assert (correction.result, editor.given) == ("failed", [])
    assert correction.said


def test_words_that_were_altered_in_the_store_do_not_go_out(out, author, spoc, editor, engine) -> None:
    correction = asked(out, author, spoc)
    make.as_if(Manifest, canonical=bytes(correction.manifest.canonical).replace(b"tunnel", b"tunnei"))
    engine.drain()
    correction.refresh_from_db()
    assert (correction.result, editor.given) == ("failed", [])
    assert "not the ones that were approved" in correction.said


def test_what_is_taken_down_meanwhile_is_not_corrected(out, author, spoc, editor, engine, monkeypatch) -> None:
    correction = asked(out, author, spoc)
    known = registry.get

    class Remover:
        def remove(self, channel, *, native_id, now):
            return Later(now + timedelta(minutes=5), "Busy.")

    monkeypatch.setattr(registry, "get", lambda slug: replace(known(slug), remover=Remover()))
    removals.take_down(by=spoc, consignments=[out], why="All wrong.", now=NOW)
    engine.drain()
    correction.refresh_from_db()
    assert (correction.result, correction.said, editor.given) == ("failed", corrections.LEAVES, [])
    with pytest.raises(Impossible, match="or is down already"):
        drafted(out, author)


def test_one_is_under_way_at_a_time(out, author, spoc) -> None:
    other = drafted(out, make.authorised("Another"), "Road open.")
    correction = asked(out, author, spoc)
    with pytest.raises(Impossible, match="being corrected on Dundee already"):
        posts.approve(by=spoc, post=other, digest=other.current.digest, now=NOW)
    Correction.objects.update(result="failed", ended_at=NOW)
    posts.approve(by=spoc, post=other, digest=other.current.digest, now=NOW)
    with pytest.raises(IntegrityError, match="a_consignment_is_corrected_once_at_a_time"), transaction.atomic():
        Correction.objects.filter(pk=correction.pk).update(result="", ended_at=None)
    with pytest.raises(IntegrityError, match="a_correction_ends_with_a_result"), transaction.atomic():
        Correction.objects.filter(pk=correction.pk).update(result="done", ended_at=None)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"state": "held", "hold": "paused"}, "It is not out on"),
        ({"url": "n1"}, "Only a person saw it on"),
    ],
)
def test_what_cannot_be_corrected_from_here_says_why(out, author, row, why) -> None:
    make.as_if(Consignment, **row)
    with pytest.raises(Impossible, match=why):
        drafted(out, author)


def test_a_network_without_an_editor_says_so(out, author, monkeypatch) -> None:
    known = registry.get
    monkeypatch.setattr(registry, "get", lambda slug: replace(known(slug), editor=None))
    with pytest.raises(Impossible, match="Bluesky lets no programme change what stands there"):
        drafted(out, author)


def test_of_a_network_that_is_gone_the_pages_say_so(out, monkeypatch) -> None:
    monkeypatch.setattr(registry, "known", lambda slug: False)
    assert "Nothing here speaks to the network of" in corrections.what_hinders(out)


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        (b'"story":false', b'"story":true', "A story has no words"),
        (b'"begins":null', b'"begins":"2026-01-01T00:00:00+00:00"', "live broadcast cannot be corrected"),
        (OLD.encode(), OLD.encode() + b"\\n---\\nMore.", "A post of a thread cannot be corrected"),
    ],
)
def test_what_is_no_plain_post_is_not_corrected(out, before, after, why) -> None:
    out.manifest.canonical = bytes(out.manifest.canonical).replace(before, after)
    assert why in corrections.what_hinders(out)


def test_a_dead_workers_correction_is_taken_up_when_its_lease_is_over(
    out, author, spoc, editor, network, engine, time
) -> None:
    asked(out, author, spoc)
    (taken,) = corrections.claim("normal", limit=5, now=NOW)
    assert corrections.claim("normal", limit=5, now=NOW) == []
    assert not corrections.waits("normal", now=NOW)
    time.pass_(timedelta(minutes=2))
    editor.answers.append(YES)
    network.sightings.append(shows(NEW))
    engine.drain()
    taken.refresh_from_db()
    assert taken.result == "done"


def test_what_has_not_begun_is_taken_back_with_its_post(out, author, spoc, editor, engine) -> None:
    correction = asked(out, author, spoc)
    post = Post.objects.get(pk=correction.post_ref.removeprefix("post:"))
    assert posts.withdraw(by=author, post=post, reason="It was right.", now=NOW) == []
    engine.drain()
    correction.refresh_from_db()
    assert (correction.result, editor.given) == ("withdrawn", [])
    assert Event.objects.filter(what="correction.withdrawn").exists()


def test_what_may_have_begun_is_told_as_too_late_and_is_tried_no_more(out, author, spoc, editor, engine, time) -> None:
    correction = asked(out, author, spoc)
    editor.answers.append(Unsure("The line dropped."))
    engine.drain()
    post = Post.objects.get(pk=correction.post_ref.removeprefix("post:"))
    assert posts.withdraw(by=author, post=post, reason="It was right.", now=NOW) == [out]
    correction.refresh_from_db()
    assert (correction.result, correction.recalled) == ("", True)
    time.pass_(timedelta(minutes=10))
    engine.drain()
    correction.refresh_from_db()
    assert (correction.result, len(editor.given)) == ("withdrawn", 1)
    assert Notice.objects.filter(subject="A correction was taken back").exists()
    row = Consignment.objects.get()
    assert correction.manifest in corrections.may_stand(row, lately=NOW), "it may have reached the network"


def test_a_lease_that_ran_out_before_the_call_is_no_beginning(out, author, spoc, editor, engine) -> None:
    correction = asked(out, author, spoc)
    corrections.claim("normal", limit=5, now=NOW)
    post = Post.objects.get(pk=correction.post_ref.removeprefix("post:"))
    assert posts.withdraw(by=author, post=post, reason="It was right.", now=NOW + timedelta(minutes=5)) == []
    correction.refresh_from_db()
    assert correction.result == "withdrawn"


def test_which_words_may_stand(out, author, spoc, editor, network, engine, time) -> None:
    first = asked(out, author, spoc)
    assert corrections.may_stand(out, lately=NOW) == [out.manifest, first.manifest], "it may have reached the network"
    editor.answers.append(YES)
    network.sightings.append(shows(NEW))
    time.pass_(timedelta(minutes=1))
    engine.drain()
    row = Consignment.objects.get()
    assert corrections.may_stand(row, lately=NOW + timedelta(minutes=1)) == [first.manifest]
    assert out.manifest in corrections.may_stand(row, lately=NOW), "the network may have been read before"

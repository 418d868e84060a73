"""A thread: each of its posts is sent, read back and looked for by itself, and none before the one that it answers."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.db import IntegrityError

from mercat.delivery import actions, manifest, states
from mercat.delivery.engine import grace_of
from mercat.delivery.manifest import posts_for
from mercat.delivery.models import Consignment
from mercat.delivery.presenters import progress
from mercat.delivery.queries import of_post
from mercat.delivery.removals import take_down
from mercat.images.actions import take_in
from mercat.networks import registry
from mercat.networks.port import Found, Missing, Refused, Sent, Thread, Unsure
from mercat.people.models import Notice
from mercat.posts import actions as posts
from mercat.posts.contents import DraftPicture
from tests import factories as make
from tests.factories import NOW
from tests.images.crafted import quarters, saved

pytestmark = pytest.mark.django_db(transaction=True)

TEXT = "The road is closed.\n---\nUse the other one.\n---\nIt opens at six."


@pytest.fixture
def post(author, spoc, account, network):
    return make.approved(author, spoc, account, text=TEXT)


def rows() -> list[Consignment]:
    return list(Consignment.objects.order_by("part"))


def told() -> list[str]:
    return [row.state for row in rows()]


def goes_out(network, number: int, text: str) -> None:
    network.outcomes.append(Sent(f"n{number}", f"https://network.example/n{number}"))
    network.sightings.append(Found(f"n{number}", f"https://network.example/n{number}", text, 0, "id"))


def test_each_post_answers_the_one_before_it(engine, network, post) -> None:
    for number, text in enumerate(TEXT.split("\n---\n")):
        goes_out(network, number, text)
    engine.drain()
    assert told() == [states.SENT] * 3
    assert [item.text for item in network.published] == TEXT.split("\n---\n")
    assert [item.thread for item in network.published] == [None, Thread("n0", "n0"), Thread("n1", "n0")]
    assert len({item.key for item in network.published}) == 3


def test_only_the_first_has_the_pictures(author, spoc, account, network, engine, settings, tmp_path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"
    picture = take_in(by=author, name="sign.png", upload=saved(quarters(), "PNG"), now=NOW)
    make.approved(author, spoc, account, text=TEXT, pictures=(DraftPicture(str(picture.pk), "A sign"),))
    for number, text in enumerate(TEXT.split("\n---\n")):
        goes_out(network, number, text)
    engine.drain()
    assert [len(item.media) for item in network.published] == [1, 0, 0]


def test_nothing_goes_on_while_the_one_before_is_in_doubt(engine, network, post, time) -> None:
    network.outcomes.append(Unsure("The line dropped."))
    engine.drain()
    time.pass_(grace_of("bluesky") / 2)
    engine.drain()
    assert told() == [states.IN_DOUBT, states.READY, states.READY]
    assert len(network.published) == 1
    waiting = progress(of_post(post.audit_ref)[1], may_act=False, now=NOW)
    assert (waiting.part, waiting.parts) == (2, 3)
    assert waiting.said == "Goes on once the post before it in its thread is out"


def test_a_lost_post_in_the_middle_is_looked_for_and_the_rest_follows(engine, network, post, time) -> None:
    first, second, third = TEXT.split("\n---\n")
    goes_out(network, 0, first)
    network.outcomes.append(Unsure("The line dropped."))
    engine.drain()
    assert told() == [states.SENT, states.IN_DOUBT, states.READY]
    time.pass_(grace_of("bluesky"))
    network.sightings.append(Missing())
    goes_out(network, 1, second)
    goes_out(network, 2, third)
    engine.drain()
    assert told() == [states.SENT] * 3
    assert [item.text for item in network.published] == [first, second, second, third]
    assert network.published[1] == network.published[2]  # the same key, time and place in the thread


def test_what_would_follow_a_refused_post_is_withdrawn(engine, network, post) -> None:
    goes_out(network, 0, "The road is closed.")
    network.outcomes.append(Refused("Too rude."))
    engine.drain()
    assert told() == [states.SENT, states.REFUSED, states.WITHDRAWN]
    assert rows()[2].reason == "The post before it in its thread was refused."
    assert len(network.published) == 2


def test_what_would_follow_a_post_that_is_taken_down_is_withdrawn(
    engine, network, post, spoc, monkeypatch, time
) -> None:
    known, removes = registry.get, object()
    monkeypatch.setattr(registry, "get", lambda slug: replace(known(slug), remover=removes))
    goes_out(network, 0, "The road is closed.")
    network.outcomes.append(Unsure("The line dropped."))
    engine.drain()
    take_down(by=spoc, consignments=rows()[:1], why="It is open again.", now=NOW)
    assert told() == [states.SENT, states.IN_DOUBT, states.WITHDRAWN]
    time.pass_(grace_of("bluesky"))
    network.sightings.append(Missing())
    engine.drain()  # what was in doubt was not out: it is not sent again
    assert told() == [states.SENT, states.WITHDRAWN, states.WITHDRAWN]
    assert len(network.published) == 2


def test_a_post_that_is_withdrawn_takes_its_whole_thread_back(engine, network, post, author) -> None:
    posts.withdraw(by=author, post=post, reason="It is open again.", now=NOW)
    engine.drain()
    assert told() == [states.WITHDRAWN] * 3
    assert network.published == []


def test_a_person_who_found_the_first_lets_the_rest_go_on(engine, network, post, spoc, time) -> None:
    goes_out(network, 0, "Something else")
    engine.drain()
    time.pass_(grace_of("bluesky"))
    network.sightings.append(Found("n0", "https://network.example/n0", "Something else", 0, "id"))
    engine.drain()
    assert told() == [states.NEEDS_PERSON, states.READY, states.READY]
    row = rows()[0]
    url = f"{row.account.connection.base_url}/post/1"
    actions.vouch(by=spoc, consignment=row, url=url, now=NOW)
    goes_out(network, 1, "Use the other one.")
    goes_out(network, 2, "It opens at six.")
    engine.drain()
    assert told() == [states.SENT] * 3
    assert network.published[1].thread == Thread("n0", "n0")


def test_a_first_post_whose_number_nobody_knows_ends_its_thread(engine, network, post, spoc, time) -> None:
    network.outcomes.append(Unsure("The line dropped."))
    engine.drain()
    time.pass_(grace_of("bluesky"))
    network.shows("Something else")
    engine.drain()
    row = rows()[0]
    actions.vouch(by=spoc, consignment=row, url=f"{row.account.connection.base_url}/post/1", now=NOW)
    engine.drain()
    assert told() == [states.SENT, states.WITHDRAWN, states.WITHDRAWN]
    assert len(network.published) == 1


def test_nobody_is_told_that_nothing_went_out_or_to_send_it_again(engine, network, post) -> None:
    goes_out(network, 0, "The road is closed.")
    network.outcomes.append(Refused("Too rude."))
    engine.drain()
    body = Notice.objects.filter(subject__contains="did not take a post").first().body
    assert body == (
        "Too rude. The posts before it in its thread stay out. Take those down before you submit it again, or leave it "
        "as it stands. It is post 2 of its thread."
    )


def test_what_is_no_longer_cut_as_it_was_approved_does_not_go_out(engine, network, post, monkeypatch) -> None:
    goes_out(network, 0, "The road is closed.")
    monkeypatch.setattr(manifest, "posts_for", lambda said, network: ("The road is closed.",))
    engine.drain()
    assert told() == [states.SENT, states.HELD, states.READY]
    assert rows()[1].hold == Consignment.Hold.ALTERED
    waiting = progress(of_post(post.audit_ref)[2], may_act=False, now=NOW)
    assert waiting.said == "The post before it in its thread waits for a person"


def test_a_post_of_a_thread_goes_once_to_an_account(post) -> None:
    row = rows()[1]
    row.pk = None
    with pytest.raises(IntegrityError, match="a_version_goes_once_to_an_account"):
        Consignment.objects.create(**{f.name: getattr(row, f.name) for f in row._meta.fields if f.name != "id"})


def test_versions_of_before_hold_as_they_were_approved() -> None:
    said = {"format": "mercat-version/3", "text": TEXT, "variants": {}}
    assert posts_for(said, "x") == (TEXT,)
    assert len(posts_for({**said, "format": "mercat-version/4"}, "x")) == 3

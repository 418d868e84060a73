"""Clients that we did not write get along with the stand-ins."""

from __future__ import annotations

from contextlib import closing

import pytest

from tests.sandbox.callers import picture

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def test_the_atproto_client_signs_in_posts_reads_and_deletes(sandbox, bluesky):
    atproto = pytest.importorskip("atproto")
    client = atproto.Client(base_url=f"{sandbox.url}/bluesky")
    with closing(client.request):  # it never closes its connections by itself
        _signs_in_posts_reads_and_deletes(atproto, client, bluesky)


def _signs_in_posts_reads_and_deletes(atproto, client, bluesky):
    client.login(bluesky.account["handle"], bluesky.account["password"])
    words = (
        atproto.client_utils.TextBuilder()
        .text("Appeal: ")
        .link("details", "https://example.test")
        .tag(" #Fife", "Fife")
    )
    sent = client.send_image(words, picture(), image_alt="navy")
    assert bluesky.posts()[0]["media"][0]["alt"] == "navy"
    feed = client.get_author_feed(bluesky.account["handle"]).feed
    assert [one.post.cid for one in feed] == [sent.cid]
    assert client.get_posts([sent.uri]).posts[0].record.text == "Appeal: details #Fife"
    assert client.delete_post(sent.uri)
    assert bluesky.posts() == []


def test_the_mastodon_client_registers_posts_reads_and_deletes(sandbox, mastodon):
    library = pytest.importorskip("mastodon")
    base = f"{sandbox.url}/mastodon"
    client_id, secret = library.Mastodon.create_app("Test", api_base_url=base, redirect_uris="http://127.0.0.1:9/back")
    assert client_id
    assert secret
    client = library.Mastodon(access_token=mastodon.account["token"], api_base_url=base)
    with client.session:  # it never closes its connections by itself
        _registers_posts_reads_and_deletes(client, mastodon)


def _registers_posts_reads_and_deletes(client, mastodon):
    assert str(client.me().id) == mastodon.account["native_id"]
    medium = client.media_post(picture(), "image/png", description="navy")
    status = client.status_post("hello", media_ids=[medium], idempotency_key="k")
    assert client.status_post("hello", idempotency_key="k").id == status.id
    assert [one.id for one in client.account_statuses(client.me())] == [status.id]
    assert client.status(status.id).media_attachments[0].description == "navy"
    client.status_delete(status.id)
    assert mastodon.posts() == []

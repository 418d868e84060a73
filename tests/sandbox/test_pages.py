from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest

from tests.sandbox.callers import picture

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)> https://x.test/"onmouseover="alert(1) &amp; @a<b>'


class Page(HTMLParser):
    """What a browser would make of a page: its tags with their attributes, and its words."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words += data

    def links(self) -> list[str]:
        return [attributes["href"] or "" for tag, attributes in self.tags if tag == "a"]

    def dangers(self) -> list[str]:
        """Tags, attributes and addresses that none of our pages has of its own accord."""
        tags = [tag for tag, _ in self.tags if tag in {"script", "iframe", "object", "b"}]
        names = [name for _, attributes in self.tags for name in attributes if name.startswith("on")]
        addresses = [link for link in self.links() if urlsplit(link).scheme not in ("", "http", "https")]
        return tags + names + addresses


def publish_with_picture(caller, words: str, alt: str) -> None:
    if caller.slug == "mastodon":
        caller.publish(words, media_ids=[caller.upload(picture(), alt).json()["id"]]).raise_for_status()
        return
    images = [{"image": caller.blob(picture()), "alt": alt}]
    caller.publish(words, embed={"$type": "app.bsky.embed.images", "images": images}).raise_for_status()


def pages_of(caller) -> list[str]:
    return [f"/{caller.slug}/", caller.account["url"], caller.posts()[0]["url"]]


def test_a_post_is_shown_on_each_of_its_pages_with_picture_alt_and_time(caller, http):
    publish_with_picture(caller, "Have you seen this?", "A navy rectangle")
    for address in pages_of(caller):
        answer = http.get(address)
        page = Page(answer.text)
        assert answer.status_code == 200
        for words in ("Have you seen this?", "Fife Division", "23 November 2026 at 12:00:00 GMT", "A navy rectangle"):
            assert words in page.words
        assert "nothing here leaves this machine" in page.words
        (image,) = [attributes for tag, attributes in page.tags if tag == "img"]
        assert image["alt"] == "A navy rectangle"
        assert http.get(image["src"]).content == picture()


def test_a_picture_without_alt_text_is_told_so(caller, http):
    publish_with_picture(caller, "x", "")
    assert "No ALT text" in http.get(f"/{caller.slug}/").text


def test_hostile_words_stay_words(caller, http):
    caller.control("POST", "accounts", {"handle": caller.account["handle"], "display_name": HOSTILE})
    publish_with_picture(caller, HOSTILE, HOSTILE)
    for address in [*pages_of(caller), "/"]:
        page = Page(http.get(address).text)
        assert page.dangers() == [], address
        assert "<script>alert(1)</script>" in page.words


def test_hostile_words_stay_words_on_the_consent_page(http, mastodon):
    redirect_uri = 'https://a.test/?"><b>'
    fields = {"client_name": HOSTILE, "redirect_uris": [redirect_uri]}
    application = http.post("/mastodon/api/v1/apps", json=fields).json()
    asked = {"client_id": application["client_id"], "redirect_uri": redirect_uri, "response_type": "code"}
    for state in (HOSTILE, "x"):
        answer = http.get("/mastodon/oauth/authorize", params={**asked, "state": state})
        assert answer.status_code == 200
        assert Page(answer.text).dangers() == []


@pytest.mark.parametrize("uri", ["javascript:alert(1)", "JAVASCRIPT:alert(1)", "data:text/html,x"])
def test_a_link_that_is_no_web_address_is_not_made_one(bluesky, http, uri):
    index = {"byteStart": 0, "byteEnd": 4}
    link = {"index": index, "features": [{"$type": "app.bsky.richtext.facet#link", "uri": uri}]}
    card = {"$type": "app.bsky.embed.external", "external": {"uri": uri, "title": "t", "description": "d"}}
    bluesky.publish("look", facets=[link], embed=card).raise_for_status()
    assert Page(http.get("/bluesky/").text).dangers() == []


def test_facets_become_links_at_their_bytes(bluesky, http):
    words = "Été: example"
    start = len("Été: ".encode())
    link = {
        "index": {"byteStart": start, "byteEnd": start + 7},
        "features": [{"$type": "app.bsky.richtext.facet#link", "uri": "https://example.test/a?b&c"}],
    }
    bluesky.publish(words, facets=[link, link]).raise_for_status()
    page = http.get("/bluesky/").text
    assert 'Été: <a href="https://example.test/a?b&amp;c" rel="nofollow noopener noreferrer">example</a></p>' in page


def test_a_picture_cannot_run_anything(bluesky, http):
    svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
    blob = bluesky.upload(svg, "image/svg+xml").json()["blob"]
    params = {"did": bluesky.account["native_id"], "cid": blob["ref"]["$link"]}
    headers = http.get("/bluesky/xrpc/com.atproto.sync.getBlob", params=params).headers
    assert headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert headers["x-content-type-options"] == "nosniff"


def test_a_file_that_is_no_picture_is_only_given_as_bytes(bluesky, http):
    blob = bluesky.upload(b"<script>alert(1)</script>", "text/html").json()["blob"]
    params = {"did": bluesky.account["native_id"], "cid": blob["ref"]["$link"]}
    answer = http.get("/bluesky/xrpc/com.atproto.sync.getBlob", params=params)
    assert answer.headers["content-type"] == "application/octet-stream"


def test_a_warning_covers_the_words(mastodon, http):
    mastodon.publish("the words", spoiler_text="Collision <b>")
    page = http.get("/mastodon/").text
    assert "<details><summary>Collision &lt;b&gt;</summary><p>the words</p></details>" in page


def test_hashtags_lead_to_the_posts_that_have_them(mastodon, http):
    mastodon.publish("closed #A92")
    mastodon.publish("something else")
    link = next(link for link in Page(http.get("/mastodon/").text).links() if "/tags/" in link)
    page = Page(http.get(link).text)
    assert "closed #A92" in page.words
    assert "something else" not in page.words


def test_long_timelines_are_turned_page_by_page(caller, http):
    for number in range(60):
        caller.publish(f"post number {number:02}")
    first = Page(http.get(f"/{caller.slug}/").text)
    older = next(link for link in first.links() if "older_than" in link)
    second = Page(http.get(f"/{caller.slug}/{older}").text)
    assert [f"post number {number:02}" in first.words for number in (9, 10, 59)] == [False, True, True]
    assert [f"post number {number:02}" in second.words for number in (0, 9, 10)] == [True, True, False]


@pytest.mark.parametrize("older", ["x", "-1", "9" * 30, "¹"])
def test_a_page_that_makes_no_sense_is_the_newest(caller, http, older):
    caller.publish("hello")
    assert "hello" in http.get(f"/{caller.slug}/", params={"older_than": older}).text


def test_what_is_not_there_is_told_on_a_page(caller, http):
    profile = caller.account["url"]
    for address in (profile + "x", f"{profile}/post/3n2yiygtg5v22", f"{profile}/5"):
        assert http.get(address).status_code == 404
    post = "/post/3n2yiygtg5v22" if caller.slug == "bluesky" else "/5"
    assert "This post cannot be found" in http.get(profile + post).text


def test_a_removed_post_is_gone_from_the_pages(mastodon, http):
    status = mastodon.publish("sorry").json()
    http.delete(f"/mastodon/api/v1/statuses/{status['id']}", headers=mastodon.bearer())
    assert http.get(status["url"]).status_code == 404
    assert "sorry" not in http.get("/mastodon/").text


def test_no_fault_breaks_the_pages(caller, http):
    publish_with_picture(caller, "hello", "x")
    caller.fault("error_before", on="any", times=None)
    for address in [*pages_of(caller), "/"]:
        assert http.get(address).status_code == 200
    (source,) = [attributes["src"] for tag, attributes in Page(http.get(f"/{caller.slug}/").text).tags if tag == "img"]
    assert http.get(source).status_code == 200


def test_a_short_address_leads_to_the_profile(bluesky, http):
    assert http.get("/bluesky/@fife.force.test").headers["location"] == "/bluesky/profile/fife.force.test"


def test_the_index_offers_every_fault_as_a_form_and_names_the_address(http, sandbox, bluesky):
    page = http.get("/").text
    for name in ("answer_lost", "rate_limited", "ignores_idempotency_key", "media_processing", "rate_limits"):
        assert f'name="fault" value="{name}"' in page
    assert f"{sandbox.url}/bluesky" in page
    assert bluesky.account["password"] in page

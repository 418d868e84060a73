"""One account, many spellings: each network's addresses are read as browsers and the network read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mercat.networks import registry
from mercat.networks.kit.addresses import MOST, Disguised, NoAccount, place_of, tidy
from mercat.networks.kit.lookalikes import skeleton

DID = "did:plc:" + "a2" * 12
CHANNEL = "UC" + "aB3-_" * 4 + "xy"


def key_of(text: str) -> tuple[str, str]:
    """The network and key of an address. Raises NoAccount."""
    text = tidy(text)
    place = place_of(text)
    for spelling in registry.spellings():
        if key := spelling.at(place) if place else spelling.called(text):
            return spelling.network, key
    raise NoAccount("none")


SPELLINGS = {
    ("x", "name:policescotland"): [
        "https://x.com/PoliceScotland",
        "http://x.com/policescotland",
        "x.com/PoliceScotland",
        "X.COM/POLICESCOTLAND",
        "//x.com/PoliceScotland",
        "https:x.com/PoliceScotland",
        "https:\\\\x.com\\PoliceScotland",
        "https://www.x.com/PoliceScotland/",
        "https://twitter.com/PoliceScotland",
        "https://mobile.twitter.com/PoliceScotland?s=20&t=abc",
        "https://m.twitter.com/PoliceScotland#top",
        "twitter.com/@PoliceScotland",
        "https://x.com:443/PoliceScotland",
        "https://x.com./PoliceScotland",
        "https://x.com//PoliceScotland",
        "https://x.com/a/../PoliceScotland",
        "https://x.com/a/%2e%2E/./PoliceScotland",
        "https://x.com/%50oliceScotl%61nd",
        "https://%78.com/PoliceScotland",
        "https://ｘ.com/PoliceScotland",
        "https://x。com/PoliceScotland",
        "https://x.com/PoliceScotland/with_replies",
        "https://x.com/PoliceScotland/media",
        "https://twitter.com/intent/follow?screen_name=PoliceScotland",
        "https://twitter.com/intent/user?lang=en&screen_name=@policescotland",
        "  <https://x.com/PoliceScotland>\n",
        "\u200bhttps://x.com/PoliceScotland\ufeff",
        "https://x.com/Police\nScotland",
    ],
    ("x", "id:123456"): ["https://x.com/i/user/123456", "https://twitter.com/intent/user?user_id=123456"],
    ("facebook", "name:policescotland"): [
        "https://www.facebook.com/PoliceScotland",
        "facebook.com/police.scotland",
        "https://m.facebook.com/PoliceScotland/?ref=page",
        "https://en-gb.facebook.com/policescotland/",
        "https://web.facebook.com/PoliceScotland/about",
        "https://fb.com/PoliceScotland",
        "https://www.facebook.com/pg/PoliceScotland/posts",
    ],
    ("facebook", "id:100064567890123"): [
        "https://www.facebook.com/profile.php?id=100064567890123",
        "facebook.com/profile.php?ref=x&id=100064567890123&sk=about",
        "https://facebook.com/100064567890123",
        "https://www.facebook.com/people/Police-Scotland/100064567890123/",
        "https://www.facebook.com/pages/Police-Scotland/100064567890123",
        "https://www.facebook.com/pages/category/Government/Police-Scotland-100064567890123/",
        "https://www.facebook.com/p/Police-Scotland-100064567890123",
        "https://www.facebook.com/Police-Scotland-100064567890123/",
    ],
    ("instagram", "name:police.scotland"): [
        "https://www.instagram.com/police.scotland/",
        "instagram.com/Police.Scotland?igsh=abc",
        "https://instagr.am/police.scotland",
        "https://www.instagram.com/_u/police.scotland",
        "https://www.instagram.com/police.scotland/reels/",
    ],
    ("threads", "name:police.scotland"): [
        "https://www.threads.net/@police.scotland",
        "https://www.threads.com/@Police.Scotland/",
        "threads.net/%40police.scotland",
    ],
    ("youtube", "name:policescotland"): [
        "https://www.youtube.com/@PoliceScotland",
        "youtube.com/@policescotland/videos",
        "https://m.youtube.com/@PoliceScotland?sub_confirmation=1",
    ],
    ("youtube", f"id:{CHANNEL}"): [
        f"https://www.youtube.com/channel/{CHANNEL}",
        f"youtube.com/channel/{CHANNEL}/about",
    ],
    ("youtube", "c:policescotland"): ["https://www.youtube.com/c/PoliceScotland"],
    ("youtube", "user:policescotland"): ["https://www.youtube.com/user/PoliceScotland/videos"],
    ("linkedin", "name:police-scotland"): [
        "https://www.linkedin.com/company/police-scotland/",
        "https://uk.linkedin.com/company/Police-Scotland/about",
        "linkedin.com/school/police-scotland",
        "https://www.linkedin.com/showcase/police-scotland?trk=x",
    ],
    ("linkedin", "id:123456"): ["https://www.linkedin.com/company/123456"],
    ("linkedin", "person:somebody"): ["https://www.linkedin.com/in/Somebody"],
    ("bluesky", "name:police.example"): [
        "https://bsky.app/profile/police.example",
        "bsky.app/profile/@Police.Example/",
        "https://bsky.app/profile/police.example?x=1#y",
        "at://police.example",
        "@police.example",
        "@POLICE.example",
    ],
    ("bluesky", "name:police.bsky.social"): [
        "police.bsky.social",
        "https://police.bsky.social/",
        "@police.bsky.social",
    ],
    ("bluesky", f"did:{DID}"): [f"https://bsky.app/profile/{DID}", DID, f"at://{DID}", f"at://{DID}/"],
    ("mastodon", "name:police@social.example"): [
        "@police@social.example",
        "police@social.example",
        "acct:police@social.example",
        "@Police@SOCIAL.example",
        "https://social.example/@police",
        "social.example/@Police/",
        "https://social.example/users/police",
        "https://social.example/web/@police",
        "https://social.example/@police/with_replies",
    ],
    ("mastodon", "name:police@xn--mnchen-3ya.example"): [
        "@police@münchen.example",
        "https://MÜNCHEN.example/@police",
        "https://xn--mnchen-3ya.example/@police",
    ],
}


@pytest.mark.parametrize(("text", "key"), [(text, key) for key, texts in SPELLINGS.items() for text in texts], ids=repr)
def test_every_spelling_of_an_account_has_its_key(text: str, key: tuple[str, str]) -> None:
    assert key_of(text) == key


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \u200b ",
        "a" * (MOST + 1),
        "https://x.com/",
        "https://x.com/home",
        "https://x.com/i/flow/login",
        "https://x.com/this_name_is_too_long",
        "https://x.com:8443/PoliceScotland",
        "https://x.com/PoliceScotland/status/17",  # X shows the post of that number, whoever wrote it
        "https://x.com/a%2FPoliceScotland",
        "https://x.com/%FF",
        "https://x.com/evil%3Fscreen_name=PoliceScotland",
        "https://www.facebook.com/profile.php%3Fid=100064567890123",
        "https://www.facebook.com/profile.php",
        "https://www.facebook.com/groups/policescotland",
        "https://l.facebook.com/l.php?u=https://www.facebook.com/PoliceScotland",
        "https://www.facebook.com/PoliceScotland/posts/17",
        "https://www.instagram.com/p/Abc123/",
        "https://www.threads.net/@police.scotland/post/1",
        "https://www.youtube.com/watch?v=abc",
        "https://www.youtube.com/redirect?q=https://www.youtube.com/@PoliceScotland",
        f"https://www.youtube.com/channel/{CHANNEL}x",
        "https://www.linkedin.com/jobs",
        "https://bsky.app/profile/police.example/post/3k",
        f"at://{DID}/app.bsky.feed.post/3k",
        "https://bsky.app/profile/police",
        "https://social.example/@police/17",
        "https://social.example/@police@other.example",
        "https://social.example/about",
        "https://[::1]/@police",
        "https://exa mple.org/@police",
        "javascript:alert(1)",
        "mailto:somebody",
        "data:text/html,x",
        "Police Scotland",
        "https://",
        "https://..",
        "\x00",
    ],
    ids=repr,
)  # fmt: skip
def test_what_is_no_account_is_read_as_none(text: str) -> None:
    with pytest.raises(NoAccount) as reason:
        key_of(text)
    assert type(reason.value) is NoAccount


@pytest.mark.parametrize(
    "text",
    [
        "https://x.com/Роlice",
        "https://x.com/Polic%D0%B5",
        "https://www.instagram.com/pоlice",
        "bsky.app/profile/pоlice.example",
    ],
)
def test_letters_that_no_name_of_the_network_has_are_a_disguise(text: str) -> None:
    with pytest.raises(Disguised, match="letters"):
        key_of(text)


def test_capitals_of_a_channel_are_two_channels() -> None:
    assert key_of(f"youtube.com/channel/{CHANNEL}") != key_of(
        f"youtube.com/channel/{CHANNEL.swapcase().replace('uc', 'UC')}"
    )


def test_the_same_field_twice_counts_as_the_network_counts_it_the_first() -> None:
    twice = "https://www.facebook.com/profile.php?id=100064567890123&id=100000000000001"
    assert key_of(twice) == ("facebook", "id:100064567890123")


def test_what_stands_before_an_at_is_not_the_host() -> None:
    place = place_of("https://x.com@evil.example/PoliceScotland")
    assert (place.host, place.hides) == ("evil.example", True)


def test_letters_that_two_standards_read_differently_are_another_host() -> None:
    """The older standard makes “ss” of “ß”; browsers do not, and it is somebody else's host."""
    assert place_of("https://faß.example/@a").host == "xn--fa-hia.example"


@given(st.text(max_size=80))
def test_any_text_is_an_account_or_none(text: str) -> None:
    try:
        network, key = key_of(text)
    except NoAccount:
        return
    assert network
    assert ":" in key


def test_every_network_of_the_packs_has_its_spellings() -> None:
    from mercat.guidance.pack import find_pack, load_pack

    known = {each.network for each in registry.spellings()}
    for name in ("police-scotland", "example-council"):
        assert {network.key for network in load_pack(find_pack(name)).networks} <= known


@pytest.mark.parametrize(
    "forged",
    [
        "РоlіceScоtlаnd",
        "PoIiceScotIand",
        "P0liceSc0tland",
        "Police_Scotland",
        "p-o-l-i-c-e.scotland",
        "Ρoliceѕcotland",
        "Poliсe\u200bScotland",
        "ｐoliceScotland",
    ],
)
def test_names_that_look_alike_share_a_skeleton(forged: str) -> None:
    assert skeleton(forged) == skeleton("PoliceScotland")
    assert skeleton("PoliceScotland") != skeleton("PoliceIreland")

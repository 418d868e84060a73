"""Posts made at a network's own site: the control and the page of an account put them there, past every API."""

from __future__ import annotations

import pytest

from mercat.sandbox.registry import stand_ins
from tests.sandbox.callers import BlueskyCaller, MastodonCaller

SLUGS = [one.slug for one in stand_ins() if one.by_hand]


def by_hand(http, slug, **fields):
    return http.post(f"/_control/{slug}/posts", json=fields)


@pytest.fixture(params=SLUGS)
def place(request: pytest.FixtureRequest, http) -> tuple[str, str, str]:
    """A network and two of its accounts, by their native ids."""
    made = [
        http.post(f"/_control/{request.param}/accounts", json={"handle": name}).json()["native_id"]
        for name in ("fifediv", "dundee")
    ]
    return (request.param, *made)


def test_a_post_stands_there_without_a_call_of_the_api(http, place, clock):
    slug, account, _ = place
    made = by_hand(http, slug, account=account, text="Snow on the A9.\nDrive with care.").json()
    assert made == http.get(f"/_control/{slug}/posts").json()[0]
    assert (made["account"], made["text"], made["received_at"]) == (
        account,
        "Snow on the A9.\nDrive with care.",
        clock.now,
    )
    assert http.get(f"/_control/{slug}/requests").json()["count"] == 0
    assert "Drive with care." in http.get(made["url"]).text
    assert "Snow on the A9." in http.get(made["profile"]).text


def test_no_fault_strikes_it(http, place):
    slug, account, _ = place
    http.post(f"/_control/{slug}/faults", json={"fault": "error_before", "on": "any", "times": None})
    assert by_hand(http, slug, account=account, text="Snow.").status_code == 200


def test_somebody_passes_a_post_of_others_on(http, place):
    slug, account, other = place
    theirs = by_hand(http, slug, account=other, text="Ours is the best road.").json()
    answer = by_hand(http, slug, account=account, passes_on=theirs["native_id"])
    if slug in ("instagram", "youtube"):
        assert (answer.status_code, "passes one on" in answer.json()["error"]) == (400, True)
        return
    made = answer.json()
    assert (made["account"], made["passes_on"]) == (account, theirs["native_id"])
    assert "Passes on another post" in http.get(made["profile"]).text


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"text": "Snow."}, "handle or native id"),
        ({"account": "fifediv", "text": " "}, "needs words"),
        ({"account": "fifediv", "text": 5}, "all text"),
        ({"account": "fifediv", "text": "Snow.", "colour": "red"}, "no field colour"),
        ({"account": "fifediv", "passes_on": "5"}, "no post '5'"),
        ({"account": "fifediv", "text": "x" * 70_000}, ""),
    ],
)
def test_what_nobody_could_post_is_refused(http, place, fields, why):
    slug, account, _ = place
    if "account" in fields:
        fields = {**fields, "account": account}
    answer = by_hand(http, slug, **fields)
    assert answer.status_code == 400
    assert why in answer.json()["error"]
    assert http.get(f"/_control/{slug}/posts").json() == []


def test_nobody_posts_at_hootsuite(http):
    http.post("/_control/hootsuite/accounts", json={"handle": "fife"})
    answer = by_hand(http, "hootsuite", account="fife", text="Snow.")
    assert (answer.status_code, "at the network itself" in answer.json()["error"]) == (400, True)


def test_a_form_on_the_accounts_page_posts_and_leads_back(http, place):
    slug, account, _ = place
    (told,) = [one for one in http.get(f"/_control/{slug}/accounts").json() if one["native_id"] == account]
    page = http.get(told["url"]).text
    assert f'action="/_control/{slug}/posts"' in page
    answer = http.post(f"/_control/{slug}/posts", data={"account": account, "text": "Snow on the A9.\r\nDrive."})
    assert (answer.status_code, answer.headers["location"]) == (303, told["url"])
    assert http.get(f"/_control/{slug}/posts").json()[0]["text"] == "Snow on the A9.\nDrive."


def test_bluesky_lists_a_repost_in_the_feed_and_not_among_the_posts(bluesky: BlueskyCaller, http):
    http.post("/_control/bluesky/accounts", json={"handle": "dundee"})
    theirs = by_hand(http, "bluesky", account="dundee.bluesky.test", text="Theirs").json()
    did = bluesky.account["native_id"]
    by_hand(http, "bluesky", account=did, passes_on=theirs["native_id"]).raise_for_status()
    by_hand(http, "bluesky", account=did, text="Quoted", passes_on=theirs["native_id"]).raise_for_status()
    assert bluesky.read_timeline() == ["Quoted"]
    feed = bluesky.get("app.bsky.feed.getAuthorFeed", actor=did).json()["feed"]
    assert [(one["post"]["record"]["text"], "reason" in one) for one in feed] == [("Quoted", False), ("Theirs", True)]


def test_mastodon_lists_a_boost_unless_asked_not_to(mastodon: MastodonCaller, http):
    http.post("/_control/mastodon/accounts", json={"handle": "dundee"})
    theirs = by_hand(http, "mastodon", account="dundee", text="Theirs").json()
    by_hand(http, "mastodon", account="fife", passes_on=theirs["native_id"]).raise_for_status()
    path = f"/api/v1/accounts/{mastodon.account['native_id']}/statuses"
    (boost,) = mastodon.get(path).json()
    assert (boost["content"], boost["reblog"]["content"]) == ("", "<p>Theirs</p>")
    assert mastodon.get(path, exclude_reblogs="true").json() == []

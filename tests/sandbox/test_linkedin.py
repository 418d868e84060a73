"""LinkedIn's stand-in refuses what LinkedIn refuses."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import pytest

from tests.sandbox.callers import Caller, picture

BACK = "http://127.0.0.1:8200/connections/back"
DAYS = 86_400


class LinkedInCaller(Caller):
    slug = "linkedin"

    @property
    def urn(self) -> str:
        return f"urn:li:organization:{self.account['native_id']}"

    def headers(self, **changes: str | None) -> dict[str, str]:
        given = {
            "authorization": f"Bearer {self.account['token']}",
            "linkedin-version": "202609",
            "x-restli-protocol-version": "2.0.0",
            **{name.replace("_", "-"): value for name, value in changes.items()},
        }
        return {name: value for name, value in given.items() if value is not None}

    def get(self, path: str, **headers: str | None) -> httpx.Response:
        return self.http.get(f"/linkedin/rest/{path}", headers=self.headers(**headers))

    def post(self, path: str, fields: Any, **headers: str | None) -> httpx.Response:
        return self.http.post(f"/linkedin/rest/{path}", json=fields, headers=self.headers(**headers))

    def body(self, commentary: str = "hello", **changes: Any) -> dict[str, Any]:
        fields = {
            "author": self.urn,
            "commentary": commentary,
            "visibility": "PUBLIC",
            "distribution": {"feedDistribution": "MAIN_FEED"},
            "lifecycleState": "PUBLISHED",
            **changes,
        }
        return {name: value for name, value in fields.items() if value is not None}

    def publish(self, commentary: str = "hello", **changes: Any) -> httpx.Response:
        return self.post("posts", self.body(commentary, **changes))

    def place(self) -> dict[str, str]:
        answer = self.post("images?action=initializeUpload", {"initializeUploadRequest": {"owner": self.urn}})
        return answer.json()["value"]

    def put(self, place: str, data: bytes) -> httpx.Response:
        return self.http.put(place, content=data, headers={"authorization": f"Bearer {self.account['token']}"})

    def image(self, data: bytes | None = None) -> str:
        value = self.place()
        assert self.put(value["uploadUrl"], data or picture()).status_code == 201
        return value["image"]

    def status(self, image: str) -> str:
        return self.get(f"images/{quote(image, safe='')}").json()["status"]


@pytest.fixture
def linkedin(http: httpx.Client) -> LinkedInCaller:
    return LinkedInCaller(http, "fife-police", "Fife Division")


@pytest.fixture
def other(http: httpx.Client) -> LinkedInCaller:
    return LinkedInCaller(http, "tayside-police", "Tayside Division")


def named(answer: httpx.Response) -> str:
    assert answer.status_code == 201, answer.text
    return quote(answer.headers["x-restli-id"], safe="")


# Headers


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"authorization": None}, 401, "INVALID_ACCESS_TOKEN"),
        ({"authorization": "Bearer nonsense"}, 401, "INVALID_ACCESS_TOKEN"),
        ({"linkedin_version": None}, 400, "VERSION_MISSING"),
        ({"linkedin_version": "202401"}, 426, "NONEXISTENT_VERSION"),
        ({"linkedin_version": "2026"}, 426, "NONEXISTENT_VERSION"),
        ({"x_restli_protocol_version": None}, 400, "ILLEGAL_ARGUMENT"),
        ({"x_restli_protocol_version": "1.0.0"}, 400, "ILLEGAL_ARGUMENT"),
    ],
)
def test_a_call_without_its_headers_is_refused(linkedin, headers, status, code):
    answer = linkedin.post("posts", linkedin.body(), **headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert linkedin.posts() == []


def test_the_answer_to_a_post_is_empty_and_its_name_is_in_a_header(linkedin):
    answer = linkedin.publish("hello")
    assert (answer.status_code, answer.content) == (201, b"")
    assert answer.headers["x-restli-id"].startswith("urn:li:share:")
    assert not any(name.startswith(("x-ratelimit", "retry-after")) for name in answer.headers)


# Bodies


@pytest.mark.parametrize(
    "change",
    [
        {"author": None},
        {"commentary": None},
        {"commentary": ["hello"]},
        {"visibility": "CONNECTIONS"},
        {"visibility": None},
        {"lifecycleState": "DRAFT"},
        {"distribution": None},
        {"distribution": {"feedDistribution": "NONE"}},
        {"distribution": {"feedDistribution": "MAIN_FEED", "odd": 1}},
        {"odd": "field"},
        {"isReshareDisabledByAuthor": "no"},
        {"content": {}},
        {"content": {"article": {"source": "https://example.org"}}},
        {"content": {"media": {"id": "urn:li:image:unknown"}}},
        {"content": {"multiImage": {"images": []}}},
        {"commentary": " "},
    ],
)
def test_a_body_that_does_not_fit_is_refused(linkedin, change):
    answer = linkedin.publish(**change)
    assert answer.status_code in (403, 422)
    assert answer.json()["status"] == answer.status_code
    assert linkedin.posts() == []


def test_only_json_is_taken(linkedin):
    answer = linkedin.http.post("/linkedin/rest/posts", content=b"{}", headers=linkedin.headers())
    assert answer.status_code == 415
    broken = linkedin.http.post(
        "/linkedin/rest/posts", content=b"{", headers=linkedin.headers(content_type="application/json")
    )
    assert broken.status_code == 400


def test_nobody_posts_for_another_page(linkedin, other):
    assert linkedin.publish(author=other.urn).status_code == 403
    asked = {"initializeUploadRequest": {"owner": other.urn}}
    assert linkedin.post("images?action=initializeUpload", asked).status_code == 403


def test_three_thousand_characters_are_the_most_and_escapes_do_not_count(linkedin):
    assert linkedin.publish("\\(" * 3_000).status_code == 201
    answer = linkedin.publish("x" * 3_001)
    assert answer.json()["errorDetails"]["inputErrors"][0]["code"] == "FIELD_LENGTH_TOO_LONG"
    assert linkedin.publish("👮" * 1_501).status_code == 422


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Point \\* one \\(of two\\)", "Point * one (of two)"),
        ("Snow (both ways)", "Snow "),
        ("a_b", "a"),
        ("#Snow and {hashtag|\\#|ice}", "#Snow and #ice"),
        ("Thanks @[Roads](urn:li:organization:7)!", "Thanks Roads!"),
        ("Thanks @Roads", "Thanks "),
    ],
)
def test_what_is_reserved_and_not_escaped_cuts_the_text_off_without_a_word(linkedin, written, shown):
    linkedin.publish(written)
    assert [post["text"] for post in linkedin.posts()] == [shown]


def test_a_text_is_given_back_as_little_text_with_its_hashtags_as_templates(linkedin):
    urn = named(linkedin.publish("#Snow \\(both ways\\)"))
    assert linkedin.get(f"posts/{urn}").json()["commentary"] == "{hashtag|\\#|Snow} \\(both ways\\)"


def test_the_same_again_is_refused_by_name(linkedin, other):
    first = linkedin.publish("hello").headers["x-restli-id"]
    again = linkedin.publish("hello")
    assert again.status_code == 422
    assert again.json()["errorDetails"]["inputErrors"][0]["code"] == "DUPLICATE_POST"
    assert again.json()["message"].endswith(f"Content is a duplicate of {first}")
    assert other.publish("hello").status_code == 201


# Pictures


def test_a_picture_waits_for_its_bytes_and_then_is_there(linkedin):
    value = linkedin.place()
    assert linkedin.status(value["image"]) == "WAITING_UPLOAD"
    answer = linkedin.put(value["uploadUrl"], picture())
    assert (answer.status_code, answer.content) == (201, b"")
    assert linkedin.status(value["image"]) == "AVAILABLE"
    linkedin.publish("hello", content={"media": {"id": value["image"], "altText": "navy"}})
    assert linkedin.posts()[0]["media"][0]["alt"] == "navy"


def test_a_place_serves_once_and_its_owner_alone(linkedin, other):
    value = linkedin.place()
    assert other.put(value["uploadUrl"], picture()).status_code == 400
    assert linkedin.http.put(value["uploadUrl"], content=picture()).status_code == 401
    assert linkedin.put(value["uploadUrl"].partition("?")[0], picture()).status_code == 400
    assert linkedin.put(value["uploadUrl"], b"").status_code == 400
    assert linkedin.put(value["uploadUrl"], picture()).status_code == 201
    assert linkedin.put(value["uploadUrl"], picture()).status_code == 400


@pytest.mark.parametrize("data", [b"no picture", picture(kind="WEBP")])
def test_what_is_no_picture_of_a_kind_that_linkedin_takes_fails_later(linkedin, data):
    image = linkedin.image(data)
    assert linkedin.status(image) == "PROCESSING_FAILED"
    assert linkedin.publish("hello", content={"media": {"id": image}}).status_code == 201
    assert linkedin.posts() == []


def test_a_post_whose_picture_was_not_ready_is_accepted_and_vanishes(linkedin):
    linkedin.fault("image_processing", on="upload", polls=2)
    image = linkedin.image()
    answer = linkedin.publish("hello", content={"media": {"id": image}})
    assert linkedin.get(f"posts/{named(answer)}").status_code == 404


def test_a_multi_image_has_two_to_twenty(linkedin):
    images = [{"id": linkedin.image(picture(colour)), "altText": colour} for colour in ("navy", "red")]
    assert linkedin.publish(content={"multiImage": {"images": images[:1]}}).status_code == 422
    assert linkedin.publish(content={"multiImage": {"images": images * 11}}).status_code == 422
    answer = linkedin.publish(content={"multiImage": {"images": images}})
    assert answer.headers["x-restli-id"].startswith("urn:li:ugcPost:")
    view = linkedin.get(f"posts/{named(answer)}").json()
    assert view["content"]["multiImage"]["images"] == images


def test_another_pages_picture_is_not_ours(linkedin, other):
    assert linkedin.publish(content={"media": {"id": other.image()}}).status_code == 422
    assert linkedin.get(f"images/{quote(other.image(), safe='')}").status_code == 404


# Reading, changing, removing


def own(linkedin: LinkedInCaller, **params: Any) -> httpx.Response:
    asked = {"author": linkedin.urn, "q": "author", "count": 10, "sortBy": "LAST_MODIFIED", **params}
    query = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in asked.items())
    return linkedin.get(f"posts?{query}", x_restli_method="FINDER")


def test_the_last_changed_comes_first_and_pages_follow(linkedin, clock):
    urns = []
    for words in ("one", "two", "three"):
        urns.append(linkedin.publish(words).headers["x-restli-id"])
        clock.now += 60
    change = {"patch": {"$set": {"commentary": "one, edited"}}}
    assert (
        linkedin.post(f"posts/{quote(urns[0], safe='')}", change, x_restli_method="PARTIAL_UPDATE").status_code == 204
    )
    assert [post["id"] for post in own(linkedin).json()["elements"]] == [urns[0], urns[2], urns[1]]
    assert [post["id"] for post in own(linkedin, sortBy="CREATED", count=1, start=1).json()["elements"]] == [urns[1]]


@pytest.mark.parametrize(
    "change", [{"q": "authors"}, {"sortBy": "NAME"}, {"count": 0}, {"count": 101}, {"start": "x"}, {"odd": 1}]
)
def test_a_list_is_asked_for_as_it_is_documented(linkedin, change):
    assert own(linkedin, **change).status_code == 400


def test_the_finder_names_itself_and_is_for_the_own_page(linkedin, other):
    assert linkedin.get(f"posts?q=author&author={quote(linkedin.urn, safe='')}").status_code == 400
    assert own(linkedin, author=other.urn).status_code == 403


@pytest.mark.parametrize(
    "fields",
    [{}, {"patch": {}}, {"patch": {"$set": {}}}, {"patch": {"$set": {"visibility": "PUBLIC"}}}, {"commentary": "x"}],
)
def test_only_the_words_of_a_post_are_changed(linkedin, fields):
    urn = named(linkedin.publish())
    assert linkedin.post(f"posts/{urn}", fields, x_restli_method="PARTIAL_UPDATE").status_code == 422
    assert linkedin.post(f"posts/{urn}", {"patch": {"$set": {"commentary": "new"}}}).status_code == 400
    assert [post["text"] for post in linkedin.posts()] == ["hello"]


def test_removing_twice_is_no_error_and_others_may_not(linkedin, other):
    urn = named(linkedin.publish())

    def remove(caller: LinkedInCaller) -> int:
        return caller.http.delete(f"/linkedin/rest/posts/{urn}", headers=caller.headers()).status_code

    assert remove(other) == 403
    assert (remove(linkedin), remove(linkedin)) == (204, 204)
    assert linkedin.posts() == []


# Pages


def test_a_list_keeps_its_brackets(linkedin):
    number = linkedin.account["native_id"]
    assert (
        linkedin.get(f"organizationsLookup?ids=List({number})").json()["results"][number]["vanityName"] == "fife-police"
    )
    assert linkedin.get(f"organizationsLookup?ids={number}").status_code == 400


def test_a_page_is_told_by_its_whole_name_and_in_full_to_its_administrator_alone(linkedin, other):
    (found,) = linkedin.get("organizations?q=vanityName&vanityName=tayside-police").json()["elements"]
    assert str(found["id"]) == other.account["native_id"]
    assert linkedin.get("organizations?q=vanityName&vanityName=tayside").json()["elements"] == []
    assert "localizedDescription" in linkedin.get(f"organizations/{linkedin.account['native_id']}").json()
    assert linkedin.get(f"organizations/{other.account['native_id']}").status_code == 403


@pytest.mark.parametrize("handle", ["", "Not A Page", "-x", "12345", "x" * 101, "naïve"])
def test_a_name_that_no_page_has_is_refused(http, handle):
    answer = http.post("/_control/linkedin/accounts", json={"handle": handle})
    assert answer.status_code == 400


def test_the_control_tells_what_connects_a_page(linkedin):
    assert linkedin.account["handle"] == "fife-police"
    assert linkedin.account["client_id"]
    assert linkedin.account["client_secret"]


def test_people_see_the_posts_on_pages(linkedin, http):
    urn = linkedin.publish("Snow on the #A9: https://example.org/a\\_b \\<now\\>").headers["x-restli-id"]
    paths = ("/", "/company/fife-police/", f"/feed/update/{urn}/", "/feed/hashtag/A9/")
    for path in paths:
        page = http.get(f"/linkedin{path}")
        assert page.status_code == 200
        assert '<a href="/linkedin/feed/hashtag/A9/"' in page.text
        assert '<a href="https://example.org/a_b"' in page.text
        assert "&lt;now&gt;" in page.text
    assert http.get("/linkedin/feed/update/urn:li:share:1/").status_code == 404


# Signing in


def asking(linkedin: LinkedInCaller, **change: str | None) -> dict[str, str]:
    asked = {
        "response_type": "code",
        "client_id": linkedin.account["client_id"],
        "redirect_uri": BACK,
        "state": "s-1",
        "scope": "r_organization_social w_organization_social rw_organization_admin",
        **change,
    }
    return {name: value for name, value in asked.items() if value is not None}


def allow(linkedin: LinkedInCaller, **change: str | None) -> httpx.Response:
    return linkedin.http.post(
        "/linkedin/oauth/v2/authorization", data={**asking(linkedin, **change), "account": "fife-police"}
    )


def code_of(answer: httpx.Response) -> str:
    assert answer.status_code == 303, answer.text
    return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]


def trade(linkedin: LinkedInCaller, code_given: str, **change: str) -> httpx.Response:
    fields = {
        "grant_type": "authorization_code",
        "code": code_given,
        "redirect_uri": BACK,
        "client_id": linkedin.account["client_id"],
        "client_secret": linkedin.account["client_secret"],
        **change,
    }
    return linkedin.http.post("/linkedin/oauth/v2/accessToken", data=fields)


def introspected(linkedin: LinkedInCaller, token: str) -> dict[str, Any]:
    app = {name: linkedin.account[name] for name in ("client_id", "client_secret")}
    return linkedin.http.post("/linkedin/oauth/v2/introspectToken", data={**app, "token": token}).json()


@pytest.mark.parametrize(
    "change",
    [
        {"client_id": "another"},
        {"redirect_uri": "not-absolute"},
        {"redirect_uri": "https://a.test/#part"},
        {"redirect_uri": None},
        {"response_type": "token"},
        {"scope": "everything"},
        {"scope": None},
        {"state": None},
    ],
)
def test_a_request_that_does_not_fit_is_shown_to_the_person_and_goes_nowhere(linkedin, change):
    asked = linkedin.http.get("/linkedin/oauth/v2/authorization", params=asking(linkedin, **change))
    for answer in (asked, allow(linkedin, **change)):
        assert answer.status_code == 400
        assert "location" not in answer.headers
        assert "The request was refused" in answer.text


def test_the_consent_page_may_lead_back_to_the_application(linkedin):
    page = linkedin.http.get("/linkedin/oauth/v2/authorization", params=asking(linkedin))
    assert "Fife Division (@fife-police)" in page.text
    assert "form-action 'self' http://127.0.0.1:8200;" in page.headers["content-security-policy"]


def test_a_denial_is_carried_back(linkedin):
    fields = {**asking(linkedin), "account": "fife-police", "decision": "deny"}
    answer = linkedin.http.post("/linkedin/oauth/v2/authorization", data=fields)
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert (query["error"], query["state"]) == (["user_cancelled_authorize"], ["s-1"])


def test_the_whole_flow_ends_in_a_token_of_sixty_days_and_no_refresh_token(linkedin, clock):
    token = trade(linkedin, code_of(allow(linkedin))).json()
    assert token["expires_in"] == 60 * DAYS
    assert "refresh_token" not in token
    headers = {"authorization": f"Bearer {token['access_token']}"}
    assert linkedin.post("posts", linkedin.body(), **headers).status_code == 201
    assert introspected(linkedin, token["access_token"])["expires_at"] == int(clock.now) + 60 * DAYS
    clock.now += 60 * DAYS
    assert linkedin.post("posts", linkedin.body("later"), **headers).status_code == 401
    assert introspected(linkedin, token["access_token"]) == {"active": False}


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"redirect_uri": BACK + "/"}, 400, "invalid_request"),
        ({"code": "other"}, 400, "invalid_request"),
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "wrong"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ],
)
def test_a_code_is_traded_only_by_whoever_asked_for_it(linkedin, change, status, error):
    answer = trade(linkedin, code_of(allow(linkedin)), **change)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_a_code_serves_once_and_for_half_an_hour(linkedin, clock):
    code = code_of(allow(linkedin))
    assert trade(linkedin, code).status_code == 200
    assert trade(linkedin, code).json()["error"] == "invalid_request"
    late = code_of(allow(linkedin))
    clock.now += 1_800
    assert trade(linkedin, late).status_code == 400


def test_a_token_does_only_what_was_allowed(linkedin):
    token = trade(linkedin, code_of(allow(linkedin, scope="r_organization_social"))).json()["access_token"]
    headers = {"authorization": f"Bearer {token}"}
    assert linkedin.post("posts", linkedin.body(), **headers).status_code == 403
    assert linkedin.get("organizationAcls?q=roleAssignee", **headers).status_code == 403


def test_a_refresh_token_serves_again_and_ends_a_year_after_the_consent(linkedin, clock):
    linkedin.fault("refresh_tokens")
    first = trade(linkedin, code_of(allow(linkedin))).json()
    assert first["refresh_token_expires_in"] == 365 * DAYS
    clock.now += 59 * DAYS
    renewal = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    second = trade(linkedin, "", **renewal).json()
    assert second["refresh_token"] == first["refresh_token"]
    assert second["refresh_token_expires_in"] == 306 * DAYS
    assert trade(linkedin, "", **renewal).status_code == 200
    assert trade(linkedin, "", **{**renewal, "client_secret": "wrong"}).status_code == 401
    clock.now += 306 * DAYS
    assert trade(linkedin, "", **renewal).status_code == 400


# Switches


def test_the_days_limit_names_no_time(linkedin):
    linkedin.fault("day_limit", on="any")
    answer = linkedin.publish()
    assert answer.status_code == 429
    assert "retry-after" not in answer.headers


def test_a_withdrawn_version_is_refused_at_every_call(linkedin):
    linkedin.fault("version_sunset", on="any")
    for answer in (linkedin.publish(), own(linkedin), linkedin.get("organizationAcls?q=roleAssignee")):
        assert (answer.status_code, answer.json()["code"]) == (426, "NONEXISTENT_VERSION")

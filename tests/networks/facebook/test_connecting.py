"""Signing in with Facebook and with tokens, what is kept of it, and the daily look at it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from mercat.networks.facebook.adapter import NETWORK
from mercat.networks.facebook.spec import SCOPES
from mercat.networks.port import Channel, ConnectError, Identity, Kept, Later, Lifetime, Reconnect
from tests.networks.doubles import NOW, MemoryCredentials
from tests.networks.graph_specs import parameters

BACK = "https://mercat.example.org/connections/return"
APP = {"client_id": "1200000000000001", "client_secret": "secret-app"}
ENDS = int((NOW + timedelta(days=90)).timestamp())

FIFE = {
    "id": "1",
    "name": "Fife Division",
    "username": "fife.division",
    "link": "https://www.facebook.com/fife.division",
}
PERTH = {"id": "2", "name": "Perth Division", "link": "https://www.facebook.com/profile.php?id=2"}


def ok(body: Any) -> httpx.Response:
    return httpx.Response(200, json=body)


def refused(code: int, status: int = 400) -> httpx.Response:
    return httpx.Response(status, json={"error": {"message": "no", "type": "OAuthException", "code": code}})


def inspected(**changes: Any) -> httpx.Response:
    data = {
        "app_id": APP["client_id"],
        "type": "PAGE",
        "is_valid": True,
        "expires_at": 0,
        "data_access_expires_at": ENDS,
        "scopes": list(SCOPES),
        **changes,
    }
    return ok({"data": data})


class Meta:
    """Meta, answering by path, or not at all."""

    def __init__(self, **changes: Any) -> None:
        self.requests: list[httpx.Request] = []
        pages = [{**FIFE, "access_token": "secret-fife"}, {**PERTH, "access_token": "secret-perth"}]
        self.answers: dict[str, Any] = {
            "oauth/access_token": [
                ok({"access_token": "secret-short", "token_type": "bearer", "expires_in": 5000}),
                ok({"access_token": "secret-long", "token_type": "bearer", "expires_in": 5_000_000}),
            ],
            "me/accounts": ok({"data": pages}),
            "me": ok(FIFE),
            "debug_token": inspected(),
        }
        self.answers.update({name.replace("__", "/"): answer for name, answer in changes.items()})
        self.http = httpx.Client(transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers[request.url.path.removeprefix("/v25.0/")]
        if isinstance(answer, list):
            answer = answer.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def connect(self, **fields: str) -> Identity:
        assert NETWORK.connector
        return NETWORK.connector.connect({"token": "secret-typed", **fields}, self.http, now=NOW)

    def sign_in(self, page: str = "Fife Division") -> Identity:
        assert NETWORK.oauth
        _, kept = NETWORK.oauth.begin({"page": page, **APP}, BACK, "the-state", self.http)
        return NETWORK.oauth.finish(kept, "the-code", BACK, self.http, now=NOW)

    def asked(self, path: str) -> list[dict[str, str]]:
        return [parameters(request) for request in self.requests if request.url.path == f"/v25.0/{path}"]


# Signing in


def test_the_person_is_sent_to_facebook_with_state_and_scopes() -> None:
    assert NETWORK.oauth
    url, kept = NETWORK.oauth.begin({"page": " Fife ", **APP}, BACK, "the-state", Meta().http)
    address, query = urlsplit(url), {name: value for name, (value,) in parse_qs(urlsplit(url).query).items()}
    assert f"{address.scheme}://{address.netloc}{address.path}" == "https://www.facebook.com/v25.0/dialog/oauth"
    assert query == {
        "client_id": APP["client_id"],
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": ",".join(SCOPES),
        "state": "the-state",
    }
    assert kept["page"] == "Fife"
    assert "secret" not in url


def test_the_code_becomes_a_lasting_token_and_that_a_pages() -> None:
    meta = Meta()
    identity = meta.sign_in()
    assert identity == Identity(
        "1",
        "fife.division",
        "https://www.facebook.com/fife.division",
        "https://graph.facebook.com",
        {"token": "secret-fife", "ends_at": str(ENDS)},
        {},
    )
    code, lasting = meta.asked("oauth/access_token")
    assert (code["code"], code["redirect_uri"], code["client_secret"]) == ("the-code", BACK, "secret-app")
    assert (lasting["grant_type"], lasting["fb_exchange_token"]) == ("fb_exchange_token", "secret-short")
    asked = next(request for request in meta.requests if request.url.path.endswith("me/accounts"))
    assert asked.headers["authorization"] == "Bearer secret-long"


def test_no_secret_stands_in_an_address() -> None:
    meta = Meta()
    meta.sign_in()
    assert not any("secret" in str(request.url).replace("appsecret_proof", "") for request in meta.requests)


def test_the_registration_is_not_kept_with_the_account() -> None:
    assert not {"client_id", "client_secret"} & set(Meta().sign_in().credentials)


@pytest.mark.parametrize(
    "typed",
    ["Perth Division", "perth division", "2", "https://www.facebook.com/profile.php?id=2", "profile.php?id=2"],
)
def test_the_page_is_known_by_name_number_or_address(typed: str) -> None:
    assert Meta().sign_in(typed).native_id == "2"


def test_a_page_without_a_name_of_its_own_is_called_by_its_number() -> None:
    identity = Meta().sign_in("2")
    assert identity.handle == "2"
    assert identity.url == PERTH["link"]


@pytest.mark.parametrize(
    ("typed", "words"),
    [("", "several pages: Fife Division, Perth Division"), ("Dundee", "does not manage “Dundee”. It manages Fife")],
)
def test_a_sign_in_that_could_mean_several_pages_asks(typed: str, words: str) -> None:
    with pytest.raises(ConnectError, match=words):
        Meta().sign_in(typed)


def test_the_only_page_is_meant() -> None:
    meta = Meta(me__accounts=ok({"data": [{**FIFE, "access_token": "secret-fife"}]}))
    assert meta.sign_in("").native_id == "1"


def test_pages_beyond_the_first_hundred_are_found() -> None:
    first = {
        "data": [{**FIFE, "access_token": "secret-fife"}],
        "paging": {"cursors": {"after": "c1"}, "next": "https://graph.facebook.com/next?access_token=secret-long"},
    }
    meta = Meta(me__accounts=[ok(first), ok({"data": [{**PERTH, "access_token": "secret-perth"}]})])
    assert meta.sign_in("2").native_id == "2"
    assert [one.get("after") for one in meta.asked("me/accounts")] == [None, "c1"]


@pytest.mark.parametrize(
    ("path", "answer", "words"),
    [
        ("oauth__access_token", refused(100), "did not complete the sign-in"),
        ("oauth__access_token", ok({}), "did not complete the sign-in"),
        ("oauth__access_token", httpx.Response(200, text="<html>"), "did not complete the sign-in"),
        ("oauth__access_token", httpx.Response(503), "trouble of its own"),
        ("oauth__access_token", httpx.ConnectError("x"), "could not be reached"),
        ("me__accounts", ok({"data": []}), "manages no pages"),
        ("me__accounts", ok({"data": 5}), "not like Meta's"),
        ("me__accounts", httpx.Response(200, text="<html>"), "not like Meta's"),
        ("me__accounts", refused(190), "does not accept this token"),
        ("me__accounts", httpx.Response(429), "no more sign-ins"),
        ("me__accounts", ok({"data": [FIFE]}), "gave no token"),
        ("me__accounts", ok({"data": [{"name": "Fife Division", "access_token": "x"}]}), "which page"),
        ("debug_token", refused(190), "app ID with this app secret"),
        ("debug_token", ok({"data": {}}), "does not accept this token"),
        ("debug_token", inspected(is_valid=False), "does not accept this token"),
        ("debug_token", inspected(scopes=["pages_read_engagement"]), "allow pages_manage_posts"),
        ("debug_token", httpx.ReadTimeout("x"), "in time"),
    ],
)
def test_what_went_wrong_is_told_to_the_person_without_a_secret(path: str, answer: Any, words: str) -> None:
    meta = Meta(**{path: [answer] if path.startswith("oauth") else answer})
    with pytest.raises(ConnectError, match=words) as told:
        meta.sign_in()
    assert "secret" not in str(told.value).replace("app secret", "")
    assert str(told.value).endswith(".")


def test_without_the_bodys_own_registration_nobody_is_sent_anywhere() -> None:
    assert NETWORK.oauth
    with pytest.raises(ConnectError, match="app ID is missing"):
        NETWORK.oauth.begin({}, BACK, "the-state", Meta().http)


# Tokens that were typed


def test_a_pages_own_token_tells_which_page() -> None:
    identity = Meta(me__accounts=refused(100)).connect(**APP)
    assert identity.native_id == "1"
    assert identity.credentials == {"token": "secret-typed", "ends_at": str(ENDS)}


def test_a_token_without_a_registration_is_kept_as_it_is() -> None:
    meta = Meta(me__accounts=refused(100))
    assert meta.connect().credentials == {"token": "secret-typed"}
    assert not meta.asked("debug_token")


def test_a_persons_token_is_made_lasting_before_the_pages_is_taken() -> None:
    meta = Meta(oauth__access_token=[ok({"access_token": "secret-long"})])
    assert meta.connect(page="Fife Division", **APP).credentials["token"] == "secret-fife"
    assert meta.requests[-2].headers["authorization"] == "Bearer secret-long"


def test_a_system_users_token_that_cannot_be_exchanged_serves_as_it_is() -> None:
    meta = Meta(oauth__access_token=[refused(100)])
    assert meta.connect(page="1", **APP).native_id == "1"


def test_a_pages_token_of_another_page_than_typed_is_not_taken() -> None:
    with pytest.raises(ConnectError, match="does not manage “Dundee”"):
        Meta(me__accounts=refused(100)).connect(page="Dundee")


# What is kept, looked at


def keep(meta: Meta, **credentials: str) -> Any:
    assert NETWORK.keeper
    kept = MemoryCredentials({"token": "secret-fife", "ends_at": str(ENDS), **APP, **credentials})
    channel = Channel("https://graph.facebook.com", "1", "fife.division", kept, meta.http)
    return NETWORK.keeper.keep(channel, ahead=timedelta(days=7), now=NOW), kept.values


def test_a_token_that_meta_takes_is_kept() -> None:
    meta = Meta()
    outcome, values = keep(meta)
    assert outcome == Kept()
    assert values["ends_at"] == str(ENDS)
    (asked,) = meta.asked("debug_token")
    assert (asked["input_token"], asked["method"]) == ("secret-fife", "GET")
    assert meta.requests[0].headers["authorization"] == "Bearer 1200000000000001|secret-app"
    assert "secret" not in str(meta.requests[0].url)


def test_a_new_end_is_noted_and_the_registration_is_not_stored_with_it() -> None:
    later = ENDS + 86_400
    outcome, values = keep(Meta(debug_token=inspected(data_access_expires_at=later)))
    assert outcome == Kept()
    assert values == {"token": "secret-fife", "ends_at": str(later)}


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (inspected(is_valid=False), Reconnect),
        (inspected(app_id="5"), Reconnect),
        (inspected(scopes=[]), Reconnect),
        (refused(190), Later),  # of the registration, not of the page's token
        (ok([]), Later),
        (httpx.Response(500), Later),
        (httpx.ConnectError("x"), Later),
    ],
)
def test_only_a_clear_no_ends_a_connection(answer: Any, kind: type) -> None:
    outcome, _ = keep(Meta(debug_token=answer))
    assert isinstance(outcome, kind)
    assert outcome.reason.endswith(".")


@pytest.mark.parametrize(
    ("answer", "kind"), [(ok({"id": "1"}), Kept), (refused(190, 401), Reconnect), (refused(2), Later), (ok({}), Later)]
)
def test_without_a_registration_the_page_itself_is_asked(answer: httpx.Response, kind: type) -> None:
    outcome, _ = keep(Meta(me=answer), client_id="", client_secret="")
    assert isinstance(outcome, kind)


def test_credentials_tell_when_they_end() -> None:
    ends = datetime.fromtimestamp(ENDS, UTC)
    assert NETWORK.lifetime({"token": "x", "ends_at": str(ENDS)}) == Lifetime(None, ends)
    for odd in ("", "x", "-1", "9" * 30, "²"):
        assert NETWORK.lifetime({"token": "x", "ends_at": odd}) == Lifetime()

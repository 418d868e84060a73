"""Which account a sign-in by Facebook, or a token, is of."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from mercat.networks.instagram.adapter import NETWORK
from mercat.networks.port import ConnectError, Identity
from tests.networks.doubles import NOW


def linked(number: str, username: str, **page: Any) -> dict[str, Any]:
    account = {"id": number, "username": username, "name": username.title()}
    return {"id": f"9{number}", "name": f"Page {number}", "instagram_business_account": account, **page}


def connect(*pages: dict[str, Any], me: dict[str, Any] | None = None, **fields: str) -> Identity:
    """With a person's token where there are pages, else with the page's own."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("me/accounts"):
            refused = {"error": {"message": "no", "code": 100}}
            return httpx.Response(400, json=refused) if me else httpx.Response(200, json={"data": list(pages)})
        return httpx.Response(200, json=me)

    assert NETWORK.connector
    with httpx.Client(transport=httpx.MockTransport(answer)) as http:
        return NETWORK.connector.connect({"token": "secret-typed", **fields}, http, now=NOW)


def test_a_pages_own_token_is_of_the_account_that_is_linked() -> None:
    assert connect(me=linked("1", "fife")) == Identity(
        "1", "fife", "https://www.instagram.com/fife", "https://graph.facebook.com", {"token": "secret-typed"}, {}
    )


@pytest.mark.parametrize("typed", ["perth", "@Perth", "https://www.instagram.com/perth/", "2", "Page 2"])
def test_the_account_is_known_by_name_number_address_or_page(typed: str) -> None:
    pages = (linked("1", "fife", access_token="secret-1"), linked("2", "perth", access_token="secret-2"))
    identity = connect(*pages, account=typed)
    assert (identity.handle, identity.credentials["token"]) == ("perth", "secret-2")


def test_pages_without_an_account_are_passed_over() -> None:
    bare = {"id": "5", "name": "Bare", "access_token": "secret-5"}
    assert connect(bare, linked("2", "perth", access_token="secret-2")).handle == "perth"


@pytest.mark.parametrize(
    ("pages", "words"),
    [
        ([], "manages no professional Instagram accounts"),
        ([{"id": "5", "name": "Bare", "access_token": "x"}], "manages no professional Instagram accounts"),
        ([linked("2", "perth")], "gave no token"),
        ([linked("2", "", access_token="x")], "did not say which account"),
        ([linked("1", "fife", access_token="x"), linked("2", "perth", access_token="x")], "fife, perth"),
    ],
)
def test_what_is_wrong_is_told(pages: list[dict[str, Any]], words: str) -> None:
    with pytest.raises(ConnectError, match=words) as told:
        connect(*pages)
    assert "secret" not in str(told.value)

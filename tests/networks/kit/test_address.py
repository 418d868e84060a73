"""What a person types as a server, and the parts of OAuth."""

from __future__ import annotations

import pytest

from mercat.networks.kit.address import server_address
from mercat.networks.kit.connecting import typed
from mercat.networks.kit.oauth import challenge, new_state, new_verifier
from mercat.networks.port import ConnectError


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("https://social.example.org", "https://social.example.org"),
        ("https://social.example.org/", "https://social.example.org"),
        (" social.example.org ", "https://social.example.org"),
        ("http://127.0.0.1:8300/mastodon/", "http://127.0.0.1:8300/mastodon"),
        ("https://SOCIAL.example.org", "https://social.example.org"),
    ],
)
def test_a_server_is_understood_as_people_type_it(given: str, address: str) -> None:
    assert server_address(given) == address


@pytest.mark.parametrize(
    "given",
    [
        "",
        "https://",
        "ftp://a.org",
        "file:///etc/passwd",
        "https://a.org/?x=1",
        "https://a.org/#x",
        "https://a b.org",
        "https://xn--.org",
        "xn--99999999.org",
    ],
)
def test_what_is_no_server_is_refused_in_words(given: str) -> None:
    with pytest.raises(ConnectError, match="is not the address of a server"):
        server_address(given)


def test_a_password_typed_into_an_address_is_not_repeated() -> None:
    with pytest.raises(ConnectError) as refused:
        server_address("https://me:secret-word@social.example.org")
    assert "secret-word" not in str(refused.value)


def test_an_empty_or_garbled_field_is_named() -> None:
    with pytest.raises(ConnectError, match="The access token is missing"):
        typed({"token": "  "}, "token", "The access token")
    with pytest.raises(ConnectError, match="The access token holds characters") as refused:
        typed({"token": "secret\u200bword"}, "token", "The access token")
    assert "secret" not in str(refused.value)
    assert typed({"token": " abc\n"}, "token", "The access token") == "abc"


def test_the_challenge_is_that_of_rfc_7636() -> None:
    assert challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_states_and_verifiers_are_new_each_time_and_long_enough() -> None:
    made = {make() for make in (new_state, new_verifier) for _ in range(50)}
    assert len(made) == 100
    assert all(43 <= len(value) <= 128 for value in made)

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from mercat.networks.kit.renewal import (
    AGAIN,
    LONGEST,
    TURN,
    Renewal,
    end_of,
    lifetime,
    span_of,
    tokens_of,
)
from mercat.networks.kit.steps import RETRY, Halt
from mercat.networks.port import Channel, Later, Lifetime, Reconnect

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
ENDED, NO_APP, UNKNOWN = "Connect it again.", "Enter the app.", "Not our app."
WHOLE = {
    "access_token": "old",
    "refresh_token": "turning",
    "client_id": "body",
    "client_secret": "of the body",
    "expires_at": NOW.isoformat(),
    "note": "kept",
}
FRESH = {"access_token": "new", "refresh_token": "turned", "expires_in": 3_600}


class Kept:
    def __init__(self, values: dict[str, str], *, mine: bool = True, meanwhile: dict[str, str] | None = None) -> None:
        self.values, self._mine, self._meanwhile = values, mine, meanwhile

    def get(self) -> dict[str, str]:
        return dict(self.values)

    def replace(self, values: Any) -> None:
        self.values = dict(values)

    @contextmanager
    def turn(self) -> Iterator[bool]:
        self.values.update(self._meanwhile or {})
        yield self._mine


def renewed(kept: Kept, answer: httpx.Response | None = None, used: str = "old") -> tuple[str, list[dict[str, str]]]:
    """The token, and the forms that the token endpoint was sent."""
    asked: list[dict[str, str]] = []

    def ask(base_url: str, app: Any, form: Any, http: httpx.Client) -> httpx.Response:
        asked.append({**form, "by": app["client_id"]})
        return answer or httpx.Response(200, json=FRESH)

    renewal = Renewal("Elsewhere", ask, frozenset({"invalid_grant"}), ENDED, NO_APP, UNKNOWN)
    with httpx.Client(transport=httpx.MockTransport(lambda request: httpx.Response(500))) as http:
        channel = Channel("https://elsewhere.test", "native", "@body", kept, http)  # type: ignore[arg-type]
        return renewal.newer(channel, used, NOW), asked


def refusal(kept: Kept, answer: httpx.Response | None = None) -> Any:
    with pytest.raises(Halt) as halt:
        renewed(kept, answer)
    return halt.value.outcome


def test_a_new_token_is_kept_with_its_refresh_token_and_without_the_app() -> None:
    kept = Kept({**WHOLE})
    token, asked = renewed(kept)
    assert token == "new"
    assert asked == [{"grant_type": "refresh_token", "refresh_token": "turning", "by": "body"}]
    ends = (NOW + timedelta(hours=1)).isoformat()
    assert kept.values == {"access_token": "new", "refresh_token": "turned", "expires_at": ends, "note": "kept"}


def test_an_answer_without_a_refresh_token_leaves_the_old_and_one_without_an_end_none() -> None:
    kept = Kept({**WHOLE})
    renewed(kept, httpx.Response(200, json={"access_token": "new"}))
    assert kept.values == {"access_token": "new", "refresh_token": "turning", "note": "kept"}


def test_what_another_process_renewed_meanwhile_is_taken() -> None:
    token, asked = renewed(Kept({**WHOLE}, meanwhile={"access_token": "theirs"}))
    assert (token, asked) == ("theirs", [])


def test_another_process_that_renews_is_waited_for() -> None:
    outcome = refusal(Kept({**WHOLE}, mine=False))
    assert (type(outcome), outcome.at, outcome.limited) == (Later, NOW + TURN, True)


@pytest.mark.parametrize(
    ("missing", "said"), [("refresh_token", ENDED), ("client_id", NO_APP), ("client_secret", NO_APP)]
)
@pytest.mark.parametrize("mine", [True, False])
def test_without_what_renews_a_person_connects_again(missing: str, said: str, mine: bool) -> None:
    kept = {name: value for name, value in WHOLE.items() if name != missing}
    outcome = refusal(Kept(kept, mine=mine))
    assert (type(outcome), outcome.reason) == (Reconnect, said)


@pytest.mark.parametrize("missing", ["refresh_token", "client_id", "client_secret"])
def test_what_was_taken_away_while_waiting_for_the_turn_is_not_used(missing: str) -> None:
    assert isinstance(refusal(Kept({**WHOLE}, meanwhile={missing: ""})), Reconnect)


@pytest.mark.parametrize(
    ("status", "body", "outcome", "when"),
    [
        (400, {"error": "invalid_grant"}, Reconnect, None),
        (401, {"error": "invalid_grant"}, Later, RETRY),
        (400, {"error": "invalid_request"}, Later, RETRY),
        (401, {"error": "invalid_client"}, Later, AGAIN),
        (400, {"error": "unauthorized_client"}, Later, AGAIN),
        (403, {}, Later, RETRY),
        (200, {}, Later, RETRY),
        (200, {"access_token": 7}, Later, RETRY),
    ],
)
def test_only_a_clear_no_ends_a_connection(status: int, body: Any, outcome: type, when: timedelta | None) -> None:
    kept = Kept({**WHOLE})
    got = refusal(kept, httpx.Response(status, json=body))
    assert type(got) is outcome
    assert when is None or got.at == NOW + when
    assert kept.values == WHOLE


@pytest.mark.parametrize("seconds", [None, "60", True, 0, -1, 1.5, int(LONGEST.total_seconds()), 10**400, float("nan")])
def test_a_span_that_cannot_be_is_none(seconds: Any) -> None:
    assert span_of(seconds) is None
    assert tokens_of({"access_token": "a", "expires_in": seconds}, NOW) == {"access_token": "a"}


def test_a_lifetime_is_renewed_where_it_can_be_and_ends_where_not() -> None:
    kept = {"access_token": "a", "expires_at": NOW.isoformat()}
    assert lifetime(kept) == Lifetime(ends_at=NOW)
    assert lifetime({**kept, "refresh_token": "r"}) == Lifetime(renew_at=NOW)


@pytest.mark.parametrize("unclear", ["", "soon", "2026-11-29T12:00:00"])
def test_an_end_that_cannot_be_read_is_not_told(unclear: str) -> None:
    assert end_of({"expires_at": unclear}) is None

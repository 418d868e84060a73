"""What Meta's errors and headers mean, and what hostile ones do not do."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mercat.networks.kit.graph import Kind, count_of, fault_of, insights, moment_of, next_of, proof, regain_at
from mercat.networks.kit.ratelimit import LONGEST
from tests.networks.doubles import NOW

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.text(max_size=5), parts, max_size=3),
    max_leaves=10,
)


def refused(status: int = 400, **error: Any) -> httpx.Response:
    return httpx.Response(status, json={"error": error})


@pytest.mark.parametrize(
    ("code", "subcode", "kind"),
    [
        (1, 0, Kind.TROUBLE),
        (1, 1366051, Kind.DOUBLE),
        (4, 0, Kind.LIMITED),
        (4, 2207051, Kind.BLOCKED),
        (10, 0, Kind.FORBIDDEN),
        (100, 0, Kind.REFUSED),
        (100, 33, Kind.GONE),
        (190, 0, Kind.RENEW),
        (190, 460, Kind.RENEW),
        (200, 0, Kind.FORBIDDEN),
        (299, 7, Kind.FORBIDDEN),
        (300, 0, Kind.REFUSED),
        (368, 0, Kind.BLOCKED),
        (506, 0, Kind.DOUBLE),
        (613, 0, Kind.LIMITED),
        (80001, 0, Kind.LIMITED),
        (80100, 0, Kind.REFUSED),
        (99999, 0, Kind.REFUSED),
    ],
)
def test_a_code_and_subcode_have_one_meaning(code: int, subcode: int, kind: Kind) -> None:
    fault = fault_of(refused(code=code, error_subcode=subcode, message="no"))
    assert fault
    assert fault.kind is kind


def test_words_for_people_are_told_before_those_for_developers() -> None:
    fault = fault_of(refused(code=100, message="(#100) bad", error_user_msg="That is too long."))
    assert fault
    assert fault.said == "That is too long."


@pytest.mark.parametrize("code", [True, "190", None, 1.5, [190]])
def test_a_code_that_is_no_number_is_a_refusal(code: Any) -> None:
    fault = fault_of(refused(code=code))
    assert fault
    assert (fault.code, fault.kind) == (0, Kind.REFUSED)


def test_what_is_no_refusal_is_no_fault() -> None:
    assert fault_of(httpx.Response(200, json={"error": {"code": 190}})) is None
    assert fault_of(httpx.Response(500, json={"error": {"code": 190}})) is None


def usage(**uses: Any) -> httpx.Headers:
    return httpx.Headers({"x-business-use-case-usage": json.dumps(uses)})


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        (httpx.Headers(), timedelta(minutes=5)),
        (usage(a=[{"estimated_time_to_regain_access": 0}]), timedelta(minutes=5)),
        (
            usage(a=[{"estimated_time_to_regain_access": 7}], b=[{"estimated_time_to_regain_access": 3}]),
            timedelta(minutes=7),
        ),
        (usage(a=[{"estimated_time_to_regain_access": 10**30}]), LONGEST),
        (usage(a=[{"estimated_time_to_regain_access": -5}]), timedelta(minutes=5)),
        (usage(a="soon", b=[5, {}]), timedelta(minutes=5)),
        (httpx.Headers({"x-business-use-case-usage": "[" * 100_000}), timedelta(minutes=5)),
        (httpx.Headers({"retry-after": "30"}), timedelta(seconds=30)),
    ],
)
def test_the_wait_is_the_longest_that_is_named(headers: httpx.Headers, wait: timedelta) -> None:
    assert regain_at(headers, NOW) == NOW + wait


@given(JSON)
def test_no_answer_makes_reading_stumble(body: Any) -> None:
    fault_of(httpx.Response(400, json=body))
    regain_at(httpx.Headers({"x-business-use-case-usage": json.dumps(body)}), NOW)
    fields = body if isinstance(body, dict) else {"data": body, "paging": body, "at": body}
    next_of(fields)
    for name in fields:
        count_of(fields, name)
        moment_of(fields, name)
    insights([fields], {"a": "views"})


def test_the_address_of_the_next_page_is_never_followed() -> None:
    paging = {"cursors": {"after": "c"}, "next": "https://elsewhere.example/?access_token=x"}
    assert next_of({"paging": paging}) == "c"
    assert next_of({"paging": {"cursors": {"after": "c"}}}) == ""
    assert next_of({"paging": {"next": "https://elsewhere.example/"}}) == ""


def test_a_proof_is_the_tokens_digest_under_the_secret() -> None:
    # HMAC-SHA256, as openssl gives it for these two words
    digest = "e941110e3d2bfe82621f0e3e1434730d7305d106c5f68c87165d0b27a4611a4a"
    assert proof("token", "secret") == {"appsecret_proof": digest}
    assert proof("token", "") == {}

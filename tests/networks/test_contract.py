"""Every adapter of the registry keeps the contract, by script."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterator
from datetime import timedelta
from importlib.resources import files
from typing import Any
from xml.etree import ElementTree

import pytest

from mercat.networks import registry
from mercat.networks.port import (
    FIGURES,
    Altered,
    Figures,
    Found,
    FoundAccount,
    Heard,
    Item,
    Later,
    Missing,
    Profile,
    Reconnect,
    Refused,
    Sent,
    Standing,
    Unreadable,
    Unsure,
)
from tests.networks.contract import CASES, SLUGS, scripted, stays
from tests.networks.doubles import NOW, MemoryNotes, full_text, item, medium, medium_for, picture_for, spoilt

every_network = pytest.mark.parametrize("slug", SLUGS)


# The folder


@every_network
def test_a_spec_is_sane(slug: str) -> None:
    spec = registry.get(slug).spec
    assert spec.slug == slug
    assert spec.name
    assert spec.media.max_count or spec.media.video
    assert spec.media.max_alt >= 0  # 0: the network takes no descriptions
    if spec.media.max_count:
        assert spec.media.max_bytes > 0
        assert spec.media.mimes
    assert timedelta(0) < spec.read_lag < timedelta(minutes=10)
    assert timedelta(seconds=1) <= spec.timeout <= timedelta(minutes=2)


@every_network
def test_connect_fields_can_be_shown_to_a_person(slug: str) -> None:
    fields = registry.get(slug).spec.connect_fields
    assert len({field.name for field in fields}) == len(fields)
    assert all(field.label and field.hint for field in fields)
    assert any(field.secret for field in fields)


@every_network
def test_a_network_can_be_connected_and_taken_down_from(slug: str) -> None:
    network = registry.get(slug)
    assert network.connector or network.oauth
    assert network.remover


@every_network
def test_the_guide_is_short_and_in_steps(slug: str) -> None:
    lines = registry.guide(slug).strip().splitlines()
    assert len(lines) == 5
    assert all(line.startswith(f"{number}. ") for number, line in enumerate(lines, 1))


@every_network
def test_the_icon_is_a_small_drawing_without_script_or_foreign_parts(slug: str) -> None:
    icon = registry.icon(slug)
    root = ElementTree.fromstring(icon)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.get("viewBox")
    assert len(icon) < 4_000
    assert {element.tag.rpartition("}")[2] for element in root.iter()} <= {
        "svg",
        "path",
        "circle",
        "rect",
        "g",
        "title",
    }


@every_network
def test_the_folder_has_a_payload_a_spec_and_fixtures(slug: str) -> None:
    folder = files(registry.folder(slug))
    assert all(folder.joinpath(name).is_file() for name in ("spec.py", "payload.py", "adapter.py"))
    assert len([case for case in CASES if case[0] == slug]) >= 20


# Publishing, by script


@every_network
def test_a_post_goes_out_where_the_server_does_everything_right(slug: str) -> None:
    run, _ = scripted(slug)
    assert run.run("publish") == Sent(**run.happy["sent"])


@every_network
@pytest.mark.parametrize("step", ["find", "find_lost"])
def test_what_went_out_is_found_and_matches(slug: str, step: str) -> None:
    run, _ = scripted(slug)
    found = run.run(step)
    assert isinstance(found, Found)
    assert (found.native_id, found.url) == (run.happy["sent"]["native_id"], run.happy["sent"]["url"])
    assert run.network.reader.matches(run.item, found, run.channel)


@every_network
def test_what_differs_in_text_pictures_descriptions_or_account_does_not_match(slug: str) -> None:
    run, _ = scripted(slug)
    found = run.run("find")
    others = (
        dataclasses.replace(found, text=found.text + " Or not."),
        dataclasses.replace(found, text=""),
        dataclasses.replace(found, media=0, alts=()),
        dataclasses.replace(found, alts=("Something else",)),
        dataclasses.replace(found, media=2, alts=found.alts * 2),
        dataclasses.replace(found, account="someone-else"),
    )
    assert not any(run.network.reader.matches(run.item, other, run.channel) for other in others)


@every_network
def test_what_is_out_can_be_taken_down_or_says_where(slug: str) -> None:
    run, _ = scripted(slug)
    removed = run.run("remove")
    if stays(slug):
        assert isinstance(removed, Refused)
        assert run.happy["sent"]["url"] in removed.reason
        return
    assert removed == Sent(run.happy["sent"]["native_id"], "")


@pytest.mark.parametrize(("slug", "name"), CASES, ids=lambda value: value)
def test_an_answer_gives_the_outcome_that_its_fixture_names(
    slug: str, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    run, case = scripted(slug, name)
    outcome = run.run(case["step"])
    _assert_as_expected(outcome, case["expect"], run)
    assert "secret-" not in repr(outcome)
    assert "secret-" not in caplog.text


def _assert_as_expected(outcome: Any, expect: dict[str, Any], run: Any) -> None:
    assert type(outcome).__name__ == expect["outcome"], outcome
    for name in ("limited", "reconnect"):
        if name in expect:
            assert getattr(outcome, name) is expect[name]
    if "after" in expect:
        assert outcome.at == NOW + timedelta(seconds=expect["after"])
    if isinstance(outcome, Later):
        assert outcome.at > NOW
    assert expect.get("says", "") in getattr(outcome, "reason", "")
    assert expect.get("detail", "") in getattr(outcome, "detail", "")
    if "ids" in expect:
        assert [post.native_id for post in outcome] == expect["ids"]
    if "credentials" in expect:
        assert run.credentials.values == expect["credentials"]


@every_network
def test_no_case_is_forgotten(slug: str) -> None:
    """Each kind of outcome an adapter can give is shown by at least one fixture of each network."""
    shown = {scripted(slug, name)[1]["expect"]["outcome"] for network, name in CASES if network == slug}
    assert {"Refused", "Reconnect", "Later", "Unsure", "Missing", "Unreadable"} <= shown


@every_network
def test_trouble_before_the_publishing_call_makes_nothing_public(slug: str) -> None:
    """Whatever step fails first, a publishing call was not made unless the outcome may be that it is out."""
    for name in [name for network, name in CASES if network == slug]:
        run, case = scripted(slug, name)
        if case["step"] != "publish" or not set(run.happy["uploads"]) & set(case["answers"]):
            continue
        run.run("publish")
        assert not run.calls("publishing"), name


# Secrets


@every_network
def test_no_secret_is_in_a_representation_of_what_an_adapter_holds(slug: str) -> None:
    run, _ = scripted(slug)
    outcome = run.run("publish")
    assert "secret-" not in repr((run.network, run.channel, outcome, run.item))


@every_network
def test_secrets_travel_in_headers_only(slug: str) -> None:
    run, _ = scripted(slug)
    for step in ("publish", "find", "remove"):
        run.run(step)
    for request in run.requests:
        assert "secret-" not in str(request.url)
        assert b"secret-" not in request.content


# Limits


def _too_much(slug: str) -> list[Item]:
    network = registry.get(slug)
    limits = scripted(slug)[0].channel.limits
    most, rules = network.count("", limits).limit, network.spec.media
    one = picture_for(network)
    return [
        item(""),
        item("   \n"),
        item("x" * (most + 1), *[one] * rules.min_count),
        item("ok", *[picture_for(network, shade=n) for n in range(rules.max_count + 1)]),
        item("ok", dataclasses.replace(one, alt="x" * (rules.max_alt + 1))),
        item("ok", dataclasses.replace(one, size=rules.max_bytes + 1)),
        item("ok", medium(b"x", mime="application/pdf")),
    ]


@every_network
@pytest.mark.parametrize("case", range(7))
def test_what_breaks_a_limit_is_refused_in_the_composers_words_before_any_request(slug: str, case: int) -> None:
    run, _ = scripted(slug)
    broken = _too_much(slug)[case]
    problems = run.network.check(broken, run.channel.limits)
    outcome = run.network.publisher.publish(run.channel, broken, MemoryNotes(), now=NOW)
    assert len(problems) == 1 or not run.network.spec.media.max_count  # else a picture is one more
    assert outcome == Refused(" ".join(problem.message for problem in problems))
    assert run.requests == []


@every_network
def test_a_post_at_its_limits_has_no_problem(slug: str) -> None:
    network, limits = registry.get(slug), scripted(slug)[0].channel.limits
    most, rules = network.count("", limits).limit, network.spec.media
    media = [medium_for(network, "x" * rules.max_alt, shade=n) for n in range(rules.max_count or 1)]
    full = item(full_text(network, limits, "x"), *media)
    assert network.check(full, limits) == []
    assert network.count(full.text, limits).used == most


@every_network
def test_every_broken_limit_is_told_at_once(slug: str) -> None:
    network, limits = registry.get(slug), scripted(slug)[0].channel.limits
    most = network.count("", limits).limit
    broken = item("x" * (most + 1), medium(b"x", mime="application/pdf", alt="y" * (network.spec.media.max_alt + 1)))
    fields = {"text", "media", "alt"} if network.spec.media.max_count else {"text", "media"}
    assert {problem.field for problem in network.check(broken, limits)} == fields


@every_network
def test_a_picture_that_is_not_the_approved_one_is_told_before_any_request(slug: str) -> None:
    def swapped(*about: int) -> bytes:
        if about:
            raise Altered("The pieces of a video are checked where they are kept.")
        return b"another picture"

    run, _ = scripted(slug)
    one = spoilt(medium_for(run.network), swapped)
    with pytest.raises(Altered):
        run.network.publisher.publish(run.channel, item("ok", one), run.notes, now=NOW)
    assert run.requests == []


@every_network
def test_a_picture_that_cannot_be_read_costs_nothing(slug: str) -> None:
    def broken_disk(*about: int) -> bytes:
        raise OSError("input/output error")

    run, _ = scripted(slug)
    unreadable = spoilt(medium_for(run.network), broken_disk)
    outcome = run.network.publisher.publish(run.channel, item("ok", unreadable), run.notes, now=NOW)
    assert isinstance(outcome, Later)
    assert run.requests == []


# Repeating


@every_network
def test_a_second_attempt_hands_no_picture_over_again(slug: str) -> None:
    run, _ = scripted(slug)
    run.run("publish")
    first = len(run.calls("uploads"))
    run.run("publish")
    assert first == len(run.item.media)
    assert len(run.calls("uploads")) == first


@every_network
def test_every_attempt_publishes_the_very_same(slug: str) -> None:
    run, _ = scripted(slug)
    run.run("publish")
    run.run("publish")
    made = [request.content for request in run.calls("publishing")]
    # A network that is asked about what it has taken is not told it again.
    assert len(made) in {1, 2}
    assert len(set(made)) == 1


# Parts that not every network has

PARTS = {
    "lister": {"posts": tuple},
    "editor": {"edit": Sent},
    "profiler": {"profile": Profile, "change": Sent},
    "metrics": {"figures": Figures},
    "listener": {"mentions": tuple, "comments": tuple},
    "searcher": {"accounts": tuple},
    "reporter": {"report": Sent},
}
STEPS = [
    (network.spec.slug, step, kind)
    for network in registry.all()
    for part, steps in PARTS.items()
    if getattr(network, part)
    for step, kind in steps.items()
    if step != "change" or network.profiler.settable
]


@pytest.mark.parametrize(("slug", "step", "kind"), STEPS)
def test_a_part_works_where_the_server_does_everything_right(slug: str, step: str, kind: type) -> None:
    run, _ = scripted(slug)
    told = run.run(step)
    assert isinstance(told, kind), told
    if isinstance(told, tuple):
        assert told
        assert all(isinstance(each, Heard | FoundAccount | Standing) for each in told)
    if isinstance(told, Figures):
        assert told.counts
        assert told.counts.keys() <= FIGURES
    assert not any("secret-" in str(request.url) for request in run.requests)


@pytest.mark.parametrize(("slug", "step", "kind"), STEPS)
def test_a_part_never_raises_for_what_a_server_does(slug: str, step: str, kind: type) -> None:
    """Whatever the first call of the step is answered with, the answer of the part is one of its own."""
    wrong = (
        {"unreachable": True},
        {"dropped": True},
        {"status": 401, "body": {}},
        {"status": 429, "body": {}},
        {"status": 500, "body": {}},
        {"status": 200, "text": "<html>"},
        {"status": 200, "body": []},
        {"status": 200, "body": {}},
    )
    for answer in wrong:
        run, _ = scripted(slug)
        run.answers = dict.fromkeys(run.answers, answer)
        told = run.run(step)
        assert isinstance(told, Unreadable | Sent | Refused | Reconnect | Later | Unsure | tuple), (answer, told)


# What stands on the account

LISTING = [network.spec.slug for network in registry.all() if network.lister]
every_lister = pytest.mark.parametrize("slug", LISTING)
ODD = (None, True, -1, 10**30, 1.5, "", "x" * 100_000, "\ud800", "2026-99-99T00:00:00Z", [], {}, [None], [[]], [{}])


def test_every_network_lists_what_stands_there_but_one_where_nothing_does() -> None:
    assert set(SLUGS) - set(LISTING) == {"hootsuite"}


@every_lister
def test_the_list_holds_ours_and_others_newest_first_and_nothing_older(slug: str) -> None:
    run, _ = scripted(slug)
    posts = run.run("posts")
    assert len(posts) >= 2
    assert run.happy["sent"]["native_id"] in {post.native_id for post in posts}
    assert sorted(posts, key=lambda post: post.made_at, reverse=True) == list(posts)
    assert all(post.made_at > NOW - timedelta(days=1) for post in posts)
    lister = run.network.lister
    assert lister
    again, _ = scripted(slug)
    assert lister.posts(again.channel, since=posts[0].made_at, now=NOW) == ()


@every_lister
def test_what_is_listed_of_ours_reads_as_what_was_sent_and_nothing_else_does(slug: str) -> None:
    run, _ = scripted(slug)
    lister = run.network.lister
    assert lister
    ours = next(post for post in run.run("posts") if post.native_id == run.happy["sent"]["native_id"])
    assert lister.reads_as(run.item.text, ours.text)
    assert not lister.reads_as(run.item.text, f"{ours.text} Or not.")


@every_lister
def test_a_list_that_is_too_long_is_told_apart_from_what_goes_wrong(slug: str) -> None:
    endless, _ = scripted(slug, "listed_endless")
    assert endless.run("posts").too_much
    broken, _ = scripted(slug)
    broken.answers = {name: {"status": 503, "body": {}} for name in broken.answers}
    assert not broken.run("posts").too_much


@every_lister
@pytest.mark.parametrize(("status", "reconnect"), [(401, True), (429, False), (503, False)])
def test_a_list_that_cannot_be_read_says_why(slug: str, status: int, reconnect: bool) -> None:
    run, _ = scripted(slug)
    renewing = {name: answer for name, answer in run.answers.items() if name.startswith("POST ")}
    run.answers = {name: {"status": status, "body": {}} for name in run.answers} | renewing
    told = run.run("posts")
    assert isinstance(told, Unreadable)
    assert told.reconnect is reconnect
    assert told.reason.endswith(".")


@every_lister
def test_a_list_never_raises_for_what_an_answer_holds(slug: str) -> None:
    """Each value of each answer to the step, in turn, is something else than it should be."""
    run, _ = scripted(slug)
    run.run("posts")
    for name in {run.name_of(request) for request in run.requests}:
        answer = run.answers[name]
        whole = (answer if isinstance(answer, list) else [answer])[0]
        for path in _paths(whole["body"]):
            for odd in ODD:
                spoilt, _ = scripted(slug)
                spoilt.answers[name] = {**whole, "body": _with(whole["body"], path, odd)}
                told = spoilt.run("posts")
                assert isinstance(told, Unreadable) or all(isinstance(one, Standing) for one in told), (path, odd)


def _paths(value: Any) -> Iterator[tuple[Any, ...]]:
    """Where the values of a JSON text are; of a list the first three."""
    yield ()
    members = value.items() if isinstance(value, dict) else enumerate(value[:3]) if isinstance(value, list) else ()
    for name, member in members:
        for path in _paths(member):
            yield (name, *path)


def _with(value: Any, path: tuple[Any, ...], odd: Any) -> Any:
    if not path:
        return odd
    name, *rest = path
    if isinstance(value, dict):
        return {**value, name: _with(value[name], tuple(rest), odd)}
    return [_with(one, tuple(rest), odd) if n == name else one for n, one in enumerate(value)]


@every_network
def test_the_words_of_an_outcome_are_for_a_person(slug: str) -> None:
    for name in [name for network, name in CASES if network == slug]:
        run, case = scripted(slug, name)
        outcome = run.run(case["step"])
        if isinstance(outcome, Missing | Found | Sent | tuple):
            continue
        assert outcome.reason[0].isupper() or outcome.reason[0].isdigit()
        assert outcome.reason.endswith(".")
        if isinstance(outcome, Unreadable):
            assert "Traceback" not in outcome.reason

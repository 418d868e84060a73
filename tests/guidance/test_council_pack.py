"""The second pack: another body, other rules, the same programme."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import mercat.guidance
from mercat.guidance.facts import Account, Person, Post, Unit
from mercat.guidance.gate import Guidance, decide
from tests.guidance.people import DAY, HERE, NOW, refused_by

LIBRARIES, SCHOOL, COMMUNICATIONS = (
    Unit("libraries", ("place",)),
    Unit("harbour-primary", ("education",)),
    Unit("communications", ("chief-executive",)),
)
LIBRARIAN = Person(
    id="librarian",
    unit=LIBRARIES,
    rank="employee",
    nominated=True,
    trained_until=NOW + DAY,
    training_signed_off=True,
    access=True,
)
TEAM = replace(LIBRARIAN, id="team", unit=COMMUNICATIONS, roles=frozenset({"communications-team"}))
ACCOUNT = Account(
    id="libraries",
    network="facebook",
    tier="service",
    unit=LIBRARIES,
    status="active",
    connected=True,
    spocs=frozenset({"lead"}),
)
APPROVED = Post(id="post", digest="d1", pillar="community", authors=frozenset({"librarian"}), approvals=1)


def test_the_second_pack_differs_in_pillars_roles_numbers_and_structure(police: Guidance, council: Guidance) -> None:
    def keys(guidance: Guidance, name: str) -> set[str]:
        return {getattr(each, "key", None) or each.id for each in getattr(guidance.pack, name)}

    for name in ("aims", "pillars", "roles", "tiers", "ranks", "units", "slots"):
        assert keys(police, name) - keys(council, name), name
        assert keys(council, name) - keys(police, name), name
    numbers = [{number.number for number in guidance.pack.body.numbers} for guidance in (police, council)]
    assert numbers == [{"101", "999"}, {"01632 960100", "01632 960199", "999"}]
    assert len(council.pack.tiers) < len(police.pack.tiers)
    assert council.pack.approvals["council"].needed == 2
    assert police.pack.digest != council.pack.digest


def test_a_house_rule_means_the_same_in_every_pack(police: Guidance, council: Guidance) -> None:
    ours = {rule.id: (rule.kind, rule.says, rule.becomes) for rule in police.pack.house}
    assert all(ours[rule.id] == (rule.kind, rule.says, rule.becomes) for rule in council.pack.house)


def test_the_council_asks_for_nomination_training_and_access_and_no_licence(council: Guidance) -> None:
    assert decide(council, "compose", LIBRARIAN, ACCOUNT, replace(HERE, managed_device=False))
    for fact, value, policy in (
        ("nominated", False, "2.1-nominated"),
        ("trained_until", None, "2.1-trained"),
        ("trained_until", NOW, "2.1-trained"),
        ("training_signed_off", False, "2.1-trained"),
        ("access", False, "2.2-access"),
    ):
        answer = decide(council, "compose", replace(LIBRARIAN, **{fact: value}), ACCOUNT, HERE)
        assert refused_by(answer) == {policy}


def test_an_elected_member_never_speaks_for_the_council(council: Guidance) -> None:
    member = replace(LIBRARIAN, rank="elected-member", roles=frozenset({"communications-team"}))
    for action in ("compose", "submit", "publish"):
        assert refused_by(decide(council, action, member, ACCOUNT, HERE, APPROVED)) == {"2.3-elected-member"}


def test_a_post_belongs_to_one_of_the_councils_own_pillars(council: Guidance) -> None:
    for pillar, allowed in (("community", True), ("resilience", True), ("trust", False), ("", False)):
        answer = decide(council, "submit", LIBRARIAN, ACCOUNT, HERE, replace(APPROVED, pillar=pillar))
        assert refused_by(answer) == (set() if allowed else {"1.1-pillar"})


def test_a_school_speaks_only_for_itself(council: Guidance) -> None:
    school = replace(ACCOUNT, tier="school", unit=SCHOOL)
    teacher = replace(LIBRARIAN, unit=SCHOOL)
    assert decide(council, "compose", teacher, school, HERE)
    assert refused_by(decide(council, "compose", teacher, ACCOUNT, HERE)) == {"3.2-service"}
    assert refused_by(decide(council, "compose", LIBRARIAN, school, HERE)) == {"3.2-service"}


def test_a_council_wide_post_is_seen_by_two_people(council: Guidance) -> None:
    wide = replace(ACCOUNT, tier="council", unit=COMMUNICATIONS, spocs=frozenset())
    post = replace(APPROVED, authors=frozenset({"team"}), approvals_needed=1)
    for approvals, expected in ((0, {"M.3-approved"}), (1, {"M.3-approved"}), (2, set())):
        answer = decide(council, "publish", TEAM, wide, HERE, replace(post, approvals=approvals))
        assert refused_by(answer) == expected
    assert decide(council, "approve", TEAM, wide, HERE, APPROVED)
    assert refused_by(decide(council, "approve", TEAM, wide, HERE, post)) == {"M.2-own-words"}


def test_a_pause_holds_everything_but_warnings(council: Guidance) -> None:
    paused = replace(HERE, paused=True)
    assert refused_by(decide(council, "publish", LIBRARIAN, ACCOUNT, paused, APPROVED)) == {"M.1-paused"}
    assert decide(council, "publish", LIBRARIAN, ACCOUNT, paused, replace(APPROVED, warning=True))


def test_a_step_that_the_council_does_not_have_is_refused(council: Guidance) -> None:
    assert refused_by(decide(council, "authorise_access", TEAM, LIBRARIAN, HERE)) == {"M.0-no-permit"}


def test_nothing_of_any_body_is_written_into_the_programme(police: Guidance, council: Guidance) -> None:
    own = {"officer", "staff", "warning"}  # the two kinds of rank, and a fact of a post
    names = ("roles", "tiers", "pillars", "aims", "ranks", "networks", "units")
    parts = [each for guidance in (police, council) for name in names for each in getattr(guidance.pack, name)]
    keys = {getattr(part, "key", None) or part.id for part in parts}
    for text in code_strings():
        assert text not in keys - own
        assert not re.search(r"police|scot|constable|commander|council|divisional|\b101\b|\b999\b", text, re.IGNORECASE)


def code_strings() -> Iterator[str]:
    """Every piece of text in the room's code that is not a comment or a docstring."""
    for path in Path(mercat.guidance.__file__).parent.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
                yield node.value

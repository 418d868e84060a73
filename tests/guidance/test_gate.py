"""The gate itself: what it answers whatever the pack says."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import cedarpy
import pytest

from mercat.guidance import entities
from mercat.guidance.decision import Decision
from mercat.guidance.facts import Body, Situation, Unit
from mercat.guidance.gate import Guidance, Refused, decide, decide_many, load_guidance, may, prepare, require, reserved
from mercat.guidance.policies import policy_set
from tests.guidance.people import APPROVED, FIFE, HERE, LOCAL, NOW, OFFICER, person, refused_by

NOBODY = replace(
    OFFICER, unit=FIFE, nominated=False, trained_until=None, training_signed_off=False, licensed=False, access=False
)


def test_a_decision_names_the_pack_it_was_made_under(police: Guidance) -> None:
    decision = decide(police, "compose", OFFICER, LOCAL, HERE)
    pack = police.pack
    assert decision == Decision(True, "compose", (), "police-scotland", pack.version, pack.digest)
    assert bool(decision)


def test_everything_in_the_way_is_named_at_once_with_remedy_and_owner(police: Guidance) -> None:
    decision = decide(police, "compose", NOBODY, LOCAL, HERE)
    clauses = [refusal.clause for refusal in decision.refusals]
    assert clauses == ["2.3", "2.3", "2.3", "5.3", "5.6", "5.9"], "in the order of the guidance"
    for refusal in decision.refusals:
        assert refusal.reason.endswith(".")
        assert refusal.remedy.endswith(".")
        assert refusal.owner_name == police.pack.owner_names[refusal.owner]


def test_whose_an_action_is_can_be_asked_without_anybody_in_mind(police: Guidance) -> None:
    newcomer = replace(OFFICER, access=False)
    assert [(each.policy, each.owner) for each in reserved(police, "open_access", newcomer, HERE)] == [
        ("5.9-ict", "ict")
    ]
    assert [each.policy for each in reserved(police, "pause", Body(), HERE)] == ["5.1-pause"]


def test_an_action_that_the_pack_does_not_know_is_refused_in_words(police: Guidance) -> None:
    decision = decide(police, "send_direct_message", OFFICER, LOCAL, HERE)
    assert refused_by(decision) == {"M.0-no-permit"}
    assert decision.refusals[0].owner_name == "Administrator"


def test_an_action_on_a_thing_of_another_kind_is_refused(police: Guidance) -> None:
    administrator = person("administrator", "administrator")
    assert decide(police, "administer", administrator, Body(), HERE)
    assert refused_by(decide(police, "administer", administrator, LOCAL, HERE)) == {"M.0-no-permit"}
    assert not decide(police, "compose", OFFICER, Body(), HERE)


def test_a_question_about_a_post_without_the_post_is_refused_and_logged(
    police: Guidance, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        decision = decide(police, "publish", OFFICER, LOCAL, HERE)
    assert refused_by(decision) == {"M.0-error"}
    assert "guidance could not be evaluated for publish" in caplog.text


def test_a_policy_that_cannot_be_evaluated_denies_even_where_everything_else_permits(
    police: Guidance, caplog: pytest.LogCaptureFixture
) -> None:
    broken = cedarpy.PolicySet.from_str(
        "permit (principal, action, resource); forbid (principal, action, resource) when { principal.age > 3 };"
    )
    raw = cedarpy.is_authorized(
        {"principal": entities.uid(OFFICER), "action": 'Action::"compose"', "resource": entities.uid(LOCAL)},
        broken,
        prepare(police, OFFICER, [LOCAL]).parsed,
    )
    assert raw.allowed, "Cedar itself skips a policy that fails: that is what is guarded against"
    spoiled = replace(police, policies={"compose": broken})
    decision = decide(spoiled, "compose", OFFICER, LOCAL, HERE)
    assert refused_by(decision) == {"M.0-error"}
    assert decision.refusals[0].reason == "The guidance could not be evaluated on these facts."
    assert "age" in caplog.text


def test_a_broken_policy_does_not_hide_the_clauses_in_the_way(police: Guidance) -> None:
    decision = decide(police, "publish", replace(OFFICER, licensed=False), LOCAL, HERE)
    assert refused_by(decision) == {"2.3-licensed", "M.0-error"}


def test_a_thing_that_was_not_prepared_with_these_facts_is_an_error_and_no_decision(police: Guidance) -> None:
    prepared = prepare(police, OFFICER, [LOCAL])
    for thing in (replace(LOCAL, id="other"), replace(LOCAL, status="closed"), Unit("local"), Body()):
        with pytest.raises(ValueError, match="was not prepared with these facts"):
            prepared.decide("compose", thing, HERE)
    with pytest.raises(ValueError, match="Account other was not prepared"):
        prepared.decide_many("compose", [LOCAL, replace(LOCAL, id="other")], HERE)


def test_many_accounts_are_answered_in_order_and_as_if_asked_one_by_one(police: Guidance) -> None:
    accounts = [
        LOCAL,
        replace(LOCAL, id="other", unit=FIFE),
        replace(LOCAL, id="dormant", status="dormant"),
        replace(LOCAL, id="mine", tier="individual", holder="officer"),
    ]
    together = decide_many(police, "compose", OFFICER, accounts, HERE)
    assert together == [decide(police, "compose", OFFICER, account, HERE) for account in accounts]
    assert [refused_by(each) for each in together] == [set(), {"5.6-unit"}, {"6.1-active"}, set()]
    assert decide_many(police, "compose", OFFICER, [], HERE) == []


def test_each_account_is_asked_about_with_its_own_post(police: Guidance) -> None:
    accounts = [LOCAL, replace(LOCAL, id="second"), replace(LOCAL, id="third")]
    posts = {"local": APPROVED, "second": replace(APPROVED, approvals=0)}
    answers = decide_many(police, "publish", OFFICER, accounts, HERE, posts)
    assert [refused_by(each) for each in answers] == [set(), {"M.3-approved"}, {"M.0-error"}]
    assert all(decide_many(police, "publish", OFFICER, accounts, HERE, APPROVED))


def test_prepared_facts_answer_like_unprepared_ones(police: Guidance) -> None:
    prepared = prepare(police, OFFICER, [LOCAL])
    for action in ("compose", "submit", "approve", "publish", "withdraw", "close_account", "nope"):
        assert prepared.decide(action, LOCAL, HERE, APPROVED) == decide(police, action, OFFICER, LOCAL, HERE, APPROVED)


def test_a_boolean_twin_and_a_demand(police: Guidance) -> None:
    assert may(police, "compose", OFFICER, LOCAL, HERE)
    assert require(police, "compose", OFFICER, LOCAL, HERE).allowed
    assert not may(police, "compose", NOBODY, LOCAL, HERE)
    with pytest.raises(Refused) as refused:
        require(police, "compose", NOBODY, LOCAL, HERE)
    text = str(refused.value)
    assert text.startswith("This is not allowed by the guidance.\n2.3: This person has not been identified")
    assert text.count("\n") == len(refused.value.decision.refusals)
    assert "(Corporate Communications)" in text


def test_a_time_without_a_zone_is_an_error_and_no_decision(police: Guidance) -> None:
    naive = datetime(2026, 3, 2)  # noqa: DTZ001 - the point of the test
    with pytest.raises(ValueError, match="needs times with a zone"):
        decide(police, "compose", OFFICER, LOCAL, Situation(now=naive))
    with pytest.raises(ValueError, match="needs times with a zone"):
        decide(police, "compose", replace(OFFICER, trained_until=naive), LOCAL, HERE)


def test_two_versions_of_one_thing_are_an_error_and_no_decision(police: Guidance) -> None:
    with pytest.raises(ValueError, match="Two different sets of facts were given for Account local"):
        prepare(police, OFFICER, [LOCAL, replace(LOCAL, status="closed")])
    with pytest.raises(ValueError, match="for Person officer"):
        decide(police, "nominate", OFFICER, replace(OFFICER, nominated=False), HERE)


def test_odd_ids_are_data_and_never_policy_text(police: Guidance) -> None:
    odd = replace(LOCAL, id='x" || true //\n')
    assert decide(police, "compose", OFFICER, odd, HERE)
    assert refused_by(decide(police, "compose", OFFICER, replace(odd, unit=Unit('fife"\\')), HERE)) == {"5.6-unit"}


def test_a_unit_reaches_down_to_the_units_within_it(police: Guidance) -> None:
    station = Unit("dundee", ("tayside",))
    commander = person("commander", over=(("divisional-commander", "tayside"),))
    account = replace(LOCAL, unit=station)
    assert decide(police, "suspend_account", commander, account, HERE)
    assert decide(police, "compose", replace(OFFICER, unit=station), LOCAL, HERE)
    inside = person("inside", over=(("divisional-commander", "dundee"),), unit=station)
    assert refused_by(decide(police, "suspend_account", inside, LOCAL, HERE)) == {"5.6-suspend"}


def test_asking_only_the_policies_that_concern_an_action_changes_no_answer(shipped: Guidance) -> None:
    everything = policy_set(shipped.pack.policies)
    whole = replace(shipped, policies=dict.fromkeys(shipped.policies, everything))
    for example in shipped.pack.examples:
        for action in shipped.policies:
            question = (example.person, example.resource, example.situation, example.post or APPROVED)
            narrow, wide = decide(shipped, action, *question), decide(whole, action, *question)
            assert narrow == wide, (action, example)


def test_all_the_facts_of_the_examples_keep_to_the_schema(shipped: Guidance) -> None:
    schema = shipped.pack.cedar_schema
    for example in shipped.pack.examples:
        found = entities.entities(shipped.pack, entities.gathered([example.person, example.resource]).values())
        parsed = shipped.base.with_added_json_str(entities.dump(found), schema)
        request = {
            "principal": entities.uid(example.person),
            "action": {"type": "Action", "id": example.action},
            "resource": entities.uid(example.resource),
            "context": entities.context(example.situation, example.post),
        }
        result = cedarpy.is_authorized(request, shipped.policies[example.action], parsed, schema)
        assert result.decision is not cedarpy.Decision.NoDecision, (example.says, result.diagnostics.errors)


def test_the_same_moment_in_another_zone_is_the_same_moment(police: Guidance) -> None:
    from zoneinfo import ZoneInfo

    until = (NOW.replace(month=6)).astimezone(ZoneInfo("Europe/London"))
    trained = replace(OFFICER, trained_until=until)
    just_before = Situation(now=NOW.replace(month=6, hour=8, minute=59))
    assert decide(police, "compose", trained, LOCAL, just_before)
    assert not decide(police, "compose", trained, LOCAL, Situation(now=NOW.replace(month=6)))


def test_a_pack_is_found_by_name_and_by_folder(copy: Path) -> None:
    assert load_guidance("police-scotland").pack.digest == load_guidance(copy).pack.digest

"""The default pack against the guidance it is made from."""

from __future__ import annotations

from collections import Counter

import pytest
import yaml

from mercat.guidance.gate import Guidance
from mercat.guidance.policies import action_groups
from tests.shared import mission


def test_all_fifty_clauses_are_carried_word_for_word(police: Guidance) -> None:
    source = yaml.safe_load(mission("clauses.yaml").read_text(encoding="utf-8"))["clauses"]
    wanted = [(clause["id"], clause["kind"], clause["says"], clause["becomes"]) for clause in source]
    carried = [(clause.id, clause.kind, clause.says, clause.becomes) for clause in police.pack.clauses]
    assert len(wanted) == 50
    assert carried == wanted


def test_there_are_fifty_clauses_in_the_order_of_the_guidance(police: Guidance) -> None:
    ids = [tuple(map(int, clause.id.split("."))) for clause in police.pack.clauses]
    assert len(ids) == 50
    assert ids == sorted(ids)


def test_the_structure_has_exactly_the_slots_that_the_guidance_authorises(police: Guidance) -> None:
    slots = Counter((slot.network, slot.tier) for slot in police.pack.slots)
    assert slots == {
        ("x", "corporate"): 1,
        ("x", "divisional"): 13,
        ("x", "local"): 58,
        ("x", "specialist"): 7,
        ("x", "department"): 5,
        ("facebook", "corporate"): 1,
        ("facebook", "regional"): 16,
        ("facebook", "specialist"): 6,
        ("youtube", "national"): 1,
        ("instagram", "national"): 1,
        ("linkedin", "national"): 1,
    }
    assert slots.total() == 110
    per_network = Counter(slot.network for slot in police.pack.slots)
    assert per_network == {"x": 84, "facebook": 23, "youtube": 1, "instagram": 1, "linkedin": 1}


@pytest.mark.parametrize(
    ("clause", "network", "total"),
    [("4.1", "x", 84), ("4.2", "facebook", 23), ("4.3", "youtube", 1), ("4.4", "instagram", 1), ("4.5", "linkedin", 1)],
)
def test_the_numbers_of_the_clauses_are_those_of_the_structure(
    police: Guidance, clause: str, network: str, total: int
) -> None:
    text = next(each for each in police.pack.clauses if each.id == clause)
    assert f"{total} slot" in text.becomes or text.says.count("1 national account") == total
    assert sum(slot.network == network for slot in police.pack.slots) == total


def test_every_division_speaks_divisionally_locally_and_regionally(police: Guidance) -> None:
    divisions = {unit.id: unit.letter for unit in police.pack.units if unit.kind == "division"}
    assert sorted(divisions.values()) == list("ACDEGJKLNPQUV")
    for tier in ("divisional", "local", "regional"):
        assert {slot.unit for slot in police.pack.slots if slot.tier == tier} == set(divisions)
    kinds = {unit.id: unit.kind for unit in police.pack.units}
    for slot in police.pack.slots:
        assert slot.tier not in {"specialist", "department"} or kinds[slot.unit] == slot.tier


def test_slots_of_one_kind_in_one_unit_are_numbered_without_gaps_and_named_apart(police: Guidance) -> None:
    groups: dict[tuple[str, str, str], list[int]] = {}
    for slot in police.pack.slots:
        groups.setdefault((slot.network, slot.tier, slot.unit), []).append(slot.ordinal)
    assert all(ordinals == list(range(1, len(ordinals) + 1)) for ordinals in groups.values())
    names = Counter((slot.network, slot.tier, slot.name) for slot in police.pack.slots)
    assert set(names.values()) == {1}


def test_aims_pillars_numbers_and_course_are_those_of_the_guidance(police: Guidance) -> None:
    pack = police.pack
    assert len(pack.aims) == 6
    assert [pillar.name.lower() for pillar in pack.pillars] == [
        "building public trust and confidence",
        "warning and informing",
        "digital engagement with public and partners",
    ]
    assert {aim for pillar in pack.pillars for aim in pillar.aims} == {aim.key for aim in pack.aims}
    assert [number.number for number in pack.body.numbers] == ["101", "999"]
    assert pack.course.name == "Business Skills - Social Media (Police Use of)"
    assert [rank.key for rank in pack.ranks if rank.individual_account] == [
        "chief-superintendent",
        "assistant-chief-constable",
        "deputy-chief-constable",
        "chief-constable",
    ]
    assert {rank.kind for rank in pack.ranks} == {"officer", "staff"}


def test_both_numbers_to_call_stand_in_every_text_that_tells_people_to_call(police: Guidance) -> None:
    for word in ("signposting", "bio"):
        assert all(number.number in police.pack.body.words[word] for number in police.pack.body.numbers)


def test_the_roles_that_other_rooms_name_are_there(police: Guidance) -> None:
    assert {role.key: role.scope for role in police.pack.roles} == {
        "corporate-communications": "body",
        "social-media-trainer": "body",
        "information-security-officer": "body",
        "ict": "body",
        "head-of-communications-specialist-services": "body",
        "divisional-commander": "unit",
        "spoc": "account",
        "foi-officer": "body",
        "auditor": "body",
        "administrator": "body",
    }


def test_there_is_no_way_to_send_a_direct_message(police: Guidance) -> None:
    """Clause 3.5: what no action exists for, nobody can be permitted. A new action has to be added here on purpose."""
    assert set(action_groups(police.pack.cedar_schema)) == {
        "compose", "submit", "approve", "send_back", "reject", "withdraw", "publish", "view_post", "view_person",
        "nominate", "record_completion", "authorise_access", "confirm_training", "open_access", "assign_licence",
        "end_access", "grant_role", "read", "work", "ask_break_glass", "allow_break_glass",
        "recover_sign_in",
        "apply_for_account", "decide_application", "grant_application", "register_account",
        "appoint_spoc", "connect_account", "suspend_account", "close_account", "edit_account", "manage_account",
        "propose_review", "review_account", "view_account",
        "ask_direct_access", "answer_direct_access", "note_rotation",
        "ask_advice", "answer_advice", "read_advice",
        "report_account", "triage_account", "settle_unauthorised", "report_fake", "view_cases", "settle_direct_use",
        "assign_branding", "settle_heard", "contribute", "curate",
        "pause", "resume", "read_audit", "read_acknowledgements", "export_audit", "import_people", "administer",
    }  # fmt: skip


def test_every_clause_that_decides_now_has_its_policies(police: Guidance) -> None:
    carried = Counter(policy.clause for policy in police.pack.policies if policy.effect == "forbid")
    deciding = "2.2 2.3 3.2 4.4 4.6 4.7 4.8 4.9 4.10 4.11 4.12 4.13"
    deciding += " 5.1 5.3 5.4 5.5 5.6 5.7 5.8 5.9 6.1 6.2 6.3 6.4 7.2 9.1"
    house = "M.1 M.2 M.3 M.4 M.5 M.6 M.7 M.8 M.9 M.10"
    assert set(carried) == {*deciding.split(), *house.split()}


def test_every_refusal_is_a_sentence_for_the_person_who_meets_it(shipped: Guidance) -> None:
    for policy in shipped.pack.policies:
        for sentence in (policy.refusal, policy.remedy) if policy.effect == "forbid" else ():
            assert sentence.endswith("."), policy.id
            assert sentence[0].isupper(), policy.id
            assert len(sentence) <= 120, policy.id
            assert "_" not in sentence, policy.id

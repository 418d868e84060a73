"""The default pack's clauses as truth tables: every combination of the facts that a clause speaks of.

Each table says what must come out in its own words (Python over facts), independently of the policies.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from mercat.guidance.facts import Body, Person, Post, Resource, Unit
from mercat.guidance.gate import Guidance, decide, decide_many
from tests.guidance.people import (
    APPLICATION,
    APPROVED,
    COMMUNICATIONS,
    DAY,
    FIFE,
    HERE,
    LOCAL,
    NOW,
    OFFICER,
    TAYSIDE,
    person,
    refused_by,
)

YES_NO = (True, False)
SPEAKING = ("compose", "submit", "approve", "publish")
SPOC = person("spoc", over=(("spoc", "tayside"),))
COMMANDER = person("commander", over=(("divisional-commander", "tayside"),))
FIFE_COMMANDER = person("fife-commander", over=(("divisional-commander", "fife"),), unit=FIFE)
COMMUNICATOR = person("communicator", "corporate-communications", unit=COMMUNICATIONS)
HEAD = person("head", "head-of-communications-specialist-services", unit=COMMUNICATIONS)
TRAINER = person("trainer", "social-media-trainer", unit=COMMUNICATIONS)
SECURITY = person("security", "information-security-officer")
ICT = person("ict", "ict")
FOI = person("foi", "foi-officer", unit=FIFE)
AUDITOR = person("auditor", "auditor", unit=FIFE)
ADMINISTRATOR = person("administrator", "administrator", unit=FIFE)
EVERYBODY = {
    each.id: each
    for each in (
        replace(OFFICER, id="colleague"), SPOC, COMMANDER, FIFE_COMMANDER, COMMUNICATOR, HEAD, TRAINER, SECURITY, ICT,
        FOI, AUDITOR, ADMINISTRATOR,
    )
}  # fmt: skip


def who_may(guidance: Guidance, action: str, resource: Resource, post: Post | None = None) -> set[str]:
    """Everybody who is not refused."""
    return {name for name, who in EVERYBODY.items() if decide(guidance, action, who, resource, HERE, post)}


def refusers(guidance: Guidance, action: str, resource: Resource, post: Post | None = None) -> set[str]:
    """Every policy that refuses anybody."""
    answers = [decide(guidance, action, who, resource, HERE, post) for who in EVERYBODY.values()]
    return set().union(*(refused_by(answer) for answer in answers))


def standings() -> Iterator[tuple[Person, set[str]]]:
    """Every standing that a person can have, with the policies that it meets (2.2, 2.3, 5.3, 5.4, 5.8, 5.9, M.7)."""
    facts = ("nominated", "training_signed_off", "authorised", "acknowledged", "access", "licensed", "active")
    policies = ("2.3-nominated", "", "5.8-authorised", "5.4-acknowledged", "5.9-access", "2.3-licensed", "M.7-active")
    for values in product(YES_NO, repeat=len(facts)):
        missing = {policy for policy, value in zip(policies, values, strict=True) if policy and not value}
        for until in (None, NOW - DAY, NOW, NOW + timedelta(seconds=1)):
            in_the_way = set(missing)
            if until is None:
                in_the_way |= {"2.3-trained"}
            elif not values[1]:
                in_the_way |= {"2.2-signed-off"}
            if until is None or until <= NOW:
                in_the_way |= {"5.3-trained"}
            yield replace(OFFICER, trained_until=until, **dict(zip(facts, values, strict=True))), in_the_way


@pytest.mark.parametrize("action", SPEAKING)
def test_whoever_speaks_is_nominated_trained_authorised_and_licensed_at_that_moment(
    police: Guidance, action: str
) -> None:
    own = {"approve": {"M.2-own-words", "5.7-approver"}}.get(action, set())
    for who, in_the_way in standings():
        assert refused_by(decide(police, action, who, LOCAL, HERE, APPROVED)) == in_the_way | own


@pytest.mark.parametrize("action", ["send_back", "reject", "withdraw"])
def test_stopping_a_post_needs_no_training(police: Guidance, action: str) -> None:
    untrained = replace(SPOC, trained_until=None, nominated=False, licensed=False, access=False)
    assert decide(police, action, untrained, LOCAL, HERE, APPROVED)


def test_everything_that_changes_something_by_hand_needs_a_device_of_the_force(police: Guidance) -> None:
    away = replace(HERE, managed_device=False)
    readable = {"view_post", "view_person", "view_account", "read_audit", "read_acknowledgements", "publish", "read"}
    readable |= {"ask_break_glass", "read_advice", "view_cases"}
    for action in police.policies:
        for thing in (LOCAL, EVERYBODY["colleague"], APPLICATION, Body()):
            answer = decide(police, action, OFFICER, thing, away, APPROVED)
            if "M.0-no-permit" not in {each.policy for each in answer.refusals}:
                assert ("6.4-device" in {each.policy for each in answer.refusals}) == (action not in readable), action


def test_only_an_account_in_the_structure_permitted_connected_and_active_is_used(police: Guidance) -> None:
    statuses = ("applied", "approved", "connected", "active", "dormant", "suspended", "closed")
    for in_structure, connected, supported, status in product(YES_NO, YES_NO, YES_NO, statuses):
        account = replace(LOCAL, in_structure=in_structure, connected=connected, supported=supported, status=status)
        expected = {
            "4.10-structure": not in_structure or status == "closed",
            "4.13-permission": status == "applied",
            "6.1-connected": not connected,
            "6.1-supported": not supported,
            "6.1-active": status != "active",
        }
        in_the_way = {policy for policy, refuses in expected.items() if refuses}
        for action, who in (("compose", OFFICER), ("submit", OFFICER), ("approve", SPOC), ("publish", OFFICER)):
            assert refused_by(decide(police, action, who, account, HERE, APPROVED)) == in_the_way
        connecting = in_the_way - {"6.1-connected", "6.1-active"}
        assert refused_by(decide(police, "connect_account", COMMUNICATOR, account, HERE)) == connecting


@pytest.mark.parametrize("action", ["compose", "submit", "publish"])
def test_each_speaks_in_the_own_unit_and_corporate_communications_everywhere(police: Guidance, action: str) -> None:
    station = Unit("dundee", ("tayside",))
    speakers = {
        "own": (OFFICER, True),
        "station": (replace(OFFICER, unit=station), True),
        "neighbour": (replace(OFFICER, unit=FIFE), False),
        "point of contact elsewhere": (replace(OFFICER, id="spoc", unit=FIFE), True),
        "unit's point of contact": (person("a", over=(("spoc", "tayside"),), unit=FIFE), True),
        "commander": (replace(COMMANDER, unit=FIFE), True),
        "another commander": (FIFE_COMMANDER, False),
        "point of contact of another unit": (person("b", over=(("spoc", "fife"),), unit=FIFE), False),
        "communications": (COMMUNICATOR, True),
        "administrator": (ADMINISTRATOR, False),
    }
    for name, (who, allowed) in speakers.items():
        post = replace(APPROVED, authors=frozenset({who.id}))
        expected = set() if allowed else {"5.6-unit"}
        assert refused_by(decide(police, action, who, LOCAL, HERE, post)) == expected, name


@pytest.mark.parametrize("tier", ["individual", "role-specific"])
def test_an_individual_account_is_its_holders_and_belongs_to_the_force(police: Guidance, tier: str) -> None:
    held = replace(LOCAL, tier=tier, spocs=frozenset(), holder="officer")
    speakers = (OFFICER, replace(OFFICER, id="colleague"), COMMANDER, COMMUNICATOR)
    for who, holder in product(speakers, ("officer", "someone-else", None)):
        in_the_way = set() if holder else {"4.9-holder"}
        if who is not COMMUNICATOR and holder != who.id:
            in_the_way |= {"5.6-unit"}
        assert refused_by(decide(police, "compose", who, replace(held, holder=holder), HERE)) == in_the_way
    for who, holder in product((COMMUNICATOR, ADMINISTRATOR), ("communicator", "administrator", None)):
        expected = {"4.9-credentials"} if holder == who.id else set()
        assert refused_by(decide(police, "connect_account", who, replace(held, holder=holder), HERE)) == expected


def test_a_divisional_or_local_account_without_a_point_of_contact_is_held_after_the_grace(police: Guidance) -> None:
    grace = police.pack.spoc.grace
    since = (None, NOW, NOW - grace + timedelta(seconds=1), NOW - grace, NOW - grace - DAY)
    tiers = [tier.key for tier in police.pack.tiers if not tier.holder]
    for tier, spocs, missing in product(tiers, (frozenset({"spoc"}), frozenset()), since):
        account = replace(LOCAL, tier=tier, spocs=spocs, spoc_missing_since=missing)
        in_grace = missing is not None and missing + grace > NOW
        held = tier in {"divisional", "local"} and not spocs and not in_grace
        for action in ("compose", "submit", "publish"):
            expected = {"5.7-spoc"} if held else set()
            assert refused_by(decide(police, action, OFFICER, account, HERE, APPROVED)) == expected


@pytest.mark.parametrize("action", ["submit", "approve", "publish"])
def test_every_post_fits_a_pillar_of_the_pack(police: Guidance, action: str) -> None:
    who = SPOC if action == "approve" else OFFICER
    known = {pillar.key for pillar in police.pack.pillars}
    for pillar in (*known, "", "Trust", "unknown"):
        answer = decide(police, action, who, LOCAL, HERE, replace(APPROVED, pillar=pillar))
        assert refused_by(answer) == (set() if pillar in known else {"3.2-pillar"})
    assert decide(police, "compose", OFFICER, LOCAL, HERE, replace(APPROVED, pillar="")), "a draft may wait for it"


@pytest.mark.parametrize("action", ["submit", "approve", "publish"])
def test_every_picture_has_alternative_text(police: Guidance, action: str) -> None:
    who = SPOC if action == "approve" else OFFICER
    for media, without in ((0, 0), (1, 0), (4, 0), (1, 1), (4, 3)):
        post = replace(APPROVED, media=media, media_without_alt=without)
        assert refused_by(decide(police, action, who, LOCAL, HERE, post)) == ({"M.4-alt-text"} if without else set())


def test_who_approves_depends_on_the_tier_as_the_pack_says(police: Guidance) -> None:
    contact = {"spoc", "commander", "communicator"}
    expected = {
        "local": contact,
        "divisional": contact,
        "specialist": {"spoc", "communicator"},
        "department": {"spoc", "communicator"},
        "corporate": {"communicator"},
        "regional": {"communicator"},
        "national": {"communicator"},
    }
    for tier, approvers in expected.items():
        account = replace(LOCAL, tier=tier)
        assert who_may(police, "approve", account, APPROVED) == approvers, tier
        assert who_may(police, "send_back", account, APPROVED) == approvers, tier
        assert who_may(police, "reject", account, APPROVED) == approvers, tier
    for tier in ("individual", "role-specific"):
        assert who_may(police, "approve", replace(LOCAL, tier=tier, holder="x"), APPROVED) == {"communicator"}
    assert who_may(police, "approve", replace(LOCAL, tier="unheard-of"), APPROVED) == set()


def test_nobody_approves_what_they_wrote(police: Guidance) -> None:
    for approver in (SPOC, COMMANDER, COMMUNICATOR):
        for authors in (set(), {"officer"}, {approver.id}, {"officer", approver.id}):
            post = replace(APPROVED, authors=frozenset(authors))
            expected = {"M.2-own-words"} if not authors or approver.id in authors else set()
            assert refused_by(decide(police, "approve", approver, LOCAL, HERE, post)) == expected


def test_a_warning_is_approved_by_the_roles_that_the_pack_names(police: Guidance) -> None:
    warning = replace(APPROVED, warning=True)
    assert who_may(police, "approve", LOCAL, warning) == {"commander", "communicator"}
    assert refused_by(decide(police, "approve", SPOC, LOCAL, HERE, warning)) == {"M.10-warning"}


def test_only_exactly_what_was_approved_often_enough_is_sent(police: Guidance) -> None:
    for digest, given, needed in product(("", "d1"), (0, 1, 2), (0, 1, 2)):
        post = replace(APPROVED, digest=digest, approvals=given, approvals_needed=needed)
        enough = bool(digest) and given >= max(needed, police.pack.approvals["local"].needed)
        assert refused_by(decide(police, "publish", OFFICER, LOCAL, HERE, post)) == (
            set() if enough else {"M.3-approved"}
        )


def test_a_post_goes_out_on_the_standing_of_one_of_its_authors(police: Guidance) -> None:
    for authors in (set(), {"officer"}, {"spoc"}, {"officer", "spoc"}):
        post = replace(APPROVED, authors=frozenset(authors))
        expected = set() if "officer" in authors else {"M.3-author"}
        assert refused_by(decide(police, "publish", OFFICER, LOCAL, HERE, post)) == expected


def test_a_pause_holds_everything_but_warnings_and_holds_nothing_but_sending(police: Guidance) -> None:
    for paused, warning in product(YES_NO, YES_NO):
        post, around = replace(APPROVED, warning=warning), replace(HERE, paused=paused)
        expected = {"M.1-paused"} if paused and not warning else set()
        assert refused_by(decide(police, "publish", OFFICER, LOCAL, around, post)) == expected
        assert decide(police, "submit", OFFICER, LOCAL, around, post)


def test_whoever_answers_for_an_account_can_withdraw_and_its_author_too(police: Guidance) -> None:
    mine = replace(APPROVED, authors=frozenset({"ict"}))
    assert who_may(police, "withdraw", LOCAL, mine) == {"spoc", "commander", "communicator", "ict"}


def test_posts_are_open_to_the_unit_to_those_who_answer_for_them_and_to_oversight(police: Guidance) -> None:
    assert who_may(police, "view_post", replace(LOCAL, unit=FIFE), APPROVED) == {
        "spoc", "fife-commander", "communicator", "foi", "auditor", "administrator",
    }, "spoc is named on the account; the administrator of this table works in Fife"  # fmt: skip
    assert "5.6-view" in refusers(police, "view_post", replace(LOCAL, unit=FIFE), APPROVED)


def test_a_commander_answers_for_the_accounts_of_the_own_division_alone(police: Guidance) -> None:
    for account, commander in ((LOCAL, "commander"), (replace(LOCAL, unit=FIFE), "fife-commander")):
        assert who_may(police, "appoint_spoc", account) == {commander, "communicator"}
        assert who_may(police, "suspend_account", account) == {commander, "communicator"}
    assert who_may(police, "close_account", LOCAL) == {"communicator"}
    assert who_may(police, "connect_account", LOCAL) == {"communicator", "administrator"}


def test_reviews_are_proposed_in_the_own_division_and_concluded_by_corporate_communications(police: Guidance) -> None:
    for unit, commander in ((TAYSIDE, "commander"), (FIFE, "fife-commander")):
        for status in ("vacant", "approved", "active", "dormant", "suspended"):
            place = replace(LOCAL, unit=unit, status=status, spocs=frozenset())
            assert who_may(police, "propose_review", place) == {commander, "communicator"}
            assert who_may(police, "review_account", place) == {"communicator"}
    assert refusers(police, "propose_review", LOCAL) == {"4.6-propose"}
    assert refusers(police, "review_account", LOCAL) == {"4.6-review"}


def test_an_account_is_described_by_those_who_answer_for_it_and_managed_by_corporate_communications(
    police: Guidance,
) -> None:
    named, unnamed = replace(LOCAL, unit=FIFE), replace(LOCAL, unit=FIFE, spocs=frozenset())
    assert who_may(police, "edit_account", LOCAL) == {"spoc", "commander", "communicator"}
    assert who_may(police, "edit_account", named) == {"spoc", "fife-commander", "communicator"}
    assert who_may(police, "edit_account", unnamed) == {"fife-commander", "communicator"}
    assert who_may(police, "manage_account", LOCAL) == {"communicator"}
    assert refusers(police, "edit_account", LOCAL) == {"5.6-edit"}
    assert refusers(police, "manage_account", LOCAL) == {"5.1-manage"}


def test_the_history_of_an_account_is_open_to_those_who_answer_for_it_and_to_oversight(police: Guidance) -> None:
    oversight = {"communicator", "head", "security", "auditor", "foi"}
    assert who_may(police, "view_account", LOCAL) == oversight | {"spoc", "commander"}
    held = replace(LOCAL, unit=FIFE, spocs=frozenset(), tier="individual", holder="colleague")
    assert who_may(police, "view_account", held) == oversight | {"fife-commander", "colleague"}
    assert refusers(police, "view_account", LOCAL) == {"5.6-view-account"}


def test_whoever_may_speak_on_an_account_asks_for_direct_access_to_it(police: Guidance) -> None:
    """Clause 6.3: whatever keeps the tool from the account, and nothing that keeps the person from speaking."""
    out_of_reach = replace(LOCAL, connected=False, supported=False, status="approved")
    for account in (LOCAL, out_of_reach):
        for who, missing in standings():
            asked = decide(police, "ask_direct_access", replace(who, unit=TAYSIDE), account, HERE)
            assert refused_by(asked) == missing
    for status in ("vacant", "applied", "dormant", "suspended"):
        asked = decide(police, "ask_direct_access", OFFICER, replace(LOCAL, status=status), HERE)
        assert refused_by(asked) == {"6.3-in-use"}
    closed = decide(police, "ask_direct_access", OFFICER, replace(LOCAL, status="closed"), HERE)
    assert refused_by(closed) == {"6.3-in-use", "4.10-structure"}
    own = {name for name, who in EVERYBODY.items() if who.unit == TAYSIDE}
    assert who_may(police, "ask_direct_access", LOCAL) == own | {"communicator"}
    held = replace(LOCAL, tier="individual", spocs=frozenset(), holder="commander")
    assert who_may(police, "ask_direct_access", held) == {"commander", "communicator"}
    assert refusers(police, "ask_direct_access", held) == {"5.6-unit"}
    assert refusers(police, "ask_direct_access", replace(held, holder=None)) == {"5.6-unit", "4.9-holder"}


def test_direct_access_is_answered_by_corporate_communications_and_the_credential_changed_by_others_than_its_holder(
    police: Guidance,
) -> None:
    assert who_may(police, "answer_direct_access", LOCAL) == {"communicator"}
    assert refusers(police, "answer_direct_access", LOCAL) == {"6.3-answer"}
    assert who_may(police, "note_rotation", LOCAL) == {"communicator", "administrator", "ict"}
    for holder in ("communicator", "administrator", "ict"):
        held = replace(LOCAL, tier="individual", holder=holder)
        assert who_may(police, "note_rotation", held) == {"communicator", "administrator", "ict"} - {holder}
    assert refusers(police, "note_rotation", LOCAL) == {"6.3-rotate"}


def test_who_pauses_and_who_resumes(police: Guidance) -> None:
    reach = {LOCAL: {"spoc", "commander"}, TAYSIDE: {"spoc", "commander"}, FIFE: {"fife-commander"}, Body(): set()}
    for thing, answering in reach.items():
        expected = answering | {"communicator"}
        assert who_may(police, "pause", thing) == expected
        assert who_may(police, "resume", thing) == set(), "not while nobody knows who paused"
        for paused_by in EVERYBODY:
            around = replace(HERE, paused_by=paused_by)
            allowed = {name for name, who in EVERYBODY.items() if decide(police, "resume", who, thing, around)}
            assert allowed == expected - {paused_by}


def test_an_individual_account_is_for_four_ranks_and_a_role_specific_one_for_a_reason(police: Guidance) -> None:
    eligible = {"chief-superintendent", "assistant-chief-constable", "deputy-chief-constable", "chief-constable"}
    ranks = [rank.key for rank in police.pack.ranks] + [""]
    acts = (("apply_for_account", OFFICER), ("grant_application", HEAD), ("register_account", COMMUNICATOR))
    for kind, rank, justified in product(("local", "individual", "role-specific"), ranks, YES_NO):
        wanted = replace(APPLICATION, kind=kind, holder_rank=rank, justified=justified, decided=True, approved=True)
        in_the_way = set()
        if kind == "individual" and rank not in eligible:
            in_the_way = {"4.7-rank"}
        if kind == "role-specific" and not justified:
            in_the_way = {"4.8-justified"}
        for action, who in acts:
            assert refused_by(decide(police, action, who, wanted, HERE)) == in_the_way
        assert decide(police, "decide_application", HEAD, wanted, HERE), "what cannot be granted can be refused"


def test_applications_are_decided_by_one_role_and_nothing_is_registered_without_a_yes(police: Guidance) -> None:
    assert who_may(police, "apply_for_account", APPLICATION) == set(EVERYBODY)
    assert who_may(police, "decide_application", APPLICATION) == {"head"}
    for action in ("decide_application", "grant_application"):
        assert refused_by(decide(police, action, COMMUNICATOR, APPLICATION, HERE)) == {"4.12-head"}
        for applicant, expected in (("head", {"M.5-own-application"}), ("", {"M.5-own-application"}), ("x", set())):
            answer = decide(police, action, HEAD, replace(APPLICATION, applicant=applicant), HERE)
            assert refused_by(answer) == expected
    for decided, approved in product(YES_NO, YES_NO):
        granted = replace(APPLICATION, decided=decided, approved=approved)
        assert who_may(police, "register_account", granted) == ({"communicator"} if decided and approved else set())


NEWCOMER = Person(id="newcomer", unit=TAYSIDE, rank="constable")
READY = replace(OFFICER, id="newcomer", licensed=False)


def test_who_takes_each_step_of_a_joining(police: Guidance) -> None:
    expected = {
        "nominate": {"spoc", "commander", "communicator"},
        "record_completion": {"trainer"},
        "authorise_access": {"security"},
        "confirm_training": {"communicator"},
        "open_access": {"ict"},
        "assign_licence": {"communicator", "ict"},
        "end_access": {"spoc", "commander", "communicator", "security", "ict"},
        "grant_role": {"administrator"},
    }
    for action, people in expected.items():
        assert who_may(police, action, READY) == people, action


def test_people_are_seen_by_those_who_answer_for_them_and_by_themselves(police: Guidance) -> None:
    everywhere = {"communicator", "trainer", "security", "ict", "administrator", "auditor"}
    assert who_may(police, "view_person", READY) == {*everywhere, "spoc", "commander"}
    assert who_may(police, "view_person", replace(READY, unit=FIFE)) >= everywhere
    assert not who_may(police, "view_person", replace(READY, unit=FIFE)) & {"spoc", "commander", "colleague"}
    for name, who in EVERYBODY.items():
        assert decide(police, "view_person", who, who, HERE).allowed, name


def test_a_trainer_signs_off_only_while_in_corporate_communications(police: Guidance) -> None:
    for roles, unit in product(((), ("social-media-trainer",)), (COMMUNICATIONS, TAYSIDE)):
        allowed = bool(roles) and unit is COMMUNICATIONS
        who = person("trainer", *roles, unit=unit)
        expected = set() if allowed else {"2.2-trainer"}
        assert refused_by(decide(police, "record_completion", who, NEWCOMER, HERE)) == expected


def test_each_step_of_a_joining_waits_for_those_before_it(police: Guidance) -> None:
    facts = ("nominated", "training_signed_off", "authorised", "acknowledged", "training_confirmed", "access")
    for values in product(YES_NO, repeat=len(facts)):
        for until in (None, NOW, NOW + DAY):
            subject = replace(NEWCOMER, trained_until=until, **dict(zip(facts, values, strict=True)))
            nominated, signed_off, authorised, acknowledged, confirmed, opened = values
            trained = until == NOW + DAY and signed_off
            missing = {
                "2.3-nominated-first": not nominated,
                "5.4-before-access": not acknowledged,
                "5.8-authorised-first": not authorised,
                "5.8-record": not trained,
                "5.9-complete": not trained,
                "5.9-confirmed": not confirmed,
                "5.9-opened-first": not opened,
            }
            waits = {
                "authorise_access": (SECURITY, {"2.3-nominated-first", "5.8-record"}),
                "confirm_training": (COMMUNICATOR, {"5.8-authorised-first", "5.9-complete"}),
                "open_access": (ICT, {"5.4-before-access", "5.8-authorised-first", "5.9-confirmed"}),
                "assign_licence": (
                    COMMUNICATOR,
                    {"2.3-nominated-first", "5.8-authorised-first", "5.9-confirmed", "5.9-opened-first"},
                ),
            }
            for action, (who, policies) in waits.items():
                expected = {policy for policy in policies if missing[policy]}
                assert refused_by(decide(police, action, who, subject, HERE)) == expected, action


def test_nobody_takes_a_step_for_themselves_or_two_for_one_person(police: Guidance) -> None:
    takers = {
        "nominate": COMMANDER,
        "record_completion": TRAINER,
        "authorise_access": SECURITY,
        "confirm_training": COMMUNICATOR,
        "open_access": ICT,
        "assign_licence": replace(COMMUNICATOR, id="another communicator"),
    }
    for action, who in takers.items():
        assert "M.5-self" in refused_by(decide(police, action, who, who, HERE))
        for step in takers:
            subject = replace(READY, steps=frozenset({(step, who.id), ("nominate", "another")}))
            expected = set() if step == action else {"M.6-one-step"}
            assert refused_by(decide(police, action, who, subject, HERE)) == expected, (action, step)
    assert "M.5-self" in refused_by(decide(police, "grant_role", ADMINISTRATOR, ADMINISTRATOR, HERE))


def test_who_sees_who_has_accepted_a_procedure(police: Guidance) -> None:
    for unit, commander in ((TAYSIDE, "commander"), (FIFE, "fife-commander")):
        assert who_may(police, "read_acknowledgements", unit) == {commander, "communicator", "security"}
        assert refusers(police, "read_acknowledgements", unit) == {"5.4-list"}


def test_nobody_who_left_is_taken_through_a_joining_but_their_access_is_ended(police: Guidance) -> None:
    gone = replace(READY, active=False)
    for action, who in (("nominate", COMMANDER), ("authorise_access", SECURITY), ("open_access", ICT)):
        assert refused_by(decide(police, action, who, gone, HERE)) == {"M.7-subject"}
    assert decide(police, "end_access", COMMANDER, gone, HERE)


def test_who_reads_the_record_and_runs_the_programme(police: Guidance) -> None:
    oversight = {"communicator", "security", "foi", "auditor"}
    assert who_may(police, "read_audit", Body()) == oversight
    assert who_may(police, "read_audit", TAYSIDE) == oversight | {"commander"}
    assert who_may(police, "export_audit", Body()) == {"foi", "auditor"}
    assert who_may(police, "import_people", Body()) == {"communicator", "administrator"}
    assert who_may(police, "administer", Body()) == {"administrator"}
    assert who_may(police, "recover_sign_in", READY) == {"administrator", "security"}


def test_whoever_is_not_active_does_nothing_at_all(police: Guidance) -> None:
    things = (LOCAL, READY, APPLICATION, Body(), TAYSIDE)
    for action, who, thing in product(police.policies, EVERYBODY.values(), things):
        gone = replace(who, active=False)
        assert not decide(police, action, gone, thing, HERE, APPROVED)


def test_accounts_of_every_slot_can_be_asked_about_in_one_call(police: Guidance) -> None:
    accounts = [
        replace(LOCAL, id=slot.id, network=slot.network, tier=slot.tier, unit=police.pack.unit(slot.unit))
        for slot in police.pack.slots
    ]
    answers = decide_many(police, "compose", OFFICER, accounts, HERE)
    open_to_tayside = {account.id for account, answer in zip(accounts, answers, strict=True) if answer}
    assert open_to_tayside == {slot.id for slot in police.pack.slots if slot.unit == "tayside"}


def test_anybody_asks_the_team_answers_and_both_read(police: Guidance) -> None:
    untrained = {name: Person(id=name, unit=who.unit, roles=who.roles) for name, who in EVERYBODY.items()}
    for asker, who in product(untrained, untrained):
        adviser, own = who == "communicator", who == asker
        expected = {
            "ask_advice": set() if own else {"9.1-asker"},
            "answer_advice": ({"M.5-self"} if own else set()) | (set() if adviser else {"9.1-adviser"}),
            "read_advice": set() if own or adviser else {"9.1-reader"},
        }
        for action, in_the_way in expected.items():
            assert refused_by(decide(police, action, untrained[who], untrained[asker], HERE)) == in_the_way


def test_who_advises_is_the_packs_to_say(police: Guidance) -> None:
    rule = police.pack.advice.model_copy(update={"by": ["auditor", "ict"]})
    others = Guidance.of(police.pack.model_copy(update={"advice": rule}))
    assert who_may(others, "answer_advice", NEWCOMER) == {"auditor", "ict"}
    assert who_may(others, "read_advice", NEWCOMER) == {"auditor", "ict"}


def test_whoever_found_an_account_reports_it_and_each_case_has_those_who_deal_with_it(police: Guidance) -> None:
    expected = {
        "report_account": set(EVERYBODY),
        "contribute": set(EVERYBODY),
        "triage_account": {"communicator", "security"},
        "settle_unauthorised": {"security"},
        "report_fake": {"communicator"},
        "view_cases": {"communicator", "security", "foi", "auditor"},
        "curate": {"communicator"},
    }
    for action, those in expected.items():
        assert who_may(police, action, Body()) == those, action
    assert who_may(police, "settle_direct_use", LOCAL) == {"communicator", "security"}
    assert who_may(police, "assign_branding", LOCAL) == {"communicator"}
    assert refusers(police, "assign_branding", LOCAL) == {"7.2-assign"}


def test_what_people_wrote_to_an_account_is_for_those_who_answer_for_it(police: Guidance) -> None:
    """As facts: oversight reads no words of the public, and nor does whoever only writes posts."""
    own = replace(LOCAL, spocs=("colleague",))
    held = replace(LOCAL, tier="individual", holder="colleague")
    answering = {"communicator", "commander", "spoc"}
    for account, also in ((LOCAL, set()), (own, {"colleague"}), (held, {"colleague"})):
        assert who_may(police, "settle_heard", account) == answering | also
    elsewhere = replace(LOCAL, unit=FIFE, spocs=())
    assert who_may(police, "settle_heard", elsewhere) == {"communicator", "fife-commander"}

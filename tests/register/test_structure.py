"""The authorised structure: founded once, grown by applications alone, filled slot by slot."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from mercat.audit.models import Event
from mercat.guidance.gate import Refused
from mercat.people.actions import Impossible
from mercat.people.models import Notice, Person
from mercat.register import actions
from mercat.register.models import Account, Application, Founding, Slot
from tests import factories as make
from tests.factories import NOW, TEST
from tests.kept import gained, kept
from tests.people.conftest import Holders

pytestmark = pytest.mark.django_db

HEAD = "head-of-communications-specialist-services"


def clauses(refused: pytest.ExceptionInfo[Refused]) -> set[str]:
    return {refusal.clause for refusal in refused.value.decision.refusals}


def application(by: Person, **about: object) -> Application:
    return actions.apply_for_account(
        **{
            "by": by,
            "network": "bluesky",
            "kind": "local",
            "unit": make.unit(),
            "name": "Broughty Ferry",
            "purpose": "To warn and inform.",
            "now": NOW,
            **about,
        }
    )


@pytest.fixture
def head(db: None) -> Person:
    return make.person("Head", unit_key="corporate-communications", roles=(HEAD,))


def test_the_structure_is_founded_once_with_110_places() -> None:
    make.unit()
    assert actions.found_structure(by=TEST, now=NOW) == 110
    before = kept()
    assert actions.found_structure(by=TEST, now=NOW) == 0
    assert not gained(before)
    networks = list(Slot.objects.values_list("network", flat=True))
    counts = {network: networks.count(network) for network in set(networks)}
    assert counts == {"x": 84, "facebook": 23, "youtube": 1, "instagram": 1, "linkedin": 1}


def test_what_the_pack_gains_later_is_added_and_what_is_there_stays() -> None:
    make.unit()
    make.slot("x-corporate", network="x", tier="corporate", name="As it was named")
    assert actions.found_structure(by=TEST, now=NOW) == 109
    assert Slot.objects.get(pk="x-corporate").name == "As it was named"
    assert Founding.objects.count() == 2


# Applications


def test_anybody_may_apply_in_writing(holders: Holders) -> None:
    before = kept()
    row = application(holders["officer"])
    assert (row.applicant, row.decision) == (holders["officer"], "")
    assert gained(before) == {"register.Application": 1, "audit.Event": 1, "audit.Pending": 1, "audit.PersonalData": 1}


@pytest.mark.parametrize(
    ("rank", "allowed"),
    [("constable", False), ("superintendent", False), ("chief-superintendent", True), ("chief-constable", True)],
)
def test_an_individual_account_is_for_the_ranks_that_the_guidance_names(
    holders: Holders, rank: str, allowed: bool
) -> None:
    holder = make.person("Holder", rank=rank)
    before = kept()
    if allowed:
        assert application(holders["officer"], kind="individual", holder=holder).holder == holder
        return
    with pytest.raises(Refused) as refused:
        application(holders["officer"], kind="individual", holder=holder)
    assert clauses(refused) == {"4.7"}
    assert not gained(before)


def test_an_individual_account_of_nobody_is_refused(holders: Holders) -> None:
    with pytest.raises(Refused, match=r"4\.7"):
        application(holders["officer"], kind="individual")


@pytest.mark.parametrize("justification", ["", "   "])
def test_a_role_specific_account_says_why_the_role_needs_it(holders: Holders, justification: str) -> None:
    with pytest.raises(Refused) as refused:
        application(holders["officer"], kind="role-specific", justification=justification)
    assert clauses(refused) == {"4.8"}
    row = application(holders["officer"], kind="role-specific", justification="The wildlife officer is asked daily.")
    assert row.pk


@pytest.mark.parametrize(
    ("about", "says"),
    [
        ({"network": "blusky"}, "not a network"),
        ({"kind": "galactic"}, "not a kind of account"),
        ({"name": " "}, "is to be called"),
        ({"purpose": "\n"}, "what it is for"),
    ],
)
def test_an_application_for_what_cannot_be_is_refused(holders: Holders, about: dict, says: str) -> None:
    before = kept()
    with pytest.raises(Impossible, match=says):
        application(holders["officer"], **about)
    assert not gained(before)


def test_one_role_alone_decides(holders: Holders, head: Person) -> None:
    row = application(holders["officer"])
    before = kept()
    for holder in holders.values():
        with pytest.raises(Refused) as refused:
            actions.decide_application(by=holder, application=row, grant=True, reasons="Yes", now=NOW)
        assert "4.12" in clauses(refused)
    assert not gained(before)
    slot = actions.decide_application(by=head, application=row, grant=True, reasons="It is needed.", now=NOW)
    assert (slot.network, slot.tier, slot.unit_id, slot.application_id) == ("bluesky", "local", "tayside", row.pk)
    record = {"audit.Event": 1, "audit.Pending": 1, "audit.PersonalData": 1}
    assert gained(before) == {"register.Slot": 1, "people.Notice": 1, **record}


def test_a_refusal_adds_no_place_and_both_need_reasons(holders: Holders, head: Person) -> None:
    row = application(holders["officer"])
    for grant in (True, False):
        with pytest.raises(Impossible, match="Say why"):
            actions.decide_application(by=head, application=row, grant=grant, reasons=" ", now=NOW)
    assert actions.decide_application(by=head, application=row, grant=False, reasons="One is enough.", now=NOW) is None
    row.refresh_from_db()
    assert (row.decision, row.reasons, row.decided_by, row.decided_at) == ("refused", "One is enough.", head, NOW)
    assert not Slot.objects.exists()
    assert Event.objects.get(what="application.refused").actor == head.audit_ref


def test_what_may_not_be_granted_any_more_can_be_refused(holders: Holders, head: Person) -> None:
    holder = make.person("Holder", rank="chief-superintendent")
    row = application(holders["officer"], kind="individual", holder=holder)
    Person.objects.filter(pk=holder.pk).update(rank="inspector")
    with pytest.raises(Refused) as refused:
        actions.decide_application(by=head, application=row, grant=True, reasons="Yes", now=NOW)
    assert clauses(refused) == {"4.7"}
    actions.decide_application(by=head, application=row, grant=False, reasons="The rank has gone.", now=NOW)
    row.refresh_from_db()
    assert row.decision == "refused"


@pytest.mark.parametrize(("grant", "said"), [(True, "granted"), (False, "refused")])
def test_the_applicant_is_told_and_the_words_of_the_decision_stay_with_it(
    holders: Holders, head: Person, grant: bool, said: str
) -> None:
    row = application(holders["officer"])
    actions.decide_application(by=head, application=row, grant=grant, reasons="For reasons of its own.", now=NOW)
    notice = Notice.objects.get()
    assert (notice.person, notice.link) == (holders["officer"], f"/register/applications/{row.pk}/")
    assert notice.subject == f"Your application for an account is {said}"
    assert "reasons of its own" not in notice.body


def test_an_applicant_who_left_is_told_nothing(holders: Holders, head: Person) -> None:
    row = application(holders["officer"])
    Person.objects.filter(pk=holders["officer"].pk).update(is_active=False)
    actions.decide_application(by=head, application=row, grant=True, reasons="Yes", now=NOW)
    assert not Notice.objects.exists()


def test_what_is_decided_is_not_decided_again(holders: Holders, head: Person) -> None:
    row = application(holders["officer"])
    actions.decide_application(by=head, application=row, grant=False, reasons="No", now=NOW)
    before = kept()
    with pytest.raises(Impossible, match="decided already"):
        actions.decide_application(by=head, application=row, grant=True, reasons="Yes", now=NOW)
    assert not gained(before)


def test_nobody_decides_their_own_application(head: Person) -> None:
    row = application(head)
    with pytest.raises(Refused) as refused:
        actions.decide_application(by=head, application=row, grant=True, reasons="I like it.", now=NOW)
    assert clauses(refused) == {"M.5"}
    with pytest.raises(IntegrityError, match="nobody_decides_their_own_application"), transaction.atomic():
        Application.objects.filter(pk=row.pk).update(
            decision="granted", reasons="I like it.", decided_at=NOW, decided_by=head
        )


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"decision": "granted", "reasons": "x"}, "a_decision_has_its_time"),
        ({"decided_at": NOW}, "a_decision_has_its_time"),
        ({"decision": "granted", "decided_at": NOW}, "a_decision_has_its_reasons"),
    ],
)
def test_half_a_decision_cannot_be_written(holders: Holders, change: dict, constraint: str) -> None:
    row = application(holders["officer"])
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Application.objects.filter(pk=row.pk).update(**change)


# Accounts


@pytest.fixture
def slot(db: None) -> Slot:
    return make.slot("test", name="Dundee")


def test_corporate_communications_fill_a_founded_place_and_nobody_else(holders: Holders, slot: Slot) -> None:
    before = kept()
    for name, holder in holders.items():
        if name != "comms":
            with pytest.raises(Refused) as refused:
                actions.register_account(by=holder, slot=slot, name="Dundee", now=NOW)
            assert clauses(refused) == {"5.1"}
    assert not gained(before)
    row = actions.register_account(by=holders["comms"], slot=slot, name="Dundee", now=NOW)
    assert (row.status, row.tier, row.unit_id, row.spoc_missing_since) == ("approved", "local", "tayside", NOW)
    assert gained(before) == {"register.Account": 1, "audit.Event": 1, "audit.Pending": 1, "audit.PersonalData": 1}


def test_a_place_granted_by_application_is_filled_for_the_holder_it_names(holders: Holders, head: Person) -> None:
    holder, constable = make.person("Commander", rank="chief-superintendent"), make.person("Constable")
    row = application(holders["officer"], kind="individual", holder=holder)
    slot = actions.decide_application(by=head, application=row, grant=True, reasons="Yes", now=NOW)
    with pytest.raises(Refused) as refused:
        actions.register_account(by=holders["comms"], slot=slot, name="A name", holder=constable, now=NOW)
    assert clauses(refused) == {"4.7"}
    assert actions.register_account(by=holders["comms"], slot=slot, name="A name", now=NOW).holder == holder


def test_a_closed_place_is_not_filled(slot: Slot) -> None:
    make.shut_place(slot)
    before = kept()
    with pytest.raises(Impossible, match="closed"):
        actions.register_account(by=TEST, slot=slot, name="Dundee", now=NOW)
    assert not gained(before)


def test_a_place_holds_one_open_account(slot: Slot) -> None:
    first = actions.register_account(by=TEST, slot=slot, name="Dundee", now=NOW)
    before = kept()
    with pytest.raises(Impossible, match="filled already"):
        actions.register_account(by=TEST, slot=slot, name="Dundee again", now=NOW)
    assert not gained(before)
    with pytest.raises(IntegrityError, match="one_open_account_in_a_slot"), transaction.atomic():
        Account.objects.create(
            slot=slot, network="bluesky", tier="local", unit=slot.unit, name="x", status="approved", registered_at=NOW
        )
    make.put(first, "closed")
    assert actions.register_account(by=TEST, slot=slot, name="Dundee anew", now=NOW).pk


# Points of contact


def test_a_point_of_contact_is_appointed_by_the_commander_or_communications(holders: Holders, slot: Slot) -> None:
    account = actions.register_account(by=TEST, slot=slot, name="Dundee", now=NOW)
    rightful = {"commander", "comms"}
    for name, holder in holders.items():
        if name not in rightful:
            with pytest.raises(Refused) as refused:
                actions.appoint_spoc(by=holder, account=account, person=holders["officer"], now=NOW)
            assert clauses(refused) == {"5.7"}
    spoc = actions.appoint_spoc(by=holders["commander"], account=account, person=holders["officer"], now=NOW)
    account.refresh_from_db()
    assert account.spoc_missing_since is None
    later = NOW + timedelta(days=1)
    actions.dismiss_spoc(by=holders["comms"], spoc=spoc, now=later)
    account.refresh_from_db()
    assert account.spoc_missing_since == later


def test_an_account_with_another_point_of_contact_misses_none(slot: Slot) -> None:
    account = actions.register_account(by=TEST, slot=slot, name="Dundee", now=NOW)
    one, _ = (actions.appoint_spoc(by=TEST, account=account, person=make.person(), now=NOW) for _ in range(2))
    actions.dismiss_spoc(by=TEST, spoc=one, now=NOW)
    account.refresh_from_db()
    assert account.spoc_missing_since is None


def test_whoever_was_dismissed_is_not_dismissed_again_to_begin_the_time_of_grace_anew(slot: Slot) -> None:
    account = actions.register_account(by=TEST, slot=slot, name="Dundee", now=NOW)
    spoc = actions.appoint_spoc(by=TEST, account=account, person=make.person(), now=NOW)
    actions.dismiss_spoc(by=TEST, spoc=spoc, now=NOW)
    before = kept()
    with pytest.raises(Impossible, match="no longer a point of contact"):
        actions.dismiss_spoc(by=TEST, spoc=spoc, now=NOW + timedelta(days=13))
    account.refresh_from_db()
    assert account.spoc_missing_since == NOW
    assert not gained(before)


def test_nobody_is_appointed_twice_or_after_they_left(slot: Slot) -> None:
    account = actions.register_account(by=TEST, slot=slot, name="Dundee", now=NOW)
    person, gone = make.person(), make.person("Gone")
    Person.objects.filter(pk=gone.pk).update(is_active=False)
    gone.refresh_from_db()
    actions.appoint_spoc(by=TEST, account=account, person=person, now=NOW)
    before = kept()
    with pytest.raises(Impossible, match="already"):
        actions.appoint_spoc(by=TEST, account=account, person=person, now=NOW)
    with pytest.raises(Impossible, match="has left"):
        actions.appoint_spoc(by=TEST, account=account, person=gone, now=NOW)
    assert not gained(before)


# Suspension


def test_an_account_is_suspended_and_reinstated_by_its_commander_or_communications(holders: Holders) -> None:
    account = make.account("Dundee")
    for name, holder in holders.items():
        if name not in {"commander", "comms"}:
            with pytest.raises(Refused, match=r"5\.6"):
                actions.suspend_account(by=holder, account=account, reason="Strange posts", now=NOW)
    before = kept()
    actions.suspend_account(by=holders["commander"], account=account, reason="Strange posts", now=NOW)
    account.refresh_from_db()
    assert account.status == "suspended"
    actions.reinstate_account(by=holders["comms"], account=account, reason="Cleared up", now=NOW)
    account.refresh_from_db()
    assert account.status == "active"
    assert gained(before) == {"register.Change": 2, "audit.Event": 2, "audit.Pending": 2, "audit.PersonalData": 2}


def test_an_account_that_was_never_connected_is_reinstated_as_such() -> None:
    account = make.account("Dundee", connected=False)
    actions.suspend_account(by=TEST, account=account, reason="Not now", now=NOW)
    actions.reinstate_account(by=TEST, account=account, reason="Now", now=NOW)
    account.refresh_from_db()
    assert account.status == "approved"


@pytest.mark.parametrize(
    ("act", "status", "reason", "says"),
    [
        ("suspend_account", "active", " ", "Say why"),
        ("suspend_account", "suspended", "Again", "suspended already"),
        ("suspend_account", "closed", "To open it by a back door", "closed already"),
        ("reinstate_account", "suspended", "", "Say why"),
        ("reinstate_account", "active", "Again", "not suspended"),
        ("reinstate_account", "closed", "To open it by a back door", "not suspended"),
    ],
)
def test_only_what_is_open_is_suspended_and_only_what_is_suspended_is_reinstated(
    act: str, status: str, reason: str, says: str
) -> None:
    account = make.account("Dundee")
    make.put(account, status)
    before = kept()
    with pytest.raises(Impossible, match=says):
        getattr(actions, act)(by=TEST, account=account, reason=reason, now=NOW)
    assert not gained(before)
    account.refresh_from_db()
    assert account.status == status

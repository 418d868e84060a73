"""Found accounts: reported by anybody, told apart by four questions, and each ended in exactly one report."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from io import BytesIO
from itertools import product

import pytest
from django.core.files.storage import default_storage
from django.db import DatabaseError, IntegrityError, connection, transaction
from PIL import Image

from mercat.audit.models import Event, PersonalData
from mercat.guidance.gate import Refused
from mercat.images.actions import take_in
from mercat.images.models import Picture
from mercat.people.actions import Impossible
from mercat.people.advice import actions as advice
from mercat.people.advice.things import find
from mercat.people.facts import person_facts
from mercat.people.models import Notice, Person
from mercat.register.models import Account
from mercat.register.public.actions import publish
from mercat.register.public.book import SHELF
from mercat.watch.cases import actions, following, states, triage
from mercat.watch.cases.addresses import read
from mercat.watch.cases.queries import seen_by, tasks
from mercat.watch.cases.ready import ready_report
from mercat.watch.cases.triage import FAKE, INSIDE, NEITHER, NOT_KNOWN, OUTSIDE, UNAUTHORISED, Answers, kind_of
from mercat.watch.models import Case, CaseNote
from tests import factories as make
from tests.factories import NOW, TEST
from tests.people.test_joining import clauses

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files", "no_book")]

ADDRESS = "https://x.com/tayside_pol1ce"
DAY = timedelta(days=1)
IS_FAKE = Answers(OUTSIDE, branding=True, content=False, false_words=True)
IS_OURS = Answers(INSIDE, branding=True, content=True, false_words=False)
IS_NOTHING = Answers(INSIDE, branding=False, content=False, false_words=False)


@pytest.fixture
def no_book() -> None:
    SHELF.forget()


@pytest.fixture
def officer(db: None) -> Person:
    return make.person("Officer")


@pytest.fixture
def comms(db: None) -> Person:
    return make.person("Comms", unit_key="corporate-communications", roles=("corporate-communications",))


@pytest.fixture
def iso(db: None) -> Person:
    return make.person("ISO", unit_key="information-security", roles=("information-security-officer",))


@pytest.fixture
def case(officer: Person, comms: Person, iso: Person) -> Case:
    return report(officer)


@pytest.fixture
def fake(case: Case, comms: Person) -> Case:
    return look(comms, case, IS_FAKE)


@pytest.fixture
def unauthorised(case: Case, comms: Person) -> Case:
    return look(comms, case, IS_OURS)


def report(by: Person, address: str = ADDRESS, *, now: datetime = NOW, pictures: tuple[Picture, ...] = ()) -> Case:
    return actions.report(by=by, address=address, words="It asks people for money.", pictures=pictures, now=now)


def look(by: Person, case: Case, answers: Answers, *, now: datetime = NOW) -> Case:
    return actions.look(by=by, case=case, answers=answers, words="Our crest, and a false appeal.", now=now)


def told(person: Person) -> set[str]:
    return set(Notice.objects.filter(person=person, read_at=None).values_list("subject", flat=True))


def a_picture(by: Person) -> Picture:
    file = BytesIO()
    Image.new("RGB", (40, 30), "#446688").save(file, "PNG")
    return take_in(by=by, name="screen.png", upload=file.getvalue(), now=NOW)


def refused(what: Callable[[], object]) -> set[str]:
    with pytest.raises(Refused) as caught:
        what()
    return clauses(caught)


# What it is


def test_the_answers_decide_what_it_is() -> None:
    """Clauses 2.4 and 2.5 of the default pack, in every combination."""
    for who, branding, content, false in product((INSIDE, OUTSIDE, NOT_KNOWN), *[(True, False)] * 3):
        found = kind_of(Answers(who, branding, content, false))
        if who == INSIDE:
            expected = UNAUTHORISED if branding and (content or false) else NEITHER
        elif false:
            expected = FAKE  # also by the name alone
        else:
            expected = UNAUTHORISED if branding and content and who == NOT_KNOWN else NEITHER
        assert found == expected, (who, branding, content, false)


@pytest.mark.parametrize(
    ("typed", "network"),
    [
        ("https://x.com/tayside_pol1ce", "x"),
        ("HTTPS://www.Twitter.com/Tayside_Pol1ce/", "x"),
        ("https://www.facebook.com/taysidepolicehelp", "facebook"),
        ("https://mastodon.example/@tayside", ""),
        ("https://bsky.app/profile/tayside.example", "bluesky"),
        ("https://www.tiktok.com/@tayside_police", ""),
        ("https://tayside-police-help.example/news", ""),
    ],
)
def test_any_account_anywhere_can_be_named(typed: str, network: str) -> None:
    found = read(typed)
    assert found.network == network
    assert found.key
    assert found.address.startswith("https://")


def test_every_spelling_of_an_address_is_one_account(officer: Person) -> None:
    first = report(officer)
    assert report(officer, "http://www.twitter.com/TAYSIDE_pol1ce?lang=en") == first
    assert first.address == ADDRESS
    assert report(officer, "https://x.com/another_one") != first


@pytest.mark.parametrize("typed", ["", "tayside police", "https://x.com/", "https://x.com/a/status/123", "x" * 3000])
def test_what_names_no_account_is_not_reported(officer: Person, typed: str) -> None:
    with pytest.raises(Impossible, match="Nothing was reported"):
        report(officer, typed)
    assert not Case.objects.exists()


def test_an_official_account_is_not_reported(officer: Person) -> None:
    account = make.account("Dundee", network="x")
    Account.objects.filter(pk=account.pk).update(url="https://x.com/dundee_official", handle="dundee_official")
    publish(by=TEST, now=NOW)
    SHELF.forget()
    with pytest.raises(Impossible, match="official account"):
        report(officer, "https://twitter.com/Dundee_Official")
    assert not Case.objects.exists()


# Reported by anybody


def test_anybody_reports_and_those_who_look_are_told(case: Case, officer: Person, comms: Person, iso: Person) -> None:
    assert case.state == states.NEW
    assert told(comms) == {actions.LOOK}
    assert told(officer) == told(iso) == set()
    event = Event.objects.get(what="case.reported_here")
    assert event.about == [case.audit_ref, officer.audit_ref]
    assert ADDRESS not in str(event.facts)  # it may be somebody's own: it stands where it can be erased


def test_a_second_report_joins_the_first(case: Case, comms: Person) -> None:
    colleague = make.person("Colleague")
    assert report(colleague, now=NOW + DAY) == case
    assert case.notes.filter(kind=CaseNote.Kind.FOUND).count() == 2
    assert Notice.objects.filter(person=comms).count() == 1


def test_nobody_floods_those_who_look(officer: Person) -> None:
    for number in range(actions.MOST_A_DAY):
        report(officer, f"https://x.com/fake_{number}")
    with pytest.raises(Impossible, match="within a day"):
        report(officer, "https://x.com/fake_more")
    report(officer, "https://x.com/fake_more", now=NOW + DAY)


def test_whoever_reported_sees_their_own_case_and_others_none(case: Case, officer: Person, iso: Person) -> None:
    def sees(person: Person) -> list[Case]:
        return list(seen_by(person_facts(person, now=NOW), now=NOW))

    assert sees(officer) == sees(iso) == [case]
    assert sees(make.person("Colleague")) == []
    assert sees(make.person("Auditor", unit_key="audit", roles=("auditor",))) == [case]


# Told apart, by those who may


def test_what_it_is_is_said_by_those_for_whom_guidance_keeps_it(case: Case, officer: Person) -> None:
    assert refused(lambda: look(officer, case, IS_FAKE)) == {"4.10"}
    case.refresh_from_db()
    assert case.state == states.NEW


def test_an_unauthorised_account_is_reported_to_the_iso(unauthorised: Case, iso: Person, comms: Person) -> None:
    assert unauthorised.state == states.UNAUTHORISED
    assert told(iso) == {actions.DEAL}
    assert told(comms) == set()
    assert refused(lambda: actions.gone(by=comms, case=unauthorised, words="Gone.", now=NOW)) == {"4.11"}
    with pytest.raises(Impossible):
        actions.report_to_platform(by=comms, case=unauthorised, reference="", now=NOW)


def test_a_fake_account_is_reported_to_its_platform(fake: Case, comms: Person, iso: Person) -> None:
    assert fake.state == states.FAKE
    assert refused(lambda: actions.report_to_platform(by=iso, case=fake, reference="", now=NOW)) == {"4.11"}
    actions.report_to_platform(by=comms, case=fake, reference="R-17", now=NOW)
    fake.refresh_from_db()
    assert (fake.state, fake.reference, fake.look_at) == (states.REPORTED, "R-17", NOW + actions.FOLLOW)


def test_the_report_is_ready_in_words(fake: Case) -> None:
    account = make.account("Tayside Division", network="x")
    Account.objects.filter(pk=account.pk).update(url="https://x.com/tayside_official")
    said = ready_report(fake, Account.objects.filter(network="x"), register_url="https://mercat.example/accounts")
    for part in (ADDRESS, "Police Scotland", "false", "23 November 2026", "https://x.com/tayside_official"):
        assert part in said
    assert "Our crest, and a false appeal." in said
    assert "It asks people for money." not in said  # what an officer wrote stays inside


def test_who_learns_better_sends_it_the_other_way(unauthorised: Case, comms: Person, iso: Person) -> None:
    case = look(iso, unauthorised, IS_FAKE)
    assert case.state == states.FAKE
    assert told(iso) == set()
    assert told(comms) == {actions.REPORT}
    actions.report_to_platform(by=comms, case=case, reference="", now=NOW)
    case.refresh_from_db()
    case = look(comms, case, IS_FAKE)
    assert case.state == states.REPORTED  # the report stands
    assert look(comms, case, IS_OURS).state == states.UNAUTHORISED


def test_nobody_answers_over_what_they_have_not_seen(case: Case, comms: Person, iso: Person) -> None:
    look(iso, case, IS_OURS)
    with pytest.raises(Impossible, match="meanwhile"):
        look(comms, case, IS_NOTHING)  # as it stood before


def test_what_somebody_found_against_is_forgotten_by_another_alone(
    unauthorised: Case, comms: Person, iso: Person
) -> None:
    with pytest.raises(Impossible, match="Another person forgets it"):
        look(comms, unauthorised, IS_NOTHING)
    assert look(iso, unauthorised, IS_NOTHING).outcome == "neither"


def test_with_it_goes_what_was_closed_before_and_the_platforms_reference(
    fake: Case, comms: Person, iso: Person, officer: Person
) -> None:
    actions.report_to_platform(by=comms, case=fake, reference="REF-77", now=NOW)
    actions.taken_down(by=comms, case=fake, words="It is gone.", now=NOW)
    again = look(comms, report(officer, now=NOW + DAY), IS_FAKE, now=NOW + DAY)
    actions.report_to_platform(by=comms, case=again, reference="REF-78", now=NOW + DAY)
    again.refresh_from_db()
    look(iso, again, IS_NOTHING, now=NOW + DAY)
    for row in Case.objects.all():
        assert (row.address, row.key, row.reference, row.outcome) == ("", "", "", "neither")
    everything = " ".join(map(str, Event.objects.values_list("facts", flat=True)))
    assert "REF-7" not in everything
    about = Event.objects.filter(what__startswith="case.")
    assert not PersonalData.objects.filter(event__in=about, data__isnull=False).exists()


def test_a_new_round_needs_a_new_report(fake: Case, comms: Person) -> None:
    actions.report_to_platform(by=comms, case=fake, reference="REF-77", now=NOW)
    actions.taken_down(by=comms, case=fake, words="It is gone.", now=NOW)
    actions.reopen(by=comms, case=fake, words="It is back.", now=NOW + DAY)
    fake.refresh_from_db()
    assert (fake.reported_at, fake.reference, fake.imitates) == (None, "", None)
    again = look(comms, fake, IS_FAKE, now=NOW + DAY)
    with pytest.raises(Impossible, match="not reported"):
        actions.leave_up(by=comms, case=again, words="They will not.", now=NOW + DAY)


def test_whoever_acts_next_hears_of_another_report_once(fake: Case, comms: Person) -> None:
    Notice.objects.filter(person=comms).update(read_at=NOW)
    for name in ("First", "Second"):
        report(make.person(name), now=NOW + DAY)
    assert Notice.objects.filter(person=comms, read_at=None).count() == 1


def test_what_an_address_carries_besides_is_not_kept(officer: Person) -> None:
    assert report(officer, "https://www.instagram.com/dundee.police.help/?igsh=secret&hl=en").address == (
        "https://www.instagram.com/dundee.police.help"
    )
    assert read("https://www.facebook.com/profile.php?id=100012345678&ref=share").address == (
        "https://www.facebook.com/profile.php?id=100012345678"
    )


def test_of_an_unknown_network_the_whole_address_tells_accounts_apart(officer: Person) -> None:
    first, second = (report(officer, f"https://forum.example/view?uid={number}&lang=en") for number in (1, 2))
    assert first != second
    assert first.address == "https://forum.example/view?lang=en&uid=1"


def test_where_the_platform_is_not_known_nothing_is_said_of_our_accounts_there(officer: Person, comms: Person) -> None:
    make.account("Tayside Division", network="mastodon")
    case = look(comms, report(officer, "https://mastodon.example/@tayside"), IS_FAKE)
    said = ready_report(case, Account.objects.all(), register_url="https://mercat.example/official")
    assert "no account on your platform" not in said
    assert "Tayside Division" not in said


# What is nobody's business is forgotten


def test_of_somebodys_own_account_nothing_is_kept(officer: Person, comms: Person) -> None:
    picture = a_picture(officer)
    case = report(officer, pictures=(picture,))
    files = [picture.original, picture.file]
    assert all(default_storage.exists(name) for name in files)
    after = look(comms, case, IS_NOTHING)
    assert (after.state, after.outcome, after.address, after.key, after.network) == (
        states.CLOSED, "neither", "", "", "",
    )  # fmt: skip
    assert set(after.notes.values_list("words", flat=True)) == {""}
    assert not Picture.objects.exists()
    about = Event.objects.filter(about__contains=[case.audit_ref])
    assert not PersonalData.objects.filter(event__in=about, data__isnull=False).exists()
    everything = " ".join(str(row) for row in Event.objects.values_list("facts", flat=True))
    assert "tayside_pol1ce" not in everything
    with pytest.raises(Impossible, match="Report the account anew"):
        actions.reopen(by=comms, case=after, words="Again", now=NOW)
    with pytest.raises(Impossible):
        actions.note(by=comms, case=after, words="It was …", now=NOW)


@pytest.mark.django_db(transaction=True)
def test_its_pictures_leave_the_store(officer: Person, comms: Person) -> None:
    picture = a_picture(officer)
    case = report(officer, pictures=(picture,))
    look(comms, case, IS_NOTHING)
    assert not default_storage.exists(picture.original)
    assert not default_storage.exists(picture.file)


# Followed to its end


def test_a_reported_account_is_followed_until_it_is_taken_down(fake: Case, comms: Person, officer: Person) -> None:
    actions.report_to_platform(by=comms, case=fake, reference="", now=NOW)
    following.run(now=NOW + 2 * DAY)
    assert told(comms) == set()
    for _ in range(2):
        following.run(now=NOW + 3 * DAY)
    assert Notice.objects.filter(person=comms, subject=actions.STILL).count() == 1
    assert [each.title for each in tasks(person_facts(comms, now=NOW + 3 * DAY), now=NOW + 3 * DAY)] == [
        "Reported accounts to be looked at again"
    ]
    actions.still_there(by=comms, case=fake, now=NOW + 3 * DAY)
    assert told(comms) == set()
    following.run(now=NOW + 6 * DAY)
    assert told(comms) == {actions.STILL}
    actions.report_again(by=comms, case=fake, words="They see no breach.", now=NOW + 6 * DAY)
    fake.refresh_from_db()
    assert (fake.state, fake.look_at) == (states.FAKE, None)
    actions.report_to_platform(by=comms, case=fake, reference="R-18", now=NOW + 6 * DAY)
    actions.taken_down(by=comms, case=fake, words="The page is gone.", now=NOW + 7 * DAY)
    fake.refresh_from_db()
    assert (fake.state, fake.outcome) == (states.CLOSED, "taken-down")
    assert told(officer) == {actions.TOLD}
    following.run(now=NOW + 30 * DAY)
    assert told(comms) == set()


def test_what_the_platform_leaves_up_was_reported_first(fake: Case, comms: Person) -> None:
    with pytest.raises(Impossible, match="not reported"):
        actions.leave_up(by=comms, case=fake, words="They will not.", now=NOW)
    actions.report_to_platform(by=comms, case=fake, reference="", now=NOW)
    fake.refresh_from_db()
    actions.leave_up(by=comms, case=fake, words="They will not.", now=NOW)


def test_only_an_account_of_the_register_regularises(unauthorised: Case, iso: Person) -> None:
    """Clause 4.13: there is no way into the register but an approved application."""
    with pytest.raises(Impossible, match="approved application"):
        actions.regularise(by=iso, case=unauthorised, words="It is official now.", now=NOW)
    account = make.account("Tayside help", network="x")
    Account.objects.filter(pk=account.pk).update(url="https://twitter.com/Tayside_Pol1ce")
    assert actions.regularise(by=iso, case=unauthorised, words="It is official now.", now=NOW) == account
    unauthorised.refresh_from_db()
    assert (unauthorised.outcome, unauthorised.regularised_as) == ("regularised", account)


def test_a_closed_account_regularises_nothing(unauthorised: Case, iso: Person) -> None:
    account = make.account("Tayside help", network="x")
    Account.objects.filter(pk=account.pk).update(url=ADDRESS)
    make.put(account, "closed")
    with pytest.raises(Impossible, match="not in the register"):
        actions.regularise(by=iso, case=unauthorised, words="It is official now.", now=NOW)


def test_what_is_seen_again_is_looked_at_anew(unauthorised: Case, iso: Person, comms: Person) -> None:
    actions.gone(by=iso, case=unauthorised, words="Its holder closed it.", now=NOW)
    actions.reopen(by=iso, case=unauthorised, words="It is back.", now=NOW + DAY)
    unauthorised.refresh_from_db()
    assert (unauthorised.state, unauthorised.kind, unauthorised.outcome) == (states.NEW, "", "")
    assert told(comms) == {actions.LOOK}


def test_a_new_report_of_a_closed_case_opens_another_and_the_old_one_stays_closed(
    unauthorised: Case, iso: Person, officer: Person
) -> None:
    actions.gone(by=iso, case=unauthorised, words="Its holder closed it.", now=NOW)
    other = report(officer, now=NOW + DAY)
    assert other != unauthorised
    with pytest.raises(Impossible, match="open case already"):
        actions.reopen(by=iso, case=unauthorised, words="It is back.", now=NOW + DAY)


# Advice stays with it (9.1)


def test_advice_is_asked_about_a_case_and_stays_with_it(case: Case, officer: Person, comms: Person) -> None:
    thread = advice.ask(by=officer, subject="May I answer it?", text="It wrote to me.", about=case.audit_ref, now=NOW)
    advice.answer(by=comms, thread=thread, text="No.", now=NOW)
    seen = find(person_facts(comms, now=NOW), case.audit_ref, now=NOW)
    assert seen
    assert seen.inside
    own = find(person_facts(officer, now=NOW), case.audit_ref, now=NOW)
    assert own
    assert not own.inside
    assert find(person_facts(make.person("Colleague"), now=NOW), case.audit_ref, now=NOW) is None
    for damaged in ("case:", "case:x", "case:-1", "case:99999999999999999999", "case:٣"):
        assert find(person_facts(comms, now=NOW), damaged, now=NOW) is None


# The database holds it


def raw(sql: str, *values: object) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)


@pytest.mark.parametrize(
    "changes",
    [
        "state = 'reported'",
        "state = 'unauthorised'",
        "state = 'closed'",
        "state = 'nowhere'",
        "key = 'name:other'",
        "address = ''",
        "kind = 'fake'",
        "outcome = 'gone'",
        "look_at = now()",
        "found_at = now()",
    ],
)
def test_raw_rows_do_not_leave_the_way(case: Case, changes: str) -> None:
    with pytest.raises((DatabaseError, IntegrityError)):
        raw(f"UPDATE watch_case SET {changes} WHERE id = %s", case.pk)


def test_every_move_is_in_the_table_and_no_other_is_taken(case: Case, comms: Person) -> None:
    """The trigger and the table of states say the same."""
    whole = "kind = 'fake', who = 'outside', branding = true, content = true, false_words = true"
    fits = {
        "new": "look_at = NULL, outcome = '', closed_at = NULL, closed_by_id = NULL",
        "unauthorised": "kind = 'unauthorised', look_at = NULL, outcome = '', closed_at = NULL, closed_by_id = NULL",
        "fake": "look_at = NULL, outcome = '', closed_at = NULL, closed_by_id = NULL",
        "reported": "reported_at = found_at, look_at = found_at",
        "closed": f"look_at = NULL, outcome = 'taken-down', closed_at = found_at, closed_by_id = '{comms.pk}'",
    }
    ways = {states.NEW: [], **{state: _way(state) for state in states.STATES if state != states.NEW}}
    for was, becomes in product(states.STATES, states.STATES):
        if was == becomes:
            continue
        fresh = Case.objects.create(network="x", key=f"name:{was}-{becomes}", address=ADDRESS, found_at=NOW)
        for step, state in enumerate([*ways[was], becomes]):
            both = f"{whole}, triaged_at = found_at, triaged_by_id = '{comms.pk}', {fits[state]}, state = '{state}'"
            both = both.replace("kind = 'fake', ", "", 1) if state == "unauthorised" else both
            command = f"UPDATE watch_case SET {both} WHERE id = %s"
            if step == len(ways[was]) and becomes not in states.MOVES[was]:
                with pytest.raises(DatabaseError):
                    raw(command, fresh.pk)
            else:
                raw(command, fresh.pk)


def _way(state: str) -> list[str]:
    return {"reported": ["fake", "reported"], "closed": ["fake", "closed"]}.get(state, [state])


def test_a_case_and_its_notes_are_never_deleted_and_notes_never_changed(case: Case) -> None:
    note = case.notes.get()
    for command in (
        f"DELETE FROM watch_case WHERE id = {case.pk}",
        f"DELETE FROM watch_casenote WHERE id = {note.pk}",
        f"UPDATE watch_casenote SET words = 'Other' WHERE id = {note.pk}",
        f"UPDATE watch_casenote SET words = '' WHERE id = {note.pk}",
        f"UPDATE watch_casenote SET kind = 'note' WHERE id = {note.pk}",
    ):
        with pytest.raises(DatabaseError):
            raw(command)


def test_one_account_has_one_open_case(case: Case) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Case.objects.create(network=case.network, key=case.key, address=ADDRESS, found_at=NOW)


def test_the_triage_of_the_model_is_that_of_the_questions() -> None:
    assert {each.value for each in Case.Kind} == {"", UNAUTHORISED, FAKE, NEITHER}
    assert {each.value for each in Case.Who} == {"", INSIDE, OUTSIDE, NOT_KNOWN}
    assert triage.kind_of(IS_OURS) == UNAUTHORISED

"""Signing in: passphrases, second factors, sessions, recent proof and recovery; and those who try to get round them."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from datetime import timedelta

import pyotp
import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import get_hasher
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mercat.audit.models import Event
from mercat.config import settings as configured
from mercat.guidance.gate import Refused
from mercat.people import actions
from mercat.people.actions import Impossible
from mercat.people.models import KnownDevice, Notice, Person, Recovery, Session
from mercat.people.pack import guidance
from mercat.people.signing_in import factors, recovery, sessions, throttle
from mercat.people.signing_in.passphrases import is_in
from mercat.people.signing_in.step_up import ProofNeeded, ask_for, proved_at
from tests import factories as make
from tests.factories import NOW
from tests.pages import SOON, at_noon, signed_in, text_of  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]

PASSPHRASE = "thistle harbour lantern"
OTHER = "mosaic saddle orchard"
SIGN_IN, SECOND, SET_UP, MINE = "/sign-in/", "/sign-in/second/", "/sign-in/set-up/", "/sign-in/mine/"
PROOF = {"proof": "yes", "proof-passphrase": PASSPHRASE}
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def person() -> Person:
    return make.person("Officer", passphrase=PASSPHRASE)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch):
    def later(**by: float):
        when = SOON + timedelta(**by)
        monkeypatch.setattr(timezone, "now", lambda: when)
        return when

    return later


def code_at(when=SOON) -> str:
    return pyotp.TOTP(SECRET).at(when)


def with_codes(person: Person) -> list[str]:
    """One-time codes, set up a while ago, and their recovery codes."""
    before = NOW - timedelta(hours=1)
    return factors.add_codes(by=person, secret=SECRET, code=code_at(before), now=before)


def passphrase_given(person: Person, client: Client | None = None, **also: str) -> Client:
    client = client or Client()
    client.post(SIGN_IN, {"email": person.email, "passphrase": PASSPHRASE, **also})
    return client


def is_in_now(client: Client) -> bool:
    return client.get("/").status_code == 200


def by_pack(monkeypatch: pytest.MonkeyPatch, **rule: object) -> None:
    """The pack, with another rule of signing in."""
    changed = guidance().pack.sign_in.model_copy(update=rule)
    other = replace(guidance(), pack=guidance().pack.model_copy(update={"sign_in": changed}))
    for place in ("signing_in.factors", "signing_in.sessions", "signing_in.step_up"):
        monkeypatch.setattr(f"mercat.people.{place}.guidance", lambda: other)


# Passphrases


@pytest.mark.parametrize("passphrase", [PASSPHRASE, "cat tin owl", "x9!Kq2#vLm7@Tz4", "ein Wort und noch zwei"])
def test_three_random_words_or_fifteen_characters_will_do(passphrase: str) -> None:
    validate_password(passphrase)


@pytest.mark.parametrize(
    ("passphrase", "says"),
    [
        ("harbour", "too short"),
        ("harbour lantern", "too short|easy"),
        ("x9!Kq2#vLm7@T", "too short"),
        ("one two three", "easy to guess"),
        ("password password password", "easy to guess"),
        ("aaaaaaaaaaaaaaaaaaaaaa", "easy to guess"),
        ("qwertyuiopasdfgh", "easy to guess"),
        ("1qaz2wsx3edc4rfv", "list of known|easy"),
        ("police scotland harbour lantern", "the body’s"),
        ("mercat harbour lantern", "the body’s"),
    ],
)
def test_what_is_short_guessed_known_or_named_is_refused(passphrase: str, says: str) -> None:
    with pytest.raises(ValidationError) as refused:
        validate_password(passphrase)
    assert re.search(says, " ".join(refused.value.messages))


def test_ones_own_name_and_number_are_refused(person: Person) -> None:
    person.name, person.number = "Sandy Kirkcaldy", "p77123"
    for passphrase in ("kirkcaldy harbour lantern", "harbour lantern p77123", "Kirk-Caldy harbour lantern"):
        with pytest.raises(ValidationError, match="your name"):
            validate_password(passphrase, person)


def test_a_breached_one_is_refused_by_a_list_that_is_never_loaded(settings, tmp_path) -> None:
    words = [f"saddle orchard mosaic {number}" for number in range(300)]
    digests = sorted(hashlib.sha1(each.encode()).hexdigest().upper() for each in words)
    path = tmp_path / "breached.txt"
    path.write_text("".join(f"{digest}:{number * 37}\r\n" for number, digest in enumerate(digests)))
    assert all(is_in(path, digest) for digest in digests), "the first, the last, and all between"
    for absent in ("0" * 40, "F" * 40, hashlib.sha1(PASSPHRASE.encode()).hexdigest()):
        assert not is_in(path, absent)
    empty = tmp_path / "empty.txt"
    empty.touch()
    assert not is_in(empty, digests[0])
    settings.MERCAT_BREACHED_PASSPHRASES = path
    validate_password(PASSPHRASE)
    with pytest.raises(ValidationError, match="list of known ones"):
        validate_password(words[7])


def test_ones_own_passphrase_is_changed_for_the_old_one_and_ends_the_other_sessions(person: Person) -> None:
    here, elsewhere = signed_in(person), signed_in(person)
    page = reverse("people:own-passphrase")
    typed = {"old": "wrong words entirely", "passphrase": OTHER, "again": OTHER}
    answer = here.post(page, typed)
    assert (answer.status_code, "not your passphrase" in text_of(answer)) == (422, True)
    assert here.post(page, {**typed, "old": PASSPHRASE, "passphrase": "short", "again": "short"}).status_code == 422
    before = here.session.session_key
    assert here.post(page, {**typed, "old": PASSPHRASE}).status_code == 302
    assert is_in_now(here)
    assert here.session.session_key != before
    assert not is_in_now(elsewhere)
    person.refresh_from_db()
    assert person.check_password(OTHER)


def test_the_old_passphrase_is_not_tried_without_end_on_that_page(person: Person) -> None:
    client, page = signed_in(person), reverse("people:own-passphrase")
    typed = {"old": "wrong words entirely", "passphrase": OTHER, "again": OTHER}
    for _ in range(throttle.LIMITS["sign-in-pair"]):
        client.post(page, typed)
    assert "Wait 15 minutes" in text_of(client.post(page, {**typed, "old": PASSPHRASE}))


# The second factor


def test_a_passphrase_alone_lets_nobody_in_where_the_pack_asks_for_more(person: Person) -> None:
    client = passphrase_given(person, next="/people/")
    assert not is_in_now(client)
    page = client.get(SET_UP)
    secret = re.search(r"Key: <code>([A-Z2-7 ]+)</code>", page.content.decode()).group(1).replace(" ", "")
    wrong = client.post(SET_UP, {"code": "000000"})
    assert (wrong.status_code, "not right" in text_of(wrong)) == (422, True)
    assert not is_in_now(client)
    done = client.post(SET_UP, {"code": pyotp.TOTP(secret).at(SOON)})
    assert len(re.findall(r"<code>\d{8}</code>", done.content.decode())) == 10
    assert 'href="/people/"' in done.content.decode()
    assert is_in_now(client)
    assert Event.objects.filter(what="person.factor_added", actor=person.audit_ref).count() == 1


def test_where_the_pack_leaves_it_to_people_those_who_have_one_are_asked(person: Person, monkeypatch) -> None:
    by_pack(monkeypatch, second_factor="optional")
    assert is_in_now(passphrase_given(person))
    with_codes(person)
    assert not is_in_now(passphrase_given(person))


def test_demonstration_people_need_none_where_every_network_is_a_stand_in(person: Person, settings) -> None:
    Person.objects.filter(pk=person.pk).update(number="demo-officer")
    assert not is_in_now(passphrase_given(person))
    settings.MERCAT_DEMO = True
    assert is_in_now(passphrase_given(person))
    assert "Demonstration people sign in without a second factor" in text_of(Client().get(SIGN_IN))
    Person.objects.filter(pk=person.pk).update(number="p1")
    assert not is_in_now(passphrase_given(person)), "nobody else"


def test_a_one_time_code_counts_once_and_no_older_one_after_it(person: Person) -> None:
    with_codes(person)
    client = passphrase_given(person)
    code = code_at()
    assert client.post(SECOND, {"code": f" {code[:3]} {code[3:]}"}).url == "/"
    assert is_in_now(client)
    again = passphrase_given(person)
    for used in (code, code_at(SOON - timedelta(seconds=30))):
        assert again.post(SECOND, {"code": used}).status_code == 422, "seen over a shoulder, and tried at once"
    assert not is_in_now(again)
    assert again.post(SECOND, {"code": code_at(SOON + timedelta(seconds=30))}).url == "/"


def test_a_recovery_code_counts_once(person: Person) -> None:
    spare = with_codes(person)
    assert passphrase_given(person).post(SECOND, {"code": spare[3]}).url == "/"
    assert passphrase_given(person).post(SECOND, {"code": spare[3]}).status_code == 422
    assert factors.codes_left(person) == 9


def test_codes_are_not_tried_without_end_from_wherever_and_their_owner_is_told(person: Person, later) -> None:
    with_codes(person)
    for number in range(throttle.MOST_CODES):
        client = passphrase_given(person, Client(REMOTE_ADDR=f"192.0.2.{number}"))
        assert client.post(SECOND, {"code": f"00000{number}"}).status_code == 422
    client = passphrase_given(person)
    answer = client.post(SECOND, {"code": code_at()})
    assert (answer.status_code, "Wait 15 minutes" in text_of(answer)) == (429, True)
    assert Notice.objects.filter(person=person, subject__startswith="Wrong codes").count() == 1
    when = later(minutes=16)
    assert passphrase_given(person).post(SECOND, {"code": code_at(when)}).url == "/"


def test_the_way_in_does_not_stay_open(person: Person, later) -> None:
    with_codes(person)
    client = passphrase_given(person)
    when = later(minutes=11)
    assert client.post(SECOND, {"code": code_at(when)}).url == SIGN_IN
    assert not is_in_now(client)


def test_whoever_has_a_factor_is_not_let_set_one_up_by_a_passphrase(person: Person) -> None:
    with_codes(person)
    client = passphrase_given(person)
    assert client.get(SET_UP).url == SIGN_IN
    assert client.get("/sign-in/passkey/make/").status_code == 403
    assert client.post(SET_UP, {"code": "123456"}).url == SIGN_IN
    assert Authenticator.objects.filter(user=person, type="totp").count() == 1


@pytest.mark.parametrize("path", [SECOND, SET_UP])
def test_without_a_passphrase_there_is_no_second_step(person: Person, path: str) -> None:
    with_codes(person)
    assert Client().get(path).url == SIGN_IN
    assert Client().post(path, {"code": code_at()}).url == SIGN_IN
    assert Client().get("/sign-in/passkey/make/").status_code == 403


def test_a_changed_passphrase_closes_a_way_in_that_was_begun(person: Person) -> None:
    with_codes(person)
    client = passphrase_given(person)
    actions.set_passphrase(by=make.TEST, person=person, passphrase=OTHER, now=NOW)
    assert client.post(SECOND, {"code": code_at()}).url == SIGN_IN


def test_secrets_of_codes_are_wrapped_in_the_database(person: Person) -> None:
    with_codes(person)
    with connection.cursor() as cursor:
        cursor.execute("SELECT data::text FROM mfa_authenticator")
        assert SECRET not in str(cursor.fetchall())


def test_the_last_factor_stays_where_one_is_needed(person: Person) -> None:
    with_codes(person)
    client = signed_in(person)
    row = Authenticator.objects.get(user=person, type="totp")
    remove = reverse("people:remove-factor", args=[row.pk])
    assert "the last thing that you sign in with" in text_of(client.post(remove, follow=True))
    assert signed_in(make.person("Another")).post(remove).status_code == 404
    assert Authenticator.objects.filter(pk=row.pk).exists()
    fresh = client.post(reverse("people:recovery-codes"))
    assert len(re.findall(r"<code>\d{8}</code>", fresh.content.decode())) == 10
    assert "10 codes left" in text_of(client.get(MINE))


@pytest.mark.parametrize("answer", ["", "{}", "[]", "null", '{"id": "x"}', "not json", json.dumps({"response": {}})])
def test_what_is_no_passkey_is_refused_in_words(person: Person, answer: str) -> None:
    client = Client()
    client.get("/sign-in/passkey/ask/")
    said = client.post("/sign-in/passkey/", {"passkey": answer})
    assert (said.status_code, "not one of yours" in text_of(said)) == (422, True)
    assert not is_in_now(client)
    with_codes(person)
    waiting = passphrase_given(person)
    waiting.get("/sign-in/passkey/ask/")
    assert waiting.post(SECOND, {"passkey": answer, "code": ""}).status_code == 422


# Who is told what


def test_a_passphrase_is_hashed_with_what_owasp_names_first() -> None:
    assert configured.PASSWORD_HASHERS[0] == "django.contrib.auth.hashers.ScryptPasswordHasher"


def test_nobody_learns_from_words_or_work_who_is_on_the_list(person: Person, monkeypatch) -> None:
    hashed = []
    hasher = type(get_hasher())
    work = hasher.encode
    monkeypatch.setattr(hasher, "encode", lambda *a, **k: hashed.append(1) or work(*a, **k))
    said = []
    for email in (person.email, "nobody@mercat.example"):
        hashed.clear()
        answer = Client().post(SIGN_IN, {"email": email, "passphrase": "not the right words"})
        said.append((answer.status_code, text_of(answer).replace(email, ""), len(hashed)))
    assert said[0] == said[1]
    assert said[0][2] == 1
    typed = {"code": "aaaaa-bbbbb-ccccc-ddddd", "passphrase": OTHER, "again": OTHER}
    pages = [
        text_of(Client().post("/sign-in/recover/", {"email": email, **typed})).replace(email, "")
        for email in (person.email, "nobody@mercat.example")
    ]
    assert pages[0] == pages[1]


def test_a_session_from_before_is_worth_nothing_after(person: Person) -> None:
    with_codes(person)
    client = Client()
    client.get("/sign-in/passkey/ask/")  # an attacker's session, put into this browser
    planted = client.cookies["sessionid"].value
    client = passphrase_given(person, client)
    halfway = client.cookies["sessionid"].value
    client.post(SECOND, {"code": code_at()})
    assert is_in_now(client)
    for key in (planted, halfway):
        thief = Client()
        thief.cookies["sessionid"] = key
        assert not is_in_now(thief)


def test_the_cookie_is_for_the_browser_alone(person: Person, settings) -> None:
    settings.SESSION_COOKIE_SECURE = True
    with_codes(person)
    client = passphrase_given(person)
    client.post(SECOND, {"code": code_at()})
    for name in ("sessionid", "mercat_device"):
        cookie = client.cookies[name]
        assert cookie["httponly"], name
        assert cookie["secure"], name
        assert cookie["samesite"] == "Lax", name


@pytest.mark.parametrize("wanted", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)"])
def test_no_step_of_signing_in_leads_elsewhere(person: Person, wanted: str) -> None:
    with_codes(person)
    client = passphrase_given(person, next=wanted)
    assert client.post(SECOND, {"code": code_at()}).url == "/"
    assert signed_in(person).post("/prove/", {**PROOF, "next": wanted}).url == "/"


def test_a_sign_in_from_a_new_device_is_told(person: Person, later) -> None:
    with_codes(person)
    mine = passphrase_given(person)
    mine.post(SECOND, {"code": code_at()})
    told = Notice.objects.filter(person=person, subject="You signed in from a new device")
    assert not told.exists(), "the first is no news"
    when = later(minutes=2)
    passphrase_given(person, mine).post(SECOND, {"code": code_at(when)})
    mine.post(reverse("web:sign-out"))
    assert not told.exists(), "the same browser again"
    when = later(minutes=4)
    other = passphrase_given(person, Client(HTTP_USER_AGENT="Mozilla/5.0 (Windows NT 10.0) Firefox/140.0"))
    other.post(SECOND, {"code": code_at(when)})
    assert "Firefox on Windows" in told.get().body
    assert KnownDevice.objects.filter(person=person).count() == 2


# Sessions


def test_a_copy_of_the_database_is_no_sign_in(person: Person) -> None:
    client = signed_in(person)
    session = client.session
    session["connecting"] = {"kept": "a secret of somebody else"}
    session.save()
    key = client.cookies["sessionid"].value
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM people_session")
        row = cursor.fetchone()
    assert key not in str(row)
    assert b"a secret of" not in b"".join(bytes(each) for each in row if isinstance(each, memoryview | bytes))
    thief = Client()
    thief.cookies["sessionid"] = Session.objects.get().digest
    assert not is_in_now(thief)


def test_a_session_whose_row_was_exchanged_is_nobodys(person: Person) -> None:
    mine, other = signed_in(person), signed_in(make.person("Chief"))
    chief = Session.objects.get(digest=sessions.digest_of(other.cookies["sessionid"].value))
    me = Session.objects.get(digest=sessions.digest_of(mine.cookies["sessionid"].value))
    Session.objects.filter(pk=me.pk).update(sealed=bytes(chief.sealed), person=chief.person)
    assert not is_in_now(mine)


def test_a_session_ends_unused_and_after_a_shift(person: Person, later) -> None:
    client = signed_in(person)
    for minutes in range(50, 12 * 60, 50):
        later(minutes=minutes)
        assert is_in_now(client), minutes
    later(minutes=12 * 60 + 1)
    assert not is_in_now(client), "used all the time, and over"
    client = signed_in(person)
    later(minutes=12 * 60 + 62)
    assert not is_in_now(client), "unused for an hour"
    sessions.clear(now=timezone.now())
    assert not Session.objects.filter(expires_at__lte=timezone.now()).exists()


def test_sessions_are_listed_and_ended_one_by_one_and_all(person: Person) -> None:
    here, there, third = signed_in(person), signed_in(person), signed_in(person)
    page = reverse("people:sessions")
    assert text_of(here.get(page)).count("Since") == 3
    rows = {row.digest: row for row in Session.objects.filter(person=person)}
    of = {name: rows[sessions.digest_of(each.cookies["sessionid"].value)] for name, each in
          (("here", here), ("there", there), ("third", third))}  # fmt: skip
    end = reverse("people:end-session", args=[of["there"].pk])
    assert signed_in(make.person("Another")).post(end).status_code == 404
    here.post(end)
    assert (is_in_now(here), is_in_now(there), is_in_now(third)) == (True, False, True)
    assert "sign out to end it" in text_of(here.post(reverse("people:end-session", args=[of["here"].pk]), follow=True))
    here.post(reverse("people:end-other-sessions"))
    assert (is_in_now(here), is_in_now(third)) == (True, False)


def test_an_administrator_signs_somebody_out_everywhere_and_leavers_are_out(person: Person) -> None:
    client, administrator = signed_in(person), make.person("Admin", roles=("administrator",))
    end = reverse("people:end-sessions-of", args=[person.pk])
    assert client.post(reverse("people:end-sessions-of", args=[administrator.pk])).status_code == 403
    assert signed_in(administrator).post(end).status_code == 302
    assert not is_in_now(client)
    assert Notice.objects.filter(person=person, subject="You were signed out everywhere").exists()
    with_codes(person)
    client = signed_in(person)
    actions.mark_left(by=administrator, person=person, reason="Retired", now=NOW)
    assert not Session.objects.filter(person=person).exists()
    assert not Authenticator.objects.filter(user=person).exists()
    assert not is_in_now(client)


# A recent proof


@pytest.fixture
def administrator() -> Person:
    return make.person("Admin", roles=("administrator",), passphrase=PASSPHRASE)


def leaves(person: Person) -> tuple[str, dict[str, str]]:
    return reverse("people:step", args=[person.pk, "mark_left"]), {"left-reason": "Retired\nin June"}


def test_what_needs_a_recent_proof_is_asked_for_and_sent_again_with_it(person, administrator, later) -> None:
    client = signed_in(administrator)
    for minutes in (8, 16):
        later(minutes=minutes)
        client.get("/")
    where, typed = leaves(person)
    asked = client.post(where, typed)
    assert asked.status_code == 403
    assert "Administer the programme" in text_of(asked)
    assert Person.objects.get(pk=person.pk).is_active
    html = asked.content.decode()
    assert f'action="{where}"' in html
    hidden = dict(re.findall(r'<textarea name="([^"]+)" hidden>\n([^<]*)</textarea>', html))
    assert hidden == typed
    wrong = client.post(where, {**hidden, "proof": "yes", "proof-passphrase": "not my words"})
    assert (wrong.status_code, "This is not your passphrase" in text_of(wrong)) == (422, True)
    assert dict(re.findall(r'<textarea name="([^"]+)" hidden>\n([^<]*)</textarea>', wrong.content.decode())) == typed
    assert client.post(where, {**hidden, "proof": "yes", "proof-passphrase": PASSPHRASE}).status_code == 302
    assert not Person.objects.get(pk=person.pk).is_active
    assert Event.objects.filter(what="person.proved", actor=administrator.audit_ref).count() == 1


def test_a_code_is_a_proof_and_counts_once(person, administrator, later) -> None:
    with_codes(administrator)
    client = signed_in(administrator)
    when = later(minutes=16)
    where, typed = leaves(person)
    assert "six figures" in text_of(client.post(where, typed))
    assert client.post(where, {**typed, "proof": "yes", "proof-code": "000000"}).status_code == 422
    assert client.post(where, {**typed, "proof": "yes", "proof-code": code_at(when)}).status_code == 302
    assert client.post("/prove/", {"proof": "yes", "proof-code": code_at(when)}).status_code == 422


def test_a_proof_is_not_tried_without_end(person, administrator, later) -> None:
    client = signed_in(administrator)
    later(minutes=16)
    where, typed = leaves(person)
    for _ in range(throttle.LIMITS["sign-in-pair"]):
        client.post(where, {**typed, "proof": "yes", "proof-passphrase": "wrong"})
    answer = client.post(where, {**typed, "proof": "yes", "proof-passphrase": PASSPHRASE})
    assert answer.status_code == 429
    assert Person.objects.get(pk=person.pk).is_active


def test_what_the_guidance_refuses_is_refused_before_any_proof(person, later) -> None:
    client = signed_in(make.person("Nobody in particular"))
    later(minutes=16)
    answer = client.post(*leaves(person))
    assert (answer.status_code, "Show again" in text_of(answer)) == (403, False)


def test_what_the_pack_does_not_list_needs_none(person, later) -> None:
    client = signed_in(person)
    later(minutes=30)
    assert client.post(reverse("people:read-all")).status_code == 302


def test_ones_own_sign_in_is_changed_with_a_recent_proof_alone(person, later) -> None:
    with_codes(person)
    client = signed_in(person)
    later(minutes=16)
    assert client.post(reverse("people:recovery-codes")).status_code == 403
    assert client.post(reverse("people:recovery-codes"), PROOF).status_code == 200


def test_an_approval_needs_a_recent_proof(later) -> None:
    account = make.account("Dundee")
    author, spoc = make.joined("Author"), make.spoc_of(account)
    post = make.submitted(author, account)
    client = signed_in(spoc)
    later(minutes=16)
    decide = reverse("posts:decide", args=[post.pk])
    answer = client.post(decide, {"decision": "approve", "digest": post.current.digest, "do": "approve"})
    assert "Approve a post" in text_of(answer)
    assert not post.current.approvals.exists()


def test_every_act_that_approves_connects_exports_or_administers_is_on_the_list() -> None:
    """A new action of the guidance has to be added to one side or the other, on purpose."""
    without = {
        "compose", "submit", "send_back", "reject", "withdraw", "publish", "view_post",
        "nominate", "record_completion", "authorise_access", "confirm_training", "open_access", "assign_licence",
        "end_access", "read", "work", "ask_break_glass",
        "apply_for_account", "decide_application", "register_account", "appoint_spoc", "suspend_account",
        "close_account", "pause", "resume", "read_audit", "view_person", "read_acknowledgements",
        "grant_application", "edit_account", "manage_account", "view_account", "review_account", "propose_review",
        "ask_direct_access", "note_rotation",
        "ask_advice", "answer_advice", "read_advice",
        "report_account", "triage_account", "settle_unauthorised", "report_fake", "view_cases", "settle_direct_use",
        "assign_branding", "settle_heard", "contribute", "curate",
    }  # fmt: skip
    listed = guidance().pack.sign_in.step_up.keys()
    assert {"approve", "connect_account", "export_audit", "administer"} <= listed
    assert listed | without >= guidance().policies.keys()
    assert not listed & without
    for action in listed:
        with pytest.raises(ProofNeeded), proved_at(NOW - timedelta(minutes=16)):
            ask_for(action, now=NOW)
        with proved_at(NOW - timedelta(minutes=15)):
            ask_for(action, now=NOW)
        ask_for(action, now=NOW)  # at no page: a command, the clock


# Recovery


@pytest.fixture
def security() -> Person:
    return make.person("Security", unit_key="information-security", roles=("information-security-officer",))


def test_two_people_let_somebody_set_up_their_sign_in_anew(person, administrator, security) -> None:
    with_codes(person)
    old = signed_in(person)
    page = reverse("people:sign-in-of", args=[person.pk])
    first = signed_in(administrator)
    assert first.post(page, {"reason": ""}).status_code == 422
    assert first.post(page, {"reason": "Came to the desk with a warrant card"}).status_code == 302
    assert is_in_now(old), "nothing is different yet"
    assert "another person confirms it" in text_of(
        first.post(reverse("people:confirm-recovery", args=[person.pk]), follow=True)
    )
    done = signed_in(security).post(reverse("people:confirm-recovery", args=[person.pk]))
    code = re.search(r"mercat-code\">([a-z2-9-]{23})<", done.content.decode()).group(1)
    assert not is_in_now(old)
    assert not is_in_now(passphrase_given(person))
    assert not Authenticator.objects.filter(user=person).exists()
    assert code not in text_of(first.get(page))
    assert Notice.objects.filter(person=person, subject__contains="set up anew").count() == 2
    client = Client()
    typed = {"email": person.email, "code": code.upper(), "passphrase": OTHER, "again": OTHER}
    for wrong in ({"code": "aaaaa-bbbbb-ccccc-ddddd"}, {"email": security.email}, {"code": ""}):
        assert client.post("/sign-in/recover/", {**typed, **wrong}).status_code == 422
    assert client.post("/sign-in/recover/", {**typed, "passphrase": "short", "again": "short"}).status_code == 422
    assert client.post("/sign-in/recover/", typed).url == SET_UP
    assert not is_in_now(client), "the second factor is to be set up first"
    assert client.get(SET_UP).status_code == 200
    assert Client().post("/sign-in/recover/", typed).status_code == 422, "once"
    names = [event.what for event in Event.objects.filter(what__startswith="sign_in.").order_by("pk")]
    assert names == ["sign_in.recovery_opened", "sign_in.recovery_confirmed", "sign_in.recovered"]


def test_nobody_recovers_alone_or_for_themselves(person, administrator, security) -> None:
    with pytest.raises(Refused, match="for themselves"):
        recovery.open_(by=administrator, person=administrator, reason="I lost it", now=NOW)
    with pytest.raises(Refused, match="administrator and the Information Security Officer"):
        recovery.open_(by=person, person=security, reason="They asked", now=NOW)
    row = recovery.open_(by=administrator, person=person, reason="Lost", now=NOW)
    with pytest.raises(Impossible, match="another person"):
        recovery.confirm(by=administrator, row=row, now=NOW)
    with pytest.raises(Impossible, match="stands already"):
        recovery.open_(by=security, person=person, reason="Lost", now=NOW)
    mine = recovery.open_(by=administrator, person=security, reason="Lost", now=NOW)
    with pytest.raises(Refused, match="for themselves"):
        recovery.confirm(by=security, row=mine, now=NOW)


def test_a_recovery_is_over_after_a_while(person, administrator, security) -> None:
    row = recovery.open_(by=administrator, person=person, reason="Lost", now=NOW)
    with pytest.raises(Impossible, match="is over"):
        recovery.confirm(by=security, row=row, now=NOW + timedelta(hours=25))
    row = recovery.open_(by=administrator, person=person, reason="Lost again", now=NOW + timedelta(hours=25))
    code = recovery.confirm(by=security, row=row, now=NOW + timedelta(hours=26))
    late = NOW + timedelta(hours=27, minutes=1)
    assert recovery.use(email=person.email, code=code, passphrase=OTHER, now=late) is None
    recovery.call_off(by=security, row=row, now=late)
    row = recovery.open_(by=administrator, person=person, reason="Once more", now=late)
    code = recovery.confirm(by=security, row=row, now=late)
    recovery.call_off(by=administrator, row=row, now=late)
    assert recovery.use(email=person.email, code=code, passphrase=OTHER, now=late) is None


def test_a_recovery_that_waits_opens_nothing(person, administrator) -> None:
    recovery.open_(by=administrator, person=person, reason="Lost", now=NOW)
    assert recovery.use(email=person.email, code="", passphrase=OTHER, now=NOW) is None


def test_codes_of_recovery_are_not_tried_without_end(person) -> None:
    typed = {"email": person.email, "code": "aaaaa-bbbbb-ccccc-ddddd", "passphrase": OTHER, "again": OTHER}
    for _ in range(throttle.LIMITS["sign-in-pair"]):
        assert Client().post("/sign-in/recover/", typed).status_code == 422
    assert Client().post("/sign-in/recover/", typed).status_code == 429


def test_the_database_knows_that_a_recovery_takes_two(person, administrator, security) -> None:
    row = recovery.open_(by=administrator, person=person, reason="Lost", now=NOW)
    for change in (
        "confirmed_at = now(), digest = 'x', confirmed_by_id = opened_by_id",
        "confirmed_at = now(), digest = 'x', confirmed_by_id = person_id",
        "opened_by_id = person_id",
        "confirmed_at = now(), digest = 'x'",
        f"confirmed_at = now(), confirmed_by_id = '{security.pk}'",
        "digest = 'x'",
    ):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE people_recovery SET {change} WHERE id = %s", [row.pk])
    with pytest.raises(IntegrityError), transaction.atomic():
        Recovery.objects.create(person=person, reason="x", opened_at=NOW, opened_by=security, until=NOW)

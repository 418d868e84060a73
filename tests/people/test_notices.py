"""Notices by e-mail, to a real server on loopback: each once, as its person chose, and none lost without a word."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.db import IntegrityError, connection, transaction

from mercat.audit.models import Event
from mercat.people.actions import Impossible, mark_left, settle, tell
from mercat.people.models import MailChoice, MailServer, Notice, Person
from mercat.people.moving import change_details
from mercat.people.notices import mailing
from mercat.people.notices.kinds import AT_ONCE, DAILY, KINDS, MUST, NEVER
from mercat.people.notices.mailing import REST, STALE, WAITS, morning_after, run
from mercat.people.notices.preferences import choose, ways_of
from tests import factories as make
from tests.config.running import free_port
from tests.factories import NOW, TEST
from tests.servers.mail import MailBox, running, use

pytestmark = pytest.mark.django_db

SOON = NOW + timedelta(minutes=2)
SECRET = "The reason that somebody wrote"


@pytest.fixture
def box(settings) -> Iterator[MailBox]:
    settings.MERCAT_BASE_URL = "https://social.body.example"
    with running(settings) as found:
        yield found


@pytest.fixture
def person() -> Person:
    return make.person("Reader")


def told(
    person: Person, subject: str = "A post is held", *, kind: str = "sending", at: datetime = NOW, **about
) -> Notice:
    tell([person], kind=kind, subject=subject, body=SECRET, now=at, **{"link": "/posts/7/", **about})
    return Notice.objects.get(person=person, subject=subject, at=at)


def text_of(message: EmailMessage) -> str:
    return message.get_content().replace("\r\n", "\n")


def again(row: Notice) -> Notice:
    row.refresh_from_db()
    return row


# What a message says


def test_a_notice_is_sent_once(box: MailBox, person: Person) -> None:
    row = told(person)
    for minutes in range(10):
        run(now=NOW + timedelta(minutes=minutes))
    (message,) = box.messages
    assert box.recipients == [person.email]
    assert again(row).mailed_at == NOW
    assert row.mail_due_at is None
    assert message["Subject"] == "A post is held"
    assert message["To"] == person.email
    assert message["From"] == "Mercat <mercat@body.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"] == f"<notice.{row.pk}.20261123120000@social.body.example>"
    assert message.get_content_type() == "text/plain"
    text = text_of(message)
    assert "https://social.body.example/posts/7/" in text
    assert "https://social.body.example/notices/preferences/" in text
    assert text.count("https://") == 2
    assert "Kind: Sending" in text


def test_no_body_and_no_name_of_whoever_did_it_travels_by_e_mail(box: MailBox, person: Person) -> None:
    told(person)
    told(person, "Look", kind="reminders")
    run(now=NOW)
    run(now=morning_after(NOW))
    assert len(box.messages) == 2
    assert not [message for message in box.messages if SECRET in message.as_string()]


@pytest.mark.parametrize("breaks", ["\r\n", "\n", "\r", "\u2028", "\x85", "\x00"])
def test_a_subject_of_several_lines_is_one_header(box: MailBox, person: Person, breaks: str) -> None:
    if breaks == "\x00":  # PostgreSQL keeps none: the letter is written without it nevertheless
        row = Notice(pk=1, person=person, at=NOW, kind="sending", subject="Held\x00Bcc: x@y.example", body="")
        message = mailing.letter([row], daily=False, now=NOW)
        assert message.subject == "Held Bcc: x@y.example"
        return
    told(person, f"Held{breaks}Bcc: thief@elsewhere.example{breaks}{breaks}Read this")
    run(now=NOW)
    (message,) = box.messages
    assert message["Subject"] == "Held Bcc: thief@elsewhere.example Read this"
    assert message["Bcc"] is None
    assert box.recipients == [person.email]


def test_words_of_every_alphabet_arrive(box: MailBox, person: Person) -> None:
    told(person, "Dùn Èideann – “held” 🚓")
    run(now=NOW)
    assert box.messages[0]["Subject"] == "Dùn Èideann – “held” 🚓"
    assert "Dùn Èideann" in text_of(box.messages[0])


@pytest.mark.parametrize(
    "link", ["https://elsewhere.example/", "//elsewhere.example/", "/\\elsewhere.example", "", "/a\nb"]
)
def test_a_message_leads_nowhere_else(box: MailBox, person: Person, link: str) -> None:
    told(person, link=link)
    run(now=NOW)
    text = text_of(box.messages[0])
    assert "Read it: https://social.body.example/notices/\n" in text
    assert "elsewhere" not in text


# Who is told


def test_what_was_read_or_settled_before_is_not_sent(box: MailBox, person: Person) -> None:
    told(person, "Waits", link="/posts/1/")
    told(person, "Read")
    settle(subject="Waits", link="/posts/1/", now=NOW)
    Notice.objects.filter(subject="Read").update(read_at=NOW)
    run(now=NOW)
    assert box.messages == []
    assert not Notice.objects.filter(mail_due_at__isnull=False).exists()
    assert not Notice.objects.exclude(mail_problem="").exists()


def test_whoever_has_left_is_not_written_to(box: MailBox, person: Person) -> None:
    told(person)
    mark_left(by=TEST, person=person, reason="Retired", now=NOW)
    run(now=NOW)
    assert box.messages == []


def test_whoever_has_no_address_is_not_written_to(box: MailBox, person: Person) -> None:
    told(person)
    Person.objects.filter(pk=person.pk).update(email="")
    run(now=NOW)
    assert box.messages == []
    assert box.connections == 0


def test_an_earlier_address_is_told_once_that_it_is_one(box: MailBox, person: Person) -> None:
    earlier = person.email
    choose(by=person, ways={"security": DAILY}, now=NOW)
    change_details(by=TEST, person=person, email="new.name@mercat.example", reason="A new name", now=NOW)
    run(now=NOW)
    run(now=SOON)
    (message,) = box.messages
    assert message["To"] == earlier
    assert message["Subject"] == "Your e-mail address was changed"
    assert "new.name" not in message.as_string()
    run(now=morning_after(NOW))
    assert [each["To"] for each in box.messages[1:]] == ["new.name@mercat.example"]


# As each person chose


@pytest.mark.parametrize(("kind", "way"), [(name, way) for name, kind in KINDS.items() for way in (None, *kind.ways)])
def test_each_way_of_each_kind(box: MailBox, person: Person, kind: str, way: str | None) -> None:
    if way:
        choose(by=person, ways={kind: way}, now=NOW)
    told(person, kind=kind)
    morning = morning_after(NOW)
    counts = []
    for at in (NOW, SOON, morning - timedelta(minutes=1), morning, morning + timedelta(days=1)):
        run(now=at)
        counts.append(len(box.messages))
    expected = {AT_ONCE: [1] * 5, DAILY: [0, 0, 0, 1, 1], NEVER: [0] * 5}
    assert counts == expected[way or KINDS[kind].usual]


def test_a_day_is_one_message_of_all_that_is_unread(box: MailBox, person: Person) -> None:
    other = make.person("Other")
    choose(by=person, ways={"sending": DAILY, "access": DAILY}, now=NOW)
    told(person, "First")
    told(person, "Second", kind="access", at=NOW + timedelta(hours=2))
    told(person, "Third", kind="reminders", at=NOW + timedelta(hours=3))
    told(person, "Read meanwhile")
    told(other, "Of somebody else", kind="reminders")
    Notice.objects.filter(subject="Read meanwhile").update(read_at=NOW)
    run(now=NOW + timedelta(hours=4))
    assert box.messages == []
    morning = morning_after(NOW)
    told(person, "After seven", at=morning + timedelta(seconds=1))
    run(now=morning + timedelta(seconds=5))
    run(now=morning + timedelta(minutes=5))
    assert sorted(box.recipients) == sorted([person.email, other.email])
    mine = next(each for each in box.messages if each["To"] == person.email)
    assert mine["Subject"] == "3 notices since yesterday"
    text = text_of(mine)
    assert [text.index(words) for words in ("First", "Second", "Third")] == sorted(
        map(text.index, ("First", "Second", "Third"))
    )
    assert "https://social.body.example/notices/\n" in text
    assert not any(words in text for words in ("Read meanwhile", "Of somebody else", "After seven"))
    run(now=morning_after(morning))
    assert box.messages[-1]["Subject"] == "1 notice since yesterday"
    assert "After seven" in text_of(box.messages[-1])


def test_a_day_of_very_many_is_still_a_message(box: MailBox, person: Person) -> None:
    for number in range(120):
        told(person, f"Reminder {number}", kind="reminders")
    run(now=morning_after(NOW))
    (message,) = box.messages
    assert message["Subject"] == "120 notices since yesterday"
    assert "and 20 more" in text_of(message)


@pytest.mark.parametrize(
    ("at", "morning"),
    [
        ("2026-11-23T12:00+00:00", "2026-11-24T07:00+00:00"),
        ("2026-11-23T06:59+00:00", "2026-11-23T07:00+00:00"),
        ("2026-11-23T07:00+00:00", "2026-11-24T07:00+00:00"),
        ("2026-07-01T05:59+00:00", "2026-07-01T06:00+00:00"),  # summer time
        ("2026-03-28T12:00+00:00", "2026-03-29T06:00+00:00"),  # the night of 23 hours
        ("2026-10-24T12:00+00:00", "2026-10-25T07:00+00:00"),  # the night of 25 hours
    ],
)
def test_seven_is_seven_in_london(at: str, morning: str) -> None:
    assert morning_after(datetime.fromisoformat(at)).astimezone(UTC) == datetime.fromisoformat(morning)


def test_a_choice_counts_for_what_waits_already(box: MailBox, person: Person) -> None:
    told(person, kind="access")
    choose(by=person, ways={"access": NEVER}, now=NOW)
    run(now=NOW)
    run(now=morning_after(NOW))
    assert box.messages == []


@pytest.mark.parametrize("kind", MUST)
def test_security_and_held_posts_cannot_be_off(person: Person, kind: str) -> None:
    with pytest.raises(Impossible, match="Nothing was changed"):
        choose(by=person, ways={"access": NEVER, kind: NEVER}, now=NOW)
    assert not MailChoice.objects.exists()
    with pytest.raises(IntegrityError, match="security_and_held_posts_are_never_off"), transaction.atomic():
        MailChoice.objects.create(person=person, kind=kind, way=NEVER)


@pytest.mark.parametrize("ways", [{"gossip": DAILY}, {"access": "hourly"}])
def test_what_there_is_not_cannot_be_chosen(person: Person, ways: dict[str, str]) -> None:
    with pytest.raises(Impossible, match="Nothing was changed"):
        choose(by=person, ways=ways, now=NOW)


def test_a_choice_is_recorded_and_ones_own(person: Person) -> None:
    other = make.person()
    assert choose(by=person, ways={"access": NEVER, "sending": AT_ONCE}, now=NOW)
    event = Event.objects.get(what="person.chose_notices")
    assert event.facts == {"access": NEVER}
    assert not choose(by=person, ways={"access": NEVER}, now=NOW)
    assert Event.objects.filter(what="person.chose_notices").count() == 1
    assert ways_of(person)["access"] == NEVER
    assert ways_of(other)["access"] == AT_ONCE


# The rows


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("kind = 'gossip'", "a_notice_is_of_a_known_kind"),
        ("mailed_at = now(), mail_due_at = now()", "a_notice_is_mailed_once"),
        ("mailed_at = now(), mail_due_at = NULL, mail_problem = 'No'", "a_notice_is_mailed_once"),
    ],
)
def test_the_database_keeps_notices_in_order(person: Person, change: str, constraint: str) -> None:
    told(person)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE people_notice SET {change}")


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ("'gossip', 'daily'", "a_choice_is_of_a_known_kind"),
        ("'access', 'hourly'", "a_choice_is_a_known_way"),
        ("'security', 'never'", "security_and_held_posts_are_never_off"),
        ("'access', 'daily'), ((SELECT id FROM people_person), 'access', 'never'", "one_choice_for_a_kind"),
    ],
)
def test_the_database_keeps_choices_in_order(person: Person, values: str, constraint: str) -> None:
    insert = f"INSERT INTO people_mailchoice (person_id, kind, way) VALUES ((SELECT id FROM people_person), {values})"
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(insert)


def test_there_is_one_server() -> None:
    with pytest.raises(IntegrityError, match="there_is_one_server_for_mail"), transaction.atomic():
        MailServer.objects.create(pk=2, silent_since=NOW, again_at=NOW, problem="No")


# What servers do


def test_an_address_that_is_refused_is_given_up_with_the_reason(box: MailBox, person: Person) -> None:
    other = make.person()
    box.answers[person.email] = ["550 5.1.1 No such mailbox"]
    refused, taken = told(person), told(other)
    for minutes in range(0, 120, 10):
        run(now=NOW + timedelta(minutes=minutes))
    assert box.recipients == [other.email]
    assert again(taken).mailed_at
    assert again(refused).not_mailed == "The address was refused: 550 5.1.1 No such mailbox"
    assert refused.mail_tries == 1
    assert not MailServer.objects.exists()


def test_a_message_that_is_refused_is_given_up(box: MailBox, person: Person) -> None:
    box.data_answers = ["554 5.7.1 Not wanted here"]
    row = told(person)
    run(now=NOW)
    run(now=SOON)
    assert box.messages == []
    assert again(row).not_mailed == "The message was refused: 554 5.7.1 Not wanted here"


def test_what_is_not_taken_now_is_tried_again_with_longer_waits(box: MailBox, person: Person) -> None:
    box.answers[person.email] = ["450 4.2.1 Busy"] * 2
    row = told(person)
    run(now=NOW)
    assert again(row).mail_due_at == NOW + WAITS[0]
    run(now=NOW + WAITS[0] - timedelta(seconds=1))
    run(now=NOW + WAITS[0])
    assert again(row).mail_due_at == NOW + WAITS[0] + WAITS[1]
    assert row.not_mailed == ""
    run(now=NOW + WAITS[0] + WAITS[1])
    assert again(row).mailed_at
    assert row.mail_problem == ""
    assert row.mail_tries == 3
    assert len(box.messages) == 1


def test_what_is_never_taken_is_given_up_and_says_so(box: MailBox, person: Person) -> None:
    box.answers[person.email] = ["450 4.2.1 Busy"] * 20
    row, at = told(person), NOW
    for _ in range(20):
        run(now=at)
        at = again(row).mail_due_at or at + timedelta(minutes=1)
    assert row.mail_tries == len(WAITS) + 1
    assert row.not_mailed == "The address was refused: 450 4.2.1 Busy"
    assert at - NOW < STALE


def test_one_that_is_tried_again_keeps_no_other_waiting(box: MailBox, person: Person) -> None:
    box.answers[person.email] = ["450 4.2.1 Busy"]
    other = make.person()
    told(person)
    told(other)
    run(now=NOW)
    assert box.recipients == [other.email]


@pytest.mark.parametrize("where", ["answers", "data_answers", "sender_answers"])
def test_a_server_that_closes_is_left_alone_for_a_minute(box: MailBox, person: Person, where: str) -> None:
    refusal = ["421 4.3.2 Closing down"]
    setattr(box, where, {person.email: refusal} if where == "answers" else refusal)
    row, other = told(person), told(make.person())
    run(now=NOW)
    assert box.messages == []
    assert "421" in MailServer.objects.get().problem
    assert again(other).mail_tries == 0
    run(now=NOW + REST - timedelta(seconds=1))
    assert box.messages == []
    run(now=NOW + REST)
    assert len(box.messages) == 2
    assert again(row).mailed_at
    assert not MailServer.objects.exists()


def test_a_server_killed_in_the_middle_of_a_message_gets_it_again(box: MailBox, person: Person) -> None:
    box.dies_in_data = 1
    row = told(person)
    run(now=NOW)
    assert box.messages == []
    assert "broke off" in again(row).mail_problem
    run(now=SOON)
    assert len(box.messages) == 1
    assert again(row).mailed_at


def test_a_repeat_is_known_by_its_id(box: MailBox, person: Person) -> None:
    """The message was taken, and the answer got lost: nobody can know, so it is sent again under the same id."""
    box.loses_the_answer = 1
    told(person)
    told(person, "Reminder", kind="reminders")
    run(now=NOW)
    run(now=SOON)
    first, second = box.messages
    assert first["Message-ID"] == second["Message-ID"]
    box.loses_the_answer = 1
    run(now=morning_after(NOW))
    run(now=morning_after(NOW) + timedelta(minutes=2))
    assert len({message["Message-ID"] for message in box.messages}) == 2
    assert len(box.messages) == 4


def test_a_server_that_is_away_loses_nothing_and_is_asked_once_a_minute(settings, person: Person, monkeypatch) -> None:
    port, opened = free_port(), []
    use(settings, port)
    ready = mailing.Postman.ready
    monkeypatch.setattr(mailing.Postman, "ready", lambda self: (opened.append(1), ready(self)))
    rows = [told(person, f"Number {n}") for n in range(5)]
    for seconds in range(0, 121, 10):
        run(now=NOW + timedelta(seconds=seconds))
    assert len(opened) == 3
    assert "cannot be reached" in MailServer.objects.get().problem
    assert MailServer.objects.get().silent_since == NOW
    box = MailBox(port)
    box.start()
    try:
        run(now=NOW + timedelta(minutes=5))
    finally:
        box.stop()
    assert len(box.messages) == 5
    assert all(again(row).mailed_at for row in rows)


def test_a_server_that_is_away_too_long_is_said_to_each(settings, person: Person) -> None:
    use(settings, free_port())
    row, other = told(person), told(person, "Another")
    run(now=NOW)
    run(now=NOW + STALE + timedelta(minutes=1))
    assert "cannot be reached" in again(row).not_mailed
    assert "cannot be reached" in again(other).not_mailed


def test_a_sender_that_is_not_taken_is_no_fault_of_the_message(box: MailBox, person: Person) -> None:
    box.sender_answers = ["553 5.7.1 Not your address"]
    row = told(person)
    run(now=NOW)
    assert "553" in MailServer.objects.get().problem
    assert again(row).not_mailed == ""
    run(now=SOON)
    assert again(row).mailed_at


@pytest.mark.parametrize("address", ["nobody@", "nobody", "x@y\nBcc: z@y.example", "åsa@mercat.example"])
def test_an_address_that_cannot_be_written_to_holds_nobody_up(box: MailBox, person: Person, address: str) -> None:
    Person.objects.filter(pk=person.pk).update(email=address)
    box.answers[address] = ["550 No"]
    row, other = told(person), make.person()
    told(other)
    run(now=NOW)
    assert box.recipients == [other.email]
    assert again(row).not_mailed
    assert not MailServer.objects.exists()


def test_a_hundred_go_over_one_connection(box: MailBox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mercat.people.notices.mailing.A_ROUND", 600.0)  # however slow the machine is
    people = [make.person() for _ in range(10)]
    for number in range(10):
        tell(people, kind="sending", subject=f"Number {number}", body="", now=NOW)
    run(now=NOW)
    assert len(box.messages) == 100
    assert box.connections == 1
    assert len({message["Message-ID"] for message in box.messages}) == 100


def test_what_is_old_is_no_flood_when_e_mail_is_switched_on(settings, person: Person) -> None:
    old, young = told(person, "Old"), told(person, "Young", at=NOW + STALE)
    settings.MERCAT_EMAIL = False
    run(now=NOW + timedelta(hours=1))
    with running(settings) as box:
        run(now=NOW + STALE + timedelta(minutes=1))
    assert [message["Subject"] for message in box.messages] == ["Young"]
    assert again(old).not_mailed == ""
    assert old.mail_due_at is None
    assert again(young).mailed_at


def test_without_e_mail_nothing_is_called_and_nothing_piles_up(settings, person: Person) -> None:
    assert settings.MERCAT_EMAIL is False
    MailServer.objects.create(silent_since=NOW, again_at=NOW, problem="Away")
    told(person)
    run(now=NOW)
    run(now=NOW + STALE + timedelta(hours=1))
    assert not Notice.objects.filter(mail_due_at__isnull=False).exists()
    assert not MailServer.objects.exists()


def test_whoever_died_with_a_message_leaves_it_to_the_next(box: MailBox, person: Person, monkeypatch) -> None:
    row = told(person)
    monkeypatch.setattr(mailing, "_send", lambda *_, **__: False)
    run(now=NOW)
    monkeypatch.undo()
    run(now=NOW + timedelta(minutes=1))
    assert box.messages == []
    run(now=again(row).mail_due_at)
    assert len(box.messages) == 1


@pytest.mark.django_db(transaction=True)
def test_two_at_once_send_each_once(box: MailBox) -> None:
    people = [make.person() for _ in range(10)]
    for number in range(4):
        tell(people, kind="sending", subject=f"Number {number}", body="", now=NOW)
        tell(people, kind="reminders", subject=f"Reminder {number}", body="", now=NOW)

    def send(_: int) -> None:
        try:
            run(now=morning_after(NOW))
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(send, range(3)))
    run(now=morning_after(NOW))
    assert len(box.messages) == 50
    assert len({message["Message-ID"] for message in box.messages}) == 50
    assert sum("4 notices" in message["Subject"] for message in box.messages) == 10


# Encryption


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(datetime.now(UTC) - timedelta(days=1))
    made = made.not_valid_after(datetime.now(UTC) + timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
    encoded = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path / "server.pem"
    path.write_bytes(encoded + made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return path


def _asks_for_a_password(certificate: Path) -> dict[str, object]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)

    def check(server, session, envelope, mechanism, data) -> AuthResult:
        right = isinstance(data, LoginPassword) and (data.login, data.password) == (b"mercat", b"hush")
        return AuthResult(success=right, handled=right, message=None if right else "535 5.7.8 No, not hush")

    return {"tls_context": context, "require_starttls": True, "auth_required": True, "authenticator": check}


@pytest.mark.parametrize(
    ("trusted", "password", "problem"),
    [(True, "hush", ""), (False, "hush", "SSLCertVerificationError"), (True, "wrong", "was refused (535)")],
)
def test_the_server_is_known_by_its_certificate_and_we_by_a_password(
    settings, person: Person, certificate: Path, monkeypatch, trusted: bool, password: str, problem: str
) -> None:
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    row = told(person)
    with running(settings, **_asks_for_a_password(certificate)) as box:
        settings.EMAIL_USE_TLS = True
        settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "mercat", password
        run(now=NOW)
    assert len(box.messages) == (0 if problem else 1)
    assert problem in again(row).mail_problem
    assert "hush" not in row.mail_problem


def test_nothing_goes_in_the_clear_where_encryption_was_asked_for(settings, person: Person) -> None:
    with running(settings) as box:
        settings.EMAIL_USE_TLS = True
        row = told(person)
        run(now=NOW)
    assert box.messages == []
    assert "cannot be reached" in again(row).mail_problem

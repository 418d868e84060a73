import json
from datetime import timedelta

import pytest
from click.testing import CliRunner
from django.db import connection
from PIL import Image

from mercat.audit.models import Event
from mercat.delivery.models import Consignment
from mercat.people.signing_in.throttle import LIMITS
from mercat.posts.cli import post
from mercat.posts.models import Post
from tests import factories as make
from tests.pages import passphrase_alone  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("passphrase_alone")]

WORDS = "castle river lantern"


@pytest.fixture
def run():
    def run(*arguments, by, passphrase=WORDS, **kwargs):
        return CliRunner().invoke(
            post, [*arguments, "--as", by.email, "--json"], env={"MERCAT_PASSPHRASE": passphrase}, **kwargs
        )

    return run


@pytest.fixture
def now(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: make.NOW)


@pytest.fixture
def account(now):
    return make.account("Dundee")


@pytest.fixture
def author():
    return make.authorised("Author", passphrase=WORDS)


@pytest.fixture
def spoc(account):
    spoc = make.spoc_of(account)
    make.people.set_passphrase(by=make.TEST, person=spoc, passphrase=WORDS, now=make.NOW)
    return spoc


def test_the_whole_path(run, account, author, spoc, tmp_path):
    Image.new("RGB", (40, 30), "navy").save(tmp_path / "road.png")
    composed = run(
        "compose", "--text", "Road closed.", "--to", "Dundee", "--pillar", "warning",
        "--picture", str(tmp_path / "road.png"), "--alt", "A closed road", by=author,
    )  # fmt: skip
    told = json.loads(composed.output)
    assert (told["state"], told["digest"]) == ("draft", None)
    told = json.loads(run("submit", told["id"], by=author).output)
    assert told["state"] == "submitted"
    refused = run("approve", told["id"], "--digest", told["digest"], by=author)
    assert refused.exit_code == 3
    assert Consignment.objects.count() == 0
    told = json.loads(run("approve", told["id"], "--digest", told["digest"], by=spoc).output)
    assert told["state"] == "approved"
    assert told["consignments"][0]["state"] == "ready"
    assert json.loads(run("status", told["id"], by=spoc).output) == told


def test_a_wrong_passphrase_is_nobody(run, account, author):
    answer = run("compose", "--text", "x", "--to", "Dundee", "--pillar", "warning", by=author, passphrase="wrong")
    assert answer.exit_code == 1
    assert "do not belong together" in answer.output
    assert not Post.objects.exists()


def test_signing_in_is_recorded(run, account, author):
    run("compose", "--text", "x", "--to", "Dundee", "--pillar", "warning", by=author)
    event = Event.objects.get(what="person.signed_in")
    assert (event.actor, event.facts) == (author.audit_ref, {"how": "command line"})


def test_wrong_passphrases_are_recorded_and_after_too_many_even_the_right_one_waits(run, account, author):
    arguments = ["compose", "--text", "x", "--to", "Dundee", "--pillar", "warning"]
    for _ in range(LIMITS["sign-in-pair"]):
        run(*arguments, by=author, passphrase="wrong")
    assert Event.objects.filter(what="person.sign_in_failed", about__contains=[author.audit_ref]).count() == 5
    answer = run(*arguments, by=author)
    assert answer.exit_code == 1
    assert "Wait 15 minutes" in answer.output
    assert not Post.objects.exists()


def test_demonstration_people_are_nobody_where_other_machines_can_ask(run, account, author, settings):
    author.number = "demo-author"
    author.save()
    settings.MERCAT_LOOPBACK = False
    answer = run("compose", "--text", "x", "--to", "Dundee", "--pillar", "warning", by=author)
    assert "do not belong together" in answer.output


def test_the_passphrase_is_asked_for_and_never_an_argument(author, account, monkeypatch):
    monkeypatch.delenv("MERCAT_PASSPHRASE", raising=False)
    arguments = ["compose", "--text", "x", "--to", "Dundee", "--pillar", "warning", "--as", author.email]
    assert CliRunner().invoke(post, [*arguments, "--passphrase", WORDS]).exit_code == 2
    asked = CliRunner().invoke(post, arguments, input=f"{WORDS}\n")
    assert asked.exit_code == 0, asked.output
    assert WORDS not in asked.output


def test_a_refusal_names_every_clause_and_who_can_put_it_right(run, account):
    stranger = make.person("Stranger", unit_key="edinburgh", passphrase=WORDS)
    answer = run("compose", "--text", "x", "--to", "Dundee", "--pillar", "warning", by=stranger)
    assert answer.exit_code == 3
    (refusals,) = json.loads(answer.stderr)["accounts"].values()
    assert {"2.3", "5.3", "5.6"} <= {each["clause"] for each in refusals}
    assert all(each["remedy"] and each["owner"] for each in refusals)
    assert not Post.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--to", "Nowhere"], "no account"),
        (["--to", "Dundee", "--picture", "notes.txt"], "not a picture"),
        (["--to", "Dundee", "--picture", "fake.png"], "not a picture"),
    ],
)
def test_bad_input_keeps_nothing(run, account, author, tmp_path, monkeypatch, arguments, says):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "fake.png").write_bytes(b"not at all")
    answer = run("compose", "--text", "x", "--pillar", "warning", *arguments, by=author)
    assert answer.exit_code == 3
    assert says in answer.stderr
    assert not Post.objects.exists()


def test_a_hundred_thousand_characters_are_refused_in_words(run, account, author):
    kept = run("compose", "--text", "-", "--to", "Dundee", "--pillar", "warning", by=author, input="x" * 100_000)
    told = json.loads(kept.output)
    refused = run("submit", told["id"], by=author)
    assert refused.exit_code == 3
    assert "300" in refused.stderr
    too_long = run("compose", "--text", "-", "--to", "Dundee", "--pillar", "warning", by=author, input="x" * 100_001)
    assert too_long.exit_code == 3
    assert "100,001" in too_long.stderr


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("53100", "The database's disk is full. Nothing of the post was changed."),
        ("57P01", "The database stopped answering."),
    ],
)
def test_a_database_that_fails_is_told_in_a_sentence(run, account, author, code, says):
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ "
            f"BEGIN RAISE EXCEPTION 'No.' USING ERRCODE = '{code}'; END $$;"
            "CREATE TRIGGER fail BEFORE INSERT ON posts_post FOR EACH ROW EXECUTE FUNCTION fail()"
        )
    answer = run("compose", "--text", "x", "--to", "Dundee", "--pillar", "warning", by=author)
    assert (answer.exit_code, says in answer.stderr) == (1, True)
    assert not Post.objects.exists()


@pytest.mark.parametrize("refused", [{"pillar": "gossip"}, {"text": "x" * 301}, {"text": " "}])
def test_what_is_refused_on_submitting_leaves_no_draft_behind(run, account, author, refused):
    said = {"text": "x", "pillar": "warning", **refused}
    arguments = ["compose", "--text", said["text"], "--to", "Dundee", "--pillar", said["pillar"], "--submit"]
    answer = run(*arguments, by=author)
    assert answer.exit_code == 3
    assert "is kept" not in answer.stderr
    assert not Post.objects.exists()
    assert not Event.objects.filter(what="post.composed").exists()


@pytest.mark.parametrize(
    ("due", "says"),
    [
        ("2027-03-28T01:30", "1:30am does not happen on 28 March 2027"),
        ("2027-10-31T01:30", "1:30am happens twice on 31 October 2027"),
        ("2001-01-01T09:00", "is past"),
    ],
)
def test_a_time_that_cannot_be_used_is_refused_in_the_words_of_the_page(run, account, author, due, says):
    answer = run("compose", "--text", "x", "--to", "Dundee", "--pillar", "warning", "--due", due, by=author)
    assert answer.exit_code == 3
    assert says in json.loads(answer.stderr)["message"]
    assert not Post.objects.exists()


def test_a_due_time_is_londons(run, account, author):
    arguments = ["compose", "--text", "x", "--to", "Dundee", "--pillar", "warning"]
    assert run(*arguments, "--due", "2027-07-01T09:00", by=author).exit_code == 0
    assert Post.objects.get().draft["due_at"].startswith("2027-07-01T08:00")


def test_an_approval_after_its_time_says_that_it_goes_out_now(account, author, spoc, monkeypatch):
    later = make.NOW + timedelta(hours=1)
    row = make.submitted(author, account, due_at=later)
    monkeypatch.setattr("django.utils.timezone.now", lambda: later)
    arguments = ["approve", str(row.pk), "--digest", row.current.digest, "--as", spoc.email]
    answer = CliRunner().invoke(post, arguments, env={"MERCAT_PASSPHRASE": WORDS})
    assert (answer.exit_code, "Its time had passed, so it goes out now." in answer.output) == (0, True)


def test_text_that_is_not_utf8_is_refused_in_words(run, account, author):
    answer = run("compose", "--text", "-", "--to", "Dundee", "--pillar", "warning", by=author, input=b"caf\xe9")
    assert answer.exit_code == 2
    assert "not UTF-8" in answer.stderr
    assert not Post.objects.exists()


@pytest.mark.parametrize("command", [["status"], ["submit"], ["approve", "--digest", "0"]])
def test_a_post_of_another_division_is_not_shown_or_touched(run, account, author, command):
    post = make.submitted(author, account)
    stranger = make.authorised("Stranger", unit_key="edinburgh", passphrase=WORDS)
    answer = run(command[0], str(post.pk), *command[1:], by=stranger)
    assert answer.exit_code == 3
    assert "that you may see" in answer.stderr


def test_an_account_is_named_so_that_only_one_can_be_meant(run, account, author):
    make.account("Dundee", network="mastodon")
    answer = run("compose", "--text", "x", "--to", "Dundee", "--pillar", "warning", by=author)
    assert answer.exit_code == 3
    assert "More than one account" in answer.stderr
    for name in (account.handle, str(account.pk)):
        assert run("compose", "--text", "x", "--to", name, "--pillar", "warning", by=author).exit_code == 0


def test_a_pillar_that_the_body_does_not_have_is_refused_with_those_it_has(run, account, author, spoc):
    answer = run("compose", "--text", "x", "--to", "Dundee", "--pillar", "nope", by=author)
    assert answer.exit_code == 3
    assert "trust, warning, engagement" in json.loads(answer.output)["message"]
    assert not Post.objects.exists()


def test_a_digest_of_no_version_is_told_apart_from_a_change(run, account, author, spoc):
    written = make.submitted(author, account)
    answer = run("approve", str(written.pk), "--digest", written.current.digest[:12], by=spoc)
    assert "Give all 64 characters" in json.loads(answer.output)["message"]


def test_a_post_that_is_out_is_corrected(run, now, author):
    account = make.account("Dundee toots", network="mastodon")
    spoc = make.spoc_of(account)
    out = make.approved(author, spoc, account)
    seen = {"native_id": "n1", "url": "https://network.example/n1", "sent_at": make.NOW, "read_back_at": make.NOW}
    Consignment.objects.update(state="sent", first_sent_at=make.NOW, **seen)
    words = ("--text", "The road is open.", "--wording", "mastodon", "Open.")
    told = run("correct", str(out.pk), *words, "--submit", by=author)
    row = Post.objects.get(corrects=out)
    assert (told.exit_code, json.loads(told.output)["id"], row.state) == (0, str(row.pk), "submitted")
    assert (row.draft["text"], row.draft["variants"]) == ("The road is open.", {"mastodon": "Open."})
    same = run("correct", str(out.pk), "--text", "Road closed at the bridge.", "--submit", by=author)
    assert (same.exit_code, "the words that stand already" in same.output) == (3, True)
    assert out.corrections.count() == 1, "what is refused leaves no draft behind"

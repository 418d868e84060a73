"""What the record says of accounts for ever: keys, ids and kinds. Names and free words stay outside the leaf."""

from __future__ import annotations

import pytest

from mercat.audit.models import Event
from mercat.networks.port import Identity
from mercat.people.models import Person
from mercat.register import actions
from tests import factories as make
from tests.factories import NOW, TEST

pytestmark = pytest.mark.django_db

NAME, HANDLE = "Chief Superintendent Byname", "byname.police.example"
WORDS = {
    "purpose": "So that Byname is heard",
    "justification": "Byname asked for it",
    "reasons": "Byname is trusted",
    "suspended": "Byname is on leave",
    "reinstated": "Byname is back",
}
IDENTITY = Identity("did:plc:one", HANDLE, f"https://network.example/{HANDLE}", "https://network.example", {}, {})


@pytest.fixture
def individual(db: None) -> Person:
    """The holder of an account that went from application to suspension and back."""
    holder = make.person(NAME, rank="chief-superintendent")
    application = actions.apply_for_account(
        by=make.authorised("An applicant"),
        network="bluesky",
        kind="individual",
        unit=make.unit(),
        name=NAME,
        purpose=WORDS["purpose"],
        justification=WORDS["justification"],
        holder=holder,
        now=NOW,
    )
    slot = actions.decide_application(by=TEST, application=application, grant=True, reasons=WORDS["reasons"], now=NOW)
    account = actions.register_account(by=TEST, slot=slot, name=NAME, now=NOW)
    actions.connect_account(by=TEST, account=account, identity=IDENTITY, now=NOW)
    actions.suspend_account(by=TEST, account=account, reason=WORDS["suspended"], now=NOW)
    actions.reinstate_account(by=TEST, account=account, reason=WORDS["reinstated"], now=NOW)
    return holder


def test_names_and_free_words_are_outside_the_leaf(individual: Person) -> None:
    leaves = b"".join(bytes(event.leaf) for event in Event.objects.all())
    for words in (NAME, HANDLE, "Byname", "byname"):
        assert words.encode() not in leaves


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("application.made", {"name": NAME, "purpose": WORDS["purpose"], "justification": WORDS["justification"]}),
        ("application.granted", {"reasons": WORDS["reasons"]}),
        ("account.registered", {"name": NAME}),
        ("account.connected", {"handle": HANDLE}),
        ("account.suspended", {"reason": WORDS["suspended"]}),
        ("account.reinstated", {"reason": WORDS["reinstated"]}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_they_are_kept_where_they_can_be_erased(individual: Person, what: str, words: dict[str, str]) -> None:
    assert Event.objects.get(what=what).personal.data == words

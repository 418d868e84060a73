"""Advice on an account's page."""

from __future__ import annotations

import pytest
from django.urls import reverse

from mercat.people.advice import actions
from mercat.people.models import Person
from mercat.register.models import Account
from tests import factories as make
from tests.factories import NOW
from tests.pages import at_noon, queries_of, signed_in, text_of  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]


@pytest.fixture
def account() -> Account:
    return make.account("Dundee")


@pytest.fixture
def contact(account: Account) -> Person:
    return make.spoc_of(account, "Contact")


@pytest.fixture
def adviser() -> Person:
    return make.person("Adviser", unit_key="corporate-communications", roles=("corporate-communications",))


def page(account: Account) -> str:
    return reverse("register:account", args=[account.pk])


def asked(by: Person, account: Account, subject: str = "Which name?"):
    return actions.ask(by=by, subject=subject, text="May it be shorter?", about=account.audit_ref, now=NOW)


def test_an_answer_stays_with_its_account(account: Account, contact: Person, adviser: Person) -> None:
    client = signed_in(contact)
    before = client.get(page(account))
    assert "Nothing was asked about it" in text_of(before)
    form = f"{reverse('people:advice-new')}?about={account.audit_ref}"
    assert f'href="{form.replace("account:", "account%3A")}"' in before.content.decode()
    assert "About Dundee" in text_of(client.get(form))
    assert client.post(form, {"subject": "Which name?", "text": "May it be shorter?"}).status_code == 302
    actions.answer(by=adviser, thread=contact.advice_threads.get(), text="Keep the division in it.", now=NOW)
    commander = make.person("Commander", unit_roles=("divisional-commander",))
    for who in (contact, commander, adviser):
        said = text_of(signed_in(who).get(page(account)))
        assert "Which name? Answered" in said
        assert "Keep the division in it." in said


def test_any_account_can_be_asked_about_and_what_others_asked_is_not_shown(account: Account, contact: Person) -> None:
    """The register is open to everybody; the inner life of an account is not (clause 5.6)."""
    asked(contact, account, "Between us")
    elsewhere = make.person("Elsewhere", unit_key="edinburgh", unit_roles=("divisional-commander",))
    client = signed_in(elsewhere)
    assert "Between us" not in text_of(client.get(page(account)))
    assert "Between us" not in text_of(client.get(reverse("people:advice"), {"about": account.audit_ref}))
    asked(elsewhere, account, "May we borrow it?")
    said = text_of(client.get(page(account)))
    assert "May we borrow it?" in said
    assert "Between us" not in said


def test_many_threads_cost_the_page_no_more(account: Account, contact: Person) -> None:
    client = signed_in(contact)
    asked(contact, account)
    few = queries_of(client, page(account))
    for number in range(8):
        asked(contact, account, f"Question {number}")
    assert queries_of(client, page(account)) == few

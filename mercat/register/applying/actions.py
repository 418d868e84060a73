"""Every write about an application before it is decided: its draft, its sending, its questions, its withdrawal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction

from mercat.audit.actions import record
from mercat.guidance import facts
from mercat.people.actions import Impossible, settle, tell
from mercat.people.gate import By, person_or_none, require
from mercat.people.models import Person, Unit
from mercat.register.actions import can_be_asked_for
from mercat.register.facts import application_facts
from mercat.register.models import Application, Question

# What a draft holds; `needed` is what must be said before it is sent, in the words of the form.
WRITTEN = ("name", "purpose", "justification", "audience", "existing", "languages", "plan", "contact", "review_on")
NEEDED = {
    "name": "what the account is to be called",
    "purpose": "what it is for",
    "audience": "whom it is to reach",
    "existing": "why an account that exists will not do",
    "contact": "who will run it",
    "languages": "in which languages it speaks",
    "plan": "what is to be said there, and how often",
}
ASKED = "You are asked about your application"
ANSWERED = "Your question about an application is answered"


def outline(*, network: str, kind: str, unit: Unit, holder: Person | None, applicant: Person) -> Application:
    return Application(network=network, kind=kind, unit=unit, holder=holder, applicant=applicant)


def as_if_justified(application: Application) -> facts.Application:
    """The facts of something not written yet: that its reasons are still to come is not held against it."""
    return replace(application_facts(application), justified=True)


@transaction.atomic
def begin(*, by: Person, network: str, kind: str, unit: Unit, holder: Person | None, now: datetime) -> Application:
    """Begin an application. The guidance answers at once whether this person can have an account of this kind."""
    can_be_asked_for(network, kind)
    application = outline(network=network, kind=kind, unit=unit, holder=holder, applicant=by)
    application.begun_at = now
    require(by, "apply_for_account", as_if_justified(application), now=now)
    application.save(force_insert=True)
    about = [application.audit_ref]
    facts_ = {"network": network, "kind": kind, "unit": unit.pk}
    record(by=by, what="application.begun", about=about, facts=facts_, now=now)
    return application


@transaction.atomic
def save_draft(*, by: Person, application: Application, words: Mapping[str, Any], now: datetime) -> Application:
    """Keep what is written so far (the fields of `WRITTEN`, and `kind`), and nothing of it is sent."""
    application = _own_draft(by, application)
    if "kind" in words:
        can_be_asked_for(application.network, words["kind"])
        application.kind = words["kind"]
    for name in WRITTEN:
        if name in words:
            setattr(application, name, words[name])
    require(by, "apply_for_account", as_if_justified(application), now=now)
    application.save()
    return application


@transaction.atomic
def send(*, by: Person, application: Application, now: datetime) -> None:
    """Apply: from here on its words stay as they are, and its decision is waited for."""
    application = _own_draft(by, application)
    missing = [said for name, said in NEEDED.items() if not getattr(application, name)]
    if missing:
        raise Impossible(f"Say {', '.join(missing)}. Nothing was sent; what you wrote is kept.")
    require(by, "apply_for_account", application_facts(application), now=now)
    application.applied_at = now
    application.save(update_fields=["applied_at"])
    record(
        by=by,
        what="application.made",
        about=[application.audit_ref],
        facts={"network": application.network, "kind": application.kind, "unit": application.unit_id},
        personal={name: str(getattr(application, name)) for name in (*NEEDED, "justification") if name != "contact"},
        now=now,
    )


@transaction.atomic
def withdraw(*, by: Person, application: Application, now: datetime) -> None:
    """Take it back, or give a draft up. It stays on record."""
    application = _locked(application)
    if application.applicant != by:
        raise Impossible("An application is withdrawn by whoever made it. Nothing was changed.")
    require(by, "work", facts.Body(), now=now)
    _waits(application)
    application.withdrawn_at = now
    application.save(update_fields=["withdrawn_at"])
    record(by=by, what="application.withdrawn", about=[application.audit_ref], now=now)


@transaction.atomic
def ask_applicant(*, by: By, application: Application, question: str, now: datetime) -> Question:
    """Send it back for more: it waits for the applicant's answer. What was applied for stays as it is."""
    application = _locked(application)
    require(by, "decide_application", application_facts(application), now=now)
    _waits(application)
    if application.applied_at is None:
        raise Impossible("This has not been applied for yet. Nothing was asked.")
    row = _said(by, application, question, is_answer=False, now=now)
    if application.applicant and application.applicant.is_active:
        tell(
            [application.applicant],
            kind="accounts",
            subject=ASKED,
            body=question[:1000],
            link=link_to(application),
            now=now,
        )
    return row


@transaction.atomic
def answer(*, by: Person, application: Application, text: str, now: datetime) -> Question:
    application = _locked(application)
    if application.applicant != by:
        raise Impossible("The question is for whoever applied. Nothing was saved.")
    require(by, "work", facts.Body(), now=now)
    _waits(application)
    asked = application.questions.last()
    if asked is None or asked.is_answer:
        raise Impossible("No question waits for an answer. Nothing was saved.")
    row = _said(by, application, text, is_answer=True, now=now)
    settle(subject=ASKED, link=link_to(application), now=now)
    if asked.by and asked.by.is_active:
        body = f"{application.name}: {text}"[:1000]
        tell([asked.by], kind="accounts", subject=ANSWERED, body=body, link=link_to(application), now=now)
    return row


def link_to(application: Application) -> str:
    return f"/register/applications/{application.pk}/"


def _said(by: By, application: Application, text: str, *, is_answer: bool, now: datetime) -> Question:
    if not text.strip():
        raise Impossible("Write it down first. Nothing was saved.")
    row = Question.objects.create(
        application=application, at=now, by=person_or_none(by), is_answer=is_answer, text=text
    )
    what = "application.answered" if is_answer else "application.asked_about"
    record(by=by, what=what, about=[application.audit_ref], personal={"text": text}, now=now)
    return row


def _locked(application: Application) -> Application:
    rows = Application.objects.select_for_update(of=("self",)).select_related("holder", "applicant", "contact", "unit")
    return rows.get(pk=application.pk)


def _own_draft(by: Person, application: Application) -> Application:
    application = _locked(application)
    if application.applicant != by:
        raise Impossible("A draft is its author’s alone. Nothing was changed.")
    _waits(application)
    if application.applied_at:
        raise Impossible("This has been applied for, and stays as it is. Nothing was changed.")
    return application


def _waits(application: Application) -> None:
    if application.decision:
        raise Impossible("This application has been decided already. Nothing was changed.")
    if application.withdrawn_at:
        raise Impossible("This application was withdrawn. Nothing was changed.")

"""Asking, answering, closing and opening again. Nothing that was said is ever changed."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from mercat.audit.actions import record
from mercat.people.actions import Impossible, settle, tell
from mercat.people.advice.things import find
from mercat.people.facts import person_facts
from mercat.people.gate import require
from mercat.people.models import AdviceMessage, AdviceThread, Notice, Person
from mercat.people.models.advice import LONGEST_SUBJECT, LONGEST_TEXT
from mercat.people.pack import guidance
from mercat.people.queries import holding
from mercat.people.words import tidy

QUESTION = "Advice: a question waits for you"
ANSWER = "Advice: your question is answered"
CLOSED = "Advice: your question is closed"
REOPENED = "Advice: your question is open again"
MOST_WAITING = 20  # of one person: nobody floods the team, and its mailboxes
TO_ASKER = (ANSWER, CLOSED, REOPENED)

Kind, State = AdviceMessage.Kind, AdviceThread.State


@transaction.atomic
def ask(*, by: Person, subject: str, text: str, about: str = "", now: datetime) -> AdviceThread:
    """Open a thread about a thing that this person sees, or, with an empty `about`, about nothing in particular."""
    require(by, "ask_advice", by, now=now)
    subject = tidy(subject, longest=LONGEST_SUBJECT, lines=False)
    if not subject:
        raise Impossible("Say in a few words what you ask about. Nothing was asked.")
    if about and find(person_facts(by, now=now), about, now=now) is None:
        raise Impossible("What you ask about is not there. Nothing was asked.")
    if AdviceThread.objects.filter(asker=by, state=AdviceThread.State.WAITING).count() >= MOST_WAITING:
        raise Impossible(f"{MOST_WAITING} questions of yours wait already. Nothing was asked. Ask in one of them.")
    thread = AdviceThread.objects.create(
        about=about, subject=subject, asker=by, asked_at=now, since=now, changed_at=now
    )
    _say(by, thread, Kind.QUESTION, text, what="advice.asked", personal={"subject": subject}, now=now)
    _tell_team(by, thread, now=now)
    return thread


@transaction.atomic
def ask_further(*, by: Person, thread: AdviceThread, text: str, now: datetime) -> None:
    thread = _held(thread)
    require(by, "ask_advice", thread.asker, now=now)
    _is_open(thread)
    _say(by, thread, Kind.QUESTION, text, what="advice.asked_further", now=now)
    _settle(thread, *TO_ASKER, now=now)
    _tell_team(by, thread, now=now)


@transaction.atomic
def answer(*, by: Person, thread: AdviceThread, text: str, now: datetime) -> None:
    """By the team (clause 9.1), as often as needed; never to one's own question."""
    thread = _held(thread)
    require(by, "answer_advice", thread.asker, now=now)
    _is_open(thread)
    _say(by, thread, Kind.ANSWER, text, what="advice.answered", now=now)
    _settle(thread, QUESTION, *TO_ASKER, now=now)
    _tell_asker(by, thread, ANSWER, now=now)


@transaction.atomic
def close(*, by: Person, thread: AdviceThread, text: str, now: datetime) -> None:
    """With a reason, by whoever asked or by the team."""
    thread = _held(thread)
    _carries_on(by, thread, now=now)
    _is_open(thread)
    _say(by, thread, Kind.CLOSED, text, what="advice.closed", now=now)
    _settle(thread, QUESTION, *TO_ASKER, now=now)
    _tell_asker(by, thread, CLOSED, now=now)


@transaction.atomic
def reopen(*, by: Person, thread: AdviceThread, text: str, now: datetime) -> None:
    """With a reason, by whoever asked or by the team. It waits for an answer again."""
    thread = _held(thread)
    _carries_on(by, thread, now=now)
    if thread.state != State.CLOSED:
        raise Impossible("This thread is open already. Nothing was changed.")
    _say(by, thread, Kind.REOPENED, text, what="advice.reopened", now=now)
    _settle(thread, *TO_ASKER, now=now)
    _tell_asker(by, thread, REOPENED, now=now)
    _tell_team(by, thread, now=now)


def _held(thread: AdviceThread) -> AdviceThread:
    """The thread as it is now, and nobody else's until the end of the transaction."""
    return AdviceThread.objects.select_for_update(of=("self",)).select_related("asker").get(pk=thread.pk)


def _carries_on(by: Person, thread: AdviceThread, *, now: datetime) -> None:
    require(by, "ask_advice" if by == thread.asker else "answer_advice", thread.asker, now=now)


def _is_open(thread: AdviceThread) -> None:
    if thread.state == State.CLOSED:
        raise Impossible("This thread is closed. Nothing was added. Open it again, then write.")


def _say(
    by: Person,
    thread: AdviceThread,
    kind: str,
    text: str,
    *,
    what: str,
    personal: dict[str, str] | None = None,
    now: datetime,
) -> None:
    text = tidy(text, longest=LONGEST_TEXT)
    if not text:
        raise Impossible("Nothing was written, and nothing was changed. Write something first.")
    AdviceMessage.objects.create(thread=thread, kind=kind, by=by, at=now, text=text)
    about = [thread.audit_ref, *filter(None, [thread.about]), thread.asker.audit_ref]
    record(by=by, what=what, about=about, personal={**(personal or {}), "text": text}, now=now)


def _settle(thread: AdviceThread, *subjects: str, now: datetime) -> None:
    for subject in subjects:
        settle(subject=subject, link=thread.path, now=now)


def _tell_asker(by: Person, thread: AdviceThread, subject: str, *, now: datetime) -> None:
    if by != thread.asker and thread.asker.is_active:
        tell(
            [thread.asker], kind="advice", subject=subject, body=f"By {by}: {thread.subject}", link=thread.path, now=now
        )


def _tell_team(by: Person, thread: AdviceThread, *, now: datetime) -> None:
    """Once for a question, however often it is asked before somebody answers."""
    request = {"subject": QUESTION, "link": thread.path}
    if not Notice.objects.filter(**request, read_at=None).exists():
        others = [each for each in team() if each != by]
        tell(others, kind="advice", body=f"{thread.asker} asks: {thread.subject}", **request, now=now)


def team() -> list[Person]:
    """Whom the pack lets give advice."""
    return list(holding(guidance().pack.advice.by))

"""The ready report: what is handed to a platform about a fake account, by that platform's own procedure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.utils import timezone

from mercat.people.pack import guidance
from mercat.register.models import Account
from mercat.watch.models import Case, CaseNote

SHORT = 1_000  # characters: what the most sparing network, Mastodon, takes
LEAST = 80  # characters of something that are worth being cut to


def ready_report(case: Case, official: Iterable[Account], *, register_url: str) -> str:
    """In plain words, to be copied. `official`: the body's own accounts on that network."""
    return "\n\n".join(_parts(case, list(official), register_url))


def brief_report(case: Case, *, register_url: str) -> str:
    """What a network's own interface is handed: the same in few words, with as much of what was seen as fits."""
    body = guidance().pack.body.name
    parts = [f"We are {body}. This account pretends to be ours, and is not: {case.address}"]
    last = f"All our accounts are listed at {register_url}"
    for part in _brief(case):
        if len(part) <= _room([*parts, last]):
            parts.append(part)
    seen, room = " ".join(_seen(case).split()), _room([*parts, last])
    if len(seen) > room:
        seen = f"{seen[: room - 1].rstrip()}…" if room >= LEAST else ""
    return "\n".join(part for part in [*parts, seen, last] if part)


def _room(parts: list[str]) -> int:
    """Characters that are left beside these, for one more line."""
    return SHORT - len("\n".join(parts)) - 1


def _brief(case: Case) -> Iterator[str]:
    if case.false_words:
        yield "It says what is false as if we had said it."
    if case.imitates:
        yield f"It pretends to be {case.imitates.name}: {case.imitates.url}"


def _seen(case: Case) -> str:
    """What speaks for the answers, as it was last said."""
    triaged = case.notes.filter(kind=CaseNote.Kind.TRIAGED).last()
    return triaged.words if triaged else ""


def _parts(case: Case, official: list[Account], register_url: str) -> Iterator[str]:
    body = guidance().pack.body.name
    yield f"We are {body}, and report an account that pretends to be ours:\n{case.address}"
    seen = timezone.localtime(case.found_at)
    yield f"It is not ours. It uses our name or branding without our leave. We saw it on {seen:%-d %B %Y}."
    if case.false_words:
        yield "It says what is false as if we had said it."
    if seen := _seen(case):
        yield seen
    if own := _own(case, official):
        yield own
    yield f"All accounts of ours are listed at {register_url}, where anybody can check an address."
    yield f"Please take it down, and tell us what you did.\n{body}"


def _own(case: Case, official: list[Account]) -> str:
    """What is said of our own accounts: nothing, where it is not known which platform this is."""
    imitated = [case.imitates] if case.imitates else official if case.network else []
    if imitated:
        return "Our own:\n" + "\n".join(f"{each.name}: {each.url}" for each in imitated)
    return "We have no account on your platform." if case.network else ""

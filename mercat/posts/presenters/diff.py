"""What changed between two versions, word by word where it is text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import takewhile
from typing import Any

from markupsafe import Markup, escape

WORDS = re.compile(r"\s+|\w+|[^\w\s]")
LINES = re.compile(r"[^\n]*\n|[^\n]+")
TAKEN_OUT = Markup('<del><span class="govuk-visually-hidden">taken out: </span>%s</del>')
PUT_IN = Markup('<ins><span class="govuk-visually-hidden">put in: </span>%s</ins>')
# Between two texts' common beginning and end. Comparing grows with the cube where nearly all differs: beyond this many
# words lines are compared, beyond this many lines the one is shown whole for the other.
MOST_TOKENS = 400


@dataclass(frozen=True, slots=True)
class Change:
    """One part that differs: what it is, and the difference as HTML with <ins> and <del>."""

    label: str
    html: Markup


def changes(old: Mapping[str, Any], new: Mapping[str, Any], names: Mapping[str, str]) -> list[Change]:
    """Everything that differs between two canonical contents. `names`: accounts, networks and pillars by key."""
    found = [("Text", words(old["text"], new["text"]))]
    for network in dict.fromkeys([*old["variants"], *new["variants"]]):
        before, after = old["variants"].get(network, ""), new["variants"].get(network, "")
        found.append((f"Wording for {names.get(network, network)}", words(before, after)))
    found += [
        ("Pictures and video", _listed(_media(old), _media(new))),
        ("Captions", words(*(_captions(each) for each in (old, new)))),
        ("Made or altered by a machine", _swapped(*(_yes(each.get("synthetic", False)) for each in (old, new)))),
        ("Title of the document", _swapped(*(each.get("document") or "none" for each in (old, new)))),
        ("A story", _swapped(*(_yes(each.get("story", False)) for each in (old, new)))),
        ("Accounts", _listed(_named(old["targets"], names), _named(new["targets"], names))),
        ("Pillar", _swapped(*(_named([each["pillar"]], names)[0] for each in (old, new)))),
        ("Language", _swapped(old["language"], new["language"])),
        ("Goes out", _swapped(*(each["due"] or "as soon as it is approved" for each in (old, new)))),
        ("Live broadcast", _swapped(*(each.get("begins") or "none" for each in (old, new)))),
        ("Emergency warning", _swapped(*(_yes(each["warning"]) for each in (old, new)))),
    ]
    return [Change(label, html) for label, html in found if html is not None]


def words(old: str, new: str) -> Markup | None:
    """The new text with what was taken out and put in; None where nothing changed."""
    if old == new:
        return None
    return Markup("").join(_piece(*piece) for piece in _pieces(old, new))


def beside(old: str, new: str) -> tuple[Markup, Markup]:
    """The old text with what was taken out marked, and the new one with what was put in."""
    pieces = _pieces(old, new)
    before = (_piece(op, gone, gone if op == "equal" else "") for op, gone, _ in pieces)
    after = (_piece(op, "", come) for op, _, come in pieces)
    return Markup("").join(before), Markup("").join(after)


def _pieces(old: str, new: str) -> list[tuple[str, str, str]]:
    """What follows upon what: whether it is equal, and how it stands in each."""
    for shape in (WORDS, LINES):
        head, before, after, tail = _apart(shape.findall(old), shape.findall(new))
        if max(len(before), len(after)) <= MOST_TOKENS:
            return [("equal", head, head), *_compared(before, after), ("equal", tail, tail)]
    return [("equal", head, head), ("replace", "".join(before), "".join(after)), ("equal", tail, tail)]


def _apart(old: list[str], new: list[str]) -> tuple[str, list[str], list[str], str]:
    """The common beginning, what lies between in each, and the common end."""
    head = _shared(old, new)
    old, new, beginning = old[head:], new[head:], old[:head]
    tail = _shared(old[::-1], new[::-1])
    ends = len(old) - tail
    return "".join(beginning), old[:ends], new[: len(new) - tail], "".join(old[ends:])


def _shared(old: list[str], new: list[str]) -> int:
    """How many tokens both begin with."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))


def _compared(before: list[str], after: list[str]) -> list[tuple[str, str, str]]:
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    return [(op, "".join(before[a:b]), "".join(after[c:d])) for op, a, b, c, d in matcher.get_opcodes()]


def _piece(op: str, gone: str, come: str) -> Markup:
    if op == "equal":
        return escape(come)
    return (TAKEN_OUT % gone if gone else Markup("")) + (PUT_IN % come if come else Markup(""))


def _swapped(old: str, new: str) -> Markup | None:
    return None if old == new else _piece("replace", old, new)


def _listed(old: list[str], new: list[str]) -> Markup | None:
    """Lists as lines: an item that only moved counts as a change of its line too."""
    return words("\n".join(old), "\n".join(new))


def _media(contents: Mapping[str, Any]) -> list[str]:
    return [f"{_kind(n, each)} ({each['sha256'][:8]}): {each['alt']}" for n, each in enumerate(contents["media"], 1)]


def _kind(number: int, entry: Mapping[str, Any]) -> str:
    return "Video" if entry.get("kind") == "video" else f"Picture {number}"


def _captions(contents: Mapping[str, Any]) -> str:
    return "".join(each.get("captions", "") for each in contents["media"])


def _yes(said: bool) -> str:
    return "yes" if said else "no"


def _named(keys: list[str], names: Mapping[str, str]) -> list[str]:
    return [names.get(key, key) for key in keys]

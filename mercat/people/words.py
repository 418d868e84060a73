"""What people may write to each other: nothing that is not seen, and nothing that turns other words around."""

from __future__ import annotations

import unicodedata

from mercat.people.actions import Impossible

BREAKS = "\n\t"
JOINERS = "\u200c\u200d"  # letters of some scripts, and emoji, are not whole without


def tidy(text: str, *, longest: int, lines: bool = True) -> str:
    """The text as it is kept: composed, without blanks around it. `lines`: it may have several.

    Raises Impossible for what is too long, and for characters that are not seen or turn others around: nobody is to
    read anything but what stands there.
    """
    said = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if any(_misleads(each) for each in said if not (lines and each in BREAKS)):
        raise Impossible("This holds a character that is not seen, or turns others around. Write it without.")
    if len(said) > longest:
        raise Impossible(f"Shorten this to at most {longest:,} characters. It has {len(said):,}.")
    return said


def needed(text: str, missing: str, *, longest: int = 2000, lines: bool = True) -> str:
    """The tidy text. Raises Impossible, with `missing` where there is none."""
    text = tidy(text, longest=longest, lines=lines)
    if not text:
        raise Impossible(missing)
    return text


def shown(text: str, *, longest: int) -> str:
    """What strangers wrote, in one line, as it can be kept and read here: cut, and without what is not seen or turns
    others around."""
    whole = unicodedata.normalize("NFC", text.encode(errors="replace").decode())
    seen = "".join(" " if each in BREAKS else each for each in whole if each in BREAKS or not _misleads(each))
    return " ".join(seen.split())[:longest].rstrip()


def _misleads(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and character not in JOINERS

"""What a name looks like to somebody who does not look twice: two names of one look share a skeleton.

After the idea of Unicode's TR 39, for the alphabets in which names are forged most. It decides nothing by itself: what
is not in the register is not official, whatever it looks like.
"""

from __future__ import annotations

import unicodedata

# Letters that look like another after compatibility decomposition and case folding: odd ones, and what they look like.
_SAME = (
    ("авсеԁһіјӏкмноԛрѕтухԝүґгԍьпі", "abcedhlllkmhoqpstyxwyrrgbnl"),  # Cyrillic
    ("αβεγηικμνορτυχω", "abeynlkmvoptuxw"),  # Greek
    ("օոսցհզաք", "onughqwp"),  # Armenian
    ("ıɑɡłøđħŧʟɪʀɴɢʏʜʙ", "laglodhtllrngyhb"),  # Latin that does not decompose
    ("0135$|!i", "olesslll"),  # figures and signs
)
_IGNORED = "_-.·"  # what divides names without being read
_MAP: dict[int, str | None] = {
    ord(odd): plain for odds, plains in _SAME for odd, plain in zip(odds, plains, strict=True)
}
_MAP |= dict.fromkeys(map(ord, _IGNORED))


def skeleton(name: str) -> str:
    """What is left of `name` when everything is folded together that is easily taken for one another."""
    apart = unicodedata.normalize("NFKD", name).casefold()
    shown = "".join(letter for letter in apart if unicodedata.category(letter) not in {"Mn", "Cf"})
    return shown.translate(_MAP).replace("rn", "m").replace("vv", "w")

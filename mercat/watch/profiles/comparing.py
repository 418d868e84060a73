"""What an account shows beside what it has to show: each difference by its kind, with what was found."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from unicodedata import normalize

from mercat.networks import registry
from mercat.people.pack import guidance
from mercat.register.flags import missing_numbers
from mercat.register.models import Account
from mercat.watch.models import Branding, MessagesOff, Part, ProfileFinding, ProfileLook, RightPicture
from mercat.watch.models.profiles import PICTURES

MESSAGES_COUNT = timedelta(days=365)  # that somebody said they are switched off
TRIES_TOLD = 3  # looks that failed in a row before people are told
SHOWS_NONE = "It shows none."

Kind = ProfileFinding.Kind
CHANGED = {Part.AVATAR: Kind.AVATAR, Part.BANNER: Kind.BANNER}
NOT_SAID = {Part.AVATAR: Kind.AVATAR_UNSURE, Part.BANNER: Kind.BANNER_UNSURE}
# Of which part of a profile each kind is; the others are not put right by putting something back.
PART_OF = {
    Kind.NAME: Part.NAME,
    Kind.BIO: Part.BIO,
    Kind.NUMBERS: Part.BIO,
    Kind.AVATAR: Part.AVATAR,
    Kind.AVATAR_UNSURE: Part.AVATAR,
    Kind.BANNER: Part.BANNER,
    Kind.BANNER_UNSURE: Part.BANNER,
}


def branding_of(account: Account) -> Branding | None:
    """The one that counts."""
    return Branding.objects.filter(account=account).select_related("avatar", "banner", "assigned_by").last()


def settable(account: Account) -> frozenset[str]:
    """The parts of its profile that its network lets a programme set."""
    profiler = registry.get(account.network).profiler if registry.known(account.network) else None
    return profiler.settable if profiler else frozenset()


def due_numbers(bio: str) -> list[str]:
    """The numbers that the pack's own words for bios name, and this bio does not (clause 3.4)."""
    not_named = missing_numbers(guidance().pack.body.words.get("bio", ""))
    return [number for number in missing_numbers(bio) if number not in not_named]


def differences(account: Account, look: ProfileLook, *, now: datetime) -> dict[Kind, str]:
    """Everything about the account that is not as it should be, as it was last seen."""
    found: dict[Kind, str] = {}
    branding = branding_of(account)
    if look.read_at:
        found.update(_of_words(look, branding))
    if look.read_at and branding:
        found.update(_of_pictures(account, look, branding))
    if look.tries >= TRIES_TOLD:
        found[Kind.UNREAD] = look.trouble
    last = MessagesOff.objects.filter(account=account).last()
    if last is None or last.at <= now - MESSAGES_COUNT:
        found[Kind.MESSAGES] = ""
    return found


def is_right(account: Account, look: ProfileLook, branding: Branding, part: Part) -> bool:
    """Whether the network shows an assigned picture as we give it, or as it was last said to be right."""
    picture = getattr(branding, part.value)
    digest = getattr(look, part.value)
    right = right_picture(account, branding, part)
    if right is not None and digest == right.digest:
        return True
    return registry.known(account.network) and digest == picture.for_network(account.network).sha256


def right_picture(account: Account, branding: Branding, part: Part) -> RightPicture | None:
    rows = RightPicture.objects.filter(account=account, part=part, picture=getattr(branding, f"{part.value}_id"))
    return rows.last()


def _of_words(look: ProfileLook, branding: Branding | None) -> Iterator[tuple[Kind, str]]:
    if branding and plain(look.name) != plain(branding.name):
        yield Kind.NAME, look.name
    if branding and plain(look.bio) != plain(branding.bio):
        yield Kind.BIO, look.bio
    if missing := due_numbers(look.bio):
        yield Kind.NUMBERS, ", ".join(missing)


def _of_pictures(account: Account, look: ProfileLook, branding: Branding) -> Iterator[tuple[Kind, str]]:
    for part in PICTURES:
        if getattr(branding, part.value) is None:
            continue
        if not getattr(look, f"{part.value}_told"):
            if part.value in settable(account):  # else its network may just not tell
                yield CHANGED[part], SHOWS_NONE
        elif getattr(look, part.value) and not is_right(account, look, branding, part):
            known = right_picture(account, branding, part) is not None
            yield (CHANGED if known else NOT_SAID)[part], ""


def plain(text: str) -> str:
    """Networks trim and break lines as they like."""
    return " ".join(normalize("NFC", text).split())

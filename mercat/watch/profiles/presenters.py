"""Profiles in words: how each stands, what is amiss, and its history."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.timezone import localtime

from mercat.networks import registry
from mercat.register.history import Happening
from mercat.register.models import Account, Connection
from mercat.watch.models import Branding, MessagesOff, Part, ProfileChange, ProfileFinding, ProfileLook
from mercat.watch.models.profiles import PICTURES
from mercat.watch.profiles import states
from mercat.watch.profiles.comparing import MESSAGES_COUNT, PART_OF, SHOWS_NONE, is_right, right_picture, settable

Kind = ProfileFinding.Kind
TITLES = {
    Kind.NAME: "Its name is another than the assigned one",
    Kind.BIO: "Its bio is another than the assigned one",
    Kind.NUMBERS: "Its bio does not name the numbers to call",
    Kind.AVATAR: "Its picture was changed",
    Kind.BANNER: "Its banner was changed",
    Kind.AVATAR_UNSURE: "Nobody has said that its picture is right",
    Kind.BANNER_UNSURE: "Nobody has said that its banner is right",
    Kind.UNREAD: "It could not be looked at",
    Kind.MESSAGES: "Nobody has said within a year that direct messages are switched off",
}
NOT_TOLD = "Its network does not tell. Look there yourself."
NOT_READ = "Not looked at yet"


@dataclass(frozen=True, slots=True)
class Standing:
    """How an account stands, in a few words."""

    title: str
    colour: str


@dataclass(frozen=True, slots=True)
class Amiss:
    """One thing that is amiss, with how it is put right."""

    title: str
    said: str
    since: datetime
    remedy: str


@dataclass(frozen=True, slots=True)
class Beside:
    """One part of a profile: what is assigned beside what is shown. `picture`: whether it is one, and assigned;
    `to_say`: the digest of a picture that somebody has to say is right, ""."""

    part: Part
    assigned: str
    shown: str
    picture: bool
    to_say: str


def standing(account: Account) -> Standing:
    """An account of `queries`."""
    if account.findings:
        count = len(account.findings)
        return Standing("1 thing amiss" if count == 1 else f"{count} things amiss", "red")
    if not is_connected(account):
        return Standing("Not connected", "grey")
    if look_of(account) is None:
        return Standing(NOT_READ, "grey")
    if not account.assigned:
        return Standing("Nothing assigned", "yellow")
    if not is_told(account):
        return Standing("Not told by its network", "yellow")
    return Standing("As assigned", "green")


def is_connected(account: Account) -> bool:
    connection = getattr(account, "connection", None)
    return connection is not None and connection.state == Connection.State.WORKING


def look_of(account: Account) -> ProfileLook | None:
    return getattr(account, "profile_look", None)


def is_told(account: Account) -> bool:
    """Whether its network tells a programme what it shows."""
    return registry.known(account.network) and registry.get(account.network).profiler is not None


def amiss(account: Account) -> list[Amiss]:
    return [
        Amiss(TITLES[Kind(each.kind)], each.said, each.found_at, _remedy(account, Kind(each.kind)))
        for each in account.findings
    ]


def _remedy(account: Account, kind: Kind) -> str:
    if kind == Kind.MESSAGES:
        return "Look on the network that nobody can write to it, then say so below."
    if kind == Kind.UNREAD:
        return "It is tried again every hour. Look at the account on its network, and at its connection."
    if kind in {Kind.AVATAR_UNSURE, Kind.BANNER_UNSURE}:
        return "Look at it on the network. If it is the assigned one, say so below; else it is put back."
    if kind == Kind.NUMBERS and not account.assigned:
        return "Assign a bio that names them."
    if PART_OF[kind].value in settable(account):
        return "It can be put back from here."
    return "Its network lets no programme set this: change it there by hand."


def parts(account: Account, branding: Branding | None) -> list[Beside]:
    look = look_of(account)
    words = [_words(look, branding, part) for part in Part if part not in PICTURES]
    return [*words, *(_picture(account, look, branding, part) for part in PICTURES)]


def _words(look: ProfileLook | None, branding: Branding | None, part: Part) -> Beside:
    said = getattr(look, part.value) if look and look.read_at else NOT_READ
    return Beside(part, getattr(branding, part.value) if branding else "", said or SHOWS_NONE, False, "")


def _picture(account: Account, look: ProfileLook | None, branding: Branding | None, part: Part) -> Beside:
    assigned = branding is not None and getattr(branding, part.value) is not None
    if look is None or not look.read_at:
        return Beside(part, "", NOT_READ, assigned, "")
    digest = getattr(look, part.value)
    if not getattr(look, f"{part.value}_told"):
        said = SHOWS_NONE if part.value in settable(account) else NOT_TOLD
    elif not digest:
        said = "It could not be fetched."
    elif not assigned or branding is None:
        said = "It shows one."
    elif is_right(account, look, branding, part):
        said = "As assigned."
    elif right_picture(account, branding, part):
        said = "Another one than was last known to be right."
    else:
        said = "Not compared yet: networks make pictures anew, so somebody has to look once."
    to_say = digest if said.startswith(("Another", "Not compared")) else ""
    return Beside(part, "", said, assigned, to_say)


def messages(account: Account, *, now: datetime) -> str:
    last = MessagesOff.objects.filter(account=account).select_related("by").last()
    if last is None:
        return "Nobody has said so yet."
    until = last.at + MESSAGES_COUNT
    counts = f"{'counts' if until > now else 'counted'} until {localtime(until):%-d %B %Y}"
    return f"{last.by} said on {localtime(last.at):%-d %B %Y} that they are switched off, which {counts}."


def happenings(brandings: Sequence[Branding], changes: Sequence[ProfileChange]) -> list[Happening]:
    """The newest first."""
    return sorted(_happenings(brandings, changes), key=lambda each: each.at)[::-1]


def _happenings(brandings: Sequence[Branding], changes: Sequence[ProfileChange]) -> Iterator[Happening]:
    for row in brandings:
        yield Happening(row.assigned_at, "Assigned", f"{row.name}: {row.bio}", row.assigned_by.name)
    for row in changes:
        title = f"{row.get_part_display()}: {states.STATES[row.state].lower()}"
        yield Happening(row.ended_at or row.asked_at, title, row.said, row.asked_by.name)

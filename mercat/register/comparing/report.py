"""Hootsuite's members and profiles beside the people and accounts that stand here. Reads only; nothing is changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from mercat.guidance import facts
from mercat.guidance.gate import may
from mercat.people.devices.here import situation
from mercat.people.facts import people_facts
from mercat.people.gate import By, require
from mercat.people.models import Person
from mercat.people.pack import guidance
from mercat.people.presenters import role_name
from mercat.register.comparing.files import Contents, Fault, Member, Profile
from mercat.register.models import Account
from mercat.register.presenters import state_of, title_of
from mercat.register.public.book import keys_of

# Types of Hootsuite's social profiles, by the network that they are on. Another type stands for a network of that name.
NETWORKS = {
    "TWITTER": "x",
    "FACEBOOK": "facebook",
    "FACEBOOKPAGE": "facebook",
    "FACEBOOKGROUP": "facebook",
    "INSTAGRAM": "instagram",
    "INSTAGRAMBUSINESS": "instagram",
    "LINKEDIN": "linkedin",
    "LINKEDINCOMPANY": "linkedin",
    "THREADS": "threads",
    "YOUTUBE": "youtube",
    "YOUTUBECHANNEL": "youtube",
    "TIKTOKBUSINESS": "tiktok",
}
# Where Hootsuite's name of a profile is its one name on the network. Elsewhere it is what anybody may call themselves.
NAMED = {"instagram", "threads", "tiktok"}
THROUGH = "hootsuite"  # accounts that are published to through it have its own numbers

UNKNOWN, LEFT, UNLICENSED, LICENSED = "Not on the list of people", "Has left", "No licence", "Licensed"
OFFICIAL, CLOSED, MISSING = "Official", "Closed here", "Not on the register"
COLOURS = {UNKNOWN: "red", LEFT: "red", UNLICENSED: "yellow", LICENSED: "green"}
COLOURS |= {OFFICIAL: "green", CLOSED: "red", MISSING: "red"}
OFFICER = "information-security-officer"

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class MemberLine:
    member: Member
    person: Person | None
    state: str


@dataclass(frozen=True, slots=True)
class ProfileLine:
    """`standing`: how the account stands here. `unnumbered`: accounts of that network without a number here."""

    profile: Profile
    network: str
    account: Account | None
    state: str
    standing: str = ""
    unnumbered: int = 0


@dataclass(frozen=True, slots=True)
class Comparison:
    word: str
    members: tuple[MemberLine, ...]
    profiles: tuple[ProfileLine, ...]
    faults: tuple[Fault, ...]

    @property
    def member_counts(self) -> Counter[str]:
        return Counter(each.state for each in self.members)

    @property
    def profile_counts(self) -> Counter[str]:
        return Counter(each.state for each in self.profiles)


def allow(by: By, *, now: datetime) -> None:
    """Raise `Refused` unless people and accounts of the whole body are open to `by`, not those of one unit alone."""
    for action, about in _anywhere():
        require(by, action, about, now=now)


def is_open_to(viewer: facts.Person, *, now: datetime) -> bool:
    around = situation(now=now)
    return all(may(guidance(), action, viewer, about, around) for action, about in _anywhere())


def _anywhere() -> list[tuple[str, facts.Resource]]:
    """What is looked at, in no unit that anybody answers for alone."""
    anywhere, tier = facts.Unit(id="anywhere"), guidance().pack.tiers[0].key
    account = facts.Account(id="any", network="any", tier=tier, unit=anywhere, status=Account.Status.ACTIVE)
    return [("view_account", account), ("view_person", facts.Person(id="anybody", unit=anywhere))]


def compare(contents: Contents, *, now: datetime) -> Comparison:
    return Comparison(
        contents.word, tuple(_members(contents.members, now)), tuple(_profiles(contents.profiles)), contents.faults
    )


def told_to() -> str:
    """Whom accounts outside the structure are reported to, in this body."""
    officer = role_name(OFFICER)
    return f"the {officer}" if officer != OFFICER else "those who keep the register"


def _members(members: Iterable[Member], now: datetime) -> Iterator[MemberLine]:
    members = list(members)
    people = {row.email.lower(): row for row in Person.objects.filter(email__in=[each.email for each in members])}
    standing = people_facts([row.pk for row in people.values()], now=now)
    for each in members:
        person = people.get(each.email)
        yield MemberLine(each, person, _standing(person, standing))


def _standing(person: Person | None, standing: dict[str, facts.Person]) -> str:
    if person is None:
        return UNKNOWN
    if not person.is_active:
        return LEFT
    return LICENSED if standing[str(person.pk)].licensed else UNLICENSED


def _profiles(profiles: Iterable[Profile]) -> Iterator[ProfileLine]:
    rows = list(Account.objects.select_related("connection", "unit").order_by("registered_at"))
    # Open accounts last: of two that were known by the same key, the open one counts.
    rows.sort(key=lambda row: row.status != Account.Status.CLOSED)
    known = {key: row for row in rows for key in _keys_of_account(row)}
    unnumbered = Counter(row.network for row in rows if row.status != Account.Status.CLOSED and not row.native_id)
    for each in profiles:
        network = NETWORKS.get(each.type, each.type.lower())
        account = next((known[key] for key in _keys_of_profile(each, network) if key in known), None)
        if account is None:
            yield ProfileLine(each, network, None, MISSING, unnumbered=unnumbered[network])
            continue
        state = CLOSED if account.status == Account.Status.CLOSED else OFFICIAL
        yield ProfileLine(each, network, account, state, title_of(account, state_of(account)))


def _keys_of_account(row: Account) -> Iterator[Key]:
    if row.native_id:
        yield row.network, f"id:{row.native_id}"
    listed = {"network": row.network, "address": row.url, "handle": row.handle, "network_id": row.native_id}
    yield from keys_of(listed)


def _keys_of_profile(profile: Profile, network: str) -> Iterator[Key]:
    if profile.id:
        yield THROUGH, f"id:{profile.id}"
    if profile.network_id:
        yield network, f"id:{profile.network_id}"
    if profile.username and network in NAMED:
        yield from keys_of({"network": network, "address": "", "handle": profile.username, "network_id": ""})

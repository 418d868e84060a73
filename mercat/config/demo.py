"""Demonstration people, named by their roles, and their accounts on the stand-in networks. Never with live accounts."""

from __future__ import annotations

from dataclasses import dataclass

PASSPHRASE = "thistle harbour lantern"  # noqa: S105 - everybody's, in demonstrations only
DOMAIN = "mercat.example"


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody to sign in as. `roles` are held everywhere, `unit_roles` in their own unit; `joined`: may post."""

    login: str
    name: str
    unit: str
    rank: str
    employment: str = "officer"
    roles: tuple[str, ...] = ()
    unit_roles: tuple[str, ...] = ()
    joined: bool = True

    @property
    def email(self) -> str:
        return f"{self.login}@{DOMAIN}"


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """An account granted by application and connected to a stand-in. `spoc` is a login; empty: none is appointed."""

    network: str
    tier: str
    unit: str
    name: str
    handle: str
    spoc: str = ""


PEOPLE = (
    DemoPerson("local.officer", "Local Officer, Tayside", "tayside", "constable"),
    DemoPerson("spoc", "Single Point of Contact, Tayside", "tayside", "sergeant", unit_roles=("spoc",)),
    DemoPerson(
        "commander", "Divisional Commander, Tayside", "tayside", "chief-superintendent",
        unit_roles=("divisional-commander",),
    ),
    DemoPerson("local.officer.edinburgh", "Local Officer, Edinburgh", "edinburgh", "constable"),
    DemoPerson("spoc.edinburgh", "Single Point of Contact, Edinburgh", "edinburgh", "sergeant", unit_roles=("spoc",)),
    DemoPerson(
        "communications", "Communications Officer", "corporate-communications", "staff", "staff",
        roles=("corporate-communications",),
    ),
    DemoPerson(
        "communications.duty", "Communications Duty Officer", "corporate-communications", "supervisor", "staff",
        roles=("corporate-communications",),
    ),
    DemoPerson(
        "head.communications", "Head of Communications Specialist Services", "corporate-communications",
        "head-of-service", "staff", roles=("head-of-communications-specialist-services", "corporate-communications"),
    ),
    DemoPerson(
        "trainer", "Social Media Trainer", "corporate-communications", "staff", "staff",
        roles=("social-media-trainer",), joined=False,
    ),
    DemoPerson(
        "iso", "Information Security Officer", "information-security", "manager", "staff",
        roles=("information-security-officer",), joined=False,
    ),
    DemoPerson("ict", "ICT Service Desk", "ict", "staff", "staff", roles=("ict",), joined=False),
    DemoPerson(
        "foi", "Freedom of Information Officer", "information-disclosure", "staff", "staff",
        roles=("foi-officer",), joined=False,
    ),
    DemoPerson("auditor", "Auditor", "information-security", "staff", "staff", roles=("auditor",), joined=False),
    DemoPerson(
        "administrator", "Administrator", "ict", "supervisor", "staff", roles=("administrator",), joined=False
    ),
    DemoPerson("new.officer", "New Officer, Tayside", "tayside", "constable", joined=False),
)  # fmt: skip

ACCOUNTS = (
    DemoAccount("bluesky", "local", "tayside", "Dundee Local Policing", "dundee.police.example", "spoc"),
    DemoAccount("mastodon", "local", "tayside", "Perth Local Policing", "perth", "spoc"),
    DemoAccount("mastodon", "divisional", "tayside", "Tayside Division", "tayside", "spoc"),
    DemoAccount("bluesky", "local", "edinburgh", "Leith Local Policing", "leith.police.example", "spoc.edinburgh"),
    DemoAccount("bluesky", "corporate", "corporate-communications", "The Force", "force.police.example"),
    DemoAccount("mastodon", "corporate", "corporate-communications", "The Force", "force"),
    DemoAccount("x", "corporate", "corporate-communications", "The Force", "the_force"),
    DemoAccount("facebook", "corporate", "corporate-communications", "The Force", "the.force"),
    DemoAccount("instagram", "corporate", "corporate-communications", "The Force", "the.force"),
    DemoAccount("threads", "corporate", "corporate-communications", "The Force", "the.force"),
    DemoAccount("linkedin", "corporate", "corporate-communications", "The Force", "the-force"),
    DemoAccount("youtube", "corporate", "corporate-communications", "The Force", "the.force"),
)

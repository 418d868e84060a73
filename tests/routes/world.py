"""Two divisions that are alike in everything, and one person for each role of the pack."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from mercat.delivery import actions as delivery
from mercat.delivery import states
from mercat.delivery.models import Consignment, Pause
from mercat.people import actions as people
from mercat.people.devices import break_glass
from mercat.people.models import BreakGlass, Notice, Person, RoleGrant
from mercat.people.pack import guidance
from mercat.posts import actions as posts
from mercat.posts.models import Post
from mercat.register import actions as register
from mercat.register.models import Account, Application, Slot
from tests import factories as make
from tests.factories import NOW, TEST

OWN, FOREIGN = "tayside", "edinburgh"

# Where the holders of a role of the whole body work; the others are of the division that is their own.
WORKS_IN = {
    "corporate-communications": "corporate-communications",
    "social-media-trainer": "corporate-communications",
    "head-of-communications-specialist-services": "corporate-communications",
    "information-security-officer": "information-security",
    "ict": "ict",
    "administrator": "ict",
    "foi-officer": "information-disclosure",
    "auditor": "audit",
}
NEWCOMER, OFFICER = "newcomer", "officer"  # who hold no role: one at the start of the path, one at its end


def cast() -> dict[str, Person]:
    """By role: somebody who may post, and holds that role alone; in front, those without any."""
    found = {NEWCOMER: make.person("Newcomer", unit_key=OWN), OFFICER: make.authorised("Officer", unit_key=OWN)}
    for role in guidance().pack.roles:
        row = make.authorised(role.name, unit_key=WORKS_IN.get(role.key, OWN))
        unit = None if role.scope == "body" else row.unit
        people.grant_role(by=TEST, person=row, role=role.key, unit=unit, now=NOW)
        found[role.key] = row
    return found


@dataclass
class Place:
    """A division, with one of everything that an address can be about. Each is made when it is first asked for."""

    unit: str
    author: Person
    comms: Person
    made: dict[str, object] = field(default_factory=dict)

    def _once(self, name: str, make_it: Callable[[], object]) -> object:
        if name not in self.made:
            self.made[name] = make_it()
        return self.made[name]

    @property
    def colleague(self) -> Person:
        return self._once("colleague", lambda: make.authorised(f"Colleague in {self.unit}", unit_key=self.unit))

    @property
    def grant(self) -> RoleGrant:
        """A role that somebody here holds."""
        return self._once(
            "grant", lambda: people.grant_role(by=TEST, person=self.colleague, role="foi-officer", unit=None, now=NOW)
        )

    @property
    def account(self) -> Account:
        return self._once("account", self._account)

    def _account(self) -> Account:
        row = make.account(f"Account of {self.unit}", unit_key=self.unit)
        make.spoc_of(row, f"Contact in {self.unit}")
        return row

    @property
    def suspended(self) -> Account:
        return self._once("suspended", self._suspended)

    def _suspended(self) -> Account:
        row = make.account(f"Suspended in {self.unit}", unit_key=self.unit)
        register.suspend_account(by=TEST, account=row, reason="Tried", now=NOW)
        return row

    @property
    def vacant(self) -> Slot:
        about = {"key": f"vacant-{self.unit}", "network": "bluesky", "tier": "local", "name": f"Vacant in {self.unit}"}
        return self._once("vacant", lambda: Slot.objects.create(unit=make.unit(self.unit), **about))

    @property
    def application(self) -> Application:
        about = {"network": "bluesky", "kind": "local", "name": "New", "purpose": "To warn"}
        return self._once(
            "application",
            lambda: register.apply_for_account(by=self.author, unit=make.unit(self.unit), now=NOW, **about),
        )

    @property
    def draft(self) -> Post:
        return self._once(
            "draft", lambda: posts.compose(by=self.author, draft=make.draft(self.account, text="A draft"), now=NOW)
        )

    @property
    def post(self) -> Post:
        return self._once("post", lambda: make.submitted(self.author, self.account))

    @property
    def approved(self) -> Post:
        return self._once("approved", lambda: make.approved(self.author, self.comms, self.account, text="Approved"))

    def consignment(self, state: str) -> Consignment:
        return self._once(state, lambda: self._consignment(state))

    def _consignment(self, state: str) -> Consignment:
        """One that waits for a person, by whatever brought it there."""
        post = make.approved(self.author, self.comms, self.account, text=f"A post that is {state}")
        row = Consignment.objects.get(post_ref=post.audit_ref)
        hold = Consignment.Hold.GUIDANCE if state == states.HELD else ""
        Consignment.objects.filter(pk=row.pk).update(state=state, hold=hold)
        return row

    @property
    def pause(self) -> Pause:
        about = {"scope": "account", "key": str(self.account.pk), "reason": "Tried"}
        return self._once("pause", lambda: delivery.pause(by=self.comms, now=NOW, **about))

    @property
    def broken_glass(self) -> BreakGlass:
        return self._once("glass", lambda: break_glass.ask(by=self.colleague, reason="The laptop broke", now=NOW))

    @property
    def running_glass(self) -> BreakGlass:
        return self._once("running glass", self._running_glass)

    def _running_glass(self) -> BreakGlass:
        somebody = make.authorised(f"Away in {self.unit}", unit_key=self.unit)
        row = break_glass.ask(by=somebody, reason="The laptop broke", now=NOW)
        BreakGlass.objects.filter(pk=row.pk).update(
            answered_at=NOW, answered_by=self.comms, until=NOW + timedelta(hours=4)
        )
        return row

    def notice(self, viewer: Person) -> Notice:
        """Of whoever looks, where this is their own place; else of somebody there."""
        whose = viewer if self.unit == OWN else self.colleague
        return Notice.objects.create(person=whose, at=NOW, subject="Something", body="Happened")

    def before(self, step: str) -> Person:
        """Somebody for whom this is the next step of the path to posting."""
        return self._once(f"before {step}", lambda: self._before(step))

    def _before(self, step: str) -> Person:
        row = make.person(f"Before {step} in {self.unit}", unit_key=self.unit)
        for name, take in STEPS:
            if name == step:
                break
            take(row)
        return row


def _completion(row: Person) -> None:
    signer, day = make.trainer(), NOW - timedelta(days=1)
    people.record_completion(by=TEST, person=row, trainer=signer, completed_at=day, now=NOW)


def _acknowledge(row: Person) -> None:
    for procedure in guidance().pack.procedures:
        people.acknowledge(by=row, document=procedure.key, now=NOW)


STEPS: list[tuple[str, Callable[[Person], object]]] = [
    ("nominate", lambda row: people.nominate(by=TEST, person=row, now=NOW)),
    ("record_completion", _completion),
    ("acknowledge", _acknowledge),
    ("authorise_access", lambda row: people.authorise(by=TEST, person=row, now=NOW)),
    ("confirm_training", lambda row: people.confirm_training(by=TEST, person=row, reference="REQ-1", now=NOW)),
    ("open_access", lambda row: people.open_access(by=TEST, person=row, now=NOW)),
    ("assign_licence", lambda row: people.assign_licence(by=TEST, person=row, now=NOW)),
    ("end_access", lambda row: None),
]

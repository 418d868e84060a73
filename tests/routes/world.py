"""Two divisions that are alike in everything, and one person for each role of the pack."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import uuid4

from mercat.delivery import actions as delivery
from mercat.delivery import states
from mercat.delivery.models import Consignment, Correction, Pause
from mercat.images.models import Cover, Picture, Video
from mercat.networks.port import FoundAccount
from mercat.people import actions as people
from mercat.people.advice import actions as advice
from mercat.people.api import tokens
from mercat.people.devices import break_glass
from mercat.people.hr import imports
from mercat.people.models import (
    AdviceThread,
    BreakGlass,
    Delivery,
    Endpoint,
    Import,
    Notice,
    Person,
    Recovery,
    RoleGrant,
    Session,
    Token,
)
from mercat.people.pack import guidance
from mercat.people.signing_in import recovery
from mercat.people.webhooks import actions as webhooks
from mercat.posts import actions as posts
from mercat.posts.contents import Draft, DraftVideo
from mercat.posts.contributions import actions as contributions
from mercat.posts.models import Contribution, Post
from mercat.register import actions as register
from mercat.register.applying import actions as applying
from mercat.register.exceptions import actions as exceptions
from mercat.register.hand_overs import actions as hand_overs
from mercat.register.models import Account, Application, DirectAccess, HandOver, Review, Slot
from mercat.register.reviews import actions as reviews
from mercat.register.standing import actions as standing
from mercat.watch.cases import actions as cases
from mercat.watch.cases import states as case_states
from mercat.watch.cases.triage import INSIDE, OUTSIDE, Answers
from mercat.watch.lookalikes import actions as lookalikes
from mercat.watch.models import Case, DirectUse, Heard, LookAlike
from mercat.watch.profiles import actions as profiles
from tests import factories as make
from tests.factories import NOW, TEST
from tests.people.hr.files import as_csv, line

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
BIO = "Call 101, or 999 in an emergency."
UNAUTHORISED = Answers(INSIDE, branding=True, content=True, false_words=False)
FAKE = Answers(OUTSIDE, branding=True, content=False, false_words=True)
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
        name = f"Vacant in {self.unit}"
        return self._once("vacant", lambda: make.slot(f"vacant-{self.unit}", unit_key=self.unit, name=name))

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

    def video(self, viewer: Person) -> Video:
        """Of whoever looks: ready, and not handed in."""
        about = {"upload_size": 5, "slices": 1, "state": "ready", "sha256": "a" * 64}
        row = Video.objects.create(name="boat.mp4", at=NOW, by=viewer, **about)
        Cover.objects.create(video=row, file="cover.jpg", sha256="b" * 64, width=1, height=1, size=1)
        return row

    def contribution_of(self, viewer: Person) -> Contribution:
        """Of whoever looks, where this is their own place; else of somebody there."""
        return self._handed_in(viewer if self.unit == OWN else self.colleague)

    @property
    def contribution(self) -> Contribution:
        return self._once("contribution", lambda: self._handed_in(self.colleague))

    @property
    def shelved(self) -> Contribution:
        return self._once("shelved", self._shelved)

    def _shelved(self) -> Contribution:
        row = self._handed_in(self.colleague)
        contributions.shelve(by=self.comms, row=row, now=NOW)
        return row

    def _handed_in(self, by: Person) -> Contribution:
        about = {"words": "A boat", "place": "A harbour", "taken_on": NOW.date(), "stated": True}
        video = DraftVideo(str(self.video(by).pk))
        return contributions.hand_in(by=by, video=video, now=NOW, **about)

    @property
    def approved(self) -> Post:
        return self._once("approved", lambda: make.approved(self.author, self.comms, self.account, text="Approved"))

    def consignment(self, state: str) -> Consignment:
        return self._once(state, lambda: self._consignment(state))

    def _consignment(self, state: str) -> Consignment:
        """One that waits for a person, by whatever brought it there; or is out."""
        post = make.approved(self.author, self.comms, self.account, text=f"A post that is {state}")
        row = Consignment.objects.get(post_ref=post.audit_ref)
        hold = Consignment.Hold.GUIDANCE if state == states.HELD else ""
        seen = {"native_id": "n1", "read_back_at": NOW} if state == states.SENT else {}
        Consignment.objects.filter(pk=row.pk).update(state=state, hold=hold, **seen)
        return row

    @property
    def correctable(self) -> Consignment:
        """Out on a network that lets words be changed."""
        return self._once("correctable", self._correctable)

    def _correctable(self) -> Consignment:
        account = make.account(f"Mastodon of {self.unit}", network="mastodon", unit_key=self.unit)
        post = make.approved(self.author, self.comms, account)
        rows = Consignment.objects.filter(post_ref=post.audit_ref)
        rows.update(state=states.SENT, native_id="n1", read_back_at=NOW, sent_at=NOW)
        return rows.get()

    @property
    def failed_correction(self) -> Correction:
        return self._once("failed correction", self._failed_correction)

    def _failed_correction(self) -> Correction:
        out = Post.objects.get(pk=self._correctable().post_ref.removeprefix("post:"))
        post = posts.correct(by=self.author, post=out, now=NOW)
        posts.compose(by=self.author, post=post, draft=replace(Draft.restored(post.draft), text="Put right"), now=NOW)
        posts.submit(by=self.author, post=post, now=NOW)
        post.refresh_from_db()
        posts.approve(by=self.comms, post=post, digest=post.current.digest, now=NOW)
        rows = Correction.objects.filter(post_ref=post.audit_ref)
        rows.update(result=Correction.Result.FAILED, said="Refused", ended_at=NOW)
        return rows.get()

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

    @property
    def unconnected(self) -> Account:
        """Whose closing cuts nothing off, so that one person closes it."""
        name = f"Unconnected in {self.unit}"
        return self._once("unconnected", lambda: make.account(name, unit_key=self.unit, connected=False))

    @property
    def dormant(self) -> Account:
        return self._once("dormant", self._dormant)

    def _dormant(self) -> Account:
        row = make.account(f"Dormant in {self.unit}", unit_key=self.unit)
        standing.mark_dormant(by=TEST, account=row, reason="Silent", now=NOW)
        return row

    @property
    def review(self) -> Review:
        """Proposed, and waiting for the second person."""
        return self._once("review", self._review)

    def _review(self) -> Review:
        row = make.account(f"Reviewed in {self.unit}", unit_key=self.unit)
        proposer = make.person("Another in communications", roles=("corporate-communications",))
        return reviews.propose(by=proposer, slot=row.slot, outcome="close", reason="Not needed", now=NOW)

    @property
    def written(self) -> Application:
        """Begun by the author, and not sent."""
        about = {"network": "bluesky", "kind": "local", "unit": make.unit(self.unit), "holder": None}
        return self._once("written", lambda: applying.begin(by=self.author, now=NOW, **about))

    @property
    def asked(self) -> Application:
        """The author has been asked something about it."""
        return self._once("asked", self._asked)

    def _asked(self) -> Application:
        about = {"network": "bluesky", "kind": "local", "name": "Asked about", "purpose": "To warn"}
        row = register.apply_for_account(by=self.author, unit=make.unit(self.unit), now=NOW, **about)
        applying.ask_applicant(by=TEST, application=row, question="For whom?", now=NOW)
        return row

    @property
    def hand_over(self) -> HandOver:
        return self._once("hand-over", self._hand_over)

    def _hand_over(self) -> HandOver:
        holder = make.authorised(f"Chief in {self.unit}", unit_key=self.unit, rank="chief-superintendent")
        row = make.account(f"The chief of {self.unit}", unit_key=self.unit, tier="individual")
        Account.objects.filter(pk=row.pk).update(holder=holder)
        make.suspend(row)  # closing what spoke takes two
        return hand_overs.take_back(by=TEST, account=row, why=HandOver.Why.MOVED, now=NOW)

    def _direct(self, name: str) -> DirectAccess:
        """Each of another account, so that one person has them all."""
        account = make.account(f"{name} of {self.unit}", unit_key=self.unit)
        return exceptions.ask(by=self.author, account=account, why="outage", words="Tried", hours=4, now=NOW)

    @property
    def direct_use(self) -> DirectUse:
        """A post past the tool that waits for somebody."""
        about = {"native_id": f"p-{self.unit}", "text": "Past the tool", "made_at": NOW, "found_at": NOW}
        return self._once("direct use", lambda: DirectUse.objects.create(account=self.account, **about))

    @property
    def profile(self) -> Account:
        """An account that shows something else than is assigned to it."""
        return self._once("profile", self._profile)

    def _profile(self) -> Account:
        about = {"name": "p.jpg", "mime": "image/jpeg", "width": 9, "height": 9, "size": 9, "at": NOW, "by": self.comms}
        avatar = Picture.objects.create(original="o", file="f", sha256="a" * 64, **about)
        assigned = {"name": "Ours", "bio": BIO, "avatar": avatar, "banner": None}
        duty = make.authorised(
            f"Duty in {self.unit}", unit_key="corporate-communications", roles=("corporate-communications",)
        )
        profiles.assign(by=duty, account=self.account, **assigned, now=NOW)
        seen = profiles.Shown("Theirs", BIO, frozenset({"avatar"}), {"avatar": "d" * 64})
        profiles.keep_look(self.account, seen, now=NOW)
        return self.account

    @property
    def heard(self) -> Heard:
        """A mention of the account that waits for somebody."""
        about = {"digest": f"d-{self.unit}", "native_id": f"m-{self.unit}", "text": "Is it open?", "made_at": NOW}
        about |= {"kind": "mention", "heard_at": NOW, "looks_like_report": False}
        return self._once("heard", lambda: Heard.objects.create(account=self.account, **about))

    @property
    def asked_direct(self) -> DirectAccess:
        return self._once("asked direct", lambda: self._direct("Asked"))

    @property
    def open_direct(self) -> DirectAccess:
        return self._once("open direct", lambda: self._granted("Open"))

    def _granted(self, name: str) -> DirectAccess:
        row = self._direct(name)
        exceptions.grant(by=self.comms, row=row, hours=4, now=NOW)
        return row

    @property
    def ended_direct(self) -> DirectAccess:
        return self._once("ended direct", self._ended_direct)

    def _ended_direct(self) -> DirectAccess:
        row = self._granted("Ended")
        exceptions.end(by=self.author, row=row, now=NOW)
        return row

    def case(self, state: str) -> Case:
        """A found account whose case stands so; found by the author of here."""
        return self._once(f"case {state}", lambda: self._case(state))

    def _case(self, state: str) -> Case:
        address = f"https://x.com/{self.unit[:6]}_{state[:8]}"
        case = cases.report(by=self.author, address=address, words="Tried", now=NOW)
        if state == case_states.NEW:
            return case
        answers = UNAUTHORISED if state == case_states.UNAUTHORISED else FAKE
        case = cases.look(by=self.comms, case=case, answers=answers, words="Tried", now=NOW)
        if state == case_states.REPORTED:
            cases.report_to_platform(by=self.comms, case=case, reference="", now=NOW)
        if state == case_states.CLOSED:
            cases.taken_down(by=self.comms, case=case, words="Tried", now=NOW)
        return case

    @property
    def look_alike(self) -> LookAlike:
        """An account that a search found, and that waits for somebody."""
        return self._once("look-alike", lambda: self._look_alike("waits"))

    @property
    def look_alike_case(self) -> Case:
        """One that is known to be fake, on a network that takes reports."""
        return self._once("look-alike case", self._look_alike_case)

    def _look_alike(self, name: str) -> LookAlike:
        handle = f"police-{self.unit}-{name}.bsky.social"
        about = {"name": "Police Scotland", "url": f"https://bsky.app/profile/{handle}"}
        found = FoundAccount(f"did:{handle}", handle, **about)
        return lookalikes.keep_search(self.account, "Police Scotland", [found], now=NOW)[0]

    def _look_alike_case(self) -> Case:
        row = self._look_alike("fake")
        case = lookalikes.open_case(by=self.comms, row=row, seen_as=row.seen_as, now=NOW)
        return cases.look(by=self.comms, case=case, answers=FAKE, words="Tried", now=NOW)

    @property
    def next_chief(self) -> Person:
        about = {"unit_key": self.unit, "rank": "chief-superintendent"}
        return self._once("next chief", lambda: make.person(f"Next in {self.unit}", **about))

    @property
    def recovery(self) -> Recovery:
        """Opened by one, to be confirmed by another."""
        return self._once("recovery", self._recovery)

    def _recovery(self) -> Recovery:
        somebody = make.person(f"Locked out in {self.unit}", unit_key=self.unit)
        opener = make.person("Another administrator", unit_key="ict", roles=("administrator",))
        return recovery.open_(by=opener, person=somebody, reason="Lost the phone", now=NOW)

    @property
    def imported(self) -> Import:
        return self._once(
            "import",
            lambda: imports.receive(
                by=TEST, name="people.csv", data=as_csv(line(f"new-{self.unit}")), source="upload", now=NOW
            ),
        )

    @property
    def token(self) -> Token:
        about = {"name": "Desk", "scopes": ["access:read"], "expires_at": NOW + timedelta(days=30)}
        return self._once("token", lambda: tokens.make_token(by=TEST, owner=self.comms, now=NOW, **about)[0])

    def token_for(self, viewer: Person) -> Token:
        """Waiting for whoever looks, where this is their own place; else for somebody there."""
        maker = self._once("maker", lambda: make.person("Maker", unit_key="ict", roles=("administrator",)))
        owner = viewer if self.unit == OWN else self.colleague
        about = {"name": "New", "scopes": ["people:read"], "expires_at": NOW + timedelta(days=30)}
        return tokens.make_token(by=maker, owner=owner, now=NOW, **about)[0]

    @property
    def endpoint(self) -> Endpoint:
        url = f"https://desk.example/{self.unit}"
        return self._once("endpoint", lambda: webhooks.add(by=TEST, url=url, events=["person.left"], now=NOW)[0])

    @property
    def delivery(self) -> Delivery:
        return self._once("delivery", self._delivery)

    def _delivery(self) -> Delivery:
        about = {"event": "person.left", "occurrence": uuid4(), "body": "{}", "at": NOW, "delivered_at": NOW}
        return Delivery.objects.create(endpoint=self.endpoint, **about)

    @property
    def advice(self) -> AdviceThread:
        """About the account here, asked by somebody else."""
        return self._once("advice", lambda: self._advice(self.colleague))

    def _advice(self, by: Person) -> AdviceThread:
        return advice.ask(by=by, subject="Polls", text="May we?", about=self.account.audit_ref, now=NOW)

    def question(self, viewer: Person, *, closed: bool) -> AdviceThread:
        """Of whoever looks, where this is their own place; else of somebody there."""
        row = self._advice(viewer if self.unit == OWN else self.colleague)
        if closed:
            advice.close(by=row.asker, thread=row, text="Found.", now=NOW)
        return row

    def session(self, viewer: Person) -> Session:
        """Of whoever looks, where this is their own place; else of somebody there."""
        whose = viewer if self.unit == OWN else self.colleague
        about = {"sealed": b"-", "begun_at": NOW, "used_at": NOW, "expires_at": NOW + timedelta(hours=8)}
        return Session.objects.create(person=whose, digest=uuid4().hex, **about)

    def notice(self, viewer: Person) -> Notice:
        """Of whoever looks, where this is their own place; else of somebody there."""
        whose = viewer if self.unit == OWN else self.colleague
        return Notice.objects.create(person=whose, at=NOW, kind="sending", subject="Something", body="Happened")

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

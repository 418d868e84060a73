"""The shape of a pack: a body's guidance as typed data. Every name below is a key of the pack's YAML files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from mercat.guidance import facts
from mercat.guidance.fault import Fault
from mercat.guidance.lines import Document
from mercat.guidance.phrases import plain

Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
Action = Annotated[str, StringConstraints(pattern=r"^[a-z]+(_[a-z]+)*$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-f]{6}$")]
ClauseKind = Literal["forbid", "require", "permit", "duty", "fact"]
Status = Literal["done", "part", "open"]
Days = Annotated[int, Field(ge=0)]


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Named(Shape):
    key: Key
    name: Text


class NetworkRule(Named):
    """A network that the body uses. `monthly_budget`: what its posts may cost in a calendar month, in the currency in
    which the network charges; None: no bound, or it charges nothing."""

    monthly_budget: Decimal | None = Field(None, gt=0, max_digits=9, decimal_places=2)


class NumberToCall(Named):
    """A number the public is told to call, and when."""

    number: Text
    when: Text


class BodyIdentity(Shape):
    """How the body calls itself, and the words its pages use. `also_called`: what others call it, or it was called."""

    name: Text
    short_name: Text
    also_called: list[Text] = Field(max_length=9)
    colours: dict[Key, Colour]
    numbers: list[NumberToCall] = Field(min_length=1)
    words: dict[Key, Text]


class Pillar(Named):
    """What a post is for; `aims` are keys of the pack's aims."""

    aims: list[Key] = Field(min_length=1)


class Rank(Named):
    """A rank or grade; the pack lists them from junior to senior."""

    kind: Literal["officer", "staff"]
    individual_account: bool = False


class Role(Named):
    """A role; `scope` tells where it is held, `may` is the end of the sentence “Holders may …”."""

    scope: Literal["body", "unit", "account"]
    may: Text


class Tier(Named):
    """A kind of account; `spoc`: it needs a single point of contact; `holder`: it is for one person."""

    spoc: bool = False
    holder: bool = False


class Approval(Shape):
    """How many approvals a post to this tier needs, and the roles whose holders may give one."""

    needed: int = Field(ge=1)
    by: list[Key] = Field(min_length=1)


class Course(Named):
    """The training course; a completion is signed off by a holder of `trainer`.

    `remind_days`: so many days before a completion runs out, people are told.
    """

    valid_days: int = Field(ge=1)
    trainer: Key
    remind_days: list[Annotated[int, Field(ge=1)]]


class Procedure(Named):
    """What is read and accepted before access; `text` is Markdown, `url` leads to it elsewhere: one of the two.

    A version applies `since` a day. Whoever had accepted an earlier one then has `grace_days` to accept this one.
    """

    version: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=32)]
    since: date
    grace_days: int = Field(ge=0)
    owner: Key
    text: str = ""
    url: Annotated[str, StringConstraints(pattern=r"^(https://\S+)?$")] = ""

    @model_validator(mode="after")
    def _is_to_be_read(self) -> Procedure:
        if bool(self.text.strip()) == bool(self.url):
            raise ValueError("give either text or url: what is to be accepted must be there to read")
        return self

    @property
    def asked_until(self) -> date:
        """The day on which an earlier version is accepted no longer."""
        return self.since + timedelta(days=self.grace_days)


class Licences(Shape):
    """`pool`: how many there are; one that was not used for `idle_days` is shown as idle."""

    pool: int = Field(ge=0)
    idle_days: int = Field(ge=1)


class SpocRule(Shape):
    """How long an account may speak without a single point of contact."""

    grace_days: int = Field(ge=0)

    @property
    def grace(self) -> timedelta:
        return timedelta(days=self.grace_days)


class BreakGlassRule(Shape):
    """For how long somebody may work from another device, and the roles whose holders are told."""

    hours: int = Field(ge=1, le=24)
    alarm: list[Key] = Field(min_length=1)


class DeviceRule(Shape):
    """What proves that a device is the body's own. What may be done from others is for the policies to say."""

    proof: list[Literal["certificate", "claim", "address"]] = Field(min_length=1)
    break_glass: BreakGlassRule


class GroupRule(Shape):
    """The role that a group of the identity provider brings; in which unit, where it is held in one."""

    role: Key
    unit: Key | None = None


class SignInRule(Shape):
    """How people sign in. `step_up`: actions that need a recent proof of who acts, and each in words."""

    second_factor: Literal["required", "optional"]
    step_up_minutes: int = Field(ge=1, le=60)
    session_hours: int = Field(ge=1, le=24)
    idle_minutes: int = Field(ge=5)
    step_up: dict[Action, Text]
    groups: dict[Text, GroupRule] = Field(default_factory=dict)


def _tells_days(form: str) -> str:
    """A form of `strptime` that tells one day from every other."""
    day = datetime(2026, 12, 31)  # noqa: DTZ001 - only its day matters
    try:
        told = datetime.strptime(day.strftime(form), form)  # noqa: DTZ007
    except ValueError:
        told = None
    if told != day:
        raise ValueError(f"“{form}” does not tell a day, as %d/%m/%Y does")
    return form


DayForm = Annotated[Text, AfterValidator(_tells_days)]


class HrColumns(Shape):
    """Which column of the HR system's file holds what. Parts of a name are joined with a blank; empty: no such column.

    `number` is the staff number, `left` the last day of somebody who leaves, `trainer` the trainer's staff number.
    """

    number: Text
    name: list[Text] = Field(min_length=1)
    email: Text
    unit: Text
    rank: Text
    employment: str = ""
    left: str = ""
    course: str = ""
    completed: Text
    trainer: Text


class HrRule(Shape):
    """How the HR system writes its files, and what is done with them without being asked.

    `ranks`, `units` and `employment` are its spellings; the pack's own keys and names need none. `whole`: a file names
    everybody, so that whoever is missing has left; more than `gone_at_most` per cent of these take two people.
    `apply`: whether what is new or changed, without a conflict, is taken from the folder and the API unasked.
    """

    system: Text
    delimiter: Literal[",", ";", "|", "\t"]
    columns: HrColumns
    ranks: dict[Text, Key]
    units: dict[Text, Key]
    employment: dict[Text, Literal["officer", "staff"]]
    dates: list[DayForm] = Field(min_length=1)
    whole: bool
    gone_at_most: int = Field(ge=0, le=100)
    apply: Literal["ask", "unconflicted"]


class DirectoryRule(Shape):
    """How the body's directory spells its units and ranks, beside their keys and names; capitals do not matter."""

    units: dict[Key, list[Text]] = Field(default_factory=dict)
    ranks: dict[Key, list[Text]] = Field(default_factory=dict)


class ReviewRule(Shape):
    """How often places and accounts are reviewed, and whose role `by` is reminded how many days before.

    `second_person`: closing or merging an account that is connected takes two people.
    """

    every_days: int = Field(ge=1)
    remind_days: list[Days] = Field(min_length=1)
    by: Key
    second_person: bool


class PostureRule(Shape):
    """For how long a look at an account's own protection on its network counts, and when a reminder goes out."""

    valid_days: int = Field(ge=1)
    remind_days: list[Days] = Field(min_length=1)


class AccountRule(Shape):
    """After how many days without a post an account is dormant."""

    dormant_days: int = Field(ge=1)


class DirectAccessRule(Shape):
    """For how long somebody may post past the tool, and within how many hours after it the credential is changed."""

    hours_at_most: int = Field(ge=1, le=168)
    rotate_within_hours: int = Field(ge=1, le=168)


class AdviceRule(Shape):
    """Whose holders are told of a question, and answer it: roles that are held everywhere."""

    by: list[Key] = Field(min_length=1)


def _of_words(phrase: str) -> str:
    if not plain(phrase):
        raise ValueError("a phrase has at least one word")
    return phrase


class SignpostingRule(Shape):
    """What people are told who write to an account instead of calling, and by which words it is seen that they may.

    `texts`: the longest first; where one is too long for a network, the next is taken, so that the last fits all of
    them. `looks_like`: words and phrases. `keep_days`: after these what people wrote is forgotten, settled or not.
    """

    texts: list[Annotated[Text, StringConstraints(max_length=500)]] = Field(min_length=1)
    looks_like: list[Annotated[Text, AfterValidator(_of_words)]] = Field(min_length=1)
    keep_days: int = Field(ge=1, le=30)


class WarningRule(Shape):
    """Warnings: who approves one, whether a pause lets it through, and whether a double is better than a miss."""

    approved_by: list[Key] = Field(min_length=1)
    passes_pause: bool
    prefer_double: bool


class ComplianceItem(Named):
    """One line of the compliance record; dates are absent where the body has not published them."""

    state: Text
    completed: date | None = None
    review_due: date | None = None


class VersionEntry(Shape):
    """One line of the version control table."""

    version: Text
    amendments: Text
    approved: date


class PersonalUse(Shape):
    """What people are told who use social media as themselves; `text` is Markdown, with the ways to more of it."""

    title: Text
    text: Text


def _with_unit(text: str) -> str:
    if text.count("{unit}") != 1 or set("{}") & set(text.replace("{unit}", "")):
        raise ValueError("a credit names the unit once, as {unit}")
    return text


class ContributionKind(Shape):
    """What pictures, or a video, that were handed in become: `credit` stands under the words and holds {unit};
    `networks` are those for which a post is begun."""

    credit: Annotated[Text, AfterValidator(_with_unit)]
    networks: list[Key]


class ContributionRule(Shape):
    """What people are told who hand something in: `text` is Markdown, `statement` is what they state by a tick.

    `most_waiting`: of one person at a time. `tiers`: of the accounts for which a post is begun.
    """

    title: Text
    text: Text
    statement: Annotated[Text, StringConstraints(max_length=1000)]
    most_waiting: int = Field(ge=1, le=100)
    tiers: list[Key]
    pictures: ContributionKind
    video: ContributionKind


class PackFile(Shape):
    """pack.yaml."""

    key: Key
    name: Text
    version: Text
    administered_by: Key
    body: BodyIdentity
    aims: list[Named] = Field(min_length=1)
    pillars: list[Pillar] = Field(min_length=1)
    ranks: list[Rank] = Field(min_length=1)
    roles: list[Role] = Field(min_length=1)
    owners: dict[Key, Text]
    tiers: list[Tier] = Field(min_length=1)
    networks: list[NetworkRule] = Field(min_length=1)
    approvals: dict[Key, Approval]
    course: Course
    procedures: list[Procedure]
    licences: Licences
    spoc: SpocRule
    devices: DeviceRule
    sign_in: SignInRule
    hr: HrRule
    directory: DirectoryRule = DirectoryRule()
    reviews: ReviewRule
    advice: AdviceRule
    posture: PostureRule
    accounts: AccountRule
    direct_access: DirectAccessRule
    personal_use: PersonalUse
    contributions: ContributionRule
    signposting: SignpostingRule
    warnings: WarningRule
    compliance: list[ComplianceItem]
    versions: list[VersionEntry] = Field(min_length=1)


class UnitEntry(Shape):
    """A unit of the body; `within` is the unit that directly contains it, `letter` its public letter if it has one."""

    id: Key
    name: Text
    kind: Key
    letter: str = ""
    within: Key | None = None


class Slot(Shape):
    """A place in the authorised structure: the body has approved that an account like this exists."""

    id: Key
    network: Key
    tier: Key
    unit: Key
    ordinal: int = Field(ge=1)
    name: Text


class StructureFile(Shape):
    """structure.yaml."""

    units: list[UnitEntry] = Field(min_length=1)
    slots: list[Slot]


class Clause(Shape):
    """A clause of the guidance, and what carries it.

    `by` is what a reader must find behind the clause: a policy that decides, a feature, or data of the pack.
    `status` is a claim; `coverage.broken_claims` holds it against the tree.
    """

    id: Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]+\.[0-9]+$")]
    kind: ClauseKind
    says: Text
    becomes: Text
    by: Literal["policy", "feature", "data"] | None = None
    feature: str = ""
    tests: list[str] = Field(default_factory=list)
    status: Status = "open"

    @property
    def carried_by(self) -> str:
        """What carries the clause; where the pack does not say: a policy, a feature for a duty, data for a fact."""
        if self.by:
            return self.by
        return {"duty": "feature", "fact": "data"}.get(self.kind, "policy")


class ClausesFile(Shape):
    """clauses.yaml; `house` holds the rules that are Mercat's own and no clause of the body's guidance."""

    note: Text
    clauses: list[Clause] = Field(min_length=1)
    house: list[Clause] = Field(min_length=1)


class Policy(Shape):
    """One Cedar policy of the pack, by its `@id`. The text fields are empty for a permit."""

    id: str
    effect: Literal["permit", "forbid"]
    clause: str
    refusal: str
    remedy: str
    owner: str
    permits: str  # the one action that a permit opens; empty for a forbid
    cedar: Mapping[str, Any]
    file: str
    line: int


class Expectation(Shape):
    """One example: who does what to which thing, and what must come of it.

    Names point into `examples/cast.yaml`; `but` overrides single facts of it. Without a thing it is about the body.
    """

    says: Text
    action: Text
    person: Key
    account: Key | None = None
    subject: Key | None = None
    application: Key | None = None
    unit: Key | None = None
    post: Key | None = None
    but: dict[Literal["person", "resource", "post", "situation"], dict[str, Any]] = Field(default_factory=dict)
    allowed: bool = False
    refused_by: list[Text] = Field(default_factory=list)


class ExamplesFile(Shape):
    """examples/*.yaml, the cast aside."""

    examples: list[Expectation] = Field(min_length=1)


class Cast(Shape):
    """examples/cast.yaml: facts that examples start from, as arguments of `facts.py`; `unit` is an id of the pack."""

    situation: dict[str, Any]
    people: dict[Key, dict[str, Any]] = Field(min_length=1)
    accounts: dict[Key, dict[str, Any]] = Field(default_factory=dict)
    applications: dict[Key, dict[str, Any]] = Field(default_factory=dict)
    posts: dict[Key, dict[str, Any]] = Field(default_factory=dict)


Model = TypeVar("Model", bound=BaseModel)


def shaped(document: Document, model: type[Model], faults: list[Fault]) -> Model | None:
    """The document as this model, or None with the faults added."""
    if document.data is None:
        if all(fault.file != document.file for fault in faults):
            faults.append(Fault(document.file, 1, "the file is empty"))
        return None
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        faults.extend(document.fault(each["loc"], _reason(each["loc"], each["msg"])) for each in error.errors())
        return None


def _reason(place: tuple[int | str, ...], message: str) -> str:
    name = ".".join(str(part) for part in place)
    return f"{name}: {message}" if name else message


def unit_fact(units: Sequence[UnitEntry], unit_id: str) -> facts.Unit:
    """A unit with those around it, nearest first. Raises KeyError for an id that is not there."""
    outer = {unit.id: unit.within for unit in units}
    chain: list[str] = []
    around = outer[unit_id]
    while around is not None and around not in (unit_id, *chain):
        chain.append(around)
        around = outer[around]
    return facts.Unit(unit_id, tuple(chain))

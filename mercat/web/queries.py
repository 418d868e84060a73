"""What needs a person now: gathered for the home page, each part in few queries however long the lists are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mercat.delivery.presenters import Progress, progress
from mercat.delivery.queries import FOR_A_PERSON, answered_for_by, by_urgency, told
from mercat.guidance import facts
from mercat.people.joining.queues import Count, counts
from mercat.people.models import Notice, Person
from mercat.people.presenters import Line as PersonLine
from mercat.people.presenters import line as person_line
from mercat.posts.contributions.queries import how_many_wait, may_curate
from mercat.posts.presenters.lines import Line, lines
from mercat.posts.queries import accounts_of, drafts_of, sent_back_to, submitted_by, waiting_for
from mercat.register.flags import Flagged, for_person
from mercat.register.models import Application
from mercat.register.queries import Wanted, applications_to_decide, slots
from mercat.watch.cases.queries import Task, tasks
from mercat.watch.direct.presenters import Line as DirectLine
from mercat.watch.direct.presenters import line as direct_line
from mercat.watch.direct.queries import to_settle

ON_HOME = 6  # lines of one part; the rest is a link away


@dataclass(frozen=True, slots=True)
class Home:
    """Each part of the home page. `own`: how far the person has come on the way to posting. `handed_in`: how many
    contributions wait for those who choose, in words; empty for everybody else."""

    own: PersonLine
    waiting: list[Line]
    sent_back: list[Line]
    drafts: list[Line]
    submitted: list[Line]
    troubles: list[Progress]
    applications: list[Application]  # to decide
    queues: list[Count]  # people whose next step is this person's
    register: list[Flagged]  # what is amiss there
    cases: list[Task]  # found accounts that wait for this person
    handed_in: str  # how many wait to be chosen, in words; "" for whoever does not choose
    direct: list[DirectLine]  # posts past the tool, to settle
    notices: list[Notice]

    @property
    def nothing(self) -> bool:
        own = self.sent_back or self.drafts or self.submitted
        waits = self.waiting or self.troubles or self.applications or self.queues or self.register
        outside = self.cases or self.handed_in or self.direct
        return not (own or waits or outside)


def home(person: Person, standing: facts.Person, *, now: datetime) -> Home:
    waiting = waiting_for(standing, now=now)[:ON_HOME]
    sent_back, drafts, submitted = (
        list(rows[:ON_HOME]) for rows in (sent_back_to(person), drafts_of(person), submitted_by(person))
    )
    accounts = accounts_of([*waiting, *sent_back, *drafts, *submitted])
    return Home(
        own=person_line(person, standing, now=now),
        waiting=lines(waiting, accounts),
        sent_back=lines(sent_back, accounts),
        drafts=lines(drafts, accounts),
        submitted=lines(submitted, accounts),
        troubles=_troubles(standing, now),
        applications=applications_to_decide(standing, now=now)[:ON_HOME],
        queues=counts(standing, now=now),
        register=for_person(standing, slots(Wanted()), now=now)[:ON_HOME],
        cases=tasks(standing, now=now),
        handed_in=how_many_wait() if may_curate(standing, now=now) else "",
        direct=[direct_line(use) for use in to_settle(standing, most=ON_HOME, now=now)],
        notices=list(Notice.objects.filter(person=person, read_at=None)[:ON_HOME]),
    )


def _troubles(standing: facts.Person, now: datetime) -> list[Progress]:
    rows = answered_for_by(standing, now=now).filter(state__in=FOR_A_PERSON)
    return [progress(row, may_act=True, now=now) for row in by_urgency(told(rows))[:ON_HOME]]

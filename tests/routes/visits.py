"""Every route, with what stands in its address and what is sent there: a line for each thing that can be done by it.

A new route needs its lines here; the test says so. `about` gives the parts of the address from a place and from who
looks; without it, the route is about no unit. `send` is a form that would be taken from whoever may do it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from mercat.audit.models import Event
from mercat.delivery import states
from mercat.people.models import Notice, Person
from mercat.posts.models import Post
from tests.factories import NOW
from tests.routes.world import Place

About = Callable[[Place, Person], Mapping[str, object]]
Send = Callable[[Place, Person], Mapping[str, object]]


def events(_place: Place) -> int:
    return Event.objects.count()


def unread(_place: Place) -> int:
    return Notice.objects.filter(read_at=None).count()


def draft_kept(place: Place) -> object:
    return Post.objects.get(pk=place.draft.pk).draft


@dataclass(frozen=True, slots=True)
class Visit:
    """`did`: what is another once it is done; by default, how many events are on record."""

    says: str
    route: str
    about: About | None = None
    send: Send | None = None
    did: Callable[[Place], object] = events


def _nothing(_place: Place, _viewer: Person) -> Mapping[str, object]:
    return {}


def _fixed(**form: object) -> Send:
    return lambda _place, _viewer: form


def _own_notice(_place: Place, viewer: Person) -> Mapping[str, object]:
    Notice.objects.create(person=viewer, at=NOW, subject="Something", body="Happened")
    return {}


def _step(action: str, **form: object) -> Visit:
    words = action.replace("_", " ")
    return Visit(
        f"take the step “{words}”",
        "people:step",
        lambda place, _: {"person_id": place.before(action).pk, "action": action},
        _fixed(**form),
    )


def _person(place: Place, _viewer: Person) -> Mapping[str, object]:
    return {"person_id": place.colleague.pk}


def _person_act(says: str, action: str, **form: object) -> Visit:
    return Visit(
        says, "people:step", lambda place, _: {"person_id": place.colleague.pk, "action": action}, _fixed(**form)
    )


def _account(place: Place, _viewer: Person) -> Mapping[str, object]:
    return {"account_id": place.account.pk}


def _post(place: Place, _viewer: Person) -> Mapping[str, object]:
    return {"post_id": place.post.pk}


def _draft(place: Place, _viewer: Person) -> Mapping[str, object]:
    return {"post_id": place.draft.pk}


def _decide(do: str) -> Send:
    return lambda place, _: {"do": do, "digest": place.post.current.digest, "reason": "Tried"}


def _written(place: Place, _viewer: Person) -> Mapping[str, object]:
    targets = [str(place.account.pk)]
    return {"text": "Other words", "targets": targets, "pillar": "warning", "base": place.draft.stamp}


PASSPHRASE = {"passphrase": "thistle harbour lantern", "again": "thistle harbour lantern"}

VISITS: tuple[Visit, ...] = (
    # web
    Visit("open the home page", "web:home"),
    Visit("read the guidance", "web:guidance"),
    Visit("read how access is given", "web:access"),
    Visit("read the clauses", "web:clauses"),
    # people
    Visit("open the list of people", "people:list"),
    Visit("open the form for somebody new", "people:add"),
    Visit(
        "put somebody on the list",
        "people:add",
        send=lambda place, _: {
            "name": "New", "email": "new@mercat.example", "number": "new-1", "unit": place.unit, "rank": "constable",
        },
    ),
    Visit("open a person’s page", "people:person", _person),
    _step("nominate"),
    _step("record_completion", completed=f"{NOW - timedelta(days=2):%Y-%m-%d}"),
    _step("authorise_access"),
    _step("confirm_training", reference="REQ-2"),
    _step("open_access"),
    _step("assign_licence"),
    _step("end_access", reason="Tried"),
    _person_act("give a role", "grant_role", role="auditor"),
    _person_act("mark somebody as having left", "mark_left", **{"left-reason": "Tried"}),
    Visit(
        "end a role",
        "people:end-role",
        lambda place, _: {"person_id": place.grant.person_id, "grant_id": place.grant.pk},
        lambda place, _: {f"role-{place.grant.pk}-reason": "Tried"},
    ),
    Visit("open the form for a passphrase", "people:passphrase", _person),
    Visit("set a passphrase", "people:passphrase", _person, _fixed(**PASSPHRASE)),
    # devices
    Visit("see what one’s device counts as", "people:device"),
    Visit("ask to work from another device", "people:device", send=_fixed(reason="The laptop broke")),
    Visit("see who asked to work from another device", "people:device-requests"),
    Visit(
        "allow another device",
        "people:device-answer",
        lambda place, _: {"row_id": place.broken_glass.pk},
        _fixed(answer="allow"),
    ),
    Visit(
        "end leave for another device",
        "people:device-end",
        lambda place, _: {"row_id": place.running_glass.pk},
        _nothing,
    ),
    # notices
    Visit("read one’s notices", "people:notices"),
    Visit("mark all as read", "people:read-all", send=_own_notice, did=unread),
    Visit(
        "follow a notice",
        "people:read",
        lambda place, viewer: {"notice_id": place.notice(viewer).pk},
        _nothing,
        did=unread,
    ),
    # register
    Visit("open the register", "register:register"),
    Visit("open a vacant place", "register:place", lambda place, _: {"key": place.vacant.pk}),
    Visit(
        "register an account", "register:place", lambda place, _: {"key": place.vacant.pk}, _fixed(name="New account")
    ),
    Visit("open the form for an application", "register:apply"),
    Visit(
        "apply for an account",
        "register:apply",
        send=lambda place, _: {
            "network": "bluesky", "kind": "local", "unit": place.unit, "name": "New", "purpose": "To warn",
        },
    ),
    Visit("open the list of applications", "register:applications"),
    Visit(
        "open an application", "register:application", lambda place, _: {"application_id": place.application.pk}
    ),
    Visit(
        "decide an application",
        "register:application",
        lambda place, _: {"application_id": place.application.pk},
        _fixed(decision="granted", reasons="Needed"),
    ),
    Visit("open an account", "register:account", _account),
    Visit("suspend an account", "register:suspend", _account, _fixed(reason="Tried")),
    Visit(
        "reinstate an account",
        "register:reinstate",
        lambda place, _: {"account_id": place.suspended.pk},
        _fixed(reason="Tried"),
    ),
    Visit("open the points of contact", "register:contacts", _account),
    Visit(
        "appoint a point of contact", "register:contacts", _account, lambda place, _: {"person": place.colleague.pk}
    ),
    Visit(
        "dismiss a point of contact",
        "register:dismiss",
        lambda place, _: {"account_id": place.account.pk, "spoc_id": place.account.spocs.first().pk},
        _nothing,
    ),
    Visit("open the page to connect an account", "register:connect", _account),
    # delivery
    Visit("open the page of sending", "delivery:sending"),
    Visit("open the page of pauses", "delivery:pause"),
    Visit(
        "pause an account",
        "delivery:pause",
        _nothing,
        lambda place, _: {"what": f"account:{place.account.pk}", "reason": "Tried"},
    ),
    Visit("resume", "delivery:resume", lambda place, _: {"pause_id": place.pause.pk}, _nothing),
    Visit(
        "let what is held go on",
        "delivery:go-on",
        lambda place, _: {"consignment_id": place.consignment(states.HELD).pk},
        _nothing,
    ),
    Visit(
        "open what a person must look for",
        "delivery:seen",
        lambda place, _: {"consignment_id": place.consignment(states.NEEDS_PERSON).pk},
    ),
    Visit(
        "say that a post is not there",
        "delivery:seen",
        lambda place, _: {"consignment_id": place.consignment(states.NEEDS_PERSON).pk},
        _fixed(seen="not-there"),
    ),
    # posts
    Visit("open the list of posts", "posts:list"),
    Visit("open a new post", "posts:new"),
    Visit("open a post", "posts:post", _post),
    Visit("follow a post being sent", "posts:live", lambda place, _: {"post_id": place.approved.pk}),
    Visit("approve a post", "posts:decide", _post, _decide("approve")),
    Visit("send a post back", "posts:decide", _post, _decide("send_back")),
    Visit("reject a post", "posts:decide", _post, _decide("reject")),
    Visit("withdraw a post", "posts:withdraw", _post, _fixed(reason="Tried")),
    Visit("open a draft", "posts:edit", _draft),
    Visit("save a draft", "posts:edit", _draft, _written, draft_kept),
    Visit("have a draft saved while writing", "posts:autosave", _draft, _written, draft_kept),
    Visit("open the proof of a post", "posts:proof", _post),
    Visit("load what was approved", "posts:canonical", lambda place, _: {"post_id": place.post.pk, "number": 1}),
)  # fmt: skip

# Routes that are no matter of roles, with the reason; a name that ends with a colon stands for all of its part.
ELSEWHERE = {
    "public:": "for everybody: the public register",
    "web:sign-in": "for whoever is not signed in yet",
    "web:sign-out": "for everybody, about themselves",
    "web:gallery": "only where demonstration people stand; not there otherwise",
    "web:health": "for machines; tells nothing",
    "web:robots": "for machines; tells nothing",
    "web:pack-style": "for every page; the pack’s colours",
    "register:begin": "asks as the page to connect an account; then a network answers",
    "register:finish": "asks as the page to connect an account; needs a sign-in that was begun",
    "posts:picture": "as the post; tests/posts/test_pages.py",
    "posts:receipt": "as the proof of the post",
}

"""Every route, with what stands in its address and what is sent there: a line for each thing that can be done by it.

A new route needs its lines here; the test says so. `about` gives the parts of the address from a place and from who
looks; without it, the route is about no unit. `send` is a form that would be taken from whoever may do it.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from mercat.audit.models import Event
from mercat.delivery import states
from mercat.images.models import Video
from mercat.people.models import Notice, Person
from mercat.people.notices.kinds import KINDS
from mercat.people.pack import guidance
from mercat.posts.models import Post
from mercat.register.models import Application
from mercat.watch.cases import states as case_states
from tests.factories import NOW
from tests.routes.world import BIO, Place

About = Callable[[Place, Person], Mapping[str, object]]
Send = Callable[[Place, Person], Mapping[str, object]]


def events(_place: Place) -> int:
    return Event.objects.count()


def unread(_place: Place) -> int:
    return Notice.objects.filter(read_at=None).count()


def draft_kept(place: Place) -> object:
    return Post.objects.get(pk=place.draft.pk).draft


def videos_begun(_place: Place) -> object:
    return Video.objects.count()


def name_kept(place: Place) -> str:
    return Application.objects.get(pk=place.written.pk).name


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


def _case(state: str) -> About:
    return lambda place, _viewer: {"case_id": place.case(state).pk}


def _found(place: Place, viewer: Person) -> Mapping[str, object]:
    return {"address": f"https://x.com/{place.unit[:5]}_{viewer.number}", "words": "Tried"}


def _own_notice(_place: Place, viewer: Person) -> Mapping[str, object]:
    Notice.objects.create(person=viewer, at=NOW, kind="sending", subject="Something", body="Happened")
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


def _failed_correction(place: Place, _viewer: Person) -> Mapping[str, object]:
    row = place.failed_correction
    return {"post_id": row.post_ref.removeprefix("post:"), "correction_id": row.pk}


def _decide(do: str) -> Send:
    return lambda place, _: {"do": do, "digest": place.post.current.digest, "reason": "Tried"}


def _written(place: Place, _viewer: Person) -> Mapping[str, object]:
    targets = [str(place.account.pk)]
    return {"text": "Other words", "targets": targets, "pillar": "warning", "base": place.draft.stamp}


def _bulk_file(place: Place, _viewer: Person) -> Mapping[str, object]:
    file = f"{NOW + timedelta(days=3):%Y-%m-%d %H:%M},Words of a file\n".encode()
    return {"back": b64encode(file).decode(), "seen": "1", "order": "day", "targets": [str(place.account.pk)]}


def _details(place: Place, _viewer: Person) -> Mapping[str, object]:
    person = place.colleague
    known = {name: getattr(person, name) for name in ("email", "number", "rank")}
    return {**known, "name": "Another name", "unit": person.unit_id, "reason": "Tried"}


def _procedure(_place: Place, _viewer: Person) -> Mapping[str, object]:
    return {"key": guidance().pack.procedures[0].key}


def _queue(key: str, action: str, **form: object) -> Visit:
    return Visit(
        f"take a step in the queue “{key}”",
        "people:queue",
        lambda _place, _viewer: {"key": key},
        lambda place, _: {
            "only": place.before(action).pk,
            **{f"p-{place.before(action).pk}-{name}": value for name, value in form.items()},
        },
    )


QUEUES: tuple[tuple[str, str, dict[str, object]], ...] = (
    ("nominate", "nominate", {}),
    ("course", "record_completion", {"completed": f"{NOW - timedelta(days=2):%Y-%m-%d}"}),
    ("authorise", "authorise_access", {}),
    ("confirm", "confirm_training", {"reference": "REQ-3"}),
    ("open", "open_access", {}),
    ("licence", "assign_licence", {}),
)


def _import(place: Place, _viewer: Person) -> Mapping[str, object]:
    return {"import_id": place.imported.pk}


def _locked_out(place: Place, _viewer: Person) -> Mapping[str, object]:
    return {"person_id": place.recovery.person_id}


def _endpoint(place: Place, _viewer: Person) -> Mapping[str, object]:
    return {"endpoint_id": place.endpoint.pk}


def _advice(place: Place, _viewer: Person) -> Mapping[str, object]:
    return {"thread_id": place.advice.pk}


def _own_advice(act: str, *, closed: bool = False) -> About:
    """A question of whoever looks, where this is their own place; else of somebody there."""
    return lambda place, viewer: {"thread_id": place.question(viewer, closed=closed).pk, "name": act}


def _place(place: Place, _viewer: Person) -> Mapping[str, object]:
    return {"key": place.account.slot_id}


def _reviewed(place: Place, _viewer: Person) -> Mapping[str, object]:
    return {"key": place.review.slot_id, "review_id": place.review.pk}


def _written_one(place: Place, _viewer: Person) -> Mapping[str, object]:
    return {"application_id": place.written.pk}


def _own_application(place: Place, _viewer: Person) -> Mapping[str, object]:
    return {"application_id": place.application.pk}


def _exception(which: str) -> About:
    return lambda place, _: {"row_id": getattr(place, which).pk}


def _direct_use(place: Place, _viewer: Person) -> Mapping[str, object]:
    return {"use_id": place.direct_use.pk}


def _profile(place: Place, _viewer: Person) -> Mapping[str, object]:
    return {"account_id": place.profile.pk}


def _heard(place: Place, _viewer: Person) -> Mapping[str, object]:
    return {"row_id": place.heard.pk}


def _look_alike(place: Place, _viewer: Person) -> Mapping[str, object]:
    return {"row_id": place.look_alike.pk}


def _as_seen(place: Place, _viewer: Person) -> Mapping[str, object]:
    return {"seen_as": place.look_alike.seen_as}


def _hand_over(place: Place, _viewer: Person) -> Mapping[str, object]:
    return {"row_id": place.hand_over.pk}


def _contribution(place: Place, _viewer: Person) -> Mapping[str, object]:
    return {"row_id": place.contribution.pk}


def _on_contribution(act: str) -> About:
    return lambda place, _: {"row_id": (place.shelved if act == "reopen" else place.contribution).pk, "name": act}


PROTECTION = {
    "second_factor": "yes",
    "recovery_role": "corporate-communications",
    "recovery_mailbox": "social@mercat.example",
    "evidence": "Seen on its settings page",
}
PASSPHRASE = {"passphrase": "thistle harbour lantern", "again": "thistle harbour lantern"}

VISITS: tuple[Visit, ...] = (
    # web
    Visit("open the home page", "web:home"),
    Visit("read the guidance", "web:guidance"),
    Visit("read how access is given", "web:access"),
    Visit("read the clauses", "web:clauses"),
    Visit("read about personal use", "web:personal-use"),
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
    Visit("correct what is known of somebody", "people:details", _person, _details),
    # the path to posting
    Visit("see one’s own path", "people:access"),
    Visit("read the procedures", "people:procedures"),
    Visit("see who has accepted a procedure", "people:readings", _procedure),
    Visit("see the pool of licences", "people:licences"),
    Visit(
        "end a licence",
        "people:licences",
        _nothing,
        lambda place, _: {"person": place.colleague.pk, f"end-{place.colleague.pk}-reason": "Tried"},
    ),
    Visit("see the queues", "people:queues"),
    *(_queue(key, action, **form) for key, action, form in QUEUES),
    Visit(
        "send somebody back to the step before",
        "people:send-back",
        lambda place, _: {"key": "authorise", "person_id": place.before("authorise_access").pk},
        lambda place, _: {f"back-{place.before('authorise_access').pk}-reason": "Tried"},
    ),
    # files of the HR system
    Visit("see the files of the HR system", "people:imports"),
    Visit("look at what a file would change", "people:import", _import),
    Visit("follow a file being applied", "people:import-progress", _import),
    Visit("take the report of a file away", "people:import-report", _import),
    Visit("choose what of a file is done", "people:import-choose", _import, _fixed(group="new")),
    Visit(
        "close a file", "people:import-act", lambda place, _: {"import_id": place.imported.pk, "act": "close"}, _nothing
    ),
    # signing in
    Visit("see how one signs in oneself", "people:own-sign-in"),
    Visit("see one’s own sessions", "people:sessions"),
    Visit(
        "end a session",
        "people:end-session",
        lambda place, viewer: {"row_id": place.session(viewer).pk},
        _nothing,
    ),
    Visit("end one’s other sessions", "people:end-other-sessions", send=_nothing),
    Visit("see how somebody signs in", "people:sign-in-of", _person),
    Visit("open a recovery of somebody’s sign-in", "people:sign-in-of", _person, _fixed(reason="Lost the phone")),
    Visit("confirm a recovery", "people:confirm-recovery", _locked_out, _nothing),
    Visit("call a recovery off", "people:call-off-recovery", _locked_out, _nothing),
    Visit("end all of somebody’s sessions", "people:end-sessions-of", _person, _nothing),
    # other programmes
    Visit("see the tokens", "people:tokens"),
    Visit(
        "make a token",
        "people:tokens",
        send=lambda place, _: {"name": "New", "owner": place.comms.number, "scopes": ["scim"], "days": "30"},
    ),
    Visit("see what acts for oneself", "people:own-tokens"),
    Visit(
        "accept a token for oneself",
        "people:token-accept",
        lambda place, viewer: {"token_id": place.token_for(viewer).pk},
        _nothing,
    ),
    Visit("revoke a token", "people:token-revoke", lambda place, _: {"token_id": place.token.pk}, _nothing),
    Visit("see the webhooks", "people:webhooks"),
    Visit(
        "add a webhook", "people:webhooks", send=_fixed(url="https://desk.example/new", events=["person.left"])
    ),
    Visit("see what a webhook was told", "people:webhook-log", _endpoint),
    Visit("end a webhook", "people:webhook-end", _endpoint, _nothing),
    Visit(
        "send to a webhook again",
        "people:webhook-replay",
        lambda place, _: {"delivery_id": place.delivery.pk},
        _nothing,
    ),
    # advice
    Visit("see one’s own questions, or the team’s", "people:advice"),
    Visit("open the form to ask for advice", "people:advice-new"),
    Visit("ask for advice", "people:advice-new", send=_fixed(subject="Polls", text="May we ask people?")),
    Visit("read advice about an account", "people:advice-thread", _advice),
    *(
        Visit(says, "people:advice-act", lambda place, _, act=act: {"thread_id": place.advice.pk, "name": act}, form)
        for says, act, form in (
            ("answer a question", "answer", _fixed(**{"answer-text": "Yes."})),
            ("close somebody’s question", "close", _fixed(**{"close-text": "Found."})),
        )
    ),
    Visit("ask further", "people:advice-act", _own_advice("ask"), _fixed(**{"ask-text": "And on Sundays?"})),
    Visit(
        "open one’s own question again",
        "people:advice-act",
        _own_advice("reopen", closed=True),
        _fixed(**{"reopen-text": "Not yet."}),
    ),
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
    Visit(
        "choose what one is told by e-mail",
        "people:preferences",
        send=_fixed(**dict.fromkeys(KINDS, "daily")),
    ),
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
        "begin an application",
        "register:apply",
        send=lambda place, _: {
            "network": "bluesky", "kind": "local", "unit": place.unit,
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
    Visit("describe an account", "register:describe", _account, _fixed(purpose="To warn", bio="", languages="English")),
    Visit("rename an account", "register:manage", _account, _fixed(name="Another name", holder="")),
    Visit("keep what protects an account", "register:protection", _account, _fixed(**PROTECTION)),
    Visit("mark an account as dormant", "register:dormant", _account, _fixed(reason="Silent")),
    Visit("wake an account", "register:wake", lambda place, _: {"account_id": place.dormant.pk}, _fixed(reason="Now")),
    Visit(
        "close an account",
        "register:close",
        lambda place, _: {"account_id": place.unconnected.pk},
        _fixed(reason="Tried"),
    ),
    Visit("disconnect an account", "register:disconnect", _account, _fixed(reason="Tried")),
    Visit("see the health of connections", "register:health"),
    Visit("compare Hootsuite with the register", "register:hootsuite"),
    Visit("see what needs somebody on the register", "register:attention"),
    Visit("see the reviews", "register:reviews"),
    Visit("review a place", "register:review", _place, _fixed(outcome="keep", reason="Needed")),
    Visit("see the history of a place", "register:history", _place),
    Visit("conclude a review", "register:conclude", _reviewed, _nothing),
    Visit("decline a review", "register:decline", _reviewed, _fixed(reason="Needed")),
    Visit("write an application", "register:write", _written_one, _fixed(name="A better name"), name_kept),
    Visit("withdraw an application", "register:withdraw", _own_application, _nothing),
    Visit(
        "answer a question about an application",
        "register:answer",
        lambda place, _: {"application_id": place.asked.pk},
        _fixed(text="For everybody"),
    ),
    Visit("see the hand-overs", "register:hand-overs"),
    Visit("open a hand-over", "register:hand-over", _hand_over),
    Visit(
        "hand an account to its next holder",
        "register:hand-over",
        _hand_over,
        lambda place, _: {"number": place.next_chief.number, "reason": "Posted here"},
    ),
    Visit(
        "close an account that waits for a holder",
        "register:hand-over-close",
        _hand_over,
        _fixed(**{"close-reason": "Done"}),
    ),
    Visit("see who has direct access", "register:exceptions"),
    Visit("open the form for direct access", "register:direct-access", _account),
    Visit("ask for direct access", "register:direct-access", _account, _fixed(why="outage", words="Tried", hours="1")),
    Visit("see a direct access", "register:exception", _exception("asked_direct")),
    Visit(
        "answer who asks for direct access",
        "register:exception-answer",
        _exception("asked_direct"),
        _fixed(answer="grant", granted_hours="1"),
    ),
    Visit("withdraw what one asked for", "register:exception-withdraw", _exception("asked_direct"), _nothing),
    Visit("end direct access", "register:exception-end", _exception("open_direct"), _nothing),
    Visit(
        "note a post published past the tool",
        "register:exception-post",
        _exception("open_direct"),
        _fixed(url="https://bsky.app/profile/a.example/post/1", published_at="2026-11-23T12:05", what="Tried"),
    ),
    Visit(
        "note that a credential was changed",
        "register:exception-rotation",
        _exception("ended_direct"),
        _fixed(changed_at="2026-11-23T12:05", note="Password"),
    ),
    # delivery
    Visit("open the page of sending", "delivery:sending"),
    Visit("open the limits of the networks", "delivery:limits"),
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
        "open where a post can be taken down",
        "delivery:take-down",
        lambda place, _: {"post_id": place.consignment(states.SENT).post_ref.removeprefix("post:")},
    ),
    Visit(
        "take a post down",
        "delivery:take-down",
        lambda place, _: {"post_id": place.consignment(states.SENT).post_ref.removeprefix("post:")},
        lambda place, _: {"which": [str(place.consignment(states.SENT).pk)], "why": "Tried"},
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
    Visit("open the overview", "web:overview"),
    # watch
    Visit("open the list of found accounts", "watch:cases"),
    Visit("open the form to report an account", "watch:report"),
    Visit("report an account", "watch:report", send=_found),
    Visit("open a case", "watch:case", _case(case_states.NEW)),
    Visit(
        "say what a found account is",
        "watch:case-look",
        _case(case_states.NEW),
        _fixed(who="inside", branding="yes", content="yes", false_words="no", words="Tried", seen="new"),
    ),
    Visit("add to a case", "watch:case-note", _case(case_states.NEW), _fixed(**{"note-words": "Tried"})),
    Visit("note that a fake account was reported", "watch:case-reported", _case(case_states.FAKE), _nothing),
    Visit("note that it is still there", "watch:case-still-there", _case(case_states.REPORTED), _nothing),
    Visit(
        "have it reported again", "watch:case-again", _case(case_states.REPORTED), _fixed(**{"again-words": "Tried"})
    ),
    Visit(
        "close the case of an unauthorised account",
        "watch:case-close",
        _case(case_states.UNAUTHORISED),
        _fixed(**{"close-outcome": "gone", "close-words": "Tried"}),
    ),
    Visit(
        "close the case of a fake account",
        "watch:case-close",
        _case(case_states.FAKE),
        _fixed(**{"close-outcome": "taken-down", "close-words": "Tried"}),
    ),
    Visit("open a case again", "watch:case-reopen", _case(case_states.CLOSED), _fixed(**{"reopen-words": "Tried"})),
    Visit(
        "have a fake account reported by its network",
        "watch:case-report-through",
        lambda place, _: {"case_id": place.look_alike_case.pk},
        _nothing,
    ),
    Visit("see the accounts that look like ours", "watch:look-alikes"),
    Visit("open a case of a look-alike", "watch:look-alike-open", _look_alike, _as_seen),
    Visit("dismiss a look-alike", "watch:look-alike-dismiss", _look_alike, _as_seen),
    # posts
    Visit("open the list of posts", "posts:list"),
    Visit("open a new post", "posts:new"),
    Visit("open a post", "posts:post", _post),
    Visit("follow a post being sent", "posts:live", lambda place, _: {"post_id": place.approved.pk}),
    Visit("approve a post", "posts:decide", _post, _decide("approve")),
    Visit("send a post back", "posts:decide", _post, _decide("send_back")),
    Visit("reject a post", "posts:decide", _post, _decide("reject")),
    Visit("withdraw a post", "posts:withdraw", _post, _fixed(reason="Tried")),
    Visit(
        "begin to correct a post that is out",
        "posts:correct",
        lambda place, _: {"post_id": place.correctable.post_ref.removeprefix("post:")},
        _nothing,
    ),
    Visit("have a correction tried again", "posts:correct-again", _failed_correction, _nothing),
    Visit("open a draft", "posts:edit", _draft),
    Visit("save a draft", "posts:edit", _draft, _written, draft_kept),
    Visit("have a draft saved while writing", "posts:autosave", _draft, _written, draft_kept),
    Visit("begin to bring a video", "posts:announce-video", _draft, _fixed(name="road.mp4", size="5"), videos_begun),
    Visit("see what one handed in", "posts:contributions"),
    Visit("open the form to hand something in", "posts:contribution-new"),
    Visit(
        "hand something in",
        "posts:contribution-new",
        send=lambda place, viewer: {
            "do": "hand-in", "text": "A boat", "place": "A harbour", "taken_on": "2026-11-20", "stated": "yes",
            "video": place.video(viewer).pk,
        },
    ),
    Visit(
        "begin to bring a video to hand in",
        "posts:contribution-video",
        send=_fixed(name="a.mp4", size="5"),
        did=videos_begun,
    ),
    Visit("see what was handed in", "posts:handed-in"),
    Visit("see what somebody handed in", "posts:contribution", _contribution),
    Visit("make a post of what was handed in", "posts:contribution-act", _on_contribution("use"), _nothing),
    Visit("decline what was handed in", "posts:contribution-act", _on_contribution("decline"), _fixed(reason="Tried")),
    Visit("keep what was handed in for later", "posts:contribution-act", _on_contribution("shelve"), _nothing),
    Visit("put it back to what waits", "posts:contribution-act", _on_contribution("reopen"), _nothing),
    Visit(
        "take back what one handed in",
        "posts:contribution-act",
        lambda place, viewer: {"row_id": place.contribution_of(viewer).pk, "name": "take-back"},
        _nothing,
    ),
    Visit("open the import of posts", "posts:import"),
    Visit("import posts from a file", "posts:import", send=_bulk_file),
    Visit("open the proof of a post", "posts:proof", _post),
    Visit("load what was approved", "posts:canonical", lambda place, _: {"post_id": place.post.pk, "number": 1}),
    # watch
    Visit("see the posts past the tool", "watch:direct"),
    Visit("see a post past the tool", "watch:direct-use", _direct_use),
    Visit(
        "settle a post past the tool", "watch:direct-settle", _direct_use, _fixed(outcome="misuse", words="Tried")
    ),
    Visit("see what accounts show", "watch:profiles"),
    Visit("see what an account shows", "watch:profile", _profile),
    Visit("assign what an account has to show", "watch:profile-assign", _profile, _fixed(name="Tried", bio=BIO)),
    Visit("have it put back", "watch:profile-put-back", _profile, _nothing),
    Visit("say that a picture is right", "watch:profile-right", _profile, _fixed(part="avatar", digest="d" * 64)),
    Visit("say that direct messages are off", "watch:profile-messages", _profile, _nothing),
    Visit("see what people write to accounts", "watch:heard"),
    Visit("say that somebody was signposted", "watch:heard-settle", _heard, _fixed(outcome="signposted")),
    Visit("see the figures of posts", "watch:figures"),
    Visit("take the figures of posts away", "watch:figures-table"),
    Visit("see the figures of a post", "watch:figures-post", _post),
)  # fmt: skip

# Routes that are no matter of roles, with the reason; a name that ends with a colon stands for all of its part.
ELSEWHERE = {
    "public:": "for everybody: the public register",
    "delivery:medium": "for the network that fetches it, by a signed address; tests/delivery/test_fetching.py",
    "api:": "for other programmes, by token; tests/people/test_api.py",
    "scim:": "for the directory, by token; tests/people/test_scim.py",
    "people:second-factor": "on the way in: for whoever has given their passphrase",
    "people:first-factor": "on the way in: for whoever has no second factor yet",
    "people:passkey": "on the way in",
    "people:ask-passkey": "on the way in",
    "people:make-passkey": "on the way in, and about oneself",
    "people:recover": "on the way in: with a code that two people gave",
    "people:sso": "on the way in",
    "people:sso-back": "on the way in: back from the identity provider",
    "people:accept": "for everybody, about themselves; tests/people/test_procedures.py",
    "people:prove": "for everybody, about themselves: a recent proof",
    "people:add-factor": "for everybody, about themselves; needs a device’s answer; tests/people/test_signing_in.py",
    "people:remove-factor": "for everybody, about themselves; tests/people/test_signing_in.py",
    "people:recovery-codes": "for everybody, about themselves; tests/people/test_signing_in.py",
    "people:own-passphrase": "for everybody, about themselves; tests/people/test_signing_in.py",
    "web:sign-in": "for whoever is not signed in yet",
    "web:sign-out": "for everybody, about themselves",
    "web:gallery": "only where demonstration people stand; not there otherwise",
    "web:health": "for machines; tells nothing",
    "web:robots": "for machines; tells nothing",
    "web:pack-style": "for every page; the pack’s colours",
    "register:begin": "asks as the page to connect an account; then a network answers",
    "register:finish": "asks as the page to connect an account; needs a sign-in that was begun",
    "watch:profile-picture": "as the account’s profile; tests/watch/profiles/test_pages.py",
    "watch:case-picture": "as the inside of its case; tests/watch/cases/test_pages.py",
    "posts:picture": "as the post; tests/posts/test_pages.py",
    "delivery:live": "as writing for its account, of a broadcast alone; tests/delivery/test_broadcasts.py",
    "posts:captions": "as the post; tests/posts/test_videos.py",
    "posts:video": "as the draft; tests/posts/test_videos.py",
    "posts:video-slice": "as the draft, and of one's own video alone; tests/posts/test_videos.py",
    "posts:contribution-medium": "as what was handed in; tests/posts/contributions/test_pages.py",
    "posts:contribution-slice": "for whoever brings the video; tests/posts/contributions/test_pages.py",
    "posts:receipt": "as the proof of the post",
}

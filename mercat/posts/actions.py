"""Every write about posts: compose, submit, approve, send back, reject, withdraw.

Each asks guidance for every account concerned, keeps the rows and records the step, in one transaction. The page, the
command line and the tests all come through here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from mercat.audit.actions import record
from mercat.delivery import corrections
from mercat.delivery import states as sending
from mercat.delivery.actions import restore, withdraw_all
from mercat.delivery.facts import post_facts
from mercat.delivery.manifest import contents, digest_of, posts_for
from mercat.delivery.models import Consignment, Correction, Manifest
from mercat.delivery.queries import of_post
from mercat.delivery.queue import nudge
from mercat.guidance import facts
from mercat.guidance.decision import Decision
from mercat.guidance.gate import Refused, decide_many
from mercat.images import states as preparing
from mercat.images.captions import MOST as MOST_CAPTIONS
from mercat.images.models import Picture, Video
from mercat.images.rendering import NotAPicture
from mercat.networks import registry
from mercat.networks.kit.thread import MOST as MOST_POSTS
from mercat.networks.port import Altered, Item, Network, Problem
from mercat.people.actions import Impossible, settle, tell
from mercat.people.devices.here import situation
from mercat.people.facts import person_facts
from mercat.people.gate import require
from mercat.people.models import Person
from mercat.people.pack import guidance
from mercat.people.signing_in import step_up
from mercat.posts import correcting, states
from mercat.posts.attached import Attached, AttachedVideo, found_video
from mercat.posts.contents import LONGEST, Draft, canonical, normal, title
from mercat.posts.facts import approvals_needed, compose_decisions, decisions_on, draft_facts, targets_of
from mercat.posts.models import Approval, Post, Remark, Target, Version
from mercat.register.actions import people_of_all
from mercat.register.facts import account_facts, accounts_by_id, facts_of, with_facts
from mercat.register.models import Account

ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
NOT_SUBMITTED = "Nothing was submitted."
NO_DOCUMENTS = "No account of this post shows documents. Take the title of the document out, or add one that does."
GIVEN_TO_NOBODY = {
    "video": "None of these networks is given the video, since each takes the pictures. Take out one or the other.",
    "pictures": "None of these networks takes pictures. Take them out; the video goes by itself.",
}
WAITS = "A post waits for your approval"
OUT = "Part of this post is out already, or may be. Nothing was changed. Withdraw the rest of it, and write a new post."
UNKEEPABLE = re.compile("[\x00\ud800-\udfff]")  # NUL and halves of characters: neither PostgreSQL nor UTF-8 takes them


class ChangedElsewhere(Impossible):
    """The draft was changed, in another window or by somebody else, after it was read. Nothing was overwritten."""


class NotAllowed(Exception):
    """Guidance said no for some accounts. Nothing was done. `decisions` by account.

    They are about the person who acts, or, where `author` is given, about the one who wrote the post.
    """

    def __init__(self, decisions: dict[Account, Decision], *, author: Person | None = None) -> None:
        self.decisions = decisions
        self.author = author
        super().__init__("The guidance does not allow this.")

    def __str__(self) -> str:
        lines = [
            f"{account}: {each.clause}: {each.reason} {each.remedy} ({each.owner_name})"
            for account, decision in self.decisions.items()
            for each in decision.refusals
        ]
        about = f" It is about {self.author}, who wrote the post." if self.author else ""
        return "\n".join([f"This is not allowed by the guidance.{about} Nothing was changed.", *lines])


class DoesNotFit(Exception):
    """The post breaks limits of its networks. Nothing was done. `problems` by account."""

    def __init__(self, problems: dict[Account, list[Problem]]) -> None:
        self.problems = problems
        super().__init__("The post does not fit.")

    def __str__(self) -> str:
        lines = [f"{account}: {each.message}" for account, found in self.problems.items() for each in found]
        return "\n".join([f"This does not fit yet. {NOT_SUBMITTED}", *lines])


# Composing


@transaction.atomic
def compose(
    *,
    by: Person,
    draft: Draft,
    now: datetime,
    post: Post | None = None,
    base: str = "",
    corrects: Post | None = None,
    began_from: Mapping[str, str] | None = None,
) -> Post:
    """Keep what is being written; a new post, or the working copy of `post`. Accounts not open to `by` are refused.
    `corrects`: the post that a new one puts right; `began_from`: what stood there, as `correcting.standing` tells it.

    `base` is the `stamp` of the post from which `by` went on writing. Raises ChangedElsewhere where it has another now.
    """
    _fits_the_store(draft)
    accounts = _accounts(draft)
    refused = _refused(by, "compose", accounts, draft_facts(post, draft, by), now=now)
    if refused:
        raise NotAllowed(refused)
    video = found_video(draft)
    if post is None:
        post = Post(created_by=by, created_at=now, changed_at=now, draft=draft.stored(), corrects=corrects)
        post.began_from = dict(began_from or {})
        post.draft_video = video.row if video else None
        post.save(force_insert=True)
        record(by=by, what="post.composed", about=[post.audit_ref], now=now)
    else:
        post = locked(post)
        may_edit(by=by, post=post, now=now)
        if base not in ("", post.stamp):
            raise ChangedElsewhere("This post was changed after you opened it. Nothing was overwritten.")
        if json.loads(json.dumps(draft.stored())) == post.draft:
            return post  # its stamp stays: other windows need not learn of a save that changed nothing
        _note_editor(by, post, now=now)
        post.draft, post.changed_at, post.draft_video = draft.stored(), now, video.row if video else None
        post.save(update_fields=["draft", "changed_at", "draft_video"])
    post.draft_pictures.set(Picture.objects.filter(pk__in=_ids(picture.id for picture in draft.pictures)))
    return post


@transaction.atomic
def correct(*, by: Person, post: Post, now: datetime) -> Post:
    """Begin to correct the words of a post that is out: a draft that says what stands, for the accounts where it can be
    changed from here and `by` may write. One that they began from the same words already is taken up."""
    out = correcting.out_of(post)
    began_from = correcting.standing(out)
    begun = post.corrections.filter(created_by=by, state=states.DRAFT, began_from=began_from).first()
    if begun:
        return begun
    rows = correcting.open_rows(out)
    if not rows:
        raise Impossible(f"{correcting.why_none(post)} Nothing was changed.")
    decisions = compose_decisions(by, list(with_facts(Account.objects.filter(consignments__in=rows))), now=now)
    mine = [row for row in rows if decisions[str(row.account_id)].allowed]
    if not mine:
        raise NotAllowed({row.account: decisions[str(row.account_id)] for row in rows})
    try:
        draft = correcting.draft_from(post, mine)
    except Altered as error:
        raise Impossible(f"{error} {correcting.ALTERED} Nothing was changed.") from None
    return compose(by=by, draft=draft, corrects=post, began_from=began_from, now=now)


@transaction.atomic
def correct_again(*, by: Person, post: Post, correction: Correction, now: datetime) -> None:
    """Have words that could not be corrected on an account tried again, as they were approved. Guidance is asked again
    before they go out."""
    post, row = locked(post), correction.consignment
    about = post_facts(corrections.corrected(correction))
    require(by, "withdraw", facts_of(row.account), now=now, post=about)
    if post.state not in (states.SUBMITTED, states.APPROVED) or post.current.digest != correction.manifest_id:
        raise Impossible("This correction was replaced or taken back since. Nothing was changed.")
    accounts = [account for account in targets_of(post.current) if account.pk == row.account_id]
    _author_still_may(post.current, accounts, now=now)
    _approvers_still_may(post.current, accounts, now=now)
    began_from = post.began_from.get(str(row.account_id), "")
    corrections.again(by=by, correction=correction, began_from=began_from, now=now)


@transaction.atomic
def submit(*, by: Person, post: Post, now: datetime) -> Version:
    """Make the working copy a version and ask for its approval. Whatever was approved before is void with it."""
    post = locked(post)
    draft = Draft.restored(post.draft)
    may_edit(by=by, post=post, now=now)
    for obstacle in obstacles(by=by, post=post, now=now):
        raise obstacle
    accounts, attached = _accounts(draft), _attached(draft)
    _recall(by, post, now=now)
    version = _new_version(by, post, draft, accounts, attached, now=now)
    step(post, "submit", now=now, current=version)
    record(
        by=by,
        what="post.submitted",
        about=[post.audit_ref, *(account.audit_ref for account in accounts)],
        facts={"version": version.number, "digest": version.digest, **_under_pack()},
        now=now,
    )
    ask_for_approval(version, accounts, now=now)
    return version


def obstacles(*, by: Person, post: Post, now: datetime) -> Iterator[Impossible | NotAllowed | DoesNotFit]:
    """All that keeps the working copy from being submitted, as `submit` raises the first of it."""
    draft = Draft.restored(post.draft)
    try:
        accounts, attached = _accounts(draft), _attached(draft)
    except Impossible as gone:
        yield gone
        return
    try:
        attached = attached.made_ready({account.network for account in accounts})
    except NotAPicture as error:
        yield Impossible(f"{error} {NOT_SUBMITTED}")
        return
    if not accounts:
        yield Impossible(f"Choose at least one account. {NOT_SUBMITTED}")
    if not accounts and not draft.pillar:  # else guidance says it, of each account
        yield Impossible(f"Choose the pillar that the post belongs to. {NOT_SUBMITTED}")
    if not normal(draft.text) and not attached and not draft.story:  # of a story, its networks say it
        yield Impossible(f"Write something, or add a picture. {NOT_SUBMITTED}")
    unused = attached.given_to_nobody({account.network for account in accounts})
    if unused and not post.corrects_id:  # a correction keeps what was there
        yield Impossible(f"{GIVEN_TO_NOBODY[unused]} {NOT_SUBMITTED}")
    shown = any(registry.get(account.network).spec.documents for account in accounts)
    if draft.document and accounts and not shown and not post.corrects_id:
        yield Impossible(f"{NO_DOCUMENTS} {NOT_SUBMITTED}")
    if attached.video and not attached.video.row.is_ready:
        yield Impossible(f"{_why_not_ready(attached.video.row)} {NOT_SUBMITTED}")
    if draft.due_at and draft.due_at < now:
        yield Impossible(f"The time set for this post has passed: set another, or none. {NOT_SUBMITTED}")
    if draft.begins and draft.begins <= max(draft.due_at or now, now):
        yield Impossible(f"The live broadcast would begin before it is announced. Set a later time. {NOT_SUBMITTED}")
    wrong = correcting.obstacles(post, draft, accounts, attached)
    yield from (Impossible(f"{each} {NOT_SUBMITTED}") for each in wrong)
    refused = _refused(by, "submit", accounts, draft_facts(post, draft, by), now=now)
    if refused:
        yield NotAllowed(refused)
    problems = {account: problems_for(draft, account, attached, now=now) for account in accounts}
    if any(problems.values()):
        yield DoesNotFit({account: found for account, found in problems.items() if found})


# Deciding


@transaction.atomic
def approve(*, by: Person, post: Post, digest: str, now: datetime) -> list[Consignment]:
    """Approve exactly these bytes for every account that `by` may approve for. Returns what it set on its way.

    With the last approval that an account needs, its consignment is made in this same transaction. It goes out on the
    standing of its author, so guidance is asked about them again too.
    """
    post = locked(post)
    version = _version_seen(post, digest)
    targets = targets_of(version)
    decisions = decisions_on(by, "approve", version, targets, now=now)
    accounts = [account for account in targets if decisions[str(account.pk)].allowed]
    if not accounts:
        raise NotAllowed({account: decisions[str(account.pk)] for account in targets})
    done = set(version.approvals.filter(approver=by).values_list("account_id", flat=True))
    fresh = [account for account in accounts if account.pk not in done]
    if not fresh:
        raise Impossible("You have approved this version already. Nothing was changed.")
    _author_still_may(version, fresh, now=now)
    if late := correcting.overtaken_on(post, fresh):
        raise Impossible(f"{late} Nothing was changed. {correcting.SEND_BACK}")
    if corrections.is_being_ended(post.audit_ref, fresh):
        raise Impossible("What was tried before is still being ended. Nothing was changed. Approve it in some minutes.")
    step_up.ask_for("approve", now=now)
    Approval.objects.bulk_create(
        Approval(version=version, account=account, approver=by, digest=digest, at=now) for account in fresh
    )
    record(
        by=by,
        what="post.approved",
        about=[post.audit_ref, *(account.audit_ref for account in fresh)],
        facts={"version": version.number, "digest": digest, **_under_pack()},
        now=now,
    )
    return _send_what_is_approved(by, post, version, targets, now=now)


@transaction.atomic
def send_back(*, by: Person, post: Post, digest: str, reason: str, now: datetime) -> list[Consignment]:
    """Back to its author, with a reason. Returns what it was too late for, as `withdraw` does."""
    return _decide_against(by, post, digest, "send_back", reason, now=now)


@transaction.atomic
def reject(*, by: Person, post: Post, digest: str, reason: str, now: datetime) -> list[Consignment]:
    """No, for good, with a reason. Returns what it was too late for, as `withdraw` does."""
    return _decide_against(by, post, digest, "reject", reason, now=now)


@transaction.atomic
def withdraw(*, by: Person, post: Post, reason: str, now: datetime) -> list[Consignment]:
    """Take the post back. Returns the consignments for which it was too late: those are out, or may be."""
    post = locked(post)
    if not reason.strip():
        raise Impossible("Say why this post is withdrawn. Nothing was changed.")
    _allow_on_post(by, "withdraw", post, now=now)
    _is_not_over(post)
    too_late = withdraw_all(by=by, post_ref=post.audit_ref, reason=reason, now=now)
    step(post, "withdraw", now=now)
    Remark.objects.create(post=post, version=post.current, step="withdraw", text=reason, at=now, by=by)
    record(
        by=by,
        what="post.withdrawn",
        about=[post.audit_ref],
        facts={"too_late": len(too_late)},
        personal={"reason": reason},
        now=now,
    )
    return too_late


def too_late_for(consignments: Sequence[Consignment]) -> str:
    """A sentence on what can no longer be taken back; empty where everything was."""
    where = ", ".join(dict.fromkeys(str(each.account) for each in consignments))
    return f"It was too late for {where}: it is out there, or may be." if where else ""


# Parts of the actions


def locked(post: Post) -> Post:
    """Locked first, its version loaded after: a join would keep the version of before the wait, or none at all."""
    return Post.objects.select_for_update().get(pk=post.pk)


def step(post: Post, event: str, *, now: datetime, **changes: object) -> None:
    try:
        post.state = states.after(post.state, event)
    except states.ImpossibleStep as error:
        raise Impossible(f"{error} Nothing was changed.") from None
    for name, value in changes.items():
        setattr(post, name, value)
    post.changed_at = now
    post.save()
    settle(subject=WAITS, link=f"/posts/{post.pk}/", now=now)


def _under_pack() -> dict[str, str]:
    pack = guidance().pack
    return {"pack": pack.key, "pack_version": pack.version, "pack_digest": pack.digest}


def _accounts(draft: Draft) -> list[Account]:
    known = accounts_by_id(_ids(draft.targets))
    if not known.keys() >= set(draft.targets):
        raise Impossible(
            "An account of this post is no longer in the register. Choose its accounts again; your words are kept."
        )
    return [known[target] for target in dict.fromkeys(draft.targets)]


def _ids(texts: Iterable[str]) -> list[UUID]:
    """Those that are ids at all."""
    return [UUID(text) for text in texts if ID.fullmatch(text)]


def _refused(
    by: Person, action: str, accounts: Sequence[Account], post: facts.Post, *, now: datetime
) -> dict[Account, Decision]:
    answers = decide_many(
        guidance(),
        action,
        person_facts(by, now=now),
        [account_facts(account) for account in accounts],
        situation(now=now),
        post,
    )
    return {account: answer for account, answer in zip(accounts, answers, strict=True) if not answer.allowed}


def _author_still_may(version: Version, accounts: list[Account], *, now: datetime) -> None:
    decisions = decisions_on(version.author, "submit", version, accounts, now=now)
    refused = {account: decisions[str(account.pk)] for account in accounts if not decisions[str(account.pk)].allowed}
    if refused:
        raise NotAllowed(refused, author=version.author)


def _approvers_still_may(version: Version, accounts: list[Account], *, now: datetime) -> None:
    """What came to nothing left the approvals of those who left or moved since as they were."""
    for account in accounts:
        given = version.approvals.standing().filter(account=account, digest=version.digest).select_related("approver")
        decisions = [decisions_on(each.approver, "approve", version, [account], now=now) for each in given]
        if sum(each[str(account.pk)].allowed for each in decisions) < approvals_needed(account):
            raise Impossible(
                f"Too few of those who approved it for {account} may still do so. Nothing was changed. Begin another "
                "correction from the post that is out, so that others approve it."
            )


def _allow_on_post(by: Person, action: str, post: Post, *, now: datetime) -> None:
    """For every account of the post's version. A draft that was never submitted is its author's alone."""
    if post.current:
        targets = targets_of(post.current)
        decisions = decisions_on(by, action, post.current, targets, now=now)
        refused = {account: decisions[str(account.pk)] for account in targets if not decisions[str(account.pk)].allowed}
        if refused:
            raise NotAllowed(refused)
        return
    if post.created_by_id != by.pk:
        raise Impossible("This is another person's draft: only they may withdraw it.")


def may_edit(*, by: Person, post: Post, now: datetime) -> None:
    """Whether `by` may change what the post says. Raises Impossible or NotAllowed."""
    if post.state not in states.EDITABLE:
        raise Impossible(
            f"This post is “{states.STATES[post.state].lower()}”: it can no longer be changed. Write a new one."
        )
    if post.current is None and post.created_by_id != by.pk:
        raise Impossible("This is another person's draft. Nothing was changed.")
    if post.current is not None:
        _allow_on_post(by, "compose", post, now=now)
        _is_not_out(post)


def _is_not_out(post: Post) -> None:
    taken_back = (*sending.RECALLABLE, sending.WITHDRAWN)
    if Consignment.objects.filter(post_ref=post.audit_ref).exclude(state__in=taken_back).exists():
        raise Impossible(OUT)
    if Correction.objects.filter(post_ref=post.audit_ref, result=Correction.Result.DONE).exists():
        raise Impossible(OUT)


def _note_editor(by: Person, post: Post, *, now: datetime) -> None:
    """Whoever changes another's words is one of their authors from then on, and approves none of them."""
    if by.pk == post.created_by_id or post.editors.filter(pk=by.pk).exists():
        return
    post.editors.add(by)
    record(by=by, what="post.edited", about=[post.audit_ref], now=now)


def _is_not_over(post: Post) -> None:
    under_way = Consignment.objects.filter(post_ref=post.audit_ref).exclude(state__in=sending.FINAL)
    correcting_now = Correction.objects.filter(post_ref=post.audit_ref, result="")
    if post.state == states.APPROVED and not under_way.exists() and not correcting_now.exists():
        raise Impossible("This post is out everywhere: there is nothing left to take back. Nothing was changed.")


def _fits_the_store(draft: Draft) -> None:
    texts = [draft.text, draft.document, *draft.variants.values(), *(medium.alt for medium in draft.media)]
    captions = draft.video.captions if draft.video else ""
    if any(UNKEEPABLE.search(text) for text in (*texts, captions, *draft.variants, draft.pillar, draft.language)):
        raise Impossible("This text holds a character that is none, and cannot be kept. Nothing of it was kept.")
    if len(captions) > 2 * MOST_CAPTIONS:
        raise Impossible(
            f"The captions have {len(captions):,} characters, too many to be kept. Nothing of it was kept."
        )
    longest = max(map(len, texts))
    if longest > LONGEST:
        raise Impossible(
            f"This text has {longest:,} characters; no network takes more than {LONGEST:,}. Nothing of it was kept."
        )


def _attached(draft: Draft) -> Attached:
    rows = Picture.objects.filter(pk__in=_ids(each.id for each in draft.pictures)).prefetch_related("renditions")
    known = {str(picture.pk): picture for picture in rows}
    if len(known) < len(draft.pictures):
        raise Impossible(f"A picture of this post is no longer there, or is there twice. Add it again. {NOT_SUBMITTED}")
    return Attached(tuple((known[each.id], each.alt) for each in draft.pictures), _attached_video(draft))


def _attached_video(draft: Draft) -> AttachedVideo | None:
    if draft.video is None:
        return None
    video = found_video(draft)
    if video is None:
        raise Impossible(f"The video of this post is no longer there. Add it again. {NOT_SUBMITTED}")
    return video


def _why_not_ready(video: Video) -> str:
    if video.state == preparing.REFUSED:
        return f"The video cannot be used. {video.refusal}"
    if video.state == preparing.ARRIVING:
        return "The video has not arrived whole. Take it out and add it again."
    return f"The video is still being prepared ({video.hundredths}%). Submit once it is ready."


def problems_for(draft: Draft, account: Account, attached: Attached, *, now: datetime) -> list[Problem]:
    """The limits of its network that a draft breaks, in the same words as the composer and the adapter use.

    A video that is not ready yet is judged once it is.
    """
    network, posts = registry.get(account.network), draft.posts(account.network)
    item = Item(
        key="0" * 32,
        created_at=now,
        text=posts[0],
        language=draft.language,
        media=attached.for_network(account.network),
        synthetic=draft.synthetic,
        begins=draft.begins,
        story=draft.story,
        document=title(draft.document) if network.spec.documents else "",
    )
    if draft.story and network.spec.stories is None:
        return [_no_stories(network)]
    thread = [item, *(replace(item, text=text, media=()) for text in posts[1:])]
    problems = [
        _in_thread(problem, n, len(thread))
        for n, post in enumerate(thread, 1)
        for problem in network.check(post, account.connection.limits)
    ]
    if len(thread) > MOST_POSTS:
        problems.append(
            Problem("text", f"This is a thread of {len(thread)} posts; {MOST_POSTS} are the most. Join some of them.")
        )
    if draft.begins:
        return [*_not_live(network, attached), *(problem for problem in problems if problem.field == "text")]
    film = attached.given_to(account.network).video
    waits = film and not film.row.is_ready
    return [problem for problem in problems if not (waits and problem.field == "media")]


def _no_stories(network: Network) -> Problem:
    name = network.spec.name
    return Problem("media", f"{name} has no stories from here. Leave this account out, or write a post of its own.")


def _in_thread(problem: Problem, number: int, posts: int) -> Problem:
    return replace(problem, message=f"Post {number} of {posts}: {problem.message}") if posts > 1 else problem


def _not_live(network: Network, attached: Attached) -> Iterator[Problem]:
    if network.live is None:
        name = network.spec.name
        yield Problem(
            "media", f"{name} brings no live broadcasts from here. Leave this account out, or write a post of its own."
        )
    if attached:
        yield Problem("media", "A live broadcast has no pictures and no video of its own. Take them out.")


def _recall(by: Person, post: Post, *, now: datetime) -> None:
    """A new version takes back what the old one has on its way; if some of it is out, the post can no longer change."""
    if withdraw_all(by=by, post_ref=post.audit_ref, reason="Replaced by a new version", now=now):
        raise Impossible(OUT)


def _new_version(
    by: Person, post: Post, draft: Draft, accounts: list[Account], attached: Attached, *, now: datetime
) -> Version:
    number = post.versions.count() + 1
    networks = sorted({account.network for account in accounts})
    media = attached.sealed(networks)
    words = canonical(draft, post=post.pk, number=number, media=media, corrects=post.corrects_id)
    files = attached.files(networks)
    manifest = Manifest.objects.create(digest=digest_of(words), canonical=words, files=files, at=now)
    version = Version.objects.create(
        post=post,
        number=number,
        author=by,
        manifest=manifest,
        at=now,
        pillar=draft.pillar,
        warning=draft.warning,
        due_at=draft.due_at,
    )
    Target.objects.bulk_create(Target(version=version, account=account) for account in accounts)
    return version


def ask_for_approval(version: Version, accounts: list[Account], *, now: datetime) -> None:
    tell(
        [person for person in people_of_all(accounts) if person.pk != version.author_id],
        kind="approvals",
        subject=WAITS,
        body=f"{version.author} wrote it for {', '.join(str(account) for account in accounts[:3])}"
        + (f" and {len(accounts) - 3} more." if len(accounts) > 3 else "."),
        link=f"/posts/{version.post_id}/",
        now=now,
    )


def _version_seen(post: Post, digest: str) -> Version:
    """The current version, if it is the very one that the person had before them."""
    if post.current is None or post.state != states.SUBMITTED:
        raise Impossible(
            f"This post is “{states.STATES[post.state].lower()}”: there is nothing to decide. Nothing was changed."
        )
    if not post.versions.filter(manifest=digest).exists():
        raise Impossible("No version of this post has this digest. Give all 64 characters of it. Nothing was decided.")
    if post.current.digest != digest:
        raise Impossible(
            "This post was changed since you opened it. Nothing was decided. Read the new version, then decide."
        )
    return post.current


def _send_what_is_approved(
    by: Person, post: Post, version: Version, targets: list[Account], *, now: datetime
) -> list[Consignment]:
    counted: dict[str, int] = {}
    for account_id in version.approvals.standing().filter(digest=version.digest).values_list("account_id", flat=True):
        counted[str(account_id)] = counted.get(str(account_id), 0) + 1
    complete = [account for account in targets if counted.get(str(account.pk), 0) >= approvals_needed(account)]
    if post.corrects_id:
        rows = _correct_what_is_approved(by, post, version, complete, counted, now=now)
        if len(complete) == len(targets):
            step(post, "approve", now=now)
        return rows
    underway = set(version.manifest.consignments.values_list("account_id", flat=True))
    said = contents(version.manifest)
    consignments = [
        _consignment(post, version, account, counted[str(account.pk)], part, now=now)
        for account in complete
        if account.pk not in underway
        for part in range(len(posts_for(said, account.network)))
    ]
    Consignment.objects.bulk_create(consignments)
    restored = restore(by=by, consignments=_waits_for_approval(version, complete), now=now)
    if len(complete) == len(targets):
        step(post, "approve", now=now)
    if consignments:
        record(
            by=by,
            what="consignment.ready",
            about=[post.audit_ref, *(consignment.audit_ref for consignment in consignments)],
            facts={"digest": version.digest},
            now=now,
        )
        lane = consignments[0].lane
        transaction.on_commit(lambda: nudge(lane))
    return [*consignments, *restored]


def _correct_what_is_approved(
    by: Person, post: Post, version: Version, complete: list[Account], counted: dict[str, int], *, now: datetime
) -> list[Consignment]:
    """Instead of consignments: those that are out already are given the approved words."""
    begun = version.manifest.corrections.exclude(result=Correction.Result.WITHDRAWN).values("consignment__account")
    accounts = [account.pk for account in complete]
    out = of_post(post.corrects.audit_ref).filter(state=sending.SENT, part=0, account__in=accounts)
    rows = list(out.exclude(account__in=begun))
    for row in sorted(rows, key=lambda row: row.pk):
        corrections.ask(
            by=by,
            consignment=row,
            manifest=version.manifest,
            post_ref=post.audit_ref,
            author=version.author,
            approvals=counted[str(row.account_id)],
            approvals_needed=approvals_needed(row.account),
            began_from=post.began_from.get(str(row.account_id), ""),
            now=now,
        )
    return rows


def _waits_for_approval(version: Version, accounts: list[Account]) -> QuerySet[Consignment]:
    """What was on its way, until an approval that it needs was void."""
    waiting = {"state": sending.HELD, "hold": Consignment.Hold.LEAVER}
    return version.manifest.consignments.filter(account__in=accounts, **waiting)


def _consignment(
    post: Post, version: Version, account: Account, approvals: int, part: int, *, now: datetime
) -> Consignment:
    due = max(version.due_at or now, now)
    return Consignment(
        manifest=version.manifest,
        account=account,
        part=part,
        post_ref=post.audit_ref,
        author_id=version.author_id,
        approvals=approvals,
        approvals_needed=approvals_needed(account),
        pillar=version.pillar,
        lane=Consignment.Lane.WARNING if version.warning else Consignment.Lane.NORMAL,
        due_at=due,
        not_before=due,
        created_at=now,
    )


def _decide_against(
    by: Person, post: Post, digest: str, event: str, reason: str, *, now: datetime
) -> list[Consignment]:
    """Takes back what others have approved too, so it is for those who may decide for every account of the version."""
    post = locked(post)
    version = _version_seen(post, digest)
    if not reason.strip():
        raise Impossible("Say why: its author needs to know. Nothing was decided.")
    _allow_on_post(by, event, post, now=now)
    too_late = withdraw_all(by=by, post_ref=post.audit_ref, reason=reason, now=now)
    step(post, event, now=now)
    Remark.objects.create(post=post, version=version, step=event, text=reason, at=now, by=by)
    what = {"send_back": "post.sent_back", "reject": "post.rejected"}[event]
    record(
        by=by,
        what=what,
        about=[post.audit_ref],
        facts={"digest": digest, "too_late": len(too_late)},
        personal={"reason": reason},
        now=now,
    )
    tell(
        [version.author],
        kind="approvals",
        subject={"send_back": "Your post was sent back", "reject": "Your post was rejected"}[event],
        body=f"{by}: {reason} {too_late_for(too_late)}".rstrip(),
        link=f"/posts/{post.pk}/",
        now=now,
    )
    return too_late


__all__ = [
    "ChangedElsewhere",
    "DoesNotFit",
    "Impossible",
    "NotAllowed",
    "Refused",
    "approve",
    "compose",
    "correct",
    "correct_again",
    "may_edit",
    "obstacles",
    "problems_for",
    "reject",
    "send_back",
    "submit",
    "too_late_for",
    "withdraw",
]

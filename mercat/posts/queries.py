"""Reads of posts, and who may see which."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import (
    BooleanField,
    Count,
    Exists,
    ExpressionWrapper,
    Max,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    TextField,
    Value,
)
from django.db.models.functions import Cast, Coalesce, Concat

from mercat.delivery import states as sending
from mercat.delivery.models import Consignment, Correction, Removal
from mercat.delivery.queries import accounts_open_to, of_post
from mercat.guidance import facts
from mercat.guidance.gate import Prepared, prepare
from mercat.people.models import Person
from mercat.people.pack import guidance
from mercat.posts import states
from mercat.posts.facts import approvals_needed
from mercat.posts.models import Approval, Post, Target, Version
from mercat.register.facts import account_facts, with_facts
from mercat.register.models import Account

MOST_WAITING = 60  # posts that are looked through for somebody's queue


def open_to(person: facts.Person, *, now: datetime) -> QuerySet[Post]:
    """The posts that `person` may see: their own, what guidance opens to them, and what is out for all the world.

    A draft that was never submitted is its author's alone. Each row says as `inside` why it is open: of a post that is
    open only because it is out, its present version alone may be shown, which can no longer change.
    """
    accounts = accounts_open_to(person, "view_post", now=now)
    reference = Concat(Value("post:"), Cast("pk", TextField()))
    inside = (
        Q(created_by=person.id)
        | Exists(Version.objects.filter(post=OuterRef("pk"), author=person.id))
        | Exists(Target.objects.filter(version=OuterRef("current"), account__in=accounts))
    )
    out = Exists(Consignment.objects.filter(post_ref=OuterRef("reference"), state=sending.SENT))
    out |= Exists(Correction.objects.filter(post_ref=OuterRef("reference"), result=Correction.Result.DONE))
    return (
        Post.objects.alias(reference=reference)
        .annotate(inside=ExpressionWrapper(inside, output_field=BooleanField()))
        .filter(inside | out)
    )


def is_inside(post: Post) -> bool:
    """Whether whoever this post was loaded for may see all of it; lists of somebody's own posts hold no other."""
    return getattr(post, "inside", True)


def versions_open(post: Post) -> QuerySet[Version]:
    """The versions that may be shown to whoever this post was loaded for."""
    return post.versions.all() if is_inside(post) else post.versions.filter(pk=post.current_id)


def consignments_open(post: Post) -> QuerySet[Consignment]:
    """What of its sending may be shown to them: all, or only what is out."""
    rows = of_post(post.audit_ref)
    return rows if is_inside(post) else rows.filter(state=sending.SENT)


def corrections_of(post: Post) -> QuerySet[Correction]:
    """How what it corrects stands; to whoever may not see all of it, only what is out."""
    rows = Correction.objects.filter(post_ref=post.audit_ref).select_related("consignment__account")
    rows = rows if is_inside(post) else rows.filter(result=Correction.Result.DONE)
    return rows.order_by("consignment__account__network", "consignment__account__name", "asked_at")


def may_be_tried_again(
    post: Post, corrections: Iterable[Correction], person: facts.Person, *, now: datetime
) -> set[int]:
    """Of these of a post, the ids of those that could not be made, are of its present version, and `person` answers
    for."""
    if post.state not in (states.SUBMITTED, states.APPROVED):
        return set()
    failed = [each for each in corrections if each.result == Correction.Result.FAILED]
    present = [each for each in failed if each.manifest_id == post.current.manifest_id]
    if not present:
        return set()
    mine = set(accounts_open_to(person, "withdraw", now=now))
    return {each.pk for each in present if str(each.consignment.account_id) in mine or str(each.author_id) == person.id}


def out_since(posts: Iterable[Post]) -> dict[str, datetime]:
    """When the last of it went out, by the audit's name of a post: for those that went out wherever they were to go."""
    versions = [post.current.manifest_id for post in posts if post.state == states.APPROVED]
    rows = Consignment.objects.filter(manifest__in=versions).order_by().values("post_ref")
    counted = rows.annotate(elsewhere=Count("pk", filter=~Q(state=sending.SENT)), at=Max("sent_at"))
    return {row["post_ref"]: row["at"] for row in [*counted, *_corrected(versions)] if not row["elsewhere"]}


def _corrected(versions: list[str]) -> QuerySet[Any]:
    """As of what was sent, of what corrects: when the last of its words came to stand."""
    rows = Correction.objects.filter(manifest__in=versions).exclude(result=Correction.Result.WITHDRAWN)
    rows = rows.order_by().values("post_ref")
    return rows.annotate(elsewhere=Count("pk", filter=~Q(result=Correction.Result.DONE)), at=Max("ended_at"))


def taken_down(posts: Iterable[Post]) -> set[str]:
    """The audit's names of those that were taken down again from everywhere they went out."""
    versions = [post.current.manifest_id for post in posts if post.state == states.APPROVED]
    down = Exists(Removal.objects.filter(consignment=OuterRef("pk"), result=Removal.Result.DONE))
    rows = Consignment.objects.filter(manifest__in=versions).order_by().values("post_ref")
    counted = rows.annotate(down=Count("pk", filter=down), all=Count("pk"))
    return {row["post_ref"] for row in counted if row["down"] == row["all"]}


def written_by(person: Person) -> QuerySet[Any]:
    """Ids of the posts that `person` began or wrote a version of: two index reads; an OR would read every post."""
    began = Post.objects.filter(created_by=person).values("pk")
    return began.union(Version.objects.filter(author=person).values("post"))


def told(posts: QuerySet[Post]) -> QuerySet[Post]:
    """Load all that a list says of posts, in three queries; `put_right`: the posts that corrected its words, the newest
    last."""
    done = Correction.objects.filter(manifest=OuterRef("current__manifest"), result=Correction.Result.DONE)
    corrects = Post.objects.filter(Exists(done)).select_related("current__manifest").order_by("current__at")
    posts = posts.select_related("created_by", "current__manifest", "current__author")
    return posts.prefetch_related("remarks__by", Prefetch("corrections", corrects, to_attr="put_right"))


def accounts_of(posts: Iterable[Post]) -> dict[str, Account]:
    """Every account that these posts name, by id, in one query."""
    wanted = {target for post in posts for target in targets_named(post)}
    return {str(row.pk): row for row in Account.objects.filter(pk__in=wanted)}


def targets_named(post: Post) -> list[str]:
    return list(said_by(post).get("targets", ()))


def said_by(post: Post) -> dict[str, Any]:
    """What a post says now: its version's contents where one stands, else the working copy, of the same names."""
    if post.current is None or (post.state in (states.DRAFT, states.SENT_BACK) and is_inside(post)):
        return post.draft
    return json.loads(bytes(post.current.manifest.canonical))


def stands_in(post: Post) -> dict[str, Any]:
    """What a list says of a post that was loaded through `told`: where its words were corrected, the newest of those
    that stand."""
    if not post.put_right:
        return said_by(post)
    return json.loads(bytes(post.put_right[-1].current.manifest.canonical))


def drafts_of(person: Person) -> QuerySet[Post]:
    return told(Post.objects.filter(created_by=person, state=states.DRAFT))


def sent_back_to(person: Person) -> QuerySet[Post]:
    return told(
        Post.objects.filter(Q(created_by=person) | Q(current__author=person), state=states.SENT_BACK).distinct()
    )


def submitted_by(person: Person) -> QuerySet[Post]:
    return told(Post.objects.filter(current__author=person, state=states.SUBMITTED))


def waiting_for(person: facts.Person, *, now: datetime) -> list[Post]:
    """The posts that `person` may approve now, for at least one account.

    Warnings first; then by the time since which they could be out: what goes out once it is approved could be since it
    was submitted.
    """
    written = Version.objects.filter(post=OuterRef("pk"), author=person.id)
    changed = Post.editors.through.objects.filter(post=OuterRef("pk"), person=person.id)
    said = Approval.objects.filter(version=OuterRef("current"), approver=person.id)
    queue = Post.objects.filter(~Exists(written), ~Exists(changed), ~Exists(said), state=states.SUBMITTED)
    queue = queue.exclude(created_by=person.id).order_by()
    waiting = Target.objects.filter(version__in=queue.values("current"))
    accounts = {str(row.pk): row for row in with_facts(Account.objects.filter(pk__in=waiting.values("account")))}
    known = {pk: account_facts(row) for pk, row in accounts.items()}
    needed = {pk: approvals_needed(row) for pk, row in accounts.items()}
    asked = prepare(guidance(), person, known.values())
    situation = facts.Situation(now=now)
    since = Coalesce("current__due_at", "current__at")
    within_reach = told(queue.filter(_within_reach(queue, asked, list(known.values()), situation)))
    posts = list(within_reach.order_by("-current__warning", since, "changed_at")[:MOST_WAITING])
    targets, authors, approvals = _targets(posts), _authors(posts), _approvals(posts)

    def is_open(post: Post) -> bool:
        found = [known[account] for account in targets[post.current_id] if account in known]
        said = {
            account.id: _version_facts(
                post, authors[post.pk], approvals[post.current_id, account.id], needed[account.id]
            )
            for account in found
        }
        return any(answer.allowed for answer in asked.decide_many("approve", found, situation, said))

    return [post for post in posts if is_open(post)]


def _within_reach(
    queue: QuerySet[Post], asked: Prepared, accounts: Sequence[facts.Account], situation: facts.Situation
) -> Q:
    """Those to an account where guidance lets this person approve another's post of that pillar.

    So that the posts of other accounts, however many, leave room for these.
    """
    found = Q(pk=None)
    for pillar, warning in queue.values_list("current__pillar", "current__warning").distinct():
        post = facts.Post(
            id="any", pillar=pillar, warning=warning, authors=frozenset({"another"}), state=states.SUBMITTED
        )
        answers = asked.decide_many("approve", accounts, situation, post)
        reach = [account.id for account, answer in zip(accounts, answers, strict=True) if answer.allowed]
        to_one = Exists(Target.objects.filter(version=OuterRef("current"), account__in=reach))
        found |= Q(to_one, current__pillar=pillar, current__warning=warning)
    return found


def _version_facts(post: Post, authors: frozenset[str], approvals: int, needed: int) -> facts.Post:
    version = post.current
    return facts.Post(
        id=str(post.pk),
        digest=version.digest,
        pillar=version.pillar,
        authors=authors,
        warning=version.warning,
        approvals=approvals,
        approvals_needed=needed,
        state=post.state,
    )


def _targets(posts: Sequence[Post]) -> dict[object, list[str]]:
    rows = Target.objects.filter(version__in=[post.current_id for post in posts]).values_list(
        "version_id", "account_id"
    )
    found: dict[object, list[str]] = defaultdict(list)
    for version, account in rows:
        found[version].append(str(account))
    return found


def _authors(posts: Sequence[Post]) -> dict[object, frozenset[str]]:
    rows = Version.objects.filter(post__in=posts).values_list("post_id", "author_id")
    edited = Post.editors.through.objects.filter(post__in=posts).values_list("post_id", "person_id")
    found = {post.pk: {str(post.created_by_id)} for post in posts}
    for post, author in [*rows, *edited]:
        found[post].add(str(author))
    return {post: frozenset(authors) for post, authors in found.items()}


def _approvals(posts: Sequence[Post]) -> Counter[tuple[object, str]]:
    rows = Approval.objects.standing().filter(version__in=[post.current_id for post in posts])
    return Counter((version, str(account)) for version, account in rows.values_list("version_id", "account_id"))

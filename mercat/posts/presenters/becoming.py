"""What a correction makes of what stands: for each account the one beside the other, for whoever approves it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from mercat.delivery import corrections
from mercat.delivery.manifest import contents, given, posts_for
from mercat.delivery.models import Consignment
from mercat.networks.port import Altered
from mercat.posts import correcting
from mercat.posts.models import Post
from mercat.posts.presenters.diff import beside
from mercat.register.models import Account


@dataclass(frozen=True, slots=True)
class Part:
    """Words that stand, with what is taken out marked, and those that they become, with what is put in."""

    title: str
    stands: Markup
    becomes: Markup


@dataclass(frozen=True, slots=True)
class Becoming:
    """What changes on accounts of one network that show the same. `problem`: why it does not come to that, or "";
    without parts, what stands there cannot be told."""

    network: str
    accounts: list[Account]
    parts: list[Part]
    problem: str


def becoming(post: Post) -> list[Becoming]:
    """Of a correction that was submitted, wherever its words do not stand yet."""
    if post.corrects is None or post.current is None:
        return []
    targets = set(post.current.targets.values_list("account", flat=True))
    said = contents(post.current.manifest)
    found: dict[tuple[Any, ...], Becoming] = {}
    for row in correcting.out_of(post.corrects):
        if row.part or row.account_id not in targets or corrections.stands(row).digest == post.current.digest:
            continue
        one = _becoming(post, row, said)
        same = found.setdefault((one.network, one.problem, *one.parts), one)
        if same is not one:
            same.accounts.append(row.account)
    return list(found.values())


def _becoming(post: Post, row: Consignment, said: Mapping[str, Any]) -> Becoming:
    network = row.account.network
    try:
        parts = _parts(contents(corrections.stands(row)), said, network)
    except Altered as error:
        return Becoming(network, [row.account], [], f"{error} {correcting.ALTERED}")
    return Becoming(network, [row.account], parts, _problem(post, row))


def _problem(post: Post, row: Consignment) -> str:
    """That this very post is correcting it is none."""
    if any(not each.result and each.post_ref == post.audit_ref for each in row.corrections.all()):
        return ""
    return corrections.what_hinders(row) or correcting.overtaken(post, row)


def _parts(before: Mapping[str, Any], after: Mapping[str, Any], network: str) -> list[Part]:
    """The words, and the descriptions that change."""
    words = (posts_for(before, network)[0], posts_for(after, network)[0])
    media = list(zip(given(before["media"], network), given(after["media"], network), strict=False))
    described = [
        Part(_described(n, old), *beside(old["alt"], new["alt"]))
        for n, (old, new) in enumerate(media, 1)
        if old["alt"] != new["alt"]
    ]
    return [Part("The words", *beside(*words)), *described]


def _described(number: int, entry: Mapping[str, Any]) -> str:
    return f"What {'the video' if entry.get('kind') == 'video' else f'picture {number}'} is said to show"

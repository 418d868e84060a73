"""How a post will look on each network: its wording, its pictures, and how much of the network's limits it uses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from markupsafe import Markup, escape

from mercat.images import states as preparing
from mercat.images.models import Picture
from mercat.networks import registry
from mercat.networks.kit.text import links
from mercat.networks.port import Count, Problem
from mercat.posts.actions import problems_for
from mercat.posts.attached import Attached, AttachedVideo
from mercat.posts.contents import Draft, title
from mercat.posts.models import Post
from mercat.posts.presenters.cost import cost_of
from mercat.register.models import Account

# What most networks mark in a text, links aside: a tag or a mention at the start of a word.
MARKED = re.compile(r"(?<![\w/@#.])([#@][\w][\w.@-]*\w|#\w)")


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture or a video of a post, as a page shows it. Of a video that is not ready `src` is empty."""

    id: str
    src: str
    alt: str
    name: str
    width: int
    height: int
    size: int
    is_video: bool = False
    cover: str = ""
    captions: str = ""  # an address


@dataclass(frozen=True, slots=True)
class Film:
    """The video of a draft and how far it is. `moving`: it will be further in a moment."""

    shown: Shown
    state: str
    words: str
    hundredths: int
    moving: bool
    refusal: str


@dataclass(frozen=True, slots=True)
class Use:
    """How much of a text limit is used. `said` is the sentence, `level` is fine, near or over."""

    network: str
    used: int
    limit: int
    unit: str
    level: str
    said: str


@dataclass(frozen=True, slots=True)
class Preview:
    """One wording on one network: the card, and every account that it is for."""

    network: str
    account: Account
    accounts: list[Account]
    posts: list[Markup]  # of a thread more than one
    pictures: list[Shown]
    use: Use | None  # None of a story, which has no words
    problems: list[Problem]
    cost: str
    story: bool
    document: str  # its title, where the network shows one


def previews(
    draft: Draft, accounts: Sequence[Account], attached: Attached, post: Post, *, now: datetime
) -> list[Preview]:
    """One card for each network of `accounts`, which were loaded with their connections."""
    return [_preview(draft, found, attached, post, now) for found in by_network(accounts)]


def _preview(draft: Draft, accounts: list[Account], attached: Attached, post: Post, now: datetime) -> Preview:
    network = accounts[0].network
    said = [problem for account in accounts for problem in problems_for(draft, account, attached, now=now)]
    return Preview(
        network=network,
        account=accounts[0],
        accounts=accounts,
        posts=[marked(text) for text in draft.posts(network)],
        pictures=shown_media(post, attached, network),
        use=None if draft.story else use_of(draft, accounts),
        problems=list(dict.fromkeys(said)),
        cost=cost_of(network, draft.posts(network), len(accounts), now=now),
        story=draft.story,
        document=title(draft.document) if registry.get(network).spec.documents else "",
    )


def by_network(accounts: Iterable[Account]) -> list[list[Account]]:
    found: dict[str, list[Account]] = {}
    for account in accounts:
        found.setdefault(account.network, []).append(account)
    return list(found.values())


def use_of(draft: Draft, accounts: Sequence[Account]) -> Use:
    """By the fullest post of a thread, and the strictest of these accounts: servers set limits of their own."""
    network = registry.get(accounts[0].network)
    posts = draft.posts(accounts[0].network)
    counts = [network.count(text, account.connection.limits) for account in accounts for text in posts]
    return told_use(accounts[0].network, min(counts, key=lambda count: count.limit - count.used))


def told_use(network: str, count: Count) -> Use:
    left = count.limit - count.used
    level = "over" if left < 0 else "near" if left <= max(count.limit // 15, 10) else "fine"
    spec = registry.get(network).spec
    said = f"{spec.name}: {-left:,} {count.unit} too many" if left < 0 else f"{spec.name}: {left:,} {count.unit} left"
    if left < 0 and spec.threads:
        said += ". A line with only --- begins a second post, as a thread"
    return Use(network, count.used, count.limit, count.unit, level, said)


def shown_media(post: Post, attached: Attached, network: str) -> list[Shown]:
    """Pictures, or the video, as `network` will be given them."""
    given = attached.given_to(network)
    pictures = [shown_picture(post, picture, alt, network) for picture, alt in given.pictures]
    return [*pictures, *([shown_video(post, given.video)] if given.video else [])]


def shown_video(post: Post, video: AttachedVideo) -> Shown:
    row = video.row
    if not row.is_ready:
        return Shown(str(row.pk), "", video.alt, row.name, 0, 0, row.upload_size, is_video=True)
    src, cover = (reverse("posts:picture", args=[post.pk, each.sha256]) for each in (row, row.cover))
    captions = reverse("posts:captions", args=[post.pk]) if video.captions else ""
    return Shown(str(row.pk), src, video.alt, row.name, row.width, row.height, row.size, True, cover, captions)


def film_of(post: Post, video: AttachedVideo) -> Film:
    row = video.row
    return Film(
        shown=shown_video(post, video),
        state=row.state,
        words=preparing.STATES[row.state],
        hundredths=row.hundredths,
        moving=row.state in (preparing.WAITING, preparing.PREPARING),
        refusal=row.refusal,
    )


def shown_picture(post: Post, picture: Picture, alt: str, network: str = "") -> Shown:
    """A picture as `network` will be given it; without one, as our own pages show it."""
    row = picture.for_network(network) if network else picture
    src = reverse("posts:picture", args=[post.pk, row.sha256])
    return Shown(str(picture.pk), src, alt, picture.name, row.width, row.height, row.size)


def marked(text: str) -> Markup:
    """A text with its links, tags and mentions set off, the way a network would. Everything is escaped."""
    pieces, end = [], 0
    for span in links(text):
        pieces += [_tagged(text[end : span.start]), Markup('<span class="mercat-link">%s</span>') % span.text]
        end = span.end
    return Markup("").join([*pieces, _tagged(text[end:])])


def _tagged(text: str) -> Markup:
    parts = MARKED.split(text)
    return Markup("").join(
        Markup('<span class="mercat-link">%s</span>') % part if place % 2 else escape(part)
        for place, part in enumerate(parts)
    )

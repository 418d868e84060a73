"""Correcting the words of a post that is out: by a post of its own, which is submitted and approved as every post is.

It may say other words, in the text, in wordings and, where every network takes them, in descriptions; and it may leave
accounts out. All else stays as it went out. With its last approval an account gets a correction, and no consignment.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from mercat.delivery import corrections
from mercat.delivery import states as sending
from mercat.delivery.manifest import contents, posts_for
from mercat.delivery.models import Consignment
from mercat.delivery.queries import of_post
from mercat.images.models import Picture, Video
from mercat.networks import registry
from mercat.networks.port import Altered
from mercat.posts.attached import Attached
from mercat.posts.contents import Draft, DraftPicture, DraftVideo, normal
from mercat.posts.models import Post
from mercat.register.models import Account

STAYS = {
    "pillar": "The pillar",
    "language": "The language",
    "warning": "Whether it is an emergency warning",
    "synthetic": "Whether it was made or altered by a machine",
    "story": "Whether it is a story",
    "document": "The title of the document",
    "begins": "Whether it is a live broadcast",
}
AS_IT_WAS = "stays as it went out when words are corrected. Set it back."
ALTERED = "Tell the information security officer. Until it is looked into, it is not corrected from here."
SEND_BACK = "Send it back: its author begins anew from what stands there now."
ANEW = "Begin anew by “Correct the words” on the post that is out, or leave this account out."


def out_of(post: Post) -> list[Consignment]:
    """What of it is out, or was; not what a later version took back."""
    return list(of_post(post.audit_ref).filter(state=sending.SENT))


def open_rows(out: Sequence[Consignment]) -> list[Consignment]:
    """Where the words of what is out can be corrected from here now."""
    return [row for row in out if not corrections.what_hinders(row)]


def standing(out: Sequence[Consignment]) -> dict[str, str]:
    """By account, the digest of what holds the words that stand there now."""
    return {str(row.account_id): corrections.stands(row).digest for row in out if row.part == 0}


def overtaken(post: Post, row: Consignment) -> str:
    """That a correction of this row would take back another, which was done since it was begun; "" where not."""
    own, began = post.current.digest if post.current else "", post.began_from.get(str(row.account_id))
    if corrections.stands(row).digest in (began, own):
        return ""
    if not began:  # begun before this was kept
        return f"It is not known from which words on {row.account} this was begun."
    return f"The words on {row.account} were corrected after this was begun, which this would take back."


def overtaken_on(post: Post, accounts: Sequence[Account]) -> str:
    """What `overtaken` says of the first of these accounts of a correction where it does."""
    rows = out_of(post.corrects) if post.corrects else []
    concerned = (row for row in rows if row.part == 0 and row.account in accounts)
    return next(filter(None, (overtaken(post, row) for row in concerned)), "")


def why_none(post: Post) -> str:
    """What stands in the way everywhere, of the first account where it does."""
    rows = out_of(post) or list(of_post(post.audit_ref))
    hindrances = (corrections.what_hinders(row) for row in rows)
    return next((each for each in hindrances if each), "It is out nowhere.")


def draft_from(post: Post, rows: Sequence[Consignment]) -> Draft:
    """What stands now on the accounts of these rows, to be put right."""
    newest = max(rows, key=lambda row: done.ended_at if (done := corrections.done(row)) else row.sent_at)
    said = contents(corrections.stands(newest))
    wordings = {row.account.network: _words(contents(corrections.stands(row)), row.account.network) for row in rows}
    text = said["text"]
    return Draft(
        text=text,
        language=said["language"],
        variants={network: words for network, words in wordings.items() if words != normal(text)},
        pictures=tuple(_picture(post, each) for each in said["media"] if each.get("kind") != "video"),
        video=next((_video(each) for each in said["media"] if each.get("kind") == "video"), None),
        synthetic=said.get("synthetic", False),
        document=said.get("document", ""),
        targets=tuple(str(row.account_id) for row in rows),
        pillar=said["pillar"],
        warning=said["warning"],
    )


def _words(said: dict[str, Any], network: str) -> str:
    return posts_for(said, network)[0]


def _picture(post: Post, entry: dict[str, Any]) -> DraftPicture:
    """Of those with the same bytes, the one that the post itself was written with."""
    mine = post.draft_pictures.filter(sha256=entry["sha256"]).first()
    row = mine or Picture.objects.filter(sha256=entry["sha256"]).order_by("at").first()
    return DraftPicture(str(row.pk) if row else "", entry["alt"])


def _video(entry: dict[str, Any]) -> DraftVideo:
    row = Video.objects.filter(sha256=entry["sha256"]).order_by("at").first()
    return DraftVideo(str(row.pk) if row else "", entry["alt"], entry["captions"])


def obstacles(post: Post, draft: Draft, accounts: Sequence[Account], attached: Attached) -> Iterator[str]:
    """All that a correction may not be, in sentences. Of a post that corrects no other there is nothing."""
    if post.corrects is None:
        return
    try:
        yield from _obstacles(post, out_of(post.corrects), draft, accounts, attached)
    except Altered as error:
        yield f"{error} {ALTERED}"


def _obstacles(
    post: Post, rows: Sequence[Consignment], draft: Draft, accounts: Sequence[Account], attached: Attached
) -> Iterator[str]:
    out = {row.account_id: row for row in rows if row.part == 0}
    if not out:
        yield "The post that is corrected is out nowhere."
        return
    first = contents(next(iter(out.values())).manifest)
    as_it_was = {"story": False, "document": "", "begins": None, "synthetic": False, **first}
    for name, called in STAYS.items():
        if getattr(draft, name) != as_it_was[name]:
            yield f"{called} {AS_IT_WAS}"
    if draft.due_at:
        yield "A correction goes out as soon as it is approved: set no time for it."
    if _files(attached) != [entry["sha256"] for entry in first["media"]]:
        yield "Pictures and videos stay as they went out when words are corrected. Put back what was there."
    elif _captions(draft) != _captions_of(first):
        yield f"What is said in the video {AS_IT_WAS}"
    yield from filter(None, (_obstacle_at(account, post, draft, out.get(account.pk)) for account in accounts))
    known = [out[account.pk] for account in accounts if account.pk in out]
    if known and not any(_says_another(draft, row) for row in known):
        yield "These are the words that stand already: nothing is corrected yet."


def _obstacle_at(account: Account, post: Post, draft: Draft, row: Consignment | None) -> str:
    if row is None:
        return f"The post that is corrected did not go to {account}. Leave this account out."
    if hindrance := corrections.what_hinders(row):
        return f"{hindrance} Leave this account out."
    if late := overtaken(post, row):
        return f"{late} {ANEW}"
    if len(draft.posts(account.network)) > 1:
        return f"A correction on {account} is one post: take out the line that has nothing but hyphens."
    if _alts(draft) != (stand := _alts_of(row)) and not _describes(account, stand):
        name = registry.get(account.network).spec.name
        return f"{name} lets nobody change descriptions. Set them back, or leave {account} out."
    return ""


def _describes(account: Account, alts: list[str]) -> bool:
    editor = registry.get(account.network).editor
    return not alts or (editor is not None and editor.describes)


def _says_another(draft: Draft, row: Consignment) -> bool:
    words = _words(contents(corrections.stands(row)), row.account.network)
    return draft.wording(row.account.network) != words or _alts(draft) != _alts_of(row)


def _files(attached: Attached) -> list[str]:
    video = [attached.video.row.sha256] if attached.video else []
    return [*(picture.sha256 for picture, _ in attached.pictures), *video]


def _alts(draft: Draft) -> list[str]:
    return [normal(medium.alt) for medium in draft.media]


def _alts_of(row: Consignment) -> list[str]:
    return [entry["alt"] for entry in contents(corrections.stands(row))["media"]]


def _captions(draft: Draft) -> str:
    return draft.video.captions if draft.video else ""


def _captions_of(said: dict[str, Any]) -> str:
    return next((entry["captions"] for entry in said["media"] if entry.get("kind") == "video"), "")

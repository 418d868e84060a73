"""`mercat post`: the same actions and the same gate as the pages, for people at a terminal and for scripts.

Whoever runs it signs in as a person of the programme: `--as EMAIL`, and the passphrase is asked for, or read from
MERCAT_PASSPHRASE.
"""

from __future__ import annotations

import json
import mimetypes
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Any
from uuid import UUID

import click
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Q
from django.utils import timezone
from psycopg.errors import DiskFull

from mercat.audit.actions import record
from mercat.delivery import states as sending
from mercat.guidance.gate import Refused
from mercat.images.captions import NotCaptions, webvtt_of
from mercat.images.kinds import NotAVideo
from mercat.images.preparing import prepare_this
from mercat.images.rendering import NotAPicture, is_pdf
from mercat.images.videos import take_in_video
from mercat.networks import registry
from mercat.people.actions import Impossible
from mercat.people.facts import person_facts
from mercat.people.models import Person
from mercat.people.pack import guidance
from mercat.people.signing_in import factors, proving
from mercat.people.signing_in.throttle import NO_MATCH, Origin, TooMany, identify
from mercat.posts import actions, bulk, importing
from mercat.posts.contents import Draft, DraftPicture, DraftVideo, title
from mercat.posts.forms import BadTime, due_at
from mercat.posts.keeping import MOST_PICTURES, taken_in
from mercat.posts.models import Post
from mercat.posts.queries import consignments_open, open_to
from mercat.posts.states import STATES
from mercat.register.models import Account

UNUSABLE = (NotAPicture, NotAVideo, NotCaptions)
TOO_MANY_ALTS = "There are more --alt texts than pictures and videos."
REFUSED = 3  # exit code: guidance, or a limit of a network, said no


def _signed_in(email: str) -> Person:
    passphrase = os.environ.get("MERCAT_PASSPHRASE") or click.prompt("Passphrase", hide_input=True, err=True)
    now = timezone.now()
    origin = Origin(email.strip().lower(), "command line", shared=True)
    try:
        person = identify(origin, passphrase, now=now)
    except TooMany as wait:
        raise click.ClickException(str(wait)) from None
    if person is None:
        raise click.ClickException(NO_MATCH)
    _second_factor(person, origin)
    with transaction.atomic():
        record(by=person, what="person.signed_in", about=[person.audit_ref], facts={"how": "command line"}, now=now)
    return person


def _second_factor(person: Person, origin: Origin) -> None:
    """A code beside the passphrase, from whoever has one or needs one: the command line is no way around it."""
    if not factors.has_any(person):
        if factors.required(person):
            raise click.ClickException("You need a second factor. Sign in on the pages once: they lead you to it.")
        return
    code = os.environ.get("MERCAT_CODE") or click.prompt("One-time code or recovery code", err=True)
    shown = proving.code_of(person, code, origin, now=timezone.now())
    if not shown.how:
        raise click.ClickException(shown.problem)


def _as_a_person(command: Callable[..., None]) -> Callable[..., None]:
    """Adds --as and asks for the passphrase, hands the command its person, and says refusals in words.

    The passphrase is no option: everybody on the machine could read it in the list of processes.
    """

    @click.option("--as", "email", required=True, metavar="EMAIL", help="Who you are.")
    @click.option("--json", "as_json", is_flag=True, help="For machines.")
    @wraps(command)
    def with_person(email: str, **kwargs: Any) -> None:
        try:
            command(by=_signed_in(email), **kwargs)
        except (OperationalError, InterfaceError) as error:
            raise click.ClickException(_failed(error)) from None
        except (actions.NotAllowed, actions.DoesNotFit, Impossible, Refused, *UNUSABLE) as refusal:
            click.echo(_refusal_json(refusal) if kwargs.get("as_json") else f"Refused. {refusal}", err=True)
            raise SystemExit(REFUSED) from None

    return with_person


def _failed(error: Exception) -> str:
    if isinstance(error.__cause__, DiskFull):
        return "The database's disk is full. Nothing of the post was changed. Tell ICT, then try again."
    return (
        "The database stopped answering. What was not finished was not kept. Once it answers again, look at the post "
        "before you repeat this: it may have been finished."
    )


def _refusal_json(refusal: Exception) -> str:
    told: dict[str, Any] = {"refused": True, "message": str(refusal)}
    if isinstance(refusal, actions.NotAllowed):
        told["accounts"] = {
            str(account.pk): [
                {"clause": each.clause, "reason": each.reason, "remedy": each.remedy, "owner": each.owner}
                for each in decision.refusals
            ]
            for account, decision in refusal.decisions.items()
        }
    if isinstance(refusal, actions.DoesNotFit):
        told["accounts"] = {
            str(account.pk): [{"field": each.field, "message": each.message} for each in problems]
            for account, problems in refusal.problems.items()
        }
    return json.dumps(told, ensure_ascii=False)


@click.group()
def post() -> None:
    """Compose, submit, approve and follow posts, under the same guidance as on the pages.

    The passphrase is asked for, or taken from MERCAT_PASSPHRASE.
    """


@post.command()
@click.option("--text", help="What to say; - reads it from standard input. Only a story goes without.")
@click.option(
    "--wording",
    "wordings",
    multiple=True,
    nargs=2,
    metavar="NETWORK TEXT",
    help="What to say on one network instead, such as --wording x “Road closed.”; repeatable.",
)
@click.option(
    "--to", "accounts", multiple=True, required=True, metavar="ACCOUNT", help="Name, handle or id; repeatable."
)
@click.option("--pillar", required=True, help="The key of one of the body's pillars.")
@click.option(
    "--picture",
    "pictures",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A JPEG, PNG, WebP, GIF or HEIC file, or a PDF, of which each page becomes a picture; repeatable.",
)
@click.option(
    "--video",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="An MP4, MOV, WebM or MPEG file. It is prepared before the command ends. Beside pictures it is for networks "
    "that take none.",
)
@click.option(
    "--captions",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What is said in the video: an SRT or WebVTT file.",
)
@click.option(
    "--alt", "alts", multiple=True, help="What each picture shows, in their order; last, what the video shows."
)
@click.option("--synthetic", is_flag=True, help="Made or altered by a machine so that it looks real.")
@click.option("--document", default="", metavar="TITLE", help="The pictures are the pages of a document (LinkedIn).")
@click.option("--story", is_flag=True, help="A story: one picture or video without words, gone after a day.")
@click.option(
    "--due", type=click.DateTime(["%Y-%m-%dT%H:%M"]), help="Local time; without it, as soon as it is approved."
)
@click.option("--submit", "and_submit", is_flag=True, help="Submit it for approval too.")
@_as_a_person
def compose(
    *,
    by: Person,
    text: str | None,
    wordings: tuple[tuple[str, str], ...],
    accounts: tuple[str, ...],
    pillar: str,
    pictures: tuple[Path, ...],
    video: Path | None,
    captions: Path | None,
    alts: tuple[str, ...],
    synthetic: bool,
    document: str,
    story: bool,
    due: datetime | None,
    and_submit: bool,
    as_json: bool,
) -> None:
    """Write a post and keep it as a draft."""
    if text is None and not story:
        raise click.UsageError("Say something with --text, or make it a --story, which goes without words.")
    if captions and not video:
        raise click.UsageError("There are --captions, and no --video that they belong to.")
    if document and not pictures:
        raise click.UsageError("There is the title of a --document, and no --picture that would be a page of it.")
    now = timezone.now()
    if len(alts) > (MOST_PICTURES if any(map(_is_pdf, pictures)) else len(pictures)) + bool(video):
        raise click.UsageError(TOO_MANY_ALTS)
    draft = Draft(
        text=_words(text or ""),
        variants={_network(slug): said for slug, said in wordings},
        targets=tuple(str(_account(name).pk) for name in accounts),
        pillar=_pillar(pillar),
        synthetic=synthetic,
        document=title(document),
        story=story,
        due_at=_moment(due, now) if due else None,
    )
    draft = replace(draft, pictures=_pictured(by, pictures, alts, now))
    alts_left = alts[len(draft.pictures) :]
    if len(alts_left) > bool(video):
        raise click.UsageError(f"{TOO_MANY_ALTS} The pictures were kept, and no post.")
    if video:
        draft = replace(draft, video=_filmed(by, video, captions, alts_left, now))
    with transaction.atomic():  # one that is refused leaves no draft behind
        row = actions.compose(by=by, draft=draft, now=now)
        if and_submit:
            actions.submit(by=by, post=row, now=now)
    _tell(row, as_json)


def _filmed(by: Person, path: Path, captions: Path | None, alts: tuple[str, ...], now: datetime) -> DraftVideo:
    """Taken in and made ready, here and now."""
    said = _captions(captions) if captions else ""
    try:
        with path.open("rb") as file:
            row = take_in_video(by=by, name=path.name, file=file, size=path.stat().st_size, now=now)
    except NotAVideo as error:
        raise NotAVideo(f"{path.name}: {error} Nothing was kept.") from None
    prepare_this(row)
    row.refresh_from_db()
    if not row.is_ready:
        raise NotAVideo(f"{path.name}: {row.refusal or 'it could not be prepared.'} Nothing of the post was kept.")
    return DraftVideo(str(row.pk), alts[0] if alts else "", said)


def _captions(path: Path) -> str:
    try:
        return webvtt_of(path.read_text(encoding="utf-8-sig"))
    except (NotCaptions, UnicodeDecodeError) as error:
        why = str(error) if isinstance(error, NotCaptions) else "It is not in UTF-8."
        raise NotCaptions(f"{path.name}: {why} Nothing was kept.") from None


def _network(slug: str) -> str:
    if not registry.known(slug):
        known = ", ".join(network.spec.slug for network in registry.all())
        raise Impossible(f"“{slug}” is not a network that is known here. Choose one of: {known}. Nothing was kept.")
    return slug


def _pillar(key: str) -> str:
    known = [pillar.key for pillar in guidance().pack.pillars]
    if key not in known:
        raise Impossible(f"“{key}” is not a pillar of this body. Choose one of: {', '.join(known)}. Nothing was kept.")
    return key


@post.command()
@click.argument("id", type=click.UUID)
@click.option("--text", required=True, help="What is to stand there instead; - reads it from standard input.")
@click.option(
    "--wording",
    "wordings",
    multiple=True,
    nargs=2,
    metavar="NETWORK TEXT",
    help="What is to stand on one network instead; repeatable. Networks without one are given the text.",
)
@click.option("--submit", "and_submit", is_flag=True, help="Submit it for approval too.")
@_as_a_person
def correct(
    *, by: Person, id: UUID, text: str, wordings: tuple[tuple[str, str], ...], and_submit: bool, as_json: bool
) -> None:
    """Correct the words of a post that is out, where its networks let them be changed: a draft of its own."""
    now, said = timezone.now(), _words(text)
    variants = {_network(slug): words for slug, words in wordings}
    with transaction.atomic():  # one that is refused leaves no draft behind
        row = actions.correct(by=by, post=_post(id, by), now=now)
        draft = replace(Draft.restored(row.draft), text=said, variants=variants)
        actions.compose(by=by, post=row, draft=draft, now=now)
        if and_submit:
            actions.submit(by=by, post=row, now=now)
    _tell(row, as_json)


@post.command()
@click.argument("id", type=click.UUID)
@_as_a_person
def submit(*, by: Person, id: UUID, as_json: bool) -> None:
    """Ask for the approval of a draft."""
    row = _post(id, by)
    actions.submit(by=by, post=row, now=timezone.now())
    _tell(row, as_json)


@post.command()
@click.argument("id", type=click.UUID)
@click.option("--digest", required=True, help="Of the version that you have read, as `status` shows it.")
@_as_a_person
def approve(*, by: Person, id: UUID, digest: str, as_json: bool) -> None:
    """Approve exactly the version with this digest, for every account that you may approve for."""
    row, now = _post(id, by), timezone.now()
    on_their_way = actions.approve(by=by, post=row, digest=digest, now=now)
    _tell(row, as_json)
    due = row.current.due_at
    if on_their_way and due and due <= now and not as_json:
        click.echo("Its time had passed, so it goes out now.")


@post.command()
@click.argument("id", type=click.UUID)
@_as_a_person
def status(*, by: Person, id: UUID, as_json: bool) -> None:
    """What became of a post, on each of its accounts."""
    row = _post(id, by)
    _tell(row, as_json)


@post.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--account", "accounts", multiple=True, required=True, metavar="ACCOUNT", help="Name, handle or id; repeatable."
)
@click.option("--day-first", "order", flag_value=bulk.DAY, help="Its dates begin with the day.")
@click.option("--month-first", "order", flag_value=bulk.MONTH, help="Its dates begin with the month.")
@click.option("--apply", "and_make", is_flag=True, help="Make drafts of the good lines; else nothing is kept.")
@_as_a_person
def import_(
    *, by: Person, file: Path, accounts: tuple[str, ...], order: str | None, and_make: bool, as_json: bool
) -> None:
    """Look through a file for Hootsuite's bulk composer, line by line; with --apply make drafts of its good lines."""
    if order is None:
        raise click.UsageError("Say whether its dates begin with the day or the month: --day-first or --month-first.")
    now = timezone.now()
    with file.open("rb") as opened:
        data = opened.read(bulk.MOST_BYTES + 1)
    about: dict[str, Any] = {
        "by": by,
        "data": data,
        "order": order,
        "accounts": [_account(name) for name in accounts],
        "now": now,
    }
    report = importing.look_through(**about)
    made = importing.make_drafts(**about, seen=report.numbers) if and_make else []
    _tell_report(report, made, as_json=as_json)


def _tell_report(report: importing.Report, made: list[Post], *, as_json: bool) -> None:
    if as_json:
        told = [
            {
                "line": each.line.number,
                "good": each.is_good,
                "reasons": each.reasons,
                "notes": each.notes,
                "due": each.draft.due_at.isoformat() if each.draft.due_at else None,
            }
            for each in report.lines
        ]
        click.echo(json.dumps({"lines": told, "drafts": [str(row.pk) for row in made]}, ensure_ascii=False))
        return
    for each in report.lines:
        said = " ".join((*each.reasons, *each.notes))
        click.echo(f"Line {each.line.number}: {'good' if each.is_good else 'refused'}. {said}".rstrip())
    good = len(report.good)
    done = f"{len(made)} drafts are made." if made else "Nothing is kept; --apply makes drafts of what is good."
    click.echo(f"{good} good, {len(report.lines) - good} refused. {done}")


def _post(pk: UUID, by: Person) -> Post:
    now = timezone.now()
    row = open_to(person_facts(by, now=now), now=now).filter(pk=pk).first()
    if row is None:
        raise Impossible(f"There is no post {pk} that you may see.")
    return row


def _words(text: str) -> str:
    if text != "-":
        return text
    try:
        return sys.stdin.buffer.read().decode()
    except UnicodeDecodeError:
        raise click.UsageError("The text from standard input is not UTF-8. Nothing was kept.") from None


def _moment(due: datetime, now: datetime) -> datetime:
    """London's time of day, under the rules of the page."""
    try:
        return due_at(due.date().isoformat(), f"{due:%H:%M}", now=now)
    except BadTime as error:
        raise Impossible(f"{error} Nothing was kept.") from None


def _account(name: str) -> Account:
    wanted = Q(name=name) | Q(handle=name)
    with suppress(ValueError):
        wanted |= Q(pk=UUID(name))
    found = list(Account.objects.filter(wanted).exclude(status=Account.Status.CLOSED)[:2])
    if not found:
        raise Impossible(f"There is no account “{name}” in the register. Nothing was kept.")
    if len(found) > 1:
        raise Impossible(f"More than one account is called “{name}”. Use its handle or id. Nothing was kept.")
    return found[0]


def _is_pdf(path: Path) -> bool:
    with path.open("rb") as file:
        return is_pdf(file.read(100))


def _pictured(by: Person, paths: tuple[Path, ...], alts: tuple[str, ...], now: datetime) -> tuple[DraftPicture, ...]:
    """Pictures, and the pages of PDFs, each with its description as far as there are any."""
    taken: list[str] = []
    for path in paths:
        taken += _taken_in(by, path, MOST_PICTURES - len(taken), now)
    return tuple(DraftPicture(id=pk, alt=alts[place] if place < len(alts) else "") for place, pk in enumerate(taken))


def _taken_in(by: Person, path: Path, most: int, now: datetime) -> list[str]:
    if not (mimetypes.guess_type(path.name)[0] or "image/").startswith(("image/", "application/pdf")):
        kinds = "a JPEG, PNG, WebP, GIF, HEIC or PDF file"
        raise NotAPicture(f"{path.name} is not a picture. Choose {kinds}. Nothing was kept.")
    found = taken_in(path.read_bytes(), path.name, by=by, most=most, now=now)
    return [str(picture.pk) for picture in found]


def _tell(row: Post, as_json: bool) -> None:
    row.refresh_from_db()
    told = _told(row)
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    click.echo(f"Post {told['id']}: {STATES[row.state]}")
    if told["digest"]:
        click.echo(f"Version {told['version']}, digest {told['digest']}")
    for sent in told["consignments"]:
        of = f", post {sent['part']} of its thread" if sent["in_thread"] else ""
        click.echo(f"  {sent['account']}{of}: {sending.STATES[sent['state']]} {sent['url'] or sent['reason']}".rstrip())


def _told(row: Post) -> dict[str, Any]:
    consignments = consignments_open(row).order_by("created_at", "account__name", "account", "part")
    return {
        "id": str(row.pk),
        "state": row.state,
        "version": row.current.number if row.current else None,
        "digest": row.current.digest if row.current else None,
        "consignments": [
            {
                "account": str(each.account),
                "network": each.account.network,
                "part": each.part + 1,
                "in_thread": each.parts > 1,
                "state": each.state,
                "url": each.url,
                "reason": each.reason,
                "due": each.due_at.isoformat(),
                "read_back": each.read_back_at.isoformat() if each.read_back_at else None,
            }
            for each in consignments
        ],
    }

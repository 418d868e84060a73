"""What a person typed into the composer, exactly as typed, and the draft that it amounts to."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import QueryDict

from mercat.posts.contents import LONGEST_TITLE, Draft, DraftPicture, DraftVideo, title

LONDON = ZoneInfo("Europe/London")
VARIANT = "variant-"
ALT = "alt-"
NO_DAY, NO_TIME = "Enter the day on which it goes out", "Enter the time at which it goes out"
BROADCAST_TIME = {NO_DAY: "Enter the day of the broadcast", NO_TIME: "Enter the time at which the broadcast begins"}
LANGUAGES = {
    "en": "English",
    "gd": "Scottish Gaelic",
    "sco": "Scots",
    "ar": "Arabic",
    "zh": "Chinese",
    "fr": "French",
    "pl": "Polish",
    "pa": "Punjabi",
    "ro": "Romanian",
    "uk": "Ukrainian",
    "ur": "Urdu",
}


@dataclass(frozen=True, slots=True)
class Said:
    """Something to tell the person about what they typed; `field` is the id of the field it is about, or empty."""

    field: str
    text: str


class BadTime(ValueError):
    """A date or time that cannot be used; `field` is the one to put right."""

    def __init__(self, field: str, text: str) -> None:
        self.field = field
        super().__init__(text)


@dataclass(frozen=True, slots=True)
class Typed:
    """The composer's fields. `timed`: at `day` and `clock`, else as soon as it is approved. `live`: it announces a live
    broadcast for `live_day` and `live_clock`."""

    text: str = ""
    language: str = "en"
    variants: dict[str, str] = field(default_factory=dict)
    pictures: tuple[DraftPicture, ...] = ()
    video: DraftVideo | None = None  # its captions as typed
    synthetic: bool = False
    story: bool = False
    document: str = ""
    targets: tuple[str, ...] = ()
    pillar: str = ""
    warning: bool = False
    timed: bool = False
    day: str = ""
    clock: str = ""
    live: bool = False
    live_day: str = ""
    live_clock: str = ""

    @classmethod
    def of_form(cls, form: QueryDict) -> Typed:
        return cls(
            text=_clean(form.get("text", "")),
            language=form["language"] if form.get("language") in LANGUAGES else "en",
            variants={name.removeprefix(VARIANT): _clean(form[name]) for name in form if name.startswith(VARIANT)},
            pictures=_pictures(form),
            video=_video(form),
            synthetic=form.get("synthetic") == "yes",
            story=form.get("story") == "yes",
            document=title(form.get("document", ""))[:LONGEST_TITLE],
            targets=tuple(dict.fromkeys(filter(_is_uuid, form.getlist("targets")))),
            pillar=form.get("pillar", "")[:64],
            warning=form.get("warning") == "yes",
            timed=form.get("timing") == "at",
            day=form.get("day", "").strip()[:40],
            clock=form.get("clock", "").strip()[:40],
            live=form.get("live") == "yes",
            live_day=form.get("live-day", "").strip()[:40],
            live_clock=form.get("live-clock", "").strip()[:40],
        )

    @classmethod
    def of_draft(cls, draft: Draft) -> Typed:
        local, begins = (at.astimezone(LONDON) if at else None for at in (draft.due_at, draft.begins))
        return cls(
            text=draft.text,
            language=draft.language,
            variants=dict(draft.variants),
            pictures=draft.pictures,
            video=draft.video,
            synthetic=draft.synthetic,
            story=draft.story,
            document=draft.document,
            targets=draft.targets,
            pillar=draft.pillar,
            warning=draft.warning,
            timed=local is not None,
            day=f"{local:%Y-%m-%d}" if local else "",
            clock=f"{local:%H:%M}" if local else "",
            live=begins is not None,
            live_day=f"{begins:%Y-%m-%d}" if begins else "",
            live_clock=f"{begins:%H:%M}" if begins else "",
        )

    def draft(self, stored: Draft, *, now: datetime) -> tuple[Draft, list[Said]]:
        """As a draft; a time that cannot be used leaves the one that was stored, and is told."""
        said: list[Said] = []
        due = stored.due_at if self.timed else None
        begins = stored.begins if self.live else None
        if self.timed:
            try:
                due = due_at(self.day, self.clock, now=now)
            except BadTime as error:
                said.append(Said(error.field, str(error)))
        if self.live:
            try:
                begins = due_at(self.live_day, self.live_clock, now=now)
            except BadTime as error:
                said.append(Said(f"live-{error.field}", BROADCAST_TIME.get(str(error), str(error))))
        draft = Draft(
            text=self.text,
            language=self.language,
            variants={network: text for network, text in self.variants.items() if text.strip()},
            pictures=self.pictures,
            video=self.video,
            synthetic=self.synthetic and bool(self.pictures or self.video),
            story=self.story,
            document=self.document if self.pictures else "",
            targets=self.targets,
            pillar=self.pillar,
            warning=self.warning,
            due_at=due,
            begins=begins,
        )
        return draft, said

    @property
    def media(self) -> tuple[DraftPicture | DraftVideo, ...]:
        return (*self.pictures, *([self.video] if self.video else []))

    def with_pictures(self, pictures: tuple[DraftPicture, ...]) -> Typed:
        return replace(self, pictures=pictures)


def due_at(day: str, clock: str, *, now: datetime) -> datetime:
    """A moment in UTC from a day and a time of day in London. Raises BadTime."""
    on, at = _day(day), _time(clock)
    first = datetime.combine(on, at, LONDON)
    said = f"{_words(at)} {{}} on {_date(on)}"
    if first.astimezone(UTC).astimezone(LONDON).time() != at:
        text = f"The clocks go forward that night: {said.format('does not happen')}. Choose a time from 2am."
        raise BadTime("clock", text)
    if first.utcoffset() != first.replace(fold=1).utcoffset():
        text = f"The clocks go back that night: {said.format('happens twice')}. Choose a time before 1am or from 2am."
        raise BadTime("clock", text)
    if first < now:
        when = f"{_words(at)} on {_date(on)}"
        raise BadTime("day", f"{when} is past. Choose a later time, or “As soon as it is approved”.")
    return first.astimezone(UTC)


def _day(text: str) -> date:
    if not text:
        raise BadTime("day", NO_DAY)
    for shape in ("%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d %B %Y"):
        try:
            found = datetime.strptime(text, shape).date()  # noqa: DTZ007 - a day, without a time
        except ValueError:
            continue
        if 2000 <= found.year <= 2100:
            return found
    raise BadTime("day", f"“{text}” is not a day of the calendar. Enter it like 27/11/2026")


def _time(text: str) -> time:
    if not text:
        raise BadTime("clock", NO_TIME)
    for shape in ("%H:%M", "%H:%M:%S", "%H.%M", "%I:%M%p", "%I%p"):
        try:
            return datetime.strptime(text.replace(" ", ""), shape).time()  # noqa: DTZ007 - of no day yet
        except ValueError:
            continue
    raise BadTime("clock", f"“{text}” is not a time. Enter it like 16:30")


def _words(at: time) -> str:
    return f"{at:%-I:%M%p}".replace("AM", "am").replace("PM", "pm")


def _date(on: date) -> str:
    return f"{on:%-d %B %Y}"


def _pictures(form: QueryDict) -> tuple[DraftPicture, ...]:
    ids = dict.fromkeys(filter(_is_uuid, form.getlist("picture")))
    return tuple(DraftPicture(each, _clean(form.get(f"{ALT}{each}", ""))) for each in ids)


def _video(form: QueryDict) -> DraftVideo | None:
    pk = form.get("video", "")
    if not _is_uuid(pk):
        return None
    return DraftVideo(pk, _clean(form.get(f"{ALT}{pk}", "")), _clean(form.get("captions", "")))


def _clean(text: str) -> str:
    """PostgreSQL keeps no NUL; browsers send line ends as CRLF and count them as one."""
    return text.replace("\x00", "").replace("\r\n", "\n")


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False

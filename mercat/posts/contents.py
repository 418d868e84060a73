"""What a post says: the shape of a draft, and the canonical bytes of a version.

Canonical form "mercat-version/4": JSON, UTF-8, keys sorted, no white space, text in Unicode NFC, times in UTC. The same
post always gives the same bytes, and SHA-256 of them is what people approve. Versions of before go on to hold: in
"mercat-version/3" there is no `story` and no `document`, and a line of three hyphens parts no posts of a thread
(networks/kit/thread.py); in "mercat-version/2" there are no videos, no `synthetic` and no `begins`; in
"mercat-version/1" every network was given the same picture, so that an entry of `media` has no `kind` and no
`renditions` either.

`corrects` is there only in a version which corrects the words of a post that is out: the id of that post. All others
have the bytes that they always had.

Of pictures and a video beside each other, a network is given those pictures that have a rendition for it, or else the
video (`delivery.manifest.given`).
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, TypeAdapter, ValidationError

from mercat.networks import registry
from mercat.networks.kit.thread import posts_of
from mercat.people.actions import Impossible

FORMAT = "mercat-version/4"
JOINERS = "\u200c\u200d"
LONGEST = 100_000  # characters of one text; far above every network's limit
LONGEST_TITLE = 500  # characters of a document's; the same


@dataclass(frozen=True, slots=True)
class DraftPicture:
    """A picture of a draft, by id, with its alt text."""

    id: str
    alt: str = ""


@dataclass(frozen=True, slots=True)
class DraftVideo:
    """A video of a draft, by id, with its description and, as WebVTT, what is said in it."""

    id: str
    alt: str = ""
    captions: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """What is being written. `variants` maps a network's slug to its wording; `due_at` None: once it is approved.

    `synthetic`: a picture or the video shows what looks real and was made or altered by a machine. `story`: it goes out
    as a story, one picture or video without words. `document`: its pictures are the pages of a document with this
    title, where a network shows documents; else they are pictures there.
    """

    text: str = ""
    language: str = "en"
    variants: dict[str, str] = field(default_factory=dict)
    pictures: tuple[DraftPicture, ...] = ()
    video: DraftVideo | None = None
    synthetic: bool = False
    story: bool = False
    document: str = ""
    begins: AwareDatetime | None = None
    targets: tuple[str, ...] = ()  # account ids
    pillar: str = ""
    warning: bool = False
    due_at: AwareDatetime | None = None

    def stored(self) -> dict[str, Any]:
        moments = {
            name: at.isoformat() if at else None for name, at in (("due_at", self.due_at), ("begins", self.begins))
        }
        return {**asdict(self), **moments}

    @classmethod
    def restored(cls, stored: dict[str, Any]) -> Draft:
        """The draft that was kept. Raises Impossible where what is kept is not a draft."""
        try:
            return _DRAFTS.validate_python(stored)
        except ValidationError as error:
            places = ", ".join(sorted({str(each["loc"][0]) for each in error.errors() if each["loc"]})) or "all of it"
            raise Impossible(
                f"What was kept of this draft cannot be read any more ({places}). Nothing was changed. "
                "Write the post anew, and tell ICT."
            ) from None

    @property
    def media(self) -> tuple[DraftPicture | DraftVideo, ...]:
        return (*self.pictures, *([self.video] if self.video else []))

    def wording(self, network: str) -> str:
        """What this network is told: its own variant, if that says something."""
        return normal(self.variants.get(network, "")) or normal(self.text)

    def posts(self, network: str) -> tuple[str, ...]:
        """Its wording post by post: more than one is a thread."""
        return posts_of(self.wording(network), threads=registry.get(network).spec.threads)


_DRAFTS = TypeAdapter(Draft)


@dataclass(frozen=True, slots=True)
class SealedFile:
    """A file as a version names it: by the digest of its bytes. `width` and `height` in pixels, `size` in bytes."""

    sha256: str
    mime: str
    width: int
    height: int
    size: int


@dataclass(frozen=True, slots=True)
class SealedPicture(SealedFile):
    """A picture as a version names it: as our pages show it, and by network what each is given."""

    alt: str
    renditions: dict[str, SealedFile] = field(default_factory=dict)
    kind: str = "picture"


@dataclass(frozen=True, slots=True)
class SealedVideo(SealedFile):
    """A video as a version names it. All networks that are given it are given the same file; `seconds` long."""

    alt: str
    seconds: float
    captions: str
    cover: SealedFile
    kind: str = "video"


def normal(text: str) -> str:
    """Text as it is kept: NFC, line ends as LF, no white space at either end."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def title(text: str) -> str:
    """A title as it is kept: normal, and one line of what can be printed; what joins letters and emoji stays."""
    kept = (each if each.isprintable() or each in JOINERS else " " for each in normal(text))
    return " ".join("".join(kept).split())


def canonical(
    draft: Draft,
    *,
    post: UUID,
    number: int,
    media: Sequence[SealedPicture | SealedVideo],
    corrects: UUID | None = None,
) -> bytes:
    """The bytes of version `number` of `post`."""
    return json.dumps(
        {
            **({"corrects": str(corrects)} if corrects else {}),
            "format": FORMAT,
            "post": str(post),
            "version": number,
            "text": normal(draft.text),
            "language": draft.language,
            "variants": {network: normal(text) for network, text in draft.variants.items() if normal(text)},
            "media": [asdict(each) | {"alt": normal(each.alt)} for each in media],
            "synthetic": draft.synthetic,
            "story": draft.story,
            "document": title(draft.document),
            "targets": sorted(set(draft.targets)),
            "pillar": draft.pillar,
            "warning": draft.warning,
            "due": _in_utc(draft.due_at),
            "begins": _in_utc(draft.begins),
        },
        ensure_ascii=False,
        sort_keys=True,
        separators=(",", ":"),
    ).encode()


def _in_utc(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat() if at else None

"""What a post says: the shape of a draft, and the canonical bytes of a version.

Canonical form "mercat-version/1": JSON, UTF-8, keys sorted, no white space, text in Unicode NFC, times in UTC with
seconds. The same post always gives the same bytes, and SHA-256 of them is what people approve.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

FORMAT = "mercat-version/1"
LONGEST = 100_000  # characters of one text; far above every network's limit


@dataclass(frozen=True, slots=True)
class DraftPicture:
    """A picture of a draft, by id, with its alt text."""

    id: str
    alt: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """What is being written. `variants` maps a network's slug to its wording; `due_at` None: once it is approved."""

    text: str = ""
    language: str = "en"
    variants: dict[str, str] = field(default_factory=dict)
    pictures: tuple[DraftPicture, ...] = ()
    targets: tuple[str, ...] = ()  # account ids
    pillar: str = ""
    warning: bool = False
    due_at: datetime | None = None

    def stored(self) -> dict[str, Any]:
        return {**asdict(self), "due_at": self.due_at.isoformat() if self.due_at else None}

    @classmethod
    def restored(cls, stored: dict[str, Any]) -> Draft:
        return cls(
            **{
                **stored,
                "pictures": tuple(DraftPicture(**picture) for picture in stored.get("pictures", ())),
                "targets": tuple(stored.get("targets", ())),
                "due_at": datetime.fromisoformat(stored["due_at"]) if stored.get("due_at") else None,
            }
        )

    def wording(self, network: str) -> str:
        return self.variants.get(network) or self.text


@dataclass(frozen=True, slots=True)
class SealedPicture:
    """A picture as a version names it: by the digest of its bytes."""

    sha256: str
    mime: str
    width: int
    height: int
    size: int
    alt: str


def normal(text: str) -> str:
    """Text as it is kept: NFC, line ends as LF, no white space at either end."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def canonical(draft: Draft, *, post: UUID, number: int, pictures: Sequence[SealedPicture]) -> bytes:
    """The bytes of version `number` of `post`."""
    return json.dumps(
        {
            "format": FORMAT,
            "post": str(post),
            "version": number,
            "text": normal(draft.text),
            "language": draft.language,
            "variants": {network: normal(text) for network, text in draft.variants.items() if normal(text)},
            "media": [asdict(picture) | {"alt": normal(picture.alt)} for picture in pictures],
            "targets": sorted(draft.targets),
            "pillar": draft.pillar,
            "warning": draft.warning,
            "due": draft.due_at.astimezone(UTC).isoformat(timespec="seconds") if draft.due_at else None,
        },
        ensure_ascii=False,
        sort_keys=True,
        separators=(",", ":"),
    ).encode()

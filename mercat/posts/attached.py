"""What goes along with a post: as its networks will be given it, and as a version names it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.core.exceptions import ValidationError

from mercat.images.actions import ready_for
from mercat.images.models import Cover, Picture, Rendition, Video
from mercat.images.recipes import recipe_for
from mercat.networks.port import Medium
from mercat.posts.contents import Draft, SealedFile, SealedPicture, SealedVideo, normal


@dataclass(frozen=True, slots=True)
class AttachedVideo:
    """A video that is ready, or will be; only one that is ready can be given to a network or named by a version."""

    row: Video
    alt: str
    captions: str  # WebVTT, or ""


@dataclass(frozen=True, slots=True)
class Attached:
    """The pictures of a draft, each with its description, and its video."""

    pictures: tuple[tuple[Picture, str], ...] = ()
    video: AttachedVideo | None = None

    def __bool__(self) -> bool:
        return bool(self.pictures or self.video)

    def given_to(self, network: str) -> Attached:
        """What one network is given: of pictures and a video beside each other the pictures, if it takes any."""
        if not (self.pictures and self.video):
            return self
        return Attached(pictures=self.pictures) if recipe_for(network) else Attached(video=self.video)

    def for_network(self, network: str) -> tuple[Medium, ...]:
        """As this network would be given it, to be judged by its limits; without a video that is not ready."""
        given = self.given_to(network)
        pictures = [_medium(picture.for_network(network), alt) for picture, alt in given.pictures]
        return (*pictures, *([_film(given.video)] if given.video and given.video.row.is_ready else []))

    def given_to_nobody(self, networks: Iterable[str]) -> str:
        """“pictures” or “video” where none of these networks would be given them beside the other; else empty."""
        given = [self.given_to(network) for network in networks]
        if not (self.pictures and self.video and given):
            return ""
        if not any(each.pictures for each in given):
            return "pictures"
        return "" if any(each.video for each in given) else "video"

    def made_ready(self, networks: Iterable[str]) -> Attached:
        """The same, once what was still missing for these networks is made. Raises `NotAPicture`."""
        return Attached(tuple((ready_for(picture, networks), alt) for picture, alt in self.pictures), self.video)

    def sealed(self, networks: Iterable[str]) -> list[SealedPicture | SealedVideo]:
        """As a version for these networks names it."""
        given = [network for network in networks if self.given_to(network).pictures]
        pictures = [
            SealedPicture(**_described(picture), alt=alt, renditions=_renditions(picture, given))
            for picture, alt in self.pictures
        ]
        return [*pictures, *([_sealed_film(self.video)] if self.video else [])]

    def files(self, networks: Iterable[str]) -> dict[str, str]:
        """Where each file that a version for these networks names lies: its SHA-256 → name in the file store."""
        rows: list[Picture | Rendition | Video | Cover] = [
            row for picture, _ in self.pictures for row in (picture, *map(picture.for_network, networks))
        ]
        if self.video:
            rows += [self.video.row, self.video.row.cover]
        return {row.sha256: row.file for row in rows}


def found_video(draft: Draft) -> AttachedVideo | None:
    """The video of a draft, if it has one that is there."""
    if draft.video is None:
        return None
    try:
        row = Video.objects.select_related("cover").get(pk=draft.video.id)
    except (Video.DoesNotExist, ValidationError):  # the second: an id that is none
        return None
    return AttachedVideo(row, draft.video.alt, draft.video.captions)


def _medium(row: Picture | Rendition | Cover, alt: str) -> Medium:
    return Medium(row.sha256, row.mime, normal(alt), row.width, row.height, row.size, bytes)


def _film(video: AttachedVideo) -> Medium:
    row = video.row
    return Medium(
        row.sha256,
        row.mime,
        normal(video.alt),
        row.width,
        row.height,
        row.size,
        bytes,
        seconds=row.seconds,
        part=lambda offset, size: b"",
        captions=video.captions,
        cover=_medium(row.cover, ""),
    )


def _sealed_film(video: AttachedVideo) -> SealedVideo:
    cover = SealedFile(**_described(video.row.cover))
    seconds, captions = video.row.seconds, video.captions
    return SealedVideo(**_described(video.row), alt=video.alt, seconds=seconds, captions=captions, cover=cover)


def _renditions(picture: Picture, networks: Iterable[str]) -> dict[str, SealedFile]:
    return {network: SealedFile(**_described(picture.for_network(network))) for network in networks}


def _described(row: Picture | Rendition | Video | Cover) -> dict[str, str | int]:
    return {name: getattr(row, name) for name in ("sha256", "mime", "width", "height", "size")}

"""What goes along with a post: as its networks will be given it, and as a version names it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mercat.images.actions import ready_for
from mercat.images.models import Picture, Rendition
from mercat.networks.port import Medium
from mercat.posts.contents import SealedFile, SealedPicture, normal


@dataclass(frozen=True, slots=True)
class Attached:
    """The pictures of a draft, each with its description."""

    pictures: tuple[tuple[Picture, str], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.pictures)

    def for_network(self, network: str) -> tuple[Medium, ...]:
        """As this network would be given it, to be judged by its limits."""
        return tuple(_medium(picture.for_network(network), alt) for picture, alt in self.pictures)

    def made_ready(self, networks: Iterable[str]) -> Attached:
        """The same, once what was still missing for these networks is made. Raises `NotAPicture`."""
        return Attached(tuple((ready_for(picture, networks), alt) for picture, alt in self.pictures))

    def sealed(self, networks: Iterable[str]) -> list[SealedPicture]:
        """As a version for these networks names it."""
        return [
            SealedPicture(**_described(picture), alt=alt, renditions=_renditions(picture, networks))
            for picture, alt in self.pictures
        ]

    def files(self, networks: Iterable[str]) -> dict[str, str]:
        """Where each file that a version for these networks names lies: its SHA-256 → name in the file store."""
        rows = [row for picture, _ in self.pictures for row in (picture, *map(picture.for_network, networks))]
        return {row.sha256: row.file for row in rows}


def _medium(row: Picture | Rendition, alt: str) -> Medium:
    return Medium(row.sha256, row.mime, normal(alt), row.width, row.height, row.size, bytes)


def _renditions(picture: Picture, networks: Iterable[str]) -> dict[str, SealedFile]:
    return {network: SealedFile(**_described(picture.for_network(network))) for network in networks}


def _described(row: Picture | Rendition) -> dict[str, str | int]:
    return {name: getattr(row, name) for name in ("sha256", "mime", "width", "height", "size")}

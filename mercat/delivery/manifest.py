"""Reading what was approved: canonical bytes to the item that an adapter is given."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import datetime
from functools import partial

from django.core.files.storage import default_storage

from mercat.delivery.fetching import address_of
from mercat.delivery.models import Consignment, Manifest
from mercat.networks import registry
from mercat.networks.kit.thread import posts_of
from mercat.networks.port import Altered, Item, Medium, Thread

THREADED = 4  # from this number of the canonical form on, a line of three hyphens parts the posts of a thread
ALTERED = "A stored picture or video is not the one that was approved: its digest differs."


def digest_of(canonical: bytes) -> str:
    return hashlib.sha256(canonical).hexdigest()


def contents(manifest: Manifest) -> dict:
    """The approved contents; raises `Altered` when the bytes no longer give the digest that was approved."""
    canonical = bytes(manifest.canonical)
    if digest_of(canonical) != manifest.digest:
        raise Altered("The stored words are not the ones that were approved: their digest differs.")
    return json.loads(canonical)


def item_for(consignment: Consignment, *, first_sent_at: datetime, now: datetime) -> Item:
    """What goes to this one account. Pictures are checked against their digest when they are read."""
    said = contents(consignment.manifest)
    if str(consignment.account_id) not in said["targets"]:
        raise Altered("This account is not among those that the approved version names.")
    files, network, part = consignment.manifest.files, consignment.account.network, consignment.part
    posts = posts_for(said, network)
    if part >= len(posts):  # its network is said to have threads no more, or cuts them otherwise
        raise Altered("The approved words are no longer cut into the posts of a thread that they were.")
    media = given(said["media"], network) if part == 0 else []  # of a thread, the first post has them
    return Item(
        key=consignment.pk.hex,
        created_at=first_sent_at,
        text=posts[part],
        language=said["language"],
        media=tuple(_medium(entry, files, consignment, now) for entry in media),
        synthetic=said.get("synthetic", False),
        begins=datetime.fromisoformat(said["begins"]) if said.get("begins") else None,
        thread=_thread_of(consignment),
        story=said.get("story", False),
        document=document_for(said, network),
    )


def posts_for(said: dict, network: str) -> tuple[str, ...]:
    """The words that this network is given, post by post."""
    words = said["variants"].get(network, said["text"])
    if int(said["format"].rpartition("/")[2]) < THREADED:
        return (words,)
    return posts_of(words, threads=registry.known(network) and registry.get(network).spec.threads)


def document_for(said: dict, network: str) -> str:
    """The title of the document that its pictures are the pages of there; "" where they are pictures."""
    shows = registry.known(network) and registry.get(network).spec.documents
    return said.get("document", "") if shows else ""


def _thread_of(consignment: Consignment) -> Thread | None:
    if consignment.part == 0:
        return None
    of_thread = Consignment.objects.filter(manifest=consignment.manifest_id, account=consignment.account_id)
    out = dict(of_thread.filter(part__lt=consignment.part).values_list("part", "native_id"))
    return Thread(after=out[consignment.part - 1], first=out[0])


def is_live(manifest: Manifest) -> bool:
    """Whether it announces a live broadcast."""
    return bool(json.loads(bytes(manifest.canonical)).get("begins"))


def is_story(manifest: Manifest) -> bool:
    """Whether it goes out as a story."""
    return bool(json.loads(bytes(manifest.canonical)).get("story"))


def given(media: list[dict], network: str) -> list[dict]:
    """The entries of a version's pictures, or of its video, as this network is given them (posts/contents.py)."""
    pictures = [entry for entry in media if entry.get("kind") != "video"]
    if pictures and len(pictures) < len(media):
        mine = [entry for entry in pictures if network in entry["renditions"]]
        media = mine or [entry for entry in media if entry.get("kind") == "video"]
    return [{**entry, **entry.get("renditions", {}).get(network, {})} for entry in media]


def _medium(entry: dict, files: dict[str, str], consignment: Consignment, now: datetime) -> Medium:
    sha256, name = entry["sha256"], files[entry["sha256"]]
    medium = Medium(
        sha256=sha256,
        mime=entry["mime"],
        alt=entry.get("alt", ""),  # a cover has none of its own
        width=entry["width"],
        height=entry["height"],
        size=entry["size"],
        read=partial(_read, name, sha256),
        url=address_of(consignment, sha256, now=now),
    )
    if entry.get("kind") != "video":
        return medium
    cover = _medium(entry["cover"], files, consignment, now)
    part = Parts(name, sha256).part
    return replace(medium, part=part, seconds=entry["seconds"], captions=entry["captions"], cover=cover)


def _read(name: str, sha256: str) -> bytes:
    with default_storage.open(name) as file:
        data = file.read()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise Altered(ALTERED)
    return data


class Parts:
    """A file too large to be held whole. All of it is read once, to check its digest, before any part is given."""

    def __init__(self, name: str, sha256: str) -> None:
        self._name, self._sha256, self._checked = name, sha256, False

    def part(self, offset: int, size: int) -> bytes:
        """`size` bytes from `offset`, fewer at the end. Raises `Altered`."""
        with default_storage.open(self._name) as file:
            if not self._checked and hashlib.file_digest(file, "sha256").hexdigest() != self._sha256:
                raise Altered(ALTERED)
            self._checked = True
            file.seek(offset)
            return file.read(size)

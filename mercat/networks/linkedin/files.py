"""A picture's or a document's way to LinkedIn: announced, handed over in one piece, awaited.

learn.microsoft.com/linkedin/marketing/community-management/shares, images-api and documents-api.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from mercat.networks.kit.steps import RETRY, Halt, bytes_of, fields_of, text_of
from mercat.networks.linkedin import documents, payload
from mercat.networks.linkedin.places import LONGEST, is_own_place, put, refuse
from mercat.networks.linkedin.session import before_public, headers, rest
from mercat.networks.linkedin.spec import SPEC
from mercat.networks.port import Channel, Item, Later, Medium, Notes, Refused


@dataclass(frozen=True, slots=True)
class File:
    """What goes in one piece, on its way to LinkedIn. `kind`: "image" or "document", as names there have it. `called`:
    how people call it. `note`: under what its name there is noted, so that it is handed over once."""

    channel: Channel
    notes: Notes
    now: datetime
    kind: str
    called: str
    note: str
    read: Callable[[], bytes]

    def bring(self) -> tuple[str, bool]:
        """Its name at LinkedIn, and whether it is ready. Halts until it is there."""
        urn = self.notes.get(self.note) or self._handed_over()
        url = rest(self.channel.base_url, f"{self.kind}s", urn)
        response = before_public(
            self.channel, lambda token: self.channel.http.get(url, headers=headers(token)), now=self.now
        )
        if response.status_code == 404:
            self._hand_over_again()
        refuse(response, self.channel)
        state = text_of(fields_of(response), "status")
        if state == "PROCESSING_FAILED":
            self.notes.keep(self.note, "")
            raise Halt(
                Refused(f"LinkedIn could not prepare a {self.called} of this post. Use another, or save it anew.")
            )
        if state == "WAITING_UPLOAD":
            self._hand_over_again()
        return urn, state == "AVAILABLE"

    def _hand_over_again(self) -> None:
        self.notes.keep(self.note, "")
        raise self._later(f"LinkedIn did not say that it has the {self.called}.")

    def _handed_over(self) -> str:
        content = self.read()
        urn, place = self._place()

        response = before_public(self.channel, lambda token: put(self.channel, place, content, token), now=self.now)
        refuse(response, self.channel)
        # An answer that is a page is somebody else's: LinkedIn's own holds nothing.
        if response.content:
            raise self._later(f"LinkedIn did not say that it has the {self.called}.")
        self.notes.keep(self.note, urn)
        return urn

    def _place(self) -> tuple[str, str]:
        """The name that it will have, and where to hand it over."""
        url = rest(self.channel.base_url, f"{self.kind}s", action="initializeUpload")
        body = {"initializeUploadRequest": {"owner": payload.organisation_urn(self.channel.native_id)}}
        response = before_public(
            self.channel, lambda token: self.channel.http.post(url, json=body, headers=headers(token)), now=self.now
        )
        refuse(response, self.channel)
        told = fields_of(response).get("value")
        value = told if isinstance(told, dict) else {}
        urn, place = text_of(value, self.kind), text_of(value, "uploadUrl", LONGEST)
        if not urn.startswith(f"urn:li:{self.kind}:") or not place:
            raise self._later(f"LinkedIn did not say where to hand the {self.called} over.")
        if not is_own_place(place, self.channel.base_url):
            raise self._later(
                f"LinkedIn named a place for the {self.called} that is not its own, so it was not handed over."
            )
        return urn, place

    def _later(self, reason: str) -> Halt:
        return Halt(Later(self.now + RETRY, reason))


def picture(channel: Channel, medium: Medium, notes: Notes, *, now: datetime) -> File:
    def read() -> bytes:
        return bytes_of(medium, now=now)

    return File(channel, notes, now, "image", "picture", f"image:{medium.sha256}", read)


def document(channel: Channel, item: Item, notes: Notes, *, now: datetime) -> File:
    def read() -> bytes:
        pdf = documents.pdf_of(item, now=now)
        if SPEC.documents and len(pdf) > SPEC.documents.max_bytes:
            raise Halt(Refused(documents.too_large(len(pdf), SPEC.documents)))
        return pdf

    return File(channel, notes, now, "document", "document", f"document:{item.key}", read)

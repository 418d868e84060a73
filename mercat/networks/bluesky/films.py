"""A video's way to Bluesky: to the service that prepares videos, which leaves it on the account's own server.

docs.bsky.app/docs/tutorials/video, lexicons app.bsky.video.* and com.atproto.server.getServiceAuth. A server outside
the public network is asked for these calls itself; where it lacks them, the video is handed to it as any other blob.
One request takes all of it, read while it is sent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx

from mercat.networks.bluesky import payload
from mercat.networks.bluesky.session import authorised, bearer, secrets_of, xrpc
from mercat.networks.bluesky.spec import VIDEOS, VIDEOS_DID
from mercat.networks.kit.films import Whole
from mercat.networks.kit.steps import RETRY, Halt, fields_of, preparing, quoted, text_of, token_of, words_of
from mercat.networks.port import Channel, Later, Medium, Notes, Pending, Refused

POLL = timedelta(seconds=5)  # Bluesky names no time between two looks
AGAIN = timedelta(hours=1)  # after a day's videos are used up; when the day begins anew is not told
TOKEN_LASTS = timedelta(minutes=30)  # as the tutorial asks for: the service uses it when it has prepared the video

# The last by a server that we ran: it takes the token, which is for another service, for one of its own sessions.
_LACKING = {"MethodNotImplemented", "XRPCNotSupported", "InvalidToken"}
_PREPARING = "Bluesky is still preparing the video."
_NO_TOKEN = "The account's server did not say by which sign the video may be handed over."  # noqa: S105
_NOT_SAID = "Bluesky did not say that it has the video."
_NO_LIMITS = "Bluesky did not say whether it takes a video from this account."
_USED_UP = "Bluesky takes no more videos from this account today."
_NOT_ALLOWED = "Bluesky takes no videos from this account. Its answer says why; often its e-mail is not confirmed."
_FAILED = "Bluesky could not prepare the video. Use another one."
_ANEW = "Bluesky no longer has the video that was handed to it; it is handed over anew."


class _Lacking(Exception):
    """The server has no such call."""


@dataclass(frozen=True, slots=True)
class Video:
    """A video on its way to Bluesky."""

    channel: Channel
    medium: Medium
    notes: Notes
    now: datetime

    def bring(self) -> dict[str, Any]:
        """The blob that a record can hold. Halts until there is one."""
        if noted := payload.stored_blob(self.notes.get(self._blob_note)):
            return noted
        try:
            blob = self._prepared(self.notes.get(self._job_note) or self._handed_over())
        except _Lacking:
            blob = self._as_blob()
        self.notes.keep(self._blob_note, json.dumps(blob))
        return blob

    def captions(self) -> dict[str, Any] | None:
        """Its captions as a blob; None where it has none."""
        if not self.medium.captions.strip():
            return None
        note = f"captions:{self.medium.sha256}"
        if noted := payload.stored_blob(self.notes.get(note)):
            return noted
        blob = self._uploaded(lambda: self.medium.captions.encode("utf-8", "replace"), payload.VTT)
        self.notes.keep(note, json.dumps(blob))
        return blob

    def forget(self) -> None:
        """So that all of it is handed over anew."""
        for note in (self._blob_note, self._job_note, f"captions:{self.medium.sha256}"):
            self.notes.keep(note, "")

    @property
    def _blob_note(self) -> str:
        return f"blob:{self.medium.sha256}"

    @property
    def _job_note(self) -> str:
        return f"job:{self.medium.sha256}"

    @property
    def _service(self) -> str:
        return VIDEOS if self.channel.base_url.startswith("https://") else self.channel.base_url

    # The service that prepares videos

    def _handed_over(self) -> str:
        """The number of the job. Whether it takes one is asked first: it costs less than a video sent for nothing."""
        self._ask_whether_it_is_taken()
        token = self._token(self._server(), "com.atproto.repo.uploadBlob")  # it leaves the blob there in our name
        url = xrpc(self._service, "app.bsky.video.uploadVideo")
        asked = {"did": self.channel.native_id, "name": f"{self.medium.sha256}.mp4"}

        def post() -> httpx.Response:
            content = Whole(self.medium, now=self.now)
            sent = {**bearer(token), "Content-Type": self.medium.mime}
            return self.channel.http.post(url, params=asked, content=content, headers=sent)

        response = preparing(post, now=self.now)
        job = text_of(payload.job_of(response), "jobId")
        # 409: it has this very video, from an attempt whose answer was lost or from another post.
        if response.is_client_error and not (response.status_code == 409 and job):
            self._refuse(response, token)
        if not job:
            raise Halt(Later(self.now + RETRY, _NOT_SAID))
        self.notes.keep(self._job_note, job)
        return job

    def _prepared(self, job: str) -> dict[str, Any]:
        url = xrpc(self._service, "app.bsky.video.getJobStatus")
        response = preparing(lambda: self.channel.http.get(url, params={"jobId": job}), now=self.now)
        told = payload.job_of(response)
        if response.is_client_error or text_of(told, "jobId") != job:
            if response.status_code in {400, 404}:
                self.notes.keep(self._job_note, "")
                raise Halt(Later(self.now + RETRY, _ANEW))
            raise Halt(Later(self.now + RETRY, _NOT_SAID))
        if blob := payload.blob_in(told):
            return blob
        if text_of(told, "state") == "JOB_STATE_FAILED":
            self.notes.keep(self._job_note, "")
            raise Halt(Refused(_FAILED, quoted(words_of(told, "message") or words_of(told, "error"), ())))
        raise Halt(Pending(self.now + POLL, _PREPARING))

    def _ask_whether_it_is_taken(self) -> None:
        """Raises _Lacking where there is nobody to ask."""
        token = self._token(VIDEOS_DID, "app.bsky.video.getUploadLimits")
        url = xrpc(self._service, "app.bsky.video.getUploadLimits")

        def get() -> httpx.Response:
            response = self.channel.http.get(url, headers=bearer(token))
            if self._service != VIDEOS and _is_lacking(response):
                raise _Lacking
            return response

        response = preparing(get, now=self.now)
        told = fields_of(response)
        if response.is_client_error or not isinstance(told.get("canUpload"), bool):
            raise Halt(Later(self.now + RETRY, _NO_LIMITS))
        if told["canUpload"]:
            return
        if 0 in (told.get("remainingDailyVideos"), told.get("remainingDailyBytes")):
            raise Halt(Later(self.now + AGAIN, _USED_UP, limited=True))
        raise Halt(Refused(_NOT_ALLOWED, quoted(words_of(told, "message"), (token,))))

    def _refuse(self, response: httpx.Response, token: str) -> None:
        if response.status_code == 401:  # of its own token, which lasts for this attempt: the session may be well
            raise Halt(Later(self.now + RETRY, _NOT_SAID))
        raise Halt(payload.refusal(response, (token, *secrets_of(self.channel))))

    def _server(self) -> str:
        """The name of the account's own server, for whom the service acts."""
        url = xrpc(self.channel.base_url, "com.atproto.server.describeServer")
        response = preparing(lambda: self.channel.http.get(url), now=self.now)
        did = text_of(fields_of(response), "did") if response.is_success else ""
        if not did.startswith("did:"):
            raise Halt(Later(self.now + RETRY, _NO_TOKEN))
        return did

    def _token(self, audience: str, method: str) -> str:
        """A token of the account's own server, good for this method at this service."""
        url = xrpc(self.channel.base_url, "com.atproto.server.getServiceAuth")
        asked: Mapping[str, str] = {"aud": audience, "lxm": method, **self._end_for(method)}

        def get(token: str) -> httpx.Response:
            return preparing(lambda: self.channel.http.get(url, params=asked, headers=bearer(token)), now=self.now)

        response = authorised(self.channel, get, now=self.now)
        if response.is_client_error:
            raise Halt(payload.refusal(response, secrets_of(self.channel)))
        token = token_of(fields_of(response), "token")
        if not token:
            raise Halt(Later(self.now + RETRY, _NO_TOKEN))
        return token

    def _end_for(self, method: str) -> dict[str, str]:
        """Of the token that the service keeps for later; others last a minute."""
        lasting = method == "com.atproto.repo.uploadBlob"
        return {"exp": str(int((self.now + TOKEN_LASTS).timestamp()))} if lasting else {}

    # Handed to the server itself

    def _as_blob(self) -> dict[str, Any]:
        return self._uploaded(lambda: Whole(self.medium, now=self.now), self.medium.mime)

    def _uploaded(self, content: Any, mime: str) -> dict[str, Any]:
        """`content` is called for each request: what is read while it is sent can be sent once."""
        url = xrpc(self.channel.base_url, "com.atproto.repo.uploadBlob")

        def upload(token: str) -> httpx.Response:
            sent = {**bearer(token), "Content-Type": mime}
            return preparing(lambda: self.channel.http.post(url, content=content(), headers=sent), now=self.now)

        response = authorised(self.channel, upload, now=self.now)
        if response.is_client_error:
            raise Halt(payload.refusal(response, secrets_of(self.channel)))
        blob = payload.blob_of(response)
        if blob is None:
            raise Halt(Later(self.now + RETRY, _NOT_SAID))
        return blob


def _is_lacking(response: httpx.Response) -> bool:
    return response.status_code in {404, 501} or text_of(fields_of(response), "error") in _LACKING

"""The stand-in of YouTube: what it refuses, what it counts, what it shows."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import httpx
import pytest

from tests.networks.doubles import video
from tests.sandbox.callers import Caller, picture
from tests.sandbox.conftest import Clock

K = 256 * 1024
TRACK = "WEBVTT\n\n00:00.000 --> 00:01.000\nSnow.\n"


@cache
def film() -> bytes:
    return video("").read()


class YouTubeCaller(Caller):
    slug = "youtube"

    def call(self, method: str, path: str, **given: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.account['token']}", **given.pop("headers", {})}
        return self.http.request(method, f"/youtube/{path}", headers=headers, **given)

    def begin(self, data: bytes, *, privacy: str = "private", title: str = "Snow", **headers: str) -> httpx.Response:
        body = {
            "snippet": {"title": title, "description": f"{title}\nDrive with care.", "categoryId": "25"},
            "status": {"privacyStatus": privacy},
        }
        about = {"X-Upload-Content-Length": str(len(data)), "X-Upload-Content-Type": "video/mp4", **headers}
        asked = {"uploadType": "resumable", "part": "snippet,status"}
        return self.call("POST", "upload/youtube/v3/videos", params=asked, json=body, headers=about)

    def put(self, session: str, data: bytes, span: str) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.account['token']}", "content-range": span}
        return self.http.put(session, content=data, headers=headers)

    def upload(self, data: bytes, **more: str) -> str:
        session = self.begin(data, **more).headers["location"]
        answer = self.put(session, data, f"bytes 0-{len(data) - 1}/{len(data)}")
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    def video(self, video_id: str, part: str = "snippet,status") -> dict[str, Any] | None:
        items = self.call("GET", "youtube/v3/videos", params={"part": part, "id": video_id}).json()["items"]
        return items[0] if items else None

    def update(self, video_id: str, privacy: str = "public", **snippet: Any) -> httpx.Response:
        whole = {"title": "Snow", "description": "Snow\nDrive with care.", "categoryId": "25", **snippet}
        body = {"id": video_id, "snippet": whole, "status": {"privacyStatus": privacy}}
        return self.call("PUT", "youtube/v3/videos", params={"part": "snippet,status"}, json=body)

    def track(self, video_id: str, words: str = TRACK, language: str = "en") -> httpx.Response:
        about = json.dumps({"snippet": {"videoId": video_id, "language": language, "name": ""}})
        parts = (f"Content-Type: application/json\r\n\r\n{about}", f"Content-Type: text/vtt\r\n\r\n{words}")
        body = "".join(f"--b\r\n{part}\r\n" for part in parts) + "--b--"
        headers = {"content-type": 'multipart/related; boundary="b"'}
        asked = {"part": "snippet", "uploadType": "multipart"}
        return self.call("POST", "upload/youtube/v3/captions", params=asked, content=body.encode(), headers=headers)


@pytest.fixture
def police(http: httpx.Client) -> YouTubeCaller:
    return YouTubeCaller(http, "fife", "Fife Division")


def reason(answer: httpx.Response) -> str:
    error = answer.json()["error"]
    assert error["code"] == answer.status_code
    return str(error["errors"][0]["reason"])


def posts(http: httpx.Client) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = http.get("/_control/youtube/posts").json()
    return told


# Uploading


def test_a_private_video_stands_nowhere_until_it_is_made_public(http: httpx.Client, police: YouTubeCaller) -> None:
    video_id = police.upload(film())
    assert posts(http) == []
    assert police.update(video_id).status_code == 200
    (post,) = posts(http)
    assert (post["native_id"], post["text"]) == (video_id, "Snow\nDrive with care.")
    assert post["media"][0]["size"] == len(film())
    assert police.update(video_id, "private").status_code == 200
    assert posts(http) == []


def test_pieces_go_on_where_the_last_one_stopped(police: YouTubeCaller) -> None:
    data = film() + bytes(2 * K)
    total = len(data)
    session = police.begin(data).headers["location"]
    assert police.put(session, b"", f"bytes */{total}").headers.get("range") is None
    assert reason(police.put(session, data[:100], f"bytes 0-99/{total}")) == "badRequest"  # no multiple
    assert reason(police.put(session, data[K : 2 * K], f"bytes {K}-{2 * K - 1}/{total}")) == "badRequest"  # a gap
    more = police.put(session, data[:K], f"bytes 0-{K - 1}/{total}")
    assert (more.status_code, more.headers["range"]) == (308, f"bytes=0-{K - 1}")
    assert reason(police.put(session, data[:K], f"bytes 0-{K - 1}/{total}")) == "badRequest"  # once more
    assert reason(police.put(session, b"", f"bytes */{total - 1}")) == "badRequest"
    assert police.put(session, b"", f"bytes */{total}").headers["range"] == f"bytes=0-{K - 1}"
    done = police.put(session, data[K:], f"bytes {K}-{total - 1}/{total}")
    assert done.json()["status"]["uploadStatus"] == "processed"
    again = police.put(session, b"", f"bytes */{total}")
    assert (again.status_code, again.json()["id"]) == (200, done.json()["id"])


def test_a_session_is_its_channels_alone(http: httpx.Client, police: YouTubeCaller) -> None:
    session = police.begin(film()).headers["location"]
    other = YouTubeCaller(http, "angus", "Angus")
    assert other.put(session, b"", f"bytes */{len(film())}").status_code == 404
    assert police.put(session.replace("upload_id=", "upload_id=x"), b"", "bytes */1").status_code == 404


def test_what_is_no_video_fails_in_processing(police: YouTubeCaller) -> None:
    told = police.video(police.upload(b"This is not a film, whatever it says."))
    assert told
    assert (told["status"]["uploadStatus"], told["status"]["failureReason"]) == ("failed", "codec")


@pytest.mark.parametrize(
    ("title", "why"), [("", "invalidTitle"), ("x" * 101, "invalidTitle"), ("a < b", "invalidTitle")]
)
def test_titles_are_held_to_the_limits(police: YouTubeCaller, title: str, why: str) -> None:
    assert reason(police.begin(film(), title=title)) == why


def test_limits_of_the_other_fields(police: YouTubeCaller) -> None:
    video_id = police.upload(film())
    assert reason(police.update(video_id, description="é" * 2_501)) == "invalidDescription"
    assert reason(police.update(video_id, tags=["x" * 501])) == "invalidTags"
    assert reason(police.update(video_id, categoryId="4")) == "invalidCategoryId"
    assert reason(police.update(video_id, "hidden")) == "invalidVideoMetadata"
    assert reason(police.update(video_id, channelId="UC1")) == "invalid"
    assert reason(police.begin(film(), **{"X-Upload-Content-Length": "many"})) == "badRequest"
    assert reason(police.begin(film(), **{"X-Upload-Content-Type": "image/png"})) == "badRequest"


def test_an_update_replaces_the_whole_part(police: YouTubeCaller) -> None:
    video_id = police.upload(film())
    police.update(video_id, tags=["snow"])
    told = police.video(video_id)
    assert told
    assert told["snippet"]["tags"] == ["snow"]
    police.update(video_id)
    told = police.video(video_id)
    assert told
    assert "tags" not in told["snippet"]


def test_covers_and_captions(http: httpx.Client, police: YouTubeCaller) -> None:
    video_id = police.upload(film(), privacy="public")
    asked = {"videoId": video_id, "uploadType": "media"}
    cover = "upload/youtube/v3/thumbnails/set"
    assert reason(police.call("POST", cover, params=asked, content=b"no picture")) == "invalidImage"
    assert police.call("POST", cover, params=asked, content=picture()).status_code == 200
    assert http.get(f"/youtube/vi/{video_id}/default.jpg").headers["content-type"] == "image/png"
    assert reason(police.track(video_id, "1\nSnow.")) == "invalid"
    assert police.track(video_id).status_code == 200
    assert reason(police.track(video_id)) == "captionExists"
    assert police.track(video_id, language="gd").status_code == 200
    assert reason(police.track("nothing")) == "videoNotFound"


# Asking


def test_what_the_document_does_not_have_is_refused(police: YouTubeCaller) -> None:
    assert reason(police.call("GET", "youtube/v3/videos", params={"part": "snippet", "id": "1", "of": "me"})) == (
        "unexpectedParameter"
    )
    assert reason(police.call("GET", "youtube/v3/videos", params={"part": "everything", "id": "1"})) == "unknownPart"
    assert reason(police.call("GET", "youtube/v3/videos", params={"id": "1"})) == "missingRequiredParameter"
    assert reason(police.call("GET", "youtube/v3/nothing")) == "notFound"
    wrong = police.http.get("/youtube/youtube/v3/channels?part=id&mine=true")
    assert (wrong.status_code, reason(wrong)) == (401, "authError")


def test_the_uploads_are_listed_in_pages_newest_first_and_private_ones_to_their_owner(
    http: httpx.Client, police: YouTubeCaller
) -> None:
    ids = [police.upload(film(), title=f"Snow {n}") for n in range(3)]
    police.update(ids[0])
    asked = {"part": "contentDetails", "playlistId": f"UU{police.account['native_id'][2:]}", "maxResults": "2"}
    first = police.call("GET", "youtube/v3/playlistItems", params=asked).json()
    second = police.call(
        "GET", "youtube/v3/playlistItems", params={**asked, "pageToken": first["nextPageToken"]}
    ).json()
    assert [one["contentDetails"]["videoId"] for one in [*first["items"], *second["items"]]] == ids[::-1]
    other = YouTubeCaller(http, "angus", "Angus")
    seen = other.call("GET", "youtube/v3/playlistItems", params=asked).json()["items"]
    assert [one["contentDetails"]["videoId"] for one in seen] == ids[:1]
    assert other.video(ids[1]) is None
    assert reason(other.update(ids[0])) == "forbidden"
    assert reason(other.call("DELETE", "youtube/v3/videos", params={"id": ids[0]})) == "forbidden"


def test_a_channels_name_cannot_be_changed(police: YouTubeCaller) -> None:
    body = {"id": police.account["native_id"], "brandingSettings": {"channel": {"title": "Other"}}}
    asked = {"part": "brandingSettings"}
    assert reason(police.call("PUT", "youtube/v3/channels", params=asked, json=body)) == "channelTitleUpdateForbidden"


# The quota


def quota(http: httpx.Client) -> dict[str, int]:
    return {name: told["used"] for name, told in http.get("/youtube/quota").json().items()}


def test_a_day_in_california_has_a_quota_in_three_buckets(
    http: httpx.Client, police: YouTubeCaller, clock: Clock
) -> None:
    video_id = police.upload(film())
    police.update(video_id)
    police.call("GET", "youtube/v3/search", params={"part": "snippet", "q": "a", "type": "channel"})
    police.track(video_id)
    assert quota(http) == {"uploads": 1, "searches": 1, "units": 450}
    clock.now += 19 * 3_600 + 3_599  # noon in London in winter is four in the morning in California
    assert quota(http)["uploads"] == 1
    clock.now += 2
    assert quota(http) == {"uploads": 0, "searches": 0, "units": 0}


def test_what_goes_beyond_the_quota_is_refused_while_it_is_enforced(http: httpx.Client, police: YouTubeCaller) -> None:
    for _ in range(100):
        assert police.begin(film()).status_code == 200
    assert police.begin(film()).status_code == 200  # training does not run dry
    http.post("/_control/youtube/faults", json={"fault": "rate_limits"}).raise_for_status()
    assert reason(police.begin(film())) == "quotaExceeded"
    assert police.call("GET", "youtube/v3/channels", params={"part": "id", "mine": "true"}).status_code == 200
    assert quota(http)["uploads"] == 101


# Live


def test_a_broadcast_needs_a_stream_and_a_picture(http: httpx.Client, police: YouTubeCaller) -> None:
    body = {
        "snippet": {"title": "Briefing", "scheduledStartTime": "2026-11-23T14:00:00Z"},
        "status": {"privacyStatus": "public"},
    }
    made = police.call("POST", "youtube/v3/liveBroadcasts", params={"part": "snippet,status"}, json=body).json()
    assert made["status"]["lifeCycleStatus"] == "created"

    def go(status: str) -> httpx.Response:
        asked = {"id": made["id"], "part": "status", "broadcastStatus": status}
        return police.call("POST", "youtube/v3/liveBroadcasts/transition", params=asked)

    assert reason(go("live")) == "invalidTransition"
    stream = {
        "snippet": {"title": "Briefing"},
        "cdn": {"frameRate": "variable", "ingestionType": "rtmp", "resolution": "variable"},
    }
    stream_id = police.call("POST", "youtube/v3/liveStreams", params={"part": "cdn,snippet"}, json=stream).json()["id"]
    asked = {"id": made["id"], "part": "status", "streamId": stream_id}
    assert police.call("POST", "youtube/v3/liveBroadcasts/bind", params=asked).status_code == 200
    assert reason(go("live")) == "errorStreamInactive"
    http.post("/_control/youtube/faults", json={"fault": "encoder_sends"}).raise_for_status()
    assert go("live").json()["status"]["lifeCycleStatus"] == "live"
    assert reason(go("live")) == "redundantTransition"
    http.delete("/_control/youtube/faults").raise_for_status()
    assert go("complete").json()["status"]["lifeCycleStatus"] == "complete"
    assert reason(go("live")) == "invalidTransition"


def test_what_a_broadcast_needs_is_asked_for(police: YouTubeCaller) -> None:
    begins = "2026-11-23T14:00:00Z"
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"snippet": {"scheduledStartTime": begins}, "status": {"privacyStatus": "public"}}, "invalidTitle"),
        ({"snippet": {"title": "x", "scheduledStartTime": begins}}, "privacyStatusRequired"),
        ({"snippet": {"title": "x"}, "status": {"privacyStatus": "public"}}, "scheduledStartTimeRequired"),
        (
            {
                "snippet": {"title": "x", "scheduledStartTime": "2026-11-22T14:00:00Z"},
                "status": {"privacyStatus": "public"},
            },
            "invalidScheduledStartTime",
        ),
    ]
    for body, why in wrong:
        answer = police.call("POST", "youtube/v3/liveBroadcasts", params={"part": "snippet,status"}, json=body)
        assert reason(answer) == why


# Signing in


def test_the_consent_page_refuses_what_google_would(http: httpx.Client) -> None:
    right = {
        "response_type": "code",
        "client_id": "stand-in-client",
        "redirect_uri": "https://mercat.example/back",
        "scope": "https://www.googleapis.com/auth/youtube.force-ssl",
        "state": "s",
    }
    consent = "/youtube/o/oauth2/v2/auth"
    assert http.get(consent, params=right).status_code == 200
    wrong = (
        {"client_id": "other"},
        {"response_type": "token"},
        {"redirect_uri": "/back"},
        {"scope": "everything"},
        {"access_type": "always"},
        {"code_challenge": "x" * 43},
        {"colour": "blue"},
    )
    for change in wrong:
        assert http.get(consent, params={**right, **change}).status_code == 400, change


def test_without_offline_access_there_is_no_refresh_token(http: httpx.Client, police: YouTubeCaller) -> None:
    asked = {
        "response_type": "code",
        "client_id": "stand-in-client",
        "redirect_uri": "https://mercat.example/back",
        "scope": "https://www.googleapis.com/auth/youtube.force-ssl",
        "account": "fife",
        "decision": "allow",
    }
    for more, refreshed in (({}, False), ({"access_type": "offline", "prompt": "consent"}, True)):
        answer = http.post("/youtube/o/oauth2/v2/auth", data={**asked, **more})
        code = httpx.URL(answer.headers["location"]).params["code"]
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": "https://mercat.example/back",
            "client_id": "stand-in-client",
            "client_secret": "stand-in-secret",
        }
        told = http.post("/youtube/token", data=form).json()
        assert ("refresh_token" in told) is refreshed
        assert http.post("/youtube/token", data=form).json()["error"] == "invalid_grant"


# Pages


def test_a_channel_page_shows_title_and_description(http: httpx.Client, police: YouTubeCaller) -> None:
    video_id = police.upload(film(), privacy="public", title="Snow & ice")
    private = police.upload(film(), title="Not yet")
    for address in ("/youtube/", "/youtube/@fife", f"/youtube/watch?v={video_id}"):
        page = http.get(address)
        assert page.status_code == 200
        assert "<strong>Snow &amp; ice</strong>" in page.text
        assert "Drive with care." in page.text
        assert "Not yet" not in page.text
    assert http.get(f"/youtube/watch?v={private}").status_code == 404
    assert http.get(f"/youtube/vi/{video_id}/default.jpg").headers["content-type"].startswith("image/svg")
    assert http.get(f"/youtube/channel/{police.account['native_id']}").headers["location"] == "/youtube/@fife"

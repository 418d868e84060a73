"""The stand-in of Bluesky refuses of videos what Bluesky refuses."""

from __future__ import annotations

import pytest

from mercat.sandbox.bluesky.tokens import SERVER
from mercat.sandbox.bluesky.videos import SERVICE
from tests.networks.doubles import video
from tests.sandbox.callers import POSTS, WHEN, picture

FILM = video().read()
UPLOAD = "com.atproto.repo.uploadBlob"
LIMITS = "app.bsky.video.getUploadLimits"


def token(bluesky, audience=SERVER, method=UPLOAD, **more):
    return bluesky.get("com.atproto.server.getServiceAuth", aud=audience, lxm=method, **more)


def upload(bluesky, data=FILM, *, by=None, kind="video/mp4", **change):
    asked = {"did": bluesky.account["native_id"], "name": "snow.mp4", **change}
    by = by or token(bluesky).json()["token"]
    headers = {"authorization": f"Bearer {by}", "content-type": kind}
    return bluesky.http.post("/bluesky/xrpc/app.bsky.video.uploadVideo", params=asked, content=data, headers=headers)


def status(bluesky, job):
    return bluesky.http.get("/bluesky/xrpc/app.bsky.video.getJobStatus", params={"jobId": job}).json()["jobStatus"]


def blob(bluesky, data=FILM):
    job = upload(bluesky, data).json()["jobId"]
    status(bluesky, job)
    return status(bluesky, job)["blob"]


def publish(bluesky, **embed):
    record = {"$type": POSTS, "text": "Snow.", "createdAt": WHEN, "embed": {"$type": "app.bsky.embed.video", **embed}}
    return bluesky.create(record)


def test_a_video_is_prepared_and_then_stands_on_a_post(bluesky, http):
    captions = bluesky.upload(b"WEBVTT\n", "text/vtt").json()["blob"]
    made = publish(bluesky, video=blob(bluesky), alt="Snow", captions=[{"lang": "en", "file": captions}])
    assert made.status_code == 200
    (post,) = bluesky.posts()
    assert [(medium["mime"], medium["alt"]) for medium in post["media"]] == [("video/mp4", "Snow")]
    (view,) = bluesky.get("app.bsky.feed.getPosts", uris=made.json()["uri"]).json()["posts"]
    assert view["embed"]["$type"] == "app.bsky.embed.video#view"
    assert http.get(view["embed"]["playlist"]).headers["content-type"] == "video/mp4"


def test_a_token_is_good_for_its_service_and_method_alone(bluesky):
    wrong = (
        token(bluesky, SERVICE).json()["token"],
        token(bluesky, SERVER, LIMITS).json()["token"],
        bluesky.session["accessJwt"],
        "nonsense.x.y",
    )
    for one in wrong:
        assert upload(bluesky, by=one).status_code in {400, 401}
    assert bluesky.get(LIMITS).status_code == 400
    headers = {"authorization": f"Bearer {token(bluesky, SERVICE, LIMITS).json()['token']}"}
    assert bluesky.http.get(f"/bluesky/xrpc/{LIMITS}", headers=headers).json()["canUpload"] is True


def test_a_token_lasts_a_minute_unless_more_is_asked_for(bluesky, clock):
    short, long = token(bluesky).json()["token"], token(bluesky, exp=int(clock.now) + 1800).json()["token"]
    clock.now += 61
    assert upload(bluesky, by=short).json()["error"] == "ExpiredToken"
    assert upload(bluesky, by=long).status_code == 200
    for end in (int(clock.now) - 1, int(clock.now) + 7200, "soon"):
        assert token(bluesky, exp=end).json()["error"] == "BadExpiration"
    assert token(bluesky, "video.bsky.app").status_code == 400


def test_a_token_for_a_service_is_no_session(bluesky):
    one = token(bluesky).json()["token"]
    assert bluesky.post("com.atproto.repo.uploadBlob", {}, token=one).json()["error"] == "InvalidToken"


@pytest.mark.parametrize(
    "change", [{"did": "did:plc:somebody"}, {"name": "snow.mov"}, {"kind": "video/quicktime"}, {"name": ""}]
)
def test_an_upload_says_whose_it_is_and_what(bluesky, change):
    assert upload(bluesky, **change).status_code == 400


def test_the_length_must_be_told(bluesky):
    assert upload(bluesky, iter([FILM])).status_code == 400  # in chunks, of no length


def test_what_is_no_video_fails_in_its_job(bluesky):
    job = upload(bluesky, b"no video").json()["jobId"]
    assert [status(bluesky, job)["state"] for _ in range(2)] == ["JOB_STATE_ENCODING", "JOB_STATE_FAILED"]


def test_the_same_video_again_is_answered_with_its_job(bluesky):
    first, again = upload(bluesky), upload(bluesky)
    assert (again.status_code, again.json()["jobId"]) == (409, first.json()["jobId"])


def test_an_embed_is_as_the_lexicon_has_it(bluesky):
    film, still = blob(bluesky), bluesky.blob(picture())
    captions = bluesky.upload(b"WEBVTT\n", "text/vtt").json()["blob"]
    long = bluesky.upload(b"WEBVTT\n" + b"x" * 20_000, "text/vtt").json()["blob"]
    for wrong in (
        {},
        {"video": still},
        {"video": {**film, "size": 1}},
        {"video": film, "alt": 1},
        {"video": film, "aspectRatio": {"width": 0, "height": 1}},
        {"video": film, "captions": [{"lang": "en"}]},
        {"video": film, "captions": [{"lang": "English!", "file": captions}]},
        {"video": film, "captions": [{"lang": "en", "file": still}]},
        {"video": film, "captions": [{"lang": "en", "file": long}]},
        {"video": film, "captions": [{"lang": "en", "file": captions}] * 21},
    ):
        assert publish(bluesky, **wrong).status_code == 400
    assert bluesky.posts() == []

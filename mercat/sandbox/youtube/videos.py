"""What the stand-in holds of videos, and how it tells them."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any

from mercat.sandbox.figures import figures_of
from mercat.sandbox.models import Account, Medium, Post
from mercat.sandbox.standin import ByHand, World
from mercat.sandbox.store import sha256_hex
from mercat.sandbox.youtube.problems import invalid

MAX_TITLE, MAX_DESCRIPTION, MAX_TAGS = 100, 5_000, 500
CATEGORIES = {"1", "2", "10", "15", "17", "19", "20", "22", "23", "24", "25", "26", "27", "28", "29"}
PRIVACIES = {"public", "unlisted", "private"}
DEFAULT_STATUS = {
    "privacyStatus": "public",
    "license": "youtube",
    "embeddable": True,
    "publicStatsViewable": True,
    "selfDeclaredMadeForKids": False,
}


def iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def new_id() -> str:
    return secrets.token_urlsafe(8)  # 11 characters, as YouTube's


def check_snippet(snippet: dict[str, Any]) -> None:
    """Raises ApiError."""
    title, description = snippet.get("title", ""), snippet.get("description", "")
    tags = snippet.get("tags", [])
    if not title.strip() or len(title) > MAX_TITLE or set(title) & set("<>"):
        raise invalid("invalidTitle", "The request metadata specifies an invalid or empty video title.")
    if len(description.encode()) > MAX_DESCRIPTION or set(description) & set("<>"):
        raise invalid("invalidDescription", "The request metadata specifies an invalid video description.")
    if not all(isinstance(tag, str) for tag in tags) or len(",".join(tags)) > MAX_TAGS:
        raise invalid("invalidTags", "The request metadata specifies invalid video keywords.")
    if snippet.get("categoryId") not in CATEGORIES:
        raise invalid("invalidCategoryId", "The snippet.categoryId property specifies an invalid category ID.")


def check_status(status: dict[str, Any]) -> None:
    if status.get("privacyStatus", "public") not in PRIVACIES or status.get("license", "youtube") not in {
        "youtube",
        "creativeCommon",
    }:
        raise invalid("invalidVideoMetadata", "The request metadata is invalid.")


class Videos:
    def __init__(self, world: World) -> None:
        self.world, self.store = world, world.store

    def get(self, video_id: str, until: float | None = None) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self.store.kept(self.world.slug, "video", video_id, self.world.clock())
        return found if found and (until is None or found["uploaded_at"] <= until) else None

    def put(self, video: dict[str, Any]) -> None:
        """Keeps it, and shows it on the pages where it is public. When it first was, its publication begins."""
        if video["status"]["privacyStatus"] != "private":
            video.setdefault("published_at", self.world.clock())
        with self.store.transaction():
            self.store.keep(self.world.slug, "video", video["id"], video)
            own = self.own(video["channel"])
            if video["id"] not in own:
                self.store.keep(self.world.slug, "own", video["channel"], [*own, video["id"]])
            if video["status"]["privacyStatus"] == "public":
                self.store.put_post(self._post(video))
            else:
                self.store.remove_post(self.world.slug, video["id"])

    def by_hand(self, account: Account, given: ByHand) -> Post:
        """A video uploaded in YouTube Studio: the first line is its title. Of its bytes there is nothing here."""
        given.only_words("YouTube")
        title, _, description = given.words.partition("\n")
        snippet = {"title": title.strip(), "description": description.strip(), "categoryId": "22"}
        check_snippet(snippet)
        film = {"mime": "video/mp4", "size": 0, "sha256": sha256_hex(b""), "captions": {}, "polls_left": 0}
        video = {**film, "id": new_id(), "channel": account.native_id, "snippet": snippet, "ends": "processed"}
        video |= {"status": {**DEFAULT_STATUS}, "uploaded_at": self.world.clock()}
        self.put(video)
        return self._post(video)

    def own(self, channel: str) -> list[str]:
        """The ids of the channel's uploads, oldest first."""
        return list(self.store.kept(self.world.slug, "own", channel, self.world.clock()) or ())

    def remove(self, video: dict[str, Any]) -> None:
        own = [one for one in self.own(video["channel"]) if one != video["id"]]
        with self.store.transaction():
            self.store.forget(self.world.slug, "video", video["id"])
            self.store.forget(self.world.slug, "broadcast", video["id"])  # where it was one
            self.store.keep(self.world.slug, "own", video["channel"], own)
            self.store.remove_post(self.world.slug, video["id"])

    def _post(self, video: dict[str, Any]) -> Post:
        snippet, now = video["snippet"], self.world.clock()
        title, description = snippet["title"], snippet.get("description", "")
        begins = description.strip().partition("\n")[0].strip() == title
        return Post(
            network=self.world.slug,
            account=video["channel"],
            native_id=video["id"],
            text=description if begins else f"{title}\n{description}".strip(),
            body={"title": title},
            media=() if video.get("live") else (_medium(video),),
            created_at=iso(now),
            received_at=now,
        )

    def told(self, video: dict[str, Any], parts: list[str], account: Account, base: str, *, owner: bool) -> Any:
        made = {"kind": "youtube#video", "etag": "stand-in", "id": video["id"]}
        if "snippet" in parts:
            made["snippet"] = self._snippet(video, account, base, owner)
        if "status" in parts:
            made["status"] = self._status(video)
        if "processingDetails" in parts and owner:
            made["processingDetails"] = {"processingStatus": _processing(video)}
            if video["polls_left"]:
                left = {"partsTotal": "1000", "partsProcessed": "500", "timeLeftMs": "2000"}
                made["processingDetails"]["processingProgress"] = left
        if "statistics" in parts:
            threads = self.store.kept(self.world.slug, "threads", "all", self.world.clock()) or []
            comments = sum(one["video"] == video["id"] for one in threads)
            more = figures_of(self.world, video["id"])
            made["statistics"] = {
                "viewCount": str(more["views"]),
                "likeCount": str(more["reactions"]),
                "favoriteCount": "0",
                "commentCount": str(comments + more["replies"]),
            }
        return made

    def _snippet(self, video: dict[str, Any], account: Account, base: str, owner: bool) -> dict[str, Any]:
        thumbnail = {"url": f"{base}/vi/{video['id']}/default.jpg", "width": 120, "height": 90}
        told = {
            **video["snippet"],
            "publishedAt": iso(video.get("published_at", video["uploaded_at"])),
            "channelId": account.native_id,
            "channelTitle": account.display_name,
            "thumbnails": {"default": thumbnail},
            "liveBroadcastContent": "none",
        }
        if not owner or not told.get("tags"):
            told.pop("tags", None)
        return told

    def _status(self, video: dict[str, Any]) -> dict[str, Any]:
        told = {**video["status"], "madeForKids": False, "uploadStatus": _upload_status(video)}
        if told["uploadStatus"] == "failed":
            told["failureReason"] = video["ends"]
        if told["uploadStatus"] == "rejected":
            told["rejectionReason"] = video["ends"]
        return told


def _medium(video: dict[str, Any]) -> Medium:
    return Medium(video["id"], video["mime"], video["size"], video["sha256"], "", 1280, 720)


def _upload_status(video: dict[str, Any]) -> str:
    if video["polls_left"]:
        return "uploaded"
    return {"processed": "processed", "codec": "failed"}.get(video["ends"], "rejected")


def _processing(video: dict[str, Any]) -> str:
    if video["polls_left"]:
        return "processing"
    return "failed" if video["ends"] == "codec" else "succeeded"

"""The calls about videos, channels and comments. Refusals have the reasons of YouTube's list of errors."""

from __future__ import annotations

import secrets
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mercat.sandbox.models import Account
from mercat.sandbox.standin import World, base_url, hidden_after
from mercat.sandbox.youtube import asked, videos
from mercat.sandbox.youtube.asked import signed_in
from mercat.sandbox.youtube.problems import forbidden, invalid, not_found, problem
from mercat.sandbox.youtube.uploads import PARTS
from mercat.sandbox.youtube.videos import Videos, iso

CHANNEL_PARTS = "id snippet contentDetails brandingSettings statistics status"
MAX_BIO, MAX_COMMENT, MOST_IDS = 1_000, 10_000, 50


class Api:
    def __init__(self, world: World, held: Videos) -> None:
        self.world, self.store, self.videos = world, world.store, held

    # Videos

    async def list_videos(self, request: Request) -> Response:
        account = signed_in(self.world, request)
        wanted = asked.query(request, "part id", "maxResults hl")
        parts, base = asked.parts(wanted, PARTS), base_url(request, self.world.slug)
        found = []
        for video_id in ids(wanted["id"]):
            video = self.videos.get(video_id, hidden_after(request))
            if video is None:
                continue
            owner = video["channel"] == account.native_id
            if not owner and video["status"]["privacyStatus"] == "private":
                continue
            if "processingDetails" in parts and not owner:
                raise forbidden("processingDetails are only shown to the video's owner.")
            if owner and video["polls_left"] and "processingDetails" in parts:
                self.videos.put({**video, "polls_left": video["polls_left"] - 1})
            of = self.store.account(self.world.slug, video["channel"])
            assert of is not None
            found.append(self.videos.told(video, parts, of, base, owner=owner))
        return listed("videoListResponse", found)

    async def update_video(self, request: Request) -> Response:
        wanted = asked.query(request, "part")
        parts = asked.parts(wanted, "snippet status id")
        given = await asked.body(request, asked.VIDEO)
        account, video = self._own(request, given.get("id", ""))
        if "snippet" in parts:
            videos.check_snippet(given.get("snippet", {}))
            video["snippet"] = given["snippet"]  # whole: what is left out is lost
        if "status" in parts:
            videos.check_status(given.get("status", {}))
            video["status"] = {**videos.DEFAULT_STATUS, **given.get("status", {})}
            if self.world.faults.standing("keeps_private"):
                video["status"]["privacyStatus"] = "private"
        self.videos.put(video)
        base = base_url(request, self.world.slug)
        return JSONResponse(self.videos.told(video, parts, account, base, owner=True))

    async def delete_video(self, request: Request) -> Response:
        _, video = self._own(request, asked.query(request, "id")["id"])
        self.videos.remove(video)
        return Response(status_code=204)

    def _own(self, request: Request, video_id: str) -> tuple[Account, dict[str, Any]]:
        account, video = signed_in(self.world, request), self.videos.get(video_id)
        if video is None:
            raise not_found("videoNotFound", "The video that you are trying to change cannot be found.")
        if video["channel"] != account.native_id:
            raise forbidden("The video does not belong to this channel.")
        return account, video

    async def list_uploads(self, request: Request) -> Response:
        account = signed_in(self.world, request)
        wanted = asked.query(request, "part playlistId", "maxResults pageToken")
        asked.parts(wanted, "id snippet contentDetails status")
        channel = self.store.account(self.world.slug, f"UC{wanted['playlistId'][2:]}")
        if channel is None or not wanted["playlistId"].startswith("UU"):
            raise not_found("playlistNotFound", "The playlist identified with the request's playlistId is not found.")
        owner, until = channel.native_id == account.native_id, hidden_after(request)
        own = [self.videos.get(one, until) for one in reversed(self.videos.own(channel.native_id))]
        shown = [one for one in own if one and (owner or one["status"]["privacyStatus"] == "public")]
        entries = [_entry(n, one, channel, wanted) for n, one in enumerate(shown)]
        return page("playlistItemListResponse", entries, wanted, 50)

    # Channels

    async def list_channels(self, request: Request) -> Response:
        account = signed_in(self.world, request)
        wanted = asked.query(request, "part", "id mine maxResults")
        parts, base = asked.parts(wanted, CHANNEL_PARTS), base_url(request, self.world.slug)
        if ("id" in wanted) == (wanted.get("mine") == "true"):
            raise invalid("missingRequiredParameter", "No filter selected. Expected one of: id, mine")
        names = ids(wanted["id"]) if "id" in wanted else [account.native_id]
        found = [one for name in names if (one := self.store.account(self.world.slug, name)) and one.native_id == name]
        return listed("channelListResponse", [self._channel(one, parts, base) for one in found])

    async def update_channel(self, request: Request) -> Response:
        account = signed_in(self.world, request)
        asked.parts(asked.query(request, "part"), "brandingSettings")
        given = await asked.body(request, asked.CHANNEL)
        if given.get("id") != account.native_id:
            raise forbidden("This channel is not yours to change.")
        settings = given.get("brandingSettings", {})
        channel, image = settings.get("channel", {}), settings.get("image", {})
        if channel.get("title", account.display_name) != account.display_name:
            message = "The channel's title cannot be changed."
            raise problem(400, "channelTitleUpdateForbidden", message, "youtube.channel")
        if len(channel.get("description", "")) > MAX_BIO:
            raise invalid("invalidDescription", "The description is too long.")
        banner = f"{base_url(request, self.world.slug)}/vi/banner-{account.native_id}/default.jpg"
        if image.get("bannerExternalUrl", banner) != banner:
            raise invalid("bannerNotFound", "This is no banner that was handed over.")
        kept = {"channel": channel, "image": image}
        self.store.keep(self.world.slug, "branding", account.native_id, kept)
        return JSONResponse(self._channel(account, ["brandingSettings"], base_url(request, self.world.slug)))

    def _channel(self, account: Account, parts: list[str], base: str) -> dict[str, Any]:
        kept = self.store.kept(self.world.slug, "branding", account.native_id, self.world.clock()) or {}
        channel, image = kept.get("channel", {}), kept.get("image", {})
        told: dict[str, Any] = {"kind": "youtube#channel", "etag": "stand-in", "id": account.native_id}
        may = {
            "snippet": {
                "title": account.display_name,
                "description": channel.get("description", ""),
                "customUrl": f"@{account.handle}",
                "publishedAt": iso(account.created_at),
                "thumbnails": {"default": {"url": f"{base}/avatar.svg", "width": 88, "height": 88}},
            },
            "contentDetails": {"relatedPlaylists": {"likes": "", "uploads": f"UU{account.native_id[2:]}"}},
            "brandingSettings": {
                "channel": {**channel, "title": account.display_name},
                **({"image": image} if image else {}),
            },
            "statistics": {"videoCount": str(self.store.count_posts(self.world.slug, account.native_id))},
            "status": {"privacyStatus": "public", "isLinked": True, "longUploadsStatus": "allowed"},
        }
        return told | {name: may[name] for name in parts if name in may}

    async def search(self, request: Request) -> Response:
        signed_in(self.world, request)
        wanted = asked.query(request, "part q type", "maxResults")
        asked.parts(wanted, "snippet id")
        if wanted["type"] != "channel":
            raise invalid("invalidValue", "This stand-in searches for channels.")
        words = wanted["q"].lower().split()
        named = [(f"{one.handle} {one.display_name}".lower(), one) for one in self.store.accounts(self.world.slug)]
        found = [_result(one) for name, one in named if all(word in name for word in words)]
        return page("searchListResponse", found, wanted, 50)

    # Comments

    async def list_threads(self, request: Request) -> Response:
        signed_in(self.world, request)
        more = "videoId allThreadsRelatedToChannelId order maxResults textFormat pageToken"
        wanted = asked.query(request, "part", more)
        asked.parts(wanted, "id snippet replies")
        if ("videoId" in wanted) == ("allThreadsRelatedToChannelId" in wanted):
            raise invalid("missingRequiredParameter", "No filter selected.")
        video_id, channel = wanted.get("videoId", ""), wanted.get("allThreadsRelatedToChannelId", "")
        if video_id and self.videos.get(video_id) is None:
            raise not_found("videoNotFound", "The video identified by the videoId parameter could not be found.")
        until = hidden_after(request)
        threads = [one for one in reversed(self._threads()) if until is None or one["made_at"] <= until]
        found = [one for one in threads if (one["video"] == video_id if video_id else one["channel"] == channel)]
        return page("commentThreadListResponse", [self._thread(one) for one in found], wanted, 100)

    async def add_thread(self, request: Request) -> Response:
        account = signed_in(self.world, request)
        asked.parts(asked.query(request, "part"), "snippet")
        snippet = (await asked.body(request, asked.THREAD)).get("snippet", {})
        video = self.videos.get(snippet.get("videoId", ""))
        words = snippet.get("topLevelComment", {}).get("snippet", {}).get("textOriginal", "")
        if video is None:
            raise not_found("videoNotFound", "The video identified by the videoId parameter could not be found.")
        if not 0 < len(words) <= MAX_COMMENT:
            raise invalid("commentTextRequired", "The comment has no text, or too much.")
        thread = {
            "id": secrets.token_urlsafe(19),
            "video": video["id"],
            "channel": video["channel"],
            "author": account.native_id,
            "text": words,
            "made_at": self.world.clock(),
        }
        self.store.keep(self.world.slug, "threads", "all", [*self._threads(), thread])
        return JSONResponse(self._thread(thread))

    def _threads(self) -> list[dict[str, Any]]:
        return list(self.store.kept(self.world.slug, "threads", "all", self.world.clock()) or ())

    def _thread(self, thread: dict[str, Any]) -> dict[str, Any]:
        author = self.store.account(self.world.slug, thread["author"])
        assert author is not None
        comment = {
            "kind": "youtube#comment",
            "etag": "stand-in",
            "id": thread["id"],
            "snippet": {
                "channelId": thread["channel"],
                "videoId": thread["video"],
                "textDisplay": thread["text"],
                "authorDisplayName": f"@{author.handle}",
                "authorChannelId": {"value": author.native_id},
                "publishedAt": iso(thread["made_at"]),
                "updatedAt": iso(thread["made_at"]),
                "likeCount": 0,
            },
        }
        snippet = {
            "channelId": thread["channel"],
            "videoId": thread["video"],
            "topLevelComment": comment,
            "canReply": True,
            "totalReplyCount": 0,
            "isPublic": True,
        }
        return {"kind": "youtube#commentThread", "etag": "stand-in", "id": thread["id"], "snippet": snippet}

    async def unknown(self, request: Request) -> Response:
        raise not_found("notFound", "Not Found")


def ids(given: str) -> list[str]:
    ids = given.split(",")
    if len(ids) > MOST_IDS:
        raise invalid("invalidFilters", "At most 50 ids.")
    return ids


def listed(kind: str, items: list[Any], **more: Any) -> Response:
    pages = {"totalResults": len(items), "resultsPerPage": len(items)}
    return JSONResponse({"kind": f"youtube#{kind}", "etag": "stand-in", "pageInfo": pages, "items": items, **more})


def page(kind: str, items: list[Any], wanted: dict[str, str], limit: int) -> Response:
    """One page; its token is where the next begins."""
    begins, size = wanted.get("pageToken", "0"), asked.most(wanted, limit, 5 if limit == 50 else 20)
    if not (begins.isascii() and begins.isdecimal()):
        raise invalid("invalidPageToken", "The request specifies an invalid page token.")
    first, following = int(begins), int(begins) + size
    more = {"nextPageToken": str(following)} if following < len(items) else {}
    return listed(kind, items[first:following], **more)


def _entry(n: int, video: dict[str, Any], channel: Account, wanted: dict[str, str]) -> dict[str, Any]:
    snippet = {
        "publishedAt": iso(video["uploaded_at"]),
        "channelId": channel.native_id,
        "channelTitle": channel.display_name,
        "title": video["snippet"]["title"],
        "description": video["snippet"].get("description", ""),
        "playlistId": wanted["playlistId"],
        "position": n,
        "resourceId": {"kind": "youtube#video", "videoId": video["id"]},
    }
    shown = {"videoPublishedAt": iso(video["published_at"])} if "published_at" in video else {}
    may = {
        "snippet": snippet,
        "contentDetails": {"videoId": video["id"], **shown},
        "status": {"privacyStatus": video["status"]["privacyStatus"]},
    }
    told = {"kind": "youtube#playlistItem", "etag": "stand-in", "id": f"UU-{video['id']}"}
    return told | {name: may[name] for name in wanted["part"].split(",") if name in may}


def _result(account: Account) -> dict[str, Any]:
    return {
        "kind": "youtube#searchResult",
        "etag": "stand-in",
        "id": {"kind": "youtube#channel", "channelId": account.native_id},
        "snippet": {
            "publishedAt": iso(account.created_at),
            "channelId": account.native_id,
            "channelTitle": account.display_name,
            "title": account.display_name,
            "description": "",
            "liveBroadcastContent": "none",
        },
    }

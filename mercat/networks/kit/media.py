"""The limits on pictures and videos that every network has, in one set of words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from mercat.networks.kit.text import graphemes
from mercat.networks.port import MediaRules, Medium, Problem, VideoRules

_NAMES = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/webp": "WebP",
    "image/gif": "GIF",
    "video/mp4": "MP4",
    "video/quicktime": "MOV",
}


def media_problems(network: str, rules: MediaRules, media: Sequence[Medium]) -> list[Problem]:
    """Every limit of `rules` that `media` breaks."""
    videos = [medium for medium in media if medium.is_video]
    if videos:
        return list(_of_videos(network, rules.video, media, videos))
    if len(media) < rules.min_count:
        return [Problem("media", f"{network} takes no post without {_wanted(rules)}. Add one.")]
    if media and not rules.max_count:
        return [Problem("media", f"{network} takes no pictures. Take them out, or leave this account out.")]
    problems = [problem for n, medium in enumerate(media, 1) for problem in _of_one(network, rules, n, medium)]
    if len(media) <= rules.max_count:
        return problems
    over = len(media) - rules.max_count
    too_many = f"There are {len(media)} pictures; {network} takes {rules.max_count}. Take out {over}."
    return [Problem("media", too_many), *problems]


def _wanted(rules: MediaRules) -> str:
    if not rules.max_count:
        return "a video"
    return "a picture or a video" if rules.video else "a picture"


def _of_one(network: str, rules: MediaRules, n: int, medium: Medium) -> Iterator[Problem]:
    if medium.mime not in rules.mimes:
        yield Problem(
            "media", f"Picture {n} is of a kind that {network} does not take. It takes {_kinds(rules.mimes)}."
        )
    if medium.size > rules.max_bytes:
        size, most = megabytes(medium.size), megabytes(rules.max_bytes)
        yield Problem("media", f"Picture {n} has {size} MB; {network} takes up to {most} MB. Use a smaller one.")
    if (length := graphemes(medium.alt)) > rules.max_alt:
        yield Problem(
            "alt", f"The description of picture {n} has {length:,} characters; {network} takes {rules.max_alt:,}."
        )


def _of_videos(
    network: str, rules: VideoRules | None, media: Sequence[Medium], videos: Sequence[Medium]
) -> Iterator[Problem]:
    if not rules:
        yield Problem("media", f"Videos do not go to {network} from here. Take it out, or leave this account out.")
        return
    if len(media) > 1:
        yield Problem("media", f"{network} takes one video and nothing beside it. Take out the others.")
    for video in videos:
        yield from _of_video(network, rules, video)


def _of_video(network: str, rules: VideoRules, video: Medium) -> Iterator[Problem]:
    if video.mime not in rules.mimes:
        yield Problem("media", f"The video is of a kind that {network} does not take. It takes {_kinds(rules.mimes)}.")
    if video.size > rules.max_bytes:
        size, most = megabytes(video.size), megabytes(rules.max_bytes)
        yield Problem("media", f"The video has {size} MB; {network} takes up to {most} MB. Use a shorter one.")
    if video.seconds > rules.max_seconds:
        yield Problem("media", f"The video lasts {_span(video.seconds)}; {network} takes {_span(rules.max_seconds)}.")
    if video.seconds < rules.min_seconds:
        yield Problem("media", f"The video is shorter than the {_span(rules.min_seconds)} that {network} asks for.")
    if rules.max_alt and (length := graphemes(video.alt)) > rules.max_alt:
        yield Problem(
            "alt", f"The description of the video has {length:,} characters; {network} takes {rules.max_alt:,}."
        )


def _kinds(mimes: Iterable[str]) -> str:
    return ", ".join(_NAMES.get(mime, mime) for mime in sorted(mimes))


def _span(seconds: float) -> str:
    """Minutes and seconds, as people say them."""
    minutes, rest = divmod(round(seconds), 60)
    said = [f"{minutes:,} minute{'s' * (minutes != 1)}"] if minutes else []
    if rest or not said:
        said.append(f"{rest} second{'s' * (rest != 1)}")
    return " ".join(said)


def megabytes(size: int) -> str:
    """Bytes in millions, with as many digits as tell a size just over a limit from the limit."""
    return f"{size / 1_000_000:.6f}".rstrip("0").rstrip(".")

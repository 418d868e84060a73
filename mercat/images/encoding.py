"""From a video that somebody uploaded to one that every network takes: H.264 and AAC in an MP4 that starts at once.

It runs in a process of its own (`worker.py`). What the container says is checked before anything is decoded. Only the
pictures and one sound go along: no place, no camera, no chapters, no subtitles, no data. A stream that fits already is
copied as it is, a picture stream without its supplemental messages (SEI), in which cameras and drones write where they
were; of AAC that is copied the frames stay as their encoder made them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.bitstream import BitStreamFilterContext
from PIL import Image

from mercat.images.kinds import MOV, OTHER_KIND, NotAVideo, kind_of
from mercat.images.rendering import Recipe, Rendition, render_image

HOUR = 3_600
LONGEST = 4 * HOUR  # seconds
MOST_PIXELS = 4_096 * 2_304
MOST_STREAMS = 16
MOST_FRAMES = LONGEST * 240
LONGEST_SIDE = 1_920  # pixels
FASTEST = 60  # frames a second
# Bits a second: what is above is encoded anew, what we encode stays below; and below 2 GB, however long it lasts.
MOST_BITS, SOUND_BITS = 10_000_000, 192_000
MOST_BYTES = 1_900_000_000
COVER = Recipe(LONGEST_SIDE, 1_900_000, png=False)
PICTURES = frozenset({"h264", "hevc", "vp8", "vp9", "av1", "mpeg1video", "mpeg2video", "mpeg4", "prores"})
SOUNDS = frozenset({"aac", "mp3", "mp2", "opus", "vorbis", "ac3", "eac3", "alac", "flac"})
PLAIN_H264 = frozenset({"Constrained Baseline", "Baseline", "Main", "High"})
SEI = "filter_units=remove_types=6"  # ISO/IEC 14496-10, table 7-1: supplemental enhancement information
DAMAGED = "This video is damaged: it cannot be read to its end. Save it again and choose that."
TOO_LONG = "This video lasts more than 4 hours. Cut it into parts, and choose one of them."


@dataclass(frozen=True, slots=True)
class Prepared:
    """A video ready to send: `width` and `height` in pixels, `seconds` long. `copied`: its pictures were not encoded
    anew."""

    width: int
    height: int
    seconds: float
    copied: bool
    cover: Rendition


def prepare(source: Path, target: Path, tell: Callable[[int], None]) -> Prepared:
    """Write the video to `target`, telling now and then how many hundredths are done. Raises `NotAVideo`."""
    try:
        with _opened(source) as given:
            shape = _examined(given)
            seconds = _write(given, shape, target, tell)
        return Prepared(*shape.size, seconds, shape.copied, _cover(target, seconds))
    except NotAVideo:
        raise
    except (av.FFmpegError, ValueError, IndexError, TypeError, ZeroDivisionError):  # what FFmpeg makes of bent bytes
        raise NotAVideo(DAMAGED) from None


def _opened(source: Path) -> av.container.InputContainer:
    with source.open("rb") as file:
        kind = kind_of(file.read(189))
    if kind is None:
        raise NotAVideo(OTHER_KIND)
    # Nothing that the file names is fetched or opened.
    options = {"protocol_whitelist": "file", "enable_drefs": "0"} if kind == MOV else {"protocol_whitelist": "file"}
    try:
        return av.open(str(source), "r", format=kind, options=options, metadata_errors="ignore")
    except av.FFmpegError:
        raise NotAVideo(DAMAGED) from None


@dataclass(frozen=True, slots=True)
class Shape:
    """What is taken of a container, and what it becomes. `size` in pixels, upright; `rate` in frames a second."""

    pictures: av.VideoStream
    sound: av.AudioStream | None
    size: tuple[int, int]
    rotation: int
    rate: Fraction
    seconds: float  # 0 where the container does not say
    copied: bool
    sound_copied: bool


def _examined(given: av.container.InputContainer) -> Shape:
    """All that can be refused without decoding more than a single frame. Raises `NotAVideo`."""
    if len(given.streams) > MOST_STREAMS:
        raise NotAVideo("This file holds more streams than any camera makes. Save the video alone and choose that.")
    shown = [each for each in given.streams.video if not each.disposition & av.stream.Disposition.attached_pic]
    if not shown:
        raise NotAVideo("This file has no moving picture. Choose an MP4, MOV, WebM or MPEG file of a video.")
    pictures = shown[0]
    sound = given.streams.audio[0] if given.streams.audio else None
    seconds = float(given.duration or 0) / av.time_base
    if seconds > LONGEST:
        raise NotAVideo(TOO_LONG)
    if pictures.width * pictures.height > MOST_PIXELS:
        raise NotAVideo("The pictures of this video are larger than 4K. Save a smaller copy and choose that.")
    if pictures.codec.canonical_name not in PICTURES or not _is_known_sound(sound):
        raise NotAVideo("This video is in a form that cannot be read here. Save it as MP4 (H.264) and choose that.")
    pictures.thread_type, pictures.codec_context.thread_count = "AUTO", 2
    first = next(given.decode(pictures), None)
    if first is None:
        raise NotAVideo(DAMAGED)
    given.seek(0)
    rotation = round(first.rotation) % 360
    rate = min(pictures.average_rate or pictures.guessed_rate or Fraction(30), Fraction(FASTEST))
    size = _fitting(first.width, first.height, pictures.sample_aspect_ratio, rotation)
    turned = size if rotation % 180 == 0 else size[::-1]
    return Shape(
        pictures, sound, size, rotation, max(rate, Fraction(1)), seconds,
        copied=rotation == 0 and turned == (first.width, first.height) and _fits(given, pictures, seconds),
        sound_copied=_sound_fits(given, sound),
    )  # fmt: skip


def _is_known_sound(sound: av.AudioStream | None) -> bool:
    return sound is None or sound.codec.canonical_name in SOUNDS or sound.codec.canonical_name.startswith("pcm_")


def _fitting(width: int, height: int, aspect: Fraction | None, rotation: int) -> tuple[int, int]:
    """Upright, with square pixels, within the longest side, and even: H.264 counts colours by two pixels."""
    wide, high = width * float(aspect or 1), float(height)
    if rotation % 180:
        wide, high = high, wide
    scale = min(1.0, LONGEST_SIDE / max(wide, high))
    return max(round(wide * scale / 2) * 2, 2), max(round(high * scale / 2) * 2, 2)


def _fits(given: av.container.InputContainer, pictures: av.VideoStream, seconds: float) -> bool:
    context = pictures.codec_context
    return (
        given.format.name.startswith(("mov", "matroska"))  # elsewhere H.264 is written in another way
        and pictures.codec.canonical_name == "h264"
        and pictures.profile in PLAIN_H264
        and context.format.name == "yuv420p"
        and (pictures.average_rate or FASTEST + 1) <= FASTEST
        and 0 < given.size * 8 <= MOST_BITS * seconds
        and given.size <= MOST_BYTES
    )


def _sound_fits(given: av.container.InputContainer, sound: av.AudioStream | None) -> bool:
    return (
        sound is not None
        and given.format.name.startswith("mov")
        and (sound.codec.canonical_name, sound.profile) == ("aac", "LC")
        and sound.codec_context.sample_rate in (44_100, 48_000)
        and sound.channels in (1, 2)
    )


def _write(given: av.container.InputContainer, shape: Shape, target: Path, tell: Callable[[int], None]) -> float:
    """Returns the length of what was written, in seconds."""
    options = {"movflags": "+faststart", "fflags": "+bitexact"}  # bitexact: without the name of the encoder
    with av.open(str(target), "w", format="mp4", container_options=options) as made:
        pictures = Copied(made, shape.pictures, SEI) if shape.copied else Pictures(made, shape)
        tracks: dict[int, Track] = {shape.pictures.index: pictures}
        if shape.sound:
            tracks[shape.sound.index] = Copied(made, shape.sound) if shape.sound_copied else Sound(made, shape.sound)
        told = time.monotonic()
        for packet in given.demux([each for each in (shape.pictures, shape.sound) if each]):
            if packet.dts is None:  # the end of a stream; its track is drained below
                continue
            reached = float(packet.dts * packet.time_base)
            if reached > LONGEST:
                raise NotAVideo(TOO_LONG)
            made.mux(list(tracks[packet.stream_index].take(packet)))
            if time.monotonic() - told > 1:
                told = time.monotonic()
                tell(min(99, int(100 * reached / shape.seconds)) if shape.seconds else 0)
        for track in tracks.values():
            made.mux(list(track.rest()))
    with av.open(str(target)) as written:
        return round(float(written.duration or 0) / av.time_base, 3)


class Copied:
    """A stream that goes along as it is, but for what `without` takes out."""

    def __init__(self, made: av.container.OutputContainer, stream: av.stream.Stream, without: str = "null") -> None:
        self._out = made.add_stream_from_template(stream)
        self._out.metadata.clear()
        self._filter = BitStreamFilterContext(without, stream)

    def take(self, packet: av.Packet) -> Iterator[av.Packet]:
        yield from self._moved(self._filter.filter(packet))

    def rest(self) -> Iterator[av.Packet]:
        yield from self._moved(self._filter.filter(None))

    def _moved(self, packets: list[av.Packet]) -> Iterator[av.Packet]:
        for packet in packets:
            packet.stream = self._out
            yield packet


class Pictures:
    """The pictures decoded, turned upright, made no larger than they may be, at an even rate, and encoded anew."""

    def __init__(self, made: av.container.OutputContainer, shape: Shape) -> None:
        self._stream, self._frames = shape.pictures, 0
        most = MOST_BITS
        if shape.seconds:
            most = min(most, int(MOST_BYTES * 8 / shape.seconds) - SOUND_BITS)
        options = {
            "profile": "high", "preset": "veryfast", "crf": "20", "maxrate": str(most), "bufsize": str(2 * most),
            "g": str(round(2 * shape.rate)), "x264-params": "rc-lookahead=20",
        }  # fmt: skip
        self._out = made.add_stream("libx264", rate=shape.rate, options=options)
        self._out.width, self._out.height, self._out.pix_fmt = *shape.size, "yuv420p"
        self._out.codec_context.thread_count = 2
        self._out.codec_context.time_base = 1 / shape.rate
        self._graph = _graph(shape)
        self._without = BitStreamFilterContext(SEI, self._out)

    def take(self, packet: av.Packet | None) -> Iterator[av.Packet]:
        frames = packet.decode() if packet else self._stream.codec_context.decode(None)
        self._frames += len(frames)
        if self._frames > MOST_FRAMES:
            raise NotAVideo("This video has more frames than any camera makes. Save it at 60 a second or fewer.")
        for frame in frames:
            self._graph.push(frame)
            yield from self._encoded(self._pulled())

    def rest(self) -> Iterator[av.Packet]:
        yield from self.take(None)
        self._graph.push(None)
        yield from self._encoded([*self._pulled(), None])
        yield from self._cleaned(None)

    def _pulled(self) -> Iterator[av.VideoFrame]:
        while True:
            try:
                frame = self._graph.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            frame.pict_type = av.video.frame.PictureType.NONE  # the encoder chooses, not the camera
            yield frame

    def _encoded(self, frames: Iterator[av.VideoFrame] | list[av.VideoFrame | None]) -> Iterator[av.Packet]:
        for frame in frames:
            for packet in self._out.encode(frame):
                yield from self._cleaned(packet)

    def _cleaned(self, packet: av.Packet | None) -> Iterator[av.Packet]:
        for each in self._without.filter(packet):
            each.stream = self._out
            yield each


def _graph(shape: Shape) -> av.filter.Graph:
    turns = {90: [("transpose", "cclock")], 180: [("hflip", ""), ("vflip", "")], 270: [("transpose", "clock")]}
    width, height = shape.size
    steps = [
        *turns.get(shape.rotation, []),
        ("scale", f"{width}:{height}:flags=lanczos"),
        ("setsar", "1"),
        ("fps", str(shape.rate)),
        ("format", "yuv420p"),
        ("buffersink", ""),
    ]
    graph = av.filter.Graph()
    nodes = [graph.add_buffer(template=shape.pictures), *(graph.add(name, value or None) for name, value in steps)]
    graph.link_nodes(*nodes).configure()
    return graph


class Sound:
    """The sound decoded, brought to two channels at most, and encoded anew."""

    def __init__(self, made: av.container.OutputContainer, sound: av.AudioStream) -> None:
        self._stream = sound
        layout = "mono" if sound.channels == 1 else "stereo"
        self._out = made.add_stream("aac", rate=48_000, layout=layout, bit_rate=SOUND_BITS)
        self._resampler = av.AudioResampler("fltp", layout, 48_000)

    def take(self, packet: av.Packet | None) -> Iterator[av.Packet]:
        for frame in packet.decode() if packet else self._stream.codec_context.decode(None):
            for each in self._resampler.resample(frame):
                yield from self._out.encode(each)

    def rest(self) -> Iterator[av.Packet]:
        yield from self.take(None)
        for each in self._resampler.resample(None):
            yield from self._out.encode(each)
        yield from self._out.encode(None)


Track = Copied | Pictures | Sound


def _cover(video: Path, seconds: float) -> Rendition:
    """A frame from a tenth of the way in, at most three seconds: the very first is often black."""
    with av.open(str(video)) as made:
        made.seek(int(min(3.0, seconds / 10) * av.time_base))
        frame = next(made.decode(video=0), None)
        if frame is None:
            raise NotAVideo(DAMAGED)
        image: Image.Image = frame.to_image()
    return render_image(image, COVER)

"""A 12-megapixel JPEG and the twenty pages of a PDF to the renditions of every network, and a video of 2 GB made ready.

All are made by the isolated worker, its start included; pictures and pages on one processor. The machine's load is in
the wall's time: `jpeg_12mp_cpu_s` is the worker's own processor time. `video_2gb_peak_mb` is the most memory that the
worker held at once (its resident set).
"""

from __future__ import annotations

import io
import os
import resource
import statistics
import time
from pathlib import Path

ROUNDS = 7
PAGES = 20


def run() -> dict:
    """{renditions, renditions_per_s, jpeg_12mp_s, jpeg_12mp_cpu_s, pdf_20_pages_s}: medians of seven runs; and of one
    run {video_mb, video_2gb_s, video_2gb_peak_mb}."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "mercat.config.settings"
    import django

    django.setup()
    from mercat.images.isolated import renditions
    from mercat.images.recipes import all_recipes

    video = prepared_video()  # first: the peak is the highest of all children so far
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    upload, recipes = photograph(), all_recipes()
    took, worked = [], []
    for _ in range(ROUNDS):
        began, before = time.perf_counter(), _worked()
        renditions(upload, recipes)
        took.append(time.perf_counter() - began)
        worked.append(_worked() - before)
    seconds = statistics.median(took)
    return {
        "renditions": len(recipes),
        "renditions_per_s": round(len(recipes) / seconds, 2),
        "jpeg_12mp_s": round(seconds, 3),
        "jpeg_12mp_cpu_s": round(statistics.median(worked), 3),
        "pdf_20_pages_s": round(statistics.median(_read(leaflet()) for _ in range(ROUNDS)), 1),
        **video,
    }


def _read(pdf: bytes) -> float:
    """Seconds for all of its pages, each with every rendition."""
    from mercat.images.isolated import pages
    from mercat.images.recipes import all_recipes

    began = time.perf_counter()
    with pages(pdf, all_recipes(), PAGES) as found:
        if sum(1 for _ in found) != PAGES:
            raise RuntimeError("the PDF was not read to its end")
    return time.perf_counter() - began


def leaflet() -> bytes:
    """Twenty A4 pages full of words."""
    from fpdf import FPDF

    made = FPDF()
    made.set_font("helvetica", size=14)
    for number in range(PAGES):
        made.add_page()
        made.multi_cell(0, 8, f"Page {number + 1}. " + "Keep to the open roads until the snow is cleared. " * 40)
    return bytes(made.output())


def prepared_video(size: int = 2 * 10**9) -> dict:
    """{video_mb, video_2gb_s, video_2gb_peak_mb} of a video of `size` bytes, none of which can be copied as it is."""
    from mercat.images.isolated import folder, run
    from mercat.images.worker import VIDEO

    with folder() as place:
        film(place / "source", size)
        began = time.perf_counter()
        report = run(VIDEO, place, {}, seconds=3600)
        if "made" not in report:
            raise RuntimeError(f"the video was refused: {report}")
        return {
            "video_mb": round((place / "source").stat().st_size / 10**6),
            "video_2gb_s": round(time.perf_counter() - began, 1),
            "video_2gb_peak_mb": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000),
        }


def film(path: Path, size: int) -> None:
    """Twenty pictures of noise in 1920 by 1080, over and over until there are `size` bytes."""
    import av
    from PIL import Image

    with av.open(str(path), "w", format="mp4") as made:
        stream = made.add_stream("libx264", rate=25, options={"preset": "ultrafast", "qp": "2", "g": "1", "bf": "0"})
        stream.width, stream.height, stream.pix_fmt = 1920, 1080, "yuv420p"
        frames = (Image.effect_noise((1920, 1080), 90).convert("RGB") for _ in range(20))
        packets = [packet for frame in frames for packet in stream.encode(av.VideoFrame.from_image(frame))]
        packets += stream.encode(None)
        shapes = [(bytes(packet), packet.time_base) for packet in packets]
        tick = packets[1].pts - packets[0].pts
        written = number = 0
        while written < size:
            data, base = shapes[number % len(shapes)]
            packet = av.Packet(data)
            packet.stream, packet.time_base = stream, base
            packet.pts = packet.dts = number * tick
            packet.is_keyframe = True
            made.mux(packet)
            written, number = written + len(data), number + 1


def photograph() -> bytes:
    """4,000 by 3,000 pixels with as much detail as a photograph: 2.7 MB as a JPEG."""
    from PIL import Image

    image = Image.effect_noise((400, 300), 80).resize((4000, 3000), Image.Resampling.BICUBIC).convert("RGB")
    out = io.BytesIO()
    image.save(out, "JPEG", quality=92)
    return out.getvalue()


def _worked() -> float:
    """Processor time of the children that have ended, in seconds."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime

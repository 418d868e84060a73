"""A 12-megapixel JPEG to the rendition of every network.

The pictures are made by the isolated worker, its start included, on one processor. The machine's load is in the wall's
time: `jpeg_12mp_cpu_s` is the worker's own processor time.
"""

from __future__ import annotations

import io
import os
import resource
import statistics
import time

ROUNDS = 7


def run() -> dict:
    """{renditions, renditions_per_s, jpeg_12mp_s, jpeg_12mp_cpu_s}: medians of seven runs."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "mercat.config.settings"
    import django

    django.setup()
    from mercat.images.isolated import renditions
    from mercat.images.recipes import all_recipes

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
    }


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

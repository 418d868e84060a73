"""The one pack of this installation, loaded and parsed once in each process."""

from __future__ import annotations

from functools import cache

from django.conf import settings

from mercat.guidance.gate import Guidance, load_guidance


@cache
def guidance() -> Guidance:
    return load_guidance(settings.MERCAT_PACK)

"""Every fault switch of every network's stand-in, with posts through the real engine: how many stand twice.

Each post meets one fault, switched on a little differently each time; tests/path/faults.py tells how.
"""

from __future__ import annotations

import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bench._ground import installation

if TYPE_CHECKING:  # Django is set up first
    from tests.path.faults import Outcome

POSTS = 20  # for each fault


def run() -> dict:
    """{networks, faults, posts, doubled, mistold, lost, on, states}. `mistold`: told as out and not there, or the
    reverse; `lost`: neither there nor told as not there; `on`: how many of these each fault has of which network."""
    with installation() as sandbox, tempfile.TemporaryDirectory() as files:
        from django.conf import settings
        from django.utils import timezone

        from bench._crowd import two_of_communications
        from mercat.config.registrations import of_stand_ins
        from tests.path.faults import Course, every_fault

        settings.MERCAT_APPS, settings.MEDIA_ROOT = of_stand_ins(), files
        with _pages() as settings.MERCAT_MEDIA_URL:
            course = Course(sandbox, *two_of_communications(timezone.now()))
            faults = list(every_fault())
            found = [each for fault in faults for number in range(POSTS) for each in course.run(*fault, number)]
    return {
        "networks": len({network for network, _ in faults}),
        "faults": len(faults),
        "posts": len(found),
        "doubled": sum(each.doubled for each in found),
        "mistold": sum(each.mistold for each in found),
        "lost": sum(map(_is_lost, found)),
        "on": dict(sorted(Counter(f"{each.network}, {each.fault}" for each in found if _is_wrong(each)).items())),
        "states": dict(sorted(Counter(each.state for each in found).items())),
    }


def _is_wrong(outcome: Outcome) -> bool:
    return outcome.doubled or outcome.mistold or _is_lost(outcome)


def _is_lost(outcome: Outcome) -> bool:
    return outcome.state in ("ready", "leased", "sending") and not outcome.standing


@contextmanager
def _pages() -> Iterator[str]:
    """The web process on a thread of this one: some networks fetch pictures there."""
    from waitress.server import create_server

    from mercat.config.wsgi import application

    server = create_server(application, host="127.0.0.1", port=0, threads=2)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.close()
        thread.join(timeout=10)

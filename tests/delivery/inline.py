"""Pools without threads."""

from concurrent.futures import Executor, Future


class Waiting(Executor):
    """A pool that keeps its work until it is told to run it."""

    def __init__(self):
        self.waiting = []

    def submit(self, work, /, *args, **kwargs):
        self.waiting.append(lambda: work(*args, **kwargs))

    def run(self):
        while self.waiting:
            self.waiting.pop(0)()


class Inline(Executor):
    def submit(self, work, /, *args, **kwargs):
        future = Future()
        future.set_result(work(*args, **kwargs))
        return future


def inline(server: str) -> Executor:
    """Runs its work at once, on the thread that gives it."""
    return Inline()

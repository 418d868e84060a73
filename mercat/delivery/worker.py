"""The worker process of one lane."""

from mercat.delivery import queue


def run(lane: str) -> None:
    """Work until told to stop. Warnings have a process, a queue and connections of their own (sending rule 10)."""
    queue.work(lane)

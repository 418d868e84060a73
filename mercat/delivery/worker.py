"""The worker process of one lane."""

from mercat.delivery import queue
from mercat.delivery.engine import http_for
from mercat.networks import registry
from mercat.people.keyring import opening_keys
from mercat.people.pack import guidance


def run(lane: str) -> None:
    """Work until told to stop. Warnings have a process, a queue and connections of their own (sending rule 10)."""
    _warm_up()
    queue.work(lane)


def _warm_up() -> None:
    """What is made once in a process is made before the first post waits for it."""
    guidance()
    opening_keys()  # made where there are none yet, so that the pages can seal
    for network in registry.all():
        http_for(network.spec.slug)

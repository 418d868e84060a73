"""The commands that run an installation. Those of each room are in the room's own `cli.py`."""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import Any

import click

from mercat.config.environment import Environment, environment

LARGEST_REQUEST = 64 * 2**20  # bytes: three of the largest pictures; what is larger is not even read


@click.command()
@click.option("--demo", is_flag=True, help="With demonstration people, and stand-in networks instead of real ones.")
@click.option(
    "--trial", is_flag=True, help="With demonstration people, for accounts of your own; on this machine only."
)
def up(demo: bool, trial: bool) -> None:
    """Start everything and keep it running: database, web, workers, clock. Ctrl-C stops all of it."""
    from mercat.config.supervisor import Supervisor

    env = environment()
    if trial and (demo or env.demo):
        raise click.UsageError("Choose one: --demo has stand-in networks, --trial has accounts of your own.")
    Supervisor(env, demo=demo or env.demo, trial=trial).run()


@click.command()
def migrate() -> None:
    """Bring the database's tables up to date, as their owner, and give the application its grants."""
    from mercat.config import database
    from mercat.config.cli import set_up_django

    env = environment()
    database.check_answers(env)
    os.environ["MERCAT_DATABASE_URL"] = database.owner_url(env)
    environment.cache_clear()  # from here on this process is the owner
    set_up_django()
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=1)


@click.command()
@click.option("--demo", is_flag=True, help="Also demonstration people and accounts on the stand-in networks.")
@click.option("--trial", is_flag=True, help="Also demonstration people.")
def seed(demo: bool, trial: bool) -> None:
    """Fill in what the pack says: units, slots, roles. What is there already stays as it is."""
    from mercat.config import seed as module

    module.seed(people=demo or trial, accounts=demo)
    if demo or trial:
        click.echo(sign_in_words(module.who_can_sign_in()))


def sign_in_words(people: list[tuple[str, str]]) -> str:
    """How to sign in as each demonstration person, for the last lines of the start."""
    from mercat.config.demo import PASSPHRASE

    width = max(len(email) for email, _ in people)
    lines = [f"  {email:<{width}}  {name}" for email, name in people]
    return "\n".join(
        ["Demonstration people, and what each of them is for:", *lines, f"Passphrase of all: {PASSPHRASE}"]
    )


@click.command()
def web() -> None:
    """Serve the pages, with eight threads."""
    import waitress

    from mercat.config.wsgi import application
    from mercat.people.pack import guidance

    guidance()  # a pack that cannot be loaded ends the start, and not the first page
    env = environment()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # waitress then finishes what it is answering
    waitress.serve(application, **serving(env))


def serving(env: Environment) -> dict[str, Any]:
    """How waitress serves: what it takes, and from whom it believes where a request came from."""
    trusted = {
        "trusted_proxy": env.trusted_proxy,
        "trusted_proxy_headers": {"x-forwarded-for", "x-forwarded-proto"},
    }
    return {
        "host": env.host,
        "port": env.port,
        "threads": 8,
        "ident": None,
        "url_scheme": env.base_url.partition(":")[0],
        "max_request_body_size": LARGEST_REQUEST,
        "clear_untrusted_proxy_headers": True,
        **(trusted if env.trusted_proxy else {}),
    }


@click.command()
@click.argument("lane", type=click.Choice(["normal", "warning"]))
def worker(lane: str) -> None:
    """Send what is due in one lane, until told to stop."""
    from mercat.delivery import worker as module

    module.run(lane)


@click.command()
def clock() -> None:
    """Hand over what becomes due, take back what dead workers held, sign the record, and do the chores."""
    from mercat.config import chores
    from mercat.delivery import clock as module

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    # A chore may be in the middle of a call to somewhere slow; what it had not finished it makes up next time.
    threads = {"chores": chores.CHORES, "calling": chores.CALLING, "looking": chores.LOOKING, "videos": chores.LONG}
    for name, some in threads.items():
        threading.Thread(target=chores.keep, args=(stop, some), name=name, daemon=True).start()
    module.run(stop)

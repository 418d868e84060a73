"""The command line: `mercat COMMAND`. A command's module is loaded when the command is asked for, not before."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

import click

from mercat.config.problem import PACK_REMEDY, Problem
from mercat.guidance.fault import PackError

if TYPE_CHECKING:
    from pydantic import ValidationError


@dataclass(frozen=True)
class Command:
    """Where a command is, what it is for in a line, and what must stand before it is loaded."""

    where: str
    help: str
    django: bool = True
    database: bool = True


PLAIN = {"django": False, "database": False}
COMMANDS = {
    "up": Command("mercat.config.commands:up", "Start everything and keep it running; Ctrl-C stops it.", **PLAIN),
    "doctor": Command(
        "mercat.config.doctor:doctor", "Say what is well, what is not, and how to put it right.", **PLAIN
    ),
    "post": Command("mercat.posts.cli:post", "Compose, submit, approve and follow posts."),
    "people": Command("mercat.people.cli:people", "Take in people from a file of the HR system."),
    "token": Command("mercat.people.api.cli:token", "Make, list and revoke tokens for other programmes."),
    "guidance": Command(
        "mercat.guidance.cli:guidance", "Check a pack of guidance, and what of it is covered.", **PLAIN
    ),
    "audit": Command("mercat.audit.cli:audit", "Verify and export the record."),
    "register": Command("mercat.register.cli:register", "Compare the register with Hootsuite."),
    "vault": Command("mercat.register.cli:vault", "Change the key of connections, or revoke them."),
    "sandbox": Command("mercat.sandbox.cli:sandbox", "Serve stand-in networks on this machine.", **PLAIN),
    "migrate": Command("mercat.config.commands:migrate", "Bring the database's tables up to date.", **PLAIN),
    "seed": Command("mercat.config.commands:seed", "Fill in what the pack says; with --demo also people."),
    "first-administrator": Command(
        "mercat.config.founding:first_administrator", "Name the first person of a new installation."
    ),
    "trial": Command("mercat.config.trial:trial", "Connect an account of your own to a trial installation."),
    "web": Command("mercat.config.commands:web", "Serve the pages."),
    "worker": Command("mercat.config.commands:worker", "Send what is due in one lane."),
    "clock": Command("mercat.config.commands:clock", "Hand over what becomes due, and sign the record."),
}


class Mercat(click.Group):
    """Loads each command when it is asked for, and tells people what went wrong without a traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        return load(COMMANDS[cmd_name])

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.help) for name, command in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except Problem as problem:
            raise click.ClickException(str(problem)) from problem
        except PackError as error:
            raise click.ClickException(f"{error}\nNothing was changed. {PACK_REMEDY}") from None
        except ValueError as error:
            if getattr(error, "title", "") != "Environment":  # the typed environment's own error
                raise
            raise click.ClickException(wrong_settings(error)) from None


def wrong_settings(error: ValidationError) -> str:
    """A line for each setting that is not understood. Its value is not repeated: it may be a secret."""
    lines = []
    for fault in error.errors():
        # A fault of several settings together has no place.
        named = f"MERCAT_{fault['loc'][0].upper()}: " if fault["loc"] else ""
        lines.append(f"{named}{fault['msg']}.")
    return "\n".join(["These settings are not understood; nothing was changed.", *lines])


def load(command: Command) -> click.Command:
    from mercat.config.environment import environment

    # Guidance knows no installation; its commands take the pack from the variable, as everything else does.
    os.environ.setdefault("MERCAT_PACK", environment().pack)
    if command.database and not asks_for_help():
        from mercat.config import database

        database.check_answers(environment())
    if command.django:
        set_up_django()
    return resolve(command)


def resolve(command: Command) -> click.Command:
    module, name = command.where.split(":")
    return getattr(import_module(module), name)


def asks_for_help() -> bool:
    return "--help" in sys.argv


def set_up_django() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mercat.config.settings")
    django.setup()


@click.group(cls=Mercat)
@click.version_option(package_name="mercat", message="%(prog)s %(version)s")
def main() -> None:
    """Lets a public body speak on social media, and proves that every word was allowed."""


if __name__ == "__main__":
    main(prog_name="mercat")

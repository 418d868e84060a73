"""`mercat sandbox`: serve the stand-in networks."""

from __future__ import annotations

from contextlib import closing, suppress
from pathlib import Path

import click

from mercat.sandbox.guard import is_loopback


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="A loopback address.")
@click.option("--port", default=8300, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option(
    "--state",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Keep everything in this file, so that a restart loses nothing. Without it, all is forgotten at the end.",
)
def sandbox(host: str, port: int, state: Path | None) -> None:
    """Serve stand-ins of the social networks on this machine, for training and tests. Nothing leaves it."""
    # Imported here so that `mercat --help` does not load a web server.
    from mercat.sandbox.app import create_app  # noqa: PLC0415
    from mercat.sandbox.server import Server, listen, url_of  # noqa: PLC0415
    from mercat.sandbox.store import StateFileError  # noqa: PLC0415

    if not is_loopback(host):
        raise click.UsageError(
            f"--host {host} is not an address of this machine alone. The stand-in networks let anybody who reaches them"
            " sign in as any account, so they serve on loopback only, such as 127.0.0.1."
        )
    try:
        listener = listen("127.0.0.1" if host == "localhost" else host.strip("[]"), port)
    except OSError as error:
        raise click.ClickException(f"Port {port} on {host} cannot be used: {error.strerror}.") from error
    with closing(listener):
        try:
            server = Server(create_app(state))
        except StateFileError as error:
            raise click.ClickException(str(error)) from error
        click.echo(f"Stand-in networks: {url_of(listener)} (Ctrl-C stops them)")
        with suppress(KeyboardInterrupt):  # the server stops cleanly first and raises it afterwards
            server.run(sockets=[listener])

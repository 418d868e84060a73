"""Which database an installation uses, and whether it can."""

from __future__ import annotations

from mercat.config.embedded import OWNER, embedded_url
from mercat.config.embedded_ground import SOCKET_NAME, socket_folder
from mercat.config.environment import Environment
from mercat.config.problem import Problem

OLDEST = 15
CONNECT_SECONDS = 5


def application_url(env: Environment) -> str:
    return env.database_url or embedded_url(env.home, env.app_role)


def owner_url(env: Environment) -> str:
    """For migrations: the tables' owner. Where no owner is named, the application itself owns its tables."""
    return env.owner_database_url or env.database_url or embedded_url(env.home, OWNER)


def check(url: str, name: str) -> None:
    """Raises Problem unless `url`, the value of the setting `name`, leads to a PostgreSQL that Mercat can use."""
    if not url.startswith(("postgres://", "postgresql://")):
        raise Problem(f"{name} must begin with postgresql:// since Mercat keeps everything in PostgreSQL.")
    import psycopg  # costs 10 MB that the supervisor of an embedded server can do without

    try:
        with psycopg.connect(url, connect_timeout=CONNECT_SECONDS) as connection:
            version = connection.info.server_version
    except psycopg.ProgrammingError:
        # Its text would repeat the address, and with it the password.
        shape = "postgresql://USER:PASSWORD@HOST/DATABASE"
        raise Problem(f"{name} is not an address that PostgreSQL understands: {shape}.") from None
    except psycopg.OperationalError as error:
        raise Problem(
            f"The database of {name} does not answer. Nothing was changed. PostgreSQL says:\n{error}"
        ) from None
    if version < OLDEST * 10_000:
        raise Problem(
            f"The database of {name} is PostgreSQL {version // 10_000}; Mercat needs {OLDEST} or newer. "
            "Nothing was changed."
        )


def check_answers(env: Environment) -> None:
    """Raises Problem when the database that the application would use cannot be used now."""
    if env.database_url:
        check(env.database_url, "MERCAT_DATABASE_URL")
        return
    import psycopg

    try:
        if (socket_folder(env.home) / SOCKET_NAME).exists():
            psycopg.connect(application_url(env), connect_timeout=CONNECT_SECONDS).close()
            return
    except psycopg.OperationalError:
        pass  # the socket of a server that was killed
    raise Problem(
        f"Mercat is not running on {env.home}, so its database does not answer. "
        "Start it with `mercat up` (or `make run`), then try again."
    )

"""`mercat doctor`: one look at everything an installation stands on, each fault with its remedy. It changes nothing."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import psycopg

from mercat.config import database, doctor_network
from mercat.config.doctor_findings import CLOCKS_APART, MARKS, WARNING, WELL, WRONG, Finding
from mercat.config.environment import ROOT, Environment, environment
from mercat.config.problem import Problem
from mercat.config.supervisor_checks import SPACE_TO_START, SPACE_TO_WARN, answers, megabytes
from mercat.networks.registry import UnknownNetwork

HEARTBEAT = timedelta(seconds=10)
CHECKPOINT = timedelta(seconds=90)  # the clock signs at least once a minute
STYLE_SHEET = ROOT / "mercat" / "web" / "static" / "built" / "mercat.css"
START = "Start Mercat with `mercat up` (or `make run`)."


@click.command()
@click.argument("network", required=False)
@click.option("--json", "as_json", is_flag=True, help="The findings for a machine.")
def doctor(network: str | None, as_json: bool) -> None:
    """Say what is well, what is not, and how to put it right: of this installation, or of one NETWORK (x, youtube).

    Exit code 1 when something is wrong.
    """
    findings = _of_network(network) if network else examine(environment())
    well = all(finding.state != WRONG for finding in findings)
    if as_json:
        click.echo(json.dumps({"well": well, "findings": [asdict(finding) for finding in findings]}, indent=2))
    else:
        click.echo("\n".join(map(as_text, findings)))
    sys.exit(0 if well else 1)


def _of_network(slug: str) -> list[Finding]:
    try:
        return doctor_network.examine(slug, environment())
    except UnknownNetwork as error:
        raise click.ClickException(str(error)) from None


def as_text(finding: Finding) -> str:
    lines = [f"{MARKS[finding.state]} {finding.name}: {finding.found}"]
    if finding.remedy:
        lines.append(f"    → {finding.remedy}")
    return "\n".join(lines)


def examine(env: Environment) -> list[Finding]:
    """Every finding, in the order in which to put things right."""
    findings = [python(), disk(env), *secrets(env), pack(env), devices(env), email(env), assets()]
    answers = database_answers(env)
    findings.append(answers)
    if answers.state != WRONG:
        findings += inside(env)
    return [*findings, web(env)]


def python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("Python", WELL, version)


def disk(env: Environment) -> Finding:
    folder = next(path for path in (env.home.resolve(), *env.home.resolve().parents) if path.exists())
    free = shutil.disk_usage(folder).free
    state = WELL if free >= SPACE_TO_START else WARNING if free >= SPACE_TO_WARN else WRONG
    remedy = "" if state == WELL else f"Make room on the disk of {folder}."
    return Finding("Disk", state, f"{megabytes(free)} are free for {env.home}", remedy)


def secrets(env: Environment) -> Iterable[Finding]:
    files = {
        "Session key": env.secret("secret_key", env.secret_key_file),
        "Audit key": env.secret("audit_key", env.audit_key_file),
    }
    if not env.vault_key or env.vault_key.startswith("file:"):
        files["Key of connections"] = Path(env.vault_key.removeprefix("file:") or env.secret("vault_key", None))
    return [secret(name, path) for name, path in files.items()]


def secret(name: str, path: Path) -> Finding:
    if not path.exists():
        return Finding(
            name, WARNING, f"{path} is not there", f"It is made when first needed. If you had one: restore {path}."
        )
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        return Finding(name, WRONG, f"others can read {path} (mode {mode:o})", f"Run `chmod 600 {path}`.")
    return Finding(name, WELL, f"{path} is private")


def pack(env: Environment) -> Finding:
    from mercat.guidance.fault import PackError
    from mercat.guidance.pack import find_pack, load_pack

    try:
        loaded = load_pack(find_pack(env.pack))
    except PackError as error:
        return Finding(
            "Pack", WRONG, str(error), "Put the lines right that are named, or choose a pack with MERCAT_PACK."
        )
    return Finding("Pack", WELL, f"{env.pack}: {len(loaded.policies)} policies, {len(loaded.slots)} slots")


def devices(env: Environment) -> Finding:
    """Whether anything tells the body's devices from others, for people who do not sit at this machine."""
    if env.loopback:
        return Finding("Devices", WELL, "only this machine reaches the pages")
    ways = {
        "an address": not (env.public_url and not env.trusted_proxy)
        and any(not network.is_loopback for network in env.networks_of_devices),
        "a certificate": env.proxy_secret_file is not None,
    }
    found = [way for way, there in ways.items() if there]
    if found:
        return Finding("Devices", WELL, f"the body's own are known by {' or '.join(found)}")
    remedy = (
        "Set MERCAT_DEVICE_NETWORKS or MERCAT_PROXY_SECRET_FILE (docs/how-to/devices.md); people only read until then."
    )
    return Finding("Devices", WARNING, "nothing tells the body's own devices from others", remedy)


def email(env: Environment) -> Finding:
    """Whether people are told by e-mail at all. Its user and password are not shown."""
    if env.mail:
        how = "TLS" if env.mail.tls else "STARTTLS" if env.mail.starttls else "no encryption, on this machine"
        return Finding("E-mail", WELL, f"on, by {env.mail.host}, port {env.mail.port} ({how})")
    if env.loopback:
        return Finding("E-mail", WELL, "off: notices are on the pages only")
    remedy = (
        "Set MERCAT_EMAIL_URL and MERCAT_EMAIL_FROM (docs/how-to/notices.md), or tell people to look by themselves."
    )
    return Finding("E-mail", WARNING, "off: nobody is told of a notice before they look", remedy)


def assets() -> Finding:
    if STYLE_SHEET.exists():
        return Finding("Style sheet", WELL, "built")
    return Finding("Style sheet", WRONG, f"{STYLE_SHEET} is not there", "Run `make assets`.")


def database_answers(env: Environment) -> Finding:
    try:
        database.check_answers(env)
    except Problem as problem:
        remedy = "Put MERCAT_DATABASE_URL or its server right." if env.database_url else START
        return Finding("Database", WRONG, str(problem), remedy)
    return Finding("Database", WELL, "by MERCAT_DATABASE_URL" if env.database_url else "embedded")


def inside(env: Environment) -> list[Finding]:
    """What only a database that answers can tell."""
    with psycopg.connect(database.application_url(env), connect_timeout=database.CONNECT_SECONDS) as connection:
        findings = [version(connection), checksums(connection), clocks(connection)]
        migrated = migrations()
        findings.append(migrated)
        if migrated.state == WELL:
            findings += [grants(connection), workers(connection), signing(connection), vault(connection)]
            findings += [mailing(connection)] if env.mail else []
    return findings


def version(connection: psycopg.Connection) -> Finding:
    return Finding("PostgreSQL", WELL, connection.execute("SHOW server_version").fetchone()[0])


def checksums(connection: psycopg.Connection) -> Finding:
    if connection.execute("SHOW data_checksums").fetchone()[0] == "on":
        return Finding("Data checksums", WELL, "on")
    remedy = (
        "Stop that server and run `pg_checksums --enable` on its data folder, so that damage on the disk is noticed."
    )
    return Finding("Data checksums", WARNING, "off", remedy)


def clocks(connection: psycopg.Connection) -> Finding:
    theirs = connection.execute("SELECT clock_timestamp()").fetchone()[0]
    apart = abs(theirs - datetime.now(UTC))
    if apart <= CLOCKS_APART:
        return Finding("Time", WELL, f"this machine and the database agree within {CLOCKS_APART.seconds} s")
    found = f"this machine and the database are {apart.total_seconds():.0f} s apart"
    return Finding("Time", WRONG, found, "Let both keep time by NTP: posts go out by the clock.")


def migrations() -> Finding:
    from mercat.config.cli import set_up_django

    set_up_django()
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if not waiting:
        return Finding("Tables", WELL, "up to date")
    return Finding("Tables", WRONG, f"{len(waiting)} migrations have not run", "Run `mercat migrate`.")


def grants(connection: psycopg.Connection) -> Finding:
    """The application may add to the record, and neither change nor delete it."""
    from mercat.audit.append_only import APPEND_ONLY_TABLES

    role, superuser = connection.execute(
        "SELECT current_user, rolsuper FROM pg_roles WHERE rolname = current_user"
    ).fetchone()
    remedy = (
        "Run as a role that owns nothing: MERCAT_DATABASE_URL names it, MERCAT_OWNER_DATABASE_URL the tables' owner."
    )
    if superuser:
        return Finding("Grants", WARNING, f"the application runs as the superuser {role}", remedy)
    loose = [
        table for table in APPEND_ONLY_TABLES if may(connection, table, "DELETE") or may(connection, table, "TRUNCATE")
    ]
    if loose:
        return Finding("Grants", WARNING, f"{role} may empty {', '.join(loose)}; triggers alone refuse it", remedy)
    short = [table for table in APPEND_ONLY_TABLES if not may(connection, table, "INSERT")]
    if short:
        return Finding("Grants", WRONG, f"{role} may not add to {', '.join(short)}", "Run `mercat migrate`.")
    return Finding("Grants", WELL, f"{role} may add to the record, and not change it")


def vault(connection: psycopg.Connection) -> Finding:
    """Whether all credentials are sealed for the key of now."""
    from mercat.people import keyring
    from mercat.people.vault import VERSION, Unopenable

    total = connection.execute("SELECT count(*) FROM register_connection WHERE sealed <> ''").fetchone()[0]
    if not total:
        return Finding("Vault", WELL, "no credentials are kept")
    try:
        newest = VERSION + keyring.sealing_key().id
    except Unopenable as error:
        return Finding("Vault", WRONG, str(error), "Put the vault's key back from its backup.")
    ours = "SELECT count(*) FROM register_connection WHERE substring(sealed from 1 for %s) = %s"
    current = connection.execute(ours, [len(newest), newest]).fetchone()[0]
    if current == total:
        return Finding("Vault", WELL, f"{total} connections are sealed for the key of now")
    found = f"{total - current} of {total} connections are sealed for an older key"
    return Finding("Vault", WARNING, found, "Run `mercat vault rotate`.")


def mailing(connection: psycopg.Connection) -> Finding:
    """Whether the server takes what it is given, and what of the last week was given up."""
    silent = connection.execute("SELECT silent_since, problem FROM people_mailserver").fetchone()
    given_up = connection.execute(
        "SELECT count(*) FROM people_notice "
        "WHERE mail_problem <> '' AND mail_due_at IS NULL AND at > now() - interval '7 days'"
    ).fetchone()[0]
    many = (
        f"{given_up} notice{'s' if given_up > 1 else ''} of the last week given up"
        if given_up
        else "nothing was given up in a week"
    )
    if silent:
        found = f"nothing is taken since {silent[0]:%Y-%m-%d %H:%M:%S %Z}: {silent[1]} {many.capitalize()}."
        return Finding("Notices by e-mail", WRONG, found, "Put MERCAT_EMAIL_URL or its server right.")
    if given_up:
        remedy = (
            "Each person sees theirs, with the reason, on the page of notices. Put addresses right that are refused."
        )
        return Finding("Notices by e-mail", WARNING, many, remedy)
    return Finding("Notices by e-mail", WELL, many)


def may(connection: psycopg.Connection, table: str, privilege: str) -> bool:
    return connection.execute("SELECT has_table_privilege(%s, %s)", [table, privilege]).fetchone()[0]


def workers(connection: psycopg.Connection) -> Finding:
    from mercat.delivery.queue import LANES

    alive = connection.execute(
        "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - %s", [HEARTBEAT]
    ).fetchone()[0]
    found = f"{alive} alive; each lane ({', '.join(LANES)}) needs one"
    if alive >= len(LANES):
        return Finding("Workers", WELL, found)
    return Finding("Workers", WRONG, found, f"{START} If it runs, its log says why a worker ended.")


def signing(connection: psycopg.Connection) -> Finding:
    """The clock process signs the record at least once a minute, so a fresh checkpoint shows that it lives."""
    last = connection.execute("SELECT max(at) FROM audit_checkpoint").fetchone()[0]
    if last and datetime.now(UTC) - last <= CHECKPOINT:
        return Finding("Clock", WELL, "it runs: the record was signed a moment ago")
    found = f"the record was last signed at {last:%Y-%m-%d %H:%M:%S %Z}" if last else "the record was never signed"
    return Finding(
        "Clock", WRONG, found, f"{START} If it runs, the lines of `clock` in its log say why it does not sign."
    )


def web(env: Environment) -> Finding:
    place = f"{env.host}, port {env.port}"
    if answers(env.host, env.port):
        return Finding("Web", WELL, f"it answers on {place}")
    return Finding("Web", WRONG, f"nothing answers on {place}", START)

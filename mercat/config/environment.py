"""The typed environment: every setting of an installation, read once, each with its meaning.

All names start with `MERCAT_`; a `.env` file is not read, so that what runs is what the process was given.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import secrets
from dataclasses import dataclass, field
from email.utils import parseaddr
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

MAIL_PORTS = {"smtp": 587, "smtps": 465}
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class MailServer:
    host: str
    port: int
    user: str
    password: str = field(repr=False)
    starttls: bool
    tls: bool


class Environment(BaseSettings):
    """What an installation can be told from outside."""

    model_config = SettingsConfigDict(env_prefix="MERCAT_", extra="ignore", hide_input_in_errors=True)

    home: Path = Field(ROOT / ".mercat", description="Where everything an installation keeps on disk lives.")
    pack: str = Field("police-scotland", description="The guidance: a pack that ships with Mercat, or a folder.")
    database_url: str = Field("", description="PostgreSQL ≥ 15 as the application role; empty: the embedded server.")
    owner_database_url: str = Field(
        "", description="The same database as its owner, for migrations; empty: database_url."
    )
    app_role: str = Field(
        "mercat_app", description="The database role that the application runs as: it gets grants, not ownership."
    )
    host: str = Field("127.0.0.1", description="Where the web process listens.")
    port: int = Field(8200, description="The web process's port.")
    sandbox_port: int = Field(8300, description="The stand-in networks' port (demonstration and training).")
    public_url: str = Field(
        "", description="The address people use, for links and OAuth redirects; empty: host and port."
    )
    media_url: str = Field(
        "",
        description="The address at which networks fetch pictures and videos that are being sent "
        "(https://media.example.org); only /sending/media/ need be reached there. Empty: public_url.",
    )
    demo: bool = Field(False, description="Demonstration people and stand-in networks; never with live accounts.")
    trusted_proxy: str = Field(
        "", description="Address of the web server before Mercat: only what it says of where people come from counts."
    )
    proxy_secret_file: Path | None = Field(
        None,
        description="A secret shared with the web server before Mercat: beside it, a device's certificate counts.",
    )
    device_networks: str = Field(
        "127.0.0.0/8,::1/128",
        description="Networks of the body's own devices (10.20.0.0/16), comma-separated.",
    )
    hr_drop: Path | None = Field(
        None, description="A folder that the HR system puts files of people into; empty: none is watched."
    )
    debug: bool = Field(False, description="Django's debug pages. For development only.")
    secret_key_file: Path | None = Field(None, description="Django's secret key; default: made in home/secrets.")
    audit_key_file: Path | None = Field(
        None, description="The Ed25519 key that signs checkpoints; default: made in home/secrets."
    )
    audit_origin: str = Field(
        "", description="The log's name in its checkpoints (social.example.org/audit); empty: made once at random."
    )
    vault_key: str = Field(
        "",
        pattern=r"^(file:.+|env:\w+|none:|)$",
        description="The keys that open connections' credentials: file:PATH, env:NAME, or none: for a process that "
        "only seals; default: a file made in home/secrets.",
    )
    vault_public_file: Path | None = Field(
        None, description="The public half that credentials are sealed for; default: made in home/secrets."
    )
    apps_file: Path | None = Field(
        None,
        description="The body's own registrations with networks (client IDs and secrets, TOML); default: "
        "home/secrets/apps.toml, where there is one.",
    )
    sign_in_key_file: Path | None = Field(
        None, description="The key that wraps the secrets of one-time codes; default: made in home/secrets."
    )
    breached_passphrases: Path | None = Field(
        None, description="A sorted file of SHA-1 digests as Have I Been Pwned publishes it: these are refused."
    )
    oidc_issuer: str = Field("", description="Single sign-on: the OpenID Connect issuer’s address; empty: none.")
    oidc_name: str = Field("single sign-on", description="What people call it: “Sign in with …”.")
    oidc_client_id: str = Field("", description="Mercat’s name at the issuer.")
    oidc_client_secret_file: Path | None = Field(None, description="The secret that goes with it.")
    oidc_number_claim: str = Field("employee_number", description="The claim that holds the staff number.")
    oidc_groups_claim: str = Field("groups", description="The claim that holds the groups, as the pack names them.")
    oidc_device_claim: str = Field("", description="The claim that tells of the device; empty: none does.")
    oidc_device_value: str = Field("true", description="What it holds for a device of the body’s own.")
    allowed_hosts: str = Field("", description="Further host names of the web process, comma-separated.")
    private_origins: str = Field(
        "", description="Origins of networks on private addresses (http://10.0.0.5:3000), comma-separated."
    )
    email_url: SecretStr = Field(
        SecretStr(""),
        description="The server that takes e-mail: smtp://USER:PASSWORD@HOST:587, with STARTTLS unless it is on this "
        "machine, or smtps://; a character that is special in addresses as %40. Empty: no e-mail is sent.",
    )
    email_from: str = Field("", description="The address that e-mail comes from (Mercat <mercat@example.org>).")
    send_threads: int = Field(32, description="Calls to networks that one worker makes at a time.")

    @field_validator("email_url")
    @classmethod
    def _is_a_mail_server(cls, given: SecretStr) -> SecretStr:
        if given.get_secret_value():
            mail_server(given.get_secret_value())
        return given

    @model_validator(mode="after")
    def _mail_comes_from_somewhere(self) -> Environment:
        if self.email_url.get_secret_value() and not is_mail_address(self.email_from):
            raise ValueError("MERCAT_EMAIL_FROM must be an address (mercat@example.org) where MERCAT_EMAIL_URL is set")
        return self

    @property
    def mail(self) -> MailServer | None:
        """Where e-mail is handed over; None where none is sent."""
        return mail_server(self.email_url.get_secret_value()) if self.email_url.get_secret_value() else None

    @property
    def base_url(self) -> str:
        return self.public_url.rstrip("/") or f"http://{self.host}:{self.port}"

    @property
    def fetched_from(self) -> str:
        """Where networks fetch media; "" where no other machine is known to reach this one. Stand-ins are on it."""
        return (self.media_url or self.public_url).rstrip("/") or (self.base_url if self.demo else "")

    @property
    def loopback(self) -> bool:
        """Whether no other machine is meant to reach the pages, directly or through a web server before them."""
        return all(map(is_loopback, (self.host, urlsplit(self.base_url).hostname or "")))

    @property
    def networks_of_devices(self) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
        return [ipaddress.ip_network(each.strip()) for each in self.device_networks.split(",") if each.strip()]

    @property
    def sandbox_url(self) -> str:
        return f"http://127.0.0.1:{self.sandbox_port}"

    def secret(self, name: str, given: Path | None) -> Path:
        """Path of a secret of this installation: the one given, or home/secrets/name."""
        return given or self.home / "secrets" / name


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False


def mail_server(url: str) -> MailServer:
    """Of smtp:// or smtps://. What goes to another machine is encrypted, or not sent. Raises ValueError, without the
    password."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("this is not an address") from None
    if parts.scheme not in MAIL_PORTS or not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("write smtp://USER:PASSWORD@HOST:PORT, or smtps://")
    if bool(parts.username) != bool(parts.password):
        raise ValueError("a user and a password go together")
    tls = parts.scheme == "smtps"
    return MailServer(
        host=parts.hostname,
        port=port or MAIL_PORTS[parts.scheme],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        starttls=not tls and not is_loopback(parts.hostname),
        tls=tls,
    )


def is_mail_address(text: str) -> bool:
    local, _, domain = parseaddr(text)[1].rpartition("@")
    return bool(local and domain) and text.isprintable()


@cache
def environment() -> Environment:
    return Environment()


def text_secret(path: Path) -> str:
    """A random text secret, made once with mode 0600."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = path.with_suffix(f".{secrets.token_hex(4)}")
        partial.touch(mode=0o600)
        partial.write_text(secrets.token_urlsafe(48))
        with contextlib.suppress(FileExistsError):
            os.link(partial, path)  # unlike a rename, never replaces a secret that another process just made
        partial.unlink()
    return path.read_text().strip()

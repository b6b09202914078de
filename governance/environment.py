"""Reading the process environment into settings: each value with its type, its default and a clear complaint."""

from __future__ import annotations

import os
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

TRUE, FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off", ""}


@dataclass(frozen=True, slots=True)
class Source:
    """Where a setting came from: the environment, a file that the environment or we named, or its default."""

    kind: Literal["environment", "file", "default"]
    value: str
    file: str = ""


# every variable that was asked for, in the order of the settings; `manage.py doctor` shows it
SOURCES: dict[str, Source] = {}


def text(name: str, default: str) -> str:
    """The value of NAME, else what stands in the file that NAME_FILE names (as secrets come into containers)."""
    found = given(name)
    SOURCES[name] = found or Source("default", default)
    return SOURCES[name].value


def given(name: str) -> Source | None:
    if value := os.environ.get(name):
        return Source("environment", value)
    if file := os.environ.get(f"{name}_FILE"):
        try:
            return Source("file", Path(file).read_text("utf-8").strip(), file)
        except (OSError, ValueError) as error:
            raise ImproperlyConfigured(f"{name}_FILE names {file}, which cannot be read: {error}") from None
    return None


def flag(name: str, default: bool) -> bool:
    value = text(name, "yes" if default else "no").strip().lower()
    if value not in TRUE | FALSE:
        raise ImproperlyConfigured(f"{name} is yes or no, not {value!r}")
    return value in TRUE


def number(name: str, default: int, least: int = 0) -> int:
    value = text(name, str(default)).strip()
    if not value.isascii() or not value.isdecimal() or int(value) < least:
        raise ImproperlyConfigured(f"{name} is a whole number from {least}, not {value!r}")
    return int(value)


def choice(name: str, default: str, others: Collection[str]) -> str:
    """The default or one of the others, written as they are; capitals do not matter."""
    value = text(name, default).strip()
    for known in (default, *others):
        if value.lower() == known.lower():
            return known
    raise ImproperlyConfigured(f"{name} is one of {', '.join(filter(None, (default, *others)))}, not {value!r}")


def listing(name: str, default: str = "") -> list[str]:
    return [item.strip() for item in text(name, default).split(",") if item.strip()]


def networks(name: str) -> list[IPv4Network | IPv6Network]:
    try:
        return [ip_network(item) for item in listing(name)]
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} lists networks, like 10.20.0.0/16: {error}") from None


def database(name: str, url: str) -> dict[str, Any]:
    """What Django is to be told of the database at this address: SQLite's file or PostgreSQL."""
    if not url.startswith(("sqlite:", "postgres:", "postgresql:")):
        raise ImproperlyConfigured(f"{name} is sqlite:///file or postgres://user:password@host:5432/name")
    return dict(dj_database_url.parse(url, conn_max_age=60, conn_health_checks=True))


def secret(name: str, file: Path) -> str:
    """The secret from the environment, else from a file that only we can read, made on first use."""
    if found := given(name):
        SOURCES[name] = found
        return found.value
    SOURCES[name] = Source("file", "", str(file))
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    if not file.exists():
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as handle:
            handle.write(secrets.token_urlsafe(48))
        keep_first(fresh, file)
    return file.read_text().strip()


def keep_first(fresh: Path, file: Path) -> None:
    """Two processes may start at once; a link fails if the file is there, so the first one's secret stays."""
    try:
        os.link(fresh, file)
    except FileExistsError:
        return
    finally:
        fresh.unlink()


def all_or_none(**named: str) -> bool:
    """Whether these are set; some of them alone would look as if they were."""
    missing = [name for name, value in named.items() if not value]
    if missing and len(missing) < len(named):
        raise ImproperlyConfigured(f"{', '.join(named)} are set together: {', '.join(missing)} is missing")
    return not missing


def encrypted(name: str, address: str) -> None:
    """An address of which nobody on the way may read or change anything; this machine itself is not on a way."""
    parts = urlsplit(address)
    if parts.scheme != "https" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        raise ImproperlyConfigured(f"{name} begins with https://, not {address!r}")


def is_here(host: str) -> bool:
    """Whether this name or address is reached from this machine alone."""
    try:
        return host == "localhost" or ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def here_alone(name: str, hosts: Collection[str], **others: bool) -> None:
    """What `name` switches on is for this machine alone: every host is this one, and none of the others is on."""
    if open_to := [host for host in hosts if not is_here(host)]:
        raise ImproperlyConfigured(
            f"{name} is for this machine alone: HOST and ALLOWED_HOSTS name nothing but it then, not {open_to[0]!r}"
        )
    if on := [other for other, value in others.items() if value]:
        raise ImproperlyConfigured(f"{name} is for this machine alone, so it does not go with {' or '.join(on)}")


def site(name: str) -> str:
    """The address under which people reach the service, without a slash at its end."""
    address = text(name, "").rstrip("/")
    parts = urlsplit(address)
    if address and (parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query):
        raise ImproperlyConfigured(f"{name} is like https://audits.example.org, not {address!r}")
    return address


def mail_server(name: str, address: str) -> dict[str, Any]:
    """What Django is to be told of the mail server at this address; a name and a password are written as in a URL."""
    ports = {"smtp": 25, "smtp+tls": 587, "smtps": 465}
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in ports or not parts.hostname:
        raise ImproperlyConfigured(f"{name} is smtp+tls://name:password@host:587, or with smtps:// or smtp://")
    return {
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": port or ports[parts.scheme],
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": parts.scheme == "smtp+tls",
        "EMAIL_USE_SSL": parts.scheme == "smtps",
    }

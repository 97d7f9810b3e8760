"""Turn DATABASE_URL, which every hosting service sets, into one entry of Django's DATABASES."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from django.core.exceptions import ImproperlyConfigured

ENGINES = {
    "sqlite": "django.db.backends.sqlite3",
    "postgres": "django.db.backends.postgresql",
    "postgresql": "django.db.backends.postgresql",
    "mysql": "django.db.backends.mysql",
    "mariadb": "django.db.backends.mysql",
}
EXAMPLES = "sqlite:///shop.sqlite3, postgresql://user:password@host:5432/shop or mysql://user:password@host:3306/shop"
ENCODE = "encode a ':', '/', '?' or '@' in the password as %3A, %2F, %3F or %40"
DEFAULT_OPTIONS = {"django.db.backends.mysql": {"charset": "utf8mb4"}}


def parse_database_url(url: str, base_dir: Path) -> dict[str, Any]:
    """
    Read the URL; every part may be percent-encoded, and a query string becomes OPTIONS.

    A relative SQLite path counts from `base_dir`. A socket goes where a host goes, encoded
    (`postgresql://%2Fvar%2Frun%2Fpostgresql/shop`), or in the query (`?unix_socket=` for MariaDB).
    """
    scheme, separator, rest = url.strip().partition("://")
    engine = ENGINES.get(scheme.lower())
    if not separator or engine is None:
        # Without "://" there is no telling which part is a password, so none of it is repeated.
        seen = f"has the scheme {scheme!r}" if separator else "has no scheme"
        raise _refuse(f"{seen}; accepted schemes are {', '.join(ENGINES)}")
    location, _, query = rest.partition("?")
    if engine == ENGINES["sqlite"]:
        return _sqlite(location, query, base_dir)
    return _server(engine, location, query)


def _sqlite(location: str, query: str, base_dir: Path) -> dict[str, Any]:
    if query:
        raise _refuse("has a query string, which SQLite does not take")
    if location == ":memory:":
        return {"ENGINE": ENGINES["sqlite"], "NAME": ":memory:"}
    if len(location) < 2 or not location.startswith("/"):
        raise _refuse(
            "names no SQLite file; write three slashes for a relative path and four for an absolute one"
        )
    return {"ENGINE": ENGINES["sqlite"], "NAME": base_dir / unquote(location[1:])}


def _server(engine: str, location: str, query: str) -> dict[str, Any]:
    netloc, _, name = location.partition("/")
    if not name:
        raise _refuse("names no database after the host")
    if "@" in name:
        raise _refuse(f"has a '/' before the host; {ENCODE}")
    credentials, _, address = netloc.rpartition("@")
    user, _, password = credentials.partition(":")
    host, port = _split_address(address)
    options = {**DEFAULT_OPTIONS.get(engine, {}), **_options(query)}
    for socket in ("host", "unix_socket"):  # Django takes a socket as HOST, on both servers.
        host = str(options.pop(socket, host))
    return {
        "ENGINE": engine,
        "NAME": unquote(name),
        "USER": unquote(user),
        "PASSWORD": unquote(password),
        "HOST": unquote(host),
        "PORT": port,
        "OPTIONS": options,
        "CONN_HEALTH_CHECKS": True,
    }


def _split_address(address: str) -> tuple[str, str]:
    host, bracket, tail = address.rpartition("]")  # [::1]:5432
    if not bracket:
        host, colon, port = address.partition(":")
        tail = colon + port
    port = tail.removeprefix(":")
    if port and not port.isdigit():
        raise _refuse(f"has a port that is not a number; {ENCODE}")
    return host.removeprefix("["), port


def _options(query: str) -> dict[str, str | int]:
    # The drivers want numbers as numbers: connect_timeout=5 is refused by mysqlclient as text.
    return {key: int(value) if value.isdigit() else value for key, value in parse_qsl(query)}


def _refuse(problem: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"DATABASE_URL {problem}. It should look like {EXAMPLES}.")

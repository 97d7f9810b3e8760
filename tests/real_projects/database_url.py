"""
A database named on a command line becomes an entry of Django's DATABASES.

Accepted forms:

* `sqlite:////absolute/path/db.sqlite3`
* `postgresql://user@host:5432/name` or `postgresql://user@/name?host=/socket/folder`
* `mysql://user@host:3306/name` or `mysql://user@/name?unix_socket=/path/mysqld.sock`
"""

from __future__ import annotations

from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

ENGINES = {
    "sqlite": "django.db.backends.sqlite3",
    "postgresql": "django.db.backends.postgresql",
    "mysql": "django.db.backends.mysql",
    "mariadb": "django.db.backends.mysql",
}
# Django's PostgreSQL backend takes a socket folder as HOST; its MySQL backend takes a HOST that starts with a slash.
HOST_PARAMETERS = ("host", "unix_socket")


def parse_database_url(url: str) -> dict[str, Any]:
    """Return the DATABASES entry that the URL describes."""
    parts = urlsplit(url)
    if parts.scheme not in ENGINES:
        raise ValueError(
            f"The database URL starts with {parts.scheme!r}; accepted are {', '.join(ENGINES)}."
        )
    if parts.scheme == "sqlite":
        return {"ENGINE": ENGINES["sqlite"], "NAME": unquote(parts.path.removeprefix("/"))}
    name = unquote(parts.path.removeprefix("/"))
    if not name:
        raise ValueError("The database URL names no database.")
    return _server_entry(parts, name)


def _server_entry(parts: SplitResult, name: str) -> dict[str, Any]:
    parameters = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    host = parts.hostname or next(
        (parameters.pop(key) for key in HOST_PARAMETERS if key in parameters), ""
    )
    if parameters:
        raise ValueError(
            f"The database URL has unknown parameters: {', '.join(sorted(parameters))}."
        )
    return {
        "ENGINE": ENGINES[parts.scheme],
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or ""),
    }

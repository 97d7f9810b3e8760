"""Command lines of PostgreSQL's programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from django_safe_migrate.backups.postgresql_client import PostgreSQLClient

BASE = {"NAME": "shop", "USER": "", "PASSWORD": "", "HOST": "", "PORT": "", "OPTIONS": {}}


@pytest.fixture
def bin_dir(tmp_path: Path) -> str:
    for name in ("pg_dump", "psql"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    return str(tmp_path)


@pytest.mark.parametrize(
    ("settings", "conninfo"),
    [
        ({}, "dbname='shop'"),
        (
            {"HOST": "/run/pg", "PORT": 6543, "USER": "u v"},
            "host='/run/pg' port='6543' user='u v' dbname='shop'",
        ),
        ({"NAME": "it's \\ a?b=c"}, "dbname='it\\'s \\\\ a?b=c'"),
        (
            {
                "OPTIONS": {
                    "sslmode": "verify-full",
                    "sslrootcert": "/c a.pem",
                    "service": "s",
                    "passfile": "/p",
                }
            },
            "sslmode='verify-full' sslrootcert='/c a.pem' service='s' passfile='/p' dbname='shop'",
        ),
        # Not of libpq, or secret.
        (
            {
                "OPTIONS": {
                    "isolation_level": 2,
                    "pool": True,
                    "server_side_binding": True,
                    "sslpassword": "x",
                    "client_encoding": "LATIN1",
                }
            },
            "dbname='shop'",
        ),
    ],
)
def test_where_to_connect(settings: dict[str, Any], conninfo: str, bin_dir: str) -> None:
    merged = {**BASE, **settings}
    client = PostgreSQLClient(merged, bin_dir, merged["NAME"])
    assert client.arguments("pg_dump")[1:] == ["--no-password", f"--dbname={conninfo}"]


def test_the_role_that_django_assumes(bin_dir: str) -> None:
    client = PostgreSQLClient({**BASE, "OPTIONS": {"assume_role": "owner"}}, bin_dir, "shop")
    assert "--role=owner" in client.arguments("pg_dump")
    assert "--role=owner" not in client.arguments("psql")


def test_the_password_is_in_the_environment_alone(
    bin_dir: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", "of the shell")
    monkeypatch.setenv("PGDATABASE", "another")
    client = PostgreSQLClient({**BASE, "PASSWORD": "secret"}, bin_dir, "shop")
    assert "secret" not in " ".join(client.arguments("pg_dump"))
    assert client.environment()["PGPASSWORD"] == "secret"  # noqa: S105
    assert "PGDATABASE" not in client.environment()
    # Without one of its own, Django's connection uses that of the shell, and so do we.
    assert PostgreSQLClient(BASE, bin_dir, "shop").environment()["PGPASSWORD"] == "of the shell"  # noqa: S105


def test_paths_that_dbbackup_was_given(tmp_path: Path, bin_dir: str) -> None:
    client = PostgreSQLClient({**BASE, "DUMP_CMD": f"{bin_dir}/psql"}, None, "shop")
    assert client.path("pg_dump") == f"{bin_dir}/psql"

"""`migrate_check --explain` on real servers and without one."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.management.commands.checked import shop
from tests.projects import Project


def explained(project: Project, *arguments: str) -> dict[str, Any]:
    """Return what the command says as JSON."""
    result = project.manage("migrate_check", "--format", "json", "--explain", *arguments)
    loaded: dict[str, Any] = json.loads(result.stdout)
    return loaded


@pytest.mark.vendors("postgresql")
def test_the_tables_of_the_database_are_looked_at(project: Project) -> None:
    shop(project)
    project.manage("migrate", "--verbosity", "0")
    found = explained(
        project,
        "CREATE INDEX CONCURRENTLY i ON shop_order (note); "
        "ALTER TABLE shop_order ALTER COLUMN number TYPE varchar(30)",
    )
    index, widening = found["statements"]
    assert found["live"] is True
    assert found["target"].startswith("PostgreSQL ")
    assert index["allowed_in_transaction"] is False
    assert index["waits_for_transactions"] is True
    assert index["locks"] == [
        {"table": "shop_order", "mode": "SHARE UPDATE EXCLUSIVE", "blocks": "schema changes"}
    ]
    # A longer varchar writes nothing anew: only the database can tell that it is longer.
    assert (widening["rewrites"], widening["unknown"]) == ([], "")
    offline = explained(
        project, "ALTER TABLE shop_order ALTER COLUMN number TYPE varchar(30)", "--offline"
    )
    assert offline["live"] is False
    assert offline["statements"][0]["unknown"] != ""


def test_every_product_can_tell(project: Project) -> None:
    shop(project)
    project.manage("migrate", "--verbosity", "0")
    (statement,) = explained(project, "DROP TABLE shop_order")["statements"]
    assert statement["sql"] == "DROP TABLE shop_order"
    # SQLite locks the whole database, and readers go on until the commit.
    blocks = "writes" if project.server.name == "sqlite" else "reads and writes"
    assert [lock["blocks"] for lock in statement["locks"]] == [blocks]


@pytest.mark.vendors("postgresql")
def test_text(project: Project) -> None:
    result = project.manage(
        "migrate_check", "--offline", "--explain", "DROP INDEX CONCURRENTLY i; nonsense"
    )
    lines = result.stdout.splitlines()
    assert re.fullmatch(
        r"On PostgreSQL \d+, the oldest that Django supports \(no database was asked\):", lines[0]
    )
    assert lines[2] == "DROP INDEX CONCURRENTLY i"
    assert "  Transaction   the server refuses it inside of a transaction" in lines
    unread = lines[lines.index("nonsense") :]
    assert unread[1].startswith("  Not certain   The statement could not be read")
    assert unread[1].endswith("What follows is the worst that may be.")
    assert (
        unread[2]
        == "  Locks         the whole database: an ACCESS EXCLUSIVE lock, which blocks reads and writes"
    )


@pytest.mark.vendors("postgresql")
def test_the_version_of_the_settings_without_a_database(project: Project) -> None:
    project.settings(SAFE_MIGRATE={"TARGET_VERSION": "17"})
    assert explained(project, "SELECT 1", "--offline")["target"] == "PostgreSQL 17"

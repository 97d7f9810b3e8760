"""A shop with rows, whose pending migrations are rehearsed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from django_safe_migrate.backups import names
from tests.projects import Project, migration

ITEM = """
migrations.CreateModel('Item', [
    ('id', models.BigAutoField(primary_key=True)),
    ('sku', models.CharField(max_length=20, null=True)),
    ('price', models.IntegerField(default=0)),
    ('stock', models.IntegerField(null=True)),
]),
"""
ROWS = 1200


def scratch_left(project: Project) -> list[str]:
    """The databases, or files, that were made to restore into."""
    vendor = project.server.name
    if vendor == "sqlite":
        folder = Path(project.databases["default"]["NAME"]).parent
        return [path.name for path in folder.glob(f"{names.SCRATCH_PREFIX}*")]
    query = {
        "postgresql": "SELECT datname FROM pg_database",
        "mariadb": "SELECT schema_name FROM information_schema.schemata",
    }[vendor]
    return [name for (name,) in project.sql(query) if name.startswith(names.SCRATCH_PREFIX)]


def rehearsed(project: Project, *options: str, status: int = 0) -> dict[str, Any]:
    """Rehearse what is pending, and return the receipt."""
    result = project.manage("migrate_rehearse", "--format", "json", *options, check=False)
    assert result.returncode == status, result.stderr
    receipt: dict[str, Any] = json.loads(result.stdout)["rehearsal"]
    return receipt


def after(name: str, operations: str, **parts: Any) -> str:
    """The source of a migration of the shop that follows another one."""
    return migration(operations, dependencies=[("shop", name)], **parts)


@pytest.fixture
def shop(project: Project) -> Project:
    """A shop with rows; its prices and its stock numbers are unique, but for what a test adds."""
    project.write_app("shop", migrations={"0001_initial": migration(ITEM)})
    project.manage("safemigrate", "--noinput", "--backup", "never", "-v", "0")
    values = ", ".join(f"('sku-{number}', {number}, 1)" for number in range(ROWS))
    project.sql(f"INSERT INTO shop_item (sku, price, stock) VALUES {values}")
    return project

"""A database that is not the marked copy is never touched, whatever settings say."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper

from django_safe_migrate.backups import names
from django_safe_migrate.databases import get_database
from django_safe_migrate.exceptions import RehearsalFailed
from django_safe_migrate.rehearsal import marker
from tests.projects import Project
from tests.rehearsal.conftest import scratch_left


def test_a_database_of_another_name_gets_no_mark(connection: BaseDatabaseWrapper) -> None:
    database = get_database(connection)
    with pytest.raises(RehearsalFailed, match="overrules the name"):
        marker.put(database, names.scratch_name())
    # Nor is one accepted that is called by its own name and is no copy.
    with pytest.raises(RehearsalFailed, match="overrules the name"):
        marker.check(database, database.name, "token")
    assert marker.TABLE not in database.tables()


@pytest.mark.vendors("sqlite")
def test_only_the_word_that_was_put_there_counts(
    connection: BaseDatabaseWrapper, tmp_path: Path
) -> None:
    name = str(tmp_path / f"{names.scratch_name()}.sqlite3")
    copy = get_database(connection).new_connection(NAME=name)
    try:
        database = get_database(copy)
        with pytest.raises(RehearsalFailed, match="does not carry the mark"):
            marker.check(database, name, "")
        token = marker.put(database, name)
        marker.check(database, name, token)
        with pytest.raises(RehearsalFailed, match="does not carry the mark"):
            marker.check(database, name, "other")
    finally:
        copy.close()


@pytest.mark.slow
@pytest.mark.vendors("postgresql")
def test_an_option_that_overrules_the_name_ends_the_rehearsal(shop: Project) -> None:
    before = shop.snapshot(exclude=["django_safe_migrate_*"])
    entry = shop.databases["default"]
    entry["OPTIONS"] = {**entry.get("OPTIONS", {}), "dbname": entry["NAME"]}
    shop.write_settings()
    shop.write_app("shop", migrations={"0002_gone": DROP})
    result = shop.manage("migrate_rehearse", check=False)
    assert result.returncode == 5
    assert "an option in DATABASES or in the environment overrules the name" in result.stderr
    assert before.difference(shop.snapshot(exclude=["django_safe_migrate_*"])) == []
    assert scratch_left(shop) == []


DROP = """
from django.db import migrations

class Migration(migrations.Migration):
    dependencies = [("shop", "0001_initial")]
    operations = [migrations.DeleteModel("Item")]
"""

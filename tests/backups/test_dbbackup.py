"""The default backend on every vendor, and beside django-dbbackup's own commands."""

from __future__ import annotations

import json
from typing import Any

import pytest

from django_safe_migrate.backups import names
from django_safe_migrate.backups.dbbackup import DbBackupBackend
from django_safe_migrate.exceptions import BackupFailed
from tests.backups.conftest import AUTHORS, BOOKS, Shop
from tests.projects import Project, migration


def test_a_backup_is_read_back_and_described(shop: Shop) -> None:
    receipt = shop.create(run_id="run-1")
    assert shop.files() == [receipt.name, f"{receipt.name}.metadata"]
    assert receipt.size == (shop.folder / receipt.name).stat().st_size
    assert receipt.applied_migrations == ("shop.0001_initial", "catalogue.0001_initial")
    assert {table: count.rows for table, count in receipt.row_counts.items()} == {
        "django_migrations": 2,
        "shop_author": AUTHORS,
        "shop_book": BOOKS,
    }
    assert all(count.exact for count in receipt.row_counts.values())
    assert receipt.counts_match_dump
    assert receipt.run_id == "run-1"
    assert receipt.is_verified
    assert receipt.verification.startswith("read back from storage, size and SHA-256 equal; ")
    assert receipt.server == shop.database.server
    assert "tell-no-one" not in json.dumps(receipt.to_json())
    assert shop.backend.list("default") == (receipt,)
    assert shop.backend.verify(receipt.name, "default").sha256 == receipt.sha256


def test_a_restore_brings_back_the_state_and_keeps_the_present_one(shop: Shop) -> None:
    receipt = shop.create()
    shop.sql("DELETE FROM shop_book")
    shop.sql(
        "CREATE TABLE shop_review (id int PRIMARY KEY, author_id bigint, FOREIGN KEY (author_id) REFERENCES shop_author (id))"
    )
    first = shop.restore(receipt.name)
    assert shop.sql("SELECT count(*) FROM shop_book") == [(BOOKS,)]
    assert "shop_review" not in shop.tables()
    second = shop.restore(receipt.name)
    assert first.kept != second.kept
    assert shop.backend.old_copies(shop.database) == (first.kept, second.kept)
    shop.backend.drop_old(shop.database, first.kept)
    shop.backend.drop_old(shop.database, second.kept)
    assert shop.backend.old_copies(shop.database) == ()


def test_only_kept_states_can_be_dropped(shop: Shop) -> None:
    name = str(shop.connection.settings_dict["NAME"])
    for wrong in (name, f"{name}_before_monday", "postgres"):
        with pytest.raises(BackupFailed) as caught:
            shop.backend.drop_old(shop.database, wrong)
        assert caught.value.message == (
            f"{wrong!r} is not a state that a restore of database 'default' has kept; there is none."
        )


def test_progress_tells_what_is_done(shop: Shop) -> None:
    seen: list[str] = []
    receipt = shop.create(progress=lambda what, done, total: seen.append(what))
    assert list(dict.fromkeys(seen)) == ["dumping", "storing", "reading back"]
    seen.clear()
    shop.restore(receipt.name, progress=lambda what, done, total: seen.append(what))
    assert seen[0] == "reading"


def test_a_crash_is_recognisable_by_its_name(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a living process has made may be in use."""
    young = names.scratch_name()
    old = f"{names.SCRATCH_PREFIX}20250101t000000_000000_1_0123"
    if shop.server.name == "sqlite":
        from pathlib import Path

        folder = Path(shop.connection.settings_dict["NAME"]).parent
        young, old = (str(folder / f"{one}.sqlite3") for one in (young, old))
        for path in (young, old):
            Path(path).touch()
    else:
        shop.server.create_database(young)
        shop.server.create_database(old)
    (done,) = shop.backend.repair(shop.database)
    assert old in done
    assert shop.backend.repair(shop.database) == ()
    if shop.server.name == "sqlite":
        Path(young).unlink()


@pytest.mark.parametrize(
    ("options", "seconds"), [({"lock_wait": "2min"}, 120.0), ({"lock_wait": 3}, 3.0), ({}, 60.0)]
)
def test_options_take_durations(options: dict[str, Any], seconds: float) -> None:
    assert DbBackupBackend(**options).lock_wait == seconds


NOTES = {
    "0001_initial": migration(
        "migrations.CreateModel('Note', [('id', models.BigAutoField(primary_key=True)), ('text', models.TextField())]),"
    )
}
CREATE = """
from django.db import connections
from django_safe_migrate.backups import get_backend
from django_safe_migrate.databases import get_database
print(get_backend().create(get_database(connections["default"])).name)
"""


@pytest.fixture
def notes(project: Project) -> Project:
    """A project with django-dbbackup's commands, and two rows."""
    project.installed_apps = ["django.contrib.contenttypes", "dbbackup"]
    project.write_app(
        "notes", models="class Note(models.Model):\n    text = models.TextField()", migrations=NOTES
    )
    project.manage("migrate")
    project.sql("INSERT INTO notes_note (text) VALUES ('one'), ('two')")
    return project


def create(project: Project) -> str:
    return project.manage("shell", "-v", "0", "-c", CREATE).stdout.strip().splitlines()[-1]


def test_dbbackup_lists_our_backups_and_not_their_manifests(notes: Project) -> None:
    name = create(notes)
    listed = notes.manage("listbackups").stdout
    assert [line.split()[0] for line in listed.splitlines()[1:]] == [name]


def test_dbrestore_restores_our_backups(notes: Project) -> None:
    """It finds our connector in the metadata, and the same fresh database takes the old one's place."""
    name = create(notes)
    notes.sql("DELETE FROM notes_note")
    notes.sql("CREATE TABLE later (id int)")
    notes.manage("dbrestore", "--noinput", "-i", name)
    assert notes.sql("SELECT count(*) FROM notes_note") == [(2,)]
    drop_kept(notes)


def test_dbbackup_cleans_up_our_backups_with_their_manifests(notes: Project) -> None:
    # Its own names of one second would collide.
    notes.settings(DBBACKUP_CLEANUP_KEEP=1, DBBACKUP_DATE_FORMAT="%Y-%m-%d-%H%M%S%f")
    first = create(notes)
    second = create(notes)
    compressed = ["--compress"] if second.endswith(".gz") else []
    notes.manage("dbbackup", "--clean", *compressed)
    left = {path.name for path in (notes.folder / "backups").iterdir()}
    assert first not in left
    assert f"{first}.metadata" not in left
    assert f"{second}.metadata" not in left


def test_dbbackup_can_use_our_connectors(notes: Project) -> None:
    path = {
        "sqlite": "django_safe_migrate.backups.sqlite.SQLiteConnector",
        "postgresql": "django_safe_migrate.backups.postgresql.PostgreSQLConnector",
        "mysql": "django_safe_migrate.backups.mysql.MySQLConnector",
    }[notes.server.vendor]
    notes.settings(DBBACKUP_CONNECTORS={"default": {"CONNECTOR": path}})
    notes.manage("dbbackup")
    notes.sql("DELETE FROM notes_note")
    notes.manage("dbrestore", "--noinput")
    assert notes.sql("SELECT count(*) FROM notes_note") == [(2,)]
    drop_kept(notes)


def drop_kept(project: Project) -> None:
    code = """
from django.db import connections
from django_safe_migrate.backups import get_backend
from django_safe_migrate.databases import get_database
backend, database = get_backend(), get_database(connections["default"])
for name in backend.old_copies(database):
    backend.drop_old(database, name)
"""
    project.manage("shell", "-v", "0", "-c", code)

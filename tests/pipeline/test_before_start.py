"""What is in the way of a plan before it starts: waited for, or a reason to stop, with the real command and real sessions."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.projects import Project, migration

ITEM = "migrations.CreateModel('Item', [('id', models.BigAutoField(primary_key=True))]),"
NOTE = migration(
    "migrations.AddField('item', 'note', models.IntegerField(null=True)),",
    dependencies=[("shop", "0001_initial")],
)
pytestmark = pytest.mark.vendors("postgresql")


@pytest.fixture
def shop(project: Project) -> Project:
    """A shop with one pending migration, which needs an exclusive lock on its only table."""
    project.write_app("shop", migrations={"0001_initial": migration(ITEM)})
    project.manage("safemigrate", "--noinput", "--backup", "never", "-v", "0")
    project.write_app("shop", migrations={"0002_note": NOTE})
    return project


def configure(project: Project, action: str) -> None:
    project.settings(
        SAFE_MIGRATE={
            "BEFORE_START": {"LONG_TRANSACTION": action},
            "LONG_TRANSACTION": 0,
            "BACKUP": {"WHEN": "never"},
            "RETRY": {"ATTEMPTS": 1},
        }
    )


@contextmanager
def reading(project: Project, table: str = "shop_item") -> Iterator[Callable[[], None]]:
    """A session that has read a table in a transaction that goes on until the function that is given is called."""
    with project.connection() as connection:
        connection.set_autocommit(False)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {table}")
        yield connection.rollback
        connection.rollback()


def until_printed(process: subprocess.Popen[str], words: str) -> str:
    """Return what a process prints up to the line that has these words."""
    assert process.stdout is not None
    printed = ""
    deadline = time.monotonic() + 300
    for line in process.stdout:
        printed += line
        if words in line:
            return printed
        assert time.monotonic() < deadline, printed
    raise AssertionError(f"{words!r} was never printed:\n{printed}")


def test_a_run_waits_for_a_transaction_and_goes_on(shop: Project) -> None:
    configure(shop, "wait 10min")
    with reading(shop) as end:
        process = shop.popen("safemigrate", "--noinput")
        printed = until_printed(process, "waits up to 10 min 00 s: Session ")
        assert "it holds ACCESS SHARE on shop_item" in printed
        end()
        rest = process.communicate(timeout=300)[0]
    assert process.returncode == 0, printed + rest
    assert "nothing is in the way any more" in rest
    assert "before anything was touched, for: long_transaction." in rest
    assert ("shop", "0002_note") in shop.applied_migrations()


def test_a_run_that_waited_in_vain_touches_nothing(shop: Project) -> None:
    configure(shop, "wait 2s")
    with reading(shop):
        result = shop.manage("safemigrate", "--noinput", check=False)
    assert result.returncode == 3, result.stdout
    assert " The run has waited for 2 seconds." in result.stdout
    assert "Let it finish, or end session " in result.stdout
    assert "--allow long_transaction" in result.stdout + result.stderr
    assert "The database was not changed." in result.stdout + result.stderr
    assert ("shop", "0002_note") not in shop.applied_migrations()


def test_only_the_tables_of_the_plan_matter(shop: Project) -> None:
    configure(shop, "stop")
    with reading(shop, "auth_user"):
        result = shop.manage("safemigrate", "--noinput")
    assert "holds no table that the plan is known to lock" in result.stdout
    assert ("shop", "0002_note") in shop.applied_migrations()


def test_stopping_at_once_and_going_all_the_same(shop: Project) -> None:
    configure(shop, "stop")
    with reading(shop):
        shown = shop.manage("safemigrate", "--dry-run")
        assert "long_transaction" in shown.stdout
        result = shop.manage("safemigrate", "--noinput", check=False)
        assert result.returncode == 3
        allowed = shop.manage(
            "safemigrate", "--noinput", "--allow", "long_transaction", check=False
        )
    # It went as far as the lock, which is not to be had.
    assert allowed.returncode == 6, allowed.stdout


def test_the_conditions_are_looked_at_again_after_the_backup(shop: Project) -> None:
    """A transaction that begins while the backup is made is waited for just before the plan is carried out."""
    shop.write(
        "shop/slow.py",
        """
        import time
        from pathlib import Path
        from django_safe_migrate.backups.dbbackup import DbBackupBackend

        class SlowBackend(DbBackupBackend):
            def create(self, database, **options):
                receipt = super().create(database, **options)
                Path("made").touch()
                while not Path("go").exists():
                    time.sleep(0.1)
                return receipt
        """,
    )
    shop.settings(
        SAFE_MIGRATE={
            "BEFORE_START": {"LONG_TRANSACTION": "wait 1s"},
            "LONG_TRANSACTION": 0,
            "BACKUP": {"BACKEND": "shop.slow.SlowBackend"},
        }
    )
    process = shop.popen("safemigrate", "--noinput")
    deadline = time.monotonic() + 300
    while not (shop.folder / "made").exists():
        assert time.monotonic() < deadline
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.1)
    with reading(shop):
        (shop.folder / "go").touch()
        output = process.communicate(timeout=300)[0]
    assert process.returncode == 3, output
    assert "The plan was not begun: Session " in output
    assert "The database was not changed." in output
    assert ("shop", "0002_note") not in shop.applied_migrations()

"""A shop with a table that is large for a small disk, and a pending migration that writes it anew on every vendor."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path
from typing import Any

from tests.projects import Project, migration
from tests.snapshots import Snapshot

APPS = ["django.contrib.contenttypes", "dbbackup", "health_check", "django_safe_migrate"]
OURS = ["django_safe_migrate_*"]
MODELS = """
class Order(models.Model):
    amount = models.{}()
    note = models.CharField(max_length=2000)
"""
CREATE = migration(
    "migrations.CreateModel('Order', [('id', models.BigAutoField(primary_key=True)), ('amount', models.IntegerField()), "
    "('note', models.CharField(max_length=2000))]),"
)
REWRITE = migration(
    "migrations.AlterField('order', 'amount', models.BigIntegerField()),",
    dependencies=[("shop", "0001_initial")],
)
INDEX = migration(
    "migrations.AddIndex('order', models.Index(fields=['note'], name='order_note_idx')),",
    dependencies=[("shop", "0001_initial")],
)
#: The bytes of one row; random, so that no dump of them is small.
NOTE = 1000

#: Brings a fault about between two stages, in the process of the run itself.
FAULTS = """
import os
import resource
from pathlib import Path

import psutil
from django.apps import AppConfig

from django_safe_migrate import signals


class Config(AppConfig):
    name = "faults"

    def ready(self):
        signals.run_started.connect(on_start, weak=False)
        signals.stage_finished.connect(on_stage, weak=False)


def on_start(**arguments):
    bring_about("START")


def on_stage(event, **arguments):
    bring_about(event["stage"].upper())


def bring_about(stage):
    if folder := os.environ.get(f"FILL_AFTER_{stage}"):
        from tests.storage_faults.disks import fill

        fill(Path(folder), leave=int(os.environ.get("LEAVE", "0")))
    if megabytes := os.environ.get(f"LIMIT_MEMORY_AFTER_{stage}"):
        limit = psutil.Process().memory_info().vms + int(float(megabytes) * 1024 * 1024)
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
"""


class Shop:
    """The project, with everything but the last migration applied."""

    def __init__(self, project: Project, *, pending: str = REWRITE, rows: int = 6000) -> None:
        self.project = project
        self.pending = pending
        self.rows = rows

    def prepare(self, **safe_migrate: Any) -> None:
        """Apply the first migration, fill the table, and leave the second one pending."""
        self.write(**safe_migrate)
        self.project.manage("safemigrate", "--noinput")
        with self.project.connection() as connection, connection.cursor() as cursor:
            made = random.Random(1)  # noqa: S311 - rows, not secrets
            values = [(number, made.randbytes(NOTE // 2).hex()) for number in range(self.rows)]
            connection.set_autocommit(False)
            cursor.executemany("INSERT INTO shop_order (amount, note) VALUES (%s, %s)", values)
            connection.commit()
            if connection.vendor == "mysql":
                # The server counts the bytes of a table some time after they were written.
                cursor.execute("ANALYZE TABLE shop_order")
        self.add_pending()

    def write(self, **safe_migrate: Any) -> None:
        """Write the files of the project, with one migration."""
        project = self.project
        project.installed_apps = [*APPS, "faults.Config"]
        project.write("config/urls.py", "urlpatterns = []\n")
        project.write("faults.py", FAULTS)
        # The faults are about carrying out; what the analysis thinks of these migrations is tested elsewhere.
        project.settings(SAFE_MIGRATE={"APPS": {"shop": "off"}, **safe_migrate})
        project.write_app(
            "shop", models=MODELS.format("IntegerField"), migrations={"0001_initial": CREATE}
        )

    def add_pending(self) -> None:
        """Write the migration that meets the fault."""
        kind = "BigIntegerField" if self.pending is REWRITE else "IntegerField"
        self.project.write_app(
            "shop", models=MODELS.format(kind), migrations={"0002_heavy": self.pending}
        )

    def run(
        self, *options: str, env: dict[str, str | None] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run `safemigrate` and return how it ended; a traceback is never right."""
        result = self.project.manage(
            "safemigrate", "--noinput", *options, check=False, env=env, timeout=400
        )
        assert "Traceback" not in result.stdout + result.stderr, result.stderr
        return result

    def snapshot(self) -> Snapshot:
        """Return schema and rows of everything that is not ours."""
        return self.project.snapshot(exclude=OURS)

    def is_pending(self) -> bool:
        """Whether `migrate_status` says that the last migration is pending and that nothing is half done or running."""
        result = self.project.manage("migrate_status", "--check", check=False)
        output = result.stdout + result.stderr
        assert "Traceback" not in output, output
        assert "half done" not in output, output
        return result.returncode == 1 and "shop.0002_heavy" in output

    def check_finishes(self, before: Snapshot, *options: str) -> None:
        """Run again now that there is room: the rows are those of before, and everything is applied."""
        assert self.is_pending()
        result = self.run(*options)
        assert result.returncode == 0, result.stdout + result.stderr
        assert ("shop", "0002_heavy") in self.project.applied_migrations()
        rows = "shop_order"
        assert self.snapshot().tables[rows].rows == before.tables[rows].rows
        self.project.manage("migrate_status", "--check")

    def check_undisturbed(self) -> None:
        """Let Django migrate an empty database without any fault: the schema is that of ours."""
        self.project.add_database("undisturbed")
        self.project.manage("migrate", "--database", "undisturbed")
        expected = self.project.snapshot("undisturbed", exclude=OURS, rows=False)
        assert expected.difference(self.project.snapshot(exclude=OURS, rows=False)) == []


def last_error(result: subprocess.CompletedProcess[str]) -> str:
    """Return what the command said at its end, on one line."""
    _, _, said = result.stderr.rpartition("CommandError: ")
    return " ".join(said.split())


def journal_folder(project: Project) -> Path:
    """Return where the journals of a project are."""
    return project.folder / ".safe_migrate" / "journal"

"""A shop whose second migration stops where a test wants it to, so that it can be killed there."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from typing import Any

from tests.projects import SAFE_MIGRATE_APPS, Project, migration
from tests.snapshots import Snapshot

LABEL = "shop.0002_parcels"
MODELS = """
class Order(models.Model):
    number = models.CharField(max_length=20)
"""
ORDER = """
migrations.CreateModel('Order', [
    ('id', models.BigAutoField(primary_key=True)),
    ('number', models.CharField(max_length=20)),
]),
"""
#: Waits at a mark, if a file asks for it, and tells that it has come there.
WAIT = """
import pathlib, time
FOLDER = pathlib.Path(__file__).resolve().parent.parent.parent

def stop_at(name):
    def code(apps, schema_editor):
        with (FOLDER / "calls").open("a") as calls:
            calls.write(name + "\\n")
        if (FOLDER / f"stop_{name}").exists():
            (FOLDER / f"reached_{name}").touch()
            while (FOLDER / f"stop_{name}").exists():
                time.sleep(0.02)
    return code

def fail_if_asked(apps, schema_editor):
    if (FOLDER / "fail").exists():
        raise ValueError("made to fail")
"""
#: A table with everything that Django makes only at the end, columns, code, and an index.
OPERATIONS = """
migrations.CreateModel('Parcel', [
    ('id', models.BigAutoField(primary_key=True)),
    ('order', models.ForeignKey('shop.Order', models.CASCADE)),
    ('code', models.CharField(max_length=9, db_index=True)),
    ('weight', models.IntegerField()),
    ('others', models.ManyToManyField('shop.Order', related_name='+')),
], options={'unique_together': {('order', 'code')},
            'indexes': [models.Index(fields=['weight', 'code'], name='parcel_weight_idx')]}),
migrations.RunPython(stop_at('first'), stop_at('first backwards')),
migrations.AddField('order', 'colour', models.CharField(max_length=20, default='red')),
migrations.RunPython(stop_at('second'), stop_at('second backwards')),
migrations.AlterField('order', 'number', models.CharField(max_length=40, null=True)),
migrations.AddIndex('order', models.Index(fields=['colour'], name='order_colour_idx')),
"""
OURS = ["django_safe_migrate_*"]
SAFEMIGRATE = ("safemigrate", "--noinput", "--backup", "never", "--verbosity", "0")


def install(project: Project, operations: str = OPERATIONS, **attributes: Any) -> Project:
    """Apply the first migration with a row, and write the second one."""
    # What is not needed would be migrated each time.
    project.installed_apps = ["django.contrib.contenttypes", *SAFE_MIGRATE_APPS]
    # The rules would stop it; that is another matter.
    project.settings(SAFE_MIGRATE={"START_AFTER": {"shop": "0002_parcels"}})
    initial = migration(ORDER, initial=True)
    project.write_app("shop", models=MODELS, migrations={"0001_initial": initial})
    project.manage(*SAFEMIGRATE)
    project.sql("INSERT INTO shop_order (number) VALUES ('A1')")
    source = migration(
        operations, before=WAIT, dependencies=[("shop", "0001_initial")], **attributes
    )
    project.write_app("shop", migrations={"0002_parcels": source})
    return project


def kill_at(project: Project, mark: str, *command: str) -> None:
    """Start a command, and kill it as the kernel does when it has come to a mark."""
    (project.folder / f"reached_{mark}").unlink(missing_ok=True)
    stop = project.folder / f"stop_{mark}"
    stop.touch()
    process = project.popen(*(command or SAFEMIGRATE))
    wait_for((project.folder / f"reached_{mark}").exists, process)
    process.kill()
    process.communicate()
    stop.unlink()


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Wait for something that a process does; its end fails the test with its output."""
    while not condition():
        if process.poll() is not None:
            raise AssertionError(f"It ended with {process.returncode}: {process.communicate()[0]}")
        time.sleep(0.02)


def calls(project: Project) -> list[str]:
    """The functions of RunPython that were called, in order."""
    return (project.folder / "calls").read_text().split("\n")[:-1]


def schema(project: Project) -> Snapshot:
    """Everything but what our own tables and Django's records hold."""
    return project.snapshot(exclude=[*OURS, "django_migrations", "django_content_type"])


def repair(
    project: Project, *arguments: str, check: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run the command as a script does that means it, without a backup."""
    return project.manage(
        "migrate_repair", *arguments, "--noinput", "--backup", "never", check=check
    )


def found(project: Project, *arguments: str) -> list[dict[str, Any]]:
    """Return what the command finds, as data."""
    shown = project.manage("migrate_repair", *arguments, "--format", "json").stdout
    problems: list[dict[str, Any]] = json.loads(shown)["problems"]
    return problems


def last_run(project: Project) -> dict[str, Any]:
    """Return the newest run of the history."""
    shown = project.manage("migrate_status", "--history", "--format", "json").stdout
    run: dict[str, Any] = json.loads(shown)["runs"][0]
    return run


def applied(project: Project) -> list[str]:
    """The migrations of the shop that are recorded."""
    return [name for app, name in project.applied_migrations() if app == "shop"]

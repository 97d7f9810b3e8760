"""A small shop for tests of the commands: a first migration and what a test puts after it."""

from __future__ import annotations

from tests.projects import Project, migration

MODELS = """
from django.db import models


class Order(models.Model):
    number = models.CharField(max_length=20)
    note = models.CharField(max_length=50, null=True)
"""

INITIAL = migration(
    """
    migrations.CreateModel(
        "Order",
        [
            ("id", models.BigAutoField(primary_key=True)),
            ("number", models.CharField(max_length=20)),
            ("note", models.CharField(max_length=50, null=True)),
        ],
    ),
    """,
    initial=True,
)
ADD_COLOUR = migration(
    'migrations.AddField("order", "colour", models.CharField(max_length=20, null=True)),',
    dependencies=[("shop", "0001_initial")],
)
ADD_SIZE = migration(
    'migrations.AddField("order", "size", models.IntegerField(null=True)),',
    dependencies=[("shop", "0002_colour")],
)
DROP_NOTE = migration(
    'migrations.RemoveField("order", "note"),',
    dependencies=[("shop", "0001_initial")],
)
FAILING = migration(
    """
    migrations.AddField("order", "size", models.IntegerField(null=True)),
    migrations.RunPython(fail, migrations.RunPython.noop),
    """,
    dependencies=[("shop", "0002_colour")],
    before="""
def fail(apps, schema_editor):
    raise ValueError("the data are not as expected")
""",
)
OURS = "django_safe_migrate_*"


def installed(project: Project, **later: str) -> Project:
    """Install the shop with its first migration applied and two rows, then write the later migrations."""
    project.settings(SAFE_MIGRATE={"RETRY": {"ATTEMPTS": 3}})
    project.write_app("shop", models=MODELS, migrations={"0001_initial": INITIAL})
    project.manage("safemigrate", "--noinput", "--backup", "never", "--verbosity", "0")
    project.sql("INSERT INTO shop_order (number, note) VALUES ('A1', 'keep dry')")
    project.sql("INSERT INTO shop_order (number, note) VALUES ('A2', NULL)")
    for name, source in later.items():
        project.write(f"shop/migrations/{name.removeprefix('m')}.py", source)
    return project

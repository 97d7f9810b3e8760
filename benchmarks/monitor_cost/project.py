"""The project whose migrations take long: an index of a large table, and code that changes rows of it in batches."""

from __future__ import annotations

from pathlib import Path

from benchmarks.stalls.shop import fill
from tests.projects import Project, migration
from tests.servers import Server

ROWS = 2_000_000
#: How many rows the code changes, and how many at a time.
CHANGED = 50_000
BATCH = 1000

TABLE = "shop_item"
INDEX = "item_name_idx"
_FIRST, _LAST = "0001_initial", "0003_change_rows"

_MODELS = f"""
class Item(models.Model):
    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=40)
    price = models.IntegerField()
    old_code = models.CharField(max_length=20, null=True)

    class Meta:
        indexes = [models.Index(fields=["name"], name="{INDEX}")]
"""
_INITIAL = """
migrations.CreateModel('Item', [
    ('id', models.BigAutoField(primary_key=True, serialize=False)),
    ('name', models.CharField(max_length=40)),
    ('price', models.IntegerField()),
    ('old_code', models.CharField(max_length=20, null=True)),
]),
"""
_ARGUMENTS = f"('Item', models.Index(fields=['name'], name='{INDEX}')),"
_CODE = f"""
def change(apps, schema_editor):
    items = apps.get_model("shop", "Item").objects.using(schema_editor.connection.alias)
    for first in range(1, min({CHANGED}, items.count()), {BATCH}):
        batch = list(items.filter(pk__gte=first, pk__lt=first + {BATCH}))
        for item in batch:
            item.price = zlib.crc32(item.name.encode()) % 1000
        items.bulk_update(batch, ["price"])
"""


def make_project(folder: Path, server: Server, rows: int) -> Project:
    """Return a project with a filled table and both migrations pending."""
    project = Project(folder, server)
    # What the migrations may do is not the question here.
    project.settings(SAFE_MIGRATE={"START_AFTER": {"shop": _LAST}})
    project.write_app(
        "shop", models=_MODELS, migrations={_FIRST: migration(_INITIAL, initial=True)}
    )
    project.manage("migrate", "--noinput")
    fill(project, TABLE, rows)
    is_concurrent = server.name == "postgresql"
    project.write_app(
        "shop",
        models=_MODELS,
        migrations={
            "0002_add_index": migration(
                f"{'AddIndexConcurrently' if is_concurrent else 'migrations.AddIndex'}{_ARGUMENTS}",
                dependencies=[("shop", _FIRST)],
                imports="from django.contrib.postgres.operations import AddIndexConcurrently"
                if is_concurrent
                else "",
                atomic=not is_concurrent,
            ),
            _LAST: migration(
                "migrations.RunPython(change, migrations.RunPython.noop),",
                dependencies=[("shop", "0002_add_index")],
                imports="import zlib",
                before=_CODE,
                atomic=False,
            ),
        },
    )
    return project


def take_back(project: Project) -> None:
    """Undo the migrations that are applied, without Django."""
    condition = f"FROM django_migrations WHERE app = 'shop' AND name <> '{_FIRST}'"
    if project.sql(f"SELECT 1 {condition}"):  # noqa: S608 - constants
        place = "" if project.server.vendor == "postgresql" else f" ON {TABLE}"
        project.sql(f"DROP INDEX {INDEX}{place}")
        project.sql(f"DELETE {condition}")

"""The project that is migrated: a table that clients read and write, and six usual changes of it, each in a migration of its own."""

from __future__ import annotations

from pathlib import Path

from benchmarks.stalls.tools import Tool
from tests.projects import Project, migration
from tests.servers import Server

ROWS = 200_000
#: The table that is migrated, and one like it that nobody migrates.
TABLE = "shop_item"
CONTROL = "shop_control"

_ID = "('id', models.BigAutoField(primary_key=True, serialize=False))"
_ITEM = (
    f"[{_ID}, ('name', models.CharField(max_length=40)), ('price', models.IntegerField()), "
    "('old_code', models.CharField(max_length=20, null=True))]"
)
_INITIAL = f"""
migrations.CreateModel('Item', {_ITEM}),
migrations.CreateModel('Control', {_ITEM}),
migrations.CreateModel('Line', [{_ID}, ('quantity', models.IntegerField())]),
"""
#: What the changes come to.
_MODELS = """
class Item(models.Model):
    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=60)
    price = models.IntegerField()
    note = models.CharField(max_length=100, null=True)
    stock = models.IntegerField(db_default=0)

    class Meta:
        indexes = [models.Index(fields=["name"], name="item_name_idx")]


class Control(models.Model):
    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=40)
    price = models.IntegerField()
    old_code = models.CharField(max_length=20, null=True)


class Line(models.Model):
    id = models.BigAutoField(primary_key=True)
    quantity = models.IntegerField()
    item = models.ForeignKey(Item, models.CASCADE, null=True)
"""
_INDEX = "('Item', models.Index(fields=['name'], name='item_name_idx')),"
#: Every tool gets the same migrations: the index is built concurrently where the server can, as Django itself offers it.
CHANGES: dict[str, dict[str, str]] = {
    "add_nullable_field": {
        "": "migrations.AddField('Item', 'note', models.CharField(max_length=100, null=True)),"
    },
    "add_field_with_db_default": {
        "": "migrations.AddField('Item', 'stock', models.IntegerField(db_default=0)),"
    },
    "add_index": {
        "": f"migrations.AddIndex{_INDEX}",
        "postgresql": f"AddIndexConcurrently{_INDEX}",
    },
    "alter_field": {"": "migrations.AlterField('Item', 'name', models.CharField(max_length=60)),"},
    "foreign_key": {
        "": "migrations.AddField('Line', 'item', models.ForeignKey('shop.Item', models.CASCADE, null=True)),"
    },
    "remove_field": {"": "migrations.RemoveField('Item', 'old_code'),"},
}

_FILL = {
    "postgresql": "INSERT INTO {table} (name, price, old_code) SELECT md5(n::text), n % 1000, n::text FROM generate_series(1, {rows}) n",
    "mysql": "INSERT INTO {table} (name, price, old_code) SELECT MD5(seq), seq % 1000, seq FROM seq_1_to_{rows}",
}
_ANALYZE = {"postgresql": "VACUUM ANALYZE {table}", "mysql": "ANALYZE TABLE {table}"}


def make_project(
    folder: Path, server: Server, tool: Tool, packages: Path | None, *, rows: int = ROWS
) -> Project:
    """Return a project with filled tables and the changes pending."""
    project = Project(folder, server, safe_migrate=tool.safe_migrate)
    project.write_app(
        "shop", models=_MODELS, migrations={"0001_initial": migration(_INITIAL, initial=True)}
    )
    # With Django's own backend, for every tool alike.
    project.manage("migrate", "--noinput")
    for table in (TABLE, CONTROL):
        fill(project, table, rows)
    project.sql("INSERT INTO shop_line (quantity) VALUES (1), (2), (3)")
    _write_changes(project)
    if packages is not None:
        project.add_settings_code(f"import sys\nsys.path.append({str(packages)!r})")
    if tool.settings:
        project.add_settings_code(tool.settings)
    if tool.engine:
        project.add_settings_code(f"DATABASES['default']['ENGINE'] = {tool.engine!r}")
    for app in tool.apps:
        project.add_app(app)
    return project


def fill(project: Project, table: str, rows: int) -> None:
    """Fill a table that has the columns of an item, with ids from 1 on."""
    vendor = project.server.vendor
    for sql in (_FILL[vendor], _ANALYZE[vendor]):
        project.sql(sql.format(table=table, rows=rows))


def _write_changes(project: Project) -> None:
    previous = "0001_initial"
    for number, (name, operations) in enumerate(CHANGES.items(), start=2):
        operation = operations.get(project.server.name, operations[""])
        concurrent = "Concurrently" in operation
        label = f"{number:04}_{name}"
        source = migration(
            operation,
            dependencies=[("shop", previous)],
            imports="from django.contrib.postgres.operations import AddIndexConcurrently"
            if concurrent
            else "",
            **({"atomic": False} if concurrent else {}),
        )
        project.write_app("shop", models=_MODELS, migrations={label: source})
        previous = label


def applied_changes(project: Project) -> int:
    """Return how many of the changes are recorded."""
    ((count,),) = project.sql(
        "SELECT count(*) FROM django_migrations WHERE app = 'shop' AND name <> '0001_initial'"
    )
    return int(count)

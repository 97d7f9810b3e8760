"""A project in which the second of three pending migrations raises, after it has changed schema and rows; the first makes a new app."""

from __future__ import annotations

from tests.projects import Project, migration

MODELS = """
class Order(models.Model):
    number = models.CharField(max_length=20)
    note = models.CharField(max_length=50, null=True)
    colour = models.CharField(max_length=20, null=True)
"""
REVIEWS = """
class Review(models.Model):
    order = models.ForeignKey("shop.Order", models.CASCADE)
    text = models.TextField()
"""
ID = "('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID'))"
ORDERS = 50

FAILING, NEW_APP, AFTER = (
    ("shop", "0002_order_note"),
    ("reviews", "0001_initial"),
    ("shop", "0003_order_colour"),
)
MESSAGE = "Order 42 has no customer."

#: Every row is written before it raises, so that what is undone is more than nothing.
FILL_NOTES = """
def fill_notes(apps, schema_editor):
    orders = apps.get_model("shop", "Order").objects.using(schema_editor.connection.alias)
    orders.update(number="changed", note="filled")
    {end}
"""


def install(project: Project) -> None:
    """Apply the first migration of the shop, add rows, and add the three migrations to come."""
    project.write_app("shop", migrations={"0001_initial": _initial()})
    project.manage("migrate", "--noinput")
    for number in range(1, ORDERS + 1):
        project.sql("INSERT INTO shop_order (number) VALUES (%s)", [f"N-{number}"])
    project.write_app("reviews", models=REVIEWS, migrations={NEW_APP[1]: _reviews()})
    colour = "migrations.AddField('order', 'colour', models.CharField(max_length=20, null=True)),"
    project.write_app(
        "shop",
        models=MODELS,
        migrations={
            FAILING[1]: _notes(f'raise RuntimeError("{MESSAGE}")'),
            AFTER[1]: migration(colour, dependencies=[FAILING]),
        },
    )


def mend(project: Project) -> None:
    """Write the failing migration anew, so that it does not fail."""
    project.write_app("shop", migrations={FAILING[1]: _notes("return")})


def _initial() -> str:
    fields = f"[{ID}, ('number', models.CharField(max_length=20))]"
    return migration(f"migrations.CreateModel('Order', {fields}),", initial=True)


def _reviews() -> str:
    order = "('order', models.ForeignKey('shop.Order', models.CASCADE))"
    return migration(
        f"migrations.CreateModel('Review', [{ID}, ('text', models.TextField()), {order}]),",
        dependencies=[("shop", "0001_initial")],
        initial=True,
    )


def _notes(end: str) -> str:
    return migration(
        """
        migrations.AddField('order', 'note', models.CharField(max_length=50, null=True)),
        migrations.RunPython(fill_notes, migrations.RunPython.noop),
        """,
        dependencies=[("shop", "0001_initial"), NEW_APP],
        before=FILL_NOTES.format(end=end),
    )

"""A project whose migration counts itself, in both directions."""

from __future__ import annotations

from typing import Any

from tests.projects import Project, migration

MODELS = """
class Tally(models.Model):
    what = models.CharField(max_length=40)

class Order(models.Model):
    note = models.CharField(max_length=20, null=True)
"""
FIELDS = (
    "[('id', models.BigAutoField(primary_key=True)), ('{}', models.CharField(max_length={}{}))]"
)
#: Writes a row for every time that it is carried out; where it is told to, it says who it is and waits to be let go.
COUNT = """
import os
import time

def hold():
    place = os.environ.get("HOLD_HERE")
    if place and not os.path.exists(os.path.join(place, "go")):
        open(os.path.join(place, f"held-{os.getpid()}"), "x").close()
        while not os.path.exists(os.path.join(place, "go")):
            time.sleep(0.01)

def forwards(apps, schema_editor):
    apps.get_model("shop", "Tally").objects.using(schema_editor.connection.alias).create(what="forwards")
    hold()

def backwards(apps, schema_editor):
    apps.get_model("shop", "Tally").objects.using(schema_editor.connection.alias).create(what="backwards")
    hold()
"""
MIGRATIONS = {
    "0001_initial": migration(
        f"migrations.CreateModel('Tally', {FIELDS.format('what', 40, '')}),\n"
        f"migrations.CreateModel('Order', {FIELDS.format('note', 20, ', null=True')}),"
    ),
    "0002_count": migration(
        "migrations.RunPython(forwards, backwards),",
        before=COUNT,
        dependencies=[("shop", "0001_initial")],
    ),
    "0003_order_total": migration(
        "migrations.AddField('order', 'total', models.IntegerField(null=True)),",
        dependencies=[("shop", "0002_count")],
    ),
}
#: Those that a round carries out and the next one takes back.
MOVING = ("0002_count", "0003_order_total")
APPS = ["django.contrib.contenttypes", "dbbackup", "health_check", "django_safe_migrate"]


def write_shop(project: Project, **safe_migrate: Any) -> None:
    """Write the project, with nothing applied."""
    project.installed_apps = list(APPS)
    project.write("config/urls.py", "urlpatterns = []\n")
    project.settings(SAFE_MIGRATE=safe_migrate)
    project.write_app(
        "shop",
        models=MODELS + "    total = models.IntegerField(null=True)\n",
        migrations=MIGRATIONS,
    )

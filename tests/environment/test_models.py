from __future__ import annotations

import pytest

from django_safe_migrate.environment.models import check
from tests.analysis.lint import migration

EMPTY = """
from django.db import migrations


class Migration(migrations.Migration):
    initial = True
    operations = []
"""

pytestmark = pytest.mark.vendors("sqlite")


def found(context):
    return [(finding.severity.label, finding.message) for finding in check(context)]


def test_migrations_make_what_models_say(make_context):
    assert found(make_context()) == []


def test_changes_without_a_migration(make_context, migration_files):
    migration_files("django_safe_migrate", {"0001_initial": EMPTY})
    [(severity, message)] = found(make_context())
    assert severity == "warning"
    assert message.startswith(
        "The models of django_safe_migrate have changes without a migration: Create model "
    )


def test_packages_are_not_for_the_project_to_change(make_context, migration_files):
    migration_files("sessions", {"0001_initial": EMPTY})
    assert found(make_context()) == [
        ("info", "The models of sessions have changes without a migration: Create model Session.")
    ]


def test_left_out_on_request_and_going_back(make_context, migration_files):
    migration_files("sessions", {"0001_initial": EMPTY})
    assert found(make_context(compare_models=False)) == []
    assert found(make_context(plan=[migration([])], backwards=True)) == []


KEY = """
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    operations = [
        migrations.CreateModel("Session", [("id", models.AutoField(primary_key=True)), ("code", models.TextField(unique=True))]),
        migrations.CreateModel("Child", [("id", models.AutoField(primary_key=True))]),
        migrations.AddField("Child", "to", models.ForeignKey("sessions.Session", models.CASCADE, to_field="code")),
        migrations.RenameField("Session", "code", "key"),
    ]
"""


def test_the_operations_are_left_as_they_were(make_context, migration_files):
    """Django's RenameField writes into fields that operations hold, and these operations are still to be carried out."""
    migration_files("sessions", {"0001_initial": KEY})
    context = make_context()
    assert found(context)
    add = context.loader.graph.nodes["sessions", "0001_initial"].operations[2]
    assert add.field.remote_field.field_name == "code"

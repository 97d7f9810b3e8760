from __future__ import annotations

import datetime

from django.db import models
from django.db.migrations.recorder import MigrationRecorder

from django_safe_migrate.environment.history import check

MIGRATION = """
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = {dependencies}
    replaces = {replaces}
    operations = []
"""


def source(*dependencies, replaces=()):
    return MIGRATION.format(dependencies=list(dependencies), replaces=list(replaces))


def found(context):
    return [(finding.rule, finding.severity.label, finding.message) for finding in check(context)]


def rewind(connection, label, **delta):
    """Move the record of a migration to an earlier moment, and those of all others to later rows."""
    app, name = label.split(".")
    rows = MigrationRecorder(connection).migration_qs
    moment = datetime.datetime.now(datetime.UTC) - datetime.timedelta(**delta)
    later = max(rows.values_list("pk", flat=True)) + 1
    rows.exclude(app=app, name=name).update(id=models.F("id") + later)
    rows.filter(app=app, name=name).update(applied=moment)


def test_nothing_recorded(make_context):
    assert found(make_context()) == []


def test_everything_in_order(make_context, record):
    record(
        "contenttypes.0001_initial",
        "contenttypes.0002_remove_content_type_name",
        "auth.0001_initial",
    )
    assert found(make_context()) == []


def test_gap(make_context, record):
    record("auth.0001_initial")
    assert found(make_context()) == [
        (
            "inconsistent_history",
            "error",
            "Migration auth.0001_initial is applied before its dependency contenttypes.0001_initial on database 'default'.",
        )
    ]


def test_two_leaves(make_context, migration_files):
    first = source()
    second = source(("sessions", "0001_initial"))
    migration_files("sessions", {"0001_initial": first, "0002_a": second, "0002_b": second})
    assert found(make_context()) == [
        (
            "conflicting_migrations",
            "error",
            "App sessions has 2 last migrations, 0002_a and 0002_b: nothing says which comes first.",
        )
    ]


def test_file_that_is_gone(make_context, record):
    record("sessions.0001_initial", "sessions.0002_gone", "sessions.0003_gone_too")
    assert found(make_context()) == [
        (
            "ghost_migration",
            "warning",
            "App sessions has applied migrations without a file: 0002_gone, 0003_gone_too.",
        )
    ]


def test_app_that_is_not_installed_is_no_ghost(make_context, record):
    record("formerly.0001_initial")
    assert found(make_context()) == []


def test_migrations_that_were_squashed_are_no_ghosts(make_context, record, migration_files):
    replaced = [("sessions", "0001_initial"), ("sessions", "0002_more")]
    migration_files("sessions", {"0001_squashed": source(replaces=replaced)})
    record("sessions.0001_initial", "sessions.0002_more")
    assert found(make_context()) == []


def test_recorded_before_its_dependency(make_context, record, connection, migration_files):
    files = {"0001_initial": source(), "0002_next": source(("sessions", "0001_initial"))}
    migration_files("sessions", files)
    record("sessions.0001_initial", "sessions.0002_next")
    assert found(make_context()) == []
    rewind(connection, "sessions.0002_next", days=1)
    assert found(make_context()) == [
        (
            "recorded_out_of_order",
            "warning",
            "sessions.0002_next was recorded before sessions.0001_initial, on which it depends.",
        )
    ]


def test_a_clock_that_was_set_back_proves_nothing(
    make_context, record, connection, migration_files
):
    files = {"0001_initial": source(), "0002_next": source(("sessions", "0001_initial"))}
    migration_files("sessions", files)
    record("sessions.0001_initial", "sessions.0002_next")
    earlier = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=1)
    MigrationRecorder(connection).migration_qs.filter(name="0002_next").update(applied=earlier)
    assert found(make_context()) == []


def test_squashed_migration_is_recorded_late(make_context, record, connection, migration_files):
    replaced = [("sessions", "0001_initial"), ("sessions", "0002_more")]
    files = {
        "0001_squashed_0002_more": source(replaces=replaced),
        "0003_next": source(("sessions", "0001_squashed_0002_more")),
    }
    migration_files("sessions", files)
    record(
        "sessions.0001_initial",
        "sessions.0002_more",
        "sessions.0003_next",
        "sessions.0001_squashed_0002_more",
    )
    assert found(make_context()) == []

from __future__ import annotations

import pytest
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.utils import IntegrityError

from django_safe_migrate.databases.facts import Blocking, TableLock
from django_safe_migrate.environment import PlanLocks
from django_safe_migrate.environment.indexes import invalid_indexes
from tests.databases.conftest import run


@pytest.fixture
def invalid(connection):
    run(connection, "CREATE TABLE t (id int)", "INSERT INTO t VALUES (1), (1)")
    with pytest.raises(IntegrityError):
        run(connection, "CREATE UNIQUE INDEX CONCURRENTLY t_id ON t (id)")


@pytest.mark.vendors("postgresql")
def test_an_invalid_index_of_a_table_of_the_plan(make_context, invalid):
    lock = TableLock("t", "SHARE", Blocking.WRITES)
    [found] = invalid_indexes(make_context(locks=PlanLocks((lock,))))
    assert found.matters
    assert found.message.startswith("Index t_id of t is invalid: ")
    assert 'DROP INDEX CONCURRENTLY "t_id"' in found.hint
    assert list(invalid_indexes(make_context())) == []


CONCURRENTLY = "CREATE UNIQUE INDEX CONCURRENTLY t_id ON t (id)"


@pytest.mark.vendors("postgresql")
@pytest.mark.parametrize(
    ("operation", "backwards", "is_own"),
    [
        (migrations.RunSQL(CONCURRENTLY), False, True),
        (migrations.RunSQL([('DROP INDEX IF EXISTS "t_id"', None)]), False, True),
        (migrations.RunSQL("REINDEX INDEX CONCURRENTLY public.t_id"), False, True),
        (migrations.RunSQL(migrations.RunSQL.noop, CONCURRENTLY), True, True),
        (migrations.RunSQL(CONCURRENTLY, migrations.RunSQL.noop), True, False),
        (migrations.RunSQL("CREATE UNIQUE INDEX t_id ON t (id)"), False, False),
        (migrations.RunSQL(CONCURRENTLY.replace("t_id", "other")), False, False),
        (migrations.RemoveIndex("t", "t_id"), False, True),
        (AddIndexConcurrently("t", models.Index(fields=["id"], name="t_id")), False, True),
        (migrations.AddIndex("t", models.Index(fields=["id"], name="t_id")), False, False),
        (migrations.AddIndex("t", models.Index(fields=["id"], name="t_id")), True, True),
    ],
)
def test_one_that_the_plan_drops_or_builds_anew_is_no_obstacle(
    make_context, invalid, operation, backwards, is_own
):
    plan = [type("Migration", (migrations.Migration,), {"operations": [operation]})("0002", "t")]
    lock = TableLock("t", "SHARE", Blocking.WRITES)
    context = make_context(plan, backwards=backwards, locks=PlanLocks((lock,)))
    assert list(map(bool, invalid_indexes(context))) == ([] if is_own else [True])


def test_no_index(make_context):
    assert list(invalid_indexes(make_context())) == []

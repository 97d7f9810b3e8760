from __future__ import annotations

import pytest
from django.db import migrations, models

from django_safe_migrate.environment.tables import existing_tables
from tests.analysis.lint import migration

pytestmark = pytest.mark.vendors("sqlite")


@pytest.fixture
def content_types(connection, record):
    record("contenttypes.0001_initial")
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE django_content_type (id integer)")


def tables(make_context, *operations):
    return existing_tables(make_context(plan=[migration(operations, app_label="contenttypes")]))


def test_table_of_a_model_that_an_operation_names(make_context, content_types):
    add = migrations.AddField("ContentType", "x", models.TextField(null=True))
    assert tables(make_context, add) == ("django_content_type",)
    assert tables(make_context, migrations.SeparateDatabaseAndState([add], [])) == (
        "django_content_type",
    )


def test_table_under_its_present_name(make_context, content_types):
    rename = migrations.AlterModelTable("ContentType", "kinds")
    assert tables(make_context, rename) == ("django_content_type",)


def test_table_that_is_not_there(make_context, content_types):
    new = migrations.CreateModel("New", [("id", models.BigAutoField(primary_key=True))])
    assert tables(make_context, new) == ()


def test_nothing_applied(make_context):
    add = migrations.AddField("ContentType", "x", models.TextField(null=True))
    assert tables(make_context, add) == ()

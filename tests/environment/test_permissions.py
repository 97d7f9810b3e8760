from __future__ import annotations

import pytest
from django.db import migrations, models

from django_safe_migrate.databases import Database
from django_safe_migrate.environment.permissions import check
from tests.analysis.lint import migration


class Restricted(Database):
    """A role that may do nothing; remembers the tables that it was asked about."""

    asked: tuple[str, ...] = ()

    def missing_permissions(self, tables=None):
        self.asked = tuple(tables)
        return ("create tables in schema public", "alter table shop_order")


def test_the_owner_may_do_everything(make_context):
    assert list(check(make_context())) == []


@pytest.mark.vendors("sqlite")
def test_each_missing_permission_is_an_error(make_context, connection):
    found = list(check(make_context(database=Restricted(connection))))
    assert [finding.message for finding in found] == [
        "The role of database 'default' may not create tables in schema public; migrations need that.",
        "The role of database 'default' may not alter table shop_order; migrations need that.",
    ]
    assert all(finding.rule == "missing_permission" and finding.is_blocking for finding in found)


@pytest.mark.vendors("sqlite")
def test_only_tables_of_the_plan_matter(make_context, connection, record):
    record("contenttypes.0001_initial")
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE django_content_type (id integer)")
        cursor.execute("CREATE TABLE somebody_elses (id integer)")
    change = migration(
        [migrations.AddField("ContentType", "x", models.TextField(null=True))],
        app_label="contenttypes",
    )
    database = Restricted(connection)
    list(check(make_context(plan=[change], database=database)))
    assert database.asked == ("django_content_type",)

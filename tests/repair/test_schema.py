"""Tables that differ from what the applied migrations made of them, on each vendor."""

from __future__ import annotations

import pytest

from tests.projects import Project
from tests.repair.half_done_shop import SAFEMIGRATE, found, install, last_run, repair, schema

WITH_INDEX = """
migrations.AddField('order', 'colour', models.CharField(max_length=20, null=True)),
migrations.AddField('order', 'size', models.IntegerField(default=3)),
migrations.AddIndex('order', models.Index(fields=['colour'], name='order_colour_idx')),
migrations.CreateModel('Parcel', [
    ('id', models.BigAutoField(primary_key=True)),
    ('order', models.ForeignKey('shop.Order', models.CASCADE)),
    ('code', models.CharField(max_length=9, unique=True)),
]),
"""


def shop(project: Project) -> Project:
    install(project, WITH_INDEX)
    project.manage(*SAFEMIGRATE)
    return project


def test_what_is_missing_is_made_again(project: Project) -> None:
    shop(project)
    before = schema(project)
    assert found(project) == []
    project.sql("DROP TABLE shop_parcel")
    on = " ON shop_order" if project.server.vendor == "mysql" else ""
    project.sql(f"DROP INDEX order_colour_idx{on}")
    project.sql("ALTER TABLE shop_order DROP COLUMN size")
    problems = found(project)
    assert [(one["action"], one["subject"]) for one in problems] == [
        ("schema", "shop_order"),
        ("schema", "shop_parcel"),
    ]
    assert problems[0]["found"] == (
        "Missing: column size of shop_order, index order_colour_idx of shop_order."
    )
    assert any("order_colour_idx" in sql for sql in problems[0]["statements"])
    assert before.difference(schema(project)) != []

    repair(project, "--schema")
    assert without_rows(before.difference(schema(project))) == []
    run = last_run(project)
    assert (run["kind"], run["status"]) == ("repair", "succeeded")
    assert found(project) == []


def without_rows(lines: list[str]) -> list[str]:
    """The place of a column in its table is no matter of a schema: rows are compared by name."""
    return [line for line in lines if " row " not in line]


def test_an_extra_column_with_data_goes_only_with_force(project: Project) -> None:
    shop(project)
    before = schema(project)
    project.sql("ALTER TABLE shop_order ADD COLUMN note varchar(20)")
    project.sql("UPDATE shop_order SET note = 'precious'")
    with_note = schema(project)
    (problem,) = found(project)
    assert problem["found"] == "Not of any migration: column note."
    assert problem["losses"] == ["column note of shop_order is dropped with the values of 1 row"]
    refused = repair(project, "--schema", check=False)
    assert refused.returncode == 3
    assert "To drop it, add --force." in refused.stderr
    assert with_note.difference(schema(project)) == []
    (problem,) = found(project, "--schema", "--force")
    assert "note" in problem["statements"][0]
    repair(project, "--schema", "--force")
    assert before.difference(schema(project)) == []


def test_what_is_missing_comes_without_dropping_what_is_extra(project: Project) -> None:
    shop(project)
    project.sql("ALTER TABLE shop_order ADD COLUMN note varchar(20)")
    project.sql("UPDATE shop_order SET note = 'precious'")
    project.sql("ALTER TABLE shop_order DROP COLUMN size")
    result = repair(project, "--schema", "shop_order", check=False)
    # SQLite would have to copy the rows to a new table, without the column.
    remakes = project.server.vendor == "sqlite"
    assert result.returncode == (3 if remakes else 0), result.stdout + result.stderr
    if remakes:
        assert "Needs --force, since data would be lost: column note of shop_order" in result.stderr
    assert project.sql("SELECT note FROM shop_order") == [("precious",)]


@pytest.mark.vendors("postgresql", "mariadb")
def test_another_type_and_a_null_that_is_not_allowed(project: Project) -> None:
    shop(project)
    before = schema(project)
    if project.server.vendor == "mysql":
        project.sql("ALTER TABLE shop_order MODIFY number varchar(10) NULL")
    else:
        project.sql("ALTER TABLE shop_order ALTER number TYPE varchar(10)")
        project.sql("ALTER TABLE shop_order ALTER number DROP NOT NULL")
    (problem,) = found(project)
    assert problem["found"] == (
        "Missing: type varchar(20) of shop_order.number, NOT NULL of shop_order.number."
    )
    repair(project, "--schema", "shop_order")
    assert before.difference(schema(project)) == []


@pytest.mark.vendors("postgresql")
def test_a_narrower_type_needs_force(project: Project) -> None:
    shop(project)
    project.sql("ALTER TABLE shop_order ALTER size TYPE bigint")
    refused = repair(project, "--schema", check=False)
    assert refused.returncode == 3
    assert (
        "column size of shop_order becomes integer and is bigint: 1 row with a value may not fit"
        in refused.stderr
    )
    repair(project, "--schema", "--force")
    assert found(project) == []


@pytest.mark.vendors("postgresql")
def test_a_failure_is_rolled_back_and_told(project: Project) -> None:
    shop(project)
    project.sql("DROP INDEX order_colour_idx")
    project.sql("ALTER TABLE shop_parcel DROP CONSTRAINT shop_parcel_code_key")
    project.sql("INSERT INTO shop_parcel (order_id, code) SELECT id, 'twice' FROM shop_order")
    project.sql("INSERT INTO shop_parcel (order_id, code) SELECT id, 'twice' FROM shop_order")
    before = schema(project)
    failed = repair(project, "--schema", "shop_parcel", check=False)
    assert failed.returncode == 7
    assert failed.stderr.startswith(
        "CommandError: Table shop_parcel could not be brought back: IntegrityError: "
    )
    assert "twice" not in failed.stderr
    assert "The database was not changed: the statements were rolled back." in failed.stderr
    assert before.difference(schema(project)) == []


@pytest.mark.vendors("sqlite")
def test_a_table_that_no_migration_made_is_refused(project: Project) -> None:
    shop(project)
    refused = repair(project, "--schema", "shop_ordre", check=False)
    assert refused.returncode == 3
    assert refused.stderr.startswith(
        "CommandError: --schema shop_ordre: no applied migration has made this table."
    )


_COLLATIONS = {"sqlite": "NOCASE", "postgresql": "C", "mysql": "utf8mb4_bin"}


def test_a_collation_and_an_index_of_other_columns(project: Project) -> None:
    vendor = project.server.vendor
    collated = (
        "migrations.AddField('order', 'code', models.CharField(max_length=9, null=True, "
        f"db_collation={_COLLATIONS[vendor]!r})),"
    )
    install(project, WITH_INDEX + collated)
    project.manage(*SAFEMIGRATE)
    assert found(project) == []
    before = schema(project)
    project.sql(f"DROP INDEX order_colour_idx{' ON shop_order' if vendor == 'mysql' else ''}")
    project.sql("CREATE INDEX order_colour_idx ON shop_order (number)")
    if vendor == "postgresql":
        project.sql('ALTER TABLE shop_order ALTER code TYPE varchar(9) COLLATE "default"')
    elif vendor == "mysql":
        project.sql("ALTER TABLE shop_order MODIFY code varchar(9) NULL")
    (problem,) = found(project)
    assert "index order_colour_idx of shop_order" in problem["found"]
    if vendor != "sqlite":
        assert f"collation {_COLLATIONS[vendor]} of shop_order.code" in problem["found"]
    repair(project, "--schema", "--force")
    assert without_rows(before.difference(schema(project))) == []
    assert found(project) == []

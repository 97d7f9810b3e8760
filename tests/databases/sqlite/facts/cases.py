"""Statements as text and taken apart; reading the text gives the statement."""

from __future__ import annotations

import dataclasses

from django_safe_migrate.databases.statements import (
    Action,
    AddColumn,
    AlterTable,
    ChangeRows,
    ColumnDefinition,
    CreateIndex,
    CreateTable,
    Default,
    DropColumn,
    DropIndex,
    DropTable,
    Maintenance,
    Reindex,
    RenameColumn,
    RenameTable,
    Statement,
)


@dataclasses.dataclass(frozen=True)
class Case:
    """One statement in both forms."""

    text: str
    statement: Statement


def alter(text: str, action: Action) -> Case:
    return Case(f"ALTER TABLE box {text}", AlterTable(table="box", actions=(action,)))


def added(type: str = "integer", **options: object) -> AddColumn:
    return AddColumn(column=ColumnDefinition(name="n", type=type, **options))


CONSTANT = Default.CONSTANT

CASES = [
    alter("ADD COLUMN n integer NULL", added()),
    alter("ADD COLUMN n integer DEFAULT 5 NOT NULL", added(null=False, default=CONSTANT)),
    alter("ADD COLUMN n integer DEFAULT 5 CHECK (n > 0)", added(default=CONSTANT, check=True)),
    alter("ADD COLUMN n integer REFERENCES other (id)", added(references="other")),
    alter("ADD COLUMN n integer AS (number + 1) VIRTUAL", added(generated="virtual")),
    alter(
        "ADD COLUMN n integer NOT NULL AS (number + 1) VIRTUAL",
        added(generated="virtual", null=False),
    ),
    alter("DROP COLUMN note", DropColumn(column="note")),
    alter("DROP COLUMN twice", DropColumn(column="twice")),
    alter("RENAME COLUMN note TO remark", RenameColumn(column="note", new_name="remark")),
    alter("RENAME TO crate", RenameTable(new_name="crate")),
    Case("CREATE INDEX i ON box (note)", CreateIndex(table="box", name="i", columns=("note",))),
    Case(
        "CREATE UNIQUE INDEX i ON box (number)",
        CreateIndex(table="box", name="i", columns=("number",), unique=True),
    ),
    Case(
        "CREATE INDEX i ON box (note) WHERE number < 0",
        CreateIndex(table="box", name="i", columns=("note",), partial=True),
    ),
    Case("DROP INDEX number_idx", DropIndex(names=("number_idx",))),
    Case("REINDEX number_idx", Reindex(kind="table", name="number_idx")),
    Case(
        "CREATE TABLE new (id integer PRIMARY KEY)",
        CreateTable(
            table="new",
            columns=(ColumnDefinition(name="id", type="integer", primary_key=True, null=False),),
        ),
    ),
    Case("DROP TABLE other", DropTable(tables=("other",))),
    Case("DROP TABLE parent", DropTable(tables=("parent",))),
    Case("DELETE FROM box WHERE id = 5", ChangeRows(kind="delete", table="box", conditional=True)),
    Case("UPDATE box SET number = -number", ChangeRows(kind="update", table="box")),
    Case("VACUUM", Maintenance(command="VACUUM")),
]

#: What SQLite refuses for a table with rows.
REFUSED = [
    alter("ADD COLUMN n integer UNIQUE", added(unique=True)),
    alter("ADD COLUMN n integer PRIMARY KEY", added(primary_key=True, null=False)),
    alter("ADD COLUMN n integer NOT NULL", added(null=False)),
    alter("ADD COLUMN n integer AS (number + 1) STORED", added(generated="stored")),
    alter(
        "ADD COLUMN n datetime DEFAULT CURRENT_TIMESTAMP", added("datetime", default=Default.STABLE)
    ),
    alter("ADD COLUMN n integer DEFAULT (random())", added(default=Default.VOLATILE)),
    alter("DROP COLUMN number", DropColumn(column="number")),
    alter("DROP COLUMN id", DropColumn(column="id")),
]

"""Columns that are added, dropped, renamed and moved."""

from __future__ import annotations

from django_safe_migrate.databases.statements import (
    AddColumn,
    AddConstraint,
    AddIndex,
    ColumnDefinition,
    ConstraintKind,
    Default,
    DropColumn,
    DropConstraint,
    DropDefault,
    ModifyColumn,
    RenameColumn,
    SetDefault,
)
from tests.databases.mysql.facts.cases import alter


def column(type="integer", name="n", **options):
    return ColumnDefinition(name=name, type=type, **options)


def added(position="", **options):
    return AddColumn(column=column(**options), position=position)


FOREIGN_KEY = AddConstraint(
    kind=ConstraintKind.FOREIGN_KEY, name="n_fk", columns=("n",), references="customer"
)

CASES = [
    alter("box", "ADD COLUMN n integer NULL", added()),
    alter("box", "ADD COLUMN n integer NOT NULL", added(null=False)),
    alter(
        "box",
        "ADD COLUMN n integer DEFAULT 5 NOT NULL",
        added(null=False, default=Default.CONSTANT),
    ),
    alter("box", "ADD COLUMN n integer NULL FIRST", added(position="first")),
    alter("box", "ADD COLUMN n integer NULL AFTER a", added(position="after")),
    alter("box", "ADD COLUMN n longtext NOT NULL", added(type="longtext", null=False)),
    alter(
        "box",
        "ADD COLUMN n datetime(6) DEFAULT CURRENT_TIMESTAMP(6) NOT NULL",
        added(type="datetime(6)", null=False, default=Default.STABLE),
    ),
    alter(
        "box",
        "ADD COLUMN n char(36) DEFAULT (uuid()) NOT NULL",
        added(type="char(36)", null=False, default=Default.VOLATILE),
    ),
    alter("box", "ADD COLUMN n integer AS (a + 1) VIRTUAL", added(generated="virtual")),
    alter("box", "ADD COLUMN n integer AS (a + 1) STORED", added(generated="stored")),
    alter("box", "ADD COLUMN n integer NULL UNIQUE", added(unique=True)),
    alter("box", "ADD COLUMN n integer NULL CHECK (n > 0)", added(check=True)),
    alter(
        "box",
        "ADD COLUMN n bigint NULL REFERENCES customer (id)",
        added(type="bigint", references="customer"),
    ),
    alter(
        "box",
        "ADD COLUMN n bigint NULL, ADD CONSTRAINT n_fk FOREIGN KEY (n) REFERENCES customer (id)",
        added(type="bigint"),
        FOREIGN_KEY,
    ),
    alter(
        "box",
        "ADD COLUMN n integer NULL, ADD INDEX i (n)",
        added(),
        AddIndex(name="i", columns=("n",)),
    ),
    alter(
        "box",
        "ADD COLUMN n integer NULL, ADD COLUMN m integer NULL",
        added(),
        added(name="m"),
    ),
    alter("box", "ADD COLUMN n integer NULL, DROP COLUMN body", added(), DropColumn(column="body")),
    alter(
        "unkeyed",
        "ADD COLUMN n integer AUTO_INCREMENT UNIQUE",
        added(identity=True, unique=True),
    ),
    alter("searched", "ADD COLUMN n integer NULL", added()),
    alter("compressed", "ADD COLUMN n integer NULL", added()),
    alter("computed", "ADD COLUMN n integer NULL", added()),
    alter("computed", "ADD COLUMN n integer NULL FIRST", added(position="first")),
    alter("stored", "ADD COLUMN n integer NULL FIRST", added(position="first")),
    alter("isam", "ADD COLUMN n integer NULL", added()),
    alter("box", "DROP COLUMN body", DropColumn(column="body")),
    alter("box", "DROP COLUMN name", DropColumn(column="name")),
    alter(
        "box",
        "DROP COLUMN big, DROP COLUMN body",
        DropColumn(column="big"),
        DropColumn(column="body"),
    ),
    alter(
        "box",
        "DROP FOREIGN KEY customer_fk, DROP COLUMN customer_id",
        DropConstraint(name="customer_fk", kind=ConstraintKind.FOREIGN_KEY),
        DropColumn(column="customer_id"),
    ),
    alter(
        "box",
        "DROP COLUMN body, ADD INDEX i (big)",
        DropColumn(column="body"),
        AddIndex(name="i", columns=("big",)),
    ),
    alter("searched", "DROP COLUMN n_old", DropColumn(column="n_old")),
    alter("compressed", "DROP COLUMN t", DropColumn(column="t")),
    alter("computed", "DROP COLUMN v", DropColumn(column="v")),
    alter("stored", "DROP COLUMN s", DropColumn(column="s")),
    alter("isam", "DROP COLUMN t", DropColumn(column="t")),
    alter("box", "RENAME COLUMN body TO content", RenameColumn(column="body", new_name="content")),
    alter("box", "RENAME COLUMN a TO aa", RenameColumn(column="a", new_name="aa")),
    alter("isam", "RENAME COLUMN t TO tt", RenameColumn(column="t", new_name="tt")),
    alter(
        "box",
        "CHANGE body content longtext NULL",
        ModifyColumn(column="body", new=column("longtext", "content")),
    ),
    alter(
        "box",
        "MODIFY b integer DEFAULT 3 NOT NULL FIRST",
        ModifyColumn(
            column="b",
            new=column(name="b", null=False, default=Default.CONSTANT),
            position="first",
        ),
    ),
    alter("box", "ALTER COLUMN b SET DEFAULT 9", SetDefault(column="b")),
    alter("box", "ALTER COLUMN b DROP DEFAULT", DropDefault(column="b")),
]

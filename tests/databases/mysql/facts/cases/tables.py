"""Indexes, constraints, and the table as a whole."""

from __future__ import annotations

from django_safe_migrate.databases.statements import (
    AddConstraint,
    AddIndex,
    ConstraintKind,
    CreateIndex,
    DropConstraint,
    DropIndex,
    DropIndexAction,
    OtherAction,
    RenameTable,
)
from tests.databases.mysql.facts.cases import Case, alter


def constraint(kind: ConstraintKind, name: str = "c", **options: object) -> AddConstraint:
    return AddConstraint(kind=kind, name=name, **options)


CASES = [
    alter("box", "ADD INDEX i (big)", AddIndex(name="i", columns=("big",))),
    alter("box", "ADD UNIQUE INDEX i (big)", AddIndex(name="i", columns=("big",), kind="unique")),
    alter(
        "box", "ADD FULLTEXT INDEX i (body)", AddIndex(name="i", columns=("body",), kind="fulltext")
    ),
    alter(
        "searched",
        "ADD FULLTEXT INDEX i (title)",
        AddIndex(name="i", columns=("title",), kind="fulltext"),
    ),
    alter(
        "kinds",
        "ADD SPATIAL INDEX i (place)",
        AddIndex(name="i", columns=("place",), kind="spatial"),
    ),
    alter("computed", "ADD INDEX i (v)", AddIndex(name="i", columns=("v",))),
    alter("isam", "ADD INDEX i (t)", AddIndex(name="i", columns=("t",))),
    alter("box", "DROP INDEX name_idx", DropIndexAction(name="name_idx")),
    alter("box", "RENAME INDEX name_idx TO i", OtherAction(keywords="RENAME INDEX")),
    alter(
        "box",
        "ADD CONSTRAINT c UNIQUE (big)",
        constraint(ConstraintKind.UNIQUE, columns=("big",)),
    ),
    alter("box", "ADD CONSTRAINT c CHECK (big > 0)", constraint(ConstraintKind.CHECK)),
    alter(
        "box",
        "ADD CONSTRAINT c FOREIGN KEY (big) REFERENCES customer (id)",
        constraint(ConstraintKind.FOREIGN_KEY, columns=("big",), references="customer"),
    ),
    alter(
        "unkeyed",
        "ADD PRIMARY KEY (b)",
        AddConstraint(kind=ConstraintKind.PRIMARY_KEY, columns=("b",)),
    ),
    alter(
        "computed",
        "DROP PRIMARY KEY",
        DropConstraint(name="PRIMARY", kind=ConstraintKind.PRIMARY_KEY),
    ),
    alter(
        "box",
        "DROP FOREIGN KEY customer_fk",
        DropConstraint(name="customer_fk", kind=ConstraintKind.FOREIGN_KEY),
    ),
    alter("box", "DROP CONSTRAINT a_check", DropConstraint(name="a_check")),
    alter("box", "DROP CONSTRAINT customer_fk", DropConstraint(name="customer_fk")),
    alter("box", "FORCE", OtherAction(keywords="FORCE")),
    alter("searched", "FORCE", OtherAction(keywords="FORCE")),
    alter("box", "ROW_FORMAT=COMPACT", OtherAction(keywords="ROW_FORMAT")),
    alter("box", "COMMENT='x'", OtherAction(keywords="COMMENT")),
    alter("box", "AUTO_INCREMENT=100", OtherAction(keywords="AUTO_INCREMENT")),
    alter(
        "box",
        "CONVERT TO CHARACTER SET latin1",
        OtherAction(keywords="CONVERT TO CHARACTER SET"),
    ),
    alter("kinds", "RENAME TO kinds2", RenameTable(new_name="kinds2")),
    Case("CREATE INDEX i ON box (big)", CreateIndex(table="box", name="i", columns=("big",))),
    Case(
        "CREATE UNIQUE INDEX i ON box (big)",
        CreateIndex(table="box", name="i", columns=("big",), unique=True),
    ),
    Case(
        "DROP INDEX name_idx ON box",
        DropIndex(names=("name_idx",), table="box"),
        asked="ALTER TABLE box DROP INDEX name_idx",
    ),
]

"""Columns whose definition changes: type, collation, NULL."""

from __future__ import annotations

from django_safe_migrate.databases.statements import ColumnDefinition, ModifyColumn
from tests.databases.mysql.facts.cases import Case, alter


def modify(table: str, name: str, type: str, options: str = "NULL", **definition: object) -> Case:
    new = ColumnDefinition(name=name, type=type, null="NOT NULL" not in options, **definition)
    return alter(table, f"MODIFY {name} {type} {options}", ModifyColumn(column=name, new=new))


CASES = [
    # NULL
    modify("box", "big", "bigint", "NOT NULL"),
    modify("box", "b", "integer"),
    modify("box", "name", "varchar(63)", "NOT NULL"),
    modify("computed", "a", "integer", "NOT NULL"),
    modify("stored", "b", "integer", "NOT NULL"),
    modify("searched", "n_old", "integer", "NOT NULL"),
    modify("box", "body", "longtext"),
    # lengths
    modify("box", "name", "varchar(63)"),
    modify("box", "name", "varchar(64)"),
    modify("box", "name", "varchar(40)"),
    modify("box", "name", "longtext"),
    modify("kinds", "v31", "varchar(300)"),
    modify("kinds", "v32", "varchar(64)"),
    modify("kinds", "v64", "varchar(5000)"),
    modify(
        "kinds", "latin", "varchar(255)", "COLLATE latin1_swedish_ci", collation="latin1_swedish_ci"
    ),
    modify(
        "kinds", "latin", "varchar(256)", "COLLATE latin1_swedish_ci", collation="latin1_swedish_ci"
    ),
    modify("kinds", "bytes", "varbinary(256)"),
    modify("kinds", "uniq", "varchar(40)"),
    modify("kinds", "fixed", "char(20)"),
    modify("kinds", "fixed", "varchar(10)"),
    modify("redundant", "t", "varchar(300)"),
    # numbers and dates
    modify("box", "a", "bigint"),
    modify("box", "big", "bigint unsigned"),
    modify("kinds", "amount", "numeric(12, 2)"),
    modify("kinds", "amount", "numeric(12, 4)"),
    modify("kinds", "flag", "integer"),
    modify("kinds", "real_", "double precision"),
    modify("kinds", "moment", "datetime"),
    # lists
    modify("kinds", "kind", "enum('x', 'y', 'z')"),
    modify("kinds", "kind", "enum('x', 'z', 'y')"),
    modify("kinds", "kind", "enum('x')"),
    modify("kinds", "tags", "set('1', '2', '3', '4', '5', '6', '7', '8')"),
    modify("kinds", "tags", "set('1', '2', '3', '4', '5', '6', '7', '8', '9')"),
    # collations
    modify("kinds", "v64", "varchar(64)", "COLLATE utf8mb4_bin", collation="utf8mb4_bin"),
    modify("kinds", "uniq", "varchar(20)", "COLLATE utf8mb4_bin", collation="utf8mb4_bin"),
    modify("kinds", "three", "varchar(20)", "COLLATE utf8mb4_bin", collation="utf8mb4_bin"),
    modify("kinds", "three", "varchar(20)"),
    modify("kinds", "latin", "varchar(128)", "COLLATE utf8mb4_bin", collation="utf8mb4_bin"),
    # no change
    modify("box", "big", "bigint"),
]

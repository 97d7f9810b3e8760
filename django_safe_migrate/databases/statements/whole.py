"""Whole statements."""

from __future__ import annotations

import dataclasses

from django_safe_migrate.databases.statements.actions import Action
from django_safe_migrate.databases.statements.columns import ColumnDefinition


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement; ``text`` is how it was written, empty when an operation of Django makes it."""

    text: str = dataclasses.field(default="", compare=False)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CreateTable(Statement):
    """``references`` are the tables of its foreign keys, ``reads`` those of ``CREATE TABLE ... AS SELECT``."""

    table: str
    columns: tuple[ColumnDefinition, ...] = ()
    references: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    partition_of: str = ""
    temporary: bool = False
    if_not_exists: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DropTable(Statement):
    """Tables and their rows go away."""

    tables: tuple[str, ...]
    cascade: bool = False
    if_exists: bool = False
    temporary: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AlterTable(Statement):
    """``algorithm`` and ``lock`` are what a statement for MySQL demands, such as ``INPLACE`` and ``NONE``; ``only`` is PostgreSQL's ONLY."""

    table: str
    actions: tuple[Action, ...]
    algorithm: str = ""
    lock: str = ""
    only: bool = False
    if_exists: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RemakeTable(Statement):
    """
    Django's own way to alter a table on SQLite: a new one, a copy of every row, drop, rename.

    ``also`` are other tables that are made anew with it, because they reference what changes.
    """

    table: str
    also: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CreateIndex(Statement):
    """``method`` is empty for the server's default; ``kind`` is ``fulltext`` or ``spatial`` on MySQL; ``only`` is PostgreSQL's ONLY."""

    table: str
    name: str = ""
    columns: tuple[str, ...] = ()
    unique: bool = False
    concurrently: bool = False
    if_not_exists: bool = False
    method: str = ""
    kind: str = ""
    partial: bool = False
    only: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DropIndex(Statement):
    """``table`` is empty when only the catalogue knows it."""

    names: tuple[str, ...]
    table: str = ""
    concurrently: bool = False
    if_exists: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AlterIndex(Statement):
    """``keywords`` such as ``RENAME``, ``ATTACH PARTITION``, ``SET``; ``table`` as for ``DropIndex``."""

    name: str
    keywords: str
    table: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Reindex(Statement):
    """``kind`` is ``index``, ``table``, ``schema``, ``database`` or ``system``."""

    kind: str
    name: str
    concurrently: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRows(Statement):
    """``kind`` is ``insert``, ``update``, ``delete`` or ``merge``; ``conditional`` says that not every row is meant; ``reads`` are other tables."""

    kind: str
    table: str
    conditional: bool = False
    reads: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Select(Statement):
    """A query; ``locks_rows`` for FOR UPDATE and the like."""

    reads: tuple[str, ...] = ()
    locks_rows: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Truncate(Statement):
    """Every row goes away at once."""

    tables: tuple[str, ...]
    cascade: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LockTable(Statement):
    """``mode`` in upper case, empty for the server's default."""

    tables: tuple[str, ...]
    mode: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Maintenance(Statement):
    """``command`` is ``CLUSTER``, ``VACUUM``, ``VACUUM FULL``, ``ANALYZE``, ``OPTIMIZE``, ``REPAIR`` or ``CHECK``; no tables stands for all."""

    command: str
    tables: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RefreshMaterializedView(Statement):
    """A materialised view is computed anew."""

    view: str
    concurrently: bool = False
    with_data: bool = True


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ChangeTrigger(Statement):
    """``keywords`` are ``CREATE TRIGGER``, ``DROP TRIGGER`` or ``ALTER TRIGGER``; policies and rules likewise (``CREATE POLICY``)."""

    keywords: str
    table: str
    name: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ChangeView(Statement):
    """``keywords`` such as ``CREATE VIEW``, ``CREATE OR REPLACE VIEW``, ``DROP MATERIALIZED VIEW``; ``reads`` are the tables behind it."""

    keywords: str
    views: tuple[str, ...]
    reads: tuple[str, ...] = ()
    cascade: bool = False
    #: Whether it may run a second time: OR REPLACE, IF EXISTS, IF NOT EXISTS. No fact depends on it.
    guarded: bool = dataclasses.field(default=False, compare=False)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AlterEnum(Statement):
    """``keywords`` are ``ADD VALUE`` or ``RENAME VALUE``; ``value`` is the new one."""

    type: str
    keywords: str
    value: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AlterDomain(Statement):
    """``keywords`` such as ``ADD``, ``ADD NOT VALID``, ``VALIDATE CONSTRAINT``, ``SET NOT NULL``."""

    domain: str
    keywords: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TransactionControl(Statement):
    """``keywords`` are ``BEGIN``, ``COMMIT``, ``ROLLBACK``, ``SAVEPOINT``, ``RELEASE`` or ``ROLLBACK TO``."""

    keywords: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SetVariable(Statement):
    """``scope`` is ``session``, ``local`` or ``global``; ``SET CONSTRAINTS`` has the name ``constraints`` and the value ``immediate`` or ``deferred``."""

    name: str
    value: str
    scope: str = "session"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class OtherObject(Statement):
    """
    A statement about something that is no table and has no rows, by its leading keywords: ``CREATE EXTENSION``, ``CREATE FUNCTION``,
    ``CREATE TYPE``, ``ALTER SEQUENCE``, ``COMMENT ON``, ``CREATE STATISTICS``, ``GRANT``, ``DROP SCHEMA`` ...

    ``table`` is the table that ``COMMENT ON``, ``CREATE STATISTICS``, ``GRANT`` and the like are about.
    """

    keywords: str
    name: str = ""
    table: str = ""
    cascade: bool = False
    #: As for ``ChangeView``.
    guarded: bool = dataclasses.field(default=False, compare=False)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Unread(Statement):
    """A statement that could not be read, with the reason: everything may happen."""

    reason: str = ""

"""
What each statement locks, writes anew and reads on SQLite, as measured on version 3.40; from its documentation ("ALTER TABLE", "File
Locking And Concurrency", "Write-Ahead Logging") where it says so.

One connection at a time writes to the whole database. With a write-ahead log the others go on reading meanwhile. With any other journal
they read until what is written no longer fits into the writer's cache, which a whole table does not: then they wait to its end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django_safe_migrate.databases.facts import (
    Blocking,
    FactBook,
    Facts,
    IndexBuild,
    TableLock,
)
from django_safe_migrate.databases.statements import (
    Action,
    AddColumn,
    AlterTable,
    ChangeRows,
    ChangeTrigger,
    ChangeView,
    CreateIndex,
    CreateTable,
    Default,
    DropColumn,
    DropIndex,
    DropTable,
    Maintenance,
    OtherObject,
    Reindex,
    RemakeTable,
    RenameColumn,
    RenameTable,
    Select,
    SetVariable,
    Statement,
    TransactionControl,
)

#: Documented: versions that have DROP COLUMN, and RENAME COLUMN.
DROP_COLUMN = (3, 35, 0)
RENAME_COLUMN = (3, 25, 0)


class SQLiteFactBook(FactBook):
    """SQLite 3.31 and later."""

    product = "SQLite"

    def facts(self, statement: Statement) -> Facts:
        reader = _FACTS.get(type(statement))
        if reader is None:
            reason = getattr(statement, "reason", "")
            name = f"The statement could not be read ({reason})." if reason else _NOT_SQLITE
            return Facts(
                statement=statement, locks=(self.lock(long=True),), rewrites=("",), unknown=name
            )
        found: Facts = reader(self, statement)
        return found

    def lock(self, *, long: bool = False) -> TableLock:
        """The lock of a writer on the whole database; ``long`` when it writes more than its cache holds."""
        if self.catalogue.journal_mode == "wal":
            return TableLock("", "WRITE", Blocking.WRITES)
        if long:
            return TableLock("", "EXCLUSIVE", Blocking.READS_AND_WRITES)
        return TableLock("", "RESERVED", Blocking.WRITES)

    def written(
        self,
        statement: Statement,
        *,
        rewrites: tuple[str, ...] = (),
        scans: tuple[str, ...] = (),
        index_builds: tuple[IndexBuild, ...] = (),
        **others: Any,
    ) -> Facts:
        """Return the facts of a statement that writes."""
        long = bool(rewrites or index_builds or isinstance(statement, ChangeRows))
        return Facts(
            statement=statement,
            locks=(self.lock(long=long),),
            rewrites=rewrites,
            scans=tuple(table for table in scans if table not in rewrites),
            index_builds=index_builds,
            **others,
        )

    # --- tables -------------------------------------------------------------------------------------------------------------

    def alter_table(self, statement: AlterTable) -> Facts:
        """SQLite takes one action at a time."""
        table = statement.table
        if self.catalogue.exists(table) is False:
            return self.written(statement)
        rewrites: tuple[str, ...] = ()
        scans: tuple[str, ...] = ()
        refused = ""
        for action in statement.actions:
            refused = refused or self.refused(table, action)
            if isinstance(action, DropColumn) and not self._is_virtual(table, action.column):
                rewrites = (table,)
            elif isinstance(action, AddColumn) and self._checks_rows(action):
                scans = (table,)
        if refused:
            return self.written(statement, refused=refused)
        return self.written(statement, rewrites=rewrites, scans=scans)

    def _is_virtual(self, table: str, name: str) -> bool:
        column = self.catalogue.column(table, name)
        return column is not None and column.generated == "virtual"

    @staticmethod
    def _checks_rows(action: AddColumn) -> bool:
        """Documented: a CHECK, and NOT NULL of a generated column, are tested against the rows that exist."""
        column = action.column
        return column.check or bool(column.generated and not column.null)

    def refused(self, table: str, action: Action) -> str:
        """Why SQLite cannot carry out an action on a table with rows, empty when it can."""
        if isinstance(action, AddColumn):
            return self._addition_refused(action)
        if isinstance(action, DropColumn):
            return self._drop_refused(table, action.column)
        if isinstance(action, RenameColumn) and self.version and self.version < RENAME_COLUMN:
            return "SQLite renames columns from version 3.25 on."
        if isinstance(action, RenameColumn | RenameTable):
            return ""
        return "SQLite has no such action of ALTER TABLE; the table has to be made anew."

    @staticmethod
    def _addition_refused(action: AddColumn) -> str:
        column = action.column
        if column.primary_key or column.unique:
            return (
                f"SQLite cannot add the column {column.name} as a unique one or as the primary key."
            )
        if column.generated == "stored":
            return f"SQLite cannot add the stored generated column {column.name}."
        if column.default not in {Default.NONE, Default.CONSTANT}:
            return (
                f"SQLite cannot add the column {column.name} with a default that has to be computed to a "
                "table with rows."
            )
        if not column.null and column.default is Default.NONE and not column.generated:
            return f"SQLite cannot add the column {column.name} with NOT NULL and without a default to a table with rows."
        return ""

    def _drop_refused(self, table: str, name: str) -> str:
        if self.version and self.version < DROP_COLUMN:
            return "SQLite drops columns from version 3.35 on."
        column = self.catalogue.column(table, name)
        if column is not None and column.primary_key:
            return f"SQLite cannot drop the column {name}, which belongs to the primary key."
        for index in self.catalogue.indexes(table) or ():
            if name in index.columns:
                return f"SQLite cannot drop the column {name} while the index {index.name} has it."
        return ""

    def remake_table(self, statement: RemakeTable) -> Facts:
        return self.written(statement, rewrites=(statement.table, *statement.also))

    def create_table(self, statement: CreateTable) -> Facts:
        if statement.temporary:
            return Facts(statement=statement, scans=statement.reads)
        return self.written(statement, scans=statement.reads)

    def drop_table(self, statement: DropTable) -> Facts:
        """Of a table that others reference every row is deleted first, which looks for those that reference it."""
        referenced = tuple(
            table
            for table in statement.tables
            if self.catalogue.referencing(table) != () and self.catalogue.exists(table) is not False
        )
        return self.written(statement, scans=referenced)

    # --- indexes ------------------------------------------------------------------------------------------------------------

    def create_index(self, statement: CreateIndex) -> Facts:
        if self.catalogue.exists(statement.table) is False:
            return self.written(statement)
        return self.written(statement, index_builds=(IndexBuild(statement.table, statement.name),))

    def reindex(self, statement: Reindex) -> Facts:
        """SQLite's REINDEX does not say whether its name is that of a table or of an index."""
        table = self.catalogue.index_table(statement.name)
        if table is not None:
            builds = (IndexBuild(table, statement.name),)
        else:
            builds = (IndexBuild(statement.name if statement.kind == "table" else ""),)
        return self.written(statement, index_builds=builds)

    # --- rows, and the rest -------------------------------------------------------------------------------------------------

    def change_rows(self, statement: ChangeRows) -> Facts:
        if statement.conditional:
            return self.written(statement)
        own = () if statement.kind == "insert" else (statement.table,)
        return self.written(statement, scans=tuple(dict.fromkeys((*own, *statement.reads))))

    def maintenance(self, statement: Maintenance) -> Facts:
        """VACUUM writes the whole file anew, ANALYZE reads every index."""
        command = statement.command.upper()
        if command == "VACUUM":
            return self.written(statement, rewrites=("",), refused_in_transaction=True)
        if command == "ANALYZE":
            return self.written(statement, scans=statement.tables or ("",))
        return self.written(statement, refused=f"SQLite has no command {command}.")

    def small_change(self, statement: Statement) -> Facts:
        return self.written(statement)

    def nothing(self, statement: Statement) -> Facts:
        return Facts(statement=statement)

    def transaction(self, statement: TransactionControl) -> Facts:
        return Facts(statement=statement, commits=statement.keywords.upper() == "COMMIT")


_NOT_SQLITE = "SQLite has no such statement."

_FACTS: dict[type[Statement], Callable[..., Any]] = {
    AlterTable: SQLiteFactBook.alter_table,
    ChangeRows: SQLiteFactBook.change_rows,
    ChangeTrigger: SQLiteFactBook.small_change,
    ChangeView: SQLiteFactBook.small_change,
    CreateIndex: SQLiteFactBook.create_index,
    CreateTable: SQLiteFactBook.create_table,
    DropIndex: SQLiteFactBook.small_change,
    DropTable: SQLiteFactBook.drop_table,
    Maintenance: SQLiteFactBook.maintenance,
    OtherObject: SQLiteFactBook.small_change,
    Reindex: SQLiteFactBook.reindex,
    RemakeTable: SQLiteFactBook.remake_table,
    Select: SQLiteFactBook.nothing,
    SetVariable: SQLiteFactBook.nothing,
    TransactionControl: SQLiteFactBook.transaction,
}

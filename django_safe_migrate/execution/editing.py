"""Django's schema editor, made to leave no transaction open whatever happens, and no table half remade."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.db import transaction

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.backends.base.schema import BaseDatabaseSchemaEditor


@contextmanager
def schema_editor(
    connection: BaseDatabaseWrapper, *, atomic: bool
) -> Iterator[BaseDatabaseSchemaEditor]:
    """
    Give a schema editor.

    On SQLite Django's editor checks constraints on leaving even after an error; when that raises, it hides the first error, be it
    a request to stop, and its transaction stays open.
    """
    nested = connection.in_atomic_block
    editor: Any = connection.schema_editor(atomic=atomic)
    _remake_tables_as_a_whole(editor)
    first: Exception | KeyboardInterrupt | None = None
    try:
        with editor:
            try:
                yield editor
            except (Exception, KeyboardInterrupt) as error:
                first = error
                raise
    except (Exception, KeyboardInterrupt) as error:
        if editor.atomic_migration and connection.in_atomic_block and not nested:
            editor.atomic.__exit__(type(error), error, error.__traceback__)
            connection.enable_constraint_checking()
        if first is not None and error is not first:
            raise first from first.__cause__
        raise


def _remake_tables_as_a_whole(editor: Any) -> None:
    """
    Give each remake of a table a transaction, where the migration has none.

    On SQLite Django changes most of a table by making it anew in four statements (``DatabaseSchemaEditor._remake_table``). Killed after the
    third, the rows would be in a table of another name, which nothing looks for.
    """
    remake = getattr(editor, "_remake_table", None)
    if remake is None or editor.atomic_migration:
        return

    def remade(*args: Any, **kwargs: Any) -> Any:
        with transaction.atomic(editor.connection.alias):
            return remake(*args, **kwargs)

    editor._remake_table = remade

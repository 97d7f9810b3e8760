"""Django's schema editor, made to leave no transaction open whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

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
    editor = connection.schema_editor(atomic=atomic)
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
            raise first from None
        raise

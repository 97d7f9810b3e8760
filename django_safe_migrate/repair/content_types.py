"""The content types of renamed models, which Django renames in a step of its own that no file lists."""

from __future__ import annotations

from collections.abc import Iterable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db.migrations import RenameModel

if TYPE_CHECKING:
    from django.db.migrations.operations.base import Operation

    from django_safe_migrate.databases import Database


def rename_content_types(
    database: Database, app_label: str, operations: Iterable[Operation], *, forwards: bool
) -> None:
    """
    Rename what a run that was broken off behind a ``RenameModel`` has not renamed; harmless where it has.

    Else ``post_migrate`` would create a second content type, and permissions and generic relations would go on pointing to the first. Django
    adds its step to the plan of ``migrate`` only (``django.contrib.contenttypes.management.inject_rename_contenttypes_operations``).
    """
    if not apps.is_installed("django.contrib.contenttypes"):
        return
    from django.contrib.contenttypes.management import RenameContentType
    from django.contrib.contenttypes.models import ContentType

    if ContentType._meta.db_table not in database.tables():
        return
    renamed = [operation for operation in operations if isinstance(operation, RenameModel)]
    # All that Django's step takes from the two is a model and a connection.
    models: Any = apps
    editor: Any = SimpleNamespace(connection=database.connection)
    for operation in renamed if forwards else reversed(renamed):
        rename = RenameContentType(app_label, operation.old_name_lower, operation.new_name_lower)
        carry_out = rename.rename_forward if forwards else rename.rename_backward
        carry_out(models, editor)

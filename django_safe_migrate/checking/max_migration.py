"""
Whether the files of django-linear-migrations name the last migration of their app.

https://github.com/adamchainz/django-linear-migrations
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from django_safe_migrate.checking.names import severity_of
from django_safe_migrate.findings import Finding
from django_safe_migrate.plan import source_file

if TYPE_CHECKING:
    from django.db.migrations.loader import MigrationLoader

    from django_safe_migrate.checking.scope import Scope

NAME = "max_migration.txt"
_CONFLICT = "<<<<<<<"


def outdated(loader: MigrationLoader, scope: Scope) -> Iterator[Finding]:
    """Yield a finding for each file that names another migration than its app's only leaf; without such files nothing."""
    leaves: dict[str, list[str]] = {}
    for app_label, name in loader.graph.leaf_nodes():
        leaves.setdefault(app_label, []).append(name)
    for app_label, names in sorted(leaves.items()):
        file = Path(source_file(loader.graph.nodes[(app_label, names[0])])).parent / NAME
        if scope.has_app(app_label) and len(names) == 1 and file.is_file():
            yield from _compared(app_label, names[0], file)


def _compared(app_label: str, leaf: str, file: Path) -> Iterator[Finding]:
    content = file.read_text(encoding="utf-8", errors="replace").strip()
    if content == leaf:
        return
    if _CONFLICT in content:
        said, hint = (
            "has the marks of a merge conflict",
            f"python manage.py rebase_migration {app_label}",
        )
    else:
        named = (content.splitlines() or ["nothing"])[0]
        said, hint = f"names {named}", f"Write {leaf} into it."
    yield Finding(
        rule="max_migration_outdated",
        severity=severity_of("max_migration_outdated"),
        message=f"{NAME} of {app_label} {said}, and the last migration is {leaf}.",
        hint=hint,
        operation=f"{app_label}: {NAME}",
        file=str(file),
        line=1,
    )

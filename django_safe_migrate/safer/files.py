"""Putting new migration files in the place of old ones, so that none is lost whatever happens meanwhile."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from django.db.migrations.writer import MigrationWriter

from django_safe_migrate.checking.max_migration import NAME as MAX_MIGRATION
from django_safe_migrate.exceptions import SafeMigrateError

if TYPE_CHECKING:
    from django.db.migrations import Migration

    from django_safe_migrate.safer.arranging import Arranged

_CLASS = "class Migration(migrations.Migration):\n"


class Writer(MigrationWriter):
    """Django's, which before 6.1 leaves out ``atomic`` and ``run_before``."""

    def as_string(self) -> str:
        """Return the source of the migration."""
        text = super().as_string()
        for name, value, usual in (
            ("run_before", self.migration.run_before, []),
            ("atomic", self.migration.atomic, True),
        ):
            if value != usual and f"\n    {name} = " not in text:
                text = text.replace(_CLASS, f"{_CLASS}\n    {name} = {value!r}\n", 1)
        return text


def put_in_place(arranged: Arranged, *, include_header: bool) -> list[Path]:
    """
    Write the new files, and delete those that they replace; return the paths of the new ones.

    When it fails, the old files are as they were and none of the new ones is left.

    Raises:
        SafeMigrateError: a file cannot be written, is there already, or needs functions that only an old file has.
    """
    old = [Path(MigrationWriter(one).path) for one in arranged.replaced]
    sources = _sources(arranged.migrations, include_header=include_header)
    for path in sources:
        # A temporary name that is taken as well: what is undone is deleted, and must be ours.
        for taken in (path, _temporary(path)):
            if taken.exists() and taken not in old:
                raise SafeMigrateError(f"{taken} exists already.", changed=_UNCHANGED)
    before = {path: path.read_bytes() for path in old}
    try:
        _replace(sources, old)
    except BaseException as error:
        _undo(sources, before)
        if isinstance(error, OSError):
            raise SafeMigrateError(
                f"The safer variant could not be written: {error}.", changed=_UNCHANGED
            ) from error
        raise
    return list(sources)


_UNCHANGED = "The migrations are as makemigrations wrote them."


def _sources(migrations: Sequence[Migration], *, include_header: bool) -> dict[Path, str]:
    sources = {}
    for migration in migrations:
        writer = Writer(migration, include_header)
        sources[Path(writer.path)] = writer.as_string()
        if writer.needs_manual_porting:
            raise SafeMigrateError(
                f"{migration.app_label}.{migration.name} uses functions of another migration file, which have to be copied by hand.",
                changed=_UNCHANGED,
            )
    return sources


def _temporary(path: Path) -> Path:
    """A name beside it that Python does not take for a module."""
    return path.with_name(f".{path.name}.new")


def _replace(sources: Mapping[Path, str], old: Sequence[Path]) -> None:
    for path, source in sources.items():
        _temporary(path).write_text(source, encoding="utf-8")
    for path in sources:
        _temporary(path).replace(path)
    for path in old:
        if path not in sources:
            path.unlink()


def _undo(sources: Mapping[Path, str], before: Mapping[Path, bytes]) -> None:
    # The old ones first: should this fail as well, there is a file too many and none too few.
    for path, content in before.items():
        if not path.exists() or path.read_bytes() != content:
            path.write_bytes(content)
    for path in sources:
        with contextlib.suppress(FileNotFoundError):
            _temporary(path).unlink()
        if path not in before:
            with contextlib.suppress(FileNotFoundError):
                path.unlink()


def follow(migrations: Sequence[Migration]) -> None:
    """Keep the file of django-linear-migrations, where there is one, at the last migration of its app."""
    leaves = {Path(MigrationWriter(one).path).parent: one.name for one in migrations}
    for folder, name in leaves.items():
        if (folder / MAX_MIGRATION).exists():
            (folder / MAX_MIGRATION).write_text(f"{name}\n", encoding="utf-8")

"""New migrations out of parts: names, consecutive numbers, dependencies."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.migrations import Migration
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.migration import SwappableTuple

from django_safe_migrate.safer.parts import Part

if TYPE_CHECKING:
    from django_safe_migrate.safer.rewriting import Rewriting

Key = tuple[str, str]


@dataclasses.dataclass(frozen=True, slots=True)
class Arranged:
    """The migrations that take the place of all those written; ``kept`` are those whose files stay as they are."""

    migrations: tuple[Migration, ...]
    replaced: tuple[Migration, ...]
    kept: tuple[Migration, ...]


def arrange(rewritings: Sequence[Rewriting], name: str | None) -> Arranged:
    """
    Return the migrations that rewritings make.

    Those of the same app that come after a rewritten one get higher numbers, and all of them depend on the last of its parts.

    Args:
        rewritings: all migrations just written, in an order in which they can be applied.
        name: what the user wants them to be called, None for a name after what they do.
    """
    last: dict[Key, Key] = {}
    numbers: dict[str, int] = {}
    new: list[Migration] = []
    replaced: list[Migration] = []
    kept: list[Migration] = []
    for one in rewritings:
        old = one.migration
        made = list(_migrations(one, numbers, last, name))
        last[one.key] = (old.app_label, made[-1].name)
        is_same = not one.parts and made[0].name == old.name
        if is_same and not any(
            _key(d) in last and last[_key(d)] != _key(d) for d in old.dependencies
        ):
            kept.append(old)
        else:
            new.extend(made)
            replaced.append(old)
    return Arranged(tuple(new), tuple(replaced), tuple(kept))


def _migrations(
    rewriting: Rewriting, numbers: dict[str, int], last: dict[Key, Key], name: str | None
) -> Iterator[Migration]:
    old = rewriting.migration
    number = numbers.get(old.app_label) or MigrationAutodetector.parse_number(old.name) or 1
    parts = rewriting.parts or (Part(tuple(old.operations)),)
    dependencies = [_written_out(last.get(_key(one), one)) for one in old.dependencies]
    for place, part in enumerate(parts):
        # Any: Django declares as class variables what a writer takes from an instance.
        migration: Any = Migration("made", old.app_label)
        migration.operations = list(part.operations)
        migration.atomic = old.atomic if part.atomic is None else part.atomic
        migration.initial = old.initial if place == 0 else None
        migration.dependencies = dependencies
        migration.run_before = list(old.run_before) if place == len(parts) - 1 else []
        migration.name = f"{number + place:04}_{_fragment(rewriting, migration, place, name)}"
        yield migration
        dependencies = [(old.app_label, migration.name)]
    numbers[old.app_label] = number + len(parts)


def _fragment(rewriting: Rewriting, migration: Migration, place: int, name: str | None) -> str:
    if not rewriting.parts:
        return re.sub(r"^\d+_", "", rewriting.migration.name)
    if name:
        return name if place == 0 else f"{name}_{place + 1}"
    return migration.suggest_name()


def _key(dependency: Any) -> Key:
    return dependency[0], dependency[1]


def _written_out(dependency: Any) -> Key:
    """A dependency on a swappable model as Django's writer takes it; a loaded migration names what it stands for here."""
    if isinstance(dependency, SwappableTuple) and dependency.setting == settings.AUTH_USER_MODEL:
        return "__setting__", "AUTH_USER_MODEL"
    return _key(dependency)

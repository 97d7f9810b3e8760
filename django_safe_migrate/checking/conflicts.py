"""Apps with several leaf migrations, and both ways out of that: a merge migration, or new numbers for one of the branches."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.utils import get_migration_name_timestamp

from django_safe_migrate.checking.names import severity_of
from django_safe_migrate.checking.order import Key, own_branch
from django_safe_migrate.findings import Finding
from django_safe_migrate.plan import source_file

if TYPE_CHECKING:
    from django.db.migrations.loader import MigrationLoader

    from django_safe_migrate.checking.scope import Scope

_NUMBER = re.compile(r"^\d+")
#: Django leaves the names of the leaves out of a merge migration's when they are longer than this together.
_LONGEST_MERGED = 47


def conflicts(
    loader: MigrationLoader, scope: Scope, root: Path, changed: frozenset[Path] = frozenset()
) -> Iterator[Finding]:
    """
    Yield a finding for each app with several leaves.

    Args:
        root: the folder that paths in commands are relative to.
        changed: the files of this branch, which give way to the others.
    """
    for app_label, names in sorted(loader.detect_conflicts().items()):
        if not scope.has_app(app_label):
            continue
        leaves = _in_order_of_right(loader, app_label, names, changed)
        stays, *_, gives_way = leaves
        listed = " and ".join(sorted(names))
        yield Finding(
            rule="conflicting_migrations",
            severity=severity_of("conflicting_migrations"),
            message=f"App {app_label} has {len(names)} last migrations, {listed}: nothing says which comes first, "
            "so migrate refuses to apply any.",
            hint="\n".join(
                [*_merging(loader, app_label, names, root), *_renumbering(loader, leaves, root)]
            ),
            operation=f"{app_label}: {listed}",
            file=_file(loader, gives_way),
        )


def _in_order_of_right(
    loader: MigrationLoader, app_label: str, names: Collection[str], changed: frozenset[Path]
) -> list[Key]:
    """The leaves, those that must keep their names first: what is applied, then what was there before this branch."""

    def right(key: Key) -> tuple[bool, bool, Key]:
        file = _file(loader, key)
        return (
            key not in loader.applied_migrations,
            bool(file) and Path(file).resolve() in changed,
            key,
        )

    return sorted(((app_label, name) for name in names), key=right)


def _merging(
    loader: MigrationLoader, app_label: str, names: Collection[str], root: Path
) -> Iterator[str]:
    folder = _shown(Path(_file(loader, (app_label, min(names)))).parent, root)
    yield "Either join them with a merge migration, when their order does not matter:"
    yield f"    python manage.py makemigrations --merge {app_label}"
    yield f"It writes {folder}/{_merge_name(names)}.py:"
    dependencies = "\n".join(f'        ("{app_label}", "{name}"),' for name in sorted(names))
    source = (
        "from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n"
        f"    dependencies = [\n{dependencies}\n    ]\n\n    operations = []"
    )
    yield from textwrap.indent(source, "    ").splitlines()


def _merge_name(names: Collection[str]) -> str:
    """The name that ``makemigrations --merge`` gives."""
    numbers = [_number(name) for name in names]
    biggest = max((number for number in numbers if number is not None), default=1)
    joined = "_".join(sorted(names))
    rest = get_migration_name_timestamp() if len(joined) > _LONGEST_MERGED else joined
    return f"{biggest + 1:04}_merge_{rest}"


def _renumbering(loader: MigrationLoader, leaves: list[Key], root: Path) -> Iterator[str]:
    stays, *others = leaves
    kept = set(own_branch(loader, stays))
    last = stays
    moved: dict[Key, Key] = {}
    behind: dict[Key, Key] = {}
    for leaf in others:
        branch = [key for key in own_branch(loader, leaf) if key not in kept]
        behind[branch[0]] = last
        for key in branch:
            last = moved[key] = _renumbered(key, last)
        kept.update(branch)
    yield f"Or put {', '.join(name for _, name in moved)} behind {stays[1]}, so that the history is one line:"
    for old, new in moved.items():
        if old != new:
            file = Path(_file(loader, old))
            yield f"    git mv {_shown(file, root)} {_shown(file.with_name(f'{new[1]}.py'), root)}"
    yield from _new_dependencies(loader, moved, behind, root)
    for old, new in moved.items():
        if old in loader.applied_migrations and old != new:
            yield f"{old[1]} is applied here; record its new name afterwards: python manage.py safemigrate {new[0]} {new[1]} --fake"


def _renumbered(key: Key, last: Key) -> Key:
    number = _number(last[1])
    if number is None or not _NUMBER.match(key[1]):
        return key
    return key[0], _NUMBER.sub(f"{number + 1:04}", key[1], count=1)


def _number(name: str) -> int | None:
    return MigrationAutodetector.parse_number(name)


def _new_dependencies(
    loader: MigrationLoader, moved: dict[Key, Key], behind: dict[Key, Key], root: Path
) -> Iterator[str]:
    """Which dependency to write instead of which, in the moved migrations and in those that depend on them."""
    for key in sorted(loader.graph.nodes):
        migration = loader.graph.nodes[key]
        changes = {
            (one[0], one[1]): moved[(one[0], one[1])]
            for one in migration.dependencies
            if moved.get((one[0], one[1]), (one[0], one[1])) != (one[0], one[1])
        }
        if key in behind:
            parents = [one for one in migration.dependencies if one[0] == key[0]]
            changes.update({(one[0], one[1]): behind[key] for one in parents})
        file = Path(_file(loader, key))
        place = file.with_name(f"{moved[key][1]}.py") if key in moved else file
        for old, new in changes.items():
            yield f'In {_shown(place, root)}, write ("{new[0]}", "{new[1]}") instead of ("{old[0]}", "{old[1]}") in dependencies.'


def _file(loader: MigrationLoader, key: Key) -> str:
    return source_file(loader.disk_migrations[key])


def _shown(path: Path, root: Path) -> str:
    path = path.resolve()
    return (path.relative_to(root) if path.is_relative_to(root) else path).as_posix()

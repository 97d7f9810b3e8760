"""What the arguments of ``migrate`` mean, and the plans that undo: Django's rules, as functions."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from django.apps import apps
from django.core.management.base import CommandError
from django.db.migrations.loader import AmbiguityError

from django_safe_migrate.plan import Target

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.migrations import Migration
    from django.db.migrations.executor import MigrationExecutor
    from django.db.migrations.loader import MigrationLoader

DjangoPlan = list[tuple["Migration", bool]]
Key = tuple[str, str]


@dataclasses.dataclass(frozen=True, slots=True)
class Planned:
    """What Django's executor takes: targets and the plan for them."""

    targets: tuple[Target, ...]
    plan: DjangoPlan


def check_graph(loader: MigrationLoader, connection: BaseDatabaseWrapper) -> None:
    """
    Stop where ``migrate`` stops: on an inconsistent history or on conflicting leaf nodes.

    Raises:
        InconsistentMigrationHistory: a migration is applied before one that it depends on.
        CommandError: an app has more than one leaf node.
    """
    loader.check_consistent_history(connection)
    conflicts = loader.detect_conflicts()
    if conflicts:
        names = "; ".join(
            f"{', '.join(sorted(names))} in {app}" for app, names in sorted(conflicts.items())
        )
        raise CommandError(
            f"Conflicting migrations detected; multiple leaf nodes in the migration graph: ({names}).\n"
            "To fix them run 'python manage.py makemigrations --merge'"
        )


def resolve(
    loader: MigrationLoader, app_label: str | None, name: str | None, *, run_syncdb: bool
) -> tuple[Target, ...]:
    """
    Return the targets that the arguments of ``migrate`` name.

    Raises:
        CommandError: the app or the migration is not known, is ambiguous, or has no migrations; the text is Django's.
    """
    if not app_label:
        return tuple(loader.graph.leaf_nodes())
    check_app_label(loader, app_label, run_syncdb=run_syncdb)
    if not name:
        return tuple(key for key in loader.graph.leaf_nodes() if key[0] == app_label)
    if name == "zero":
        return ((app_label, None),)
    return (_named_target(loader, app_label, name),)


def check_app_label(loader: MigrationLoader, app_label: str, *, run_syncdb: bool = False) -> None:
    """Raise ``CommandError`` when there is no such app, or it cannot be migrated in the way asked for."""
    try:
        apps.get_app_config(app_label)
    except LookupError as error:
        raise CommandError(str(error)) from error
    if run_syncdb and app_label in loader.migrated_apps:
        raise CommandError(f"Can't use run_syncdb with app '{app_label}' as it has migrations.")
    if not run_syncdb and app_label not in loader.migrated_apps:
        raise CommandError(f"App '{app_label}' does not have migrations.")


def _named_target(loader: MigrationLoader, app_label: str, name: str) -> Target:
    try:
        migration = loader.get_migration_by_prefix(app_label, name)
    except AmbiguityError as error:
        raise CommandError(
            f"More than one migration matches '{name}' in app '{app_label}'. Please be more specific."
        ) from error
    except KeyError as error:
        raise CommandError(
            f"Cannot find a migration matching '{name}' from app '{app_label}'."
        ) from error
    target = (app_label, migration.name)
    # A squashed migration of which only some replaced ones are applied is not in the graph.
    if target not in loader.graph.nodes and target in loader.replacements:
        return loader.replacements[target].replaces[-1]
    return target


def plan_for(executor: MigrationExecutor, targets: tuple[Target, ...]) -> Planned:
    """Return the plan Django makes for these targets."""
    return Planned(targets, executor.migration_plan(list(targets)))


def plan_between(executor: MigrationExecutor, wanted: Iterable[Key]) -> list[Planned]:
    """
    Return the plans that bring the applied migrations to exactly the wanted set: backwards first, then forwards.

    At most two, since Django carries out one direction at a time. Migrations that depend on one to be unapplied go with it.
    Records without a file, of apps that are gone, do not matter as long as they may stay.

    Raises:
        CommandError: a migration to unapply, or to apply again, has no file any more.
    """
    loader = executor.loader
    wanted_keys = set(wanted)
    if _splits_a_squash(loader, wanted_keys):
        # As Django does when a target is one of the replaced migrations (MigrationExecutor.migration_plan).
        loader.replace_migrations = False  # type: ignore[attr-defined]
        loader.build_graph()
    applied = set(loader.applied_migrations)
    staying = {key for key in applied & wanted_keys if not _nodes(loader, key)}
    applied_nodes = _all_nodes(loader, applied - staying, "unapplied")
    return _plans(
        executor, _all_nodes(loader, wanted_keys - staying, "applied again"), applied_nodes
    )


def plan_without(executor: MigrationExecutor, undone: Iterable[Key]) -> Planned:
    """Return the plan that unapplies these nodes of the graph and what depends on them; empty when there are none."""
    loader = executor.loader
    known = {node for key in loader.applied_migrations for node in _nodes(loader, key)}
    plans = _plans(executor, known - set(undone), known)
    return plans[0] if plans else Planned((), [])


def _plans(executor: MigrationExecutor, wanted: set[Key], applied: set[Key]) -> list[Planned]:
    loader = executor.loader
    order = [
        (m.app_label, m.name)
        for m, _ in executor.migration_plan(loader.graph.leaf_nodes(), clean_start=True)
    ]
    undone = _with_dependents(loader, applied - wanted, applied)
    redone = wanted - (applied - undone)
    plans = []
    if undone:
        backwards = [(loader.graph.nodes[key], True) for key in reversed(order) if key in undone]
        plans.append(Planned(_targets_before(loader, undone), backwards))
    if redone:
        forwards = [(loader.graph.nodes[key], False) for key in order if key in redone]
        plans.append(Planned(tuple(sorted(redone)), forwards))
    return plans


def last_applied(
    executor: MigrationExecutor, count: int, *, without: Collection[Key] = ()
) -> list[Key]:
    """
    Return the last migrations that were really applied, newest first, by the order of their records: nodes of the graph.

    Django writes the record of a squashed migration long after the migrations it replaces were applied, and beside theirs; such a
    record says nothing about when. A squashed migration counts once, as its last replaced one. ``without`` are records that do not count.

    Raises:
        CommandError: one of them has no file any more.
    """
    recorder, loader = executor.recorder, executor.loader
    if not recorder.has_table():
        return []
    rows = list(recorder.migration_qs.order_by("id").values_list("app", "name"))
    rows = [key for key in rows if key not in without]
    recorded = set(rows)
    newest: dict[Key, int] = {}
    for place, key in enumerate(rows):
        replacing = loader.replacements.get(key)
        if replacing is None or not recorded.intersection(replacing.replaces):
            for node in _nodes(loader, key) or {key}:
                newest[node] = place
    last = sorted(newest, key=newest.__getitem__, reverse=True)[:count]
    _all_nodes(loader, last, "unapplied")
    return last


def _with_dependents(loader: MigrationLoader, undone: set[Key], applied: set[Key]) -> set[Key]:
    closure: set[Key] = set()
    for key in undone:
        closure.update(other for other in loader.graph.backwards_plan(key) if other in applied)
    return closure


def _targets_before(loader: MigrationLoader, undone: set[Key]) -> tuple[Target, ...]:
    """The nearest migration of each app that stays applied, or ``zero``."""
    targets: dict[str, Target] = {}
    for app_label, name in sorted(undone):
        parents = [
            p.key for p in loader.graph.node_map[(app_label, name)].parents if p.key[0] == app_label
        ]
        staying = [key for key in parents if key not in undone]
        if staying:
            targets[app_label] = staying[0]
        elif app_label not in targets:
            targets[app_label] = (app_label, None)
    return tuple(targets.values())


def _splits_a_squash(loader: MigrationLoader, wanted: set[Key]) -> bool:
    """Whether some, but not all, migrations behind a squashed one in the graph are wanted."""
    for node in loader.replacements.keys() & loader.graph.nodes.keys():
        replaced = _replaced(loader, node)
        if node not in wanted and replaced & wanted and not replaced <= wanted:
            return True
    return False


def _replaced(loader: MigrationLoader, key: Key) -> set[Key]:
    """The migrations that a squashed one stands for in the end; it may replace squashed ones in its turn."""
    found: set[Key] = set()
    for one in loader.replacements[key].replaces:
        found |= _replaced(loader, one) if one in loader.replacements else {one}
    return found


def _nodes(loader: MigrationLoader, key: Key) -> set[Key]:
    """
    The nodes of the graph that a record stands for; none when the file is gone.

    That is the migration itself, the squashed one that has taken its place, or, for a squashed one that cannot be used
    because only a part of it is applied, those that it would replace.
    """
    replacements = loader.replacements
    uses_squashed = bool(loader.replace_migrations)  # type: ignore[attr-defined]
    if key in loader.graph.nodes and (uses_squashed or key not in replacements):
        return {key}
    for node, migration in replacements.items() if uses_squashed else ():
        if key in migration.replaces and (found := _usable(loader, node)):
            return {found}
    if key in replacements:
        return {node for one in replacements[key].replaces for node in _nodes(loader, one)}
    return set()


def _usable(loader: MigrationLoader, squashed: Key) -> Key | None:
    """The squashed migration in the graph that stands for this squashed one: itself, or one that replaces it."""
    if squashed in loader.graph.nodes:
        return squashed
    for node, migration in loader.replacements.items():
        if squashed in migration.replaces and (found := _usable(loader, node)):
            return found
    return None


def _all_nodes(loader: MigrationLoader, keys: Iterable[Key], what: str) -> set[Key]:
    """The nodes that these records stand for; raise ``CommandError`` when one has no file, and so cannot be ``what``."""
    found: set[Key] = set()
    for key in sorted(keys):
        nodes = _nodes(loader, key)
        if not nodes:
            raise CommandError(
                f"Migration {key[0]}.{key[1]} was applied, and its file is gone: it cannot be {what}. "
                "Bring the file back from version control, or restore a backup."
            )
        found |= nodes
    return found

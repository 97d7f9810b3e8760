"""Recording a migration as applied or unapplied: as the schema says, never as somebody hopes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.management.base import CommandError
from django.db.migrations.loader import AmbiguityError

from django_safe_migrate.exceptions import UnsafePlan
from django_safe_migrate.execution.targets import Planned, check_app_label
from django_safe_migrate.repair.course import Course, chart
from django_safe_migrate.repair.half_done import carry_out_migration
from django_safe_migrate.repair.position import Position, locate
from django_safe_migrate.repair.present import Present
from django_safe_migrate.repair.problem import RESET, Problem, Session, Ways, on_database
from django_safe_migrate.sql.states import state_of
from django_safe_migrate.stages.execute import execute
from django_safe_migrate.stages.verify import verify

if TYPE_CHECKING:
    from django_safe_migrate.databases import Database
    from django_safe_migrate.status.migrations import Key, Migrations


def reset_problem(database: Database, migrations: Migrations, ways: Ways) -> Problem | None:
    """
    Return what is wrong with the record of the migration that ``ways`` names, None when record and schema agree.

    Raises:
        CommandError: there is no such migration, or several begin with the name.
        UnsafePlan: the schema is neither with nor without the migration, or other records forbid it.
    """
    key = _resolved(migrations, ways)
    # Without those before it there is no state to compare with.
    _ensure_possible(key, migrations, ways, forwards=True)
    recorded = key in migrations.loader.applied_migrations
    applied = set(migrations.loader.applied_migrations) - {key}
    present = Present(database)
    migration = migrations.files[key]
    course = chart(migration, state_of(migrations.loader, applied), database, present)
    position = locate(course, present, database, assumed=ways.assumed)
    is_there = _is_there(course, position, ways)
    _ensure_exact(course, position, present, ways)
    if is_there == recorded:
        return None
    if not is_there:
        _ensure_possible(key, migrations, ways, forwards=False)
    label = ".".join(key)
    planned = Planned((key,), [(migration, not is_there)])
    return Problem(
        action=RESET,
        subject=label,
        found=f"The schema is as {'after' if is_there else 'before'} it, and it is {'' if recorded else 'not '}recorded as applied.",
        remedy=f"Record it as {'applied' if is_there else 'unapplied'}; the schema is not touched.",
        repair=lambda session: _carry_out(session, planned),
    )


def _carry_out(session: Session, planned: Planned) -> None:
    carry_out_migration(session, planned, (("execute", execute), ("verify", verify)), fake=True)


def _resolved(migrations: Migrations, ways: Ways) -> Key:
    assert ways.reset is not None  # noqa: S101 - the caller made sure
    app_label, name = ways.reset
    if not migrations.has_graph:
        raise CommandError(
            f"--reset needs migration files that fit together: {migrations.problems[0]}"
        )
    check_app_label(migrations.loader, app_label)
    try:
        migration = migrations.loader.get_migration_by_prefix(app_label, name)
    except AmbiguityError as error:
        raise CommandError(
            f"More than one migration matches '{name}' in app '{app_label}'. Please be more specific."
        ) from error
    except KeyError as error:
        raise CommandError(
            f"Cannot find a migration matching '{name}' from app '{app_label}'."
        ) from error
    key = (app_label, str(migration.name))
    if key not in migrations.loader.graph.nodes:
        raise CommandError(
            f"--reset takes no migration that another one replaces: {'.'.join(key)}."
        )
    return key


def _is_there(course: Course, position: Position, ways: Ways) -> bool:
    """Whether the schema has the whole migration; anything between all and nothing is refused."""
    label = f"{course.migration.app_label}.{course.migration.name}"
    again = f"migrate_repair --reset {course.migration.app_label} {course.migration.name}"
    if position.unclear:
        number = position.unclear[0] + 1
        raise UnsafePlan(
            f"{label} cannot be compared with the schema: {position.reason}.",
            next_command=f"{again} --assume-done {number}{on_database(ways.database)}   (or --assume-not-done {number})",
        )
    if not position.reason and not position.inside:
        if position.point == course.length:
            return True
        if position.point == 0:
            return False
    if position.reason:
        how = position.reason
    else:
        part = " and part of the next one" if position.inside else ""
        how = f"{position.point} of its {course.length} operations{part} are in the database"
    raise UnsafePlan(
        f"The record of {label} was not changed, since the schema does not match: {how}.",
        next_command=f"migrate_repair --dry-run{on_database(ways.database)}   (shows what is half done or differs)",
    )


def _ensure_exact(course: Course, position: Position, present: Present, ways: Ways) -> None:
    """Raise ``UnsafePlan`` when an index or a foreign key is missing, which a half-done run may lack and a record must not hide."""
    lacking = (course.points[position.point] & course.varying) - course.there(present)
    if lacking:
        label = f"{course.migration.app_label}.{course.migration.name}"
        words = ", ".join(sorted(facet.words for facet in lacking))
        raise UnsafePlan(
            f"The record of {label} was not changed, since the schema does not match: missing is {words}.",
            next_command=f"migrate_repair --schema --dry-run{on_database(ways.database)}",
        )


def _ensure_possible(key: Key, migrations: Migrations, ways: Ways, *, forwards: bool) -> None:
    """Raise ``UnsafePlan`` when a record would contradict those of the migrations before (``forwards``) or after it."""
    graph, applied = migrations.loader.graph, migrations.loader.applied_migrations
    node = graph.node_map[key]
    if forwards:
        wrong = sorted(parent.key for parent in node.parents if parent.key not in applied)
        why = "depends on migrations that are not applied"
    else:
        wrong = sorted(child.key for child in node.children if child.key in applied)
        why = "is needed by migrations that are recorded as applied"
    if wrong:
        names = ", ".join(".".join(one) for one in wrong)
        raise UnsafePlan(
            f"{'.'.join(key)} {why}: {names}.",
            next_command=f"migrate_repair --reset {wrong[0][0]} {wrong[0][1]}{on_database(ways.database)}   (first)",
        )

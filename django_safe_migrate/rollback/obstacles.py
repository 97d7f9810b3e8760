"""What is in the way of going back, besides operations without a reverse: half-done migrations, missing files, no backup."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.core.exceptions import ImproperlyConfigured

from django_safe_migrate.backups import get_backend
from django_safe_migrate.history import History
from django_safe_migrate.models import MigrationStep
from django_safe_migrate.repair.half_done import Found, find_half_done
from django_safe_migrate.repair.problem import Ways
from django_safe_migrate.repair.resuming import RULE, resumptions
from django_safe_migrate.rollback.left_in_place import Skipped, stepping_over
from django_safe_migrate.status import migrations as files

if TYPE_CHECKING:
    from django_safe_migrate.databases import Database
    from django_safe_migrate.execution.targets import Key, Planned
    from django_safe_migrate.rollback.planning import Wanted
    from django_safe_migrate.run import RunOptions
    from django_safe_migrate.status.migrations import Migrations


class Obstacles:
    """
    What was left half done, in the way of a plan.

    ``stuck`` are the labels of planned migrations that only lose their record, ``finishing`` those whose way back is carried on, ``reverting``
    the half-done ones that are undone first, ``skipped`` what is left as it is.

    Args:
        database: that goes back.
        options: of the run.
        wanted: what to go back to.
        planned: the plan for it.
    """

    def __init__(
        self, database: Database, options: RunOptions, wanted: Wanted, planned: Planned
    ) -> None:
        self._history = History()
        self.stuck: frozenset[str] = frozenset()
        self.finishing: tuple[str, ...] = ()
        self.reverting: tuple[Found, ...] = ()
        self.skipped: list[Skipped] = []
        migrations = files.read(database.connection)
        found = find_half_done(database, migrations, Ways(database=options.database))
        if not found:
            return
        allowing = dataclasses.replace(options, allow=options.allow - {RULE})
        begun = resumptions(allowing, planned, database)
        self.finishing = tuple(one.label for one in begun if not one.reason)
        self.stuck = frozenset(one.label for one in begun if one.reason)
        for one in begun:
            if one.reason:
                self.skipped.append(
                    Skipped(
                        one.label,
                        f"its way back was begun and is not finished, since {one.reason}",
                        "what is in the database of it stays",
                    )
                )
        keys = {(one.app_label, one.name) for one, _ in planned.plan}
        for half in found:
            if half.half.direction == "forwards":
                self._half_done(half, _concerns(half, wanted, keys, migrations))

    def _half_done(self, found: Found, is_concerned: bool) -> None:
        label = found.half.migration
        if not is_concerned:
            what = "it is half done, and nothing of it is undone here"
            self.skipped.append(Skipped(label, what, "it stays as it is"))
            return
        course, position = found.course, found.position
        if course is None or position.reason:
            what = f"it is half done and is not undone, since {position.reason}"
            self.skipped.append(Skipped(label, what, "what is in the database of it stays"))
            return
        passable, left = stepping_over(course.migration)
        moves = tuple(
            dataclasses.replace(move, operation=operation)
            for move, operation in zip(course.moves, passable.operations, strict=True)
        )
        begun = {
            one.describe()
            for one in course.migration.operations[: position.point + position.inside]
        }
        self.skipped += [one for one in left if any(name in one.what for name in begun)]
        self.reverting += (
            dataclasses.replace(found, course=dataclasses.replace(course, moves=moves)),
        )

    def ghost(self, key: Key) -> Skipped:
        """Say what stays of a migration without a file, as far as the history knows."""
        stays = "what it did to the database stays, and the history does not know what that was"
        if self._history.is_available():
            steps = MigrationStep.objects.using(self._history.alias).filter(
                app_label=key[0], name=key[1], direction="forwards", status="applied"
            )
            row = steps.order_by("-run__started_at").values_list("operations", "run_id").first()
            if row is not None and row[0]:
                done = "; ".join(str(one.get("description", "")) for one in row[0])
                stays = f"what it did stays, by run {str(row[1])[:8]}: {done}"
        return Skipped(".".join(key), "its file is gone, and only its record is deleted", stays)


def _concerns(found: Found, wanted: Wanted, keys: set[Key], migrations: Migrations) -> bool:
    """Whether a half-done migration comes after what the database goes back to."""
    app_label, _, name = found.half.migration.partition(".")
    if wanted.run is not None:
        return True
    if not migrations.has_graph or (app_label, name) not in migrations.loader.graph.nodes:
        return False
    before = set(migrations.loader.graph.forwards_plan((app_label, name))) - {(app_label, name)}
    if before & keys:
        return True
    if wanted.to is None:
        return False
    target_app, target = wanted.to
    if target == "zero":
        return any(app == target_app for app, _ in {*before, (app_label, name)})
    return any(app == target_app and one.startswith(target) for app, one in before)


def missing_backup(options: RunOptions, database: Database) -> Sequence[Skipped]:
    """Say that no backup can be made, and why; nothing where one can be made or none is wanted."""
    if options.backup == "never":
        return ()
    try:
        found = [one for one in get_backend().check(database) if one.is_blocking]
    except ImproperlyConfigured as error:
        return (Skipped("backup", "none can be made", str(error).rstrip(".")),)
    if not found:
        return ()
    return (
        Skipped("backup", "none can be made", " ".join(one.message for one in found).rstrip(".")),
    )

"""Show what is broken and what would be done about it; do it when confirmed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from django.core.management.base import CommandParser, no_translations
from django.core.management.commands import migrate
from django.db import DEFAULT_DB_ALIAS, connections

from django_safe_migrate import conf
from django_safe_migrate.closing import told_when_stopped
from django_safe_migrate.databases import Database
from django_safe_migrate.exceptions import UnsafePlan
from django_safe_migrate.execution.interrupts import stopping
from django_safe_migrate.execution.surroundings import Surroundings, register_receivers
from django_safe_migrate.management.commands import _repair_text as text
from django_safe_migrate.management.commands._base import SafeMigrateCommand
from django_safe_migrate.management.commands._repair_arguments import (
    add_actions,
    add_conditions,
    ways_of,
)
from django_safe_migrate.repair import Problem, Ways, diagnose, others, repair
from django_safe_migrate.reports.live import live


class Command(SafeMigrateCommand):
    """Diagnosis, question, repair."""

    help = (
        "Shows what is half done, recorded without a file, invalid, different from the migrations or left behind by dead processes, "
        "and what it would do about it; does it when confirmed."
    )
    # It is what one runs when something is broken: a project whose checks fail must not stop it.
    requires_system_checks: list[str] = []
    _others: Sequence[Problem] = ()
    #: What is true once repairs have begun, whenever a signal comes.
    _repaired = ""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add what to repair, and how."""
        add_actions(parser.add_argument)
        parser.add_argument(
            "--database",
            default=DEFAULT_DB_ALIAS,
            choices=tuple(connections),
            help="The database to repair.",
        )
        add_conditions(parser.add_argument)

    @no_translations
    def handle_safely(self, *args: Any, **options: Any) -> None:
        """Look, show, ask and repair."""
        ways = ways_of(options, conf.load())
        database = self.open_database(options["database"])
        again = f"migrate_repair --dry-run --database {database.alias}"
        with (
            stopping(database.statement_canceller()),
            told_when_stopped(lambda: self._repaired, again),
        ):
            self._look_and_repair(database, ways, options)

    def _look_and_repair(self, database: Database, ways: Ways, options: dict[str, Any]) -> None:
        problems = diagnose(database, ways)
        self._others = others(database, ways)
        if not problems:
            self._show(problems, database, options, dry_run=True)
            return
        if self._is_dry(options):
            self._show(problems, database, options, dry_run=True)
            self._say_how(options, ways)
            return
        if options["format"] == "text":
            self._show(problems, database, options, dry_run=False)
        agreed = [problem for problem in problems if problem.can_be_repaired]
        repaired = self._repair(agreed, database, ways, options) if agreed else ()
        if options["format"] == "json":
            self._show(problems, database, options, dry_run=False, repaired=repaired)
        self._say_what_is_left(problems, repaired, ways)

    def _is_dry(self, options: dict[str, Any]) -> bool:
        """Without a terminal, only ``--noinput`` says that it is meant."""
        return bool(options["dry_run"]) or (options["interactive"] and not self.is_terminal())

    def _repair(
        self, agreed: Sequence[Problem], database: Database, ways: Ways, options: dict[str, Any]
    ) -> Sequence[Problem]:
        if options["interactive"] and not self._answered_yes(len(agreed)):
            raise UnsafePlan(
                "The repair was not confirmed.",
                next_command=f"migrate_repair --dry-run --database {database.alias}",
            )
        register_receivers()
        is_text = options["format"] == "text"
        listener = live(
            self.stdout if is_text else self.stderr,
            verbosity=options["verbosity"],
            force_color=options["force_color"],
            no_color=options["no_color"],
        )
        self._repaired = "What was repaired is in the history: migrate_status --history shows it."
        try:
            return repair(
                database,
                ways,
                agreed,
                surroundings=self._surroundings(options),
                listener=listener,
                waiting=self._say_waiting_to(self.stdout if is_text else self.stderr),
            )
        finally:
            listener.close()

    def _surroundings(self, options: dict[str, Any]) -> Surroundings:
        is_text = options["format"] == "text"
        return Surroundings(
            verbosity=options["verbosity"] if is_text else 0,
            interactive=options["interactive"],
            stdout=self.stdout if is_text else self.stderr,
            sync_apps=migrate.Command().sync_apps,
        )

    def _say_waiting_to(self, stream: Any) -> Callable[[str], None]:
        return lambda holder: stream.write(
            f"Waiting for another run on this database: {holder or 'holder not known'}."
        )

    def _answered_yes(self, count: int) -> bool:
        what = "this repair" if count == 1 else f"these {count} repairs"
        try:
            answer = input(f"Carry out {what}? Type 'yes' to go on: ")
        except EOFError:
            return False
        return answer.strip().lower() == "yes"

    def _show(
        self,
        problems: Sequence[Problem],
        database: Database,
        options: dict[str, Any],
        *,
        dry_run: bool,
        repaired: Sequence[Problem] = (),
    ) -> None:
        if options["format"] == "json":
            found = text.as_json(
                problems, database, dry_run=dry_run, repaired=repaired, others=self._others
            )
            self.stdout.write(json.dumps(found, indent=2, ensure_ascii=False))
            return
        if problems:
            self.stdout.write(text.table(problems, database))
        else:
            self.stdout.write(text.NOTHING_ASKED if self._others else text.NOTHING)
        if self._others:
            self.stdout.write(text.not_asked_for(self._others))

    def _say_how(self, options: dict[str, Any], ways: Ways) -> None:
        if options["format"] == "text":
            named = "" if ways.actions else " and an action, such as --resume"
            self.stdout.write(
                f"Nothing was touched. To carry it out, run this at a terminal, or add --noinput{named}."
            )

    def _say_what_is_left(
        self, problems: Sequence[Problem], repaired: Sequence[Problem], ways: Ways
    ) -> None:
        """End with an error when something that was named could not be done."""
        left = [one for one in problems if one not in repaired and not one.is_notice]
        if not left or not ways.actions:
            return
        done = f" Repaired: {', '.join(one.subject for one in repaired)}." if repaired else ""
        raise UnsafePlan(
            " ".join(f"{one.subject}: {one.remedy}" for one in left),
            changed=f"The rest was repaired.{done}" if repaired else "",
            next_command=left[0].next_command,
        )

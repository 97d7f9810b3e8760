"""The base of our commands: the only place where an error of ours becomes a message and an exit code."""

from __future__ import annotations

import gc
import sys
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError, connections
from django.db.migrations.exceptions import (
    BadMigrationError,
    InconsistentMigrationHistory,
    NodeNotFoundError,
)
from django.utils.text import capfirst

from django_safe_migrate.databases import Database, get_database
from django_safe_migrate.exceptions import MEMORY_REFUSED, SafeMigrateError

#: Mistakes of the user or of the project that Django reports by exception: told without a traceback.
_TOLD_PLAINLY = (
    BadMigrationError,
    ImproperlyConfigured,
    InconsistentMigrationHistory,
    NodeNotFoundError,
)

_ASK_STATUS = (
    "Whether the database was changed: migrate_status tells from the journal and the history.\n"
    "Next: python manage.py migrate_status"
)


class SafeMigrateCommand(BaseCommand):
    """
    A command that reports what it could not do in one message, with the exit code of the error.

    Subclasses implement ``handle_safely``. ``--traceback`` shows where an error came from, its cause included.
    """

    def run_from_argv(self, argv: list[str]) -> None:
        """Run as a program of its own: what Django has loaded stays to the end, and need not be searched for garbage again and again."""
        gc.freeze()
        super().run_from_argv(argv)

    def handle(self, *args: Any, **options: Any) -> str | None:
        """Call ``handle_safely`` and turn what it raises into a ``CommandError``."""
        try:
            return self.handle_safely(*args, **options)
        except SafeMigrateError as error:
            raise CommandError(str(error), returncode=error.exit_code) from error
        except (InterfaceError, OperationalError) as error:
            raise CommandError(_told_of_server(error)) from error
        except MemoryError as error:
            raise CommandError(f"{capfirst(MEMORY_REFUSED)}.\n{_ASK_STATUS}") from error
        except _TOLD_PLAINLY as error:
            raise CommandError(f"{type(error).__name__}: {error}") from error

    def handle_safely(self, *args: Any, **options: Any) -> str | None:
        """Do the command's work; raise ``SafeMigrateError`` for what could not be done."""
        raise NotImplementedError

    def open_database(self, alias: str) -> Database:
        """
        Return the database of an alias, connected.

        Raises:
            SafeMigrateError: the server does not let us in; its reason is in the message.
        """
        database = get_database(connections[alias])
        if reason := database.is_reachable():
            raise SafeMigrateError(
                f"Database {alias!r} ({database.name}) cannot be reached: {reason}",
                next_command=f"check --database {alias}   (once the server is up)",
            )
        return database

    def is_terminal(self) -> bool:
        """Whether somebody can answer a question."""
        return sys.stdin is not None and sys.stdin.isatty()

    def confirm(self, question: str) -> None:
        """
        Ask at the terminal, and go on only after 'yes'.

        Raises:
            CommandError: the answer was another one, or nobody is there to answer.
        """
        if not self.is_terminal():
            raise CommandError(
                f"{question} Nobody can answer here: add --noinput to go on. Nothing was done."
            )
        try:
            answer = input(f"{question} Type 'yes' to go on: ")
        except EOFError:
            answer = ""
        if answer.strip().lower() != "yes":
            raise CommandError("Nothing was done.")

    def say_waiting(self, holder: str) -> None:
        """Say who we wait for."""
        self.stdout.write(
            f"Waiting for another run on this database: {holder or 'holder not known'}."
        )


def _told_of_server(error: Exception) -> str:
    """Say that the server refused or went away; what it means for the database is known to the journal."""
    first, *_ = str(error).strip().splitlines() or [type(error).__name__]
    return f"The database server answered: {first}\n{_ASK_STATUS}"

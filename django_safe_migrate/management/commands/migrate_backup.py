"""Make, list, verify, restore and prune backups by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import DEFAULT_DB_ALIAS, connections

from django_safe_migrate import conf
from django_safe_migrate.backups import BackupBackend, Receipt, RestoreResult, get_backend
from django_safe_migrate.closing import told_when_stopped
from django_safe_migrate.databases import Database, get_database
from django_safe_migrate.exceptions import NOT_CHANGED, BackupFailed
from django_safe_migrate.execution.interrupts import stopping
from django_safe_migrate.execution.run_lock import hold
from django_safe_migrate.history import History
from django_safe_migrate.management.commands import _backup_points as points
from django_safe_migrate.management.commands import _backup_text as text
from django_safe_migrate.management.commands._backup_arguments import add_action_arguments
from django_safe_migrate.management.commands._base import SafeMigrateCommand
from django_safe_migrate.preservation import expiry
from django_safe_migrate.preservation.registry import Kept
from django_safe_migrate.reports.terminal import Terminal, terminal
from django_safe_migrate.restore import STOPPED as STOPPED_RESTORE
from django_safe_migrate.restore import RestoreRequest, restore_backup

LATEST = "latest"
#: Actions, and whether they need a name.
ACTIONS = {
    "create": False,
    "list": False,
    "verify": True,
    "restore": True,
    "prune": False,
    "delete": True,
    "drop-old": True,
    "repair": False,
}
#: What is true of an action that a signal has stopped, and the action that comes next.
STOPPED = {
    "create": (f"{NOT_CHANGED} A backup that was not complete was deleted.", "create"),
    "restore": (STOPPED_RESTORE, "repair"),
    "drop-old": ("The database was not changed; perhaps the kept state is gone.", "list"),
    "repair": ("What an interrupted restore had left is perhaps not yet in order.", "repair"),
}
LOOK = (NOT_CHANGED, "list")


class Command(SafeMigrateCommand):
    """Each action is one method that returns plain data and what to say of it."""

    # What brings a project back must work while something is wrong with it; checks may even need the database that is gone.
    requires_system_checks: list[str] = []

    help = (
        "Makes a verified backup (create), lists backups and what is kept of dropped data (list), reads one back in full (verify), puts one in the database's place "
        "and keeps the present state under another name (restore), deletes the oldest (prune) or one (delete), deletes a state that "
        "a restore has kept (drop-old), and finishes or undoes a restore that was killed (repair)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the action, its name and the options."""
        parser.add_argument("action", choices=tuple(ACTIONS), help="What to do.")
        parser.add_argument(
            "name",
            nargs="?",
            default="",
            help="The backup as list shows it, or 'latest'; for drop-old, the kept state.",
        )
        parser.add_argument(
            "--database",
            default=DEFAULT_DB_ALIAS,
            choices=tuple(connections),
            help="The database whose backups are meant.",
        )
        parser.add_argument(
            "--noinput",
            "--no-input",
            action="store_false",
            dest="interactive",
            help="Do not ask before restore, prune, delete and drop-old; needed where nobody can answer.",
        )
        parser.add_argument(
            "--format", choices=("text", "json"), default="text", help="Format of the output."
        )
        add_action_arguments(parser)

    def handle_safely(self, *args: Any, **options: Any) -> None:
        """Carry out the action and say what it did."""
        action, name = options["action"], options["name"]
        if bool(name) != ACTIONS[action]:
            wanted = "needs the name of one" if ACTIONS[action] else "takes no name"
            raise CommandError(f"migrate_backup {action} {wanted}; migrate_backup list shows them.")
        self._options = options
        self._backend = get_backend()
        act: Callable[[str], dict[str, Any]] = getattr(self, f"_{action.replace('-', '_')}")
        changed, following = STOPPED.get(action, LOOK)
        with (
            stopping(get_database(connections[self._alias]).statement_canceller()),
            told_when_stopped(
                lambda: changed, f"migrate_backup {following} --database {self._alias}"
            ),
        ):
            result = act(name)
        if options["format"] == "json":
            self.stdout.write(json.dumps(result, indent=2))

    # --- actions ------------------------------------------------------------------------------------------------------------

    def _create(self, name: str) -> dict[str, Any]:
        with text.progress(self._terminal(), shown=self._is_shown()) as progress:
            receipt = self._backend.create(self._database(), progress=progress)
        History().save_backup(receipt.told(), self._alias)
        self._say(text.created(receipt))
        return receipt.told()

    def _list(self, name: str) -> dict[str, Any]:
        receipts = self._backend.list(self._alias)
        kept, preserved = self._kept()
        if not self._is_json:
            text.print_list(self.stdout, self._alias, receipts, kept, self._terminal())
            text.print_preserved(self.stdout, preserved)
        return {
            "backups": [receipt.told() for receipt in receipts],
            "kept": list(kept),
            "preserved": [expiry.to_json(one) for one in preserved],
        }

    def _verify(self, name: str) -> dict[str, Any]:
        receipt = self._verified(self._resolved(name))
        if self._options["restore"]:
            with text.progress(self._terminal(), shown=self._is_shown()) as progress:
                receipt = self._backend.prove(
                    receipt.name,
                    self._database(),
                    no_owner=self._options["no_owner"],
                    progress=progress,
                )
            History().save_backup(receipt.told(), self._alias)
            self._say(text.proven(receipt))
        return receipt.told()

    def _verified(self, name: str) -> Receipt:
        try:
            receipt = self._backend.verify(name, self._alias)
        except BackupFailed as error:
            if not self._options["restore"]:
                raise
            # Is there a copy that would be restored, and can be proven instead?
            receipt = self._backend.restorable(name, self._alias)
            if not receipt.lost:
                raise
            self.stderr.write(error.message)
        self._say(text.verified(receipt))
        return receipt

    def _restore(self, name: str) -> dict[str, Any]:
        database = get_database(connections[self._alias])
        position = points.find(self._options["before"], self._alias)
        if position is not None and name == LATEST:
            name = points.preceding(self._backend, database, position)
        name = self._resolved(name)
        if commands := self._backend.by_hand(name, database, position):
            self._refuse(name, commands)
        receipt = self._backend.restorable(name, self._alias)
        self._ask_first(
            text.restore_question(receipt, database, in_place=self._options["in_place"])
        )
        result = self._brought_back(name, database)
        self._say(text.restored(result))
        return result.to_json()

    def _refuse(self, name: str, commands: tuple[str, ...]) -> None:
        """Print the commands, and say that nothing was restored: a script must not take them for a restore."""
        self._say("\n".join(commands))
        if self._is_json:
            self.stdout.write(json.dumps({"backup": name, "commands": list(commands)}, indent=2))
        raise BackupFailed(
            f"{name} was not restored: the commands above do it. They lose what was written after the point."
        )

    def _brought_back(self, name: str, database: Database) -> RestoreResult:
        if reason := database.is_reachable():
            # Perhaps it was dropped, and this is how to get it back; there is no run lock and no history to carry over then.
            self.stderr.write(f"Database {self._alias!r} cannot be reached: {reason}")
            with text.progress(self._terminal(), shown=self._is_shown()) as progress:
                return self._backend.restore(
                    name, database, no_owner=self._options["no_owner"], progress=progress
                )
        with (
            hold(database, conf.load().run_lock_wait, self._waiting),
            text.progress(self._terminal(), shown=self._is_shown()) as progress,
        ):
            request = RestoreRequest(
                name=name,
                listener=lambda event, record: None,
                in_place=self._options["in_place"],
                no_owner=self._options["no_owner"],
                progress=progress,
            )
            return restore_backup(request, database, self._backend)

    def _prune(self, name: str) -> dict[str, Any]:
        keep = self._options["keep"]
        keep = conf.load().backup.keep if keep is None else keep
        if keep < 1:
            raise CommandError(f"--keep is {keep}; at least one backup has to be kept.")
        self._ask_first(
            f"Delete the verified backups of database {self._alias!r} beyond the newest {keep}, and kept data whose time is over?"
        )
        deleted = self._backend.prune(self._alias, keep)
        History().mark_pruned(deleted, self._alias)
        database = get_database(connections[self._alias])
        over = () if database.is_reachable() else expiry.prune(database)
        self._say("\n".join([text.pruned(deleted, keep), *map(expiry.pruned, over)]))
        return {"deleted": list(deleted), "preserved": [expiry.to_json(one) for one in over]}

    def _delete(self, name: str) -> dict[str, Any]:
        self._ask_first(f"Delete the backup {name}?")
        self._backend.delete(name)
        History().mark_pruned([name], self._alias)
        self._say(f"Deleted {name}.")
        return {"deleted": [name]}

    def _drop_old(self, name: str) -> dict[str, Any]:
        self._ask_first(
            f"Delete {name}, the state from before a restore of database {self._alias!r}?"
        )
        self._backend.drop_old(self._database(), name)
        self._say(f"Deleted {name}.")
        return {"deleted": [name]}

    def _repair(self, name: str) -> dict[str, Any]:
        database = self._database()
        with hold(database, conf.load().run_lock_wait, self._waiting):
            done = self._backend.repair(database)
        self._say("\n".join(done) or "Nothing to repair: no restore was interrupted.")
        return {"done": list(done)}

    # --- what they share ----------------------------------------------------------------------------------------------------

    _options: dict[str, Any]
    _backend: BackupBackend

    @property
    def _alias(self) -> str:
        return str(self._options["database"])

    @property
    def _is_json(self) -> bool:
        return bool(self._options["format"] == "json")

    def _is_shown(self) -> bool:
        return not self._is_json and self._options["verbosity"] >= 1

    def _terminal(self) -> Terminal:
        options = self._options
        return terminal(
            self.stdout, force_color=options["force_color"], no_color=options["no_color"]
        )

    def _database(self) -> Database:
        return self.open_database(self._alias)

    def _kept(self) -> tuple[tuple[str, ...], tuple[Kept, ...]]:
        """The states that restores have kept, and data that migrations dropped; a database that is down must not hide the list of its backups."""
        database = get_database(connections[self._alias])
        if reason := database.is_reachable():
            self.stderr.write(
                f"Database {self._alias!r} cannot be reached, so kept states are not listed: {reason}"
            )
            return (), ()
        return self._backend.old_copies(database), expiry.preserved(database)

    def _resolved(self, name: str) -> str:
        if name != LATEST:
            return name
        receipt: Receipt | None = self._backend.latest(get_database(connections[self._alias]))
        if receipt is None:
            raise BackupFailed(
                f"There is no verified backup of database {self._alias!r}.",
                next_command=f"migrate_backup list --database {self._alias}",
            )
        return receipt.name

    def _ask_first(self, question: str) -> None:
        if self._options["interactive"]:
            self.confirm(question)

    def _waiting(self, holder: str) -> None:
        self.stderr.write(
            f"Waiting for another run on this database: {holder or 'holder not known'}."
        )

    def _say(self, message: str) -> None:
        if not self._is_json:
            self.stdout.write(message)

#!/usr/bin/env python
"""Show a release that goes wrong, is stopped, and then goes right: on SQLite, from nothing to the report."""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import sqlite3
import subprocess
import sys
import time
import uuid
from contextlib import closing
from pathlib import Path

# The rules whose findings stop release 2, and which its author decides to accept.
ALLOWED_RULES = ("drop_column", "rename_column")
RELEASE_1 = (
    "reviews",
    "0003",
)  # The last migration of release 1; it depends on the rest of the release.
OWN_APP = "django_safe_migrate"
ORDERS = "5000"
UNSAFE_PLAN = 3

HERE = Path(__file__).resolve().parent
VAR = Path(os.environ.get("VAR_DIR", HERE / "var")).resolve()
DATABASE = VAR / "db.sqlite3"
BACKUPS = VAR / "backups"
REPORT = VAR / "report.md"


class DemoFailed(Exception):
    """Something that the demo shows did not happen."""


def main() -> int:
    started = time.monotonic()
    try:
        _start_afresh()
        _install_release_1()
        before = _applied()
        _show_what_release_2_would_do()
        _watch_it_being_stopped()
        _deploy_release_2(before)
        _say_where_to_look(len(_applied()) - len(before))
    except DemoFailed as error:
        print(f"\nThe demo failed: {error}", file=sys.stderr, flush=True)
        return 1
    print(f"\nThe demo took {time.monotonic() - started:.0f} seconds.")
    return 0


def _start_afresh() -> None:
    """Remove what the demo before left; name each thing, since VAR_DIR may hold files of somebody else."""
    for name in (
        "db.sqlite3",
        "db.sqlite3-wal",
        "db.sqlite3-shm",
        "db.sqlite3-journal",
        REPORT.name,
    ):
        (VAR / name).unlink(missing_ok=True)
    for name in ("backups", "journal"):
        shutil.rmtree(VAR / name, ignore_errors=True)
    VAR.mkdir(parents=True, exist_ok=True)


def _install_release_1() -> None:
    _head(1, "Install release 1 of the shop on an empty database")
    _manage("safemigrate", "--noinput", *RELEASE_1)
    _manage("safemigrate", "--noinput", OWN_APP)
    _head(2, "Fill the shop, as a year of customers would")
    _manage("seed", "--orders", ORDERS)


def _show_what_release_2_would_do() -> None:
    _head(3, "Look at release 2 before it is deployed")
    untouched = _fingerprint()
    _manage("safemigrate", "--dry-run")
    _require(_fingerprint() == untouched, "the dry run changed the shop's database.")


def _watch_it_being_stopped() -> None:
    _head(4, "Deploy it anyway, as the release phase does: it stops, and nothing is touched")
    untouched = _fingerprint()
    _manage("safemigrate", "--noinput", expect=UNSAFE_PLAN)
    _require(_fingerprint() == untouched, "the run that was stopped changed the shop's database.")
    print("Checked: every table and every row of the shop is as it was.", flush=True)


def _deploy_release_2(before: set[tuple[str, str]]) -> None:
    _head(5, "Accept the findings by name, and deploy with a backup and a report")
    backups = _backup_files()
    accepted = [word for rule in ALLOWED_RULES for word in ("--allow", rule)]
    _manage("safemigrate", "--noinput", *accepted, "--report", _shown(REPORT))
    _require(REPORT.is_file(), f"{REPORT} was not written.")
    _require(bool(_backup_files() - backups), f"no new backup is in {BACKUPS}.")
    _require(_applied() > before, "no migration of release 2 was applied.")
    _require(
        "full_name" not in _columns("customers_customer"),
        "customers_customer still has its full_name column.",
    )
    _manage("migrate", "--check")
    _head(6, "See the state of the database")
    _manage("migrate_status")


def _say_where_to_look(steps: int) -> None:
    run, backup = _last_run()
    _head(7, "Where to look now, and how to go back")
    print(f"""\
The report:  {_shown(REPORT)}
The backup:  {_shown(BACKUPS / backup)}

The history in the admin (http://localhost:8000/admin/{OWN_APP}/migrationrun/):
  $ python manage.py createsuperuser
  $ python manage.py runserver

What going back {steps} migrations would lose, without doing it:
  $ python manage.py migrate_rollback --run {run} --dry-run

Going back by the backup, since one of them has no reverse:
  $ python manage.py migrate_rollback --restore {backup}""")


def _head(number: int, text: str) -> None:
    print(f"\n{number}/7  {text}\n{'-' * (len(text) + 5)}", flush=True)


def _manage(*arguments: str, expect: int = 0) -> None:
    """Run one command the way a user would type it; its output is the demo's."""
    shown = shlex.join(["python", "manage.py", *arguments])
    print(f"$ {shown}", flush=True)
    # DATABASE_URL is left out: the demo's own file is the only database that it may touch.
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    environment |= {"DJANGO_SETTINGS_MODULE": "config.settings", "VAR_DIR": str(VAR)}
    command = [sys.executable, "manage.py", *arguments]
    code = subprocess.run(
        command, cwd=HERE, env=environment, stdin=subprocess.DEVNULL, check=False
    ).returncode  # noqa: S603
    _require(code == expect, f"`{shown}` ended with exit code {code} instead of {expect}.")
    if expect:
        print(f"(exit code {code})", flush=True)


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise DemoFailed(otherwise)


def _shown(path: Path) -> str:
    return str(path.relative_to(HERE)) if path.is_relative_to(HERE) else str(path)


def _backup_files() -> set[str]:
    return {path.name for path in BACKUPS.glob("*")}


def _query(sql: str) -> list[tuple]:
    with closing(sqlite3.connect(f"{DATABASE.as_uri()}?mode=ro", uri=True)) as connection:
        return connection.execute(sql).fetchall()


def _applied() -> set[tuple[str, str]]:
    return set(_query("SELECT app, name FROM django_migrations"))


def _columns(table: str) -> set[str]:
    return {row[1] for row in _query(f'PRAGMA table_info("{table}")')}


def _fingerprint() -> str:
    """Sum up every definition and every row of the database except the history, which each run may write."""
    definitions = [
        row
        for row in _query("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name")
        if not row[2].startswith((f"{OWN_APP}_", "sqlite_"))
    ]
    digest = hashlib.sha256(repr(definitions).encode())
    for kind, name, *_ in definitions:
        if kind == "table":
            digest.update(repr(_query(f'SELECT * FROM "{name}" ORDER BY rowid')).encode())  # noqa: S608
    return digest.hexdigest()


def _last_run() -> tuple[str, str]:
    """Give the id of the newest run and the name of its backup, out of the history."""
    rows = _query(
        f"SELECT run.id, backup.name FROM {OWN_APP}_migrationrun AS run "  # noqa: S608
        f"JOIN {OWN_APP}_backup AS backup ON backup.id = run.backup_id ORDER BY run.started_at DESC LIMIT 1"
    )
    _require(bool(rows), "the history has no run with a backup.")
    run, backup = rows[0]
    return str(uuid.UUID(run)), backup


if __name__ == "__main__":
    sys.exit(main())

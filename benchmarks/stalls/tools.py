"""
The commands that are compared, each configured as its own documentation recommends.

django-pg-zero-downtime-migrations: its README, section Usage. django-pgmigrate: its README, and the pages "Manually Terminating Blocking
Queries" and "Setting the Lock Timeout"; where a lock timeout is free to choose, it is 2 s, as ours is by default. Both end with an error when
they did not get a lock; "again" is the same command, started once more after some seconds until it succeeds, as a job with restarts does.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

#: Seconds that a statement waits for a lock, for every tool that has such a bound.
LOCK_TIMEOUT = 2.0
#: Seconds before a command that did not get its lock is started again.
AGAIN_AFTER = 5.0

ZERO_DOWNTIME_SETTINGS = """
ZERO_DOWNTIME_MIGRATIONS_LOCK_TIMEOUT = "2s"
ZERO_DOWNTIME_MIGRATIONS_STATEMENT_TIMEOUT = "2s"
ZERO_DOWNTIME_MIGRATIONS_FLEXIBLE_STATEMENT_TIMEOUT = True
ZERO_DOWNTIME_MIGRATIONS_RAISE_FOR_UNSAFE = True
"""
PGMIGRATE_SETTINGS = """
import datetime
import pgmigrate
PGMIGRATE_BLOCKING_ACTION = pgmigrate.Show
PGMIGRATE_LOCK_TIMEOUT = datetime.timedelta(seconds=2)
"""

_ZERO_DOWNTIME = ("django-pg-zero-downtime-migrations==0.20",)
_PGMIGRATE = ("django-pgmigrate==1.6.0", "django-pglock==1.8.0", "django-pgactivity==1.8.0")
_PGMIGRATE_APPS = ("pgactivity", "pglock", "pgmigrate")


@dataclass(frozen=True, slots=True)
class Tool:
    """A command that migrates, with what it needs; ``again`` starts it once more when it fails."""

    name: str
    command: tuple[str, ...] = ("migrate", "--noinput")
    safe_migrate: bool = False
    requirements: tuple[str, ...] = ()
    apps: tuple[str, ...] = ()
    engine: str = ""
    settings: str = ""
    again: bool = False
    servers: tuple[str, ...] = ("postgresql",)

    def install(self, folder: Path) -> Path | None:
        """Put the packages into a folder of their own, and return it; None where none are needed."""
        if not self.requirements:
            return None
        target = folder / self.requirements[0]
        if not target.exists():
            subprocess.run(
                [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--target", target, *self.requirements],
                check=True,
            )  # fmt: skip
        return target


TOOLS: dict[str, Tool] = {
    tool.name: tool
    for tool in (
        Tool("migrate", servers=("postgresql", "mariadb")),
        Tool(
            "safemigrate",
            # What the last release still reads is not the question here.
            ("safemigrate", "--noinput", "--backup", "never", "--allow", "drop_column"),
            safe_migrate=True,
            servers=("postgresql", "mariadb"),
        ),
        Tool(
            "zero-downtime",
            requirements=_ZERO_DOWNTIME,
            engine="django_zero_downtime_migrations.backends.postgres",
            settings=ZERO_DOWNTIME_SETTINGS,
        ),
        Tool(
            "zero-downtime, again",
            requirements=_ZERO_DOWNTIME,
            engine="django_zero_downtime_migrations.backends.postgres",
            settings=ZERO_DOWNTIME_SETTINGS,
            again=True,
        ),
        Tool("pgmigrate, terminates", requirements=_PGMIGRATE, apps=_PGMIGRATE_APPS),
        Tool(
            "pgmigrate, shows",
            requirements=_PGMIGRATE,
            apps=_PGMIGRATE_APPS,
            settings=PGMIGRATE_SETTINGS,
        ),
        Tool(
            "pgmigrate, shows, again",
            requirements=_PGMIGRATE,
            apps=_PGMIGRATE_APPS,
            settings=PGMIGRATE_SETTINGS,
            again=True,
        ),
    )
}

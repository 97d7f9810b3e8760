"""The same rows on a terminal and in plain text."""

from __future__ import annotations

import io

from rich.console import Console

from django_safe_migrate.status.contents import (
    APPLIED,
    GHOST,
    AppStatus,
    LockStatus,
    MigrationState,
    Status,
)
from django_safe_migrate.status.text import print_to, render
from django_safe_migrate.status.views import MANY, OVERVIEW

STATUS = Status(
    database="other",
    server="SQLite 3.40.1",
    at="",
    lock=LockStatus(state="free"),
    apps=(
        AppStatus(
            label="shop",
            installed=True,
            migrations=(
                MigrationState(
                    app_label="shop",
                    name="0001_squashed",
                    state=APPLIED,
                    replaces=("shop.0001_a", "shop.0002_b"),
                ),
                MigrationState(
                    app_label="shop", name="0002_\x1b[31mred", state=GHOST, recorded=True
                ),
            ),
        ),
    ),
)
PLAIN = """\
other (SQLite 3.40.1): nothing pending, 1 ghost, nothing running, no run yet

Ghosts: recorded as applied, without a file
  shop.0002_\N{REPLACEMENT CHARACTER}[31mred    its file is gone

Next
  python manage.py migrate_repair --ghosts --database other  \
delete the records, if the files were squashed; else bring the files back

Migrations
  app   applied  pending  faked  squashed  ghost  last applied
  shop        1        -      -         1      1  0001_squashed

Of note
  migration           state    applied at  remarks
  shop.0001_squashed  applied              \
squashed from 2 migrations; not recorded yet: the next run does that

Run lock
  free
"""


def test_plain() -> None:
    assert render(STATUS, OVERVIEW) == PLAIN


def test_terminal_shows_the_same_words_in_the_same_order() -> None:
    file = io.StringIO()
    print_to(Console(file=file, width=300), STATUS, OVERVIEW)
    assert file.getvalue().split() == PLAIN.split()


def test_long_list_of_pending_migrations_is_cut() -> None:
    status = Status(
        database="default", server="", at="", pending=tuple(f"a.{n:04}" for n in range(MANY + 5))
    )
    lines = render(status, OVERVIEW).splitlines()
    assert lines[3 : MANY + 3] == [
        *(f"  a.{n:04}" for n in range(MANY - 1)),
        "  and 6 more: python manage.py migrate_status --pending",
    ]

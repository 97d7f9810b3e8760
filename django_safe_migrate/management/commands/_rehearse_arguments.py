"""The option of ``safemigrate`` that rehearses first, and what it means together with the settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandError

from django_safe_migrate.conf.rehearsing import DESTRUCTIVE, EXTENTS, NEVER, SCHEMA

if TYPE_CHECKING:
    from django_safe_migrate.conf import Settings
    from django_safe_migrate.execution.targets import Planned
    from django_safe_migrate.run import RunOptions

#: What ``--rehearse`` without a value stands for.
AS_SET = "as-set"


def add_rehearse_argument(add: Callable[..., Any]) -> None:
    """Add ``--rehearse``."""
    add(
        "--rehearse",
        nargs="?",
        const=AS_SET,
        choices=(AS_SET, NEVER, *EXTENTS),
        help="Carry the plan out on a restored copy first (--rehearse=forwards: the plan alone; return: there, back, and there again; full: "
        "the same with every table compared; schema: on the schema and a sample of rows), and go on only if that succeeds. Write it after an app label, or with '='. "
        "Default: SAFE_MIGRATE['REHEARSE'].",
    )


def rehearse_settings(options: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """
    Return the keyword arguments for ``RunOptions`` about the rehearsal.

    Raises:
        CommandError: a rehearsal was asked for, and no backup that it could restore.
    """
    asked = options.get("rehearse")
    when = settings.rehearse.when
    if asked == NEVER or (asked is None and when == NEVER) or options.get("fake"):
        return {}
    extent = asked if asked in EXTENTS else settings.rehearse.extent
    without_backup = (options["backup"] or settings.backup.when) == NEVER
    if without_backup and asked is not None and extent != SCHEMA:
        raise CommandError(
            "--rehearse restores the run's backup, and --backup never (or SAFE_MIGRATE['BACKUP']['WHEN']) makes none: use one of them, or "
            "--rehearse=schema, which needs no backup."
        )
    return {
        "rehearse": extent,
        "rehearse_if_destructive": asked is None and when == DESTRUCTIVE,
    }


def rehearsed_before(planned: Planned, options: RunOptions) -> tuple[str, ...]:
    """Return what is known of an earlier rehearsal of these migrations: a sentence; nothing where there was none, or one follows."""
    if options.rehearse or options.kind != "migrate" or options.fake:
        return ()
    # Imported here: most commands never rehearse.
    from django_safe_migrate.journal import rehearsals
    from django_safe_migrate.plan import freeze
    from django_safe_migrate.rehearsal.receipt import rehearsed_labels, seconds_by_label

    alias = options.database
    receipt = rehearsals.latest(alias)
    labels = {f"{migration.app_label}.{migration.name}" for migration, _ in planned.plan}
    if receipt is None or not labels & rehearsed_labels(receipt):
        return ()
    known = seconds_by_label(receipt)
    when = f"The rehearsal of {str(receipt['started_at'])[:16].replace('T', ' ')} UTC"
    if freeze(alias, planned.targets, planned.plan).fingerprint != receipt["fingerprint"]:
        return (
            f"{when} does not cover this plan: it was of another one, or a migration was changed since.",
        )
    if receipt["failure"]:
        return (f"{when} was of this very plan, and failed: {receipt['failure']['message']}",)
    if receipt.get("sample") is not None:
        return (f"{when} was of this very plan, on a sample of the rows.",)
    return (f"{when} was of this very plan, which took {sum(known.values()):.1f} s on the copy.",)

"""The options of ``migrate_backup`` that belong to one action each."""

from __future__ import annotations

from django.core.management.base import CommandParser


def add_action_arguments(parser: CommandParser) -> None:
    """Add the options that belong to one action each."""
    parser.add_argument(
        "--keep",
        type=int,
        metavar="N",
        help="prune: how many verified backups are kept. Default: SAFE_MIGRATE['BACKUP']['KEEP'].",
    )
    parser.add_argument(
        "--in-place",
        action="store_true",
        help="restore: replace the content without a second database, where the role may not create one.",
    )
    parser.add_argument(
        "--no-owner",
        action="store_true",
        help="restore, and verify --restore, on PostgreSQL: leave the backup's owners and privileges out.",
    )
    parser.add_argument(
        "--before",
        metavar="MIGRATION_OR_RUN",
        help="restore: give the commands that bring the backup forward to the point before this migration (app_label.name) or run, and "
        "restore nothing.",
    )
    parser.add_argument(
        "--restore",
        action="store_true",
        help="verify: also restore the backup into a scratch database beside the real one, compare it with the manifest, and drop it.",
    )

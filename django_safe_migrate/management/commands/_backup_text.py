"""What ``migrate_backup`` says: sentences, a table on a terminal, plain columns elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from django_safe_migrate.preservation import expiry
from django_safe_migrate.reports.terminal import Terminal
from django_safe_migrate.reports.units import duration, size

if TYPE_CHECKING:
    from django_safe_migrate.backups import Progress, Receipt, RestoreResult
    from django_safe_migrate.databases import Database
    from django_safe_migrate.preservation.registry import Kept

HEADINGS = ("Backup", "Made (UTC)", "Size", "Rows", "Migrations", "Server", "State")


def created(receipt: Receipt) -> str:
    """Say what a new backup is."""
    return (
        f"Backup {receipt.name} of database {receipt.database!r}: {size(receipt.size)} in {duration(receipt.seconds)}, "
        f"{_rows(receipt)} rows in {len(receipt.row_counts)} tables, {len(receipt.applied_migrations)} migrations applied.\n"
        f"Kept in {receipt.storage}.\n"
        f"Verified: {receipt.verification}."
        f"{_copies(receipt)}"
    )


def verified(receipt: Receipt) -> str:
    """Say how a backup was verified."""
    if receipt.lost:
        return f"The copy of backup {receipt.name} in {receipt.storage} is whole and unchanged: {receipt.verification}."
    return (
        f"Backup {receipt.name} is whole and unchanged: {receipt.verification}.{_copies(receipt)}"
    )


def _copies(receipt: Receipt) -> str:
    return "".join(f"\n{copy.told}" for copy in receipt.copies)


def proven(receipt: Receipt) -> str:
    """Say how a backup was proven."""
    return f"Backup {receipt.name} is proven: {receipt.proof}"


def restored(result: RestoreResult) -> str:
    """Say what a restore did, and how to end keeping the old state."""
    lines = [
        f"Database {result.database!r} was restored from {result.receipt.name} in {duration(result.seconds)}."
    ]
    if result.in_place:
        lines.append(f"The state before is in the backup {result.kept}.")
    elif result.kept:
        lines.append(f"The state before is kept as {result.kept}. Once it is not needed any more:")
        lines.append(
            f"  python manage.py migrate_backup drop-old {result.kept} --database {result.database}"
        )
    return "\n".join([*lines, *(f"Notice: {notice}" for notice in result.notices)])


def restore_question(receipt: Receipt, database: Database, *, in_place: bool) -> str:
    """Ask whether this backup shall take the database's place."""
    fate = (
        "Its content is replaced in place, after a backup of it."
        if in_place
        else "Its present state is kept under another name."
    )
    copy = (
        f"The backup itself cannot be used, and its copy in {receipt.storage} is restored. {receipt.lost} "
        if receipt.lost
        else ""
    )
    return (
        f"{copy}Restore {receipt.name}, made of {receipt.source} at {_minute(receipt)} UTC, over database {database.alias!r} "
        f"({database.name})? {fate} Every session on it is ended."
    )


def pruned(deleted: Sequence[str], keep: int) -> str:
    """Say which backups are gone."""
    if not deleted:
        return f"Nothing to delete: there are at most {keep} verified backups."
    return "\n".join(f"Deleted {name}." for name in deleted)


def print_list(
    stdout: Any, alias: str, receipts: Sequence[Receipt], kept: Sequence[str], where: Terminal
) -> None:
    """Print the backups of a database, and the states that restores have kept."""
    if not receipts:
        stdout.write(f"There are no backups of database {alias!r}.")
    elif where.moves:
        _print_table(where, receipts)
    else:
        stdout.write("\n".join(_columns([HEADINGS, *map(_cells, receipts)])))
    if kept:
        stdout.write("Kept by restores (migrate_backup drop-old NAME deletes one):")
    for name in kept:
        stdout.write(f"  {name}")


def print_preserved(stdout: Any, preserved: Sequence[Kept]) -> None:
    """Print what is kept of data that migrations dropped; nothing where there is none."""
    if preserved:
        stdout.write("Kept of data that migrations dropped (migrate_rollback puts it back):")
    for one in preserved:
        state = f" ({one.outcome})" if one.outcome else ""
        stdout.write(f"  {expiry.described(one)}, until {one.keep_until[:10]}{state}")


@contextmanager
def progress(where: Terminal, *, shown: bool) -> Iterator[Progress | None]:
    """Yield a function that shows how far a backup is, on a terminal; elsewhere None."""
    if not shown or not where.moves:
        yield None
        return
    with where.console().status("starting") as status:

        def show(what: str, done: int, total: int | None) -> None:
            amount = f" {size(done)}" if done else ""
            status.update(f"{what}{amount}{f' of {size(total)}' if total and done else ''}")

        yield show


def _print_table(where: Terminal, receipts: Sequence[Receipt]) -> None:
    table = Table(box=None, pad_edge=False)
    for heading in HEADINGS:
        numeric = heading in {"Size", "Rows", "Migrations"}
        table.add_column(heading, justify="right" if numeric else "left", overflow="fold")
    for receipt in receipts:
        cells = [Text(cell) for cell in _cells(receipt)]
        table.add_row(*cells, style="red" if receipt.broken else None)
    where.console().print(table)


def _cells(receipt: Receipt) -> tuple[str, ...]:
    if receipt.broken and not receipt.created_at:
        return (receipt.name, "", "", "", "", "", f"BROKEN: {receipt.broken}")
    return (
        receipt.name,
        _minute(receipt),
        size(receipt.size),
        str(_rows(receipt)),
        str(len(receipt.applied_migrations)),
        receipt.server,
        _state(receipt),
    )


def _state(receipt: Receipt) -> str:
    copies = [
        f"copy in {copy.storage}: {copy.error or 'verified ' + _minute_of(copy.verified_at)}"
        for copy in receipt.copies
    ]
    if receipt.lost:
        copies.append(receipt.lost)
    return "; ".join([_own_state(receipt), *copies])


def _own_state(receipt: Receipt) -> str:
    if receipt.broken:
        return f"BROKEN: {receipt.broken}"
    if receipt.lost:
        return "ONLY A COPY"
    if receipt.proven_at:
        return f"proven {_minute_of(receipt.proven_at)}"
    return "verified" if receipt.is_verified else "not verified"


def _columns(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[place]) for row in rows) for place in range(len(HEADINGS))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _rows(receipt: Receipt) -> int:
    return sum(count.rows for count in receipt.row_counts.values())


def _minute(receipt: Receipt) -> str:
    return _minute_of(receipt.created_at)


def _minute_of(moment: str) -> str:
    return moment[:16].replace("T", " ")

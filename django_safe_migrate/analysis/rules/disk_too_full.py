"""
The disk has no room for what a migration writes before it frees anything.

## Why it matters

A table that is written anew is there twice until the old one is gone, and a new index comes on top. Inside of a transaction every old
table stays until the end. A full disk stops not only the migration: the server can write nothing any more, for nobody, and may need
somebody's hand to start again.

Sizes are those of the database; that nothing is said with `--offline`, or where the disk of the server cannot be seen from here, does
not mean that there is room. As much again may go to the server's log, for which there is a warning.

## Instead of

    operations = [
        migrations.AlterField(model_name="order", name="number", field=models.BigIntegerField()),
        migrations.AlterField(model_name="item", name="number", field=models.BigIntegerField()),
    ]

## Use

A larger disk. Or one migration for each table, so that the old one is gone before the next is written; then a new column that is
filled in batches needs the least.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.template.defaultfilters import filesizeformat

from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.databases.facts import Facts
from django_safe_migrate.findings import Finding, Severity

rule = Rule(__name__, severity=Severity.ERROR, directions=BOTH, about_rows=False)

#: The tables and the log that makes a copy of everything.
_WITH_LOG = 2


@rule.migration
def check(context: Context) -> Iterator[Finding]:
    """Only what is certain counts, and each migration for itself: what those before it leave behind is not known to the byte."""
    needed, tables = _needed(context)
    free = context.live.free_disk_bytes if needed else None
    if free is None or needed * _WITH_LOG <= free:
        return
    log = "" if needed > free else ", and as much again for the log of the server"
    yield rule.finding(
        context,
        f"{context.planned.label} needs {_size(needed)} of disk space to write {', '.join(tables)} or their indexes{log}, and "
        f"{_size(free)} are free.",
        hint="Free disk space, or enlarge the disk, before the run; or make a migration of its own for each table.",
        tables=tables,
        severity=None if needed > free else Severity.WARNING,
    )


def _needed(context: Context) -> tuple[int, list[str]]:
    """The most bytes that are needed at one time, and the tables that they are for; indexes stay, old tables go with a commit."""
    kept = most = 0
    tables: dict[str, None] = {}
    for change in context.changes:
        for facts in context.statement_facts(change):
            estimate = context.estimate_of(facts)
            if estimate is None or not estimate.written_bytes:
                continue
            tables.update(dict.fromkeys(_written(facts)))
            most = max(most, kept + estimate.written_bytes)
            if context.runs_in_transaction or not facts.rewrites:
                kept += estimate.written_bytes
    return most, list(tables)


def _written(facts: Facts) -> Iterator[str]:
    yield from facts.rewrites
    yield from (build.table for build in facts.index_builds)
    if not facts.rewrites and not facts.index_builds:
        yield from facts.scans


def _size(number: int) -> str:
    return filesizeformat(number).replace("\N{NO-BREAK SPACE}", " ")

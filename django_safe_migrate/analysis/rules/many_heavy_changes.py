"""
Several changes that each work through all rows of one table keep it busy, or blocked, for their sum.

## Why it matters

Each type change, constraint and index reads or writes the whole table on its own. In one transaction on PostgreSQL the strongest lock
is held from the first to the end of the last; on MariaDB and MySQL the table is copied once for each.

## Instead of

    operations = [
        migrations.AlterField(model_name="order", name="number", field=models.BigIntegerField(db_index=True)),
        migrations.AlterField(model_name="order", name="state", field=models.BigIntegerField()),
        migrations.AddConstraint(model_name="order", constraint=models.CheckConstraint(...)),
    ]

## Use

One migration for each change, so that others get their turn in between; or one ALTER TABLE with all of them in a RunSQL, which
works through the rows once, with the operations as its `state_operations`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from django_safe_migrate.analysis.changes import Change, StatementsRun
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.databases.facts import Facts
from django_safe_migrate.findings import Finding, Severity

rule = Rule(
    __name__,
    severity=Severity.WARNING,
    vendors={"postgresql", "mysql"},
    directions=BOTH,
    about_time=True,
)

_MANY = 3


@rule.migration
def check(context: Context) -> Iterator[Finding]:
    """Three or more on one table that existed before; what blocks nobody, such as CONCURRENTLY, does not count."""
    heavy: Counter[str] = Counter()
    changes: Counter[str] = Counter()
    for change in context.changes:
        times = Counter(_worked_through(change, context))
        heavy += times
        # What one operation of Django's does cannot be taken apart; each statement of hand-written SQL can.
        changes += times if isinstance(change, StatementsRun) else Counter(times.keys())
    for table, count in heavy.items():
        if changes[table] >= _MANY and not context.is_new(table):
            yield rule.finding(
                context,
                f"{context.planned.label} works through all rows of {table} {count} times in a row.",
                hint="Make one migration of each of these changes, or one ALTER TABLE of all in a RunSQL with the operations as its "
                "state_operations.",
                tables=[table],
            )


def _worked_through(change: Change, context: Context) -> Iterator[str]:
    """The table of a change, once for each statement; those of hand-written SQL."""
    every = [facts for facts in context.statement_facts(change) if _is_certain(facts)]
    if not isinstance(change, StatementsRun):
        yield from (change.table for facts in every if facts.reads_all(change.table))
        return
    for facts in every:
        built = (build.table for build in facts.index_builds)
        yield from {*facts.rewrites, *facts.scans, *built}


def _is_certain(facts: Facts) -> bool:
    return not (facts.unknown or facts.waits_for_transactions)

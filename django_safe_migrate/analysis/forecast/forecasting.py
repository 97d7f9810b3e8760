"""Making the forecast of one migration while the rules look at it: each change is noted at its moment, the rest is told at the end."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from django_safe_migrate.analysis.changes import Change, CodeRun
from django_safe_migrate.analysis.forecast.destroying import destroyed
from django_safe_migrate.analysis.forecast.document import (
    Destroyed,
    Forecast,
    Lasting,
    PreviousRelease,
    Unknown,
)
from django_safe_migrate.analysis.forecast.going_back import going_back
from django_safe_migrate.analysis.forecast.locking import Executed, locks_of, together, works_of
from django_safe_migrate.analysis.half_done import is_nothing, rows_written
from django_safe_migrate.analysis.losses import command_of
from django_safe_migrate.databases.statements import ChangeRows

if TYPE_CHECKING:
    from django_safe_migrate.analysis.context import Context
    from django_safe_migrate.analysis.predicting import Predictor
    from django_safe_migrate.analysis.walking import Part
    from django_safe_migrate.databases.facts import Facts
    from django_safe_migrate.findings import Estimate, Finding

#: What methods of querysets and rows do, other than change rows.
_KINDS = {
    "bulk_create": "insert", "create": "insert", "delete": "delete", "abulk_create": "insert", "acreate": "insert", "adelete": "delete",
}  # fmt: skip


class Forecasting:
    """Grows with every change of a migration; ``predictor`` is the one of the analysis."""

    def __init__(self, context: Context, predictor: Predictor) -> None:
        self._context = context
        self._predictor = predictor
        self._executed: list[Executed] = []
        self._statements = 0
        self._functions = 0
        self._unknown: dict[Unknown, None] = {}
        self._writes: dict[str, None] = {}
        self._destroys: dict[Destroyed, None] = {}

    def note(self, change: Change) -> None:
        """Take a change into account, before the context does: the tables must be as they are when it is made."""
        if is_nothing(change):
            return
        context = self._context
        found = (*_by_python(change, context), *context.statement_facts(change))
        self._statements += 0 if isinstance(change, CodeRun) else len(found)
        self._functions += isinstance(change, CodeRun)
        for facts in found:
            self._executed.append(Executed(facts, _weight(facts, context)))
            if facts.unknown:
                self._unknown.setdefault(Unknown(part=_part(change, context), reason=facts.unknown))
        self._writes.update(dict.fromkeys(_rows_of(found, context)))
        self._destroys.update(dict.fromkeys(destroyed(change, context)))

    def finish(
        self, parts: Sequence[Part], findings: Iterable[Finding], breaking: Collection[str]
    ) -> Forecast:
        """
        Return the forecast.

        Args:
            parts: of the migration, in the order of execution.
            findings: about it.
            breaking: the names of rules whose findings say that the previous release breaks.
        """
        context = self._context
        facts = [one.facts for one in self._executed]
        is_forward = not context.backwards
        atomic = context.runs_in_transaction
        return Forecast(
            migration=context.planned.label,
            atomic=atomic,
            statements=self._statements,
            functions=self._functions,
            locks=locks_of(self._executed, atomic=atomic),
            rewrites=_union(one.rewrites for one in facts),
            scans=_union(one.scans for one in facts),
            index_builds=tuple(dict.fromkeys(one for built in facts for one in built.index_builds)),
            writes=tuple(self._writes),
            waits=any(one.waits_for_transactions for one in facts),
            unknown=tuple(self._unknown),
            refused=_union((_refusal(one, atomic=atomic),) for one in facts),
            destroys=tuple(self._destroys),
            previous_release=_release(findings, breaking) if is_forward else None,
            going_back=going_back(context, parts, self._predictor) if is_forward else None,
            estimate=together(one.estimate for one in self._executed if works_of(one.facts)),
        )


def _refusal(facts: Facts, *, atomic: bool) -> str:
    if atomic and facts.refused_in_transaction:
        return f"{command_of(facts.statement)} cannot run inside of a transaction."
    return facts.refused


def _weight(facts: Facts, context: Context) -> Estimate | None:
    works = works_of(facts)
    is_known = works and not any(work.lasting is Lasting.UNKNOWN for work in works)
    return context.estimate_of(facts) if is_known else None


def _part(change: Change, context: Context) -> str:
    if isinstance(change, CodeRun):
        name = getattr(change.code, "__name__", "")
        return f"RunPython of {name}" if name and name != "<lambda>" else "RunPython"
    return context.operation.describe()


def _by_python(change: Change, context: Context) -> Iterator[Facts]:
    """The facts of what Python is seen to write; what else it executes is not known."""
    for table, use in rows_written(change, context):
        kind = _KINDS.get(use.method, "update")
        statement = ChangeRows(
            kind=kind, table=table, conditional=kind != "insert" and not use.whole_table
        )
        yield from context.statement_facts(statement)


def _rows_of(found: Iterable[Facts], context: Context) -> Iterator[str]:
    for facts in found:
        if isinstance(facts.statement, ChangeRows) and not context.is_new(facts.statement.table):
            yield facts.statement.table


def _release(findings: Iterable[Finding], breaking: Collection[str]) -> PreviousRelease:
    harm = [one for one in findings if one.rule in breaking]
    rules = dict.fromkeys(one.rule for one in harm if not one.allowed)
    allowed = dict.fromkeys(one.rule for one in harm if one.allowed and one.rule not in rules)
    return PreviousRelease(rules=tuple(rules), allowed=tuple(allowed))


def _union(parts: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for part in parts for one in part if one))

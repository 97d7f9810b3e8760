"""What a plan will keep, what it will bring back, and what it will lose all the same: said beforehand, with rows counted as they are now."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from django.db.utils import DatabaseError, InterfaceError

from django_safe_migrate.analysis.deriving import Surroundings, derive
from django_safe_migrate.analysis.schema import Schema
from django_safe_migrate.analysis.walking import Part, walk_plan
from django_safe_migrate.databases.side_tables import side_tables
from django_safe_migrate.findings import Finding, Severity
from django_safe_migrate.preservation.declared import declared
from django_safe_migrate.preservation.losing import Subject, brought_back, destroyed
from django_safe_migrate.preservation.policy import Verdict, judge
from django_safe_migrate.preservation.registry import (
    BACKWARDS,
    FORWARDS,
    KEPT,
    MADE,
    OF_CODE,
    TABLE,
    Kept,
    Registry,
)
from django_safe_migrate.preservation.wording import number, span

if TYPE_CHECKING:
    from django.db.migrations.state import ProjectState

    from django_safe_migrate.conf import PreserveSettings
    from django_safe_migrate.databases import Database
    from django_safe_migrate.plan import Plan, PlannedMigration
    from django_safe_migrate.record import StepRecord

#: The rule that says of a NOT NULL column that it cannot be added again.
_NOT_NULL = "add_not_null"


@dataclasses.dataclass(frozen=True, slots=True)
class Prospect:
    """What becomes of one thing in one step: the sentence on it; ``loss`` is what is lost all the same, empty when that is nothing."""

    subject: Subject
    words: str
    loss: str
    is_return: bool = False
    is_kept: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Foresight:
    """The prospects of a plan, by label of migration."""

    steps: Mapping[str, tuple[Prospect, ...]] = dataclasses.field(default_factory=dict)

    def words(self, label: str) -> tuple[str, ...]:
        """Return the sentences on a step."""
        return tuple(one.words for one in self.steps.get(label, ()) if one.words)

    def amended(self, records: Sequence[StepRecord]) -> list[StepRecord]:
        """Return the records of a plan's steps with what is kept counted in."""
        return [self._amended(record) for record in records]

    def _amended(self, record: StepRecord) -> StepRecord:
        lossy, irreversible = list(record.lossy), list(record.irreversible)
        prospects = self.steps.get(record.label, ())
        for one in prospects:
            if one.subject.kind in OF_CODE:
                continue
            if record.direction == BACKWARDS or one.is_kept:
                lossy = _replaced(lossy, one, [other.loss for other in prospects])
            if record.direction == BACKWARDS and one.is_return and not one.loss:
                irreversible = [text for text in irreversible if not _is_on(text, one.subject)]
        return dataclasses.replace(record, lossy=lossy, irreversible=irreversible)

    def relieved(self, findings: Sequence[Finding]) -> tuple[Finding, ...]:
        """Return findings where those on a column that comes back with a value for every row block nothing any more."""
        return tuple(self._relieved(finding) for finding in findings)

    def _relieved(self, finding: Finding) -> Finding:
        if finding.rule != _NOT_NULL:
            return finding
        for one in self.steps.get(finding.migration, ()):
            column = one.subject.column
            named = column is not None and f" {column.name} " in finding.message
            if one.is_return and not one.loss and named and one.subject.table in finding.tables:
                return dataclasses.replace(finding, severity=Severity.INFO, message=one.words)
        return finding


def _is_on(text: str, subject: Subject) -> bool:
    return text.startswith(f"{subject.words} ")


def _replaced(lossy: Sequence[str], prospect: Prospect, told: Sequence[str]) -> list[str]:
    """Losses with that of one subject in the words of its prospect, or without it; what other prospects tell stays."""
    own = [prospect.loss] if prospect.loss else []
    result: dict[str, None] = {}
    for text in lossy:
        is_meant = _is_on(text, prospect.subject) and text not in told
        result.update(dict.fromkeys(own if is_meant else [text]))
    return list(result)


def foresee(
    plan: Plan, state: ProjectState, database: Database, settings: PreserveSettings
) -> Foresight:
    """
    Return what becomes of data in a plan; nothing is known of a database that does not answer.

    ``state`` is the project's state without any migration of the plan, in both directions.
    """
    try:
        return _Foreseeing(plan, database, settings).steps(state)
    except (DatabaseError, InterfaceError):
        return Foresight()


def _declared(planned: PlannedMigration, parts: Sequence[Part], schema: Schema) -> list[Subject]:
    """What a migration declares that its code changes, once each."""
    found = {
        subject.key: subject
        for part in parts
        if not part.is_nested
        for subject in declared(planned.migration, part.operation, part.earlier, schema)
    }
    return list(found.values())


class _Foreseeing:
    def __init__(self, plan: Plan, database: Database, settings: PreserveSettings) -> None:
        self._plan = plan
        self._database = database
        self._settings = settings
        self._registry = Registry(database.connection)
        self._made: set[str] = set()

    def steps(self, state: ProjectState) -> Foresight:
        schema = Schema(self._database.connection, live=True)
        steps: dict[str, tuple[Prospect, ...]] = {}
        for planned, parts in walk_plan(self._plan, state):
            found = [
                change
                for part in parts
                for change in derive(
                    part.operation,
                    Surroundings(planned.app_label, part.earlier, part.later, schema),
                    backwards=planned.backwards,
                )
            ]
            lost = list(destroyed(found, self._database.vendor))
            back = list(brought_back(found))
            lost += [] if planned.backwards else _declared(planned, parts, schema)
            prospects = [*self._losses(planned, lost), *self._returns(planned, back)]
            self._made.update(one.table for one in back if one.kind == TABLE)
            if prospects:
                steps[planned.label] = tuple(prospects)
        return Foresight(steps)

    def _losses(self, planned: PlannedMigration, lost: Sequence[Subject]) -> Iterator[Prospect]:
        for subject in lost:
            if subject.table in self._made:
                continue
            verdict = judge(self._database, self._settings, subject)
            if verdict.is_known:
                yield self._prospect(planned, subject, verdict)

    def _prospect(self, planned: PlannedMigration, subject: Subject, verdict: Verdict) -> Prospect:
        rows = "" if verdict.rows is None else number(verdict.rows, "row", "rows")
        how_long = span(self._settings.keep_for)
        if verdict.is_kept:
            words = f"Keeps {subject.words} ({rows}) in a side table for {how_long}."
            loss = f"{subject.words} is dropped with {rows}, which are kept for {how_long}"
            if not planned.backwards:
                loss = f"{subject.words} comes back only with what was kept of it ({rows}, for {how_long})"
        elif verdict.reason:
            words = (
                f"Does not keep {subject.words}: {verdict.reason}."
                if self._settings.enabled
                else ""
            )
            loss = f"{subject.words} is dropped with {rows or 'its rows'}, and not kept: {verdict.reason}"
        else:
            words = loss = ""
        return Prospect(subject, words, loss, is_kept=verdict.is_kept)

    def _returns(self, planned: PlannedMigration, back: Sequence[Subject]) -> Iterator[Prospect]:
        direction = FORWARDS if planned.backwards else BACKWARDS
        found = self._registry.newest(planned.app_label, planned.name, direction, (MADE, KEPT))
        by_subject = {kept.subject: kept for kept in found}
        for one in found:
            if one.kind in OF_CODE:
                words = f"Brings back what its code changed of {one.what}, kept in {one.name} until {one.keep_until[:10]}."
                yield Prospect(Subject(one.kind, one.table), words, "", is_return=True)
        for subject in back:
            kept = by_subject.get(subject.key)
            if kept is not None:
                yield self._return(subject, kept)
            elif planned.backwards and self._is_empty(subject):
                yield Prospect(subject, "", "", is_return=True)

    def _is_empty(self, subject: Subject) -> bool:
        """Whether a column comes back to a table without rows, so that it has no values to be without."""
        there = subject.table in self._database.tables()
        return subject.kind != TABLE and there and not self._database.has_rows(subject.table)

    def _return(self, subject: Subject, kept: Kept) -> Prospect:
        words = f"Brings back {subject.words} with {number(kept.rows, 'row', 'rows')}, kept in {kept.name} until {kept.keep_until[:10]}"
        if kept.kind == TABLE or kept.table not in self._database.tables():
            return Prospect(subject, f"{words}.", "", is_return=True)
        sides = side_tables(self._database)
        gone = sides.count_missing(kept.name, kept.table, kept.keys)
        added = sides.count_missing(kept.table, kept.name, kept.keys)
        clauses = [
            *([f"{number(gone, 'row is', 'rows are')} gone since"] if gone else []),
            *(
                [f"{number(added, 'row was', 'rows were')} added since and had no value to keep"]
                if added
                else []
            ),
        ]
        words = "; ".join([words, *clauses]) + "."
        column = subject.column
        fails = added and column is not None and column.needs_empty_table
        loss = (
            f"{subject.words} comes back without values for {number(added, 'row', 'rows')} added since"
            if fails
            else ""
        )
        return Prospect(subject, words, loss, is_return=True)

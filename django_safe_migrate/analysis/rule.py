"""
A rule: code that turns an operation or a change into findings.

A rule is a module with a docstring for its page, a ``rule`` and functions registered on it::

    rule = Rule(__name__, severity=Severity.ERROR, vendors={"postgresql"})


    @rule.change(IndexAdded)
    def check(change, context):
        if not change.concurrently:
            yield rule.finding(context, f"...{change.table}...", hint="...", tables=[change.table])

The module's name is the rule's name. The engine settles what a rule need not think about: severities of settings and markers, tables
that are new in the plan, tables without rows, packages that the project cannot change.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from django_safe_migrate.findings import Finding, Severity

if TYPE_CHECKING:
    from django.db.migrations.operations.base import Operation

    from django_safe_migrate.analysis.changes import Change
    from django_safe_migrate.analysis.context import Context
    from django_safe_migrate.databases.statements import Statement

Function = TypeVar("Function", bound=Callable[..., Iterable[Finding]])

FORWARDS = frozenset({"forwards"})
BACKWARDS = frozenset({"backwards"})
BOTH = FORWARDS | BACKWARDS


class Subject(enum.Enum):
    """What a check is called with, besides the context."""

    OPERATION = "operation"
    CHANGE = "change"
    MIGRATION = "migration"
    STATEMENT = "statement"


@dataclasses.dataclass(frozen=True, slots=True)
class Check:
    """One function of a rule and what it wants to see."""

    rule: Rule
    subject: Subject
    function: Callable[..., Iterable[Finding]]
    types: tuple[type, ...] = ()
    exclude: tuple[type, ...] = ()

    def wants(self, kind: type) -> bool:
        """Whether it looks at operations or changes of this class; subclasses are what their parents are."""
        return issubclass(kind, self.types) and not (
            self.exclude and issubclass(kind, self.exclude)
        )


class Rule:
    """
    A named hazard.

    Args:
        module: ``__name__`` of the rule's module; its last part is the rule's name.
        severity: of its findings, unless they say otherwise.
        vendors: the values of ``connection.vendor`` it is about; None for all.
        directions: of the plan: ``FORWARDS``, ``BACKWARDS`` or ``BOTH``.
        about_rows: whether the harm comes from rows or from those who use them, so that it is none for a new or an empty table.
        about_time: whether the harm is how long a lock is held, so that it is a note or a warning where that is known to be short; where
            code of the release before breaks as well, a warning remains.
        destroys: whether rows or values are lost for good, which blocks also when a third party wrote the migration.
        breaks_running_code: whether code of the release before fails or loses data while it still runs: reports can then say whether the
            previous release survives the plan.
        enabled: whether it looks without being asked to; matters of style and naming do so only where the settings give them a severity.
    """

    def __init__(
        self,
        module: str,
        *,
        severity: Severity,
        vendors: Collection[str] | None = None,
        directions: frozenset[str] = FORWARDS,
        about_rows: bool = True,
        about_time: bool = False,
        destroys: bool = False,
        breaks_running_code: bool = False,
        enabled: bool = True,
    ) -> None:
        self.module = module
        self.name = module.rpartition(".")[2]
        self.severity = severity
        self.vendors = None if vendors is None else frozenset(vendors)
        self.directions = directions
        self.about_rows = about_rows
        self.about_time = about_time
        self.destroys = destroys
        self.breaks_running_code = breaks_running_code
        self.enabled = enabled
        self.checks: list[Check] = []

    def __repr__(self) -> str:
        return f"<Rule {self.name}>"

    def applies_to(self, vendor: str, direction: str) -> bool:
        """Whether the rule has something to say about plans of this direction on this vendor."""
        return direction in self.directions and (self.vendors is None or vendor in self.vendors)

    def operation(
        self, *types: type[Operation], exclude: tuple[type[Operation], ...] = ()
    ) -> Callable[[Function], Function]:
        """Register a function of (operation, context) for operations of these classes that reach the database."""
        return self._register(Subject.OPERATION, types, exclude)

    def change(
        self, *types: type[Change], exclude: tuple[type[Change], ...] = ()
    ) -> Callable[[Function], Function]:
        """Register a function of (change, context) for changes of these classes, in the direction of the plan."""
        return self._register(Subject.CHANGE, types, exclude)

    def statement(
        self, *types: type[Statement], exclude: tuple[type[Statement], ...] = ()
    ) -> Callable[[Function], Function]:
        """Register a function of (statement, context) for hand-written SQL of these classes, in the direction of the plan."""
        return self._register(Subject.STATEMENT, types, exclude)

    def migration(self, function: Function) -> Function:
        """Register a function of (context) that is called once for each migration, after its operations."""
        return self._register(Subject.MIGRATION, (), ())(function)

    def _register(
        self, subject: Subject, types: tuple[type, ...], exclude: tuple[type, ...]
    ) -> Callable[[Function], Function]:
        def register(function: Function) -> Function:
            self.checks.append(Check(self, subject, function, types, exclude))
            return function

        return register

    def finding(
        self,
        context: Context,
        message: str,
        *,
        hint: str = "",
        tables: Iterable[str] = (),
        severity: Severity | None = None,
        **values: Any,
    ) -> Finding:
        """
        Return a finding about the present operation.

        ``message`` is one sentence of harm that names the table; ``hint`` is what to do instead, code ready to paste; ``tables`` are
        those whose rows matter.
        """
        return Finding(
            rule=self.name,
            severity=self.severity if severity is None else severity,
            message=message,
            hint=hint,
            tables=tuple(tables),
            migration=context.planned.label,
            **{**context.place(), **values},
        )

"""The whole check: what keeps migrations from forming a history, what the rules find, and what the baseline lets pass."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from django.db import connections

from django_safe_migrate import conf
from django_safe_migrate.analysis.severity import configured
from django_safe_migrate.checking import baseline
from django_safe_migrate.checking.analysing import Analysed, analyse_scope
from django_safe_migrate.checking.conflicts import conflicts
from django_safe_migrate.checking.edited import edited
from django_safe_migrate.checking.explaining import offline_target
from django_safe_migrate.checking.git import changed_files, repository_root
from django_safe_migrate.checking.loading import load
from django_safe_migrate.checking.max_migration import outdated
from django_safe_migrate.checking.models import missing_migrations
from django_safe_migrate.checking.names import NEED_DATABASE, RULES
from django_safe_migrate.checking.recorded import recorded
from django_safe_migrate.checking.rule_texts import rule_texts
from django_safe_migrate.checking.scope import ALL, SINCE, Scope
from django_safe_migrate.findings import Finding, Severity
from django_safe_migrate.reports.findings import CheckedMigration, FindingsReport

if TYPE_CHECKING:
    from django.db.migrations.autodetector import MigrationAutodetector
    from django.db.migrations.loader import MigrationLoader

    from django_safe_migrate.conf import Settings
    from django_safe_migrate.databases import Database
    from django_safe_migrate.plan import PlannedMigration


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CheckRequest:
    """
    What to check, and how.

    ``database`` is None when no connection may be opened. ``allow`` are names of rules that do not block. ``baseline`` is the file
    whose findings are left out, None for none. ``forecast`` asks for what each migration will do, ``verbose`` for that of each to be read.
    """

    alias: str
    database: Database | None
    scope: Scope
    settings: Settings
    autodetector: type[MigrationAutodetector]
    allow: frozenset[str] = frozenset()
    fail_on: Severity = Severity.ERROR
    baseline: Path | None = None
    forecast: bool = False
    verbose: bool = False

    def on(self, database: Database | None) -> CheckRequest:
        """Return the same request for a database."""
        return dataclasses.replace(self, database=database)


def check(request: CheckRequest) -> FindingsReport:
    """
    Return the findings that are not in the baseline.

    Raises:
        GitUnusable: what has changed cannot be found out.
        BaselineUnusable: the file of the baseline is broken.
        CommandError: a label names no app with migrations.
    """
    known = [] if request.baseline is None else baseline.read(request.baseline)
    found = _Check(request).found()
    matching = baseline.entries_of(found.findings)
    marks = {entry.fingerprint for entry in known}
    new = [
        finding
        for finding, entry in zip(found.findings, matching, strict=True)
        if entry.fingerprint not in marks
    ]
    present = {entry.fingerprint for entry in matching}
    if request.baseline is not None:
        for entry in known:
            if entry.fingerprint not in present and found.covers(entry):
                finding = baseline.unused(entry, Severity.INFO, request.baseline)
                new.extend(_settled([finding], request))
    return _report(request, found, new, baselined=len(found.findings) - _not_unused(new))


def write_baseline(request: CheckRequest, path: Path) -> tuple[int, int]:
    """
    Write the present findings to a baseline, and keep the entries that are about something else.

    Returns how many entries the file has now, and how many were removed from it.

    Raises:
        BaselineUnusable: the file exists and is broken, or cannot be written; it is left as it is.
    """
    old = baseline.read(path) if path.exists() else []
    found = _Check(request).found()
    lasting = [
        entry
        for entry, finding in zip(baseline.entries_of(found.findings), found.findings, strict=True)
        if not finding.allowed
    ]
    kept = [entry for entry in old if not found.covers(entry)]
    entries = {*kept, *lasting}
    baseline.write(path, entries)
    marks = {entry.fingerprint for entry in entries}
    return len(entries), sum(entry.fingerprint not in marks for entry in old)


@dataclasses.dataclass(frozen=True, slots=True)
class _Found:
    """Everything found, before the baseline."""

    request: CheckRequest
    loader: MigrationLoader
    root: Path
    migrations: tuple[CheckedMigration, ...]
    findings: tuple[Finding, ...]
    is_whole: bool

    def covers(self, entry: baseline.Entry) -> bool:
        """Whether this check would have found again what the entry is about."""
        if not self.is_whole:
            return False
        if entry.rule in RULES:
            has_asked = self.request.database is not None or entry.rule not in NEED_DATABASE
            return has_asked and not self.request.scope.labels
        app_label, _, name = entry.migration.partition(".")
        if (app_label, name) not in self.loader.disk_migrations:
            return True
        return any(one.label == entry.migration for one in self.migrations)


class _Check:
    def __init__(self, request: CheckRequest) -> None:
        self._request = request
        folder = conf.project_directory()
        self._root = repository_root(folder)
        scope = request.scope
        self._changed = changed_files(scope.ref, folder) if scope.mode == SINCE else frozenset()

    def found(self) -> _Found:
        request = self._request
        connection = None if request.database is None else request.database.connection
        loader, broken = load(connection)
        if broken:
            return self._found(loader, Analysed((), ()), broken, is_whole=False)
        analysed = analyse_scope(
            loader,
            request.scope,
            request.settings,
            alias=request.alias,
            database=request.database,
            changed=self._changed,
            forecast=request.forecast,
        )
        return self._found(loader, analysed, self._about_project(loader), is_whole=True)

    def _about_project(self, loader: MigrationLoader) -> Iterator[Finding]:
        request = self._request
        forks = list(conflicts(loader, request.scope, self._root, self._changed))
        yield from forks
        if request.database is not None:
            yield from recorded(loader, request.scope, request.settings, request.database)
            yield from edited(loader, request.scope, request.alias)
        yield from outdated(loader, request.scope)
        # Of several branches nothing says which models they add up to; Django does not try either.
        if not loader.detect_conflicts():
            yield from missing_migrations(loader, request.scope, request.autodetector)

    def _found(
        self,
        loader: MigrationLoader,
        analysed: Analysed,
        about_project: Iterable[Finding],
        *,
        is_whole: bool,
    ) -> _Found:
        settled = list(_settled(about_project, self._request))
        findings = [*settled, *_allowed(analysed.findings, self._request.allow)]
        migrations = tuple(
            CheckedMigration(
                one.label,
                one.file,
                analysed.forecasts.get(one.label),
                left_out=self._request.forecast and one.label not in analysed.forecasts,
                in_text=self._is_read(loader, one),
            )
            for one in analysed.migrations
        )
        return _Found(self._request, loader, self._root, migrations, tuple(findings), is_whole)

    def _is_read(self, loader: MigrationLoader, planned: PlannedMigration) -> bool:
        """Whether people want to read what it will do: nobody does of a history that lies behind, unless something is found in it."""
        request = self._request
        if request.verbose or request.scope.mode != ALL:
            return True
        key = planned.app_label, planned.name
        return request.database is not None and key not in loader.applied_migrations


def _settled(findings: Iterable[Finding], request: CheckRequest) -> Iterator[Finding]:
    """The findings that no rule has made, as the settings weigh them."""
    weighed = (configured(finding, request.settings.rules) for finding in findings)
    yield from _allowed((one for one in weighed if one is not None), request.allow)


def _allowed(findings: Iterable[Finding], allow: frozenset[str]) -> Iterator[Finding]:
    for finding in findings:
        yield dataclasses.replace(finding, allowed=True) if finding.rule in allow else finding


def _not_unused(findings: list[Finding]) -> int:
    return sum(finding.rule != baseline.UNUSED for finding in findings)


def _report(
    request: CheckRequest, found: _Found, findings: list[Finding], *, baselined: int
) -> FindingsReport:
    connection = connections[request.alias]
    return FindingsReport(
        database=request.alias,
        vendor=connection.vendor,
        target=_target(request),
        scope=request.scope.words,
        offline=request.database is None,
        migrations=found.migrations,
        findings=tuple(findings),
        root=found.root,
        baselined=baselined,
        fail_on=request.fail_on,
        rules=rule_texts(request.settings),
    )


def _target(request: CheckRequest) -> str:
    if request.database is not None:
        return f"database {request.alias} ({request.database.server})"
    return f"{offline_target(request.alias, request.settings)}; no database was asked"
